/* lock: one run at a time changes this machine.
 *
 * flock on a file below /run, which is local even where a home is shared over a network: root's
 * where only root can open it, since nobody else may be able to hold root up; each other user's
 * apart. A user's run gives way to root's. Its text says who, from where and since when, for
 * people, and which run: several agents of one run (as root and as a user, by two ports) hold it
 * together. It is held as long as any process has the descriptor: supervisors do, commands don't. */
#ifndef AGENT_LOCK_H
#define AGENT_LOCK_H

#include "base/arena.h"
#include "base/error.h"
#include "wire/messages.h"

/* The folder of this user's locks, made if it can be; otherwise where it can't. */
const char *lock_place(struct arena *arena, const char *otherwise);

/* The descriptor, or -1: held by another run, which is named. The directory must be there. */
int lock_take(const char *directory, const char *who, const char *run, struct error *err);

/* Who holds it; NULL: it is free. Writes nothing. */
const struct lock_holder *lock_holder(struct arena *arena, const char *directory);

#endif
