/* ledger_bodies: bytes that were there before, kept under their digest: short ones in the database,
 * others in files of bodies/. */
#include "agent/ledger.h"

#include "agent/machine.h"
#include "base/whole.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Folders */

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

int ledger_make_directory(const char *directory, const char *name, struct error *err)
{
	char path[PATH_MAX];
	struct stat info;

	snprintf(path, sizeof(path), "%s%s%s", directory, name ? "/" : "", name ? name : "");
	if (make_path(path) < 0)
		return error_errno(err, LEDGER_NOT_KEPT, "cannot make '%s'", path);
	if (lstat(path, &info) < 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid() ||
	    (info.st_mode & 022) != 0)
		return error_set(err, LEDGER_UNTRUSTED, "'%s' is not a directory that only its owner can "
			"write", path);
	return 0;
}

/* --- Reading */

/* Of the form before, as long as they weren't moved here, they are beside it. */
static const char *body_path(const struct ledger *ledger, struct arena *arena, const char *digest)
{
	const char *here = arena_printf(arena, "%s/bodies/%s", ledger->directory, digest);
	const char *beside = arena_printf(arena, "%s/bodies/%s", ledger->state, digest);

	return !digest_valid(digest) || access(here, F_OK) == 0 || access(beside, F_OK) < 0 ? here
		: beside;
}

bool ledger_has_body(const struct ledger *ledger, const char *digest)
{
	struct arena *arena = arena_new();
	int64_t spilled = digest_valid(digest) ? database_integer(ledger->database, -1,
		"SELECT bytes IS NULL FROM body WHERE digest=?", "s", digest) : -1;
	bool there = spilled == 0 || (spilled > 0
		&& access(body_path(ledger, arena, digest), R_OK) == 0);

	arena_free(arena);
	return there;
}

static bool in_file(const struct ledger *ledger, const char *digest)
{
	return database_integer(ledger->database, 0, "SELECT bytes IS NULL FROM body WHERE digest=?",
		"s", digest) != 0;
}

/* 1 if the database has it, 0 if not. */
static int inline_chunk(const struct ledger *ledger, struct arena *arena, const char *digest,
	int64_t offset, const char **ret_bytes, size_t *ret_count, int64_t *ret_size)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT substr(bytes, ?2 + 1, ?3), size "
		"FROM body WHERE digest=?1 AND bytes IS NOT NULL", "sii", digest, offset,
		(int64_t)CHUNK_SIZE);

	if (!database_row(ledger->database, query))
		return 0;
	*ret_count = (size_t)sqlite3_column_bytes(query, 0);
	*ret_bytes = arena_bytes(arena, *ret_count ? sqlite3_column_blob(query, 0) : "", *ret_count);
	*ret_size = sqlite3_column_int64(query, 1);
	database_end(query);
	return 1;
}

int ledger_body_chunk(const struct ledger *ledger, struct arena *arena, const char *digest,
	int64_t offset, const char **ret_bytes, size_t *ret_count, int64_t *ret_size,
	struct error *err)
{
	char *bytes;

	if (offset < 0 || inline_chunk(ledger, arena, digest, offset, ret_bytes, ret_count, ret_size))
		return offset < 0 ? error_set(err, BEOPLAY_BUG, "a piece before the beginning") : 0;
	if (files_chunk(arena, body_path(ledger, arena, digest), offset, &bytes, ret_count, ret_size,
			err) < 0)
		return -1;
	*ret_bytes = bytes;
	return 0;
}

/* --- Keeping */

struct keeping {
	struct ledger *ledger;
	struct arena *arena;
	struct digest digest;
	struct buffer bytes;       /* as long as they fit into the database */
	const char *temporary;
	int fd;                    /* of the file, if they don't; else -1 */
	int64_t size;
};

static int spill(struct keeping *keeping, struct error *err)
{
	if (ledger_make_directory(keeping->ledger->directory, "bodies", err) < 0)
		return -1;
	keeping->temporary = body_path(keeping->ledger, keeping->arena, "new");
	keeping->fd = open(keeping->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		0600);
	if (keeping->fd < 0)
		return error_errno(err, LEDGER_NOT_KEPT, "cannot write '%s'", keeping->temporary);
	return 0;
}

static int take_piece(struct keeping *keeping, const char *bytes, size_t count,
	struct error *err)
{
	digest_add(&keeping->digest, bytes, count);
	keeping->size += (int64_t)count;
	if (keeping->fd < 0)
		buffer_add(&keeping->bytes, bytes, count);
	if (keeping->fd < 0 && keeping->size > LEDGER_INLINE_MOST) {
		if (spill(keeping, err) < 0)
			return -1;
		bytes = keeping->bytes.data;
		count = keeping->bytes.size;
	}
	if (keeping->fd >= 0 && whole_put(keeping->fd, bytes, count) < 0)
		return error_errno(err, LEDGER_NOT_KEPT, "cannot keep what was there before");
	return 0;
}

