/* process: starting a command in a process group of its own, with a known environment. */
#ifndef AGENT_PROCESS_H
#define AGENT_PROCESS_H

#include "agent/machine.h"

#include <sys/types.h>

enum { PROCESS_GRACE = 5000 };   /* milliseconds from TERM to KILL */

/* What commands find that run as in a login (COMMAND_AT_LOGIN): for the start of the program, before it
 * leaves its directory and its environment. */
void process_note_login(void);

/* Starts it with these as stdin, stdout and stderr; the pid, or -1 (also if it can't be executed).
 * pid is its process group, too. */
pid_t process_start(struct machine *machine, struct arena *arena, const struct command *command,
	const int descriptors[3], struct error *err);

/* From a status of waitpid to that of a shell. */
int process_status(int status);

/* The command as people would type it, for messages. */
const char *process_name(struct arena *arena, const struct command *command);

/* What a command's end means: an error, unless its flags allow the status. */
int process_judge(struct arena *arena, const struct command *command,
	const struct command_result *result, struct error *err);

#endif
