/* user: create or remove a user, with its home, shell and groups. */
#include "modules/user/user.h"
#include "modules/shared/remains.h"

#include <stdlib.h>
#include <string.h>

static const char *const state_words[] = { "present", "absent", NULL };

static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

static const char *const password_words[] = { "always", "on_create", NULL };

static const cyaml_strval_t password_choices[] = { { "always", false }, { "on_create", true } };

static const struct param user_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .doc = "the user", .flags = PARAM_REQUIRED,
		.alias = "user", .into = INTO_TEXT(struct user_params, name) },
	{ .name = "uid", .kind = PARAM_INTEGER, .doc = "its user ID",
		.into = INTO_TEXT(struct user_params, uid) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its primary group, by name",
		.into = INTO_TEXT(struct user_params, group) },
	{ .name = "groups", .kind = PARAM_LIST, .doc = "its supplementary groups",
		.into = INTO_LIST(struct user_params, groups) },
	{ .name = "append", .kind = PARAM_BOOL, .doc = "keep it in groups that aren't listed",
		.otherwise = "no", .into = INTO_BOOL(struct user_params, append) },
	{ .name = "home", .kind = PARAM_PATH, .doc = "its home directory",
		.flags = PARAM_VERBATIM, .into = INTO_TEXT(struct user_params, home) },
	{ .name = "create_home", .kind = PARAM_BOOL,
		.doc = "create the home directory", .otherwise = "yes",
		.alias = "createhome", .into = INTO_BOOL(struct user_params, create_home) },
	{ .name = "shell", .kind = PARAM_PATH, .doc = "its login shell; a new user gets /bin/bash",
		.flags = PARAM_VERBATIM, .into = INTO_TEXT(struct user_params, shell) },
	{ .name = "comment", .kind = PARAM_STRING, .doc = "its full name",
		.into = INTO_TEXT(struct user_params, comment) },
	{ .name = "system", .kind = PARAM_BOOL, .doc = "give a new user a system ID",
		.otherwise = "no", .into = INTO_BOOL(struct user_params, system) },
	{ .name = "password", .kind = PARAM_STRING,
		.doc = "encrypted, see crypt(5); '!' locks the account",
		.flags = PARAM_SECRET, .into = INTO_TEXT(struct user_params, password) },
	{ .name = "update_password", .kind = PARAM_CHOICE, .otherwise = "always", .choices = password_words,
		.doc = "on_create: an account that has a password keeps it",
		.into = INTO_CHOICE(struct user_params, keeps_password, password_choices) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "whether the user should exist",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct user_params, present, state_choices) },
	{ .name = "remove", .kind = PARAM_BOOL, .doc = "absent: its home goes, too; no undo "
		"brings it back",
		.otherwise = "no", .into = INTO_BOOL(struct user_params, remove) },
	{ .name = "no_groups", .kind = PARAM_BOOL, .doc = "it is in no other groups",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct user_params, no_groups) },
	{ .name = "made_home", .kind = PARAM_PATH, .doc = "goes unless it was used",
		.flags = PARAM_VERBATIM | PARAM_INTERNAL,
		.into = INTO_TEXT(struct user_params, made_home) },
	{ .name = "own_gid", .kind = PARAM_INTEGER, .doc = "of the group of its name",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct user_params, own_gid) },
	{ .name = "former", .kind = PARAM_STRING, .doc = "its password, if it is added again",
		.flags = PARAM_INTERNAL | PARAM_SECRET, .into = INTO_TEXT(struct user_params, former) },
	{ .name = "ageing", .kind = PARAM_STRING, .doc = "of its password",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct user_params, ageing) },
	{ .name = "generate_ssh_key", .kind = PARAM_BOOL, .doc = "see ssh-keys",
		.flags = PARAM_NOT_YET },
	{ 0 },
};

