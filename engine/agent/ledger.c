/* ledger: what beoplay manages on this machine, and what was there before. */
#include "agent/ledger.h"

#include "agent/machine.h"
#include "agent/walk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LEDGER_MOST = 64 << 20, RECORD_MOST = 256 << 10 };

/* --- The file */

static const char *ledger_path(const struct ledger *ledger)
{
	return arena_printf(ledger->arena, "%s/ledger", ledger->directory);
}

static const char *half_written(const struct ledger *ledger)
{
	char name[WALK_TEMPORARY_SIZE];

	walk_temporary("ledger", name);
	return arena_printf(ledger->arena, "%s/%s", ledger->directory, name);
}

static void start_empty(struct ledger *ledger)
{
	struct arena *arena = ledger->arena;

	ledger->root = value_map(arena);
	value_set_integer(arena, ledger->root, "version", LEDGER_VERSION);
	value_set_string(arena, ledger->root, "machine_id", ledger->machine_id);
	value_set_integer(arena, ledger->root, "order", 0);
	value_set_integer(arena, ledger->root, "sequence", 0);
	value_set(arena, ledger->root, "resources", value_map(arena));
	value_set(arena, ledger->root, "texts", value_map(arena));
	value_set(arena, ledger->root, "files", value_map(arena));
	value_set(arena, ledger->root, "runs", value_list(arena));
	value_set(arena, ledger->root, "due", value_list(arena));
	value_set(arena, ledger->root, "failed", value_list(arena));
	value_set(arena, ledger->root, "records", value_map(arena));
}

static bool is_kind(const struct value *root, const char *key, enum value_kind kind)
{
	const struct value *value = value_get(root, key);

	return value && value->kind == kind;
}

static int take_root(struct ledger *ledger, struct value *root, struct error *err)
{
	const char *machine_id = value_get_string(root, "machine_id");
	int64_t version = value_get_integer(root, "version", -1);

	/* One of before files were noted. */
	if (root->kind == VALUE_MAP && !value_get(root, "files"))
		value_set(ledger->arena, root, "files", value_map(ledger->arena));
	if (version > LEDGER_VERSION) {
		error_set(err, ERROR_TASK, "the ledger '%s' was written by a newer beoplay (its "
			"version is %lld, this one knows %d)", ledger_path(ledger),
			(long long)version, LEDGER_VERSION);
		return error_remedy(err, "use that beoplay, or a newer one");
	}
	if (version != LEDGER_VERSION || !machine_id || !is_kind(root, "resources", VALUE_MAP) ||
	    !is_kind(root, "texts", VALUE_MAP) || !is_kind(root, "files", VALUE_MAP) ||
	    !is_kind(root, "runs", VALUE_LIST) || !is_kind(root, "due", VALUE_LIST) ||
	    !is_kind(root, "failed", VALUE_LIST) || !is_kind(root, "records", VALUE_MAP))
		return error_set(err, ERROR_TASK, "the ledger '%s' is damaged", ledger_path(ledger));
	if (strcmp(machine_id, ledger->machine_id) != 0) {
		ledger->foreign = true;
		return 0;
	}
	ledger->root = root;
	return 0;
}

static int load(struct ledger *ledger, struct error *err)
{
	struct file_info info;
	struct value *root;
	char *bytes;
	size_t size;

	if (files_stat(NULL, ledger->arena, ledger_path(ledger), &info, err) < 0)
		return -1;
	ledger->there = info.kind != FILE_NONE;
	if (!ledger->there)
		return 0;
	if (info.uid != geteuid() || (info.mode & 022) != 0)
		return error_set(err, ERROR_TASK, "the ledger '%s' could have been written by "
			"someone else", ledger_path(ledger));
	if (files_read(NULL, ledger->arena, ledger_path(ledger), LEDGER_MOST, &bytes, &size,
		err) < 0)
		return -1;
	if (wire_decode(ledger->arena, bytes, size, &root, NULL) < 0)
		return error_set(err, ERROR_TASK, "the ledger '%s' is damaged", ledger_path(ledger));
	return take_root(ledger, root, err);
}

void ledger_reload(struct ledger *ledger)
{
	arena_free(ledger->arena);
	ledger->arena = arena_new();
	ledger->there = ledger->foreign = ledger->dirty = false;
	error_clear(&ledger->problem);
	start_empty(ledger);
	load(ledger, &ledger->problem);
	ledger->leftover = access(half_written(ledger), F_OK) == 0
		|| access(ledger_body_path(ledger, ledger->arena, "new"), F_OK) == 0;
}

void ledger_open(struct ledger *ledger, const char *directory, const char *machine_id)
{
	*ledger = (struct ledger){ .directory = directory, .machine_id = machine_id };
	ledger_reload(ledger);
}

void ledger_close(struct ledger *ledger)
{
	arena_free(ledger->arena);
	ledger->arena = NULL;
}

int ledger_usable(const struct ledger *ledger, struct error *err)
{
	if (ledger->problem.kind == ERROR_NONE)
		return 0;
	if (err && err->kind == ERROR_NONE)
		*err = ledger->problem;
	return -1;
}

