/* unarchive: a directory holds what is in an archive. */
#include "modules/unarchive/unarchive.h"

#include "modules/errors.h"
#include "modules/file_sync/file_sync.h"
#include "modules/shared/guard.h"
#include "modules/shared/linked_file.h"

#include <string.h>

enum unarchive_step { UNARCHIVE_DIRECTORY = ATTRIBUTES_STEP_END, UNARCHIVE_PUT, UNARCHIVE_ATTRIBUTES };

/* Of a change: which entry, and whether the archive is unpacked before it, and gone behind it. */
struct unarchive_move {
	const struct unarchive_entry *entry;
	bool first, last;
};

static const struct param unarchive_table[] = {
	{ .name = "src", .kind = PARAM_STRING, .flags = PARAM_REQUIRED, .doc = "a file in the playbook's directory, or "
		"in files/, of at most 64 MiB; with remote_src on the host, or a URL",
		.into = INTO_TEXT(struct unarchive_params, src) },
	{ .name = "dest", .kind = PARAM_PATH, .flags = PARAM_REQUIRED, .doc = "the directory into which; it has to be "
		"there", .into = INTO_TEXT(struct unarchive_params, dest) },
	{ .name = "remote_src", .kind = PARAM_BOOL, .otherwise = "no", .doc = "src is on the host, by its absolute path, "
		"or a URL that the host downloads", .into = INTO_BOOL(struct unarchive_params, remote_src) },
	{ .name = "copy", .kind = PARAM_BOOL, .doc = "no is remote_src: yes" },
	{ .name = "creates", .kind = PARAM_PATH, .doc = "nothing is done if this is there",
		.into = INTO_TEXT(struct unarchive_params, creates) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "whom all of it belongs to; by default as in the archive",
		.into = INTO_TEXT(struct unarchive_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group", .into = INTO_TEXT(struct unarchive_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "permissions of all of it",
		.into = INTO_TEXT(struct unarchive_params, mode) },
	{ .name = "exclude", .kind = PARAM_LIST, .otherwise = "", .doc = "patterns of what is left out",
		.into = INTO_LIST(struct unarchive_params, exclude) },
	{ .name = "include", .kind = PARAM_LIST, .otherwise = "", .doc = "only these of the archive",
		.into = INTO_LIST(struct unarchive_params, include) },
	{ .name = "extra_opts", .kind = PARAM_LIST, .otherwise = "", .doc = "more options for tar or unzip, as "
		"--strip-components=1", .into = INTO_LIST(struct unarchive_params, extra_opts) },
	{ .name = "keep_newer", .kind = PARAM_BOOL, .otherwise = "no", .doc = "files that are newer than those of the "
		"archive stay", .into = INTO_BOOL(struct unarchive_params, keep_newer) },
	{ .name = "list_files", .kind = PARAM_BOOL, .otherwise = "no", .flags = PARAM_ASIDE,
		.doc = "tell what is in it, as files", .into = INTO_BOOL(struct unarchive_params, list_files) },
	{ .name = "validate_certs", .kind = PARAM_BOOL, .otherwise = "yes", .flags = PARAM_ASIDE,
		.doc = "no: believe any server", .into = INTO_BOOL(struct unarchive_params, validate_certs) },
	{ .name = "body", .kind = PARAM_STRING, .doc = "the archive, by digest", .flags = PARAM_INTERNAL | PARAM_BODY,
		.into = INTO_TEXT(struct unarchive_params, body) },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "what it brought goes by itself", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct unarchive_params, undo) },
	{ 0 },
};

/* --- The controller --- */

static bool says(const struct value *params, const char *name, const char *word)
{
	const char *text = value_get_string(params, name);

	return text && strcmp(text, word) == 0;
}

static bool is_remote(const struct value *params)
{
	return says(params, "remote_src", "true") || says(params, "copy", "false");
}

