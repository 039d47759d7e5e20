/* build: on the host that launches: the hostfile, and the program compiled from its
 * source. */
#include "modules/command/command_run.h"
#include "modules/errors.h"
#include "modules/file_sync/file_sync.h"
#include "modules/mpi_run/files.h"

#include <string.h>

enum build_step { BUILD_SOURCE = MPI_STEP_OWN, BUILD_COMPILE, BUILD_HOSTFILE };

struct build_state {
	struct mpi_files files;
	struct mpi_file hostfile;
	bool hostfile_right;
	bool done;                 /* the job needs it no more: it may be another one's */
	const char *flags;         /* the compiler's words, one a line */
	const char *const *words;
	size_t word_count;
	bool program_right;
};

/* --- Looking */

/* The words of a list, each of which may hold several: "-O3 -march=native". */
static int split_all(struct arena *arena, char *const *texts, unsigned count, const char **words,
	size_t most, size_t *ret_count, struct error *err)
{
	for (unsigned i = 0; i < count; i++) {
		const char *const *split;
		size_t split_count;

		if (command_split(arena, texts[i], &split, &split_count, err) < 0)
			return -1;
		for (size_t k = 0; k < split_count; k++) {
			if (*ret_count >= most)
				return error_set(err, MPI_RUN_NOT_READY, "the compiler's options are too many");
			words[(*ret_count)++] = split[k];
		}
	}
	return 0;
}

enum { COMPILER_WORDS_MOST = 256 };

/* compiler, cflags, -o PROGRAM.new PROGRAM.c, ldflags */
static int compiler_line(struct arena *arena, const struct mpi_params *want,
	struct build_state *have, struct error *err)
{
	const char **words = arena_array(arena, COMPILER_WORDS_MOST + 8, sizeof(*words));
	struct buffer flags = { 0 };
	size_t count = 0;

