/* Whole runs against machines in memory: hosts outside the limit, parts of a task on several hosts,
 * contents on their way from one to another, ^C, time, saved plans. */
#include "tests/unit/bench_run.h"

#include "plan/saved.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HOSTS "all: {hosts: {a: , b: , c: }}"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* --- Parts --- */

static const char keys_of_all[] = "- hosts: all\n"
	"  tasks:\n"
	"  - {name: t1, file: {path: /1, state: directory}}\n"
	"  - {name: keys, ssh-keys: {user: mpi, trust: all}}\n"
	"  - {name: t3, file: {path: /3, state: directory}}\n";

static void a_part_waits_for_what_all_have_published(void **state)
{
	struct bench_run *run = bench_run(HOSTS, keys_of_all);

	(void)state;
	bench_answer(run, "c", "ssh-keys-pair", "slow: 700");
	bench_answer(run, "*", "*", "changed");
	bench_returns(run, "*", "ssh-keys-pair",
		"published: {module: ssh-keys-pair, key: mpi, facts: {public_key: ssh-ed25519 AAAA}}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nkeys: changed a,b,c\n"
		"t3: changed a,b,c\n");
	assert_string_equal(bench_recap(run, "b"), "ok=3 changed=3");
	assert_int_equal(bench_stages(run, "a"), 2);
	bench_run_free(run);
}

static void a_part_goes_on_without_a_host_that_is_lost_before_it(void **state)
{
	struct bench_run *run = bench_run(HOSTS, keys_of_all);

	(void)state;
	bench_answer(run, "c", "ssh-keys-pair", "dies: the connection ended");
	bench_answer(run, "*", "*", "changed");
	bench_returns(run, "*", "ssh-keys-pair",
		"published: {module: ssh-keys-pair, key: mpi, facts: {public_key: ssh-ed25519 AAAA}}");
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "t1: changed a,b,c\nkeys: changed a,b\nt3: changed a,b\n");
	bench_run_free(run);
}

static const char job[] = "- hosts: all\n"
	"  tasks:\n"
	"  - {name: job, mpi-run: {program: /opt/job, group: all, user: mpi}}\n";

static struct bench_run *bench_job(void)
{
	struct bench_run *run = bench_run(HOSTS, job);

	bench_returns(run, "*", "mpi-run-probe", "published: {module: mpi-run-probe, key: 'mpi:/opt/job',"
		" facts: {version: '4.1', daemon: true, compiler: true, architecture: x86_64, cores: 4,"
		" machine_id: m, hostname: h, loopback: true, networks: [eth0 10.0.0.1/24]}}");
	bench_returns(run, "a", "mpi-run-build", "published: {module: mpi-run-build, key: 'mpi:/opt/job',"
		" facts: {path: /job, digest: " DIGEST ", size: 64, hostfile: /hosts}}");
	bench_returns(run, "*", "mpi-run-place", "published: {module: mpi-run-place, key: 'mpi:/opt/job',"
		" facts: {placed: true}}");
	return run;
}

static void a_content_goes_from_the_host_that_made_it_to_the_others(void **state)
{
	struct bench_run *run = bench_job();

	(void)state;
	bench_answer(run, "*", "mpi-run-place", "fetch: " DIGEST);
	bench_answer(run, "a", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "job: changed a,b,c\n");
	assert_string_equal(bench_recap(run, "a"), "ok=1 changed=1");
	assert_non_null(strstr(bench_log(run), "a ← FETCH\n"));
	assert_non_null(strstr(bench_log(run), "b ! content\n"));
	assert_non_null(strstr(bench_log(run), "c ! content\n"));
	bench_run_free(run);
}

static void the_others_go_on_where_a_host_fails_in_a_part(void **state)
{
	struct bench_run *run = bench_job();

	(void)state;
	bench_answer(run, "b", "mpi-run-place", "failed: no space");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "job: changed a,c; failed b (no space)\n");
	assert_string_equal(bench_recap(run, "b"), "failed=1");
	bench_run_free(run);
}

static void who_waits_for_a_silent_host_is_told_so(void **state)
{
	struct bench_run *run = bench_job();

	(void)state;
	bench_answer(run, "a", "FETCH", "silent");
	bench_answer(run, "*", "mpi-run-place", "fetch: " DIGEST);
	bench_answer(run, "a", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_non_null(strstr(bench_lines(run), "hasn't handed it out for 30 seconds"));
	bench_run_free(run);
}

static void who_waits_for_a_host_that_is_lost_is_told_so(void **state)
{
	struct bench_run *run = bench_job();

	(void)state;
	bench_answer(run, "a", "FETCH", "lost: the connection ended");
	bench_answer(run, "*", "mpi-run-place", "fetch: " DIGEST);
	bench_answer(run, "a", "*", "changed");
	assert_int_equal(bench_execute(run), 6);
	assert_string_equal(bench_lines(run), "job: failed b,c (a, which has this content, is gone)\n");
	bench_run_free(run);
}

static void a_host_outside_the_limit_hands_out_what_it_has(void **state)
{
	struct bench_run *run = bench_job();

	(void)state;
	bench_limit(run, "b,c");
	bench_answer(run, "b", "mpi-run-probe", "slow: 2000");
	bench_answer(run, "*", "mpi-run-place", "fetch: " DIGEST);
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "job: changed b,c\n");
	assert_non_null(strstr(bench_log(run), "b ! content\n"));
	bench_run_free(run);
}

