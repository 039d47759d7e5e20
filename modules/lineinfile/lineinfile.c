/* lineinfile: add, replace or remove a line of a file. */
#include "modules/lineinfile/lineinfile.h"

#include "base/digest.h"
#include "modules/errors.h"

#include <string.h>

static const char *const state_words[] = { "present", "absent", NULL };

static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

static const struct param back_table[] = {
	{ .name = "line", .kind = PARAM_STRING, .doc = "the line", .flags = PARAM_REQUIRED,
		.into = INTO_TEXT(struct line_back, line) },
	{ .name = "instead", .kind = PARAM_STRING, .doc = "the line that took its place",
		.into = INTO_TEXT(struct line_back, instead) },
	{ .name = "after", .kind = PARAM_STRING, .doc = "the line before it",
		.into = INTO_TEXT(struct line_back, after) },
	{ .name = "number", .kind = PARAM_INTEGER, .doc = "which line it was, from 0",
		.flags = PARAM_REQUIRED, .into = INTO_NUMBER(struct line_back, number) },
	{ .name = "copies", .kind = PARAM_INTEGER, .doc = "how many there were up to this one",
		.flags = PARAM_REQUIRED, .into = INTO_NUMBER(struct line_back, copies) },
	{ .name = "bare", .kind = PARAM_BOOL, .doc = "it ended the file, without a newline",
		.otherwise = "no", .into = INTO_BOOL(struct line_back, bare) },
	{ 0 },
};

static const struct param line_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .doc = "the file", .flags = PARAM_REQUIRED,
		.alias = "dest, destfile, name", .into = INTO_TEXT(struct line_params, path) },
	{ .name = "line", .kind = PARAM_STRING, .doc = "the line", .alias = "value",
		.into = INTO_TEXT(struct line_params, line) },
	{ .name = "regexp", .kind = PARAM_STRING, .doc = "replace the last line that pattern_matches; "
		"absent: all that match go", .alias = "regex",
		.into = INTO_TEXT(struct line_params, regexp) },
	{ .name = "search_string", .kind = PARAM_STRING, .doc = "like regexp, but a plain string",
		.into = INTO_TEXT(struct line_params, search_string) },
	{ .name = "insertafter", .kind = PARAM_STRING, .doc = "put a new line after the last one that "
		"matches, or at the end (EOF)", .into = INTO_TEXT(struct line_params, insertafter) },
	{ .name = "insertbefore", .kind = PARAM_STRING,
		.doc = "put a new line before the last one that "
		"matches, or first (BOF)", .into = INTO_TEXT(struct line_params, insertbefore) },
	{ .name = "firstmatch", .kind = PARAM_BOOL, .doc = "use the first match, not the last",
		.otherwise = "no", .into = INTO_BOOL(struct line_params, firstmatch) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "whether the line should be there",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct line_params, present, state_choices) },
	{ .name = "create", .kind = PARAM_BOOL, .doc = "create the file if missing", .otherwise = "no",
		.into = INTO_BOOL(struct line_params, create) },
	{ .name = "backrefs", .kind = PARAM_BOOL, .doc = "\\1 and \\g<name> in line stand for what groups of "
		"regexp matched; where it matches nothing, nothing is added", .otherwise = "no",
		.into = INTO_BOOL(struct line_params, backrefs) },
	{ .name = "backup", .kind = PARAM_BOOL, .doc = "keep the old file next to it, as NAME.DATE~",
		.otherwise = "no", .flags = PARAM_ASIDE, .into = INTO_BOOL(struct line_params, backup) },
	{ .name = "validate", .kind = PARAM_STRING,
		.doc = "a command that must accept the new file, with %s for it", .flags = PARAM_ASIDE,
		.into = INTO_TEXT(struct line_params, validate) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "the owner of the file",
		.into = INTO_TEXT(struct line_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group",
		.into = INTO_TEXT(struct line_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions",
		.into = INTO_TEXT(struct line_params, mode) },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "lines go back to what they were",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct line_params, undo) },
	{ .name = "made", .kind = PARAM_BOOL, .doc = "there was no file", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct line_params, made) },
	{ .name = "bare", .kind = PARAM_BOOL, .doc = "the line before had no newline",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct line_params, bare) },
	{ .name = "pattern", .kind = PARAM_STRING, .doc = "by which the line was known",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct line_params, pattern) },
	{ .name = "kept", .kind = PARAM_STRING, .doc = "what tasks before had made of the line",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct line_params, kept) },
	{ .name = "seen", .kind = PARAM_INTEGER, .doc = "what went before was gone anyway",
		.otherwise = "0", .flags = PARAM_INTERNAL, .into = INTO_NUMBER(struct line_params, seen) },
	{ .name = "back", .kind = PARAM_RECORDS, .doc = "lines that come back", .otherwise = "",
		.entries = back_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct line_params, back) },
	{ 0 },
};