/* Options say how an archive is read, not where it goes or what is run: a dry run unpacks it, too. */
static bool is_about_reading(const char *option)
{
	static const char *const known[] = { "--acls", "--anchored", "--delay-directory-restore", "--exclude",
		"--force-local", "--group=", "--ignore-case", "--ignore-zeros", "--mode=", "--no-acls", "--no-anchored",
		"--no-ignore-case", "--no-recursion", "--no-same-owner", "--no-same-permissions", "--no-wildcards",
		"--no-xattrs", "--numeric-owner", "--owner=", "--preserve-permissions", "--same-owner",
		"--same-permissions", "--show-stored-names", "--show-transformed-names", "--strip-components=", "--touch",
		"--transform=", "--warning=", "--wildcards", "--xattrs", "--xform=" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t size = strlen(known[i]);

		if (strncmp(option, known[i], size) == 0 && (known[i][size - 1] == '=' || strchr("-=", option[size])))
			return true;
	}
	return option[0] == '-' && option[1] != '\0' && option[1 + strspn(option + 1, "jJLKXimopqvz")] == '\0';
}

static int check_options(const struct value *params, struct error *err)
{
	const struct value *options = value_get(params, "extra_opts"), *include = value_get(params, "include");

	for (size_t i = 0; i < value_item_count(options); i++) {
		const struct value *option = value_item(options, i);

		if (value_text(option) && !is_about_reading(option->text)) {
			error_at(err, TASK_INVALID_VALUE, option->place, "'extra_opts' can't be '%s'", option->text);
			return error_remedy(err, "say it as one word, like --strip-components=1; what leads elsewhere or runs "
				"something isn't taken");
		}
	}
	for (size_t i = 0; i < value_item_count(include); i++) {
		const struct value *name = value_item(include, i);

		if (value_text(name) && name->text[0] == '-')
			return error_at(err, TASK_INVALID_VALUE, name->place, "'include' can't be '%s'", name->text);
	}
	return 0;
}

static int unarchive_check(const struct value *params, struct error *err)
{
	const struct value *src = value_get(params, "src");

	if (check_options(params, err) < 0)
		return -1;
	if (says(params, "undo", "true") || !value_text(src))
		return 0;
	if (!is_remote(params) && strstr(src->text, "://")) {
		error_at(err, TASK_INVALID_VALUE, src->place, "'src' is no file of the controller");
		return error_remedy(err, "add remote_src: yes, and the host downloads it");
	}
	if (!is_remote(params) || src->text[0] == '/' || unarchive_is_url(src->text))
		return 0;
	return error_at(err, TASK_INVALID_VALUE, src->place, "'src' must be absolute, as it is on the host, or a URL with "
		"http:// or https://");
}

static int unarchive_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const struct value *src = value_get(params, "src");
	const char *path;
	struct value *body;
	int64_t size;

	value_set_string(arena, params, "remote_src", is_remote(params) ? "true" : "false");
	value_remove(params, "copy");
	if (is_remote(params) || !value_text(src))
		return 0;
	if (prepare_find(prepare, src->text, "files", &path, err) < 0
			|| prepare_content(prepare, path, &body, &size, err) < 0)
		return error_place(err, src->place);
	if (size > ARCHIVE_FROM_CONTROLLER_MOST) {
		error_at(err, TASK_INVALID_VALUE, src->place, "'%s' has more than 64 MiB", src->text);
		return error_remedy(err, "copy it to the host first, and add remote_src: yes");
	}
	value_set(arena, params, "body", body);
	return 0;
}

static void unarchive_resources(struct names *names, const void *params)
{
	const struct unarchive_params *want = params;
	const char *slash = strrchr(want->src, '/');

	names_add(names, "unarchive:%s:%s", want->dest, slash ? slash + 1 : want->src);
}

/* --- Looking --- */

static struct attributes_want want_of(const struct unarchive_params *want)
{
	return (struct attributes_want){ want->owner, want->group, want->mode };
}

