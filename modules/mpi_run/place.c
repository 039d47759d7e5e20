/* place: the program of a job, at the same path as on the host that launches it. */
#include "modules/errors.h"
#include "modules/mpi_run/files.h"

#include <string.h>

enum place_step { PLACE_PROGRAM = MPI_STEP_OWN, PLACE_MODE };

struct place_state {
	struct mpi_files files;
};

static bool is_right(const struct mpi_params *want, const struct mpi_files *files)
{
	if (files->by_name)
		return true;
	if (!files->program.digest)
		return false;
	/* A program that somebody else installed may be built in another way here. */
	if (!want->source && !mpi_files_ours(files))
		return true;
	return strcmp(files->program.digest, want->program_body) == 0;
}

static int place_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct mpi_params *want = params;
	struct place_state *have = ret_state;

	if (!want->undo && !want->program_body)
		return error_set(err, BEOPLAY_BUG, "mpi-run-place came without a program");
	return mpi_files_look(host, want, &have->files, err);
}

/* Whether the place is one where it can be put. */
static bool allowed(struct plan *plan, const struct mpi_params *want,
	const struct mpi_files *files)
{
	const struct mpi_file *program = &files->program;

	if (strcmp(program->path, want->program_path) != 0) {
		plan_refuse(plan, MPI_RUN_PROGRAM, "give the user the same home "
			"everywhere, or set 'program' to another path", "the program is '%s' here and "
			"'%s' on the host that launches it", program->path, want->program_path);
		return false;
	}
	if (program->info.kind == FILE_NONE || mpi_files_ours(files))
		return true;
	plan_refuse(plan, MPI_RUN_PROGRAM, "move it away, or set 'program' to another path",
		"'%s' is there already, and not from a job of beoplay", program->path);
	return false;
}

static void place_plan(struct plan *plan, const void *params, const void *state)
{
	const struct mpi_params *want = params;
	const struct place_state *have = state;
	const struct mpi_file *program = &have->files.program;
	struct change *change;

	if (want->undo) {
		mpi_plan_undo(plan, &have->files);
		return;
	}
	if (is_right(want, &have->files)) {
		if (!have->files.by_name && !(program->info.mode & 0111))
			plan_add(plan, PLACE_MODE, program->path, "mode",
				plan_printf(plan, "%04o", program->info.mode), "0755");
		return;
	}
	if (!allowed(plan, want, &have->files))
		return;
	if (!want->program)
		mpi_plan_directories(plan, &have->files);
	change = plan_add(plan, PLACE_PROGRAM, program->path, "content",
		program->digest ? "an older program" : NULL, "the program of the job");
	change->flags |= CHANGE_BINARY;
}

static int place(struct host *host, const struct mpi_params *want, const struct mpi_files *files,
	struct error *err)
{
	struct file_write write = {
		.path = files->program.path, .body = want->program_body,
		.size = (size_t)want->program_size, .mode = 0755,
		.uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP,
	};

	if (mpi_files_remember(host, files, want->program_body, NULL, NULL, err) < 0)
		return -1;
	return host_write(host, &write, err);
}

static int place_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct place_state *have = state;

	(void)results;
	switch ((enum place_step)change->step) {
	case PLACE_PROGRAM:
		return place(host, params, &have->files, err);
	case PLACE_MODE:
		return host_set_mode(host, change->subject, 0755, err);
	}
	return mpi_apply_shared(host, &have->files, change, err);
}

/* The launching host waits for this from everybody. */
static struct value *place_publish(struct arena *arena, const void *params, const void *state,
	const char **ret_key)
{
	const struct mpi_params *want = params;
	const struct place_state *have = state;
	struct value *facts = value_map(arena);

	*ret_key = mpi_params_key(arena, want);
	if (want->undo || !is_right(want, &have->files))
		return NULL;
	value_set_bool(arena, facts, "placed", true);
	return facts;
}

static void place_invert(struct inverses *ret_inverses, const void *params, const void *state)
{
	const struct place_state *have = state;

	mpi_files_invert(ret_inverses, "mpi-run-place", params, &have->files);
}

static int place_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	if (value_get_string(params, "undo") && strcmp(value_get_string(params, "undo"), "true") == 0)
		return 0;
	return mpi_prepare_program(prepare, params, err);
}

const struct module module_mpi_run_place = {
	.name = "mpi-run-place",
	.summary = "the program of a job, on the hosts that only work for it",
	.params = mpi_table,
	.params_size = sizeof(struct mpi_params),
	.state_size = sizeof(struct place_state),
	.flags = MODULE_INTERNAL,
	.prepare = place_prepare,
	.acts_as = mpi_acts_as,
	.resources = mpi_resources,
	.inspect = place_inspect,
	.plan = place_plan,
	.apply = place_apply,
	.publish = place_publish,
	.invert = place_invert,
};
