/* Whole runs against machines in memory: who does what where tasks decide it. */
#include "tests/unit/bench_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#define HOSTS "all: {hosts: {a: , b: , c: }}"
#define FIVE "all: {hosts: {a: , b: , c: , d: , e: }}"

/* --- meta --- */

static void hosts_batches_and_plays_end_where_a_task_says_so(void **state)
{
	struct bench_run *run = bench_run(FIVE, "- hosts: all\n"
		"  serial: 3\n"
		"  tasks:\n"
		"  - {name: t1, command: x, notify: h}\n"
		"  - {meta: end_host, when: inventory_hostname == 'a'}\n"
		"  - {name: t2, command: x}\n"
		"  - {meta: end_batch, when: inventory_hostname == 'b'}\n"
		"  - {name: t3, command: x}\n"
		"  - {meta: end_play, when: inventory_hostname == 'd'}\n"
		"  - {name: t4, command: x}\n"
		"  handlers: [{name: h, command: x}]\n"
		"- hosts: all\n"
		"  tasks: [{name: p2, command: x}]\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nmeta: end_host: ok a\n"
		"t2: changed b,c\nmeta: end_batch: ok b\nt1: changed d,e\nt2: changed d,e\n"
		"t3: changed d,e\nmeta: end_play: ok d\np2: changed a,b,c,d,e\n");
	assert_string_equal(bench_recap(run, "a"), "ok=2 changed=2");
	assert_string_equal(bench_recap(run, "d"), "ok=4 changed=4");
	bench_run_free(run);
}

static void a_host_that_ends_does_no_always_and_no_handlers(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block:\n"
		"    - {name: t1, command: x, notify: h}\n"
		"    - {name: stop here, meta: end_host, when: inventory_hostname == 'a'}\n"
		"    - {name: t2, command: x}\n"
		"    always: [{name: al, command: x}]\n"
		"  handlers: [{name: h, command: x}]\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nstop here: ok a\nt2: changed b,c\n"
		"al: changed b,c\nh: changed b,c\n");
	bench_run_free(run);
}

static void a_registered_value_ends_a_host(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x, register: r}\n"
		"  - {meta: end_host, when: r.rc == 7}\n"
		"  - {name: t2, command: x}\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	bench_returns(run, "b", "t1", "results: {rc: 7}");
	bench_returns(run, "*", "t1", "results: {rc: 0}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nmeta: end_host: ok b\n"
		"t2: changed a,c\n");
	assert_string_equal(bench_recap(run, "b"), "ok=1 changed=1");
	bench_run_free(run);
}

static void a_dry_run_says_what_depends_on_an_end_that_is_not_known(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x, register: r}\n"
		"  - {meta: end_play, when: r.rc == 7}\n"
		"  - {name: t2, command: x}\n"
		"- hosts: all\n"
		"  tasks: [{name: p2, command: x}]\n");

	(void)state;
	bench_options(run)->check = true;
	bench_returns(run, "*", "t1", "changes: [{subject: x, field: command}]");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_non_null(strstr(bench_lines(run), "t2: may change a,b,c (whether 'meta: end_play' comes "
		"before it: the result of 't1'"));
	assert_non_null(strstr(bench_lines(run), "p2: would change a,b,c\n"));
	bench_run_free(run);
}

static void hosts_in_a_rescue_end_with_their_play(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block:\n"
		"    - {name: t1, command: x}\n"
		"    - {meta: end_play}\n"
		"    - {name: t2, command: x}\n"
		"    rescue:\n"
		"    - {name: r1, file: {path: /1, state: directory}}\n"
		"    - {name: r2, command: x}\n"
		"- hosts: all\n"
		"  tasks: [{name: p2, command: x}]\n");

	(void)state;
	bench_answer(run, "b", "t1", "failed: no");
	bench_answer(run, "a", "t1", "slow: 900");
	bench_answer(run, "*", "r1", "ok");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,c; failed, rescued b (no)\nmeta: end_play: ok a\n"
		"p2: changed a,b,c\n");
	bench_run_free(run);
}

