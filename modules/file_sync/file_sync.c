/* file-sync: copy a file or a whole directory from the playbook's directory. */
#include "modules/file_sync/file_sync.h"

#include "modules/errors.h"
#include "modules/shared/backup.h"
#include "modules/shared/file_attributes.h"

#include "base/quote.h"

#include <stdlib.h>
#include <string.h>

enum { EXTRAS_MOST = 100000, DEPTH_MOST = 64 };

enum sync_step { SYNC_STEP_DIRECTORY, SYNC_STEP_WRITE, SYNC_STEP_LINK, SYNC_STEP_MODE,
	SYNC_STEP_OWNER, SYNC_STEP_REMOVE, SYNC_STEP_DELETE };

static const struct param sync_table[] = {
	{ .name = "src", .kind = PARAM_SOURCE, .doc = "a file or directory in the playbook's directory",
		.flags = PARAM_REQUIRED, .into = INTO_TEXT(struct sync_params, src) },
	{ .name = "dest", .kind = PARAM_PATH, .doc = "what becomes equal to it; of a directory, the "
		"content", .flags = PARAM_REQUIRED | PARAM_INTO,
		.into = INTO_TEXT(struct sync_params, dest) },
	{ .name = "delete", .kind = PARAM_BOOL, .doc = "remove from dest what src doesn't have",
		.otherwise = "no", .into = INTO_BOOL(struct sync_params, delete) },
	{ .name = "max_delete", .kind = PARAM_INTEGER, .doc = "refuse to remove more than so many",
		.otherwise = "1000", .into = INTO_NUMBER(struct sync_params, max_delete) },
	{ .name = "exclude", .kind = PARAM_LIST, .doc = "patterns of names that are left alone on "
		"both sides; with / they are paths, ending with / directories", .otherwise = "",
		.into = INTO_LIST(struct sync_params, exclude) },
	{ .name = "include", .kind = PARAM_LIST, .doc = "patterns of what exclude would leave out",
		.otherwise = "", .into = INTO_LIST(struct sync_params, include) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "who owns all of it",
		.into = INTO_TEXT(struct sync_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group",
		.into = INTO_TEXT(struct sync_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "of the files; without it new ones are 0644, or "
		"0755 if they can be executed, and none can be read by more than in src",
		.into = INTO_TEXT(struct sync_params, mode) },
	{ .name = "directory_mode", .kind = PARAM_MODE, .doc = "of the directories; without it new "
		"ones are 0755, or less where src is",
		.into = INTO_TEXT(struct sync_params, directory_mode) },
	{ .name = "links", .kind = PARAM_BOOL, .doc = "make symbolic links, too",
		.otherwise = "yes", .into = INTO_BOOL(struct sync_params, links) },
	{ .name = "checksum", .kind = PARAM_BOOL, .doc = "taken for granted: contents are compared",
		.otherwise = "yes", .into = INTO_BOOL(struct sync_params, checksum) },
	{ .name = "backup", .kind = PARAM_BOOL, .doc = "keep what is replaced beside it, as NAME.DATE~",
		.otherwise = "no", .into = INTO_BOOL(struct sync_params, backup) },
	{ .name = "validate", .kind = PARAM_STRING,
		.doc = "a command that must accept each new file, with %s for it",
		.into = INTO_TEXT(struct sync_params, validate) },
	{ .name = "transport", .kind = PARAM_STRING, .doc = "agent", .otherwise = "agent",
		.into = INTO_TEXT(struct sync_params, transport) },
	{ .name = "times", .kind = PARAM_BOOL, .doc = "keep modification times",
		.flags = PARAM_NOT_YET },
	{ .name = "manifest", .kind = PARAM_STRING, .doc = "what dest should hold",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct sync_params, manifest) },
	{ 0 },
};

static int sync_check(const struct value *params, struct error *err)
{
	const struct value *dest = value_get(params, "dest");
	const struct value *transport = value_get(params, "transport");
	const struct value *validate = value_get(params, "validate");
	const char *delete = value_get_string(params, "delete");

	if (delete && strcmp(delete, "true") == 0 && dest && dest->kind == VALUE_STRING
			&& guard_is_system(dest->text)) {
		error_at(err, TASK_PROTECTED, dest->place, "'delete' would empty '%s', which belongs to "
			"the system", dest->text);
		return error_remedy(err, "name what is to be equal below it; check whether a variable in "
			"the path is empty");
	}
	if (dest && dest->kind == VALUE_STRING && dest->text[strspn(dest->text, "/")] == '\0')
		return error_at(err, TASK_PROTECTED, dest->place, "a whole machine is not synchronised");
	if (transport && transport->kind == VALUE_STRING && strcmp(transport->text, "agent") != 0)
		return error_at(err, TASK_UNSUPPORTED_PARAMETER, transport->place, strcmp(transport->text,
			"mpi") == 0 ? "transport 'mpi' is not supported yet"
			: "there is only the transport 'agent'");
	if (validate && validate->kind == VALUE_STRING && !strstr(validate->text, "%s")) {
		error_at(err, TASK_MISSING_PARAMETER, validate->place, "'validate' has no %%s");
		return error_remedy(err, "write %%s where the file's path goes");
	}
	return 0;
}

/* --- Looking */

static unsigned mode_wanted(const struct sync_params *want, const struct sync_entry *entry)
{
	const char *text = entry->want.kind == SYNC_DIRECTORY ? want->directory_mode : want->mode;
	enum file_kind kind = entry->want.kind == SYNC_DIRECTORY ? FILE_DIRECTORY : FILE_REGULAR;
	bool there = entry->have.kind == kind;
	bool executable = (entry->have.mode & 0111) != 0;

	if (text)
		return sync_mode(text, there ? entry->have.mode : entry->want.mode,
			kind == FILE_DIRECTORY);
	if (!there)
		return entry->want.mode;
	if (kind == FILE_REGULAR && executable != ((entry->want.mode & 0111) != 0))
		return entry->want.mode;
	/* A directory of others may be as open as they want it. */
	return kind == FILE_REGULAR ? attributes_private(entry->have.mode, entry->want.mode)
		: entry->have.mode;
}

static int look_at_text(struct host *host, struct sync_entry *entry, struct error *err)
{
	char *bytes;
	size_t size;

	if (entry->have.size > SYNC_TEXT_MOST)
		return 0;
	if (host_read(host, entry->path, SYNC_TEXT_MOST, &bytes, &size, err) < 0)
		return -1;
	if (utf8_valid(bytes, size) && !memchr(bytes, '\0', size))
		entry->text = bytes;
	return 0;
}

static int look_at_entry(struct host *host, const struct sync_params *want,
	struct sync_entry *entry, struct guard_refusal *ret_refusal, struct error *err)
{
	struct file_name *names;
	size_t count;

	if (host_stat(host, entry->path, &entry->have, err) < 0)
		return -1;
	entry->mode = mode_wanted(want, entry);
	if (entry->have.kind == FILE_DIRECTORY && entry->want.kind == SYNC_ABSENT) {
		if (host_list(host, entry->path, &names, &count, err) < 0)
			return -1;
		entry->empty = count == 0;
	}
	if (entry->have.kind != FILE_NONE && entry->want.kind == SYNC_ABSENT
			&& guard_look(host, entry->path, GUARD_EMPTY, ret_refusal, err) < 0)
		return -1;
	if (entry->have.kind != FILE_REGULAR)
		return 0;
	if (host_digest(host, entry->path, &entry->digest, err) < 0)
		return -1;
	if (entry->want.kind == SYNC_FILE && strcmp(entry->digest, entry->want.digest) == 0)
		return 0;
	if (want->backup && entry->want.kind == SYNC_FILE
			&& backup_path(host, entry->path, &entry->backup, err) < 0)
		return -1;
	return look_at_text(host, entry, err);
}

/* What a backup of ours is called: NAME.2025-01-31@12:00:00~ */
static bool is_backup(const char *name)
{
	size_t size = strlen(name);

	return size > 21 && name[size - 1] == '~' && name[size - 10] == '@' &&
		name[size - 21] == '.';
}

struct walk {
	struct host *host;
	const struct sync_params *want;
	struct sync_state *have;
	size_t capacity;
	size_t kept;               /* names met that stay */
	struct guard guard;
	const char *real;          /* dest without links on the way */
	struct guard_refusal mount;    /* of the mount that we are in, if it isn't dest's own */
};

static int compare_path(const void *key, const void *entry)
{
	return strcmp(key, (*(const struct sync_entry *const *)entry)->want.path);
}

static int compare_entries(const void *one, const void *other)
{
	return strcmp((*(const struct sync_entry *const *)one)->want.path,
		(*(const struct sync_entry *const *)other)->want.path);
}

static int walk_extras(struct walk *walk, const struct sync_entry *const *sorted,
	const char *directory, unsigned depth, struct error *err);

static int add_extra(struct walk *walk, const char *path, const struct file_info *info,
	struct error *err)
{
	struct sync_state *have = walk->have;

	if (have->extra_count == EXTRAS_MOST)
		return error_set(err, FILE_SYNC_TOO_LARGE, "'%s' holds too much", walk->want->dest);
	if (have->extra_count == walk->capacity) {
		walk->capacity = walk->capacity ? 2 * walk->capacity : 64;
		have->extras = arena_grow(host_arena(walk->host), have->extras,
			have->extra_count * sizeof(*have->extras),
			walk->capacity * sizeof(*have->extras));
	}
	if (walk->mount.reason) {
		have->refusal = walk->mount;
		return 0;
	}
	have->extras[have->extra_count] = (struct sync_extra){ .path = path, .info = *info };
	if (info->kind == FILE_REGULAR && host_digest(walk->host, path,
			&have->extras[have->extra_count].digest, err) < 0)
		return -1;
	have->extra_count++;
	return 0;
}

/* A name found below dest; relative is its path from there. A directory goes only if all in it
 * does. */
static int meet(struct walk *walk, const struct sync_entry *const *sorted, const char *relative,
	const struct file_info *info, unsigned depth, struct error *err)
{
	const struct sync_params *want = walk->want;
	const char *path = arena_printf(host_arena(walk->host), "%s/%s", want->dest, relative);
	bool wished = bsearch(relative, sorted, walk->have->count, sizeof(*sorted), compare_path);
	struct guard_refusal above = walk->mount;
	size_t kept = walk->kept;
	int result = 0;

	if (!wished && (is_backup(relative) || sync_excluded(relative, info->kind == FILE_DIRECTORY,
			(const char *const *)want->exclude, want->exclude_count,
			(const char *const *)want->include, want->include_count))) {
		walk->kept++;
		return 0;
	}
	if (info->kind == FILE_DIRECTORY) {
		guard_mount(host_arena(walk->host), &walk->guard, arena_printf(host_arena(walk->host),
			"%s/%s", walk->real, relative), &walk->mount);
		/* Nothing of another file system is looked through to be removed. */
		if (wished || !walk->mount.reason)
			result = walk_extras(walk, sorted, relative, depth + 1, err);
		else
			walk->have->refusal = walk->mount;
		walk->mount = above;
		if (result < 0)
			return -1;
	}
	if (!wished && walk->kept == kept)
		return add_extra(walk, path, info, err);
	walk->kept += wished;
	return 0;
}

static int walk_extras(struct walk *walk, const struct sync_entry *const *sorted,
	const char *directory, unsigned depth, struct error *err)
{
	struct arena *arena = host_arena(walk->host);
	const char *path = directory[0] ? arena_printf(arena, "%s/%s", walk->want->dest, directory) :
		walk->want->dest;
	struct file_name *names;
	size_t count;

	if (depth > DEPTH_MOST)
		return error_set(err, FILE_SYNC_TOO_LARGE, "'%s' is too deep", path);
	if (host_list(walk->host, path, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *relative = directory[0] ?
			arena_printf(arena, "%s/%s", directory, names[i].name) : names[i].name;

		if (meet(walk, sorted, relative, &names[i].info, depth, err) < 0)
			return -1;
	}
	return 0;
}

/* Whether each of them may go. */
static int guard_extras(struct host *host, const struct guard *guard, struct sync_state *have,
	struct error *err)
{
	for (size_t i = 0; i < have->extra_count && !have->refusal.reason; i++) {
		if (guard_check(host, guard, have->extras[i].path, 0, &have->refusal, err) < 0)
			return -1;
	}
	return 0;
}

static int look_at_extras(struct host *host, const struct sync_params *want,
	struct sync_state *have, struct error *err)
{
	struct walk walk = { .host = host, .want = want, .have = have };
	const struct sync_entry **sorted = arena_array(host_arena(host), have->count + 1,
		sizeof(*sorted));

	if (have->count == 0 || have->entries[0].want.kind != SYNC_DIRECTORY ||
	    have->entries[0].have.kind != FILE_DIRECTORY)
		return 0;
	for (size_t i = 0; i < have->count; i++)
		sorted[i] = &have->entries[i];
	qsort(sorted, have->count, sizeof(*sorted), compare_entries);
	if (guard_open(host, &walk.guard, err) < 0 || host_real(host, want->dest, &walk.real, err) < 0
			|| walk_extras(&walk, sorted, "", 0, err) < 0)
		return -1;
	if (guard_is_system(walk.real)) {
		have->refusal.reason = arena_printf(host_arena(host), "'delete' would empty '%s', which "
			"belongs to the system", walk.real);
		have->refusal.remedy = "name what is to be equal below it";
	}
	return guard_extras(host, &walk.guard, have, err);
}

static int sync_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct sync_params *want = params;
	struct sync_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct sync_line *lines;

	if (!want->manifest)
		return error_set(err, BEOPLAY_BUG, "file-sync came without its manifest");
	if (sync_manifest_read(arena, want->manifest, &lines, &have->count, err) < 0 ||
	    attributes_owner(host, want->owner, want->group, &have->uid, &have->gid, err) < 0)
		return -1;
	have->entries = arena_array(arena, have->count + 1, sizeof(*have->entries));
	for (size_t i = 0; i < have->count; i++) {
		struct sync_entry *entry = &have->entries[i];

		entry->want = lines[i];
		entry->path = strcmp(lines[i].path, ".") == 0 ? want->dest :
			arena_printf(arena, "%s/%s", want->dest, lines[i].path);
		if (look_at_entry(host, want, entry, &have->refusal, err) < 0)
			return -1;
	}
	return want->delete ? look_at_extras(host, want, have, err) : 0;
}

/* --- Planning */

static const char *kind_name(enum file_kind kind)
{
	static const char *const names[] = {
		[FILE_NONE] = "absent", [FILE_REGULAR] = "file", [FILE_DIRECTORY] = "directory",
		[FILE_LINK] = "link", [FILE_OTHER] = "something special",
	};

	return names[kind];
}

static void plan_mode(struct plan *plan, const struct sync_entry *entry)
{
	if (entry->have.mode == entry->mode)
		return;
	plan_add(plan, SYNC_STEP_MODE, entry->path, "mode", plan_printf(plan, "%04o",
		entry->have.mode), plan_printf(plan, "%04o", entry->mode))->detail = entry;
}

static void plan_owner(struct plan *plan, const struct sync_state *have,
	const struct sync_entry *entry)
{
	int64_t uid = have->uid == HOST_KEEP ? (int64_t)entry->have.uid : have->uid;
	int64_t gid = have->gid == HOST_KEEP ? (int64_t)entry->have.gid : have->gid;

	if (uid == (int64_t)entry->have.uid && gid == (int64_t)entry->have.gid)
		return;
	plan_add(plan, SYNC_STEP_OWNER, entry->path, "owner", plan_printf(plan, "%u:%u",
		entry->have.uid, entry->have.gid), plan_printf(plan, "%lld:%lld", (long long)uid,
		(long long)gid))->detail = entry;
}

static void plan_content(struct plan *plan, const struct sync_entry *entry)
{
	struct change *change = plan_add(plan, SYNC_STEP_WRITE, entry->path, "content", NULL, NULL);

	change->detail = entry;
	change->after_body = entry->want.digest;
	if (entry->have.kind == FILE_REGULAR && entry->text) {
		change->before = entry->text;
	} else if (entry->have.kind == FILE_REGULAR) {
		change->flags |= CHANGE_BINARY;
		change->before = plan_printf(plan, "%lld bytes", (long long)entry->have.size);
		change->after = plan_printf(plan, "%lld bytes", (long long)entry->want.size);
		change->after_body = NULL;
	}
	if (!(entry->mode & 0004) || (entry->have.kind == FILE_REGULAR && !(entry->have.mode & 0004)))
		change->flags |= CHANGE_SENSITIVE;
}

static bool plan_file(struct plan *plan, const struct sync_state *have,
	const struct sync_entry *entry)
{
	if (entry->have.kind == FILE_DIRECTORY || entry->have.kind == FILE_OTHER) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "move it away, then try "
			"again", "'%s' is a %s, not a file", entry->path, kind_name(entry->have.kind));
		return false;
	}
	if (entry->have.kind != FILE_REGULAR || strcmp(entry->digest, entry->want.digest) != 0) {
		plan_content(plan, entry);
		return true;
	}
	plan_mode(plan, entry);
	plan_owner(plan, have, entry);
	return true;
}

