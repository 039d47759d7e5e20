/* file: each kind of thing at a path, and what is refused. */
#include "file_bench.h"

static void a_directory_is_made_with_mode_and_owner(void **state)
{
	(void)state;
	assert_int_equal(apply("{path: /srv/a, state: directory, mode: '0750', owner: mpi, "
		"group: mpi}"), 0);
	assert_string_equal(bench->log.data, "directory /srv/a 0750\nowner /srv/a 1001:1001\n");
	assert_int_equal(at("/srv/a")->info.kind, FILE_DIRECTORY);
	assert_string_equal(value_get_string(bench->results, "state"), "directory");
	assert_string_equal(value_get_string(bench->results, "mode"), "0750");
	assert_string_equal(value_get_string(bench->results, "owner"), "mpi");
	assert_int_equal(apply("{path: /srv/b, state: directory}"), 0);
	assert_string_equal(bench->log.data, "directory /srv/b 0755\n");
}

static void the_directories_above_are_made_too(void **state)
{
	struct plan *plan = look("{path: /srv/a/b/c, state: directory}");

	(void)state;
	assert_int_equal(plan->change_count, 3);
	assert_string_equal(bench_change(bench, plan, 0), "/srv/a state: absent -> directory");
	assert_string_equal(bench_change(bench, plan, 2), "/srv/a/b/c state: absent -> directory");
	there_and_back("{path: /srv/a/b/c, state: directory, mode: '0700'}",
		"directory /srv/a 0700\ndirectory /srv/a/b 0700\ndirectory /srv/a/b/c 0700\n");
	assert_string_equal(bench->log.data,
		"remove /srv/a/b/c\nremove /srv/a/b\nremove /srv/a\n");
}

