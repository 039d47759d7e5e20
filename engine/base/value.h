/* value: one typed value, wherever it came from: a YAML node, a variable, a fact, a result.
 *
 * Values live in an arena and are never given back one by one. A map keeps its order and holds
 * each key once; keys are strings. A string has a NUL behind its bytes and may hold others inside.
 * Looking up a key takes about the same time in a map of any size. Integers are 64 bits. A value
 * may be shared between containers, so it is not changed after it was put into one, except by the
 * one who made it. */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include "base/arena.h"
#include "base/cause.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INTEGER,
	VALUE_FLOAT,
	VALUE_STRING,
	VALUE_LIST,
	VALUE_MAP,
	VALUE_UNKNOWN,   /* not known yet: cause says why */
};

/* Who may see a value. What is made of several has the highest of theirs; a container is as open as
 * it says itself, each member as it says on top of that. */
enum level {
	LEVEL_OPEN,
	LEVEL_PRIVATE,     /* on the terminal, but in no record */
	LEVEL_SECRET,      /* nowhere */
};

struct value_pair;
struct value_index;
struct value_lines;

struct value {
	enum value_kind kind;
	bool truth;              /* BOOL */
	bool quoted;             /* a YAML scalar that stood in quotes or in a block */
	enum level level;        /* who may see it */
	bool data;               /* came from a node: {{ }} inside stays text */
	bool unmade;             /* LIST of lines that nobody has looked at: of text, as lines says */
	int64_t integer;         /* INTEGER */
	double number;           /* FLOAT */
	const char *text;        /* STRING: the bytes; other scalars from YAML: as written ("0644"),
	                            else NULL */
	size_t size;             /* of text */
	union {
		struct value **items;        /* LIST */
		const struct cause *cause;   /* UNKNOWN */
		struct value_lines *lines;   /* unmade; private to value.c */
	};
	struct value_pair *pairs;   /* MAP; values of it are asked for: value_at, value_pair_at, value_get */
	size_t count;            /* of items or pairs */
	size_t capacity;
	struct value_index *index;  /* of a MAP with many keys: finds them; private to value.c */
	struct place place;      /* where it stands in a text; line 0: nowhere */
	const char *raw;         /* a YAML scalar: the file's bytes from where it begins, so that a place
	                            inside it can be found; borrowed like place.file; else NULL */
};

struct value_pair {
	const char *key;
	struct place place;      /* of the key */
	struct value *value;
};

struct value *value_null(struct arena *arena);
struct value *value_bool(struct arena *arena, bool truth);
struct value *value_integer(struct arena *arena, int64_t integer);
struct value *value_float(struct arena *arena, double number);
struct value *value_string(struct arena *arena, const char *text);    /* copies; NULL gives null */
struct value *value_bytes(struct arena *arena, const void *bytes, size_t size);
struct value *value_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct value *value_unknown(struct arena *arena, const struct cause *cause);   /* copies; NULL: unnamed */
struct value *value_list(struct arena *arena);
struct value *value_map(struct arena *arena);

/* The lines in the first bytes of a text, which it goes on to use; the last may lack its end. The list is
 * made when value_get, value_pair, value_at or value_pair_at gives it out: until then it takes no memory.
 * It may be put into a map only. */
struct value *value_lines(struct arena *arena, const struct value *text, size_t size);

void value_append(struct arena *arena, struct value *list, struct value *item);
/* Adds the key, or replaces its value in place. The key is copied. */
void value_set(struct arena *arena, struct value *map, const char *key, struct value *item);
void value_set_string(struct arena *arena, struct value *map, const char *key, const char *text);
void value_set_integer(struct arena *arena, struct value *map, const char *key, int64_t integer);
void value_set_bool(struct arena *arena, struct value *map, const char *key, bool truth);
/* The same for a key that stands at a place in a text. */
void value_set_at(struct arena *arena, struct value *map, const char *key, struct place place,
	struct value *item);
void value_remove(struct value *map, const char *key);

/* What is inside, by number. Of the wrong kind, or behind the end: null, the key "". */
struct value *value_item(const struct value *list, size_t i);
const char *value_key(const struct value *map, size_t i);
struct value *value_at(const struct value *map, size_t i);
const struct value_pair *value_pair_at(const struct value *map, size_t i);   /* i < count */
/* How many items a list has, pairs a map; NULL and any other kind have none. */
size_t value_item_count(const struct value *list);
size_t value_pair_count(const struct value *map);

/* All readers allow NULL, and the wrong kind, for the container; then there is nothing in it. */
struct value *value_get(const struct value *map, const char *key);             /* or NULL */
const struct value_pair *value_pair(const struct value *map, const char *key); /* or NULL */
const char *value_get_string(const struct value *map, const char *key);        /* or NULL */
int64_t value_get_integer(const struct value *map, const char *key, int64_t otherwise);
bool value_get_bool(const struct value *map, const char *key);                 /* else false */

/* The text of a string, else NULL. */
const char *value_text(const struct value *value);

enum level level_higher(enum level one, enum level other);
/* The highest level of a value and all inside; NULL is open. */
enum level value_level(const struct value *value);
/* Raises a value and all inside to at least this level. */
void value_raise(struct value *value, enum level level);

/* Same kind and content; places and flags don't matter; 1 and 1.0 are equal; maps in any order. */
bool value_equal(const struct value *one, const struct value *other);

/* A deep copy, strings included, into another arena. */
struct value *value_copy(struct arena *arena, const struct value *value);

/* "a string", "a list", … for messages. */
const char *value_kind_name(const struct value *value);

/* Marks a value and all inside as data (never filled in). */
void value_mark_data(struct value *value);

#endif
