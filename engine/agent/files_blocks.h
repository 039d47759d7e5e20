/* files_blocks: of a large file that is replaced only the blocks come that differ (wire/blocks.h). */
#ifndef AGENT_FILES_BLOCKS_H
#define AGENT_FILES_BLOCKS_H

#include "wire/blocks.h"

#include <sys/stat.h>

enum { BLOCKS_LEAST = 64 << 10 };   /* bytes of a body that is compared */

/* The file that is there, and a body that takes its place. */
struct blocks {
	int fd;                    /* -1: nothing is compared */
	int64_t size;              /* of the body */
	size_t next;               /* so many sums are told with the next request */
	char *there;               /* what of the file they are of, in the request's arena */
	size_t told;               /* how many were */
};

/* old: what was seen under that name in the directory; another file isn't taken for it. */
void blocks_open(struct blocks *blocks, int directory, const char *name, const struct stat *old,
	int64_t size);
void blocks_close(struct blocks *blocks);
/* The sums of what is there from an offset on; none: ask for what comes next as it is. */
struct bytes blocks_have(struct blocks *blocks, struct arena *arena, int64_t offset);
/* What stands at that offset in the body, from what was there and an answer with blocks, in the memory of
 * blocks_have. -1: the answer is malformed. */
int blocks_merge(struct blocks *blocks, int64_t offset, const struct reply *reply, struct bytes *ret_bytes);

#endif
