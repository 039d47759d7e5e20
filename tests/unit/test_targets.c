/* Whole runs against machines in memory, where what is done for a host isn't all done at one place:
 * locally, as several users, by several ports. */
#include "tests/unit/bench_run.h"

#include "base/buffer.h"
#include "plan/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOSTS "all: {hosts: {a: , b: , c: }}"

static const char local_and_remote[] = "- hosts: all\n"
	"  connection: local\n"
	"  tasks:\n"
	"  - {name: t1, file: {path: '/tmp/{{ inventory_hostname }}', state: directory}}\n"
	"- hosts: all\n"
	"  tasks:\n"
	"  - {name: t2, file: {path: /2, state: directory}}\n";

static void a_local_play_is_done_on_the_controller_and_the_next_one_on_the_hosts(void **state)
{
	struct bench_run *run = bench_run(HOSTS, local_and_remote);

	(void)state;
	bench_answer(run, "localhost", "t2", "failed: wrong machine");
	bench_answer(run, "a", "t1", "failed: wrong machine");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nt2: changed a,b,c\n");
	assert_string_equal(bench_recap(run, "b"), "ok=2 changed=2");
	assert_int_equal(bench_stages(run, "a"), 1);
	/* One for each host, and one that says that no more comes. */
	assert_int_equal(bench_stages(run, "localhost"), 6);
	bench_run_free(run);
}

static void a_task_may_be_local_among_others(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: t2, file: {path: /2, state: directory}, connection: local}\n"
		"  - block:\n"
		"    - {name: t3, file: {path: /3, state: directory}}\n"
		"    connection: local\n"
		"  - {name: t4, file: {path: /4, state: directory}}\n");

	(void)state;
	bench_answer(run, "localhost", "t1", "failed: wrong machine");
	bench_answer(run, "localhost", "t4", "failed: wrong machine");
	bench_answer(run, "localhost", "*", "changed");
	bench_answer(run, "*", "t2", "failed: wrong machine");
	bench_answer(run, "*", "t3", "failed: wrong machine");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a,b,c\nt2: changed a,b,c\nt3: changed a,b,c\n"
		"t4: ok a,b,c\n");
	bench_run_free(run);
}

static void plays_of_one_host_may_log_in_as_several_users(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  remote_user: admin\n"
		"  become: true\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"- hosts: all\n"
		"  remote_user: mpi\n"
		"  tasks:\n"
		"  - {name: t2, file: {path: /2, state: directory}}\n"
		"  - {name: t3, file: {path: /3, state: directory}, remote_user: root}\n"
		"  - {name: t4, file: {path: /4, state: directory}}\n");

	(void)state;
	bench_answer(run, "admin@a", "t1", "changed");
	bench_answer(run, "mpi@a", "t2", "changed");
	bench_answer(run, "root@a", "t3", "changed");
	bench_answer(run, "mpi@a", "t4", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a; ok b,c\nt2: changed a; ok b,c\n"
		"t3: changed a; ok b,c\nt4: changed a; ok b,c\n");
	assert_string_equal(bench_recap(run, "a"), "ok=4 changed=4");
	bench_run_free(run);
}

static void a_user_whom_an_earlier_play_makes_logs_in_only_then(void **state)
{
	struct bench_run *run = bench_run("all: {hosts: {a: }}", "- hosts: all\n"
		"  remote_user: admin\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"- hosts: all\n"
		"  remote_user: mpi\n"
		"  tasks:\n"
		"  - {name: t2, file: {path: /2, state: directory}}\n");
	const char *made, *came;

	(void)state;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	made = strstr(bench_log(run), "admin@a → result 1 changed");
	came = strstr(bench_log(run), "mpi@a →");
	assert_non_null(made);
	assert_non_null(came);
	assert_true(made < came);
	bench_run_free(run);
}

static void a_target_that_cant_be_reached_takes_its_host_with_it(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"- hosts: all\n"
		"  remote_user: mpi\n"
		"  tasks:\n"
		"  - {name: t2, file: {path: /2, state: directory}}\n"
		"- hosts: all\n"
		"  tasks:\n"
		"  - {name: t3, file: {path: /3, state: directory}}\n");

	(void)state;
	bench_arrives(run, "mpi@b", "unreachable: no login");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "t1: ok a,b,c\nt2: ok a,c\nt3: ok a,c\n");
	assert_non_null(strstr(bench_said(run), "b: as mpi at b: no login"));
	bench_run_free(run);
}

static void a_target_that_dies_in_the_middle_is_lost_for_its_host_alone(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}, remote_user: mpi}\n"
		"  - {name: t2, file: {path: /2, state: directory}}\n");

	(void)state;
	bench_answer(run, "mpi@b", "t1", "dies: the connection ended");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "t1: changed a,c\nt2: changed a,c\n");
	bench_run_free(run);
}

