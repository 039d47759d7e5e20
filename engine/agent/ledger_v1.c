/* ledger_v1: reads the form before: one file of MessagePack, written anew for each change.
 *
 *     {version: 1, machine_id, order, sequence, resources: {IDENTITY: entry}, texts: {DIGEST: params},
 *      files: {PATH: file} (later ones only), runs: [run], due: [due], failed: [failed],
 *      records: {KEY: value}}
 *     entry: {owners: [{project, playbook, since, run, wishes: {MODULE: DIGEST}, notify, user, gone,
 *             regained, differs}], parent, module, undos: [{sequence, run, order, module, params, body,
 *             user, before, reason}], reason}
 *     file: {left, project, playbook, ways: [{sequence, before, records, first, touched}]}
 *     run: {sequence, project, playbook, run, revision, who, time, text}
 *     due: {project, playbook, handler, run}, failed: {project, playbook, run, task, message}
 *
 * It could be written with more values than its own reader took: this one takes all that fit into
 * the largest file. */
#include "agent/image.h"
#include "agent/ledger.h"
#include "agent/ledger_v1_names.h"
#include "agent/machine.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { V1_VERSION = 1, V1_MOST = 64 << 20, V1_VALUES_MOST = 8 << 20 };

static int damaged(const char *path, struct error *err)
{
	error_set(err, LEDGER_DAMAGED, "the ledger '%s' is damaged", path);
	return error_remedy(err, "restore it from a backup, or move it away: what beoplay has changed "
		"here so far can't be undone then");
}

static int read_root(struct arena *arena, const char *path, struct value **ret_root,
	struct error *err)
{
	struct file_info info;
	char *bytes;
	size_t size;

	if (files_stat(NULL, arena, path, &info, err) < 0)
		return -1;
	if (info.uid != geteuid() || (info.mode & 022) != 0)
		return error_set(err, LEDGER_UNTRUSTED, "the ledger '%s' could have been written by "
			"someone else", path);
	if (files_read(NULL, arena, path, V1_MOST, &bytes, &size, err) < 0)
		return -1;
	if (wire_decode_most(arena, bytes, size, V1_VALUES_MOST, ret_root, NULL) < 0)
		return damaged(path, err);
	return 0;
}

static bool is_kind(const struct value *root, const char *key, enum value_kind kind)
{
	const struct value *value = value_get(root, key);

	return value && value->kind == kind;
}

static int check_root(const char *path, const struct value *root, struct error *err)
{
	static const char *const maps[] = { "resources", "texts", "records" };
	static const char *const lists[] = { "runs", "due", "failed" };
	int64_t version = value_get_integer(root, "version", -1);

	if (version > V1_VERSION) {
		error_set(err, LEDGER_NEWER, "the ledger '%s' was written by a newer beoplay (its version "
			"is %lld)", path, (long long)version);
		return error_remedy(err, "use that beoplay, or a newer one");
	}
	for (size_t i = 0; i < 3; i++) {
		if (!is_kind(root, maps[i], VALUE_MAP) || !is_kind(root, lists[i], VALUE_LIST))
			return damaged(path, err);
	}
	if (version != V1_VERSION || !value_get_string(root, "machine_id")
			|| (value_get(root, "files") && !is_kind(root, "files", VALUE_MAP)))
		return damaged(path, err);
	return 0;
}

/* --- Into the database --- */

/* The items of a list; another kind has none. */
static size_t items_of(const struct value *map, const char *key, struct value ***ret_items)
{
	const struct value *list = value_get(map, key);

	*ret_items = list && list->kind == VALUE_LIST ? list->items : NULL;
	return *ret_items ? list->count : 0;
}

static size_t pairs_of(const struct value *map, const char *key, struct value_pair **ret_pairs)
{
	const struct value *pairs = value_get(map, key);

	*ret_pairs = pairs && pairs->kind == VALUE_MAP ? pairs->pairs : NULL;
	return *ret_pairs ? pairs->count : 0;
}

static int64_t owner_of(struct ledger *ledger, const struct value *record)
{
	return ledger_make_owner(ledger, &(struct ledger_owner){
		.project = value_get_string(record, "project"),
		.playbook = value_get_string(record, "playbook"),
	});
}

/* What is kept in files of bodies/, where it is there. */
static void take_body(struct ledger *ledger, const char *digest)
{
	struct arena *arena = arena_new();
	struct stat info;

	if (digest && digest_valid(digest) && stat(arena_printf(arena, "%s/bodies/%s", ledger->state,
			digest), &info) == 0)
		database_do(ledger->database, "INSERT OR IGNORE INTO body(digest, size) VALUES(?, ?)", "si",
			digest, (int64_t)info.st_size);
	arena_free(arena);
}

