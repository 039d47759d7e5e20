/* job: runs mpirun on the host that launches, unless this very job ended well already.
 *
 * The record "mpi-run:job:DIGEST" is named by what makes it this job (program's path, arguments,
 * directory, np) and holds what it depended on: {program, settings, inputs, hostfile, when,
 * elapsed, results}. */
#include "modules/errors.h"
#include "modules/mpi_run/files.h"
#include "modules/mpi_run/job.h"
#include "modules/mpi_run/trial.h"

#include "base/digest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { JOB_STEP_TRY, JOB_STEP_RUN };

/* --- What the job is */

static void add_line(struct buffer *out, const char *name, const char *value)
{
	buffer_add_string(out, name);
	buffer_add_char(out, '=');
	buffer_add_string(out, value ? value : "");
	buffer_add_char(out, '\0');
}

static void name_job(struct arena *arena, const struct mpi_params *want, struct job_state *have)
{
	struct buffer text = { 0 };
	char digest[DIGEST_HEX_SIZE];

	add_line(&text, "program", have->program);
	add_line(&text, "chdir", want->chdir);
	add_line(&text, "user", want->user);
	add_line(&text, "np", want->np ? arena_printf(arena, "%" PRId64, *want->np) : NULL);
	for (unsigned i = 0; i < want->args_count; i++)
		add_line(&text, "arg", want->args[i]);
	for (unsigned i = 0; i < want->scaling_count; i++)
		add_line(&text, "scaling", want->scaling[i]);
	digest_bytes(text.data, text.size, digest);
	have->record_key = arena_printf(arena, "mpi-run:job:%.32s", digest);
	buffer_free(&text);
}

/* Of hosts that communicate in this network, with this Open MPI. */
static void name_trial(struct arena *arena, const struct mpi_params *want, struct job_state *have)
{
	struct buffer text = { 0 };
	char digest[DIGEST_HEX_SIZE];

	add_line(&text, "network", want->chosen_network);
	add_line(&text, "version", want->version);
	for (unsigned i = 0; i < want->nodes_count; i++)
		add_line(&text, "node", want->nodes[i]);
	for (unsigned i = 0; i < want->mca_count; i++)
		add_line(&text, want->mca[i].key, want->mca[i].value);
	digest_bytes(text.data, text.size, digest);
	have->trial_key = arena_printf(arena, "mpi-run:tried:%.32s", digest);
	buffer_free(&text);
}

static void describe_settings(struct arena *arena, const struct mpi_params *want,
	struct job_state *have)
{
	struct buffer text = { 0 };

	for (unsigned i = 0; i < want->env_count; i++)
		buffer_printf(&text, "env %s=%s\n", want->env[i].key, want->env[i].value);
	for (unsigned i = 0; i < want->mca_count; i++)
		buffer_printf(&text, "mca %s=%s\n", want->mca[i].key, want->mca[i].value);
	if (want->tag_output)
		buffer_add_string(&text, "tag_output\n");
	if (want->scaling_count > 0)
		buffer_printf(&text, "scaling_runs=%" PRId64 "\n", want->scaling_runs);
	buffer_printf(&text, "map_by=%s\nbind_to=%s\n", want->map_by ? want->map_by : "",
		want->bind_to ? want->bind_to : "");
	have->settings = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
}

static int look_at_inputs(struct host *host, const struct mpi_params *want,
	struct job_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *base = want->chdir ? want->chdir : have->user.home;
	struct buffer text = { 0 };
	int result = 0;

	for (unsigned i = 0; i < want->inputs_count && result == 0; i++) {
		const char *path = want->inputs[i][0] == '/' ? want->inputs[i] :
			arena_printf(arena, "%s/%s", base, want->inputs[i]);
		const char *digest;

		result = host_digest(host, path, &digest, err);
		if (result == 0)
			buffer_printf(&text, "%s %s\n", digest, path);
	}
	have->inputs = arena_bytes(arena, text.data ? text.data : "", text.size);
	buffer_free(&text);
	return result;
}

