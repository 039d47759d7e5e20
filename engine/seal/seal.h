/* seal: what one run was on one host: which text, after which run. A node keeps it and can't make
 * it.
 *
 * 256 bytes, numbers little endian: "BEOSEAL\x02", key ID 16, owner 32, keyed digest of the host's
 * name 16, incarnation of its ledger 16, keyed digest of the run's name 16, number 8, time 8,
 * SHA-256 of the pack 32, digest of the host's seal before 32 (zeros: none), keyed digest of what
 * was left out of the pack 8, who 32 (cut off, filled with zeros), MAC 32 (BLAKE2b under a key of
 * the project). */
#ifndef SEAL_SEAL_H
#define SEAL_SEAL_H

#include "seal/keys.h"

enum { SEAL_SIZE = 256, SEAL_INCARNATION_SIZE = 16, SEAL_DIGEST_SIZE = 32, SEAL_WHO_MOST = 32 };

struct seal {
	const char *host;                  /* its name in the inventory */
	unsigned char incarnation[SEAL_INCARNATION_SIZE];
	const char *run;
	int64_t number, time;
	unsigned char pack[SEAL_DIGEST_SIZE];
	unsigned char previous[SEAL_DIGEST_SIZE];
	unsigned char left_out[8];
	char who[SEAL_WHO_MOST + 1];
};

void seal_make(const struct owner_keys *keys, const struct seal *seal,
	unsigned char ret_bytes[SEAL_SIZE]);
/* The ID of the key that it says to be made with; false: it is no seal. */
bool seal_key(const void *bytes, size_t size, char ret_id[KEY_HEX_SIZE]);
/* A seal of this host, of this incarnation of its ledger and of the run with this name; ret_why
 * says what is wrong otherwise. */
bool seal_open(const struct owner_keys *keys, const void *bytes, size_t size, const char *host,
	const unsigned char incarnation[SEAL_INCARNATION_SIZE], const char *run,
	struct seal *ret_seal, const char **ret_why);
/* As the seal after it names it. */
void seal_digest(const void *bytes, unsigned char ret_digest[SEAL_DIGEST_SIZE]);

#endif
