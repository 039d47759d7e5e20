/* again: a connection that is made anew to where it was: because the text says so, or because a task
 * waits for the machine. What is done of it move.c does. */
#ifndef PLAN_AGAIN_H
#define PLAN_AGAIN_H

#include "base/error.h"

#include <stdbool.h>

struct run;
struct run_host;
struct target;

/* Ends the connections to the host's machine, which is dialled anew, with what a login has there then.
 * One over which another host works just now stays, with a warning. */
void again_reset(struct run *run, struct run_host *host);
/* Its connection has ended, or none was made: if a task that waits for the machine is what comes next
 * there, it is a target that is dialled until that one's time is over. */
void again_await(struct run *run, struct target *target, const struct error *err);
/* Whether another try may end better: a host key isn't another one then. */
bool again_may_help(const struct error *err);

#endif
