/* making: how units.c makes the program that plays are. */
#ifndef PLAN_MAKING_H
#define PLAN_MAKING_H

#include "plan/state.h"

/* Where the next unit is put. */
struct making {
	struct run *run;
	size_t play_index;
	struct block *block;
	enum section section;
	struct host_set *hosts;
};

/* making_task.c: task NULL: a flush. What tags leave out has no place. */
struct unit *making_unit(const struct making *making, struct run_task *task);
struct run_task *making_run_task(struct run *run, const struct play *play, const struct task *task,
	bool left_out);
/* Whether one host does the task for all; with strategy free they don't wait for it. */
int making_run_once(struct run *run, const struct play *play, const struct task *task, bool *ret_once,
	struct error *err);
int making_task(const struct making *making, const struct task *task, bool left_out,
	struct error *err);

/* making_items.c: since: whether there was any task since handlers ran. */
int making_items(struct making *making, const struct items *items, bool *since, struct error *err);
/* The sections of a play end where handlers run that stand in no block. */
int making_sections(struct making *making, struct block *root, struct error *err);

/* making_batches.c: hosts that are only looked at go with the first batch. */
int making_batches(struct run *run, size_t play_index, struct block *root, struct error *err);

/* making_first.c: what comes before all plays. */
int making_first(struct run *run, struct error *err);

#endif
