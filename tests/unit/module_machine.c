/* module_machine: the machine in memory of module_bench: what a module may read and change there. */
#include "module_bench.h"

#include "base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note(struct bench *bench, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void note(struct bench *bench, const char *format, ...)
{
	char line[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	buffer_printf(&bench->log, "%s\n", line);
}

/* --- Calls that read */

static int machine_stat(void *machine, struct arena *arena, const char *path,
	struct file_info *ret_info, struct error *err)
{
	struct bench_file *file = bench_find(machine, path);

	(void)arena;
	(void)err;
	*ret_info = file ? file->info : (struct file_info){ .kind = FILE_NONE };
	return 0;
}

static struct bench_file *regular(struct bench *bench, const char *path, struct error *err)
{
	struct bench_file *file = bench_find(bench, path);

	if (file && file->info.kind == FILE_REGULAR)
		return file;
	error_set(err, HOST_FILE_UNREADABLE, "cannot read '%s'", path);
	return NULL;
}

static int machine_read(void *machine, struct arena *arena, const char *path, size_t most,
	char **ret_bytes, size_t *ret_size, struct error *err)
{
	struct bench_file *file = regular(machine, path, err);

	if (!file)
		return -1;
	if (file->size > most)
		return error_set(err, HOST_FILE_UNREADABLE, "'%s' is too large", path);
	*ret_bytes = arena_bytes(arena, file->bytes, file->size);
	*ret_size = file->size;
	return 0;
}

static int machine_digest(void *machine, struct arena *arena, const char *path,
	const struct file_info *seen, const char **ret_digest, struct error *err)
{
	struct bench_file *file = regular(machine, path, err);
	char digest[DIGEST_HEX_SIZE];

	(void)seen;
	if (!file)
		return -1;
	digest_bytes(file->bytes, file->size, digest);
	*ret_digest = arena_string(arena, digest);
	return 0;
}

static int by_name(const void *one, const void *other)
{
	return strcmp(((const struct file_name *)one)->name, ((const struct file_name *)other)->name);
}

static int machine_list(void *machine, struct arena *arena, const char *path,
	struct file_name **ret_names, size_t *ret_count, struct error *err)
{
	struct bench *bench = machine;
	struct bench_file *directory = bench_find(bench, path);
	size_t size = strcmp(path, "/") == 0 ? 0 : strlen(path);

	if (!directory || directory->info.kind != FILE_DIRECTORY)
		return error_set(err, HOST_FILE_UNREADABLE, "cannot list '%s'", path);
	*ret_names = arena_array(arena, BENCH_FILES, sizeof(**ret_names));
	*ret_count = 0;
	for (size_t i = 0; i < bench->file_count; i++) {
		const char *name = bench->files[i].path;

		if (strncmp(name, path, size) != 0 || name[size] != '/' || !name[size + 1] ||
		    strchr(name + size + 1, '/'))
			continue;
		(*ret_names)[(*ret_count)++] = (struct file_name){ name + size + 1,
			bench->files[i].info };
	}
	qsort(*ret_names, *ret_count, sizeof(**ret_names), by_name);
	return 0;
}

static int machine_user_by_id(void *machine, struct arena *arena, uid_t uid,
	struct user_info *ret_user, struct error *err)
{
	struct bench *bench = machine;

	(void)arena;
	(void)err;
	*ret_user = (struct user_info){ .exists = false };
	for (size_t i = 0; i < bench->user_count; i++) {
		if (bench->users[i].uid == uid)
			*ret_user = bench->users[i];
	}
	return 0;
}

static int machine_user(void *machine, struct arena *arena, const char *name,
	struct user_info *ret_user, struct error *err)
{
	struct bench *bench = machine;

	*ret_user = (struct user_info){ .exists = false };
	if (name[0] >= '0' && name[0] <= '9')
		return machine_user_by_id(machine, arena, (uid_t)atoi(name), ret_user, err);
	for (size_t i = 0; i < bench->user_count; i++) {
		if (strcmp(bench->users[i].name, name) == 0)
			*ret_user = bench->users[i];
	}
	return 0;
}

static int machine_group(void *machine, struct arena *arena, const char *name,
	struct group_info *ret_group, struct error *err)
{
	struct bench *bench = machine;

	(void)arena;
	(void)err;
	*ret_group = (struct group_info){ .exists = false };
	for (size_t i = 0; i < bench->group_count; i++) {
		if (strcmp(bench->groups[i].name, name) == 0 ||
		    (name[0] >= '0' && name[0] <= '9' && bench->groups[i].gid == (gid_t)atoi(name)))
			*ret_group = bench->groups[i];
	}
	return 0;
}

static int machine_group_by_id(void *machine, struct arena *arena, gid_t gid,
	struct group_info *ret_group, struct error *err)
{
	return machine_group(machine, arena, arena_printf(arena, "%u", gid), ret_group, err);
}

static uid_t machine_uid(void *machine)
{
	return ((struct bench *)machine)->uid;
}

static bool machine_dry(void *machine)
{
	return ((struct bench *)machine)->dry;
}

static const char *machine_login(void *machine)
{
	return ((struct bench *)machine)->login;
}

static const char *machine_state(void *machine)
{
	return ((struct bench *)machine)->state_directory;
}

/* Each directory on the way that is a link is replaced by its target. */
static int machine_real(void *machine, struct arena *arena, const char *path,
	const char **ret_real, struct error *err)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct bench_file *file = bench_find(machine,
			arena_bytes(arena, path, (size_t)(slash - path)));

		if (file && file->info.kind == FILE_LINK)
			return machine_real(machine, arena, arena_printf(arena, "%s%s",
				strcmp(file->info.target, "/") == 0 ? "" : file->info.target, slash),
				ret_real, err);
	}
	*ret_real = path;
	return 0;
}

