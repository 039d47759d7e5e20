/* known_digests: digests of large files that were read before, so that what is unchanged isn't read again. */
#include "base/known_digests.h"

#include "base/buffer.h"
#include "base/lookup.h"
#include "base/whole.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAGIC "beoplay digests 1\n"

enum {
	FILE_MOST = 32 << 20,      /* bytes of what is kept */
	ENTRIES_MOST = 50000,      /* with more, those that nobody asked for this time go */
	KEY_SIZE = 64,
};

#define TICK_MOST INT64_C(2000000000)   /* nanoseconds */

struct known {
	const char *key;           /* device and inode */
	int64_t size, mtime, ctime;
	char hex[DIGEST_HEX_SIZE];
	bool used;
	struct known *next;
};

struct known_digests {
	struct arena *arena;
	const char *path;
	struct lookup by_key;
	struct known *first;
	size_t count;
	bool changed;
};

static int64_t nanoseconds(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static struct known *entry(struct known_digests *known, const char *key)
{
	struct known *one = lookup_get(&known->by_key, key);

	if (one)
		return one;
	one = arena_alloc(known->arena, sizeof(*one));
	one->key = arena_string(known->arena, key);
	one->next = known->first;
	known->first = one;
	known->count++;
	lookup_put(known->arena, &known->by_key, one->key, one);
	return one;
}

/* --- The file --- */

static bool read_line(struct known_digests *known, const char *line)
{
	unsigned long long device, inode;
	long long size, mtime, ctime;
	char hex[DIGEST_HEX_SIZE], key[KEY_SIZE];
	struct known *one;

	if (sscanf(line, "%llu %llu %lld %lld %lld %64s", &device, &inode, &size, &mtime, &ctime, hex) != 6
			|| !digest_valid(hex))
		return false;
	snprintf(key, sizeof(key), "%llu %llu", device, inode);
	one = entry(known, key);
	one->size = size;
	one->mtime = mtime;
	one->ctime = ctime;
	memcpy(one->hex, hex, sizeof(hex));
	return true;
}

static void read_lines(struct known_digests *known, FILE *file)
{
	char line[256];

	if (!fgets(line, sizeof(line), file) || strcmp(line, MAGIC) != 0)
		return;
	while (fgets(line, sizeof(line), file) && read_line(known, line))
		;
}

struct known_digests *known_digests_open(struct arena *arena, const char *path)
{
	struct known_digests *known = arena_alloc(arena, sizeof(*known));
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat info;
	FILE *file = NULL;

	known->arena = arena;
	known->path = arena_string(arena, path);
	if (fd < 0)
		return known;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid()
			&& (info.st_mode & 022) == 0 && info.st_size <= FILE_MOST)
		file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return known;
	}
	read_lines(known, file);
	fclose(file);
	return known;
}

void known_digests_save(struct known_digests *known)
{
	struct buffer text = {0};

	if (!known || !known->changed)
		return;
	buffer_add_string(&text, MAGIC);
	for (const struct known *one = known->first; one; one = one->next) {
		if (one->used || known->count <= ENTRIES_MOST)
			buffer_printf(&text, "%s %lld %lld %lld %s\n", one->key, (long long)one->size,
				(long long)one->mtime, (long long)one->ctime, one->hex);
	}
	if (text.size <= FILE_MOST)
		whole_replace(known->path, text.data, text.size, 0600, true);
	buffer_free(&text);
	known->changed = false;
}

/* --- A file's digest --- */

static bool is_same(const struct known *one, const struct stat *info)
{
	return one->size == info->st_size && one->mtime == nanoseconds(&info->st_mtim)
		&& one->ctime == nanoseconds(&info->st_ctim);
}

static void remember(struct known_digests *known, const char *key, const struct stat *info,
	const char *hex)
{
	struct known *one = entry(known, key);

	one->size = info->st_size;
	one->mtime = nanoseconds(&info->st_mtim);
	one->ctime = nanoseconds(&info->st_ctim);
	memcpy(one->hex, hex, DIGEST_HEX_SIZE);
	one->used = known->changed = true;
}

int known_digest(struct known_digests *known, int fd, char ret_hex[DIGEST_HEX_SIZE])
{
	struct stat before, after;
	struct timespec now;
	char key[KEY_SIZE];
	struct known *one;

	if (!known || fstat(fd, &before) < 0 || !S_ISREG(before.st_mode)
			|| before.st_size < KNOWN_DIGESTS_LEAST)
		return digest_descriptor(fd, ret_hex);
	snprintf(key, sizeof(key), "%llu %llu", (unsigned long long)before.st_dev,
		(unsigned long long)before.st_ino);
	one = lookup_get(&known->by_key, key);
	if (one && is_same(one, &before)) {
		memcpy(ret_hex, one->hex, DIGEST_HEX_SIZE);
		one->used = true;
		return 0;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	if (digest_descriptor(fd, ret_hex) < 0)
		return -1;
	if (fstat(fd, &after) == 0 && nanoseconds(&before.st_ctim) == nanoseconds(&after.st_ctim)
			&& nanoseconds(&now) - nanoseconds(&after.st_ctim) > TICK_MOST)
		remember(known, key, &after, ret_hex);
	return 0;
}
