/* user_bench: what the programs of the package passwd do, for the tests of user. */
#ifndef TESTS_USER_BENCH_H
#define TESTS_USER_BENCH_H

#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"

extern const struct module module_user;

static struct bench *bench;
static struct prepare *prepare;
static struct value *members;      /* group → "ann,bob" */

#define HASH "$6$salt$hash"

/* --- What the programs of the package passwd do */

static inline struct user_info *user(const char *name)
{
	for (size_t i = 0; i < bench->user_count; i++) {
		if (strcmp(bench->users[i].name, name) == 0)
			return &bench->users[i];
	}
	return NULL;
}

static inline struct group_info *group(const char *name)
{
	for (size_t i = 0; i < bench->group_count; i++) {
		if (strcmp(bench->groups[i].name, name) == 0)
			return &bench->groups[i];
	}
	return NULL;
}

static inline const char *option(const struct command *command, const char *name)
{
	for (size_t i = 1; command->argv[i]; i++) {
		if (strcmp(command->argv[i], name) == 0)
			return arena_string(bench->arena, command->argv[i + 1] ? command->argv[i + 1] : "");
	}
	return NULL;
}

static inline bool lists(const char *words, const char *word)
{
	size_t size = strlen(word);

	for (; words && *words; words += strcspn(words, ","), words += *words == ',') {
		if (strcspn(words, ",") == size && strncmp(words, word, size) == 0)
			return true;
	}
	return false;
}

static inline const char *without(const char *words, const char *word)
{
	const char *rest = "";

	for (; *words; words += strcspn(words, ","), words += *words == ',') {
		size_t size = strcspn(words, ",");

		if (size != strlen(word) || strncmp(words, word, size) != 0)
			rest = arena_printf(bench->arena, "%s%s%.*s", rest, *rest ? "," : "", (int)size,
				words);
	}
	return rest;
}

static inline int by_name(const void *one, const void *other)
{
	return strcmp(((const struct group_info *)one)->name,
		((const struct group_info *)other)->name);
}

static inline void write_groups(void)
{
	const char *text = "";

	qsort(bench->groups, bench->group_count, sizeof(*bench->groups), by_name);
	for (size_t i = 0; i < bench->group_count; i++) {
		const char *in = value_get_string(members, bench->groups[i].name);

		text = arena_printf(bench->arena, "%s%s:x:%u:%s\n", text, bench->groups[i].name,
			bench->groups[i].gid, in ? in : "");
	}
	bench_file(bench, "/etc/group", 0644, text);
}

static inline void add_group(const char *name, gid_t gid, const char *who)
{
	bench->groups[bench->group_count++] = (struct group_info){ .exists = true, .name = name,
		.gid = gid };
	value_set_string(bench->arena, members, name, who);
	write_groups();
}

static inline void set_groups(const char *name, const char *wished, bool append)
{
	for (size_t i = 0; i < bench->group_count; i++) {
		const char *of = bench->groups[i].name, *in = value_get_string(members, of);
		bool is = lists(in, name);

		if (!is && lists(wished, of))
			in = arena_printf(bench->arena, "%s%s%s", in ? in : "", in && *in ? "," : "", name);
		else if (is && !append && !lists(wished, of))
			in = without(in, name);
		value_set_string(bench->arena, members, of, in);
	}
	write_groups();
}

static inline void make_home(const char *path, uid_t uid)
{
	const char *const made[] = { path, arena_printf(bench->arena, "%s/.bashrc", path),
		arena_printf(bench->arena, "%s/.config", path),
		arena_printf(bench->arena, "%s/.config/rc", path) };

	bench_directory(bench, made[0], 0755);
	bench_file(bench, made[1], 0644, "# bash\n");
	bench_directory(bench, made[2], 0755);
	bench_file(bench, made[3], 0644, "rc\n");
	for (size_t i = 0; i < 4; i++)
		bench_find(bench, made[i])->info.uid = uid;
}

static inline void change(struct user_info *of, const struct command *command)
{
	const char *gid = option(command, "--gid");

	if (option(command, "--uid"))
		of->uid = (uid_t)atoi(option(command, "--uid"));
	if (gid)
		of->gid = group(gid) ? group(gid)->gid : (gid_t)atoi(gid);
	if (option(command, "--home"))
		of->home = option(command, "--home");
	if (option(command, "--home-dir"))
		of->home = option(command, "--home-dir");
	if (option(command, "--shell"))
		of->shell = option(command, "--shell");
	if (option(command, "--comment"))
		of->comment = option(command, "--comment");
	if (option(command, "--groups"))
		set_groups(of->name, option(command, "--groups"), option(command, "--append"));
}

