/* digest: SHA-256, the name of every body and file. */
#include "base/digest.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

void digest_begin(struct digest *digest)
{
	sha256_init(&digest->state);
}

void digest_add(struct digest *digest, const void *bytes, size_t size)
{
	if (size > 0)
		sha256_update(&digest->state, size, bytes);
}

void digest_end(struct digest *digest, char ret_hex[DIGEST_HEX_SIZE])
{
	unsigned char hash[SHA256_DIGEST_SIZE];

	sha256_digest(&digest->state, sizeof(hash), hash);
	sodium_bin2hex(ret_hex, DIGEST_HEX_SIZE, hash, sizeof(hash));
}

void digest_bytes(const void *bytes, size_t size, char ret_hex[DIGEST_HEX_SIZE])
{
	struct digest digest;

	digest_begin(&digest);
	digest_add(&digest, bytes, size);
	digest_end(&digest, ret_hex);
}

int digest_descriptor(int fd, char ret_hex[DIGEST_HEX_SIZE])
{
	unsigned char chunk[65536];
	struct digest digest;
	ssize_t size;

	digest_begin(&digest);
	for (;;) {
		size = read(fd, chunk, sizeof(chunk));
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -1;
		if (size == 0)
			break;
		digest_add(&digest, chunk, (size_t)size);
	}
	digest_end(&digest, ret_hex);
	return 0;
}

int digest_valid(const char *text)
{
	return strlen(text) == DIGEST_HEX_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == DIGEST_HEX_SIZE - 1;
}
