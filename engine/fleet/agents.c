/* agents: the agents carried inside the program, by architecture. */
#include "fleet/fleet.h"

#include <string.h>

extern const char agent_x86_64[];
extern const char agent_x86_64_end[];
extern const char agent_x86_64_digest[];

const void *fleet_agent(const char *architecture, size_t *ret_size, const char **ret_digest)
{
	if (strcmp(architecture, "x86_64") != 0)
		return NULL;
	*ret_size = (size_t)(agent_x86_64_end - agent_x86_64);
	*ret_digest = agent_x86_64_digest;
	return agent_x86_64;
}
