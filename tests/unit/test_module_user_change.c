/* user: each property of one that is there, and what is refused. */
#include "user_bench.h"

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

static void a_password_may_be_for_new_accounts_alone(void **state)
{
	static const char task[] = "{name: anna, password: '" HASH "', update_password: on_create}";

	(void)state;
	bench_file(bench, "/etc/shadow", 0640, "root:*:1:::::\nanna:own:1:::::\n");
	assert_int_equal(apply(task), 0);
	assert_string_equal(bench->log.data, "");
	/* Where a run ended behind useradd. */
	bench_file(bench, "/etc/shadow", 0640, "root:*:1:::::\nanna:!:1:::::\n");
	assert_int_equal(apply(task), 0);
	assert_string_equal(bench->log.data, "run chpasswd --encrypted\n");
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
	refused("{name: root, state: absent}", "the user 'root' is not removed");
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
		TEST(a_password_may_be_for_new_accounts_alone),
		TEST(a_group_that_is_not_there_is_refused),
		TEST(what_the_program_says_is_the_error),
		TEST(wrong_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
