/* job_run: one run of a job: mpirun's words, what came of it, and what is remembered of it. */
#include "modules/mpi_run/job.h"

#include "modules/errors.h"
#include "modules/mpi_run/ranks.h"

#include "base/excerpt.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of stdout and of stderr: so much is in the result and in the record alike. The end of the result, where it
 * isn't shown while the job runs, has SHOWN_MOST. */
enum { OUTPUT_MOST = 16 << 20, SHOWN_MOST = 128 << 10 };

const char *job_date(struct arena *arena)
{
	time_t seconds = time(NULL);
	char text[64] = "";
	struct tm parts;

	if (localtime_r(&seconds, &parts))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
	return arena_string(arena, text);
}

/* What ssh says of a host that doesn't answer any more, before its name. */
#define SILENT_MARK "Timeout, server "

/* The host that Open MPI says it lost: "… on node node2 exited on signal 9", "… Remote host: x" */
static const char *failed_host(const struct mpi_params *want, const char *errors)
{
	static const char *const before[] = { SILENT_MARK, "on node ", "Node: ", "Remote host: ", "host: ",
		NULL };

	for (size_t b = 0; before[b]; b++) {
		for (const char *at = strstr(errors, before[b]); at; at = strstr(at + 1, before[b])) {
			const char *name = at + strlen(before[b]);

			name += strspn(name, " ");
			for (unsigned i = 0; i < want->nodes_count; i++) {
				size_t size = strlen(want->nodes[i]);

				if (strncmp(name, want->nodes[i], size) == 0 &&
				    !strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", name[size]))
					return want->nodes[i];
			}
		}
	}
	return NULL;
}

struct value *job_shown(struct arena *arena, const struct value *output)
{
	size_t size;
	const char *text = excerpt_of(arena, output->text, output->size, SHOWN_MOST, &size);

	return value_bytes(arena, text, size);
}

static void set_results(struct arena *arena, const struct mpi_params *want,
	const struct job_state *have, const struct command_result *result, double elapsed,
	struct value *results)
{
	struct value *versions = value_map(arena);
	size_t size = result->output_size;
	const char *failed = result->status ? failed_host(want, result->errors) : NULL;

	while (size > 0 && result->output[size - 1] == '\n')
		size--;
	value_set_string(arena, versions, "open_mpi", want->version);
	value_set_integer(arena, results, "rc", result->status);
	value_set(arena, results, "stdout", value_bytes(arena, result->output, size));
	value_set(arena, results, "stderr", value_bytes(arena, result->errors, result->errors_size));
	value_set(arena, results, "elapsed", value_float(arena, elapsed));
	value_set_integer(arena, results, "np", want->np ? *want->np : want->all_slots);
	value_set_string(arena, results, "hostfile", have->hostfile);
	value_set(arena, results, "versions", versions);
	value_set(arena, results, "failed_host", value_string(arena, failed));
	value_set(arena, results, "show", job_shown(arena, value_get(results, "stdout")));
	if (result->truncated)
		value_set_bool(arena, results, "truncated", true);
}

static struct value *for_record(struct arena *arena, const struct value *results)
{
	static const char *const kept[] = { "rc", "elapsed", "np", "hostfile", "versions", "stdout",
		"stderr", "truncated", "scaling", "speedup", "serial_fraction", "parallel_fraction",
		"parallel_error", "limit", "svg", NULL };
	struct value *copy = value_map(arena);

	for (size_t i = 0; kept[i]; i++) {
		if (value_get(results, kept[i]))
			value_set(arena, copy, kept[i], value_get(results, kept[i]));
	}
	return copy;
}

int job_remember(struct host *host, const struct mpi_params *want, const struct job_state *have,
	double elapsed, const struct value *results, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record = value_map(arena);

	value_set_string(arena, record, "program", want->program_body);
	value_set_string(arena, record, "inputs", have->inputs);
	value_set_string(arena, record, "settings", have->settings);
	value_set_string(arena, record, "hostfile", want->hostfile_text);
	value_set_string(arena, record, "when", job_date(arena));
	value_set(arena, record, "elapsed", value_float(arena, elapsed));
	value_set(arena, record, "results", for_record(arena, results));
	return host_record_set(host, have->record_key, record, err);
}

static int judge(struct arena *arena, const struct command_result *result,
	const struct value *results, const struct command *command, struct error *err)
{
	const char *failed = value_get_string(results, "failed_host");
	const char *said = command_last_words(arena, result);

	if (result->timed_out)
		return error_set(err, MPI_RUN_JOB_TIMEOUT, "the job did not end within %u seconds%s%s",
			command->timeout, said[0] ? "; the last that it said: " : "", said);
	if (result->status == 0)
		return 0;
	if (failed && strstr(result->errors, SILENT_MARK) && strstr(result->errors, " not responding")) {
		error_set(err, MPI_RUN_HOST_LOST, "%s fell silent, and the job was ended", failed);
		return error_remedy(err, "look at its power and its cable, then run the job again");
	}
	return error_set(err, MPI_RUN_JOB_FAILED, "the job failed with status %d%s%s: %s",
		result->status, failed ? " on " : "", failed ? failed : "", said);
}

struct launch job_launch(const struct job_state *have)
{
	return (struct launch){ .hostfile = have->hostfile, .program = have->program,
		.as_root = have->user.uid == 0 };
}

static int run_tagged(struct host *host, const struct mpi_params *want, struct command *command,
	struct command_result *ret_result, double *ret_elapsed, struct error *err)
{
	int64_t most = want->np ? *want->np : want->all_slots;
	int result;

	if (want->tag_output) {
		command->sort = ranks_sort;
		command->sort_context = ranks_new(most > 0 ? (size_t)most : 0,
			(unsigned)strtoul(want->version, NULL, 10));
	}
	result = launch_run(host, want, command, ret_result, ret_elapsed, err);
	ranks_free(command->sort_context);
	return result;
}

int job_run_once(struct host *host, const struct mpi_params *want, const struct job_state *have,
	unsigned flags, double *ret_elapsed, struct value *results, struct error *err)
{
	const struct launch launch = job_launch(have);
	struct command command = {
		.argv = launch_job(host_arena(host), want, &launch),
		.directory = want->chdir ? want->chdir : have->user.home,
		.timeout = (unsigned)want->timeout,
		.flags = flags | COMMAND_ANY_STATUS | COMMAND_TELLS | COMMAND_TO_FILES,
		.most = OUTPUT_MOST,
	};
	struct command_result result = { 0 };

	if (run_tagged(host, want, &command, &result, ret_elapsed, err) < 0)
		return -1;
	set_results(host_arena(host), want, have, &result, *ret_elapsed, results);
	return judge(host_arena(host), &result, results, &command, err);
}

int job_run(struct host *host, const struct mpi_params *want, const struct job_state *have,
	struct value *results, struct error *err)
{
	double elapsed;

	host_progress(host, "runs %s on %u hosts", have->program, want->nodes_count);
	if (job_run_once(host, want, have, COMMAND_STREAM, &elapsed, results, err) < 0)
		return -1;
	return job_remember(host, want, have, elapsed, results, err);
}
