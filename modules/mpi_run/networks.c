/* networks: which subnet a job uses, and what in the hosts' addresses would make it hang. */
#include "modules/mpi_run/nodes.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* --- Subnets */

/* "10.0.0.100/16" */
bool network_read(const char *text, struct network *ret_network)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	char address[16];
	struct in_addr binary;
	unsigned long bits;
	char *end;

	if (!slash || slash == text || (size_t)(slash - text) >= sizeof(address) ||
	    slash[1] < '0' || slash[1] > '9')
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	bits = strtoul(slash + 1, &end, 10);
	if (*end || bits > 32 || inet_pton(AF_INET, address, &binary) != 1)
		return false;
	ret_network->text = text;
	ret_network->bits = (unsigned)bits;
	ret_network->address = ntohl(binary.s_addr);
	ret_network->mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
	return true;
}

/* "eth0 10.0.0.100/16", as a host tells it. */
static bool read_own(const struct value *item, struct network *ret_network)
{
	const char *text = value_text(item);
	const char *blank = text ? strchr(text, ' ') : NULL;

	ret_network->interface = text;
	return blank && blank > text && network_read(blank + 1, ret_network);
}

static bool same_interface(const struct network *one, const struct network *other)
{
	size_t size = strcspn(one->interface, " ");

	return strncmp(one->interface, other->interface, size + 1) == 0;
}

static bool inside(const struct network *network, uint32_t address)
{
	return (network->address & network->mask) == (address & network->mask);
}

/* The next of a host's addresses ("networks", or "inner" ones), counted by *at. */
static bool next_own(const struct node *node, const char *which, size_t *at,
	struct network *ret_own)
{
	const struct value *networks = value_get(node->facts, which);

	while (networks && networks->kind == VALUE_LIST && *at < networks->count) {
		if (read_own(networks->items[(*at)++], ret_own))
			return true;
	}
	return false;
}

bool network_of(const struct node *node, const struct network *network, struct network *ret_own)
{
	for (size_t i = 0; next_own(node, "networks", &i, ret_own);) {
		if (inside(network, ret_own->address))
			return true;
	}
	return false;
}

static const char *show(struct arena *arena, const struct network *network)
{
	uint32_t base = network->address & network->mask;

	return arena_printf(arena, "%u.%u.%u.%u/%u", base >> 24, base >> 16 & 255, base >> 8 & 255,
		base & 255, network->bits);
}

static bool all_have(const struct job_hosts *hosts, const struct network *network)
{
	struct network own;

	for (size_t i = 0; i < hosts->count; i++) {
		if (!network_of(&hosts->nodes[i], network, &own))
			return false;
	}
	return true;
}

/* --- Addresses that make a job hang */

/* Two addresses on the way of a job: it would start, and then wait for ever in the first operation
 * in which its ranks communicate, as Open MPI takes a connection from the other address for a
 * stranger's. */
static void look_at_pair(struct job_hosts *hosts, const char *name, const struct network *one,
	const struct network *other)
{
	int interface = (int)strcspn(one->interface, " ");

	if (same_interface(one, other))
		nodes_find(hosts, arena_printf(hosts->arena, "keep one of them, here and in the "
			"configuration of %.*s: the other ends with 'ip address del ADDRESS dev %.*s'", interface,
			one->interface, interface, one->interface), "%s has two addresses on %.*s, %s and %s, with "
			"which Open MPI hangs", name, interface, one->interface, one->text, other->text);
	else
		nodes_find(hosts, "take one of the interfaces down, or give it an address in another network",
			"%s has two addresses in one network, %s on %.*s and %s on %.*s, with which Open MPI "
			"hangs", name, one->text, interface, one->interface, other->text,
			(int)strcspn(other->interface, " "), other->interface);
}

/* Of the addresses in the network that the job uses (NULL: any), whether each stands alone. */
static void look_at_addresses(struct job_hosts *hosts, const struct node *node,
	const struct network *used)
{
	struct network one, other;

	for (size_t i = 0; next_own(node, "networks", &i, &one);) {
		for (size_t k = i; next_own(node, "networks", &k, &other);) {
			if (used && !inside(used, one.address) && !inside(used, other.address))
				continue;
			if (same_interface(&one, &other) || inside(&one, other.address) ||
			    inside(&other, one.address))
				look_at_pair(hosts, node->name, &one, &other);
		}
	}
}

