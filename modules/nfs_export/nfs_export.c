/* nfs-export: export a directory that other machines may mount; its own file in /etc/exports.d. */
#include "modules/errors.h"
#include "modules/nfs_export/nfs_export.h"

#include "base/buffer.h"
#include "base/lookup.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

static const char *const state_words[] = { "present", "absent", NULL };
static const cyaml_strval_t state_values[] = {
	{ "present", EXPORT_PRESENT }, { "absent", EXPORT_ABSENT },
};

static const struct param export_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .doc = "the directory; made if it is not there",
		.flags = PARAM_REQUIRED, .into = INTO_TEXT(struct export_params, path) },
	{ .name = "clients", .kind = PARAM_LIST, .doc = "who may mount it: patterns of the inventory, "
		"addresses or networks as 10.0.0.0/24", .otherwise = "",
		.into = INTO_LIST(struct export_params, clients) },
	{ .name = "options", .kind = PARAM_LIST, .doc = "as in exports(5)",
		.otherwise = "rw,sync,no_subtree_check,root_squash",
		.into = INTO_LIST(struct export_params, options) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "who owns the directory",
		.into = INTO_TEXT(struct export_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group",
		.into = INTO_TEXT(struct export_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions",
		.into = INTO_TEXT(struct export_params, mode) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "absent: no longer exported; the data stays",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct export_params, state, state_values) },
	{ .name = "hosts", .kind = PARAM_LIST, .doc = "the clients, found in the inventory",
		.otherwise = "", .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct export_params, hosts) },
	{ .name = "text", .kind = PARAM_STRING, .doc = "the file word for word",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct export_params, text) },
	{ .name = "made", .kind = PARAM_BOOL, .doc = "absent: the directory goes, if it is empty",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct export_params, made) },
	{ 0 },
};

/* --- On the controller */

static int check_words(const struct value *list, const char *allowed, const char *what,
	struct error *err)
{
	for (size_t i = 0; list && list->kind == VALUE_LIST && i < list->count; i++) {
		const struct value *item = list->items[i];

		for (size_t k = 0; item->kind == VALUE_STRING && k < item->size; k++) {
			if (isalnum((unsigned char)item->text[k]) || strchr(allowed, item->text[k]))
				continue;
			return error_at(err, TASK_INVALID_VALUE, item->place, "'%s' is not %s of nfs-export",
				item->text, what);
		}
	}
	return 0;
}

static int export_check(const struct value *params, struct error *err)
{
	const struct value *path = value_get(params, "path");
	const struct value *clients = value_get(params, "clients");
	const char *state = value_get_string(params, "state");

	if (path && path->kind == VALUE_STRING && path->text[strspn(path->text, "/")] == '\0')
		return error_at(err, TASK_PROTECTED, path->place, "a whole machine is not exported");
	if (check_words(value_get(params, "options"), "_=:@,.-/", "an option", err) < 0)
		return -1;
	if (state && strcmp(state, "present") == 0 && clients && clients->kind == VALUE_LIST &&
	    clients->count == 0 && !value_get(params, "text")) {
		error_at(err, TASK_MISSING_PARAMETER, params->place, "nfs-export needs 'clients'");
		return error_remedy(err, "name who may mount it: a group, or a network");
	}
	return 0;
}

/* An address, or a network: 10.0.0.7, 10.0.0.0/24, fd00::/64 */
static bool is_address(const char *text)
{
	struct in6_addr binary;
	char copy[64];
	size_t size = strcspn(text, "/");

	if (size == 0 || size >= sizeof(copy))
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (text[size] && (!text[size + 1] || strlen(text + size) > 4 ||
			text[size + 1 + strspn(text + size + 1, "0123456789")]))
		return false;
	return inet_pton(AF_INET, copy, &binary) == 1 || inet_pton(AF_INET6, copy, &binary) == 1;
}

/* Addresses in their order, each once. */
struct clients {
	struct value *list;
	struct lookup seen;
};

