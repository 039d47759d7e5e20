/* source: where the text is read from, and what was read. */
#include "text/source.h"

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
	struct source_file *files;
	size_t count;
	size_t capacity;
	struct asked {
		const char **paths;
		size_t count, capacity;
	} bodies, directories;
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

struct source *source_new(struct arena *arena, const struct source_calls *calls, void *context)
{
	struct source *source = arena_alloc(arena, sizeof(*source));

	source->arena = arena;
	source->calls = calls;
	source->context = context;
	return source;
}

static void ask(struct source *source, struct asked *asked, const char *path)
{
	for (size_t i = 0; i < asked->count; i++) {
		if (strcmp(asked->paths[i], path) == 0)
			return;
	}
	if (asked->count == asked->capacity) {
		size_t capacity = asked->capacity ? 2 * asked->capacity : 16;

		asked->paths = arena_grow(source->arena, asked->paths,
			asked->count * sizeof(*asked->paths), capacity * sizeof(*asked->paths));
		asked->capacity = capacity;
	}
	asked->paths[asked->count++] = arena_string(source->arena, path);
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
	for (size_t i = 0; i < source->count; i++) {
		if (strcmp(source->files[i].path, path) == 0)
			return &source->files[i];
	}
	return NULL;
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
}

int source_read(struct source *source, const char *path, char **ret_bytes, size_t *ret_size,
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
	*ret_bytes = arena_bytes(source->arena, known->bytes, known->size);
	*ret_size = known->size;
	return 0;
}

int source_read_body(struct source *source, const char *path, size_t most, char **ret_bytes,
	size_t *ret_size, struct error *err)
{
	return source->calls->read(source->context, source->arena, path, most, ret_bytes, ret_size,
		err);
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

/* The working tree; context is the root, "" for the current directory. */

static int open_regular(const char *full, const char *path, int64_t *ret_size, struct error *err)
{
	int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat info;

	if (fd < 0 || fstat(fd, &info) < 0)
		error_errno(err, ERROR_TEXT, "cannot read '%s'", path);
	else if (S_ISDIR(info.st_mode))
		error_set(err, ERROR_TEXT, "cannot read '%s': it is a directory", path);
	else if (!S_ISREG(info.st_mode))
		error_set(err, ERROR_TEXT, "cannot read '%s': it is no regular file", path);
	else {
		*ret_size = info.st_size;
		return fd;
	}
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
			return error_errno(err, ERROR_TEXT, "cannot read '%s'", path);
		if (got == 0)
			break;
		size += (size_t)got;
	}
	*ret_bytes = bytes;
	*ret_size = size;
	return 0;
}

static int directory_read(void *context, struct arena *arena, const char *path, size_t most,
	char **ret_bytes, size_t *ret_size, struct error *err)
{
	int64_t size;
	int fd = open_regular(path_join(arena, context, path), path, &size, err);
	int result;

	if (fd < 0)
		return -1;
	if (size > (int64_t)most)
		result = error_set(err, ERROR_TEXT, "'%s' is larger than %zu bytes", path, most);
	else
		result = read_descriptor(fd, arena, path, (size_t)size, ret_bytes, ret_size, err);
	close(fd);
	return result;
}

static int directory_open(void *context, const char *path, int64_t *ret_size, struct error *err)
{
	struct arena *arena = arena_new();
	int fd = open_regular(path_join(arena, context, path), path, ret_size, err);

	arena_free(arena);
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

static const char *link_target(struct arena *arena, const char *path)
{
	char target[4096];
	ssize_t size = readlink(path, target, sizeof(target));

	return size < 0 ? NULL : arena_bytes(arena, target, (size_t)size);
}

static int directory_stat(void *context, struct arena *arena, const char *path, bool follow,
	struct source_entry *ret_entry, struct error *err)
{
	const char *full = path_join(arena, context, path);
	struct stat info;

	*ret_entry = (struct source_entry){ .name = path };
	if ((follow ? stat(full, &info) : lstat(full, &info)) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		return error_errno(err, ERROR_TEXT, "cannot look at '%s'", path);
	}
	ret_entry->kind = kind_of(info.st_mode);
	ret_entry->mode = (unsigned)(info.st_mode & 07777);
	ret_entry->size = info.st_size;
	ret_entry->mtime = info.st_mtim.tv_sec;
	if (ret_entry->kind == SOURCE_LINK)
		ret_entry->target = link_target(arena, full);
	return 0;
}

static int compare_entries(const void *one, const void *other)
{
	const struct source_entry *left = one, *right = other;

	return strcmp(left->name, right->name);
}

static int list_names(DIR *directory, struct arena *arena, struct source_entry **ret_entries,
	size_t *ret_count)
{
	struct source_entry *entries = NULL;
	size_t count = 0, capacity = 0;
	struct dirent *found;

	for (errno = 0; (found = readdir(directory)); errno = 0) {
		if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
			continue;
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 16;
			entries = arena_grow(arena, entries, count * sizeof(*entries),
				capacity * sizeof(*entries));
		}
		entries[count++].name = arena_string(arena, found->d_name);
	}
	*ret_entries = entries;
	*ret_count = count;
	return errno ? -1 : 0;
}

static int directory_list(void *context, struct arena *arena, const char *path,
	struct source_entry **ret_entries, size_t *ret_count, struct error *err)
{
	DIR *directory = opendir(path_join(arena, context, path));
	int result;

	if (!directory)
		return error_errno(err, ERROR_TEXT, "cannot list '%s'", path);
	result = list_names(directory, arena, ret_entries, ret_count);
	closedir(directory);
	if (result < 0)
		return error_errno(err, ERROR_TEXT, "cannot list '%s'", path);
	if (*ret_count > 0)
		qsort(*ret_entries, *ret_count, sizeof(**ret_entries), compare_entries);
	for (size_t i = 0; i < *ret_count; i++) {
		const char *name = (*ret_entries)[i].name;

		if (directory_stat(context, arena, path_join(arena, path, name), false,
				&(*ret_entries)[i], err) < 0)
			return -1;
		(*ret_entries)[i].name = name;
	}
	return 0;
}

struct source *source_directory(struct arena *arena, const char *root)
{
	static const struct source_calls calls = {
		.read = directory_read,
		.list = directory_list,
		.stat = directory_stat,
		.open = directory_open,
	};

	return source_new(arena, &calls, arena_string(arena, root ? root : ""));
}