static int machine_name(void *machine, struct arena *arena, const char **ret_name,
	struct error *err)
{
	(void)arena;
	(void)err;
	*ret_name = ((struct bench *)machine)->name;
	return 0;
}

/* --- Calls that change */

static const char *words_of(struct arena *arena, const struct command *command)
{
	const char *words = command->argv[0];

	for (size_t i = 1; !(command->flags & COMMAND_SHELL) && command->argv[i]; i++)
		words = arena_printf(arena, "%s %s", words, command->argv[i]);
	return words;
}

static struct bench_command *expected(struct bench *bench, const char *words)
{
	for (size_t i = bench->command_count; i-- > 0;) {
		const char *begins = bench->commands[i].begins;

		if (strncmp(words, begins, strlen(begins)) == 0)
			return &bench->commands[i];
	}
	return NULL;
}

static int machine_run(void *machine, struct arena *arena, const struct command *command,
	struct command_result *ret_result, struct error *err)
{
	struct bench *bench = machine;
	const char *words = words_of(arena, command);
	struct bench_command *known = expected(bench, words);

	if (!bench->looking && !(command->flags & COMMAND_LOOK))
		note(bench, "run %s%s", words, command->flags & COMMAND_DETACHED ? " (detached)" : "");
	if (!known)
		return error_set(err, HOST_COMMAND_FAILED, "nobody expects '%s'", words);
	known->count++;
	if (known->effect)
		known->effect(bench, command);
	*ret_result = (struct command_result){
		.status = known->status,
		.output = arena_bytes(arena, known->output, known->size ? known->size
			: strlen(known->output)),
		.output_size = known->size ? known->size : strlen(known->output),
		.errors = arena_string(arena, known->errors),
		.errors_size = strlen(known->errors),
		.not_begun = known->count <= known->not_begun,
	};
	if (known->status != 0 && !(command->flags & COMMAND_ANY_STATUS))
		return error_set(err, HOST_COMMAND_FAILED, "'%s' failed: %s", words, known->errors);
	return 0;
}