static bool plan_directory(struct plan *plan, const struct sync_state *have,
	const struct sync_entry *entry)
{
	if (entry->have.kind == FILE_DIRECTORY) {
		plan_mode(plan, entry);
		plan_owner(plan, have, entry);
		return true;
	}
	if (entry->have.kind != FILE_NONE) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "move it away, then try "
			"again", "'%s' is a %s, not a directory", entry->path, kind_name(entry->have.kind));
		return false;
	}
	plan_add(plan, SYNC_STEP_DIRECTORY, entry->path, "state", "absent", "directory")->detail =
		entry;
	return true;
}

static bool plan_link(struct plan *plan, const struct sync_entry *entry)
{
	bool link = entry->have.kind == FILE_LINK;

	if (link && strcmp(entry->have.target, entry->want.target) == 0)
		return true;
	if (entry->have.kind == FILE_DIRECTORY || entry->have.kind == FILE_OTHER) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "move it away, then try "
			"again", "'%s' is a %s, not a link", entry->path, kind_name(entry->have.kind));
		return false;
	}
	plan_add(plan, SYNC_STEP_LINK, entry->path, "target",
		link ? entry->have.target : kind_name(entry->have.kind), entry->want.target)->detail =
		entry;
	return true;
}

static bool plan_absent(struct plan *plan, const struct sync_entry *entry)
{
	if (entry->have.kind == FILE_NONE)
		return true;
	if (entry->have.kind == FILE_DIRECTORY && !entry->empty) {
		plan_note(plan, "'%s' stays: there is something in it", entry->path);
		return true;
	}
	plan_add(plan, SYNC_STEP_REMOVE, entry->path, "state", kind_name(entry->have.kind),
		"absent")->detail = entry;
	return true;
}