/* --- Why it would run */

static bool differs(const struct value *record, const char *key, const char *now)
{
	const char *then = value_get_string(record, key);

	return !then || strcmp(then, now) != 0;
}

static bool has_line(const char *text, const char *line, size_t size)
{
	for (const char *at = text; *at;) {
		size_t length = strcspn(at, "\n");

		if (length == size && strncmp(at, line, size) == 0)
			return true;
		at += length + (at[length] == '\n');
	}
	return false;
}

/* " +node4" for each line of now that then has not. */
static void add_difference(struct buffer *out, char sign, const char *now, const char *then)
{
	for (const char *at = now; *at;) {
		size_t length = strcspn(at, "\n");

		if (!has_line(then, at, length) && out->size < 500)
			buffer_printf(out, " %c%.*s", sign, (int)(length < 80 ? length : 80), at);
		at += length + (at[length] == '\n');
	}
}

static const char *hostfile_reason(struct arena *arena, const struct mpi_params *want,
	const struct value *record)
{
	const char *then = value_get_string(record, "hostfile");
	struct buffer text = { 0 };
	const char *result;

	buffer_add_string(&text, "hostfile");
	add_difference(&text, '+', want->hostfile_text, then ? then : "");
	add_difference(&text, '-', then ? then : "", want->hostfile_text);
	result = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
	return result;
}

static const char *reason_of(struct arena *arena, const struct mpi_params *want,
	const struct job_state *have)
{
	if (have->created)
		return NULL;
	if (want->rerun == MPI_RERUN_ALWAYS)
		return "it runs always";
	if (!have->record)
		return "it has not run yet";
	if (differs(have->record, "program", want->program_body))
		return "the program is another one";
	if (differs(have->record, "inputs", have->inputs))
		return "its inputs are others";
	if (differs(have->record, "settings", have->settings))
		return "its environment or options are others";
	if (want->rerun == MPI_RERUN_CHANGED && differs(have->record, "hostfile", want->hostfile_text))
		return hostfile_reason(arena, want, have->record);
	return NULL;
}

/* --- Looking */

/* What it is, and what is known of it. */
static int look_at_job(struct host *host, const struct mpi_params *want, struct job_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	struct file_info info;

	if (mpi_user(host, want, &have->user, err) < 0)
		return -1;
	have->program = mpi_program_path(arena, want, &have->user);
	have->hostfile = mpi_hostfile_path(arena, want, &have->user);
	if (want->creates) {
		if (host_stat(host, want->creates, &info, err) < 0)
			return -1;
		have->created = info.kind != FILE_NONE;
	}
	name_job(arena, want, have);
	describe_settings(arena, want, have);
	return host_record_get(host, have->record_key, &have->record, err);
}

int mpi_settled(struct host *host, const struct mpi_params *want, const char **ret_hostfile,
	struct error *err)
{
	struct mpi_params then = *want;
	struct job_state have = { 0 };
	const char *digest;
	bool right;

	*ret_hostfile = "";
	if (look_at_job(host, want, &have, err) < 0 || mpi_built(host, want, &right, &digest, err) < 0)
		return -1;
	if (!right || (!have.record && !have.created))
		return 0;
	then.program_body = (char *)digest;
	then.hostfile_text = (char *)value_get_string(have.record, "hostfile");
	if (!then.hostfile_text)
		then.hostfile_text = "";
	have.inputs = "";
	if (have.record && !have.created && look_at_inputs(host, want, &have, err) < 0)
		return -1;
	if (!reason_of(host_arena(host), &then, &have))
		*ret_hostfile = have.created || want->rerun == MPI_RERUN_PROGRAM ? "*" : then.hostfile_text;
	return 0;
}

