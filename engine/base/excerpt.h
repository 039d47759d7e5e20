/* excerpt: the beginning and the end of a stream that may be of any length.
 *
 * As long as no more than `most` bytes come, nothing is lost. Beyond that the middle is left out: a
 * quarter of the room is for the beginning, the rest for the end, where causes and results stand.
 * Zeroed, with most set, it is ready. */
#ifndef BASE_EXCERPT_H
#define BASE_EXCERPT_H

#include "base/arena.h"
#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct excerpt {
	size_t most;             /* bytes that are kept */
	uint64_t size;           /* bytes that came */
	struct buffer head;
	struct buffer tail;      /* ends with what came last; may hold more than is kept */
};

void excerpt_add(struct excerpt *excerpt, const char *bytes, size_t size);

/* Whether something is left out. */
bool excerpt_cut(const struct excerpt *excerpt);

/* What is kept, with a NUL behind its *ret_size bytes. Where the middle is left out, both parts end
 * at line breaks (if they have any), and a line "[... N bytes left out ...]" stands between them.
 * Releases the excerpt's buffers. */
char *excerpt_end(struct excerpt *excerpt, struct arena *arena, size_t *ret_size);

/* The same of a text that is there as a whole. */
char *excerpt_of(struct arena *arena, const char *text, size_t size, size_t most,
	size_t *ret_size);

#endif
