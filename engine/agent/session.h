/* session: the processes that a run has started, told from all others by their session.
 *
 * The agent makes a session of its own, in which all its commands are, each in a process group.
 * What calls setsid leaves it, and is left alone. */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SESSION_GRACE = 2000 };   /* milliseconds from TERM to KILL */

struct session_process {
	pid_t pid;
	pid_t session;
	uint64_t start;          /* ticks since the machine came up, as session_ticks says them */
	char state;              /* as in /proc: 'Z' has ended, 'D' can't be interrupted */
};

uint64_t session_ticks(void);

/* What the kernel says of a process; false: it is gone. */
bool session_look(pid_t pid, struct session_process *ret_process);
/* The command line of a process, for people; of one that is called SESSION_STEP that of its
 * child. */
#define SESSION_STEP "beoplay-step"
char *session_name(struct arena *arena, pid_t pid);

/* Calls for each process of the session that has not ended, but this one: how many there are. */
size_t session_each(pid_t session, void (*call)(void *context, const struct session_process *),
	void *context);
/* Whether a process of the session that began at that time or later has none of these names. */
bool session_has_other(pid_t session, uint64_t since, const char *const *names);
/* The children of a process, as far as the kernel tells them. */
size_t session_children(struct arena *arena, pid_t parent, struct session_process **ret_children);

/* Ends all of the session but this process: TERM, after the grace KILL. Returns when none is left,
 * however long that takes; reaps those that have become children of this one. */
void session_end(pid_t session, int64_t grace);

#endif
