/* ledger: what beoplay manages on this machine, and what was there before. */
#include "agent/ledger.h"

#include "agent/ledger_machine.h"
#include "agent/ledger_schema.h"
#include "agent/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_MOST = 256 << 10, OLD_FORM_RUNS = 10 };

/* --- Where it is */

static const char *database_path(const struct ledger *ledger)
{
	return arena_printf(ledger->arena, "%s/ledger.db",
		ledger->moved ? ledger->moved : ledger->directory);
}

static const char *old_path(const struct ledger *ledger)
{
	return arena_printf(ledger->arena, "%s/ledger", ledger->state);
}

/* The form before, once it was taken over. */
static const char *kept_path(const struct ledger *ledger)
{
	return arena_printf(ledger->arena, "%s/ledger.v1", ledger->directory);
}

static const char *lock_path(const struct ledger *ledger)
{
	return arena_printf(ledger->arena, "%s/database", ledger->locks);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The name of a machine's folder. */
static const char *folder_of(struct arena *arena, const char *machine_id)
{
	char hex[DIGEST_HEX_SIZE];
	size_t size = strspn(machine_id, "0123456789abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

	if (size > 0 && size <= 128 && machine_id[size] == '\0')
		return arena_string(arena, machine_id);
	digest_bytes(machine_id, strlen(machine_id), hex);
	return arena_string(arena, hex);
}

/* --- Opening */

static void note_problem(struct ledger *ledger, const struct error *err)
{
	if (ledger->problem.kind == ERROR_NONE)
		ledger->problem = *err;
}

static int check_machine(struct ledger *ledger, struct error *err)
{
	sqlite3_stmt *query = database_query(ledger->database,
		"SELECT value FROM meta WHERE key='machine_id'", "");
	const char *id = database_row(ledger->database, query)
		? database_text(ledger->arena, query, 0) : NULL;

	database_end(query);
	if (!id || strcmp(id, ledger->machine_id) == 0
			|| ledger_machine_expects(ledger->database, ledger->arena, ledger->machine_id))
		return 0;
	error_set(err, ERROR_TASK, "the ledger '%s' is of another machine", database_path(ledger));
	return error_remedy(err, "move it away; what beoplay has changed there can't be undone here");
}

/* In memory, so that it can be looked at. */
static int read_old(struct ledger *ledger, struct error *err)
{
	bool foreign = false;

	if (database_open(ledger->database, NULL, NULL, DATABASE_MEMORY, err) < 0)
		return -1;
	if (!exists(old_path(ledger)))
		return 0;
	if (ledger_v1_read(ledger, old_path(ledger), &foreign, err) < 0)
		return -1;
	if (foreign)
		ledger->foreign = old_path(ledger);
	else
		ledger->there = ledger->old = true;
	return database_commit(ledger->database, err);
}

/* Of a machine that has got another machine-id meanwhile it is where that one's was. */
static void look_where_it_was(struct ledger *ledger)
{
	if (!exists(database_path(ledger)) && ledger->machine_id[0])
		ledger->moved = ledger_machine_find(ledger->arena, ledger->state, ledger->locks,
			ledger->machine_id);
}

/* An empty one in memory stands for one that can't be used. */
static void read_only(struct ledger *ledger)
{
	struct error err = {0};
	int result = 1;

	look_where_it_was(ledger);
	if (exists(database_path(ledger)))
		result = database_open(ledger->database, database_path(ledger), lock_path(ledger),
			DATABASE_READ, &err);
	ledger->there = result == 0;
	if (result == 0)
		result = check_machine(ledger, &err);
	else if (result > 0)
		result = read_old(ledger, &err);
	if (result < 0)
		note_problem(ledger, &err);
	ledger->leftover = ledger->there && ledger_bodies_left(ledger);
	if (ledger->problem.kind == ERROR_NONE)
		return;
	database_close(ledger->database);
	database_open(ledger->database, NULL, NULL, DATABASE_MEMORY, &err);
}

static void start(struct ledger *ledger)
{
	ledger->arena = arena_new();
	ledger->database = arena_alloc(ledger->arena, sizeof(*ledger->database));
	*ledger->database = (struct database){0};
	ledger->kept = value_map(ledger->arena);
	ledger->dropped = value_map(ledger->arena);
	ledger->changed = value_map(ledger->arena);
	ledger->there = ledger->old = ledger->leftover = false;
	ledger->foreign = ledger->moved = NULL;
	error_clear(&ledger->problem);
}

void ledger_open(struct ledger *ledger, const char *state, const char *locks,
	const char *machine_id)
{
	struct arena *arena = arena_new();

	*ledger = (struct ledger){ .state = state, .locks = locks, .machine_id = machine_id };
	ledger_new_incarnation(ledger);
	ledger->directory = strdup(arena_printf(arena, "%s/%s", state, folder_of(arena, machine_id)));
	arena_free(arena);
	start(ledger);
	read_only(ledger);
}

static void finish(struct ledger *ledger)
{
	if (ledger->database)
		database_close(ledger->database);
	arena_free(ledger->arena);
	ledger->arena = NULL;
	ledger->database = NULL;
}

void ledger_close(struct ledger *ledger)
{
	finish(ledger);
	free((char *)ledger->directory);
	ledger->directory = NULL;
}

/* --- Taking over the form before */

static int sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		close(fd);
	return result;
}

static int bind_machine(struct ledger *ledger, struct error *err)
{
	if (database_integer(ledger->database, 0, "SELECT 1 FROM meta WHERE key='machine_id'", ""))
		return 0;
	database_do(ledger->database, "INSERT INTO meta(key, value) VALUES('machine_id', ?)", "s",
		ledger->machine_id);
	return database_commit(ledger->database, err);
}

/* What is in a new one: its machine, and what the form before had. */
static int fill_new(struct ledger *ledger, struct error *err)
{
	bool foreign = false;

	if (exists(old_path(ledger))) {
		if (ledger_v1_read(ledger, old_path(ledger), &foreign, err) < 0)
			return -1;
		if (!foreign)
			database_do(ledger->database, "INSERT INTO meta(key, value) SELECT 'taken_over', "
				"coalesce(max(sequence), 0) FROM run", "");
	}
	return bind_machine(ledger, err) < 0 ? -1 : database_commit(ledger->database, err);
}

/* It has its name once it is whole: until then the form before counts. */
static int make_new(struct ledger *ledger, struct error *err)
{
	const char *path = database_path(ledger);
	const char *fresh = arena_printf(ledger->arena, "%s.new", path);
	const char *journal = arena_printf(ledger->arena, "%s-journal", fresh);
	int result;

	unlink(fresh);
	unlink(journal);
	if (database_open(ledger->database, fresh, lock_path(ledger), DATABASE_WRITE, err) < 0)
		return -1;
	result = fill_new(ledger, err);
	database_close(ledger->database);
	unlink(journal);
	if (result < 0) {
		unlink(fresh);
		return -1;
	}
	if (rename(fresh, path) < 0 || sync_directory(ledger->directory) < 0)
		return error_errno(err, ERROR_TASK, "cannot make the ledger '%s'", path);
	return 0;
}

/* What belonged to it goes to the new one's folder; it itself stays there for some runs. */
static void move_old(struct ledger *ledger)
{
	const char *bodies = arena_printf(ledger->arena, "%s/bodies", ledger->state);

	if (database_integer(ledger->database, -1, "SELECT value FROM meta WHERE key='taken_over'", "")
			< 0 || !exists(old_path(ledger)))
		return;
	rename(bodies, arena_printf(ledger->arena, "%s/bodies", ledger->directory));
	rename(old_path(ledger), kept_path(ledger));
}

static void forget_old(struct ledger *ledger, int64_t sequence)
{
	int64_t taken = database_integer(ledger->database, -1,
		"SELECT value FROM meta WHERE key='taken_over'", "");

	if (taken < 0 || sequence < taken + OLD_FORM_RUNS)
		return;
	unlink(kept_path(ledger));
	database_do(ledger->database, "DELETE FROM meta WHERE key='taken_over'", "");
}

/* --- Writing */

/* What is there under the machine's former id comes along. */
static int follow_machine(struct ledger *ledger, struct error *err)
{
	const char *from;

	look_where_it_was(ledger);
	from = ledger->moved;
	ledger->moved = NULL;
	if (!from)
		return 0;
	rmdir(ledger->directory);
	if (rename(from, ledger->directory) < 0 || sync_directory(ledger->state) < 0)
		return error_errno(err, ERROR_TASK, "cannot move the ledger '%s' to '%s'", from,
			ledger->directory);
	return 0;
}

static int open_to_write(struct ledger *ledger, struct error *err)
{
	if (follow_machine(ledger, err) < 0 || ledger_make_directory(ledger->directory, NULL, err) < 0)
		return -1;
	if (!exists(database_path(ledger)) && make_new(ledger, err) < 0)
		return -1;
	if (database_open(ledger->database, database_path(ledger), lock_path(ledger), DATABASE_WRITE,
			err) < 0)
		return -1;
	ledger_set_incarnation(ledger);
	if (database_commit(ledger->database, err) < 0 || check_machine(ledger, err) < 0
			|| bind_machine(ledger, err) < 0)
		return -1;
	if (ledger_machine_expects(ledger->database, ledger->arena, ledger->machine_id))
		ledger_machine_settle(ledger->database, ledger->machine_id);
	move_old(ledger);
	return 0;
}

void ledger_write(struct ledger *ledger)
{
	struct error err = {0};

	finish(ledger);
	start(ledger);
	if (open_to_write(ledger, &err) < 0) {
		database_close(ledger->database);
		read_only(ledger);
		note_problem(ledger, &err);
		return;
	}
	ledger->there = true;
	ledger_tidy_bodies(ledger);
}

int ledger_usable(const struct ledger *ledger, struct error *err)
{
	const struct error *problem = ledger->problem.kind != ERROR_NONE ? &ledger->problem
		: &ledger->database->error;

	if (problem->kind == ERROR_NONE)
		return 0;
	if (err && err->kind == ERROR_NONE)
		*err = *problem;
	return -1;
}

bool ledger_changed(const struct ledger *ledger)
{
	return ledger->database->changed;
}

int ledger_save(struct ledger *ledger, struct error *err)
{
	if (ledger_usable(ledger, err) < 0) {
		database_roll_back(ledger->database);
		return -1;
	}
	if (!ledger->database->changed)
		return 0;
	if (ledger_sync_bodies(ledger, err) < 0) {
		database_roll_back(ledger->database);
		return -1;
	}
	if (database_commit(ledger->database, err) < 0)
		return -1;
	ledger_remove_dropped(ledger);
	return 0;
}

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
	forget_old(ledger, sequence);
	return sequence;
}