/* The directory must be there, as on a real machine. */
static int parent_there(struct bench *bench, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const char *parent = arena_bytes(bench->arena, path, (size_t)(slash - path));
	struct bench_file *directory = bench_find(bench, slash == path ? "/" : parent);

	if (slash == path || (directory && directory->info.kind == FILE_DIRECTORY))
		return 0;
	return error_set(err, HOST_NO_DIRECTORY, "the directory of '%s' does not exist", path);
}

static int machine_write(void *machine, const struct file_write *write, struct error *err)
{
	struct bench *bench = machine;
	struct bench_file *old = bench_find(bench, write->path);
	const struct bench_file *from = write->from ? bench_find(bench, write->from) : NULL;
	const struct value *body = write->body ? value_get(bench->bodies, write->body) : NULL;
	unsigned mode = write->mode != HOST_KEEP ? (unsigned)write->mode :
		old && old->info.kind == FILE_REGULAR ? old->info.mode : 0644;
	struct bench_file *file;

	if (parent_there(bench, write->path, err) < 0)
		return -1;
	if (write->body && !body)
		return error_set(err, HOST_CONTENT_LOST, "there is no body %s", write->body);
	note(bench, "write %s %04o%s%s", write->path, mode, write->validate ? " validate " : "",
		write->validate ? write->validate : "");
	if (write->backup && old) {
		note(bench, "backup");
		bench_put(bench, write->backup, old->info.mode, old->bytes, old->size);
	}
	bench_put(bench, write->path, mode, body ? body->text : from ? from->bytes : write->bytes,
		body ? body->size : from ? from->size : write->size);
	file = bench_find(bench, write->path);
	if (write->uid != HOST_KEEP)
		file->info.uid = (uid_t)write->uid;
	if (write->gid != HOST_KEEP)
		file->info.gid = (gid_t)write->gid;
	return 0;
}

static int there(struct bench *bench, const char *path, struct bench_file **ret_file,
	struct error *err)
{
	*ret_file = bench_find(bench, path);
	return *ret_file ? 0 : error_set(err, HOST_FILE_NOT_FOUND, "'%s' does not exist", path);
}

static int machine_set_mode(void *machine, const char *path, unsigned mode, struct error *err)
{
	struct bench_file *file;

	if (there(machine, path, &file, err) < 0)
		return -1;
	if (file->info.mode != mode)
		note(machine, "mode %s %04o", path, mode);
	file->info.mode = mode;
	return 0;
}

static int machine_set_owner(void *machine, const char *path, int64_t uid, int64_t gid,
	struct error *err)
{
	struct bench_file *file;

	if (there(machine, path, &file, err) < 0)
		return -1;
	note(machine, "owner %s %lld:%lld", path, (long long)uid, (long long)gid);
	file->info.uid = (uid_t)uid;
	file->info.gid = (gid_t)gid;
	return 0;
}

static int machine_set_mtime(void *machine, const char *path, int64_t nanoseconds,
	struct error *err)
{
	struct bench_file *file;

	if (there(machine, path, &file, err) < 0)
		return -1;
	note(machine, "time %s", path);
	file->info.mtime = nanoseconds;
	return 0;
}

static int machine_make_directory(void *machine, const char *path, unsigned mode,
	struct error *err)
{
	struct bench *bench = machine;
	struct bench_file *parent;

	if (parent_there(machine, path, err) < 0)
		return -1;
	if (bench_find(machine, path))
		return error_set(err, HOST_FILE_EXISTS, "'%s' exists", path);
	parent = bench_find(machine, arena_bytes(bench->arena, path,
		(size_t)(strrchr(path, '/') - path)));
	if (parent)
		mode |= parent->info.mode & 02000;
	note(machine, "directory %s %04o", path, mode);
	bench_directory(machine, path, mode);
	return 0;
}

