/* Whole runs against machines in memory whose connections change: they start anew, or are asked whether they
 * still let anybody in. */
#include "tests/unit/bench_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HOSTS "all: {hosts: {a: , b: }}"

static const char three_tasks[] = "- hosts: all\n"
	"  tasks:\n"
	"  - {name: t1, command: x}\n"
	"  - {name: t2, command: x}\n"
	"  - {name: t3, command: x}\n";

static void a_machine_that_started_anew_goes_on_where_it_was(void **state)
{
	struct bench_run *run = bench_run(HOSTS, three_tasks);

	(void)state;
	bench_greets(run, "a", "{machine: before}");
	bench_answer(run, "a", "t2", "restarts");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b\nt2: changed a,b\nt3: changed a,b\n");
	assert_string_equal(bench_recap(run, "a"), "ok=3 changed=3");
	assert_int_equal(bench_stages(run, "a"), 1);
	assert_non_null(strstr(bench_log(run), "a ? restart 2\n"));
	bench_run_free(run);
}

static void a_machine_that_does_not_come_back_is_lost(void **state)
{
	struct bench_run *run = bench_run(HOSTS, three_tasks);

	(void)state;
	bench_arrives(run, "a", "again: nothing answers");
	bench_answer(run, "a", "t2", "restarts");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_recap(run, "a"), "ok=1 changed=1 unreachable=1");
	assert_string_equal(bench_recap(run, "b"), "ok=3 changed=3");
	bench_run_free(run);
}

static void a_dry_run_restarts_nothing(void **state)
{
	struct bench_run *run = bench_run(HOSTS, three_tasks);

	(void)state;
	bench_options(run)->check = true;
	bench_answer(run, "a", "t2", "restarts");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_null(strstr(bench_log(run), "a ? "));
	bench_run_free(run);
}

static void a_new_login_is_made_beside_the_connection(void **state)
{
	struct bench_run *run = bench_run(HOSTS, three_tasks);

	(void)state;
	bench_greets(run, "a", "{machine: the same}");
	bench_answer(run, "a", "t2", "logs in");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b\nt2: changed a,b\nt3: changed a,b\n");
	assert_non_null(strstr(bench_log(run), "a ? login 2\n"));
	assert_string_equal(bench_recap(run, "a"), "ok=3 changed=3");
	bench_run_free(run);
}

static void a_new_login_that_fails_is_told_the_agent(void **state)
{
	struct bench_run *run = bench_run(HOSTS, three_tasks);

	(void)state;
	bench_arrives(run, "a", "again: ssh.authentication-failed: it lets nobody in");
	bench_answer(run, "a", "t2", "logs in");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed a,b\nt2: changed b; failed a (it lets nobody in)\n"
		"t3: changed b\n");
	assert_string_equal(bench_recap(run, "a"), "ok=1 changed=1 failed=1");
	bench_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_that_started_anew_goes_on_where_it_was),
		cmocka_unit_test(a_machine_that_does_not_come_back_is_lost),
		cmocka_unit_test(a_dry_run_restarts_nothing),
		cmocka_unit_test(a_new_login_is_made_beside_the_connection),
		cmocka_unit_test(a_new_login_that_fails_is_told_the_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
