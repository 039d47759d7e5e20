/* What a task costs in a small and in a large ledger: syncs, bytes, time to open. And what is there
 * after a kill. LARGE=N: that many resources; COUNT=N: that many kills. */
#include "agent/ledger.h"
#include "agent/ledger_vfs.h"

#include "ledger_recorder.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SMALL = 100, LARGE = 100000, TASKS = 20, SYNCS_MOST = 4 };

static struct arena *arena;
static struct ledger ledger;
static char folder[64], state[96], locks[96];

static const struct ledger_owner owner = { .project = "p", .playbook = "site.yml", .run = "r1",
	.who = "me" };

static int set_up(void **unused)
{
	(void)unused;
	arena = arena_new();
	snprintf(folder, sizeof(folder), "/tmp/beoplay-size-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(state, sizeof(state), "%s/state", folder);
	snprintf(locks, sizeof(locks), "%s/locks", folder);
	if (mkdir(locks, 0700) < 0)
		return -1;
	recorder_register();
	recorder_reset();
	return 0;
}

static int tear_down(void **unused)
{
	char command[128];

	(void)unused;
	arena_free(arena);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void open_ledger(void)
{
	ledger_open(&ledger, state, locks, "machine");
	assert_int_equal(ledger.problem.kind, ERROR_NONE);
}

static void change(const struct ledger_owner *by, const char *prefix, size_t number)
{
	struct arena *short_lived = arena_new();
	const char *resource = arena_printf(short_lived, "file:/srv/%s/%zu", prefix, number);
	const struct ledger_wish wish = { .module = "file-sync", .params = "{}", .digest = "d" };
	struct value *params = value_map(short_lived);
	const struct inverses_entry back = { .params = params };

	value_set_string(short_lived, params, "dest", resource);
	value_set_string(short_lived, params, "state", "absent");
	ledger_change(&ledger, by, resource, NULL, &wish, &back, NULL);
	arena_free(short_lived);
}

static void save(void)
{
	struct error err = {0};

	if (ledger_save(&ledger, &err) < 0)
		fail_msg("%s", err.message);
}

/* A ledger of so many resources, which is closed again. */
static void fill(size_t count)
{
	open_ledger();
	ledger_write(&ledger);
	for (size_t i = 0; i < count; i++)
		change(&owner, "tree", i);
	save();
	ledger_task_end(&ledger);
	save();
	ledger_close(&ledger);
}

struct cost { size_t syncs, bytes; };

/* Of a task that changes so many resources that nothing is known of, and of what came of the last
 * one. */
static struct cost tasks_cost(size_t resources)
{
	const struct ledger_owner next = { .project = "p", .playbook = "site.yml", .run = "r2",
		.who = "me" };
	struct cost cost;

	open_ledger();
	ledger_write(&ledger);
	change(&next, "first", 0);
	save();
	recorder_reset();
	for (size_t task = 0; task < TASKS; task++) {
		ledger_task_end(&ledger);
		for (size_t i = 0; i < resources; i++)
			change(&next, arena_printf(arena, "task%zu", task), i);
		save();
	}
	cost = (struct cost){ .syncs = recorder.syncs, .bytes = recorder.bytes };
	ledger_close(&ledger);
	return cost;
}

static double opened_in(void)
{
	struct timespec from, to;
	double best = 1e9;

	for (int i = 0; i < 5; i++) {
		double took;

		clock_gettime(CLOCK_MONOTONIC, &from);
		open_ledger();
		assert_int_not_equal(ledger_resource(&ledger, "file:/srv/tree/7"), 0);
		clock_gettime(CLOCK_MONOTONIC, &to);
		ledger_close(&ledger);
		took = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
		best = took < best ? took : best;
	}
	return best;
}

static void a_task_costs_the_same_in_a_large_ledger(void **unused)
{
	size_t large = getenv("LARGE") ? strtoul(getenv("LARGE"), NULL, 10) : LARGE;
	struct cost small_one, small_many, large_one, large_many;

	(void)unused;
	fill(SMALL);
	print_message("# %d resources: opened in %.2f ms\n", SMALL, opened_in());
	small_one = tasks_cost(1);
	small_many = tasks_cost(100);
	tear_down(NULL);
	set_up(NULL);
	fill(large);
	print_message("# %zu resources: opened in %.2f ms\n", large, opened_in());
	large_one = tasks_cost(1);
	large_many = tasks_cost(100);
	print_message("# a task of 1: %zu and %zu bytes, of 100: %zu and %zu\n", small_one.bytes / TASKS,
		large_one.bytes / TASKS, small_many.bytes / TASKS, large_many.bytes / TASKS);
	assert_int_equal(small_one.syncs, SYNCS_MOST * TASKS);
	assert_int_equal(large_one.syncs, SYNCS_MOST * TASKS);
	assert_int_equal(small_many.syncs, SYNCS_MOST * TASKS);
	assert_int_equal(large_many.syncs, SYNCS_MOST * TASKS);
	assert_true(large_one.bytes * 2 <= small_one.bytes * 3);
	assert_true(large_many.bytes * 2 <= small_many.bytes * 3);
}

static void a_run_with_nothing_to_do_writes_nothing(void **unused)
{
	const struct ledger_wish wish = { .module = "file-sync", .params = "{}", .digest = "d" };
	struct error err = {0};
	struct ledger_undo *undos;

	(void)unused;
	fill(SMALL);
	recorder_reset();
	open_ledger();
	for (size_t i = 0; i < SMALL; i++)
		assert_true(ledger_wishes(&ledger, ledger_owner_id(&ledger, &owner), arena_printf(arena,
			"file:/srv/tree/%zu", i), &wish));
	assert_int_equal(ledger_undos(&ledger, arena, &owner, 0, NULL, NULL, &undos), SMALL);
	assert_false(ledger_changed(&ledger));
	ledger_close(&ledger);
	/* Not even where the lock was taken. */
	open_ledger();
	ledger_write(&ledger);
	for (size_t i = 0; i < SMALL; i++)
		ledger_adopt(&ledger, &owner, arena_printf(arena, "file:/srv/tree/%zu", i), &wish);
	if (ledger_save(&ledger, &err) < 0)
		fail_msg("%s", err.message);
	ledger_close(&ledger);
	assert_int_equal(recorder.writes + recorder.syncs + recorder.truncates + recorder.deletes, 0);
}

/* Tasks of ten resources each; how many are durable is told. */
static void work_until_killed(int told)
{
	open_ledger();
	ledger_write(&ledger);
	for (size_t task = 0;; task++) {
		struct error err = {0};

		ledger_task_end(&ledger);
		for (size_t i = 0; i < 10; i++)
			change(&owner, arena_printf(arena, "killed%zu", task), i);
		if (ledger_save(&ledger, &err) < 0 || write(told, "x", 1) != 1)
			_exit(1);
	}
}

static void killed_while_writing_all_that_was_saved_is_there(void **unused)
{
	int count = getenv("COUNT") ? atoi(getenv("COUNT")) : 20;
	int64_t hot = 0;

	(void)unused;
	for (int i = 0; i < count; i++) {
		char said[4096];
		int64_t resources, undos;
		int ends[2];
		pid_t child;
		ssize_t saved;

		tear_down(NULL);
		set_up(NULL);
		ledger_vfs_set_base("unix-none");
		assert_int_equal(pipe(ends), 0);
		child = fork();
		if (child == 0)
			work_until_killed(ends[1]);
		usleep((useconds_t)(8000 + i * 40000 / count));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		close(ends[1]);
		saved = read(ends[0], said, sizeof(said));
		close(ends[0]);
		/* Who only looks sees it, and who writes. */
		open_ledger();
		resources = ledger_count(&ledger, &owner);
		hot += ledger.there && access(arena_printf(arena, "%s/machine/ledger.db-journal", state),
			F_OK) == 0;
		assert_true(resources % 10 == 0 && resources >= (int64_t)saved * 10);
		ledger_write(&ledger);
		assert_int_equal(ledger.problem.kind, ERROR_NONE);
		assert_int_equal(ledger_count(&ledger, &owner), resources);
		undos = database_integer(ledger.database, -1, "SELECT count(*) FROM undo", "");
		assert_int_equal(undos, resources);
		assert_int_equal(database_integer(ledger.database, -1, "SELECT count(*) FROM wish", ""),
			resources);
		ledger_close(&ledger);
	}
	print_message("# %d kills, a journal was there after %lld\n", count, (long long)hot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_task_costs_the_same_in_a_large_ledger, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_run_with_nothing_to_do_writes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_while_writing_all_that_was_saved_is_there, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
