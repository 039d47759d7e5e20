/* regex: regular expressions as Python's re has them, by PCRE2, in bounded time and memory.
 *
 * What Python writes otherwise than Perl is rewritten: \Z, \v, \uXXXX, {,n}. What only Perl has is
 * understood, too. A text that isn't valid UTF-8 is matched byte by byte. */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	REGEX_IGNORE_CASE = 1,
	REGEX_MULTILINE = 2,       /* ^ and $ at each line, too */
	REGEX_BYTES = 4,           /* \w and the like are ASCII's, . is one byte */
};

enum { REGEX_PATTERN_MOST = 64 << 10, REGEX_STEPS_MOST = 50000000 };

enum regex_where {
	REGEX_ANYWHERE,            /* at or behind from */
	REGEX_HERE,                /* at from alone */
	REGEX_ADVANCE,             /* at or behind from, but not empty there: the match before was */
};

struct regex;

struct regex_problem {
	size_t offset;             /* in the pattern, in bytes */
	char message[200];
};

/* Give it back with regex_free. NULL with ret_problem. */
struct regex *regex_compile(const char *pattern, size_t size, unsigned flags,
	struct regex_problem *ret_problem);
void regex_free(struct regex *regex);      /* NULL is allowed */

/* The text stays as it is as long as the regex lives. 1: it matches, 0: it doesn't, -1: that can't
 * be known, as *steps are used up (about one for each step back); they are counted down. */
int regex_match(struct regex *regex, const char *text, size_t size, size_t from,
	enum regex_where where, size_t *steps);

/* Where the whole and each group of the last match are: [2n] to [2n + 1]; SIZE_MAX: not at all. */
const size_t *regex_ends(const struct regex *regex);
size_t regex_groups(const struct regex *regex);    /* without the whole */
/* The number of a group by its name; 0: there is none. */
size_t regex_group(const struct regex *regex, const char *name);

/* A reference to a group behind a backslash: 1, 12, g<1>, g<name>. ret_size: how many bytes it takes, 0: it
 * is none. False: there is no such group. */
bool regex_reference(const struct regex *regex, const char *text, size_t size, size_t *ret_group,
	size_t *ret_size);
/* Appends a replacement as Python's re.sub has it, for the last match in text: \1, \g<name>, \n. False:
 * it names a group that there isn't. */
bool regex_expand(const struct regex *regex, const char *text, const char *replacement, size_t size,
	struct buffer *out);

#endif
