/* Whole runs against machines in memory, where hosts let others do some of their tasks. */
#include "tests/unit/bench_run.h"

#include "plan/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOSTS "all: {hosts: {a: , b: , c: , d: }}"
#define PLAY "- hosts: a,b,c\n  tasks:\n"

static void what_is_delegated_is_done_there_for_each_host(void **state)
{
	struct bench_run *run = bench_run(HOSTS, PLAY
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: t2, file: {path: /2, state: directory}, delegate_to: d}\n"
		"  - {name: t3, file: {path: /3, state: directory}}\n");

	(void)state;
	bench_answer(run, "d", "t2", "changed");
	bench_answer(run, "*", "t2", "failed: wrong machine");
	bench_answer(run, "d", "*", "failed: wrong machine");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a,b,c\nt2: changed a,b,c -> d\nt3: ok a,b,c\n");
	assert_string_equal(bench_recap(run, "a"), "ok=3 changed=1");
	bench_run_free(run);
}

static void a_host_of_the_play_does_its_own_and_what_others_delegate_in_order(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: t2, file: {path: /2, state: directory}, delegate_to: b}\n"
		"  - {name: t3, file: {path: /3, state: directory}}\n");

	(void)state;
	bench_answer(run, "b", "t2", "changed");
	bench_answer(run, "*", "t2", "failed: wrong machine");
	bench_answer(run, "*", "t3", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a,b,c,d\nt2: changed a,c,d -> b; changed b\n"
		"t3: changed a,b,c,d\n");
	bench_run_free(run);
}

static void localhost_and_addresses_are_hosts_too(void **state)
{
	struct bench_run *run = bench_run(HOSTS, PLAY
		"  - {name: t1, file: {path: /1, state: directory}, delegate_to: localhost}\n"
		"  - {name: t2, file: {path: /2, state: directory}, delegate_to: 10.9.8.7, run_once: yes}\n"
		"  - {name: t3, file: {path: /3, state: directory}, delegate_to: '{{ inventory_hostname }}'}\n");

	(void)state;
	bench_answer(run, "localhost", "t1", "changed");
	bench_answer(run, "10.9.8.7", "t2", "changed");
	bench_answer(run, "*", "t3", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c -> localhost\n"
		"t2: changed a -> 10.9.8.7\nt3: changed a,b,c\n");
	bench_run_free(run);
}

static void each_item_of_a_loop_may_be_done_elsewhere(void **state)
{
	struct bench_run *run = bench_run(HOSTS, PLAY
		"  - {name: t1, file: {path: '/{{ item }}', state: directory}, loop: [d, a, b],\n"
		"     delegate_to: '{{ item }}', when: item != 'a', register: r}\n"
		"  - {name: t2, debug: {msg: '{{ r.results | map(attribute=\"item\") | join }}'}}\n");

	(void)state;
	bench_answer(run, "d", "t1", "changed");
	bench_answer(run, "c", "t1", "failed: wrong machine");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c -> d (item: d); ok a,c -> b (item: b); "
		"ok b (item: b)\nt2: ok a,b,c (dab)\n");
	assert_string_equal(bench_recap(run, "b"), "ok=2 changed=1");
	bench_run_free(run);
}

static void a_name_that_a_host_says_counts_once_it_is_known(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n  tasks:\n"
		"  - {name: t1, command: x, register: r}\n"
		"  - {name: t2, file: {path: /2, state: directory}, delegate_to: '{{ r.stdout }}'}\n"
		"  - {name: t3, file: {path: /3, state: directory}}\n");

	(void)state;
	bench_returns(run, "a", "t1", "results: {stdout: b}");
	bench_returns(run, "b", "t1", "results: {stdout: c}");
	bench_returns(run, "*", "t1", "results: {stdout: d}");
	bench_answer(run, "*", "t2", "changed");
	bench_answer(run, "*", "t3", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a,b,c,d\n"
		"t2: changed a -> b; changed b -> c; changed c -> d; changed d\nt3: changed a,b,c,d\n");
	bench_run_free(run);
}

static void a_name_that_a_host_says_must_be_in_the_inventory(void **state)
{
	struct bench_run *run = bench_run(HOSTS, PLAY
		"  - {name: t1, command: x, register: r}\n"
		"  - {name: t2, file: {path: /2, state: directory}, delegate_to: '{{ r.stdout }}'}\n");

	(void)state;
	bench_returns(run, "*", "t1", "results: {stdout: evil.example}");
	assert_int_equal(bench_execute(run), 2);
	assert_non_null(strstr(bench_lines(run), "which isn't in the inventory"));
	assert_null(strstr(bench_log(run), "evil.example →"));
	bench_run_free(run);
}

