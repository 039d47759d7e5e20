/* Whole runs against machines in memory: the order of tasks over hosts, values that tasks return,
 * failures, handlers. */
#include "tests/unit/bench_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#define HOSTS "all: {hosts: {a: , b: , c: }}"

static void a_run_without_changes_is_one_message_to_each_host(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: t2, file: {path: /2, state: directory}}\n"
		"- hosts: all\n"
		"  tasks:\n"
		"  - {name: t3, file: {path: /3, state: directory}}\n");

	(void)state;
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a,b,c\nt2: ok a,b,c\nt3: ok a,b,c\n");
	assert_string_equal(bench_recap(run, "a"), "ok=3");
	assert_int_equal(bench_stages(run, "a"), 1);
	bench_run_free(run);
}

static void a_change_waits_until_all_hosts_have_passed_what_is_before(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: t2, file: {path: /2, state: directory}}\n");
	const char *log;

	(void)state;
	bench_answer(run, "a", "t1", "slow: 500");
	bench_answer(run, "*", "t2", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a; ok b,c\nt2: changed a,b,c\n");
	log = strstr(bench_log(run), "a → result 1 changed\n");
	assert_non_null(log);
	assert_non_null(strstr(bench_log(run), "b ? gate 2\n"));
	assert_true(strstr(bench_log(run), "b ? gate 2\n") < log);
	assert_true(strstr(bench_log(run), "b ! go\n") > log);
	assert_true(strstr(bench_log(run), "c ! go\n") > log);
	assert_int_equal(bench_stages(run, "a"), 1);
	bench_run_free(run);
}

static void hosts_in_another_play_do_not_hold_back_those_behind_them(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a\n"
		"  tasks: [{name: t1, file: {path: /1, state: directory}}]\n"
		"- hosts: b\n"
		"  tasks: [{name: t2, file: {path: /2, state: directory}}]\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a\nt2: changed b\n");
	assert_true(strstr(bench_log(run), "a → result 1 changed")
		< strstr(bench_log(run), "b ! go"));
	bench_run_free(run);
}

static void strategy_free_holds_nobody_back(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  strategy: free\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: t2, file: {path: /2, state: directory}}\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nt2: changed a,b,c\n");
	assert_null(strstr(bench_log(run), "gate"));
	bench_run_free(run);
}

static void a_registered_value_decides_what_each_host_is_sent_next(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: ask, register: answer}\n"
		"  - {name: t2, file: {path: /2, state: directory}, when: answer.stdout == 'yes'}\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	bench_returns(run, "b", "t1", "results: {stdout: 'yes', rc: 0}");
	bench_returns(run, "*", "t1", "results: {stdout: 'no', rc: 0}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nt2: changed b\n");
	assert_string_equal(bench_recap(run, "a"), "ok=1 changed=1 skipped=1");
	assert_string_equal(bench_recap(run, "b"), "ok=2 changed=2");
	/* The second one tells a that nothing more comes. */
	assert_int_equal(bench_stages(run, "a"), 2);
	assert_int_equal(bench_stages(run, "b"), 2);
	bench_run_free(run);
}

static void a_registered_value_of_another_host_is_that_of_the_same_moment(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: ask, register: answer}\n"
		"  - {name: t2, command: \"use {{ hostvars.c.answer.stdout }}\"}\n");

	(void)state;
	bench_answer(run, "c", "t1", "slow: 300");
	bench_answer(run, "*", "*", "changed");
	bench_returns(run, "*", "t1", "results: {stdout: told, rc: 0}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nt2: changed a,b,c\n");
	bench_run_free(run);
}

static void facts_of_another_host_are_awaited(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a\n"
		"  tasks:\n"
		"  - {name: t1, command: \"use {{ hostvars.c.ansible_hostname }}\"}\n"
		"- hosts: all\n"
		"  tasks:\n"
		"  - {name: t2, command: x}\n");

	(void)state;
	bench_arrives(run, "c", "late: 3000");
	bench_answer(run, "*", "t1", "changed");
	bench_answer(run, "*", "t2", "changed");
	bench_returns(run, "c", "facts", "results: {hostname: sea}");
	bench_returns(run, "*", "facts", "results: {hostname: hill}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a\nt2: changed a,b,c\n");
	bench_run_free(run);
}

