/* ledger_runs: owners, their runs, what is due, where they stopped, and what modules remember. */
#include "agent/ledger.h"

#include "wire/wire.h"

#include <string.h>

enum { RECORD_MOST = RESULT_MOST };

/* --- Owners and runs */

static int64_t find_owner(const struct ledger *ledger, const char *project, const char *playbook)
{
	return database_integer(ledger->database, 0,
		"SELECT id FROM owner WHERE project=? AND playbook=?", "ss", project ? project : "",
		playbook ? playbook : "");
}

int64_t ledger_owner_id(const struct ledger *ledger, const struct ledger_owner *owner)
{
	int64_t id = find_owner(ledger, owner->project, owner->playbook);

	return id || !ledger->formerly ? id : find_owner(ledger, owner->project, ledger->formerly);
}

int64_t ledger_make_owner(const struct ledger *ledger, const struct ledger_owner *owner)
{
	int64_t id = find_owner(ledger, owner->project, owner->playbook);

	if (id)
		return id;
	database_do(ledger->database, "INSERT INTO owner(project, playbook) VALUES(?, ?)", "ss",
		owner->project ? owner->project : "", owner->playbook ? owner->playbook : "");
	return find_owner(ledger, owner->project, owner->playbook);
}

bool ledger_knows(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *formerly)
{
	return database_integer(ledger->database, 0, "SELECT 1 FROM run WHERE owner=? LIMIT 1", "i",
		find_owner(ledger, owner->project, formerly)) != 0;
}

/* Both names have something here: what both have of a resource is what the new name has. */
static void merge_owners(struct ledger *ledger, int64_t from, int64_t to)
{
	static const char *const statements[] = {
		"UPDATE OR IGNORE claim SET owner=?1 WHERE owner=?2",
		"DELETE FROM wish WHERE owner=?2 AND resource IN (SELECT resource FROM wish WHERE owner=?1)",
		"UPDATE wish SET owner=?1 WHERE owner=?2",
		"UPDATE wish SET over=?1 WHERE over=?2",
		"DELETE FROM claim WHERE owner=?2",
		"UPDATE OR IGNORE run SET owner=?1 WHERE owner=?2",
		"DELETE FROM run WHERE owner=?2",
		"UPDATE OR IGNORE due SET owner=?1 WHERE owner=?2",
		"DELETE FROM due WHERE owner=?2",
		"UPDATE OR IGNORE failed SET owner=?1 WHERE owner=?2",
		"DELETE FROM failed WHERE owner=?2",
		"UPDATE file SET owner=?1 WHERE owner=?2",
		"DELETE FROM owner WHERE id=?2",
	};

	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++)
		database_do(ledger->database, statements[i], "ii", to, from);
}

void ledger_rename(struct ledger *ledger, const struct ledger_owner *owner, const char *formerly)
{
	int64_t from = find_owner(ledger, owner->project, formerly);
	int64_t to = find_owner(ledger, owner->project, owner->playbook);

	if (!ledger->database->writable || ledger->old)
		ledger->formerly = formerly;
	else if (from && to && from != to)
		merge_owners(ledger, from, to);
	else if (from && from != to)
		database_do(ledger->database, "UPDATE owner SET playbook=? WHERE id=?", "si",
			owner->playbook, from);
}

int64_t ledger_run(struct ledger *ledger, const struct ledger_owner *owner)
{
	int64_t id = ledger_make_owner(ledger, owner);
	int64_t sequence = database_integer(ledger->database, 0,
		"SELECT sequence FROM run WHERE owner=? AND name=?", "is", id,
		owner->run ? owner->run : "");

	if (sequence)
		return sequence;
	sequence = database_integer(ledger->database, 0, "SELECT max(sequence) FROM run", "") + 1;
	database_do(ledger->database, "INSERT INTO run(sequence, owner, name, revision, who, time, "
		"text, seal) VALUES(?, ?, ?, ?, ?, ?, ?, ?)", "iisssisb", sequence, id,
		owner->run ? owner->run : "", owner->revision, owner->who, owner->time, owner->text,
		owner->seal, owner->seal_size);
	ledger_sweep_runs(ledger, id);
	ledger_forget_old(ledger, sequence);
	return sequence;
}

struct ledger_run *ledger_runs(const struct ledger *ledger, struct arena *arena,
	const char *project, size_t *ret_count)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT o.project, o.playbook, "
		"r.name, r.revision, r.who, r.time, r.text, r.seal FROM run r "
		"JOIN owner o ON o.id=r.owner WHERE o.project=? AND r.who IS NOT NULL ORDER BY r.sequence",
		"s", project);
	struct ledger_run *runs = NULL;

	*ret_count = 0;
	while (database_row(ledger->database, query))
		*ARENA_PUSH(arena, &runs, ret_count) = (struct ledger_run){
			.project = database_text(arena, query, 0),
			.playbook = database_text(arena, query, 1),
			.run = database_text(arena, query, 2),
			.revision = database_text(arena, query, 3),
			.who = database_text(arena, query, 4),
			.time = sqlite3_column_int64(query, 5),
			.text = database_text(arena, query, 6),
			.seal = database_bytes(arena, query, 7),
		};
	return runs;
}

/* --- Due handlers, and where runs stopped */

bool ledger_is_due(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *handler)
{
	return database_integer(ledger->database, 0,
		"SELECT 1 FROM due WHERE owner=? AND handler=?", "is", ledger_owner_id(ledger, owner),
		handler) != 0;
}

