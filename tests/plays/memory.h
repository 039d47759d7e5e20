/* memory: a source of texts that is all in memory. */
#ifndef TESTS_PLAYS_MEMORY_H
#define TESTS_PLAYS_MEMORY_H

#include "source/source.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline int memory_read(void *context, struct arena *arena, const char *path, size_t most,
	char **ret_bytes, size_t *ret_size, struct error *err)
{
	(void)most;
	for (const char **file = context; file[0]; file += 2) {
		if (strcmp(file[0], path) == 0) {
			*ret_size = strlen(file[1]);
			*ret_bytes = arena_bytes(arena, file[1], *ret_size);
			return 0;
		}
	}
	return error_set(err, FILE_NOT_FOUND, "cannot read '%s'", path);
}

static inline bool memory_below(const char *path, const char *directory)
{
	size_t size = strlen(directory);

	if (strcmp(directory, ".") == 0)
		return true;
	return strncmp(path, directory, size) == 0 && path[size] == '/';
}

static inline int memory_stat(void *context, struct arena *arena, const char *path, bool follow,
	struct source_entry *ret_entry, struct error *err)
{
	(void)arena;
	(void)follow;
	(void)err;
	*ret_entry = (struct source_entry){ .name = path };
	for (const char **file = context; file[0]; file += 2) {
		if (strcmp(file[0], path) == 0)
			ret_entry->kind = SOURCE_FILE;
		else if (memory_below(file[0], path))
			ret_entry->kind = SOURCE_DIRECTORY;
	}
	return 0;
}

/* The names directly below, in the order of the files, which must be sorted. */
static inline int memory_list(void *context, struct arena *arena, const char *path,
	struct source_entry **ret_entries, size_t *ret_count, struct error *err)
{
	size_t skip = strcmp(path, ".") == 0 ? 0 : strlen(path) + 1;

	(void)err;
	*ret_entries = arena_array(arena, 100, sizeof(**ret_entries));
	*ret_count = 0;
	for (const char **file = context; file[0]; file += 2) {
		char *name;

		if (!memory_below(file[0], path))
			continue;
		name = arena_string(arena, file[0] + skip);
		name[strcspn(name, "/")] = '\0';
		if (*ret_count == 0 || strcmp((*ret_entries)[*ret_count - 1].name, name) != 0)
			(*ret_entries)[(*ret_count)++].name = name;
	}
	return 0;
}

static inline int memory_open(void *context, const char *path, int64_t *ret_size, struct error *err)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	for (const char **file = context; file[0]; file += 2) {
		if (strcmp(file[0], path) != 0)
			continue;
		*ret_size = (int64_t)strlen(file[1]);
		if (fd >= 0 && write(fd, file[1], strlen(file[1])) == (ssize_t)*ret_size
				&& lseek(fd, 0, SEEK_SET) == 0)
			return fd;
	}
	return error_set(err, FILE_NOT_FOUND, "cannot read '%s'", path);
}

/* files: path, text, path, text, …, NULL; borrowed. */
static inline struct source *memory_source(struct arena *arena, const char *const *files)
{
	static const struct source_calls calls = {
		.read = memory_read, .list = memory_list, .stat = memory_stat,
		.open = memory_open,
	};
	size_t count = 0;
	const char **context;

	while (files[count])
		count += 2;
	context = arena_array(arena, count + 1, sizeof(*context));
	memcpy(context, files, (count + 1) * sizeof(*context));
	return source_new(arena, &calls, context);
}

#endif
