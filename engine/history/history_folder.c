/* history_folder: .beoplay beside the playbook, which nobody else can have prepared. */
#include "history/state.h"

#include "source/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MOST = 8, FILE_MOST = 64 << 20 };

static int not_used(const char *path, const char *what, struct error *err)
{
	error_set(err, HISTORY_UNTRUSTED, "the history in '%s' is not used: %s", path, what);
	return error_remedy(err, "if you trust what is in it, put it right; else move '%s' away", path);
}

/* An error of trust.c as one about the history. */
static int not_trusted(const char *path, struct error *why, struct error *err)
{
	error_set(err, HISTORY_UNTRUSTED, "the history in '%s' is not used: %s", path, why->message);
	return error_remedy(err, "%s", why->remedy);
}

/* The directory that holds folder, or one above it. */
static int check_way(int top, const char *folder, struct error *err)
{
	char room[PATH_MAX];

	snprintf(room, sizeof(room), "%.*s", (int)(strrchr(folder, '/') - folder), folder);
	return trust_way(top, room, err);
}

static int look_at(int at, const char *folder, const char *name, unsigned depth,
	struct error *err);

static int look_inside(int fd, const char *folder, unsigned depth, struct error *err)
{
	DIR *directory = fdopendir(fd);
	struct dirent *entry;
	int result = directory ? 0 : -1;

	while (result == 0 && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = look_at(dirfd(directory), folder, entry->d_name, depth, err);
	}
	if (directory)
		closedir(directory);
	else
		close(fd);
	return result;
}

/* Git would follow a link, wait at a FIFO, and believe what another user wrote. What objects are
 * called says what is in them, so these aren't looked at one by one. */
static int look_at(int at, const char *folder, const char *name, unsigned depth,
	struct error *err)
{
	char room[PATH_MAX];
	struct error why = {0};
	struct stat info;
	int fd;

	snprintf(room, sizeof(room), "%.3800s/…/%.255s", folder, name);
	if (fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : not_used(folder, strerror(errno), err);
	if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)) {
		snprintf(room, sizeof(room), "'%.255s' in it is neither a file nor a directory", name);
		return not_used(folder, room, err);
	}
	if (trust_check(&info, room, geteuid(), false, &why) < 0)
		return not_trusted(folder, &why, err);
	if (S_ISREG(info.st_mode) && depth == 1 && info.st_size > FILE_MOST) {
		snprintf(room, sizeof(room), "'%.255s' in it is larger than 64 MiB", name);
		return not_used(folder, room, err);
	}
	if (!S_ISDIR(info.st_mode) || depth > DEPTH_MOST || strlen(name) == 2)
		return 0;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return not_used(folder, strerror(errno), err);
	return look_inside(fd, folder, depth + 1, err);
}

static int check(int top, int fd, const char *folder, bool create, struct error *err)
{
	struct error why = {0};
	struct stat info;

	if (fstat(fd, &info) < 0)
		return not_used(folder, strerror(errno), err);
	if (trust_check(&info, folder, geteuid(), false, &why) < 0
			|| check_way(top, folder, &why) < 0)
		return not_trusted(folder, &why, err);
	/* What is inside can be read by everybody. */
	if (create && info.st_uid == geteuid() && (info.st_mode & 077) && fchmod(fd, 0700) < 0)
		return not_used(folder, strerror(errno), err);
	if (fstatat(fd, "history.git/objects/info/alternates", &info, AT_SYMLINK_NOFOLLOW) == 0)
		return not_used(folder, "it borrows objects from elsewhere (objects/info/alternates)",
			err);
	return look_at(fd, folder, "history.git", 0, err);
}

static int make(int top, const char *folder, struct error *err)
{
	struct error why = {0};

	if (check_way(top, folder, &why) < 0) {
		error_set(err, HISTORY_NOT_WRITTEN, "no history is kept in '%s': %s", folder, why.message);
		return error_remedy(err, "%s", why.remedy);
	}
	if (mkdirat(top, ".beoplay", 0700) < 0 && errno != EEXIST)
		return error_errno(err, HISTORY_NOT_WRITTEN, "cannot make '%s'", folder);
	return 0;
}

/* The directory's name without links, so that it is the same one later. */
static int real_name(int fd, char *room, size_t size, struct error *err)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, room, size - 1);
	if (length < 0)
		return error_errno(err, HISTORY_NOT_WRITTEN, "cannot find the history's directory");
	room[length] = '\0';
	return 0;
}

/* Why it can't be opened, in the words that help most. */
static int cannot_open(int top, const char *folder, struct error *err)
{
	int problem = errno;
	struct error why = {0};
	struct stat info;

	if (problem == ELOOP || problem == ENOTDIR)
		return not_used(folder, "it is a link, or not a directory", err);
	if (fstatat(top, ".beoplay", &info, AT_SYMLINK_NOFOLLOW) == 0
			&& trust_check(&info, folder, geteuid(), false, &why) < 0)
		return not_trusted(folder, &why, err);
	return not_used(folder, strerror(problem), err);
}

static int open_folder(int top, const char *folder, bool create, int *ret_fd, struct error *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

	*ret_fd = openat(top, ".beoplay", flags);
	if (*ret_fd < 0 && errno == ENOENT) {
		if (!create)
			return 0;
		if (make(top, folder, err) < 0)
			return -1;
		*ret_fd = openat(top, ".beoplay", flags);
	}
	if (*ret_fd < 0)
		return cannot_open(top, folder, err);
	if (check(top, *ret_fd, folder, create, err) == 0)
		return 0;
	close(*ret_fd);
	*ret_fd = -1;
	return -1;
}

int history_folder(const char *project, bool create, char *room, size_t size, int *ret_fd,
	struct error *err)
{
	const char *directory = *project ? project : ".";
	int top = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC), result;
	char folder[PATH_MAX];

	*ret_fd = -1;
	if (top < 0)
		return errno == ENOENT && !create ? 0
			: error_errno(err, HISTORY_NOT_WRITTEN, "cannot open '%s'", directory);
	snprintf(folder, sizeof(folder), "%.4000s/.beoplay", directory);
	result = open_folder(top, folder, create, ret_fd, err);
	close(top);
	if (result == 0 && *ret_fd >= 0 && real_name(*ret_fd, room, size, err) < 0) {
		close(*ret_fd);
		*ret_fd = -1;
		return -1;
	}
	return result;
}

int history_lock_file(int folder, struct error *err)
{
	struct stat info;
	int fd = openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_errno(err, HISTORY_NOT_WRITTEN, "cannot open the history's lock, "
			".beoplay/lock");
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid())
		return fd;
	close(fd);
	error_set(err, HISTORY_UNTRUSTED, "the history's lock, .beoplay/lock, is not a file of yours");
	return error_remedy(err, "remove it");
}