static struct value *owned_record(struct arena *arena, const char *project, const char *playbook)
{
	struct value *record = value_map(arena);

	value_set_string(arena, record, "project", project);
	value_set_string(arena, record, "playbook", playbook);
	return record;
}

struct value *ledger_runs(const struct ledger *ledger, struct arena *arena, const char *project)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT o.project, o.playbook, "
		"r.sequence, r.name, r.revision, r.who, r.time, r.text, r.seal FROM run r "
		"JOIN owner o ON o.id=r.owner WHERE o.project=? AND r.who IS NOT NULL ORDER BY r.sequence",
		"s", project);
	struct value *runs = value_list(arena);

	while (database_row(ledger->database, query)) {
		struct value *run = owned_record(arena, database_text(arena, query, 0),
			database_text(arena, query, 1));

		value_set_integer(arena, run, "sequence", sqlite3_column_int64(query, 2));
		value_set_string(arena, run, "run", database_text(arena, query, 3));
		value_set_string(arena, run, "revision", database_text(arena, query, 4));
		value_set_string(arena, run, "who", database_text(arena, query, 5));
		value_set_integer(arena, run, "time", sqlite3_column_int64(query, 6));
		value_set_string(arena, run, "text", database_text(arena, query, 7));
		if (sqlite3_column_bytes(query, 8) > 0)
			value_set(arena, run, "seal", value_bytes(arena, sqlite3_column_blob(query, 8),
				(size_t)sqlite3_column_bytes(query, 8)));
		value_append(arena, runs, run);
	}
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

