/* trust: whether anybody but the user and root can change what a folder or a file holds. */
#ifndef TEXT_TRUST_H
#define TEXT_TRUST_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The folder or file that fd is open on, called path in messages: it belongs to the user, to root
 * or to also (the user's own id, if nobody else is meant), and nobody else may write to it; the
 * group that has only the user as its member isn't somebody else. sticky: a folder where others may
 * only add names (as /tmp) is good enough. 0, or -1 with err (kind TEXT). */
int trust_check(const struct stat *info, const char *path, uid_t also, bool sticky,
	struct error *err);

/* The folder that fd is open on, and all above it up to /: nobody else can put another in its
 * place. */
int trust_way(int fd, const char *path, struct error *err);

#endif
