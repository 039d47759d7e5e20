/* ledger_task: what a task was going to change, and what of that it didn't.
 *
 * All of it is written down before the first change. Where a task fails before it came to a
 * resource, what is known of that is again what was known before: nobody's later work on it is
 * undone. */
#include "agent/ledger.h"

#include <string.h>

/* "open" alone as a term: so the index of those few is used. */
void ledger_task_end(struct ledger *ledger)
{
	ledger->changed = value_map(ledger->arena);
	ledger->changed_params = value_map(ledger->arena);
	if (database_integer(ledger->database, 0, "SELECT 1 FROM claim WHERE open AND open=1 LIMIT 1", ""))
		database_do(ledger->database, "UPDATE claim SET open=0 WHERE open AND open=1", "");
}

void ledger_task_died(struct ledger *ledger)
{
	if (database_integer(ledger->database, 0, "SELECT 1 FROM claim WHERE open AND open=1 LIMIT 1", ""))
		database_do(ledger->database, "UPDATE claim SET open=2 WHERE open AND open=1", "");
}

/* A row, as a list of its columns; NULL: there is none. */
static struct value *row_of(struct ledger *ledger, sqlite3_stmt *query)
{
	struct value *row;

	if (!database_row(ledger->database, query))
		return NULL;
	row = value_list(ledger->arena);
	for (int i = 0; i < sqlite3_column_count(query); i++) {
		struct value *column = value_null(ledger->arena);

		if (sqlite3_column_type(query, i) == SQLITE_INTEGER)
			column = value_integer(ledger->arena, sqlite3_column_int64(query, i));
		else if (sqlite3_column_type(query, i) != SQLITE_NULL)
			column = value_bytes(ledger->arena, sqlite3_column_blob(query, i),
				(size_t)sqlite3_column_bytes(query, i));
		value_append(ledger->arena, row, column);
	}
	return row;
}

static struct value *first_row(struct ledger *ledger, sqlite3_stmt *query)
{
	struct value *row = row_of(ledger, query);

	database_end(query);
	return row;
}

static struct value *wishes_before(struct ledger *ledger, int64_t id, int64_t owner)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT w.module, w.params, w.wanted, "
		"w.over FROM wish w WHERE w.resource=? AND w.owner=?", "ii", id, owner);
	struct value *wishes = value_list(ledger->arena), *row;

	while ((row = row_of(ledger, query)))
		value_append(ledger->arena, wishes, row);
	return wishes;
}

static void keep_params(struct ledger *ledger, const struct value *wishes)
{
	for (size_t i = 0; i < wishes->count; i++) {
		const char *digest = value_text(wishes->items[i]->items[1]), *text;

		if (value_get(ledger->changed_params, digest))
			continue;
		text = ledger_params(ledger, ledger->arena, digest);
		value_set(ledger->arena, ledger->changed_params, digest, text ? value_string(ledger->arena, text)
			: value_null(ledger->arena));
	}
}

/* Which wishes of others stood. */
static struct value *others_before(struct ledger *ledger, int64_t id, int64_t owner)
{
	sqlite3_stmt *query = database_query(ledger->database,
		"SELECT over, owner, module FROM wish WHERE resource=? AND owner<>?", "ii", id, owner);
	struct value *wishes = value_list(ledger->arena), *row;

	while ((row = row_of(ledger, query)))
		value_append(ledger->arena, wishes, row);
	return wishes;
}

void ledger_task_note(struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource)
{
	struct arena *arena = ledger->arena;
	int64_t id = ledger_resource(ledger, resource), me = ledger_owner_id(ledger, owner);
	struct value *before, *row;

	if (value_get(ledger->changed, resource))
		return;
	before = value_map(arena);
	row = first_row(ledger, database_query(ledger->database,
		"SELECT parent, since, reason FROM resource WHERE id=?", "i", id));
	if (row)
		value_set(arena, before, "resource", row);
	row = first_row(ledger, database_query(ledger->database, "SELECT since, run, gone, regained, "
		"live, differs, user, notify FROM claim WHERE resource=? AND owner=?", "ii", id, me));
	if (row)
		value_set(arena, before, "claim", row);
	value_set(arena, before, "wishes", wishes_before(ledger, id, me));
	keep_params(ledger, value_get(before, "wishes"));
	value_set(arena, before, "over", others_before(ledger, id, me));
	value_set_bool(arena, before, "undo", database_integer(ledger->database, 0,
		"SELECT 1 FROM undo WHERE resource=? AND sequence=?", "ii", id,
		ledger_run(ledger, owner)) != 0);
	value_set(arena, ledger->changed, resource, before);
}

