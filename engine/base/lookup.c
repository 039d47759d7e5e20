/* lookup: a hash table from names to pointers. */
#include "base/lookup.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

size_t lookup_hash(const char *key)
{
	static unsigned char secret[crypto_shorthash_KEYBYTES];
	static bool chosen;
	unsigned char sum[crypto_shorthash_BYTES];
	size_t hash;

	if (!chosen)
		randombytes_buf(secret, sizeof(secret));
	chosen = true;
	crypto_shorthash(sum, (const unsigned char *)key, strlen(key), secret);
	memcpy(&hash, sum, sizeof(hash));
	return hash;
}

static struct lookup_entry *entry_of(const struct lookup *lookup, const char *key, size_t hash)
{
	size_t at = hash & (lookup->capacity - 1);

	while (lookup->entries[at].key && (lookup->entries[at].hash != hash
			|| strcmp(lookup->entries[at].key, key) != 0))
		at = (at + 1) & (lookup->capacity - 1);
	return &lookup->entries[at];
}

/* Of a key that isn't there, one that is free. */
static struct lookup_entry *free_entry(const struct lookup *lookup, size_t hash)
{
	size_t at = hash & (lookup->capacity - 1);

	while (lookup->entries[at].key)
		at = (at + 1) & (lookup->capacity - 1);
	return &lookup->entries[at];
}

static void grow(struct arena *arena, struct lookup *lookup)
{
	struct lookup larger = { .capacity = lookup->capacity ? 2 * lookup->capacity : 16 };

	larger.entries = arena_array(arena, larger.capacity, sizeof(*larger.entries));
	for (size_t i = 0; i < lookup->capacity; i++) {
		if (lookup->entries[i].key)
			*free_entry(&larger, lookup->entries[i].hash) = lookup->entries[i];
	}
	larger.count = lookup->count;
	*lookup = larger;
}

void lookup_put(struct arena *arena, struct lookup *lookup, const char *key, void *found)
{
	size_t hash = lookup_hash(key);
	struct lookup_entry *entry;

	if (2 * (lookup->count + 1) > lookup->capacity)
		grow(arena, lookup);
	entry = entry_of(lookup, key, hash);
	if (!entry->key)
		lookup->count++;
	*entry = (struct lookup_entry){ key, found, hash };
}

void *lookup_get(const struct lookup *lookup, const char *key)
{
	return lookup->capacity ? entry_of(lookup, key, lookup_hash(key))->found : NULL;
}
