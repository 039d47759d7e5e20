/* transport: the ways to a machine. */
#include "fleet/transport.h"

#include <string.h>

static const struct transport *const transports[] = { &transport_ssh, &transport_local };

const struct transport *transport_find(const char *name)
{
	if (!name || strcmp(name, "smart") == 0)
		return &transport_ssh;
	for (size_t i = 0; i < sizeof(transports) / sizeof(*transports); i++) {
		if (strcmp(transports[i]->name, name) == 0)
			return transports[i];
	}
	return NULL;
}