static int user_check(const struct value *params, struct error *err)
{
	const struct value *name = value_get(params, "name");
	const struct value *password = value_get(params, "password");

	const struct value *uid = value_get(params, "uid");
	const struct value *comment = value_get(params, "comment");

	/* A name of digits would be taken for a number. */
	if (value_text(name) && (*name->text == '-' || strpbrk(name->text, ":,\n /")
			|| !name->text[strspn(name->text, "0123456789")]))
		return error_at(err, TASK_INVALID_NAME, name->place, "invalid user name '%s'",
			name->text);
	if (value_text(name) && guard_is_system_account(name->text) && value_get_string(params, "state")
			&& strcmp(value_get_string(params, "state"), "absent") == 0) {
		error_at(err, TASK_PROTECTED, name->place, "the user '%s' is not removed: it belongs to the "
			"system", name->text);
		return error_remedy(err, "name the users to remove; check whether a variable is another one");
	}
	if (value_text(uid) && *uid->text == '-')
		return error_at(err, TASK_INVALID_NAME, uid->place, "invalid user ID '%s'",
			uid->text);
	if (value_text(comment) && strpbrk(comment->text, ":\n"))
		return error_at(err, TASK_INVALID_VALUE, comment->place, "'comment' must be one line "
			"without a colon");
	if (value_text(password) && strpbrk(password->text, ":\n"))
		return error_at(err, TASK_INVALID_VALUE, password->place, "'password' must be one line "
			"without a colon");
	if (value_text(password) && !*password->text) {
		error_at(err, TASK_INVALID_VALUE, password->place, "'password' is empty: anybody could log "
			"in without one");
		return error_remedy(err, "check whether a variable is empty; '!' locks the account");
	}
	if (value_text(password) && !strchr("$!*", *password->text)) {
		error_at(err, TASK_INVALID_VALUE, password->place, "'password' must be crypted, not the "
			"password itself");
		return error_remedy(err, "mkpasswd makes one; '!' locks the account");
	}
	return 0;
}

/* Ansible's users write "adm,sudo" as well as a list. */
static int user_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const struct value *given = value_get(params, "groups");
	struct value *groups = value_list(arena);

	(void)err;
	if (!given || given->kind != VALUE_LIST)
		return 0;
	for (size_t i = 0; i < given->count; i++) {
		const char *text = value_text(given->items[i]);

		if (!text)
			value_append(arena, groups, given->items[i]);
		while (text && *text) {
			size_t size = strcspn(text, ", ");

			if (size > 0)
				value_append(arena, groups, value_bytes(arena, text, size));
			text += size + (text[size] != '\0');
		}
	}
	value_set(arena, params, "groups", groups);
	value_set_string(arena, params, "no_groups", groups->count == 0 ? "true" : "false");
	return 0;
}

static void user_resources(struct names *names, const void *params)
{
	names_add(names, "user:%s", ((const struct user_params *)params)->name);
}

/* Debian's policy (9.2.3): it must not exist, so that it can be the home of those who have none. */
bool user_is_nowhere(const char *home)
{
	static const char nowhere[] = "/nonexistent";
	size_t size = strlen(nowhere);

	return home[0] != '/' || strncmp(home, "/dev/", 5) == 0 || (strncmp(home, nowhere, size) == 0
		&& (!home[size] || home[size] == '/'));
}

static bool in_wished(const struct user_params *want, const char *group)
{
	for (unsigned i = 0; i < want->groups_count; i++) {
		if (strcmp(want->groups[i], group) == 0)
			return true;
	}
	return false;
}

static bool in_had(const struct user_state *have, const char *group)
{
	for (size_t i = 0; i < have->groups->count; i++) {
		if (strcmp(value_text(have->groups->items[i]), group) == 0)
			return true;
	}
	return false;
}

static bool groups_differ(const struct user_params *want, const struct user_state *have)
{
	if (!want->groups && !want->no_groups)
		return false;
	for (unsigned i = 0; i < want->groups_count; i++) {
		if (!in_had(have, want->groups[i]))
			return true;
	}
	for (size_t i = 0; !want->append && i < have->groups->count; i++) {
		if (!in_wished(want, value_text(have->groups->items[i])))
			return true;
	}
	return false;
}

