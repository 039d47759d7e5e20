/* recurse: owner and mode of all that is below a directory. */
#include "modules/file/file.h"

#include <string.h>

/* What something below should have. */
static struct attributes_have wished(const struct file_state *have, const struct file_info *info)
{
	return (struct attributes_have){ .info = *info, .uid = have->at.uid, .gid = have->at.gid };
}

static bool is_right(const struct file_params *want, const struct attributes_have *at)
{
	struct attributes_want attributes = file_attributes_of(want);

	return (at->uid == HOST_KEEP || at->uid == (int64_t)at->info.uid)
		&& (at->gid == HOST_KEEP || at->gid == (int64_t)at->info.gid)
		&& (at->info.kind == FILE_LINK || attributes_mode(&attributes, at, 0) == at->info.mode);
}

struct below {
	struct host *host;
	const struct file_params *want;
	struct file_state *have;
	struct guard guard;
	size_t capacity, mount_capacity;
};

static void *grown(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return items;
	*capacity = *capacity ? 2 * *capacity : 64;
	return arena_grow(arena, items, count * size, *capacity * size);
}

static bool is_mount(struct below *below, const char *real, const char *path)
{
	struct file_state *have = below->have;
	struct guard_refusal refusal = {0};

	guard_mount(host_arena(below->host), &below->guard, real, &refusal);
	if (!refusal.reason)
		return false;
	have->mounts = grown(host_arena(below->host), have->mounts, have->mount_count,
		&below->mount_capacity, sizeof(*have->mounts));
	have->mounts[have->mount_count++] = path;
	return true;
}

/* What is in a directory comes before it: who takes the right to enter it from themselves has been
 * there. */
static int look_into(struct below *below, const char *path, const char *real, struct error *err)
{
	struct arena *arena = host_arena(below->host);
	struct file_state *have = below->have;
	struct file_name *names;
	size_t count;

	if (host_list(below->host, path, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *inside = arena_printf(arena, "%s/%s", path, names[i].name);
		const char *there = arena_printf(arena, "%s/%s", real, names[i].name);
		struct attributes_have at = wished(have, &names[i].info);

		if (is_mount(below, there, inside))
			continue;
		if (at.info.kind == FILE_DIRECTORY && look_into(below, inside, there, err) < 0)
			return -1;
		have->special_count += at.info.kind == FILE_OTHER;
		if (at.info.kind == FILE_OTHER || is_right(below->want, &at))
			continue;
		have->below = grown(arena, have->below, have->below_count, &below->capacity,
			sizeof(*have->below));
		have->below[have->below_count++] = (struct file_below){ .path = inside, .info = at.info };
	}
	return 0;
}

int file_look_below(struct host *host, const struct file_params *want, struct file_state *have,
	struct error *err)
{
	struct below below = { .host = host, .want = want, .have = have };
	const char *real;

	if (guard_open(host, &below.guard, err) < 0 || host_real(host, want->path, &real, err) < 0)
		return -1;
	/* Through links it may be another one than its name says. */
	if (guard_is_whole(real)) {
		have->refusal.reason = arena_printf(host_arena(host), "'recurse' would change all of '%s', "
			"which belongs to the system", real);
		have->refusal.remedy = "name what is to change below it";
		return 0;
	}
	return look_into(&below, want->path, strcmp(real, "/") == 0 ? "" : real, err);
}

void file_plan_below(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	struct attributes_want attributes = file_attributes_of(want);

	for (size_t i = 0; i < have->mount_count; i++)
		plan_note(plan, "'%s' stays as it is: something is mounted there", have->mounts[i]);
	if (have->special_count > 0)
		plan_note(plan, "below '%s' special files stay as they are (%zu)", want->path,
			have->special_count);
	for (size_t i = 0; i < have->below_count; i++) {
		struct attributes_have at = wished(have, &have->below[i].info);

		at.owner_name = plan_printf(plan, "%u", at.info.uid);
		at.group_name = plan_printf(plan, "%u", at.info.gid);
		attributes_plan(plan, have->below[i].path, &attributes, &at);
	}
}

/* Others may have put something else there since. */
int file_apply_below(struct host *host, const struct file_params *want,
	const struct file_state *have, const struct change *change, struct error *err)
{
	struct attributes_want attributes = file_attributes_of(want);
	struct attributes_have at;
	struct file_info now;

	if (host_stat(host, change->subject, &now, err) < 0)
		return -1;
	at = wished(have, &now);
	if (now.kind == FILE_NONE || now.kind == FILE_OTHER
			|| (now.kind == FILE_LINK && change->step == ATTRIBUTES_MODE))
		return 0;
	return attributes_apply(host, change->subject, &attributes, &at, change, err);
}