static bool plan_entry(struct plan *plan, const struct sync_state *have,
	const struct sync_entry *entry)
{
	switch (entry->want.kind) {
	case SYNC_DIRECTORY:
		return plan_directory(plan, have, entry);
	case SYNC_FILE:
		return plan_file(plan, have, entry);
	case SYNC_LINK:
		return plan_link(plan, entry);
	case SYNC_ABSENT:
		return plan_absent(plan, entry);
	}
	return true;
}

static void sync_plan(struct plan *plan, const void *params, const void *state)
{
	const struct sync_params *want = params;
	const struct sync_state *have = state;

	if (!guard_plan(plan, &have->refusal))
		return;
	if (want->max_delete >= 0 && have->extra_count > (size_t)want->max_delete) {
		plan_refuse(plan, FILE_SYNC_TOO_MANY_DELETED, "check that dest is right; if it is, raise "
			"max_delete", "%zu files below '%s' would be removed, " "more than max_delete (%d)",
			have->extra_count, want->dest, want->max_delete);
		return;
	}
	for (size_t i = 0; i < have->count; i++) {
		if (!plan_entry(plan, have, &have->entries[i]))
			return;
	}
	for (size_t i = 0; i < have->extra_count; i++) {
		const struct sync_extra *extra = &have->extras[i];
		const char *relative = extra->path + strlen(want->dest);

		plan_add(plan, SYNC_STEP_DELETE, extra->path, "state", kind_name(extra->info.kind),
			"absent");
		plan_writes(plan, plan_printf(plan, "path:%s%s", want->dest, relative));
	}
}

