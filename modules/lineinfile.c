/* lineinfile: a file has this line, or doesn't; a line that matches is replaced. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/buffer.h"
#include "modules/text_file.h"

#include <pcre2.h>
#include <string.h>

struct line_params {
	char *path;
	char *line;
	char *regexp;
	char *search_string;
	char *insertafter;
	char *insertbefore;
	bool firstmatch;
	bool present;
	bool create;
	bool backup;
	char *validate;
	char *owner;
	char *group;
	char *mode;
};

struct line_state {
	struct text_file file;
	const char *replaced;    /* the one line that this one takes the place of; NULL: none */
	const char *removed;     /* the first line that goes */
	size_t removed_count;
};

static const char *const state_words[] = { "present", "absent", NULL };

static const struct param line_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .doc = "the file", .flags = PARAM_REQUIRED,
		.alias = "dest" },
	{ .name = "line", .kind = PARAM_STRING, .doc = "the line", .alias = "value" },
	{ .name = "regexp", .kind = PARAM_STRING, .doc = "the last line that matches is replaced; "
		"absent: all that match go", .alias = "regex" },
	{ .name = "search_string", .kind = PARAM_STRING, .doc = "the same with a plain text" },
	{ .name = "insertafter", .kind = PARAM_STRING, .doc = "a new line comes behind the last that "
		"matches, or at the end (EOF)" },
	{ .name = "insertbefore", .kind = PARAM_STRING, .doc = "a new line comes before the last that "
		"matches, or first (BOF)" },
	{ .name = "firstmatch", .kind = PARAM_BOOL, .doc = "the first that matches, not the last",
		.otherwise = "no" },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "whether it is there",
		.otherwise = "present", .choices = state_words },
	{ .name = "create", .kind = PARAM_BOOL, .doc = "make the file", .otherwise = "no" },
	{ .name = "backrefs", .kind = PARAM_BOOL, .doc = "\\1 in line", .flags = PARAM_NOT_YET },
	{ .name = "backup", .kind = PARAM_BOOL, .doc = "keep the old file beside it, as NAME.DATE~",
		.otherwise = "no" },
	{ .name = "validate", .kind = PARAM_STRING,
		.doc = "a command that must accept the new file, with %s for it" },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "the user the file belongs to" },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group" },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions" },
	{ 0 },
};

