/* trial: one Allreduce over all hosts of a job, a process each, before the first job of a set of hosts.
 *
 * The program is compiled on the host that launches, travels to the others as an argument, and is gone
 * from each of them as soon as it runs. */
#include "modules/mpi_run/trial.h"

#include "modules/errors.h"

#include <stdlib.h>
#include <string.h>

enum { TRIAL_SECONDS = 60, CANNOT_COMPILE = 99 };

/* One value, then half a MiB, which packets of full size carry. */
static const char source[] =
	"#include <mpi.h>\n#include <stdio.h>\n#include <unistd.h>\n"
	"static double many[1 << 16], sums[1 << 16];\n"
	"int main(int argc, char **argv)\n{\n"
	"int rank, size, sum = 0;\n"
	"unlink(argv[0]);\n"
	"MPI_Init(&argc, &argv);\n"
	"MPI_Comm_rank(MPI_COMM_WORLD, &rank);\nMPI_Comm_size(MPI_COMM_WORLD, &size);\n"
	"printf(\"rank %d is up\\n\", rank);\nfflush(stdout);\n"
	"MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);\n"
	"for (int i = 0; i < 1 << 16; i++) many[i] = 1;\n"
	"MPI_Allreduce(many, sums, 1 << 16, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);\n"
	"if (sum != size * (size - 1) / 2 || sums[65535] != size) return 3;\n"
	"MPI_Finalize();\nreturn 0;\n}\n";

/* Its arguments are mpirun and its options; $source. */
static const char script[] =
	"d=$(mktemp -d) && trap 'rm -rf \"$d\"' EXIT || exit 99\n"
	"printf %s \"$source\" | mpicc -O1 -s -x c -o \"$d/trial\" - >&2 || exit 99\n"
	"\"$@\" sh -c 'f=$(mktemp \"$HOME/.beoplay.XXXXXX\") && printf %s \"$1\" | base64 -d >\"$f\" && "
		"chmod 700 \"$f\" && exec \"$f\" </dev/null' trial \"$(base64 -w 0 <\"$d/trial\")\"\n";

/* "node1 and node2": of whose process nothing was heard; NULL: all are up. */
static const char *silent_nodes(struct arena *arena, const struct mpi_params *want,
	const char *output)
{
	struct buffer text = { 0 };
	const char *result;

	for (unsigned i = 0; i < want->nodes_count && text.size < 200; i++) {
		if (!strstr(output, arena_printf(arena, "rank %u is up\n", i)))
			buffer_printf(&text, "%s%s", text.size ? ", " : "", want->nodes[i]);
	}
	result = text.size > 0 ? arena_bytes(arena, text.data, text.size) : NULL;
	buffer_free(&text);
	return result;
}

static int judge(struct arena *arena, const struct mpi_params *want,
	const struct command_result *result, struct error *err)
{
	const char *silent = silent_nodes(arena, want, result->output);
	const char *words = command_last_words(arena, result);
	const char *network = want->chosen_network ? want->chosen_network : "";

	if (silent)
		error_set(err, MPI_RUN_NOT_READY, "no process came up on %s when all %u hosts were tried: %s",
			silent, want->nodes_count, words);
	else
		error_set(err, MPI_RUN_NOT_READY, "the %u hosts don't communicate%s%s: an Allreduce over a "
			"process on each %s: %s", want->nodes_count, network[0] ? " in " : "", network,
			result->timed_out ? "did not end" : "failed", words);
	return error_remedy(err, "look at their network, or leave this out with 'preflight: false'");
}

int trial_run(struct host *host, const struct mpi_params *want, const char *const *mpirun,
	bool *ret_tried, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *const environment[] = { arena_printf(arena, "source=%s", source), NULL };
	struct command command = { .environment = environment, .timeout = TRIAL_SECONDS,
		.flags = COMMAND_ANY_STATUS | COMMAND_TO_FILES };
	struct command_result result;
	const char **line;
	size_t count = 0;

	while (mpirun[count])
		count++;
	line = arena_array(arena, count + 5, sizeof(*line));
	line[0] = "/bin/sh";
	line[1] = "-c";
	line[2] = script;
	line[3] = "trial";
	memcpy(line + 4, mpirun, count * sizeof(*line));
	command.argv = line;
	host_progress(host, "tries one Allreduce over %u hosts", want->nodes_count);
	/* As a job that never starts, see launch_run(). */
	for (int i = 0; i < 2; i++) {
		if (host_run(host, &command, &result, err) < 0)
			return -1;
		if (!result.timed_out || result.output_size > 0)
			break;
	}
	*ret_tried = result.status != CANNOT_COMPILE;
	if (result.status == 0 || (!*ret_tried && !result.timed_out))
		return 0;
	return judge(arena, want, &result, err);
}
