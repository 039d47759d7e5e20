/* runner: the stages of a run on this machine, one after the other.
 *
 * runner.c takes tasks in order and runs handlers; keeper.c answers what a task asks for: ledger,
 * lock, gate, bodies; child.c works as another user. */
#ifndef AGENT_RUNNER_H
#define AGENT_RUNNER_H

#include "agent/ledger.h"
#include "agent/link.h"
#include "agent/work.h"

#include <stdbool.h>
#include <sys/types.h>

struct runner {
	struct arena *arena;         /* for as long as the agent lives */
	struct link link;            /* to the controller */
	struct ledger ledger;
	struct user_info user;       /* as whom the agent runs */
	const char *steps;
	int lock;                    /* descriptor; -1: not held */
	struct value *offers;        /* digest → path */
	/* of the stage at hand */
	bool check, diff, free;
	struct ledger_owner owner;
	const char *who;
	/* of the run */
	struct value *handlers;      /* tasks since the last flush */
	struct value *due;           /* keys that were notified */
	struct value *maybe;         /* in a dry run: keys that may be notified, each with a cause */
	struct value *pending;       /* in a dry run: see pending.h */
	struct value *adopted;       /* wishes that were fulfilled before, not yet in the ledger */
};

/* in and out: the controller. Ends when it is gone or has said BYE. */
void runner_run(struct runner *runner, int in, int out, const char *directory);

/* keeper.c: an answer to what a task asked for; the child's link, or NULL for the agent's own. */
int keeper_answer(struct runner *runner, struct link *child, struct arena *arena,
	const struct value *request, struct value **ret_reply, struct error *err);
/* A task's wish is fulfilled as it is. */
void keeper_adopt(struct runner *runner, const struct work *work, const struct value *resources);
/* Writes the ledger if something in it is new; the end of every stage. */
int keeper_save(struct runner *runner, struct error *err);
/* Holds the lock from here on. */
int keeper_lock(struct runner *runner, struct error *err);
/* Answers FETCH of the controller; the context is the runner. */
void keeper_serve(void *context, struct arena *arena, const struct value *fetch,
	struct value *chunk);

/* child.c: the same task in a process with another user's ids. */
void child_do(struct runner *runner, struct work *work, const struct user_info *user,
	struct value *result);

#endif
