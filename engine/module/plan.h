/* plan: what a module's plan, resources and invert have collected, for the engine to read.
 *
 * Private to the engine: a module only adds (module.h). Everything lives in the arena given to the
 * _new functions. */
#ifndef MODULES_PLAN_H
#define MODULES_PLAN_H

#include "base/arena.h"
#include "module/module.h"

#include <stdbool.h>
#include <stddef.h>

struct plan {
	struct arena *arena;
	struct change **changes;     /* in the order of plan_add; each stays where it is */
	size_t change_count;
	size_t change_capacity;
	struct value *writes;        /* list of strings, from plan_writes */
	struct value *notes;         /* list of strings, from plan_note */
	const char *missing;         /* what isn't known yet; or NULL */
	const struct error_code *refused;   /* NULL: it isn't */
	const char *refusal;         /* why, if refused */
	const char *remedy;          /* or NULL */
};

struct names {
	struct arena *arena;
	const char **items;
	const char **wishes;         /* of names_wish; NULL: all that the parameters say */
	struct value *known;         /* each one's number */
	size_t last;                 /* the number of the one added last */
	size_t count;
	size_t capacity;
};

struct inverses {
	struct arena *arena;
	struct inverses_entry *entries;   /* strings copied, params as given */
	size_t count;
	size_t capacity;
};

struct plan *plan_new(struct arena *arena);
struct names *names_new(struct arena *arena);
struct inverses *inverses_new(struct arena *arena);

#endif
