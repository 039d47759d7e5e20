/* agents: the agents carried inside the program, by architecture. */
#ifndef FLEET_AGENTS_H
#define FLEET_AGENTS_H

#include <stddef.h>

struct agent {
	const char *architecture;   /* as uname -m has it; NULL ends the list */
	const char *bytes;
	size_t size;
	const char *digest;
};

/* All there are, up to one without a name. */
const struct agent *agents(void);
/* NULL: there is none for that architecture. */
const struct agent *agent_find(const char *architecture);
/* The one for this very machine; NULL: there is none. */
const struct agent *agent_here(void);

#endif
