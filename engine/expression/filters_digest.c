/* filters_digest: hash, checksum, password_hash, to_uuid. */
#include "expression/evaluate.h"

#include <crypt.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static int text_input(struct evaluation *evaluation, struct call *call)
{
	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	return evaluation_spend(evaluation, call->offset, call->input->size / 64, 0);
}

/* name: as OpenSSL has it; NULL: there is no such. */
static int hex_digest(struct evaluation *evaluation, const struct call *call, const char *name,
	const void *bytes, size_t size, struct value **ret_value)
{
	const EVP_MD *kind = EVP_get_digestbyname(name);
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned length;

	if (!kind || EVP_Digest(bytes, size, digest, &length, kind, NULL) != 1)
		return evaluation_error(evaluation, call->offset, "there is no hash '%s'", name);
	for (unsigned i = 0; i < length; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	*ret_value = value_string(evaluation->evaluator->arena, hex);
	return 0;
}

static int filter_hash(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	static const char *const names[] = { "md5", "sha1", "sha224", "sha256", "sha384", "sha512", NULL };
	const char *name;

	if (text_input(evaluation, call) < 0 || call_text(evaluation, call, 0, "sha1", &name) < 0)
		return -1;
	for (size_t i = 0; names[i]; i++) {
		if (strcmp(names[i], name) == 0)
			return hex_digest(evaluation, call, name, call->input->text, call->input->size, ret_value);
	}
	return evaluation_error(evaluation, call->offset, "there is no hash '%s': there are md5, sha1, "
		"sha224, sha256, sha384 and sha512", name);
}

static int filter_sha1(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	if (text_input(evaluation, call) < 0)
		return -1;
	return hex_digest(evaluation, call, "sha1", call->input->text, call->input->size, ret_value);
}

static int filter_md5(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	if (text_input(evaluation, call) < 0)
		return -1;
	return hex_digest(evaluation, call, "md5", call->input->text, call->input->size, ret_value);
}

/* --- to_uuid --- */

static bool read_uuid(const char *text, unsigned char bytes[16])
{
	size_t at = 0;

	for (; *text && at < 32; text++) {
		const char *digits = "0123456789abcdef", *found;

		if (*text == '-')
			continue;
		found = strchr(digits, *text >= 'A' && *text <= 'F' ? *text + 32 : *text);
		if (!found)
			return false;
		bytes[at / 2] = (unsigned char)(at % 2 ? bytes[at / 2] | (found - digits)
			: (found - digits) << 4);
		at++;
	}
	return at == 32 && !*text;
}

/* RFC 4122, version 5; Ansible's namespace unless another one is given. */
static int filter_to_uuid(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	unsigned char space[16], digest[EVP_MAX_MD_SIZE];
	struct buffer bytes = { 0 };
	char hex[33];
	const char *name;

	if (text_input(evaluation, call) < 0 || call_text(evaluation, call, 0,
			"361E6D51-FAEC-444A-9079-341386DA8E2E", &name) < 0)
		return -1;
	if (!read_uuid(name, space))
		return evaluation_error(evaluation, call->offset, "'%s' is no UUID", name);
	buffer_add(&bytes, (const char *)space, sizeof(space));
	buffer_add(&bytes, call->input->text, call->input->size);
	EVP_Digest(bytes.data, bytes.size, digest, NULL, EVP_sha1(), NULL);
	buffer_free(&bytes);
	digest[6] = (unsigned char)((digest[6] & 0x0f) | 0x50);
	digest[8] = (unsigned char)((digest[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	*ret_value = value_printf(evaluation->evaluator->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
		hex + 12, hex + 16, hex + 20);
	return 0;
}

/* --- password_hash --- */

/* How crypt(3) calls them. Rounds that aren't said are its own, as with Ansible where passlib isn't
 * installed. */
static const struct scheme {
	const char *name, *mark;
	int salt_most;
	bool rounds;
} schemes[] = {
	{ "sha512", "$6$", 16, true }, { "sha512_crypt", "$6$", 16, true },
	{ "sha256", "$5$", 16, true }, { "sha256_crypt", "$5$", 16, true },
	{ "md5", "$1$", 8, false }, { "md5_crypt", "$1$", 8, false },
};

static const struct scheme *find_scheme(const char *name)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strcmp(schemes[i].name, name) == 0)
			return &schemes[i];
	}
	return NULL;
}

static int crypted(struct evaluation *evaluation, const struct call *call, const char *setting,
	struct value **ret_value)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *made = data ? crypt_r(call->input->text, setting, data) : NULL;

	if (made && *made != '*')
		*ret_value = value_string(evaluation->evaluator->arena, made);
	free(data);
	return *ret_value ? 0 : evaluation_error(evaluation, call->offset, "crypt(3) can't hash with this "
		"salt");
}

static int filter_password_hash(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	const char *name, *salt, *letters = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz";
	const struct scheme *scheme;
	char setting[80];
	int64_t rounds;

	*ret_value = NULL;
	if (text_input(evaluation, call) < 0 || call_text(evaluation, call, 0, "sha512", &name) < 0
			|| call_text(evaluation, call, 1, NULL, &salt) < 0)
		return -1;
	scheme = find_scheme(name);
	if (!scheme)
		return evaluation_error(evaluation, call->offset, "there is no hash of passwords '%s' here: "
			"there are sha512, sha256 and md5", name);
	if (!salt || !*salt) {
		evaluation_error(evaluation, call->offset, "without a salt, a password would change with "
			"each run");
		return error_remedy(evaluation->evaluator->err, "write password_hash('%s', 'SALT')", name);
	}
	if (strlen(salt) > (size_t)scheme->salt_most || strspn(salt, letters) != strlen(salt))
		return evaluation_error(evaluation, call->offset, "a salt is at most %d of a-z, A-Z, 0-9, "
			"'.' and '/'", scheme->salt_most);
	if (call_integer(evaluation, call, 3, 0, &rounds) < 0)
		return -1;
	if (rounds < 0 || rounds > 999999 || (rounds && (rounds < 1000 || !scheme->rounds)))
		return evaluation_error(evaluation, call->offset, "rounds are from 1000 to 999999");
	if (evaluation_spend(evaluation, call->offset, (size_t)(rounds / 100) + 50, 0) < 0)
		return -1;
	if (rounds)
		snprintf(setting, sizeof(setting), "%srounds=%d$%s$", scheme->mark, (int)rounds, salt);
	else
		snprintf(setting, sizeof(setting), "%s%s$", scheme->mark, salt);
	return crypted(evaluation, call, setting, ret_value);
}

const struct callable filters_digest[] = {
	{ "hash", filter_hash, 0, 0, { "hashtype" } },
	{ "checksum", filter_sha1, 0, 0, { NULL } },
	{ "sha1", filter_sha1, 0, 0, { NULL } },
	{ "md5", filter_md5, 0, 0, { NULL } },
	{ "to_uuid", filter_to_uuid, 0, 0, { "namespace" } },
	{ "password_hash", filter_password_hash, 0, 0, { "hashtype", "salt", "salt_size", "rounds" } },
	{ 0 },
};
