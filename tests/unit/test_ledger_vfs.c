/* What a ledger's database is after kills, power cuts, full disks, flipped bits and restores: the
 * state before or the state after, or it is said to be damaged. COUNT=N: N times as many. */
#include "agent/ledger_vfs.h"

#include "ledger_recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { STATES = 16, DIGEST = 16, NOBODY = 65534 };

static char folder[64], path[80], journal[96], lock[96];
static unsigned char states[STATES + 1][DIGEST];   /* what is in it after so many transactions */
static unsigned times;

/* --- The database */

static int set_up(void **state)
{
	(void)state;
	times = getenv("COUNT") ? (unsigned)strtoul(getenv("COUNT"), NULL, 10) : 1;
	snprintf(folder, sizeof(folder), "%s/beoplay-vfs-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (sodium_init() < 0 || !mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/ledger.db", folder);
	snprintf(journal, sizeof(journal), "%s-journal", path);
	snprintf(lock, sizeof(lock), "%s/lock", folder);
	recorder_reset();
	recorder_register();
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {
		"ledger.db", "ledger.db-journal", "lock", "lock-writer", "other",
	};
	char name[96];

	(void)state;
	recorder_reset();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
		unlink(name);
	}
	return rmdir(folder);
}

static sqlite3 *open_ledger(enum ledger_access access)
{
	struct error err = { 0 };
	sqlite3 *database;

	if (ledger_vfs_open(path, lock, access, &database, &err) < 0)
		fail_msg("%s", err.message);
	return database;
}

static int run(sqlite3 *database, const char *text)
{
	return sqlite3_exec(database, text, NULL, NULL, NULL);
}

static void must(sqlite3 *database, const char *text)
{
	if (run(database, text) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(database));
}

static void create(sqlite3 *database)
{
	must(database, "CREATE TABLE state(n INTEGER PRIMARY KEY);"
		"CREATE TABLE thing(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value BLOB)");
}

/* Transaction number: things come, change and go, so that the database grows and shrinks. */
static int transact(sqlite3 *database, int number)
{
	char text[1024];

	snprintf(text, sizeof(text), "BEGIN IMMEDIATE; DELETE FROM state; INSERT INTO state VALUES(%d);"
		"DELETE FROM thing WHERE id %% 5 = %d %% 5;"
		"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d)"
		"INSERT INTO thing(name, value) SELECT 'thing ' || %d || ' ' || i, zeroblob(i * 331) FROM c;"
		"UPDATE thing SET value = zeroblob(%d) WHERE id %% 7 = %d %% 7; COMMIT",
		number, number, 3 + number % 4 * 4, number, 10 + number * 97, number);
	return run(database, text);
}

static int add_column(void *context, int count, char **values, char **names)
{
	(void)names;
	for (int i = 0; i < count; i++)
		crypto_generichash_update(context, (const unsigned char *)(values[i] ? values[i] : "-"),
			values[i] ? strlen(values[i]) + 1 : 1);
	return 0;
}

/* Everything that is in it. */
static int digest(sqlite3 *database, unsigned char ret_digest[DIGEST])
{
	crypto_generichash_state hash;
	int result;

	crypto_generichash_init(&hash, NULL, 0, DIGEST);
	result = sqlite3_exec(database, "SELECT name, sql FROM sqlite_schema; SELECT n FROM state;"
		"SELECT id, name, hex(value) FROM thing ORDER BY id;"
		"SELECT name FROM thing ORDER BY name; PRAGMA quick_check", add_column, &hash, NULL);
	crypto_generichash_final(&hash, ret_digest, DIGEST);
	return result;
}

/* A new database with so many states, all of its writes recorded if records is set. */
static sqlite3 *grow(int count)
{
	sqlite3 *database = open_ledger(LEDGER_WRITE);

	create(database);
	digest(database, states[0]);
	recorder_mark();
	for (int i = 1; i <= count; i++) {
		assert_int_equal(transact(database, i), SQLITE_OK);
		assert_int_equal(digest(database, states[i]), SQLITE_OK);
		recorder_mark();
	}
	return database;
}

/* Which state it is in: from 1 on, 0: the tables aren't there yet; -1: in none, or it can't be
 * read. */
