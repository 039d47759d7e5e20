/* image: what is at a path, as one line of text, so that it can be compared and be so again:
 *     absent
 *     file MODE UID GID DIGEST     its content is kept as a body, by the one who needs it
 *     link UID GID TARGET
 *     other                        anything else, and what is too long: equal to nothing */
#ifndef AGENT_IMAGE_H
#define AGENT_IMAGE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/value.h"

#include <stdbool.h>

enum { IMAGE_SIZE_MOST = 16 << 20 };   /* bytes of a file */

/* Of this machine, now. */
const char *image_of(struct arena *arena, const char *path);
bool image_same(const char *one, const char *other);
/* Whether the content is the same, whatever owner and mode. */
bool image_same_content(const char *one, const char *other);
/* Of the file's content; false: it is no file. */
bool image_digest(const char *image, char ret_digest[DIGEST_HEX_SIZE]);
/* Parameters of the module file that make it so; NULL for other. */
struct value *image_params(struct arena *arena, const char *path, const char *image);

#endif
