/* wait: for what a host waits. Only order.c changes it. */
#ifndef PLAN_WAIT_H
#define PLAN_WAIT_H

#include <stdint.h>

struct run_host;
struct target;

enum wait_kind {
	WAIT_NOTHING,
	WAIT_OPEN,                 /* until all others have passed what is before */
	WAIT_FACTS,                /* until no host is going to tell facts any more */
	WAIT_FACTS_OF,             /* until a host has told its facts, or won't any more */
	WAIT_TOLD,                 /* until a host has told what it has, or has come to here itself */
	WAIT_CHOSEN,               /* until all that are there know what an include brings in for them */
	WAIT_RETRY,                /* until a task is to be tried again */
	WAIT_TARGET,               /* until a target is there, and free */
	WAIT_SLOT,                 /* throttle: until fewer hosts do what it is at */
};

struct wait {
	enum wait_kind kind;
	struct run_host *on;       /* FACTS_OF, TOLD */
	struct target *target;     /* TARGET */
	int64_t until;             /* of these: milliseconds, then on is late; RETRY: then it is tried */
	struct run_host *next, **from;     /* in the list of those that wait for the same */
};

#endif
