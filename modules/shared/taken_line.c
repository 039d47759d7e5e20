/* taken_line: a line of others that a module took out of a file, and its way back. */
#include "modules/shared/taken_line.h"

#include "base/quote.h"

#include <string.h>

const struct param taken_line_table[] = {
	{ .name = "line", .kind = PARAM_STRING, .doc = "the line", .flags = PARAM_REQUIRED,
		.into = INTO_TEXT(struct taken_line, line) },
	{ .name = "instead", .kind = PARAM_STRING, .doc = "the line that took its place",
		.into = INTO_TEXT(struct taken_line, instead) },
	{ .name = "after", .kind = PARAM_STRING, .doc = "the line before it",
		.into = INTO_TEXT(struct taken_line, after) },
	{ .name = "number", .kind = PARAM_INTEGER, .doc = "which line it was, from 0",
		.flags = PARAM_REQUIRED, .into = INTO_NUMBER(struct taken_line, number) },
	{ 0 },
};

void taken_line_add(struct arena *arena, struct value *records, const char *text, const char *line,
	const char *instead)
{
	struct value *record = value_map(arena);
	const char *before = NULL;
	int64_t number = 0;

	for (const char *at = text; at < line; at += strcspn(at, "\n") + 1) {
		before = at;
		number++;
	}
	value_set(arena, record, "line", value_bytes(arena, line, strcspn(line, "\n")));
	if (instead)
		value_set_string(arena, record, "instead", instead);
	/* What isn't can't be written down; the number has to do then. */
	if (before && utf8_valid(before, strcspn(before, "\n")))
		value_set(arena, record, "after", value_bytes(arena, before, strcspn(before, "\n")));
	value_set(arena, record, "number", value_printf(arena, "%lld", (long long)number));
	value_append(arena, records, record);
}

static bool is_line(const char *at, const char *line)
{
	size_t size = strcspn(at, "\n");

	return size == strlen(line) && strncmp(at, line, size) == 0;
}

static const char *next_line(const char *at)
{
	at += strcspn(at, "\n");
	return at + (*at == '\n');
}

static const char *find_line(const char *text, const char *line)
{
	for (; *text; text = next_line(text)) {
		if (is_line(text, line))
			return text;
	}
	return NULL;
}

/* Where a line goes that has nothing in its place now. */
static const char *place_of(const char *text, const struct taken_line *taken)
{
	const char *at = text, *before = NULL, *found;

	for (int i = 0; i < taken->number && *at; i++) {
		before = at;
		at = next_line(at);
	}
	if (!taken->after)
		return at;
	if (before && is_line(before, taken->after))
		return at;
	found = find_line(text, taken->after);
	return found ? next_line(found) : text;
}

static char *restore_one(struct arena *arena, char *text, const struct taken_line *taken)
{
	const char *at = taken->instead ? find_line(text, taken->instead) : NULL;
	const char *rest = at ? next_line(at) : NULL;
	const char *newline;

	if (!at) {
		at = rest = place_of(text, taken);
		if (*at && is_line(at, taken->line))
			return text;   /* somebody has brought it back already */
	}
	newline = at > text && at[-1] != '\n' ? "\n" : "";
	return arena_printf(arena, "%.*s%s%s\n%s", (int)(at - text), text, newline, taken->line, rest);
}

char *taken_lines_restore(struct arena *arena, const char *text, const struct taken_line *lines,
	unsigned count)
{
	char *restored = arena_string(arena, text);

	for (unsigned i = 0; i < count; i++)
		restored = restore_one(arena, restored, &lines[i]);
	return restored;
}
