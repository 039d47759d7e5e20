/* source: where the text is read from, and what was read. */
#include "source/source.h"

#include "base/lookup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct source {
	struct arena *arena;
	const struct source_calls *calls;
	void *context;
	struct reach *reach;
	struct value *roles;
	struct source_file *files;
	size_t count;
	size_t capacity;
	struct lookup by_path;      /* the place of a file in files, counted from 1 */
	struct asked {
		const char **paths;
		size_t count, capacity;
		struct lookup known;
	} bodies, directories;
	struct lookup digests;      /* path → digest of its content */
};

char *path_join(struct arena *arena, const char *directory, const char *name)
{
	if (name[0] == '/' || !directory || !directory[0] || strcmp(directory, ".") == 0)
		return arena_string(arena, name);
	if (directory[strlen(directory) - 1] == '/')
		return arena_printf(arena, "%s%s", directory, name);
	return arena_printf(arena, "%s/%s", directory, name);
}

char *path_directory(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_string(arena, ".");
	if (slash == path)
		return arena_string(arena, "/");
	return arena_bytes(arena, path, (size_t)(slash - path));
}

/* Without its last part; "" and ".." have none that could go away. */
static const char *shortened(struct arena *arena, const char *plain)
{
	const char *slash = strrchr(plain, '/'), *last = slash ? slash + 1 : plain;

	if (!*plain || strcmp(last, "..") == 0)
		return arena_printf(arena, "%s%s..", plain, *plain ? "/" : "");
	return arena_bytes(arena, plain, slash ? (size_t)(slash - plain) : 0);
}

const char *path_plain(struct arena *arena, const char *path)
{
	bool absolute = path[0] == '/';
	const char *plain = "";

	while (*path) {
		size_t size = strcspn(path, "/");

		if (size == 2 && strncmp(path, "..", 2) == 0 && (*plain || !absolute))
			plain = shortened(arena, plain);
		else if (size > 0 && !(size == 1 && *path == '.') && !(size == 2
				&& strncmp(path, "..", 2) == 0))
			plain = arena_printf(arena, "%s%s%.*s", plain, *plain ? "/" : "", (int)size, path);
		path += size;
		path += strspn(path, "/");
	}
	return absolute ? arena_printf(arena, "/%s", plain) : plain;
}

struct source *source_new(struct arena *arena, const struct source_calls *calls, void *context)
{
	struct source *source = arena_alloc(arena, sizeof(*source));

	source->arena = arena;
	source->roles = value_list(arena);
	source->calls = calls;
	source->context = context;
	return source;
}

static void ask(struct source *source, struct asked *asked, const char *path)
{
	if (lookup_get(&asked->known, path))
		return;
	path = arena_string(source->arena, path);
	lookup_put(source->arena, &asked->known, path, asked);
	if (asked->count == asked->capacity) {
		size_t capacity = asked->capacity ? 2 * asked->capacity : 16;

		asked->paths = arena_grow(source->arena, asked->paths,
			asked->count * sizeof(*asked->paths), capacity * sizeof(*asked->paths));
		asked->capacity = capacity;
	}
	asked->paths[asked->count++] = path;
}

const char *const *source_asked(const struct source *source, enum source_kind kind,
	size_t *ret_count)
{
	const struct asked *asked = kind == SOURCE_DIRECTORY ? &source->directories
		: &source->bodies;

	*ret_count = asked->count;
	return asked->paths;
}

static const struct source_file *source_find(const struct source *source, const char *path)
{
	size_t place = (uintptr_t)lookup_get(&source->by_path, path);

	return place ? &source->files[place - 1] : NULL;
}

void source_remember(struct source *source, const char *path, const char *bytes, size_t size)
{
	if (source_find(source, path))
		return;
	if (source->count == source->capacity) {
		size_t capacity = source->capacity ? 2 * source->capacity : 16;

		source->files = arena_grow(source->arena, source->files,
			source->count * sizeof(*source->files), capacity * sizeof(*source->files));
		source->capacity = capacity;
	}
	source->files[source->count++] = (struct source_file){
		.path = arena_string(source->arena, path),
		.bytes = arena_bytes(source->arena, bytes, size),
		.size = size,
	};
	lookup_put(source->arena, &source->by_path, source->files[source->count - 1].path,
		(void *)(uintptr_t)source->count);
}

int source_read(struct source *source, const char *path, const char **ret_bytes, size_t *ret_size,
	struct error *err)
{
	const struct source_file *known = source_find(source, path);