static inline void useradd(struct bench *of, const struct command *command)
{
	const char *name = option(command, "--");

	of->users[of->user_count++] = (struct user_info){ .exists = true, .name = name, .uid = 1500,
		.gid = 1500, .comment = "", .home = arena_printf(of->arena, "/home/%s", name) };
	if (!option(command, "--gid"))
		add_group(name, 1500, "");
	change(user(name), command);
	if (option(command, "--create-home") && !bench_find(of, user(name)->home))
		make_home(user(name)->home, user(name)->uid);
}

static inline void usermod(struct bench *of, const struct command *command)
{
	(void)of;
	change(user(option(command, "--")), command);
}

static inline void userdel(struct bench *of, const struct command *command)
{
	const char *name = option(command, "--");
	struct user_info *gone = user(name);

	set_groups(name, "", false);
	if (option(command, "--remove"))
		bench_remove(of, gone->home);
	if (group(name) && (!value_get_string(members, name) || !*value_get_string(members, name))) {
		*group(name) = of->groups[of->group_count - 1];
		of->group_count--;
		write_groups();
	}
	*gone = of->users[--of->user_count];
}

static inline void groupadd(struct bench *of, const struct command *command)
{
	(void)of;
	add_group(option(command, "--"), (gid_t)atoi(option(command, "--gid")), "");
}

static inline void mkhomedir(struct bench *of, const struct command *command)
{
	(void)of;
	make_home(user(command->argv[1])->home, user(command->argv[1])->uid);
}

static inline void chpasswd(struct bench *of, const struct command *command)
{
	const char *colon = strchr(command->input, ':');

	bench_file(of, "/etc/shadow", 0640, arena_printf(of->arena, "root:*:1:::::\n%.*s:%.*s:1:::::\n",
		(int)(colon - command->input), command->input,
		(int)strcspn(colon + 1, "\n"), colon + 1));
}

/* "-1" is none. */
static inline void chage(struct bench *of, const struct command *command)
{
	static const char *const options[] = { "--lastday", "--mindays", "--maxdays", "--warndays",
		"--inactive", "--expiredate" };
	const char *name = option(command, "--");
	const char *shadow = bench_text(of, "/etc/shadow");
	const char *line = strstr(shadow, arena_printf(of->arena, "\n%s:", name));
	const char *text = arena_printf(of->arena, "root:*:1:::::\n%s:%.*s", name,
		line ? (int)strcspn(line + strlen(name) + 2, ":") : 1,
		line ? line + strlen(name) + 2 : "!");

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		text = arena_printf(of->arena, "%s:%s", text, strcmp(option(command, options[i]), "-1")
			== 0 ? "" : option(command, options[i]));
	bench_file(of, "/etc/shadow", 0640, arena_printf(of->arena, "%s\n", text));
}

static inline void groupmod(struct bench *of, const struct command *command)
{
	gid_t old = group(option(command, "--"))->gid, gid = (gid_t)atoi(option(command, "--gid"));

	group(option(command, "--"))->gid = gid;
	for (size_t i = 0; i < of->user_count; i++) {
		if (of->users[i].gid == old)
			of->users[i].gid = gid;
	}
	write_groups();
}

static inline int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	prepare = prepare_new(bench->arena);
	members = value_map(bench->arena);
	bench_directory(bench, "/etc", 0755);
	bench_directory(bench, "/home", 0755);
	make_home("/etc/skel", 0);
	bench_file(bench, "/etc/shadow", 0640, "root:*:1:::::\nanna:!:1:::::\n");
	bench_user(bench, "anna", 1001, "/home/anna");
	make_home("/home/anna", 1001);
	add_group("adm", 4, "");
	add_group("games", 60, "annabel,anna");
	add_group("sudo", 27, "anna");
	bench_command(bench, "useradd ", 0, "")->effect = useradd;
	bench_command(bench, "usermod ", 0, "")->effect = usermod;
	bench_command(bench, "userdel ", 0, "")->effect = userdel;
	bench_command(bench, "groupadd ", 0, "")->effect = groupadd;
	bench_command(bench, "mkhomedir_helper ", 0, "")->effect = mkhomedir;
	bench_command(bench, "chpasswd ", 0, "")->effect = chpasswd;
	bench_command(bench, "chage ", 0, "")->effect = chage;
	bench_command(bench, "groupmod ", 0, "")->effect = groupmod;
	bench_command(bench, "find /home/", 0, "");
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static inline void *load(const char *yaml)
{
	struct value *params = bench_normalise(bench, &module_user, yaml);

	if (!params || module_user.prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return bench_load_prepared(bench, &module_user, params);
}

static inline int apply(const char *yaml)
{
	return bench_apply(bench, &module_user, load(yaml));
}

/* Applied it changes just this, and undone the machine is as before. */
static inline void there_and_back(const char *yaml, const char *log)
{
	const char *before = bench_snapshot(bench);

	assert_int_equal(apply(yaml), 0);
	assert_string_equal(bench->log.data, log);
	assert_string_not_equal(bench_snapshot(bench), before);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

#endif
