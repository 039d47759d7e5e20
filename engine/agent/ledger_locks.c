/* ledger_locks: who may read and who may write the ledger, by flock on two local files.
 *
 * SHARED: readers' lock shared. RESERVED: and writers' lock. EXCLUSIVE: and the readers' lock
 * alone. Changing a flock from shared to exclusive lets go of it for a moment, and loses it if
 * somebody else reads: so only who has the writers' lock may try, and nobody can have come in
 * between. */
#include "agent/ledger_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statfs.h>
#include <unistd.h>

enum { PATH_MOST = 4096 };

/* Who looks leaves nothing on a disk. */
static bool in_memory(const char *path)
{
	struct statfs system;
	char folder[PATH_MOST];

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	return statfs(folder, &system) == 0 && system.f_type == TMPFS_MAGIC;
}

static int open_lock(const struct ledger_file *database, const char *end)
{
	char path[PATH_MOST];
	int size = snprintf(path, sizeof(path), "%s%s", database->lock, end);
	int fd;

	if (size < 0 || size >= PATH_MOST)
		return -1;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && (!database->looks || in_memory(path)))
		fd = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd;
}

/* Who only looks goes without where there are none: then there is no writer either. */
static int open_locks(struct ledger_file *database)
{
	if (database->readers < 0)
		database->readers = open_lock(database, "");
	if (database->writers < 0)
		database->writers = open_lock(database, "-writer");
	if ((database->readers < 0 || database->writers < 0) && !database->looks)
		return SQLITE_IOERR_LOCK;
	return SQLITE_OK;
}

static int take(int fd, int kind)
{
	int result;

	if (fd < 0)
		return SQLITE_OK;
	do
		result = flock(fd, kind | LOCK_NB);
	while (result < 0 && errno == EINTR);
	if (result == 0)
		return SQLITE_OK;
	return errno == EWOULDBLOCK ? SQLITE_BUSY : SQLITE_IOERR_LOCK;
}

static int lock_shared(struct ledger_file *database)
{
	int result = open_locks(database);

	if (result == SQLITE_OK)
		result = take(database->readers, LOCK_SH);
	if (result != SQLITE_OK)
		return result;
	database->level = SQLITE_LOCK_SHARED;
	result = ledger_journal_check(database);
	if (result != SQLITE_OK)
		ledger_unlock(&database->base, SQLITE_LOCK_NONE);
	return result;
}

static int lock_exclusive(struct ledger_file *database)
{
	int result = take(database->readers, LOCK_EX);

	if (result == SQLITE_OK)
		database->level = SQLITE_LOCK_EXCLUSIVE;
	else
		take(database->readers, LOCK_SH);
	return result;
}

int ledger_lock(sqlite3_file *file, int level)
{
	struct ledger_file *database = (struct ledger_file *)file;
	int result = SQLITE_OK;

	if (database->level >= level)
		return SQLITE_OK;
	if (level == SQLITE_LOCK_SHARED)
		return lock_shared(database);
	if (database->level < SQLITE_LOCK_RESERVED) {
		result = take(database->writers, LOCK_EX);
		if (result == SQLITE_OK)
			database->level = SQLITE_LOCK_RESERVED;
	}
	if (result == SQLITE_OK && level == SQLITE_LOCK_EXCLUSIVE) {
		if (database->looks)
			database->level = level;   /* what it writes is in memory, for itself */
		else
			result = lock_exclusive(database);
	}
	return result;
}

int ledger_unlock(sqlite3_file *file, int level)
{
	struct ledger_file *database = (struct ledger_file *)file;

	if (database->level <= level)
		return SQLITE_OK;
	if (level == SQLITE_LOCK_SHARED && database->level > SQLITE_LOCK_RESERVED)
		take(database->readers, LOCK_SH);
	if (level == SQLITE_LOCK_NONE)
		take(database->readers, LOCK_UN);
	if (database->level >= SQLITE_LOCK_RESERVED)
		take(database->writers, LOCK_UN);
	database->level = level;
	if (level == SQLITE_LOCK_NONE)
		ledger_file_forget(database);
	return SQLITE_OK;
}

bool ledger_locks_hold(struct ledger_file *database)
{
	return take(database->writers, LOCK_EX) == SQLITE_OK;
}

void ledger_locks_let(struct ledger_file *database)
{
	take(database->writers, LOCK_UN);
}

int ledger_lock_reserved(sqlite3_file *file, int *ret_reserved)
{
	struct ledger_file *database = (struct ledger_file *)file;

	*ret_reserved = database->level >= SQLITE_LOCK_RESERVED || !ledger_locks_hold(database);
	if (!*ret_reserved)
		ledger_locks_let(database);
	return SQLITE_OK;
}

void ledger_locks_close(struct ledger_file *database)
{
	if (database->readers >= 0)
		close(database->readers);
	if (database->writers >= 0)
		close(database->writers);
	database->readers = database->writers = -1;
}
