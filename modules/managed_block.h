/* managed_block: lines between two marker lines in a file that others write, too. What is outside
 * stays, byte for byte. */
#ifndef MODULES_MANAGED_BLOCK_H
#define MODULES_MANAGED_BLOCK_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct managed_block {
	bool there;
	size_t start, end;       /* bytes of the whole, markers included */
	const char *inside;      /* the lines between, NUL behind */
};

/* Finds it; a begin without an end reaches to the end of the text. */
struct managed_block managed_block_find(struct arena *arena, const char *text,
	const char *begin, const char *end);
/* The text with the block holding these lines (each with its newline); NULL: without the block. Where
 * there was none it comes at the end. */
char *managed_block_set(struct arena *arena, const char *text, const char *begin, const char *end,
	const char *inside);

#endif
