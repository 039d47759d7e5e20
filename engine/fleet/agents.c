/* agents: the agents carried inside the program, by architecture. */
#include "fleet/agents.h"

#include <string.h>
#include <sys/utsname.h>

extern const char agent_x86_64[];
extern const char agent_x86_64_end[];
extern const char agent_x86_64_digest[];

const struct agent *agents(void)
{
	static struct agent list[2];

	list[0] = (struct agent){ "x86_64", agent_x86_64, (size_t)(agent_x86_64_end - agent_x86_64),
		agent_x86_64_digest };
	return list;
}

const struct agent *agent_find(const char *architecture)
{
	for (const struct agent *agent = agents(); agent->architecture; agent++) {
		if (strcmp(agent->architecture, architecture) == 0)
			return agent;
	}
	return NULL;
}

const struct agent *agent_here(void)
{
	struct utsname names;

	return uname(&names) < 0 ? NULL : agent_find(names.machine);
}
