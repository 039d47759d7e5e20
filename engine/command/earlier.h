/* earlier: what the history knows of hosts from earlier runs. It is best effort: without a history there
 * is nothing. */
#ifndef COMMAND_EARLIER_H
#define COMMAND_EARLIER_H

#include "base/arena.h"
#include "base/value.h"

struct earlier {
	struct arena *arena;
	const char *folder;        /* where the history is */
	const char *playbook;      /* as the project calls it */
	const char *formerly;      /* what it was called until now; or NULL */
};

/* What hosts last told: a run_options.known; context: a struct earlier. */
const struct value *earlier_facts(void *context);
/* Names of hosts that earlier runs of the playbook had, but for those that are known to have nothing of
 * it any more. */
struct value *earlier_hosts(const struct earlier *earlier);

#endif
