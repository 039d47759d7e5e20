/* user: a user exists with this home, shell and groups, or doesn't. */
#include "modules/shared/guard.h"
#include "modules/shared/remains.h"

#include <stdlib.h>
#include <string.h>

enum user_step {
	USER_ADD, USER_ADD_GROUP, USER_GROUP_ID, USER_MODIFY, USER_MAKE_HOME, USER_PASSWORD,
	USER_AGEING, USER_DELETE, USER_REMOVE_HOME,
};

enum { FILE_MOST = 16 << 20, WORDS_MOST = 32 };

struct user_params {
	char *name;
	char *uid;               /* decimal; NULL: any */
	char *group;             /* primary; NULL: as it is, else one of its own name */
	char **groups;           /* NULL: as they are */
	unsigned groups_count;
	bool append;
	char *home;
	bool create_home;
	char *shell;
	char *comment;
	bool system;
	char *password;          /* crypted, or '!' or '*'; NULL: as it is */
	bool present;
	bool remove;
	/* Internal: */
	bool no_groups;          /* groups is an empty list */
	/* Internal, of an undo: */
	char *made_home;         /* a home that came along, and goes if nothing was put into it */
	char *own_gid;           /* of the group of its own name, which goes with the user */
	char *former;            /* the password of one that is added again */
	char *ageing;            /* what follows either password in /etc/shadow */
};

struct user_state {
	struct user_info user;
	struct group_info primary;   /* that it should have, if the task says one */
	struct file_info home;
	const char *home_path;
	struct value *groups;    /* names of those it is listed in, sorted */
	const char *password;    /* as in /etc/shadow; NULL: not read */
	const char *ageing;      /* what follows it there */
	struct group_info own;   /* its primary group */
	struct value *made;      /* made_home and what is in it, a directory before its content */
	bool used;               /* something was put into made_home, or changed there */
	struct guard_refusal refusal;    /* why the user or its home is not removed */
};

static const char *const state_words[] = { "present", "absent", NULL };

static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

