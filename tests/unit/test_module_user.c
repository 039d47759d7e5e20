/* user: each of its properties, its home and its groups, and the way back from all of them. */
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

static struct user_info *user(const char *name)
{
	for (size_t i = 0; i < bench->user_count; i++) {
		if (strcmp(bench->users[i].name, name) == 0)
			return &bench->users[i];
	}
	return NULL;
}

static struct group_info *group(const char *name)
{
	for (size_t i = 0; i < bench->group_count; i++) {
		if (strcmp(bench->groups[i].name, name) == 0)
			return &bench->groups[i];
	}
	return NULL;
}

static const char *option(const struct command *command, const char *name)
{
	for (size_t i = 1; command->argv[i]; i++) {
		if (strcmp(command->argv[i], name) == 0)
			return arena_string(bench->arena, command->argv[i + 1] ? command->argv[i + 1] : "");
	}
	return NULL;
}

static bool lists(const char *words, const char *word)
{
	size_t size = strlen(word);

	for (; words && *words; words += strcspn(words, ","), words += *words == ',') {
		if (strcspn(words, ",") == size && strncmp(words, word, size) == 0)
			return true;
	}
	return false;
}

static const char *without(const char *words, const char *word)
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

static int by_name(const void *one, const void *other)
{
	return strcmp(((const struct group_info *)one)->name,
		((const struct group_info *)other)->name);
}

static void write_groups(void)
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

static void add_group(const char *name, gid_t gid, const char *who)
{
	bench->groups[bench->group_count++] = (struct group_info){ .exists = true, .name = name,
		.gid = gid };
	value_set_string(bench->arena, members, name, who);
	write_groups();
}

static void set_groups(const char *name, const char *wished, bool append)
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

static void make_home(const char *path, uid_t uid)
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

static void change(struct user_info *of, const struct command *command)
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

static void useradd(struct bench *of, const struct command *command)
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

static void usermod(struct bench *of, const struct command *command)
{
	(void)of;
	change(user(option(command, "--")), command);
}

static void userdel(struct bench *of, const struct command *command)
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

static void groupadd(struct bench *of, const struct command *command)
{
	(void)of;
	add_group(option(command, "--"), (gid_t)atoi(option(command, "--gid")), "");
}

static void mkhomedir(struct bench *of, const struct command *command)
{
	(void)of;
	make_home(user(command->argv[1])->home, user(command->argv[1])->uid);
}

static void chpasswd(struct bench *of, const struct command *command)
{
	const char *colon = strchr(command->input, ':');

	bench_file(of, "/etc/shadow", 0640, arena_printf(of->arena, "root:*:1:::::\n%.*s:%.*s:1:::::\n",
		(int)(colon - command->input), command->input,
		(int)strcspn(colon + 1, "\n"), colon + 1));
}

/* "-1" is none. */
static void chage(struct bench *of, const struct command *command)
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

static void groupmod(struct bench *of, const struct command *command)
{
	gid_t old = group(option(command, "--"))->gid, gid = (gid_t)atoi(option(command, "--gid"));

	group(option(command, "--"))->gid = gid;
	for (size_t i = 0; i < of->user_count; i++) {
		if (of->users[i].gid == old)
			of->users[i].gid = gid;
	}
	write_groups();
}

static int set_up(void **state)
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

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void *load(const char *yaml)
{
	struct value *params = bench_normalise(bench, &module_user, yaml);

	if (!params || module_user.prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return bench_load_prepared(bench, &module_user, params);
}

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_user, load(yaml));
}

/* Applied it changes just this, and undone the machine is as before. */
static void there_and_back(const char *yaml, const char *log)
{
	const char *before = bench_snapshot(bench);

	assert_int_equal(apply(yaml), 0);
	assert_string_equal(bench->log.data, log);
	assert_string_not_equal(bench_snapshot(bench), before);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

/* --- A new one */

static void a_user_is_made_with_a_home(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: mpi}"), 0);
	assert_string_equal(bench->log.data, "run useradd --create-home --shell /bin/bash -- mpi\n");
	assert_string_equal(value_get_string(bench->results, "home"), "/home/mpi");
	assert_string_equal(value_get_string(bench->results, "shell"), "/bin/bash");
	assert_string_equal(value_get_string(bench->results, "state"), "present");
	assert_int_equal(value_get_integer(bench->results, "uid", 0), 1500);
	assert_int_equal(value_get_integer(bench->results, "group", 0), 1500);
}