static void facts_are_awaited_before_a_dry_run_gives_up_knowing(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x, register: answer}\n"
		"  - {name: t2, command: \"y {{ answer.stdout }}\"}\n"
		"  - {name: t3, command: \"z {{ hostvars.c.ansible_hostname }}\"}\n");

	(void)state;
	bench_options(run)->check = true;
	bench_arrives(run, "c", "late: 3000");
	bench_answer(run, "*", "t1", "changed");
	bench_returns(run, "*", "facts", "results: {hostname: sea}");
	bench_returns(run, "*", "t1", "changes: [{subject: x, field: command, after: run}]");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: would change a,b,c (x command: nothing → run)\n"
		"t2: may change a,b,c (the result of 't1')\nt3: ok a,b,c\n");
	bench_run_free(run);
}

static void facts_of_a_host_that_only_the_run_names_are_awaited(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: ask, register: who}\n"
		"  - {name: t2, command: \"x {{ hostvars[who.stdout].ansible_hostname }}\"}\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	bench_returns(run, "*", "t1", "results: {stdout: b, rc: 0}");
	bench_returns(run, "*", "facts", "results: {hostname: sea}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nt2: changed a,b,c\n");
	bench_run_free(run);
}

static void who_needs_facts_of_a_host_that_waits_for_it_fails_and_says_so(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: ask, register: who}\n"
		"  - name: t2\n"
		"    command: \"x {{ hostvars[who.stdout].ansible_hostname }}\"\n"
		"    when: inventory_hostname == 'a'\n"
		"  - {name: t3, command: x}\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	bench_returns(run, "*", "t1", "results: {stdout: b, rc: 0}");
	/* In others b can be asked in time. */
	bench_in_one_order(run);
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\n"
		"t2: failed a (this needs the facts of 'b', which can't be read now: 'b' waits until 'a' has "
		"done this task, → let an earlier task use a fact of 'b' by its name, so that they are read "
		"at the beginning)\nt3: changed b,c\n");
	bench_run_free(run);
}

/* --- Handlers --- */

static void handlers_run_once_behind_the_tasks_where_something_changed(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x, notify: h2}\n"
		"  - {name: t2, command: x, notify: [h1, h2]}\n"
		"  - {name: t3, command: x}\n"
		"  handlers:\n"
		"  - {name: h1, command: x}\n"
		"  - {name: h2, command: x}\n");

	(void)state;
	bench_answer(run, "a", "t1", "changed");
	bench_answer(run, "b", "t2", "changed");
	bench_answer(run, "*", "h1", "changed");
	bench_answer(run, "*", "h2", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a; ok b,c\nt2: changed b; ok a,c\n"
		"t3: ok a,b,c\nh1: changed b\nh2: changed a,b\n");
	assert_int_equal(bench_stages(run, "b"), 1);
	bench_run_free(run);
}

static void a_handler_that_fails_takes_its_host_out(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks: [{name: t1, command: x, notify: h1}]\n"
		"  handlers: [{name: h1, command: x}]\n"
		"- hosts: all\n"
		"  tasks: [{name: t2, command: x}]\n");

	(void)state;
	bench_answer(run, "*", "t1", "changed");
	bench_answer(run, "b", "h1", "failed: no such service");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\n"
		"h1: changed a,c; failed b (no such service)\nt2: changed a,c\n");
	bench_run_free(run);
}

static void force_handlers_lets_a_failed_host_run_its_handlers(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  force_handlers: true\n"
		"  tasks:\n"
		"  - {name: t1, command: x, notify: h1}\n"
		"  - {name: t2, command: x}\n"
		"  handlers: [{name: h1, command: x}]\n"
		"- hosts: all\n"
		"  tasks: [{name: t3, command: x}]\n");

	(void)state;
	bench_answer(run, "a", "t2", "failed: no space");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\n"
		"t2: changed b,c; failed a (no space)\nh1: changed a,b,c\nt3: changed b,c\n");
	bench_run_free(run);
}

static void handlers_that_an_earlier_run_left_due_come_first(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks: [{name: t1, command: x, notify: h1}]\n"
		"  handlers: [{name: h1, command: x}]\n");

	(void)state;
	bench_greets(run, "b",
		"due: [{project: project, playbook: site.yml, handler: h1}]");
	bench_answer(run, "*", "*", "changed");
	/* Where others have passed it already it is told behind. */
	bench_in_one_order(run);
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "h1: changed b\nt1: changed a,b,c\n"
		"h1: changed a,b,c\n");
	bench_run_free(run);
}

/* --- Failures --- */

static void a_host_that_fails_is_out_and_the_others_go_on(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x}\n"
		"  - {name: t2, command: x}\n");

	(void)state;
	bench_answer(run, "b", "t1", "failed: no space");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed a,c; failed b (no space)\n"
		"t2: changed a,c\n");
	assert_string_equal(bench_recap(run, "b"), "failed=1");
	bench_run_free(run);
}