	if (!known) {
		char *bytes;
		size_t size;

		if (source->calls->read(source->context, source->arena, path, SOURCE_TEXT_MOST, &bytes,
				&size, err) < 0)
			return -1;
		source_remember(source, path, bytes, size);
		known = source_find(source, path);
	}
	*ret_bytes = known->bytes;
	*ret_size = known->size;
	return 0;
}

int source_read_body(struct source *source, struct arena *arena, const char *path, size_t most,
	char **ret_bytes, size_t *ret_size, struct error *err)
{
	return source->calls->read(source->context, arena, path, most, ret_bytes, ret_size, err);
}

void source_ask_body(struct source *source, const char *path, const char *digest)
{
	ask(source, &source->bodies, path);
	lookup_put(source->arena, &source->digests, arena_string(source->arena, path),
		arena_string(source->arena, digest));
}

const char *source_body_digest(const struct source *source, const char *path)
{
	return lookup_get(&source->digests, path);
}

int source_open(struct source *source, const char *path, int64_t *ret_size, struct error *err)
{
	ask(source, &source->bodies, path);
	return source->calls->open(source->context, path, ret_size, err);
}

int source_list(struct source *source, const char *path, struct source_entry **ret_entries,
	size_t *ret_count, struct error *err)
{
	ask(source, &source->directories, path);
	return source->calls->list(source->context, source->arena, path, ret_entries, ret_count, err);
}

int source_stat(struct source *source, const char *path, bool follow,
	struct source_entry *ret_entry, struct error *err)
{
	return source->calls->stat(source->context, source->arena, path, follow, ret_entry, err);
}

bool source_is_for_all(struct source *source, const char *path)
{
	struct source_entry entry;
	struct error ignored = {0};

	return source_stat(source, path, true, &entry, &ignored) < 0 || entry.kind != SOURCE_FILE
		|| (entry.mode & 0004);
}

const struct source_file *source_files(const struct source *source, size_t *ret_count)
{
	*ret_count = source->count;
	return source->files;
}

const char *source_text(const struct source *source, const char *path, size_t *ret_size)
{
	const struct source_file *file = source_find(source, path);

	if (!file)
		return NULL;
	*ret_size = file->size;
	return file->bytes;
}

/* --- The working tree --- */

/* A descriptor to read from; flags O_DIRECTORY: a directory is wanted. */
static int open_found(const struct reach *reach, const char *path, int flags, struct stat *ret_info,
	struct error *err)
{
	int fd;

	if (reach_find(reach, path, true, &fd, err) < 0)
		return -1;
	if (fd < 0)
		return errno = ENOENT, error_errno(err, FILE_UNREADABLE, "cannot read '%s'", path);
	if (fstat(fd, ret_info) < 0)
		error_errno(err, FILE_UNREADABLE, "cannot read '%s'", path);
	else if (flags & O_DIRECTORY && !S_ISDIR(ret_info->st_mode))
		error_set(err, FILE_WRONG_TYPE, "cannot list '%s': it is not a directory", path);
	else if (!(flags & O_DIRECTORY) && S_ISDIR(ret_info->st_mode))
		error_set(err, FILE_WRONG_TYPE, "cannot read '%s': it is a directory", path);
	else if (!(flags & O_DIRECTORY) && !S_ISREG(ret_info->st_mode))
		error_set(err, FILE_WRONG_TYPE, "cannot read '%s': it is not a regular file", path);
	else if ((fd = reach_open(fd, flags)) < 0)
		error_errno(err, FILE_UNREADABLE, "cannot read '%s'", path);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int read_descriptor(int fd, struct arena *arena, const char *path, size_t room,
	char **ret_bytes, size_t *ret_size, struct error *err)
{
	char *bytes = arena_alloc(arena, room + 1);
	size_t size = 0;

	while (size < room) {
		ssize_t got = read(fd, bytes + size, room - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, FILE_UNREADABLE, "cannot read '%s'", path);
		if (got == 0)
			break;
		size += (size_t)got;
	}
	*ret_bytes = bytes;
	*ret_size = size;
	return 0;
}

static int tree_read(void *context, struct arena *arena, const char *path, size_t most,
	char **ret_bytes, size_t *ret_size, struct error *err)
{
	struct stat info;
	int fd = open_found(context, path, O_RDONLY, &info, err);
	int result;

	if (fd < 0)
		return -1;
	if (info.st_size > (off_t)most)
		result = error_set(err, FILE_TOO_LARGE, "'%s' is larger than %zu bytes", path, most);
	else
		result = read_descriptor(fd, arena, path, (size_t)info.st_size, ret_bytes, ret_size, err);
	close(fd);
	return result;
}

static int tree_open(void *context, const char *path, int64_t *ret_size, struct error *err)
{
	struct stat info;
	int fd = open_found(context, path, O_RDONLY, &info, err);

	*ret_size = fd < 0 ? 0 : info.st_size;
	return fd;
}

static enum source_kind kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return SOURCE_FILE;
	case S_IFDIR:
		return SOURCE_DIRECTORY;
	case S_IFLNK:
		return SOURCE_LINK;
	default:
		return SOURCE_OTHER;
	}
}