static void a_content_of_no_task_is_refused(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks: [{name: t1, file: {path: /1, state: directory}}]\n");

	(void)state;
	bench_answer(run, "b", "t1", "fetch: " DIGEST);
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "t1: ok a,c\n");
	assert_non_null(strstr(bench_said(run), "b: protocol error: the node asked for content that none "
		"of its tasks has"));
	bench_run_free(run);
}

/* --- Outside the limit --- */

static const char address_of_b[] = "- hosts: all\n"
	"  tasks:\n"
	"  - {name: t1, command: \"x {{ hostvars.b.ansible_hostname }}\"}\n";

static void a_host_outside_the_limit_is_asked_for_its_facts_and_changed_in_nothing(void **state)
{
	struct bench_run *run = bench_run(HOSTS, address_of_b);

	(void)state;
	bench_limit(run, "a");
	bench_arrives(run, "b", "late: 400");
	bench_answer(run, "a", "t1", "changed");
	bench_returns(run, "*", "facts", "results: {hostname: sea}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a\n");
	assert_null(strstr(bench_log(run), "b ? gate"));
	bench_run_free(run);
}

static void a_host_outside_the_limit_that_cannot_be_reached_holds_nobody_back(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks: [{name: t1, command: x}]\n");

	(void)state;
	bench_limit(run, "a");
	bench_arrives(run, "b", "unreachable: no TCP connection");
	bench_arrives(run, "c", "never");
	bench_answer(run, "a", "t1", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a\n");
	assert_string_equal(value_get_string(value_get(run_others(bench_ran(run)), "missed"), "c"),
		"not reached in time");
	assert_string_equal(value_get_string(value_get(run_others(bench_ran(run)), "missed"), "b"),
		"no TCP connection");
	bench_run_free(run);
}

static void a_silent_host_outside_the_limit_is_not_waited_for_long(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks: [{name: t1, file: {path: /1, state: directory}}]\n");

	(void)state;
	bench_limit(run, "a");
	bench_answer(run, "b", "t1", "silent");
	bench_answer(run, "a", "t1", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(value_get_string(value_get(run_others(bench_ran(run)), "missed"), "b"),
		"it didn't answer in time");
	bench_run_free(run);
}

static void what_would_change_outside_the_limit_is_known(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks: [{name: t1, file: {path: /1, state: directory}}]\n");
	const struct value *affected;

	(void)state;
	bench_limit(run, "a");
	bench_answer(run, "b", "t1", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a\n");
	affected = value_get(run_others(bench_ran(run)), "affected");
	assert_non_null(value_get(affected, "b"));
	assert_null(value_get(affected, "c"));
	bench_run_free(run);
}

/* --- ^C --- */

static const char three_tasks[] = "- hosts: all\n"
	"  tasks:\n"
	"  - {name: t1, command: x}\n"
	"  - {name: t2, command: x}\n"
	"  - {name: t3, command: x}\n";

static void one_interruption_lets_each_host_finish_its_step(void **state)
{
	(void)state;
	for (unsigned event = 1; event < 30; event++) {
		struct bench_run *run = bench_run(HOSTS, three_tasks);
		int code;

		bench_press(run, event, 1);
		bench_answer(run, "a", "t2", "slow: 900");
		bench_answer(run, "*", "*", "changed");
		code = bench_execute(run);
		assert_true(code == 130 || event > 24);
		assert_null(strstr(bench_lines(run), "failed"));
		assert_null(strstr(bench_said(run), "unreachable"));
		bench_run_free(run);
	}
}

static void nothing_begins_behind_an_interruption(void **state)
{
	struct bench_run *run = bench_run(HOSTS, three_tasks);

	(void)state;
	bench_press(run, 5, 1);
	bench_arrives(run, "c", "late: 2000");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 130);
	assert_null(strstr(bench_lines(run), "t2"));
	assert_non_null(strstr(bench_log(run), "a ← CANCEL\n"));
	assert_non_null(strstr(bench_log(run), "c ← BYE\n"));
	assert_non_null(strstr(bench_said(run), "interrupted: waiting up to 8 s"));
	bench_run_free(run);
}

static void a_second_interruption_waits_for_nobody(void **state)
{
	struct bench_run *run = bench_run(HOSTS, three_tasks);

	(void)state;
	bench_press(run, 6, 2);
	bench_answer(run, "a", "t1", "silent");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 130);
	assert_non_null(strstr(bench_said(run), "interrupted: a,b,c: not waited for any more"));
	assert_non_null(strstr(bench_recap(run, "a"), "failed=1"));
	bench_run_free(run);
}

static void an_interruption_waits_no_longer_than_it_says(void **state)
{
	struct bench_run *run = bench_run(HOSTS, three_tasks);

	(void)state;
	bench_press(run, 6, 1);
	bench_answer(run, "a", "t1", "silent");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 130);
	assert_non_null(strstr(bench_said(run), "interrupted: a: not waited for any more"));
	assert_non_null(strstr(bench_recap(run, "a"), "failed=1"));
	bench_run_free(run);
}

