/* export: a key as a text that a passphrase opens, to be kept elsewhere or given to a team.
 *
 * Lines of base64 between "-----BEGIN BEOPLAY KEY-----" and "-----END BEOPLAY KEY-----" of
 *     "BEOKEY\x01", zero, ops u32, memory u64 (bytes; both for Argon2id 1.3), salt 16, nonce 24,
 *     XChaCha20-Poly1305 (IETF) of key 32, created u64, name, with all before it as additional data
 * with numbers little endian. */
#ifndef SEAL_EXPORT_H
#define SEAL_EXPORT_H

#include "seal/keys.h"

enum { EXPORT_PASSPHRASE_LEAST = 10, EXPORT_MOST = 4096 };

int export_write(struct arena *arena, const struct key *key, const char *passphrase,
	char **ret_text, struct error *err);
/* text may be anything of at most EXPORT_MOST bytes; what would take too much time or memory to
 * open is refused. */
int export_read(struct arena *arena, const char *text, const char *passphrase, struct key *ret_key,
	struct error *err);

#endif
