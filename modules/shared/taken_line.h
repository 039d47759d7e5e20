/* taken_line: a line of others that a module took out of a file, and its way back.
 *
 * Inverses carry it as a record of their own module: the line, where it stood, and the line that
 * took its place. It comes back at its number if the line before is still the same there, else
 * behind the first such line, else at the beginning. Without a word of that line its number counts. */
#ifndef MODULES_TAKEN_LINE_H
#define MODULES_TAKEN_LINE_H

#include "module/module.h"

struct taken_line {
	char *line;              /* without its newline */
	char *instead;           /* the line that took its place; NULL: none */
	char *after;             /* the line before it; NULL: none, or no text */
	int number;              /* from 0 */
};

extern const struct param taken_line_table[];

/* One more record for an inverse: the line of text that begins at line. instead may be NULL. */
void taken_line_add(struct arena *arena, struct value *records, const char *text, const char *line,
	const char *instead);
/* The text with all of them back. */
char *taken_lines_restore(struct arena *arena, const char *text, const struct taken_line *lines,
	unsigned count);

#endif
