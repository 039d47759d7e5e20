/* files: looking at files without touching them. */
#include "agent/machine.h"
#include "agent/walk.h"
#include "base/digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_ROOM = 16384 };

static enum file_kind kind_of(mode_t mode)
{
	if (S_ISREG(mode))
		return FILE_REGULAR;
	if (S_ISDIR(mode))
		return FILE_DIRECTORY;
	return S_ISLNK(mode) ? FILE_LINK : FILE_OTHER;
}

static int read_target(struct arena *arena, int directory, const char *name,
	struct file_info *info, struct error *err)
{
	char target[PATH_MAX];
	ssize_t size = readlinkat(directory, name, target, sizeof(target));

	if (size < 0)
		return error_errno(err, HOST_FILE_UNREADABLE, "cannot read the link '%s'", name);
	info->target = arena_bytes(arena, target, (size_t)size);
	return 0;
}

/* One name in an open directory. */
static int info_at(struct arena *arena, int directory, const char *name,
	struct file_info *ret_info, struct error *err)
{
	struct stat found;

	*ret_info = (struct file_info){ .kind = FILE_NONE };
	if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 0;
		return error_errno(err, HOST_FILE_UNREADABLE, "cannot inspect '%s'", name);
	}
	ret_info->kind = kind_of(found.st_mode);
	ret_info->mode = found.st_mode & 07777;
	ret_info->uid = found.st_uid;
	ret_info->gid = found.st_gid;
	ret_info->size = found.st_size;
	ret_info->mtime = (int64_t)found.st_mtim.tv_sec * 1000000000 + found.st_mtim.tv_nsec;
	ret_info->links = (unsigned)found.st_nlink;
	ret_info->device = found.st_dev;
	ret_info->inode = found.st_ino;
	ret_info->ctime = (int64_t)found.st_ctim.tv_sec * 1000000000 + found.st_ctim.tv_nsec;
	if (ret_info->kind == FILE_LINK)
		return read_target(arena, directory, name, ret_info, err);
	return 0;
}

int files_stat(void *machine, struct arena *arena, const char *path, struct file_info *ret_info,
	struct error *err)
{
	char name[WALK_NAME_SIZE];
	int directory;
	int result;

	(void)machine;
	*ret_info = (struct file_info){ .kind = FILE_NONE };
	result = walk_to(path, &directory, name, err);
	if (result != 0)
		return result < 0 ? -1 : 0;
	result = info_at(arena, directory, name, ret_info, err);
	close(directory);
	return result;
}

int files_real(void *machine, struct arena *arena, const char *path, const char **ret_real,
	struct error *err)
{
	char name[WALK_NAME_SIZE], handle[64], real[PATH_MAX];
	int directory;
	ssize_t size;
	int result = walk_to(path, &directory, name, err);

	(void)machine;
	*ret_real = arena_string(arena, path);
	if (result != 0)
		return result < 0 ? -1 : 0;
	snprintf(handle, sizeof(handle), "/proc/self/fd/%d", directory);
	size = readlink(handle, real, sizeof(real));
	if (size < 0)
		result = error_errno(err, HOST_FILE_UNREADABLE, "cannot resolve the path '%s'", path);
	else if (strcmp(name, ".") == 0)
		*ret_real = arena_bytes(arena, real, (size_t)size);
	else
		*ret_real = arena_printf(arena, "%.*s/%s", size == 1 ? 0 : (int)size, real, name);
	close(directory);
	return result;
}

