/* whole: files that are read, and bytes that are written, whole or not at all. */
#ifndef BASE_WHOLE_H
#define BASE_WHOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* Opens a regular file for reading; anything else is EINVAL, as a pipe or a device could be waited at for ever.
 * NULL: errno says why. */
FILE *whole_open(const char *path);
bool whole_is_file(const char *path);

/* Writes all of them, however often it is interrupted. 0, or -1 and errno. */
int whole_put(int fd, const void *bytes, size_t size);

/* A file that is written beside, synced and then given its name: in the place of what is there, or,
 * unless over, only if nothing is. 0, or -1 and errno, and nothing is left beside. */
int whole_replace(const char *path, const void *bytes, size_t size, mode_t mode, bool over);

#endif
