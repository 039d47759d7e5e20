/* host: passes a module's calls on to the machine, notes what was read, refuses what must not
 * be. */
#include "module/host.h"

#include "base/lookup.h"

#include <stdarg.h>
#include <string.h>

enum { LAST_WORDS_MOST = 1200 };

struct host {
	struct arena *arena;
	const struct host_calls *calls;
	void *machine;
	struct value *reads;    /* list of strings without duplicates; or NULL */
	struct lookup has_read; /* the same */
	bool looking;
};

struct host *host_new(struct arena *arena, const struct host_calls *calls, void *machine,
	struct value *reads)
{
	struct host *host = arena_alloc(arena, sizeof(*host));

	host->arena = arena;
	host->calls = calls;
	host->machine = machine;
	host->reads = reads;
	return host;
}

void host_set_looking(struct host *host, bool looking)
{
	host->looking = looking;
}

struct arena *host_arena(struct host *host)
{
	return host->arena;
}

static void note(struct host *host, const char *kind, const char *what)
{
	if (host->reads)
		host_has_read(host, arena_printf(host->arena, "%s:%s", kind, what));
}

void host_has_read(struct host *host, const char *what)
{
	struct value *read;

	if (!host->reads || lookup_get(&host->has_read, what))
		return;
	read = value_string(host->arena, what);
	value_append(host->arena, host->reads, read);
	lookup_put(host->arena, &host->has_read, value_text(read), read);
}

static int absolute(const char *path, struct error *err)
{
	if (!path || path[0] != '/')
		return error_set(err, BEOPLAY_BUG, "'%s' is not an absolute path", path ? path : "");
	return 0;
}

/* Whether the machine may be changed now. */
static int may_change(struct host *host, const char *what, const char *subject, struct error *err)
{
	if (!host->looking)
		return 0;
	return error_set(err, BEOPLAY_BUG, "inspect tried to %s '%s': it may only look", what, subject);
}

/* The same for a path. */
static int may_change_path(struct host *host, const char *what, const char *path, struct error *err)
{
	if (absolute(path, err) < 0)
		return -1;
	return may_change(host, what, path, err);
}

/* --- Reading */

int host_stat(struct host *host, const char *path, struct file_info *ret_info, struct error *err)
{
	if (absolute(path, err) < 0)
		return -1;
	note(host, "stat", path);
	return host->calls->stat(host->machine, host->arena, path, ret_info, err);
}

int host_read(struct host *host, const char *path, size_t most, char **ret_bytes, size_t *ret_size,
	struct error *err)
{
	if (absolute(path, err) < 0)
		return -1;
	note(host, "path", path);
	return host->calls->read(host->machine, host->arena, path, most, ret_bytes, ret_size, err);
}

int host_read_text(struct host *host, const char *path, size_t most, char **ret_text,
	struct error *err)
{
	size_t size;

	if (host_read(host, path, most, ret_text, &size, err) < 0)
		return -1;
	if (!memchr(*ret_text, 0, size))
		return 0;
	error_set(err, HOST_FILE_INVALID, "'%s' is not a text file: it has a NUL byte", path);
	return error_remedy(err, "find out what has written to it; nothing in it is changed until "
		"then");
}

int host_digest_seen(struct host *host, const char *path, const struct file_info *seen,
	const char **ret_digest, struct error *err)
{
	if (absolute(path, err) < 0)
		return -1;
	note(host, "path", path);
	return host->calls->digest(host->machine, host->arena, path, seen, ret_digest, err);
}

int host_digest(struct host *host, const char *path, const char **ret_digest, struct error *err)
{
	return host_digest_seen(host, path, NULL, ret_digest, err);
}

int host_list(struct host *host, const char *path, struct file_name **ret_names, size_t *ret_count,
	struct error *err)
{
	if (absolute(path, err) < 0)
		return -1;
	note(host, "path", path);
	return host->calls->list(host->machine, host->arena, path, ret_names, ret_count, err);
}

int host_user(struct host *host, const char *name, struct user_info *ret_user, struct error *err)
{
	note(host, "user", name);
	return host->calls->user(host->machine, host->arena, name, ret_user, err);
}

int host_group(struct host *host, const char *name, struct group_info *ret_group, struct error *err)
{
	note(host, "group", name);
	return host->calls->group(host->machine, host->arena, name, ret_group, err);
}

/* By an id it isn't known beforehand which name is read: any. */
int host_user_by_id(struct host *host, uid_t uid, struct user_info *ret_user, struct error *err)
{
	int result = host->calls->user_by_id(host->machine, host->arena, uid, ret_user, err);

	if (result == 0)
		note(host, "user", ret_user->exists ? ret_user->name : "*");
	return result;
}

