/* supervisor: ends what a run has started before the machine's lock is let go.
 *
 * The agent is two processes. The supervisor is the parent, and all that the worker's commands
 * start becomes its child when they die. Both hold the lock: whichever of them is killed, the other
 * ends all processes of the worker's session first. What called setsid is let go. */
#ifndef AGENT_SUPERVISOR_H
#define AGENT_SUPERVISOR_H

#include <signal.h>

/* Returns in the worker, which leads a session of its own: 0, or -1. The supervisor never returns:
 * it exits as the worker did. */
int supervisor_start(void);

/* In the worker. The supervisor holds this descriptor until all has ended, too. */
void supervisor_hold(int lock);
/* In the worker: is set when it is to end: it was asked to, or the supervisor is gone. Stays the caller's, who
 * says NULL before it goes: a signal may come at any time. */
void supervisor_watch(volatile sig_atomic_t *ended);
/* In the worker, as its last: does the supervisor's work where it is gone. */
void supervisor_end(void);

#endif