static void who_cannot_be_reached_takes_along_whoever_delegates_to_it(void **state)
{
	struct bench_run *run = bench_run(HOSTS, PLAY
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: t2, file: {path: /2, state: directory}, delegate_to: d,\n"
		"     when: inventory_hostname != 'b'}\n"
		"  - {name: t3, file: {path: /3, state: directory}}\n");

	(void)state;
	bench_arrives(run, "d", "unreachable: no route");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "t1: ok a,b,c\nt2:\nt3: ok b\n");
	assert_non_null(strstr(bench_said(run), "on d, as the default user at d: no route"));
	assert_string_equal(bench_recap(run, "a"), "ok=1 unreachable=1");
	bench_run_free(run);
}

static void a_failure_there_is_one_of_the_host_that_delegates(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n  tasks:\n"
		"  - block:\n"
		"    - {name: t1, command: x, delegate_to: d}\n"
		"    rescue:\n"
		"    - {name: t2, command: x, delegate_to: '{{ groups.all[1] }}'}\n"
		"  - {name: t3, command: x}\n");

	(void)state;
	bench_answer(run, "d", "t1", "failed: no");
	bench_answer(run, "b", "t2", "changed");
	bench_answer(run, "*", "t3", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: failed, rescued a,b,c -> d (no); failed, rescued d (no)\n"
		"t2: changed a,c,d -> b; changed b\nt3: changed a,b,c,d\n");
	bench_run_free(run);
}

static void run_once_and_delegated_is_done_once_there(void **state)
{
	struct bench_run *run = bench_run(HOSTS, PLAY
		"  - {name: t1, command: x, delegate_to: d, run_once: yes, register: r}\n"
		"  - {name: t2, debug: {msg: '{{ r.stdout }}'}}\n");

	(void)state;
	bench_returns(run, "d", "t1", "results: {stdout: hello}");
	bench_answer(run, "d", "t1", "changed");
	bench_answer(run, "*", "t1", "failed: wrong machine");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a -> d\nt2: ok a,b,c (hello)\n");
	bench_run_free(run);
}

static void handlers_are_done_where_they_are_delegated_to(void **state)
{
	struct bench_run *run = bench_run(HOSTS, PLAY
		"  - {name: t1, file: {path: /1, state: directory}, notify: h1}\n"
		"  - {name: t2, file: {path: /2, state: directory}, delegate_to: d, notify: h2}\n"
		"  handlers:\n"
		"  - {name: h1, command: x, delegate_to: d}\n"
		"  - {name: h2, command: x}\n");

	(void)state;
	bench_answer(run, "b", "t1", "changed");
	bench_answer(run, "d", "t2", "changed");
	bench_answer(run, "d", "h1", "changed");
	bench_answer(run, "d", "h2", "failed: wrong machine");
	bench_answer(run, "*", "h1", "failed: wrong machine");
	bench_answer(run, "*", "h2", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed b; ok a,c\nt2: changed a,b,c -> d\n"
		"h1: changed b -> d\nh2: changed a,b,c\n");
	bench_run_free(run);
}

static void a_host_of_a_later_play_gives_way_to_what_an_include_delegates_to_it(void **state)
{
	struct bench_run *run = bench_run(HOSTS, PLAY
		"  - {name: t1, command: x, register: r}\n"
		"  - include_tasks: '{{ r.stdout }}.yml'\n"
		"- hosts: d\n  tasks:\n"
		"  - {name: t2, file: {path: /2, state: directory}}\n"
		"  - {name: t3, file: {path: /3, state: directory}}\n");

	(void)state;
	bench_further(run, "one.yml", "- {name: t4, file: {path: /4, state: directory}, delegate_to: d}\n");
	bench_returns(run, "*", "t1", "results: {stdout: one}");
	bench_answer(run, "d", "t2", "ok");
	bench_answer(run, "d", "*", "changed");
	bench_answer(run, "a", "t1", "slow: 2000");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a; ok b,c\ninclude_tasks: ok a,b,c (one.yml)\n"
		"t4: changed a,b,c -> d\nt2: ok d\nt3: changed d\n");
	bench_run_free(run);
}

static void hosts_outside_the_limit_take_part_as_targets_only(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}, delegate_to: d}\n"
		"  - {name: t2, file: {path: /2, state: directory}}\n");

	(void)state;
	bench_limit(run, "a,b");
	bench_answer(run, "d", "t1", "changed");
	bench_answer(run, "*", "t1", "failed: wrong machine");
	bench_answer(run, "*", "t2", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b -> d\nt2: changed a,b\n");
	bench_run_free(run);
}

static void batches_delegate_one_after_the_other(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n  serial: 2\n  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}, delegate_to: a}\n"
		"  - {name: t2, file: {path: /2, state: directory}}\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a; changed b -> a\nt2: changed a,b\n"
		"t1: changed c,d -> a\nt2: changed c,d\n");
	bench_run_free(run);
}