int host_group_by_id(struct host *host, gid_t gid, struct group_info *ret_group, struct error *err)
{
	int result = host->calls->group_by_id(host->machine, host->arena, gid, ret_group, err);

	if (result == 0)
		note(host, "group", ret_group->exists ? ret_group->name : "*");
	return result;
}

int host_members(struct host *host, const char *user, size_t most, char **ret_text,
	struct error *err)
{
	size_t size;

	note(host, "members", user);
	return host->calls->read(host->machine, host->arena, "/etc/group", most, ret_text, &size, err);
}

uid_t host_uid(struct host *host)
{
	return host->calls->uid(host->machine);
}

bool host_dry(struct host *host)
{
	return host->calls->dry(host->machine);
}

const char *host_login(struct host *host)
{
	return host->calls->login(host->machine);
}

const char *host_state(struct host *host)
{
	return host->calls->state(host->machine);
}

int host_real(struct host *host, const char *path, const char **ret_real, struct error *err)
{
	if (absolute(path, err) < 0)
		return -1;
	note(host, "stat", path);
	return host->calls->real(host->machine, host->arena, path, ret_real, err);
}

struct host *host_quiet(struct host *host)
{
	struct host *quiet = host_new(host->arena, host->calls, host->machine, NULL);

	quiet->looking = host->looking;
	return quiet;
}

int host_name(struct host *host, const char **ret_name, struct error *err)
{
	if (host->reads)
		host_has_read(host, "hostname");
	return host->calls->name(host->machine, host->arena, ret_name, err);
}

char *command_last_words(struct arena *arena, const struct command_result *result)
{
	const char *text = result->errors_size > 0 ? result->errors : result->output;
	size_t size = result->errors_size > 0 ? result->errors_size : result->output_size;
	const char *from = size > LAST_WORDS_MOST ? text + size - LAST_WORDS_MOST : text;
	const char *line = from > text ? memchr(from, '\n', LAST_WORDS_MOST - 1) : NULL;

	if (line && line + 1 < text + size)
		from = line + 1;
	return arena_printf(arena, "%s%.*s", from > text ? "… " : "", (int)(text + size - from), from);
}

int host_look(struct host *host, const struct command *command, struct command_result *ret_result,
	struct error *err)
{
	struct command looking = *command;

	if (command->flags & COMMAND_DETACHED)
		return error_set(err, BEOPLAY_BUG, "a command that only looks can't be detached");
	note(host, "command", command->flags & COMMAND_SHELL ? "*" : command->argv[0]);
	looking.flags |= COMMAND_LOOK;
	if (host->calls->run(host->machine, host->arena, &looking, ret_result, err) < 0)
		return -1;
	/* A module that reads it would take the half for the whole. */
	if (ret_result->truncated)
		return error_set(err, HOST_FILE_TOO_LARGE, "'%s' said more than the %zu bytes that are "
			"read of it", command->argv[0], command->most ? command->most : COMMAND_OUTPUT_MOST);
	return 0;
}

int host_meet(struct host *host, struct meeting *meeting, struct error *err)
{
	return host->calls->meet(host->machine, host->arena, meeting, err);
}

int host_leave(struct host *host, const char *command, unsigned seconds, struct error *err)
{
	if (may_change(host, "restart", "the machine", err) < 0)
		return -1;
	return host->calls->leave(host->machine, host->arena, command, seconds, err);
}

const char *host_run_name(struct host *host)
{
	return host->calls->run_name(host->machine);
}

int host_trial_look(struct host *host, const char *name, struct trial_state *ret_state,
	struct error *err)
{
	return host->calls->trial_look(host->machine, host->arena, name, ret_state, err);
}

int host_trial_start(struct host *host, const struct trial *trial, struct error *err)
{
	if (may_change(host, "try", trial->name, err) < 0)
		return -1;
	return host->calls->trial_start(host->machine, host->arena, trial, err);
}

int host_trial_wait(struct host *host, const char *name, struct error *err)
{
	return host->calls->trial_wait(host->machine, host->arena, name, err);
}

int host_trial_confirm(struct host *host, const char *name, struct error *err)
{
	if (may_change(host, "confirm", name, err) < 0)
		return -1;
	return host->calls->trial_end(host->machine, host->arena, name, NULL, err);
}

int host_trial_reject(struct host *host, const char *name, const struct error *why,
	struct error *err)
{
	if (may_change(host, "take back", name, err) < 0)
		return -1;
	return host->calls->trial_end(host->machine, host->arena, name, why, err);
}

int host_probe(struct host *host, const char *interface, const char *address,
	const char **ret_mac, struct error *err)
{
	*ret_mac = NULL;
	return host->calls->probe(host->machine, host->arena, interface, address, !host->looking, ret_mac,
		err);
}

