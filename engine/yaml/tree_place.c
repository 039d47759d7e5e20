/* tree_place: from an offset in a scalar's text back to the line and column in the file.
 *
 * The file's bytes and the text are walked side by side: escapes, folded lines and indentation are
 * what differs between them. */
#include "yaml/tree.h"

#include <string.h>

struct walk {
	const char *raw;     /* the file's bytes at the scalar, ended by NUL */
	size_t at;           /* in raw */
	const char *text;
	size_t size;
	size_t used;         /* of text */
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t blank_run(const char *text, bool *ret_newline)
{
	size_t size = 0;

	*ret_newline = false;
	for (; blank(text[size]); size++) {
		if (text[size] == '\n')
			*ret_newline = true;
	}
	return size;
}

static void skip_text_blanks(struct walk *walk)
{
	while (walk->used < walk->size && blank(walk->text[walk->used]))
		walk->used++;
}

static size_t character_size(unsigned char first)
{
	return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* A backslash at the end of a line in double quotes stands for nothing. */
static bool line_goes_on(const struct walk *walk, char style)
{
	return style == '"' && walk->raw[walk->at] == '\\' &&
		(walk->raw[walk->at + 1] == '\n' || walk->raw[walk->at + 1] == '\r');
}

/* A backslash in double quotes. */
static void step_escape(struct walk *walk)
{
	static const char wide[] = "xuU";
	const char *kind = strchr(wide, walk->raw[walk->at + 1]);
	bool newline;

	if (line_goes_on(walk, '"')) {
		walk->at += 1 + blank_run(walk->raw + walk->at + 1, &newline);
		return;
	}
	walk->at += 2;
	if (kind && *kind)
		walk->at += (size_t)2 << (kind - wide);
	walk->used += character_size((unsigned char)walk->text[walk->used]);
}

/* One step of both; false: they don't go together any more. */
static bool step(struct walk *walk, char style)
{
	bool newline;
	size_t blanks = blank_run(walk->raw + walk->at, &newline);

	if (newline) {
		walk->at += blanks;
		skip_text_blanks(walk);
		return true;
	}
	if (style == '"' && walk->raw[walk->at] == '\\') {
		step_escape(walk);
		return true;
	}
	if (walk->raw[walk->at] != walk->text[walk->used])
		return false;
	walk->at += style == '\'' && walk->raw[walk->at] == '\'' ? 2 : 1;
	walk->used++;
	return true;
}

static void enter(struct walk *walk, char style)
{
	bool newline;

	if (style == '"' || style == '\'') {
		walk->at = 1;
	} else if (style == '|' || style == '>') {
		walk->at = strcspn(walk->raw, "\n");
		walk->at += blank_run(walk->raw + walk->at, &newline);
		skip_text_blanks(walk);
	}
}

struct place tree_place(const struct value *scalar, size_t offset)
{
	struct walk walk = { .raw = scalar->raw, .text = scalar->text, .size = scalar->size };
	struct place place = scalar->place;
	char style;

	if (!scalar->raw || !scalar->text)
		return place;
	style = scalar->quoted ? scalar->raw[0] : '\0';
	enter(&walk, style);
	while (walk.used < offset && walk.used < walk.size && walk.raw[walk.at]) {
		if (!step(&walk, style))
			break;
	}
	if (line_goes_on(&walk, style))
		step_escape(&walk);
	for (size_t i = 0; i < walk.at; i++) {
		place.column++;
		if (scalar->raw[i] == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return place;
}
