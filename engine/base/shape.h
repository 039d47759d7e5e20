/* shape: what a value that came from outside must look like, as a table, and the one check of it.
 *
 * A table of keys ends with {0}. A map may hold only the keys of its table; each may be missing or
 * null unless it is SHAPE_NEEDED. A last row with the key "*" is for all others. Kind and size are
 * checked down to the last value inside, so that readers behind the check meet what the table says
 * and nothing else. A value that is not known (VALUE_UNKNOWN) never comes from outside. */
#ifndef BASE_SHAPE_H
#define BASE_SHAPE_H

#include "base/error.h"
#include "base/value.h"

#include <stddef.h>
#include <stdint.h>

enum shape_kind {
	SHAPE_END,
	SHAPE_BOOL,
	SHAPE_INTEGER,     /* from 0 to most (0: SHAPE_INTEGER_MOST) */
	SHAPE_TEXT,        /* a string without NUL, of at most so many bytes */
	SHAPE_BYTES,       /* a string with any bytes, at most so many */
	SHAPE_LIST,        /* of at most so many items, each as inside[0] says */
	SHAPE_MAP,         /* with the keys of inside */
	SHAPE_TABLE,       /* a map with at most so many keys of any name, each value as inside[0] says */
	SHAPE_ANY,         /* whatever it is: at most so many bytes of text and values, counted together, and
	                      no map with more than SHAPE_KEYS_MOST keys */
	SHAPE_ANY_MAP,     /* the same, but a map */
};

enum { SHAPE_KEYS_MOST = 4096 };

enum shape_flags {
	SHAPE_NEEDED = 1 << 0,
	SHAPE_SIGNED = 1 << 1,       /* an integer may be negative, down to -most */
	SHAPE_MANY_KEYS = 1 << 2,    /* SHAPE_KEYS_MOST doesn't count */
};

#define SHAPE_INTEGER_MOST (INT64_C(1) << 53)

struct shape {
	const char *key;             /* in a map's table; else NULL */
	enum shape_kind kind;
	unsigned flags;
	uint64_t most;
	const struct shape *inside;
	const char *const *words;    /* of a text: it must be one of these; NULL: any. Ends with NULL */
};

/* -1 with err of this code: name is what the value is called in the message, a path follows. */
int shape_check(const struct value *value, const struct shape *shape, const char *name,
	const struct error_code *code, struct error *err);
/* The same of a map with the keys of this table. */
int shape_check_map(const struct value *value, const struct shape *keys, const char *name,
	const struct error_code *code, struct error *err);

/* What a shape names of a value that it fits, in its order; it shares the rest with it. */
struct value *shape_only(struct arena *arena, const struct shape *shape, struct value *value);

#endif
