/* blocks: the parts of a large body that a node has already, where it is to replace a file.
 *
 * The node tells short sums of the blocks of its file from an offset on; of those that are the same on
 * the other side nothing comes but that. The sums only find them: what has come together has the body's
 * digest, or it is asked for once more as a whole. */
#ifndef WIRE_BLOCKS_H
#define WIRE_BLOCKS_H

#include "wire/messages.h"

enum {
	BLOCK_SIZE = 4 << 10,      /* bytes; the last one of a body is shorter */
	BLOCK_SUM_SIZE = 8,
	BLOCKS_MOST = 1024,        /* in one request */
};

void block_sum(const void *bytes, size_t size, unsigned char ret_sum[BLOCK_SUM_SIZE]);
/* Of a body with so many bytes behind an offset, how many the block at a number of blocks behind it has. */
size_t block_length(int64_t left, size_t number);

#endif