/* --- run_once --- */

static void one_host_does_for_all_what_has_run_once(void **state)
{
	struct bench_run *run = bench_run(FIVE, "- hosts: all\n"
		"  serial: 3\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: once, command: x, run_once: yes, register: r}\n"
		"  - {name: t2, command: x, when: r.rc == 3}\n"
		"  - {name: set, set_fact: {z: '{{ inventory_hostname }}'}, run_once: yes}\n"
		"  - {name: t3, command: x, when: z in 'ad'}\n");

	(void)state;
	bench_answer(run, "*", "t1", "ok");
	bench_answer(run, "*", "*", "changed");
	bench_returns(run, "a", "once", "results: {rc: 3}");
	bench_returns(run, "*", "once", "results: {rc: 4}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a,b,c\nonce: changed a\nt2: changed a,b,c\n"
		"set: ok a\nt3: changed a,b,c\nt1: ok d,e\nonce: changed d\n"
		"t2:\nset: ok d\nt3: changed d,e\n");
	assert_string_equal(bench_recap(run, "b"), "ok=3 changed=2");
	bench_run_free(run);
}

static void its_condition_and_its_loop_are_those_of_the_first_host(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: skips, command: x, run_once: yes, when: inventory_hostname == 'b', register: r}\n"
		"  - {name: t1, command: x, when: r is skipped}\n"
		"  - {name: loops, command: x, run_once: yes, loop: [1, 2], register: q, notify: h}\n"
		"  - {name: t2, command: x, when: q.results | length == 2}\n"
		"  handlers: [{name: h, command: x}]\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "skips:\nt1: changed a,b,c\nloops: changed a (item: 1); changed a (item: 2)\nt2: changed a,b,c\n"
		"h: changed a\n");
	bench_run_free(run);
}

static void a_failure_of_what_runs_once_is_one_of_all(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block:\n"
		"    - {name: once, command: x, run_once: yes}\n"
		"    - {name: t2, command: x}\n"
		"    rescue:\n"
		"    - {name: r, command: x, when: ansible_failed_task.name == 'once'}\n"
		"  - {name: bad, command: x, run_once: yes}\n"
		"  - {name: t3, command: x}\n"
		"- hosts: all\n"
		"  tasks: [{name: p2, command: x}]\n");

	(void)state;
	bench_answer(run, "*", "once", "failed: no");
	bench_answer(run, "*", "bad", "failed: never");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "once: failed, rescued a (no)\nr: changed a,b,c\n"
		"bad: failed a (never)\n");
	assert_string_equal(bench_recap(run, "a"), "ok=1 changed=1 failed=1 rescued=1");
	assert_string_equal(bench_recap(run, "b"), "ok=1 changed=1");
	bench_run_free(run);
}

static void the_next_host_does_it_where_the_first_has_failed_before(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x}\n"
		"  - {name: once, command: x, run_once: yes}\n"
		"  - {name: t2, command: x}\n");

	(void)state;
	bench_answer(run, "a", "t1", "failed: no");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed b,c; failed a (no)\nonce: changed b\n"
		"t2: changed b,c\n");
	bench_run_free(run);
}

static void where_the_host_that_runs_once_is_lost_all_end(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: once, command: x, run_once: yes}\n"
		"  - {name: t2, command: x}\n"
		"- hosts: all\n"
		"  tasks: [{name: p2, command: x}]\n");

	(void)state;
	bench_answer(run, "a", "once", "lost: no route");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "");
	bench_run_free(run);
}

