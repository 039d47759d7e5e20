/* change: useradd, usermod, userdel and what they leave to us. */
#include "modules/user/user.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MOST = 32 };

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
		const char *days = user_field(host_arena(host), want->ageing, strlen(want->ageing), i);

		add_word(&words, options[i], *days ? days : "-1");
	}
	add_word(&words, "--", want->name);
	return host_run(host, &(struct command){ .argv = words.argv }, &result, err);
}

static int add_user(struct host *host, const struct user_params *want,
	const struct user_state *have, struct error *err)
{
	bool home = want->create_home && !(want->home && user_is_nowhere(want->home));
	struct words words = { .argv = { "useradd", home ? "--create-home" : "--no-create-home" },
		.count = 2 };
	/* Without one it is locked, as "!" says. */
	const char *password = want->password ? want->password : want->former
		&& strcmp(want->former, "!") != 0 ? want->former : NULL;
	struct command_result result;

	add_word(&words, "--uid", want->uid);
	add_word(&words, "--gid", want->group ? want->group : have->own.exists ? want->name : NULL);
	if (want->groups_count > 0)
		add_word(&words, "--groups", user_groups_text(host_arena(host), want));
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

/* Debian 13 says in login.defs(5) that a home is for its user alone; useradd heeds that itself. */
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

int user_apply(struct host *host, const void *params, const void *state,
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
				&& (user_guard_home(host, want->name, have->user.home, &refusal, err) < 0
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
