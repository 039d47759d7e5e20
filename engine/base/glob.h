/* glob: whether a name matches a pattern with * and ?, in bounded time; fnmatch(3)
 * tries each star against each other. Bytes, not characters; the case counts. */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

enum {
	GLOB_SETS = 1,       /* [a-z], [!a-z], [[:digit:]], and \ in front of what is meant as it is */
	GLOB_PATHS = 2,      /* neither * nor ? nor a set matches / */
	GLOB_PERIOD = 4,     /* a . at the beginning is matched by a . alone */
};

/* size: of the pattern. */
bool glob_match(const char *pattern, size_t size, const char *text, unsigned flags);

#endif
