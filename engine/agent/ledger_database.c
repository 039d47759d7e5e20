/* ledger_database: one connection to the database of a ledger, and its statements. */
#include "agent/ledger_database.h"

#include "agent/ledger_schema.h"
#include "agent/ledger_vfs.h"
#include "wire/wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- Errors */

static const char *place_of(const struct database *database)
{
	return database->path ? database->path : "in memory";
}

static const char remedy[] = "restore it from a backup, or move it away: what beoplay has changed here "
	"so far can't be undone then";

static int damaged(const struct database *database, const char *why, struct error *err)
{
	error_set(err, LEDGER_DAMAGED, "the ledger '%s' is damaged%s%s", place_of(database), why ? ": "
		: "", why ? why : "");
	return error_remedy(err, "%s", remedy);
}

static int say(const struct database *database, int code, struct error *err)
{
	const char *why = NULL;

	if (database->sqlite && database->path && ledger_vfs_damaged(database->sqlite, &why))
		return damaged(database, why, err);
	switch (code & 0xff) {
	case SQLITE_FULL:
		error_set(err, LEDGER_UNWRITABLE, "the ledger '%s' can't be written: no space left on the "
			"disk", place_of(database));
		return error_remedy(err, "make room on that file system");
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return damaged(database, NULL, err);
	case SQLITE_READONLY:
		return error_set(err, LEDGER_UNWRITABLE, "the ledger '%s' can't be written: its file "
			"system is read-only", place_of(database));
	default:
		return error_set(err, LEDGER_UNUSABLE, "the ledger '%s': %s", place_of(database),
			database->sqlite ? sqlite3_errmsg(database->sqlite) : sqlite3_errstr(code));
	}
}

static void note_error(struct database *database, int code)
{
	if (database->error.kind != ERROR_NONE)
		return;
	database->code = code & 0xff;
	say(database, code, &database->error);
}

/* --- Opening */

static int execute(struct database *database, const char *sql, struct error *err)
{
	int code = sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : say(database, code, err);
}

static int make_schema(struct database *database, struct error *err)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d;"
		"INSERT INTO meta(key, value) VALUES('oldest_reader', %d)", LEDGER_APPLICATION,
		LEDGER_VERSION, LEDGER_OLDEST_READER);
	if (execute(database, "BEGIN IMMEDIATE; " LEDGER_SCHEMA, err) < 0
			|| execute(database, sql, err) < 0)
		return -1;
	return execute(database, "COMMIT", err);
}

static int newer(const struct database *database, int64_t version, struct error *err)
{
	error_set(err, LEDGER_NEWER, "the ledger '%s' was written by a newer beoplay (its version is "
		"%lld, this one knows %d)", place_of(database), (long long)version, LEDGER_VERSION);
	return error_remedy(err, "use that beoplay, or a newer one");
}

/* Tables of this form and nothing else: no trigger, view or table of another hand. */
static bool has_our_schema(struct database *database)
{
	const char *left = LEDGER_SCHEMA;
	sqlite3_stmt *query = database_query(database, "SELECT sql FROM sqlite_schema "
		"WHERE sql IS NOT NULL ORDER BY rowid", "");
	bool same = true;

	while (database_row(database, query)) {
		const char *sql = (const char *)sqlite3_column_text(query, 0);
		size_t size = sql ? strlen(sql) : 0;

		same = same && sql && strncmp(left, sql, size) == 0 && left[size] == ';';
		left += same ? size + 1 : 0;
	}
	return same && *left == '\0';
}

static int check_form(struct database *database, struct error *err)
{
	int64_t version = database_integer(database, 0, "PRAGMA user_version", "");

	if (database->error.kind == ERROR_NONE && version > LEDGER_VERSION) {
		int64_t oldest = database_integer(database, INT64_MAX,
			"SELECT value FROM meta WHERE key='oldest_reader'", "");

		if (database->writable || oldest > LEDGER_VERSION) {
			database->error = (struct error){0};
			return newer(database, version, err);
		}
		return 0;
	}
	if (database->error.kind == ERROR_NONE && (version != LEDGER_VERSION
			|| database_integer(database, 0, "PRAGMA application_id", "") != LEDGER_APPLICATION
			|| !has_our_schema(database)))
		damaged(database, version == 0 ? "nothing is in it" : "it has another form",
			&database->error);
	if (database->error.kind == ERROR_NONE)
		return 0;
	*err = database->error;
	return -1;
}

