/* ledger_machine: the ledger of a machine whose machine-id was changed by the module of that
 * name. */
#ifndef AGENT_LEDGER_MACHINE_H
#define AGENT_LEDGER_MACHINE_H

#include "agent/ledger.h"

/* The folder below state whose ledger was told that machine_id comes next; NULL: there is none. A
 * copy of another machine's disk has no such. The text is the arena's. */
const char *ledger_machine_find(struct arena *arena, const char *state, const char *locks,
	const char *machine_id);
/* Whether this ledger was told so. */
bool ledger_machine_expects(struct database *database, struct arena *arena,
	const char *machine_id);
/* From here on it is that machine's: nothing else comes next. */
void ledger_machine_settle(struct database *database, const char *machine_id);

#endif
