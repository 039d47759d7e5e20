/* cause: why something isn't known yet. */
#ifndef BASE_CAUSE_H
#define BASE_CAUSE_H

#include "base/arena.h"

enum cause_kind {
	CAUSE_UNNAMED,
	CAUSE_RESULT,                /* what the task gives */
	CAUSE_RESULT_PASSED,         /* the same, and the task isn't run again */
	CAUSE_BEFORE,                /* the task comes before, and may change it */
	CAUSE_BEFORE_SHOWN,          /* the same, and what would be done now is shown */
	CAUSE_DONE,                  /* whether what changes each time is done at all */
	CAUSE_DUE,                   /* whether the handler is due */
	CAUSE_ONCE,                  /* which host does the task for all */
	CAUSE_END,                   /* whether the task, which may end this, comes before; why: as this isn't
	                                known */
	CAUSE_LOOP,                  /* the items of a loop */
	CAUSE_EXPRESSION,            /* what an expression gives */
	CAUSE_ANSWER,                /* what the user answers for the variable */
	CAUSE_OUTPUT,                /* what the command prints on the controller */
	CAUSE_VARIABLE,              /* the variable, which tasks set: of this host, or of another */
	CAUSE_VARIABLE_OF,
	CAUSE_FACTS,                 /* the facts of the host */
	CAUSE_PUBLISHED,             /* what a task on the host tells others */
	CAUSE_LOST,                  /* the host, which is lost; why: what isn't done without it */
	CAUSE_SAID,                  /* why: what a module or a node says itself */
	CAUSE_KINDS,
};

struct cause {
	enum cause_kind kind;
	const char *name;            /* of the task, handler, variable, command, or of what is told */
	const char *host;
	const char *why;
};

/* The names of kinds, which end with NULL. */
extern const char *const cause_words[];

/* A deep copy; NULL of NULL. */
const struct cause *cause_copy(struct arena *arena, const struct cause *cause);

/* For people; NULL of NULL. Borrowed from the cause where that says all. */
const char *cause_text(struct arena *arena, const struct cause *cause);

#endif
