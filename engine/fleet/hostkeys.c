/* hostkeys: whether the key of a host is the one that the user's known_hosts files have for it. */
#include "fleet/hostkeys.h"

#include "base/buffer.h"
#include "base/whole.h"
#include "fleet/hostkeys_name.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOB_MOST = 16384 };

struct key {
	char type[64];
	unsigned char blob[BLOB_MOST];
	size_t size;
};

/* What a line says. */
struct line {
	bool revoked, marked;      /* marked: by anything at all */
	const char *names;
	size_t names_size;
	struct key key;
};

/* --- Reading --- */

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* "TYPE BASE64 …"; the type must be the one that the key itself has. */
static bool read_key(const char *at, struct key *ret_key)
{
	size_t size = strcspn(at, " \t\r\n"), length;
	const char *base64 = skip_blanks(at + size);
	const unsigned char *blob = ret_key->blob;

	if (size == 0 || size >= sizeof(ret_key->type))
		return false;
	memcpy(ret_key->type, at, size);
	ret_key->type[size] = '\0';
	if (sodium_base642bin(ret_key->blob, sizeof(ret_key->blob), base64, strcspn(base64, " \t\r\n"),
			NULL, &ret_key->size, NULL, sodium_base64_VARIANT_ORIGINAL) < 0 || ret_key->size < 4)
		return false;
	length = (size_t)blob[0] << 24 | (size_t)blob[1] << 16 | (size_t)blob[2] << 8 | blob[3];
	return length == size && ret_key->size >= 4 + size && memcmp(blob + 4, at, size) == 0;
}

static bool same_key(const struct key *one, const struct key *other)
{
	return one->size == other->size && memcmp(one->blob, other->blob, one->size) == 0;
}

/* names: whether the line begins with names of hosts. */
static bool read_line(const char *at, bool names, struct line *ret_line)
{
	ret_line->revoked = ret_line->marked = false;
	at = skip_blanks(at);
	while (*at == '@') {
		size_t size = strcspn(at, " \t\r\n");

		ret_line->revoked = ret_line->revoked || (size == 8 && strncmp(at, "@revoked", 8) == 0);
		ret_line->marked = true;
		at = skip_blanks(at + size);
	}
	if (*at == '#')
		return false;
	ret_line->names = at;
	ret_line->names_size = names ? strcspn(at, " \t\r\n") : 0;
	return read_key(skip_blanks(at + ret_line->names_size), &ret_line->key);
}

/* NULL and errno: it isn't there, or is not a regular file. */
static FILE *open_lines(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat info;

	if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
		return fdopen(fd, "r");
	if (fd >= 0) {
		close(fd);
		errno = EINVAL;
	}
	return NULL;
}

/* --- Judging --- */

struct judging {
	const struct key *key;     /* NULL: only the types are wanted */
	const char *name;
	struct hostkeys_found found;
	struct buffer types;
	struct line line;
};

static void decide(struct judging *judging, enum hostkeys_verdict verdict, const char *path,
	unsigned number)
{
	/* In the order in which they are declared, but that one right key is enough. */
	static const int weight[] = { [HOSTKEYS_UNKNOWN] = 0, [HOSTKEYS_CHANGED] = 1,
		[HOSTKEYS_KNOWN] = 2, [HOSTKEYS_REVOKED] = 3 };

	if (weight[verdict] > weight[judging->found.verdict])
		judging->found = (struct hostkeys_found){ verdict, path, number };
}

static void judge_line(struct judging *judging, const char *path, unsigned number)
{
	const struct line *line = &judging->line;
	bool same = judging->key && same_key(&line->key, judging->key);

	if (line->revoked && same)
		decide(judging, HOSTKEYS_REVOKED, path, number);
	if (line->marked || !hostkeys_named(line->names, line->names_size, judging->name))
		return;
	if (judging->key)
		decide(judging, same ? HOSTKEYS_KNOWN : HOSTKEYS_CHANGED, path, number);
	else
		buffer_printf(&judging->types, "%s%s", judging->types.size ? "," : "", line->key.type);
}

static void judge_file(struct judging *judging, const char *path)
{
	FILE *file = open_lines(path);
	size_t capacity = 0;
	char *text = NULL;

	for (unsigned number = 1; file && getline(&text, &capacity, file) > 0; number++) {
		if (read_line(text, true, &judging->line))
			judge_line(judging, path, number);
	}
	free(text);
	if (file)
		fclose(file);
}

static void judge(struct judging *judging, const struct hostkeys *hostkeys, const char *name)
{
	judging->name = name;
	for (size_t i = 0; hostkeys->paths[i]; i++)
		judge_file(judging, hostkeys->paths[i]);
}

