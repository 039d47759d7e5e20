/* files_change: small changes to files: mode, owner, time, directories, links, names. */
#include "agent/machine.h"
#include "agent/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A path's directory and name, where the directory must be there. The caller closes it. */
static int find(const char *path, char name[WALK_NAME_SIZE], struct error *err)
{
	int directory;
	int result = walk_to(path, &directory, name, err);

	if (result > 0) {
		error_set(err, HOST_NO_DIRECTORY, "the directory of '%s' does not exist", path);
		error_remedy(err, "make it first, with a task of file: state=directory");
		return -1;
	}
	return result < 0 ? -1 : directory;
}

/* Makes what happened to the names in a directory last. */
static void sync_directory(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static void refused(const char *what, const char *path, struct error *err)
{
	int number = errno;

	if (err && err->kind != ERROR_NONE)
		return;
	error_errno(err, HOST_FILE_UNWRITABLE, "cannot %s '%s'", what, path);
	files_denied(number, "the user", err);
}

/* Ends a change: result < 0 with errno becomes an error. */
static int finish(int directory, int result, const char *what, const char *path, struct error *err)
{
	if (result < 0)
		refused(what, path, err);
	else
		sync_directory(directory);
	close(directory);
	return result < 0 ? -1 : 0;
}

int files_set_mode(void *machine, const char *path, unsigned mode, struct error *err)
{
	char name[WALK_NAME_SIZE];
	char handle[64];
	struct stat info;
	int directory = find(path, name, err);
	int fd;
	int result = -1;

	(void)machine;
	if (directory < 0)
		return -1;
	fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &info) == 0 && S_ISLNK(info.st_mode)) {
		error_set(err, HOST_FILE_WRONG_TYPE, "'%s' is a symbolic link, which has no mode", path);
	} else if (fd >= 0) {
		snprintf(handle, sizeof(handle), "/proc/self/fd/%d", fd);
		result = chmod(handle, (mode_t)mode & 07777);
	}
	if (result < 0)
		refused("change the mode of", path, err);
	if (fd >= 0)
		close(fd);
	close(directory);
	return result;
}

int files_set_owner(void *machine, const char *path, int64_t uid, int64_t gid, struct error *err)
{
	char name[WALK_NAME_SIZE];
	int directory = find(path, name, err);
	int result;

	(void)machine;
	if (directory < 0)
		return -1;
	result = fchownat(directory, name, (uid_t)uid, (gid_t)gid, AT_SYMLINK_NOFOLLOW);
	return finish(directory, result, "change the owner of", path, err);
}

int files_set_mtime(void *machine, const char *path, int64_t nanoseconds, struct error *err)
{
	char name[WALK_NAME_SIZE];
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };
	int directory = find(path, name, err);
	int result;

	(void)machine;
	if (directory < 0)
		return -1;
	times[1].tv_sec = nanoseconds / 1000000000;
	times[1].tv_nsec = (long)(nanoseconds % 1000000000);
	result = utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW);
	return finish(directory, result, "change the time of", path, err);
}

int files_make_directory(void *machine, const char *path, unsigned mode, struct error *err)
{
	char name[WALK_NAME_SIZE];
	int directory = find(path, name, err);
	struct stat made;
	int fd = -1;
	int result;

	(void)machine;
	if (directory < 0)
		return -1;
	result = mkdirat(directory, name, 0700);
	if (result == 0) {
		fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		result = fd < 0 ? -1 : fstat(fd, &made);
		/* As with mkdir(2), it is of the group of a directory that says so, and says so itself. */
		if (result == 0)
			result = fchmod(fd, ((mode_t)mode & 07777) | (made.st_mode & S_ISGID));
	}
	result = finish(directory, result, "make the directory", path, err);
	if (fd >= 0)
		close(fd);
	return result;
}

/* A new link beside, then renamed over what is there. */
static int replace_by_link(int directory, const char *name, const char *target)
{
	char temporary[WALK_TEMPORARY_SIZE];
	int number;

	walk_temporary(name, temporary);
	unlinkat(directory, temporary, 0);
	if (symlinkat(target, directory, temporary) < 0)
		return -1;
	if (renameat(directory, temporary, directory, name) == 0)
		return 0;
	number = errno;
	unlinkat(directory, temporary, 0);
	errno = number;
	return -1;
}

int files_make_link(void *machine, const char *path, const char *target, struct error *err)
{
	char name[WALK_NAME_SIZE];
	int directory = find(path, name, err);

	(void)machine;
	if (directory < 0)
		return -1;
	return finish(directory, replace_by_link(directory, name, target), "make the link", path, err);
}

int files_remove(void *machine, const char *path, struct error *err)
{
	char name[WALK_NAME_SIZE];
	int directory;
	int result = walk_to(path, &directory, name, err);

	(void)machine;
	if (result != 0)
		return result < 0 ? -1 : 0;
	result = unlinkat(directory, name, 0);
	if (result < 0 && (errno == EISDIR || errno == EPERM))
		result = unlinkat(directory, name, AT_REMOVEDIR);
	if (result < 0 && errno == ENOENT)
		result = 0;
	return finish(directory, result, "remove", path, err);
}

int files_rename(void *machine, const char *from, const char *to, struct error *err)
{
	char from_name[WALK_NAME_SIZE];
	char to_name[WALK_NAME_SIZE];
	int from_directory = find(from, from_name, err);
	int to_directory;
	int result;

	(void)machine;
	if (from_directory < 0)
		return -1;
	to_directory = find(to, to_name, err);
	if (to_directory < 0) {
		close(from_directory);
		return -1;
	}
	result = renameat(from_directory, from_name, to_directory, to_name);
	result = finish(to_directory, result, "rename", from, err);
	if (result == 0)
		sync_directory(from_directory);
	close(from_directory);
	return result;
}
