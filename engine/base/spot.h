/* spot: where something is wrong in a value that came from outside, and the checks that all readers of
 * such values share. Private to shape.c and to messages. */
#ifndef BASE_SPOT_H
#define BASE_SPOT_H

#include "base/error.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From the innermost outwards. */
struct spot {
	const struct spot *outer;
	const char *name;          /* NULL: an item of a list */
	size_t index;
};

struct spot_check {
	const char *name;          /* what the whole is called in messages */
	const struct error_code *code;
	struct error *err;
};

/* All return 0, or -1 with err, which names the spot behind the whole. spot NULL: the whole itself. */
int spot_wrong(const struct spot_check *check, const struct spot *spot, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int spot_must_be(const struct spot_check *check, const struct spot *spot, const char *what,
	const struct value *value);
/* From 0 to most (0: SHAPE_INTEGER_MOST), or from -most. */
int spot_integer(const struct spot_check *check, const struct spot *spot, const struct value *value,
	uint64_t most, bool is_signed);
/* A string of at most so many bytes; without NUL, unless it may have any bytes. */
int spot_text(const struct spot_check *check, const struct spot *spot, const struct value *value,
	uint64_t most, bool any_bytes);
/* A list of at most so many items, whatever they are. */
int spot_list(const struct spot_check *check, const struct spot *spot, const struct value *value,
	uint64_t most);

#endif