static int take_pieces(struct keeping *keeping, ledger_piece *piece, void *context,
	struct error *err)
{
	size_t count;

	do {
		struct arena *arena = arena_new();
		const char *bytes;
		int result = piece(context, arena, keeping->size, &bytes, &count, err);

		if (result == 0)
			result = take_piece(keeping, bytes, count, err);
		arena_free(arena);
		if (result < 0)
			return -1;
	} while (count > 0);
	return 0;
}

static int settle(struct keeping *keeping, const char *digest, struct error *err)
{
	struct ledger *ledger = keeping->ledger;
	bool spilled = keeping->fd >= 0;

	if (spilled && rename(keeping->temporary, body_path(ledger, keeping->arena, digest)) < 0)
		return error_errno(err, LEDGER_NOT_KEPT, "cannot keep what was there before");
	if (ledger_has_body(ledger, digest))
		return 0;
	database_do(ledger->database, "INSERT OR REPLACE INTO body(digest, size, bytes) VALUES(?, ?, ?)",
		"sib", digest, keeping->size, spilled ? NULL : keeping->size ? keeping->bytes.data : "",
		keeping->bytes.size);
	value_set_bool(ledger->arena, ledger->kept, digest, true);
	return ledger_usable(ledger, err);
}

int ledger_keep(struct ledger *ledger, ledger_piece *piece, void *context,
	char ret_digest[DIGEST_HEX_SIZE], struct error *err)
{
	struct keeping keeping = { .ledger = ledger, .arena = arena_new(), .fd = -1 };
	int result;

	digest_begin(&keeping.digest);
	result = take_pieces(&keeping, piece, context, err);
	if (result == 0) {
		digest_end(&keeping.digest, ret_digest);
		result = settle(&keeping, ret_digest, err);
	}
	if (keeping.fd >= 0)
		close(keeping.fd);
	if (result < 0 && keeping.temporary)
		unlink(keeping.temporary);
	buffer_free(&keeping.bytes);
	arena_free(keeping.arena);
	return result;
}

/* --- With a transaction */

static int sync_file(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags);
	int result = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		close(fd);
	return result;
}

/* Files must be there before what refers to them; one fsync each, but one for all where they are
 * many. */
static int sync_files(const struct ledger *ledger, struct arena *arena, size_t files)
{
	const char *directory = arena_printf(arena, "%s/bodies", ledger->directory);
	int fd, result = 0;

	if (files > 1) {
		fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		result = fd < 0 ? -1 : syncfs(fd);
		if (fd >= 0)
			close(fd);
		return result;
	}
	for (size_t i = 0; result == 0 && i < ledger->kept->count; i++) {
		if (in_file(ledger, ledger->kept->pairs[i].key))
			result = sync_file(body_path(ledger, arena, ledger->kept->pairs[i].key), 0);
	}
	return result == 0 ? sync_file(directory, O_DIRECTORY) : -1;
}

int ledger_sync_bodies(struct ledger *ledger, struct error *err)
{
	struct arena *arena = arena_new();
	size_t files = 0;
	int result = 0;

	/* What a task had kept, and then didn't refer to. */
	for (size_t i = 0; i < ledger->kept->count; i++)
		ledger_drop_body(ledger, ledger->kept->pairs[i].key);
	for (size_t i = 0; i < ledger->kept->count; i++)
		files += in_file(ledger, ledger->kept->pairs[i].key);
	if (files > 0 && sync_files(ledger, arena, files) < 0)
		result = error_errno(err, LEDGER_NOT_KEPT, "cannot keep what was there before");
	ledger->kept = value_map(ledger->arena);
	arena_free(arena);
	return result;
}

void ledger_remove_dropped(struct ledger *ledger)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < ledger->dropped->count; i++) {
		const char *digest = ledger->dropped->pairs[i].key;

		if (database_integer(ledger->database, 0, "SELECT 1 FROM body WHERE digest=?", "s", digest)
				== 0)
			unlink(body_path(ledger, arena, digest));
	}
	ledger->dropped = value_map(ledger->arena);
	arena_free(arena);
}

/* --- What a killed writer left */

/* Goes through the files that nothing refers to; true: there are some, or were, if they go. */
static bool left_bodies(const struct ledger *ledger, bool go)
{
	struct arena *arena = arena_new();
	DIR *directory = opendir(body_path(ledger, arena, ""));
	struct dirent *entry;
	bool left = false;

	while (directory && (go || !left) && (entry = readdir(directory))) {
		bool known = digest_valid(entry->d_name) && database_integer(ledger->database, 0,
			"SELECT 1 FROM body WHERE digest=? AND bytes IS NULL", "s", entry->d_name);

		if (known || entry->d_name[0] == '.')
			continue;
		left = true;
		if (go)
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	if (directory)
		closedir(directory);
	arena_free(arena);
	return left;
}

bool ledger_bodies_left(const struct ledger *ledger)
{
	return left_bodies(ledger, false);
}

void ledger_tidy_bodies(struct ledger *ledger)
{
	left_bodies(ledger, true);
}
