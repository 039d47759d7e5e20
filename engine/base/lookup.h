/* lookup: a hash table from names to pointers; keys are borrowed, nothing is ever taken out. */
#ifndef BASE_LOOKUP_H
#define BASE_LOOKUP_H

#include "base/arena.h"

#include <stddef.h>

/* SipHash-2-4 with a key of this process, so that nobody outside can choose names that collide. */
size_t lookup_hash(const char *key);

struct lookup_entry {
	const char *key;
	void *found;
	size_t hash;       /* of the key, so that a larger table needn't read it */
};

/* Zeroed: empty. */
struct lookup {
	struct lookup_entry *entries;
	size_t count;
	size_t capacity;   /* a power of two, more than count */
};

void lookup_put(struct arena *arena, struct lookup *lookup, const char *key, void *found);
void *lookup_get(const struct lookup *lookup, const char *key);   /* NULL: not there */

#endif
