/* batch: hosts that go through a play together. A play has one, or with "serial" several, each of
 * which begins when the one before has ended. They share the play's tree. */
#ifndef PLAN_BATCH_H
#define PLAN_BATCH_H

#include "plan/program.h"

enum { PERCENT_NONE = -1 };

struct batch {
	size_t index;              /* over all plays, in order */
	size_t play;
	struct block *root;        /* of the play */
	struct host_set hosts;
	bool waits;                /* nothing of it is begun before all before it has ended */
	bool free;                 /* its hosts don't wait for one another */
	bool skipped;              /* its play was ended before it began */
	int max_fail_percentage;   /* PERCENT_NONE: any number may fail */
	size_t size;               /* hosts that could still take part when it began */
	size_t remaining;          /* of these, those that haven't left it */
	size_t failed, unreachable;
};

/* One element of "serial": so many hosts, or so many percent of all of the play's. */
struct serial {
	size_t number;             /* 0: all that are left */
	bool percent;
};

/* How many hosts a batch gets: the number-th from 0, of a play with total hosts of which done are in
 * batches before. The last element holds for all further batches; count 0: one batch. */
size_t batch_size(const struct serial *serial, size_t count, size_t number, size_t total,
	size_t done);
/* Whether more have failed than max_fail_percentage allows. */
bool batch_fails(const struct batch *batch);
/* Whether no host of it is left for a further batch or play. */
bool batch_is_lost(const struct batch *batch);

#endif
