/* saved: a plan in a file that nobody else can have written. */
#include "plan/saved.h"

#include "base/shape.h"
#include "base/buffer.h"
#include "base/whole.h"
#include "source/source.h"
#include "source/trust.h"
#include "wire/wire.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CODE_HEX_SIZE = 2 * crypto_auth_hmacsha256_BYTES + 1 };

static const char magic[] = "beoplay-plan ";

/* --- Codes --- */

static void code_of(const struct saved_key *key, const void *bytes, size_t size,
	char ret_hex[CODE_HEX_SIZE])
{
	unsigned char code[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256(code, bytes, size, key->bytes);
	sodium_bin2hex(ret_hex, CODE_HEX_SIZE, code, sizeof(code));
}

static bool same_code(const char *one, const char *other)
{
	return strlen(one) == strlen(other) && sodium_memcmp(one, other, strlen(one)) == 0;
}

/* --- Files --- */

/* A regular file: a pipe would be waited at. */
static int open_file(const char *path, struct stat *ret_info)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || (fstat(fd, ret_info) == 0 && S_ISREG(ret_info->st_mode)))
		return fd;
	close(fd);
	return errno = EINVAL, -1;
}

static int read_file(struct arena *arena, const char *path, size_t most, char **ret_bytes,
	size_t *ret_size, struct stat *ret_info)
{
	int fd = open_file(path, ret_info), problem;
	size_t done = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -1;
	if ((size_t)ret_info->st_size > most) {
		close(fd);
		errno = EFBIG;
		return -1;
	}
	*ret_bytes = arena_alloc(arena, (size_t)ret_info->st_size + 1);
	while (done < (size_t)ret_info->st_size && got > 0) {
		got = read(fd, *ret_bytes + done, (size_t)ret_info->st_size - done);
		if (got > 0)
			done += (size_t)got;
	}
	problem = errno;
	close(fd);
	errno = problem;
	*ret_size = done;
	return got < 0 ? -1 : 0;
}

/* --- The key --- */

const char *saved_key_path(struct arena *arena)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	const struct passwd *user;

	if (config && *config == '/')
		return arena_printf(arena, "%s/beoplay/plan.key", config);
	user = home && *home == '/' ? NULL : getpwuid(getuid());
	return arena_printf(arena, "%s/.config/beoplay/plan.key", user ? user->pw_dir : home ? home : "");
}

static int make_directories(const char *path)
{
	char copy[PATH_MAX];

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return -1;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return 0;
}

static int make_key(const char *path)
{
	struct saved_key key;

	randombytes_buf(key.bytes, sizeof(key.bytes));
	/* Somebody else may have been faster: then that one's counts. */
	if (make_directories(path) < 0 || (whole_replace(path, key.bytes, sizeof(key.bytes),
			0600, false) < 0 && errno != EEXIST))
		return -1;
	return 0;
}

/* Nobody else can have put it there. */
static int check_key(const char *path, const struct stat *info, struct error *err)
{
	struct arena *arena = arena_new();
	const char *directory = path_directory(arena, path);
	int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC), result = -1;
	struct stat above;

	if (fd < 0 || fstat(fd, &above) < 0)
		error_errno(err, KEY_UNUSABLE, "cannot inspect '%s'", directory);
	else if (trust_check(&above, directory, geteuid(), false, err) == 0)
		result = trust_way(fd, directory, err);
	if (fd >= 0)
		close(fd);
	arena_free(arena);
	if (result < 0 || (info->st_uid == geteuid() && (info->st_mode & 077) == 0))
		return result;
	error_set(err, KEY_UNTRUSTED, "the key '%s' must belong to you, and be readable by you alone",
		path);
	return error_remedy(err, "if it is yours: chmod 600 '%s'; if not, remove it, and make new "
		"plans", path);
}

int saved_key_load(struct arena *arena, const char *path, bool make, struct saved_key *ret_key,
	struct error *err)
{
	struct stat info;
	char *bytes;
	size_t size;

