/* output: files that a run leaves on the controller because its text asks for them.
 *
 * They lie where texts may be read (reach.h), are regular files, and no text of the run, nothing of git and
 * nothing of beoplay's own. Directories on the way are made. Relative paths start at the source's root. The
 * source is the working tree. Functions give 0, or -1 with err set. */
#ifndef SOURCE_OUTPUT_H
#define SOURCE_OUTPUT_H

#include "source/source.h"

/* Whether a file may be written there; nothing is made. */
int output_check(struct source *source, const char *path, struct error *err);
/* Adds bytes at its end; fresh: what was in it goes first. A new file is for its user alone if it is private. */
int output_add(struct source *source, const char *path, bool private, bool fresh, const void *bytes, size_t size,
	struct error *err);
/* Makes it hold just these bytes, all at once; a file that does stays as it is. */
int output_write(struct source *source, const char *path, bool private, const void *bytes, size_t size,
	bool *ret_changed, struct error *err);

#endif