static void ignore_errors_lets_a_host_go_on(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x, ignore_errors: true}\n"
		"  - {name: t2, command: x}\n");

	(void)state;
	bench_answer(run, "b", "t1", "failed: no space");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,c; failed, ignored b (no space)\n"
		"t2: changed a,b,c\n");
	assert_string_equal(bench_recap(run, "b"), "ok=2 changed=1 ignored=1");
	assert_int_equal(bench_stages(run, "b"), 1);
	bench_run_free(run);
}

static void a_registered_failure_has_the_code_of_its_error(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: b\n"
		"  tasks:\n"
		"  - {name: t1, command: x, ignore_errors: true, register: one}\n"
		"  - {name: t2, command: x, when: one.code == 'task.failed'}\n"
		"  - {name: t3, command: x, when: one.code != 'task.failed'}\n");

	(void)state;
	bench_answer(run, "b", "t1", "failed: no");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: failed, ignored b (no)\n"
		"t2: changed b\nt3:\n");
	bench_run_free(run);
}

static void an_agent_that_tells_the_code_of_no_error_fails_its_host(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks: [{name: t1, command: x}]\n");

	(void)state;
	bench_returns(run, "b", "t1", "code: ledger.nothing");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed a,c\n");
	assert_non_null(strstr(bench_said(run), "an error code that doesn't exist"));
	bench_run_free(run);
}

static void any_errors_fatal_ends_the_run_for_all_before_anything_more_changes(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  any_errors_fatal: true\n"
		"  tasks:\n"
		"  - {name: t1, command: x}\n"
		"  - {name: t2, command: x}\n"
		"- hosts: all\n"
		"  tasks: [{name: t3, command: x}]\n");

	(void)state;
	bench_answer(run, "b", "t1", "failed: no space");
	bench_answer(run, "*", "t1", "ok");
	bench_answer(run, "*", "*", "changed");
	bench_in_one_order(run);
	assert_int_equal(bench_execute(run), 2);
	assert_null(strstr(bench_lines(run), "t2: changed"));
	assert_null(strstr(bench_lines(run), "t3"));
	assert_null(strstr(bench_log(run), "! go"));
	bench_run_free(run);
}

static void an_unreachable_host_is_such_an_error(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  any_errors_fatal: true\n"
		"  tasks: [{name: t1, command: x}, {name: t2, command: x}]\n");

	(void)state;
	bench_arrives(run, "c", "unreachable: no TCP connection");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "t1: changed a,b\n");
	assert_non_null(strstr(bench_said(run), "unreachable: c: no TCP connection"));
	bench_run_free(run);
}

static void a_host_that_cannot_be_reached_holds_nobody_back(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x}\n"
		"  - {name: t2, command: x}\n");

	(void)state;
	bench_arrives(run, "a", "unreachable: no TCP connection");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "t1: changed b,c\nt2: changed b,c\n");
	assert_string_equal(bench_recap(run, "a"), "unreachable=1");
	bench_run_free(run);
}

static void a_host_that_is_lost_in_the_middle_lets_the_others_go_on(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x}\n"
		"  - {name: t2, command: x}\n"
		"  - {name: t3, command: x}\n");

	(void)state;
	bench_answer(run, "b", "t2", "dies: the connection ended");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nt2: changed a,c\nt3: changed a,c\n");
	assert_string_equal(bench_recap(run, "b"), "ok=1 changed=1 unreachable=1");
	assert_non_null(strstr(bench_said(run), "unreachable: b: the connection ended"));
	bench_run_free(run);
}

