/* message: structs as values and back, by one table a struct.
 *
 * A table is all there is to say of a message: where its fields are, what they may hold, and which
 * of them only the agent and its own child exchange. On the wire a message is a list in the order of
 * its table, without trailing nulls; in files it is a map by name. What is taken out of a value is
 * checked down to the last field, so that readers meet what the table says and nothing else. */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const char *bytes;       /* with a NUL behind them; NULL: not there */
	size_t size;
};

enum field_kind {
	FIELD_END,
	FIELD_BOOL,              /* bool */
	FIELD_INTEGER,           /* int64_t: 0 to most */
	FIELD_WORD,              /* an enum, whose words stand in its order */
	FIELD_TEXT,              /* const char *, without NUL, of at most so many bytes; or NULL */
	FIELD_BYTES,             /* struct bytes, at most so many */
	FIELD_LEVELLED,          /* struct value *: a text with its level; or NULL */
	FIELD_TEXTS,             /* struct value *: a list of at most so many texts; or NULL */
	FIELD_VALUE,             /* struct value *: whatever it is: at most so many bytes of text and values,
	                            counted together; or NULL */
	FIELD_MAP,               /* the same, but a map */
	FIELD_ONE,               /* const struct of *; or NULL */
	FIELD_MANY,              /* const struct of *, of which at count_offset there are so many */
};

enum field_flags {
	FIELD_NEEDED = 1 << 0,
	FIELD_SIGNED = 1 << 1,       /* down to -most */
	FIELD_INSIDE = 1 << 2,       /* only between the agent and its child; stands behind all others */
	FIELD_MANY_KEYS = 1 << 3,    /* of a value: SHAPE_KEYS_MOST doesn't count */
	FIELD_CODE = 1 << 4,         /* of a text: the name of an error, which who takes it looks up */
};

struct message;

struct field {
	const char *name;
	enum field_kind kind;
	unsigned flags;
	size_t offset, count_offset;
	size_t most;                 /* bytes or items; of a word: only so many of them may be said by
	                                others than the agent's child; 0: all */
	size_t text_most;            /* of TEXTS: bytes of each */
	const struct message *of;
	const char *const *words;    /* ends with NULL */
};

struct message {
	const char *name;
	size_t size;                 /* of the struct */
	const struct field *fields;  /* ends with FIELD_END */
};

enum message_form {
	MESSAGE_OUTSIDE,             /* a list, without the fields of FIELD_INSIDE */
	MESSAGE_INSIDE,              /* a list with all fields */
	MESSAGE_NAMED,               /* a map with all fields, and with words for enums */
};

/* What is inside is borrowed, in both directions. from NULL: a message with nothing in it. */
struct value *message_value(struct arena *arena, const struct message *message, const void *from,
	enum message_form form);
/* -1 with err of this code, which names the field that is wrong behind the name of the whole. */
int message_take(struct arena *arena, const struct message *message, enum message_form form,
	const struct value *value, const char *name, const struct error_code *code, void *ret_to,
	struct error *err);

/* A deep copy. */
void *message_copy(struct arena *arena, const struct message *message, const void *from);

/* How many fields a message has in a form. */
size_t message_field_count(const struct message *message, enum message_form form);

#endif
