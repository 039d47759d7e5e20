/* hosts: on the controller, from what the hosts have told: nodes, hostfile, what would go
 * wrong, and the subnet that they share. */
#include "modules/errors.h"
#include "modules/mpi_run/mpi_run.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAM_MOST = 256 << 20 };   /* bytes of a program that one host offers to others */

struct node {
	const char *name;
	const struct value *facts;
};

struct job_hosts {
	struct prepare *prepare;
	struct arena *arena;
	struct value *params;
	struct node *nodes;
	size_t count;
	struct value *findings;
};

static void find(struct job_hosts *hosts, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void find(struct job_hosts *hosts, const char *remedy, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(hosts->arena, format, args);
	va_end(args);
	value_append(hosts->arena, hosts->findings,
		value_printf(hosts->arena, "%s\t%s", text, remedy));
}

/* --- Subnets */

struct network {
	const char *interface;     /* "eth0", up to a blank; NULL: of no host */
	const char *text;          /* "10.0.0.100/16" */
	uint32_t address;
	uint32_t mask;
	unsigned bits;
};

/* "10.0.0.100/16" */
static bool read_network(const char *text, struct network *ret_network)
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
	return blank && blank > text && read_network(blank + 1, ret_network);
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

/* Whether the host has an address in it. */
static bool has_network(const struct node *node, const struct network *network)
{
	const struct value *networks = value_get(node->facts, "networks");
	struct network own;

	for (size_t i = 0; networks && networks->kind == VALUE_LIST && i < networks->count; i++) {
		if (read_own(networks->items[i], &own) && inside(network, own.address))
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
	for (size_t i = 0; i < hosts->count; i++) {
		if (!has_network(&hosts->nodes[i], network))
			return false;
	}
	return true;
}

/* Two addresses on the way of a job: it would start, and then wait for ever in the first operation
 * in which its ranks communicate, as Open MPI takes a connection from the other address for a
 * stranger's. */
static void look_at_pair(struct job_hosts *hosts, const char *name, const struct network *one,
	const struct network *other)
{
	int interface = (int)strcspn(one->interface, " ");

	if (same_interface(one, other))
		find(hosts, arena_printf(hosts->arena, "keep one of them, here and in the configuration of "
			"%.*s: the other ends with 'ip address del ADDRESS dev %.*s'", interface, one->interface,
			interface, one->interface), "%s has two addresses on %.*s, %s and %s, with which Open MPI "
			"hangs", name, interface, one->interface, one->text, other->text);
	else
		find(hosts, "take one of the interfaces down, or give it an address in another network",
			"%s has two addresses in one network, %s on %.*s and %s on %.*s, with which Open MPI "
			"hangs", name, one->text, interface, one->interface, other->text,
			(int)strcspn(other->interface, " "), other->interface);
}

/* Of the addresses in the network that the job uses (NULL: any), whether each stands alone. */
static void look_at_addresses(struct job_hosts *hosts, const struct node *node,
	const struct network *used)
{
	const struct value *networks = value_get(node->facts, "networks");
	struct network one, other;

	for (size_t i = 0; networks && networks->kind == VALUE_LIST && i < networks->count; i++) {
		for (size_t k = i + 1; k < networks->count; k++) {
			if (!read_own(networks->items[i], &one) || !read_own(networks->items[k], &other) ||
			    (used && !inside(used, one.address) && !inside(used, other.address)))
				continue;
			if (same_interface(&one, &other) || inside(&one, other.address) ||
			    inside(&other, one.address))
				look_at_pair(hosts, node->name, &one, &other);
		}
	}
}

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

/* The one that all share; of several the one with the inventory's address. */
static int choose_network(struct job_hosts *hosts, struct error *err)
{
	const struct value *networks = value_get(hosts->nodes[0].facts, "networks");
	const char *chosen = NULL;
	struct network network;
	uint32_t address;

	if (inventory_address(hosts, &address, err) < 0)
		return -1;
	for (size_t i = 0; networks && networks->kind == VALUE_LIST && i < networks->count; i++) {
		if (!read_own(networks->items[i], &network) || !all_have(hosts, &network))
			continue;
		if (!chosen || (address && inside(&network, address)))
			chosen = show(hosts->arena, &network);
	}
	if (!chosen && hosts->count > 1)
		find(hosts, "say with 'network' which one to use, or give them addresses in one",
			"the hosts have no subnet in common");
	value_set_string(hosts->arena, hosts->params, "chosen_network", chosen ? chosen : "");
	return 0;
}

static int use_network(struct job_hosts *hosts, const char *text, struct error *err)
{
	struct network network;

	if (!read_network(text, &network)) {
		error_set(err, TASK_INVALID_VALUE, "'%s' is not a network", text);
		return error_remedy(err, "write it as 10.0.0.0/24");
	}
	for (size_t i = 0; i < hosts->count; i++) {
		if (!has_network(&hosts->nodes[i], &network))
			find(hosts, "look at its addresses, or at 'network'",
				"%s has no address in %s", hosts->nodes[i].name, text);
	}
	value_set_string(hosts->arena, hosts->params, "chosen_network", show(hosts->arena, &network));
	return 0;
}

/* --- Findings */

static void look_at_one(struct job_hosts *hosts, const struct node *node)
{
	const char *name = node->name;

	if (!value_get_string(node->facts, "version") || !value_get_string(node->facts, "version")[0])
		find(hosts, "install openmpi-bin there", "%s has no mpirun", name);
	else if (!value_get_bool(node->facts, "daemon"))
		find(hosts, "install openmpi-bin there, or mend its PATH",
			"%s has neither orted nor prted in its PATH", name);
	if (!value_get_bool(node->facts, "loopback"))
		find(hosts, "ip link set lo up", "the interface lo of %s is down", name);
}

static unsigned long major(const struct node *node)
{
	const char *version = value_get_string(node->facts, "version");

	return version ? strtoul(version, NULL, 10) : 0;
}

static bool same(const struct node *one, const struct node *other, const char *key)
{
	const char *left = value_get_string(one->facts, key);
	const char *right = value_get_string(other->facts, key);

	return left && right && left[0] && strcmp(left, right) == 0;
}

/* The first node that has told the same; else this one is noted, and NULL. */
static const char *told_before(struct job_hosts *hosts, struct value *by_told, const struct node *node,
	const char *key)
{
	const char *told = value_get_string(node->facts, key), *first;

	if (!told || !*told)
		return NULL;
	first = value_get_string(by_told, told);
	if (!first)
		value_set_string(hosts->arena, by_told, told, node->name);
	return first;
}

static void look_at_copies(struct job_hosts *hosts)
{
	struct value *machines = value_map(hosts->arena), *names = value_map(hosts->arena);

	for (size_t i = 0; i < hosts->count; i++) {
		const struct node *node = &hosts->nodes[i];
		const char *first = told_before(hosts, machines, node, "machine_id");

		if (first)
			find(hosts, "give each its own, with a task of machine-id (what beoplay keeps there goes along)",
				"%s and %s have the same machine-id: one is a copy of the other's disk",
				first, node->name);
		first = told_before(hosts, names, node, "hostname");
		if (first)
			find(hosts, "give each its own, with a task of hostname",
				"%s and %s have the same host name '%s'", first, node->name,
				value_get_string(node->facts, "hostname"));
	}
}

/* Against the first: a program for its processor and its Open MPI is to run there, too. */
static void look_at_first(struct job_hosts *hosts, const struct node *node)
{
	const struct node *first = &hosts->nodes[0];

	if (major(first) && major(node) && major(first) != major(node))
		find(hosts, "install the same major version everywhere",
			"%s has Open MPI %s, %s has %s", first->name,
			value_get_string(first->facts, "version"), node->name,
			value_get_string(node->facts, "version"));
	if (value_get_string(first->facts, "architecture") && value_get(hosts->params, "source") &&
	    !same(first, node, "architecture"))
		find(hosts, "put them into groups of their own",
			"%s and %s have different processors", first->name, node->name);
}

static void look_at_all(struct job_hosts *hosts)
{
	struct network used;
	bool limited = read_network(value_get_string(hosts->params, "chosen_network"), &used);
	const char *np = value_get_string(hosts->params, "np");
	const char *slots = value_get_string(hosts->params, "all_slots");

	if (value_get(hosts->params, "source") && !value_get_bool(hosts->nodes[0].facts, "compiler"))
		find(hosts, "install gcc there", "%s has no C compiler", hosts->nodes[0].name);
	for (size_t i = 0; i < hosts->count; i++) {
		look_at_one(hosts, &hosts->nodes[i]);
		if (hosts->count > 1)
			look_at_addresses(hosts, &hosts->nodes[i], limited ? &used : NULL);
		if (i > 0)
			look_at_first(hosts, &hosts->nodes[i]);
	}
	look_at_copies(hosts);
	if (np && slots && strtoull(np, NULL, 10) > strtoull(slots, NULL, 10))
		find(hosts, "raise 'slots', or lower 'np'",
			"np is %s, but all hosts together have only %s slots", np, slots);
}

/* --- Nodes and slots */

static int64_t slots_of(const struct job_hosts *hosts, const struct node *node)
{
	const char *slots = value_get_string(hosts->params, "slots");
	int64_t cores = value_get_integer(node->facts, "cores", 1);

	if (slots && strcmp(slots, "cores") != 0)
		return strtoll(slots, NULL, 10);
	return cores > 0 && cores < 100000 ? cores : 1;
}

static void write_hostfile(struct job_hosts *hosts)
{
	struct buffer text = { 0 };
	struct value *names = value_list(hosts->arena);
	bool crowded = false;
	int64_t all = 0;

	for (size_t i = 0; i < hosts->count; i++) {
		const struct node *node = &hosts->nodes[i];
		int64_t slots = slots_of(hosts, node);

		buffer_printf(&text, "%s slots=%" PRId64 "\n", node->name, slots);
		crowded = crowded || slots > value_get_integer(node->facts, "cores", slots);
		all += slots;
		value_append(hosts->arena, names, value_string(hosts->arena, node->name));
	}
	value_set(hosts->arena, hosts->params, "hostfile_text",
		value_bytes(hosts->arena, text.data, text.size));
	value_set(hosts->arena, hosts->params, "all_slots",
		value_printf(hosts->arena, "%" PRId64, all));
	value_set_string(hosts->arena, hosts->params, "crowded", crowded ? "true" : "false");
	value_set(hosts->arena, hosts->params, "nodes", names);
	buffer_free(&text);
}

/* 1: all have told what they have; 0: not yet, a parameter is unknown; -1. */
static int collect(struct job_hosts *hosts, struct error *err)
{
	const char *key = mpi_value_key(hosts->arena, hosts->params);
	const char *pattern = value_get_string(hosts->params, "group");
	struct value *names;

	if (prepare_hosts(hosts->prepare, pattern, &names, err) < 0)
		return -1;
	if (names->count == 0)
		return error_set(err, MPI_RUN_HOSTS, "no host matches the group '%s'", pattern);
	hosts->nodes = arena_array(hosts->arena, names->count, sizeof(*hosts->nodes));
	for (size_t i = 0; i < names->count; i++) {
		struct node *node = &hosts->nodes[hosts->count++];

		node->name = value_text(names->items[i]);
		if (!prepare_in_play(hosts->prepare, node->name)) {
			error_set(err, MPI_RUN_HOSTS, "the group '%s' has %s, which is not in this play",
				pattern, node->name);
			return error_remedy(err, "let the play's hosts contain the whole group");
		}
		node->facts = prepare_published(hosts->prepare, node->name, "mpi-run-probe", key);
		if (!node->facts) {
			bool lost = prepare_lost(hosts->prepare, node->name);

			value_set(hosts->arena, hosts->params, "hostfile_text", value_unknown(hosts->arena,
				arena_printf(hosts->arena, lost ? "%s, without which no job is started"
				: "the MPI installation of %s", node->name)));
			return 0;
		}
	}
	return 1;
}

int mpi_prepare_hosts(struct prepare *prepare, struct value *params, struct error *err)
{
	struct job_hosts hosts = {
		.prepare = prepare, .arena = prepare_arena(prepare), .params = params,
		.findings = value_list(prepare_arena(prepare)),
	};
	const char *network = value_get_string(params, "network");
	const char *version;
	int result = collect(&hosts, err);

	if (result <= 0)
		return result;
	write_hostfile(&hosts);
	if ((network ? use_network(&hosts, network, err) : choose_network(&hosts, err)) < 0)
		return -1;
	look_at_all(&hosts);
	version = value_get_string(hosts.nodes[0].facts, "version");
	value_set_string(hosts.arena, params, "version", version ? version : "");
	value_set(hosts.arena, params, "findings", hosts.findings);
	return 0;
}

int mpi_prepare_program(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *names;
	const struct value *facts;
	const char *path, *digest, *hostfile, *first;
	int64_t size;

	if (prepare_hosts(prepare, value_get_string(params, "group"), &names, err) < 0)
		return -1;
	first = names->count == 0 ? NULL : value_text(names->items[0]);
	facts = first ? prepare_heard(prepare, first, "mpi-run-build", mpi_value_key(arena, params))
		: NULL;
	path = value_get_string(facts, "path");
	digest = value_get_string(facts, "digest");
	hostfile = value_get_string(facts, "hostfile");
	if (!path || !digest || !hostfile) {
		value_set(arena, params, "program_path", value_unknown(arena, "the program to be built"));
		return 0;
	}
	size = value_get_integer(facts, "size", -1);
	if (digest[0] && size > 0 && size <= PROGRAM_MOST) {
		if (prepare_offer(prepare, first, digest, size, err) < 0)
			return -1;
	} else if (value_get(params, "source")) {
		error_set(err, FILE_TOO_LARGE, "the program that %s built has %lld bytes", first,
			(long long)size);
		return error_remedy(err, "a program has at most %d MiB", PROGRAM_MOST >> 20);
	}
	value_set_string(arena, params, "program_path", path);
	value_set(arena, params, "program_size", value_printf(arena, "%lld", (long long)size));
	value_set_string(arena, params, "program_body", digest);
	value_set_string(arena, params, "hostfile_path", hostfile);
	return 0;
}