	if (access(path, F_OK) < 0 && !make) {
		error_set(err, KEY_NOT_FOUND, "the key that plans are signed with, '%s', isn't there",
			path);
		return error_remedy(err, "apply the plan as the user who made it, or make a new one");
	}
	if (access(path, F_OK) < 0 && make_key(path) < 0)
		return error_errno(err, KEY_UNUSABLE, "cannot make the key '%s'", path);
	if (read_file(arena, path, SAVED_KEY_SIZE, &bytes, &size, &info) < 0)
		return error_errno(err, KEY_UNUSABLE, "cannot read the key '%s'", path);
	if (check_key(path, &info, err) < 0)
		return -1;
	if (size != SAVED_KEY_SIZE)
		return error_set(err, KEY_DAMAGED, "the key '%s' is damaged: it needs %d bytes", path,
			SAVED_KEY_SIZE);
	memcpy(ret_key->bytes, bytes, SAVED_KEY_SIZE);
	return 0;
}

/* --- The plan's file --- */

bool saved_is_plan(const char *path)
{
	char start[sizeof(magic)] = "";
	struct stat info;
	int fd = open_file(path, &info);
	ssize_t size = fd < 0 ? 0 : read(fd, start, sizeof(magic) - 1);

	if (fd >= 0)
		close(fd);
	return size == sizeof(magic) - 1 && strcmp(start, magic) == 0;
}

int saved_write(const char *path, const struct saved_key *key, const struct value *body,
	struct error *err)
{
	struct buffer bytes = {0}, file = {0};
	char code[CODE_HEX_SIZE];
	int result;

	wire_encode(&bytes, body);
	code_of(key, bytes.data, bytes.size, code);
	buffer_printf(&file, "%s%d %s\n", magic, PLAN_VERSION, code);
	buffer_add(&file, bytes.data, bytes.size);
	result = whole_replace(path, file.data, file.size, 0600, true);
	buffer_free(&bytes);
	buffer_free(&file);
	if (result < 0)
		return error_errno(err, PLAN_UNUSABLE, "cannot write the plan '%s'", path);
	return 0;
}

#define TEXT(key) { key, SHAPE_TEXT, 0, SAVED_MOST, NULL, NULL }
#define LIST(key) { key, SHAPE_LIST, 0, SAVED_MOST, one_text, NULL }
#define TABLE(key, flags, value) { key, SHAPE_TABLE, flags, SAVED_MOST, value, NULL }
#define OTHERS { "*", SHAPE_ANY, 0, SAVED_MOST, NULL, NULL }
#define END { NULL, SHAPE_END, 0, 0, NULL, NULL }

static const struct shape one_text[] = { TEXT(NULL) };

static const struct shape change_keys[] = { TEXT("subject"), TEXT("field"), TEXT("before"), END };
static const struct shape one_change[] = { { NULL, SHAPE_MAP, 0, 0, change_keys, NULL } };

static const struct shape task_keys[] = {
	TEXT("title"), TEXT("item"), TEXT("status"), TEXT("planned"), TEXT("params"),
	{ "changes", SHAPE_LIST, 0, SAVED_MOST, one_change, NULL },
	OTHERS, END,
};
static const struct shape one_task[] = { { NULL, SHAPE_MAP, SHAPE_NEEDED, 0, task_keys, NULL } };
static const struct shape one_host[] = { TABLE(NULL, SHAPE_NEEDED, one_task) };

static const struct shape option_keys[] = {
	LIST("inventories"), LIST("extra"), LIST("tags"), LIST("skip_tags"),
	OTHERS, END,
};

static const struct shape body_keys[] = {
	{ "directory", SHAPE_TEXT, SHAPE_NEEDED, SAVED_MOST, NULL, NULL },
	{ "playbook", SHAPE_TEXT, SHAPE_NEEDED, SAVED_MOST, NULL, NULL },
	{ "options", SHAPE_MAP, SHAPE_NEEDED, 0, option_keys, NULL },
	TEXT("limit"), TABLE("texts", SHAPE_NEEDED, one_text), TABLE("hosts", SHAPE_NEEDED, one_host),
	OTHERS, END,
};

/* What isn't of this form isn't looked at any further. ret_size: of what stands before the code. */
static int check_version(const char *path, const char *bytes, size_t size, size_t *ret_size,
	struct error *err)
{
	const char *digits = bytes + sizeof(magic) - 1;
	char *end;
	long version;

