/* linked_file: what a path leads to in the end. */
#include "modules/shared/linked_file.h"

#include <string.h>

enum { LINKS_MOST = 8 };

/* Whoever made the link decides what root reads: a file of their own, at most. */
static int check_link(const char *path, uid_t maker, const struct file_info *info, struct error *err)
{
	if (info->kind == FILE_NONE || maker == 0 || info->uid == maker)
		return 0;
	error_set(err, HOST_LINK_NOT_FOLLOWED, "'%s' is a symbolic link of an ordinary user to a file of somebody else", path);
	return error_remedy(err, "work there as that user (become_user), or name the file itself");
}

int linked_file_stat(struct host *host, const char *path, const char **ret_real, struct file_info *ret_info,
	struct error *err)
{
	uid_t maker = 0;

	if (host_real(host, path, ret_real, err) < 0 || host_stat(host, *ret_real, ret_info, err) < 0)
		return -1;
	for (unsigned links = 0; ret_info->kind == FILE_LINK && links < LINKS_MOST; links++) {
		const char *slash = strrchr(*ret_real, '/');
		const char *next = ret_info->target[0] == '/' ? ret_info->target : arena_printf(host_arena(host),
			"%.*s/%s", (int)(slash - *ret_real), *ret_real, ret_info->target);

		maker = maker == 0 ? ret_info->uid : maker;
		if (host_real(host, next, ret_real, err) < 0 || host_stat(host, *ret_real, ret_info, err) < 0)
			return -1;
	}
	return host_uid(host) == 0 ? check_link(path, maker, ret_info, err) : 0;
}
