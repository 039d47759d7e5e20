/* What a ledger's database is after kills, power cuts and full disks, and who waits for whom. */
#include "ledger_vfs_bench.h"

/* --- Kills and power cuts */

static void every_prefix_of_what_was_written_opens_as_before_or_after(void **state)
{
	struct recorder_image images[RECORDER_FILES] = { 0 };

	(void)state;
	record_growth();
	for (size_t count = 0; count <= recorder.count; count++) {
		recorder_replay(images, count, false);
		check_images(images, count, "whole");
		if (count > 0 && recorder.entries[count - 1].operation == RECORDER_WRITE) {
			recorder_replay(images, count, true);
			check_images(images, count, "torn");
		}
	}
}

static void power_cuts_leave_the_state_before_or_after(void **state)
{
	struct recorder_image images[RECORDER_FILES] = { 0 };
	unsigned seed = 4711;

	(void)state;
	record_growth();
	for (unsigned i = 0; i < 400 * times; i++) {
		size_t count = (size_t)rand_r(&seed) % (recorder.count + 1);

		recorder_power_cut(images, count, &seed);
		check_images(images, count, "power cut");
	}
}

/* Recovery dies, too: at some of its calls, after some prefixes. */
static void a_recovery_that_is_cut_off_is_done_by_the_next(void **state)
{
	struct recorder_image images[RECORDER_FILES] = { 0 };
	struct error err = { 0 };
	size_t cut = 0;
	sqlite3 *database;

	(void)state;
	record_growth();
	for (size_t count = recorder.count / 2; count < recorder.count; count++) {
		int least = (int)recorder_marks(count);

		recorder_replay(images, count, false);
		recorder_put(images, path);
		recorder_images_free(images);
		for (size_t at = 1; at < 30; at += 3) {
			recorder.calls = 0;
			recorder.fail_at = at;
			recorder.persistent = true;
			if (ledger_vfs_open(path, lock, LEDGER_WRITE, &database, &err) == 0)
				state_of(database, STATES);
			sqlite3_close(database);
			recorder.fail_at = 0;
			if (recorder.calls < at)
				break;
			cut++;
			assert_in_range(state_found(LEDGER_LOOK, STATES), least, least + 1);
		}
		assert_in_range(state_found(LEDGER_WRITE, STATES), least, least + 1);
	}
	assert_in_range(cut, 100, 1000000);
}

/* --- Disks that fail */

/* The last transaction, in a database at the state before it, with a failure at one call: what it
 * says must be what is there. Whether there was one. */
static bool transaction_fails_at(const struct recorder_image *before, size_t at, int status,
	bool persistent)
{
	struct recorder_image images[RECORDER_FILES] = { *before, { 0 } };
	sqlite3 *database;
	bool failed;
	int result, same, found;

	recorder_put(images, path);
	database = open_ledger(LEDGER_WRITE);
	recorder.calls = 0;
	recorder.fail_at = at;
	recorder.fail_status = status;
	recorder.persistent = persistent;
	result = transact(database, STATES);
	failed = recorder.calls >= at;
	if (result != SQLITE_OK)
		run(database, "ROLLBACK");
	recorder.fail_at = 0;
	same = state_of(database, STATES);
	sqlite3_close(database);
	found = state_found(LEDGER_LOOK, STATES);
	/* An error of the very last sync comes after all is done. */
	assert_in_range(found, result == SQLITE_OK ? STATES + 1 : STATES, STATES + 1);
	assert_int_equal(same, found);
	assert_int_equal(state_found(LEDGER_WRITE, STATES), found);
	if (failed)
		assert_int_not_equal(result, SQLITE_OK);
	return failed;
}

static void a_full_disk_or_a_failing_one_leaves_what_is_said(void **state)
{
	static const int kinds[] = { SQLITE_FULL, SQLITE_IOERR_WRITE };
	struct recorder_image before = { 0 };
	size_t failures = 0;
	sqlite3 *database;
	FILE *file;

	(void)state;
	sqlite3_close(grow(STATES - 1));
	file = fopen(path, "r");
	assert_non_null(file);
	before.bytes = malloc(1 << 20);
	before.size = fread(before.bytes, 1, 1 << 20, file);
	fclose(file);
	database = open_ledger(LEDGER_WRITE);
	assert_int_equal(transact(database, STATES), SQLITE_OK);
	digest(database, states[STATES]);
	sqlite3_close(database);
	for (size_t i = 0; i < 4; i++) {
		for (size_t at = 1; transaction_fails_at(&before, at, kinds[i / 2], i % 2 == 1); at++)
			failures++;
	}
	assert_in_range(failures, 40, 100000);
	free(before.bytes);
}