	if (size < sizeof(magic) || strncmp(bytes, magic, sizeof(magic) - 1) != 0)
		return error_set(err, PLAN_DAMAGED, "'%s' is not a complete plan", path);
	version = strtol(digits, &end, 10);
	if (!isdigit((unsigned char)*digits) || *end != ' ')
		return error_set(err, PLAN_DAMAGED, "'%s' is not a complete plan", path);
	*ret_size = (size_t)(end + 1 - bytes);
	if (version == PLAN_VERSION)
		return 0;
	error_set(err, PLAN_OTHER_VERSION, "the plan '%s' was made by another version of beoplay: it has form %ld, "
		"and this version reads form %d", path, version, PLAN_VERSION);
	return error_remedy(err, "make a new one with this version");
}

int saved_read(struct arena *arena, const char *path, const struct saved_key *key,
	struct value **ret_body, struct error *err)
{
	size_t before = 0, header;
	char expected[CODE_HEX_SIZE], given[CODE_HEX_SIZE];
	struct stat info;
	char *bytes;
	size_t size;

	if (read_file(arena, path, SAVED_MOST, &bytes, &size, &info) < 0)
		return error_errno(err, PLAN_UNUSABLE, "cannot read the plan '%s'", path);
	bytes[size] = '\0';
	if (check_version(path, bytes, size, &before, err) < 0)
		return -1;
	header = before + CODE_HEX_SIZE;
	if (size < header)
		return error_set(err, PLAN_DAMAGED, "'%s' is not a complete plan", path);
	code_of(key, bytes + header, size - header, expected);
	snprintf(given, sizeof(given), "%.*s", CODE_HEX_SIZE - 1, bytes + before);
	if (bytes[header - 1] != '\n' || !same_code(expected, given)) {
		error_set(err, PLAN_ALTERED, "the plan '%s' was altered, or made by somebody else", path);
		return error_remedy(err, "make a new one");
	}
	if (wire_decode(arena, bytes + header, size - header, ret_body, err) < 0)
		return -1;
	return shape_check_map(*ret_body, body_keys, "the plan", PLAN_DAMAGED, err);
}

/* --- What is in it --- */

static void seal(struct arena *arena, const struct saved_key *key, struct value *map,
	const char *name)
{
	const char *digest = value_get_string(map, name);
	char code[CODE_HEX_SIZE];

	if (!digest)
		return;
	code_of(key, digest, strlen(digest), code);
	value_set_string(arena, map, name, code);
}

struct value *saved_seal_hosts(struct arena *arena, const struct saved_key *key,
	const struct value *planned)
{
	struct value *sealed = value_copy(arena, planned);

	for (size_t i = 0; i < sealed->count; i++) {
		struct value *tasks = sealed->pairs[i].value;

		for (size_t k = 0; k < tasks->count; k++) {
			seal(arena, key, tasks->pairs[k].value, "planned");
			seal(arena, key, tasks->pairs[k].value, "params");
			value_remove(tasks->pairs[k].value, "message");
		}
	}
	return sealed;
}

struct value *saved_seal_texts(struct arena *arena, const struct saved_key *key,
	const struct value *texts)
{
	struct value *sealed = value_copy(arena, texts);

	for (size_t i = 0; i < sealed->count; i++)
		seal(arena, key, sealed, sealed->pairs[i].key);
	return sealed;
}

static int text_differs(const char *path, const char *how, struct error *err)
{
	error_set(err, PLAN_STALE_TEXT, "'%s' %s since the plan was made", path, how);
	return error_remedy(err, "make a new plan, or bring the text back to what it was");
}

int saved_compare_texts(struct arena *arena, const struct saved_key *key, const struct value *saved,
	const struct value *texts, bool whole, struct error *err)
{
	const struct value *sealed = saved_seal_texts(arena, key, texts);

	for (size_t i = 0; i < sealed->count; i++) {
		const char *path = sealed->pairs[i].key, *then = value_get_string(saved, path);

		if (!then)
			return text_differs(path, "has come", err);
		if (!same_code(then, value_text(sealed->pairs[i].value)))
			return text_differs(path, "has changed", err);
	}
	if (!whole)
		return 0;
	for (size_t i = 0; saved && i < saved->count; i++) {
		if (!value_get(texts, saved->pairs[i].key))
			return text_differs(saved->pairs[i].key, "is no longer read", err);
	}
	return 0;
}
