/* ledger_database: one connection to the database of a ledger, and its statements.
 *
 * Here is the only place that opens it, through ledger_vfs.h. Statements are string literals,
 * prepared once; their parameters are given in order, a letter each: i an int64_t, s a text or
 * NULL, b bytes (pointer and size_t), v a value, stored as MessagePack, or NULL. The first error is
 * kept, and makes all that come after it do nothing, until database_roll_back. */
#ifndef AGENT_LEDGER_DATABASE_H
#define AGENT_LEDGER_DATABASE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "wire/message.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { DATABASE_STATEMENTS_MOST = 192 };

struct database {
	const char *path;            /* NULL: in memory */
	sqlite3 *sqlite;
	bool writable;
	bool changed;                /* a transaction is open */
	bool held;                   /* the same for looking only */
	bool alone;                  /* nobody else can write: it is held between transactions, too */
	int code;                    /* SQLite's, of error */
	struct error error;          /* of the transaction, or of reading */
	struct database_statement {
		const char *sql;
		sqlite3_stmt *statement;
	} statements[DATABASE_STATEMENTS_MOST];
	size_t statement_count;
};

enum database_way {
	DATABASE_READ,               /* nothing is written; what isn't there is an error */
	DATABASE_WRITE,
	DATABASE_NEW,                /* made, with its tables, and written */
	DATABASE_MEMORY,             /* an empty one that is never stored */
};

/* lock: as for ledger_vfs_open. What is only read is held then. A file with nothing in it is damaged:
 * one that is there has its tables, as it gets its name when they are written. */
int database_open(struct database *database, const char *path, const char *lock,
	enum database_way way, struct error *err);
/* One that was opened to be read can be written from here on, if that can be (ledger_vfs_upgrade); 1: it
 * is still as it was. Of what was read before, others may have changed what they like. */
int database_upgrade(struct database *database, struct error *err);
void database_close(struct database *database);

/* A statement that looks, before its first row. */
sqlite3_stmt *database_query(struct database *database, const char *sql, const char *types, ...);
/* The next row; false: there is none, and the statement may be used again. */
bool database_row(struct database *database, sqlite3_stmt *statement);
/* Ends a query before its last row. */
void database_end(sqlite3_stmt *statement);
/* The first column of the first row; otherwise if there is none, or NULL. */
int64_t database_integer(struct database *database, int64_t otherwise, const char *sql,
	const char *types, ...);

/* What is looked at from here on is of one moment, and takes one lock instead of one for each look.
 * Until database_let_go nobody else can write. Nothing if a transaction is open anyway. */
void database_hold(struct database *database);
void database_let_go(struct database *database);

/* A statement that changes: in the transaction that is open, or a new one. */
void database_do(struct database *database, const char *sql, const char *types, ...);
/* What has been changed is durable; or nothing of it is left, and the first error says why. */
int database_commit(struct database *database, struct error *err);
void database_roll_back(struct database *database);

/* Columns, copied into the arena; NULL where there is none. */
const char *database_text(struct arena *arena, sqlite3_stmt *statement, int column);
struct bytes database_bytes(struct arena *arena, sqlite3_stmt *statement, int column);
struct value *database_value(struct arena *arena, sqlite3_stmt *statement, int column);

#endif
