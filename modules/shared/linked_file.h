/* linked_file: what a path leads to in the end. */
#ifndef MODULES_LINKED_FILE_H
#define MODULES_LINKED_FILE_H

#include "module/host.h"

/* Follows links, as cat does, but as root none of an ordinary user to a file that isn't theirs: ret_real is where the file really is (in the host's arena), and ret_info what is
 * there; its kind is FILE_NONE where nothing is, FILE_LINK behind too many links. -1 with err. */
int linked_file_stat(struct host *host, const char *path, const char **ret_real, struct file_info *ret_info,
	struct error *err);

#endif