struct value *ledger_due(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT o.project, o.playbook, d.run, "
		"d.handler FROM due d JOIN owner o ON o.id=d.owner WHERE ?1=0 OR o.id=?2", "ii",
		(int64_t)(owner != NULL), owner ? ledger_owner_id(ledger, owner) : 0);
	struct value *due = value_list(arena);

	while (database_row(ledger->database, query)) {
		struct value *record = owned_record(arena, database_text(arena, query, 0),
			database_text(arena, query, 1));

		value_set_string(arena, record, "run", database_text(arena, query, 2));
		value_set_string(arena, record, "handler", database_text(arena, query, 3));
		value_append(arena, due, record);
	}
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

struct value *ledger_failed(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT o.project, o.playbook, f.run, "
		"f.task, f.message FROM failed f JOIN owner o ON o.id=f.owner WHERE ?1=0 OR o.id=?2", "ii",
		(int64_t)(owner != NULL), owner ? ledger_owner_id(ledger, owner) : 0);
	struct value *failed = value_list(arena);

	while (database_row(ledger->database, query)) {
		struct value *record = owned_record(arena, database_text(arena, query, 0),
			database_text(arena, query, 1));

		value_set_string(arena, record, "run", database_text(arena, query, 2));
		value_set_string(arena, record, "task", database_text(arena, query, 3));
		value_set_string(arena, record, "message", database_text(arena, query, 4));
		value_append(arena, failed, record);
	}
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

	if (record->kind == VALUE_NULL) {
		database_do(ledger->database, "DELETE FROM note WHERE key=?", "s", key);
		return 0;
	}
	wire_encode(&bytes, record);
	fits = bytes.size <= RECORD_MOST;
	buffer_free(&bytes);
	if (!fits)
		return error_set(err, ERROR_BUG, "the record '%s' is too large", key);
	arena = arena_new();
	database_do(ledger->database, "INSERT INTO note(key, path, value) VALUES(?, ?, ?) "
		"ON CONFLICT(key) DO UPDATE SET value=excluded.value", "ssv", key,
		ledger_about(arena, key), record);
	arena_free(arena);
	return 0;
}

/* --- For the controller */

struct value *ledger_greeting(struct arena *arena, const struct ledger *ledger)
{
	struct value *greeting = value_map(arena);

	value_set(arena, greeting, "due", ledger_due(ledger, arena, NULL));
	value_set(arena, greeting, "failed", ledger_failed(ledger, arena, NULL));
	ledger_greet_seals(ledger, arena, greeting);
	if (ledger->foreign)
		value_set_string(arena, greeting, "foreign", ledger->foreign);
	if (ledger->problem.kind != ERROR_NONE) {
		value_set_string(arena, greeting, "problem", ledger->problem.message);
		value_set_string(arena, greeting, "remedy", ledger->problem.remedy);
	}
	return greeting;
}