/* --- Changing */

static void count(struct arena *arena, struct value *results, const char *name, int64_t more)
{
	value_set_integer(arena, results, name, value_get_integer(results, name, 0) + more);
}

static int write_file(struct host *host, const struct sync_params *want,
	const struct sync_state *have, const struct sync_entry *entry, struct value *results,
	struct error *err)
{
	bool there = entry->have.kind == FILE_REGULAR;
	struct file_write write = {
		.path = entry->path, .body = entry->want.digest,
		.size = (size_t)entry->want.size, .mode = (int)entry->mode,
		.uid = have->uid, .gid = have->gid, .mtime = HOST_KEEP, .validate = want->validate,
		.backup = entry->backup,
	};

	if (host_write(host, &write, err) < 0)
		return -1;
	count(host_arena(host), results, there ? "updated" : "created", 1);
	count(host_arena(host), results, "bytes_sent", entry->want.size);
	return 0;
}

static int give_owner(struct host *host, const struct sync_state *have,
	const struct sync_entry *entry, struct error *err)
{
	int64_t uid = have->uid == HOST_KEEP ? (int64_t)entry->have.uid : have->uid;
	int64_t gid = have->gid == HOST_KEEP ? (int64_t)entry->have.gid : have->gid;

	return host_set_owner(host, entry->path, uid, gid, err);
}

