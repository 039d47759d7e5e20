/* scope: one place where names are used: a host, a play, a task. Private to this room. */
#ifndef VARIABLES_SCOPE_H
#define VARIABLES_SCOPE_H

#include "base/lookup.h"
#include "expression/scope.h"
#include "variables/variables.h"

struct scope {
	struct arena *arena;
	struct variables *variables;   /* NULL: an empty scope */
	const struct inventory_host *host;
	const struct play *play;
	const struct task *task;
	struct value *set;             /* map of scope_set */
	struct value *expected;        /* map of scope_expect; NULL: none */
	struct lookup cache;           /* name → struct cached, if made in the scope's arena */
	uint64_t generation;           /* of variables, when the cache was made */
	unsigned notes;                /* of the root: see scope_notes */
	struct scope *root;            /* whose hosts are used; itself, if not of hostvars */
	struct lookup hosts;           /* name → scope, as hostvars sees it */
};

/* A name as magic, facts and the like have it: computed; else NULL. */
struct value *magic_value(struct scope *scope, const char *name);
/* All magic names that are defined here. */
void magic_names(struct arena *arena, struct scope *scope, struct value *names);

#endif
