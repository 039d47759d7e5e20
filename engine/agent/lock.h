/* lock: one run at a time changes this machine.
 *
 * flock on a file in the ledger's directory; its text says who, from where and since when, for
 * people. It is held as long as any process has the descriptor: detached steps inherit it. */
#ifndef AGENT_LOCK_H
#define AGENT_LOCK_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"

/* The descriptor, or -1: held by someone else, who is named. The directory must be there. */
int lock_take(const char *directory, const char *who, struct error *err);

/* {who, from, since} of the one who holds it; NULL: it is free. Writes nothing. */
struct value *lock_holder(struct arena *arena, const char *directory);

#endif