static int state_of(sqlite3 *database, size_t count)
{
	unsigned char now[DIGEST];

	if (digest(database, now) != SQLITE_OK)
		return strncmp(sqlite3_errmsg(database), "no such table", 13) == 0 ? 0 : -1;
	for (size_t i = 0; i <= count; i++) {
		if (memcmp(now, states[i], DIGEST) == 0)
			return (int)i + 1;
	}
	return -1;
}

/* What a new process finds. It may go on from there, too. */
static int state_found(enum ledger_access access, size_t count)
{
	struct error err = { 0 };
	sqlite3 *database;
	int found;

	if (ledger_vfs_open(path, lock, access, &database, &err) < 0)
		return -1;
	found = state_of(database, count);
	if (access == LEDGER_WRITE && found > 0 && (transact(database, 99) != SQLITE_OK ||
			run(database, "PRAGMA integrity_check") != SQLITE_OK))
		found = -2;
	sqlite3_close(database);
	return found;
}

/* After count entries: what was marked isn't lost, and nothing is in between. */
static void check_images(struct recorder_image images[RECORDER_FILES], size_t entries,
	const char *what)
{
	int least = (int)recorder_marks(entries);
	int looked, found;

	recorder_put(images, path);
	looked = state_found(LEDGER_LOOK, STATES);
	found = state_found(LEDGER_WRITE, STATES);
	if (found < least || found > least + 1 || looked != found)
		fail_msg("%s after %zu calls: looks like state %d, is state %d instead of %d or %d", what,
			entries, looked, found, least, least + 1);
	recorder_images_free(images);
}

static void record_growth(void)
{
	recorder.records = true;
	sqlite3_close(grow(STATES));
	recorder.records = false;
}

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

static void flip(const char *name, int64_t bit)
{
	int fd = open(name, O_RDWR | O_CLOEXEC);
	unsigned char byte;

	assert_int_equal(pread(fd, &byte, 1, bit / 8), 1);
	byte ^= (unsigned char)(1 << bit % 8);
	assert_int_equal(pwrite(fd, &byte, 1, bit / 8), 1);
	close(fd);
}

static int64_t size_of(const char *name)
{
	struct stat info;

	return stat(name, &info) < 0 ? -1 : info.st_size;
}

/* Whether opening and reading all of it says that it is damaged. */
static bool found_damaged(enum ledger_access access)
{
	unsigned char ignored[DIGEST];
	struct error err = { 0 };
	sqlite3 *database;
	const char *why = NULL;
	bool found;

	if (ledger_vfs_open(path, lock, access, &database, &err) < 0)
		return strstr(err.message, "is damaged: ") != NULL;
	found = digest(database, ignored) != SQLITE_OK && ledger_vfs_damaged(database, &why) && why;
	sqlite3_close(database);
	return found;
}

static void each_flipped_bit_of_the_database_is_found(void **state)
{
	unsigned seed = 12;
	sqlite3 *database;
	int64_t bits;

	(void)state;
	database = grow(0);
	for (int i = 0; i < 40; i++)
		must(database, "INSERT INTO thing(name, value) VALUES(hex(randomblob(20)), zeroblob(2000))");
	sqlite3_close(database);
	bits = size_of(path) * 8;
	for (int64_t i = 0; i < 800 + 1000 * times; i++) {
		int64_t bit = i < 800 ? i : rand_r(&seed) % bits;

		flip(path, bit);
		if (!found_damaged(i % 2 ? LEDGER_LOOK : LEDGER_WRITE))
			fail_msg("bit %lld isn't found", (long long)bit);
		flip(path, bit);
	}
	assert_false(found_damaged(LEDGER_WRITE));
}

/* A kill in the middle of writing the last state to the database: count is behind its first
 * page. */
static size_t in_the_middle(void)
{
	size_t count = recorder.count;

	while (recorder.entries[count - 1].operation != RECORDER_WRITE ||
	       recorder.entries[count - 1].file != RECORDER_DATABASE)
		count--;
	return count - 1;
}

static void put_hot_journal(void)
{
	struct recorder_image images[RECORDER_FILES] = { 0 };

	recorder_replay(images, in_the_middle(), false);
	recorder_put(images, path);
	recorder_images_free(images);
}

