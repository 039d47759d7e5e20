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

/* What tasks have set or will have set, of the host itself and of others; NULL: nothing. */
struct value *scope_task_value(const struct scope *scope, const char *name);
/* Unknown where the tasks that set it may not have been asked yet; else NULL. */
struct value *scope_early_value(const struct scope *scope, const char *name);
/* A fact, ansible_facts, or what tasks have found there; NULL: nobody has told it. */
struct value *scope_fact(struct scope *scope, const char *name);

/* A name as magic, facts and the like have it: computed; else NULL. */
struct value *magic_value(struct scope *scope, const char *name);
/* All magic names that are defined here. */
void magic_names(struct arena *arena, struct scope *scope, struct value *names);

#endif
