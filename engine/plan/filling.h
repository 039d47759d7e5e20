/* filling: what the files fill*.c share while they fill in one unit for one host. */
#ifndef PLAN_FILLING_H
#define PLAN_FILLING_H

#include "plan/state.h"

struct filling {
	struct run *run;
	struct run_host *host;
	struct unit *unit;
	const struct task *task;
	struct arena *arena;       /* given back when the unit is filled in */
	struct scope *scope;
	struct scope *machine;     /* of the host to which it is delegated; NULL: it isn't */
	struct asked asked;
	bool differs;              /* between hosts, apart from what its module's preparation asks for */
	bool hears, course;        /* see struct asked */
	const struct cause *cause;         /* why a keyword isn't known yet; NULL: all are */
};

/* fill_item.c */
/* A keyword that is true or false. One that can't be known yet leaves its cause. */
int filling_truth(struct filling *filling, const struct value *raw, bool otherwise,
	bool *ret_truth, struct error *err);
/* omit leaves an option out. */
struct value *filling_without_omitted(struct arena *arena, const struct value *params);
void filling_skip(struct filling *filling, struct filled_item *item, const char *message);
/* What isn't known of a task: what it sets isn't either. */
int filling_unknown(struct filling *filling, struct filled_item *item, const struct cause *cause,
	struct error *err);
void filling_take_notes(struct filling *filling);
const char *filling_condition_text(struct arena *arena, const struct value *when);
int filling_item(struct filling *filling, struct filled *filled, struct filled_item *item,
	struct error *err);

/* fill_environment.c */
/* Sets task->environment, and raises its level to that of the values. */
int filling_environment(struct filling *filling, struct filled_item *item, struct wire_task *task,
	struct error *err);

/* fill_loop.c */
/* The items of a loop; NULL with count 0 of what is decided already. */
/* The names that loop_control gives an item: its number, ansible_loop. */
void filling_loop_names(struct scope *scope, struct arena *arena, const struct task *task,
	const struct value *items, size_t at);
int filling_loop(struct filling *filling, struct filled *filled, struct value **ret_items,
	struct error *err);

#endif
