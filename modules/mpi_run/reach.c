/* reach: whether this host gets to all others of a job, as Open MPI will: by ssh without a question, and
 * over TCP on a high port. All hosts try at the same time; what fails is published. */
#include "modules/mpi_run/mpi_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 8, CONNECT_SECONDS = 5, CLOCK_MOST = 2, SAID_MOST = 1500, BESIDE = 50 };

/* "node2 10.0.0.102", as the controller tells it. */
static const char *peer_name(struct arena *arena, const char *peer)
{
	return arena_bytes(arena, peer, strcspn(peer, " "));
}

/* Before the path of the launcher's daemon: a login may say other things, too. */
#define DAEMON_MARK "launches by "

struct reach_state {
	struct value *problems;    /* {kind, to, what, remedy} */
};

/* For each name on stdin a line "NAME STATUS BEFORE AFTER what was said". It asks nothing, learns no
 * host key, and changes nothing on either side. A server that has too many at its door closes it: then
 * once more. */
static const char script[] =
	"export remote='exec sh -c '\\''echo \"" DAEMON_MARK "$(command -v orted || command -v prted) at "
		"$(date +%s) $(env | grep -E \"^(OMPI|PRTE|PMIX)_MCA_\" | tr \"\\n\" \" \")\"'\\'\n"
	"xargs -P \"$at_once\" -I NAME sh -c 'for try in 1 2 3; do b=$(date +%s)\n"
	"o=$(ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o UpdateHostKeys=no "
		"-o ConnectTimeout=\"$connect\" -o LogLevel=ERROR -n -- \"$1\" \"$remote\" 2>&1); s=$?\n"
	"case $s$o in 255*kex_exchange*|255*\"Connection closed\"*|255*\"Connection reset\"*) sleep 1;; "
		"*) break;; esac; done\n"
	"printf \"%s %s %s %s %s\\n\" \"$1\" $s $b $(date +%s) \"$(printf %s \"$o\" | tr \"\\r\\n\" \"  \" | "
		"tail -c \"$most\")\"' _ NAME\n";

static bool launches(const struct mpi_params *want)
{
	return want->self && want->nodes_count > 0 && strcmp(want->nodes[0], want->self) == 0;
}

/* Where this host stands among those that are to reach one another; their number: nowhere. */
static size_t place_of(struct arena *arena, const struct mpi_params *want)
{
	size_t at = 0;

	while (at < want->peers_count && (!want->self
			|| strcmp(peer_name(arena, want->peers[at]), want->self) != 0))
		at++;
	return at;
}

/* Whom of them this host tries, those behind it first, so that not all ask the same one at once. A large
 * job has too many pairs: there whoever launches tries all, the others their neighbours and it. As each
 * waits for those that it tries, two hosts try each other or neither does. */
static char **choose_peers(struct arena *arena, const struct mpi_params *want, size_t *ret_count)
{
	char **peers = arena_array(arena, want->peers_count + 1, sizeof(*peers));
	size_t count = want->peers_count, at = place_of(arena, want);
	const char *first = want->nodes_count > 0 ? want->nodes[0] : "";

	*ret_count = 0;
	for (size_t i = 1; i < count + (at == count); i++) {
		char *peer = want->peers[(at + i) % count];

		if (i <= BESIDE || count - i <= BESIDE || launches(want)
				|| strcmp(peer_name(arena, peer), first) == 0)
			peers[(*ret_count)++] = peer;
	}
	return peers;
}

static void problem(struct arena *arena, struct reach_state *have, const char *kind, const char *to,
	const char *what, const char *remedy)
{
	struct value *map = value_map(arena);

	value_set_string(arena, map, "kind", kind);
	value_set_string(arena, map, "to", to);
	value_set_string(arena, map, "what", what);
	value_set_string(arena, map, "remedy", remedy);
	value_append(arena, have->problems, map);
}

/* --- ssh */

static const char *remedy_of(const char *said)
{
	if (strstr(said, "Host key verification failed") || strstr(said, "host key is known"))
		return "make its host key known, with a task of ssh-keys";
	if (strstr(said, "Permission denied"))
		return "let the user in there, with a task of ssh-keys";
	if (strstr(said, "Could not resolve"))
		return "give it a name, with a task of hosts";
	return "check that sshd is running there and the network is up";
}

/* The first host alone asks what is the same for whoever asks. */
static void judge_login(struct arena *arena, const char *name, const char *daemon, int64_t before,
	int64_t after, struct reach_state *have)
{
	const char *at = strstr(daemon, " at ");
	int64_t there = at ? strtoll(at + 4, NULL, 10) : before;
	const char *settings = at ? at + 4 + strspn(at + 4, "0123456789 ") : "";
	int64_t apart = there < before ? there - before : there > after ? there - after : 0;

	if (daemon[0] != '/')
		problem(arena, have, "daemon", name, "a login of ssh finds neither orted nor prted",
			"install openmpi-bin there, or mend its PATH");
	if (settings[0])
		problem(arena, have, "settings", name, arena_printf(arena, "a login of ssh sets %.200s",
			settings), "take it out of its start-up files, or set it with the task's 'mca'");
	if (apart > CLOCK_MOST || apart < -CLOCK_MOST)
		problem(arena, have, "clock", name, arena_printf(arena, "its clock is %" PRId64 " s %s",
			apart < 0 ? -apart : apart, apart < 0 ? "behind" : "ahead"),
			"let chrony or systemd-timesyncd set it");
}