	if (split_all(arena, &want->compiler, 1, words, COMPILER_WORDS_MOST, &count, err) < 0 ||
	    split_all(arena, want->cflags, want->cflags_count, words, COMPILER_WORDS_MOST, &count,
		    err) < 0)
		return -1;
	words[count++] = "-o";
	words[count++] = arena_printf(arena, "%s.new", have->files.program.path);
	words[count++] = have->files.source.path;
	if (split_all(arena, want->ldflags, want->ldflags_count, words, COMPILER_WORDS_MOST, &count,
			err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		buffer_printf(&flags, "%s\n", words[i]);
	have->words = words;
	have->word_count = count;
	have->flags = arena_bytes(arena, flags.data, flags.size);
	buffer_free(&flags);
	return 0;
}

static bool recorded(const struct build_state *have, const char *key, const char *text)
{
	const char *known = value_get_string(have->files.record, key);

	return known && text && strcmp(known, text) == 0;
}

static int look_at_hostfile(struct host *host, const struct mpi_params *want,
	struct build_state *have, struct error *err)
{
	const char *path = mpi_hostfile_path(host_arena(host), want, &have->files.user);
	size_t size;
	char *text;

	if (mpi_file_look(host, path, &have->hostfile, err) < 0)
		return -1;
	if (!have->hostfile.digest || have->hostfile.info.size > (int64_t)strlen(want->hostfile_text))
		return 0;
	if (host_read(host, path, strlen(want->hostfile_text), &text, &size, err) < 0)
		return -1;
	have->hostfile_right = strcmp(text, want->hostfile_text) == 0;
	return 0;
}

static bool is_right(const struct mpi_params *want, const struct build_state *have)
{
	return want->source ?
		recorded(have, "program", have->files.program.digest) &&
		recorded(have, "source", want->source_body) && recorded(have, "flags", have->flags) :
		have->files.by_name || have->files.program.digest;
}

int mpi_built(struct host *host, const struct mpi_params *want, bool *ret_right,
	const char **ret_digest, struct error *err)
{
	struct build_state have = { 0 };

	if (mpi_files_look(host, want, &have.files, err) < 0 ||
	    (want->source && compiler_line(host_arena(host), want, &have, err) < 0))
		return -1;
	*ret_right = is_right(want, &have);
	*ret_digest = have.files.program.digest ? have.files.program.digest : "";
	return 0;
}

static int build_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct mpi_params *want = params;
	struct build_state *have = ret_state;
	const char *digest, *settled = "";

	if (want->undo)
		return mpi_files_look(host, want, &have->files, err);
	if (!want->hostfile_text)
		return error_set(err, BEOPLAY_BUG, "mpi-run-build came without its hosts");
	if (mpi_files_look(host, want, &have->files, err) < 0 ||
	    look_at_hostfile(host, want, have, err) < 0)
		return -1;
	if (want->source && compiler_line(host_arena(host), want, have, err) < 0)
		return -1;
	have->program_right = is_right(want, have);
	if (have->hostfile.digest && !have->hostfile_right
			&& mpi_settled(host, want, &settled, err) < 0)
		return -1;
	have->done = strcmp(settled, "*") == 0 || strcmp(settled, want->hostfile_text) == 0;
	if (have->program_right && have->files.program.digest)
		return host_offer(host, have->files.program.path, &digest, err);
	return 0;
}

/* --- Planning */

static void plan_source(struct plan *plan, const struct mpi_params *want,
	const struct build_state *have)
{
	const struct mpi_file *source = &have->files.source;
	const struct mpi_file *program = &have->files.program;

	if (have->program_right)
		return;
	if (!mpi_files_ours(&have->files) && program->info.kind != FILE_NONE) {
		plan_refuse(plan, MPI_RUN_PROGRAM, "move it away, or set 'program' to another path",
			"'%s' is there already, and not from a job of beoplay", program->path);
		return;
	}
	if (!source->digest || strcmp(source->digest, want->source_body) != 0)
		plan_add(plan, BUILD_SOURCE, source->path, "content", NULL, NULL)->after_body =
			want->source_body;
	plan_add(plan, BUILD_COMPILE, program->path, "program",
		!program->digest ? NULL : recorded(have, "source", want->source_body) ?
			"compiled with other options" : "compiled from an older source",
		plan_printf(plan, "compiled by %s", want->compiler));
	plan_writes(plan, plan_printf(plan, "path:%s", program->path));
}

static void build_plan(struct plan *plan, const void *params, const void *state)
{
	const struct mpi_params *want = params;
	const struct build_state *have = state;
	bool write_hosts = !have->hostfile_right && !have->done;
	bool needed = !have->program_right || write_hosts;

	if (want->undo)
		mpi_plan_undo(plan, &have->files);
	if (want->undo || !needed)
		return;
	if (mpi_refuse(plan, want, have->files.user.uid))
		return;
	if (!want->source && !have->program_right) {
		plan_refuse(plan, MPI_RUN_PROGRAM, "look at its path",
			"there is no program '%s'", have->files.program.path);
		return;
	}
	mpi_plan_directories(plan, &have->files);
	if (want->source)
		plan_source(plan, want, have);
	if (write_hosts && have->hostfile.info.kind != FILE_NONE &&
	    have->hostfile.info.kind != FILE_REGULAR)
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "move it away",
			"'%s' is not a file", have->hostfile.path);
	else if (write_hosts)
		plan_add(plan, BUILD_HOSTFILE, have->hostfile.path, "content", NULL,
			want->hostfile_text);
}

/* --- Changing */

static int write_source(struct host *host, const struct mpi_params *want,
	const struct build_state *have, struct error *err)
{
	struct file_write write = {
		.path = have->files.source.path, .body = want->source_body, .mode = 0644,
		.uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP,
	};

	return host_write(host, &write, err);
}

/* Beside, then renamed: a program that runs somewhere stays whole. */
static int compile(struct host *host, const struct mpi_params *want,
	const struct build_state *have, struct error *err)
{
	struct command command = {
		.argv = have->words, .directory = have->files.user.home, .timeout = 1800,
	};
	const char *made = arena_printf(host_arena(host), "%s.new", have->files.program.path);
	struct command_result result;
	const char *digest;

	host_progress(host, "compiles %s", want->source);
	if (host_run(host, &command, &result, err) < 0 ||
	    host_digest(host, made, &digest, err) < 0 ||
	    mpi_files_remember(host, &have->files, digest, want->source_body, have->flags, err) < 0)
		return -1;
	return host_rename(host, made, have->files.program.path, err);
}