static void add_once(struct arena *arena, struct clients *clients, const char *text)
{
	struct value *address;

	if (lookup_get(&clients->seen, text))
		return;
	address = value_string(arena, text);
	lookup_put(arena, &clients->seen, address->text, address);
	value_append(arena, clients->list, address);
}

/* The hosts of a pattern by their addresses, without the one that exports. */
static int add_pattern(struct prepare *prepare, struct clients *clients, const char *pattern,
	struct error *err)
{
	struct value *names;

	if (prepare_hosts(prepare, pattern, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names->count; i++) {
		const char *address;

		if (strcmp(value_text(names->items[i]), prepare_host(prepare)) == 0)
			continue;
		if (prepare_address(prepare, value_text(names->items[i]), &address, err) < 0)
			return -1;
		add_once(prepare_arena(prepare), clients, address);
	}
	return 0;
}

static int export_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const struct value *clients = value_get(params, "clients");
	struct clients hosts = { .list = value_list(arena) };

	for (size_t i = 0; clients && clients->kind == VALUE_LIST && i < clients->count; i++) {
		const char *text = value_text(clients->items[i]);

		if (!text)
			return 0;
		if (is_address(text))
			add_once(arena, &hosts, text);
		else if (add_pattern(prepare, &hosts, text, err) < 0)
			return -1;
	}
	if (check_words(hosts.list, ".:/_-", "a client", err) < 0)
		return -1;
	value_set(arena, params, "hosts", hosts.list);
	return 0;
}

/* --- Planning */

/* Whether the live options contradict a wished one. */
static bool contradicts(const char *live, const char *option)
{
	static const char *const pairs[][2] = {
		{ "rw", "ro" }, { "sync", "async" }, { "root_squash", "no_root_squash" },
		{ "all_squash", "no_all_squash" }, { "subtree_check", "no_subtree_check" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		for (size_t side = 0; side < 2; side++) {
			const char *opposite = pairs[i][1 - side];
			size_t size = strlen(opposite);

			if (strcmp(option, pairs[i][side]) != 0)
				continue;
			for (const char *at = live; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
				if (strcspn(at, ",") == size && strncmp(at, opposite, size) == 0)
					return true;
			}
		}
	}
	return false;
}

static bool options_right(const struct export_params *want, const struct export_live *live)
{
	for (unsigned i = 0; i < want->options_count; i++) {
		if (contradicts(live->options, want->options[i]))
			return false;
	}
	return true;
}

const struct export_live *export_live_of(const struct export_state *have, const char *client)
{
	for (size_t i = 0; i < have->live_count; i++) {
		if (strcmp(have->live[i].client, client) == 0)
			return &have->live[i];
	}
	return NULL;
}

/* exportfs shows a host by another name than the one it was given, so names are only counted. */
static bool live_right(const struct export_params *want, const struct export_state *have)
{
	if (want->state == EXPORT_ABSENT)
		return have->live_count == 0 || have->other;
	if (want->text)
		return true;
	if (have->live_count < want->hosts_count ||
	    (have->live_count > want->hosts_count && !have->other))
		return false;
	for (unsigned i = 0; i < want->hosts_count; i++) {
		const struct export_live *live = export_live_of(have, want->hosts[i]);

		if ((!live && is_address(want->hosts[i])) || (live && !options_right(want, live)))
			return false;
	}
	return true;
}

static void plan_path(struct plan *plan, const struct export_params *want,
	const struct export_state *have)
{
	const struct file_info *info = &have->path.info;

	if (info->kind == FILE_DIRECTORY)
		attributes_plan(plan, want->path, &have->wishes, &have->path);
	else if (info->kind != FILE_NONE)
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, NULL, "'%s' is not a directory", want->path);
	else if (want->state == EXPORT_PRESENT)
		plan_add(plan, EXPORT_MAKE, want->path, "state", "absent", "directory");
}

