/* spill: bytes that are kept outside of memory, where nobody else can read them: in a file without a name, under
 * a key that only this process has. Both end with the process. */
#ifndef BASE_SPILL_H
#define BASE_SPILL_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

struct spill;

/* The file is made, in $TMPDIR or /var/tmp, when there is something to keep. */
struct spill *spill_new(struct arena *arena);
/* Where they are in it; -1: they couldn't be kept there. */
int64_t spill_add(struct spill *spill, const void *bytes, size_t size);
/* So many of those behind a place in what was added. NULL: they couldn't be read. */
char *spill_read(struct arena *arena, const struct spill *spill, int64_t at, size_t size);

#endif