static void with_any_errors_fatal_a_lost_target_ends_all(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a,b,c\n  any_errors_fatal: yes\n  tasks:\n"
		"  - {name: t1, command: x, delegate_to: d, when: inventory_hostname == 'b'}\n"
		"  - {name: t2, command: x}\n");

	(void)state;
	bench_answer(run, "d", "t1", "failed: no");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: failed b -> d (no)\n");
	bench_run_free(run);
}

static void delegate_facts_gives_the_other_host_variables(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n  tasks:\n"
		"  - {name: t1, set_fact: {x: 'of {{ inventory_hostname }}'}, delegate_to: d,\n"
		"     delegate_facts: yes, run_once: yes}\n"
		"  - {name: t2, debug: {msg: '{{ x | default(\"none\") }} {{ hostvars.d.x }}'}}\n"
		"  - {name: t3, file: {path: '/{{ x }}', state: directory}, when: inventory_hostname == 'd'}\n"
		"  - {name: t4, set_fact: {y: mine}, delegate_to: d}\n"
		"  - {name: t5, debug: {msg: '{{ y }} {{ hostvars.d.y }}'}}\n");

	(void)state;
	bench_answer(run, "d", "t3", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a -> d\nt2: ok a,b,c (none of a); ok d (of a of a)\n"
		"t3: changed d\nt4: ok a,b,c -> d; ok d\nt5: ok a,b,c,d (mine mine)\n");
	bench_run_free(run);
}

static void local_action_and_action_are_older_words_for_the_same(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a,b\n  tasks:\n"
		"  - {name: t1, local_action: file path=/1 state=directory}\n"
		"  - {name: t2, local_action: {module: file, path: /2, state: directory}, run_once: yes}\n"
		"  - {name: t3, action: file path=/3 state=directory}\n"
		"  - {name: t4, action: {module: file, path: /4}, args: {state: directory}}\n"
		"  - {name: t5, local_action: command echo one two}\n"
		"  - {name: t6, local_action: setup}\n");

	(void)state;
	bench_answer(run, "localhost", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b -> localhost\n"
		"t2: changed a -> localhost\nt3: ok a,b\nt4: ok a,b\nt5: changed a,b -> localhost\n"
		"t6: changed a,b -> localhost\n");
	bench_run_free(run);
}

static void a_wrong_action_says_what_is_wrong(void **state)
{
	static const char *const wrong[][2] = {
		{ "local_action: {path: /x}", "'local_action' names no module" },
		{ "action: [file]", "'action' names no module" },
		{ "action: fil path=/x", "'fil' is neither" },
		{ "{action: file path=/x, command: x}", "only one action" },
		{ "{local_action: command x, delegate_to: d}", "can't be used with 'delegate_to'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char text[200];
		struct bench_run *run;

		snprintf(text, sizeof(text), "- hosts: a\n  tasks:\n  - %s\n", wrong[i][0]);
		run = bench_run(HOSTS, text);
		assert_int_equal(bench_execute(run), 1);
		assert_non_null(strstr(bench_error(run), wrong[i][1]));
		bench_run_free(run);
	}
}

static void a_loop_whose_items_are_tried_again_skips_some(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a\n  tasks:\n"
		"  - {name: t1, command: x, loop: [1, 2, 3], when: item != 1, until: r.rc == 0, register: r}\n");

	(void)state;
	bench_returns(run, "*", "t1", "results: {rc: 0}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a (item: 2); ok a (item: 3)\n");
	bench_run_free(run);
}

/* --- As ansible-core 2.14 has it: the same text, the same order, hosts and counters --- */

static void a_loop_goes_round_and_failures_are_those_of_who_delegates(void **state)
{
	struct bench_run *run = bench_run("all: {hosts: {a: , b: , c: , d: , e: , x: }}",
		"- hosts: a,b,c\n  tasks:\n"
		"  - {name: t1, command: hostname, delegate_to: '{{ item }}', loop: [d, e], register: r}\n"
		"  - {name: t2, debug: {msg: \"{{ r.results | map(attribute='item') | join }}\"}}\n"
		"  - {name: t3, command: 'false', delegate_to: d, when: inventory_hostname == 'a'}\n"
		"  - {name: t4, stat: {path: /}, delegate_to: x, when: inventory_hostname == 'b'}\n"
		"  - {name: t5, debug: {msg: after}}\n");

	(void)state;
	bench_answer(run, "*", "t1", "changed");
	bench_answer(run, "d", "t3", "failed: non-zero return code");
	bench_arrives(run, "x", "unreachable: refused");
	assert_int_equal(bench_execute(run), 6);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c -> d (item: d); changed a,b,c -> e (item: e)\n"
		"t2: ok a,b,c (de)\nt3: failed a -> d (non-zero return code)\nt4:\nt5: ok c (after)\n");
	assert_string_equal(bench_recap(run, "a"), "ok=2 changed=1 failed=1");
	assert_string_equal(bench_recap(run, "b"), "ok=2 changed=1 unreachable=1 skipped=1");
	assert_string_equal(bench_recap(run, "c"), "ok=3 changed=1 skipped=2");
	bench_run_free(run);
}

