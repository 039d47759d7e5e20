/* files_later: written files get their names together, behind one sync of the disk for all of them.
 *
 * A name never leads to a file that isn't on the disk as a whole: what has come there by a power cut is the
 * old file or the new one. */
#include "agent/machine.h"
#include "agent/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LATER_MOST = 400 };   /* descriptors, of which a process has 1024 */

struct later_file {
	int directory;
	char temporary[WALK_TEMPORARY_SIZE];
	char name[WALK_NAME_SIZE];
	char *path;
};

struct later {
	struct later_file files[LATER_MOST];
	size_t count;
};

static int settle_failed(const char *path, struct error *err)
{
	int number = errno;

	error_errno(err, HOST_FILE_UNWRITABLE, "cannot write '%s'", path);
	return number == ENOSPC || number == EDQUOT ? error_remedy(err, "make room on that file system; the "
		"file is as it was before") : -1;
}

/* All that is written in the file system of a directory, which is open with O_PATH. */
static int sync_system(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;

	if (fd < 0)
		return -1;
	result = syncfs(fd);
	close(fd);
	return result;
}

/* Of each file system in which one of them is, once. */
static int sync_all(const struct later *later, struct error *err)
{
	dev_t last = 0;

	for (size_t i = 0; i < later->count; i++) {
		const struct later_file *file = &later->files[i];
		struct stat info;

		if (fstat(file->directory, &info) < 0)
			return settle_failed(file->path, err);
		if (i > 0 && info.st_dev == last)
			continue;
		if (sync_system(file->directory) < 0)
			return settle_failed(file->path, err);
		last = info.st_dev;
	}
	return 0;
}

static void forget(struct later_file *file)
{
	close(file->directory);
	free(file->path);
}

/* Those that don't get their name are gone. */
static int name_all(struct later *later, struct error *err)
{
	int result = sync_all(later, err);

	for (size_t i = 0; i < later->count; i++) {
		struct later_file *file = &later->files[i];

		if (result == 0 && renameat(file->directory, file->temporary, file->directory, file->name) < 0)
			result = settle_failed(file->path, err);
		if (result < 0)
			unlinkat(file->directory, file->temporary, 0);
	}
	return result;
}

int later_settle(void *context, struct error *err)
{
	struct machine *machine = context;
	struct later *later = machine->later;
	struct error ignored = {0};
	int result;

	fetched_drop(machine);
	if (!later)
		return 0;
	result = name_all(later, err);
	/* That they have these names is on the disk before anybody is told. */
	if (result == 0)
		result = sync_all(later, err);
	else
		sync_all(later, &ignored);
	for (size_t i = 0; i < later->count; i++)
		forget(&later->files[i]);
	free(later);
	machine->later = NULL;
	return result;
}

/* For the next ones; their names needn't be on the disk yet. */
static int make_room(struct later *later, struct error *err)
{
	int result = name_all(later, err);

	for (size_t i = 0; i < later->count; i++)
		forget(&later->files[i]);
	later->count = 0;
	return result;
}

int later_add(struct machine *machine, const char *path, int directory, const char *temporary,
	const char *name, struct error *err)
{
	struct later *later = machine->later;
	struct later_file *file;
	int copy;

	if (later && later->count == LATER_MOST && make_room(later, err) < 0)
		return -1;
	copy = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return settle_failed(path, err);
	if (!later)
		later = machine->later = calloc(1, sizeof(*later));
	if (!later)
		abort();
	file = &later->files[later->count++];
	file->directory = copy;
	file->path = strdup(path);
	snprintf(file->temporary, sizeof(file->temporary), "%s", temporary);
	snprintf(file->name, sizeof(file->name), "%s", name);
	if (!file->path)
		abort();
	return 0;
}
