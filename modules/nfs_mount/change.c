/* change: each change, made. */
#include "modules/nfs_mount/nfs_mount.h"

#include "modules/errors.h"

#include <string.h>

enum { MOUNT_SECONDS = 60, WAIT_ROUNDS = 10 };

/* All lines of others as they are; ours in place of the first, or where it was, or at the end. */
static const char *new_fstab(struct arena *arena, const struct mount_params *want,
	const struct mount_state *have)
{
	bool open = want->fstab && strcmp(want->fstab, "open") == 0;
	const char *text = mount_fstab_with(arena, have->fstab, mount_plain_path(arena, have->path), have->want,
		have->lines == 0 ? want->place : NULL, open);

	return have->old_line ? mount_fstab_with(arena, text, mount_plain_path(arena, have->old_path), NULL, NULL,
		false) : text;
}

static int write_fstab(struct host *host, const struct mount_params *want,
	const struct mount_state *have, struct error *err)
{
	const char *text = new_fstab(host_arena(host), want, have);
	struct file_write write = {
		.path = FSTAB, .bytes = text, .size = strlen(text),
		.mode = have->fstab ? HOST_KEEP : 0644, .uid = HOST_KEEP, .gid = HOST_KEEP,
		.mtime = HOST_KEEP,
	};

	if (!*text && want->fstab && strcmp(want->fstab, "none") == 0)
		return host_remove(host, FSTAB, err);
	return host_write(host, &write, err);
}

/* A server that is gone leaves only the lazy way. */
static int unmount(struct host *host, const char *path, struct error *err)
{
	const char *const plain[] = { "umount", "--", path, NULL };
	const char *const lazy[] = { "umount", "-l", "--", path, NULL };
	struct command command = {
		.argv = plain, .timeout = MOUNT_SECONDS, .flags = COMMAND_ANY_STATUS,
	};
	struct command_result result;

	if (host_run(host, &command, &result, err) < 0)
		return -1;
	if (result.status == 0)
		return 0;
	if (!result.timed_out) {
		error_set(err, NFS_MOUNT_FAILED, "cannot unmount '%s': %.500s", path, result.errors);
		return error_remedy(err, "'fuser -vm %s' shows who uses it", path);
	}
	command.argv = lazy;
	command.flags = 0;
	return host_run(host, &command, &result, err);
}

static bool may_come(const struct command_result *result)
{
	return strstr(result->errors, "Connection refused") ||
		strstr(result->errors, "Connection timed out") ||
		strstr(result->errors, "No such file or directory") ||
		strstr(result->errors, "access denied") || strstr(result->errors, "Program not registered");
}

static const char *mount_options(struct arena *arena, const struct mount_params *want)
{
	const char *options = want->vers ? arena_printf(arena, "vers=%s", want->vers) : "";

	for (unsigned i = 0; i < want->options_count; i++)
		options = arena_printf(arena, "%s%s%s", options, options[0] ? "," : "",
			want->options[i]);
	return options[0] ? options : "defaults";
}

/* The export may only just have been made: it is waited for. */
static int mount_it(struct host *host, const struct mount_params *want,
	const struct mount_state *have, struct error *err)
{
	static const char *const pause[] = { "sleep", "2", NULL };
	const char *const argv[] = {
		"mount", "-t", "nfs", "-o", mount_options(host_arena(host), want), "--", want->src,
		have->path, NULL,
	};
	struct command command = {
		.argv = argv, .timeout = MOUNT_SECONDS, .flags = COMMAND_ANY_STATUS,
	};
	struct command wait = { .argv = pause };
	struct command_result result;

	for (unsigned round = 0;; round++) {
		if (host_run(host, &command, &result, err) < 0)
			return -1;
		if (result.status == 0)
			return 0;
		if (result.timed_out || !may_come(&result) || round == WAIT_ROUNDS)
			break;
		host_progress(host, "waits for %s", want->src);
		if (host_run(host, &wait, &result, err) < 0)
			return -1;
	}
	error_set(err, NFS_MOUNT_FAILED, "cannot mount '%s' on '%s': %.500s", want->src, have->path,
		result.timed_out ? "the server does not answer" : result.errors);
	return error_remedy(err, "look on the server with 'exportfs -s' whether this host may");
}

static int remember(struct host *host, const struct mount_params *want,
	const struct mount_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record = value_map(arena);

	value_set_string(arena, record, "path", have->path);
	return host_record_set(host, mount_record_key(arena, want),
		want->state == MOUNT_ABSENT ? NULL : record, err);
}

int mount_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct mount_params *want = params;
	const struct mount_state *have = state;

	(void)results;
	switch ((enum mount_step)change->step) {
	case MOUNT_OLD_UNMOUNT:
		return unmount(host, have->old_path, err);
	case MOUNT_MAKE:
		return host_make_directory(host, have->path, 0755, err);
	case MOUNT_FSTAB:
		if (write_fstab(host, want, have, err) < 0)
			return -1;
		return remember(host, want, have, err);
	case MOUNT_UNMOUNT:
		return unmount(host, have->path, err);
	case MOUNT_MOUNT:
		return mount_it(host, want, have, err);
	case MOUNT_UNMAKE:
		return host_remove(host, have->path, err);
	case MOUNT_REMEMBER:
		return remember(host, want, have, err);
	}
	return error_set(err, BEOPLAY_BUG, "there is no step %u", change->step);
}
