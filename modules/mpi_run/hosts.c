/* hosts: on the controller, what the parts of a job are told of its hosts: their names, the
 * hostfile, what is wrong. */
#include "modules/errors.h"
#include "modules/mpi_run/nodes.h"

#include "base/digest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAM_MOST = 256 << 20 };   /* bytes of a program that one host offers to others */
/* Of the ports that Linux gives to whoever asks for any, as the processes of a job do. */
enum { PORT_FIRST = 33000, PORT_COUNT = 20000 };

/* --- Nodes and slots */

static int64_t slots_of(const struct node *node)
{
	const char *slots = node_text(node, "slots");
	int64_t cores = value_get_integer(node->facts, "cores", 1);

	if (slots[0] && strcmp(slots, "cores") != 0)
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
		struct node *node = &hosts->nodes[i];

		node->slots = slots_of(node);
		buffer_printf(&text, "%s slots=%" PRId64 "\n", node->name, node->slots);
		crowded = crowded || node->slots > value_get_integer(node->facts, "cores", node->slots);
		all += node->slots;
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
				&(struct cause){ .kind = lost ? CAUSE_LOST : CAUSE_PUBLISHED, .host = node->name,
					.name = "the MPI installation",
					.why = "without which no job is started" }));
			return 0;
		}
		node->met = prepare_heard(hosts->prepare, node->name, "mpi-run-reach", key);
	}
	return 1;
}

static struct job_hosts hosts_of(struct prepare *prepare, struct value *params)
{
	struct arena *arena = prepare_arena(prepare);

	return (struct job_hosts){ .prepare = prepare, .arena = arena, .params = params,
		.findings = value_list(arena), .advice = value_list(arena) };
}

int mpi_prepare_hosts(struct prepare *prepare, struct value *params, struct error *err)
{
	struct job_hosts hosts = hosts_of(prepare, params);
	const char *version;
	int result = collect(&hosts, err);

	if (result <= 0)
		return result;
	write_hostfile(&hosts);
	if (networks_choose(&hosts, value_get_string(params, "network"), err) < 0)
		return -1;
	networks_look(&hosts);
	findings_look(&hosts);
	version = value_get_string(hosts.nodes[0].facts, "version");
	value_set_string(hosts.arena, params, "version", version ? version : "");
	value_set_string(hosts.arena, params, "can_compile", node_text(&hosts.nodes[0], "mpicc")[0] &&
		value_get_bool(hosts.nodes[0].facts, "compiler") ? "true" : "false");
	value_set(hosts.arena, params, "findings", hosts.findings);
	value_set(hosts.arena, params, "advice", hosts.advice);
	return 0;
}

/* Whether the job runs, as far as the host that launches knows. */
static bool is_due(const struct job_hosts *hosts)
{
	const char *settled = node_text(&hosts->nodes[0], "settled");
	const char *now = value_get_string(hosts->params, "hostfile_text");

	return !settled[0] || (strcmp(settled, "*") != 0 && now && strcmp(settled, now) != 0);
}

/* A word that only the hosts of this job have, and a port of those that the kernel gives away. */
static void name_meeting(struct job_hosts *hosts)
{
	char digest[DIGEST_HEX_SIZE];
	const char *text = arena_printf(hosts->arena, "%s %s", mpi_value_key(hosts->arena, hosts->params),
		value_get_string(hosts->params, "hostfile_text"));

	digest_bytes(text, strlen(text), digest);
	value_set(hosts->arena, hosts->params, "meeting", value_printf(hosts->arena, "beoplay-%.16s",
		digest));
	digest[8] = '\0';
	value_set(hosts->arena, hosts->params, "meeting_port", value_printf(hosts->arena, "%lu",
		PORT_FIRST + strtoul(digest, NULL, 16) % PORT_COUNT));
}

/* The same for all hosts: each takes from it whom it is to reach. */
static void list_peers(struct job_hosts *hosts)
{
	struct value *peers = value_list(hosts->arena);
	struct network used, own;
	bool limited = network_read(value_get_string(hosts->params, "chosen_network"), &used);

	for (size_t i = 0; i < hosts->count; i++) {
		const struct node *node = &hosts->nodes[i];
		bool placed = limited && network_of(node, &used, &own);

		if (!prepare_absent(hosts->prepare, node->name))
			value_append(hosts->arena, peers, value_printf(hosts->arena, "%s %.*s", node->name,
				placed ? (int)strcspn(own.text, "/") : 0, placed ? own.text : ""));
	}
	value_set(hosts->arena, hosts->params, "peers", peers);
}

int mpi_prepare_reach(struct prepare *prepare, struct value *params, struct error *err)
{
	const char *preflight = value_get_string(params, "preflight");
	struct job_hosts hosts = hosts_of(prepare, params);
	int result = collect(&hosts, err);

	if (result <= 0)
		return result;
	write_hostfile(&hosts);
	if (networks_choose(&hosts, value_get_string(params, "network"), err) < 0)
		return -1;
	if (preflight && strcmp(preflight, "false") == 0)
		return 0;
	name_meeting(&hosts);
	if (is_due(&hosts))
		list_peers(&hosts);
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
		value_set(arena, params, "program_path", value_unknown(arena, &(struct cause){
			.kind = CAUSE_PUBLISHED, .name = "the built program", .host = first ? first : "the group" }));
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
