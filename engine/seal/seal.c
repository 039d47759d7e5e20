/* seal: what one run was on one host: which text, after which run. A node keeps it and can't make
 * it. */
#include "seal/seal.h"

#include <sodium.h>
#include <string.h>

enum {
	MAGIC_SIZE = 8, AT_KEY = 8, AT_OWNER = 24, AT_HOST = 56, AT_INCARNATION = 72, AT_RUN = 88,
	AT_NUMBER = 104, AT_TIME = 112, AT_PACK = 120, AT_PREVIOUS = 152, AT_LEFT_OUT = 184,
	AT_WHO = 192, AT_CODE = 224, NAME_SIZE = 16,
};

static const char magic[MAGIC_SIZE + 1] = "BEOSEAL\x02";

static void put_number(unsigned char *to, int64_t number)
{
	for (unsigned i = 0; i < 8; i++)
		to[i] = (unsigned char)((uint64_t)number >> 8 * i);
}

static int64_t get_number(const unsigned char *from)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < 8; i++)
		number |= (uint64_t)from[i] << 8 * i;
	return (int64_t)number;
}

static void put_name(const struct owner_keys *keys, const char *purpose, const char *name,
	unsigned char *to)
{
	keys_digest(keys, purpose, name, "", 0, to, NAME_SIZE);
}

static void code_of(const struct owner_keys *keys, const unsigned char *bytes,
	unsigned char ret_code[SEAL_SIZE - AT_CODE])
{
	crypto_generichash(ret_code, SEAL_SIZE - AT_CODE, bytes, AT_CODE, keys->seal, KEY_SIZE);
}

void seal_make(const struct owner_keys *keys, const struct seal *seal,
	unsigned char ret_bytes[SEAL_SIZE])
{
	memset(ret_bytes, 0, SEAL_SIZE);
	memcpy(ret_bytes, magic, MAGIC_SIZE);
	memcpy(ret_bytes + AT_KEY, keys->id, KEY_ID_SIZE);
	memcpy(ret_bytes + AT_OWNER, keys->owner, sizeof(keys->owner));
	put_name(keys, "host", seal->host, ret_bytes + AT_HOST);
	memcpy(ret_bytes + AT_INCARNATION, seal->incarnation, SEAL_INCARNATION_SIZE);
	put_name(keys, "run", seal->run, ret_bytes + AT_RUN);
	put_number(ret_bytes + AT_NUMBER, seal->number);
	put_number(ret_bytes + AT_TIME, seal->time);
	memcpy(ret_bytes + AT_PACK, seal->pack, SEAL_DIGEST_SIZE);
	memcpy(ret_bytes + AT_PREVIOUS, seal->previous, SEAL_DIGEST_SIZE);
	memcpy(ret_bytes + AT_LEFT_OUT, seal->left_out, sizeof(seal->left_out));
	memcpy(ret_bytes + AT_WHO, seal->who, strnlen(seal->who, SEAL_WHO_MOST));
	code_of(keys, ret_bytes, ret_bytes + AT_CODE);
}

bool seal_key(const void *bytes, size_t size, char ret_id[KEY_HEX_SIZE])
{
	if (size != SEAL_SIZE || memcmp(bytes, magic, MAGIC_SIZE) != 0)
		return false;
	sodium_bin2hex(ret_id, KEY_HEX_SIZE, (const unsigned char *)bytes + AT_KEY, KEY_ID_SIZE);
	return true;
}

static const char *wrong(const struct owner_keys *keys, const unsigned char *bytes, size_t size,
	const char *host, const unsigned char *incarnation, const char *run)
{
	unsigned char code[SEAL_SIZE - AT_CODE], name[NAME_SIZE];
	char id[KEY_HEX_SIZE];

	if (!seal_key(bytes, size, id))
		return "it is no seal";
	if (memcmp(bytes + AT_KEY, keys->id, KEY_ID_SIZE) != 0)
		return "it is sealed with another key";
	if (memcmp(bytes + AT_OWNER, keys->owner, sizeof(keys->owner)) != 0)
		return "it is that of another project or playbook";
	code_of(keys, bytes, code);
	if (sodium_memcmp(code, bytes + AT_CODE, sizeof(code)) != 0)
		return "it was altered, or made by somebody else";
	put_name(keys, "host", host, name);
	if (memcmp(bytes + AT_HOST, name, NAME_SIZE) != 0)
		return "it is that of another host";
	if (memcmp(bytes + AT_INCARNATION, incarnation, SEAL_INCARNATION_SIZE) != 0)
		return "it is that of another ledger: the machine is a copy, or was installed again";
	put_name(keys, "run", run, name);
	if (memcmp(bytes + AT_RUN, name, NAME_SIZE) != 0)
		return "it is that of another run";
	return NULL;
}

bool seal_open(const struct owner_keys *keys, const void *data, size_t size, const char *host,
	const unsigned char incarnation[SEAL_INCARNATION_SIZE], const char *run,
	struct seal *ret_seal, const char **ret_why)
{
	const unsigned char *bytes = data;

	*ret_why = wrong(keys, bytes, size, host, incarnation, run);
	if (*ret_why)
		return false;
	*ret_seal = (struct seal){ .host = host, .run = run, .number = get_number(bytes + AT_NUMBER),
		.time = get_number(bytes + AT_TIME) };
	memcpy(ret_seal->incarnation, bytes + AT_INCARNATION, SEAL_INCARNATION_SIZE);
	memcpy(ret_seal->pack, bytes + AT_PACK, SEAL_DIGEST_SIZE);
	memcpy(ret_seal->previous, bytes + AT_PREVIOUS, SEAL_DIGEST_SIZE);
	memcpy(ret_seal->left_out, bytes + AT_LEFT_OUT, sizeof(ret_seal->left_out));
	memcpy(ret_seal->who, bytes + AT_WHO, SEAL_WHO_MOST);
	return true;
}

void seal_digest(const void *bytes, unsigned char ret_digest[SEAL_DIGEST_SIZE])
{
	crypto_generichash(ret_digest, SEAL_DIGEST_SIZE, bytes, SEAL_SIZE, NULL, 0);
}
