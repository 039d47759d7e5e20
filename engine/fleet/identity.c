/* identity: the key with which the user logs in. */
/* An old name of libssh's, in the way of base/buffer.h. */
#define buffer_free libssh_old_buffer_free
#include <libssh/libssh.h>
#undef buffer_free

#include "fleet/identity.h"

#include "base/quote.h"
#include "base/whole.h"
#include "fleet/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOB_MOST = 16384 };

static int no_passphrase(const char *prompt, char *buffer, size_t size, int echo, int verify,
	void *encrypted)
{
	(void)prompt, (void)buffer, (void)size, (void)echo, (void)verify;
	*(bool *)encrypted = true;
	return -1;
}

static const char *public_text(struct arena *arena, ssh_key key)
{
	const char *text = NULL, *curve = ssh_pki_key_ecdsa_name(key);
	char *base64 = NULL;

	if (ssh_pki_export_pubkey_base64(key, &base64) == SSH_OK)
		text = arena_printf(arena, "%s %s", curve && strncmp(curve, "ecdsa", 5) == 0 ? curve
			: ssh_key_type_to_char(ssh_key_type(key)), base64);
	ssh_string_free_char(base64);
	return text;
}

/* From the file beside it, else from itself. */
static int read_identity(struct arena *arena, struct identity *identity, struct error *err)
{
	const char *beside = arena_printf(arena, "%s.pub", identity->path);
	ssh_key key = NULL, public_key = NULL;

	if (whole_is_file(identity->path) && ssh_pki_import_privkey_file(identity->path, NULL, no_passphrase,
			&identity->encrypted, &key) == SSH_OK)
		ssh_pki_export_privkey_to_pubkey(key, &public_key);
	else if ((!whole_is_file(beside) || ssh_pki_import_pubkey_file(beside, &public_key) != SSH_OK)
			&& whole_is_file(identity->path))
		ssh_pki_import_pubkey_file(identity->path, &public_key);
	if (public_key)
		identity->public_key = public_text(arena, public_key);
	ssh_key_free(key);
	ssh_key_free(public_key);
	if (identity->public_key)
		return 0;
	error_set(err, FILE_UNREADABLE, "'%s' is no key that can be used", identity->path);
	return error_remedy(err, "name another one with --private-key, or move it away: a new one is "
		"made then");
}

static int write_new(const char *path, mode_t mode, const char *text, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int result = fd < 0 ? -1 : whole_put(fd, text, strlen(text));

	if (result < 0)
		error_errno(err, FILE_UNWRITABLE, "cannot write '%s'", path);
	if (fd >= 0)
		close(fd);
	return result;
}

static int make_identity(struct arena *arena, struct identity *identity, struct error *err)
{
	char folder[4096], host[256] = "?";
	const char *beside = arena_printf(arena, "%s.pub", identity->path);
	ssh_key key = NULL, public_key = NULL;
	char *text = NULL;
	int result = -1;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(identity->path, '/') - identity->path),
		identity->path);
	mkdir(folder, 0700);
	gethostname(host, sizeof(host) - 1);
	if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) == SSH_OK
			&& ssh_pki_export_privkey_to_pubkey(key, &public_key) == SSH_OK
			&& ssh_pki_export_privkey_base64(key, NULL, NULL, NULL, &text) == SSH_OK
			&& (identity->public_key = public_text(arena, public_key)))
		result = write_new(identity->path, 0600, text, err) < 0 ? -1 : write_new(beside, 0644,
			arena_printf(arena, "%s %s@%s\n", identity->public_key, ssh_local_user(arena), host),
			err);
	else
		error_set(err, RUN_SYSTEM, "cannot make a key");
	if (text)
		explicit_bzero(text, strlen(text));
	ssh_string_free_char(text);
	ssh_key_free(key);
	ssh_key_free(public_key);
	identity->made = result == 0;
	return result;
}

int identity_find(struct arena *arena, const char *named, struct identity *ret_identity,
	struct error *err)
{
	*ret_identity = (struct identity){0};
	if (named)
		ret_identity->path = ssh_expand_home(arena, named);
	for (const char *const *usual = ssh_identities; !ret_identity->path && *usual; usual++) {
		const char *path = ssh_expand_home(arena, *usual);

		if (access(path, F_OK) == 0)
			ret_identity->path = path;
	}
	if (ret_identity->path)
		return read_identity(arena, ret_identity, err);
	ret_identity->path = ssh_expand_home(arena, ssh_identities[0]);
	return make_identity(arena, ret_identity, err);
}

const char *identity_fingerprint(struct arena *arena, const char *public_key)
{
	unsigned char blob[BLOB_MOST], digest[crypto_hash_sha256_BYTES];
	char text[64];
	const char *base64 = strchr(public_key, ' ');
	const char *type = strncmp(public_key, "ssh-ed25519 ", 12) == 0 ? "ED25519"
		: strncmp(public_key, "ssh-rsa ", 8) == 0 ? "RSA"
		: strncmp(public_key, "ecdsa-", 6) == 0 ? "ECDSA" : "key";
	size_t size = 0;

	if (!base64 || sodium_base642bin(blob, sizeof(blob), base64 + 1, strlen(base64 + 1), NULL, &size,
			NULL, sodium_base64_VARIANT_ORIGINAL) < 0)
		return "(damaged)";
	crypto_hash_sha256(digest, blob, size);
	sodium_bin2base64(text, sizeof(text), digest, sizeof(digest),
		sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	return arena_printf(arena, "%s SHA256:%s", type, text);
}