static int machine_make_link(void *machine, const char *path, const char *target,
	struct error *err)
{
	if (parent_there(machine, path, err) < 0)
		return -1;
	if (bench_find(machine, path))
		return error_set(err, HOST_FILE_EXISTS, "'%s' exists", path);
	note(machine, "link %s %s", path, target);
	bench_link(machine, path, target);
	return 0;
}

static int machine_remove(void *machine, const char *path, struct error *err)
{
	struct bench_file *file;
	struct file_name *names;
	size_t count = 0;
	struct bench *bench = machine;

	if (there(bench, path, &file, err) < 0)
		return -1;
	if (file->info.kind == FILE_DIRECTORY &&
	    machine_list(bench, bench->arena, path, &names, &count, err) < 0)
		return -1;
	if (count > 0)
		return error_set(err, HOST_FILE_EXISTS, "'%s' is not empty", path);
	note(bench, "remove %s", path);
	bench_remove(bench, path);
	return 0;
}

static int machine_rename(void *machine, const char *from, const char *to, struct error *err)
{
	struct bench *bench = machine;
	struct bench_file *file;

	if (there(bench, from, &file, err) < 0)
		return -1;
	note(bench, "rename %s %s", from, to);
	if (bench_find(bench, to)) {
		bench_remove(bench, to);
		file = bench_find(bench, from);
	}
	file->path = arena_string(bench->arena, to);
	return 0;
}

static int machine_set_name(void *machine, const char *name, struct error *err)
{
	struct bench *bench = machine;

	(void)err;
	note(bench, "name %s", name);
	bench->name = arena_string(bench->arena, name);
	return 0;
}

static int machine_body(void *machine, struct arena *arena, const char *digest, size_t most,
	char **ret_bytes, size_t *ret_size, struct error *err)
{
	const struct value *body = value_get(((struct bench *)machine)->bodies, digest);

	if (!body || body->size > most)
		return error_set(err, HOST_CONTENT_LOST, "there is no body %s", digest);
	*ret_bytes = arena_bytes(arena, body->text, body->size);
	*ret_size = body->size;
	return 0;
}

static int machine_offer(void *machine, struct arena *arena, const char *path,
	const char **ret_digest, struct error *err)
{
	struct bench *bench = machine;

	if (machine_digest(machine, arena, path, NULL, ret_digest, err) < 0)
		return -1;
	value_set_string(bench->arena, bench->offers, *ret_digest, path);
	return 0;
}

static int machine_record_get(void *machine, struct arena *arena, const char *key,
	struct value **ret_record, struct error *err)
{
	const struct value *record = value_get(((struct bench *)machine)->records, key);

	(void)err;
	*ret_record = record ? value_copy(arena, record) : NULL;
	return 0;
}

static int machine_wished(void *machine, struct arena *arena, const char *beginning,
	const char *part, struct value **ret_wished, struct error *err)
{
	const struct value *wished = ((struct bench *)machine)->wished;

	(void)part;
	(void)err;
	*ret_wished = value_map(arena);
	for (size_t i = 0; wished && i < wished->count; i++) {
		if (strncmp(wished->pairs[i].key, beginning, strlen(beginning)) == 0)
			value_set_bool(arena, *ret_wished, wished->pairs[i].key, true);
	}
	return 0;
}

static int machine_record_set(void *machine, const char *key, const struct value *record,
	struct error *err)
{
	struct bench *bench = machine;

	(void)err;
	value_remove(bench->records, key);
	if (record)
		value_set(bench->arena, bench->records, key, value_copy(bench->arena, record));
	return 0;
}

/* Those whose address a test hasn't cut off are reached. */
static int machine_meet(void *machine, struct arena *arena, struct meeting *meeting,
	struct error *err)
{
	struct bench *bench = machine;

