/* user: a new one, and one that goes. */
#include "user_bench.h"

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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
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
		TEST(a_user_goes_and_comes_back_with_its_own_group),
		TEST(a_password_comes_back_with_its_age),
		TEST(a_home_that_was_there_never_goes),
		TEST(an_undo_of_something_else_leaves_the_password),
		TEST(an_undo_over_two_runs_brings_the_own_group_back),
		TEST(a_user_of_a_shared_group_comes_back_into_it),
		TEST(a_home_that_went_cannot_come_back_and_undo_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