static int open_file(struct database *database, const char *lock, struct error *err)
{
	if (database->path && ledger_vfs_open(database->path, lock, database->writable ? LEDGER_WRITE
			: LEDGER_LOOK, &database->sqlite, err) < 0)
		return error_remedy(err, "%s", remedy);
	if (database->path)
		return 0;
	if (sqlite3_open(":memory:", &database->sqlite) != SQLITE_OK)
		return error_set(err, LEDGER_UNUSABLE, "cannot look at the ledger: out of memory");
	return 0;
}

static int set_up(struct database *database, const char *lock, bool fresh, struct error *err)
{
	if (open_file(database, lock, err) < 0)
		return -1;
	if (!database->writable)
		database_hold(database);
	if (fresh && make_schema(database, err) < 0)
		return -1;
	database->alone = database->writable && database->path;
	return database->path ? check_form(database, err) : 0;
}

int database_open(struct database *database, const char *path, const char *lock,
	enum database_way way, struct error *err)
{
	int result;

	*database = (struct database){
		.path = way == DATABASE_MEMORY ? NULL : path,
		.writable = way != DATABASE_READ,
	};
	result = set_up(database, lock, way == DATABASE_NEW || way == DATABASE_MEMORY, err);
	if (result < 0)
		database_close(database);
	return result;
}

int database_upgrade(struct database *database, struct error *err)
{
	if (database->writable || !database->path || database->error.kind != ERROR_NONE)
		return 1;
	database_let_go(database);
	if (!ledger_vfs_upgrade(database->sqlite))
		return 1;
	database->writable = database->alone = true;
	return check_form(database, err);
}

void database_close(struct database *database)
{
	for (size_t i = 0; i < database->statement_count; i++)
		sqlite3_finalize(database->statements[i].statement);
	sqlite3_close(database->sqlite);
	*database = (struct database){0};
}

/* --- Statements */

static sqlite3_stmt *prepared(struct database *database, const char *sql)
{
	struct database_statement *last;
	int code;

	for (size_t i = 0; i < database->statement_count; i++) {
		if (database->statements[i].sql == sql)
			return database->statements[i].statement;
	}
	if (database->statement_count == DATABASE_STATEMENTS_MOST) {
		error_set(&database->error, BEOPLAY_BUG, "the ledger has too many statements");
		return NULL;
	}
	last = &database->statements[database->statement_count];
	code = sqlite3_prepare_v2(database->sqlite, sql, -1, &last->statement, NULL);
	if (code != SQLITE_OK) {
		note_error(database, code);
		return NULL;
	}
	last->sql = sql;
	database->statement_count++;
	return last->statement;
}

static int bind_value(sqlite3_stmt *statement, int at, const struct value *value)
{
	struct buffer bytes = {0};
	int code;

	if (!value)
		return sqlite3_bind_null(statement, at);
	wire_encode(&bytes, value);
	code = sqlite3_bind_blob64(statement, at, bytes.data, bytes.size, SQLITE_TRANSIENT);
	buffer_free(&bytes);
	return code;
}

static int bind_bytes(sqlite3_stmt *statement, int at, const void *bytes, size_t size)
{
	return bytes ? sqlite3_bind_blob64(statement, at, bytes, size, SQLITE_TRANSIENT)
		: sqlite3_bind_null(statement, at);
}

static int bind(sqlite3_stmt *statement, const char *types, va_list args)
{
	int code = SQLITE_OK;
	const void *bytes;

	for (int at = 1; code == SQLITE_OK && types[at - 1]; at++) {
		switch (types[at - 1]) {
		case 'i':
			code = sqlite3_bind_int64(statement, at, va_arg(args, int64_t));
			break;
		case 's':
			code = sqlite3_bind_text(statement, at, va_arg(args, const char *), -1,
				SQLITE_TRANSIENT);
			break;
		case 'b':
			bytes = va_arg(args, const void *);
			code = bind_bytes(statement, at, bytes, va_arg(args, size_t));
			break;
		default:
			code = bind_value(statement, at, va_arg(args, const struct value *));
		}
	}
	return code;
}