static void a_flipped_bit_of_the_journal_never_gets_into_the_database(void **state)
{
	unsigned seed = 5;
	size_t refused = 0;

	(void)state;
	record_growth();
	for (unsigned i = 0; i < 400 * times; i++) {
		int64_t bit;

		put_hot_journal();
		bit = i < 28 * 8 ? i : rand_r(&seed) % (size_of(journal) * 8);
		flip(journal, bit);
		if (found_damaged(i % 2 ? LEDGER_LOOK : LEDGER_WRITE))
			refused++;
		else if (state_found(LEDGER_LOOK, STATES) != STATES)
			fail_msg("bit %lld isn't found", (long long)bit);
	}
	assert_in_range(refused, 300 * times, 400 * times);
}

static void a_database_that_was_cut_off_is_damaged(void **state)
{
	(void)state;
	sqlite3_close(grow(6));
	assert_int_equal(truncate(path, size_of(path) - LEDGER_PAGE), 0);
	assert_true(found_damaged(LEDGER_LOOK));
	assert_true(found_damaged(LEDGER_WRITE));
	assert_int_equal(truncate(path, 1000), 0);
	assert_true(found_damaged(LEDGER_WRITE));
}

static void what_plain_sqlite_writes_is_found(void **state)
{
	sqlite3 *plain;

	(void)state;
	sqlite3_close(grow(3));
	assert_int_equal(sqlite3_open(path, &plain), SQLITE_OK);
	assert_int_equal(state_of(plain, 3), 4);
	must(plain, "UPDATE thing SET name = name || '!'");
	sqlite3_close(plain);
	assert_true(found_damaged(LEDGER_WRITE));
}

/* --- Journals */

static void copy(const char *from, const char *to)
{
	char bytes[4096];
	size_t size;
	FILE *in = fopen(from, "r");
	FILE *out = fopen(to, "w");

	assert_true(in && out);
	while ((size = fread(bytes, 1, sizeof(bytes), in)) > 0)
		assert_int_equal(fwrite(bytes, 1, size, out), size);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

static void journal_refused(void)
{
	int64_t size = size_of(journal);

	assert_true(size > 0);
	assert_true(found_damaged(LEDGER_LOOK));
	assert_true(found_damaged(LEDGER_WRITE));
	assert_int_equal(size_of(journal), size);
}

static void a_journal_beside_another_state_of_its_database_is_refused(void **state)
{
	struct recorder_image images[RECORDER_FILES] = { 0 };
	char backup[96];
	size_t count = 0;
	sqlite3 *database;

	(void)state;
	snprintf(backup, sizeof(backup), "%s/other", folder);
	record_growth();
	/* Restored from the state five transactions ago. */
	while (recorder_marks(count) < STATES - 4)
		count++;
	recorder_replay(images, count, false);
	recorder_put(images, path);
	copy(path, backup);
	put_hot_journal();
	copy(backup, path);
	journal_refused();
	/* And with other transactions since then, as many as there were: the counters are the same. */
	copy(backup, path);
	assert_int_equal(truncate(journal, 0), 0);
	database = open_ledger(LEDGER_WRITE);
	for (int i = 0; i < 4; i++)
		assert_int_equal(transact(database, 20 + i), SQLITE_OK);
	sqlite3_close(database);
	copy(path, backup);
	put_hot_journal();
	copy(backup, path);
	journal_refused();
	/* And where nothing is left of it. */
	assert_int_equal(truncate(path, 0), 0);
	journal_refused();
	unlink(path);
	assert_true(found_damaged(LEDGER_WRITE));
	assert_true(size_of(journal) > 0);
	recorder_images_free(images);
}

static void a_hot_journal_is_played_back_in_memory_without_a_write(void **state)
{
	struct stat before[2], after[2];
	sqlite3 *database;

	(void)state;
	record_growth();
	put_hot_journal();
	stat(path, &before[0]);
	stat(journal, &before[1]);
	recorder_reset();
	database = open_ledger(LEDGER_LOOK);
	assert_int_equal(state_of(database, STATES), STATES);
	assert_int_equal(state_of(database, STATES), STATES);
	assert_int_not_equal(run(database, "DELETE FROM thing"), SQLITE_OK);
	assert_int_equal(state_of(database, STATES), STATES);
	sqlite3_close(database);
	assert_int_equal(recorder.writes + recorder.syncs + recorder.truncates + recorder.deletes, 0);
	stat(path, &after[0]);
	stat(journal, &after[1]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(after[i].st_size, before[i].st_size);
		assert_memory_equal(&after[i].st_mtim, &before[i].st_mtim, sizeof(after[i].st_mtim));
	}
	assert_int_equal(state_found(LEDGER_WRITE, STATES), STATES);
	assert_true(recorder.writes > 0);
}

/* Runs it in another process; what it returns. */
static int elsewhere(int (*does)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(does());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int look_as_nobody(void)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 100;
	snprintf(lock, sizeof(lock), "/nowhere/lock");
	return state_found(LEDGER_LOOK, STATES);
}

static int look_on_a_read_only_mount(void)
{
	sqlite3 *database;
	int found;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(folder, folder, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, folder, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		return 100;
	found = state_found(LEDGER_LOOK, STATES);
	if (found != STATES || size_of(journal) > 0)
		return found;
	/* Whoever wants to write is told so at once. */
	database = open_ledger(LEDGER_WRITE);
	if ((transact(database, 50) & 0xff) != SQLITE_READONLY)
		return 101;
	return state_of(database, STATES);
}

static void others_and_read_only_mounts_read_it_too(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	record_growth();
	put_hot_journal();
	chmod(folder, 0755);
	chmod(path, 0644);
	chmod(journal, 0644);
	assert_int_equal(elsewhere(look_as_nobody), STATES);
	recorder_reset();
	assert_int_equal(elsewhere(look_on_a_read_only_mount), STATES);
	assert_int_equal(state_found(LEDGER_LOOK, STATES), STATES);
	sqlite3_close(open_ledger(LEDGER_WRITE));
	assert_int_equal(size_of(journal), 0);
	assert_int_equal(elsewhere(look_on_a_read_only_mount), STATES);
}

/* --- Locks */

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

/* --- Whose it is */

static bool refused(void)
{
	struct error err = { 0 };
	sqlite3 *database;
	int result = ledger_vfs_open(path, lock, LEDGER_WRITE, &database, &err);

	sqlite3_close(database);
	return result < 0 && err.remedy[0];
}

static void what_others_could_change_is_never_opened(void **state)
{
	char other[96];

	(void)state;
	snprintf(other, sizeof(other), "%s/other", folder);
	sqlite3_close(grow(2));
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_true(refused());
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(chmod(path, 0664), 0);
	assert_true(refused());
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_true(refused());
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(unlink(journal), 0);
	assert_int_equal(symlink(other, journal), 0);
	assert_true(found_damaged(LEDGER_WRITE));
	assert_int_equal(unlink(journal), 0);
	assert_int_equal(mkfifo(journal, 0600), 0);
	assert_true(found_damaged(LEDGER_WRITE));
	assert_int_equal(unlink(journal), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, NOBODY, NOBODY), 0);
		assert_true(refused());
		assert_int_equal(chown(path, 0, 0), 0);
		assert_int_equal(chown(folder, NOBODY, NOBODY), 0);
		assert_true(refused());
		assert_int_equal(chown(folder, 0, 0), 0);
	}
	assert_int_equal(state_found(LEDGER_WRITE, 2), 3);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(refused());
	assert_int_equal(rmdir(path), 0);
}

