/* timezone: which local time the machine has. */
#include "modules/errors.h"
#include "modules/shared/file_attributes.h"

#include <string.h>

enum timezone_step { TIMEZONE_LINK, TIMEZONE_NAME };
enum { NAME_MOST = 256 };

static const char link_path[] = "/etc/localtime", name_path[] = "/etc/timezone", zones[] = "/usr/share/zoneinfo/";

struct timezone_params {
	char *name;
};

struct timezone_state {
	bool known;                        /* the machine has this zone */
	bool has_zones;                    /* it has any */
	struct attributes_have link, file;
	const char *digest;                /* of what is at link_path instead of a link */
	const char *text, *text_digest;    /* of the file with its name; NULL: there is none */
};

static const struct param timezone_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .flags = PARAM_REQUIRED, .doc = "as Europe/Berlin, or UTC",
		.into = INTO_TEXT(struct timezone_params, name) },
	{ .name = "hwclock", .kind = PARAM_STRING, .alias = "rtc", .doc = "what the clock of the board says",
		.flags = PARAM_NOT_YET },
	{ 0 },
};

static int timezone_check(const struct value *params, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
	const struct value *name = value_get(params, "name");
	const char *text = value_text(name);

	if (text && (!*text || *text == '/' || strstr(text, "//") || text[strlen(text) - 1] == '/'
			|| strspn(text, allowed) != strlen(text) || strlen(text) > NAME_MOST)) {
		error_at(err, TASK_INVALID_VALUE, name->place, "'%s' is no time zone", text);
		return error_remedy(err, "names are those below /usr/share/zoneinfo, as Europe/Berlin");
	}
	return 0;
}

static void timezone_resources(struct names *names, const void *params)
{
	(void)params;
	names_add(names, "file:%s", link_path);
	names_add(names, "file:%s", name_path);
}

static int timezone_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const char *name = ((const struct timezone_params *)params)->name;
	const struct attributes_want as_it_is = {0};
	struct timezone_state *have = ret_state;
	struct file_info zone, all;

	if (host_stat(host, arena_printf(host_arena(host), "%s%s", zones, name), &zone, err) < 0
			|| host_stat(host, "/usr/share/zoneinfo", &all, err) < 0
			|| attributes_inspect(host, link_path, &as_it_is, &have->link, err) < 0
			|| attributes_inspect(host, name_path, &as_it_is, &have->file, err) < 0)
		return -1;
	have->known = zone.kind == FILE_REGULAR || zone.kind == FILE_LINK;
	have->has_zones = all.kind == FILE_DIRECTORY;
	if (have->link.info.kind == FILE_REGULAR && host_digest(host, link_path, &have->digest, err) < 0)
		return -1;
	if (have->file.info.kind != FILE_REGULAR)
		return 0;
	return host_digest(host, name_path, &have->text_digest, err) < 0 ? -1
		: host_read_text(host, name_path, NAME_MOST, (char **)&have->text, err);
}

/* "../usr/share/zoneinfo/UTC", too. */
static const char *zone_of(const struct timezone_state *have)
{
	const char *target = have->link.info.kind == FILE_LINK ? strstr(have->link.info.target, zones) : NULL;

	return target ? target + strlen(zones) : NULL;
}

static void timezone_plan(struct plan *plan, const void *params, const void *state)
{
	const char *name = ((const struct timezone_params *)params)->name;
	const struct timezone_state *have = state;
	const char *zone = zone_of(have);

	if (!have->known) {
		plan_refuse(plan, TIMEZONE_UNKNOWN, have->has_zones ? "look at the names below /usr/share/zoneinfo"
			: "install tzdata with an apt-packages task", "the host has no time zone '%s'", name);
		return;
	}
	if (have->link.info.kind == FILE_DIRECTORY || have->link.info.kind == FILE_OTHER) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "remove it", "'%s' is neither a link nor a file", link_path);
		return;
	}
	if (!zone || strcmp(zone, name) != 0)
		plan_add(plan, TIMEZONE_LINK, link_path, "zone", zone ? zone : have->link.info.kind == FILE_LINK
			? have->link.info.target : have->digest ? "a file" : NULL, name);
	/* Debian 13 has no such file any more. */
	if (have->text && strcmp(have->text, plan_printf(plan, "%s\n", name)) != 0)
		plan_add(plan, TIMEZONE_NAME, name_path, "content", have->text, plan_printf(plan, "%s\n", name));
}

static int make_link(struct host *host, const char *name, struct error *err)
{
	static const char beside[] = "/etc/.localtime.beoplay";
	struct file_info left;

	if (host_stat(host, beside, &left, err) < 0
			|| (left.kind != FILE_NONE && host_remove(host, beside, err) < 0)
			|| host_make_link(host, beside, arena_printf(host_arena(host), "%s%s", zones, name), err) < 0)
		return -1;
	return host_rename(host, beside, link_path, err);
}

static int timezone_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct file_write write = { .path = name_path, .bytes = change->after,
		.size = change->after ? strlen(change->after) : 0, .mode = HOST_KEEP, .uid = HOST_KEEP,
		.gid = HOST_KEEP, .mtime = HOST_KEEP };

	(void)state;
	(void)results;
	return change->step == TIMEZONE_LINK ? make_link(host, ((const struct timezone_params *)params)->name, err)
		: host_write(host, &write, err);
}

static void add_inverse(struct inverses *inverses, const char *path, const struct attributes_have *at,
	const char *digest)
{
	struct arena *arena = inverses_arena(inverses);

	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "file:%s", path),
		.module = "file",
		.params = attributes_way_back(arena, path, at, digest),
		.keep_path = digest ? path : NULL,
		.keep_digest = digest,
	});
}

static void timezone_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct timezone_state *have = state;

	(void)params;
	add_inverse(inverses, link_path, &have->link, have->digest);
	add_inverse(inverses, name_path, &have->file, have->text_digest);
}

static const char *const timezone_aliases[] = { "community.general.timezone", NULL };

const struct module module_timezone = {
	.name = "timezone",
	.summary = "set the time zone of the machine",
	.params = timezone_table,
	.params_size = sizeof(struct timezone_params),
	.state_size = sizeof(struct timezone_state),
	.aliases = timezone_aliases,
	.content = "file",
	.check = timezone_check,
	.resources = timezone_resources,
	.inspect = timezone_inspect,
	.plan = timezone_plan,
	.apply = timezone_apply,
	.invert = timezone_invert,
};