static int write_hostfile(struct host *host, const struct mpi_params *want,
	const struct build_state *have, struct error *err)
{
	struct file_write write = {
		.path = have->hostfile.path, .bytes = want->hostfile_text,
		.size = strlen(want->hostfile_text), .mode = 0644, .uid = HOST_KEEP, .gid = HOST_KEEP,
		.mtime = HOST_KEEP,
	};

	/* Without a program of ours, this is what an undo is about. */
	if (!want->source && !have->files.record &&
	    mpi_files_remember(host, &have->files, "", NULL, NULL, err) < 0)
		return -1;
	return host_write(host, &write, err);
}

static int build_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct build_state *have = state;

	(void)results;
	switch ((enum build_step)change->step) {
	case BUILD_SOURCE:
		return write_source(host, params, have, err);
	case BUILD_COMPILE:
		return compile(host, params, have, err);
	case BUILD_HOSTFILE:
		return write_hostfile(host, params, have, err);
	}
	return mpi_apply_shared(host, &have->files, change, err);
}

/* --- What others are told, the way back */

static struct value *build_publish(struct arena *arena, const void *params, const void *state,
	const char **ret_key)
{
	const struct build_state *have = state;
	struct value *facts = value_map(arena);

	*ret_key = mpi_params_key(arena, params);
	if (!have->program_right)
		return NULL;
	value_set_string(arena, facts, "path", have->files.program.path);
	value_set_string(arena, facts, "digest",
		have->files.program.digest ? have->files.program.digest : "");
	value_set_integer(arena, facts, "size", have->files.program.info.size);
	value_set_string(arena, facts, "hostfile", have->hostfile.path);
	return facts;
}

static void build_resources(struct names *ret_names, const void *params)
{
	struct arena *arena = arena_new();

	mpi_resources(ret_names, params);
	if (!((const struct mpi_params *)params)->undo)
		names_add(ret_names, "mpi-run:%s:hostfile", mpi_params_key(arena, params));
	arena_free(arena);
}

static void invert_hostfile(struct inverses *ret_inverses, const void *params,
	const struct build_state *have)
{
	struct arena *arena = inverses_arena(ret_inverses);
	bool file = have->hostfile.info.kind == FILE_REGULAR;
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "mpi-run:%s:hostfile", mpi_params_key(arena, params)),
		.module = "file-sync",
		.params = sync_way_back(arena, have->hostfile.path, &have->hostfile.info,
			have->hostfile.digest),
		.keep_path = file && !have->hostfile_right ? have->hostfile.path : NULL,
		.keep_digest = file && !have->hostfile_right ? have->hostfile.digest : NULL,
	};

	inverses_add(ret_inverses, &entry);
}

static void build_invert(struct inverses *ret_inverses, const void *params, const void *state)
{
	const struct mpi_params *want = params;
	const struct build_state *have = state;

	mpi_files_invert(ret_inverses, "mpi-run-build", want, &have->files);
	if (!want->undo)
		invert_hostfile(ret_inverses, params, have);
}

static int build_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	const char *source = value_get_string(params, "source");
	const char *path;
	const char *digest;
	int64_t size;

	if (mpi_prepare_hosts(prepare, params, err) < 0)
		return -1;
	if (!source)
		return 0;
	if (prepare_find(prepare, source, "files", &path, err) < 0 ||
	    prepare_body(prepare, path, &digest, &size, err) < 0)
		return -1;
	value_set_string(prepare_arena(prepare), params, "source_body", digest);
	return 0;
}

const struct module module_mpi_run_build = {
	.name = "mpi-run-build",
	.summary = "the hostfile and the program of a job, on the host that launches it",
	.params = mpi_table,
	.params_size = sizeof(struct mpi_params),
	.state_size = sizeof(struct build_state),
	.flags = MODULE_INTERNAL,
	.prepare = build_prepare,
	.acts_as = mpi_acts_as,
	.resources = build_resources,
	.inspect = build_inspect,
	.plan = build_plan,
	.apply = build_apply,
	.publish = build_publish,
	.invert = build_invert,
};
