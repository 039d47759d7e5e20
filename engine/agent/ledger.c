/* ledger: what beoplay manages on this machine, and what was there before. */
#include "agent/ledger.h"

#include "agent/machine.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LEDGER_MOST = 64 << 20, RECORD_MOST = 256 << 10 };

/* --- The file */

static const char *ledger_path(const struct ledger *ledger)
{
	return arena_printf(ledger->arena, "%s/ledger", ledger->directory);
}

static void start_empty(struct ledger *ledger)
{
	struct arena *arena = ledger->arena;

	ledger->root = value_map(arena);
	value_set_integer(arena, ledger->root, "version", LEDGER_VERSION);
	value_set_string(arena, ledger->root, "machine_id", ledger->machine_id);
	value_set_integer(arena, ledger->root, "order", 0);
	value_set(arena, ledger->root, "resources", value_map(arena));
	value_set(arena, ledger->root, "due", value_list(arena));
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

	if (version > LEDGER_VERSION) {
		error_set(err, ERROR_TASK, "the ledger '%s' was written by a newer beoplay (its "
			"version is %lld, this one knows %d)", ledger_path(ledger),
			(long long)version, LEDGER_VERSION);
		return error_remedy(err, "use that beoplay, or a newer one");
	}
	if (version != LEDGER_VERSION || !machine_id || !is_kind(root, "resources", VALUE_MAP) ||
	    !is_kind(root, "due", VALUE_LIST) || !is_kind(root, "records", VALUE_MAP))
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
	wire_encode(&bytes, ledger->root);
	write.bytes = bytes.data;
	write.size = bytes.size;
	result = files_write(NULL, &write, err);
	buffer_free(&bytes);
	if (result == 0)
		ledger->dirty = false;
	return result;
}

/* --- Entries and owners */

static struct value *resources(const struct ledger *ledger)
{
	return value_get(ledger->root, "resources");
}

const struct value *ledger_entry(const struct ledger *ledger, const char *resource)
{
	return value_get(resources(ledger), resource);
}

static bool same_text(const char *one, const char *other)
{
	return strcmp(one ? one : "", other ? other : "") == 0;
}

static bool is_owner(const struct value *record, const struct ledger_owner *owner)
{
	return same_text(value_get_string(record, "project"), owner->project) &&
	       same_text(value_get_string(record, "playbook"), owner->playbook);
}

const struct value *ledger_owned(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, size_t *ret_others)
{
	const struct value *owners = value_get(ledger_entry(ledger, resource), "owners");
	const struct value *found = NULL;
	size_t others = 0;

	for (size_t i = 0; owners && i < owners->count; i++) {
		if (is_owner(owners->items[i], owner))
			found = owners->items[i];
		else
			others++;
	}
	if (ret_others)
		*ret_others = others;
	return found;
}

int ledger_conflict(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, const struct ledger_wish *wish, struct error *err)
{
	const struct value *owners = value_get(ledger_entry(ledger, resource), "owners");

	for (size_t i = 0; owners && i < owners->count; i++) {
		const struct value *other = owners->items[i];
		const struct value *theirs = value_get(value_get(other, "wishes"), wish->module);
		const char *digest = value_get_string(theirs, "digest");
		if (is_owner(other, owner) || !digest || strcmp(digest, wish->digest) == 0)
			continue;
		error_set(err, ERROR_TASK, "two playbooks wish different things of %s: %s of project "
			"%s, and now %s of project %s", resource, value_get_string(other, "playbook"),
			value_get_string(other, "project"), owner->playbook, owner->project);
		return error_remedy(err, "let one of them manage it: take it out of the other and "
			"apply that with --prune");
	}
	return 0;
}

static struct value *make_entry(struct ledger *ledger, const char *resource,
	const struct ledger_wish *wish)
{
	struct arena *arena = ledger->arena;
	struct value *entry = value_get(resources(ledger), resource);
	int64_t order;

	if (entry)
		return entry;
	entry = value_map(arena);
	order = value_get_integer(ledger->root, "order", 0) + 1;
	value_set_integer(arena, ledger->root, "order", order);
	value_set(arena, entry, "owners", value_list(arena));
	value_set_string(arena, entry, "module", wish->module);
	value_set_integer(arena, entry, "order", order);
	value_set(arena, resources(ledger), resource, entry);
	return entry;
}

/* The owner's record in an entry with this wish, made if it isn't there. */
static void set_owner(struct ledger *ledger, struct value *entry,
	const struct ledger_owner *owner, const struct ledger_wish *wish)
{
	struct arena *arena = ledger->arena;
	struct value *owners = value_get(entry, "owners");
	struct value *record = NULL;
	struct value *kept = value_map(arena);

	for (size_t i = 0; i < owners->count && !record; i++) {
		if (is_owner(owners->items[i], owner))
			record = owners->items[i];
	}
	if (!record) {
		record = value_map(arena);
		value_set_string(arena, record, "project", owner->project);
		value_set_string(arena, record, "playbook", owner->playbook);
		value_append(arena, owners, record);
	}
	if (!value_get(record, "wishes") || !same_text(value_get_string(record, "run"), owner->run))
		value_set(arena, record, "wishes", value_map(arena));
	value_set_string(arena, record, "revision", owner->revision);
	value_set_string(arena, record, "run", owner->run);
	value_set_string(arena, kept, "digest", wish->digest);
	value_set_string(arena, kept, "params", wish->params);
	value_set(arena, value_get(record, "wishes"), wish->module, kept);
	ledger->dirty = true;
}

