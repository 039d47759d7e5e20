/* ledger_file: what the parts of the ledger's VFS share.
 *
 * ledger_vfs.c reads and writes, ledger_journal_file.c the journal, which ledger_journal.c seals and
 * verifies, ledger_locks.c locks. */
#ifndef AGENT_LEDGER_FILE_H
#define AGENT_LEDGER_FILE_H

#include "agent/ledger_vfs.h"

#include <stdint.h>
#include <sys/types.h>

enum { LEDGER_MARK = 8 };            /* bytes that name a state of the database */

/* What a sealed journal says of the transaction that it takes back. */
struct ledger_seal {
	unsigned char before[LEDGER_MARK];   /* the state that it leads back to; zeros: empty */
	unsigned char after[LEDGER_MARK];    /* what the database is called while and after it */
};

/* One open file: the database, or its journal. The real file lies behind it. */
struct ledger_file {
	sqlite3_file base;
	sqlite3_file *real;
	struct ledger_file *database;        /* of a journal; of the database: itself */
	const char *path;
	bool looks;
	bool may_write;                      /* the real file could be written, though it is looked at */
	dev_t device;                        /* which file it is, whatever is at the path later */
	ino_t number;
	bool names;                          /* a journal that may have been made: a sync is also its name's */
	/* Of the database: */
	const char *journal;                 /* the path of it */
	char *lock;                          /* the path of it; NULL: no locks */
	int readers, writers;                /* descriptors of the locks; -1: not open */
	int level;                           /* SQLITE_LOCK_… */
	const char *damage;                  /* what was found; NULL: nothing */
	struct ledger_seal seal;             /* of the journal at hand */
	bool journal_named;                  /* its name is durable */
	bool first_whole;                    /* the first page, as it was read last */
	unsigned char first[LEDGER_PAGE];
	/* Of the database under a lock: */
	bool size_known;
	sqlite3_int64 size;
	bool journal_empty;                  /* it was when the lock was taken */
	/* Of a journal, what is still to be written: */
	unsigned char *waiting;
	size_t waiting_size;
	sqlite3_int64 waiting_at;
	/* Of a database that is looked at, from its lock until it is given back: */
	bool journal_done;                   /* as if the journal were empty */
	bool resized;                        /* pages count, not the file's */
	uint32_t page_count;
	unsigned char **pages;               /* those that were written, by number from 0 on */
};

/* --- ledger_vfs.c */

/* How many pages the database has; -1: an error. */
int64_t ledger_file_pages(struct ledger_file *database);
/* Page number (from 1) as the real file has it, whole; else SQLITE_IOERR_SHORT_READ. */
int ledger_file_page(struct ledger_file *database, uint32_t number,
	unsigned char page[LEDGER_PAGE]);
bool ledger_page_whole(const unsigned char page[LEDGER_PAGE], uint32_t number);
uint32_t ledger_number(const unsigned char *bytes);          /* as SQLite writes them */
/* Nothing of what was written while it was looked at counts any more. */
void ledger_file_forget(struct ledger_file *database);

/* --- ledger_journal.c */

/* The journal is synced, and its header about to say so: seals it. SQLite's status. */
int ledger_journal_seal(struct ledger_file *journal, const void *header, int size);
/* With at least a shared lock, before SQLite looks for a journal: one that a writer left is the
 * database's and whole, or takes no part. */
int ledger_journal_check(struct ledger_file *database);

/* --- ledger_journal_file.c, SQLite's methods */

int ledger_journal_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset);
int ledger_journal_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset);
int ledger_journal_truncate(sqlite3_file *file, sqlite3_int64 size);
int ledger_journal_size(sqlite3_file *file, sqlite3_int64 *ret_size);
/* What waits is written. SQLite's status. */
int ledger_journal_flush(struct ledger_file *journal);

/* --- ledger_locks.c, SQLite's methods */

int ledger_lock(sqlite3_file *file, int level);
int ledger_unlock(sqlite3_file *file, int level);
int ledger_lock_reserved(sqlite3_file *file, int *ret_reserved);
/* Whether a writer is at work; if not, it is kept from beginning until ledger_locks_let. */
bool ledger_locks_hold(struct ledger_file *database);
void ledger_locks_let(struct ledger_file *database);
void ledger_locks_close(struct ledger_file *database);

#endif
