/* mount_look: fstab, what is mounted, what is noted of it. */
#include "modules/mount/mount.h"

#include "modules/shared/guard.h"

#include <string.h>

/* Whether a line of fstab says what is wished, however it is laid out. */
static bool says(struct arena *arena, const struct mount_params *want, const char *line)
{
	const char *const fields[] = { mount_escaped(arena, want->src), NULL, want->fstype,
		mount_escaped(arena, want->opts), want->dump, want->passno };

	for (unsigned i = 0; line && i < 6; i++) {
		const char *field = mount_field(arena, line, strlen(line), i);

		if (fields[i] && strcmp(i > 3 && !*field ? "0" : field, fields[i]) != 0)
			return false;
	}
	return line != NULL;
}

static const char *wished_line(struct arena *arena, const struct mount_params *want, const struct mount_state *have)
{
	if (want->state == WISH_ABSENT)
		return NULL;
	if (want->line)
		return want->line;
	if (want->state == WISH_UNMOUNTED || want->state == WISH_REMOUNTED || says(arena, want, have->line))
		return have->line;
	return arena_printf(arena, "%s %s %s %s %s %s", mount_escaped(arena, want->src),
		mount_plain_path(arena, want->path), want->fstype, mount_escaped(arena, want->opts), want->dump,
		want->passno);
}

/* What would be gone with the mount: the system's own folders, beoplay's state, the way in. */
static int look_who_needs(struct host *host, struct mount_state *have, struct error *err)
{
	size_t size = strlen(have->path);
	struct guard guard;

	if (!have->live.there)
		return 0;
	/* What beoplay itself has mounted there may go again. */
	if (guard_is_system(have->path) && !have->hand)
		have->needed = "the system";
	if (guard_open(host_quiet(host), &guard, err) < 0)
		return -1;
	for (size_t i = 0; i < guard.kept_count && !have->needed; i++) {
		const char *kept = guard.kept[i].path;

		if (strncmp(kept, have->path, size) == 0 && (kept[size] == '/' || !kept[size]))
			have->needed = guard.kept[i].what;
	}
	return 0;
}

const char *mount_noted_key(struct arena *arena, const char *path)
{
	return arena_printf(arena, "mount:%s", path);
}

/* By which line it is mounted isn't always what fstab says now: that may have changed since. */
static int look_at_note(struct host *host, const struct mount_params *want, struct mount_state *have,
	 struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record;
	const char *line;

	if (host_record_get(host, mount_noted_key(arena, have->path), &record, err) < 0)
		return -1;
	line = record ? value_get_string(record, "line") : NULL;
	have->hand = record != NULL;
	have->noted = line;
	have->foreign = have->live.there && record && !line && !want->acts;
	have->by = line ? line : have->line;
	have->said = want->was ? NULL : have->line;
	return 0;
}

int mount_look(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct mount_params *want = params;
	struct mount_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct file_info info;
	char *mountinfo, *fstab;
	size_t size;

	have->path = arena_bytes(arena, want->path, mount_path_size(want->path));
	if (host_stat(host, FSTAB, &info, err) < 0)
		return -1;
	if (info.kind == FILE_REGULAR) {
		if (host_read_text(host, FSTAB, FSTAB_MOST, &fstab, err) < 0)
			return -1;
		have->fstab = fstab;
	}
	if (host_read(host, "/proc/self/mountinfo", MOUNTINFO_MOST, &mountinfo, &size, err) < 0)
		return -1;
	have->live = mount_live_at(arena, mountinfo, mount_plain_path(arena, want->path));
	mount_find_line(arena, mount_plain_path(arena, want->path), have->fstab, &have->lines, &have->line,
		&have->place);
	have->want = wished_line(arena, want, have);
	if (look_at_note(host, want, have, err) < 0 || look_who_needs(host, have, err) < 0)
		return -1;
	if (!have->live.there && want->state == WISH_MOUNTED && guard_look_hidden(host, have->path, &have->hidden, err) < 0)
		return -1;
	return have->live.there ? 0 : mount_look_under(host, have->path, want->made, &have->directory,
		&have->directory_empty, err);
}
