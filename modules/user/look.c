/* look: what an account is now: its line, groups, password and homes. */
#include "modules/user/user.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 16 << 20 };

/* The field of a line of colons, from 0. */
const char *user_field(struct arena *arena, const char *line, size_t size, unsigned number)
{
	const char *end = line + size;

	while (number-- > 0) {
		line = memchr(line, ':', (size_t)(end - line));
		if (!line++)
			return "";
	}
	size = (size_t)(end - line);
	for (size_t i = 0; i < size; i++) {
		if (line[i] == ':')
			size = i;
	}
	return arena_bytes(arena, line, size);
}

static bool lists_member(const char *members, const char *name)
{
	size_t size = strlen(name);

	while (*members) {
		size_t length = strcspn(members, ",");

		if (length == size && strncmp(members, name, size) == 0)
			return true;
		members += length + (members[length] == ',');
	}
	return false;
}

static int by_text(const void *one, const void *other)
{
	return strcmp((*(struct value *const *)one)->text, (*(struct value *const *)other)->text);
}

static int look_at_groups(struct host *host, const char *name, struct user_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	char *text;

	have->groups = value_list(arena);
	if (host_members(host, name, FILE_MOST, &text, err) < 0)
		return -1;
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (lists_member(user_field(arena, text, length, 3), name))
			value_append(arena, have->groups, value_string(arena, user_field(arena, text, length, 0)));
		text += length + (text[length] == '\n');
	}
	if (have->groups->count > 0)
		qsort(have->groups->items, have->groups->count, sizeof(struct value *), by_text);
	return 0;
}

static int look_at_password(struct host *host, const char *name, struct user_state *have,
	struct error *err)
{
	size_t name_size = strlen(name), size;
	char *text;

	if (host_read(host, "/etc/shadow", FILE_MOST, &text, &size, err) < 0)
		return -1;
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length > name_size && strncmp(text, name, name_size) == 0 && text[name_size] == ':') {
			const char *rest = memchr(text + name_size + 1, ':', length - name_size - 1);

			have->password = user_field(host_arena(host), text, length, 1);
			have->ageing = rest ? arena_bytes(host_arena(host), rest + 1,
				(size_t)(text + length - rest - 1)) : NULL;
		}
		text += length + (text[length] == '\n');
	}
	return 0;
}

/* Whether all that is in a home is as in the skeleton. */
static int look_into_home(struct host *host, const char *path, const char *skeleton,
	struct user_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *digest, *other_digest;
	struct file_name *names;
	size_t count;

	value_append(arena, have->made, value_string(arena, path));
	if (host_list(host, path, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count && !have->used; i++) {
		const char *one = arena_printf(arena, "%s/%s", path, names[i].name);
		const char *other = arena_printf(arena, "%s/%s", skeleton, names[i].name);
		struct file_info info;

		if (host_stat(host, other, &info, err) < 0)
			return -1;
		if (info.kind != names[i].info.kind || info.kind == FILE_OTHER || info.kind == FILE_LINK) {
			have->used = true;
		} else if (info.kind == FILE_DIRECTORY) {
			if (look_into_home(host, one, other, have, err) < 0)
				return -1;
		} else {
			value_append(arena, have->made, value_string(arena, one));
			if (host_digest(host, one, &digest, err) < 0
					|| host_digest(host, other, &other_digest, err) < 0)
				return -1;
			have->used = strcmp(digest, other_digest) != 0;
		}
	}
	return 0;
}

static int look_at_homes(struct host *host, const struct user_params *want,
	struct user_state *have, struct error *err)
{
	struct file_info made = { .kind = FILE_NONE };
	struct guard_refusal refusal;

	if (have->home_path[0] == '/' && host_stat(host, have->home_path, &have->home, err) < 0)
		return -1;
	if (want->made_home && host_stat(host, want->made_home, &made, err) < 0)
		return -1;
	if (made.kind != FILE_DIRECTORY)
		return 0;
	if (guard_look(host, want->made_home, GUARD_EMPTY, &refusal, err) < 0)
		return -1;
	have->used = refusal.reason != NULL;
	return have->used ? 0 : look_into_home(host, want->made_home, "/etc/skel", have, err);
}

/* Who else has its home there, or below. */
static int look_for_neighbour(struct host *host, const char *name, const char *home,
	struct guard_refusal *ret_refusal, struct error *err)
{
	struct arena *arena = host_arena(host);
	size_t size, depth = strlen(home);
	char *text;

	if (host_read(host, "/etc/passwd", FILE_MOST, &text, &size, err) < 0)
		return -1;
	while (*text) {
		size_t length = strcspn(text, "\n");
		const char *other = user_field(arena, text, length, 0), *at = user_field(arena, text, length, 5);

		if (strcmp(other, name) != 0 && strncmp(at, home, depth) == 0
				&& (at[depth] == '/' || !at[depth])) {
			ret_refusal->reason = arena_printf(arena, "'%s' is not removed: it is or holds the home "
				"of %s, too", home, other);
			ret_refusal->remedy = "remove the user without its home (remove: no)";
			return 0;
		}
		text += length + (text[length] == '\n');
	}
	return 0;
}

/* userdel takes away all that is below the home, wherever it lies. */
int user_guard_home(struct host *host, const char *name, const char *home,
	struct guard_refusal *ret_refusal, struct error *err)
{
	size_t size = strlen(home);

	while (size > 1 && home[size - 1] == '/')
		size--;
	home = arena_bytes(host_arena(host), home, size);
	if (guard_look(host, home, 0, ret_refusal, err) < 0)
		return -1;
	if (ret_refusal->reason)
		ret_refusal->remedy = arena_printf(host_arena(host), "remove the user without its home "
			"(remove: no), or %s", ret_refusal->remedy);
	return ret_refusal->reason ? 0 : look_for_neighbour(host, name, home, ret_refusal, err);
}

static int guard_user(struct host *host, const struct user_params *want,
	struct user_state *have, struct error *err)
{
	const char *login = host_login(host);

	if (have->user.uid == 0 || have->user.uid == host_uid(host)
			|| (login && strcmp(login, want->name) == 0)) {
		have->refusal.reason = arena_printf(host_arena(host), "the user %s is not removed: %s",
			want->name, have->user.uid == 0 ? "it is root" : "it is logged in for this run");
		have->refusal.remedy = "log in as another user to remove it";
		return 0;
	}
	return want->remove && have->user.home[0] == '/'
		? user_guard_home(host, want->name, have->user.home, &have->refusal, err) : 0;
}

int user_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct user_params *want = params;
	struct user_state *have = ret_state;

	if (host_user(host, want->name, &have->user, err) < 0)
		return -1;
	have->groups = value_list(host_arena(host));
	have->made = value_list(host_arena(host));
	if (want->group && host_group(host, want->group, &have->primary, err) < 0)
		return -1;
	have->home_path = want->home && want->present ? want->home : have->user.exists
		? have->user.home : arena_printf(host_arena(host), "/home/%s", want->name);
	if (look_at_homes(host, want, have, err) < 0)
		return -1;
	/* One of its name, without the user: a group task made it, or a useradd that was killed. */
	if (!have->user.exists)
		return want->present && !want->group ? host_group(host, want->name, &have->own, err) : 0;
	if (!want->present && guard_user(host, want, have, err) < 0)
		return -1;
	if (host_group_by_id(host, have->user.gid, &have->own, err) < 0
			|| look_at_groups(host, want->name, have, err) < 0)
		return -1;
	/* Only root may; who isn't root can't change it either. */
	return want->password || host_uid(host) == 0 ? look_at_password(host, want->name, have, err)
		: 0;
}
