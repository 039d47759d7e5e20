/* status: what became of a task: one list for agent, run, report and records. */
#ifndef WIRE_STATUS_H
#define WIRE_STATUS_H

#include <stdbool.h>

/* The first ones are an agent's words. What nobody has set has failed. */
enum status {
	STATUS_FAILED,
	STATUS_OK,
	STATUS_CHANGED,
	STATUS_SKIPPED,        /* also: a handler that nobody notified */
	STATUS_MAY_CHANGE,     /* dry run: can't be known yet */
	STATUS_IGNORED,        /* failed with ignore_errors */
	STATUS_RESCUED,        /* failed in a block with a rescue, which is done next */
	STATUS_UNREACHABLE,
};

enum { STATUS_OF_AGENTS = STATUS_MAY_CHANGE + 1, STATUS_COUNT = STATUS_UNREACHABLE + 1 };

extern const char *const status_words[];    /* in this order; ends with NULL */

/* Whether the task failed, whatever was made of that. */
bool status_failed(enum status status);

/* Which of two counts for a task with several items or parts. */
bool status_outweighs(enum status one, enum status other);

#endif
