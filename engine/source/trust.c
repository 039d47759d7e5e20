/* trust: whether anybody but the user and root can change what a folder or a file holds. */
#include "source/trust.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LEVELS_MOST = 256 };

/* The group that Debian makes for each user: it has the user's name, and no other member. */
static bool is_own_group(gid_t gid)
{
	const struct passwd *user = getpwuid(geteuid());
	const struct group *group = user && user->pw_gid == gid ? getgrgid(gid) : NULL;

	if (!group || strcmp(group->gr_name, user->pw_name) != 0)
		return false;
	for (char **member = group->gr_mem; *member; member++) {
		if (strcmp(*member, user->pw_name) != 0)
			return false;
	}
	return true;
}

static bool others_write(const struct stat *info, bool sticky)
{
	if (sticky && S_ISDIR(info->st_mode) && (info->st_mode & S_ISVTX))
		return false;
	return (info->st_mode & S_IWOTH) || ((info->st_mode & S_IWGRP) && !is_own_group(info->st_gid));
}

int trust_check(const struct stat *info, const char *path, uid_t also, bool sticky,
	struct error *err)
{
	if (info->st_uid != geteuid() && info->st_uid != 0 && info->st_uid != also) {
		const struct passwd *owner = getpwuid(info->st_uid);

		if (owner)
			error_set(err, FILE_UNTRUSTED, "'%s' belongs to the user '%s'", path, owner->pw_name);
		else
			error_set(err, FILE_UNTRUSTED, "'%s' belongs to the user id %u", path,
				(unsigned)info->st_uid);
		return error_remedy(err, "run beoplay as its owner, or work in a directory of your own");
	}
	if (!others_write(info, sticky))
		return 0;
	error_set(err, FILE_UNTRUSTED, "other users can write to '%s'", path);
	return error_remedy(err, "chmod go-w '%s', or work in a directory of your own", path);
}

/* What a folder above is called, for messages. */
static const char *name_of(int fd, char *room, size_t size)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, room, size - 1);
	if (length < 0)
		return "a directory above";
	room[length] = '\0';
	return room;
}

int trust_way(int fd, const char *path, struct error *err)
{
	int at = fcntl(fd, F_DUPFD_CLOEXEC, 0), result = 0;
	struct stat info = {0}, below;
	char name[PATH_MAX];

	for (int level = 0; at >= 0 && result == 0 && level < LEVELS_MOST; level++) {
		int up = level ? openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC) : dup(at);

		close(at);
		at = up;
		below = info;
		if (at < 0 || fstat(at, &info) < 0)
			break;
		if (level && info.st_ino == below.st_ino && info.st_dev == below.st_dev) {
			close(at);
			return 0;
		}
		result = trust_check(&info, level ? name_of(at, name, sizeof(name)) : path, geteuid(),
			true, err);
	}
	if (at >= 0)
		close(at);
	return result < 0 ? -1 : error_errno(err, FILE_UNREADABLE, "cannot look above '%s'", path);
}
