/* earlier: what the history knows of hosts from earlier runs. It is best effort: without a history there
 * is nothing. */
#ifndef COMMAND_EARLIER_H
#define COMMAND_EARLIER_H

#include "history/history.h"

struct earlier {
	struct arena *arena;
	const char *playbook;      /* as the project calls it */
	const char *formerly;      /* what it was called until now; or NULL */
	struct history *history;   /* or NULL; each run is read from it once */
	struct history_run *runs;
	size_t count, asked;
};

/* The newest runs, at most most of them, the newest first. */
const struct history_run *earlier_runs(struct earlier *earlier, size_t most, size_t *ret_count);

/* What hosts last told: a run_options.known; context: a struct earlier. */
const struct value *earlier_facts(void *context);
/* Names of hosts that earlier runs of the playbook had, but for those that are known to have nothing of
 * it any more. */
struct value *earlier_hosts(struct earlier *earlier);

#endif