void ledger_due_add(struct ledger *ledger, const struct ledger_owner *owner, const char *handler)
{
	if (!ledger_is_due(ledger, owner, handler))
		database_do(ledger->database, "INSERT INTO due(owner, handler, run) VALUES(?, ?, ?)", "iss",
			ledger_make_owner(ledger, owner), handler, owner->run);
}

void ledger_due_remove(struct ledger *ledger, const struct ledger_owner *owner,
	const char *handler)
{
	if (ledger_is_due(ledger, owner, handler))
		database_do(ledger->database, "DELETE FROM due WHERE owner=? AND handler=?", "is",
			ledger_owner_id(ledger, owner), handler);
}

void ledger_due_forget(struct ledger *ledger, const struct ledger_owner *owner)
{
	int64_t id = ledger_owner_id(ledger, owner);

	if (database_integer(ledger->database, 0, "SELECT 1 FROM due WHERE owner=? LIMIT 1", "i", id))
		database_do(ledger->database, "DELETE FROM due WHERE owner=?", "i", id);
}

struct value *ledger_due_since(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, int64_t since)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT d.handler FROM due d "
		"LEFT JOIN run r ON r.owner=d.owner AND r.name=d.run "
		"WHERE d.owner=? AND ifnull(r.sequence, 0)>=?", "ii", ledger_owner_id(ledger, owner), since);
	struct value *keys = value_list(arena);

	while (database_row(ledger->database, query))
		value_append(arena, keys, value_string(arena, database_text(arena, query, 0)));
	return keys;
}

struct due_handler *ledger_due(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, size_t *ret_count)
{
	struct due_handler *due = NULL;
	sqlite3_stmt *query;

	*ret_count = 0;
	/* As a rule there are none, and each greeting of an agent asks. */
	if (!database_integer(ledger->database, 0, "SELECT 1 FROM due LIMIT 1", ""))
		return NULL;
	query = database_query(ledger->database, "SELECT o.project, o.playbook, d.run, d.handler "
		"FROM due d JOIN owner o ON o.id=d.owner WHERE ?1=0 OR o.id=?2", "ii",
		(int64_t)(owner != NULL), owner ? ledger_owner_id(ledger, owner) : 0);
	while (database_row(ledger->database, query))
		*ARENA_PUSH(arena, &due, ret_count) = (struct due_handler){
			.project = database_text(arena, query, 0),
			.playbook = database_text(arena, query, 1),
			.run = database_text(arena, query, 2),
			.handler = database_text(arena, query, 3),
		};
	return due;
}

void ledger_set_failed(struct ledger *ledger, const struct ledger_owner *owner, const char *task,
	const char *message)
{
	if (task)
		database_do(ledger->database, "INSERT OR REPLACE INTO failed(owner, run, task, message) "
			"VALUES(?, ?, ?, ?)", "isss", ledger_make_owner(ledger, owner), owner->run, task,
			message);
	else
		database_do(ledger->database, "DELETE FROM failed WHERE owner=?", "i",
			ledger_owner_id(ledger, owner));
}

bool ledger_has_failed(const struct ledger *ledger, const struct ledger_owner *owner)
{
	return database_integer(ledger->database, 0, "SELECT 1 FROM failed WHERE owner=?", "i",
		ledger_owner_id(ledger, owner)) != 0;
}

struct failed_task *ledger_failed(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, size_t *ret_count)
{
	struct failed_task *failed = NULL;
	sqlite3_stmt *query;

	*ret_count = 0;
	if (!database_integer(ledger->database, 0, "SELECT 1 FROM failed LIMIT 1", ""))
		return NULL;
	query = database_query(ledger->database, "SELECT o.project, o.playbook, f.run, f.task, f.message "
		"FROM failed f JOIN owner o ON o.id=f.owner WHERE ?1=0 OR o.id=?2", "ii",
		(int64_t)(owner != NULL), owner ? ledger_owner_id(ledger, owner) : 0);
	while (database_row(ledger->database, query))
		*ARENA_PUSH(arena, &failed, ret_count) = (struct failed_task){
			.project = database_text(arena, query, 0),
			.playbook = database_text(arena, query, 1),
			.run = database_text(arena, query, 2),
			.task = database_text(arena, query, 3),
			.message = database_text(arena, query, 4),
		};
	return failed;
}

/* --- Records of modules */

struct value *ledger_record(const struct ledger *ledger, struct arena *arena, const char *key)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT value FROM note WHERE key=?",
		"s", key);
	struct value *record = database_row(ledger->database, query)
		? database_value(arena, query, 0) : NULL;

	database_end(query);
	return record;
}

int ledger_set_record(struct ledger *ledger, const char *key, const struct value *record,
	struct error *err)
{
	struct arena *arena;
	struct buffer bytes = {0};
	bool fits;

	if (!record || record->kind == VALUE_NULL) {
		database_do(ledger->database, "DELETE FROM note WHERE key=?", "s", key);
		return 0;
	}
	wire_encode(&bytes, record);
	fits = bytes.size <= RECORD_MOST;
	buffer_free(&bytes);
	if (!fits)
		return error_set(err, BEOPLAY_BUG, "the record '%s' is too large", key);
	arena = arena_new();
	database_do(ledger->database, "INSERT INTO note(key, path, value) VALUES(?, ?, ?) "
		"ON CONFLICT(key) DO UPDATE SET value=excluded.value", "ssv", key,
		ledger_about(arena, key), record);
	arena_free(arena);
	return 0;
}