/* Directories that are there keep what they have, unless the task says otherwise: an archive that holds "etc/"
 * must not hand it to whoever made the archive. */
static bool keeps_its_own(const struct unarchive_params *want, const struct unarchive_entry *entry)
{
	return entry->kind == FILE_DIRECTORY && ((!want->owner && !want->group && !want->mode)
		|| guard_is_whole(entry->path));
}

static bool attributes_differ(const struct unarchive_entry *entry)
{
	const struct file_info *info = &entry->at.info;

	return (int64_t)info->uid != entry->uid || (int64_t)info->gid != entry->gid
		|| (entry->kind != FILE_LINK && info->mode != entry->mode);
}

static bool content_differs(const struct unarchive_params *want, const struct unarchive_entry *entry)
{
	const struct file_info *info = &entry->at.info;

	if (entry->kind == FILE_LINK)
		return strcmp(info->target, entry->target) != 0;
	if (entry->kind != FILE_REGULAR || (want->keep_newer && info->mtime / 1000000000 > entry->mtime))
		return false;
	return !entry->digest_there || !entry->digest || strcmp(entry->digest_there, entry->digest) != 0;
}

static int look_at_entry(struct host *host, const struct unarchive_params *want, struct unarchive_entry *entry,
	struct error *err)
{
	const struct attributes_want attributes = want_of(want);
	const struct file_info *info = &entry->at.info;

	if (attributes_inspect(host, entry->path, &attributes, &entry->at, err) < 0)
		return -1;
	entry->uid = entry->at.uid == HOST_KEEP ? entry->uid : entry->at.uid;
	entry->gid = entry->at.gid == HOST_KEEP ? entry->gid : entry->at.gid;
	if (want->mode)
		entry->mode = sync_mode(want->mode, entry->mode, entry->kind == FILE_DIRECTORY);
	if (info->kind == FILE_REGULAR && host_digest(host, entry->path, &entry->digest_there, err) < 0)
		return -1;
	if (info->kind == FILE_NONE || info->kind != entry->kind) {
		entry->put = true;
		return 0;
	}
	entry->put = content_differs(want, entry);
	entry->attributes = !entry->put && !keeps_its_own(want, entry) && attributes_differ(entry);
	return 0;
}

static int unarchive_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	const struct unarchive_params *want = params;
	struct unarchive_state *have = state;
	struct file_info info = {0};
	const char *real;

	have->staging = arena_alloc(host_arena(host), sizeof(*have->staging));
	*have->staging = NULL;
	if (want->undo)
		return 0;
	if ((want->creates && host_stat(host, want->creates, &info, err) < 0)
			|| host_stat(host, want->dest, &have->dest, err) < 0)
		return -1;
	have->created = info.kind != FILE_NONE;
	have->unknown = unarchive_is_url(want->src) && host_dry(host);
	if (have->created || have->unknown || have->dest.kind != FILE_DIRECTORY)
		return 0;
	if (!want->body && !unarchive_is_url(want->src)) {
		if (linked_file_stat(host, want->src, &real, &info, err) < 0)
			return -1;
		if (info.kind == FILE_NONE)
			return error_set(err, HOST_FILE_NOT_FOUND, "there is no file '%s'", want->src);
		/* At a pipe it would be waited for ever. */
		if (info.kind != FILE_REGULAR)
			return error_set(err, HOST_FILE_WRONG_TYPE, "'%s' is no file", want->src);
	}
	if (unarchive_list(host, want, have, err) < 0)
		return -1;
	for (size_t i = 0; i < have->count; i++) {
		if (look_at_entry(host, want, &have->entries[i], err) < 0)
			return -1;
	}
	return 0;
}

/* --- Planning --- */