static int job_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct mpi_params *want = params;
	struct job_state *have = ret_state;
	struct value *trial;

	if (!want->hostfile_text || !want->program_body)
		return error_set(err, BEOPLAY_BUG, "mpi-run-job came without its hosts");
	if (look_at_job(host, want, have, err) < 0 || look_at_inputs(host, want, have, err) < 0)
		return -1;
	have->reason = reason_of(host_arena(host), want, have);
	name_trial(host_arena(host), want, have);
	if (host_record_get(host, have->trial_key, &trial, err) < 0)
		return -1;
	have->tried = trial != NULL;
	return 0;
}

/* --- Planning */

static const char *duration(struct plan *plan, double seconds)
{
	long whole = seconds > 0 && seconds < 1e9 ? (long)seconds : 0;

	if (whole >= 3600)
		return plan_printf(plan, "%ld h %ld min", whole / 3600, whole % 3600 / 60);
	if (whole >= 60)
		return plan_printf(plan, "%ld min %ld s", whole / 60, whole % 60);
	return plan_printf(plan, "%.1f s", seconds);
}

static double elapsed_of(const struct value *record)
{
	const struct value *elapsed = value_get(record, "elapsed");

	return elapsed && elapsed->kind == VALUE_FLOAT ? elapsed->number : 0;
}

static const char *last_time(struct plan *plan, const struct job_state *have)
{
	const char *when = value_get_string(have->record, "when");

	if (!have->record)
		return NULL;
	return plan_printf(plan, "ran %s, took %s", when ? when : "once",
		duration(plan, elapsed_of(have->record)));
}

static void plan_trial(struct plan *plan, const struct mpi_params *want,
	const struct job_state *have)
{
	if (!want->preflight || want->nodes_count < 2 || have->tried)
		return;
	if (want->can_compile)
		plan_add(plan, JOB_STEP_TRY, plan_printf(plan, "%u hosts", want->nodes_count),
			"communication", "not tried", "one Allreduce over all, before their first job");
	else
		plan_note(plan, "whether the hosts communicate isn't tried: %s has no mpicc with a C compiler",
			want->nodes[0]);
}

/* The last is the largest. */
static bool refuse_scaling(struct plan *plan, const struct mpi_params *want)
{
	const char *most = want->scaling_count > 0 ? want->scaling[want->scaling_count - 1] : "0";

	if (strtoll(most, NULL, 10) <= want->all_slots)
		return false;
	plan_refuse(plan, MPI_RUN_NOT_READY, "leave it out of 'scaling', or give the hosts more 'slots'",
		"there are not %s slots, but %" PRId64, most, want->all_slots);
	return true;
}

/* " 3 times with each of 1, 2, 4 processes"; "" without scaling. */
static const char *how_often(struct plan *plan, const struct mpi_params *want)
{
	const char *text = "";

	for (unsigned i = 0; i < want->scaling_count; i++)
		text = plan_printf(plan, "%s%s%s", text, i ? ", " : "", want->scaling[i]);
	return want->scaling_count == 0 ? "" : plan_printf(plan, " %" PRId64 " times with each of %s processes",
		want->scaling_runs, text);
}

static void job_plan(struct plan *plan, const void *params, const void *state)
{
	const struct mpi_params *want = params;
	const struct job_state *have = state;

	if (!have->reason) {
		if (have->created)
			plan_note(plan, "not run, since '%s' is there", want->creates);
		else
			plan_note(plan, "not run again: it %s", last_time(plan, have));
		return;
	}
	if (want->without_count > 0) {
		plan_missing(plan, "not started without %s, which is unreachable or outside the limit (%s)",
			want->without[0], have->reason);
		return;
	}
	if (mpi_refuse(plan, want, have->user.uid) || refuse_scaling(plan, want))
		return;
	mpi_advise(plan, want);
	plan_trial(plan, want, have);
	plan_add(plan, JOB_STEP_RUN, mpi_name(plan_arena(plan), want->source, want->program), "job",
		last_time(plan, have), plan_printf(plan, "runs%s%s: %s", have->record ? " again" : "",
		how_often(plan, want), have->reason));
	plan_writes(plan, "path:*");
}

/* --- Running */