static char *join_had(struct plan *plan, const struct user_state *have)
{
	char *text = plan_printf(plan, "%s", "");

	for (size_t i = 0; i < have->groups->count; i++)
		text = plan_printf(plan, "%s%s%s", text, i ? "," : "",
			value_text(have->groups->items[i]));
	return text;
}

char *user_groups_text(struct arena *arena, const struct user_params *want)
{
	char *text = arena_string(arena, "");

	for (unsigned i = 0; i < want->groups_count; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? "," : "", want->groups[i]);
	return text;
}

/* One property, with the option of usermod that sets it. */
static void plan_property(struct plan *plan, const struct user_params *want, const char *name,
	const char *option, const char *before, const char *after)
{
	if (!after || (before && strcmp(before, after) == 0))
		return;
	plan_add(plan, USER_MODIFY, want->name, name, before, after)->detail = option;
}

static void plan_made_home(struct plan *plan, const struct user_params *want,
	const struct user_state *have)
{
	if (have->used)
		plan_note(plan, "'%s' is kept because it was used", want->made_home);
	else if (have->made->count > 0)
		plan_add(plan, USER_REMOVE_HOME, want->made_home, "state", "directory", "absent");
}

/* A change of the password sets its day, too. */
static void plan_password(struct plan *plan, const struct user_params *want,
	const struct user_state *have)
{
	/* As useradd leaves it: a run may have ended before it came to that. */
	bool kept = want->keeps_password && have->password && strcmp(have->password, "!") != 0;
	bool differs = want->password && !kept && (!have->password
		|| strcmp(have->password, want->password) != 0);

	if (differs)
		plan_add(plan, USER_PASSWORD, want->name, "password", NULL, NULL)->flags |=
			CHANGE_SECRET;
	if (want->password && want->ageing && (differs || !have->ageing
			|| strcmp(have->ageing, want->ageing) != 0))
		plan_add(plan, USER_AGEING, want->name, "ageing of the password", have->ageing,
			want->ageing);
}

static void user_plan(struct plan *plan, const void *params, const void *state)
{
	const struct user_params *want = params;
	const struct user_state *have = state;

	if (!guard_plan(plan, &have->refusal))
		return;
	plan_writes(plan, "accounts:/etc/passwd");
	plan_writes(plan, "accounts:/etc/group");
	if (!want->present) {
		if (have->user.exists)
			plan_add(plan, USER_DELETE, want->name, "state", "present", "absent");
		plan_made_home(plan, want, have);
		return;
	}
	if (want->group && !have->primary.exists && want->own_gid) {
		plan_add(plan, USER_ADD_GROUP, want->group, "state", "absent", "present");
	} else if (want->group && !have->primary.exists) {
		plan_refuse(plan, HOST_UNKNOWN_GROUP, "create it first with a group task",
			"there is no group '%s'", want->group);
		return;
	}
	if (!have->user.exists) {
		plan_writes(plan, plan_printf(plan, "path:%s", want->home ? want->home
			: plan_printf(plan, "/home/%s", want->name)));
		plan_add(plan, USER_ADD, want->name, "state", "absent", "present");
		plan_made_home(plan, want, have);
		return;
	}
	plan_property(plan, want, "uid", "--uid", plan_printf(plan, "%u", have->user.uid), want->uid);
	if (want->group && have->primary.gid != have->user.gid)
		plan_property(plan, want, "group", "--gid", plan_printf(plan, "%u", have->user.gid),
			want->group);
	/* It was made anew meanwhile, with another number. */
	if (want->own_gid && have->primary.exists && strtoll(want->own_gid, NULL, 10)
			!= (int64_t)have->primary.gid)
		plan_add(plan, USER_GROUP_ID, want->group, "gid", plan_printf(plan, "%u",
			have->primary.gid), want->own_gid);
	plan_property(plan, want, "home", "--home", have->user.home, want->home);
	plan_property(plan, want, "shell", "--shell", have->user.shell, want->shell);
	plan_property(plan, want, "comment", "--comment", have->user.comment, want->comment);
	if (groups_differ(want, have))
		plan_property(plan, want, "groups", want->append ? "--append" : "--groups",
			join_had(plan, have), user_groups_text(plan_arena(plan), want));
	if (want->create_home && have->home.kind == FILE_NONE && !user_is_nowhere(have->home_path))
		plan_add(plan, USER_MAKE_HOME, have->home_path, "state", "absent", "directory");
	plan_password(plan, want, have);
	plan_made_home(plan, want, have);
}

