/* ledger_sweep: what nothing refers to any more goes, in the transaction that drops the last
 * reference. */
#include "agent/ledger.h"

void ledger_drop_params(struct ledger *ledger, const char *digest)
{
	database_do(ledger->database, "DELETE FROM params WHERE digest=?1 "
		"AND NOT EXISTS(SELECT 1 FROM wish WHERE params=?1)", "s", digest);
}

void ledger_drop_body(struct ledger *ledger, const char *digest)
{
	int64_t in_file = database_integer(ledger->database, -1, "SELECT bytes IS NULL FROM body "
		"WHERE digest=?1 AND NOT EXISTS(SELECT 1 FROM undo WHERE body=?1) "
		"AND NOT EXISTS(SELECT 1 FROM way WHERE body=?1) "
		"AND NOT EXISTS(SELECT 1 FROM run WHERE text=?1)", "s", digest);

	if (in_file < 0)
		return;
	if (in_file)
		value_set_bool(ledger->arena, ledger->dropped, digest, true);
	database_do(ledger->database, "DELETE FROM body WHERE digest=?", "s", digest);
}

/* The first column of all rows, as strings; NULL where it is. */
static struct value *column_of(struct ledger *ledger, struct arena *arena, sqlite3_stmt *query)
{
	struct value *list = value_list(arena);

	while (database_row(ledger->database, query)) {
		if (sqlite3_column_type(query, 0) != SQLITE_NULL)
			value_append(arena, list, value_string(arena, database_text(arena, query, 0)));
	}
	return list;
}

static void drop_bodies(struct ledger *ledger, const struct value *digests)
{
	for (size_t i = 0; i < digests->count; i++)
		ledger_drop_body(ledger, value_text(digests->items[i]));
}

/* The last three texts are kept. */
static void sweep_texts(struct ledger *ledger, struct arena *arena, int64_t owner)
{
	struct value *texts = column_of(ledger, arena, database_query(ledger->database,
		"SELECT text FROM run WHERE owner=? AND text IS NOT NULL GROUP BY text "
		"ORDER BY max(sequence) DESC LIMIT -1 OFFSET 3", "i", owner));

	if (texts->count == 0)
		return;
	database_do(ledger->database, "UPDATE run SET text=NULL WHERE owner=?1 AND text IS NOT NULL "
		"AND text NOT IN (SELECT text FROM run WHERE owner=?1 AND text IS NOT NULL GROUP BY text "
		"ORDER BY max(sequence) DESC LIMIT 3)", "i", owner);
	drop_bodies(ledger, texts);
}

/* Files that no resource is about any more. */
static void sweep_file(struct ledger *ledger, struct arena *arena, const char *path)
{
	int64_t file = database_integer(ledger->database, 0, "SELECT id FROM file WHERE path=?1 "
		"AND NOT EXISTS(SELECT 1 FROM resource WHERE path=?1)", "s", path);
	struct value *bodies;

	if (!file)
		return;
	bodies = column_of(ledger, arena, database_query(ledger->database,
		"SELECT body FROM way WHERE file=?", "i", file));
	database_do(ledger->database, "DELETE FROM way WHERE file=?", "i", file);
	database_do(ledger->database, "DELETE FROM file WHERE id=?", "i", file);
	drop_bodies(ledger, bodies);
}

static void sweep_resource(struct ledger *ledger, struct arena *arena, int64_t id)
{
	struct value *path = column_of(ledger, arena, database_query(ledger->database,
		"SELECT path FROM resource WHERE id=?", "i", id));
	struct value *bodies = column_of(ledger, arena, database_query(ledger->database,
		"SELECT body FROM undo WHERE resource=?", "i", id));
	struct value *params = column_of(ledger, arena, database_query(ledger->database,
		"SELECT params FROM wish WHERE resource=?", "i", id));

	database_do(ledger->database, "DELETE FROM undo WHERE resource=?", "i", id);
	database_do(ledger->database, "DELETE FROM wish WHERE resource=?", "i", id);
	database_do(ledger->database, "DELETE FROM claim WHERE resource=?", "i", id);
	database_do(ledger->database, "DELETE FROM resource WHERE id=?", "i", id);
	drop_bodies(ledger, bodies);
	for (size_t i = 0; i < params->count; i++)
		ledger_drop_params(ledger, value_text(params->items[i]));
	if (path->count > 0)
		sweep_file(ledger, arena, value_text(path->items[0]));
}

/* What nobody has had since before the oldest run that could be gone back to. */
static void sweep_gone(struct ledger *ledger, struct arena *arena, int64_t owner, int64_t oldest)
{
	sqlite3_stmt *query;
	size_t count = 0, capacity = 0;
	struct value *params;
	int64_t *ids = NULL;

	if (!database_integer(ledger->database, 0, "SELECT 1 FROM claim WHERE owner=?1 AND live=0 "
			"AND gone<=?2 LIMIT 1", "ii", owner, oldest))
		return;
	query = database_query(ledger->database, "SELECT c.resource FROM claim c "
		"WHERE c.owner=?1 AND c.live=0 AND c.gone<=?2 AND NOT EXISTS(SELECT 1 FROM claim o "
		"WHERE o.resource=c.resource AND o.owner<>?1)", "ii", owner, oldest);
	while (database_row(ledger->database, query)) {
		if (count == capacity) {
			size_t larger = capacity ? 2 * capacity : 64;

			ids = arena_grow(arena, ids, capacity * sizeof(*ids), larger * sizeof(*ids));
			capacity = larger;
		}
		ids[count++] = sqlite3_column_int64(query, 0);
	}
	for (size_t i = 0; i < count; i++)
		sweep_resource(ledger, arena, ids[i]);
	/* Others still have it, or had it later. */
	params = column_of(ledger, arena, database_query(ledger->database, "SELECT w.params FROM wish w "
		"JOIN claim c ON c.resource=w.resource AND c.owner=w.owner WHERE c.owner=?1 AND c.live=0 "
		"AND c.gone<=?2", "ii", owner, oldest));
	database_do(ledger->database, "DELETE FROM wish WHERE owner=?1 AND resource IN (SELECT resource "
		"FROM claim WHERE owner=?1 AND live=0 AND gone<=?2)", "ii", owner, oldest);
	database_do(ledger->database, "DELETE FROM claim WHERE owner=?1 AND live=0 AND gone<=?2", "ii",
		owner, oldest);
	for (size_t i = 0; i < params->count; i++)
		ledger_drop_params(ledger, value_text(params->items[i]));
}

void ledger_sweep_runs(struct ledger *ledger, int64_t owner)
{
	struct arena *arena = arena_new();
	/* The oldest that stays; 0: there are fewer than may stay. */
	int64_t oldest = database_integer(ledger->database, 0, "SELECT sequence FROM run WHERE owner=?1 "
		"ORDER BY sequence DESC LIMIT 1 OFFSET ?2", "ii", owner, (int64_t)LEDGER_RUNS_MOST - 1);

	sweep_texts(ledger, arena, owner);
	if (oldest > 0) {
		sweep_gone(ledger, arena, owner, oldest);
		/* An undo names its run by the number. */
		database_do(ledger->database, "DELETE FROM run WHERE owner=?1 AND sequence<?2 "
			"AND NOT EXISTS(SELECT 1 FROM undo u WHERE u.sequence=run.sequence) "
			"AND NOT EXISTS(SELECT 1 FROM way w WHERE w.sequence=run.sequence)", "ii", owner,
			oldest);
	}
	arena_free(arena);
}
