/* hostkeys_name: whether the names in a line of known_hosts mean a host. */
#include "fleet/hostkeys_name.h"

#include "base/glob.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 1024, HASH_SIZE = 20 };

static void lower(char *to, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (char)tolower((unsigned char)text[i]);
	to[size] = '\0';
}

/* "fd00::1" or "[fd00::1]:2222"; what comes behind the address is its port. */
static bool read_address(const char *name, struct in6_addr *ret_address, const char **ret_port)
{
	char address[INET6_ADDRSTRLEN + 1];
	const char *end = *name == '[' ? strchr(name, ']') : name + strlen(name);
	const char *start = *name == '[' ? name + 1 : name;

	if (!end || (size_t)(end - start) >= sizeof(address))
		return false;
	memcpy(address, start, (size_t)(end - start));
	address[end - start] = '\0';
	*ret_port = *end == ']' ? end + 1 : "";
	return inet_pton(AF_INET6, address, ret_address) == 1;
}

static bool same_address(const char *one, const char *other)
{
	struct in6_addr left, right;
	const char *port, *its_port;

	return read_address(one, &left, &port) && read_address(other, &right, &its_port)
		&& memcmp(&left, &right, sizeof(left)) == 0 && strcmp(port, its_port) == 0;
}

/* One that is negated decides against all others. */
static bool in_list(const char *names, size_t size, const char *name)
{
	bool found = false;

	for (size_t at = 0; at < size;) {
		const char *comma = memchr(names + at, ',', size - at);
		size_t length = comma ? (size_t)(comma - names) - at : size - at;
		bool negated = names[at] == '!';
		char term[NAME_SIZE];

		if (length >= sizeof(term))
			return false;
		lower(term, names + at + negated, length - negated);
		if (glob_match(term, strlen(term), name, 0) || same_address(term, name)) {
			if (negated)
				return false;
			found = true;
		}
		at += length + 1;
	}
	return found;
}

/* --- Hashed names --- */

static void hash(const char *name, const unsigned char *salt, size_t size,
	unsigned char ret_hash[HASH_SIZE])
{
	unsigned length = HASH_SIZE;

	HMAC(EVP_sha1(), salt, (int)size, (const unsigned char *)name, strlen(name), ret_hash, &length);
}

static bool is_hashed(const char *names, size_t size, const char *name)
{
	unsigned char salt[64], expected[HASH_SIZE], found[HASH_SIZE];
	size_t salt_size, hash_size;
	const char *bar;

	if (size < 4 || strncmp(names, "|1|", 3) != 0)
		return false;
	bar = memchr(names + 3, '|', size - 3);
	if (!bar || sodium_base642bin(salt, sizeof(salt), names + 3, (size_t)(bar - names) - 3, NULL,
			&salt_size, NULL, sodium_base64_VARIANT_ORIGINAL) < 0
			|| sodium_base642bin(expected, sizeof(expected), bar + 1,
			size - (size_t)(bar + 1 - names), NULL, &hash_size, NULL,
			sodium_base64_VARIANT_ORIGINAL) < 0 || hash_size != HASH_SIZE)
		return false;
	hash(name, salt, salt_size, found);
	return memcmp(found, expected, HASH_SIZE) == 0;
}

/* As inet_ntop writes it; false: it is no address of IPv6. */
static bool canonical(const char *name, char ret_name[NAME_SIZE])
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr bytes;
	const char *port;

	if (!read_address(name, &bytes, &port)
			|| !inet_ntop(AF_INET6, &bytes, address, sizeof(address)))
		return false;
	snprintf(ret_name, NAME_SIZE, *name == '[' ? "[%s]%s" : "%s%s", address, port);
	return true;
}

const char *hostkeys_hash(struct arena *arena, const char *name)
{
	char salt_text[64], hash_text[64];
	unsigned char salt[HASH_SIZE], hashed[HASH_SIZE];

	randombytes_buf(salt, sizeof(salt));
	hash(name, salt, sizeof(salt), hashed);
	sodium_bin2base64(salt_text, sizeof(salt_text), salt, sizeof(salt),
		sodium_base64_VARIANT_ORIGINAL);
	sodium_bin2base64(hash_text, sizeof(hash_text), hashed, sizeof(hashed),
		sodium_base64_VARIANT_ORIGINAL);
	return arena_printf(arena, "|1|%s|%s", salt_text, hash_text);
}

bool hostkeys_named(const char *names, size_t size, const char *name)
{
	char lowered[NAME_SIZE], plain[NAME_SIZE];

	if (strlen(name) >= sizeof(lowered) || size == 0)
		return false;
	lower(lowered, name, strlen(name));
	if (*names != '|')
		return in_list(names, size, lowered);
	return is_hashed(names, size, lowered) || is_hashed(names, size, name)
		|| (canonical(lowered, plain) && is_hashed(names, size, plain));
}
