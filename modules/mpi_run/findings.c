/* findings: what in the hosts themselves would make a job fail, hang or crawl. */
#include "modules/mpi_run/nodes.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Measured with Open MPI 4.1.4: what a process that has only called MPI_Init has for itself (Pss, 8
 * and 32 of them on a host), and what a job's session directory in /tmp takes on each host. */
enum { RANK_MEMORY_MIB = 5, SESSION_DISK_MIB = 9, HOME_DISK_MIB = 1, NAMES_TOLD = 8 };

static void add(struct job_hosts *hosts, struct value *list, const char *remedy,
	const char *format, va_list args) __attribute__((format(printf, 4, 0)));
static void add(struct job_hosts *hosts, struct value *list, const char *remedy,
	const char *format, va_list args)
{
	value_append(hosts->arena, list, value_printf(hosts->arena, "%s\t%s",
		arena_vprintf(hosts->arena, format, args), remedy));
}

void nodes_find(struct job_hosts *hosts, const char *remedy, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(hosts, hosts->findings, remedy, format, args);
	va_end(args);
}

void nodes_advise(struct job_hosts *hosts, const char *remedy, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(hosts, hosts->advice, remedy, format, args);
	va_end(args);
}

const char *node_text(const struct node *node, const char *key)
{
	const char *text = value_get_string(node->facts, key);

	return text ? text : "";
}

const char *node_entry(const struct node *node, const char *key, size_t i)
{
	const struct value *list = value_get(node->facts, key);
	const char *text = list && list->kind == VALUE_LIST && i < list->count ?
		value_text(list->items[i]) : NULL;

	return list && list->kind == VALUE_LIST && i < list->count && !text ? "" : text;
}

/* --- One host */

/* Debian 13 builds Open MPI for 64 bits alone. */
static bool too_narrow(const struct node *node)
{
	const char *release = strstr(node_text(node, "system"), "debian ");

	return strcmp(node_text(node, "bits"), "32") == 0 && release
		&& strtoul(release + strlen("debian "), NULL, 10) >= 13;
}

static void look_at_software(struct job_hosts *hosts, const struct node *node)
{
	const char *program = value_get_string(hosts->params, "program");
	const char *other = node_text(node, "mpirun");

	if (too_narrow(node))
		nodes_find(hosts, "install a 64-bit system there, or leave it out of the group",
			"%s is a 32-bit machine (%s), for which Debian 13 has no Open MPI", node->name,
			node_text(node, "architecture"));
	else if (!node_text(node, "version")[0] && other[0])
		nodes_find(hosts, "choose Open MPI's with 'update-alternatives --config mpirun', or remove the "
			"other", "mpirun on %s is not Open MPI's, it says '%.80s'", node->name, other);
	else if (!node_text(node, "version")[0])
		nodes_find(hosts, "install openmpi-bin there", "%s has no mpirun", node->name);
	else if (!value_get_bool(node->facts, "daemon"))
		nodes_find(hosts, "install openmpi-bin there, or mend its PATH",
			"%s has neither orted nor prted in its PATH", node->name);
	if (program && program[0] != '/' && value_get(node->facts, "found") && !node_text(node, "found")[0])
		nodes_find(hosts, "install it there, or give its path", "%s has no '%s' in its PATH",
			node->name, program);
	if (node_text(node, "mpich")[0] && node_text(node, "version")[0])
		nodes_advise(hosts, "remove one of the two, so that they can't be mixed up",
			"%s has MPICH beside Open MPI", node->name);
}

static void look_at_room(struct job_hosts *hosts, const struct node *node)
{
	int64_t memory = value_get_integer(node->facts, "memory_mib", -1);
	const char *entry;

	if (memory >= 0 && memory < node->slots * RANK_MEMORY_MIB)
		nodes_find(hosts, "end what uses it, or lower 'slots'", "%s has %" PRId64 " MiB of memory "
			"left for %" PRId64 " processes, each of which needs at least %d", node->name, memory,
			node->slots, RANK_MEMORY_MIB);
	for (size_t i = 0; (entry = node_entry(node, "room", i)); i++) {
		unsigned long long room = strtoull(entry, NULL, 10);
		const char *path = entry + strcspn(entry, " ");

		if (room < (strcmp(path, " /tmp") == 0 ? SESSION_DISK_MIB : HOME_DISK_MIB))
			nodes_find(hosts, "make room there, as with 'apt-get clean'",
				"%s has %llu MiB of disk left in%s", node->name, room, path);
	}
	if (!value_get_bool(node->facts, "loopback"))
		nodes_find(hosts, "ip link set lo up", "the interface lo of %s is down", node->name);
	if (value_get(node->facts, "directory") && !value_get_bool(node->facts, "directory"))
		nodes_find(hosts, "make it on every host, with a task of file", "%s has no directory '%s' to "
			"run in", node->name, value_get_string(hosts->params, "chdir"));
}

