/* keys: the keys of the controller's user, and what each gives for one playbook. */
#include "seal/keys.h"

#include "base/buffer.h"
#include "base/whole.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MOST = 1024, REVOKED_MOST = 64 << 10, SUBKEYS = 4 };

static const char context[] = "beoplay1";   /* crypto_kdf_CONTEXTBYTES */

const char *keys_directory(struct arena *arena)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	const struct passwd *user = getpwuid(geteuid());

	if (config && config[0] == '/')
		return arena_printf(arena, "%s/beoplay/keys", config);
	return arena_printf(arena, "%s/.config/beoplay/keys", user ? user->pw_dir : home ? home : "");
}

void key_set_id(struct key *key)
{
	static const char text[] = "beoplay key id";
	unsigned char id[KEY_ID_SIZE];

	crypto_generichash(id, sizeof(id), (const unsigned char *)text, sizeof(text) - 1, key->bytes,
		sizeof(key->bytes));
	sodium_bin2hex(key->id, sizeof(key->id), id, sizeof(id));
}

static bool is_id(const char *text)
{
	return strlen(text) == KEY_HEX_SIZE - 1
		&& strspn(text, "0123456789abcdef") == KEY_HEX_SIZE - 1;
}

/* --- Files --- */

/* A file that nobody else can have read or written. */
static int read_private(struct arena *arena, const char *path, size_t most, char **ret_text,
	struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	struct stat info;
	ssize_t size;

	if (fd < 0)
		return error_errno(err, KEY_UNUSABLE, "cannot read the key '%s'", path);
	if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid()
			|| (info.st_mode & 077) != 0 || info.st_size > (off_t)most) {
		close(fd);
		error_set(err, KEY_UNTRUSTED, "the key '%s' must be a file that you alone can read", path);
		return error_remedy(err, "chmod 600 it; if others could read it, 'beoplay key rotate'");
	}
	*ret_text = arena_alloc(arena, most + 1);
	size = read(fd, *ret_text, most);
	close(fd);
	if (size < 0)
		return error_errno(err, KEY_UNUSABLE, "cannot read the key '%s'", path);
	return 0;
}

/* The rest of the line that begins with a word, or NULL. */
static const char *line_of(struct arena *arena, const char *text, const char *word)
{
	size_t size = strlen(word);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, word, size) == 0 && line[size] == ' ')
			return arena_bytes(arena, line + size + 1, strcspn(line + size + 1, "\n"));
	}
	return NULL;
}

static int read_key(struct arena *arena, const char *directory, const char *id,
	struct key *ret_key, struct error *err)
{
	const char *path = arena_printf(arena, "%s/%s", directory, id);
	const char *hex, *created, *name;
	size_t size = 0;
	char *text;

	*ret_key = (struct key){ .name = "" };
	if (read_private(arena, path, FILE_MOST, &text, err) < 0)
		return -1;
	hex = line_of(arena, text, "key");
	created = line_of(arena, text, "created");
	name = line_of(arena, text, "name");
	if (strncmp(text, "beoplay-key 1\n", 14) == 0 && hex && created && strlen(hex) == 2 * KEY_SIZE
			&& sodium_hex2bin(ret_key->bytes, KEY_SIZE, hex, strlen(hex), NULL, &size, NULL) == 0
			&& size == KEY_SIZE) {
		ret_key->created = strtoll(created, NULL, 10);
		ret_key->name = name ? name : "";
		key_set_id(ret_key);
	}
	sodium_memzero(text, FILE_MOST);
	if (strcmp(ret_key->id, id) != 0)
		return error_set(err, KEY_DAMAGED, "the key '%s' is damaged", path);
	return 0;
}

static int make_directory(const char *directory, struct error *err)
{
	char path[PATH_MAX];
	struct stat info;

	snprintf(path, sizeof(path), "%s/", directory);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return error_errno(err, KEY_UNUSABLE, "cannot make '%s'", path);
		*slash = '/';
	}
	if (lstat(directory, &info) < 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid()
			|| (info.st_mode & 077) != 0) {
		error_set(err, KEY_UNTRUSTED, "'%s' must be a directory of yours that you alone can read",
			directory);
		return error_remedy(err, "chmod 700 it");
	}
	return 0;
}