static int make_directory(struct host *host, const struct sync_params *want,
	const struct sync_state *have,
	const struct sync_entry *entry, struct error *err)
{
	struct sync_entry made = *entry;

	if (host_make_directory(host, entry->path, entry->mode, err) < 0 ||
	    (want->directory_mode && host_set_mode(host, entry->path, entry->mode, err) < 0))
		return -1;
	if (have->uid == HOST_KEEP && have->gid == HOST_KEEP)
		return 0;
	if (host_stat(host, entry->path, &made.have, err) < 0)
		return -1;
	return give_owner(host, have, &made, err);
}

/* Beside, then renamed: there is never a moment without it. */
static int make_link(struct host *host, const struct sync_state *have,
	const struct sync_entry *entry, struct error *err)
{
	const char *beside = arena_printf(host_arena(host), "%s.beoplay-link", entry->path);
	struct file_info info;

	if (host_stat(host, beside, &info, err) < 0 ||
	    (info.kind == FILE_LINK && host_remove(host, beside, err) < 0) ||
	    host_make_link(host, beside, entry->want.target, err) < 0)
		return -1;
	if (have->uid != HOST_KEEP || have->gid != HOST_KEEP) {
		struct sync_entry made = *entry;

		made.path = beside;
		if (host_stat(host, beside, &made.have, err) < 0 ||
		    give_owner(host, have, &made, err) < 0)
			return -1;
	}
	return host_rename(host, beside, entry->path, err);
}

