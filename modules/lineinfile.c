/* lineinfile: add, replace or remove a line of a file. */
#include "base/buffer.h"
#include "base/digest.h"
#include "base/quote.h"
#include "base/regex.h"
#include "modules/errors.h"
#include "modules/shared/text_file.h"

#include <string.h>

enum { BACK_MOST = 1000 };

/* A line that went, as an undo brings it back. */
struct line_back {
	char *line;              /* without its newline */
	char *instead;           /* the line that took its place; NULL: none */
	char *after;             /* the line before it; NULL: none, or no text */
	int number;              /* which line it was, from 0 */
	int copies;              /* it is back when there are so many of it */
	bool bare;               /* it ended the file, without a newline */
};

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
	/* Internal, of an undo: */
	bool undo;
	bool made;               /* the file was not there before */
	bool bare;               /* the line came behind one without a newline */
	char *pattern;           /* by which the task knew its line */
	struct line_back *back;
	unsigned back_count;
};

struct line_state {
	struct text_file file;
	struct value *back;      /* records of lines that go */
	bool bare;               /* the new line comes behind one without a newline */
	const char *ours;        /* an undo: what later runs have made of the line; NULL: the same */
	const char *inserted;    /* an undo: the line that comes back without taking another's place */
	const char *reason;      /* why the lines can't come back; NULL: they can */
};

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
		.alias = "dest", .into = INTO_TEXT(struct line_params, path) },
	{ .name = "line", .kind = PARAM_STRING, .doc = "the line", .alias = "value",
		.into = INTO_TEXT(struct line_params, line) },
	{ .name = "regexp", .kind = PARAM_STRING, .doc = "replace the last line that matches; "
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
	{ .name = "backrefs", .kind = PARAM_BOOL, .doc = "\\1 in line", .flags = PARAM_NOT_YET },
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
	{ .name = "back", .kind = PARAM_RECORDS, .doc = "lines that come back", .otherwise = "",
		.entries = back_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct line_params, back) },
	{ 0 },
};

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

/* --- Patterns --- */

struct pattern {
	struct regex *regex;
	size_t steps;            /* that are left, for all lines */
	bool lost;               /* they weren't enough: what matches isn't known */
};

static int compile(const char *text, struct pattern *ret_pattern, struct error *err)
{
	struct regex_problem problem;

	*ret_pattern = (struct pattern){ .steps = REGEX_STEPS_MOST,
		.regex = regex_compile(text, strlen(text), REGEX_BYTES, &problem) };
	if (ret_pattern->regex)
		return 0;
	return error_set(err, LINEINFILE_PATTERN_FAILED, "the pattern '%s' is wrong at character %zu: "
		"%s", text, problem.offset + 1, problem.message);
}

static bool matches(struct pattern *pattern, const char *line, size_t size)
{
	int result = regex_match(pattern->regex, line, size, 0, REGEX_ANYWHERE, &pattern->steps);

	pattern->lost = pattern->lost || result < 0;
	return result > 0;
}

/* Gives the pattern back. A line that may match is neither taken for one that does nor for one that
 * doesn't. */
static int finish(struct pattern *pattern, const char *text, struct error *err)
{
	regex_free(pattern->regex);
	if (!pattern->lost)
		return 0;
	error_set(err, LINEINFILE_PATTERN_FAILED, "the pattern '%s' has too many ways to match the "
		"lines of this file", text);
	return error_remedy(err, "write a simpler one: without repetitions inside repetitions");
}

static int check_pattern(const struct value *params, const char *name, struct error *err)
{
	const struct value *value = value_get(params, name);
	struct error problem = {0};
	struct pattern pattern;

	if (!value_text(value))
		return 0;
	if (compile(value->text, &pattern, &problem) < 0)
		return error_at(err, TASK_INVALID_VALUE, value->place, "%s", problem.message);
	regex_free(pattern.regex);
	return 0;
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
	return check_pattern(params, "insertbefore", err);
}

/* NULL: the line itself is all that is known of it. */
static const char *pattern_of(const struct line_params *want)
{
	return want->regexp ? want->regexp : want->search_string ? want->search_string
		: want->pattern;
}

enum { NAME_DIGITS = 16 };

