/* file: what is at a path: a file, a directory, a link, or nothing; and its owner and mode. */
#include "modules/file/file.h"

#include <string.h>

static const char *const file_words[] = { "file", "directory", "link", "absent", "touch", NULL };
static const char *const time_words[] = { "now", "preserve", NULL };
static const char *const access_words[] = { "preserve", NULL };

static const cyaml_strval_t file_choices[] = {
	{ "file", WISH_FILE }, { "directory", WISH_DIRECTORY }, { "link", WISH_LINK },
	{ "absent", WISH_ABSENT }, { "touch", WISH_TOUCH },
};

static const cyaml_strval_t time_choices[] = { { "now", false }, { "preserve", true } };

static const cyaml_strval_t access_choices[] = { { "preserve", true } };

static const struct param file_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .doc = "the path to manage", .flags = PARAM_REQUIRED,
		.alias = "dest, name", .into = INTO_TEXT(struct file_params, path) },
	{ .name = "state", .kind = PARAM_CHOICE,
		.doc = "what should be there; not said: what is there, of which only owner and mode are "
		"set; file: must already exist; "
		"touch: an empty one is made, or one that is there is as if just written; absent: a "
			"directory goes with all in it, which an undo brings back up to 1000 files and "
		"256 MiB",
		.choices = file_words,
		.into = INTO_CHOICE(struct file_params, state, file_choices) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "its owner",
		.into = INTO_TEXT(struct file_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group",
		.into = INTO_TEXT(struct file_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions, e.g. 0644 or u=rw,go=r",
		.into = INTO_TEXT(struct file_params, mode) },
	{ .name = "src", .kind = PARAM_STRING, .doc = "the target of a link",
		.into = INTO_TEXT(struct file_params, src) },
	{ .name = "force", .kind = PARAM_BOOL, .doc = "let a link replace a file",
		.otherwise = "no", .into = INTO_BOOL(struct file_params, force) },
	{ .name = "modification_time", .kind = PARAM_CHOICE,
		.doc = "preserve: touch leaves the time of "
		"what is there", .otherwise = "now", .choices = time_words,
		.into = INTO_CHOICE(struct file_params, keeps_time, time_choices) },
	{ .name = "access_time", .kind = PARAM_CHOICE,
		.doc = "touch never sets it", .choices = access_words,
		.otherwise = "preserve", .into = INTO_CHOICE(struct file_params, keeps_access, access_choices) },
	{ .name = "recurse", .kind = PARAM_BOOL, .doc = "of a directory: also set owner and mode of "
		"everything below it, but for special files and what is mounted there; X is x for directories "
		"and programs",
		.otherwise = "no", .into = INTO_BOOL(struct file_params, recurse) },
	{ .name = "above", .kind = PARAM_LIST, .doc = "mode and owner of the directories above",
		.otherwise = "", .flags = PARAM_INTERNAL, .into = INTO_LIST(struct file_params, above) },
	{ .name = "body", .kind = PARAM_STRING, .doc = "its content, by digest",
		.flags = PARAM_INTERNAL | PARAM_BODY, .into = INTO_TEXT(struct file_params, body) },
	{ .name = "left", .kind = PARAM_STRING, .doc = "what the file held that goes, by digest",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct file_params, left) },
	{ .name = "mtime", .kind = PARAM_INTEGER, .doc = "when it was written last, in nanoseconds",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct file_params, mtime) },
	{ .name = "up_to", .kind = PARAM_PATH, .doc = "absent: a directory, and those above up to this "
		"one, go only if nothing is in them", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct file_params, up_to) },
	{ 0 },
};

static bool is_word(const struct value *value, const char *word)
{
	return value && value->kind == VALUE_STRING && strcmp(value->text, word) == 0;
}

/* NULL: not given. */
static int check_recurse(const struct value *path, const struct value *state,
	const struct value *recurse, struct error *err)
{
	if (!recurse || !is_word(recurse, "true"))
		return 0;
	if (state && state->kind == VALUE_STRING && !is_word(state, "directory"))
		return error_at(err, TASK_CONFLICTING_PARAMETERS, recurse->place, "'recurse' is for "
			"directories only (state: directory)");
	if (!path || path->kind != VALUE_STRING || !guard_is_whole(path->text))
		return 0;
	error_at(err, TASK_PROTECTED, path->place, "'recurse' would change all of '%s', which belongs to "
		"the system", path->text);
	return error_remedy(err, "name what is to change below it; check whether a variable in the path is "
		"empty");
}

static int file_check(const struct value *params, struct error *err)
{
	const struct value *state = value_get(params, "state");
	const struct value *path = value_get(params, "path");
	const struct value *src = value_get(params, "src");

	if (is_word(state, "link") && !src) {
		error_at(err, TASK_MISSING_PARAMETER, state->place, "a link needs 'src'");
		return error_remedy(err, "src is what the link points at");
	}
	if (src && (!state || state->kind == VALUE_STRING) && !is_word(state, "link"))
		return error_at(err, TASK_CONFLICTING_PARAMETERS, src->place, "'src' is for links only "
			"(state: link)");
	if (check_recurse(path, state, value_get(params, "recurse"), err) < 0)
		return -1;
	if (is_word(state, "absent") && !value_get(params, "up_to") && path
			&& path->kind == VALUE_STRING && guard_is_system(path->text)) {
		error_at(err, TASK_PROTECTED, path->place, "'%s' is not removed: it belongs to the system",
			path->text);
		return error_remedy(err, "name what is to go below it; check whether a variable in the "
			"path is empty");
	}
	return 0;
}

