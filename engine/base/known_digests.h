/* known_digests: digests of files that were read before, so that what is unchanged isn't read again.
 *
 * A file is unchanged where device, inode, size, mtime and ctime are what they were. Nobody but root can set
 * a ctime, but two changes within one tick of the clock have the same: so what was changed less than two
 * seconds before it was read isn't remembered.
 *
 * In the file: a line of magic, then records of this machine's own integers (struct known_file, and the
 * digest as it is), sorted by device and inode. One that another user could have written isn't believed, one
 * of another form is as none. It is read when it is first asked. */
#ifndef BASE_KNOWN_DIGESTS_H
#define BASE_KNOWN_DIGESTS_H

#include "base/arena.h"
#include "base/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* What tells whether a file is the one that was read. An inode of 0: it can't be told. */
struct known_file {
	uint64_t device, inode;
	int64_t size;              /* bytes */
	int64_t mtime, ctime;      /* nanoseconds since the epoch */
};

enum {
	KNOWN_DIGESTS_LARGE = 64 << 10,   /* bytes of a file that is worth a write of its own */
	KNOWN_DIGESTS_WORTH = 256,        /* new small ones that together are */
};

struct known_digests;

/* What is kept at path; nothing if there is no such file, or it can't be used. */
struct known_digests *known_digests_open(struct arena *arena, const char *path);
struct known_file known_file(const struct stat *info);
/* Without opening the file: whether it is known as it is now. known NULL: it isn't. */
bool known_digest_find(struct known_digests *known, const struct known_file *file,
	char ret_hex[DIGEST_HEX_SIZE]);
/* The digest of an open file, which is at its beginning; known NULL: nothing is remembered. 0, or -1 and
 * errno. */
int known_digest(struct known_digests *known, int fd, char ret_hex[DIGEST_HEX_SIZE]);
/* Writes down what is new, if that is worth it; that it can't be written is no matter. */
void known_digests_save(struct known_digests *known);

#endif