static void a_user_is_made_as_it_is_wished(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: mpi, uid: 150, group: adm, groups: [games, sudo], "
		"home: /srv/mpi, create_home: no, shell: /bin/sh, comment: For MPI, system: yes, "
		"password: '" HASH "'}"), 0);
	assert_string_equal(bench->log.data, "run useradd --no-create-home --uid 150 --gid adm "
		"--groups games,sudo --home-dir /srv/mpi --shell /bin/sh --comment For MPI --system "
		"-- mpi\nrun chpasswd --encrypted\n");
	assert_null(bench_find(bench, "/srv/mpi"));
	assert_non_null(strstr(bench_text(bench, "/etc/shadow"), "\nmpi:" HASH ":"));
}

static void a_user_that_was_not_there_goes_again_with_a_home_that_nobody_used(void **state)
{
	(void)state;
	there_and_back("{name: mpi, groups: sudo}",
		"run useradd --create-home --groups sudo --shell /bin/bash -- mpi\n");
	assert_string_equal(bench->log.data, "run userdel -- mpi\nremove /home/mpi/.config/rc\n"
		"remove /home/mpi/.config\nremove /home/mpi/.bashrc\nremove /home/mpi\n");
}

static void undo_never_takes_a_home_that_was_used(void **state)
{
	static const char *const used[] = { "/home/mpi/data", "/home/mpi/.bashrc",
		"/home/mpi/.config/rc", "/home/mpi/.config/more" };

	(void)state;
	for (size_t i = 0; i < sizeof(used) / sizeof(*used); i++) {
		assert_int_equal(apply("{name: mpi}"), 0);
		bench_file(bench, used[i], 0644, "mine\n");
		assert_int_equal(bench_undo(bench), 0);
		assert_null(user("mpi"));
		assert_string_equal(bench->log.data, "run userdel -- mpi\n");
		assert_string_equal(bench->planned->notes->items[0]->text, "'/home/mpi' is kept because "
			"it was used");
		assert_string_equal(bench_text(bench, used[i]), "mine\n");
		assert_non_null(bench_find(bench, "/home/mpi/.bashrc"));
		bench_remove(bench, used[i]);
		make_home("/home/mpi", 1500);
		for (size_t k = bench->file_count; k-- > 0;) {
			if (strncmp(bench->files[k].path, "/home/mpi", 9) == 0)
				bench_remove(bench, bench->files[k].path);
		}
	}
}

static void undo_does_not_follow_a_link_in_a_home(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: mpi}"), 0);
	bench_remove(bench, "/home/mpi/.config/rc");
	bench_remove(bench, "/home/mpi/.config");
	bench_link(bench, "/home/mpi/.config", "/etc/skel/.config");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run userdel -- mpi\n");
	assert_non_null(bench_find(bench, "/home/mpi/.config"));
	assert_non_null(bench_find(bench, "/etc/skel/.config/rc"));
}

static void a_link_of_the_skeleton_is_left_with_the_home(void **state)
{
	(void)state;
	bench_link(bench, "/etc/skel/mail", "/var/mail");
	assert_int_equal(apply("{name: mpi}"), 0);
	bench_link(bench, "/home/mpi/mail", "/var/mail");
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(bench_find(bench, "/home/mpi/mail"));
}

static void undo_never_takes_a_home_that_was_there_before(void **state)
{
	(void)state;
	make_home("/home/mpi", 1500);
	there_and_back("{name: mpi}", "run useradd --create-home --shell /bin/bash -- mpi\n");
	assert_non_null(bench_find(bench, "/home/mpi/.bashrc"));
	make_home("/srv/mpi", 1500);
	there_and_back("{name: mpi, home: /srv/mpi}",
		"run useradd --create-home --home-dir /srv/mpi --shell /bin/bash -- mpi\n");
}

/* A useradd that was killed leaves one, too. */
static void a_group_of_its_name_that_was_there_is_used_and_stays(void **state)
{
	(void)state;
	add_group("mpi", 777, "");
	there_and_back("{name: mpi, create_home: no}",
		"run useradd --no-create-home --gid mpi --shell /bin/bash -- mpi\n");
	assert_int_equal(group("mpi")->gid, 777);
}