struct attributes_want file_attributes_of(const struct file_params *want)
{
	return (struct attributes_want){ want->owner, want->group, want->mode };
}

static void file_resources(struct names *names, const void *params)
{
	const struct file_params *want = params;

	names_add(names, "file:%s", want->path);
}

const char *file_path_above(struct arena *arena, const char *path)
{
	return arena_bytes(arena, path, (size_t)(strrchr(path, '/') - path));
}

static void file_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct file_params *want = params;
	const struct file_state *have = state;

	value_set_string(arena, results, "path", want->path);
	value_set_string(arena, results, "state", file_kind_word(have->at.info.kind));
	if (have->at.info.kind == FILE_NONE)
		return;
	value_set(arena, results, "mode", value_printf(arena, "%04o", have->at.info.mode));
	value_set_string(arena, results, "owner", have->at.owner_name);
	value_set_string(arena, results, "group", have->at.group_name);
	value_set_integer(arena, results, "uid", have->at.info.uid);
	value_set_integer(arena, results, "gid", have->at.info.gid);
}

/* What went with a directory comes back after it. */
static void invert_below(struct inverses *inverses, const struct file_state *have)
{
	struct arena *arena = inverses_arena(inverses);

	for (size_t i = 0; i < have->below_count; i++) {
		const struct file_below *below = &have->below[i];
		struct inverses_entry entry = {
			.resource = arena_printf(arena, "file:%s", below->path), .module = "file",
			.params = attributes_way_back(arena, below->path,
				&(struct attributes_have){ .info = below->info }, below->digest),
			.keep_path = below->digest ? below->path : NULL, .keep_digest = below->digest,
			.reason = "a special file was there",
		};

		inverses_add(inverses, &entry);
	}
}

static void invert_attributes_below(struct inverses *inverses, const struct file_state *have)
{
	struct arena *arena = inverses_arena(inverses);

	for (size_t i = 0; i < have->below_count; i++) {
		const struct file_below *below = &have->below[i];
		struct value *params = attributes_way_back(arena, below->path,
			&(struct attributes_have){ .info = below->info }, NULL);

		if (below->info.kind == FILE_LINK)
			value_set_string(arena, params, "force", "yes");
		inverses_add(inverses, &(struct inverses_entry){ .module = "file", .params = params,
			.resource = arena_printf(arena, "file:%s", below->path) });
	}
}

static void tell_above(struct arena *arena, struct value *list, const struct file_info *info)
{
	value_append(arena, list, value_printf(arena, "%04o:%u:%u", info->mode, info->uid, info->gid));
}

static void file_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct file_params *want = params;
	const struct file_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "file:%s", want->path),
		.module = "file",
		.params = attributes_way_back(arena, want->path, &have->at, have->digest),
		.reason = "a special file was there",
	};
	struct value *above = value_list(arena);

	if (have->digest) {
		entry.keep_path = want->path;
		entry.keep_digest = have->digest;
	}
	/* By then a later run may have put a file in its place. */
	if (have->at.info.kind == FILE_LINK)
		value_set_string(arena, entry.params, "force", "yes");
	if (have->at.info.kind == FILE_NONE)
		value_set_string(arena, entry.params, "up_to", have->missing_count > 0
			? have->missing[0] : want->path);
	for (size_t i = 0; i < have->empty_count; i++)
		tell_above(arena, above, &have->empty[i].info);
	for (size_t i = 0; i < have->above_count; i++)
		tell_above(arena, above, &have->above[i].info);
	if (want->state == WISH_TOUCH && entry.params && have->at.info.kind != FILE_NONE)
		value_set(arena, entry.params, "mtime", value_printf(arena, "%lld",
			(long long)have->at.info.mtime));
	if (entry.params && above->count > 0)
		value_set(arena, entry.params, "above", above);
	if (want->recurse)
		invert_attributes_below(inverses, have);
	if (want->state == WISH_ABSENT && file_too_much(have)) {
		entry.params = NULL;
		entry.reason = "a directory with too much in it was removed";
	} else if (!want->recurse) {
		invert_below(inverses, have);
	}
	inverses_add(inverses, &entry);
}

const struct module module_file = {
	.name = "file",
	.summary = "create or remove files, directories and links, and set owner and mode",
	.params = file_table,
	.params_size = sizeof(struct file_params),
	.content = "file",
	.state_size = sizeof(struct file_state),
	.check = file_check,
	.resources = file_resources,
	.inspect = file_inspect,
	.plan = file_plan,
	.apply = file_apply,
	.results = file_results,
	.invert = file_invert,
};