static void a_handler_may_run_once_for_all_that_notified_it(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x, notify: [h0, h1, h2]}\n"
		"  handlers:\n"
		"  - {name: h0, command: x}\n"
		"  - {name: h1, command: x, run_once: yes}\n"
		"  - {name: h2, command: x}\n");

	(void)state;
	bench_answer(run, "a", "t1", "ok");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed b,c; ok a\nh0: changed b,c\n"
		"h1: changed b\nh2: changed b,c\n");
	bench_run_free(run);
}

static void an_include_that_runs_once_is_of_one_host(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {include_tasks: more.yml, run_once: yes}\n"
		"  - {name: t2, command: x}\n");

	(void)state;
	bench_further(run, "more.yml", "- {name: m1, command: x}\n");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "include_tasks: ok a\nm1: changed a\n"
		"t2: changed a,b,c\n");
	bench_run_free(run);
}

/* --- until --- */

static void a_task_is_tried_until_its_condition_holds(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x, register: r, until: r.attempts == 3 or r.rc == 0, retries: 5,"
		" delay: 60, notify: h}\n"
		"  - {name: t2, command: \"x {{ r.attempts }}\", when: r.attempts == 3}\n"
		"  handlers: [{name: h, command: x}]\n");

	(void)state;
	bench_returns(run, "a", "t1", "results: {rc: 0}");
	bench_returns(run, "*", "t1", "results: {rc: 1}");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nt2: changed b,c\nh: changed a,b,c\n");
	assert_string_equal(bench_recap(run, "b"), "ok=3 changed=3");
	assert_int_equal(bench_stages(run, "b"), 4);
	bench_run_free(run);
}

static void a_task_fails_where_its_condition_never_holds(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block:\n"
		"    - {name: t1, command: x, register: r, until: r.rc == 7, retries: 2, delay: 0, notify: h}\n"
		"    rescue:\n"
		"    - {name: t2, command: x, when: ansible_failed_result.attempts == 2}\n"
		"  handlers: [{name: h, command: x}]\n");

	(void)state;
	bench_returns(run, "*", "t1", "results: {rc: 0}");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: failed, rescued a,b,c (until: r.rc == 7: not so in 3 "
		"tries)\nt2: changed a,b,c\n");
	bench_run_free(run);
}

static void each_item_is_tried_before_the_next_one(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a\n"
		"  tasks:\n"
		"  - {name: t1, command: \"{{ item }}\", register: r, until: r.rc == 0, retries: 1, delay: 0,"
		" loop: [1, 2], ignore_errors: yes}\n"
		"  - {name: t2, command: x, when: \"r.results | map(attribute='attempts') | list == [1, 1]\"}\n");

	(void)state;
	bench_returns(run, "*", "t1", "results: {rc: 1}");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_int_equal(bench_stages(run, "a"), 5);
	assert_string_equal(bench_recap(run, "a"), "ok=2 changed=1 ignored=1");
	bench_run_free(run);
}

static void without_a_condition_a_task_is_tried_until_it_does_not_fail(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a\n"
		"  tasks:\n"
		"  - {name: t1, command: x, retries: 4, delay: 1}\n"
		"  - {name: t2, command: x, retries: 0, until: false}\n");

	(void)state;
	bench_answer(run, "a", "t1", "failed: no");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: failed a (no)\n");
	assert_int_equal(bench_stages(run, "a"), 5);
	bench_run_free(run);
}

static void what_says_nothing_of_tries_is_tried_once(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a\n"
		"  tasks:\n"
		"  - {name: t1, command: x, register: r, loop: [1, 2], delay: 3, ignore_errors: yes}\n"
		"  - {name: t2, command: x, register: r, args: {chdir: /}}\n");

	(void)state;
	bench_answer(run, "a", "*", "failed: no");
	assert_int_equal(bench_execute(run), 2);
	assert_int_equal(bench_stages(run, "a"), 1);
	bench_run_free(run);
}