	(void)arena;
	(void)err;
	bench->met = value_list(bench->arena);
	for (size_t i = 0; i < meeting->count; i++) {
		value_append(bench->arena, bench->met, value_string(bench->arena, meeting->peers[i].name));
		if (bench->cut_off && strcmp(bench->cut_off, meeting->peers[i].address) == 0)
			meeting->peers[i].problem = "no answer";
	}
	return 0;
}

static int machine_leave(void *machine, struct arena *arena, const char *command, unsigned seconds,
	struct error *err)
{
	struct bench *bench = machine;

	(void)arena;
	if (bench->stays)
		return error_set(err, RUN_INTERRUPTED, "stopped before this change");
	note(bench, "leave for %u s: %s", seconds, command);
	return error_set(err, RUN_MOVED, "the run goes on elsewhere");
}

static const char *machine_run_name(void *machine)
{
	(void)machine;
	return "this run";
}

static int machine_trial_look(void *machine, struct arena *arena, const char *name,
	struct trial_state *ret_state, struct error *err)
{
	const struct bench *bench = machine;

	(void)arena;
	(void)name;
	(void)err;
	*ret_state = bench->trial;
	return 0;
}

static int machine_trial_start(void *machine, struct arena *arena, const struct trial *trial,
	struct error *err)
{
	struct bench *bench = machine;

	(void)arena;
	note(bench, "try %s until %s in %u s", trial->path, trial->address ? trial->address : "here",
		trial->seconds);
	bench->trial = (struct trial_state){ .stage = TRIAL_UNDER_WAY, .ours = true,
		.wish = arena_string(bench->arena, trial->wish), .before = "" };
	bench->tried = *trial;
	return error_set(err, RUN_MOVED, "the run goes on over a new connection");
}

static int machine_trial_wait(void *machine, struct arena *arena, const char *name,
	struct error *err)
{
	(void)machine;
	(void)arena;
	(void)name;
	(void)err;
	return 0;
}

static int machine_trial_end(void *machine, struct arena *arena, const char *name,
	const struct error *why, struct error *err)
{
	struct bench *bench = machine;

	(void)arena;
	bench->trial = (struct trial_state){0};
	if (why) {
		note(bench, "reject %s: %s", name, why->code->name);
		return error_set(err, RUN_MOVED, "the run goes on over the connection from before");
	}
	note(bench, "confirm %s", name);
	bench_file(bench, bench->tried.path, bench->tried.mode, bench->tried.text);
	return 0;
}

static int machine_probe(void *machine, struct arena *arena, const char *interface,
	const char *address, bool takes, const char **ret_mac, struct error *err)
{
	const struct bench *bench = machine;

	(void)arena;
	(void)interface;
	(void)takes;
	(void)err;
	if (bench->probed_address && strcmp(bench->probed_address, address) == 0)
		*ret_mac = bench->probed_mac;
	return 0;
}

const struct host_calls bench_machine_calls = {
	.stat = machine_stat, .read = machine_read, .digest = machine_digest, .list = machine_list,
	.user = machine_user, .group = machine_group, .user_by_id = machine_user_by_id,
	.group_by_id = machine_group_by_id,
	.uid = machine_uid, .login = machine_login, .dry = machine_dry, .state = machine_state, .real = machine_real,
	.name = machine_name, .run = machine_run, .meet = machine_meet,
	.trial_look = machine_trial_look, .trial_start = machine_trial_start,
	.trial_wait = machine_trial_wait, .trial_end = machine_trial_end, .probe = machine_probe, .leave = machine_leave, .run_name = machine_run_name,
	.write = machine_write,
	.set_mode = machine_set_mode, .set_owner = machine_set_owner,
	.set_mtime = machine_set_mtime, .make_directory = machine_make_directory,
	.make_link = machine_make_link, .remove = machine_remove, .rename = machine_rename,
	.set_name = machine_set_name, .body = machine_body, .offer = machine_offer,
	.record_get = machine_record_get, .record_set = machine_record_set,
	.wished = machine_wished,
};