/* The clone's ledger stays readable, under another name. */
static int put_aside(struct ledger *ledger, struct error *err)
{
	const char *aside = arena_printf(ledger->arena, "%s/ledger.of-another-machine",
		ledger->directory);

	if (!ledger->foreign)
		return 0;
	if (files_rename(NULL, ledger_path(ledger), aside, err) < 0)
		return -1;
	ledger->foreign = false;
	return 0;
}

int ledger_save(struct ledger *ledger, struct error *err)
{
	struct buffer bytes = { 0 };
	struct file_write write = {
		.path = ledger_path(ledger), .mode = 0600,
		.uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP,
	};
	int result;

	if (!ledger->dirty)
		return 0;
	if (ledger_usable(ledger, err) < 0 || ledger_make_directory(ledger, NULL, err) < 0 ||
	    put_aside(ledger, err) < 0)
		return -1;
	ledger_sweep(ledger);
	wire_encode(&bytes, ledger->root);
	write.bytes = bytes.data;
	write.size = bytes.size;
	result = files_write(NULL, &write, err);
	buffer_free(&bytes);
	if (result < 0)
		return -1;
	ledger->dirty = false;
	ledger_forget_bodies(ledger);
	return 0;
}

void ledger_tidy(struct ledger *ledger)
{
	if (!ledger->there || ledger->foreign || ledger->problem.kind != ERROR_NONE)
		return;
	ledger_sweep(ledger);
	ledger_forget_bodies(ledger);
}

void ledger_clean(struct ledger *ledger)
{
	unlink(half_written(ledger));
	unlink(ledger_body_path(ledger, ledger->arena, "new"));
	ledger->leftover = false;
}

/* --- Runs */

static bool same_text(const char *one, const char *other)
{
	return strcmp(one ? one : "", other ? other : "") == 0;
}

bool ledger_is_of(const struct value *record, const struct ledger_owner *owner)
{
	return same_text(value_get_string(record, "project"), owner->project) &&
	       same_text(value_get_string(record, "playbook"), owner->playbook);
}

/* In a list of records, or a map of them. */
static bool rename_of(struct ledger *ledger, const struct value *records,
	const struct ledger_owner *from, const char *to)
{
	bool any = false;

	for (size_t i = 0; records && i < records->count; i++) {
		struct value *record = records->kind == VALUE_MAP ? records->pairs[i].value
			: records->items[i];

		if (!ledger_is_of(record, from))
			continue;
		value_set_string(ledger->arena, record, "playbook", to);
		any = true;
	}
	return any;
}

bool ledger_knows(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *formerly)
{
	const struct ledger_owner from = { .project = owner->project, .playbook = formerly };
	const struct value *runs = value_get(ledger->root, "runs");

	for (size_t i = 0; i < runs->count; i++) {
		if (ledger_is_of(runs->items[i], &from))
			return true;
	}
	return false;
}

void ledger_rename(struct ledger *ledger, const struct ledger_owner *owner, const char *formerly)
{
	static const char *const lists[] = { "runs", "due", "failed" };
	const struct ledger_owner from = { .project = owner->project, .playbook = formerly };
	const struct value *all = value_get(ledger->root, "resources");
	bool any = false;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		any = rename_of(ledger, value_get(ledger->root, lists[i]), &from, owner->playbook) || any;
	for (size_t i = 0; i < all->count; i++)
		any = rename_of(ledger, value_get(all->pairs[i].value, "owners"), &from,
			owner->playbook) || any;
	any = rename_of(ledger, value_get(ledger->root, "files"), &from, owner->playbook) || any;
	ledger->dirty = ledger->dirty || any;
}

/* The oldest of an owner with too many goes. */
static void trim_runs(struct ledger *ledger, const struct ledger_owner *owner)
{
	struct value *runs = value_get(ledger->root, "runs");
	struct value *kept = value_list(ledger->arena);
	size_t count = 0;

	for (size_t i = 0; i < runs->count; i++)
		count += ledger_is_of(runs->items[i], owner);
	for (size_t i = 0; i < runs->count; i++) {
		bool of = ledger_is_of(runs->items[i], owner);

		if (of && count-- > LEDGER_RUNS_MOST)
			continue;
		/* Of the text, that of the last two is kept. */
		if (of && count >= 2)
			value_remove(runs->items[i], "text");
		value_append(ledger->arena, kept, runs->items[i]);
	}
	value_set(ledger->arena, ledger->root, "runs", kept);
}

int64_t ledger_run(struct ledger *ledger, const struct ledger_owner *owner)
{
	struct arena *arena = ledger->arena;
	struct value *runs = value_get(ledger->root, "runs");
	int64_t sequence = value_get_integer(ledger->root, "sequence", 0) + 1;
	struct value *record;

	for (size_t i = runs->count; i-- > 0;) {
		if (ledger_is_of(runs->items[i], owner) &&
		    same_text(value_get_string(runs->items[i], "run"), owner->run))
			return value_get_integer(runs->items[i], "sequence", 0);
	}
	record = value_map(arena);
	value_set_integer(arena, record, "sequence", sequence);
	value_set_string(arena, record, "project", owner->project);
	value_set_string(arena, record, "playbook", owner->playbook);
	value_set_string(arena, record, "run", owner->run);
	value_set_string(arena, record, "revision", owner->revision);
	value_set_string(arena, record, "who", owner->who);
	value_set_integer(arena, record, "time", owner->time);
	value_set_string(arena, record, "text", owner->text);
	value_append(arena, runs, record);
	value_set_integer(arena, ledger->root, "sequence", sequence);
	trim_runs(ledger, owner);
	ledger->dirty = true;
	return sequence;
}

