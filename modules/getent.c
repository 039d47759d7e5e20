/* getent: entries of the machine's databases of names (users, groups, hosts, …), as facts. */
#include "module/module.h"

#include <string.h>

enum { ANSWER_MOST = 16 << 20 };

enum getent_status { GETENT_FOUND = 0, GETENT_UNKNOWN = 1, GETENT_NO_KEY = 2, GETENT_NO_LIST = 3 };

struct getent_params {
	char *database, *key, *service, *split;
	bool fail_key;
};

struct getent_state {
	struct value *entries;     /* key → the other fields: a list, or several of them */
};

static const char *const databases[] = { "ahosts", "ahostsv4", "ahostsv6", "aliases", "ethers", "group",
	"gshadow", "hosts", "initgroups", "netgroup", "networks", "passwd", "protocols", "rpc", "services",
	"shadow", NULL };

static const char *const gives[] = { "getent_ahosts", "getent_ahostsv4", "getent_ahostsv6", "getent_aliases",
	"getent_ethers", "getent_group", "getent_gshadow", "getent_hosts", "getent_initgroups",
	"getent_netgroup", "getent_networks", "getent_passwd", "getent_protocols", "getent_rpc",
	"getent_services", "getent_shadow", NULL };

static const struct param getent_table[] = {
	{ .name = "database", .kind = PARAM_CHOICE, .choices = databases, .flags = PARAM_REQUIRED,
		.doc = "what is asked; the fact is getent_DATABASE", .into = INTO_TEXT(struct getent_params, database) },
	{ .name = "key", .kind = PARAM_STRING, .doc = "one entry; without it all of them",
		.into = INTO_TEXT(struct getent_params, key) },
	{ .name = "service", .kind = PARAM_STRING, .doc = "only this source of nsswitch.conf(5), e.g. files",
		.into = INTO_TEXT(struct getent_params, service) },
	{ .name = "split", .kind = PARAM_STRING,
		.doc = "what stands between fields; : for passwd, group, shadow and gshadow, else white space",
		.into = INTO_TEXT(struct getent_params, split) },
	{ .name = "fail_key", .kind = PARAM_BOOL, .otherwise = "yes",
		.doc = "fail if there is no such entry; no: the entry is null",
		.into = INTO_BOOL(struct getent_params, fail_key) },
	{ 0 },
};

static int getent_check(const struct value *params, struct error *err)
{
	const struct value *split = value_get(params, "split"), *key = value_get(params, "key");

	if (value_text(split) && !*value_text(split))
		return error_at(err, TASK_INVALID_VALUE, split->place, "'split' is empty");
	if (value_text(key) && !*value_text(key))
		return error_at(err, TASK_INVALID_VALUE, key->place, "'key' is empty");
	return 0;
}

static const char *separator(const struct getent_params *want)
{
	static const char *const colon[] = { "passwd", "shadow", "group", "gshadow" };

	for (size_t i = 0; !want->split && i < sizeof(colon) / sizeof(colon[0]); i++) {
		if (strcmp(want->database, colon[i]) == 0)
			return ":";
	}
	return want->split;
}

/* split: NULL is white space, of any length. */
static struct value *fields_of(struct arena *arena, char *line, const char *split)
{
	struct value *fields = value_list(arena);
	char *rest, *at = line;

	for (char *word = split ? NULL : strtok_r(line, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest))
		value_append(arena, fields, value_string(arena, word));
	while (split && at) {
		char *end = strstr(at, split);

		value_append(arena, fields, value_bytes(arena, at, end ? (size_t)(end - at) : strlen(at)));
		at = end ? end + strlen(split) : NULL;
	}
	return fields;
}

/* A key that stands there several times has a list of lists. */
static void take_line(struct arena *arena, struct value *entries, struct value *several, char *line,
	const char *split)
{
	struct value *fields = fields_of(arena, line, split), *rest = value_list(arena), *list, *old;
	const char *key = fields->count ? value_text(fields->items[0]) : NULL;

	if (!key)
		return;
	for (size_t i = 1; i < fields->count; i++)
		value_append(arena, rest, fields->items[i]);
	old = value_get(entries, key);
	if (old && !value_get(several, key)) {
		list = value_list(arena);
		value_append(arena, list, old);
		value_set(arena, entries, key, list);
		value_set_bool(arena, several, key, true);
		old = list;
	}
	if (old)
		value_append(arena, old, rest);
	else
		value_set(arena, entries, key, rest);
}

static int getent_failed(const struct getent_params *want, int status, struct error *err)
{
	if (status == GETENT_NO_KEY)
		return error_set(err, HOST_FILE_NOT_FOUND, "%s has no '%s'", want->database, want->key);
	if (status == GETENT_NO_LIST) {
		error_set(err, HOST_COMMAND_FAILED, "the entries of %s can't be listed", want->database);
		return error_remedy(err, "ask for one, with 'key'");
	}
	return error_set(err, HOST_COMMAND_FAILED, status == GETENT_UNKNOWN ? "getent doesn't know '%s'"
		: "getent failed for '%s'", want->database);
}

static int getent_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	const struct getent_params *want = params;
	struct getent_state *have = state;
	struct arena *arena = host_arena(host);
	const char *argv[7] = { "getent" };
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .most = ANSWER_MOST };
	struct value *several = value_map(arena);
	struct command_result told;
	size_t count = 1;
	char *rest;

	if (want->service) {
		argv[count++] = "-s";
		argv[count++] = want->service;
	}
	argv[count++] = "--";
	argv[count++] = want->database;
	if (want->key)
		argv[count] = want->key;
	host_has_read(host, "user:*");
	host_has_read(host, "group:*");
	host_has_read(host, "members:*");
	if (host_look(host_quiet(host), &command, &told, err) < 0)
		return -1;
	have->entries = value_map(arena);
	if (told.status == GETENT_NO_KEY && want->key && !want->fail_key) {
		value_set(arena, have->entries, want->key, value_null(arena));
		return 0;
	}
	if (told.status != GETENT_FOUND)
		return getent_failed(want, told.status, err);
	for (char *line = strtok_r(told.output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		take_line(arena, have->entries, several, line, separator(want));
	return 0;
}

static void getent_plan(struct plan *plan, const void *params, const void *state)
{
	(void)plan;
	(void)params;
	(void)state;
}

static void getent_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct getent_params *want = params;
	struct value *facts = value_map(arena);

	value_set(arena, results, "ansible_facts", facts);
	value_set(arena, facts, arena_printf(arena, "getent_%s", want->database),
		((const struct getent_state *)state)->entries);
}

const struct module module_getent = {
	.name = "getent",
	.summary = "return entries of the databases of users, groups, hosts and the like",
	.params = getent_table,
	.params_size = sizeof(struct getent_params),
	.state_size = sizeof(struct getent_state),
	.flags = MODULE_LOOKS,
	.gives = gives,
	.check = getent_check,
	.inspect = getent_inspect,
	.plan = getent_plan,
	.results = getent_results,
};