void ledger_adopt(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const struct ledger_wish *wish)
{
	bool fresh = !ledger_entry(ledger, resource);
	struct value *entry;

	if (ledger_owned(ledger, owner, resource, NULL))
		return;
	entry = make_entry(ledger, resource, wish);
	if (fresh) {
		value_set(ledger->arena, entry, "undo", value_null(ledger->arena));
		value_set_string(ledger->arena, entry, "reason", "it was so before");
		value_set_bool(ledger->arena, entry, "adopted", true);
	}
	set_owner(ledger, entry, owner, wish);
}

bool ledger_needs_inverse(const struct ledger *ledger, const char *resource)
{
	const struct value *entry = ledger_entry(ledger, resource);

	return !entry || value_get_bool(entry, "adopted");
}

static struct value *undo_of(struct ledger *ledger, const struct inverses_entry *inverse,
	const struct ledger_wish *wish, const char *body)
{
	struct arena *arena = ledger->arena;
	struct value *undo;

	if (!inverse || !inverse->params)
		return value_null(arena);
	undo = value_map(arena);
	value_set_string(arena, undo, "module", inverse->module ? inverse->module : wish->module);
	value_set(arena, undo, "params", value_copy(arena, inverse->params));
	if (body)
		value_set_string(arena, undo, "body", body);
	return undo;
}

void ledger_change(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const struct ledger_wish *wish, const struct inverses_entry *inverse, const char *body)
{
	struct arena *arena = ledger->arena;
	bool first = ledger_needs_inverse(ledger, resource);
	struct value *entry = make_entry(ledger, resource, wish);
	struct value *undo;

	if (first) {
		undo = undo_of(ledger, inverse, wish, body);
		value_set(arena, entry, "undo", undo);
		value_remove(entry, "adopted");
		value_remove(entry, "reason");
		if (inverse && inverse->reason)
			value_set_string(arena, entry, "reason", inverse->reason);
		else if (undo->kind == VALUE_NULL)
			value_set_string(arena, entry, "reason", "this can't be undone");
	}
	set_owner(ledger, entry, owner, wish);
}

static bool body_in_use(const struct ledger *ledger, const char *digest)
{
	const struct value *all = resources(ledger);

	for (size_t i = 0; i < all->count; i++) {
		const char *body = value_get_string(value_get(all->pairs[i].value, "undo"), "body");
		if (body && strcmp(body, digest) == 0)
			return true;
	}
	return false;
}

void ledger_release(struct ledger *ledger, const struct ledger_owner *owner, const char *resource)
{
	struct value *entry = value_get(resources(ledger), resource);
	struct value *owners = value_get(entry, "owners");
	struct value *rest = value_list(ledger->arena);
	const char *body;

	if (!entry)
		return;
	for (size_t i = 0; owners && i < owners->count; i++) {
		if (!is_owner(owners->items[i], owner))
			value_append(ledger->arena, rest, owners->items[i]);
	}
	ledger->dirty = true;
	value_set(ledger->arena, entry, "owners", rest);
	if (rest->count > 0)
		return;
	body = value_get_string(value_get(entry, "undo"), "body");
	value_remove(resources(ledger), resource);
	if (body && !body_in_use(ledger, body))
		ledger_forget_body(ledger, body);
}

/* --- Due handlers */

static size_t find_due(const struct value *due, const struct ledger_owner *owner,
	const char *handler)
{
	for (size_t i = 0; i < due->count; i++) {
		if (is_owner(due->items[i], owner) &&
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

/* What a wish says stays here: it may hold what its task keeps secret. */
static struct value *owner_summary(struct arena *arena, const struct value *owner)
{
	struct value *copy = value_copy(arena, owner);
	const struct value *wishes = value_get(copy, "wishes");

	for (size_t i = 0; wishes && i < wishes->count; i++)
		value_remove(wishes->pairs[i].value, "params");
	return copy;
}

struct value *ledger_summary(struct arena *arena, const struct ledger *ledger)
{
	struct value *summary = value_copy(arena, ledger->root);
	struct value *all = value_get(summary, "resources");

	for (size_t i = 0; i < all->count; i++) {
		struct value *owners = value_get(all->pairs[i].value, "owners");
		for (size_t j = 0; owners && j < owners->count; j++)
			owners->items[j] = owner_summary(arena, owners->items[j]);
	}
	value_remove(summary, "records");
	return summary;
}

struct value *ledger_greeting(struct arena *arena, const struct ledger *ledger)
{
	struct value *greeting = value_map(arena);

	value_set_integer(arena, greeting, "version", LEDGER_VERSION);
	value_set_integer(arena, greeting, "resources", (int64_t)resources(ledger)->count);
	value_set(arena, greeting, "due", value_copy(arena, value_get(ledger->root, "due")));
	if (ledger->foreign)
		value_set_bool(arena, greeting, "foreign", true);
	if (ledger->problem.kind != ERROR_NONE)
		value_set_string(arena, greeting, "problem", ledger->problem.message);
	return greeting;
}