/* --- Due handlers */

static size_t find_due(const struct value *due, const struct ledger_owner *owner,
	const char *handler)
{
	for (size_t i = 0; i < due->count; i++) {
		if (ledger_is_of(due->items[i], owner) &&
		    same_text(value_get_string(due->items[i], "handler"), handler))
			return i;
	}
	return due->count;
}

bool ledger_is_due(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *handler)
{
	const struct value *due = value_get(ledger->root, "due");

	return find_due(due, owner, handler) < due->count;
}

void ledger_due_add(struct ledger *ledger, const struct ledger_owner *owner, const char *handler)
{
	struct arena *arena = ledger->arena;
	struct value *record;

	if (ledger_is_due(ledger, owner, handler))
		return;
	record = value_map(arena);
	value_set_string(arena, record, "project", owner->project);
	value_set_string(arena, record, "playbook", owner->playbook);
	value_set_string(arena, record, "handler", handler);
	value_set_string(arena, record, "run", owner->run);
	value_append(arena, value_get(ledger->root, "due"), record);
	ledger->dirty = true;
}

void ledger_due_remove(struct ledger *ledger, const struct ledger_owner *owner,
	const char *handler)
{
	struct value *due = value_get(ledger->root, "due");
	size_t at = find_due(due, owner, handler);

	if (at == due->count)
		return;
	memmove(&due->items[at], &due->items[at + 1], (due->count - at - 1) * sizeof(*due->items));
	due->count--;
	ledger->dirty = true;
}

/* Of a list of records those of the owner go. */
static void forget_of(struct ledger *ledger, const char *key, const struct ledger_owner *owner)
{
	const struct value *all = value_get(ledger->root, key);
	struct value *kept = value_list(ledger->arena);

	for (size_t i = 0; i < all->count; i++) {
		if (!ledger_is_of(all->items[i], owner))
			value_append(ledger->arena, kept, all->items[i]);
	}
	ledger->dirty = ledger->dirty || kept->count < all->count;
	value_set(ledger->arena, ledger->root, key, kept);
}

void ledger_due_forget(struct ledger *ledger, const struct ledger_owner *owner)
{
	forget_of(ledger, "due", owner);
}

bool ledger_failed(const struct ledger *ledger, const struct ledger_owner *owner)
{
	const struct value *all = value_get(ledger->root, "failed");

	for (size_t i = 0; i < all->count; i++) {
		if (ledger_is_of(all->items[i], owner))
			return true;
	}
	return false;
}

void ledger_set_failed(struct ledger *ledger, const struct ledger_owner *owner, const char *task,
	const char *message)
{
	struct arena *arena = ledger->arena;
	struct value *record;

	forget_of(ledger, "failed", owner);
	if (!task)
		return;
	record = value_map(arena);
	value_set_string(arena, record, "project", owner->project);
	value_set_string(arena, record, "playbook", owner->playbook);
	value_set_string(arena, record, "run", owner->run);
	value_set_string(arena, record, "task", task);
	value_set_string(arena, record, "message", message);
	value_append(arena, value_get(ledger->root, "failed"), record);
	ledger->dirty = true;
}

/* --- Records of modules */

const struct value *ledger_record(const struct ledger *ledger, const char *key)
{
	return value_get(value_get(ledger->root, "records"), key);
}

int ledger_set_record(struct ledger *ledger, const char *key, const struct value *record,
	struct error *err)
{
	struct buffer bytes = { 0 };
	size_t size;

	wire_encode(&bytes, record);
	size = bytes.size;
	buffer_free(&bytes);
	if (size > RECORD_MOST)
		return error_set(err, ERROR_BUG, "the record '%s' is too large", key);
	if (record->kind == VALUE_NULL)
		value_remove(value_get(ledger->root, "records"), key);
	else
		value_set(ledger->arena, value_get(ledger->root, "records"), key,
			value_copy(ledger->arena, record));
	ledger->dirty = true;
	return 0;
}

/* --- For the controller */

struct value *ledger_greeting(struct arena *arena, const struct ledger *ledger)
{
	struct value *greeting = value_map(arena);

	value_set(arena, greeting, "due", value_copy(arena, value_get(ledger->root, "due")));
	value_set(arena, greeting, "failed", value_copy(arena, value_get(ledger->root, "failed")));
	if (ledger->foreign)
		value_set_bool(arena, greeting, "foreign", true);
	if (ledger->problem.kind != ERROR_NONE)
		value_set_string(arena, greeting, "problem", ledger->problem.message);
	return greeting;
}
