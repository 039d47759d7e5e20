/* walk: reaching a file's directory without being led astray.
 *
 * As root, a symbolic link on the way is followed only where nobody but root could have put it:
 * link and directory belong to root, and the directory is writable by nobody else. As an ordinary
 * user links are followed as usual: they lead nowhere that the user couldn't go. */
#ifndef AGENT_WALK_H
#define AGENT_WALK_H

#include "base/error.h"

#include <stddef.h>

enum { WALK_NAME_SIZE = 256, WALK_TEMPORARY_SIZE = 40 };

/* The directory that holds path, open with O_PATH, and the last component of path ("." for "/").
 * 0, 1 if a directory on the way isn't there (ret_directory is -1), -1. The caller closes it. */
int walk_to(const char *path, int *ret_directory, char ret_name[WALK_NAME_SIZE], struct error *err);

/* What a file is called beside its place until it is whole. Always the same for the same name: what
 * a writer that was killed has left is replaced by the next one. */
void walk_temporary(const char *name, char ret_temporary[WALK_TEMPORARY_SIZE]);

#endif
