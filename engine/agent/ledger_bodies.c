/* ledger_bodies: bytes that were there before, kept under their digest. */
#include "agent/ledger.h"

#include "agent/machine.h"
#include "base/whole.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes each directory of path that isn't there. */
static int make_path(const char *path)
{
	char part[PATH_MAX];
	size_t size = strlen(path);

	if (size >= sizeof(part))
		return errno = ENAMETOOLONG, -1;
	for (size_t i = 1; i <= size; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

int ledger_make_directory(const struct ledger *ledger, const char *name, struct error *err)
{
	char path[PATH_MAX];
	struct stat info;

	snprintf(path, sizeof(path), "%s%s%s", ledger->directory, name ? "/" : "", name ? name : "");
	if (make_path(path) < 0)
		return error_errno(err, ERROR_TASK, "cannot make '%s'", path);
	if (lstat(path, &info) < 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid() ||
	    (info.st_mode & 022) != 0)
		return error_set(err, ERROR_TASK, "'%s' is no directory that only its owner can "
			"write", path);
	return 0;
}

const char *ledger_body_path(const struct ledger *ledger, struct arena *arena, const char *digest)
{
	return arena_printf(arena, "%s/bodies/%s", ledger->directory, digest);
}

bool ledger_has_body(const struct ledger *ledger, const char *digest)
{
	struct arena *arena = arena_new();
	bool there = digest_valid(digest) &&
		access(ledger_body_path(ledger, arena, digest), R_OK) == 0;

	arena_free(arena);
	return there;
}

static int copy_pieces(int fd, ledger_piece *piece, void *context,
	char ret_digest[DIGEST_HEX_SIZE], struct error *err)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	int64_t offset = 0;
	size_t count;

	crypto_hash_sha256_init(&state);
	do {
		struct arena *arena = arena_new();
		const char *bytes;
		int result = piece(context, arena, offset, &bytes, &count, err);
		if (result == 0 && whole_put(fd, bytes, count) < 0)
			result = error_errno(err, ERROR_TASK, "cannot keep what was there before");
		if (result == 0)
			crypto_hash_sha256_update(&state, (const unsigned char *)bytes, count);
		arena_free(arena);
		if (result < 0)
			return -1;
		offset += (int64_t)count;
	} while (count > 0);
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(ret_digest, DIGEST_HEX_SIZE, hash, sizeof(hash));
	if (fsync(fd) < 0)
		return error_errno(err, ERROR_TASK, "cannot keep what was there before");
	return 0;
}

int ledger_keep(struct ledger *ledger, ledger_piece *piece, void *context,
	char ret_digest[DIGEST_HEX_SIZE], struct error *err)
{
	struct arena *arena;
	const char *temporary;
	int fd;
	int result;

	if (ledger_make_directory(ledger, NULL, err) < 0 ||
	    ledger_make_directory(ledger, "bodies", err) < 0)
		return -1;
	arena = arena_new();
	temporary = ledger_body_path(ledger, arena, "new");
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	result = fd < 0 ? error_errno(err, ERROR_TASK, "cannot write '%s'", temporary) :
		copy_pieces(fd, piece, context, ret_digest, err);
	if (fd >= 0)
		close(fd);
	if (result == 0 && rename(temporary, ledger_body_path(ledger, arena, ret_digest)) < 0)
		result = error_errno(err, ERROR_TASK, "cannot keep what was there before");
	if (result < 0 && fd >= 0)
		unlink(temporary);
	arena_free(arena);
	return result;
}

void ledger_forget_bodies(struct ledger *ledger)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "%s/bodies", ledger->directory);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		if (digest_valid(entry->d_name) && !value_get(ledger->bodies, entry->d_name))
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	if (directory)
		closedir(directory);
}