/* Opens without touching the access time where that is allowed. */
static int open_quietly(int directory, const char *name, int flags)
{
	int fd;

	flags |= O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	fd = openat(directory, name, flags | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = openat(directory, name, flags);
	return fd;
}

static int open_path(const char *path, int flags, struct error *err)
{
	char name[WALK_NAME_SIZE];
	int directory;
	int fd;
	int result = walk_to(path, &directory, name, err);

	if (result < 0)
		return -1;
	errno = ENOENT;
	fd = result == 0 ? open_quietly(directory, name, flags) : -1;
	if (fd < 0 && errno == ELOOP)
		error_set(err, HOST_FILE_WRONG_TYPE, "'%s' is a symbolic link", path);
	else if (fd < 0)
		error_errno(err, HOST_FILE_UNREADABLE, "cannot read '%s'", path);
	if (directory >= 0)
		close(directory);
	return fd;
}

int files_open(const char *path, struct error *err)
{
	struct stat info;
	int fd = open_path(path, 0, err);

	if (fd < 0)
		return -1;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
		return fd;
	close(fd);
	return error_set(err, HOST_FILE_WRONG_TYPE, "'%s' is not a regular file", path);
}

/* Reads up to room bytes, fewer only at the end. */
static ssize_t read_full(int fd, char *bytes, size_t room)
{
	size_t done = 0;

	while (done < room) {
		ssize_t size = read(fd, bytes + done, room - done);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -1;
		if (size == 0)
			break;
		done += (size_t)size;
	}
	return (ssize_t)done;
}

/* Files below /proc have no size, so this reads until the end comes. */
static int read_all(struct arena *arena, int fd, const char *path, size_t most, char **ret_bytes,
	size_t *ret_size, struct error *err)
{
	struct stat info;
	size_t room = FIRST_ROOM;
	size_t used = 0;
	char *bytes;

	if (fstat(fd, &info) == 0 && info.st_size > 0 && (size_t)info.st_size <= most)
		room = (size_t)info.st_size + 1;
	bytes = arena_alloc(arena, room + 1);
	for (;;) {
		ssize_t size = read_full(fd, bytes + used, room - used);
		if (size < 0)
			return error_errno(err, HOST_FILE_UNREADABLE, "cannot read '%s'", path);
		used += (size_t)size;
		if (used > most)
			return error_set(err, HOST_FILE_TOO_LARGE, "'%s' has more than %zu bytes", path, most);
		if (used < room)
			break;
		bytes = arena_grow(arena, bytes, room, 2 * room + 1);
		room *= 2;
	}
	bytes[used] = '\0';
	*ret_bytes = bytes;
	*ret_size = used;
	return 0;
}

int files_read(void *machine, struct arena *arena, const char *path, size_t most,
	char **ret_bytes, size_t *ret_size, struct error *err)
{
	int fd = files_open(path, err);
	int result;

	(void)machine;
	if (fd < 0)
		return -1;
	result = read_all(arena, fd, path, most, ret_bytes, ret_size, err);
	close(fd);
	return result;
}

/* Most files are small; those below /proc have no size. One that grows meanwhile isn't what it was,
 * whatever is read of it. */
static size_t chunk_most(int64_t file_size, int64_t offset)
{
	int64_t left = file_size - offset;

	if (file_size == 0 || left >= CHUNK_SIZE)
		return CHUNK_SIZE;
	return left > 0 ? (size_t)left : 1;
}

int files_chunk(struct arena *arena, const char *path, int64_t offset, char **ret_bytes,
	size_t *ret_count, int64_t *ret_size, struct error *err)
{
	int fd = files_open(path, err);
	struct stat info;
	ssize_t size = -1;
	size_t most;

	if (fd < 0)
		return -1;
	if (fstat(fd, &info) == 0 && lseek(fd, offset, SEEK_SET) >= 0) {
		most = chunk_most(info.st_size, offset);
		*ret_bytes = arena_alloc(arena, most);
		size = read_full(fd, *ret_bytes, most);
	}
	if (size < 0)
		error_errno(err, HOST_FILE_UNREADABLE, "cannot read '%s'", path);
	close(fd);
	if (size < 0)
		return -1;
	*ret_count = (size_t)size;
	*ret_size = info.st_size;
	return 0;
}

/* Whether a file that was just seen is one that was read before. */
static bool is_known(struct known_digests *digests, const struct file_info *seen,
	char ret_hex[DIGEST_HEX_SIZE])
{
	const struct known_file file = { .device = seen->device, .inode = seen->inode, .size = seen->size,
		.mtime = seen->mtime, .ctime = seen->ctime };

	return seen->kind == FILE_REGULAR && known_digest_find(digests, &file, ret_hex);
}

int files_digest(void *context, struct arena *arena, const char *path, const struct file_info *seen,
	const char **ret_digest, struct error *err)
{
	struct known_digests *digests = context ? ((struct machine *)context)->digests : NULL;
	char hex[DIGEST_HEX_SIZE];
	int fd, result;

	if (seen && is_known(digests, seen, hex)) {
		*ret_digest = arena_string(arena, hex);
		return 0;
	}
	fd = files_open(path, err);
	if (fd < 0)
		return -1;
	result = known_digest(digests, fd, hex);
	if (result < 0)
		error_errno(err, HOST_FILE_UNREADABLE, "cannot read '%s'", path);
	close(fd);
	if (result == 0)
		*ret_digest = arena_string(arena, hex);
	return result;
}

struct name_list {
	struct file_name *items;
	size_t count;
	size_t capacity;
};

static void list_add(struct arena *arena, struct name_list *list, const struct file_name *item)
{
	if (list->count == list->capacity) {
		size_t more = list->capacity ? 2 * list->capacity : 32;
		list->items = arena_grow(arena, list->items, list->count * sizeof(*list->items),
			more * sizeof(*list->items));
		list->capacity = more;
	}
	list->items[list->count++] = *item;
}

static int by_name(const void *one, const void *other)
{
	return strcmp(((const struct file_name *)one)->name,
		((const struct file_name *)other)->name);
}

static int list_entries(struct arena *arena, DIR *directory, struct name_list *list,
	struct error *err)
{
	struct dirent *entry;

	while ((errno = 0, entry = readdir(directory))) {
		struct file_name item;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (info_at(arena, dirfd(directory), entry->d_name, &item.info, err) < 0)
			return -1;
		if (item.info.kind == FILE_NONE)   /* gone meanwhile */
			continue;
		item.name = arena_string(arena, entry->d_name);
		list_add(arena, list, &item);
	}
	if (errno != 0)
		return error_errno(err, HOST_FILE_UNREADABLE, "cannot list a directory");
	return 0;
}

int files_list(void *machine, struct arena *arena, const char *path, struct file_name **ret_names,
	size_t *ret_count, struct error *err)
{
	struct name_list list = { 0 };
	int fd = open_path(path, O_DIRECTORY, err);
	DIR *directory;
	int result;

	(void)machine;
	if (fd < 0)
		return -1;
	directory = fdopendir(fd);
	if (!directory) {
		close(fd);
		return error_errno(err, HOST_FILE_UNREADABLE, "cannot list '%s'", path);
	}
	result = list_entries(arena, directory, &list, err);
	closedir(directory);
	if (result < 0)
		return -1;
	if (list.count > 0)
		qsort(list.items, list.count, sizeof(*list.items), by_name);
	*ret_names = list.items;
	*ret_count = list.count;
	return 0;
}