static int check_pattern(const struct value *params, const char *name, struct error *err)
{
	const struct value *value = value_get(params, name);
	struct error problem = {0};
	struct pattern pattern;

	if (!value_text(value))
		return 0;
	if (pattern_compile(value->text, &pattern, &problem) < 0)
		return error_at(err, TASK_INVALID_VALUE, value->place, "%s", problem.message);
	regex_free(pattern.regex);
	return 0;
}

static int check_references(const struct value *params, struct error *err)
{
	const struct value *backrefs = value_get(params, "backrefs"), *regexp = value_get(params, "regexp");
	const struct value *line = value_get(params, "line");
	struct pattern pattern;
	int result;

	if (!value_text(backrefs) || strcmp(value_text(backrefs), "true") != 0)
		return 0;
	if (!regexp)
		return error_at(err, TASK_MISSING_PARAMETER, backrefs->place, "'backrefs' needs 'regexp'");
	if (!value_text(regexp) || !value_text(line))
		return 0;
	if (pattern_compile(regexp->text, &pattern, err) < 0)
		return -1;
	result = pattern_check_references(&pattern, line, err);
	regex_free(pattern.regex);
	return result;
}

static int line_check(const struct value *params, struct error *err)
{
	const char *state = value_get_string(params, "state");
	const char *undo = value_get_string(params, "undo");
	const struct value *line = value_get(params, "line");
	bool absent = state && strcmp(state, "absent") == 0;

	if (undo && strcmp(undo, "true") == 0)
		return 0;
	if (!line && !absent)
		return error_set(err, TASK_MISSING_PARAMETER, "'line' is needed");
	if (!line && !value_get(params, "regexp") && !value_get(params, "search_string"))
		return error_set(err, TASK_MISSING_PARAMETER, "one of 'line', 'regexp' and 'search_string' "
			"is needed");
	if (value_text(line) && strchr(line->text, '\n')) {
		error_at(err, TASK_INVALID_VALUE, line->place, "'line' holds more than one line");
		return error_remedy(err, "blockinfile manages several");
	}
	if (value_get(params, "regexp") && value_get(params, "search_string"))
		return error_at(err, TASK_CONFLICTING_PARAMETERS, value_get(params, "search_string")->place,
			"'regexp' and 'search_string' exclude each other");
	if (value_get(params, "insertafter") && value_get(params, "insertbefore"))
		return error_at(err, TASK_CONFLICTING_PARAMETERS, value_get(params, "insertbefore")->place,
			"'insertafter' and 'insertbefore' exclude each other");
	if (check_pattern(params, "regexp", err) < 0 || check_pattern(params, "insertafter", err) < 0)
		return -1;
	if (check_pattern(params, "insertbefore", err) < 0)
		return -1;
	return check_references(params, err);
}

const char *line_pattern(const struct line_params *want)
{
	return want->regexp ? want->regexp : want->search_string ? want->search_string
		: want->pattern;
}

enum { NAME_DIGITS = 16 };

/* A line without a pattern is known by its digest: names are for all to read, lines may be
 * passwords. */
static void name_of_line(const char *line, char ret_name[NAME_DIGITS + 2])
{
	char digest[DIGEST_HEX_SIZE];

	digest_bytes(line, strlen(line), digest);
	ret_name[0] = '=';
	memcpy(ret_name + 1, digest, NAME_DIGITS);
	ret_name[NAME_DIGITS + 1] = '\0';
}

