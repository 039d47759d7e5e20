/* move: a machine that goes on at another address, or behind a change that may cut its connection.
 *
 * Its agent asks (REQUEST_MOVE), gets its answer and ends. The target is dialled anew: where it answers
 * then, up to the time at which its warden has taken the change back, and from there on where it answered
 * before. The agent that is met, of the same machine, does again what the first one was at. */
#ifndef PLAN_MOVE_H
#define PLAN_MOVE_H

#include "plan/event.h"
#include "wire/messages.h"

struct target;

struct move {
	const char *there;         /* NULL: where it is */
	const char *before;        /* where it was dialled; NULL: at its own address */
	int64_t asked, until;      /* milliseconds: then it is as before, unless it was confirmed */
	bool moves;                /* to another address */
	bool away;                 /* it starts anew */
	bool plain;                /* neither: it is dialled where it was, until then, see again.h */
	unsigned asks;             /* how often, for what its agent is at */
	unsigned tries;            /* connections that have ended since */
	bool met;                  /* its agent is there, and at what it was at before */
	int64_t met_at;            /* since then */
	const char *seen;          /* what came of the last try; NULL: none has ended */
};

void move_request(struct run *run, struct target *target, const struct request *request);
/* Whether that a connection of it has ended is no loss. */
bool move_lost(struct run *run, struct target *target, const struct error *err);
/* Whether who has answered is the machine that was expected. */
bool move_is_met(struct run *run, struct target *target, const struct event *event);
/* Its worker goes on where it was. */
void move_meet(struct target *target);
/* It has told what came of it. */
void move_settle(struct target *target);
/* Every 100 ms: what hangs isn't waited for. */
void move_tick(struct run *run);

#endif
