/* Whole runs against machines in memory: how many hosts do a task at a time, and how long it may take. */
#include "tests/unit/bench_run.h"

#include "plan/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FIVE "all: {hosts: {a: , b: , c: , d: , e: }}"

/* How many hosts were between the start of a stage and its result at once, from the first start on. */
static unsigned at_once(const struct bench_run *run, const char *stage, const char *result)
{
	const char *line = strstr(bench_log(run), stage);
	unsigned now = 0, most = 0;

	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *end = strchr(line, '\n');
		size_t size = end ? (size_t)(end - line) : strlen(line);

		now += memmem(line, size, stage, strlen(stage)) != NULL;
		if (now > 0)
			now -= memmem(line, size, result, strlen(result)) != NULL;
		most = now > most ? now : most;
	}
	return most;
}

static void so_many_hosts_do_a_task_at_a_time(void **state)
{
	struct bench_run *run = bench_run(FIVE, "- hosts: all\n"
		"  vars: {most: 2}\n"
		"  tasks:\n"
		"  - {name: t1, command: x}\n"
		"  - {name: t2, command: x, throttle: '{{ most }}', notify: h}\n"
		"  - {name: t3, command: x}\n"
		"  handlers: [{name: h, command: x, throttle: 1}]\n");

	(void)state;
	bench_answer(run, "*", "t2", "slow: 1000");
	bench_answer(run, "*", "h", "slow: 1000");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c,d,e\nt2: changed a,b,c,d,e\n"
		"t3: changed a,b,c,d,e\nh: changed a,b,c,d,e\n");
	assert_int_equal(at_once(run, "← stage 1-1", "→ result 1 "), 5);
	assert_int_equal(at_once(run, "← stage 2-2", "→ result 2 "), 2);
	assert_int_equal(at_once(run, "← stage 4-5", "→ result 4 "), 1);
	/* 3 rounds of two, 5 of one. */
	assert_in_range(bench_ran(run)->now - bench_ran(run)->started, 8000, 8900);
	bench_run_free(run);
}

static void who_fails_is_lost_or_ends_makes_way(void **state)
{
	struct bench_run *run = bench_run(FIVE, "- hosts: all\n"
		"  throttle: 1\n"
		"  tasks:\n"
		"  - block: [{name: t1, command: x}, {name: t2, command: x, loop: [1, 2]}]\n"
		"    rescue: [{name: r, command: x}]\n"
		"  - {meta: end_play, when: inventory_hostname == 'b'}\n"
		"  - {name: t3, command: x}\n");

	(void)state;
	bench_answer(run, "a", "t1", "lost: no route");
	bench_answer(run, "b", "t1", "failed: no");
	bench_answer(run, "c", "t2", "dies: gone");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "t1: changed c,d,e; failed, rescued b (no)\n"
		"t2: changed d,e (item: 1); changed d,e (item: 2)\nr: changed b\nmeta: end_play: ok b\n");
	bench_run_free(run);
}

static void in_a_dry_run_and_where_it_is_skipped_nobody_waits(void **state)
{
	struct bench_run *run = bench_run(FIVE, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x, throttle: 1}\n"
		"  - {name: t2, command: x}\n");

	(void)state;
	bench_options(run)->check = true;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_int_equal(bench_stages(run, "e"), 1);
	bench_run_free(run);
}

static void between_items_there_is_a_pause(void **state)
{
	struct bench_run *run = bench_run("all: {hosts: {a: , b: }}", "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: x, loop: [1, 2, 3], loop_control: {pause: 60}, register: r}\n"
		"  - {name: t2, command: x, when: r.results | length == 3}\n"
		"  - {name: t3, debug: {msg: x}, loop: [1, 2], loop_control: {pause: 0.5}, when: item > 1}\n");

	(void)state;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b (item: 1); changed a,b (item: 2); changed a,b "
		"(item: 3)\nt2: changed a,b\nt3: ok a,b (item: 2, x)\n");
	assert_in_range(bench_ran(run)->now - bench_ran(run)->started, 120500, 120900);
	bench_run_free(run);
}

static void a_dry_run_pauses_for_nothing(void **state)
{
	struct bench_run *run = bench_run("all: {hosts: {a: }}", "- hosts: all\n"
		"  tasks: [{name: t1, command: x, loop: [1, 2, 3], loop_control: {pause: 60}}]\n");

	(void)state;
	bench_options(run)->check = true;
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_int_equal(bench_stages(run, "a"), 1);
	bench_run_free(run);
}

static void what_takes_longer_than_it_may_is_ended_and_fails(void **state)
{
	char directory[] = "/tmp/beoplay-limits-XXXXXX", command[64];
	struct bench_run *run;

	(void)state;
	assert_non_null(mkdtemp(directory));
	run = bench_run("all: {hosts: {a: }}", "- hosts: all\n"
		"  timeout: 1000\n"
		"  tasks:\n"
		"  - {name: t1, command: sleep 600, timeout: 1, ignore_errors: yes, register: r}\n"
		"  - {name: t2, command: sleep 600, async: 1, poll: 5, ignore_errors: yes}\n"
		"  - {name: t3, shell: 'sleep 0; exit 3', ignore_errors: yes}\n"
		"  - {name: t4, debug: {msg: '{{ r.code }}'}}\n");
	bench_is_real(run, "a", directory);
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: failed, ignored a (it was not done within 1 seconds)\n"
		"t2: failed, ignored a (it was not done within 1 seconds)\n"
		"t3: failed, ignored a (non-zero return code 3)\nt4: ok a (host.task-timeout)\n");
	bench_run_free(run);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	assert_int_equal(system(command), 0);
}

static void a_limit_for_tasks_that_say_none_is_given_with_the_run(void **state)
{
	char directory[] = "/tmp/beoplay-limits-XXXXXX", command[64];
	struct bench_run *run;

	(void)state;
	assert_non_null(mkdtemp(directory));
	run = bench_run("all: {hosts: {a: }}", "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: sleep 2, timeout: 600}\n"
		"  - {name: t2, command: sleep 600, ignore_errors: yes}\n");
	bench_is_real(run, "a", directory);
	bench_options(run)->task_timeout = 1;
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a (sleep 2 command: nothing → run)\n"
		"t2: failed, ignored a (it was not done within 1 seconds)\n");
	bench_run_free(run);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	assert_int_equal(system(command), 0);
}

static void a_limit_below_nothing_is_refused(void **state)
{
	static const char *const limits[] = { "throttle: -1", "timeout: -1", "async: -1",
		"loop: [1], loop_control: {pause: -1}" };

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		char text[128];
		struct bench_run *run;

		snprintf(text, sizeof(text), "- hosts: all\n  tasks: [{command: x, %s}]\n", limits[i]);
		run = bench_run("all: {hosts: {a: }}", text);
		assert_int_equal(bench_execute(run), 1);
		assert_non_null(strstr(bench_error(run), "is a number from 0 to"));
		bench_run_free(run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_hosts_do_a_task_at_a_time),
		cmocka_unit_test(who_fails_is_lost_or_ends_makes_way),
		cmocka_unit_test(in_a_dry_run_and_where_it_is_skipped_nobody_waits),
		cmocka_unit_test(between_items_there_is_a_pause),
		cmocka_unit_test(a_dry_run_pauses_for_nothing),
		cmocka_unit_test(what_takes_longer_than_it_may_is_ended_and_fails),
		cmocka_unit_test(a_limit_for_tasks_that_say_none_is_given_with_the_run),
		cmocka_unit_test(a_limit_below_nothing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
