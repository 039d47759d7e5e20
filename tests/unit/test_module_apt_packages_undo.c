/* apt-packages: what is removed, and the way back. */
#include "apt_packages_bench.h"

static void base_again(struct bench *of, const struct command *command)
{
	(void)command;
	set_status("");
	bench_remove(of, "/var/lib/apt/extended_states");
}

static void a_removal_shows_what_goes_along(void **state)
{
	struct plan *plan;

	(void)state;
	rsync_comes(bench, NULL);
	bench_command(bench, "apt-get -s", 0, "Remv rsync [3.2.7]\nRemv libpopt0 [1.19]\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = base_again;
	plan = look("{name: libpopt0, state: absent}");
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench_change(bench, plan, 0), "libpopt0 state: present -> absent");
	assert_string_equal(bench_change(bench, plan, 1), "rsync state: present -> absent");
	assert_int_equal(apply("{name: libpopt0, state: absent}"), 0);
	assert_non_null(strstr(bench->log.data, "remove -- libpopt0 (detached)"));
	assert_int_equal(value_get(bench->results, "removed")->count, 2);
	/* The way back installs both. */
	assert_int_equal(value_get(bench->inverses->entries[0].params, "name")->count, 2);
}

static void purge_also_takes_the_configuration(void **state)
{
	(void)state;
	set_status("Package: tree\nStatus: deinstall ok config-files\nVersion: 2\n"
		"Architecture: amd64\n\n");
	bench_command(bench, "apt-get -s", 0, "Purg tree [2]\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = base_again;
	assert_int_equal(look("{name: tree, state: absent}")->change_count, 0);
	assert_int_equal(apply("{name: tree, state: absent, purge: yes}"), 0);
	assert_non_null(strstr(bench->log.data, "purge -- tree (detached)"));
}

static void tree_again(struct bench *of, const struct command *command)
{
	(void)command;
	set_status("Package: tree\nStatus: install ok installed\nVersion: 2\nArchitecture: amd64\n\n");
	bench_file(of, "/etc/tree.conf", 0644, "as it came\n");
}

static void tree_goes(struct bench *of, const struct command *command)
{
	base_again(of, command);
	bench_remove(of, "/etc/tree.conf");
}

static void an_edited_configuration_that_was_purged_comes_back(void **state)
{
	(void)state;
	tree_again(bench, NULL);
	bench_file(bench, "/etc/tree.conf", 0640, "edited\n");
	bench_body(bench, "edited\n");
	bench_command(bench, "dpkg-query --show", 0, " /etc/tree.conf abc\n /etc/gone abc obsolete\n");
	bench_command(bench, "apt-get -s", 0, "Purg tree [2]\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = tree_goes;
	assert_int_equal(apply("{name: tree, state: absent, purge: yes}"), 0);
	assert_int_equal(bench->inverses->count, 2);
	bench_command(bench, "apt-get -s", 0, "Inst tree (2 x [amd64])\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = tree_again;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, "/etc/tree.conf"), "edited\n");
	assert_int_equal(bench_find(bench, "/etc/tree.conf")->info.mode, 0640);
}

static void what_the_machine_cannot_be_without_is_never_removed(void **state)
{
	(void)state;
	bench_command(bench, "apt-get -s", 0, "Remv sudo [1.9]\n");
	assert_true(look("{name: sudo, state: absent}")->refused);
	assert_true(look("{name: bash, state: absent}")->refused);
	assert_true(look("{name: exim4, state: absent}")->refused);   /* sudo would go along */
	set_status("Package: linux-image-6.1.0-9-amd64\nStatus: install ok installed\nVersion: 1\n"
		"Architecture: amd64\n\n");
	bench_command(bench, "apt-get -s", 0, "Remv linux-image-6.1.0-9-amd64 [1]\n");
	assert_true(look("{name: linux-image-6.1.0-9-amd64, state: absent}")->refused);
}

/* --- The way back */

static void undo_purges_exactly_what_came(void **state)
{
	(void)state;
	expect_rsync();
	assert_int_equal(apply("{name: [rsync, bash]}"), 0);
	assert_int_equal(bench->inverses->count, 2);
	bench_command(bench, "dpkg --verify", 0, "");
	bench_command(bench, "apt-get -s", 0, "Purg rsync [3.2.7]\nPurg libpopt0 [1.19]\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = base_again;
	/* bash was there before: its way back is that it stays; so rsync is undone last. */
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(strstr(bench->log.data, "purge -- libpopt0:amd64 rsync:amd64 (detached)"));
	assert_int_equal(bench->records->count, 0);
	assert_false(bench_find(bench, "/var/lib/apt/extended_states") != NULL);
}

static void marked(struct bench *of, const struct command *command)
{
	(void)command;
	bench_file(of, "/var/lib/apt/extended_states", 0644, popt_automatic);
}

static void rsync_comes_as_wanted(struct bench *of, const struct command *command)
{
	rsync_comes(of, command);
	bench_remove(of, "/var/lib/apt/extended_states");
}

/* The undo of an undo. */
static void what_came_along_comes_back_along(void **state)
{
	(void)state;
	expect_rsync();
	assert_int_equal(apply("{name: rsync}"), 0);
	bench_command(bench, "dpkg --verify", 0, "");
	bench_command(bench, "apt-get -s", 0, "Purg rsync [3.2.7]\nPurg libpopt0 [1.19]\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = base_again;
	assert_int_equal(bench_undo(bench), 0);
	bench_command(bench, "apt-get -s", 0, simulated);
	bench_command(bench, "apt-get -y", 0, "")->effect = rsync_comes_as_wanted;
	bench_command(bench, "apt-mark -q auto -- libpopt0", 0, "")->effect = marked;
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(strstr(bench->log.data, "install -- rsync libpopt0 (detached)\n"
		"run apt-mark -q auto -- libpopt0"));
	bench_command(bench, "apt-get -s", 0, "Purg rsync [3.2.7]\nPurg libpopt0 [1.19]\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = base_again;
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(strstr(bench->log.data, "purge -- libpopt0:amd64 rsync:amd64 (detached)\n"));
	assert_int_equal(bench->records->count, 0);
}

static void a_directory_with_nothing_but_locks_goes_along(void **state)
{
	(void)state;
	expect_rsync();
	for (int data = 0; data < 2; data++) {
		assert_int_equal(apply("{name: rsync}"), 0);
		bench_file(bench, "/var/lib/dpkg/info/rsync.list", 0644, "/.\n/usr/bin/rsync\n"
			"/var/lib/rsync\n/var/lib/rsync/spool\n/var/lib/rsync/gone\n");
		bench_directory(bench, "/var/lib/rsync", 0755);
		bench_directory(bench, "/var/lib/rsync/spool", 0755);
		bench_file(bench, "/var/lib/rsync/spool/lock", 0600, "");
		bench_file(bench, "/var/lib/rsync/lock", 0600, data ? "data" : "");
		bench_command(bench, "dpkg --verify", 0, "");
		bench_command(bench, "dpkg-query --search", 1, "");
		bench_command(bench, "apt-get -s", 0, "Purg rsync [3.2.7]\nPurg libpopt0 [1.19]\n");
		bench_command(bench, "apt-get -y", 0, "")->effect = base_again;
		assert_int_equal(bench_undo(bench), 0);
		assert_null(bench_find(bench, "/var/lib/rsync/spool"));
		assert_true(!bench_find(bench, "/var/lib/rsync") == !data);
		expect_rsync();
	}
	assert_string_equal(bench_text(bench, "/var/lib/rsync/lock"), "data");
}

static void undo_keeps_an_edited_configuration_and_says_so(void **state)
{
	struct plan *plan;
	void *back;

	(void)state;
	expect_rsync();
	assert_int_equal(apply("{name: rsync}"), 0);
	back = bench_load_value(bench, &module_apt_packages, bench->inverses->entries[0].params);
	bench_command(bench, "dpkg --verify -- rsync:amd64", 0, "??5?????? c /etc/rsyncd.conf\n");
	bench_command(bench, "dpkg --verify -- libpopt0:amd64", 0, "");
	bench_command(bench, "apt-get -s", 0, "Remv rsync [3.2.7]\nRemv libpopt0 [1.19]\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = NULL;
	plan = bench_look(bench, &module_apt_packages, back);
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(plan->notes->items[0]->text, "the configuration of rsync stays");
	bench_apply(bench, &module_apt_packages, back);
	assert_non_null(strstr(bench->log.data, "remove -- rsync:amd64 (detached)\n"));
	assert_non_null(strstr(bench->log.data, "purge -- libpopt0:amd64 (detached)\n"));
}

/* How the package rsync goes when its configuration is this by then. */
static const char *way_of_rsync(const char *path, const char *text)
{
	void *back;

	expect_rsync();
	bench_file(bench, "/var/lib/dpkg/info/rsync.postrm", 0755, "#!/bin/sh\n"
		"for FILE in \"/etc/rsync.conf\" /etc/default/rsync;do rm -f $FILE; done\n"
		"rm -f '/etc/rsync/local'$ext\n");
	bench_file(bench, "/etc/rsync.conf", 0644, "as it came\n");
	bench_file(bench, "/etc/default/rsync", 0644, "as it came, too\n");
	assert_int_equal(apply("{name: rsync}"), 0);
	back = bench_load_value(bench, &module_apt_packages, bench->inverses->entries[0].params);
	bench_file(bench, path, 0644, text);
	bench_command(bench, "dpkg --verify", 0, "");
	bench_command(bench, "apt-get -s", 0, "Remv rsync [3.2.7]\nRemv libpopt0 [1.19]\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = NULL;
	bench_apply(bench, &module_apt_packages, back);
	return strstr(bench->log.data, "remove -- rsync:amd64") ? "removed"
		: strstr(bench->log.data, "purge -- libpopt0:amd64 rsync:amd64") ? "purged" : "";
}

static void undo_keeps_configuration_that_dpkg_does_not_know_where_it_was_edited(void **state)
{
	(void)state;
	assert_string_equal(way_of_rsync("/etc/rsync.conf", "as it came\n# mine\n"), "removed");
}

static void undo_keeps_a_file_that_somebody_put_where_the_purge_would_take_it(void **state)
{
	(void)state;
	assert_string_equal(way_of_rsync("/etc/rsync/local", "mine\n"), "removed");
}

static void undo_purges_configuration_that_is_as_it_came(void **state)
{
	(void)state;
	assert_string_equal(way_of_rsync("/etc/other", "mine\n"), "purged");
}

static void undo_asks_ucf_what_it_put_there(void **state)
{
	(void)state;
	bench_file(bench, "/var/lib/ucf/hashfile", 0644, "00ff  /etc/rsync.conf2\n"
		"a6cc3528c3aa4f604d13aa1e2804a4b0  /etc/rsync.conf\n");
	bench_command(bench, "md5sum -- /etc/rsync.conf", 0,
		"d41d8cd98f00b204e9800998ecf8427e  /etc/rsync.conf\n");
	assert_string_equal(way_of_rsync("/etc/other", ""), "removed");
	bench_file(bench, "/var/lib/ucf/registry", 0644, "rsync2 \t /etc/no\nrsync \t /etc/ours\n");
	bench_command(bench, "md5sum -- /etc/rsync.conf", 0,
		"a6cc3528c3aa4f604d13aa1e2804a4b0  /etc/rsync.conf\n");
	set_status("");
	bench_file(bench, "/etc/ours", 0644, "as it came\n");
	assert_string_equal(way_of_rsync("/etc/ours", "edited\n"), "removed");
}

static void undo_keeps_what_another_package_needs_by_now(void **state)
{
	struct plan *plan;
	void *back;

	(void)state;
	expect_rsync();
	assert_int_equal(apply("{name: rsync}"), 0);
	back = bench_load_value(bench, &module_apt_packages, bench->inverses->entries[0].params);
	set_status(arena_printf(bench->arena, "%s%sPackage: backup\nStatus: install ok installed\n"
		"Version: 1\nArchitecture: all\nDepends: rsync\n\n", rsync_stanza, popt_stanza));
	plan = bench_look(bench, &module_apt_packages, back);
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0),
		"rsync installed: manually -> automatically");
	assert_string_equal(plan->notes->items[0]->text,
		"rsync stays: another package needs it by now");
}

static void undo_refuses_when_apt_would_take_more(void **state)
{
	struct plan *plan;
	void *back;

	(void)state;
	expect_rsync();
	assert_int_equal(apply("{name: rsync}"), 0);
	back = bench_load_value(bench, &module_apt_packages, bench->inverses->entries[0].params);
	bench_command(bench, "dpkg --verify", 0, "");
	bench_command(bench, "apt-get -s", 0, "Purg rsync [3.2.7]\nPurg libpopt0 [1]\n"
		"Remv exim4 [4.96]\n");
	plan = bench_look(bench, &module_apt_packages, back);
	assert_true(plan->refused);
	assert_non_null(strstr(plan->refusal, "exim4"));
}

static void what_a_person_has_asked_for_since_is_not_taken(void **state)
{
	struct plan *plan;
	void *back;

	(void)state;
	expect_rsync();
	assert_int_equal(apply("{name: rsync}"), 0);
	back = bench_load_value(bench, &module_apt_packages, bench->inverses->entries[0].params);
	bench_command(bench, "dpkg --verify", 0, "");
	bench_command(bench, "apt-get -s", 0, "");
	/* A person has asked for it meanwhile: it is not ours to take. */
	bench_file(bench, "/var/lib/apt/extended_states", 0644, "");
	plan = bench_look(bench, &module_apt_packages, back);
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "rsync state: 3.2.7 -> absent");
}

static void rsync_comes_with_accounts(struct bench *of, const struct command *command)
{
	rsync_comes(of, command);
	bench_file(of, "/etc/passwd", 0644, "root:x:0:0::/root:/bin/sh\nstatd:x:104:65534::/:/n\n");
	bench_file(of, "/etc/group", 0644, "root:x:0:\nrdma:x:105:\n");
}

static void accounts_that_came_go_if_they_own_nothing(void **state)
{
	(void)state;
	bench_command(bench, "apt-get -s", 0, simulated);
	bench_command(bench, "apt-get -y", 0, "")->effect = rsync_comes_with_accounts;
	assert_int_equal(apply("{name: rsync}"), 0);
	bench_command(bench, "dpkg --verify", 0, "");
	bench_command(bench, "apt-get -s", 0, "Purg rsync [3.2.7]\nPurg libpopt0 [1.19]\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = base_again;
	bench_command(bench, "find / ", 0, "");
	bench_command(bench, "find / ( -fstype proc -o -fstype sysfs -o -fstype nfs -o -fstype nfs4 "
		"-o -fstype cifs ) -prune -o -group rdma", 0, "/srv/data\n");
	bench_command(bench, "userdel -- statd", 0, "");
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(strstr(bench->log.data, "run userdel -- statd\n"));
	assert_null(strstr(bench->log.data, "groupdel"));
	assert_null(strstr(bench->log.data, "root"));
	assert_int_equal(bench->records->count, 0);
}

static void connection_is_lost(struct bench *of, const struct command *command)
{
	rsync_comes(of, command);
	bench_remove(of, STATUS);
}

static void what_came_is_known_although_nobody_saw_the_end(void **state)
{
	struct value *came;

	(void)state;
	bench_command(bench, "apt-get -s", 0, simulated);
	bench_command(bench, "apt-get -y", 0, "")->effect = connection_is_lost;
	assert_int_equal(apply("{name: rsync}"), -1);
	assert_non_null(value_get(value_get(bench->records, "apt-packages:came"), "began"));
	rsync_comes(bench, NULL);
	bench_command(bench, "dpkg --verify", 0, "");
	bench_command(bench, "apt-get -s", 0, "Purg rsync [3.2.7]\nPurg libpopt0 [1.19]\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = base_again;
	came = bench->inverses->entries[0].params;
	assert_int_equal(bench_apply(bench, &module_apt_packages,
		bench_load_value(bench, &module_apt_packages, came)), 0);
	assert_non_null(strstr(bench->log.data, "purge -- libpopt0:amd64 rsync:amd64"));
}

static void what_is_for_all_machines_came_along_too(void **state)
{
	struct dpkg_status status;
	const char *text = "Package: m4\nStatus: install ok installed\nArchitecture: all\n\n";
	const char *automatic = "Package: m4\nArchitecture: amd64\nAuto-Installed: 1\n\n";

	(void)state;
	assert_int_equal(parse(text, &status), 0);
	assert_int_equal(dpkg_status_parse_automatic(&status, arena_string(bench->arena, automatic),
		strlen(automatic), &bench->err), 0);
	assert_true(dpkg_find(&status, "m4")->automatic);
}

static void undo_keep_leaves_all_there(void **state)
{
	(void)state;
	expect_rsync();
	assert_int_equal(apply("{name: rsync, undo: keep}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_removal_shows_what_goes_along),
		TEST(purge_also_takes_the_configuration),
		TEST(an_edited_configuration_that_was_purged_comes_back),
		TEST(what_came_along_comes_back_along),
		TEST(what_the_machine_cannot_be_without_is_never_removed),
		TEST(undo_purges_exactly_what_came),
		TEST(a_directory_with_nothing_but_locks_goes_along),
		TEST(undo_keeps_an_edited_configuration_and_says_so),
		TEST(undo_keeps_configuration_that_dpkg_does_not_know_where_it_was_edited),
		TEST(undo_keeps_a_file_that_somebody_put_where_the_purge_would_take_it),
		TEST(undo_purges_configuration_that_is_as_it_came),
		TEST(undo_asks_ucf_what_it_put_there),
		TEST(undo_keeps_what_another_package_needs_by_now),
		TEST(undo_refuses_when_apt_would_take_more),
		TEST(what_a_person_has_asked_for_since_is_not_taken),
		TEST(accounts_that_came_go_if_they_own_nothing),
		TEST(what_came_is_known_although_nobody_saw_the_end),
		TEST(what_is_for_all_machines_came_along_too),
		TEST(undo_keep_leaves_all_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
