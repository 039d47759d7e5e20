/* find: files of the host, by name, kind, age and size; nothing is changed. */
#include "modules/find/find.h"

#include "modules/shared/file_told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

enum { ANSWER_MOST = 256 << 20, FOUND_MOST = 50000 };

struct find_state {
	struct found *found;
	size_t count, examined;
	struct value *skipped;         /* path → why */
};

static const char *const kind_words[] = { "any", "directory", "file", "link", NULL };
static const cyaml_strval_t kinds[] = { { "any", FIND_ANY }, { "directory", FIND_DIRECTORY },
	{ "file", FIND_FILE }, { "link", FIND_LINK } };
static const char *const stamp_words[] = { "atime", "ctime", "mtime", NULL };
static const cyaml_strval_t stamps[] = { { "atime", FIND_ACCESSED }, { "ctime", FIND_CHANGED },
	{ "mtime", FIND_MODIFIED } };

static const struct param find_table[] = {
	{ .name = "paths", .kind = PARAM_LIST, .flags = PARAM_REQUIRED, .alias = "path, name",
		.doc = "directories, by absolute paths", .into = INTO_LIST(struct find_params, paths) },
	{ .name = "patterns", .kind = PARAM_LIST, .otherwise = "", .alias = "pattern",
		.doc = "one of these fits the name: *, ? and [a-z], or with use_regex the beginning of a regular "
		"expression", .into = INTO_LIST(struct find_params, patterns) },
	{ .name = "excludes", .kind = PARAM_LIST, .otherwise = "", .alias = "exclude",
		.doc = "and none of these", .into = INTO_LIST(struct find_params, excludes) },
	{ .name = "use_regex", .kind = PARAM_BOOL, .otherwise = "no", .doc = "patterns are regular expressions",
		.into = INTO_BOOL(struct find_params, use_regex) },
	{ .name = "file_type", .kind = PARAM_CHOICE, .otherwise = "file", .choices = kind_words,
		.doc = "what is looked for", .into = INTO_CHOICE(struct find_params, file_type, kinds) },
	{ .name = "recurse", .kind = PARAM_BOOL, .otherwise = "no", .doc = "in directories below, too",
		.into = INTO_BOOL(struct find_params, recurse) },
	{ .name = "depth", .kind = PARAM_INTEGER, .doc = "how far below: 1 is in the directory itself",
		.into = INTO_NUMBER_POINTER(struct find_params, depth) },
	{ .name = "hidden", .kind = PARAM_BOOL, .otherwise = "no", .doc = "also names that begin with a dot",
		.into = INTO_BOOL(struct find_params, hidden) },
	{ .name = "age", .kind = PARAM_STRING, .doc = "at least so old: 90, 90s, 5m, 2h, 3d, 1w; with - at most",
		.into = INTO_TEXT(struct find_params, age) },
	{ .name = "age_stamp", .kind = PARAM_CHOICE, .otherwise = "mtime", .choices = stamp_words,
		.doc = "by which of its times", .into = INTO_CHOICE(struct find_params, age_stamp, stamps) },
	{ .name = "size", .kind = PARAM_STRING, .doc = "files of at least so many bytes: 10, 10k, 5m; with - at most",
		.into = INTO_TEXT(struct find_params, size) },
	{ .name = "follow", .kind = PARAM_BOOL, .flags = PARAM_NOT_YET, .doc = "through links to directories" },
	{ .name = "contains", .kind = PARAM_STRING, .flags = PARAM_NOT_YET, .doc = "what a line of it matches" },
	{ .name = "read_whole_file", .kind = PARAM_BOOL, .flags = PARAM_NOT_YET, .doc = "for contains" },
	{ .name = "get_checksum", .kind = PARAM_BOOL, .flags = PARAM_NOT_YET, .doc = "see stat" },
	{ 0 },
};

static const char *next_text(const char **at, const char *end)
{
	const char *text = *at;
	size_t size = text < end ? strlen(text) : 0;

	*at = text + size < end ? text + size + 1 : end;
	return size > 0 ? text : "";
}

static mode_t kind_of(char letter)
{
	static const struct {
		char letter;
		mode_t kind;
	} letters[] = { { 'f', S_IFREG }, { 'd', S_IFDIR }, { 'l', S_IFLNK }, { 'b', S_IFBLK },
		{ 'c', S_IFCHR }, { 'p', S_IFIFO }, { 's', S_IFSOCK } };

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (letters[i].letter == letter)
			return letters[i].kind;
	}
	return 0;
}

/* An id without a name comes as a number. */
static const char *name_of(const char *owner)
{
	return owner[strspn(owner, "0123456789")] ? owner : "";
}

/* As the format of look_below has it: numbers, names of owner and group, the path. */
static int take(const char **at, const char *end, struct found *ret_found, struct error *err)
{
	const char *numbers = next_text(at, end), *slash;
	struct found found = {0};
	unsigned mode;
	char kind;

	if (sscanf(numbers, "%c %o %llu %llu %lld %llu %llu %llu %lf %lf %lf %u", &kind, &mode, &found.uid, &found.gid,
			&found.size, &found.inode, &found.device, &found.links, &found.stamps[FIND_ACCESSED],
			&found.stamps[FIND_MODIFIED], &found.stamps[FIND_CHANGED], &found.depth) != 12)
		return error_set(err, HOST_FILE_UNREADABLE, "'find' said something else than was asked");
	found.mode = kind_of(kind) | (mode_t)(mode & 07777);
	found.owner = name_of(next_text(at, end));
	found.group = name_of(next_text(at, end));
	found.path = next_text(at, end);
	slash = strrchr(found.path, '/');
	found.name = slash ? slash + 1 : found.path;
	*ret_found = found;
	return 0;
}

