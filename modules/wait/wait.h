/* wait: what modules share that only wait. */
#ifndef MODULES_WAIT_H
#define MODULES_WAIT_H

#include "module/module.h"

struct wait_state {
	int64_t elapsed;           /* seconds */
	const char *waits;         /* in a dry run: for what it would wait; NULL: for nothing */
};

/* Runs what waits, and measures it. */
int wait_run(struct host *host, const char *const *argv, struct wait_state *ret_state, int *ret_status,
	struct error *err);
/* Not in a dry run. */
int wait_sleep(struct host *host, int64_t seconds, struct wait_state *ret_state, struct error *err);
void wait_plan(struct plan *plan, const void *params, const void *state);
void wait_results(struct arena *arena, const void *params, const void *state, struct value *results);

#endif