static bool refuse_kind(struct plan *plan, const struct unarchive_entry *entry)
{
	enum file_kind there = entry->at.info.kind;

	if (entry->kind == FILE_OTHER) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "leave it out with 'exclude'", "the archive holds a special file, '%s'",
			entry->name);
		return true;
	}
	if (there == FILE_NONE || there == entry->kind || (there != FILE_DIRECTORY && there != FILE_OTHER
			&& entry->kind != FILE_DIRECTORY))
		return false;
	plan_refuse(plan, HOST_FILE_WRONG_TYPE, "remove it first (file with state: absent)",
		"'%s' is %s, and %s in the archive", entry->path, there == FILE_DIRECTORY ? "a directory"
		: there == FILE_LINK ? "a symbolic link" : there == FILE_REGULAR ? "a file" : "a special file",
		entry->kind == FILE_DIRECTORY ? "a directory" : "none");
	return true;
}

static void plan_put(struct plan *plan, const struct unarchive_entry *entry, struct unarchive_move *move)
{
	static const char *const kinds[] = { [FILE_REGULAR] = "file", [FILE_DIRECTORY] = "directory",
		[FILE_LINK] = "link", [FILE_NONE] = "absent", [FILE_OTHER] = "special file" };
	const struct file_info *info = &entry->at.info;
	struct change *change;

	if (entry->kind == FILE_DIRECTORY)
		change = plan_add(plan, UNARCHIVE_DIRECTORY, entry->path, "state", "absent", "directory");
	else if (info->kind != entry->kind)
		change = plan_add(plan, UNARCHIVE_PUT, entry->path, "state", kinds[info->kind], kinds[entry->kind]);
	else if (entry->kind == FILE_LINK)
		change = plan_add(plan, UNARCHIVE_PUT, entry->path, "target", info->target, entry->target);
	else
		change = plan_add(plan, UNARCHIVE_PUT, entry->path, "checksum", entry->digest_there, entry->digest);
	change->detail = move;
}

static void plan_entries(struct plan *plan, const struct unarchive_state *have)
{
	struct unarchive_move *last = NULL;

	for (size_t i = 0; i < have->count; i++) {
		const struct unarchive_entry *entry = &have->entries[i];
		struct unarchive_move *move = arena_alloc(plan_arena(plan), sizeof(*move));

		*move = (struct unarchive_move){ .entry = entry };
		if (entry->put && refuse_kind(plan, entry))
			return;
		if (entry->put && entry->kind != FILE_DIRECTORY) {
			move->first = !last;
			last = move;
		}
		if (entry->put)
			plan_put(plan, entry, move);
		else if (entry->attributes)
			plan_add(plan, UNARCHIVE_ATTRIBUTES, entry->path, "owner and mode", plan_printf(plan, "%u:%u %04o",
				entry->at.info.uid, entry->at.info.gid, entry->at.info.mode), plan_printf(plan,
				"%lld:%lld %04o", (long long)entry->uid, (long long)entry->gid, entry->mode))->detail = move;
	}
	if (last)
		last->last = true;
}

static void unarchive_plan(struct plan *plan, const void *params, const void *state)
{
	const struct unarchive_params *want = params;
	const struct unarchive_state *have = state;

	if (want->undo || have->created)
		return;
	if (have->dest.kind != FILE_DIRECTORY)
		plan_refuse(plan, HOST_NO_DIRECTORY, "make it first (file with state: directory)", "'%s' is no directory",
			want->dest);
	else if (have->unknown)
		plan_missing(plan, "only a download tells what is in '%s'", want->src);
	else
		plan_entries(plan, have);
}

/* --- Changing --- */

static int set_attributes(struct host *host, const struct unarchive_entry *entry, const char *path,
	struct error *err)
{
	if (host_set_owner(host, path, entry->uid, entry->gid, err) < 0)
		return -1;
	return entry->kind == FILE_LINK ? 0 : host_set_mode(host, path, entry->mode, err);
}

