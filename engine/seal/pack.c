/* pack: a text as nodes keep it, which only who has the key can read or make. */
#include "seal/pack.h"

#include <sodium.h>
#include <string.h>
#include <zstd.h>

enum {
	MAGIC_SIZE = 8, AT_FLAGS = 8, AT_LENGTH = 12, AT_KEY = 16, AT_OWNER = 32, AT_NONCE = 64,
	FLAG_ZSTD = 1, PLAIN_LEAST = 4096, LENGTH_SIZE = 4, CIPHER_MOST = 1 << 20, LEVEL = 3,
	TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

static const char magic[MAGIC_SIZE + 1] = "BEOPACK\x02";

static void put_number(unsigned char *to, uint32_t number)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (unsigned char)(number >> 8 * i);
}

static uint32_t get_number(const unsigned char *from)
{
	return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16
		| (uint32_t)from[3] << 24;
}

static unsigned top_bit(size_t number)
{
	unsigned bit = 0;

	while (number >>= 1)
		bit++;
	return bit;
}

/* The size that is told instead of the real one. */
static size_t padded(size_t size)
{
	unsigned exponent = top_bit(size);
	size_t mask = ((size_t)1 << (exponent - (top_bit(exponent) + 1))) - 1;

	return size < PLAIN_LEAST ? PLAIN_LEAST : (size + mask) & ~mask;
}

static void nonce_of(const struct owner_keys *keys, const unsigned char *header,
	const unsigned char *plain, size_t size,
	unsigned char ret_nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES])
{
	unsigned char digest[32];
	crypto_generichash_state state;

	crypto_generichash_init(&state, keys->nonce, KEY_SIZE, sizeof(digest));
	crypto_generichash_update(&state, header, AT_NONCE);
	crypto_generichash_update(&state, plain, size);
	crypto_generichash_final(&state, digest, sizeof(digest));
	memcpy(ret_nonce, digest, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
}

/* The plaintext, with room for what is behind it. */
static int compress(struct arena *arena, const void *text, size_t size, unsigned char **ret_plain,
	size_t *ret_size, struct error *err)
{
	size_t room = ZSTD_compressBound(size), done;
	unsigned char *plain = arena_alloc(arena, 2 * (room + LENGTH_SIZE + PLAIN_LEAST));

	done = ZSTD_compress(plain + LENGTH_SIZE, room, text, size, LEVEL);
	if (ZSTD_isError(done) || size > PACK_UNPACKED_MOST
			|| padded(LENGTH_SIZE + done) + TAG_SIZE + PACK_HEADER_SIZE > PACK_MOST)
		return error_set(err, SEAL_TOO_LARGE, "the text is too large for nodes to keep");
	put_number(plain, (uint32_t)done);
	*ret_size = padded(LENGTH_SIZE + done);
	memset(plain + LENGTH_SIZE + done, 0, *ret_size - LENGTH_SIZE - done);
	*ret_plain = plain;
	return 0;
}

int pack_make(struct arena *arena, const struct owner_keys *keys, const void *text, size_t size,
	char **ret_pack, size_t *ret_size, struct error *err)
{
	unsigned char *plain = NULL, *pack;
	size_t plain_size = 0;

	if (compress(arena, text, size, &plain, &plain_size, err) < 0)
		return -1;
	pack = arena_alloc(arena, PACK_HEADER_SIZE + plain_size + TAG_SIZE);
	memcpy(pack, magic, MAGIC_SIZE);
	put_number(pack + AT_FLAGS, FLAG_ZSTD);
	put_number(pack + AT_LENGTH, (uint32_t)(plain_size + TAG_SIZE));
	memcpy(pack + AT_KEY, keys->id, KEY_ID_SIZE);
	memcpy(pack + AT_OWNER, keys->owner, sizeof(keys->owner));
	nonce_of(keys, pack, plain, plain_size, pack + AT_NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(pack + PACK_HEADER_SIZE, NULL, plain, plain_size,
		pack, PACK_HEADER_SIZE, NULL, pack + AT_NONCE, keys->encrypt);
	sodium_memzero(plain, plain_size);
	*ret_pack = (char *)pack;
	*ret_size = PACK_HEADER_SIZE + plain_size + TAG_SIZE;
	return 0;
}

bool pack_key(const void *pack, size_t size, char ret_id[KEY_HEX_SIZE])
{
	if (size < PACK_HEADER_SIZE || memcmp(pack, magic, MAGIC_SIZE) != 0)
		return false;
	sodium_bin2hex(ret_id, KEY_HEX_SIZE, (const unsigned char *)pack + AT_KEY, KEY_ID_SIZE);
	return true;
}

static int check_header(const struct owner_keys *keys, const unsigned char *pack, size_t size,
	struct error *err)
{
	char id[KEY_HEX_SIZE];

	if (!pack_key(pack, size, id) || get_number(pack + AT_FLAGS) != FLAG_ZSTD
			|| size > CIPHER_MOST + PACK_HEADER_SIZE
			|| get_number(pack + AT_LENGTH) != size - PACK_HEADER_SIZE
			|| size < PACK_HEADER_SIZE + PLAIN_LEAST + TAG_SIZE)
		return error_set(err, SEAL_ALTERED, "what a node kept is not a text of beoplay");
	if (memcmp(pack + AT_KEY, keys->id, KEY_ID_SIZE) != 0)
		return error_set(err, SEAL_OTHER_KEY, "the text is sealed with another key, %s", id);
	if (memcmp(pack + AT_OWNER, keys->owner, sizeof(keys->owner)) != 0)
		return error_set(err, SEAL_OTHER_KEY, "the text is that of another project or playbook");
	return 0;
}

static int unpack(struct arena *arena, const unsigned char *plain, size_t size, char **ret_text,
	size_t *ret_size)
{
	uint32_t length = get_number(plain);
	unsigned long long whole;

	if (length > size - LENGTH_SIZE || padded(LENGTH_SIZE + length) != size
			|| !sodium_is_zero(plain + LENGTH_SIZE + length, size - LENGTH_SIZE - length))
		return -1;
	whole = ZSTD_getFrameContentSize(plain + LENGTH_SIZE, length);
	if (whole > PACK_UNPACKED_MOST)   /* an error is a very large number, too */
		return -1;
	*ret_text = arena_alloc(arena, (size_t)whole + 1);
	*ret_size = (size_t)whole;
	return ZSTD_decompress(*ret_text, *ret_size, plain + LENGTH_SIZE, length) == whole ? 0 : -1;
}

int pack_open(struct arena *arena, const struct owner_keys *keys, const void *bytes, size_t size,
	char **ret_text, size_t *ret_size, struct error *err)
{
	const unsigned char *pack = bytes;
	unsigned char nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
	unsigned char *plain;
	size_t plain_size;
	int result;

	if (check_header(keys, pack, size, err) < 0)
		return -1;
	plain_size = size - PACK_HEADER_SIZE - TAG_SIZE;
	plain = arena_alloc(arena, plain_size);
	result = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, pack + PACK_HEADER_SIZE,
		size - PACK_HEADER_SIZE, pack, PACK_HEADER_SIZE, pack + AT_NONCE, keys->encrypt);
	if (result == 0) {
		nonce_of(keys, pack, plain, plain_size, nonce);
		result = sodium_memcmp(nonce, pack + AT_NONCE, sizeof(nonce));
	}
	if (result == 0)
		result = unpack(arena, plain, plain_size, ret_text, ret_size);
	sodium_memzero(plain, plain_size);
	if (result != 0)
		return error_set(err, SEAL_ALTERED, "the text kept on the node was altered");
	return 0;
}
