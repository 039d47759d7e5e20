/* whole: files that are read, and bytes that are written, whole or not at all. */
#include "base/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

FILE *whole_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat info;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
		return fdopen(fd, "r");
	close(fd);
	errno = EINVAL;
	return NULL;
}

bool whole_is_file(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

int whole_put(int fd, const void *bytes, size_t size)
{
	const char *rest = bytes;

	while (size > 0) {
		ssize_t done = write(fd, rest, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		rest += done;
		size -= (size_t)done;
	}
	return 0;
}

/* So that the new name is still there after the power was cut. */
static void sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

int whole_replace(const char *path, const void *bytes, size_t size, mode_t mode, bool over)
{
	char beside[PATH_MAX];
	int fd, result, problem;

	if ((size_t)snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= sizeof(beside))
		return errno = ENAMETOOLONG, -1;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = fchmod(fd, mode) < 0 || whole_put(fd, bytes, size) < 0 || fsync(fd) < 0 ? -1 : 0;
	if (close(fd) < 0)
		result = -1;
	if (result == 0)
		result = over ? rename(beside, path) : link(beside, path);
	problem = errno;
	if (result < 0 || !over)
		unlink(beside);
	sync_directory(path);
	errno = problem;
	return result;
}