/* Whole or not at all: it gets its name in one moment. */
static int put(struct host *host, const struct unarchive_params *want, const struct unarchive_state *have,
	const struct unarchive_move *move, struct error *err)
{
	const struct unarchive_entry *entry = move->entry;
	const char *from;

	if (move->first && unarchive_unpack(host, want, have, err) < 0)
		return -1;
	from = arena_printf(host_arena(host), "%s/x/%s", *have->staging, entry->name);
	if (set_attributes(host, entry, from, err) < 0 || host_rename(host, from, entry->path, err) < 0)
		return -1;
	return move->last ? unarchive_clean(host, have, err) : 0;
}

static int unarchive_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct unarchive_move *move = change->detail;
	const struct unarchive_entry *entry = move->entry;
	struct error ignored = {0};
	int result;

	(void)results;
	if (change->step == UNARCHIVE_DIRECTORY)
		result = host_make_directory(host, entry->path, entry->mode & 0777, err) < 0 ? -1
			: set_attributes(host, entry, entry->path, err);
	else if (change->step == UNARCHIVE_ATTRIBUTES)
		result = set_attributes(host, entry, entry->path, err);
	else
		result = put(host, params, state, move, err);
	if (result < 0)
		unarchive_clean(host, state, &ignored);
	return result;
}

static void unarchive_results(struct arena *arena, const void *params, const void *state, struct value *results)
{
	const struct unarchive_params *want = params;
	const struct unarchive_state *have = state;
	struct value *files = value_list(arena);

	value_set_string(arena, results, "dest", want->dest);
	value_set_string(arena, results, "src", want->src);
	for (size_t i = 0; want->list_files && i < have->count; i++)
		value_append(arena, files, value_string(arena, have->entries[i].name));
	if (want->list_files)
		value_set(arena, results, "files", files);
}

/* --- The way back --- */

static void invert_entry(struct inverses *inverses, const struct unarchive_entry *entry)
{
	struct arena *arena = inverses_arena(inverses);
	struct inverses_entry back = { .resource = arena_printf(arena, "file:%s", entry->path), .module = "file",
		.params = attributes_way_back(arena, entry->path, &entry->at, entry->digest_there),
		.keep_path = entry->digest_there ? entry->path : NULL, .keep_digest = entry->digest_there };

	if (entry->put && entry->digest)
		value_set_string(arena, back.params, "left", entry->digest);
	if (entry->at.info.kind == FILE_NONE)
		value_set_string(arena, back.params, "up_to", entry->path);
	/* In place of a file. */
	if (entry->at.info.kind == FILE_LINK)
		value_set_string(arena, back.params, "force", "yes");
	inverses_add(inverses, &back);
}

static void unarchive_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct unarchive_params *want = params;
	const struct unarchive_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	const char *slash = strrchr(want->src, '/');
	struct value *nothing = value_map(arena);

	for (size_t i = 0; i < have->count; i++) {
		if (have->entries[i].put || have->entries[i].attributes)
			invert_entry(inverses, &have->entries[i]);
	}
	value_set_string(arena, nothing, "src", want->src);
	value_set_string(arena, nothing, "dest", want->dest);
	value_set_bool(arena, nothing, "undo", true);
	inverses_add(inverses, &(struct inverses_entry){ .params = nothing, .resource = arena_printf(arena,
		"unarchive:%s:%s", want->dest, slash ? slash + 1 : want->src) });
}

const struct module module_unarchive = {
	.name = "unarchive",
	.summary = "a directory holds what is in an archive",
	.params = unarchive_table,
	.params_size = sizeof(struct unarchive_params),
	.state_size = sizeof(struct unarchive_state),
	.check = unarchive_check,
	.prepare = unarchive_prepare,
	.resources = unarchive_resources,
	.inspect = unarchive_inspect,
	.plan = unarchive_plan,
	.apply = unarchive_apply,
	.results = unarchive_results,
	.invert = unarchive_invert,
};