static void a_dry_run_tries_once_and_says_how_often_it_would_be(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a\n"
		"  tasks:\n"
		"  - {name: t1, command: x, register: r, until: r.rc == 0, retries: 4}\n");

	(void)state;
	bench_options(run)->check = true;
	bench_returns(run, "*", "t1", "changes: [{subject: x, field: command}]");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_non_null(strstr(bench_lines(run), "until: r.rc == 0: up to 5 tries, 5 s apart"));
	assert_int_equal(bench_stages(run, "a"), 1);
	bench_run_free(run);
}

/* --- Items that fail --- */

static void all_items_of_a_loop_are_done_though_one_fails(void **state)
{
	struct bench_run *run = bench_run("all: {hosts: {a: , b: }}", "- hosts: all\n"
		"  tasks:\n"
		"  - block:\n"
		"    - {name: t1, command: x, loop: [one, two, three], register: r,\n"
		"       failed_when: item == 'two' and inventory_hostname == 'a'}\n"
		"    rescue:\n"
		"    - {name: t2, debug: {msg: '{{ r.results | map(attribute=\"failed\") | join }} {{ r.msg }}'}}\n"
		"    - {name: t3, debug: {msg: '{{ ansible_failed_task.name }} {{ ansible_failed_result.item }}'}}\n"
		"  - {name: t4, assert: {that: item < 2}, loop: [2, 1, 3], when: inventory_hostname == 'a'}\n"
		"  - {name: t5, command: x, loop: [1, 2, 3]}\n"
		"  - {name: t6, command: x}\n");

	(void)state;
	bench_answer(run, "*", "t1", "changed");
	bench_answer(run, "b", "t5", "failed: no");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed a,b (item: one); changed a,b (item: three); "
		"changed b (item: two); failed, rescued a (item: two, failed_when: item == 'two' and "
		"inventory_hostname == 'a')\n"
		"t2: ok a (FalseTrueFalse One or more items failed)\nt3: ok a (t1 two)\n"
		"t4: failed a (item: 2, Assertion failed: item < 2); failed a (item: 3, Assertion failed: item < 2); "
		"ok a (item: 1, All assertions passed)\nt5: failed b (item: 1, no); failed b (item: 2, no); failed b (item: 3, no)\n");
	assert_string_equal(bench_recap(run, "a"), "ok=2 failed=1 rescued=1");
	assert_string_equal(bench_recap(run, "b"), "ok=1 changed=1 failed=1 skipped=1");
	bench_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_batches_and_plays_end_where_a_task_says_so),
		cmocka_unit_test(a_host_that_ends_does_no_always_and_no_handlers),
		cmocka_unit_test(a_registered_value_ends_a_host),
		cmocka_unit_test(a_dry_run_says_what_depends_on_an_end_that_is_not_known),
		cmocka_unit_test(hosts_in_a_rescue_end_with_their_play),
		cmocka_unit_test(one_host_does_for_all_what_has_run_once),
		cmocka_unit_test(its_condition_and_its_loop_are_those_of_the_first_host),
		cmocka_unit_test(a_failure_of_what_runs_once_is_one_of_all),
		cmocka_unit_test(the_next_host_does_it_where_the_first_has_failed_before),
		cmocka_unit_test(where_the_host_that_runs_once_is_lost_all_end),
		cmocka_unit_test(a_handler_may_run_once_for_all_that_notified_it),
		cmocka_unit_test(an_include_that_runs_once_is_of_one_host),
		cmocka_unit_test(a_task_is_tried_until_its_condition_holds),
		cmocka_unit_test(a_task_fails_where_its_condition_never_holds),
		cmocka_unit_test(each_item_is_tried_before_the_next_one),
		cmocka_unit_test(without_a_condition_a_task_is_tried_until_it_does_not_fail),
		cmocka_unit_test(what_says_nothing_of_tries_is_tried_once),
		cmocka_unit_test(a_dry_run_tries_once_and_says_how_often_it_would_be),
		cmocka_unit_test(all_items_of_a_loop_are_done_though_one_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