/* What a host is lost for decides how that is called, and which exit code it gives. */
static void only_a_network_makes_a_host_unreachable(void **state)
{
	static const struct { const char *answer, *said, *recap; int code; } all[] = {
		{ "ssh.no-connection: no route", "unreachable: b: no route", "ok=1 changed=1 unreachable=1", 4 },
		{ "ssh.host-key-changed: its key", "unreachable: b: its key", "ok=1 changed=1 unreachable=1", 4 },
		{ "ssh.authentication-failed: no", "unreachable: b: no", "ok=1 changed=1 unreachable=1", 4 },
		{ "agent.lost: cut", "unreachable: b: cut", "ok=1 changed=1 unreachable=1", 4 },
		{ "agent.silent: nothing", "unreachable: b: nothing", "ok=1 changed=1 unreachable=1", 4 },
		{ "agent.become-failed: sudo", "failed: b: sudo", "ok=1 changed=1 failed=1", 2 },
		{ "agent.not-started: disk", "failed: b: disk", "ok=1 changed=1 failed=1", 2 },
		{ "agent.unsupported-machine: vax", "failed: b: vax", "ok=1 changed=1 failed=1", 2 },
		{ "agent.foreign: another", "failed: b: another", "ok=1 changed=1 failed=1", 2 },
		{ "agent.ended: it died", "failed: b: it died", "ok=1 changed=1 failed=1", 2 },
		{ "agent.hung: it hangs", "failed: b: it hangs", "ok=1 changed=1 failed=1", 2 },
		{ "agent.protocol: it lied", "failed: b: it lied", "ok=1 changed=1 failed=1", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
			"  tasks: [{name: t1, command: x}, {name: t2, command: x}]\n");
		char answer[128];

		snprintf(answer, sizeof(answer), "lost: %s", all[i].answer);
		bench_answer(run, "b", "t2", answer);
		bench_answer(run, "*", "*", "changed");
		assert_int_equal(bench_execute(run), all[i].code);
		assert_string_equal(bench_recap(run, "b"), all[i].recap);
		assert_non_null(strstr(bench_said(run), all[i].said));
		bench_run_free(run);
	}
}

static void a_loop_is_one_message_and_its_worst_item_counts(void **state)
{
	struct bench_run *run = bench_run("all: {hosts: {a: , b: }}", "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: \"x {{ item }}\", loop: [1, 2]}\n"
		"  - {name: t2, command: x, loop: []}\n");

	(void)state;
	bench_answer(run, "a", "t1", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a (item: 1); changed a (item: 2);"
		" ok b (item: 1); ok b (item: 2)\nt2:\n");
	assert_string_equal(bench_recap(run, "a"), "ok=1 changed=1 skipped=1");
	assert_int_equal(bench_stages(run, "a"), 1);
	bench_run_free(run);
}

/* --- Messages that no agent sends --- */

static void a_host_that_fails_on_its_own_account_is_told_why(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks: [{name: t1, command: x}]\n");

	(void)state;
	bench_greets(run, "a", "problem: the ledger is damaged");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed b,c\n");
	assert_non_null(strstr(bench_said(run), "failed: a: the ledger is damaged"));
	bench_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_without_changes_is_one_message_to_each_host),
		cmocka_unit_test(a_change_waits_until_all_hosts_have_passed_what_is_before),
		cmocka_unit_test(hosts_in_another_play_do_not_hold_back_those_behind_them),
		cmocka_unit_test(strategy_free_holds_nobody_back),
		cmocka_unit_test(a_registered_value_decides_what_each_host_is_sent_next),
		cmocka_unit_test(a_registered_value_of_another_host_is_that_of_the_same_moment),
		cmocka_unit_test(facts_of_another_host_are_awaited),
		cmocka_unit_test(facts_are_awaited_before_a_dry_run_gives_up_knowing),
		cmocka_unit_test(facts_of_a_host_that_only_the_run_names_are_awaited),
		cmocka_unit_test(who_needs_facts_of_a_host_that_waits_for_it_fails_and_says_so),
		cmocka_unit_test(handlers_run_once_behind_the_tasks_where_something_changed),
		cmocka_unit_test(a_handler_that_fails_takes_its_host_out),
		cmocka_unit_test(force_handlers_lets_a_failed_host_run_its_handlers),
		cmocka_unit_test(handlers_that_an_earlier_run_left_due_come_first),
		cmocka_unit_test(a_host_that_fails_is_out_and_the_others_go_on),
		cmocka_unit_test(ignore_errors_lets_a_host_go_on),
		cmocka_unit_test(a_registered_failure_has_the_code_of_its_error),
		cmocka_unit_test(an_agent_that_tells_the_code_of_no_error_fails_its_host),
		cmocka_unit_test(any_errors_fatal_ends_the_run_for_all_before_anything_more_changes),
		cmocka_unit_test(an_unreachable_host_is_such_an_error),
		cmocka_unit_test(only_a_network_makes_a_host_unreachable),
		cmocka_unit_test(a_host_that_cannot_be_reached_holds_nobody_back),
		cmocka_unit_test(a_host_that_is_lost_in_the_middle_lets_the_others_go_on),
		cmocka_unit_test(a_loop_is_one_message_and_its_worst_item_counts),
		cmocka_unit_test(a_host_that_fails_on_its_own_account_is_told_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
