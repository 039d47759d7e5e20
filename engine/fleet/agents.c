/* agents: the agents carried inside the program, by architecture. */
#include "fleet/agents.h"

#include "base/buffer.h"

#include <string.h>

/* ARCHITECTURES is AGENT(name) for each of them; HERE the name of the one this program is built for. */
#define AGENT(name) extern const char agent_##name[], agent_##name##_end[], agent_##name##_digest[];
ARCHITECTURES
#undef AGENT

#define AGENT(name) { #name, agent_##name, agent_##name##_end, agent_##name##_digest },
const struct agent agents[] = { ARCHITECTURES { .architecture = NULL } };
#undef AGENT

const char agents_here[] = HERE;

const struct agent *agent_find(const char *architecture)
{
	for (const struct agent *agent = agents; agent->architecture; agent++) {
		if (strcmp(agent->architecture, architecture) == 0)
			return agent;
	}
	return NULL;
}

size_t agent_size(const struct agent *agent)
{
	return (size_t)(agent->end - agent->bytes);
}

int agent_lacking(const char *architecture, struct error *err)
{
	static const char *const buildable[] = { "x86_64", "aarch64", "armhf", NULL };
	const char *const *name = buildable;
	struct buffer list = {0};

	while (*name && strcmp(*name, architecture) != 0)
		name++;
	error_set(err, AGENT_UNSUPPORTED_MACHINE, "this beoplay has no agent for %.32s machines",
		architecture);
	if (!*name)
		return error_remedy(err, "there are agents for x86_64, aarch64 and armhf (ARMv7)");
	for (const struct agent *agent = agents; agent->architecture; agent++)
		buffer_printf(&list, "%s ", agent->architecture);
	error_remedy(err, "in beoplay's source: make ARCHITECTURES=\"%s%s\"", list.data ? list.data : "",
		architecture);
	buffer_free(&list);
	return -1;
}