static bool is_address(const char *name)
{
	unsigned char binary[16];

	return inet_pton(AF_INET, name, binary) == 1 || inet_pton(AF_INET6, name, binary) == 1;
}

/* The machine's own name, which Open MPI tells the other hosts, against the inventory's. */
static void look_at_own_name(struct job_hosts *hosts, const struct node *node)
{
	const char *own = node_text(node, "hostname");
	size_t label = strcspn(node->name, ".");

	if (!own[0] || is_address(node->name) || strcmp(own, node->name) == 0)
		return;
	if (strncmp(own, node->name, label) == 0 && (own[label] == '\0' || own[label] == '.'))
		return;
	nodes_find(hosts, "give it that name, with a task of hostname", "%s calls itself '%s'",
		node->name, own);
}

/* "node2 127.0.1.1", "node3 ": names of the group that lead nowhere from this host. */
static void look_at_names(struct job_hosts *hosts, const struct node *node)
{
	struct buffer unknown = { 0 };
	const char *entry;

	for (size_t i = 0; (entry = node_entry(node, "names", i)); i++) {
		size_t size = strcspn(entry, " ");
		const char *address = entry[size] ? entry + size + 1 : "";

		if (address[0])
			nodes_find(hosts, "let a task of hosts write /etc/hosts: it takes that line away",
				"%.*s is %s on %s, which no other host can reach", (int)size, entry, address,
				node->name);
		else
			buffer_printf(&unknown, "%s%.*s", unknown.size ? ", " : "", (int)size, entry);
	}
	if (unknown.size > 0)
		nodes_find(hosts, "make the names known, with a task of hosts", "%s doesn't know the address "
			"of %s", node->name, unknown.data);
	buffer_free(&unknown);
}

/* --- What must be equal, or must not be */

struct grouping {
	const struct node *node;
	const char *text;
};

static int compare_grouping(const void *one, const void *other)
{
	const struct grouping *left = one, *right = other;
	int order = strcmp(left->text, right->text);

	return order ? order : left->node < right->node ? -1 : left->node > right->node;
}

/* The hosts by what they told, those that told nothing left out; how many there are. */
static size_t group_by(struct job_hosts *hosts,
	const char *(*text)(struct job_hosts *hosts, const struct node *node),
	struct grouping **ret_grouped)
{
	struct grouping *grouped = arena_array(hosts->arena, hosts->count, sizeof(*grouped));
	size_t count = 0;

	for (size_t i = 0; i < hosts->count; i++) {
		grouped[count].node = &hosts->nodes[i];
		grouped[count].text = text(hosts, &hosts->nodes[i]);
		count += grouped[count].text[0] != '\0';
	}
	qsort(grouped, count, sizeof(*grouped), compare_grouping);
	*ret_grouped = grouped;
	return count;
}

static size_t group_size(const struct grouping *grouped, size_t count)
{
	size_t size = 1;

	while (size < count && strcmp(grouped[size].text, grouped[0].text) == 0)
		size++;
	return size;
}

/* "head, node1 and node2" */
static const char *names_of(struct job_hosts *hosts, const struct grouping *grouped, size_t count)
{
	size_t shown = count <= NAMES_TOLD ? count : NAMES_TOLD;
	struct buffer text = { 0 };
	const char *result;

	for (size_t i = 0; i < shown; i++)
		buffer_printf(&text, "%s%s", i == 0 ? "" : i + 1 < shown || shown < count ? ", " : " and ",
			grouped[i].node->name);
	if (shown < count)
		buffer_printf(&text, " and %zu more", count - shown);
	result = arena_bytes(hosts->arena, text.data, text.size);
	buffer_free(&text);
	return result;
}

static const char *id_of(struct job_hosts *hosts, const struct node *node)
{
	(void)hosts;
	return node_text(node, "machine_id");
}

static const char *hostname_of(struct job_hosts *hosts, const struct node *node)
{
	(void)hosts;
	return node_text(node, "hostname");
}

static const char *host_key_of(struct job_hosts *hosts, const struct node *node)
{
	const struct value *keys = prepare_host_keys(hosts->prepare, node->name);
	const char *key = keys && keys->kind == VALUE_LIST && keys->count > 0 ?
		value_text(keys->items[0]) : NULL;

	return key ? key : "";
}