static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t line_fields[] = {
	CYAML_FIELD_STRING_PTR("path", CYAML_FLAG_POINTER, struct line_params, path, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("line", OPTIONAL, struct line_params, line, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("regexp", OPTIONAL, struct line_params, regexp, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("search_string", OPTIONAL, struct line_params, search_string, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("insertafter", OPTIONAL, struct line_params, insertafter, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("insertbefore", OPTIONAL, struct line_params, insertbefore, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_BOOL("firstmatch", CYAML_FLAG_DEFAULT, struct line_params, firstmatch),
	CYAML_FIELD_ENUM("state", CYAML_FLAG_STRICT, struct line_params, present, state_choices, 2),
	CYAML_FIELD_BOOL("create", CYAML_FLAG_DEFAULT, struct line_params, create),
	CYAML_FIELD_BOOL("backup", CYAML_FLAG_DEFAULT, struct line_params, backup),
	CYAML_FIELD_STRING_PTR("validate", OPTIONAL, struct line_params, validate, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("owner", OPTIONAL, struct line_params, owner, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("group", OPTIONAL, struct line_params, group, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("mode", OPTIONAL, struct line_params, mode, 0, CYAML_UNLIMITED),
	CYAML_FIELD_END
};

/* --- Patterns: Perl's, which are nearly Python's --- */

static pcre2_code *compile(const char *pattern, struct error *err)
{
	PCRE2_SIZE offset;
	int code;
	pcre2_code *made = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, 0, &code,
		&offset, NULL);
	PCRE2_UCHAR message[256];

	if (made)
		return made;
	pcre2_get_error_message(code, message, sizeof(message));
	error_set(err, ERROR_TASK, "the pattern '%s' is wrong at character %zu: %s", pattern,
		(size_t)offset + 1, (const char *)message);
	return NULL;
}

static bool matches(const pcre2_code *code, const char *line, size_t size)
{
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
	bool found = data && pcre2_match(code, (PCRE2_SPTR)line, size, 0, 0, data, NULL) >= 0;

	pcre2_match_data_free(data);
	return found;
}

static int check_pattern(const struct value *params, const char *name, struct error *err)
{
	const struct value *value = value_get(params, name);
	struct error problem = {0};
	pcre2_code *code;

	if (!value_text(value))
		return 0;
	code = compile(value->text, &problem);
	pcre2_code_free(code);
	return code ? 0 : error_at(err, value->place, "%s", problem.message);
}

static int line_check(const struct value *params, struct error *err)
{
	const char *state = value_get_string(params, "state");
	const struct value *line = value_get(params, "line");
	bool absent = state && strcmp(state, "absent") == 0;

	if (!line && !absent)
		return error_set(err, ERROR_TEXT, "'line' is needed");
	if (!line && !value_get(params, "regexp") && !value_get(params, "search_string"))
		return error_set(err, ERROR_TEXT, "one of 'line', 'regexp' and 'search_string' is needed");
	if (value_text(line) && strchr(line->text, '\n')) {
		error_at(err, line->place, "'line' holds more than one line");
		return error_remedy(err, "blockinfile manages several");
	}
	if (value_get(params, "insertafter") && value_get(params, "insertbefore"))
		return error_at(err, value_get(params, "insertbefore")->place,
			"'insertafter' and 'insertbefore' exclude each other");
	if (check_pattern(params, "regexp", err) < 0 || check_pattern(params, "insertafter", err) < 0)
		return -1;
	return check_pattern(params, "insertbefore", err);
}

static void line_resources(struct names *names, const void *params)
{
	const struct line_params *want = params;

	names_add(names, "line:%s:%s", want->path, want->regexp ? want->regexp
		: want->search_string ? want->search_string : want->line);
}

/* --- The lines of a text --- */

struct line {
	const char *text;
	size_t size;             /* without the newline */
};

struct lines {
	struct line *items;
	size_t count;
};

static struct lines split(struct arena *arena, const char *text)
{
	struct lines lines = {0};
	size_t count = 0;

	for (const char *at = text; *at; at++)
		count += *at == '\n';
	lines.items = arena_array(arena, count + 2, sizeof(*lines.items));
	while (*text) {
		size_t size = strcspn(text, "\n");

		lines.items[lines.count++] = (struct line){ text, size };
		text += size + (text[size] == '\n');
	}
	return lines;
}

static char *join(struct arena *arena, const struct lines *lines)
{
	struct buffer buffer = {0};
	char *text;

	for (size_t i = 0; i < lines->count; i++) {
		buffer_add(&buffer, lines->items[i].text, lines->items[i].size);
		buffer_add_char(&buffer, '\n');
	}
	text = arena_bytes(arena, buffer.data ? buffer.data : "", buffer.size);
	buffer_free(&buffer);
	return text;
}

static bool is_line(const struct line *line, const char *text)
{
	return line->size == strlen(text) && strncmp(line->text, text, line->size) == 0;
}

/* What the task means by "the line": the pattern, the text inside, or the line itself. */
static bool meant(const struct line_params *want, const pcre2_code *code, const struct line *line)
{
	if (code)
		return matches(code, line->text, line->size);
	if (want->search_string)
		return memmem(line->text, line->size, want->search_string, strlen(want->search_string));
	return is_line(line, want->line);
}

/* The line that matches: the last, or the first; count: none. */
static size_t find(const struct line_params *want, const pcre2_code *code,
	const struct lines *lines)
{
	size_t found = lines->count;

	for (size_t i = 0; i < lines->count; i++) {
		if (meant(want, code, &lines->items[i])) {
			found = i;
			if (want->firstmatch)
				break;
		}
	}
	return found;
}

/* Where a new line comes. */
static int place_for(const struct line_params *want, const struct lines *lines, size_t *ret_at,
	struct error *err)
{
	const char *pattern = want->insertbefore ? want->insertbefore : want->insertafter;
	pcre2_code *code;

	*ret_at = lines->count;
	if (want->insertbefore && strcmp(want->insertbefore, "BOF") == 0)
		*ret_at = 0;
	if (!pattern || strcmp(pattern, "BOF") == 0 || strcmp(pattern, "EOF") == 0)
		return 0;
	code = compile(pattern, err);
	if (!code)
		return -1;
	for (size_t i = 0; i < lines->count; i++) {
		if (!matches(code, lines->items[i].text, lines->items[i].size))
			continue;
		*ret_at = want->insertbefore ? i : i + 1;
		if (want->firstmatch)
			break;
	}
	pcre2_code_free(code);
	return 0;
}

static int make_present(struct arena *arena, const struct line_params *want,
	const pcre2_code *code, struct lines *lines, struct line_state *have, struct error *err)
{
	struct line line = { want->line, strlen(want->line) };
	size_t found = find(want, code, lines), at;

	for (size_t i = 0; found == lines->count && i < lines->count; i++) {
		if (is_line(&lines->items[i], want->line))
			return 0;
	}
	if (found < lines->count) {
		if (is_line(&lines->items[found], want->line))
			return 0;
		have->replaced = arena_bytes(arena, lines->items[found].text, lines->items[found].size);
		lines->items[found] = line;
		have->file.after = join(arena, lines);
		return 0;
	}
	if (place_for(want, lines, &at, err) < 0)
		return -1;
	memmove(&lines->items[at + 1], &lines->items[at], (lines->count - at)
		* sizeof(*lines->items));
	lines->items[at] = line;
	lines->count++;
	have->file.after = join(arena, lines);
	return 0;
}

static void make_absent(struct arena *arena, const struct line_params *want,
	const pcre2_code *code, struct lines *lines, struct line_state *have)
{
	size_t kept = 0;

	for (size_t i = 0; i < lines->count; i++) {
		if (!meant(want, code, &lines->items[i])) {
			lines->items[kept++] = lines->items[i];
			continue;
		}
		if (have->removed_count++ == 0)
			have->removed = arena_bytes(arena, lines->items[i].text, lines->items[i].size);
	}
	if (kept == lines->count)
		return;
	lines->count = kept;
	have->file.after = join(arena, lines);
}

static int line_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct line_params *want = params;
	struct line_state *have = ret_state;
	struct arena *arena = host_arena(host);
	pcre2_code *code = NULL;
	struct lines lines;
	int result = 0;

	have->file = (struct text_file){ .path = want->path, .create = want->create,
		.want = { want->owner, want->group, want->mode }, .validate = want->validate,
		.backup = want->backup };
	if (text_file_inspect(host, &have->file, err) < 0)
		return -1;
	if (want->regexp && !(code = compile(want->regexp, err)))
		return -1;
	lines = split(arena, have->file.before);
	if (want->present)
		result = make_present(arena, want, code, &lines, have, err);
	else
		make_absent(arena, want, code, &lines, have);
	pcre2_code_free(code);
	return result;
}

static void line_plan(struct plan *plan, const void *params, const void *state)
{
	(void)params;
	text_file_plan(plan, &((const struct line_state *)state)->file);
}

static int line_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	(void)params;
	(void)results;
	return text_file_apply(host, &((const struct line_state *)state)->file, change, err);
}

static void line_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct line_params *want = params;
	const struct line_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);
	struct inverses_entry entry = { .params = back };

	entry.resource = arena_printf(arena, "line:%s:%s", want->path, want->regexp ? want->regexp
		: want->search_string ? want->search_string : want->line);
	value_set_string(arena, back, "path", want->path);
	if (want->present && have->replaced) {
		/* The line that is there then has no pattern of its own: it is found as a whole. */
		value_set_string(arena, back, "line", have->replaced);
		value_set_string(arena, back, "search_string", want->line);
	} else if (want->present) {
		value_set_string(arena, back, "line", want->line);
		value_set_string(arena, back, "state", "absent");
	} else if (have->removed_count == 1) {
		value_set_string(arena, back, "line", have->removed);
	} else {
		entry.params = NULL;
		entry.reason = "several lines went; their places aren't known";
	}
	inverses_add(inverses, &entry);
}

const struct module module_lineinfile = {
	.name = "lineinfile",
	.summary = "a file has this line, or doesn't; a line that matches is replaced",
	.params = line_table,
	.fields = line_fields,
	.params_size = sizeof(struct line_params),
	.state_size = sizeof(struct line_state),
	.check = line_check,
	.resources = line_resources,
	.inspect = line_inspect,
	.plan = line_plan,
	.apply = line_apply,
	.invert = line_invert,
};
