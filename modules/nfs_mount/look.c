/* look: what fstab has, and what is mounted. */
#include "modules/nfs_mount/nfs_mount.h"

#include "base/buffer.h"
#include "modules/shared/guard.h"

#include <string.h>

static const char *wished_line(struct arena *arena, const struct mount_params *want)
{
	struct buffer line = { 0 };
	const char *result;

	if (want->state == MOUNT_ABSENT)
		return NULL;
	if (want->line)
		return want->line;
	buffer_printf(&line, "%s %s nfs ", mount_escaped(arena, want->src),
		mount_plain_path(arena, want->path));
	for (unsigned i = 0; i < want->options_count; i++)
		buffer_printf(&line, "%s%s", i ? "," : "", mount_escaped(arena, want->options[i]));
	if (want->vers)
		buffer_printf(&line, "%svers=%s", want->options_count ? "," : "",
			mount_escaped(arena, want->vers));
	else if (want->options_count == 0)
		buffer_add_string(&line, "defaults");
	buffer_add_string(&line, " 0 0");
	result = arena_bytes(arena, line.data, line.size);
	buffer_free(&line);
	return result;
}

const char *mount_record_key(struct arena *arena, const struct mount_params *want)
{
	return arena_printf(arena, "nfs-mount:%s", want->src);
}

/* Where this export was mounted by us, if that is another path now. */
static int look_at_old(struct host *host, const struct mount_params *want, const char *mountinfo,
	struct mount_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record;
	const char *path;
	unsigned lines;

	if (host_record_get(host, mount_record_key(arena, want), &record, err) < 0)
		return -1;
	path = value_get_string(record, "path");
	if (!path || path[0] != '/' || strcmp(path, have->path) == 0 || want->state == MOUNT_ABSENT)
		return 0;
	have->old_path = path;
	have->old_live = mount_live_at(arena, mountinfo, mount_plain_path(arena, path));
	mount_find_line(arena, mount_plain_path(arena, path), have->fstab, &lines, &have->old_line,
		&have->old_place);
	if (have->old_line && (lines > 1 || strcmp(mount_field(arena, have->old_line,
			strlen(have->old_line), 0), mount_escaped(arena, want->src)) != 0))
		have->old_line = NULL;
	return 0;
}

int mount_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct mount_params *want = params;
	struct mount_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct file_info info;
	char *mountinfo;
	size_t size;
	char *fstab;

	have->path = arena_bytes(arena, want->path, mount_path_size(want->path));
	host_has_read(host, "command:mount.nfs");
	if (host_stat(host, HELPER, &info, err) < 0)
		return -1;
	have->helper = info.kind != FILE_NONE;
	if (host_stat(host, FSTAB, &info, err) < 0)
		return -1;
	if (info.kind == FILE_REGULAR) {
		if (host_read_text(host, FSTAB, FSTAB_MOST, &fstab, err) < 0)
			return -1;
		have->fstab = fstab;
	}
	if (host_read(host, "/proc/self/mountinfo", MOUNTINFO_MOST, &mountinfo, &size, err) < 0)
		return -1;
	have->want = wished_line(arena, want);
	have->live = mount_live_at(arena, mountinfo, mount_plain_path(arena, want->path));
	mount_find_line(arena, mount_plain_path(arena, want->path), have->fstab, &have->lines, &have->line,
		&have->place);
	if (look_at_old(host, want, mountinfo, have, err) < 0)
		return -1;
	if (!have->live.there && want->state == MOUNT_MOUNTED && guard_look_hidden(host, have->path, &have->hidden, err) < 0)
		return -1;
	return have->live.there ? 0 : mount_look_under(host, have->path, want->made, &have->directory,
		&have->directory_empty, err);
}
