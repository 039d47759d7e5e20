/* Whole runs against machines in memory whose connections change: they start anew, or are asked whether they
 * still let anybody in. */
#include "tests/unit/bench_run.h"

#include "plan/state.h"

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

/* Longer than what it was given for its way down and up again, which is a minute. */
static void one_that_is_back_may_take_its_time(void **state)
{
	struct bench_run *run = bench_run(HOSTS, three_tasks);

	(void)state;
	bench_greets(run, "a", "{machine: before}");
	bench_answer(run, "a", "t2", "restarts: 1000000");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "a"), "ok=3 changed=3");
	assert_int_equal(bench_stages(run, "a"), 1);
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

/* --- Dialled again --- */

static void a_machine_that_is_not_there_yet_is_waited_for(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: here, debug: {msg: x}}\n"
		"  - {name: w, wait_for_connection: {timeout: '{{ 60 }}'}}\n"
		"  - {name: t1, command: x}\n");

	(void)state;
	bench_arrives(run, "a", "not before: 5");
	bench_answer(run, "*", "w", "ok");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "here: ok a,b (x)\nw: ok a,b\nt1: changed a,b\n");
	assert_string_equal(bench_recap(run, "a"), "ok=3 changed=1");
	bench_run_free(run);
}

static void it_is_not_waited_for_longer_than_said_nor_where_another_task_comes_first(void **state)
{
	static const char *const texts[] = {
		"- hosts: a\n  tasks: [{wait_for_connection: {timeout: 3}}, {name: t1, command: x}]\n",
		"- hosts: a\n  tasks: [{name: t0, command: x}, {wait_for_connection: }]\n",
		"- hosts: a\n  tasks: [{wait_for_connection: , when: inventory_hostname == 'b'}, {name: t1, command: x}]\n",
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bench_run *run = bench_run(HOSTS, texts[i]);

		bench_arrives(run, "a", "not before: 50");
		bench_answer(run, "*", "*", "changed");
		assert_int_equal(bench_execute(run), 4);
		assert_string_equal(bench_recap(run, "a"), "unreachable=1");
		assert_in_range(bench_ran(run)->now - bench_ran(run)->started, i ? 0 : 3000, i ? 100 : 4500);
		bench_run_free(run);
	}
}

static void it_is_waited_for_behind_tasks_for_others_but_in_no_dry_run(void **state)
{
	(void)state;
	for (int check = 0; check < 2; check++) {
		struct bench_run *run = bench_run(HOSTS, "- hosts: a\n"
			"  tasks: [{name: t0, command: x, when: inventory_hostname == 'b'}, {wait_for_connection: }]\n");

		bench_options(run)->check = check;
		bench_arrives(run, "a", "not before: 50");
		bench_answer(run, "*", "*", "changed");
		assert_int_equal(bench_execute(run), check ? 4 : 0);
		bench_run_free(run);
	}
}

/* b fails behind a's loss of its connection, so that nobody goes on there. */
static void who_is_put_out_is_waited_for_no_more(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  any_errors_fatal: yes\n"
		"  tasks:\n"
		"  - {name: t1, command: x}\n"
		"  - {name: w, wait_for_connection: {delay: 9}}\n");

	(void)state;
	bench_arrives(run, "b", "late: 400");
	bench_answer(run, "a", "w", "lost: agent.lost: gone");
	bench_answer(run, "b", "t1", "failed: no");
	bench_answer(run, "*", "*", "changed");
	assert_int_not_equal(bench_execute(run), 0);
	assert_in_range(bench_ran(run)->now - bench_ran(run)->started, 400, 10000);
	bench_run_free(run);
}

static void a_wrong_host_key_is_waited_for_by_nobody(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a\n  tasks: [{wait_for_connection: }]\n");

	(void)state;
	bench_arrives(run, "a", "unreachable: ssh.host-key-changed: another key");
	assert_int_equal(bench_execute(run), 4);
	assert_in_range(bench_ran(run)->now - bench_ran(run)->started, 0, 100);
	bench_run_free(run);
}

/* It goes away while the task waits out its delay. */
static void a_machine_that_goes_away_meanwhile_is_waited_for(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x, notify: h}\n"
		"  - {name: w, wait_for_connection: {delay: 9}}\n"
		"  - {name: t2, command: x}\n"
		"  handlers: [{name: h, command: x}]\n");

	(void)state;
	bench_answer(run, "a", "w", "lost once: agent.lost: gone");
	bench_answer(run, "*", "w", "ok");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b\nw: ok a,b\nt2: changed a,b\nh: changed a,b\n");
	bench_run_free(run);
}

/* New agents have had nothing yet, and are told all handlers that may be due. */
static void a_connection_is_reset_where_the_text_says_so(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x, notify: h}\n"
		"  - {meta: reset_connection, when: inventory_hostname == 'a'}\n"
		"  - {name: t2, command: x}\n"
		"  handlers: [{name: h, command: x}]\n");
	const char *hello;

	(void)state;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b\nmeta: reset_connection: ok a\n"
		"t2: changed a,b\nh: changed a,b\n");
	hello = strstr(bench_log(run), "a → HELLO");
	assert_non_null(strstr(hello + 1, "a → HELLO"));
	hello = strstr(bench_log(run), "b → HELLO");
	assert_null(strstr(hello + 1, "b → HELLO"));
	bench_run_free(run);
}

static void a_machine_that_does_not_answer_after_a_reset_is_lost(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x}\n"
		"  - {meta: reset_connection}\n"
		"  - {name: t2, command: x}\n");

	(void)state;
	bench_arrives(run, "a", "again: nothing answers");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_recap(run, "a"), "ok=1 changed=1 unreachable=1");
	assert_string_equal(bench_recap(run, "b"), "ok=2 changed=2");
	bench_run_free(run);
}

static void a_dry_run_resets_nothing(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a\n"
		"  tasks: [{name: t1, command: x, register: r}, {meta: reset_connection, when: r.rc == 0},"
		" {name: t2, command: x}]\n");

	(void)state;
	bench_options(run)->check = true;
	bench_returns(run, "*", "t1", "changes: [{subject: x, field: command}]");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_null(strstr(strstr(bench_log(run), "HELLO") + 1, "HELLO"));
	assert_null(strstr(bench_lines(run), "t2: may change"));
	bench_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_that_started_anew_goes_on_where_it_was),
		cmocka_unit_test(one_that_is_back_may_take_its_time),
		cmocka_unit_test(a_machine_that_does_not_come_back_is_lost),
		cmocka_unit_test(a_dry_run_restarts_nothing),
		cmocka_unit_test(a_new_login_is_made_beside_the_connection),
		cmocka_unit_test(a_new_login_that_fails_is_told_the_agent),
		cmocka_unit_test(a_machine_that_is_not_there_yet_is_waited_for),
		cmocka_unit_test(it_is_not_waited_for_longer_than_said_nor_where_another_task_comes_first),
		cmocka_unit_test(it_is_waited_for_behind_tasks_for_others_but_in_no_dry_run),
		cmocka_unit_test(who_is_put_out_is_waited_for_no_more),
		cmocka_unit_test(a_wrong_host_key_is_waited_for_by_nobody),
		cmocka_unit_test(a_machine_that_goes_away_meanwhile_is_waited_for),
		cmocka_unit_test(a_connection_is_reset_where_the_text_says_so),
		cmocka_unit_test(a_machine_that_does_not_answer_after_a_reset_is_lost),
		cmocka_unit_test(a_dry_run_resets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