int keys_add(struct arena *arena, const char *directory, struct key *key, struct error *err)
{
	struct buffer text = {0};
	char hex[2 * KEY_SIZE + 1];
	int result;

	key_set_id(key);
	if (make_directory(directory, err) < 0)
		return -1;
	sodium_bin2hex(hex, sizeof(hex), key->bytes, sizeof(key->bytes));
	buffer_printf(&text, "beoplay-key 1\nkey %s\ncreated %lld\nname %s\n", hex,
		(long long)key->created, key->name);
	result = whole_replace(arena_printf(arena, "%s/%s", directory, key->id), text.data, text.size,
		0600, false);
	sodium_memzero(text.data, text.size);
	sodium_memzero(hex, sizeof(hex));
	buffer_free(&text);
	if (result < 0 && errno != EEXIST)
		return error_errno(err, KEY_UNUSABLE, "cannot write a key into '%s'", directory);
	return 0;
}

/* --- All of them --- */

/* The list of revoked IDs, "" where there is none. */
static int read_revoked(struct arena *arena, const char *directory, char **ret_text,
	struct error *err)
{
	const char *path = arena_printf(arena, "%s/revoked", directory);

	*ret_text = arena_string(arena, "");
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	return read_private(arena, path, REVOKED_MOST, ret_text, err);
}

static bool is_revoked(const char *revoked, const char *id)
{
	const char *found = strstr(revoked, id);

	return found && (found == revoked || found[-1] == '\n') && (found[KEY_HEX_SIZE - 1] == '\n'
		|| found[KEY_HEX_SIZE - 1] == '\0');
}

static int by_age(const void *one, const void *other)
{
	const struct key *left = one, *right = other;

	if (left->created != right->created)
		return left->created > right->created ? -1 : 1;
	return strcmp(left->id, right->id);
}

int keys_load(struct arena *arena, const char *directory, struct key **ret_keys,
	size_t *ret_count, struct error *err)
{
	struct key *keys = NULL;
	size_t count = 0, room = 0;
	struct dirent *entry;
	char *revoked;
	DIR *folder;
	int result = 0;

	*ret_count = 0;
	if (read_revoked(arena, directory, &revoked, err) < 0)
		return -1;
	folder = opendir(directory);
	if (!folder && errno != ENOENT)
		return error_errno(err, KEY_UNUSABLE, "cannot read the keys in '%s'", directory);
	while (folder && result == 0 && (entry = readdir(folder))) {
		if (!is_id(entry->d_name))
			continue;
		if (count == room) {
			keys = arena_grow(arena, keys, room * sizeof(*keys), (room + 8) * sizeof(*keys));
			room += 8;
		}
		result = read_key(arena, directory, entry->d_name, &keys[count], err);
		keys[count].revoked = is_revoked(revoked, entry->d_name);
		count++;
	}
	if (folder)
		closedir(folder);
	if (count > 0)
		qsort(keys, count, sizeof(*keys), by_age);
	*ret_keys = keys;
	*ret_count = count;
	return result;
}

int keys_find(struct arena *arena, const char *directory, const char *id,
	const struct key **ret_key, struct error *err)
{
	struct key *key = arena_alloc(arena, sizeof(*key));
	char *revoked;

	*ret_key = NULL;
	if (!is_id(id) || access(arena_printf(arena, "%s/%s", directory, id), F_OK) < 0)
		return 0;
	if (read_revoked(arena, directory, &revoked, err) < 0
			|| read_key(arena, directory, id, key, err) < 0)
		return -1;
	key->revoked = is_revoked(revoked, id);
	*ret_key = key;
	return 0;
}

