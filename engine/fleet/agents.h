/* agents: the agents carried inside the program, by architecture. */
#ifndef FLEET_AGENTS_H
#define FLEET_AGENTS_H

#include "base/error.h"

#include <stddef.h>

struct agent {
	const char *architecture;   /* as uname -m has it; armhf for armv7l and armv8l */
	const char *bytes, *end;
	const char *digest;         /* of its bytes, as the name of its content */
};

/* All there are, up to one without an architecture. */
extern const struct agent agents[];

/* NULL: there is none for that architecture. */
const struct agent *agent_find(const char *architecture);
/* The architecture that this program is built for. */
extern const char agents_here[];
size_t agent_size(const struct agent *agent);
/* Says that there is none for machines of an architecture, and how to get one. -1. */
int agent_lacking(const char *architecture, struct error *err);

#endif