static void what_is_right_is_left_alone(void **state)
{
	(void)state;
	bench_file(bench, "/srv/f", 0640, "x");
	bench_directory(bench, "/srv/d", 02755);
	bench_link(bench, "/srv/l", "f");
	assert_int_equal(apply("{path: /srv/f, mode: '0640', owner: root, group: root}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(look("{path: /srv/d, state: directory, mode: '02755'}")->change_count, 0);
	assert_int_equal(look("{path: /srv/d, state: directory, mode: a+rX}")->change_count, 0);
	assert_int_equal(look("{path: /srv/l, state: link, src: f, mode: '0644'}")->change_count, 0);
	assert_int_equal(look("{path: /srv/none, state: absent}")->change_count, 0);
}

static void looking_changes_nothing(void **state)
{
	(void)state;
	bench_file(bench, "/srv/f", 0640, "x");
	remember();
	assert_int_equal(look("{path: /srv/f, state: absent}")->change_count, 1);
	assert_int_equal(look("{path: /srv/f, mode: '0600', owner: mpi}")->change_count, 2);
	assert_int_equal(look("{path: /srv/d, state: directory}")->change_count, 1);
	assert_int_equal(look("{path: /srv/l, src: f, state: link}")->change_count, 1);
	assert_string_equal(bench->log.data, "");
	assert_as_before();
}

static void a_mode_is_changed_and_comes_back(void **state)
{
	(void)state;
	bench_file(bench, "/srv/f", 0640, "x");
	assert_string_equal(bench_change(bench, look("{path: /srv/f, mode: 'g+w,o=r'}"), 0),
		"/srv/f mode: 0640 -> 0664");
	there_and_back("{path: /srv/f, mode: 'g+w,o=r'}", "mode /srv/f 0664\n");
	there_and_back("{path: /srv, state: directory, mode: '1777'}", "mode /srv 1777\n");
}

static void an_owner_without_an_account_is_an_id(void **state)
{
	(void)state;
	bench_file(bench, "/srv/f", 0644, "x");
	assert_int_equal(apply("{path: /srv/f, owner: '4321', group: '1234'}"), 0);
	assert_non_null(strstr(bench->log.data, "owner /srv/f 4321:1234\n"));
	assert_int_equal(bench_find(bench, "/srv/f")->info.uid, 4321);
	assert_null(look("{path: /srv/f, owner: '4321x'}"));
}

static void an_owner_and_a_group_are_changed_and_come_back(void **state)
{
	(void)state;
	bench_file(bench, "/srv/f", 04755, "x");
	assert_string_equal(bench_change(bench, look("{path: /srv/f, group: mpi}"), 0),
		"/srv/f owner: root:root -> root:mpi");
	there_and_back("{path: /srv/f, owner: mpi, group: 1001}", "owner /srv/f 1001:1001\n");
	bench_link(bench, "/srv/l", "f");
	there_and_back("{path: /srv/l, state: link, src: f, owner: mpi, group: mpi}",
		"owner /srv/l 1001:1001\n");
}

static void owner_and_mode_come_back_together(void **state)
{
	(void)state;
	bench_file(bench, "/srv/f", 0600, "x");
	there_and_back("{path: /srv/f, owner: mpi, group: mpi, mode: '0644'}",
		"owner /srv/f 1001:1001\nmode /srv/f 0644\n");
	bench_directory(bench, "/srv/d", 0700);
	there_and_back("{path: /srv/d, state: directory, owner: mpi, group: mpi, mode: '0755'}",
		"owner /srv/d 1001:1001\nmode /srv/d 0755\n");
}

static void a_user_who_is_not_there_is_an_error(void **state)
{
	(void)state;
	bench_file(bench, "/srv/f", 0600, "x");
	assert_null(look("{path: /srv/f, owner: ghost}"));
	assert_string_equal(bench->err.message, "there is no user 'ghost'");
	assert_null(look("{path: /srv/f, group: ghosts}"));
	assert_string_equal(bench->err.message, "there is no group 'ghosts'");
}

static void a_link_is_made_and_goes(void **state)
{
	(void)state;
	there_and_back("{path: /srv/l, src: ../etc/x, state: link}",
		"link /srv/l.beoplay-link ../etc/x\nrename /srv/l.beoplay-link /srv/l\n");
	assert_int_equal(apply("{path: /srv/l, src: ../etc/x, state: link, owner: mpi, group: mpi}"),
		0);
	assert_string_equal(at("/srv/l")->info.target, "../etc/x");
	assert_int_equal(at("/srv/l")->info.uid, 1001);
}

static void a_link_gets_another_target_and_the_old_one_back(void **state)
{
	(void)state;
	bench_link(bench, "/srv/l", "old");
	at("/srv/l")->info.uid = at("/srv/l")->info.gid = 1001;
	assert_string_equal(bench_change(bench, look("{path: /srv/l, src: new, state: link}"), 0),
		"/srv/l target: old -> new");
	there_and_back("{path: /srv/l, src: new, state: link}",
		"link /srv/l.beoplay-link new\nrename /srv/l.beoplay-link /srv/l\n");
}

static void what_an_interrupted_run_left_beside_a_link_is_replaced(void **state)
{
	(void)state;
	bench_link(bench, "/srv/l.beoplay-link", "half");
	assert_int_equal(apply("{path: /srv/l, src: new, state: link}"), 0);
	assert_string_equal(at("/srv/l")->info.target, "new");
	assert_null(at("/srv/l.beoplay-link"));
}

static void a_link_takes_the_place_of_a_file_only_when_told(void **state)
{
	(void)state;
	bench_file(bench, "/srv/l", 0640, "precious\n");
	at("/srv/l")->info.uid = 1001;
	assert_int_equal(apply("{path: /srv/l, src: new, state: link}"), -1);
	assert_string_equal(bench->err.message, "'/srv/l' is a file, not a link");
	assert_non_null(strstr(bench->err.remedy, "force: yes"));
	assert_string_equal(bench->log.data, "");
	there_and_back("{path: /srv/l, src: new, state: link, force: yes}", "remove /srv/l\n"
		"link /srv/l.beoplay-link new\nrename /srv/l.beoplay-link /srv/l\n");
}

static void a_directory_never_gives_way_to_a_link(void **state)
{
	(void)state;
	assert_int_equal(apply("{path: /srv, src: new, state: link, force: yes}"), -1);
	assert_string_equal(bench->err.message, "'/srv' is a directory, not a link");
	assert_string_equal(bench->log.data, "");
}

static void a_file_must_be_there_already(void **state)
{
	(void)state;
	assert_int_equal(apply("{path: /srv/none, mode: '0644'}"), -1);
	assert_string_equal(bench->err.message, "there is no file '/srv/none'");
	assert_non_null(strstr(bench->err.remedy, "copy"));
	assert_int_equal(apply("{path: /srv, state: file, mode: '0644'}"), -1);
	assert_string_equal(bench->err.message, "'/srv' is not a regular file");
	bench_link(bench, "/srv/l", "f");
	assert_int_equal(apply("{path: /srv/l, owner: mpi}"), -1);
	assert_string_equal(bench->log.data, "");
}

static void without_a_state_what_is_there_stays_that(void **state)
{
	(void)state;
	bench_directory(bench, "/srv/d", 0755);
	assert_int_equal(apply("{path: /srv/d, mode: 'u=rwx,go='}"), 0);
	assert_int_equal(at("/srv/d")->info.mode, 0700);
	assert_int_equal(at("/srv/d")->info.kind, FILE_DIRECTORY);
	assert_int_equal(bench_undo(bench), 0);
	assert_int_equal(at("/srv/d")->info.mode, 0755);
	bench_file(bench, "/srv/f", 0644, "x");
	assert_int_equal(apply("{path: /srv/f, mode: '0600'}"), 0);
	assert_int_equal(at("/srv/f")->info.mode, 0600);
}

static void all_below_gets_owner_and_mode(void **state)
{
	const char *was, *yaml = "{path: /srv/d, state: directory, recurse: yes, owner: mpi, mode: 'u=rwX,g=rX,o='}";

	(void)state;
	bench_directory(bench, "/srv/d", 0755);
	bench_directory(bench, "/srv/d/sub", 0711);
	bench_file(bench, "/srv/d/sub/program", 0755, "x");
	bench_file(bench, "/srv/d/data", 0644, "x");
	bench_file(bench, "/srv/d/pipe", 0600, "");
	at("/srv/d/pipe")->info.kind = FILE_OTHER;
	bench_link(bench, "/srv/d/link", "/etc/passwd");
	bench_directory(bench, "/srv/d/mounted", 0755);
	bench_file(bench, "/srv/d/mounted/others", 0644, "x");
	bench_file(bench, "/proc/self/mountinfo", 0444, "36 35 0:40 / /srv/d/mounted rw - tmpfs none rw\n");
	was = bench_snapshot(bench);
	assert_int_equal(apply(yaml), 0);
	assert_int_equal(at("/srv/d/sub")->info.mode, 0750);
	assert_int_equal(at("/srv/d/sub/program")->info.mode, 0750);
	assert_int_equal(at("/srv/d/data")->info.mode, 0640);
	assert_int_equal(at("/srv/d/data")->info.uid, at("/srv/d")->info.uid);
	assert_int_not_equal(at("/srv/d/data")->info.uid, 0);
	assert_int_equal(at("/srv/d/link")->info.uid, at("/srv/d")->info.uid);
	assert_int_equal(at("/srv/d/pipe")->info.uid, 0);
	assert_int_equal(at("/srv/d/mounted")->info.mode, 0755);
	assert_int_equal(at("/srv/d/mounted/others")->info.mode, 0644);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), was);
	assert_int_equal(apply(yaml), 0);
	assert_int_equal(apply(yaml), 0);
	assert_string_equal(bench->log.data, "");
}

