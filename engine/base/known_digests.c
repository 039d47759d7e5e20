/* known_digests: digests of files that were read before, so that what is unchanged isn't read again. */
#include "base/known_digests.h"

#include "base/buffer.h"
#include "base/lookup.h"
#include "base/whole.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char magic[24] = "beoplay digests 2\n";

enum {
	ENTRIES_MOST = 250000,     /* with more, those that nobody asked for this time go */
	KEY_SIZE = 40,
};

#define TICK_MOST INT64_C(2000000000)   /* nanoseconds */

struct known {
	struct known_file file;
	unsigned char digest[32];
};

enum mark { UNUSED, USED, REPLACED };

struct known_digests {
	struct arena *arena;
	const char *path;
	bool loaded;
	struct known *old;         /* what the file holds, by device and inode */
	size_t old_count;
	unsigned char *marks;      /* an enum mark for each of these */
	struct lookup fresh;       /* device and inode → struct known, read in this run */
	size_t small, large;       /* how many of these are */
};

static int64_t nanoseconds(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

struct known_file known_file(const struct stat *info)
{
	return (struct known_file){ .device = info->st_dev, .inode = info->st_ino,
		.size = info->st_size, .mtime = nanoseconds(&info->st_mtim),
		.ctime = nanoseconds(&info->st_ctim) };
}

/* By device and inode. */
static int compare(const void *one, const void *other)
{
	const struct known_file *left = &((const struct known *)one)->file;
	const struct known_file *right = &((const struct known *)other)->file;

	if (left->device != right->device)
		return left->device < right->device ? -1 : 1;
	return left->inode < right->inode ? -1 : left->inode > right->inode;
}

static bool is_same(const struct known_file *one, const struct known_file *other)
{
	return one->size == other->size && one->mtime == other->mtime && one->ctime == other->ctime;
}

/* --- The file --- */

/* Our own, and a whole number of records. */
static bool is_usable(const struct stat *info)
{
	size_t size = (size_t)info->st_size;

	return S_ISREG(info->st_mode) && info->st_uid == geteuid() && (info->st_mode & 022) == 0
		&& size > sizeof(magic) && (size - sizeof(magic)) % sizeof(struct known) == 0
		&& (size - sizeof(magic)) / sizeof(struct known) <= 2 * ENTRIES_MOST;
}

static void read_records(struct known_digests *known, FILE *file, size_t count)
{
	char line[sizeof(magic)];

	if (fread(line, sizeof(line), 1, file) != 1 || memcmp(line, magic, sizeof(magic)) != 0)
		return;
	known->old = arena_array(known->arena, count, sizeof(*known->old));
	known->marks = arena_alloc(known->arena, count);
	known->old_count = fread(known->old, sizeof(*known->old), count, file);
}

static void load(struct known_digests *known)
{
	struct stat info;
	FILE *file = NULL;
	int fd;

	if (known->loaded)
		return;
	known->loaded = true;
	fd = open(known->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &info) == 0 && is_usable(&info))
		file = fdopen(fd, "r");
	if (!file) {
		if (fd >= 0)
			close(fd);
		return;
	}
	read_records(known, file, ((size_t)info.st_size - sizeof(magic)) / sizeof(struct known));
	fclose(file);
}

struct known_digests *known_digests_open(struct arena *arena, const char *path)
{
	struct known_digests *known = arena_alloc(arena, sizeof(*known));

	known->arena = arena;
	known->path = arena_string(arena, path);
	return known;
}

/* Into all, behind each other; how many. */
static size_t gather(const struct known_digests *known, struct known *all)
{
	bool many = known->old_count + known->fresh.count > ENTRIES_MOST;
	size_t count = 0;

	for (size_t i = 0; i < known->old_count; i++) {
		if (known->marks[i] == USED || (known->marks[i] == UNUSED && !many))
			all[count++] = known->old[i];
	}
	for (size_t i = 0; i < known->fresh.capacity; i++) {
		if (known->fresh.entries[i].key)
			all[count++] = *(const struct known *)known->fresh.entries[i].found;
	}
	return count;
}

void known_digests_save(struct known_digests *known)
{
	struct buffer text = {0};
	struct known *all;
	size_t count;

	if (!known || (known->large == 0 && known->small < KNOWN_DIGESTS_WORTH))
		return;
	all = calloc(known->old_count + known->fresh.count, sizeof(*all));
	if (!all)
		return;
	count = gather(known, all);
	qsort(all, count, sizeof(*all), compare);
	buffer_add(&text, magic, sizeof(magic));
	buffer_add(&text, all, count * sizeof(*all));
	if (count <= 2 * ENTRIES_MOST)
		whole_replace(known->path, text.data, text.size, 0600, true);
	buffer_free(&text);
	free(all);
	known->small = known->large = 0;
}

/* --- A file's digest --- */

static const char *key_of(const struct known_file *file, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "%llx %llx", (unsigned long long)file->device,
		(unsigned long long)file->inode);
	return key;
}

static struct known *find_old(const struct known_digests *known, const struct known_file *file)
{
	const struct known wanted = { .file = *file };

	return known->old_count ? bsearch(&wanted, known->old, known->old_count, sizeof(wanted), compare)
		: NULL;
}

bool known_digest_find(struct known_digests *known, const struct known_file *file,
	char ret_hex[DIGEST_HEX_SIZE])
{
	const struct known *one;
	char key[KEY_SIZE];

	if (!known || file->inode == 0)
		return false;
	load(known);
	one = find_old(known, file);
	if (one && is_same(&one->file, file))
		known->marks[one - known->old] = USED;
	else
		one = known->fresh.count > 0 ? lookup_get(&known->fresh, key_of(file, key)) : NULL;
	if (!one || !is_same(&one->file, file))
		return false;
	sodium_bin2hex(ret_hex, DIGEST_HEX_SIZE, one->digest, sizeof(one->digest));
	return true;
}

static void remember(struct known_digests *known, const struct known_file *file, const char *hex)
{
	const struct known *old = find_old(known, file);
	char key[KEY_SIZE];
	struct known *one = lookup_get(&known->fresh, key_of(file, key));

	if (old)
		known->marks[old - known->old] = REPLACED;
	if (!one) {
		one = arena_alloc(known->arena, sizeof(*one));
		lookup_put(known->arena, &known->fresh, arena_string(known->arena, key), one);
	}
	one->file = *file;
	sodium_hex2bin(one->digest, sizeof(one->digest), hex, DIGEST_HEX_SIZE - 1, NULL, NULL, NULL);
	known->large += file->size >= KNOWN_DIGESTS_LARGE;
	known->small += file->size < KNOWN_DIGESTS_LARGE;
}

int known_digest(struct known_digests *known, int fd, char ret_hex[DIGEST_HEX_SIZE])
{
	struct known_file before, after;
	struct stat info;
	struct timespec now;

	if (!known || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
		return digest_descriptor(fd, ret_hex);
	before = known_file(&info);
	if (known_digest_find(known, &before, ret_hex))
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	if (digest_descriptor(fd, ret_hex) < 0)
		return -1;
	if (fstat(fd, &info) < 0)
		return 0;
	after = known_file(&info);
	if (is_same(&before, &after) && nanoseconds(&now) - after.ctime > TICK_MOST)
		remember(known, &after, ret_hex);
	return 0;
}