/* A bridge of containers or virtual machines within the network that Open MPI is told to use. */
static void look_at_inner(struct job_hosts *hosts, const struct node *node,
	const struct network *used)
{
	struct network own;

	for (size_t i = 0; used && next_own(node, "inner", &i, &own);) {
		if (inside(used, own.address))
			nodes_find(hosts, "give it another network, or name a narrower one with 'network'",
				"%s on %.*s of %s is within %s, and no other host is reached through it", own.text,
				(int)strcspn(own.interface, " "), own.interface, node->name,
				show(hosts->arena, used));
	}
}

void networks_look(struct job_hosts *hosts)
{
	struct network used;
	bool limited = network_read(value_get_string(hosts->params, "chosen_network"), &used);

	for (size_t i = 0; hosts->count > 1 && i < hosts->count; i++) {
		look_at_addresses(hosts, &hosts->nodes[i], limited ? &used : NULL);
		look_at_inner(hosts, &hosts->nodes[i], limited ? &used : NULL);
	}
}

/* --- Choosing one */

static int inventory_address(struct job_hosts *hosts, uint32_t *ret_address, struct error *err)
{
	const char *text;
	struct in_addr binary;

	*ret_address = 0;
	if (prepare_address(hosts->prepare, hosts->nodes[0].name, &text, err) < 0)
		return -1;
	if (text && inet_pton(AF_INET, text, &binary) == 1)
		*ret_address = ntohl(binary.s_addr);
	return 0;
}

/* "head has 10.0.0.100/16, node1 has 10.1.0.101/16": what there is instead of a common one. */
static const char *tell_addresses(const struct job_hosts *hosts)
{
	struct buffer text = { 0 };
	const char *result;

	for (size_t i = 0; i < hosts->count && text.size < 400; i++) {
		struct network own;
		size_t count = 0;

		buffer_printf(&text, "%s%s has", i ? ", " : "", hosts->nodes[i].name);
		for (size_t k = 0; next_own(&hosts->nodes[i], "networks", &k, &own);)
			buffer_printf(&text, "%s %s", count++ ? " and" : "", own.text);
		if (count == 0)
			buffer_add_string(&text, " none");
	}
	result = arena_bytes(hosts->arena, text.data, text.size);
	buffer_free(&text);
	return result;
}

/* The one that all share; of several the one with the inventory's address. */
static int choose_common(struct job_hosts *hosts, struct error *err)
{
	const char *chosen = NULL;
	struct network network;
	uint32_t address;

	if (inventory_address(hosts, &address, err) < 0)
		return -1;
	for (size_t i = 0; next_own(&hosts->nodes[0], "networks", &i, &network);) {
		if (!all_have(hosts, &network))
			continue;
		if (!chosen || (address && inside(&network, address)))
			chosen = show(hosts->arena, &network);
	}
	if (!chosen && hosts->count > 1)
		nodes_find(hosts, "say with 'network' which one to use, or give them addresses in one",
			"the hosts have no subnet in common: %s", tell_addresses(hosts));
	value_set_string(hosts->arena, hosts->params, "chosen_network", chosen ? chosen : "");
	return 0;
}

int networks_choose(struct job_hosts *hosts, const char *text, struct error *err)
{
	struct network network, own;

	if (!text)
		return choose_common(hosts, err);
	if (!network_read(text, &network)) {
		error_set(err, TASK_INVALID_VALUE, "'%s' is not a network", text);
		return error_remedy(err, "write it as 10.0.0.0/24");
	}
	for (size_t i = 0; i < hosts->count; i++) {
		if (!network_of(&hosts->nodes[i], &network, &own))
			nodes_find(hosts, "look at its addresses, or at 'network'",
				"%s has no address in %s", hosts->nodes[i].name, text);
	}
	value_set_string(hosts->arena, hosts->params, "chosen_network", show(hosts->arena, &network));
	return 0;
}
