/* ledger_vfs: how SQLite reads and writes the ledger's database.
 *
 * A layer over SQLite's own access to files ("unix-none"), which adds what a ledger needs:
 *  - Each page ends in a checksum, which is verified whenever the page is read under a lock. A page
 *    that fails is SQLITE_IOERR_DATA; nothing is ever taken from it.
 *  - The rollback journal is sealed: a digest of all of it, and which state of which database it
 *    belongs to. A journal that isn't whole, or lies beside another state of the database (one that
 *    was restored from a backup), is never played back: SQLITE_CORRUPT, and it is kept.
 *  - Looking writes nothing. A journal that a writer left is played back in memory.
 *  - Locks are flocks on two local files (never POSIX locks, which a network file system may lack):
 *    readers share one, whoever commits has it alone; the other says who may write.
 *
 * Nothing is assumed of the disk: neither that a write leaves neighbouring bytes alone nor that a
 * file grows only after its content is there.
 *
 * The format of a page: content up to LEDGER_PAGE_USED, then 8 bytes that name the state of the
 * database (in page 1 only; else zeros), then SipHash-2-4 of all before, keyed with the page's
 * number. Plain sqlite3 can read such a database; what it writes is found as damage. */
#ifndef AGENT_LEDGER_VFS_H
#define AGENT_LEDGER_VFS_H

#include "base/error.h"

#include <sqlite3.h>
#include <stdbool.h>

enum { LEDGER_PAGE = 4096, LEDGER_RESERVED = 16, LEDGER_PAGE_USED = LEDGER_PAGE - LEDGER_RESERVED };

enum ledger_access {
	LEDGER_WRITE,    /* the file is made if it isn't there */
	LEDGER_LOOK,     /* it must be there; no call writes, truncates or removes anything. Who wants to
	                  * change what was read, too, copies it into memory (sqlite3_backup) */
};

/* Opens the database with all settings that a ledger needs. lock: path of the lock for readers,
 * whose directory is on this machine and writable by its user only; the writers' lock is
 * LOCK-writer. Looking goes without where they can't be made. File, journal and directory must
 * belong to the user of this process (or to root), and be writable by nobody else. The caller
 * closes it with sqlite3_close. */
int ledger_vfs_open(const char *path, const char *lock, enum ledger_access access,
	sqlite3 **ret_database, struct error *err);

/* What was opened with LEDGER_LOOK, and holds nothing now, is from here on as if it had been opened with
 * LEDGER_WRITE; its statements stay. False: it is as it was, and has to be opened anew (it can't be
 * written, another file is there now, or a writer has left a journal). */
bool ledger_vfs_upgrade(sqlite3 *database);

/* After a call on it has failed: whether the ledger is damaged, and nothing in it may be acted
 * upon; then ret_why, if not NULL, says what was found. */
bool ledger_vfs_damaged(sqlite3 *database, const char **ret_why);

/* For tests: another VFS in the place of "unix-none", before the first ledger_vfs_open after it. */
int ledger_vfs_set_base(const char *name);

#endif