/* --- Damage */

static void readers_and_writers_keep_apart_without_posix_locks(void **state)
{
	sqlite3 *reader, *writer, *second;
	char text[256], begin[32];
	FILE *locks;

	(void)state;
	sqlite3_close(grow(2));
	reader = open_ledger(LEDGER_LOOK);
	writer = open_ledger(LEDGER_WRITE);
	second = open_ledger(LEDGER_WRITE);
	sqlite3_busy_timeout(writer, 0);
	sqlite3_busy_timeout(second, 0);
	must(reader, "BEGIN");
	assert_int_equal(state_of(reader, 2), 3);
	must(writer, "BEGIN IMMEDIATE; DELETE FROM state");
	assert_int_equal(run(second, "BEGIN IMMEDIATE"), SQLITE_BUSY);
	assert_int_equal(run(writer, "COMMIT"), SQLITE_BUSY);
	assert_int_equal(state_of(second, 2), 3);
	snprintf(begin, sizeof(begin), " %d ", getpid());
	locks = fopen("/proc/locks", "r");
	while (locks && fgets(text, sizeof(text), locks))
		assert_true(!strstr(text, begin) || !strstr(text, "POSIX"));
	if (locks)
		fclose(locks);
	assert_int_equal(state_of(reader, 2), 3);
	must(reader, "COMMIT");
	must(writer, "COMMIT");
	assert_int_equal(state_of(reader, 2), -1);
	must(second, "BEGIN IMMEDIATE; ROLLBACK");
	sqlite3_close(reader);
	sqlite3_close(writer);
	sqlite3_close(second);
}

static int write_and_die(void)
{
	sqlite3 *database = open_ledger(LEDGER_WRITE);

	must(database, "BEGIN IMMEDIATE; DELETE FROM thing");
	raise(SIGKILL);
	return 0;
}

static void the_lock_of_one_that_was_killed_holds_nobody_up(void **state)
{
	(void)state;
	sqlite3_close(grow(2));
	assert_int_equal(elsewhere(write_and_die), -1);
	assert_int_equal(state_found(LEDGER_WRITE, 2), 3);
}

static void writes_and_syncs_are_as_few_as_can_be(void **state)
{
	sqlite3 *database;

	(void)state;
	sqlite3_close(grow(3));
	database = open_ledger(LEDGER_WRITE);
	recorder_reset();
	assert_int_equal(state_of(database, 3), 4);
	assert_int_equal(recorder.writes + recorder.syncs + recorder.truncates, 0);
	assert_int_equal(transact(database, 4), SQLITE_OK);
	assert_int_equal(recorder.syncs, 4);
	/* Also if it is larger than the cache. */
	must(database, "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 50)"
		"INSERT INTO thing(name, value) SELECT i, zeroblob(500000) FROM c");
	assert_int_equal(recorder.syncs, 8);
	must(database, "UPDATE thing SET value = zeroblob(500001)");
	assert_int_equal(recorder.syncs, 12);
	sqlite3_close(database);
}

static void who_looked_writes_like_any_other(void **state)
{
	sqlite3 *database;

	(void)state;
	sqlite3_close(grow(2));
	database = open_ledger(LEDGER_LOOK);
	assert_int_equal(state_of(database, 2), 3);
	assert_int_not_equal(transact(database, 3), SQLITE_OK);
	run(database, "ROLLBACK");
	must(database, "BEGIN");
	assert_int_equal(state_of(database, 2), 3);
	assert_false(ledger_vfs_upgrade(database));
	must(database, "COMMIT");
	recorder_reset();
	assert_true(ledger_vfs_upgrade(database));
	assert_int_equal(recorder.writes + recorder.syncs, 0);
	assert_int_equal(transact(database, 3), SQLITE_OK);
	assert_int_equal(recorder.syncs, 4);
	assert_int_equal(digest(database, states[3]), SQLITE_OK);
	sqlite3_close(database);
	assert_int_equal(state_found(LEDGER_LOOK, 3), 4);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(every_prefix_of_what_was_written_opens_as_before_or_after),
		test(power_cuts_leave_the_state_before_or_after),
		test(a_recovery_that_is_cut_off_is_done_by_the_next),
		test(a_full_disk_or_a_failing_one_leaves_what_is_said),
		test(readers_and_writers_keep_apart_without_posix_locks),
		test(the_lock_of_one_that_was_killed_holds_nobody_up),
		test(writes_and_syncs_are_as_few_as_can_be),
		test(who_looked_writes_like_any_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
