/* event: what has happened to a run and isn't dealt with yet, in order.
 *
 * Each kind has one handler. A handler changes what the run knows, adds further events and says in
 * effects (effects.h) what is to be done; it calls no other handler, no host and no report. */
#ifndef PLAN_EVENT_H
#define PLAN_EVENT_H

#include "base/error.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>

struct run;
struct run_host;
struct target;

enum event_kind {
	/* from outside */
	EVENT_READY,               /* the host's agent is there */
	EVENT_RESULT,
	EVENT_STAGE_END,
	EVENT_REQUEST,
	EVENT_CHUNK,
	EVENT_PROGRESS,
	EVENT_STRANGE,             /* a message that no agent sends */
	EVENT_LOST,
	EVENT_TIME,                /* it has gone on */
	EVENT_CANCEL,              /* ^C */
	/* from inside */
	EVENT_RUNNABLE,            /* an idle host may have something to do */
	EVENT_TURN,                /* the host's turn has come */
	EVENT_GATE,                /* a gate is to be looked at */
	EVENT_ENDED,               /* the host takes no further part */
	EVENT_END,
};

struct event {
	enum event_kind kind;
	struct target *target;     /* of what comes from outside; NULL: TIME, CANCEL */
	struct run_host *host;     /* whom it is about: the target's worker; NULL: nobody */
	const void *message;       /* the struct of its kind (messages.h); only while it is handled */
	size_t size;               /* bytes of that */
	size_t queued;             /* bytes that the host hasn't taken yet */
	const char *user, *key, *dial;   /* READY: see fleet.h */
	const struct error *error; /* LOST: why; NULL: as asked */
};

struct event_queue {
	struct event *events;      /* a ring */
	size_t first, count, capacity;
};

void event_push(struct event_queue *queue, const struct event *event);
bool event_pop(struct event_queue *queue, struct event *ret_event);
void event_queue_free(struct event_queue *queue);

#endif