static void a_home_that_was_there_stays_where_none_was_wished(void **state)
{
	(void)state;
	make_home("/home/mpi", 1500);
	there_and_back("{name: mpi, create_home: no}",
		"run useradd --no-create-home --shell /bin/bash -- mpi\n");
	there_and_back("{name: anna, create_home: no, shell: /bin/zsh}",
		"run usermod --shell /bin/zsh -- anna\n");
	assert_non_null(bench_find(bench, "/home/mpi/.bashrc"));
	assert_non_null(bench_find(bench, "/home/anna/.bashrc"));
}

static void a_home_that_an_undo_took_is_made_again(void **state)
{
	const char *before;

	(void)state;
	assert_int_equal(apply("{name: mpi}"), 0);
	before = bench_snapshot(bench);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, "/home/mpi"));
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

static void a_home_that_came_with_a_later_user_goes(void **state)
{
	const struct value *back;
	const char *before;

	(void)state;
	assert_int_equal(apply("{name: mpi, create_home: no}"), 0);
	before = bench_snapshot(bench);
	assert_int_equal(bench_undo(bench), 0);
	back = bench->inverses->entries[0].params;
	assert_int_equal(apply("{name: mpi}"), 0);
	assert_non_null(bench_find(bench, "/home/mpi"));
	assert_int_equal(bench_apply(bench, &module_user, bench_load_value(bench, &module_user,
		back)), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

/* --- One that is there */

static void nothing_changes_where_it_is_right(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: anna, uid: 1001, group: anna, groups: [sudo, games], "
		"home: /home/anna, shell: /bin/sh, comment: '', password: '!', system: yes}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: anna, groups: [sudo], append: yes}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: anna}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: ann, state: absent, remove: yes}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(value_get_string(bench->results, "state"), "absent");
}

static void looking_changes_nothing(void **state)
{
	const char *before = bench_snapshot(bench);
	struct plan *plan = bench_look(bench, &module_user, load("{name: anna, uid: 7, group: adm, "
		"groups: adm, home: /srv/a, shell: /bin/zsh, comment: A, password: '*'}"));

	(void)state;
	assert_int_equal(plan->change_count, 8);
	assert_string_equal(bench_change(bench, plan, 0), "anna uid: 1001 -> 7");
	assert_string_equal(bench_change(bench, plan, 1), "anna group: 1001 -> adm");
	assert_string_equal(bench_change(bench, plan, 2), "anna home: /home/anna -> /srv/a");
	assert_string_equal(bench_change(bench, plan, 3), "anna shell: /bin/sh -> /bin/zsh");
	assert_string_equal(bench_change(bench, plan, 4), "anna comment:  -> A");
	assert_string_equal(bench_change(bench, plan, 5), "anna groups: games,sudo -> adm");
	assert_string_equal(bench_change(bench, plan, 6), "/srv/a state: absent -> directory");
	assert_string_equal(bench_change(bench, plan, 7), "anna password: - -> -");
	assert_int_equal(plan->changes[7]->flags, CHANGE_SECRET);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(bench_snapshot(bench), before);
	plan = bench_look(bench, &module_user, load("{name: mpi}"));
	assert_string_equal(bench_change(bench, plan, 0), "mpi state: absent -> present");
	assert_int_equal(plan->writes->count, 3);
	assert_string_equal(plan->writes->items[2]->text, "path:/home/mpi");
}

static void another_number_comes_and_goes(void **state)
{
	(void)state;
	there_and_back("{name: anna, uid: 1100}", "run usermod --uid 1100 -- anna\n");
}

static void another_primary_group_comes_and_goes(void **state)
{
	(void)state;
	there_and_back("{name: anna, group: adm}", "run usermod --gid adm -- anna\n");
	assert_string_equal(bench->log.data, "run usermod --gid anna -- anna\n");
}

static void another_shell_comes_and_goes(void **state)
{
	(void)state;
	there_and_back("{name: anna, shell: /bin/zsh}", "run usermod --shell /bin/zsh -- anna\n");
}

static void another_full_name_comes_and_goes(void **state)
{
	(void)state;
	there_and_back("{name: anna, comment: Anna A.}", "run usermod --comment Anna A. -- anna\n");
	assert_string_equal(bench->log.data, "run usermod --comment  -- anna\n");
}

static void another_home_is_made_and_goes_and_the_old_one_stays(void **state)
{
	(void)state;
	bench_directory(bench, "/srv", 0755);
	there_and_back("{name: anna, home: /srv/anna}",
		"run usermod --home /srv/anna -- anna\nrun mkhomedir_helper anna\n");
	assert_non_null(bench_find(bench, "/home/anna/.bashrc"));
	bench_file(bench, "/etc/login.defs", 0644, "# HOME_MODE of all\nUMASK 022\nHOME_MODE\t0700\nUID_MIN 1000\n");
	there_and_back("{name: anna, home: /srv/anna}",
		"run usermod --home /srv/anna -- anna\nrun mkhomedir_helper anna 0022 /etc/skel 0700\n");
	bench_file(bench, "/etc/login.defs", 0644, "UMASK 022\nHOME_MODE\n");
	there_and_back("{name: anna, home: /srv/anna}",
		"run usermod --home /srv/anna -- anna\nrun mkhomedir_helper anna\n");
}

static void a_missing_home_is_made_and_goes(void **state)
{
	(void)state;
	bench_user(bench, "bob", 1002, "/home/bob");
	write_groups();
	there_and_back("{name: bob}", "run mkhomedir_helper bob\n");
	assert_int_equal(apply("{name: bob, create_home: no}"), 0);
	assert_string_equal(bench->log.data, "");
	bench_user(bench, "service", 1003, "nonexistent");
	assert_int_equal(apply("{name: service}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void groups_that_are_not_named_lose_the_user_and_get_it_back(void **state)
{
	(void)state;
	there_and_back("{name: anna, groups: [adm, games]}",
		"run usermod --groups adm,games -- anna\n");
	assert_string_equal(bench->log.data, "run usermod --groups games,sudo -- anna\n");
	assert_string_equal(value_get_string(members, "games"), "annabel,anna");
}

static void appended_groups_leave_the_others(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: anna, groups: [adm, sudo], append: yes}"), 0);
	assert_string_equal(bench->log.data, "run usermod --append --groups adm,sudo -- anna\n");
	assert_string_equal(value_get_string(members, "games"), "annabel,anna");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run usermod --groups games,sudo -- anna\n");
	assert_string_equal(value_get_string(members, "adm"), "");
}

static void groups_may_be_written_with_commas(void **state)
{
	(void)state;
	there_and_back("{name: anna, groups: 'adm, games'}",
		"run usermod --groups adm,games -- anna\n");
}

static void no_groups_are_no_groups(void **state)
{
	(void)state;
	there_and_back("{name: anna, groups: []}", "run usermod --groups  -- anna\n");
}

static void a_user_that_was_in_no_group_is_in_none_again(void **state)
{
	(void)state;
	bench_user(bench, "bob", 1002, "/home/anna");
	write_groups();
	there_and_back("{name: bob, groups: sudo}", "run usermod --groups sudo -- bob\n");
	assert_string_equal(value_get_string(members, "sudo"), "anna");
}

static void a_password_is_set_without_being_told(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: anna, password: '" HASH "'}"), 0);
	assert_string_equal(bench->log.data, "run chpasswd --encrypted\n");
	assert_string_equal(bench_text(bench, "/etc/shadow"),
		"root:*:1:::::\nanna:" HASH ":1:::::\n");
	assert_int_equal(apply("{name: anna, password: '" HASH "'}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: anna, password: '!'}"), 0);
	assert_string_equal(bench->log.data, "run chpasswd --encrypted\n");
	bench_file(bench, "/etc/shadow", 0640, "annabel:" HASH ":1:::::\n");
	assert_int_equal(apply("{name: anna, password: '" HASH "'}"), 0);
	assert_string_equal(bench->log.data, "run chpasswd --encrypted\n");
	bench_file(bench, "/etc/shadow", 0640, "anna:!:1:::::\nannabel:" HASH ":1:::::\n");
	assert_int_equal(apply("{name: anna, password: '" HASH "'}"), 0);
	assert_string_equal(bench->log.data, "run chpasswd --encrypted\n");
}

/* --- One that goes */

static void a_user_goes_and_comes_back_with_its_own_group(void **state)
{
	(void)state;
	there_and_back("{name: anna, state: absent}", "run userdel -- anna\n");
	assert_string_equal(bench->log.data, "run groupadd --gid 1001 -- anna\n"
		"run useradd --no-create-home --uid 1001 --gid anna --groups games,sudo "
		"--home-dir /home/anna --shell /bin/sh --comment  -- anna\n"
		"run chage --lastday 1 --mindays -1 --maxdays -1 --warndays -1 --inactive -1 "
		"--expiredate -1 -- anna\n");
}

static void a_password_comes_back_with_its_age(void **state)
{
	(void)state;
	bench_file(bench, "/etc/shadow", 0640, "root:*:1:::::\nanna:$y$old:7:0:99999:7::\n");
	there_and_back("{name: anna, password: '" HASH "'}", "run chpasswd --encrypted\n");
	there_and_back("{name: anna, state: absent}", "run userdel -- anna\n");
	assert_non_null(strstr(bench->log.data, "run chpasswd --encrypted\n"));
}

/* Somebody may have changed it since; of who is still there it isn't ours. */
/* The undo of an undo is an undo, too. */
static void a_home_that_was_there_never_goes(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: anna, state: absent}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(user("anna"));
	assert_non_null(bench_find(bench, "/home/anna"));
}

static void an_undo_of_something_else_leaves_the_password(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: anna, shell: /bin/zsh}"), 0);
	bench_file(bench, "/etc/shadow", 0640, "root:*:1:::::\nanna:$y$new:9:::::\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run usermod --shell /bin/sh -- anna\n");
	assert_non_null(strstr(bench_text(bench, "/etc/shadow"), "$y$new:9:"));
}

static void an_undo_over_two_runs_brings_the_own_group_back(void **state)
{
	const char *before = bench_snapshot(bench);
	struct inverses *first;

	(void)state;
	assert_int_equal(apply("{name: anna, shell: /bin/zsh}"), 0);
	first = bench->inverses;
	assert_int_equal(apply("{name: anna, state: absent}"), 0);
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
	assert_int_equal(apply("{name: anna, shell: /bin/zsh}"), 0);
	first = bench->inverses;
	assert_int_equal(apply("{name: anna, state: absent}"), 0);
	assert_int_equal(apply("{name: anna, uid: 1500, groups: [games, sudo]}"), 0);
	assert_int_equal(group("anna")->gid, 1500);
	bench_find(bench, "/home/anna")->info.uid = 1500;
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(strstr(bench->log.data, "run groupmod --gid 1001 -- anna\n"
		"run find /home/anna -xdev -gid 1500 -exec chgrp --no-dereference 1001 {} +\n"));
	assert_int_equal(group("anna")->gid, 1001);
	assert_int_equal(user("anna")->gid, 1001);
	assert_int_equal(user("anna")->uid, 1001);
}

static void a_user_of_a_shared_group_comes_back_into_it(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: anna, group: adm}"), 0);
	group("anna")->gid = 1099;
	value_set_string(bench->arena, members, "anna", "annabel");
	write_groups();
	there_and_back("{name: anna, state: absent}", "run userdel -- anna\n");
	assert_int_equal(user("anna")->gid, 4);
	assert_int_equal(apply("{name: anna, state: absent}"), 0);
	*group("adm") = bench->groups[bench->group_count - 1];
	bench->group_count--;
	assert_int_equal(bench_undo(bench), -1);
	assert_string_equal(bench->err.message, "there is no group 'adm'");
}