int host_record_get(struct host *host, const char *key, struct value **ret_record,
	struct error *err)
{
	note(host, "record", key);
	*ret_record = NULL;
	if (!host->calls->record_get)
		return 0;
	return host->calls->record_get(host->machine, host->arena, key, ret_record, err);
}

int host_wished(struct host *host, const char *beginning, const char *part,
	struct value **ret_wished, struct error *err)
{
	note(host, "wished", beginning);
	*ret_wished = NULL;
	if (host->calls->wished
			&& host->calls->wished(host->machine, host->arena, beginning, part, ret_wished,
				err) < 0)
		return -1;
	if (!*ret_wished)
		*ret_wished = value_map(host->arena);
	return 0;
}

/* --- Changing */

int host_write(struct host *host, const struct file_write *write, struct error *err)
{
	if (may_change_path(host, "write", write->path, err) < 0 ||
	    (write->backup && absolute(write->backup, err) < 0))
		return -1;
	return host->calls->write(host->machine, write, err);
}

int host_settle(struct host *host, struct error *err)
{
	return host->calls->settle ? host->calls->settle(host->machine, err) : 0;
}

size_t host_fetch(struct host *host, const char *const *digests, const int64_t *sizes, size_t count)
{
	return host->calls->fetch ? host->calls->fetch(host->machine, digests, sizes, count) : 0;
}

int host_set_mode(struct host *host, const char *path, unsigned mode, struct error *err)
{
	if (may_change_path(host, "change the mode of", path, err) < 0)
		return -1;
	return host->calls->set_mode(host->machine, path, mode, err);
}

int host_set_owner(struct host *host, const char *path, int64_t uid, int64_t gid, struct error *err)
{
	if (may_change_path(host, "change the owner of", path, err) < 0)
		return -1;
	return host->calls->set_owner(host->machine, path, uid, gid, err);
}

int host_set_mtime(struct host *host, const char *path, int64_t nanoseconds, struct error *err)
{
	if (may_change_path(host, "change the time of", path, err) < 0)
		return -1;
	return host->calls->set_mtime(host->machine, path, nanoseconds, err);
}

int host_make_directory(struct host *host, const char *path, unsigned mode, struct error *err)
{
	if (may_change_path(host, "make the directory", path, err) < 0)
		return -1;
	return host->calls->make_directory(host->machine, path, mode, err);
}

int host_make_link(struct host *host, const char *path, const char *target, struct error *err)
{
	if (may_change_path(host, "make the link", path, err) < 0)
		return -1;
	return host->calls->make_link(host->machine, path, target, err);
}

int host_remove(struct host *host, const char *path, struct error *err)
{
	if (may_change_path(host, "remove", path, err) < 0)
		return -1;
	return host->calls->remove(host->machine, path, err);
}

int host_rename(struct host *host, const char *from, const char *to, struct error *err)
{
	if (may_change_path(host, "rename", from, err) < 0 || absolute(to, err) < 0)
		return -1;
	return host->calls->rename(host->machine, from, to, err);
}

int host_run(struct host *host, const struct command *command, struct command_result *ret_result,
	struct error *err)
{
	if (may_change(host, "run", command->argv[0], err) < 0)
		return -1;
	return host->calls->run(host->machine, host->arena, command, ret_result, err);
}

int host_set_name(struct host *host, const char *name, struct error *err)
{
	if (may_change(host, "set the hostname", name, err) < 0)
		return -1;
	return host->calls->set_name(host->machine, name, err);
}

int host_record_set(struct host *host, const char *key, const struct value *record,
	struct error *err)
{
	if (may_change(host, "keep the record", key, err) < 0)
		return -1;
	if (!host->calls->record_set)
		return error_set(err, BEOPLAY_BUG, "this machine keeps no records");
	return host->calls->record_set(host->machine, key, record, err);
}

/* --- Neither */

int host_body(struct host *host, const char *digest, size_t most, char **ret_bytes,
	size_t *ret_size, struct error *err)
{
	return host->calls->body(host->machine, host->arena, digest, most, ret_bytes, ret_size, err);
}

int host_offer(struct host *host, const char *path, const char **ret_digest, struct error *err)
{
	if (absolute(path, err) < 0)
		return -1;
	return host->calls->offer(host->machine, host->arena, path, ret_digest, err);
}

void host_progress(struct host *host, const char *format, ...)
{
	va_list args;
	char *line;

	if (!host->calls->progress)
		return;
	va_start(args, format);
	line = arena_vprintf(host->arena, format, args);
	va_end(args);
	host->calls->progress(host->machine, line);
}