/* --- Saved plans --- */

static struct value *follow_of(struct arena *arena, const char *host, const char *key,
	const char *text)
{
	struct value *follow = value_map(arena), *one = value_map(arena);

	value_set(arena, one, "tasks", value_map(arena));
	if (key)
		value_set_string(arena, one, key, text);
	value_set(arena, follow, host, one);
	return follow;
}

static void a_host_that_has_moved_on_since_its_plan_takes_no_part(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks: [{name: t1, command: x}]\n");
	struct arena *arena = arena_new();

	(void)state;
	bench_options(run)->follow = follow_of(arena, "b", "stale", "t1 is done differently now");
	bench_answer(run, "*", "t1", "ok");
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "The plan still holds: failed b (t1 is done differently "
		"now, → nothing is done on this host; make a new plan)\nt1: ok a,c\n");
	assert_int_equal(bench_stages(run, "b"), 0);
	bench_run_free(run);
	arena_free(arena);
}

static void a_host_that_was_unreachable_when_the_plan_was_made_stays_so(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks: [{name: t1, command: x}]\n");
	struct arena *arena = arena_new();
	struct value *lost = value_map(arena);

	(void)state;
	value_set_string(arena, lost, "cause", "ssh.no-connection");
	value_set_string(arena, lost, "message", "no TCP connection");
	bench_options(run)->follow = follow_of(arena, "b", NULL, NULL);
	value_set(arena, value_get(bench_options(run)->follow, "b"), "lost", lost);
	assert_int_equal(bench_execute(run), 4);
	assert_string_equal(bench_lines(run), "t1: ok a,c\n");
	assert_int_equal(bench_stages(run, "b"), 0);
	bench_run_free(run);
	arena_free(arena);
}

static void a_dry_run_says_what_would_change_and_asks_no_gate(void **state)
{
	struct bench_run *run = bench_run(HOSTS, three_tasks);
	const struct value *planned;

	(void)state;
	bench_options(run)->check = bench_options(run)->plan = true;
	bench_answer(run, "a", "t2", "changed");
	bench_returns(run, "a", "t2", "planned: " DIGEST);
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a,b,c\nt2: ok b,c; would change a\nt3: ok a,b,c\n");
	assert_null(strstr(bench_log(run), "gate"));
	planned = value_get(run_planned(bench_ran(run)), "a");
	assert_int_equal(planned->count, 3);
	bench_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_waits_for_what_all_have_published),
		cmocka_unit_test(a_part_goes_on_without_a_host_that_is_lost_before_it),
		cmocka_unit_test(a_content_goes_from_the_host_that_made_it_to_the_others),
		cmocka_unit_test(the_others_go_on_where_a_host_fails_in_a_part),
		cmocka_unit_test(who_waits_for_a_silent_host_is_told_so),
		cmocka_unit_test(who_waits_for_a_host_that_is_lost_is_told_so),
		cmocka_unit_test(a_host_outside_the_limit_hands_out_what_it_has),
		cmocka_unit_test(a_content_of_no_task_is_refused),
		cmocka_unit_test(a_host_outside_the_limit_is_asked_for_its_facts_and_changed_in_nothing),
		cmocka_unit_test(a_host_outside_the_limit_that_cannot_be_reached_holds_nobody_back),
		cmocka_unit_test(a_silent_host_outside_the_limit_is_not_waited_for_long),
		cmocka_unit_test(what_would_change_outside_the_limit_is_known),
		cmocka_unit_test(one_interruption_lets_each_host_finish_its_step),
		cmocka_unit_test(nothing_begins_behind_an_interruption),
		cmocka_unit_test(a_second_interruption_waits_for_nobody),
		cmocka_unit_test(an_interruption_waits_no_longer_than_it_says),
		cmocka_unit_test(a_host_that_has_moved_on_since_its_plan_takes_no_part),
		cmocka_unit_test(a_host_that_was_unreachable_when_the_plan_was_made_stays_so),
		cmocka_unit_test(a_dry_run_says_what_would_change_and_asks_no_gate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
