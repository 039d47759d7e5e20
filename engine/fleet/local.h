/* local: the agent on this very machine, without ssh. */
#ifndef FLEET_LOCAL_H
#define FLEET_LOCAL_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct local {
	pid_t pid;               /* 0: not started */
	int fd;                  /* both ways, doesn't block */
	int errors;              /* what it says on stderr, doesn't block */
};

/* Starts a command line through /bin/sh, or, with NULL, the agent's bytes from memory. */
int local_start(struct local *local, const char *command, const void *agent, size_t size,
	struct error *err);
/* Closes: the agent finishes the step at hand and ends. The process is left to local_ended. */
void local_close(struct local *local);
/* Whether the process is gone, without waiting for it. */
bool local_ended(struct local *local);
/* Waits for it until then (milliseconds of CLOCK_MONOTONIC). One that is still at a step is left to
 * end by itself, as on any other machine. */
void local_wait(struct local *local, int64_t until);

#endif
