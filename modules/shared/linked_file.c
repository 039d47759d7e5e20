/* linked_file: what a path leads to in the end. */
#include "modules/shared/linked_file.h"

#include <string.h>

enum { LINKS_MOST = 8 };

int linked_file_stat(struct host *host, const char *path, const char **ret_real, struct file_info *ret_info,
	struct error *err)
{
	if (host_real(host, path, ret_real, err) < 0 || host_stat(host, *ret_real, ret_info, err) < 0)
		return -1;
	for (unsigned links = 0; ret_info->kind == FILE_LINK && links < LINKS_MOST; links++) {
		const char *slash = strrchr(*ret_real, '/');
		const char *next = ret_info->target[0] == '/' ? ret_info->target : arena_printf(host_arena(host),
			"%.*s/%s", (int)(slash - *ret_real), *ret_real, ret_info->target);

		if (host_real(host, next, ret_real, err) < 0 || host_stat(host, *ret_real, ret_info, err) < 0)
			return -1;
	}
	return 0;
}
