/* target: a machine as it is worked on: one connection, one agent, one ledger.
 *
 * A host of the inventory is a subject: it has variables, results and a place in the recap. Its work
 * is done at targets: mostly its own machine, as its play says that it is reached; the controller,
 * where a play or a task is local; its machine as another user, or by another port, where a play, a
 * block or a task says so. target_at names the target of a unit for a host. It is opened when the
 * first stage is about to go there (target_ready), and stays open to the end of the run.
 *
 * Several subjects may share a target: all that is local has one agent, and so has a machine to
 * which others delegate. They use it one after the other, a unit at a time, each when its turn has
 * come: none of them waits at a gate there, and what one has changed the next one sees. What it
 * did for a subject that isn't its own is owned in its ledger under the subject's name
 * (target_owner).
 *
 * What is delegated (delegate.c says to whom) has the target of another machine: of a host of the
 * inventory, of the controller, or of any other name or address. The subject's stage ends before it,
 * subjects come in their order, and an unreachable target makes the subject unreachable. Where the
 * name isn't known before the run, all targets are shared. */
#ifndef PLAN_TARGET_H
#define PLAN_TARGET_H

#include "base/error.h"
#include "base/value.h"
#include "fleet/fleet.h"

#include <stdbool.h>
#include <stddef.h>

struct play;
struct run;
struct run_host;
struct task;
struct unit;

enum target_state {
	TARGET_NEW,                /* nobody has asked for it yet */
	TARGET_COMING,
	TARGET_READY,
	TARGET_GONE,               /* lost, or given up; or its connection is being ended */
};

struct target {
	struct target *next;       /* of the run */
	struct run *run;
	const char *name;          /* of the machine: in the inventory, or its address */
	struct run_host *host;     /* whose own machine it is; NULL: nobody's of the run */
	struct fleet_target way;
	struct fleet_host *fleet;  /* the driver's */
	enum target_state state;
	int64_t opened;            /* milliseconds: when it was dialled first */
	bool shared;               /* several subjects may use it */
	bool closed;               /* by us: whoever needs it again opens another one */
	bool stays;                /* something is offered there, to the end of the run */
	const char *user;          /* as whom it was logged in */
	const char *key;           /* the host key it had; NULL: none */
	const char *machine;       /* what it said it is; NULL: nothing yet */
	struct move *move;         /* NULL: it isn't about to go on elsewhere, see move.h */
	struct relogin *relogin;   /* NULL: its agent waits for none, see relogin.h */
	struct relogin *asks;      /* it is such a second login itself, and none of the run's targets; or NULL */
	struct value *seal;        /* what it is to keep beside the text; NULL: neither */
	const struct error *lost;  /* GONE: why; NULL: as asked */
	struct run_host *worker;   /* whose stage it has, had last, or is to have next */
	bool taken;                /* by the worker … */
	bool busy;                 /* … whose stage is under way */
	struct run_host **queue;   /* that wait for it, first in, first out */
	size_t queue_first, queue_count, queue_capacity;
};

/* What a host has at one of its targets. */
struct visit {
	struct visit *next;
	struct target *target;
	bool *sent;                /* by unit: it has seen all of it */
	bool delegated;            /* only what is delegated is done there … */
	bool former;               /* … or was by earlier runs: it is only undone */
	const char *owner;         /* it is only undone, for a host that left the inventory; NULL: for itself */
	bool asked;                /* a stage was sent */
	bool last;                 /* the last one was */
	struct value *notified;    /* keys of handlers that are due here, by what others told */
	struct value *dropped;     /* keys of due handlers that are none any more here */
	struct moved *moved;       /* handlers that were notified here, and are done elsewhere */
};

/* target_former.c: where earlier runs did something for hosts, and this one has nothing to do any more: all
 * that is taken back is looked for there, too. Behind targets_make: then all are known. */
void targets_former(struct run *run);
/* The places beside its own where something is done for a host: playbook → names; NULL: none, or as in
 * earlier runs. */
const struct value *targets_of(struct run *run, struct run_host *host);

/* Before the units are filled in: which targets each host has, as far as the text says it. */
int targets_make(struct run *run, struct error *err);

/* Where a unit is done for a host. NULL without an error: nowhere (it needs no node), or, with
 * ret_cause, that isn't known yet. */
struct target *target_at(struct run *run, struct run_host *host, const struct unit *unit,
	const struct cause **ret_cause, struct error *err);
/* Where one item of it is done, if it is delegated to a host of this name; NULL: as target_at. */
struct target *target_of_item(struct run *run, struct run_host *host, const struct unit *unit,
	const char *delegate, const struct cause **ret_cause, struct error *err);
/* Whether any of its items is done there, as far as that is known. */
bool target_has(struct run *run, struct run_host *host, const struct unit *unit,
	const struct target *target, const struct cause **ret_cause);
/* Who logs in there; NULL: only known once somebody has. */
const char *target_user(struct run_host *host, const struct unit *unit);
/* The target of another machine for a task of a host: a host of the inventory, localhost, or any
 * other name or address. */
struct target *target_named(struct run *run, struct run_host *host, const struct play *play,
	const struct task *task, const char *name, const struct cause **ret_cause, struct error *err);
/* A host is going to use it: if others do, too, all do so a unit at a time. */
void target_share(struct target *target, struct run_host *host);

/* Opens it, if it isn't. False: the host waits until it is there and free. Not of one that is
 * gone. */
bool target_ready(struct target *target, struct run_host *host);
/* Whoever waits there at a gate gives way to those in the queue: their turn has come. */
void target_yield(struct target *target);
/* The worker's stage is over, or it doesn't need it: the next one comes. */
void target_release(struct target *target);
/* The same of all at which a host has no stage under way. */
void targets_leave(struct run_host *host);
/* All that wait for it go on; it is there, or won't be. */
void target_wake(struct target *target);
/* The next one that waits for it, which is taken from the queue; NULL: none. */
struct run_host *target_next(struct target *target);

/* At which one a unit that undoes is. */
const struct visit *visit_undone(const struct run_host *host, const struct unit *unit);
/* What the host has there, made if it has nothing yet. */
struct visit *visit_at(struct run_host *host, struct target *target);
/* Its first one at which it has still to be told that no more comes; NULL: none. */
struct visit *visit_unfinished(const struct run_host *host);
/* Whether two targets are one machine with one owner for the host. */
bool target_same_owner(const struct run_host *host, const struct target *one,
	const struct target *other);
/* Whose ledger entries those of a host are there: the playbook, for others than its own with the
 * host's name. */
const char *target_owner(const struct run_host *host, const struct target *target);

/* "as root at 10.0.0.3 port 2222", "on the controller". */
const char *target_show(struct arena *arena, const struct target *target);

#endif