static void a_local_play_delegates_to_names_that_nobody_knows(void **state)
{
	struct bench_run *run = bench_run("all: {hosts: {a: , b: }}", "- hosts: a\n"
		"  connection: local\n  tasks:\n"
		"  - {name: t1, debug: {msg: \"{{ hostvars['b'].z | default('none') }}\"}, delegate_to: localhost}\n"
		"  - {name: t2, command: \"echo {{ inventory_hostname }}\", delegate_to: zzz, register: r}\n"
		"  - {name: t3, set_fact: {z: '{{ inventory_hostname }}'}, delegate_to: b, delegate_facts: true}\n"
		"  - {name: t4, debug: {msg: \"{{ hostvars['b'].z }} {{ z | default('no') }}\"}}\n");

	(void)state;
	bench_answer(run, "localhost", "t2", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a -> localhost (none)\nt2: changed a -> zzz\n"
		"t3: ok a -> b\nt4: ok a (a no)\n");
	bench_run_free(run);
}

static void each_batch_delegates_once_for_all_of_it(void **state)
{
	struct bench_run *run = bench_run("all: {hosts: {a: , b: , c: , d: , e: }}", "- hosts: all\n"
		"  serial: [1, '50%', 10]\n  tasks:\n"
		"  - {name: t1, fail: {msg: x}, when: inventory_hostname == 'b'}\n"
		"  - {name: t2, command: 'echo {{ item }}', run_once: true, delegate_to: '{{ item }}',\n"
		"     loop: [d, e], register: r}\n"
		"  - {name: t3, debug: {msg: '{{ r.results | length }} {{ ansible_play_batch | join }} "
		"{{ ansible_play_hosts | join }} {{ ansible_play_hosts_all | join }}'}}\n");

	(void)state;
	bench_answer(run, "*", "t2", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1:\nt2: changed a -> d (item: d); changed a -> e (item: e)\n"
		"t3: ok a (2 a abcde abcde)\n"
		"t1: failed b (x)\nt2: changed c -> d (item: d); changed c -> e (item: e)\n"
		"t3: ok c (2 c acde abcde)\n"
		"t1:\nt2: changed d (item: d); changed d -> e (item: e)\nt3: ok d,e (2 de acde abcde)\n");
	assert_string_equal(bench_recap(run, "d"), "ok=2 changed=1 skipped=1");
	assert_string_equal(bench_recap(run, "e"), "ok=1 skipped=1");
	bench_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_delegated_is_done_there_for_each_host),
		cmocka_unit_test(a_host_of_the_play_does_its_own_and_what_others_delegate_in_order),
		cmocka_unit_test(localhost_and_addresses_are_hosts_too),
		cmocka_unit_test(each_item_of_a_loop_may_be_done_elsewhere),
		cmocka_unit_test(a_name_that_a_host_says_counts_once_it_is_known),
		cmocka_unit_test(a_name_that_a_host_says_must_be_in_the_inventory),
		cmocka_unit_test(who_cannot_be_reached_takes_along_whoever_delegates_to_it),
		cmocka_unit_test(a_failure_there_is_one_of_the_host_that_delegates),
		cmocka_unit_test(run_once_and_delegated_is_done_once_there),
		cmocka_unit_test(handlers_are_done_where_they_are_delegated_to),
		cmocka_unit_test(a_host_of_a_later_play_gives_way_to_what_an_include_delegates_to_it),
		cmocka_unit_test(hosts_outside_the_limit_take_part_as_targets_only),
		cmocka_unit_test(batches_delegate_one_after_the_other),
		cmocka_unit_test(with_any_errors_fatal_a_lost_target_ends_all),
		cmocka_unit_test(delegate_facts_gives_the_other_host_variables),
		cmocka_unit_test(local_action_and_action_are_older_words_for_the_same),
		cmocka_unit_test(a_wrong_action_says_what_is_wrong),
		cmocka_unit_test(a_loop_goes_round_and_failures_are_those_of_who_delegates),
		cmocka_unit_test(a_local_play_delegates_to_names_that_nobody_knows),
		cmocka_unit_test(each_batch_delegates_once_for_all_of_it),
		cmocka_unit_test(a_loop_whose_items_are_tried_again_skips_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
