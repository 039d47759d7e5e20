/* walk: reaching a file's directory without being led astray. */
#include "agent/walk.h"

#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LINKS_MOST = 40, WAY_SIZE = 2 * PATH_MAX };

struct walker {
	const char *path;      /* for messages */
	int directory;         /* where we are */
	char way[WAY_SIZE];    /* what is still to go */
	unsigned links;
};

static int open_root(void)
{
	return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The usual case, in one system call: no link on the way. */
static int open_without_links(const char *directory)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, AT_FDCWD, directory, &how, sizeof(how));
}

/* Whether nobody but root could have put this link into the directory we are in. */
static int link_trusted(const struct walker *walker, const struct stat *info)
{
	struct stat above;

	if (geteuid() != 0)
		return 1;
	if (fstat(walker->directory, &above) < 0)
		return 0;
	return info->st_uid == 0 && above.st_uid == 0 && (above.st_mode & 022) == 0;
}

/* Puts what the link says in front of what is still to go. */
static int follow_link(struct walker *walker, int link, const char *name, struct error *err)
{
	char target[PATH_MAX];
	char way[WAY_SIZE];
	ssize_t size = readlinkat(link, "", target, sizeof(target) - 1);
	int length;

	if (size < 0)
		return error_errno(err, HOST_FILE_UNREADABLE, "cannot read the link '%s' in '%s'", name,
			walker->path);
	target[size] = '\0';
	length = snprintf(way, sizeof(way), "%s/%s", target, walker->way);
	if (length < 0 || (size_t)length >= sizeof(way) || ++walker->links > LINKS_MOST)
		return error_set(err, HOST_LINK_NOT_FOLLOWED, "'%s' leads through too many symbolic links",
			walker->path);
	memcpy(walker->way, way, (size_t)length + 1);
	if (target[0] == '/') {
		close(walker->directory);
		walker->directory = open_root();
	}
	return 0;
}

/* Cuts the next component off the way; 0: none is left. */
static int next_name(struct walker *walker, char ret_name[WALK_NAME_SIZE], struct error *err)
{
	const char *start = walker->way + strspn(walker->way, "/");
	size_t size = strcspn(start, "/");

	if (size == 0)
		return 0;
	if (size >= WALK_NAME_SIZE)
		return error_set(err, HOST_FILE_WRONG_TYPE, "a name in '%s' is too long", walker->path);
	memcpy(ret_name, start, size);
	ret_name[size] = '\0';
	memmove(walker->way, start + size, strlen(start + size) + 1);
	return 1;
}

/* One component further: 0, 1 if it isn't there, -1. */
static int step_into(struct walker *walker, const char *name, struct error *err)
{
	struct stat info;
	int result = 0;
	int next = openat(walker->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (next < 0 && errno == ENOENT)
		return 1;
	if (next < 0)
		return error_errno(err, HOST_FILE_UNREADABLE, "cannot reach '%s'", walker->path);
	if (fstat(next, &info) < 0) {
		result = error_errno(err, HOST_FILE_UNREADABLE, "cannot reach '%s'", walker->path);
	} else if (S_ISDIR(info.st_mode)) {
		close(walker->directory);
		walker->directory = next;
		return 0;
	} else if (!S_ISLNK(info.st_mode)) {
		result = 1;
	} else if (!link_trusted(walker, &info)) {
		error_set(err, HOST_LINK_NOT_FOLLOWED, "'%s' leads through the symbolic link '%s', which "
			"an ordinary user could have put there", walker->path, name);
		result = error_remedy(err, "work there as the user whom the directory belongs to "
			"(become_user), or name the real path");
	} else {
		result = follow_link(walker, next, name, err);
	}
	close(next);
	return result;
}

static int walk_by_steps(const char *path, const char *directory, int *ret_directory,
	struct error *err)
{
	struct walker walker = { .path = path, .directory = open_root() };
	char name[WALK_NAME_SIZE];
	int result;

	snprintf(walker.way, sizeof(walker.way), "%s", directory);
	while ((result = next_name(&walker, name, err)) > 0) {
		result = step_into(&walker, name, err);
		if (result != 0)
			break;
	}
	if (result != 0) {
		close(walker.directory);
		return result;
	}
	*ret_directory = walker.directory;
	return 0;
}

/* Splits path into the directory's part and the last name. */
static int split(const char *path, char directory[PATH_MAX], char ret_name[WALK_NAME_SIZE],
	struct error *err)
{
	size_t size = strlen(path);
	size_t start;

	while (size > 1 && path[size - 1] == '/')
		size--;
	for (start = size; start > 0 && path[start - 1] != '/'; )
		start--;
	if (path[0] != '/' || start >= PATH_MAX || size - start >= WALK_NAME_SIZE)
		return error_set(err, HOST_FILE_WRONG_TYPE, "'%.200s' is not a usable path", path);
	memcpy(directory, path, start);
	directory[start] = '\0';
	memcpy(ret_name, path + start, size - start);
	ret_name[size - start] = '\0';
	if (size == start)
		memcpy(ret_name, ".", 2);
	if (strcmp(ret_name, "..") == 0)
		return error_set(err, HOST_FILE_WRONG_TYPE, "'%.200s' ends with '..'", path);
	return 0;
}

int walk_to(const char *path, int *ret_directory, char ret_name[WALK_NAME_SIZE], struct error *err)
{
	char directory[PATH_MAX];

	*ret_directory = -1;
	if (split(path, directory, ret_name, err) < 0)
		return -1;
	*ret_directory = geteuid() == 0 ? open_without_links(directory) :
		open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_directory >= 0)
		return 0;
	if (errno == ENOENT || errno == ENOTDIR)
		return 1;
	if (errno != ELOOP && errno != ENOSYS && errno != EINVAL && errno != EPERM)
		return error_errno(err, HOST_FILE_UNREADABLE, "cannot reach '%s'", path);
	return walk_by_steps(path, directory, ret_directory, err);
}

void walk_temporary(const char *name, char ret_temporary[WALK_TEMPORARY_SIZE])
{
	char hex[DIGEST_HEX_SIZE];

	digest_bytes(name, strlen(name), hex);
	snprintf(ret_temporary, WALK_TEMPORARY_SIZE, ".beoplay-%.24s", hex);
}