static void take_run(struct ledger *ledger, const struct value *run)
{
	database_do(ledger->database, "INSERT INTO run(sequence, owner, name, revision, who, time, text) "
		"VALUES(?, ?, ?, ?, ?, ?, ?)", "iisssis", value_get_integer(run, "sequence", 0),
		owner_of(ledger, run), value_get_string(run, "run") ? value_get_string(run, "run") : "",
		value_get_string(run, "revision"), value_get_string(run, "who")
		? value_get_string(run, "who") : "", value_get_integer(run, "time", 0),
		value_get_string(run, "text"));
	take_body(ledger, value_get_string(run, "text"));
}

static void take_owner(struct ledger *ledger, int64_t resource, const struct value *record)
{
	int64_t owner = owner_of(ledger, record), gone = value_get_integer(record, "gone", 0);
	int64_t regained = value_get_integer(record, "regained", 0);
	struct value_pair *wishes;
	size_t count = pairs_of(record, "wishes", &wishes);

	database_do(ledger->database, "INSERT INTO claim(resource, owner, since, run, gone, regained, "
		"live, open, differs, user, notify) VALUES(?1, ?2, ?3, coalesce((SELECT sequence FROM run "
		"WHERE owner=?2 AND name=?4), 0), nullif(?5, 0), nullif(?6, 0), ?5<=?6, 0, ?7, ?8, ?9) "
		"ON CONFLICT(resource, owner) DO NOTHING",
		"iiisiissv", resource, owner, value_get_integer(record, "since", 0),
		value_get_string(record, "run"), gone, regained, value_get_string(record, "differs"),
		value_get_string(record, "user"), value_get(record, "notify"));
	for (size_t i = 0; i < count; i++) {
		if (value_text(wishes[i].value))
			database_do(ledger->database, "INSERT INTO wish(resource, owner, module, params) "
				"VALUES(?, ?, ?, ?) ON CONFLICT(resource, owner, module) DO NOTHING", "iiss",
				resource, owner, wishes[i].key,
				value_text(wishes[i].value));
	}
}

/* An undo names its run by the number; that of a run that isn't kept any more needs one, too. */
static void take_undo(struct ledger *ledger, int64_t resource, int64_t owner,
	const struct value *undo, struct value *params)
{
	int64_t sequence = value_get_integer(undo, "sequence", 0);

	if (value_get_string(undo, "run"))
		database_do(ledger->database, "INSERT OR IGNORE INTO run(sequence, owner, name, time) "
			"VALUES(?, ?, ?, 0)", "iis", sequence, owner, value_get_string(undo, "run"));
	database_do(ledger->database, "INSERT INTO undo(id, resource, sequence, module, params, body, "
		"user, before, reason) VALUES(nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?) "
		"ON CONFLICT(resource, sequence) DO NOTHING", "iiisvssvs",
		value_get_integer(undo, "order", 0), resource, sequence, value_get_string(undo, "module"),
		params, value_get_string(undo, "body"), value_get_string(undo, "user"),
		value_get(undo, "before"), value_get_string(undo, "reason"));
	take_body(ledger, value_get_string(undo, "body"));
}

/* Two spellings of one path were two resources: what the first one knows stays. */
static void take_entry(struct ledger *ledger, const struct value *root, const char *identity,
	const struct value *entry)
{
	struct arena *arena = arena_new();
	const char *name = ledger_v1_name(arena, root, identity, entry);
	const char *module = value_get_string(entry, "module");
	struct value **owners, **undos;
	size_t owner_count = items_of(entry, "owners", &owners);
	size_t undo_count = items_of(entry, "undos", &undos);
	int64_t id, first = 0;

	database_do(ledger->database, "INSERT INTO resource(identity, module, path, parent, since, "
		"reason) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(identity) DO NOTHING", "ssssis", name, module
		? module : "", ledger_about(arena, name), ledger_v1_parent(arena, root, identity,
		value_get_string(entry, "parent")), owner_count == 1
		? value_get_integer(owners[0], "regained", 0) : 0, value_get_string(entry, "reason"));
	id = ledger_resource(ledger, name);
	for (size_t i = 0; i < owner_count; i++)
		take_owner(ledger, id, owners[i]);
	if (owner_count > 0)
		first = owner_of(ledger, owners[0]);
	for (size_t i = 0; first && i < undo_count; i++)
		take_undo(ledger, id, first, undos[i], ledger_v1_params(arena, identity, name,
			value_get(undos[i], "params")));
	arena_free(arena);
}

