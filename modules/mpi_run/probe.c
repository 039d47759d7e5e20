/* probe: what a host has of what a job needs; nothing is changed. */
#include "modules/errors.h"
#include "modules/mpi_run/mpi_run.h"

#include <stdlib.h>
#include <string.h>

enum { PROBE_MOST = 1 << 20, NETWORKS_MOST = 32, LIST_MOST = 256, PROBE_SECONDS = 60 };

struct probe_state {
	const char *version;       /* "4.1.4"; "": none */
	struct value *facts;       /* all else that is published */
};

/* Names are asked for on stdin, one a line; $program, $chdir. Cores and not hardware threads: two
 * ranks on one core slow each other down. Of the files that set Open MPI's parameters it
 * tells those apart that are as their package brought them. */
static const char script[] =
	"say() { printf '%s=%s\\n' \"$1\" \"$2\"; }\n"
	"say version \"$(mpirun --version 2>&1 </dev/null | head -n 1)\"\n"
	"case $(readlink -f \"$(command -v mpirun)\") in /usr/bin/*) say build \"$(dpkg-query -W "
		"-f '${db:Status-Abbrev}${Package} ${Version}\\n' openmpi-bin 'libopenmpi[0-9]*' 'libprrte*' "
		"'libpmix2*' 2>/dev/null | sed -n 's/^ii *//p' | paste -s -d ,)\";;\n"
	"/*) say build \"$(readlink -f \"$(command -v mpirun)\")\";; esac\n"
	"say daemon \"$(command -v orted || command -v prted)\"\n"
	"say compiler \"$(command -v cc || command -v gcc || command -v clang)\"\n"
	"say mpicc \"$(mpicc -show 2>/dev/null </dev/null | head -n 1)\"\n"
	"say mpich \"$(command -v mpirun.mpich || command -v mpiexec.hydra)\"\n"
	"[ -z \"$program\" ] || say found \"$(command -v -- \"$program\")\"\n"
	"[ -z \"$chdir\" ] || if [ -d \"$chdir\" ] && [ -x \"$chdir\" ]; then say directory yes; "
		"else say directory no; fi\n"
	"say architecture \"$(dpkg --print-architecture 2>/dev/null || uname -m)\"\n"
	"say bits \"$(getconf LONG_BIT)\"\n"
	"say system \"$(. /etc/os-release 2>/dev/null; echo \"$ID $VERSION_ID\")\"\n"
	"say cores \"$(lscpu -p=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l)\"\n"
	"say threads \"$(nproc 2>/dev/null)\"\n"
	"say memory \"$(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo)\"\n"
	"for d in \"$HOME\" /tmp; do [ ! -d \"$d\" ] || say room \"$(timeout 10 df -P -k -- \"$d\" "
		"2>/dev/null | awk 'NR==2{print $(NF-2)}') $d\"; done\n"
	"ip -o -4 addr show up 2>/dev/null | while read -r n i f a r; do say net \"$i $a\"; done\n"
	"cd /sys/class/net && for i in *; do say link \"$i $(cat $i/speed 2>/dev/null) "
		"$(cat $i/duplex 2>/dev/null) $(cat $i/statistics/rx_errors) $(cat $i/statistics/tx_errors) "
		"$(cat $i/statistics/rx_packets)\"; done 2>/dev/null\n"
	"for f in /etc/openmpi/openmpi-mca-params.conf /etc/openmpi-mca-params.conf "
		"/etc/prte-mca-params.conf /etc/prte/prte-mca-params.conf /etc/pmix-mca-params.conf "
		"/etc/pmix/pmix-mca-params.conf /usr/local/etc/openmpi-mca-params.conf "
		"/usr/local/etc/prte-mca-params.conf \"$HOME/.openmpi/mca-params.conf\" "
		"\"$HOME/.prte/mca-params.conf\" \"$HOME/.pmix/mca-params.conf\"; do\n"
	"	[ -f \"$f\" ] && [ -r \"$f\" ] || continue\n"
	"	k=mca; case $(dpkg-query -W -f '${Conffiles}\\n' 'openmpi*' 'libopenmpi*' 'libprrte*' 'prrte*' "
		"'libpmix*' 2>/dev/null) in *\" $f $(md5sum <\"$f\" | cut -d ' ' -f 1)\"*) k=stock;; esac\n"
	"	sed -n 's/[[:blank:]]*=[[:blank:]]*/=/; s/^[[:blank:]]*\\([a-z][^ ]*=.*\\)/\\1/p' \"$f\" | "
		"while read -r line || [ -n \"$line\" ]; do say $k \"$f $line\"; done\n"
	"done\n"
	"timeout 20 sh -c 'while read -r n; do a=$(getent ahostsv4 \"$n\"); "
		"printf \"name=%s %s\\n\" \"$n\" \"${a%% *}\"; done'\n";

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
		"lxdbr", "incusbr", "vnet", "flannel", "cali", "cilium",
		NULL };

	for (size_t i = 0; inner[i]; i++) {
		if (strncmp(interface, inner[i], strlen(inner[i])) == 0)
			return true;
	}
	return false;
}