static sqlite3_stmt *begin_statement(struct database *database, const char *sql,
	const char *types, va_list args)
{
	sqlite3_stmt *statement = database->error.kind == ERROR_NONE ? prepared(database, sql) : NULL;
	int code = statement ? bind(statement, types, args) : SQLITE_OK;

	if (code == SQLITE_OK)
		return statement;
	note_error(database, code);
	return NULL;
}

static void run(struct database *database, const char *sql, ...)
{
	va_list none;

	va_start(none, sql);
	database_row(database, begin_statement(database, sql, "", none));
	va_end(none);
}

sqlite3_stmt *database_query(struct database *database, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	va_list args;

	if (database->alone)
		database_hold(database);
	va_start(args, types);
	statement = begin_statement(database, sql, types, args);
	va_end(args);
	return statement;
}

bool database_row(struct database *database, sqlite3_stmt *statement)
{
	int code = statement ? sqlite3_step(statement) : SQLITE_DONE;

	if (code == SQLITE_ROW)
		return true;
	if (statement && code != SQLITE_DONE)
		note_error(database, code);
	database_end(statement);
	return false;
}

void database_end(sqlite3_stmt *statement)
{
	if (!statement)
		return;
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

int64_t database_integer(struct database *database, int64_t otherwise, const char *sql,
	const char *types, ...)
{
	sqlite3_stmt *statement;
	int64_t found = otherwise;
	va_list args;

	if (database->alone)
		database_hold(database);
	va_start(args, types);
	statement = begin_statement(database, sql, types, args);
	va_end(args);
	if (database_row(database, statement) && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		found = sqlite3_column_int64(statement, 0);
	database_end(statement);
	return found;
}

/* --- Transactions */

void database_hold(struct database *database)
{
	if (!database->path || database->changed || database->held)
		return;
	run(database, "BEGIN");
	database->held = database->error.kind == ERROR_NONE;
}

void database_let_go(struct database *database)
{
	/* Also after an error, when no other statement is run any more. */
	if (database->held && !sqlite3_get_autocommit(database->sqlite))
		sqlite3_exec(database->sqlite, "COMMIT", NULL, NULL, NULL);
	database->held = false;
}

static void begin(struct database *database)
{
	if (database->changed || database->error.kind != ERROR_NONE)
		return;
	database_let_go(database);
	if (!database->writable) {
		error_set(&database->error, BEOPLAY_BUG, "who only looks was about to write the ledger");
		return;
	}
	run(database, "BEGIN IMMEDIATE");
	database->changed = database->error.kind == ERROR_NONE;
}

void database_do(struct database *database, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	va_list args;

	begin(database);
	va_start(args, types);
	statement = begin_statement(database, sql, types, args);
	va_end(args);
	while (database_row(database, statement))
		;
}

int database_commit(struct database *database, struct error *err)
{
	if (database->changed && database->error.kind == ERROR_NONE)
		run(database, "COMMIT");
	if (database->error.kind == ERROR_NONE) {
		database->changed = false;
		return 0;
	}
	if (err && err->kind == ERROR_NONE)
		*err = database->error;
	database_roll_back(database);
	return -1;
}

void database_roll_back(struct database *database)
{
	database->error = (struct error){0};
	/* After some errors SQLite has done it already. */
	if (database->sqlite && !sqlite3_get_autocommit(database->sqlite))
		run(database, "ROLLBACK");
	database->error = (struct error){0};
	database->changed = database->held = false;
}

/* --- Columns */

const char *database_text(struct arena *arena, sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	return text ? arena_bytes(arena, text, (size_t)sqlite3_column_bytes(statement, column)) : NULL;
}

struct bytes database_bytes(struct arena *arena, sqlite3_stmt *statement, int column)
{
	const void *bytes = sqlite3_column_blob(statement, column);
	size_t size = (size_t)sqlite3_column_bytes(statement, column);

	return (struct bytes){ bytes ? arena_bytes(arena, bytes, size) : NULL, size };
}

struct value *database_value(struct arena *arena, sqlite3_stmt *statement, int column)
{
	const void *bytes = sqlite3_column_blob(statement, column);
	int size = sqlite3_column_bytes(statement, column);
	struct value *value = NULL;

	if (!bytes || wire_decode_most(arena, bytes, (size_t)size, (size_t)size, &value, NULL) < 0)
		return NULL;
	return value;
}