static void take_way(struct ledger *ledger, int64_t file, const struct value *way)
{
	const char *image = value_get_string(way, "before");
	char digest[DIGEST_HEX_SIZE];
	bool body = image_digest(image, digest);

	database_do(ledger->database, "INSERT INTO way(file, sequence, image, body, notes, first, "
		"touched) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(file, sequence) DO NOTHING", "iissvii", file,
		value_get_integer(way, "sequence", 0), image ? image : "other", body ? digest : NULL, value_get(way, "records"),
		(int64_t)value_get_bool(way, "first"), (int64_t)value_get_bool(way, "touched"));
	if (body)
		take_body(ledger, digest);
}

static void take_file(struct ledger *ledger, const char *path, const struct value *file)
{
	struct value **ways;
	size_t count = items_of(file, "ways", &ways);
	int64_t id;

	database_do(ledger->database, "INSERT INTO file(path, image) VALUES(?, ?) "
		"ON CONFLICT(path) DO NOTHING", "ss", path, value_get_string(file, "left"));
	id = database_integer(ledger->database, 0, "SELECT id FROM file WHERE path=?", "s", path);
	if (value_get_string(file, "project"))
		database_do(ledger->database, "UPDATE file SET owner=? WHERE id=?", "ii",
			owner_of(ledger, file), id);
	for (size_t i = 0; i < count; i++)
		take_way(ledger, id, ways[i]);
}

static void take_failed(struct ledger *ledger, const struct value *failed)
{
	if (value_get_string(failed, "task"))
		database_do(ledger->database, "INSERT OR REPLACE INTO failed(owner, run, task, message) "
			"VALUES(?, ?, ?, ?)", "isss", owner_of(ledger, failed), value_get_string(failed, "run"),
			value_get_string(failed, "task"), value_get_string(failed, "message"));
}

static void take_due(struct ledger *ledger, const struct value *due)
{
	if (value_get_string(due, "handler"))
		database_do(ledger->database, "INSERT OR REPLACE INTO due(owner, handler, run) "
			"VALUES(?, ?, ?)", "iss", owner_of(ledger, due), value_get_string(due, "handler"),
			value_get_string(due, "run"));
}

static void take_lists(struct ledger *ledger, const struct value *root)
{
	struct value **items;
	size_t count = items_of(root, "runs", &items);

	for (size_t i = 0; i < count; i++)
		take_run(ledger, items[i]);
	count = items_of(root, "due", &items);
	for (size_t i = 0; i < count; i++)
		take_due(ledger, items[i]);
	count = items_of(root, "failed", &items);
	for (size_t i = 0; i < count; i++)
		take_failed(ledger, items[i]);
}

static void take_maps(struct ledger *ledger, const struct value *root)
{
	struct arena *arena = arena_new();
	struct value_pair *pairs;
	size_t count = pairs_of(root, "resources", &pairs);

	for (size_t i = 0; i < count; i++)
		take_entry(ledger, root, pairs[i].key, pairs[i].value);
	count = pairs_of(root, "texts", &pairs);
	for (size_t i = 0; i < count; i++) {
		if (value_text(pairs[i].value))
			database_do(ledger->database, "INSERT INTO params(digest, text) VALUES(?, ?)", "ss",
				pairs[i].key, value_text(pairs[i].value));
	}
	count = pairs_of(root, "files", &pairs);
	for (size_t i = 0; i < count; i++)
		take_file(ledger, ledger_v1_path(arena, pairs[i].key), pairs[i].value);
	count = pairs_of(root, "records", &pairs);
	for (size_t i = 0; i < count; i++) {
		const char *key = ledger_v1_key(arena, pairs[i].key);

		database_do(ledger->database, "INSERT INTO note(key, path, value) VALUES(?, ?, ?) "
			"ON CONFLICT(key) DO NOTHING", "ssv", key, ledger_about(arena, key), pairs[i].value);
	}
	arena_free(arena);
}

static int check_taken(const struct ledger *ledger, const char *path, struct error *err)
{
	if (ledger->database->error.kind == ERROR_NONE)
		return 0;
	/* What is in it doesn't hang together. */
	if (ledger->database->code == SQLITE_CONSTRAINT)
		return damaged(path, err);
	*err = ledger->database->error;
	return -1;
}

int ledger_v1_read(struct ledger *ledger, const char *path, bool *ret_foreign, struct error *err)
{
	struct arena *arena = arena_new();
	struct value *root;
	int result = read_root(arena, path, &root, err);

	*ret_foreign = false;
	if (result == 0)
		result = check_root(path, root, err);
	if (result == 0)
		*ret_foreign = strcmp(value_get_string(root, "machine_id"), ledger->machine_id) != 0;
	if (result == 0 && !*ret_foreign) {
		database_do(ledger->database, "INSERT OR IGNORE INTO meta(key, value) "
			"VALUES('machine_id', ?)", "s", ledger->machine_id);
		take_lists(ledger, root);
		take_maps(ledger, root);
		result = check_taken(ledger, path, err);
	}
	arena_free(arena);
	return result;
}
