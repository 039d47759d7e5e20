/* file_attributes: owner, group and mode of a path, as file, copy and template wish them. */
#include "modules/shared/file_attributes.h"

#include "modules/file_sync/file_sync.h"

#include <stdlib.h>
#include <string.h>

/* An id may have no name: that of a file whose owner is gone. */
static bool take_number(const char *text, int64_t *ret_id)
{
	if (!*text || strlen(text) > 10 || text[strspn(text, "0123456789")])
		return false;
	*ret_id = strtoll(text, NULL, 10);
	return true;
}

int attributes_owner(struct host *host, const char *owner, const char *group, int64_t *ret_uid,
	int64_t *ret_gid, struct error *err)
{
	struct user_info user;
	struct group_info found;

	*ret_uid = *ret_gid = HOST_KEEP;
	if (owner && !take_number(owner, ret_uid)) {
		if (host_user(host, owner, &user, err) < 0)
			return -1;
		if (!user.exists)
			return error_set(err, HOST_UNKNOWN_USER, "there is no user '%s'", owner);
		*ret_uid = user.uid;
	}
	if (group && !take_number(group, ret_gid)) {
		if (host_group(host, group, &found, err) < 0)
			return -1;
		if (!found.exists)
			return error_set(err, HOST_UNKNOWN_GROUP, "there is no group '%s'", group);
		*ret_gid = found.gid;
	}
	return 0;
}

int attributes_inspect(struct host *host, const char *path, const struct attributes_want *want,
	struct attributes_have *have, struct error *err)
{
	struct user_info user;
	struct group_info group;

	if (host_stat(host, path, &have->info, err) < 0 || attributes_owner(host, want->owner,
			want->group, &have->uid, &have->gid, err) < 0)
		return -1;
	if (have->info.kind == FILE_NONE)
		return 0;
	if (host_user_by_id(host, have->info.uid, &user, err) < 0
			|| host_group_by_id(host, have->info.gid, &group, err) < 0)
		return -1;
	have->owner_name = user.exists ? user.name
		: arena_printf(host_arena(host), "%u", have->info.uid);
	have->group_name = group.exists ? group.name
		: arena_printf(host_arena(host), "%u", have->info.gid);
	return 0;
}

unsigned attributes_mode(const struct attributes_want *want, const struct attributes_have *have,
	unsigned otherwise)
{
	bool there = have->info.kind != FILE_NONE && have->info.kind != FILE_LINK;
	unsigned old = there ? have->info.mode : otherwise;

	return want->mode ? sync_mode(want->mode, old, have->info.kind == FILE_DIRECTORY) : old;
}

unsigned attributes_private(unsigned mode, unsigned source)
{
	if ((mode & 0040) && !(source & 0040))
		mode &= ~0070u;
	return (mode & 0004) && !(source & 0004) ? mode & ~0007u : mode;
}

static bool owner_differs(const struct attributes_have *have)
{
	return (have->uid != HOST_KEEP && have->uid != (int64_t)have->info.uid)
		|| (have->gid != HOST_KEEP && have->gid != (int64_t)have->info.gid);
}

void attributes_plan(struct plan *plan, const char *path, const struct attributes_want *want,
	const struct attributes_have *have)
{
	unsigned mode = attributes_mode(want, have, 0);

	if (owner_differs(have))
		plan_add(plan, ATTRIBUTES_OWNER, path, "owner",
			plan_printf(plan, "%s:%s", have->owner_name, have->group_name),
			plan_printf(plan, "%s:%s", want->owner ? want->owner : have->owner_name,
				want->group ? want->group : have->group_name));
	if (have->info.kind != FILE_LINK && mode != have->info.mode)
		plan_add(plan, ATTRIBUTES_MODE, path, "mode", plan_printf(plan, "%04o", have->info.mode),
			plan_printf(plan, "%04o", mode));
}

int attributes_apply(struct host *host, const char *path, const struct attributes_want *want,
	const struct attributes_have *have, const struct change *change, struct error *err)
{
	if (change->step == ATTRIBUTES_MODE)
		return host_set_mode(host, path, attributes_mode(want, have, 0), err);
	if (host_set_owner(host, path, have->uid, have->gid, err) < 0)
		return -1;
	/* A change of owner takes set-id bits away. */
	if (have->info.kind != FILE_LINK && (attributes_mode(want, have, 0) & 06000))
		return host_set_mode(host, path, attributes_mode(want, have, 0), err);
	return 0;
}

struct value *attributes_way_back(struct arena *arena, const char *path,
	const struct attributes_have *have, const char *digest)
{
	static const char *const states[] = {
		[FILE_NONE] = "absent", [FILE_REGULAR] = "file", [FILE_DIRECTORY] = "directory",
		[FILE_LINK] = "link",
	};
	struct value *params = value_map(arena);

	if (have->info.kind == FILE_OTHER)
		return NULL;
	value_set_string(arena, params, "path", path);
	value_set_string(arena, params, "state", states[have->info.kind]);
	if (have->info.kind == FILE_NONE)
		return params;
	value_set(arena, params, "owner", value_printf(arena, "%u", have->info.uid));
	value_set(arena, params, "group", value_printf(arena, "%u", have->info.gid));
	if (have->info.kind == FILE_LINK)
		value_set_string(arena, params, "src", have->info.target);
	else
		value_set(arena, params, "mode", value_printf(arena, "%04o", have->info.mode));
	if (have->info.kind == FILE_REGULAR && digest)
		value_set_string(arena, params, "body", digest);
	return params;
}