static const char digest_mark[] = "sha256:";

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
	const char *pattern = pattern_of(want);
	char name[NAME_DIGITS + 2] = "";

	if (!pattern)
		name_of_line(want->line, name);
	names_add(names, "line:%s:%s", want->path, pattern ? pattern : name);
}

/* Our line in what a node keeps of a file that isn't for everybody: enough to find it again. */
static const char *kept_line(struct arena *arena, const struct line_params *want,
	const struct line_state *have, const char *line)
{
	const struct file_info *info = &have->file.at.info;
	char digest[DIGEST_HEX_SIZE];
	bool open = info->kind == FILE_NONE ? !want->mode || *want->mode != '0'
		|| (want->mode[strlen(want->mode) - 1] - '0') & 4 : info->mode & 0004;

	if (open || !line)
		return line;
	digest_bytes(line, strlen(line), digest);
	return arena_printf(arena, "%s%s", digest_mark, digest);
}

/* An undo leads behind several runs at once: what they made of the line last is in a record. */
static const char *record_key(struct arena *arena, const struct line_params *want)
{
	return arena_printf(arena, "lineinfile:%s:%s", want->path, pattern_of(want));
}

/* --- The lines of a text --- */

struct line {
	const char *text;
	size_t size;             /* without the newline */
	bool bare;               /* at the end, without a newline */
};

struct lines {
	struct line *items;
	size_t count;
};

/* With room for so many more. */
static struct lines split(struct arena *arena, const char *text, size_t more)
{
	struct lines lines = {0};
	size_t count = 0;

	for (const char *at = text; *at; at++)
		count += *at == '\n';
	lines.items = arena_array(arena, count + 2 + more, sizeof(*lines.items));
	while (*text) {
		size_t size = strcspn(text, "\n");
		bool bare = text[size] == '\0';

		lines.items[lines.count++] = (struct line){ text, size, bare };
		text += size + !bare;
	}
	return lines;
}

static char *join(struct arena *arena, const struct lines *lines)
{
	struct buffer buffer = {0};
	char *text;

	for (size_t i = 0; i < lines->count; i++) {
		buffer_add(&buffer, lines->items[i].text, lines->items[i].size);
		if (i + 1 < lines->count || !lines->items[i].bare)
			buffer_add_char(&buffer, '\n');
	}
	text = arena_bytes(arena, buffer.data ? buffer.data : "", buffer.size);
	buffer_free(&buffer);
	return text;
}

static void insert(struct lines *lines, size_t at, struct line line)
{
	if (at < lines->count)
		memmove(&lines->items[at + 1], &lines->items[at], (lines->count - at)
			* sizeof(*lines->items));
	lines->items[at] = line;
	lines->count++;
}

/* text: a line, or its digest. A single line that ends as on DOS is the same line. */
static bool is_line(const struct line *line, const char *text)
{
	const char *digest = text + strlen(digest_mark);
	size_t size = line->size, wanted = strlen(text);
	char hex[DIGEST_HEX_SIZE];

	if (size == wanted + 1 && line->text[size - 1] == '\r')
		size--;
	if (size == wanted && strncmp(line->text, text, size) == 0)
		return true;
	if (strncmp(text, digest_mark, strlen(digest_mark)) != 0 || !digest_valid(digest))
		return false;
	digest_bytes(line->text, line->size, hex);
	return strcmp(hex, digest) == 0;
}

/* What the task means by "the line": the pattern, the text inside, or the line itself. */
static bool meant(const struct line_params *want, struct pattern *pattern, const char *ours,
	const struct line *line)
{
	if (ours)
		return is_line(line, ours);
	if (pattern->regex)
		return matches(pattern, line->text, line->size);
	if (want->search_string)
		return memmem(line->text, line->size, want->search_string, strlen(want->search_string));
	return is_line(line, want->line);
}