static void a_home_that_went_cannot_come_back_and_undo_says_so(void **state)
{
	(void)state;
	bench_file(bench, "/etc/passwd", 0644, "anna:x:1001:1001::/home/anna:/bin/sh\n");
	assert_int_equal(apply("{name: anna, state: absent, remove: yes}"), 0);
	assert_string_equal(bench->log.data, "run userdel --remove -- anna\n");
	assert_int_equal(bench_undo(bench), -1);
	assert_non_null(strstr(bench->err.message, "its home went"));
}

/* --- What is refused */

static void a_group_that_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: mpi, group: crew}"), -1);
	assert_string_equal(bench->err.message, "there is no group 'crew'");
	assert_string_equal(bench->err.remedy, "create it first with a group task");
	assert_string_equal(bench->log.data, "");
}

static void what_the_program_says_is_the_error(void **state)
{
	(void)state;
	bench_command(bench, "userdel -- anna", 8, "")->errors =
		"userdel: user anna is currently used by process 7";
	assert_int_equal(apply("{name: anna, state: absent}"), -1);
	assert_non_null(strstr(bench->err.message, "used by process 7"));
}

static void refused(const char *yaml, const char *message)
{
	assert_null(load(yaml));
	assert_non_null(strstr(bench->err.message, message));
}