static int sync_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct sync_state *have = state;
	const struct sync_entry *entry = change->detail;
	struct arena *arena = host_arena(host);
	bool there = entry && entry->have.kind != FILE_NONE;

	switch ((enum sync_step)change->step) {
	case SYNC_STEP_WRITE:
		return write_file(host, params, have, entry, results, err);
	case SYNC_STEP_DIRECTORY:
		count(arena, results, "created", 1);
		return make_directory(host, params, have, entry, err);
	case SYNC_STEP_LINK:
		count(arena, results, there ? "updated" : "created", 1);
		return make_link(host, have, entry, err);
	case SYNC_STEP_MODE:
		count(arena, results, "updated", 1);
		return host_set_mode(host, entry->path, entry->mode, err);
	case SYNC_STEP_OWNER:
		count(arena, results, "updated", 1);
		return give_owner(host, have, entry, err);
	case SYNC_STEP_REMOVE:
	case SYNC_STEP_DELETE:
		count(arena, results, "deleted", 1);
		return guard_remove(host, change->subject, change->step == SYNC_STEP_REMOVE
			? GUARD_EMPTY : 0, err);
	}
	return error_set(err, BEOPLAY_BUG, "there is no step %u", change->step);
}

/* --- Resources, results, the way back */

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

/* What is wished of one of them, whatever else is in the tree. */
static void wish_line(struct names *names, const struct sync_params *want,
	const struct sync_line *line)
{
	struct buffer text = {0};

	sync_line_write(&text, line);
	names_wish(names, "%.*s%s %s %s %s", (int)text.size, text.data, or_nothing(want->owner),
		or_nothing(want->group), or_nothing(want->mode), or_nothing(want->directory_mode));
	buffer_free(&text);
}

static void sync_resources(struct names *ret_names, const void *params)
{
	const struct sync_params *want = params;
	struct arena *arena = arena_new();
	struct sync_line *lines;
	size_t line_count = 0;

	if (!want->manifest || sync_manifest_read(arena, want->manifest, &lines, &line_count, NULL) < 0)
		line_count = 0;
	for (size_t i = 0; i < line_count; i++) {
		if (strcmp(lines[i].path, ".") == 0)
			names_add(ret_names, "file:%s", want->dest);
		else
			names_add(ret_names, "file:%s/%s", want->dest, lines[i].path);
		wish_line(ret_names, want, &lines[i]);
	}
	arena_free(arena);
}

