/* digest: SHA-256 (FIPS 180-4, through Nettle, which uses what the processor has for it), the name of every
 * body and file. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/error.h"

#include <nettle/sha2.h>
#include <stddef.h>

enum { DIGEST_HEX_SIZE = 65 };   /* 64 lower-case hexadecimal digits and a NUL */

/* Of what comes in pieces: digest_begin, digest_add for each, digest_end. */
struct digest {
	struct sha256_ctx state;
};

void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t size);
void digest_end(struct digest *digest, char ret_hex[DIGEST_HEX_SIZE]);

void digest_bytes(const void *bytes, size_t size, char ret_hex[DIGEST_HEX_SIZE]);

/* The file behind an open descriptor, from its present offset to its end. 0, or -1 and errno. */
int digest_descriptor(int fd, char ret_hex[DIGEST_HEX_SIZE]);

/* Whether text is 64 lower-case hexadecimal digits. */
int digest_valid(const char *text);

#endif