static void wrong_parameters_are_refused(void **state)
{
	(void)state;
	refused("{name: ''}", "invalid user name");
	refused("{name: -r}", "invalid user name");
	refused("{name: 'a:b'}", "invalid user name");
	refused("{name: 'a b'}", "invalid user name");
	refused("{name: ../a}", "invalid user name");
	refused("{name: \"a\\nb\"}", "invalid user name");
	refused("{name: '1001'}", "invalid user name");
	refused("{name: root, state: absent}", "root is not removed");
	refused("{name: mpi, uid: -1}", "invalid user ID");
	refused("{name: mpi, uid: many}", "decimal integer");
	refused("{name: mpi, comment: 'a:b'}", "without a colon");
	refused("{name: mpi, comment: \"a\\nb\"}", "one line");
	refused("{name: mpi, home: srv}", "home");
	refused("{name: mpi, generate_ssh_key: yes}", "not supported yet");
	refused("{name: mpi, password: secret}", "must be crypted");
	assert_null(strstr(bench->err.message, "secret"));
	assert_non_null(strstr(bench->err.remedy, "mkpasswd"));
	refused("{name: mpi, password: \"$6$a\\nroot:$6$b\"}", "one line");
	refused("{state: present}", "name");
	assert_non_null(load("{name: root, shell: /bin/sh}"));
}

