/* local: the agent on this very machine, without ssh. */
#ifndef FLEET_LOCAL_H
#define FLEET_LOCAL_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct local {
	pid_t pid;               /* 0: not started */
	int fd;                  /* both ways, doesn't block */
	int errors;              /* what it says on stderr, doesn't block */
};

/* Starts a command line through /bin/sh, or, with NULL, the agent's bytes from memory. */
int local_start(struct local *local, const char *command, const void *agent, size_t size,
	struct error *err);
/* Closes, and waits; a process that doesn't end is killed. The exit status, as of a shell. */
int local_end(struct local *local);

#endif
