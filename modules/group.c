/* group: create or remove a group. */
#include "modules/shared/guard.h"
#include "modules/shared/remains.h"

#include <string.h>

enum group_step { GROUP_ADD, GROUP_SET_ID, GROUP_DELETE };

struct group_params {
	char *name;
	char *gid;               /* decimal; NULL: any */
	bool system;
	bool present;
	char **members;          /* of an undo: who was in it when it went */
	unsigned members_count;
};

struct group_state {
	struct group_info group;
};

static const char *const state_words[] = { "present", "absent", NULL };

static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

static const struct param group_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .doc = "the group", .flags = PARAM_REQUIRED,
		.into = INTO_TEXT(struct group_params, name) },
	{ .name = "gid", .kind = PARAM_INTEGER, .doc = "its group ID",
		.into = INTO_TEXT(struct group_params, gid) },
	{ .name = "system", .kind = PARAM_BOOL, .doc = "give a new group a system ID",
		.otherwise = "no", .into = INTO_BOOL(struct group_params, system) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "whether the group should exist",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct group_params, present, state_choices) },
	{ .name = "members", .kind = PARAM_LIST, .doc = "members of a new group", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_LIST(struct group_params, members) },
	{ 0 },
};

static int group_check(const struct value *params, struct error *err)
{
	const struct value *name = value_get(params, "name");

	const struct value *gid = value_get(params, "gid");

	/* A name of digits would be taken for a number. */
	if (value_text(name) && (*name->text == '-' || strpbrk(name->text, ":,\n /")
			|| !name->text[strspn(name->text, "0123456789")]))
		return error_at(err, TASK_INVALID_NAME, name->place, "invalid group name '%s'",
			name->text);
	if (value_text(name) && guard_is_system_account(name->text) && value_get_string(params, "state")
			&& strcmp(value_get_string(params, "state"), "absent") == 0) {
		error_at(err, TASK_PROTECTED, name->place, "the group '%s' is not removed: it belongs to the "
			"system", name->text);
		return error_remedy(err, "name the groups to remove; check whether a variable is another one");
	}
	if (value_text(gid) && *gid->text == '-')
		return error_at(err, TASK_INVALID_NAME, gid->place, "invalid group ID '%s'",
			gid->text);
	return 0;
}

static void group_resources(struct names *names, const void *params)
{
	names_add(names, "group:%s", ((const struct group_params *)params)->name);
}

static int group_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct group_params *want = params;
	struct group_state *have = ret_state;

	return host_group(host, want->name, &have->group, err);
}

static void group_plan(struct plan *plan, const void *params, const void *state)
{
	const struct group_params *want = params;
	const struct group_state *have = state;
	char *gid = plan_printf(plan, "%u", have->group.gid);

	plan_writes(plan, "accounts:/etc/group");
	if (!want->present || want->members_count > 0)
		plan_writes(plan, "members:*");
	if (!want->present) {
		if (have->group.exists)
			plan_add(plan, GROUP_DELETE, want->name, "state", "present", "absent");
		return;
	}
	if (!have->group.exists)
		plan_add(plan, GROUP_ADD, want->name, "state", "absent", "present");
	else if (want->gid && strcmp(want->gid, gid) != 0)
		plan_add(plan, GROUP_SET_ID, want->name, "gid", gid, want->gid);
}

/* Those who are there still. */
static int set_members(struct host *host, const struct group_params *want, struct error *err)
{
	char *members = arena_string(host_arena(host), "");
	const char *argv[] = { "gpasswd", "--members", NULL, want->name, NULL };
	struct command_result result;
	struct user_info user;

	for (unsigned i = 0; i < want->members_count; i++) {
		if (host_user(host, want->members[i], &user, err) < 0)
			return -1;
		if (user.exists)
			members = arena_printf(host_arena(host), "%s%s%s", members, *members ? "," : "",
				want->members[i]);
	}
	argv[2] = members;
	return *members ? host_run(host, &(struct command){ .argv = argv }, &result, err) : 0;
}

static int group_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct group_params *want = params;
	const char *argv[8] = { "groupadd" };
	struct command_result result;
	size_t count = 1;

	(void)state;
	(void)results;
	if (change->step == GROUP_DELETE)
		argv[0] = "groupdel";
	else if (change->step == GROUP_SET_ID)
		argv[0] = "groupmod";
	if (change->step != GROUP_DELETE && want->gid) {
		argv[count++] = "--gid";
		argv[count++] = want->gid;
	}
	if (change->step == GROUP_ADD && want->system)
		argv[count++] = "--system";
	argv[count++] = "--";
	argv[count++] = want->name;
	if (host_run(host, &(struct command){ .argv = argv }, &result, err) < 0)
		return -1;
	return change->step == GROUP_ADD ? set_members(host, want, err) : 0;
}

static void group_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct group_params *want = params;
	const struct group_state *have = state;

	value_set_string(arena, results, "name", want->name);
	if (have->group.exists)
		value_set_integer(arena, results, "gid", have->group.gid);
}

static void group_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct group_params *want = params;
	const struct group_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena), *members = value_list(arena);

	for (size_t i = 0; have->group.members && have->group.members[i]; i++)
		value_append(arena, members, value_string(arena, have->group.members[i]));
	value_set_string(arena, back, "name", want->name);
	value_set_string(arena, back, "state", have->group.exists ? "present" : "absent");
	if (have->group.exists)
		value_set(arena, back, "gid", value_printf(arena, "%u", have->group.gid));
	if (have->group.exists && !want->present)
		value_set(arena, back, "members", members);
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "group:%s", want->name), .params = back });
}

const struct module module_group = {
	.name = "group",
	.summary = "create or remove a group",
	.flags = MODULE_PRECIOUS,
	.params = group_table,
	.remains = remains_of_accounts,
	.params_size = sizeof(struct group_params),
	.state_size = sizeof(struct group_state),
	.check = group_check,
	.resources = group_resources,
	.inspect = group_inspect,
	.plan = group_plan,
	.apply = group_apply,
	.results = group_results,
	.invert = group_invert,
};