static const struct param user_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .doc = "the user", .flags = PARAM_REQUIRED,
		.alias = "user", .into = INTO_TEXT(struct user_params, name) },
	{ .name = "uid", .kind = PARAM_INTEGER, .doc = "its number",
		.into = INTO_TEXT(struct user_params, uid) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its primary group, by name",
		.into = INTO_TEXT(struct user_params, group) },
	{ .name = "groups", .kind = PARAM_LIST, .doc = "the other groups that it is in",
		.into = INTO_LIST(struct user_params, groups) },
	{ .name = "append", .kind = PARAM_BOOL, .doc = "it stays in groups that aren't named",
		.otherwise = "no", .into = INTO_BOOL(struct user_params, append) },
	{ .name = "home", .kind = PARAM_PATH, .doc = "its home",
		.flags = PARAM_VERBATIM, .into = INTO_TEXT(struct user_params, home) },
	{ .name = "create_home", .kind = PARAM_BOOL, .doc = "make the home", .otherwise = "yes",
		.alias = "createhome", .into = INTO_BOOL(struct user_params, create_home) },
	{ .name = "shell", .kind = PARAM_PATH, .doc = "its login shell; a new user gets /bin/bash",
		.flags = PARAM_VERBATIM, .into = INTO_TEXT(struct user_params, shell) },
	{ .name = "comment", .kind = PARAM_STRING, .doc = "its full name",
		.into = INTO_TEXT(struct user_params, comment) },
	{ .name = "system", .kind = PARAM_BOOL, .doc = "a new one gets a number for the system's own",
		.otherwise = "no", .into = INTO_BOOL(struct user_params, system) },
	{ .name = "password", .kind = PARAM_STRING, .doc = "crypted as crypt(5) says; '!' locks it",
		.flags = PARAM_SECRET, .into = INTO_TEXT(struct user_params, password) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "whether it is there",
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
		return error_at(err, name->place, "'%s' is no name of a user", name->text);
	if (value_text(name) && strcmp(name->text, "root") == 0 && value_get_string(params, "state")
			&& strcmp(value_get_string(params, "state"), "absent") == 0)
		return error_at(err, name->place, "root is not removed");
	if (value_text(uid) && *uid->text == '-')
		return error_at(err, uid->place, "'%s' is no number of a user", uid->text);
	if (value_text(comment) && strpbrk(comment->text, ":\n"))
		return error_at(err, comment->place, "'comment' must be one line without a colon");
	if (value_text(password) && strpbrk(password->text, ":\n"))
		return error_at(err, password->place, "'password' must be one line without a colon");
	if (value_text(password) && !*password->text) {
		error_at(err, password->place, "'password' is empty: anybody could log in without one");
		return error_remedy(err, "look whether a variable is empty; '!' locks the account");
	}
	if (value_text(password) && !strchr("$!*", *password->text)) {
		error_at(err, password->place, "'password' must be crypted, not the password itself");
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

/* The field of a line of colons, from 0. */
static const char *field(struct arena *arena, const char *line, size_t size, unsigned number)
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

		if (lists_member(field(arena, text, length, 3), name))
			value_append(arena, have->groups, value_string(arena, field(arena, text, length, 0)));
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

			have->password = field(host_arena(host), text, length, 1);
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
		const char *other = field(arena, text, length, 0), *at = field(arena, text, length, 5);

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
static int guard_home(struct host *host, const char *name, const char *home,
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
		? guard_home(host, want->name, have->user.home, &have->refusal, err) : 0;
}

static int user_inspect(struct host *host, const void *params, void *ret_state,
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

/* Debian's policy (9.2.3): it must not exist, so that it can be the home of those who have none. */
static bool is_nowhere(const char *home)
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

static char *join_wished(struct arena *arena, const struct user_params *want)
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
		plan_note(plan, "'%s' stays, as it was used", want->made_home);
	else if (have->made->count > 0)
		plan_add(plan, USER_REMOVE_HOME, want->made_home, "state", "directory", "absent");
}

/* A change of the password sets its day, too. */
static void plan_password(struct plan *plan, const struct user_params *want,
	const struct user_state *have)
{
	bool differs = want->password && (!have->password
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
		plan_refuse(plan, "let a group task make it before", "there is no group '%s'",
			want->group);
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
			join_had(plan, have), join_wished(plan_arena(plan), want));
	if (want->create_home && have->home.kind == FILE_NONE && !is_nowhere(have->home_path))
		plan_add(plan, USER_MAKE_HOME, have->home_path, "state", "absent", "directory");
	plan_password(plan, want, have);
	plan_made_home(plan, want, have);
}

struct words {
	const char *argv[WORDS_MOST];
	size_t count;
};

static void add_word(struct words *words, const char *option, const char *word)
{
	if (!word)
		return;
	words->argv[words->count++] = option;
	words->argv[words->count++] = word;
}

static int set_password(struct host *host, const struct user_params *want, const char *password,
	struct error *err)
{
	const char *const argv[] = { "chpasswd", "--encrypted", NULL };
	const char *line = arena_printf(host_arena(host), "%s:%s\n", want->name, password);
	struct command_result result;

	return host_run(host, &(struct command){ .argv = argv, .input = line,
		.input_size = strlen(line) }, &result, err);
}

/* "19000:0:99999:7:::": an empty field is none; the last one means nothing. */
static int set_ageing(struct host *host, const struct user_params *want, struct error *err)
{
	static const char *const options[] = { "--lastday", "--mindays", "--maxdays", "--warndays",
		"--inactive", "--expiredate" };
	struct words words = { .argv = { "chage" }, .count = 1 };
	struct command_result result;

	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const char *days = field(host_arena(host), want->ageing, strlen(want->ageing), i);

		add_word(&words, options[i], *days ? days : "-1");
	}
	add_word(&words, "--", want->name);
	return host_run(host, &(struct command){ .argv = words.argv }, &result, err);
}

static int add_user(struct host *host, const struct user_params *want,
	const struct user_state *have, struct error *err)
{
	bool home = want->create_home && !(want->home && is_nowhere(want->home));
	struct words words = { .argv = { "useradd", home ? "--create-home" : "--no-create-home" },
		.count = 2 };
	/* Without one it is locked, as "!" says. */
	const char *password = want->password ? want->password : want->former
		&& strcmp(want->former, "!") != 0 ? want->former : NULL;
	struct command_result result;

	add_word(&words, "--uid", want->uid);
	add_word(&words, "--gid", want->group ? want->group : have->own.exists ? want->name : NULL);
	if (want->groups_count > 0)
		add_word(&words, "--groups", join_wished(host_arena(host), want));
	add_word(&words, "--home-dir", want->home);
	add_word(&words, "--shell", want->shell ? want->shell : "/bin/bash");
	add_word(&words, "--comment", want->comment);
	if (want->system)
		words.argv[words.count++] = "--system";
	add_word(&words, "--", want->name);
	if (host_run(host, &(struct command){ .argv = words.argv }, &result, err) < 0
			|| (password && set_password(host, want, password, err) < 0))
		return -1;
	return want->ageing ? set_ageing(host, want, err) : 0;
}

static int add_group(struct host *host, const struct user_params *want, const char *name,
	struct error *err)
{
	const char *const argv[] = { "groupadd", "--gid", want->own_gid, "--", name, NULL };
	struct command_result result;

	return host_run(host, &(struct command){ .argv = argv }, &result, err);
}

/* userdel takes the group of the same name along, also one that was there before the user. */
static int keep_group(struct host *host, const struct user_params *want, struct error *err)
{
	struct group_info group;

	if (host_group(host, want->name, &group, err) < 0)
		return -1;
	return group.exists ? 0 : add_group(host, want, want->name, err);
}

/* With what is in the home, as usermod does it. */
static int set_group_id(struct host *host, const struct user_params *want,
	const struct user_state *have, struct error *err)
{
	const char *old = arena_printf(host_arena(host), "%u", have->primary.gid);
	const char *const modify[] = { "groupmod", "--gid", want->own_gid, "--", want->group, NULL };
	const char *const files[] = { "find", have->user.home, "-xdev", "-gid", old, "-exec", "chgrp",
		"--no-dereference", want->own_gid, "{}", "+", NULL };
	struct command_result result;
	struct file_info home;

	if (host_run(host, &(struct command){ .argv = modify }, &result, err) < 0
			|| host_stat(host, have->user.home, &home, err) < 0)
		return -1;
	if (home.kind != FILE_DIRECTORY || home.uid != have->user.uid)
		return 0;
	return host_run(host, &(struct command){ .argv = files }, &result, err);
}

/* Debian 13 says in login.defs(5) that a home is for its user alone; useradd heeds that by itself. */
static int make_home(struct host *host, const char *name, struct error *err)
{
	static const char word[] = "\nHOME_MODE";
	const char *argv[] = { "mkhomedir_helper", name, NULL, NULL, NULL, NULL };
	struct command_result result;
	struct error ignored = {0};
	const char *mode = NULL;
	char *text;

	if (host_read_text(host, "/etc/login.defs", 1 << 20, &text, &ignored) == 0)
		mode = strstr(text, word);
	if (mode) {
		mode += strlen(word);
		mode += strspn(mode, " \t");
	}
	if (mode && strspn(mode, "01234567") > 0) {
		argv[2] = "0022";
		argv[3] = "/etc/skel";
		argv[4] = arena_bytes(host_arena(host), mode, strspn(mode, "01234567"));
	}
	return host_run(host, &(struct command){ .argv = argv }, &result, err);
}

static int remove_home(struct host *host, const struct user_state *have, struct error *err)
{
	for (size_t i = have->made->count; i-- > 0;) {
		if (host_remove(host, value_text(have->made->items[i]), err) < 0)
			return -1;
	}
	return 0;
}

static int modify(struct host *host, const struct user_params *want,
	const struct change *change, struct error *err)
{
	const char *option = change->detail;
	struct words words = { .argv = { "usermod" }, .count = 1 };
	struct command_result result;

	if (strcmp(option, "--append") == 0) {
		words.argv[words.count++] = option;
		option = "--groups";
	}
	add_word(&words, option, change->after);
	add_word(&words, "--", want->name);
	return host_run(host, &(struct command){ .argv = words.argv }, &result, err);
}

static int user_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct user_params *want = params;
	const struct user_state *have = state;
	struct words words = { .argv = { "userdel" }, .count = 1 };
	struct guard_refusal refusal;
	struct command_result result;

	(void)results;
	switch ((enum user_step)change->step) {
	case USER_ADD:
		return add_user(host, want, have, err);
	case USER_ADD_GROUP:
		return add_group(host, want, want->group, err);
	case USER_GROUP_ID:
		return set_group_id(host, want, have, err);
	case USER_MODIFY:
		return modify(host, want, change, err);
	case USER_MAKE_HOME:
		return make_home(host, want->name, err);
	case USER_PASSWORD:
		return set_password(host, want, want->password, err);
	case USER_AGEING:
		return set_ageing(host, want, err);
	case USER_DELETE:
		/* A machine goes on while other hosts are waited for. */
		if (want->remove && have->user.home[0] == '/'
				&& (guard_home(host, want->name, have->user.home, &refusal, err) < 0
				|| guard_error(&refusal, err) < 0))
			return -1;
		if (want->remove)
			words.argv[words.count++] = "--remove";
		add_word(&words, "--", want->name);
		if (host_run(host, &(struct command){ .argv = words.argv }, &result, err) < 0)
			return -1;
		return want->own_gid ? keep_group(host, want, err) : 0;
	case USER_REMOVE_HOME:
		return remove_home(host, have, err);
	}
	return -1;
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
		value_set_string(arena, back, want->password ? "password" : "former", have->password);
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
	.summary = "a user exists with this home, shell and groups, or doesn't",
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
