/* links: what the network interfaces of a job say of their cables. */
#include "modules/mpi_run/nodes.h"

#include <stdlib.h>
#include <string.h>

/* More than one packet in so many with an error is a cable, a plug or a port. */
enum { PACKETS_AN_ERROR = 10000, ERRORS_LEAST = 10 };

struct cable {
	char interface[16];
	long speed;                 /* Mbit/s; -1: not told */
	bool half;
	unsigned long long errors, packets;
};

/* "eth0 1000 full RX-ERRORS TX-ERRORS RX-PACKETS"; an empty field: not told. */
static bool read_cable(const char *entry, const char *interface, struct cable *ret_cable)
{
	size_t size = strcspn(interface, " ");
	struct cable cable = { .speed = -1 };
	const char *at = entry + size;
	char *end;

	if (strncmp(entry, interface, size) != 0 || *at != ' ' || size >= sizeof(cable.interface))
		return false;
	memcpy(cable.interface, interface, size);
	if (*++at != ' ')
		cable.speed = strtol(at, NULL, 10);
	at += strcspn(at, " ");
	cable.half = strncmp(at, " half ", 6) == 0;
	at += *at == ' ';
	at += strcspn(at, " ");
	cable.errors = strtoull(at, &end, 10);
	cable.errors += strtoull(end, &end, 10);
	cable.packets = strtoull(end, NULL, 10);
	*ret_cable = cable;
	return true;
}

/* The one on which the host has its address of the job. */
static bool cable_of(const struct job_hosts *hosts, const struct node *node,
	struct cable *ret_cable)
{
	struct network used, own;
	const char *entry;

	if (!network_read(value_get_string(hosts->params, "chosen_network"), &used)
			|| !network_of(node, &used, &own))
		return false;
	for (size_t i = 0; (entry = node_entry(node, "links", i)); i++) {
		if (read_cable(entry, own.interface, ret_cable))
			return true;
	}
	return false;
}

void links_look(struct job_hosts *hosts)
{
	static const char remedy[] = "look at its cable and at the port of the switch";
	struct cable cable;
	long fastest = -1;

	for (size_t i = 0; i < hosts->count; i++) {
		if (cable_of(hosts, &hosts->nodes[i], &cable) && cable.speed > fastest)
			fastest = cable.speed;
	}
	for (size_t i = 0; hosts->count > 1 && i < hosts->count; i++) {
		const char *name = hosts->nodes[i].name;

		if (!cable_of(hosts, &hosts->nodes[i], &cable))
			continue;
		if (cable.speed > 0 && cable.speed < fastest)
			nodes_advise(hosts, remedy, "%s of %s runs at %ld Mbit/s, on the others it is %ld",
				cable.interface, name, cable.speed, fastest);
		if (cable.half)
			nodes_advise(hosts, remedy, "%s of %s runs at half duplex", cable.interface, name);
		if (cable.errors >= ERRORS_LEAST && cable.errors > cable.packets / PACKETS_AN_ERROR)
			nodes_advise(hosts, remedy, "%s of %s has had %llu errors in %llu packets",
				cable.interface, name, cable.errors, cable.packets);
	}
}