static void look_for_twins(struct job_hosts *hosts)
{
	struct grouping *all;
	size_t size, count = group_by(hosts, id_of, &all);

	for (size_t i = 0; i < count; i += size) {
		size = group_size(all + i, count - i);
		if (size > 1)
			nodes_find(hosts, "give each its own, with a task of machine-id (what beoplay keeps there "
				"goes along)", "%s have the same machine-id: one is a copy of the other's disk",
				names_of(hosts, all + i, size));
	}
	count = group_by(hosts, hostname_of, &all);
	for (size_t i = 0; i < count; i += size) {
		size = group_size(all + i, count - i);
		if (size > 1)
			nodes_find(hosts, "give each its own, with a task of hostname",
				"%s have the same host name '%s'", names_of(hosts, all + i, size), all[i].text);
	}
	count = group_by(hosts, host_key_of, &all);
	for (size_t i = 0; i < count; i += size) {
		size = group_size(all + i, count - i);
		if (size > 1)
			nodes_find(hosts, "make new ones on all but one: rm /etc/ssh/ssh_host_*, then "
				"'ssh-keygen -A', and restart ssh", "%s have the same SSH host key: one is a copy of the "
				"other's disk", names_of(hosts, all + i, size));
	}
}

/* "4.1.4 (openmpi-bin 4.1.4-3+b1, …)" */
static const char *build_of(struct job_hosts *hosts, const struct node *node)
{
	const char *version = node_text(node, "version");
	const char *build = node_text(node, "build");

	return !version[0] || !build[0] ? version :
		arena_printf(hosts->arena, "%s (%s)", version, build);
}

static const char *architecture_of(struct job_hosts *hosts, const struct node *node)
{
	(void)hosts;
	return node_text(node, "architecture");
}

/* One finding if the hosts told more than one thing: "4.1.4 on head and node2; 5.0.7 on node1". */
static void look_at_equal(struct job_hosts *hosts, const char *remedy, const char *what,
	const char *(*text)(struct job_hosts *hosts, const struct node *node))
{
	struct buffer list = { 0 };
	struct grouping *all;
	size_t size, groups = 0, count = group_by(hosts, text, &all);

	for (size_t i = 0; i < count; i += size, groups++) {
		size = group_size(all + i, count - i);
		buffer_printf(&list, "%s%s on %s", i ? "; " : "", all[i].text,
			names_of(hosts, all + i, size));
	}
	if (groups > 1)
		nodes_find(hosts, remedy, "%s: %s", what, list.data);
	buffer_free(&list);
}

/* --- All of it */

static void look_at_np(struct job_hosts *hosts)
{
	const char *np = value_get_string(hosts->params, "np");
	const char *slots = value_get_string(hosts->params, "all_slots");

	if (np && slots && strtoull(np, NULL, 10) > strtoull(slots, NULL, 10))
		nodes_find(hosts, "raise 'slots', or lower 'np'",
			"np is %s, but all hosts together have only %s slots", np, slots);
}

static void look_at_compiler(struct job_hosts *hosts)
{
	const struct node *first = &hosts->nodes[0];

	if (!value_get(hosts->params, "source"))
		return;
	if (!value_get_bool(first->facts, "compiler"))
		nodes_find(hosts, "install gcc there", "%s has no C compiler", first->name);
	if (strstr(node_text(first, "mpicc"), "mpich"))
		nodes_find(hosts, "choose Open MPI's with 'update-alternatives --config mpi', or remove the "
			"other", "mpicc on %s is MPICH's, whose programs Open MPI can't run", first->name);
}

void findings_look(struct job_hosts *hosts)
{
	look_at_compiler(hosts);
	for (size_t i = 0; i < hosts->count; i++) {
		look_at_software(hosts, &hosts->nodes[i]);
		look_at_own_name(hosts, &hosts->nodes[i]);
		look_at_names(hosts, &hosts->nodes[i]);
		look_at_room(hosts, &hosts->nodes[i]);
	}
	look_at_equal(hosts, "install the same packages everywhere: only the very same build is sure to "
		"understand itself", "Open MPI isn't the same everywhere", build_of);
	look_at_equal(hosts, "make a group of each kind", "the hosts have different processors, whose "
		"numbers and programs this Open MPI doesn't mix", architecture_of);
	look_for_twins(hosts);
	settings_look(hosts);
	links_look(hosts);
	pairs_look(hosts);
	look_at_np(hosts);
}
