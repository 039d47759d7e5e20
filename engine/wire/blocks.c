/* blocks: sums of the parts of a large body. */
#include "wire/blocks.h"

#include <sodium.h>

_Static_assert(crypto_shorthash_BYTES == BLOCK_SUM_SIZE, "a sum is what crypto_shorthash gives");

void block_sum(const void *bytes, size_t size, unsigned char ret_sum[BLOCK_SUM_SIZE])
{
	static const unsigned char key[crypto_shorthash_KEYBYTES] = "beoplay blocks";

	crypto_shorthash(ret_sum, bytes, size, key);
}

size_t block_length(int64_t left, size_t number)
{
	int64_t behind = left - (int64_t)number * BLOCK_SIZE;

	return behind <= 0 ? 0 : behind < BLOCK_SIZE ? (size_t)behind : BLOCK_SIZE;
}