static void one_that_is_not_there_is_not_made_by_looking(void **state)
{
	struct error err = { 0 };
	sqlite3 *database;

	(void)state;
	assert_int_equal(ledger_vfs_open(path, lock, LEDGER_LOOK, &database, &err), -1);
	assert_null(database);
	assert_int_equal(size_of(path), -1);
	sqlite3_close(open_ledger(LEDGER_WRITE));
	assert_int_equal(size_of(path), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(every_prefix_of_what_was_written_opens_as_before_or_after),
		test(power_cuts_leave_the_state_before_or_after),
		test(a_recovery_that_is_cut_off_is_done_by_the_next),
		test(a_full_disk_or_a_failing_one_leaves_what_is_said),
		test(each_flipped_bit_of_the_database_is_found),
		test(a_flipped_bit_of_the_journal_never_gets_into_the_database),
		test(a_database_that_was_cut_off_is_damaged),
		test(what_plain_sqlite_writes_is_found),
		test(a_journal_beside_another_state_of_its_database_is_refused),
		test(a_hot_journal_is_played_back_in_memory_without_a_write),
		test(others_and_read_only_mounts_read_it_too),
		test(readers_and_writers_keep_apart_without_posix_locks),
		test(the_lock_of_one_that_was_killed_holds_nobody_up),
		test(writes_and_syncs_are_as_few_as_can_be),
		test(what_others_could_change_is_never_opened),
		test(one_that_is_not_there_is_not_made_by_looking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
