/* reach: which files of this machine a text may lead to, and how they are opened.
 *
 * The user names paths on the command line: these are opened wherever links lead. All else is named
 * by texts, and must lie beneath a directory that is allowed, however links and ".." lead there.
 * What is opened is a regular file or a directory, and nothing that could block. reach may be NULL:
 * a source that isn't the working tree. All texts are copied. */
#ifndef TEXT_REACH_H
#define TEXT_REACH_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

struct reach;

/* root: what relative paths start from; "": the current directory. Nothing is allowed yet. */
struct reach *reach_new(struct arena *arena, const char *root);

/* Just this path, as the command line has it. */
void reach_name(struct reach *reach, const char *path);
/* A directory with all that is beneath it, or only a part of it ("group_vars"). */
void reach_allow(struct reach *reach, const char *directory, const char *part);
/* A part of a directory that is not read if it is there: why, and the remedy. */
void reach_bar(struct reach *reach, const char *directory, const char *part,
	const struct error *why);
/* Everything: --allow-outside. */
void reach_allow_all(struct reach *reach);

/* ret_fd is open with O_PATH, or -1: nothing is there. follow: a link at the end is followed. 0, or
 * -1 with err (TEXT): it lies outside, or can't be reached. */
int reach_find(const struct reach *reach, const char *path, bool follow, int *ret_fd,
	struct error *err);
/* The content of a regular file that reach_find gave; fd is closed. -1 and errno. */
int reach_open(int fd, int flags);

#endif