static int try_hosts(struct host *host, const struct mpi_params *want, const struct job_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	const struct launch launch = job_launch(have);
	struct value *record = value_map(arena);
	bool tried;

	if (trial_run(host, want, launch_trial(arena, want, &launch), &tried, err) < 0)
		return -1;
	if (!tried)
		return 0;
	value_set_string(arena, record, "when", job_date(arena));
	return host_record_set(host, have->trial_key, record, err);
}

/* Another job of the same program may have written its own meanwhile. */
static int write_hostfile(struct host *host, const struct mpi_params *want,
	const struct job_state *have, struct error *err)
{
	struct file_write write = {
		.path = have->hostfile, .bytes = want->hostfile_text, .size = strlen(want->hostfile_text),
		.mode = HOST_KEEP, .uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP,
	};
	struct mpi_file file;
	char digest[DIGEST_HEX_SIZE];

	digest_bytes(write.bytes, write.size, digest);
	if (mpi_file_look(host, have->hostfile, &file, err) < 0)
		return -1;
	return file.digest && strcmp(file.digest, digest) == 0 ? 0 : host_write(host, &write, err);
}

static int job_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	if (write_hostfile(host, params, state, err) < 0)
		return -1;
	if (change->step == JOB_STEP_TRY)
		return try_hosts(host, params, state, err);
	if (((const struct mpi_params *)params)->scaling_count > 0)
		return scaling_run(host, params, state, results, err);
	return job_run(host, params, state, results, err);
}

/* Of a job that is not run again, what it gave when it did. */
static void job_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct value *then = value_get(((const struct job_state *)state)->record, "results");
	const struct job_state *have = state;

	(void)params;
	if (have->reason || value_get(results, "rc"))
		return;
	for (size_t i = 0; then && then->kind == VALUE_MAP && i < then->count; i++)
		value_set(arena, results, then->pairs[i].key, value_at(then, i));
	if (have->record)
		value_set(arena, results, "ran", value_string(arena,
			value_get_string(have->record, "when")));
}

static bool wants_drawing(const struct value *params, const char *output)
{
	size_t size = strlen(output);

	return value_item_count(value_get(params, "scaling")) > 0 && size > 4 &&
		strcmp(output + size - 4, ".svg") == 0;
}

static int job_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *key = mpi_value_key(arena, params), *output = value_get_string(params, "output");
	struct value *without = value_list(arena);
	const struct value *nodes;

	if (output && prepare_keep(prepare, output, wants_drawing(params, output) ? "svg" : "stdout", NULL,
			err) < 0)
		return -1;
	if (mpi_prepare_hosts(prepare, params, err) < 0 ||
	    mpi_prepare_program(prepare, params, err) < 0)
		return -1;
	nodes = value_get(params, "nodes");
	value_set(arena, params, "without", without);
	for (size_t i = 1; nodes && nodes->kind == VALUE_LIST && i < nodes->count; i++) {
		const char *name = value_text(nodes->items[i]);

		if (prepare_absent(prepare, name))
			value_append(arena, without, value_string(arena, name));
		if (prepare_heard(prepare, name, "mpi-run-place", key) || prepare_absent(prepare, name))
			continue;
		if (prepare_lost(prepare, name))
			return error_set(err, MPI_RUN_NOT_READY,
				"%s did not get the program, so the job is not started", name);
		value_set(arena, params, "program_path", value_unknown(arena,
			&(struct cause){ .kind = CAUSE_PUBLISHED, .name = "the copied program", .host = name }));
	}
	return 0;
}

const struct module module_mpi_run_job = {
	.name = "mpi-run-job",
	.summary = "mpirun, unless this very job ended well already",
	.params = mpi_table,
	.params_size = sizeof(struct mpi_params),
	.state_size = sizeof(struct job_state),
	.flags = MODULE_INTERNAL | MODULE_ACTION | MODULE_OUTPUT,
	.prepare = job_prepare,
	.acts_as = mpi_acts_as,
	.inspect = job_inspect,
	.plan = job_plan,
	.apply = job_apply,
	.results = job_results,
};