static void fill_entry(struct arena *arena, int fd, const char *name, const struct stat *info,
	struct source_entry *ret_entry)
{
	ret_entry->kind = kind_of(info->st_mode);
	ret_entry->mode = (unsigned)(info->st_mode & 07777);
	ret_entry->size = info->st_size;
	ret_entry->mtime = info->st_mtim.tv_sec;
	ret_entry->known = known_file(info);
	if (ret_entry->kind == SOURCE_LINK) {
		char target[4096];
		ssize_t size = readlinkat(fd, name, target, sizeof(target));

		ret_entry->target = size < 0 ? NULL : arena_bytes(arena, target, (size_t)size);
	}
}

static int tree_stat(void *context, struct arena *arena, const char *path, bool follow,
	struct source_entry *ret_entry, struct error *err)
{
	struct stat info;
	int fd;

	*ret_entry = (struct source_entry){ .name = path };
	if (reach_find(context, path, follow, &fd, err) < 0)
		return -1;
	if (fd < 0)
		return 0;
	if (fstat(fd, &info) < 0) {
		close(fd);
		return error_errno(err, FILE_UNREADABLE, "cannot inspect '%s'", path);
	}
	fill_entry(arena, fd, "", &info, ret_entry);
	close(fd);
	return 0;
}

static int compare_entries(const void *one, const void *other)
{
	const struct source_entry *left = one, *right = other;

	return strcmp(left->name, right->name);
}

/* What vanished meanwhile is left out. */
static int list_entries(DIR *directory, struct arena *arena, struct source_entry **ret_entries,
	size_t *ret_count)
{
	struct source_entry *entries = NULL;
	size_t count = 0, capacity = 0;
	struct dirent *found;

	for (errno = 0; (found = readdir(directory)); errno = 0) {
		struct stat info;

		if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0
				|| fstatat(dirfd(directory), found->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 16;
			entries = arena_grow(arena, entries, count * sizeof(*entries),
				capacity * sizeof(*entries));
		}
		entries[count].name = arena_string(arena, found->d_name);
		fill_entry(arena, dirfd(directory), found->d_name, &info, &entries[count++]);
	}
	*ret_entries = entries;
	*ret_count = count;
	return errno ? -1 : 0;
}

static int tree_list(void *context, struct arena *arena, const char *path,
	struct source_entry **ret_entries, size_t *ret_count, struct error *err)
{
	struct stat info;
	int fd = open_found(context, path, O_RDONLY | O_DIRECTORY, &info, err);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	int result;

	if (fd < 0)
		return -1;
	if (!directory)
		close(fd);
	result = directory ? list_entries(directory, arena, ret_entries, ret_count) : -1;
	if (result < 0)
		error_errno(err, FILE_UNREADABLE, "cannot list '%s'", path);
	if (directory)
		closedir(directory);
	if (result == 0 && *ret_count > 0)
		qsort(*ret_entries, *ret_count, sizeof(**ret_entries), compare_entries);
	return result;
}

struct source *source_directory(struct arena *arena, const char *root)
{
	static const struct source_calls calls = {
		.read = tree_read,
		.list = tree_list,
		.stat = tree_stat,
		.open = tree_open,
	};
	struct reach *reach = reach_new(arena, root ? root : "");
	struct source *source = source_new(arena, &calls, reach);

	source->reach = reach;
	return source;
}

void source_set_roles(struct source *source, struct value *directories)
{
	source->roles = directories;
}

const struct value *source_roles(const struct source *source)
{
	return source->roles;
}

struct reach *source_reach(struct source *source)
{
	return source->reach;
}
