/* Whole runs with blocks, rescue, always and batches of hosts, against machines in memory. */
#include "tests/unit/bench_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#define HOSTS "all: {hosts: {a: , b: , c: }}"
#define FIVE "all: {hosts: {a: , b: , c: , d: , e: }}"

static void a_block_is_rescued_while_others_go_on(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block:\n"
		"    - {name: t1, command: x}\n"
		"    - {name: t2, command: x}\n"
		"    rescue:\n"
		"    - {name: r1, command: x}\n"
		"    always:\n"
		"    - {name: al, command: x}\n"
		"  - {name: t3, command: x}\n");

	(void)state;
	bench_answer(run, "a", "t1", "failed: no space");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed b,c; failed, rescued a (no space)\n"
		"t2: changed b,c\nr1: changed a\nal: changed a,b,c\nt3: changed a,b,c\n");
	assert_string_equal(bench_recap(run, "a"), "ok=3 changed=3 rescued=1");
	assert_string_equal(bench_recap(run, "b"), "ok=4 changed=4");
	assert_int_equal(bench_stages(run, "a"), 2);
	assert_int_equal(bench_stages(run, "b"), 1);
	bench_run_free(run);
}

static void a_module_for_other_systems_fails_only_where_it_would_run(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, yum: name=x state=present, when: inventory_hostname == 'a', register: r}\n"
		"  - block:\n"
		"    - {name: t2, ansible.posix.selinux: {state: '{{ nobody_has_this }}'}}\n"
		"    - {name: t3, ansible.windows.win_package: [x]}\n"
		"    when: false\n"
		"  - {name: t4, command: x, when: r is skipped}\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: failed a (the module 'yum' is for other systems than "
		"Debian: the condition of the task lets it run here)\n"
		"t2:\nt3:\nt4: changed b,c\n");
	bench_run_free(run);
}

static void a_rescue_that_nobody_needs_says_nothing(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block: [{name: t1, command: x}]\n"
		"    rescue: [{name: r1, command: x}]\n"
		"  - {name: t2, file: {path: /2, state: directory}}\n");

	(void)state;
	bench_answer(run, "*", "t1", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nt2: ok a,b,c\n");
	assert_int_equal(bench_stages(run, "a"), 1);
	bench_run_free(run);
}

static void a_failure_in_a_rescue_goes_to_the_next_one_around_it(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block:\n"
		"    - block: [{name: t1, command: x}]\n"
		"      rescue: [{name: r1, command: x}]\n"
		"      always: [{name: al1, command: x}]\n"
		"    rescue: [{name: r2, command: x}]\n"
		"    always: [{name: al2, command: x}, {name: al3, command: x}]\n"
		"  - {name: t3, command: x}\n");

	(void)state;
	bench_answer(run, "a", "t1", "failed: one");
	bench_answer(run, "a", "r1", "failed: two");
	bench_answer(run, "b", "al2", "failed: three");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed b,c; failed, rescued a (one)\n"
		"r1: failed, rescued a (two)\nal1: changed a,b,c\nr2: changed a\n"
		"al2: changed a,c; failed b (three)\nal3: changed a,c\nt3: changed a,c\n");
	assert_string_equal(bench_recap(run, "a"), "ok=5 changed=5 rescued=2");
	assert_string_equal(bench_recap(run, "b"), "ok=2 changed=2 failed=1");
	bench_run_free(run);
}

static void behind_an_always_a_failure_goes_on(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block: [{name: t1, command: x}]\n"
		"    always: [{name: al, command: x}]\n"
		"  - {name: t2, command: x}\n"
		"- hosts: all\n"
		"  tasks: [{name: t3, command: x}]\n");

	(void)state;
	bench_answer(run, "a", "t1", "failed: no space");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed b,c; failed a (no space)\n"
		"al: changed a,b,c\nt2: changed b,c\nt3: changed b,c\n");
	assert_string_equal(bench_recap(run, "a"), "ok=1 changed=1 failed=1");
	bench_run_free(run);
}

