/* export: a key as a text that a passphrase opens. */
#include "seal/export.h"

#include "base/buffer.h"

#include <sodium.h>
#include <string.h>

enum {
	MAGIC_SIZE = 8, AT_OPS = 8, AT_MEMORY = 12, AT_SALT = 20,
	AT_NONCE = AT_SALT + crypto_pwhash_argon2id_SALTBYTES,
	HEADER_SIZE = AT_NONCE + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	PLAIN_LEAST = KEY_SIZE + 8, PLAIN_MOST = PLAIN_LEAST + KEY_NAME_MOST,
	OPS = 3, OPS_MOST = 10, MIB = 1 << 20, MEMORY = 256, MEMORY_LEAST = 8, MEMORY_MOST = 1024,
	LINE = 64,
};

static const char magic[MAGIC_SIZE] = "BEOKEY\x01";
static const char before[] = "-----BEGIN BEOPLAY KEY-----\n";
static const char after[] = "-----END BEOPLAY KEY-----\n";

static void put_number(unsigned char *to, uint64_t number, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		to[i] = (unsigned char)(number >> 8 * i);
}

static uint64_t get_number(const unsigned char *from, unsigned size)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < size; i++)
		number |= (uint64_t)from[i] << 8 * i;
	return number;
}

static int stretch(const unsigned char *header, const char *passphrase,
	unsigned char ret_key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES], struct error *err)
{
	if (sodium_init() >= 0 && crypto_pwhash(ret_key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
			passphrase, strlen(passphrase), header + AT_SALT, get_number(header + AT_OPS, 4),
			(size_t)get_number(header + AT_MEMORY, 8), crypto_pwhash_ALG_ARGON2ID13) == 0)
		return 0;
	return error_set(err, KEY_TOO_EXPENSIVE, "there isn't enough memory to use the passphrase "
		"(%llu MiB)", (unsigned long long)get_number(header + AT_MEMORY, 8) / MIB);
}

/* --- Out --- */

static char *in_lines(struct arena *arena, const unsigned char *bytes, size_t size)
{
	size_t room = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);
	char *base64 = arena_alloc(arena, room), *text;
	struct buffer out = {0};

	sodium_bin2base64(base64, room, bytes, size, sodium_base64_VARIANT_ORIGINAL);
	buffer_add_string(&out, before);
	for (size_t i = 0; i < strlen(base64); i += LINE)
		buffer_printf(&out, "%.*s\n", LINE, base64 + i);
	buffer_add_string(&out, after);
	text = arena_bytes(arena, out.data, out.size);
	buffer_free(&out);
	return text;
}

int export_write(struct arena *arena, const struct key *key, const char *passphrase,
	char **ret_text, struct error *err)
{
	unsigned char bytes[HEADER_SIZE + PLAIN_MOST + TAG_SIZE] = {0}, plain[PLAIN_MOST] = {0};
	unsigned char stretched[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
	size_t name = strnlen(key->name, KEY_NAME_MOST), size = PLAIN_LEAST + name;

	if (strlen(passphrase) < EXPORT_PASSPHRASE_LEAST)
		return error_set(err, KEY_INVALID_PASSPHRASE, "the passphrase must have at least %d "
			"characters", EXPORT_PASSPHRASE_LEAST);
	memcpy(bytes, magic, MAGIC_SIZE);
	put_number(bytes + AT_OPS, OPS, 4);
	put_number(bytes + AT_MEMORY, (uint64_t)MEMORY * MIB, 8);
	randombytes_buf(bytes + AT_SALT, HEADER_SIZE - AT_SALT);
	if (stretch(bytes, passphrase, stretched, err) < 0)
		return -1;
	memcpy(plain, key->bytes, KEY_SIZE);
	put_number(plain + KEY_SIZE, (uint64_t)key->created, 8);
	memcpy(plain + PLAIN_LEAST, key->name, name);
	crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + HEADER_SIZE, NULL, plain, size, bytes,
		HEADER_SIZE, NULL, bytes + AT_NONCE, stretched);
	sodium_memzero(plain, sizeof(plain));
	sodium_memzero(stretched, sizeof(stretched));
	*ret_text = in_lines(arena, bytes, HEADER_SIZE + size + TAG_SIZE);
	return 0;
}

/* --- In --- */

static int no_key(struct error *err)
{
	error_set(err, KEY_DAMAGED, "this is not an exported key of beoplay");
	return error_remedy(err, "beoplay key export writes one");
}

static int check_bounds(const unsigned char *bytes, size_t size, struct error *err)
{
	uint64_t ops = get_number(bytes + AT_OPS, 4), memory = get_number(bytes + AT_MEMORY, 8);

	if (size < HEADER_SIZE + PLAIN_LEAST + TAG_SIZE || memcmp(bytes, magic, MAGIC_SIZE) != 0)
		return no_key(err);
	if (ops < 1 || ops > OPS_MOST || memory < (uint64_t)MEMORY_LEAST * MIB
			|| memory > (uint64_t)MEMORY_MOST * MIB)
		return error_set(err, KEY_TOO_EXPENSIVE, "opening this key would take %llu passes over "
			"%llu MiB, and at most %d over %d MiB are allowed", (unsigned long long)ops,
			(unsigned long long)memory / MIB, OPS_MOST, MEMORY_MOST);
	return 0;
}

static int open_key(struct arena *arena, const unsigned char *bytes, size_t size,
	const char *passphrase, struct key *ret_key, struct error *err)
{
	unsigned char stretched[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
	unsigned char plain[PLAIN_MOST] = {0};
	int result;

	if (check_bounds(bytes, size, err) < 0 || stretch(bytes, passphrase, stretched, err) < 0)
		return -1;
	result = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, bytes + HEADER_SIZE,
		size - HEADER_SIZE, bytes, HEADER_SIZE, bytes + AT_NONCE, stretched);
	sodium_memzero(stretched, sizeof(stretched));
	if (result != 0)
		return error_set(err, KEY_WRONG_PASSPHRASE, "the passphrase is wrong, or the exported key "
			"was altered");
	*ret_key = (struct key){ .created = (int64_t)get_number(plain + KEY_SIZE, 8),
		.name = arena_bytes(arena, (char *)plain + PLAIN_LEAST,
			strcspn((char *)plain + PLAIN_LEAST, "\n")) };
	memcpy(ret_key->bytes, plain, KEY_SIZE);
	key_set_id(ret_key);
	sodium_memzero(plain, sizeof(plain));
	return 0;
}

int export_read(struct arena *arena, const char *text, const char *passphrase, struct key *ret_key,
	struct error *err)
{
	unsigned char bytes[HEADER_SIZE + PLAIN_MOST + TAG_SIZE] = {0};
	const char *begin = strstr(text, before), *end = begin ? strstr(begin, after) : NULL;
	size_t size = 0;

	if (!end || strlen(text) > EXPORT_MOST)
		return no_key(err);
	begin += sizeof(before) - 1;
	if (end < begin || sodium_base642bin(bytes, sizeof(bytes), begin, (size_t)(end - begin), "\r\n",
			&size, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return no_key(err);
	return open_key(arena, bytes, size, passphrase, ret_key, err);
}
