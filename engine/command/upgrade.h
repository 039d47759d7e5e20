/* upgrade: what was kept before texts were sealed goes: by hosts that are reached, and from the
 * history. */
#ifndef COMMAND_UPGRADE_H
#define COMMAND_UPGRADE_H

#include "command/playing_state.h"

/* Before a run: takes values of -e out of the history, and says once which names of variables and
 * files lay open. Hosts that may have such texts are written down beside the history. */
void upgrade_begin(struct playing *playing, struct report *report);
/* Behind it: hosts that it reached have them no more; the others are named. */
void upgrade_end(struct playing *playing, struct report *report);
/* The host is no more. folder: beside which the history is. */
void upgrade_forget(struct arena *arena, const char *folder, const char *host);

#endif