static void a_lost_host_is_not_rescued(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block: [{name: t1, command: x}]\n"
		"    rescue: [{name: r1, command: x}]\n"
		"    always: [{name: al, command: x}]\n");

	(void)state;
	bench_arrives(run, "c", "unreachable: no TCP connection");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "t1: changed a,b\nal: changed a,b\n");
	bench_run_free(run);
}

static void the_rescue_reads_what_has_failed(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block:\n"
		"    - {name: t1, command: x, register: one, failed_when: one.rc == 3}\n"
		"    rescue:\n"
		"    - {name: r1, command: x, when: ansible_failed_task.name == 't1'}\n"
		"    - {name: r2, command: x, when: ansible_failed_result.rc == 3}\n"
		"    - {name: r3, command: x, when: ansible_failed_result.rc == 4}\n"
		"    always:\n"
		"    - {name: al, command: x, when: ansible_failed_task is defined}\n");

	(void)state;
	bench_returns(run, "a", "t1", "results: {rc: 3}");
	bench_returns(run, "*", "t1", "results: {rc: 0}");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "a"), "ok=3 changed=3 skipped=1 rescued=1");
	assert_string_equal(bench_recap(run, "b"), "ok=1 changed=1 skipped=1");
	bench_run_free(run);
}

static void a_loop_that_is_rescued_is_registered_as_failed(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block:\n"
		"    - {name: t1, command: x, loop: [1, 2], register: one}\n"
		"    rescue:\n"
		"    - {name: r1, command: x, when: one.failed and one.msg == 'One or more items failed'}\n");

	(void)state;
	bench_answer(run, "a", "t1", "failed: no space");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "a"), "ok=1 changed=1 rescued=1");
	bench_run_free(run);
}

static void what_a_block_did_not_come_to_is_not_registered(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block:\n"
		"    - {name: t1, command: x}\n"
		"    - {name: t2, command: x, register: two}\n"
		"    rescue:\n"
		"    - {name: r1, command: x, when: two is defined}\n"
		"  - {name: t3, command: x, when: two is defined}\n");

	(void)state;
	bench_answer(run, "a", "t1", "failed: no");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "a"), "skipped=2 rescued=1");
	assert_string_equal(bench_recap(run, "b"), "ok=3 changed=3");
	bench_run_free(run);
}

static void handlers_that_a_block_notified_run_whatever_becomes_of_it(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block:\n"
		"    - {name: t1, command: x, notify: h1}\n"
		"    - {name: t2, command: x}\n"
		"    rescue:\n"
		"    - {name: r1, command: x, notify: h2}\n"
		"  handlers:\n"
		"  - {name: h1, command: x}\n"
		"  - {name: h2, command: x}\n");

	(void)state;
	bench_answer(run, "a", "t2", "failed: no");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\n"
		"t2: changed b,c; failed, rescued a (no)\nr1: changed a\nh1: changed a,b,c\n"
		"h2: changed a\n");
	bench_run_free(run);
}

static void serial_takes_some_hosts_at_a_time(void **state)
{
	struct bench_run *run = bench_run(FIVE, "- hosts: all\n"
		"  serial: 2\n"
		"  tasks:\n"
		"  - {name: t1, command: x, notify: h}\n"
		"  - {name: t2, command: x}\n"
		"  handlers: [{name: h, command: x}]\n");

	(void)state;
	bench_answer(run, "a", "t2", "failed: no");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed a,b\nt2: changed b; failed a (no)\n"
		"h: changed b\nt1: changed c,d\nt2: changed c,d\nh: changed c,d\nt1: changed e\n"
		"t2: changed e\nh: changed e\n");
	assert_true(strstr(bench_log(run), "c ← stage") > strstr(bench_log(run), "b → result 3 changed"));
	bench_run_free(run);
}