static void plan_file(struct plan *plan, const struct export_state *have)
{
	if (have->want && (!have->have || strcmp(have->want, have->have) != 0)) {
		if (!have->directory)
			plan_add(plan, EXPORT_DIRECTORY, EXPORTS_DIRECTORY, "state", "absent",
				"directory");
		plan_add(plan, EXPORT_WRITE, have->file, "content", have->have, have->want);
	}
	if (!have->want && have->have)
		plan_add(plan, EXPORT_REMOVE, have->file, "content", have->have, NULL);
}

static void export_plan(struct plan *plan, const void *params, const void *state)
{
	const struct export_params *want = params;
	const struct export_state *have = state;
	bool file_right = have->want ? have->have && strcmp(have->want, have->have) == 0 :
		!have->have;

	if (!have->server && want->state == EXPORT_PRESENT) {
		plan_refuse(plan, NFS_EXPORT_NO_SERVER, "install nfs-kernel-server, with a task of "
			"apt-packages", "there is no NFS server here");
		return;
	}
	if (want->state == EXPORT_PRESENT && !have->want)
		plan_note(plan, "nobody else is among the clients of '%s'", want->path);
	if (have->other && want->state == EXPORT_PRESENT)
		plan_note(plan, "/etc/exports has a line for '%s', too: %s", want->path, have->other);
	plan_path(plan, want, have);
	plan_file(plan, have);
	if (have->server && (!file_right || !live_right(want, have)))
		plan_add(plan, EXPORT_RELOAD, want->path, "exported to",
			plan_printf(plan, "%zu clients", have->live_count),
			plan_printf(plan, "%u clients", want->state == EXPORT_ABSENT ? 0 :
				want->hosts_count));
	if (!have->want && have->made && have->directory && have->neighbours == 0)
		plan_add(plan, EXPORT_UNMAKE_DIRECTORY, EXPORTS_DIRECTORY, "state", "directory",
			"absent");
	if (want->made && want->state == EXPORT_ABSENT && have->path.info.kind == FILE_DIRECTORY) {
		if (have->path_empty)
			plan_add(plan, EXPORT_UNMAKE, want->path, "state", "directory", "absent");
		else
			plan_note(plan, "'%s' stays: there is something in it", want->path);
	}
}

/* --- Resources, results, the way back */

static void export_resources(struct names *ret_names, const void *params)
{
	const struct export_params *want = params;

	names_add(ret_names, "nfs-export:%s", want->path);
}

static void export_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct export_state *have = state;
	struct value *exports = value_list(arena);

	(void)params;
	for (size_t i = 0; i < have->live_count; i++)
		value_append(arena, exports, value_string(arena, have->live[i].line));
	value_set(arena, results, "exports", exports);
	export_list_in(arena, results, "added");
	export_list_in(arena, results, "removed");
}

static void export_invert(struct inverses *ret_inverses, const void *params, const void *state)
{
	const struct export_params *want = params;
	const struct export_state *have = state;
	const struct file_info *info = &have->path.info;
	struct arena *arena = inverses_arena(ret_inverses);
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "nfs-export:%s", want->path),
		.params = value_map(arena),
	};

	value_set_string(arena, entry.params, "path", want->path);
	value_set_string(arena, entry.params, "state", have->have ? "present" : "absent");
	if (have->have)
		value_set_string(arena, entry.params, "text", have->have);
	if (info->kind == FILE_DIRECTORY) {
		value_set(arena, entry.params, "owner", value_printf(arena, "%u", info->uid));
		value_set(arena, entry.params, "group", value_printf(arena, "%u", info->gid));
		value_set(arena, entry.params, "mode", value_printf(arena, "%04o", info->mode));
	} else if (info->kind == FILE_NONE) {
		value_set_bool(arena, entry.params, "made", true);
	}
	inverses_add(ret_inverses, &entry);
}

const struct module module_nfs_export = {
	.name = "nfs-export",
	.summary = "export a directory that other machines may mount",
	.params = export_table,
	.params_size = sizeof(struct export_params),
	.state_size = sizeof(struct export_state),
	.check = export_check,
	.prepare = export_prepare,
	.resources = export_resources,
	.inspect = export_inspect,
	.plan = export_plan,
	.apply = export_apply,
	.results = export_results,
	.invert = export_invert,
};
