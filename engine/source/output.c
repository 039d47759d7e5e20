/* output: files that a run leaves on the controller because its text asks for them. */
#include "source/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The path without its last name; "." and "/" have none. */
static void cut(const char *path, char above[PATH_SIZE])
{
	const char *slash = strrchr(path, '/');
	size_t size = !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);

	if (size == 0)
		snprintf(above, PATH_SIZE, ".");
	else
		snprintf(above, PATH_SIZE, "%.*s", (int)size, path);
}

/* Its directory, open with O_PATH; -1 in ret_fd: it isn't there, which happens only without make. */
static int open_directory(const struct reach *reach, const char *path, bool make, int *ret_fd,
	struct error *err)
{
	char above[PATH_SIZE];
	int fd, made;

	cut(path, above);
	if (reach_find(reach, above, true, ret_fd, err) < 0)
		return -1;
	if (*ret_fd >= 0 || strcmp(above, ".") == 0 || strcmp(above, "/") == 0)
		return 0;
	if (open_directory(reach, above, make, &fd, err) < 0)
		return -1;
	if (fd < 0)
		return 0;
	made = make ? mkdirat(fd, last_name(above), 0777) : 0;
	if (made < 0 && errno != EEXIST)
		error_errno(err, FILE_UNWRITABLE, "cannot make the directory '%s'", above);
	close(fd);
	if (made < 0 && errno != EEXIST)
		return -1;
	return make ? reach_find(reach, above, true, ret_fd, err) : 0;
}

static bool has_part(const char *path, const char *part)
{
	size_t length = strlen(part);

	for (; *path; path += strcspn(path, "/"), path += *path == '/') {
		if (strcspn(path, "/") == length && strncmp(path, part, length) == 0)
			return true;
	}
	return false;
}

static bool is_text(const struct source *source, const struct stat *info)
{
	size_t count;
	const struct source_file *files = source_files(source, &count);

	for (size_t i = 0; i < count; i++) {
		struct stat other;

		if (stat(files[i].path, &other) == 0 && other.st_dev == info->st_dev
				&& other.st_ino == info->st_ino)
			return true;
	}
	return false;
}

static int check_name(const char *path, struct error *err)
{
	const char *name = last_name(path);

	if (strlen(path) >= PATH_SIZE - 64 || path[0] == '~' || !*name || strcmp(name, ".") == 0
			|| has_part(path, "..")) {
		error_set(err, FILE_INVALID_NAME, "nothing can be written to '%s'", path);
		return error_remedy(err, "name a file, without '~' and '..'");
	}
	if (!has_part(path, ".git") && !has_part(path, ".beoplay"))
		return 0;
	return error_set(err, FILE_INVALID_NAME, "'%s' is not written: it is kept by %s", path,
		has_part(path, ".git") ? "git" : "beoplay");
}

int output_check(struct source *source, const char *path, struct error *err)
{
	const struct reach *reach = source_reach(source);
	struct stat info;
	int fd, result;

	if (check_name(path, err) < 0 || open_directory(reach, path, false, &fd, err) < 0)
		return -1;
	if (fd >= 0)
		close(fd);
	if (reach_find(reach, path, false, &fd, err) < 0)
		return -1;
	if (fd < 0)
		return 0;
	result = fstat(fd, &info);
	close(fd);
	if (result < 0)
		return error_errno(err, FILE_UNREADABLE, "cannot inspect '%s'", path);
	if (!S_ISREG(info.st_mode))
		return error_set(err, FILE_WRONG_TYPE, "'%s' is no file that could be written", path);
	if (is_text(source, &info))
		return error_set(err, FILE_INVALID_NAME, "'%s' is not written: it is a text of this run", path);
	return 0;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, bytes, size);

		if (done < 0 && errno != EINTR)
			return -1;
		bytes += done > 0 ? done : 0;
		size -= done > 0 ? (size_t)done : 0;
	}
	return 0;
}

int output_add(struct source *source, const char *path, bool private, bool fresh, const void *bytes, size_t size,
	struct error *err)
{
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (fresh ? O_TRUNC : 0);
	int directory, fd, result;

	if (output_check(source, path, err) < 0
			|| open_directory(source_reach(source), path, true, &directory, err) < 0)
		return -1;
	fd = openat(directory, last_name(path), flags, private ? 0600 : 0666);
	close(directory);
	result = fd < 0 ? -1 : write_all(fd, bytes, size);
	if (result < 0)
		error_errno(err, FILE_UNWRITABLE, "cannot write '%s'", path);
	if (fd >= 0)
		close(fd);
	return result;
}

/* Whether the file holds these bytes already. */
static bool holds(int directory, const char *name, const char *bytes, size_t size)
{
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat info;
	char piece[65536];
	size_t at = 0;
	ssize_t got = 0;

	if (fd < 0)
		return false;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (size_t)info.st_size == size) {
		while (at < size && (got = read(fd, piece, sizeof(piece))) > 0) {
			if ((size_t)got > size - at || memcmp(piece, bytes + at, (size_t)got) != 0)
				break;
			at += (size_t)got;
		}
	} else {
		at = size + 1;
	}
	close(fd);
	return at == size;
}

static int write_anew(int directory, const char *name, bool private, const void *bytes, size_t size)
{
	char fresh[PATH_SIZE];
	int fd, result, problem;

	snprintf(fresh, sizeof(fresh), ".%.200s.%d.new", name, (int)getpid());
	unlinkat(directory, fresh, 0);
	fd = openat(directory, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		private ? 0600 : 0666);
	if (fd < 0)
		return -1;
	result = write_all(fd, bytes, size);
	if (close(fd) < 0 || result < 0 || renameat(directory, fresh, directory, name) < 0) {
		problem = errno;
		unlinkat(directory, fresh, 0);
		errno = problem;
		return -1;
	}
	return 0;
}

int output_write(struct source *source, const char *path, bool private, const void *bytes, size_t size,
	bool *ret_changed, struct error *err)
{
	int directory, result = 0;

	if (output_check(source, path, err) < 0
			|| open_directory(source_reach(source), path, true, &directory, err) < 0)
		return -1;
	*ret_changed = !holds(directory, last_name(path), bytes, size);
	if (*ret_changed)
		result = write_anew(directory, last_name(path), private, bytes, size);
	if (result < 0)
		error_errno(err, FILE_UNWRITABLE, "cannot write '%s'", path);
	close(directory);
	return result;
}