static int64_t integer_at(const struct value *row, size_t at)
{
	return row->items[at]->integer;
}

static const char *text_at(const struct value *row, size_t at)
{
	return value_text(row->items[at]);
}

static void drop_undo(struct ledger *ledger, int64_t id, int64_t sequence)
{
	struct arena *arena = arena_new();
	sqlite3_stmt *query = database_query(ledger->database,
		"SELECT body FROM undo WHERE resource=? AND sequence=?", "ii", id, sequence);
	const char *body = database_row(ledger->database, query)
		? database_text(arena, query, 0) : NULL;

	database_end(query);
	database_do(ledger->database, "DELETE FROM undo WHERE resource=? AND sequence=?", "ii", id,
		sequence);
	if (body)
		ledger_drop_body(ledger, body);
	arena_free(arena);
}

static void drop_wishes(struct ledger *ledger, int64_t id, int64_t owner)
{
	struct value *wishes = wishes_before(ledger, id, owner);

	database_do(ledger->database, "DELETE FROM wish WHERE resource=? AND owner=?", "ii", id, owner);
	for (size_t i = 0; i < wishes->count; i++)
		ledger_drop_params(ledger, text_at(wishes->items[i], 1));
}

static void restore_claim(struct ledger *ledger, int64_t id, int64_t owner,
	const struct value *claim)
{
	const struct value *notify = claim->items[7];

	database_do(ledger->database, "UPDATE claim SET since=?3, run=?4, gone=nullif(?5, 0), "
		"regained=nullif(?6, 0), live=?7, open=0, differs=?8, user=?9, notify=?10 "
		"WHERE resource=?1 AND owner=?2", "iiiiiiissb", id, owner, integer_at(claim, 0),
		integer_at(claim, 1), integer_at(claim, 2), integer_at(claim, 3), integer_at(claim, 4),
		text_at(claim, 5), text_at(claim, 6), notify->text, notify->size);
}

static void restore_wishes(struct ledger *ledger, int64_t id, int64_t owner,
	const struct value *wishes)
{
	for (size_t i = 0; i < wishes->count; i++) {
		const struct value *wish = wishes->items[i];
		const char *text = value_get_string(ledger->changed_params, text_at(wish, 1));

		database_do(ledger->database, "INSERT INTO wish(resource, owner, module, params, wanted, "
			"over) VALUES(?, ?, ?, ?, ?, nullif(?, 0))", "iisssi", id, owner, text_at(wish, 0),
			text_at(wish, 1), text_at(wish, 2), integer_at(wish, 3));
		if (text)
			database_do(ledger->database, "INSERT OR IGNORE INTO params(digest, text) "
				"VALUES(?, ?)", "ss", text_at(wish, 1), text);
	}
}

static void restore_over(struct ledger *ledger, int64_t id, const struct value *others)
{
	for (size_t i = 0; i < others->count; i++)
		database_do(ledger->database, "UPDATE wish SET over=nullif(?, 0) WHERE resource=? "
			"AND owner=? AND module=?", "iiis", integer_at(others->items[i], 0), id,
			integer_at(others->items[i], 1), text_at(others->items[i], 2));
}

void ledger_task_take_back(struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource)
{
	const struct value *before = value_get(ledger->changed, resource);
	const struct value *claim = value_get(before, "claim"), *row = value_get(before, "resource");
	int64_t id = ledger_resource(ledger, resource), me = ledger_owner_id(ledger, owner);

	if (!before || !id)
		return;
	if (!value_get_bool(before, "undo"))
		drop_undo(ledger, id, ledger_run(ledger, owner));
	drop_wishes(ledger, id, me);
	restore_over(ledger, id, value_get(before, "over"));
	if (claim)
		restore_claim(ledger, id, me, claim);
	else
		database_do(ledger->database, "DELETE FROM claim WHERE resource=? AND owner=?", "ii", id, me);
	restore_wishes(ledger, id, me, value_get(before, "wishes"));
	if (row)
		database_do(ledger->database, "UPDATE resource SET parent=?2, since=?3, reason=?4 WHERE id=?1",
			"isis", id, text_at(row, 0), integer_at(row, 1), text_at(row, 2));
	else
		database_do(ledger->database, "DELETE FROM resource WHERE id=?", "i", id);
	value_remove(ledger->changed, resource);
}