int keys_make(struct arena *arena, const char *directory, const char *name,
	const struct key **ret_key, struct error *err)
{
	struct key *key = arena_alloc(arena, sizeof(*key)), *keys;
	size_t count;

	if (keys_load(arena, directory, &keys, &count, err) < 0)
		return -1;
	*key = (struct key){ .created = time(NULL), .name = name };
	/* Whatever the clock says it is the newest one. */
	if (count > 0 && keys[0].created >= key->created)
		key->created = keys[0].created + 1;
	randombytes_buf(key->bytes, sizeof(key->bytes));
	*ret_key = key;
	return keys_add(arena, directory, key, err);
}

int keys_newest(struct arena *arena, const char *directory, bool make, const char *name,
	const struct key **ret_key, bool *ret_made, struct error *err)
{
	struct key *keys;
	size_t count;

	*ret_key = NULL;
	*ret_made = false;
	if (keys_load(arena, directory, &keys, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!keys[i].revoked) {
			*ret_key = &keys[i];
			return 0;
		}
	}
	if (!make)
		return 0;
	*ret_made = true;
	return keys_make(arena, directory, name, ret_key, err);
}

int keys_revoke(struct arena *arena, const char *directory, const char *id, struct error *err)
{
	const char *text;
	char *revoked;

	if (!is_id(id)) {
		error_set(err, KEY_NOT_FOUND, "'%s' is not the ID of a key", id);
		return error_remedy(err, "beoplay key list shows them");
	}
	if (make_directory(directory, err) < 0
			|| read_revoked(arena, directory, &revoked, err) < 0)
		return -1;
	if (is_revoked(revoked, id))
		return 0;
	text = arena_printf(arena, "%s%s\n", revoked, id);
	if (whole_replace(arena_printf(arena, "%s/revoked", directory), text, strlen(text), 0600,
			true) < 0)
		return error_errno(err, KEY_UNUSABLE, "cannot write '%s/revoked'", directory);
	return 0;
}

/* --- For one playbook --- */

void keys_derive(const struct key *key, const char *project, const char *playbook,
	struct owner_keys *ret_keys)
{
	unsigned char *const subkeys[SUBKEYS] = {
		ret_keys->encrypt, ret_keys->nonce, ret_keys->seal, ret_keys->digest,
	};
	unsigned char base[crypto_kdf_KEYBYTES];
	crypto_generichash_state state;

	crypto_generichash_init(&state, key->bytes, sizeof(key->bytes), sizeof(base));
	crypto_generichash_update(&state, (const unsigned char *)"project", 7);
	crypto_generichash_update(&state, (const unsigned char *)project, strlen(project));
	crypto_generichash_final(&state, base, sizeof(base));
	for (unsigned i = 0; i < SUBKEYS; i++)
		crypto_kdf_derive_from_key(subkeys[i], KEY_SIZE, i + 1, context, base);
	sodium_memzero(base, sizeof(base));
	crypto_generichash_init(&state, ret_keys->digest, KEY_SIZE, sizeof(ret_keys->owner));
	crypto_generichash_update(&state, (const unsigned char *)project, strlen(project) + 1);
	crypto_generichash_update(&state, (const unsigned char *)playbook, strlen(playbook));
	crypto_generichash_final(&state, ret_keys->owner, sizeof(ret_keys->owner));
	sodium_hex2bin(ret_keys->id, KEY_ID_SIZE, key->id, strlen(key->id), NULL, NULL, NULL);
}

void keys_digest(const struct owner_keys *keys, const char *purpose, const char *name,
	const void *bytes, size_t count, void *ret_digest, size_t size)
{
	unsigned char whole[32];
	crypto_generichash_state state;

	crypto_generichash_init(&state, keys->digest, KEY_SIZE, sizeof(whole));
	crypto_generichash_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
	crypto_generichash_update(&state, (const unsigned char *)name, strlen(name) + 1);
	crypto_generichash_update(&state, bytes, count);
	crypto_generichash_final(&state, whole, sizeof(whole));
	memcpy(ret_digest, whole, size < sizeof(whole) ? size : sizeof(whole));
}
