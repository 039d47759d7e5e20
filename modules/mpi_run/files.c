/* files: the program of a job on one host: what beoplay put there, and taking it away. */
#include "modules/mpi_run/files.h"

#include <string.h>

static const char *record_key(struct arena *arena, const struct mpi_files *files)
{
	return arena_printf(arena, "mpi-run:program:%s", files->program.path);
}

int mpi_file_look(struct host *host, const char *path, struct mpi_file *ret_file,
	struct error *err)
{
	struct mpi_file file = { .path = path };

	if (host_stat(host, path, &file.info, err) < 0)
		return -1;
	if (file.info.kind == FILE_REGULAR && host_digest(host, path, &file.digest, err) < 0)
		return -1;
	*ret_file = file;
	return 0;
}

static int look_at_directories(struct host *host, struct mpi_files *files, struct error *err)
{
	static const char *const below[MPI_DIRECTORIES] = {
		".local", ".local/share", ".local/share/beoplay",
	};
	struct arena *arena = host_arena(host);
	const char *home = strcmp(files->user.home, "/") == 0 ? "" : files->user.home;
	struct file_info info;

	for (size_t i = 0; i < MPI_DIRECTORIES; i++) {
		files->directories[i] = arena_printf(arena, "%s/%s", home, below[i]);
		if (host_stat(host, files->directories[i], &info, err) < 0)
			return -1;
		files->directory_there[i] = info.kind == FILE_DIRECTORY;
	}
	return 0;
}

int mpi_files_look(struct host *host, const struct mpi_params *want, struct mpi_files *ret_files,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	struct mpi_files files = { .own_directory = !want->program || !want->hostfile };

	if (mpi_user(host, want, &files.user, err) < 0)
		return -1;
	files.program.path = mpi_program_path(arena, want, &files.user);
	files.by_name = files.program.path[0] != '/';
	if (look_at_directories(host, &files, err) < 0)
		return -1;
	if (host_record_get(host, record_key(arena, &files), &files.record, err) < 0)
		return -1;
	if (!files.by_name && (mpi_file_look(host, files.program.path, &files.program, err) < 0 ||
			mpi_file_look(host, arena_printf(arena, "%s.c", files.program.path),
				&files.source, err) < 0))
		return -1;
	*ret_files = files;
	return 0;
}

bool mpi_files_ours(const struct mpi_files *files)
{
	const char *built = value_get_string(files->record, "program");

	return built && built[0];
}

/* --- Planning */

void mpi_plan_directories(struct plan *plan, const struct mpi_files *files)
{
	for (size_t i = 0; files->own_directory && i < MPI_DIRECTORIES; i++) {
		if (!files->directory_there[i])
			plan_add(plan, MPI_STEP_DIRECTORY, files->directories[i], "state", "absent",
				"directory");
	}
}

void mpi_plan_undo(struct plan *plan, const struct mpi_files *files)
{
	const char *built = value_get_string(files->record, "program");

	if (!files->record)
		return;
	if (files->program.digest && built && strcmp(files->program.digest, built) == 0)
		plan_add(plan, MPI_STEP_REMOVE, files->program.path, "state", "present", "absent");
	else if (mpi_files_ours(files) && files->program.info.kind != FILE_NONE)
		plan_note(plan, "'%s' stays: it isn't what was put there", files->program.path);
	if (value_get_string(files->record, "source") && files->source.info.kind == FILE_REGULAR)
		plan_add(plan, MPI_STEP_REMOVE, files->source.path, "state", "present", "absent");
	plan_add(plan, MPI_STEP_FORGET, files->program.path, "record", "managed", "no longer managed");
}

/* --- Changing */

static const char *directory_key(struct arena *arena, const char *path)
{
	return arena_printf(arena, "mpi-run:directory:%s", path);
}

/* Jobs share them, so each has a record of its own. */
static int make_directory(struct host *host, const char *path, struct error *err)
{
	struct arena *arena = host_arena(host);

	if (host_record_set(host, directory_key(arena, path), value_map(arena), err) < 0)
		return -1;
	return host_make_directory(host, path, 0755, err);
}

/* The directories that hold nothing any more, from the innermost on. */
static int remove_empty(struct host *host, const struct mpi_files *files, struct error *err)
{
	for (size_t i = MPI_DIRECTORIES; i-- > 0;) {
		const char *key = directory_key(host_arena(host), files->directories[i]);
		struct file_info info;
		struct file_name *names;
		struct value *made;
		size_t count = 0;

		if (host_record_get(host, key, &made, err) < 0
				|| host_stat(host, files->directories[i], &info, err) < 0)
			return -1;
		if (info.kind == FILE_DIRECTORY
				&& host_list(host, files->directories[i], &names, &count, err) < 0)
			return -1;
		if (!made || count > 0)
			return 0;
		if ((info.kind == FILE_DIRECTORY && host_remove(host, files->directories[i], err) < 0)
				|| host_record_set(host, key, NULL, err) < 0)
			return -1;
	}
	return 0;
}

int mpi_apply_shared(struct host *host, const struct mpi_files *files,
	const struct change *change, struct error *err)
{
	switch ((enum mpi_file_step)change->step) {
	case MPI_STEP_DIRECTORY:
		return make_directory(host, change->subject, err);
	case MPI_STEP_REMOVE:
		return host_remove(host, change->subject, err);
	case MPI_STEP_FORGET:
		if (remove_empty(host, files, err) < 0)
			return -1;
		return host_record_set(host, record_key(host_arena(host), files), NULL, err);
	case MPI_STEP_OWN:
		break;
	}
	return error_set(err, BEOPLAY_BUG, "there is no step %u", change->step);
}

int mpi_files_remember(struct host *host, const struct mpi_files *files, const char *program,
	const char *source, const char *flags, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record = value_map(arena);

	value_set_string(arena, record, "program", program);
	if (source)
		value_set_string(arena, record, "source", source);
	if (flags)
		value_set_string(arena, record, "flags", flags);
	return host_record_set(host, record_key(arena, files), record, err);
}

void mpi_files_invert(struct inverses *ret_inverses, const char *module,
	const struct mpi_params *want, const struct mpi_files *files)
{
	struct arena *arena = inverses_arena(ret_inverses);
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "mpi-run:%s", mpi_params_key(arena, want)),
		.module = module,
		.params = value_map(arena),
	};

	value_set_string(arena, entry.params, "program", files->program.path);
	if (want->user)
		value_set_string(arena, entry.params, "user", want->user);
	value_set_bool(arena, entry.params, "allow_root", want->allow_root);
	value_set_bool(arena, entry.params, "undo", true);
	inverses_add(ret_inverses, &entry);
}
