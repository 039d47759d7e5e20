/* probe: what a host has of what a job needs; nothing is changed. */
#include "modules/mpi_run/mpi_run.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PROBE_MOST = 64 << 10, NETWORKS_MOST = 32 };

struct probe_state {
	const char *version;       /* "4.1.4"; "": none */
	bool daemon;               /* orted or prted is in PATH */
	bool compiler;
	const char *architecture;
	int64_t cores;
	const char *machine_id;
	const char *hostname;
	bool loopback;
	struct value *networks;    /* "eth0 10.0.0.100/16": the addresses that count */
};

/* Cores and not hardware threads: two ranks on one core slow each other down. */
static const char script[] =
	"echo \"version=$(mpirun --version 2>/dev/null | head -n 1)\"\n"
	"echo \"daemon=$(command -v orted || command -v prted)\"\n"
	"echo \"compiler=$(command -v cc || command -v gcc || command -v clang)\"\n"
	"echo \"architecture=$(uname -m)\"\n"
	"echo \"cores=$(lscpu -p=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l)\"\n"
	"echo \"threads=$(nproc 2>/dev/null)\"\n"
	"ip -o -4 addr show up 2>/dev/null | while read -r n i f a r; do echo \"net=$i $a\"; done\n";

/* The value of a line "KEY=…", cut to what a name may hold. */
static const char *line_of(struct arena *arena, const char *output, const char *key)
{
	size_t size = strlen(key);

	for (const char *at = output; *at; at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n')) {
		if (strncmp(at, key, size) == 0 && at[size] == '=')
			return arena_bytes(arena, at + size + 1, strcspn(at + size + 1, "\n"));
	}
	return "";
}

/* "mpirun (Open MPI) 4.1.4" */
static const char *version_of(struct arena *arena, const char *line)
{
	const char *open_mpi = strstr(line, "(Open MPI) ");
	const char *version = open_mpi ? open_mpi + strlen("(Open MPI) ") : "";

	return arena_bytes(arena, version, strspn(version, "0123456789."));
}

/* Interfaces that other hosts can't be reached through. */
static bool is_inner(const char *interface)
{
	static const char *const inner[] = { "docker", "virbr", "veth", "br-", "lxc", "cni", "podman",
		NULL };

	for (size_t i = 0; inner[i]; i++) {
		if (strncmp(interface, inner[i], strlen(inner[i])) == 0)
			return true;
	}
	return false;
}

/* "net=eth0 10.0.0.100/16" */
static void take_networks(struct arena *arena, const char *output, struct probe_state *have)
{
	have->networks = value_list(arena);
	for (const char *at = strstr(output, "net="); at; at = strstr(at + 1, "\nnet=")) {
		const char *interface = at + (*at == '\n') + 4;
		const char *address = interface + strcspn(interface, " \n");

		if (*address != ' ')
			continue;
		address++;
		if (strncmp(address, "127.", 4) == 0)
			have->loopback = true;
		else if (!is_inner(interface) && have->networks->count < NETWORKS_MOST)
			value_append(arena, have->networks, value_bytes(arena, interface,
				(size_t)(address - interface) + strspn(address, "0123456789./")));
	}
}

static int read_line(struct host *host, const char *path, const char **ret_line, struct error *err)
{
	struct file_info info;
	char *bytes;
	size_t size;

	*ret_line = "";
	if (host_stat(host, path, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return 0;
	if (host_read(host, path, 4096, &bytes, &size, err) < 0)
		return -1;
	bytes[strcspn(bytes, "\n")] = '\0';
	*ret_line = bytes;
	return 0;
}

static int probe_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const char *const line[] = { script, NULL };
	struct command command = {
		.argv = line, .flags = COMMAND_SHELL | COMMAND_ANY_STATUS, .most = PROBE_MOST,
		.timeout = 60,
	};
	struct probe_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct command_result result;

	(void)params;
	if (host_look(host, &command, &result, err) < 0 ||
	    host_name(host, &have->hostname, err) < 0 ||
	    read_line(host, "/etc/machine-id", &have->machine_id, err) < 0)
		return -1;
	have->version = version_of(arena, line_of(arena, result.output, "version"));
	have->daemon = line_of(arena, result.output, "daemon")[0] == '/';
	have->compiler = line_of(arena, result.output, "compiler")[0] == '/';
	have->architecture = line_of(arena, result.output, "architecture");
	have->cores = atoi(line_of(arena, result.output, "cores"));
	if (have->cores < 1)
		have->cores = atoi(line_of(arena, result.output, "threads"));
	if (have->cores < 1)
		have->cores = 1;
	take_networks(arena, result.output, have);
	return 0;
}

static void probe_plan(struct plan *plan, const void *params, const void *state)
{
	(void)plan;
	(void)params;
	(void)state;
}

static int probe_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	(void)host;
	(void)params;
	(void)state;
	(void)results;
	return error_set(err, BEOPLAY_BUG, "a probe changes nothing, step %u", change->step);
}

static struct value *probe_publish(struct arena *arena, const void *params, const void *state,
	const char **ret_key)
{
	const struct probe_state *have = state;
	struct value *facts = value_map(arena);

	*ret_key = mpi_params_key(arena, params);
	value_set_string(arena, facts, "version", have->version);
	value_set_bool(arena, facts, "daemon", have->daemon);
	value_set_bool(arena, facts, "compiler", have->compiler);
	value_set_string(arena, facts, "architecture", have->architecture);
	value_set_integer(arena, facts, "cores", have->cores);
	value_set_string(arena, facts, "machine_id", have->machine_id);
	value_set_string(arena, facts, "hostname", have->hostname);
	value_set_bool(arena, facts, "loopback", have->loopback);
	value_set(arena, facts, "networks", have->networks);
	return facts;
}

const struct module module_mpi_run_probe = {
	.name = "mpi-run-probe",
	.summary = "what a host has of what a job needs",
	.params = mpi_table,
	.params_size = sizeof(struct mpi_params),
	.state_size = sizeof(struct probe_state),
	.flags = MODULE_INTERNAL,
	.acts_as = mpi_acts_as,
	.inspect = probe_inspect,
	.plan = probe_plan,
	.apply = probe_apply,
	.publish = probe_publish,
};
