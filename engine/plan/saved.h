/* saved: a plan in a file, and whether what is found today is still the same.
 *
 * The file is the line "beoplay-plan 1 MAC\n" and behind it one value in MessagePack (wire.h); MAC
 * is the HMAC-SHA-256 (RFC 2104, through libsodium) of those bytes under a key of the user's, in
 * hexadecimal. Whatever could be a secret is in it only as such a code of its SHA-256: parameters,
 * plans, texts. Only its owner may read the file; it is replaced whole. */
#ifndef PLAN_SAVED_H
#define PLAN_SAVED_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"

#include <stdbool.h>

/* The form of the file, in its first line; a new one gets a fixture in tests/formats. */
enum { PLAN_VERSION = 1 };

enum { SAVED_KEY_SIZE = 32, SAVED_MOST = 256 << 20 };

struct saved_key {
	unsigned char bytes[SAVED_KEY_SIZE];
};

/* Where the key of this user is. */
const char *saved_key_path(struct arena *arena);
/* The key in a file. If it isn't there it is made, or, unless make, that is an error. */
int saved_key_load(struct arena *arena, const char *path, bool make, struct saved_key *ret_key,
	struct error *err);

/* Whether a file is a saved plan, by its first bytes. */
bool saved_is_plan(const char *path);
int saved_write(const char *path, const struct saved_key *key, const struct value *body,
	struct error *err);
/* The body; an error if it isn't just what was written with this key. */
int saved_read(struct arena *arena, const char *path, const struct saved_key *key,
	struct value **ret_body, struct error *err);

/* What run_planned gave, and texts (path → SHA-256), with codes in the place of digests. */
struct value *saved_seal_hosts(struct arena *arena, const struct saved_key *key,
	const struct value *planned);
struct value *saved_seal_texts(struct arena *arena, const struct saved_key *key,
	const struct value *texts);

/* Compares sealed texts with those of today: 0, or -1 naming one that isn't the same. Unless
 * whole, more may be read today later on. */
int saved_compare_texts(struct arena *arena, const struct saved_key *key, const struct value *saved,
	const struct value *texts, bool whole, struct error *err);

/* What a run may do (run_options.follow): of the hosts in saved, what was planned for them, if what
 * was planned today is the same or has been done already. outcome: of today's dry run
 * (run_outcome). */
struct value *saved_follow(struct arena *arena, const struct saved_key *key,
	const struct value *saved, const struct value *planned, const struct value *outcome);

#endif
