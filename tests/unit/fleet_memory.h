/* fleet_memory: machines in memory, for whole runs as unit tests.
 *
 * A scripted node is a state machine in the place of an agent: it takes a STAGE and tells what it
 * was told to answer, else "ok"; before a change it asks the gate and waits there; handlers run if they
 * are due. No process is behind it and time is a number, so thousands of them
 * are milliseconds. A real node is the agent itself, in a process of its own that works in a
 * directory of the test. */
#ifndef TESTS_UNIT_FLEET_MEMORY_H
#define TESTS_UNIT_FLEET_MEMORY_H

#include "fleet/fleet.h"

#include <signal.h>

/* seed 0: what comes first is told first; else hosts take turns as the seed says. */
struct fleet *memory_new(unsigned seed);
void memory_free(struct fleet *fleet);

/* A host is named as the inventory has it, or, where the text says a user, "mpi@a"; the controller
 * is localhost.
 *
 * What a task gives on a host, by its name or its module, or "MODULE of NAME"; "*" is any. The first
 * answer that fits counts; a task FETCH is what it does when it is asked for a content:
 *     ok | changed | skipped
 *     failed: MESSAGE
 *     lost: MESSAGE        the connection ends in front of the task; MESSAGE may begin with the name of an
 *                          error's code and a colon
 *     lost once: MESSAGE   the first time; then ok
 *     dies: MESSAGE        it ends in the middle of the change, behind the gate
 *     silent               nothing is heard from then on, nor done
 *     slow: MILLISECONDS   it takes so long, and is changed
 *     fetch: DIGEST        it asks for a content, and is changed
 *     logs in              it asks for a new login, and is changed if that works
 *     restarts             it asks whether it may, and is gone; once it is back it is changed, and another machine
 *                          by its HELLO (memory_greets says which it was)
 *     restarts: MILLISECONDS   the same, and it takes so long once it is back
 *     lies                 it says the same task's result again when its stage is over */
void memory_answer(struct fleet *fleet, const char *host, const char *task, const char *answer);
/* What else is in its RESULT, unless it fails: a map. */
void memory_returns(struct fleet *fleet, const char *host, const char *task,
	const struct value *keys);
/* Instead of being there at once; late goes with unreachable, too:
 *     not before: N        it is unreachable up to the connection before the Nth
 *     unreachable: MESSAGE
 *     again: MESSAGE       it is unreachable from the second connection on
 *     late: MILLISECONDS
 *     never */
void memory_arrives(struct fleet *fleet, const char *host, const char *how);
/* More of its HELLO, by name. */
void memory_greets(struct fleet *fleet, const char *host, const struct value *keys);
/* The agent itself, which keeps its ledger below this directory. */
void memory_is_real(struct fleet *fleet, const char *host, const char *directory);

/* Called when all that came before is dealt with, before each further event. */
void memory_watch(struct fleet *fleet, void (*watch)(void *context), void *context);
/* At that number of events ^C is pressed, and again at each further one. */
void memory_press(struct fleet *fleet, volatile sig_atomic_t *interrupted, unsigned event,
	unsigned times);

/* Packs what is sent, as for a connection, and counts its bytes. */
void memory_packs(struct fleet *fleet);
uint64_t memory_packed(const struct fleet *fleet);
/* How many stages a host was sent. */
unsigned memory_stages(const struct fleet *fleet, const char *host);
/* Events so far. */
unsigned memory_events(const struct fleet *fleet);
/* What went to and fro, a line each, as long as it isn't very much: "a ← stage 1-4", "a → result
 * 2 changed", "a ? gate 3", "a ! go". */
const char *memory_log(const struct fleet *fleet);

#endif
