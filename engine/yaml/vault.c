/* vault: what ansible-vault has encrypted, formats 1.1 and 1.2. */
#include "yaml/vault.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static const char begin[] = "$ANSIBLE_VAULT;";

enum { ROUNDS = 10000, KEY_SIZE = 32, START_SIZE = 16, SUM_SIZE = 32 };

/* What PBKDF2 gives, in this order. */
struct keys {
	unsigned char cipher[KEY_SIZE], sum[KEY_SIZE], start[START_SIZE];
};

struct sealed {
	unsigned char *salt, *sum, *bytes;
	size_t salt_size, sum_size, size;
};

static struct {
	struct arena *arena;
	const char **texts;
	size_t count;
} passwords;

void vault_know(const char *password)
{
	if (!passwords.arena)
		passwords.arena = arena_new_wiped();
	*ARENA_PUSH(passwords.arena, &passwords.texts, &passwords.count) =
		arena_string(passwords.arena, password);
}

bool vault_is(const char *bytes, size_t size)
{
	return size >= sizeof(begin) - 1 && memcmp(bytes, begin, sizeof(begin) - 1) == 0;
}

/* --- The form --------------------------------------------------------------------------------- */

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Digits up to the end of the text, or to a newline where pieces are asked for; blanks are none. NULL:
 * something else is there. */
static unsigned char *take_hex(struct arena *arena, const char **at, const char *end, bool piece,
	size_t *ret_size)
{
	unsigned char *bytes = arena_alloc(arena, (size_t)(end - *at) / 2 + 1);
	size_t count = 0;

	for (; *at < end && !(piece && **at == '\n'); (*at)++) {
		int value = digit(**at);

		if (value < 0 && !piece && strchr(" \t\r\n", **at))
			continue;
		if (value < 0)
			return NULL;
		bytes[count / 2] = (unsigned char)(count % 2 ? bytes[count / 2] << 4 | value : value);
		count++;
	}
	*at += *at < end;
	*ret_size = count / 2;
	return count % 2 || count == 0 ? NULL : bytes;
}

/* The first line: whether it is of a kind that this can read. */
static bool is_known(const char *bytes, size_t size)
{
	static const char *const kinds[] = { "1.1;AES256", "1.2;AES256;" };
	const char *kind = vault_is(bytes, size) ? bytes + sizeof(begin) - 1 : "";
	size_t line = strcspn(kind, " \t\r\n");

	return (line == strlen(kinds[0]) && strncmp(kind, kinds[0], line) == 0)
		|| (line > strlen(kinds[1]) && strncmp(kind, kinds[1], strlen(kinds[1])) == 0);
}

static bool take_apart(struct arena *arena, const char *bytes, size_t size, struct sealed *ret_sealed)
{
	const char *at = memchr(bytes, '\n', size), *inner, *end;
	size_t inner_size;

	at = at ? at + 1 : bytes + size;
	inner = (const char *)take_hex(arena, &at, bytes + size, false, &inner_size);
	if (!inner)
		return false;
	end = inner + inner_size;
	ret_sealed->salt = take_hex(arena, &inner, end, true, &ret_sealed->salt_size);
	ret_sealed->sum = ret_sealed->salt ? take_hex(arena, &inner, end, true, &ret_sealed->sum_size) : NULL;
	ret_sealed->bytes = ret_sealed->sum ? take_hex(arena, &inner, end, true, &ret_sealed->size) : NULL;
	return ret_sealed->bytes && inner == end && ret_sealed->sum_size == SUM_SIZE;
}

/* --- The cipher ------------------------------------------------------------------------------- */

static bool make_keys(const char *password, const struct sealed *sealed, struct keys *ret_keys)
{
	return PKCS5_PBKDF2_HMAC(password, (int)strlen(password), sealed->salt, (int)sealed->salt_size,
		ROUNDS, EVP_sha256(), sizeof(*ret_keys), (unsigned char *)ret_keys) == 1;
}

static bool is_whole(const struct sealed *sealed, const struct keys *keys)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	return HMAC(EVP_sha256(), keys->sum, KEY_SIZE, sealed->bytes, sealed->size, sum, &size)
		&& size == SUM_SIZE && CRYPTO_memcmp(sum, sealed->sum, SUM_SIZE) == 0;
}

/* Without the padding; what has passed is_whole was made by who knows the password. */
static bool open_bytes(const struct sealed *sealed, const struct keys *keys, char *text,
	size_t *ret_size)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int size = 0;
	bool done = context && EVP_DecryptInit_ex(context, EVP_aes_256_ctr(), NULL, keys->cipher,
			keys->start) == 1
		&& EVP_DecryptUpdate(context, (unsigned char *)text, &size, sealed->bytes,
			(int)sealed->size) == 1;
	unsigned char padding = done && size > 0 ? (unsigned char)text[size - 1] : 0;

	EVP_CIPHER_CTX_free(context);
	if (padding < 1 || padding > START_SIZE || padding > size)
		return false;
	*ret_size = (size_t)(size - padding);
	explicit_bzero(text + *ret_size, padding);
	return true;
}

static bool try_password(const char *password, const struct sealed *sealed, char *text, size_t *ret_size)
{
	struct keys keys;
	bool done = make_keys(password, sealed, &keys) && is_whole(sealed, &keys)
		&& open_bytes(sealed, &keys, text, ret_size);

	explicit_bzero(&keys, sizeof(keys));
	return done;
}

int vault_decrypt(struct arena *arena, const char *bytes, size_t size, struct place place,
	char **ret_text, size_t *ret_size, struct error *err)
{
	const char *text = arena_bytes(arena, bytes, size);
	struct sealed sealed;

	if (!is_known(text, size) || !take_apart(arena, text, size, &sealed)) {
		error_at(err, YAML_VAULT, place, "this isn't whole, or not of ansible-vault's formats 1.1 and 1.2");
		return error_remedy(err, "encrypt it again with ansible-vault");
	}
	if (passwords.count == 0) {
		error_at(err, YAML_VAULT, place, "this was encrypted with ansible-vault, and its password is missing");
		return error_remedy(err, "give it: --ask-vault-pass, or --vault-password-file FILE");
	}
	*ret_text = arena_alloc(arena, sealed.size + 1);
	for (size_t i = 0; i < passwords.count; i++) {
		if (try_password(passwords.texts[i], &sealed, *ret_text, ret_size))
			return 0;
	}
	error_at(err, YAML_VAULT, place, passwords.count == 1 ? "the vault password doesn't decrypt this"
		: "none of the vault passwords decrypts this");
	return error_remedy(err, "give the password that it was encrypted with");
}
