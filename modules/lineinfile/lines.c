/* lines: the lines of a text, and what becomes of ours. */
#include "modules/lineinfile/lineinfile.h"

#include "base/digest.h"
#include "base/quote.h"
#include "modules/errors.h"

#include <string.h>

struct lines lines_split(struct arena *arena, const char *text, size_t more)
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

bool line_is(const struct line *line, const char *text)
{
	const char *digest = text + strlen(LINE_DIGEST_MARK);
	size_t size = line->size, wanted = strlen(text);
	char hex[DIGEST_HEX_SIZE];

	if (size == wanted + 1 && line->text[size - 1] == '\r')
		size--;
	if (size == wanted && strncmp(line->text, text, size) == 0)
		return true;
	if (strncmp(text, LINE_DIGEST_MARK, strlen(LINE_DIGEST_MARK)) != 0 || !digest_valid(digest))
		return false;
	digest_bytes(line->text, line->size, hex);
	return strcmp(hex, digest) == 0;
}

/* What the task means by "the line": the pattern, the text inside, or the line itself. */
static bool meant(const struct line_params *want, struct pattern *pattern, const char *ours,
	const struct line *line)
{
	if (ours)
		return line_is(line, ours);
	if (pattern->regex)
		return pattern_matches(pattern, line->text, line->size);
	if (want->search_string)
		return memmem(line->text, line->size, want->search_string, strlen(want->search_string));
	return line_is(line, want->line);
}

/* The line that pattern_matches: the last, or the first; count: none. */
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
	if (pattern_compile(text, &pattern, err) < 0)
		return -1;
	for (size_t i = 0; i < lines->count; i++) {
		if (!pattern_matches(&pattern, lines->items[i].text, lines->items[i].size))
			continue;
		*ret_at = want->insertbefore ? i : i + 1;
		if (want->firstmatch)
			break;
	}
	return pattern_finish(&pattern, text, err);
}

int lines_count(const struct lines *lines, const char *text)
{
	int copies = 0;

	for (size_t i = 0; i < lines->count; i++)
		copies += line_is(&lines->items[i], text);
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

/* The next run must find nothing more to change. */
static int check_lasts(struct arena *arena, const struct line_params *want, struct pattern *pattern,
	const struct lines *lines, const char *made, struct error *err)
{
	size_t found = want->backrefs ? find(want, pattern, lines) : lines->count;
	const struct line *line = &lines->items[found];
	const char *next;

	if (found == lines->count || pattern->lost)
		return 0;
	if (pattern_expand(arena, pattern, want->line, line->text, line->size, &next, err) < 0)
		return -1;
	if (line_is(line, next))
		return 0;
	error_set(err, LINEINFILE_PATTERN_FAILED, "each run would change a line: first there would be '%s', then '%s'",
		made, next);
	return error_remedy(err, "let regexp match the one line that is meant, or none that is changed already");
}

static int replace(struct arena *arena, const struct line_params *want, struct pattern *pattern,
	struct lines *lines, size_t at, struct line_state *have, struct error *err)
{
	const struct line old = lines->items[at];

	if (want->backrefs && !pattern->lost && pattern_expand(arena, pattern, want->line, old.text, old.size,
			&have->line, err) < 0)
		return -1;
	if (line_is(&old, have->line))
		return 0;
	note_line(arena, have, lines, at, line_kept(arena, want, have, have->line), lines_count(lines,
		arena_bytes(arena, old.text, old.size)));
	lines->items[at] = (struct line){ have->line, strlen(have->line), old.bare };
	if (check_lasts(arena, want, pattern, lines, have->line, err) < 0)
		return -1;
	have->file.after = join(arena, lines);
	return 0;
}

static int make_present(struct arena *arena, const struct line_params *want,
	struct pattern *pattern, struct lines *lines, struct line_state *have, struct error *err)
{
	struct line line = { want->line, strlen(want->line), false };
	size_t found = find(want, pattern, lines), at;

	if (found < lines->count)
		return replace(arena, want, pattern, lines, found, have, err);
	if (want->backrefs || lines_count(lines, want->line) > 0)
		return 0;
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
		copies += line_is(line, value_get_string(have->back->items[i], "line"));
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

/* The line that is this one, nearest to where it was; count: none. */
static size_t nearest(const struct lines *lines, const char *text, size_t number)
{
	size_t found = lines->count, best = 0;

	for (size_t i = 0; i < lines->count; i++) {
		size_t away = i > number ? i - number : number - i;

		if (line_is(&lines->items[i], text) && (found == lines->count || away < best)) {
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
	int copies = lines_count(lines, back->line);
	size_t at = lines->count;

	if (copies >= back->copies)
		return;
	if (instead)
		at = nearest(lines, instead, (size_t)back->number);
	if (at < lines->count) {
		note_line(arena, have, lines, at, back->line, lines_count(lines, instead));
		line.bare = lines->items[at].bare;
		lines->items[at] = line;
		return;
	}
	if (have->inserted || copies > 0)
		have->reason = "an undo brought several lines back";
	have->inserted = back->line;
	insert(lines, place_back(lines, back), line);
}

/* What stands in the place of a line now: a later run may have made something else of it. */
static const char *instead_now(const struct line_state *have, const struct lines *lines,
	const char *instead)
{
	return instead && have->ours && lines_count(lines, instead) == 0 ? have->ours : instead;
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

int line_change(struct arena *arena, const struct line_params *want,
	struct line_state *have, struct error *err)
{
	struct line_back *gone = NULL;
	size_t gone_count = want->undo && want->present ? line_gone_since(arena, have, want->seen, &gone) : 0;
	struct lines lines = lines_split(arena, have->file.before, want->back_count + gone_count);
	struct pattern pattern = {0};
	int result = 0;

	if (want->undo && want->present) {
		if (have->ours && want->back_count > 0 && !want->back[0].instead)
			drop_ours(want, have, &lines);
		for (unsigned i = 0; i < want->back_count; i++)
			restore(arena, have, &lines, &want->back[i], instead_now(have, &lines,
				want->back[i].instead));
		for (size_t i = 0; i < gone_count; i++)
			restore(arena, have, &lines, &gone[i], instead_now(have, &lines, gone[i].instead));
		have->file.after = join(arena, &lines);
		return 0;
	}
	if (want->regexp && pattern_compile(want->regexp, &pattern, err) < 0)
		return -1;
	if (want->present)
		result = make_present(arena, want, &pattern, &lines, have, err);
	else
		make_absent(arena, want, &pattern, &lines, have);
	return pattern_finish(&pattern, want->regexp, err) < 0 ? -1 : result;
}
