/* line_ends: a text whose lines all end as on DOS (\r\n) is worked on as if they ended with \n, and
 * is written as it was. */
#ifndef MODULES_LINE_ENDS_H
#define MODULES_LINE_ENDS_H

#include "base/arena.h"

#include <stdbool.h>

/* Whether every line end is \r\n, and there is one. */
bool line_ends_dos(const char *text);
/* The text with \n for each \r\n. */
char *line_ends_plain(struct arena *arena, const char *text);
/* The text with \r\n for each \n where dos; else itself. */
const char *line_ends_as(struct arena *arena, const char *text, bool dos);

#endif