static void each_batch_knows_its_hosts(void **state)
{
	struct bench_run *run = bench_run(FIVE, "- hosts: all\n"
		"  serial: 2\n"
		"  tasks:\n"
		"  - {name: t1, command: x, when: inventory_hostname == ansible_play_batch | first}\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "a"), "ok=1 changed=1");
	assert_string_equal(bench_recap(run, "b"), "skipped=1");
	assert_string_equal(bench_recap(run, "c"), "ok=1 changed=1");
	assert_string_equal(bench_recap(run, "d"), "skipped=1");
	assert_string_equal(bench_recap(run, "e"), "ok=1 changed=1");
	bench_run_free(run);
}

static void a_batch_that_fails_as_a_whole_is_the_last(void **state)
{
	struct bench_run *run = bench_run(FIVE, "- hosts: all\n"
		"  serial: [1, '40%']\n"
		"  tasks:\n"
		"  - {name: t1, command: x}\n"
		"- hosts: all\n"
		"  tasks:\n"
		"  - {name: t2, command: x}\n");

	(void)state;
	bench_answer(run, "b", "t1", "failed: no");
	bench_answer(run, "c", "t1", "failed: no");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed a\nt1: failed b,c (no)\n");
	assert_null(strstr(bench_log(run), "d ← stage"));
	bench_run_free(run);
}

static void max_fail_percentage_ends_the_run_for_all(void **state)
{
	struct bench_run *run = bench_run(FIVE, "- hosts: all\n"
		"  max_fail_percentage: 20\n"
		"  tasks:\n"
		"  - {name: t1, command: x}\n"
		"  - {name: t2, command: x}\n"
		"  - {name: t3, command: x}\n");

	(void)state;
	bench_answer(run, "a", "t1", "failed: no");
	bench_answer(run, "b", "t2", "failed: no");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed b,c,d,e; failed a (no)\n"
		"t2: changed c,d,e; failed b (no)\n");
	bench_run_free(run);
}

static void any_errors_fatal_lets_a_rescue_come_first(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  any_errors_fatal: true\n"
		"  tasks:\n"
		"  - block: [{name: t1, command: x}]\n"
		"    rescue: [{name: r1, command: x}]\n"
		"  - {name: t2, command: x}\n"
		"  - {name: t3, command: x}\n");

	(void)state;
	bench_answer(run, "a", "t1", "failed: no");
	bench_answer(run, "b", "t2", "failed: no");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed b,c; failed, rescued a (no)\n"
		"r1: changed a\nt2: changed a,c; failed b (no)\n");
	bench_run_free(run);
}

static void a_dry_run_looks_into_no_rescue(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - block: [{name: t1, command: x}]\n"
		"    rescue: [{name: r1, command: x}]\n"
		"    always: [{name: al, command: x}]\n");

	(void)state;
	bench_options(run)->check = true;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_null(strstr(bench_lines(run), "r1"));
	assert_non_null(strstr(bench_lines(run), "al: would change a,b,c\n"));
	bench_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_rescued_while_others_go_on),
		cmocka_unit_test(a_module_for_other_systems_fails_only_where_it_would_run),
		cmocka_unit_test(a_rescue_that_nobody_needs_says_nothing),
		cmocka_unit_test(a_failure_in_a_rescue_goes_to_the_next_one_around_it),
		cmocka_unit_test(behind_an_always_a_failure_goes_on),
		cmocka_unit_test(a_lost_host_is_not_rescued),
		cmocka_unit_test(the_rescue_reads_what_has_failed),
		cmocka_unit_test(a_loop_that_is_rescued_is_registered_as_failed),
		cmocka_unit_test(what_a_block_did_not_come_to_is_not_registered),
		cmocka_unit_test(handlers_that_a_block_notified_run_whatever_becomes_of_it),
		cmocka_unit_test(serial_takes_some_hosts_at_a_time),
		cmocka_unit_test(each_batch_knows_its_hosts),
		cmocka_unit_test(a_batch_that_fails_as_a_whole_is_the_last),
		cmocka_unit_test(max_fail_percentage_ends_the_run_for_all),
		cmocka_unit_test(any_errors_fatal_lets_a_rescue_come_first),
		cmocka_unit_test(a_dry_run_looks_into_no_rescue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