/* What stands behind "KEY=" in each line that begins so, counted by *at; NULL: no more. */
static const char *next_line(struct arena *arena, const char **at, const char *key)
{
	size_t size = strlen(key);

	while (**at) {
		const char *line = *at;
		size_t length = strcspn(line, "\n");

		*at += length + (line[length] == '\n');
		if (strncmp(line, key, size) == 0 && line[size] == '=')
			return arena_bytes(arena, line + size + 1, length - size - 1);
	}
	return NULL;
}

/* "net=eth0 10.0.0.100/16" */
static void take_networks(struct arena *arena, const char *output, struct value *facts)
{
	struct value *networks = value_list(arena), *inner = value_list(arena);
	bool loopback = false;
	const char *line;

	while ((line = next_line(arena, &output, "net"))) {
		const char *address = line + strcspn(line, " ") + 1;
		struct value *list = is_inner(line) ? inner : networks;

		if (strncmp(address, "127.", 4) == 0)
			loopback = true;
		else if (list->count < NETWORKS_MOST)
			value_append(arena, list, value_bytes(arena, line,
				(size_t)(address - line) + strspn(address, "0123456789./")));
	}
	value_set(arena, facts, "networks", networks);
	value_set(arena, facts, "inner", inner);
	value_set_bool(arena, facts, "loopback", loopback);
}

/* All lines of one kind, as a list. */
static void take_list(struct arena *arena, const char *output, const char *key, const char *fact,
	struct value *facts)
{
	struct value *list = value_list(arena);
	const char *line;

	while ((line = next_line(arena, &output, key)) && list->count < LIST_MOST)
		value_append(arena, list, value_string(arena, line));
	value_set(arena, facts, fact, list);
}

/* Of "name=node2 127.0.1.1" those that lead nowhere, and those that weren't answered at all. */
static void take_names(struct arena *arena, const char *output, const struct mpi_params *want,
	struct value *facts)
{
	struct value *list = value_list(arena);

	for (unsigned i = 0; i < want->nodes_count; i++) {
		const char *line = next_line(arena, &output, "name");
		const char *space = line ? strchr(line, ' ') : NULL;
		const char *address = space ? space + 1 : "";

		if ((!*address || strncmp(address, "127.", 4) == 0) && list->count < LIST_MOST)
			value_append(arena, list, value_printf(arena, "%s %s", want->nodes[i], address));
	}
	value_set(arena, facts, "names", list);
}

/* "room=1024 /tmp", in KiB, as "1 /tmp" in MiB. */
static void take_room(struct arena *arena, const char *output, struct value *facts)
{
	struct value *list = value_list(arena);
	const char *line;

	while ((line = next_line(arena, &output, "room"))) {
		if (line[0] >= '0' && line[0] <= '9' && list->count < LIST_MOST)
			value_append(arena, list, value_printf(arena, "%llu%s",
				strtoull(line, NULL, 10) >> 10, line + strcspn(line, " ")));
	}
	value_set(arena, facts, "room", list);
}

static void take_texts(struct arena *arena, const char *output, struct value *facts)
{
	static const char *const keys[] = { "build", "mpicc", "mpich", "found", "architecture", "bits",
		"system", NULL };
	int cores = atoi(line_of(arena, output, "cores"));

	for (size_t i = 0; keys[i]; i++)
		value_set_string(arena, facts, keys[i], line_of(arena, output, keys[i]));
	if (cores < 1)
		cores = atoi(line_of(arena, output, "threads"));
	value_set_integer(arena, facts, "cores", cores < 1 ? 1 : cores);
	value_set_bool(arena, facts, "daemon", line_of(arena, output, "daemon")[0] == '/');
	value_set_bool(arena, facts, "compiler", line_of(arena, output, "compiler")[0] == '/');
	if (line_of(arena, output, "directory")[0])
		value_set_bool(arena, facts, "directory",
			strcmp(line_of(arena, output, "directory"), "yes") == 0);
	if (line_of(arena, output, "memory")[0])
		value_set_integer(arena, facts, "memory_mib", atoll(line_of(arena, output, "memory")) / 1024);
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

/* What it asks by name, and what of the task it looks for. */
static int run_script(struct host *host, const struct mpi_params *want, const char **ret_output,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *const line[] = { script, NULL };
	const char *const environment[] = {
		arena_printf(arena, "program=%s", want->program && want->program[0] != '/' ?
			want->program : ""),
		arena_printf(arena, "chdir=%s", want->chdir ? want->chdir : ""), NULL,
	};
	struct command command = {
		.argv = line, .flags = COMMAND_SHELL | COMMAND_ANY_STATUS, .most = PROBE_MOST,
		.timeout = PROBE_SECONDS, .environment = environment, .input = "",
	};
	struct command_result result;
	struct buffer names = { 0 };

	for (unsigned i = 0; i < want->nodes_count; i++)
		buffer_printf(&names, "%s\n", want->nodes[i]);
	if (names.size > 0)
		command.input = arena_bytes(arena, names.data, names.size);
	command.input_size = names.size;
	buffer_free(&names);
	if (host_look(host, &command, &result, err) < 0)
		return -1;
	*ret_output = result.output;
	return 0;
}

static int probe_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct mpi_params *want = params;
	struct probe_state *have = ret_state;
	struct arena *arena = host_arena(host);
	const char *output, *hostname, *machine_id, *settled;
	struct value *facts = value_map(arena);

	if (run_script(host, want, &output, err) < 0 || host_name(host, &hostname, err) < 0 ||
	    read_line(host, "/etc/machine-id", &machine_id, err) < 0)
		return -1;
	have->facts = facts;
	have->version = version_of(arena, line_of(arena, output, "version"));
	value_set_string(arena, facts, "version", have->version);
	if (!have->version[0] && !strstr(line_of(arena, output, "version"), "not found"))
		value_set_string(arena, facts, "mpirun", line_of(arena, output, "version"));
	value_set_string(arena, facts, "slots", want->own_slots);
	value_set_string(arena, facts, "hostname", hostname);
	value_set_string(arena, facts, "machine_id", machine_id);
	take_texts(arena, output, facts);
	take_networks(arena, output, facts);
	take_names(arena, output, want, facts);
	take_room(arena, output, facts);
	take_list(arena, output, "link", "links", facts);
	take_list(arena, output, "mca", "mca", facts);
	take_list(arena, output, "stock", "stock", facts);
	if (want->nodes_count == 0 || !want->self || strcmp(want->nodes[0], want->self) != 0)
		return 0;
	if (mpi_settled(host, want, &settled, err) < 0)
		return -1;
	value_set_string(arena, facts, "settled", settled);
	return 0;
}