static void judge_line(struct arena *arena, const struct mpi_params *want, const char *name,
	const char *line, struct reach_state *have)
{
	char *at;
	long status = strtol(line, &at, 10);
	int64_t before = strtoll(at, &at, 10), after = strtoll(at, &at, 10);
	const char *said = at + strspn(at, " ");
	const char *daemon = strstr(said, DAEMON_MARK);

	if (strstr(said, "HOST IDENTIFICATION HAS CHANGED"))
		said = "its host key is not the known one. Host key verification failed.";
	if (daemon && launches(want))
		judge_login(arena, name, daemon + strlen(DAEMON_MARK), before, after, have);
	if (daemon)
		return;
	if (status == 255)
		problem(arena, have, "ssh", name, arena_printf(arena, "%.300s", said), remedy_of(said));
	else
		problem(arena, have, "ssh", name, arena_printf(arena, "the login runs no command and ends with "
			"status %ld%s%.200s", status, said[0] ? ": " : "", said),
			"look for 'exit' in its .bashrc or .profile, and at its shell");
}

static void judge_output(struct arena *arena, const struct mpi_params *want, const char *output,
	struct reach_state *have)
{
	for (unsigned i = 0; i < want->peers_count; i++) {
		const char *name = peer_name(arena, want->peers[i]);
		size_t size = strlen(name);
		const char *at = output;

		while (*at && (strncmp(at, name, size) != 0 || at[size] != ' '))
			at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n');
		if (*at)
			judge_line(arena, want, name, arena_bytes(arena, at + size + 1,
				strcspn(at + size + 1, "\n")), have);
		else
			problem(arena, have, "ssh", name, "no answer in time", remedy_of(""));
	}
}

static int try_ssh(struct host *host, const struct mpi_params *want, struct reach_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *const line[] = { script, NULL };
	const char *const environment[] = {
		arena_printf(arena, "at_once=%d", AT_ONCE), arena_printf(arena, "connect=%d",
		CONNECT_SECONDS), arena_printf(arena, "most=%d", SAID_MOST), NULL,
	};
	struct buffer names = { 0 };
	struct command command = {
		.argv = line, .flags = COMMAND_SHELL | COMMAND_ANY_STATUS, .environment = environment,
		.most = (size_t)2 * SAID_MOST * (want->peers_count + 1), .timeout = 60 + want->peers_count,
	};
	struct command_result result;

	for (unsigned i = 0; i < want->peers_count; i++)
		buffer_printf(&names, "%s\n", peer_name(arena, want->peers[i]));
	command.input = arena_bytes(arena, names.data, names.size);
	command.input_size = names.size;
	buffer_free(&names);
	if (host_look(host, &command, &result, err) < 0)
		return -1;
	judge_output(arena, want, result.output, have);
	return 0;
}

/* --- TCP */

static int try_tcp(struct host *host, const struct mpi_params *want, struct reach_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	struct meeting meeting = { .word = want->meeting, .name = want->self,
		.port = (unsigned)want->meeting_port, .seconds = 8 + want->peers_count / 20,
		.peers = arena_array(arena, want->peers_count, sizeof(*meeting.peers)) };

	for (unsigned i = 0; i < want->peers_count; i++) {
		const char *blank = strchr(want->peers[i], ' ');

		if (blank && blank[1])
			meeting.peers[meeting.count++] = (struct meeting_peer){
				.name = peer_name(arena, want->peers[i]), .address = blank + 1 };
	}
	if (meeting.count == 0)
		return 0;
	if (host_meet(host, &meeting, err) < 0)
		return -1;
	for (size_t i = 0; i < meeting.count; i++) {
		const struct meeting_peer *peer = &meeting.peers[i];

		if (peer->problem)
			problem(arena, have, "tcp", peer->name, arena_printf(arena, "%s, port %u: %s", peer->address,
				meeting.port, peer->problem), "let the firewalls of both accept TCP from the hosts' network");
	}
	return 0;
}

static int reach_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct mpi_params *want = params;
	struct reach_state *have = ret_state;

	struct mpi_params tried = *want;
	size_t count;

	have->problems = value_list(host_arena(host));
	tried.peers = choose_peers(host_arena(host), want, &count);
	tried.peers_count = (unsigned)count;
	if (count == 0)
		return 0;
	if (try_tcp(host, &tried, have, err) < 0)
		return -1;
	return try_ssh(host, &tried, have, err);
}

static void reach_plan(struct plan *plan, const void *params, const void *state)
{
	(void)plan;
	(void)params;
	(void)state;
}

static struct value *reach_publish(struct arena *arena, const void *params, const void *state,
	const char **ret_key)
{
	struct value *facts = value_map(arena);

	*ret_key = mpi_params_key(arena, params);
	value_set(arena, facts, "problems", ((const struct reach_state *)state)->problems);
	return facts;
}

const struct module module_mpi_run_reach = {
	.name = "mpi-run-reach",
	.summary = "whether the hosts of a job get to one another",
	.params = mpi_table,
	.params_size = sizeof(struct mpi_params),
	.state_size = sizeof(struct reach_state),
	.flags = MODULE_INTERNAL | MODULE_LOOKS,
	.prepare = mpi_prepare_reach,
	.acts_as = mpi_acts_as,
	.inspect = reach_inspect,
	.plan = reach_plan,
	.apply = mpi_apply_nothing,
	.publish = reach_publish,
};
