/* file-sync: copy a file or a whole directory from the playbook's directory. */
#include "modules/file_sync/file_sync.h"

#include "modules/shared/backup.h"
#include "modules/shared/file_attributes.h"

#include <string.h>

enum { FETCH_MOST = 1024 };

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

static void count(struct arena *arena, struct value *results, const char *name, int64_t more)
{
	value_set_integer(arena, results, name, value_get_integer(results, name, 0) + more);
}

/* What comes next is fetched together, as long as it is small. */
static void fetch_next(struct host *host, const struct sync_state *have,
	const struct sync_entry *entry)
{
	const struct sync_entry *wanted[FETCH_MOST];
	const char *digests[FETCH_MOST];
	int64_t sizes[FETCH_MOST];
	size_t count = 0;

	if (entry < *have->fetched)
		return;
	for (; entry < have->entries + have->count && count < FETCH_MOST; entry++) {
		if (!sync_differs(entry))
			continue;
		wanted[count] = entry;
		digests[count] = entry->want.digest;
		sizes[count++] = entry->want.size;
	}
	count = host_fetch(host, digests, sizes, count);
	*have->fetched = wanted[count > 0 ? count - 1 : 0] + 1;
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
		.backup = entry->backup, .later = true,
	};

	fetch_next(host, have, entry);
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