static void a_home_that_must_not_exist_is_never_made(void **state)
{
	(void)state;
	bench_user(bench, "nobody", 65534, "/nonexistent");
	bench_user(bench, "x", 991, "/nonexistent/x");
	assert_int_equal(apply("{name: nobody, groups: adm, append: yes}"), 0);
	assert_string_equal(bench->log.data, "run usermod --append --groups adm -- nobody\n");
	assert_int_equal(apply("{name: x, comment: somebody}"), 0);
	assert_null(strstr(bench->log.data, "mkhomedir_helper"));
	assert_int_equal(apply("{name: new, home: /nonexistent}"), 0);
	assert_non_null(strstr(bench->log.data, "useradd --no-create-home"));
}

static void an_empty_password_is_refused(void **state)
{
	(void)state;
	assert_null(bench_normalise(bench, &module_user, "{name: anna, password: ''}"));
	assert_ptr_equal(bench->err.code, TASK_INVALID_VALUE);
	assert_non_null(strstr(bench->err.remedy, "'!' locks"));
	assert_non_null(bench_normalise(bench, &module_user, "{name: anna, password: '!'}"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_home_that_must_not_exist_is_never_made),
		TEST(an_empty_password_is_refused),
		TEST(a_user_is_made_with_a_home),
		TEST(a_user_is_made_as_it_is_wished),
		TEST(a_user_that_was_not_there_goes_again_with_a_home_that_nobody_used),
		TEST(undo_never_takes_a_home_that_was_used),
		TEST(undo_does_not_follow_a_link_in_a_home),
		TEST(a_link_of_the_skeleton_is_left_with_the_home),
		TEST(undo_never_takes_a_home_that_was_there_before),
		TEST(a_group_of_its_name_that_was_there_is_used_and_stays),
		TEST(a_home_that_was_there_stays_where_none_was_wished),
		TEST(a_home_that_an_undo_took_is_made_again),
		TEST(a_home_that_came_with_a_later_user_goes),
		TEST(nothing_changes_where_it_is_right),
		TEST(looking_changes_nothing),
		TEST(another_number_comes_and_goes),
		TEST(another_primary_group_comes_and_goes),
		TEST(another_shell_comes_and_goes),
		TEST(another_full_name_comes_and_goes),
		TEST(another_home_is_made_and_goes_and_the_old_one_stays),
		TEST(a_missing_home_is_made_and_goes),
		TEST(groups_that_are_not_named_lose_the_user_and_get_it_back),
		TEST(appended_groups_leave_the_others),
		TEST(groups_may_be_written_with_commas),
		TEST(no_groups_are_no_groups),
		TEST(a_user_that_was_in_no_group_is_in_none_again),
		TEST(a_password_is_set_without_being_told),
		TEST(a_user_goes_and_comes_back_with_its_own_group),
		TEST(a_password_comes_back_with_its_age),
		TEST(a_home_that_was_there_never_goes),
		TEST(an_undo_of_something_else_leaves_the_password),
		TEST(an_undo_over_two_runs_brings_the_own_group_back),
		TEST(a_user_of_a_shared_group_comes_back_into_it),
		TEST(a_home_that_went_cannot_come_back_and_undo_says_so),
		TEST(a_group_that_is_not_there_is_refused),
		TEST(what_the_program_says_is_the_error),
		TEST(wrong_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