static int take_all(struct host *host, const struct command_result *told, struct find_matcher *matcher,
	struct find_state *have, struct error *err)
{
	const char *at = told->output, *end = at + told->output_size;
	struct found found;
	int matches;

	for (; at < end; have->examined++) {
		if (take(&at, end, &found, err) < 0 || (matches = find_matches(matcher, &found, err)) < 0)
			return -1;
		if (!matches)
			continue;
		if (have->count == FOUND_MOST) {
			error_set(err, HOST_FILE_TOO_LARGE, "more than %d files are found", FOUND_MOST);
			return error_remedy(err, "look for fewer, with patterns or in directories further down");
		}
		*ARENA_PUSH(host_arena(host), &have->found, &have->count) = found;
	}
	return 0;
}

/* As the user of the task, and on this file system and all below. What can't be read is named. */
static int look_below(struct host *host, const struct find_params *want, const char *path,
	struct find_matcher *matcher, struct find_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	bool deep = want->recurse && want->depth && *want->depth > 0;
	const char *depth = arena_printf(arena, "%lld", deep ? (long long)*want->depth + 1 : want->recurse ? 10000LL : 1LL);
	const char *const argv[] = { "find", path, "-mindepth", "1", "-maxdepth", depth, "-printf",
		"%y %m %U %G %s %i %D %n %A@ %T@ %C@ %d\\0%u\\0%g\\0%p\\0", NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .most = ANSWER_MOST };
	struct command_result told;
	struct file_info info;
	const char *real;

	host_has_read(host, arena_printf(arena, "path:%s", path));
	if (host_real(host_quiet(host), path, &real, err) < 0 || host_stat(host_quiet(host), real, &info, err) < 0)
		return -1;
	if (info.kind != FILE_DIRECTORY) {
		value_set(arena, have->skipped, path, value_printf(arena, "'%s' is not a directory", path));
		return 0;
	}
	if (host_look(host_quiet(host), &command, &told, err) < 0)
		return -1;
	if (told.status != 0)
		value_set_string(arena, have->skipped, path, command_last_words(arena, &told));
	return take_all(host, &told, matcher, have, err);
}

static int compare(const void *one, const void *other)
{
	return strcmp(((const struct found *)one)->path, ((const struct found *)other)->path);
}

static const char *clean(struct arena *arena, const char *path)
{
	size_t size = strlen(path);

	while (size > 1 && path[size - 1] == '/')
		size--;
	return arena_bytes(arena, path, size);
}

static int find_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	const struct find_params *want = params;
	struct find_state *have = state;
	struct find_matcher *matcher = find_matcher_new(want, (double)time(NULL), err);
	int result = 0;

	if (!matcher)
		return -1;
	have->skipped = value_map(host_arena(host));
	for (unsigned i = 0; result == 0 && i < want->paths_count; i++)
		result = look_below(host, want, clean(host_arena(host), want->paths[i]), matcher, have, err);
	find_matcher_free(matcher);
	if (have->count > 0)
		qsort(have->found, have->count, sizeof(*have->found), compare);
	return result;
}

static void find_plan(struct plan *plan, const void *params, const void *state)
{
	(void)plan;
	(void)params;
	(void)state;
}

static struct value *told_of(struct arena *arena, const struct found *found)
{
	const struct {
		const char *name;
		unsigned long long number;
	} numbers[] = { { "uid", found->uid }, { "gid", found->gid }, { "inode", found->inode },
		{ "dev", found->device }, { "nlink", found->links }, { "size", (unsigned long long)found->size } };
	struct value *told = value_map(arena);

	value_set_string(arena, told, "path", found->path);
	file_told_mode(arena, told, found->mode);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		value_set_integer(arena, told, numbers[i].name, (int64_t)numbers[i].number);
	value_set(arena, told, "atime", value_float(arena, found->stamps[FIND_ACCESSED]));
	value_set(arena, told, "mtime", value_float(arena, found->stamps[FIND_MODIFIED]));
	value_set(arena, told, "ctime", value_float(arena, found->stamps[FIND_CHANGED]));
	value_set_string(arena, told, "pw_name", found->owner);
	value_set_string(arena, told, "gr_name", found->group);
	return told;
}

static void find_results(struct arena *arena, const void *params, const void *state, struct value *results)
{
	const struct find_state *have = state;
	struct value *files = value_list(arena);

	(void)params;
	for (size_t i = 0; i < have->count; i++)
		value_append(arena, files, told_of(arena, &have->found[i]));
	value_set(arena, results, "files", files);
	value_set_integer(arena, results, "matched", (int64_t)have->count);
	value_set_integer(arena, results, "examined", (int64_t)have->examined);
	value_set(arena, results, "skipped_paths", have->skipped);
	value_set_string(arena, results, "msg", have->skipped->count > 0
		? "Not all paths examined, check warnings for details" : "All paths examined");
}

const struct module module_find_files = {
	.name = "find",
	.summary = "return which files there are, by name, kind, age and size (sorted by their paths)",
	.params = find_table,
	.params_size = sizeof(struct find_params),
	.state_size = sizeof(struct find_state),
	.flags = MODULE_LOOKS,
	.check = find_check,
	.inspect = find_inspect,
	.plan = find_plan,
	.results = find_results,
};
