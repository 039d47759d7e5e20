/* managed_block: lines between two marker lines in a file that others write, too. What is outside
 * stays, byte for byte. */
#ifndef MODULES_MANAGED_BLOCK_H
#define MODULES_MANAGED_BLOCK_H

#include "base/arena.h"
#include "base/lookup.h"

#include <stdbool.h>
#include <stddef.h>

struct managed_block {
	bool there;
	const char *broken;      /* "has a block without an end": what belongs to it can't be told; or NULL */
	const char *remedy;      /* then: what to do */
	size_t start, end;       /* bytes of the whole, markers included */
	const char *inside;      /* the lines between, NUL behind */
};

/* Finds it. A begin without an end, or with another begin before the end, is broken, and so are two of
 * them: then nothing may be written, and it counts as one that isn't there. */
struct managed_block managed_block_find(struct arena *arena, const char *text,
	const char *begin, const char *end);
/* The text with the block holding these lines (each with its newline); NULL: without the block. Where
 * there was none it comes at the end. */
char *managed_block_set(struct arena *arena, const char *text, const char *begin, const char *end,
	const char *inside);

/* The lines of a text, to look many up in it. */
struct lookup managed_block_lines(struct arena *arena, const char *text);
/* Whether the text has exactly this line, of size bytes. */
bool managed_block_has_line(const char *text, const char *line, size_t size);

#endif
