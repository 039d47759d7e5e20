/* launch: the words of mpirun for a job, by the version of Open MPI. */
#include "modules/mpi_run/launch.h"

#include "modules/errors.h"
#include "modules/mpi_run/ranks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Seconds, and one more a host, until some rank must have begun; and how often that is tried. */
enum { START_MOST = 120, STARTS_MOST = 2 };

struct line {
	const char **argv;
	size_t count;
};

static void add(struct line *line, const char *word)
{
	line->argv[line->count++] = word;
}

static void add_mca(struct line *line, const char *kind, const char *key, const char *value)
{
	add(line, kind);
	add(line, key);
	add(line, value);
}

/* Open MPI cuts names at their first dot: worker.1.lan and worker.2.lan would be one host to it. */
static bool share_first_label(const struct mpi_params *want)
{
	for (unsigned i = 1; i < want->nodes_count; i++) {
		size_t size = strcspn(want->nodes[i], ".");

		for (unsigned k = 0; k < i; k++) {
			if (strcspn(want->nodes[k], ".") == size
					&& strncmp(want->nodes[i], want->nodes[k], size) == 0)
				return true;
		}
	}
	return false;
}

/* Open MPI 5 has its launcher in a project of its own, with parameters of its own. */
static void add_launcher(struct line *line, const struct mpi_params *want)
{
	/* A host that falls silent is given up after as many seconds, and ends the job. */
	static const char remote[] = "-o BatchMode=yes -o StrictHostKeyChecking=yes "
		"-o ServerAliveInterval=5 -o ServerAliveCountMax=3";
	bool five = strtoul(want->version, NULL, 10) >= 5;
	bool network = want->chosen_network && want->chosen_network[0] && want->nodes_count > 1;

	add_mca(line, five ? "--prtemca" : "--mca", five ? "plm_ssh_args" : "plm_rsh_args", remote);
	if (share_first_label(want))
		add_mca(line, five ? "--prtemca" : "--mca", five ? "prte_keep_fqdn_hostnames" :
			"orte_keep_fqdn_hostnames", "1");
	if (!network)
		return;
	add_mca(line, "--mca", "btl_tcp_if_include", want->chosen_network);
	add_mca(line, five ? "--prtemca" : "--mca", five ? "prte_if_include" : "oob_tcp_if_include",
		want->chosen_network);
}

static void add_placement(struct line *line, const struct mpi_params *want)
{
	if (want->map_by) {
		add(line, "--map-by");
		add(line, want->map_by);
	}
	if (want->bind_to || want->crowded) {
		add(line, "--bind-to");
		add(line, want->bind_to ? want->bind_to : "none");
	}
}

/* All that a job and a trial of its hosts have in common. */
static struct line begin(struct arena *arena, const struct mpi_params *want,
	const struct launch *launch, int64_t np)
{
	struct line line = { .argv = arena_array(arena, 60 + 3 * want->mca_count + 2 * want->env_count +
		want->args_count, sizeof(*line.argv)) };

	add(&line, "mpirun");
	add(&line, "--hostfile");
	add(&line, launch->hostfile);
	add(&line, "-np");
	add(&line, arena_printf(arena, "%" PRId64, np));
	return line;
}

static void add_settings(struct line *line, const struct mpi_params *want,
	const struct launch *launch)
{
	add_launcher(line, want);
	for (unsigned i = 0; i < want->mca_count; i++)
		add_mca(line, "--mca", want->mca[i].key, want->mca[i].value);
	if (launch->as_root)
		add(line, "--allow-run-as-root");
}

/* Who says it stands before each piece of the output; see ranks.h. */
static void add_tags(struct line *line, const struct mpi_params *want)
{
	if (strtoul(want->version, NULL, 10) >= 5) {
		add(line, "--output");
		add(line, "tag");
	} else {
		add(line, "--tag-output");
	}
}

const char *const *launch_job(struct arena *arena, const struct mpi_params *want,
	const struct launch *launch)
{
	struct line line = begin(arena, want, launch, want->np ? *want->np : want->all_slots);

	add_placement(&line, want);
	add_settings(&line, want, launch);
	if (want->tag_output)
		add_tags(&line, want);
	for (unsigned i = 0; i < want->env_count; i++) {
		add(&line, "-x");
		add(&line, arena_printf(arena, "%s=%s", want->env[i].key, want->env[i].value));
	}
	if (want->chdir) {
		add(&line, "--wdir");
		add(&line, want->chdir);
	}
	for (size_t i = 0; want->tag_output && ranks_words[i]; i++)
		add(&line, ranks_words[i]);
	add(&line, launch->program);
	for (unsigned i = 0; i < want->args_count; i++)
		add(&line, want->args[i]);
	return line.argv;
}

const char *const *launch_trial(struct arena *arena, const struct mpi_params *want,
	const struct launch *launch)
{
	struct line line = begin(arena, want, launch, want->nodes_count);

	add(&line, "--map-by");
	add(&line, "ppr:1:node");
	add(&line, "--bind-to");
	add(&line, "none");
	add_settings(&line, want, launch);
	return line.argv;
}

/* The names of mpirun's processes as long as no rank has begun. NULL: the first rank may be one of
 * another host, where it isn't seen. */
static const char *const *starters_of(const struct mpi_params *want)
{
	static const char *const names[] = { "mpirun", "mpiexec", "orterun", "orted", "prterun", "prte",
		"prted", "ssh", NULL };

	for (unsigned i = 0; i < want->mca_count; i++) {
		if (strstr(want->mca[i].key, "rmaps"))
			return NULL;
	}
	return want->map_by ? NULL : names;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Open MPI 5.0.7 was seen to start no rank although all of its daemons had connected, and to wait for
 * ever; the next time it starts. */
int launch_run(struct host *host, const struct mpi_params *want, struct command *command,
	struct command_result *ret_result, double *ret_elapsed, struct error *err)
{
	command->starters = starters_of(want);
	command->start_most = START_MOST + want->nodes_count;
	for (int i = 0; i < STARTS_MOST; i++) {
		double start = now();

		if (host_run(host, command, ret_result, err) < 0)
			return -1;
		*ret_elapsed = now() - start;
		if (!ret_result->not_begun)
			return 0;
	}
	error_set(err, MPI_RUN_NOT_STARTED, "mpirun started no process of the job within %u seconds, "
		"%d times%s%s", command->start_most, STARTS_MOST, ret_result->errors_size ? ": " : "",
		ret_result->errors_size ? command_last_words(host_arena(host), ret_result) : "");
	return error_remedy(err, "see whether mpirun starts 'hostname' on these hosts by hand");
}
