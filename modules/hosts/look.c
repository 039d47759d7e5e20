/* look: what is in the file, and who else writes it. */
#include "modules/hosts/hosts.h"

#include "modules/shared/line_ends.h"

#include <string.h>

enum { FILE_MOST = 16 << 20, CLOUD_MOST = 1 << 20 };

/* cloud-init(1) writes /etc/hosts at each start where manage_etc_hosts says so. */
static int look_at_cloud(struct host *host, const char *path, bool *ret_cloud, struct error *err)
{
	struct file_info info;
	const char *found;
	char *text;
	size_t size;

	if (host_stat(host, path, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR || info.size > CLOUD_MOST)
		return 0;
	if (host_read(host, path, CLOUD_MOST, &text, &size, err) < 0)
		return -1;
	for (; *text; text += *text == '\n') {
		size_t blank = strspn(text, " \t");

		found = strncmp(text + blank, "manage_etc_hosts:", 17) == 0 ? text + blank + 17 : NULL;
		if (found)
			*ret_cloud = strncasecmp(found + strspn(found, " \t\"'"), "false", 5) != 0;
		text += strcspn(text, "\n");
	}
	return 0;
}

static int look_for_cloud(struct host *host, bool *ret_cloud, struct error *err)
{
	static const char directory[] = "/etc/cloud/cloud.cfg.d";
	struct file_name *names;
	struct file_info info;
	size_t count;

	if (look_at_cloud(host, "/etc/cloud/cloud.cfg", ret_cloud, err) < 0
			|| host_stat(host, directory, &info, err) < 0)
		return -1;
	if (info.kind == FILE_DIRECTORY && host_list(host, directory, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; info.kind == FILE_DIRECTORY && i < count; i++) {
		const char *path = arena_printf(host_arena(host), "%s/%s", directory, names[i].name);

		if (look_at_cloud(host, path, ret_cloud, err) < 0)
			return -1;
	}
	/* What the machine was given at its first start wins. */
	return look_at_cloud(host, "/var/lib/cloud/instance/cloud-config.txt", ret_cloud, err);
}

const char *hosts_own_key(struct arena *arena, const struct hosts_params *want)
{
	return arena_printf(arena, "hosts:%s", want->path);
}

/* Names from a line that an earlier run took. */
static int look_at_own(struct host *host, const struct hosts_params *want,
	struct hosts_state *have, struct error *err)
{
	struct value *record, *names;

	if (host_record_get(host, hosts_own_key(host_arena(host), want), &record, err) < 0)
		return -1;
	names = value_get(record, "own");
	for (size_t i = 0; names && names->kind == VALUE_LIST && i < names->count; i++) {
		if (value_text(names->items[i]) && hosts_is_name(value_text(names->items[i])))
			hosts_add_name(host_arena(host), have->own, value_text(names->items[i]));
	}
	return 0;
}

int hosts_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct hosts_params *want = params;
	struct hosts_state *have = ret_state;
	struct arena *arena = host_arena(host);
	char *bytes = arena_string(arena, "");

	have->added = value_list(arena);
	have->removed = value_list(arena);
	have->conflicts = value_list(arena);
	have->taken = value_list(arena);
	have->taken_for = value_list(arena);
	have->own = value_list(arena);
	have->before = have->after = have->inside = "";
	if (host_stat(host, want->path, &have->info, err) < 0)
		return -1;
	if (have->info.kind != FILE_NONE && have->info.kind != FILE_REGULAR)
		return 0;
	if (have->info.kind == FILE_REGULAR
			&& host_read_text(host, want->path, FILE_MOST, &bytes, err) < 0)
		return -1;
	have->dos = line_ends_dos(bytes);
	have->before = have->dos ? line_ends_plain(arena, bytes) : bytes;
	if (look_at_own(host, want, have, err) < 0 || hosts_look_at_others(host, want, have, err) < 0)
		return -1;
	hosts_compose(arena, want, have);
	if (strcmp(want->path, "/etc/hosts") != 0 || strcmp(have->before, have->after) == 0)
		return 0;
	return look_for_cloud(host, &have->cloud, err);
}