static void probe_plan(struct plan *plan, const void *params, const void *state)
{
	(void)plan;
	(void)params;
	(void)state;
}

static struct value *probe_publish(struct arena *arena, const void *params, const void *state,
	const char **ret_key)
{
	*ret_key = mpi_params_key(arena, params);
	return ((const struct probe_state *)state)->facts;
}

static const char *slots_text(struct arena *arena, const struct value *slots)
{
	if (slots && slots->kind == VALUE_INTEGER)
		return arena_printf(arena, "%lld", (long long)slots->integer);
	return value_text(slots) ? value_text(slots) : "";
}

/* Of a map the entry of the first host or group that this host is in. */
static int own_slots(struct prepare *prepare, const struct value *slots, const char **ret_slots,
	struct error *err)
{
	const char *self = prepare_host(prepare);
	struct value *names;

	*ret_slots = slots_text(prepare_arena(prepare), slots);
	if (!slots || slots->kind != VALUE_MAP)
		return 0;
	for (size_t i = 0; i < value_pair_count(slots); i++) {
		if (prepare_hosts(prepare, value_key(slots, i), &names, err) < 0)
			return -1;
		for (size_t k = 0; k < names->count; k++) {
			if (strcmp(value_text(names->items[k]), self) != 0)
				continue;
			*ret_slots = slots_text(prepare_arena(prepare), value_at(slots, i));
			return 0;
		}
	}
	error_at(err, TASK_INVALID_VALUE, slots->place, "'slots' has nothing for %s", self);
	return error_remedy(err, "add the host or a group of it, or 'all' at the end");
}

/* What the task says, else the host's variable, as a hostfile has it. */
static int take_slots(struct prepare *prepare, struct value *params, struct error *err)
{
	struct value *slots = value_get(params, "slots");
	const char *own;

	if (!slots && (prepare_variable(prepare, prepare_host(prepare), "slots", &slots, err) < 0
			|| mpi_check_slots(slots, err) < 0))
		return -1;
	if (slots && slots->kind == VALUE_UNKNOWN) {
		value_set(prepare_arena(prepare), params, "own_slots", slots);
		return 0;
	}
	if (own_slots(prepare, slots, &own, err) < 0)
		return -1;
	value_set_string(prepare_arena(prepare), params, "own_slots", own);
	return 0;
}

static int probe_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	const char *source = value_get_string(params, "source");
	struct arena *arena = prepare_arena(prepare);
	const char *path, *digest;
	struct value *names;
	int64_t size;

	if (prepare_hosts(prepare, value_get_string(params, "group"), &names, err) < 0)
		return -1;
	value_set(arena, params, "nodes", names);
	if (take_slots(prepare, params, err) < 0)
		return -1;
	if (!source)
		return 0;
	if (prepare_find(prepare, source, "files", &path, err) < 0 ||
	    prepare_body(prepare, path, &digest, &size, err) < 0)
		return -1;
	value_set_string(arena, params, "source_body", digest);
	return 0;
}

const struct module module_mpi_run_probe = {
	.name = "mpi-run-probe",
	.summary = "what a host has of what a job needs",
	.params = mpi_table,
	.params_size = sizeof(struct mpi_params),
	.state_size = sizeof(struct probe_state),
	.flags = MODULE_INTERNAL,
	.prepare = probe_prepare,
	.acts_as = mpi_acts_as,
	.inspect = probe_inspect,
	.plan = probe_plan,
	.apply = mpi_apply_nothing,
	.publish = probe_publish,
};
