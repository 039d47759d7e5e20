/* known_digests: digests of large files that were read before, so that what is unchanged isn't read again.
 *
 * A file is unchanged where device, inode, size, mtime and ctime are what they were. Nobody but root can set
 * a ctime, but two changes within one tick of the clock have the same: so what was changed less than two
 * seconds before it was read isn't remembered. Small files are read as fast as they are looked up.
 *
 * In the file: a line of magic, then one a file, "DEVICE INODE SIZE MTIME CTIME DIGEST", times in nanoseconds
 * since the epoch. One that another user could have written isn't believed. */
#ifndef BASE_KNOWN_DIGESTS_H
#define BASE_KNOWN_DIGESTS_H

#include "base/arena.h"
#include "base/digest.h"

#include <stddef.h>

enum { KNOWN_DIGESTS_LEAST = 64 << 10 };   /* bytes of a file that is remembered */

struct known_digests;

/* What is kept at path; nothing if there is no such file, or it can't be used. */
struct known_digests *known_digests_open(struct arena *arena, const char *path);
/* The digest of an open file, which is at its beginning; known NULL: nothing is remembered. 0, or -1 and
 * errno. */
int known_digest(struct known_digests *known, int fd, char ret_hex[DIGEST_HEX_SIZE]);
/* Writes down what is new, if anything is; that it can't be written is no matter. */
void known_digests_save(struct known_digests *known);

#endif
