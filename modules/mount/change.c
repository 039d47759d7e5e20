/* mount_change: mounting, unmounting, fstab. */
#include "modules/mount/mount.h"

#include "modules/errors.h"

#include <string.h>

enum { MOUNT_SECONDS = 120 };

static int run(struct host *host, const char *const *argv, const char *what, const char *path, struct error *err)
{
	const struct command command = { .argv = argv, .timeout = MOUNT_SECONDS, .flags = COMMAND_ANY_STATUS };
	struct command_result result;

	if (host_run(host, &command, &result, err) < 0)
		return -1;
	if (result.status == 0)
		return 0;
	error_set(err, MOUNT_FAILED, "cannot %s '%s': %.500s", what, path, result.timed_out
		? "it takes too long" : command_last_words(host_arena(host), &result));
	return strstr(result.errors, "busy") ? error_remedy(err, "'fuser -vm %s' shows who uses it", path) : -1;
}

static int write_fstab(struct host *host, const struct mount_params *want, const struct mount_state *have,
	struct error *err)
{
	const char *text = mount_fstab_with(host_arena(host), have->fstab, mount_plain_path(host_arena(host), have->path),
		have->want, have->lines == 0 ? want->place : NULL, want->fstab && strcmp(want->fstab, "open") == 0);
	const struct file_write write = { .path = FSTAB, .bytes = text, .size = strlen(text),
		.mode = have->fstab ? HOST_KEEP : 0644, .uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP };

	if (!*text && want->fstab && strcmp(want->fstab, "none") == 0)
		return host_remove(host, FSTAB, err);
	return host_write(host, &write, err);
}

/* line: by which it is mounted now; NULL: nothing is. An undo leads to what is noted of then. */
static int remember(struct host *host, const struct mount_params *want, const struct mount_state *have,
	const char *line, struct error *err)
{
	struct value *record = value_map(host_arena(host));

	if (want->was || want->leave)
		return 0;
	value_set_string(host_arena(host), record, "line", line);
	return host_record_set(host, mount_noted_key(host_arena(host), have->path), record, err);
}

static int record_back(struct host *host, const struct mount_params *want, const struct mount_state *have,
	struct error *err)
{
	struct value *record = value_map(host_arena(host));

	if (*want->was)
		value_set_string(host_arena(host), record, "line", want->was);
	return host_record_set(host, mount_noted_key(host_arena(host), have->path), want->hand ? record : NULL, err);
}

/* Options that the mount had of its own may be others than those of its line: the last ones count. */
static int mount_it(struct host *host, const struct mount_params *want, const struct mount_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *line = want->was ? want->was : have->want;
	const char *options = mount_unescaped(arena, mount_field_of(arena, line, 3));
	const char *const argv[] = { "mount", "-t", mount_field_of(arena, line, 2), "-o",
		want->options ? arena_printf(arena, "%s,suid,dev,exec,%s", options, want->options) : options, "--",
		mount_unescaped(arena, mount_field_of(arena, line, 0)), have->path, NULL };

	return run(host, argv, "mount", have->path, err) < 0 ? -1 : remember(host, want, have, line, err);
}

/* Only these options: what fstab said until now doesn't count any more. The kernel keeps how times of access are
 * kept where nothing is said of them. */
static int remount(struct host *host, const struct mount_params *want, const struct mount_state *have,
	struct error *err)
{
	static const char *const times[] = { "noatime", "relatime", "strictatime", "atime", "norelatime", NULL };
	struct arena *arena = host_arena(host);
	const char *options = want->options ? want->options
		: mount_unescaped(arena, mount_field_of(arena, have->want, 3));
	bool said = mount_has_option(options, "bind") || mount_has_option(options, "rbind");
	const char *argv[] = { "mount", "--options-mode", "ignore", "-o", NULL, "--", have->path, NULL };

	for (size_t i = 0; times[i]; i++)
		said = said || mount_has_option(options, times[i]);
	argv[4] = arena_printf(arena, "remount,%s%s", options, said ? "" : ",relatime");
	return run(host, argv, "remount", have->path, err) < 0 ? -1 : remember(host, want, have, have->want, err);
}

static int unmount_it(struct host *host, const struct mount_params *want, const struct mount_state *have,
	struct error *err)
{
	const char *const argv[] = { "umount", "--", have->path, NULL };

	return run(host, argv, "unmount", have->path, err) < 0 ? -1 : remember(host, want, have, NULL, err);
}

static int make_it(struct host *host, const struct mount_params *want, const struct mount_state *have,
	struct error *err)
{
	return host_make_directory(host, have->path, 0755, err) < 0 ? -1 : remember(host, want, have, NULL, err);
}

int mount_change(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct mount_state *have = state;
	const char *const again[] = { "mount", "-o", "remount", "--", have->path, NULL };

	(void)results;
	switch ((enum mount_step)change->step) {
	case STEP_MAKE:
		return make_it(host, params, have, err);
	case STEP_FSTAB:
		return write_fstab(host, params, have, err);
	case STEP_REMOUNT:
		return remount(host, params, have, err);
	case STEP_AGAIN:
		return run(host, again, "remount", have->path, err);
	case STEP_UNMOUNT:
		return unmount_it(host, params, have, err);
	case STEP_MOUNT:
		return mount_it(host, params, have, err);
	case STEP_UNMAKE:
		return host_remove(host, have->path, err);
	case STEP_RECORD:
		return record_back(host, params, have, err);
	}
	return error_set(err, BEOPLAY_BUG, "there is no step %u", change->step);
}