static void user_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct user_params *want = params;
	const struct user_state *have = state;

	value_set_string(arena, results, "name", want->name);
	value_set_string(arena, results, "state", have->user.exists ? "present" : "absent");
	if (!have->user.exists)
		return;
	value_set_integer(arena, results, "uid", have->user.uid);
	value_set_integer(arena, results, "group", have->user.gid);
	value_set_string(arena, results, "home", have->user.home);
	value_set_string(arena, results, "shell", have->user.shell);
}

/* An undo that takes the home away: nobody used it, so it is made anew. */
static bool loses_home(const struct user_params *want, const struct user_state *have)
{
	return want->made_home && have->made->count > 0 && !have->used
		&& strcmp(have->user.home, want->made_home) == 0;
}

static void tell_what_was(struct arena *arena, const struct user_params *want,
	const struct user_state *have, struct value *back)
{
	value_set(arena, back, "uid", value_printf(arena, "%u", have->user.uid));
	value_set(arena, back, "group", have->own.exists ? value_string(arena, have->own.name)
		: value_printf(arena, "%u", have->user.gid));
	value_set_string(arena, back, "home", have->user.home);
	value_set_string(arena, back, "shell", have->user.shell);
	value_set_string(arena, back, "comment", have->user.comment);
	value_set(arena, back, "groups", value_copy(arena, have->groups));
	value_set_string(arena, back, "no_groups", have->groups->count == 0 ? "yes" : "no");
	value_set_string(arena, back, "create_home", loses_home(want, have) ? "yes" : "no");
	if (have->password && *have->password) {
		value_set_string(arena, back, want->password && !want->keeps_password ? "password" : "former",
			have->password);
		value_set_string(arena, back, "ageing", have->ageing);
	}
	/* userdel takes the group of the same name along, be it in a later run. */
	if (have->own.exists && strcmp(have->own.name, want->name) == 0)
		value_set(arena, back, "own_gid", value_printf(arena, "%u", have->own.gid));
}

static void user_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct user_params *want = params;
	const struct user_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "user:%s", want->name), .params = back };

	value_set_string(arena, back, "name", want->name);
	value_set_string(arena, back, "state", have->user.exists ? "present" : "absent");
	if (have->user.exists)
		tell_what_was(arena, want, have, back);
	else if (have->own.exists)
		value_set(arena, back, "own_gid", value_printf(arena, "%u", have->own.gid));
	/* Another task may make the home, or a later run, after the user went and came again. */
	if ((want->present || have->user.exists) && have->home_path[0] == '/'
			&& have->home.kind == FILE_NONE)
		value_set_string(arena, back, "made_home", have->home_path);
	if (!want->present && want->remove && have->home.kind != FILE_NONE) {
		entry.params = NULL;
		entry.reason = "its home went with what was in it";
	}
	inverses_add(inverses, &entry);
}

const struct module module_user = {
	.name = "user",
	.summary = "create or remove a user, with its home, shell and groups",
	.flags = MODULE_PRECIOUS,
	.params = user_table,
	.remains = remains_of_accounts,
	.params_size = sizeof(struct user_params),
	.state_size = sizeof(struct user_state),
	.check = user_check,
	.prepare = user_prepare,
	.resources = user_resources,
	.inspect = user_inspect,
	.plan = user_plan,
	.apply = user_apply,
	.results = user_results,
	.invert = user_invert,
};