/* The line that matches: the last, or the first; count: none. */
static size_t find(const struct line_params *want, struct pattern *pattern,
	const struct lines *lines)
{
	size_t found = lines->count;

	for (size_t i = 0; i < lines->count; i++) {
		if (meant(want, pattern, NULL, &lines->items[i])) {
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
	const char *text = want->insertbefore ? want->insertbefore : want->insertafter;
	struct pattern pattern;

	*ret_at = lines->count;
	if (want->insertbefore && strcmp(want->insertbefore, "BOF") == 0)
		*ret_at = 0;
	if (!text || strcmp(text, "BOF") == 0 || strcmp(text, "EOF") == 0)
		return 0;
	if (compile(text, &pattern, err) < 0)
		return -1;
	for (size_t i = 0; i < lines->count; i++) {
		if (!matches(&pattern, lines->items[i].text, lines->items[i].size))
			continue;
		*ret_at = want->insertbefore ? i : i + 1;
		if (want->firstmatch)
			break;
	}
	return finish(&pattern, text, err);
}

static int copies_of(const struct lines *lines, const char *text)
{
	int copies = 0;

	for (size_t i = 0; i < lines->count; i++)
		copies += is_line(&lines->items[i], text);
	return copies;
}

/* One more record for the way back: the line at this place. */
static void note_line(struct arena *arena, struct line_state *have, const struct lines *lines,
	size_t at, const char *instead, int copies)
{
	const struct line *line = &lines->items[at], *after = at > 0 ? line - 1 : NULL;
	struct value *record = value_map(arena);

	if (!utf8_valid(line->text, line->size))
		have->reason = "a line that went is not valid UTF-8";
	value_set(arena, record, "line", value_bytes(arena, line->text, line->size));
	value_set_string(arena, record, "instead", instead);
	if (after && utf8_valid(after->text, after->size))
		value_set(arena, record, "after", value_bytes(arena, after->text, after->size));
	value_set(arena, record, "number", value_printf(arena, "%zu", at));
	value_set(arena, record, "copies", value_printf(arena, "%d", copies));
	value_set_string(arena, record, "bare", line->bare ? "yes" : "no");
	value_append(arena, have->back, record);
}

static int make_present(struct arena *arena, const struct line_params *want,
	struct pattern *pattern, struct lines *lines, struct line_state *have, struct error *err)
{
	struct line line = { want->line, strlen(want->line), false };
	size_t found = find(want, pattern, lines), at;

	if (found == lines->count && copies_of(lines, want->line) > 0)
		return 0;
	if (found < lines->count) {
		const struct line old = lines->items[found];

		if (is_line(&old, want->line))
			return 0;
		note_line(arena, have, lines, found, kept_line(arena, want, have, want->line), copies_of(lines,
			arena_bytes(arena, old.text, old.size)));
		line.bare = old.bare;
		lines->items[found] = line;
		have->file.after = join(arena, lines);
		return 0;
	}
	if (place_for(want, lines, &at, err) < 0)
		return -1;
	have->bare = at > 0 && lines->items[at - 1].bare;
	insert(lines, at, line);
	have->file.after = join(arena, lines);
	return 0;
}

/* How many like it went already. */
static int copies_gone(const struct line_state *have, const struct line *line)
{
	int copies = 0;

	for (size_t i = 0; i < have->back->count; i++)
		copies += is_line(line, value_get_string(have->back->items[i], "line"));
	return copies;
}

static void make_absent(struct arena *arena, const struct line_params *want,
	struct pattern *pattern, struct lines *lines, struct line_state *have)
{
	size_t kept = 0, count = lines->count;
	bool last = false;

	for (size_t i = 0; i < count; i++) {
		last = meant(want, pattern, have->ours, &lines->items[i]);
		if (!last)
			lines->items[kept++] = lines->items[i];
		else if (have->back->count == BACK_MOST)
			have->reason = "too many lines went";
		else
			note_line(arena, have, lines, i, NULL, copies_gone(have, &lines->items[i]) + 1);
	}
	if (kept == count)
		return;
	lines->count = kept;
	if (want->bare && last && kept > 0)
		lines->items[kept - 1].bare = true;
	have->file.after = join(arena, lines);
}

/* --- The way back --- */

/* The line that is this one, nearest to where it was; count: none. */
static size_t nearest(const struct lines *lines, const char *text, size_t number)
{
	size_t found = lines->count, best = 0;

	for (size_t i = 0; i < lines->count; i++) {
		size_t away = i > number ? i - number : number - i;

		if (is_line(&lines->items[i], text) && (found == lines->count || away < best)) {
			found = i;
			best = away;
		}
	}
	return found;
}

static size_t place_back(const struct lines *lines, const struct line_back *back)
{
	size_t number = (size_t)back->number, after = lines->count;

	if (number > 0 && back->after)
		after = nearest(lines, back->after, number - 1);
	if (after < lines->count)
		return after + 1;
	return number < lines->count ? number : lines->count;
}

static void restore(struct arena *arena, struct line_state *have, struct lines *lines,
	const struct line_back *back, const char *instead)
{
	struct line line = { back->line, strlen(back->line), back->bare };
	int copies = copies_of(lines, back->line);
	size_t at = lines->count;

	if (copies >= back->copies)
		return;
	if (instead)
		at = nearest(lines, instead, (size_t)back->number);
	if (at < lines->count) {
		note_line(arena, have, lines, at, back->line, copies_of(lines, instead));
		line.bare = lines->items[at].bare;
		lines->items[at] = line;
		return;
	}
	if (have->inserted || copies > 0)
		have->reason = "an undo brought several lines back";
	have->inserted = back->line;
	insert(lines, place_back(lines, back), line);
}

/* A later run wrote it where this one had taken all such lines away. */
static void drop_ours(const struct line_params *want, struct line_state *have,
	struct lines *lines)
{
	size_t at = nearest(lines, have->ours, (size_t)want->back[0].number);

	if (at == lines->count)
		return;
	memmove(&lines->items[at], &lines->items[at + 1], (lines->count - at - 1)
		* sizeof(*lines->items));
	lines->count--;
	have->reason = "an undo led behind several runs";
}

/* --- The task --- */

static int change_lines(struct arena *arena, const struct line_params *want,
	struct line_state *have, struct error *err)
{
	struct lines lines = split(arena, have->file.before, want->back_count);
	struct pattern pattern = {0};
	int result = 0;

	if (want->undo && want->present) {
		if (have->ours && want->back_count > 0 && !want->back[0].instead)
			drop_ours(want, have, &lines);
		for (unsigned i = 0; i < want->back_count; i++)
			restore(arena, have, &lines, &want->back[i],
				want->back[i].instead && have->ours ? have->ours : want->back[i].instead);
		have->file.after = join(arena, &lines);
		return 0;
	}
	if (want->regexp && compile(want->regexp, &pattern, err) < 0)
		return -1;
	if (want->present)
		result = make_present(arena, want, &pattern, &lines, have, err);
	else
		make_absent(arena, want, &pattern, &lines, have);
	return finish(&pattern, want->regexp, err) < 0 ? -1 : result;
}

static int line_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct line_params *want = params;
	struct line_state *have = ret_state;
	struct value *record = NULL;

	if (want->undo && want->pattern && host_record_get(host, record_key(host_arena(host), want),
			&record, err) < 0)
		return -1;
	have->ours = record ? value_get_string(record, "line") : NULL;
	have->back = value_list(host_arena(host));
	have->file = (struct text_file){ .path = want->path, .create = want->create,
		.want = { want->owner, want->group, want->mode }, .validate = want->validate,
		.backup = want->backup, .undo = want->undo, .made = want->made };
	if (text_file_inspect(host, &have->file, err) < 0)
		return -1;
	if (change_lines(host_arena(host), want, have, err) < 0)
		return -1;
	text_file_settle(host_arena(host), &have->file);
	return 0;
}

static void line_plan(struct plan *plan, const void *params, const void *state)
{
	(void)params;
	text_file_plan(plan, &((const struct line_state *)state)->file);
}

static int keep_record(struct host *host, const struct line_params *want,
	const struct line_state *have, struct error *err)
{
	struct value *record = value_map(host_arena(host));
	const char *line = !want->present ? NULL : !want->undo ? want->line
		: want->back_count > 0 && want->back[0].instead ? want->back[0].line : NULL;

	if (!pattern_of(want))
		return 0;
	value_set_string(host_arena(host), record, "line", kept_line(host_arena(host), want, have, line));
	return host_record_set(host, record_key(host_arena(host), want), line ? record : NULL, err);
}

static int line_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct line_params *want = params;

	(void)results;
	if ((change->step == TEXT_FILE_REMOVE || change->step == TEXT_FILE_WRITE)
			&& keep_record(host, want, state, err) < 0)
		return -1;
	return text_file_apply(host, &((const struct line_state *)state)->file, change, err);
}

static void line_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct line_params *want = params;
	const struct line_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);
	const char *pattern = pattern_of(want);
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
	if (have->inserted || (want->present && want->line && have->file.after
			&& have->back->count == 0)) {
		value_set_string(arena, back, "line", kept_line(arena, want, have, want->line ? want->line
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
