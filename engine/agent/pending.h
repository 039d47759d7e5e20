/* pending: what the tasks of a dry run would write, and whether a later task has read it.
 *
 * A list of {what, cause}: what is an identity as "path:/etc/ssh" (and all below it), "user:*",
 * "package:rsync"; cause is the name of the task. A read is "path:/etc/ssh" (with what is in it),
 * "stat:/etc/ssh" (only what it is itself), "members:mpi" (the groups that list a user), "user:mpi". */
#ifndef AGENT_PENDING_H
#define AGENT_PENDING_H

#include "base/arena.h"
#include "base/value.h"

#include <stdbool.h>

void pending_add(struct arena *arena, struct value *pending, const char *what,
	const char *cause);

/* The cause of the first that one of the reads meets; NULL: none. A path that is in own (the
 * task's resources that beoplay manages already) isn't met by "path:*". */
const char *pending_met(const struct value *pending, const struct value *reads,
	const struct value *own);

#endif
