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

enum { OLD_FORM_RUNS = 10 };

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
	error_set(err, LEDGER_FOREIGN, "the ledger '%s' is of another machine", database_path(ledger));
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
	ledger_let_go(ledger);
	if (ledger->problem.kind == ERROR_NONE)
		return;
	database_close(ledger->database);
	database_open(ledger->database, NULL, NULL, DATABASE_MEMORY, &err);
}

/* What is known of the ledger beside what is in it. */
static void know_nothing(struct ledger *ledger)
{
	ledger->kept = value_map(ledger->arena);
	ledger->dropped = value_map(ledger->arena);
	ledger->changed = value_map(ledger->arena);
	ledger->changed_params = value_map(ledger->arena);
	ledger->there = ledger->old = ledger->leftover = false;
	ledger->foreign = ledger->moved = NULL;
	error_clear(&ledger->problem);
}

static void start(struct ledger *ledger)
{
	ledger->arena = arena_new();
	ledger->database = arena_alloc(ledger->arena, sizeof(*ledger->database));
	*ledger->database = (struct database){0};
	know_nothing(ledger);
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

void ledger_hold(const struct ledger *ledger)
{
	database_hold(ledger->database);
}

void ledger_let_go(const struct ledger *ledger)
{
	database_let_go(ledger->database);
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
	if (database_open(ledger->database, fresh, lock_path(ledger), DATABASE_NEW, err) < 0)
		return -1;
	result = fill_new(ledger, err);
	database_close(ledger->database);
	unlink(journal);
	if (result < 0) {
		unlink(fresh);
		return -1;
	}
	if (rename(fresh, path) < 0 || sync_directory(ledger->directory) < 0)
		return error_errno(err, LEDGER_UNWRITABLE, "cannot make the ledger '%s'", path);
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

void ledger_forget_old(struct ledger *ledger, int64_t sequence)
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
		return error_errno(err, LEDGER_UNWRITABLE, "cannot move the ledger '%s' to '%s'", from,
			ledger->directory);
	return 0;
}

/* Opening it again would cost more than most tasks. 1: it has to be. */
static int go_on_to_write(struct ledger *ledger, struct error *err)
{
	if (!ledger->there || ledger->old || ledger->moved || ledger->problem.kind != ERROR_NONE)
		return 1;
	know_nothing(ledger);
	return database_upgrade(ledger->database, err);
}

static int open_anew(struct ledger *ledger, struct error *err)
{
	finish(ledger);
	start(ledger);
	if (follow_machine(ledger, err) < 0 || ledger_make_directory(ledger->directory, NULL, err) < 0)
		return -1;
	if (!exists(database_path(ledger)) && make_new(ledger, err) < 0)
		return -1;
	return database_open(ledger->database, database_path(ledger), lock_path(ledger), DATABASE_WRITE,
		err);
}

static int open_to_write(struct ledger *ledger, struct error *err)
{
	int result = go_on_to_write(ledger, err);

	if (result > 0)
		result = open_anew(ledger, err);
	if (result < 0)
		return -1;
	ledger_set_incarnation(ledger);
	if (database_commit(ledger->database, err) < 0 || check_machine(ledger, err) < 0
			|| bind_machine(ledger, err) < 0)
		return -1;
	if (ledger_machine_expects(ledger->database, ledger->arena, ledger->machine_id))
		ledger_machine_settle(ledger->database, ledger->machine_id);
	/* Nobody else is at work here. */
	ledger_task_died(ledger);
	move_old(ledger);
	return 0;
}

void ledger_write(struct ledger *ledger)
{
	struct error err = {0};

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