static void line_resources(struct names *names, const void *params)
{
	const struct line_params *want = params;
	const char *pattern = line_pattern(want);
	char name[NAME_DIGITS + 2] = "";

	if (!pattern)
		name_of_line(want->line, name);
	names_add(names, "line:%s:%s", want->path, pattern ? pattern : name);
}

const char *line_kept(struct arena *arena, const struct line_params *want,
	const struct line_state *have, const char *line)
{
	const struct file_info *info = &have->file.at.info;
	char digest[DIGEST_HEX_SIZE];
	bool open = info->kind == FILE_NONE ? !want->mode || *want->mode != '0'
		|| (want->mode[strlen(want->mode) - 1] - '0') & 4 : info->mode & 0004;

	if (open || !line)
		return line;
	digest_bytes(line, strlen(line), digest);
	return arena_printf(arena, "%s%s", LINE_DIGEST_MARK, digest);
}

static int line_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct line_params *want = params;
	struct line_state *have = ret_state;

	if (line_recall(host, want, have, err) < 0)
		return -1;
	have->back = value_list(host_arena(host));
	have->line = want->line;
	have->file = (struct text_file){ .path = want->path, .create = want->create,
		.want = { want->owner, want->group, want->mode }, .validate = want->validate,
		.backup = want->backup, .undo = want->undo, .made = want->made };
	if (text_file_inspect(host, &have->file, err) < 0)
		return -1;
	if (line_change(host_arena(host), want, have, err) < 0)
		return -1;
	text_file_settle(host_arena(host), &have->file);
	return 0;
}

static void line_plan(struct plan *plan, const void *params, const void *state)
{
	(void)params;
	text_file_plan(plan, &((const struct line_state *)state)->file);
}

static int line_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct line_params *want = params;

	(void)results;
	if ((change->step == TEXT_FILE_REMOVE || change->step == TEXT_FILE_WRITE)
			&& line_remember(host, want, state, err) < 0)
		return -1;
	return text_file_apply(host, &((const struct line_state *)state)->file, change, err);
}

static void line_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct line_params *want = params;
	const struct line_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);
	const char *pattern = line_pattern(want);
	char name[NAME_DIGITS + 2];
	struct inverses_entry entry = { .params = have->reason ? NULL : back,
		.reason = have->reason };

	if (!pattern)
		name_of_line(want->line, name);
	pattern = pattern ? pattern : arena_string(arena, name);
	entry.resource = arena_printf(arena, "line:%s:%s", want->path, pattern);
	value_set_string(arena, back, "path", want->path);
	value_set_string(arena, back, "pattern", pattern);
	value_set_string(arena, back, "undo", "yes");
	value_set_string(arena, back, "kept", line_made(have));
	value_set(arena, back, "seen", value_printf(arena, "%lld", (long long)line_gone_next(have)));
	if (have->inserted || (want->present && want->line && have->file.after
			&& have->back->count == 0)) {
		value_set_string(arena, back, "line", line_kept(arena, want, have, want->line ? want->line
			: have->inserted));
		value_set_string(arena, back, "state", "absent");
		value_set_string(arena, back, "bare", have->bare ? "yes" : "no");
		value_set_string(arena, back, "made", have->file.at.info.kind == FILE_NONE ? "yes" : "no");
	} else {
		value_set(arena, back, "back", have->back);
	}
	text_file_back(arena, &have->file, want->made || have->file.made_once, back);
	text_file_invert_backup(inverses, &have->file);
	inverses_add(inverses, &entry);
}

const struct module module_lineinfile = {
	.name = "lineinfile",
	.summary = "add, replace or remove a line of a file",
	.params = line_table,
	.params_size = sizeof(struct line_params),
	.content = "line",
	.state_size = sizeof(struct line_state),
	.check = line_check,
	.resources = line_resources,
	.inspect = line_inspect,
	.plan = line_plan,
	.apply = line_apply,
	.invert = line_invert,
};
