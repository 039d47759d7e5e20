/* digest: SHA-256 (FIPS 180-4, through libsodium), the name of every body and file. */
#include "base/digest.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

void digest_bytes(const void *bytes, size_t size, char ret_hex[DIGEST_HEX_SIZE])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, bytes, size);
	sodium_bin2hex(ret_hex, DIGEST_HEX_SIZE, hash, sizeof(hash));
}

int digest_descriptor(int fd, char ret_hex[DIGEST_HEX_SIZE])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	unsigned char chunk[65536];
	crypto_hash_sha256_state state;
	ssize_t size;

	crypto_hash_sha256_init(&state);
	for (;;) {
		size = read(fd, chunk, sizeof(chunk));
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -1;
		if (size == 0)
			break;
		crypto_hash_sha256_update(&state, chunk, (unsigned long long)size);
	}
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(ret_hex, DIGEST_HEX_SIZE, hash, sizeof(hash));
	return 0;
}

int digest_valid(const char *text)
{
	return strlen(text) == DIGEST_HEX_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == DIGEST_HEX_SIZE - 1;
}
