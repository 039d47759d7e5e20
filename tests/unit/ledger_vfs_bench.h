/* ledger_vfs_bench: a database that goes from state to state while its writes are recorded. */
#ifndef TESTS_LEDGER_VFS_BENCH_H
#define TESTS_LEDGER_VFS_BENCH_H

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

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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

static inline sqlite3 *open_ledger(enum ledger_access access)
{
	struct error err = { 0 };
	sqlite3 *database;

	if (ledger_vfs_open(path, lock, access, &database, &err) < 0)
		fail_msg("%s", err.message);
	return database;
}

static inline int run(sqlite3 *database, const char *text)
{
	return sqlite3_exec(database, text, NULL, NULL, NULL);
}

static inline void must(sqlite3 *database, const char *text)
{
	if (run(database, text) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(database));
}

static inline void create(sqlite3 *database)
{
	must(database, "CREATE TABLE state(n INTEGER PRIMARY KEY);"
		"CREATE TABLE thing(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value BLOB)");
}

/* Transaction number: things come, change and go, so that the database grows and shrinks. */
static inline int transact(sqlite3 *database, int number)
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

static inline int add_column(void *context, int count, char **values, char **names)
{
	(void)names;
	for (int i = 0; i < count; i++)
		crypto_generichash_update(context, (const unsigned char *)(values[i] ? values[i] : "-"),
			values[i] ? strlen(values[i]) + 1 : 1);
	return 0;
}

/* Everything that is in it. */
static inline int digest(sqlite3 *database, unsigned char ret_digest[DIGEST])
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
static inline sqlite3 *grow(int count)
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
static inline int state_of(sqlite3 *database, size_t count)
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
static inline int state_found(enum ledger_access access, size_t count)
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
static inline void check_images(struct recorder_image images[RECORDER_FILES], size_t entries,
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

static inline void record_growth(void)
{
	recorder.records = true;
	sqlite3_close(grow(STATES));
	recorder.records = false;
}

/* Runs it in another process; what it returns. */
static inline int elsewhere(int (*does)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(does());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
