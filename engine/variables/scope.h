/* scope: how the evaluator asks for names. Private to the evaluator and variables.c.
 *
 * hostvars and vars are lazy maps: filling in all variables of all hosts to read one would be slow,
 * and each variable that reads hostvars would need itself. */
#ifndef TEXT_SCOPE_H
#define TEXT_SCOPE_H

#include "expression/evaluate.h"
#include "base/lookup.h"
#include "variables/variables.h"

struct scope {
	struct arena *arena;
	struct variables *variables;   /* NULL: an empty scope */
	const struct inventory_host *host;
	const struct play *play;
	const struct task *task;
	struct value *set;             /* map of scope_set */
	struct lookup cache;           /* name → filled in value, if made in the scope's arena */
	uint64_t generation;           /* of variables, when the cache was made */
	struct scope *root;            /* whose hosts are used; itself, if not of hostvars */
	struct lookup hosts;           /* name → scope, as hostvars sees it */
};

/* A map whose values are found when asked for. */
struct lazy {
	struct value value;            /* an empty map; raw is lazy_mark */
	struct scope *scope;
	bool hosts;                    /* hostvars: values are lazy maps of variables */
};

extern const char lazy_mark[];
extern const char omit_mark[];

struct value *lazy_new(struct arena *arena, struct scope *scope, bool hosts);

/* The value of a name, filled in, where hostvars and vars inside may be lazy; NULL: not defined. */
int scope_find(struct evaluation *evaluation, const char *name, size_t offset,
	struct value **ret_value);

/* What an expression reads where a host's own variables don't say how it is reached: its name, and
 * ssh or the play's connection; NULL: nothing. */
struct value *scope_default(struct scope *scope, const char *name);

/* Whether the name is that of a registered value. */
bool scope_registered(struct scope *scope, const char *name);

/* lazy[key]; NULL: undefined. */
int lazy_index(struct evaluation *evaluation, size_t offset, const struct value *lazy,
	const struct value *key, struct value **ret_value);
/* The names inside. */
struct value *lazy_keys(struct arena *arena, const struct value *lazy);

/* A name as magic, facts and the like have it: computed; else NULL. */
struct value *magic_value(struct scope *scope, const char *name);
/* All magic names that are defined here. */
void magic_names(struct arena *arena, struct scope *scope, struct value *names);

#endif
