/* stage: what is being put together for a host, to be sent in one message. Private to stage*.c. */
#ifndef PLAN_STAGE_H
#define PLAN_STAGE_H

#include "plan/order.h"

struct stage {
	struct run *run;
	struct run_host *host;
	struct target *target;     /* NULL: nothing is for any yet */
	struct arena *arena;
	struct wire_task *tasks;
	size_t task_count;
	size_t bytes;
	bool free;                 /* of the play of its first unit */
	bool any;                  /* a unit is in it */
	const char *owner;         /* in place of the host, see struct visit; NULL: the host */
	bool handlers;             /* the last ones in it are not flushed yet */
};

/* One task more. */
static inline struct wire_task *stage_task(struct stage *stage)
{
	return ARENA_PUSH(stage->arena, &stage->tasks, &stage->task_count);
}

/* stage_target.c: facts, which are those of the host's own machine, are there or are read first; false: that
 * has to be waited for. */
bool stage_facts(struct stage *stage, struct unit *unit);
/* Whether the unit can be added now: its target is there, or it needs none. filled: of what is
 * delegated; NULL: it isn't. With err the host fails at it. */
bool stage_target(struct stage *stage, struct unit *unit, const struct filled *filled,
	struct error *err);

#endif