static void sync_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	static const char *const counted[] = { "created", "updated", "deleted", "bytes_sent", NULL };
	const struct sync_params *want = params;
	const struct sync_state *have = state;
	int64_t total = 0;
	int64_t changed;

	for (size_t i = 0; i < have->count; i++)
		total += have->entries[i].want.size;
	for (size_t i = 0; counted[i]; i++)
		count(arena, results, counted[i], 0);
	changed = value_get_integer(results, "created", 0) + value_get_integer(results, "updated", 0);
	value_set_integer(arena, results, "unchanged",
		(int64_t)have->count > changed ? (int64_t)have->count - changed : 0);
	value_set_integer(arena, results, "bytes_total", total);
	value_set_string(arena, results, "dest", want->dest);
}

struct value *sync_way_back(struct arena *arena, const char *path, const struct file_info *have,
	const char *digest)
{
	struct sync_line line = {
		.path = ".", .mode = have->mode, .size = have->size, .digest = digest,
		.target = have->target,
		.kind = have->kind == FILE_DIRECTORY ? SYNC_DIRECTORY :
			have->kind == FILE_REGULAR ? SYNC_FILE :
			have->kind == FILE_LINK ? SYNC_LINK : SYNC_ABSENT,
	};
	struct value *params = value_map(arena);
	struct buffer manifest = { 0 };

	sync_line_write(&manifest, &line);
	value_set_string(arena, params, "src", "ledger");
	value_set_string(arena, params, "dest", path);
	value_set(arena, params, "manifest", value_bytes(arena, manifest.data, manifest.size));
	buffer_free(&manifest);
	if (have->kind == FILE_NONE)
		return params;
	value_set(arena, params, "owner", value_printf(arena, "%u", have->uid));
	value_set(arena, params, "group", value_printf(arena, "%u", have->gid));
	value_set(arena, params, have->kind == FILE_DIRECTORY ? "directory_mode" : "mode",
		value_printf(arena, "%04o", have->mode));
	return params;
}

static void sync_invert(struct inverses *ret_inverses, const void *params, const void *state)
{
	const struct sync_state *have = state;
	struct arena *arena = inverses_arena(ret_inverses);

	(void)params;
	for (size_t i = 0; i < have->count; i++) {
		const struct sync_entry *entry = &have->entries[i];
		struct inverses_entry inverse = {
			.resource = arena_printf(arena, "file:%s", entry->path),
		};

		if (entry->have.kind == FILE_OTHER) {
			inverse.reason = "it was neither a file nor a directory";
		} else {
			inverse.params = sync_way_back(arena, entry->path, &entry->have,
				entry->digest);
			if (entry->have.kind == FILE_REGULAR && (entry->want.kind != SYNC_FILE ||
					strcmp(entry->digest, entry->want.digest) != 0)) {
				inverse.keep_path = entry->path;
				inverse.keep_digest = entry->digest;
			}
		}
		if (entry->backup)
			backup_invert(ret_inverses, entry->backup);
		inverses_add(ret_inverses, &inverse);
	}
	/* What delete takes away, directories before what is in them. */
	for (size_t i = have->extra_count; i-- > 0;) {
		const struct sync_extra *extra = &have->extras[i];
		struct inverses_entry inverse = {
			.resource = arena_printf(arena, "file:%s", extra->path),
		};

		if (extra->info.kind == FILE_OTHER)
			inverse.reason = "it was neither a file nor a directory";
		else
			inverse.params = sync_way_back(arena, extra->path, &extra->info, extra->digest);
		if (extra->info.kind == FILE_REGULAR) {
			inverse.keep_path = extra->path;
			inverse.keep_digest = extra->digest;
		}
		inverses_add(ret_inverses, &inverse);
	}
}

const struct module module_file_sync = {
	.name = "file-sync",
	.summary = "copy a file or a whole directory from the playbook's directory",
	.params = sync_table,
	.params_size = sizeof(struct sync_params),
	.content = "file",
	.state_size = sizeof(struct sync_state),
	.check = sync_check,
	.prepare = sync_prepare,
	.resources = sync_resources,
	.inspect = sync_inspect,
	.plan = sync_plan,
	.apply = sync_apply,
	.results = sync_results,
	.invert = sync_invert,
};
