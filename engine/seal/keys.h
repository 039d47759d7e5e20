/* keys: the keys of the controller's user, and what each gives for one playbook.
 *
 * A key is 32 random bytes in a file of its own, DIRECTORY/ID, which only its owner can read:
 *     beoplay-key 1
 *     key HEX
 *     created SECONDS
 *     name TEXT
 * ID is the hexadecimal BLAKE2b-128 of "beoplay key id" under the key, so that a file can't be
 * taken for another key. A key is always picked by its ID, never tried. DIRECTORY/revoked lists IDs
 * of which nothing is believed any more, one a line. All cryptography is libsodium's. */
#ifndef SEAL_KEYS_H
#define SEAL_KEYS_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KEY_SIZE = 32,
	KEY_ID_SIZE = 16,
	KEY_HEX_SIZE = 2 * KEY_ID_SIZE + 1,   /* of the ID, with its NUL */
	KEY_NAME_MOST = 128,
};

struct key {
	unsigned char bytes[KEY_SIZE];
	char id[KEY_HEX_SIZE];
	int64_t created;           /* seconds since the epoch */
	const char *name;          /* for people: "user@host" */
	bool revoked;
};

/* Where the keys of this user are: ~/.config/beoplay/keys, or below XDG_CONFIG_HOME. */
const char *keys_directory(struct arena *arena);

/* All of them, the newest first. A directory that isn't there holds none; a file that isn't as it
 * must be is an error that names it. */
int keys_load(struct arena *arena, const char *directory, struct key **ret_keys,
	size_t *ret_count, struct error *err);
/* The one with this ID, also a revoked one; NULL without err: it isn't there. */
int keys_find(struct arena *arena, const char *directory, const char *id,
	const struct key **ret_key, struct error *err);
/* The newest that isn't revoked; without any a new one is made (ret_made), if make. NULL: none. */
int keys_newest(struct arena *arena, const char *directory, bool make, const char *name,
	const struct key **ret_key, bool *ret_made, struct error *err);

/* A new key, in its file. */
int keys_make(struct arena *arena, const char *directory, const char *name,
	const struct key **ret_key, struct error *err);
/* Writes a key that came from elsewhere; 0 also if it is there already. */
int keys_add(struct arena *arena, const char *directory, struct key *key, struct error *err);
int keys_revoke(struct arena *arena, const char *directory, const char *id, struct error *err);

void key_set_id(struct key *key);

/* --- What a key gives for one playbook of a project */

struct owner_keys {
	unsigned char id[KEY_ID_SIZE];
	unsigned char encrypt[KEY_SIZE], nonce[KEY_SIZE], seal[KEY_SIZE], digest[KEY_SIZE];
	unsigned char owner[32];   /* which playbook it is, told to nobody */
};

void keys_derive(const struct key *key, const char *project, const char *playbook,
	struct owner_keys *ret_keys);

/* A digest that tells nothing to who hasn't the key: of bytes, for one purpose ("extra", "file",
 * "host", "run") and name. size: at most 32. */
void keys_digest(const struct owner_keys *keys, const char *purpose, const char *name,
	const void *bytes, size_t count, void *ret_digest, size_t size);

#endif