/* A list that can't be read revokes everything, as with OpenSSH. */
static int judge_revoked(struct judging *judging, const char *path, struct error *err)
{
	FILE *file = open_lines(path);
	size_t capacity = 0;
	char *text = NULL;
	int result = 0;

	if (!file) {
		error_errno(err, SSH_KNOWN_HOSTS_UNUSABLE, "cannot read the revoked host keys in '%s'",
			path);
		return error_remedy(err, "fix RevokedHostKeys in your ssh configuration, or remove it");
	}
	for (unsigned number = 1; result == 0 && getline(&text, &capacity, file) > 0; number++) {
		if (number == 1 && strncmp(text, "SSHKRL\n", 7) == 0) {
			error_set(err, SSH_KNOWN_HOSTS_UNUSABLE, "'%s' is a binary key revocation list, which "
				"is not supported", path);
			result = error_remedy(err, "list the public keys that are revoked as text, one a "
				"line");
		} else if (read_line(text, false, &judging->line)
				&& same_key(&judging->line.key, judging->key)) {
			decide(judging, HOSTKEYS_REVOKED, path, number);
		}
	}
	free(text);
	fclose(file);
	return result;
}

const char *hostkeys_name(struct arena *arena, const struct hostkeys *hostkeys)
{
	return hostkeys->port == 22 ? arena_string(arena, hostkeys->name)
		: arena_printf(arena, "[%s]:%u", hostkeys->name, hostkeys->port);
}

int hostkeys_check(struct arena *arena, const struct hostkeys *hostkeys, const char *key,
	struct hostkeys_found *ret_found, struct error *err)
{
	struct judging *judging = arena_alloc(arena, sizeof(*judging));
	struct key *offered = arena_alloc(arena, sizeof(*offered));

	if (!read_key(key, offered))
		return error_set(err, SSH_HOST_KEY_INVALID, "the host key that was offered is damaged");
	judging->key = offered;
	if (hostkeys->revoked && judge_revoked(judging, hostkeys->revoked, err) < 0)
		return -1;
	judge(judging, hostkeys, hostkeys_name(arena, hostkeys));
	*ret_found = judging->found;
	if (ret_found->verdict != HOSTKEYS_UNKNOWN || hostkeys->port == 22)
		return 0;
	/* A key that is known for the usual port is good for others, too; a different one says
	 * nothing. */
	judge(judging, hostkeys, hostkeys->name);
	if (judging->found.verdict == HOSTKEYS_KNOWN)
		*ret_found = judging->found;
	return 0;
}

const char *hostkeys_types(struct arena *arena, const struct hostkeys *hostkeys)
{
	struct judging *judging = arena_alloc(arena, sizeof(*judging));
	const char *types;

	judge(judging, hostkeys, hostkeys_name(arena, hostkeys));
	if (judging->types.size == 0 && hostkeys->port != 22)
		judge(judging, hostkeys, hostkeys->name);
	types = judging->types.size ? arena_string(arena, judging->types.data) : NULL;
	buffer_free(&judging->types);
	return types;
}

/* --- Adding --- */

static int open_to_add(const char *path, struct stat *ret_info)
{
	char directory[PATH_MAX];
	char *slash;
	int fd;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (slash && slash != directory) {
		*slash = '\0';
		mkdir(directory, 0700);
	}
	/* Through links: a known_hosts that is kept elsewhere stays there. */
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd >= 0 && fstat(fd, ret_info) == 0 && S_ISREG(ret_info->st_mode))
		return fd;
	if (fd >= 0) {
		close(fd);
		errno = EINVAL;
	}
	return -1;
}

int hostkeys_add(struct arena *arena, const struct hostkeys *hostkeys, const char *key, bool hashed,
	struct error *err)
{
	const char *name = hostkeys_name(arena, hostkeys), *path = hostkeys->paths[0];
	struct buffer line = {0};
	struct stat info;
	char last = '\n';
	int fd = path ? open_to_add(path, &info) : -1, result;

	if (!path)
		return error_set(err, SSH_KNOWN_HOSTS_UNUSABLE, "there is no known_hosts file to which the "
			"key of %s could be added", name);
	if (fd < 0)
		return error_errno(err, SSH_KNOWN_HOSTS_UNUSABLE, "cannot write '%s'", path);
	/* One write at the end is whole without the lock, too; nobody waits for it here. */
	flock(fd, LOCK_EX | LOCK_NB);
	if (info.st_size > 0 && pread(fd, &last, 1, info.st_size - 1) == 1 && last != '\n')
		buffer_add_char(&line, '\n');
	buffer_printf(&line, "%s %s\n", hashed ? hostkeys_hash(arena, name) : name, key);
	result = whole_put(fd, line.data, line.size);
	if (result < 0)
		error_errno(err, SSH_KNOWN_HOSTS_UNUSABLE, "cannot write '%s'", path);
	buffer_free(&line);
	close(fd);
	return result;
}
