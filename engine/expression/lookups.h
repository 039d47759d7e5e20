/* lookups: what lookup(), query() and with_… find, by name. Private to this room.
 *
 * A row is told its terms and options, all known and without lazy maps where it reads something;
 * what it appends to the list is one result each. What comes of it is never filled in again. */
#ifndef EXPRESSION_LOOKUPS_H
#define EXPRESSION_LOOKUPS_H

#include "expression/evaluate.h"

struct looking {
	const struct finder *finder;
	size_t offset;
	struct value *const *terms;
	size_t count;
	const struct value *options;   /* map: keyword → value */
	const char *folder;            /* where first_found looks first: "files", "templates", "vars" */
};

enum finder_flags {
	FINDER_SHAPES = 1,    /* its terms may hold what isn't known yet: it gives them otherwise arranged */
};

struct finder {
	const char *name;
	int (*find)(struct evaluation *evaluation, const struct looking *looking, struct value *list);
	unsigned flags;
	const char *options[4];        /* the keywords it takes; ends with NULL */
};

/* The tables; each ends with a row without a name. */
extern const struct finder finders_lists[], finders_read[];

/* NULL with err at place: misspelt, or not supported yet. */
const struct finder *finder_find(const char *name, struct place place, struct error *err);

/* "'file' needs a string, not a list" */
int looking_error(struct evaluation *evaluation, const struct looking *looking, const char *wanted,
	const struct value *found);

#endif