static void nothing_of_the_system_is_changed_as_a_whole(void **state)
{
	(void)state;
	assert_null(bench_normalise(bench, &module_file, "{path: /etc, recurse: yes, mode: '0644'}"));
	assert_ptr_equal(bench->err.code, TASK_PROTECTED);
	assert_null(bench_normalise(bench, &module_file, "{path: /, state: directory, recurse: yes, owner: mpi}"));
	assert_null(bench_normalise(bench, &module_file, "{path: /srv/f, state: file, recurse: yes, owner: mpi}"));
	assert_ptr_equal(bench->err.code, TASK_CONFLICTING_PARAMETERS);
	assert_non_null(bench_normalise(bench, &module_file, "{path: /srv, recurse: yes, owner: mpi}"));
	assert_non_null(bench_normalise(bench, &module_file, "{path: /etc, recurse: no, mode: '0755'}"));
	bench_link(bench, "/srv/link", "/usr");
	bench_directory(bench, "/srv/link/lib", 0755);
	assert_int_equal(apply("{path: /srv/link/lib, recurse: yes, mode: '0777'}"), -1);
	assert_string_equal(bench->err.message, "'recurse' would change all of '/usr/lib', which belongs to the "
		"system");
}

static void a_file_never_becomes_a_directory_by_itself(void **state)
{
	(void)state;
	bench_file(bench, "/srv/f", 0644, "x");
	assert_int_equal(apply("{path: /srv/f, state: directory}"), -1);
	assert_string_equal(bench->err.message, "'/srv/f' is a file, not a directory");
	assert_non_null(strstr(bench->err.remedy, "state: absent"));
	bench_link(bench, "/srv/l", "f");
	assert_int_equal(apply("{path: /srv/l, state: directory}"), -1);
	assert_string_equal(bench->err.message, "'/srv/l' is a link, not a directory");
	assert_string_equal(bench->log.data, "");
}

static void a_special_file_goes_for_good(void **state)
{
	(void)state;
	bench_file(bench, "/srv/pipe", 0600, "");
	at("/srv/pipe")->info.kind = FILE_OTHER;
	assert_int_equal(apply("{path: /srv/pipe, state: absent}"), 0);
	assert_null(at("/srv/pipe"));
	assert_null(bench->inverses->entries[0].params);
	assert_string_equal(bench->inverses->entries[0].reason, "a special file was there");
}