static void the_controllers_agent_is_lost_for_all_that_need_it(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: t2, file: {path: /2, state: directory}, connection: local}\n"
		"  - {name: t3, file: {path: /3, state: directory}}\n");

	(void)state;
	bench_in_one_order(run);
	bench_answer(run, "localhost", "t2", "dies: the agent ended");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\n");
	assert_non_null(strstr(bench_said(run), "on the controller: the agent ended"));
	bench_run_free(run);
}

/* --- Handlers --- */

static void a_handler_is_done_where_its_host_is_and_notified_from_elsewhere(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}, connection: local, notify: h1}\n"
		"  - {name: t2, file: {path: /2, state: directory}, notify: h2}\n"
		"  handlers:\n"
		"  - {name: h1, command: restart}\n"
		"  - {name: h2, command: build, connection: local}\n");

	(void)state;
	bench_answer(run, "localhost", "h1", "failed: wrong machine");
	bench_answer(run, "a", "h2", "failed: wrong machine");
	bench_answer(run, "a", "t2", "ok");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nt2: changed b,c; ok a\n"
		"h1: changed a,b,c\nh2: changed b,c\n");
	bench_run_free(run);
}

/* --- Many, and in trouble --- */

static void hosts_and_targets_by_hundreds_keep_their_order(void **state)
{
	struct buffer hosts = {0};
	struct bench_run *run;

	(void)state;
	buffer_add_string(&hosts, "all:\n  hosts:\n");
	for (int i = 0; i < 200; i++)
		buffer_printf(&hosts, "    n%d:\n", i);
	run = bench_run(hosts.data, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: t2, file: {path: /2, state: directory}, remote_user: mpi}\n"
		"  - {name: t3, file: {path: /3, state: directory}, connection: local}\n"
		"  - {name: t4, file: {path: /4, state: directory}}\n");
	bench_unchecked(run);
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "n199"), "ok=4 changed=4");
	assert_int_equal(bench_stages(run, "n7"), 2);
	assert_int_equal(bench_stages(run, "mpi@n7"), 2);
	assert_int_equal(bench_stages(run, "localhost"), 400);
	bench_run_free(run);
	buffer_free(&hosts);
}

static void a_pressed_key_ends_all_targets_and_nothing_more_is_done(void **state)
{
	(void)state;
	for (unsigned event = 2; event < 24; event += 3) {
		struct bench_run *run = bench_run(HOSTS, local_and_remote);

		bench_in_one_order(run);
		bench_answer(run, "*", "*", "slow: 1000");
		bench_press(run, event, 1);
		assert_int_equal(bench_execute(run), 130);
		assert_null(strstr(bench_lines(run), "t2: changed a,b,c"));
		bench_run_free(run);
	}
}

static void what_a_target_says_unasked_is_no_result_of_another_one(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: t2, file: {path: /2, state: directory}, remote_user: mpi}\n"
		"  - {name: t3, file: {path: /3, state: directory}}\n");

	(void)state;
	bench_in_one_order(run);
	bench_answer(run, "b", "t1", "lies");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: changed a,c; ok b\nt2: changed a,c\nt3: changed a,c\n");
	assert_non_null(strstr(bench_said(run), "protocol error"));
	bench_run_free(run);
}

static void two_names_of_one_machine_are_refused(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks: [{name: t1, file: {path: /1, state: directory}}]\n");

	(void)state;
	bench_in_one_order(run);
	bench_greets(run, "a", "machine: one");
	bench_greets(run, "b", "machine: other");
	bench_greets(run, "c", "machine: one");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: ok a,b\n");
	assert_non_null(strstr(bench_said(run), "'c' is the same machine as 'a'"));
	bench_run_free(run);
}

static void two_ports_of_one_host_are_one_host(void **state)
{
	struct bench_run *run = bench_run("all: {hosts: {a: }}", "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, file: {path: /1, state: directory}}\n"
		"  - {name: t2, file: {path: /2, state: directory}, port: 2222}\n");

	(void)state;
	bench_greets(run, "a", "machine: one");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "a"), "ok=2");
	bench_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_local_play_is_done_on_the_controller_and_the_next_one_on_the_hosts),
		cmocka_unit_test(a_task_may_be_local_among_others),
		cmocka_unit_test(plays_of_one_host_may_log_in_as_several_users),
		cmocka_unit_test(a_user_whom_an_earlier_play_makes_logs_in_only_then),
		cmocka_unit_test(a_target_that_cant_be_reached_takes_its_host_with_it),
		cmocka_unit_test(a_target_that_dies_in_the_middle_is_lost_for_its_host_alone),
		cmocka_unit_test(the_controllers_agent_is_lost_for_all_that_need_it),
		cmocka_unit_test(a_handler_is_done_where_its_host_is_and_notified_from_elsewhere),
		cmocka_unit_test(hosts_and_targets_by_hundreds_keep_their_order),
		cmocka_unit_test(a_pressed_key_ends_all_targets_and_nothing_more_is_done),
		cmocka_unit_test(what_a_target_says_unasked_is_no_result_of_another_one),
		cmocka_unit_test(two_names_of_one_machine_are_refused),
		cmocka_unit_test(two_ports_of_one_host_are_one_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