static void the_path_is_the_resource(void **state)
{
	struct names *names = names_new(bench->arena);

	(void)state;
	module_file.resources(names, bench_load(bench, &module_file, "{dest: /srv/f}"));
	assert_int_equal(names->count, 1);
	assert_string_equal(names->items[0], "file:/srv/f");
}

static void assert_refused(const char *yaml, const char *why)
{
	assert_null(bench_normalise(bench, &module_file, yaml));
	if (!strstr(bench->err.message, why))
		fail_msg("%s: %s", yaml, bench->err.message);
}

static void wrong_parameters_are_refused(void **state)
{
	(void)state;
	assert_refused("{state: directory}", "needs the parameter 'path'");
	assert_refused("{path: srv, state: directory}", "absolute path");
	assert_refused("{path: /srv, state: folder}", "can't be 'folder'");
	assert_refused("{path: /srv, mode: 644}", "decimal");
	assert_refused("{path: /srv, modus: '0644'}", "no parameter 'modus'");
	assert_refused("{path: /srv/x, state: hard, src: y}", "can't be 'hard'");
	assert_refused("{path: /srv/x, state: link}", "a link needs 'src'");
	assert_non_null(strstr(bench->err.remedy, "points at"));
	assert_refused("{path: /srv/x, src: y}", "'src' is for links only");
	assert_refused("{path: /srv/x, src: y, state: absent}", "'src' is for links only");
	assert_refused("{path: /, state: absent}", "belongs to the system");
	assert_refused("{path: //../., state: absent}", "'..'");
}

static void a_file_is_touched_each_time_unless_its_time_is_kept(void **state)
{
	(void)state;
	there_and_back("{path: /srv/new, state: touch, mode: '0600'}", "write /srv/new 0600\n");
	bench_file(bench, "/srv/old", 0644, "text");
	at("/srv/old")->info.mtime = 5;
	assert_int_equal(apply("{path: /srv/old, state: touch}"), 0);
	assert_string_equal(bench->log.data, "time /srv/old\n");
	assert_true(at("/srv/old")->info.mtime > 5);
	assert_string_equal(bench_text(bench, "/srv/old"), "text");
	assert_int_equal(bench_undo(bench), 0);
	assert_int_equal(at("/srv/old")->info.mtime, 5);
	assert_int_equal(apply("{path: /srv/old, state: touch, modification_time: preserve,"
		" access_time: preserve}"), 0);
	assert_string_equal(bench->log.data, "");
	bench_link(bench, "/srv/link", "old");
	assert_int_equal(apply("{path: /srv/link, state: touch}"), -1);
}

static void a_new_directory_inherits_the_group_unless_a_mode_is_said(void **state)
{
	(void)state;
	bench_directory(bench, "/srv/team", 02775);
	assert_int_equal(apply("{path: /srv/team/a/b, state: directory}"), 0);
	assert_int_equal(at("/srv/team/a")->info.mode, 02755);
	assert_int_equal(at("/srv/team/a/b")->info.mode, 02755);
	assert_int_equal(apply("{path: /srv/team/a/b, state: directory}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{path: /srv/team/c, state: directory, mode: '0750'}"), 0);
	assert_int_equal(at("/srv/team/c")->info.mode, 0750);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_touched_each_time_unless_its_time_is_kept),
		TEST(a_new_directory_inherits_the_group_unless_a_mode_is_said),
		TEST(a_directory_is_made_with_mode_and_owner),
		TEST(the_directories_above_are_made_too),
		TEST(what_is_right_is_left_alone),
		TEST(looking_changes_nothing),
		TEST(a_mode_is_changed_and_comes_back),
		TEST(an_owner_without_an_account_is_an_id),
		TEST(an_owner_and_a_group_are_changed_and_come_back),
		TEST(owner_and_mode_come_back_together),
		TEST(a_user_who_is_not_there_is_an_error),
		TEST(a_link_is_made_and_goes),
		TEST(a_link_gets_another_target_and_the_old_one_back),
		TEST(what_an_interrupted_run_left_beside_a_link_is_replaced),
		TEST(a_link_takes_the_place_of_a_file_only_when_told),
		TEST(a_directory_never_gives_way_to_a_link),
		TEST(a_file_must_be_there_already),
		TEST(without_a_state_what_is_there_stays_that),
		TEST(all_below_gets_owner_and_mode),
		TEST(nothing_of_the_system_is_changed_as_a_whole),
		TEST(a_file_never_becomes_a_directory_by_itself),
		TEST(a_special_file_goes_for_good),
		TEST(the_path_is_the_resource),
		TEST(wrong_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
