/* apt-packages: what is read of dpkg's records, what is planned, one transaction. */
#include "apt_packages_bench.h"

static void a_status_file_is_read_as_dpkg_means_it(void **state)
{
	struct dpkg_status status;

	(void)state;
	assert_int_equal(parse(
		"Package: b\nStatus: hold ok installed\nVersion: 2\nArchitecture: amd64\n\n"
		"Package: a\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: amd64\n\n"
		"Package: b\nStatus: install ok half-configured\nVersion: 2\nArchitecture: i386\n\n"
		"Package: c\nStatus: unknown ok not-installed\nArchitecture: all\n", &status), 0);
	assert_int_equal(status.count, 4);
	assert_true(status.interrupted);
	assert_int_equal(dpkg_find(&status, "a")->state, DPKG_CONFIG_FILES);
	assert_int_equal(dpkg_find(&status, "b")->state, DPKG_INSTALLED);
	assert_true(dpkg_find(&status, "b")->held);
	assert_int_equal(dpkg_find(&status, "b:i386")->state, DPKG_BROKEN);
	assert_null(dpkg_find(&status, "b:arm64"));
	assert_int_equal(dpkg_find(&status, "c")->state, DPKG_ABSENT);
	assert_false(dpkg_is_installed(&status, "bb"));
	assert_null(dpkg_find(&status, ""));
}

static void a_malformed_status_file_is_refused(void **state)
{
	struct dpkg_status status;

	(void)state;
	assert_int_equal(parse("Package: a\nnonsense\n\n", &status), -1);
	assert_non_null(strstr(bench->err.message, "line 2"));
	assert_int_equal(parse("Status: install ok installed\n\n", &status), -1);
	assert_int_equal(parse("Package: a\nStatus: installed\n\n", &status), -1);
	assert_int_equal(parse("Package: a\nStatus: install ok installed", &status), -1);
	assert_int_equal(parse("", &status), 0);
	assert_int_equal(status.count, 0);
	bench_file(bench, STATUS, 0644, "Package: a\nnonsense\n");
	assert_null(look("{name: a}"));
	assert_non_null(strstr(bench->err.message, "cannot understand"));
}

static void what_others_need_is_kept(void **state)
{
	struct dpkg_status status;
	bool candidates[5] = { false, true, true, true, true };

	(void)state;
	/* a depends on b or c; b on d; e is needed by nobody. */
	assert_int_equal(parse(
		"Package: a\nStatus: install ok installed\nDepends: x | b (>= 1), v [amd64]\n\n"
		"Package: b\nStatus: install ok installed\nPre-Depends: d:any\n\n"
		"Package: c\nStatus: install ok installed\nProvides: v (= 1)\n\n"
		"Package: d\nStatus: install ok installed\n\n"
		"Package: e\nStatus: install ok installed\n\n", &status), 0);
	dpkg_keep_needed(&status, candidates, NULL);
	assert_false(candidates[1]);
	assert_false(candidates[2]);
	assert_false(candidates[3]);
	assert_true(candidates[4]);
}

/* --- Already right */

static void what_is_there_is_seen_without_apt(void **state)
{
	(void)state;
	assert_int_equal(look("{name: [bash, sudo=1.9, mail-transport-agent, 'smtp']}")->change_count,
		0);
	assert_int_equal(look("{name: 'bash,sudo', update_cache: yes}")->change_count, 0);
	assert_int_equal(look("{name: rsync, state: absent}")->change_count, 0);
	assert_int_equal(look("{name: rsync, only_upgrade: yes}")->change_count, 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: bash}"), 0);
	assert_int_equal(value_get(bench->results, "installed")->count, 0);
	assert_false(value_get_bool(bench->results, "reboot_required"));
	bench_file(bench, "/run/reboot-required", 0644, "");
	assert_int_equal(apply("{name: bash}"), 0);
	assert_true(value_get_bool(bench->results, "reboot_required"));
}

static void an_absent_package_is_installed_with_what_comes_along(void **state)
{
	struct plan *plan;

	(void)state;
	expect_rsync();
	plan = look("{name: [rsync, bash]}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "rsync state: absent -> present (3.2.7)");
	assert_string_equal(plan->notes->items[0]->text, "1 more package comes with that: libpopt0");
	assert_string_equal(plan->writes->items[0]->text, "path:*");
	assert_int_equal(apply("{name: [rsync, bash]}"), 0);
	assert_string_equal(bench->log.data, "run apt-get -y -q -o Dpkg::Options::=--force-confold "
		"-o Dpkg::Use-Pty=0 -o APT::Get::AutomaticRemove=false -o DPkg::Lock::Timeout=0 "
		"--no-install-recommends install -- rsync (detached)\n");
	assert_int_equal(value_get(bench->results, "installed")->count, 2);
	assert_string_equal(value_get(bench->results, "installed")->items[1]->text, "rsync=3.2.7");
}

static void options_reach_apt(void **state)
{
	(void)state;
	expect_rsync();
	assert_int_equal(apply("{name: rsync, install_recommends: yes, default_release: backports, "
		"allow_downgrade: yes, lock_timeout: 5m}"), 0);
	assert_non_null(strstr(bench->log.data, "-o DPkg::Lock::Timeout=0 --install-recommends "
		"-t backports --allow-downgrades install -- rsync"));
}

static void another_version_is_a_change(void **state)
{
	struct plan *plan;

	(void)state;
	bench_command(bench, "apt-get -s", 0, "Inst sudo [1.9] (1.10 Debian [amd64])\n");
	plan = look("{name: sudo=1.10}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "sudo version: 1.9 -> 1.10");
	assert_int_equal(look("{name: 'sudo=1.*'}")->change_count, 0);
}

static void latest_asks_apt_whether_there_is_a_newer_one(void **state)
{
	struct plan *plan;

	(void)state;
	bench_command(bench, "apt-get -s", 0, "0 upgraded\n");
	assert_int_equal(look("{name: sudo, state: latest}")->change_count, 0);
	bench_command(bench, "apt-get -s", 0, "Inst sudo [1.9] (1.10 Debian [amd64])\n");
	plan = look("{name: sudo, state: latest}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "sudo version: 1.9 -> 1.10");
}

static void an_unknown_package_is_refused_with_the_remedy(void **state)
{
	struct plan *plan;

	(void)state;
	bench_command(bench, "apt-get -s", 100, "")->errors =
		"E: Unable to locate package nosuch\n";
	plan = look("{name: nosuch}");
	assert_true(plan->refused);
	assert_string_equal(plan->refusal, "Unable to locate package nosuch");
	assert_non_null(strstr(plan->remedy, "update_cache: yes"));
	/* With fresh lists it may well be there. */
	plan = look("{name: nosuch, update_cache: yes}");
	assert_false(plan->refused);
	assert_string_equal(bench_change(bench, plan, 0), "package lists state: old -> fresh");
	assert_string_equal(bench_change(bench, plan, 1), "nosuch state: absent -> present");
}

static void the_lists_are_refreshed_when_they_are_old(void **state)
{
	int64_t now = (int64_t)time(NULL) * 1000000000;
	int64_t hour = INT64_C(3600) * 1000000000;
	struct bench_file *lists = bench_find(bench, "/var/lib/apt/lists");

	(void)state;
	bench_command(bench, "apt-get -y", 0, "");
	lists->info.mtime = now - 3 * hour;
	assert_int_equal(look("{name: bash, cache_valid_time: 2h}")->change_count, 1);
	assert_int_equal(look("{name: bash, cache_valid_time: 4h}")->change_count, 0);
	assert_int_equal(look("{update_cache: yes}")->change_count, 1);
	assert_int_equal(apply("{update_cache: yes}"), 0);
	assert_non_null(strstr(bench->log.data, "update (detached)\ntime /var/lib/apt/lists\n"));
	/* Asked for alone, they are refreshed each time. */
	assert_int_equal(apply("{update_cache: yes}"), 0);
	assert_non_null(strstr(bench->log.data, "update (detached)\ntime /var/lib/apt/lists\n"));
	assert_int_equal(look("{update_cache: yes, cache_valid_time: 1h}")->change_count, 0);
	assert_int_equal(look("{name: bash, update_cache: yes}")->change_count, 0);
	assert_int_equal(look("{update_cache: no, cache_valid_time: 0, name: bash}")->change_count, 0);
}

static void lists_older_than_a_source_are_old(void **state)
{
	int64_t now = (int64_t)time(NULL) * 1000000000;

	(void)state;
	bench_find(bench, "/var/lib/apt/lists")->info.mtime = now;
	bench_directory(bench, "/etc/apt/sources.list.d", 0755);
	bench_file(bench, "/etc/apt/sources.list.d/new.list", 0644, "deb file:/srv/apt2 ./\n");
	assert_int_equal(look("{name: bash, update_cache: yes}")->change_count, 0);
	bench_find(bench, "/etc/apt/sources.list.d/new.list")->info.mtime = now + 1;
	assert_int_equal(look("{name: bash, update_cache: yes}")->change_count, 1);
	assert_int_equal(look("{name: bash, cache_valid_time: 1d}")->change_count, 1);
	assert_int_equal(look("{name: bash}")->change_count, 0);
}

static void lists_that_could_not_be_fetched_are_not_fresh(void **state)
{
	struct bench_command *command = bench_command(bench, "apt-get -y", 0, "");

	(void)state;
	command->errors = "W: Failed to fetch http://gone/Packages  Could not connect\n"
		"W: Some index files failed to download.\n";
	assert_int_equal(apply("{update_cache: yes}"), -1);
	assert_non_null(strstr(bench->err.message, "Failed to fetch http://gone/Packages"));
	assert_int_equal(look("{name: bash, cache_valid_time: 1d}")->change_count, 1);
}

static void what_only_came_along_is_wanted_once_it_is_named(void **state)
{
	struct plan *plan;

	(void)state;
	rsync_comes(bench, NULL);
	plan = look("{name: [rsync, libpopt0]}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0),
		"libpopt0 installed: automatically -> manually");
}

static void hold_is_set_and_taken_away(void **state)
{
	struct plan *plan = look("{name: sudo, hold: yes}");

	(void)state;
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "sudo hold: no -> yes");
	assert_int_equal(look("{name: sudo, hold: no}")->change_count, 0);
}

static void it_configures(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	set_status("");
}

static void an_interrupted_dpkg_is_repaired_and_said(void **state)
{
	struct plan *plan;

	(void)state;
	set_status("Package: tree\nStatus: install ok unpacked\nVersion: 2\nArchitecture: amd64\n\n");
	plan = look("{name: bash}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "dpkg state: interrupted -> repaired");
	bench_command(bench, "dpkg --force-confold --configure -a", 0, "")->effect = it_configures;
	assert_int_equal(apply("{name: bash}"), 0);
	assert_string_equal(bench->log.data, "run dpkg --force-confold --configure -a (detached)\n");
	bench_file(bench, "/var/lib/dpkg/updates/0001", 0644, "");
	assert_int_equal(look("{name: bash}")->change_count, 1);
}

/* Behind those of set_up, and apt-get -s. */
enum { APT_GET = 3 };

static unsigned tries;

static void third_time_free(struct bench *of, const struct command *command)
{
	struct bench_command *apt = &of->commands[APT_GET];

	(void)command;
	if (++tries < 3)
		return;
	apt->status = 0;
	apt->errors = "";
	rsync_comes(of, NULL);
}

static int count_of(const char *text, const char *words)
{
	int count = 0;

	for (; (text = strstr(text, words)); text++)
		count++;
	return count;
}

static void a_lock_of_somebody_else_is_waited_for(void **state)
{
	(void)state;
	tries = 0;
	bench_command(bench, "apt-get -s", 0, simulated);
	bench_command(bench, "apt-get -y", 100, "")->errors =
		"E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)\n";
	bench->commands[APT_GET].effect = third_time_free;
	bench_command(bench, "sleep", 0, "");
	assert_int_equal(apply("{name: rsync}"), 0);
	assert_int_equal(tries, 3);
	set_status("");
	bench_remove(bench, "/var/lib/apt/extended_states");
	bench->commands[APT_GET].effect = NULL;
	bench->commands[APT_GET].status = 100;
	bench->commands[APT_GET].errors = "E: Could not get lock x. It is held by process 7 (apt)\n";
	assert_int_equal(apply("{name: rsync, lock_timeout: 3}"), -1);
	assert_int_equal(count_of(bench->log.data, "run apt-get -y"), 3);
	assert_non_null(strstr(bench->log.data, "run sleep 1\n"));
	assert_non_null(strstr(bench->err.message, "held by process 7 (apt)"));
	assert_non_null(strstr(bench->err.remedy, "lock_timeout"));
}

static void names_are_never_options_or_patterns(void **state)
{
	(void)state;
	assert_null(load("{name: '-o=x'}"));
	assert_null(load("{name: 'lib*'}"));
	assert_null(load("{name: 'a b'}"));
	assert_null(load("{name: 'a;b'}"));
	assert_null(load("{name: 'rsync-'}"));
	assert_null(load("{name: 'rsync='}"));
	assert_null(load("{name: []}"));
	assert_null(load("{name: x, dpkg_options: force-confnew}"));
	assert_ptr_equal(bench->err.code, TASK_UNSUPPORTED_PARAMETER);
	assert_non_null(load("{pkg: [g++, 'libc6:arm64=2.36-9+deb12u1~x']}"));
}

static void a_sign_behind_a_name_is_no_order(void **state)
{
	(void)state;
	bench_command(bench, "apt-get -s", 0, "Inst rsync (3.2.7 Debian [amd64])\n");
	assert_int_equal(apply("{name: rsync+}"), -1);
	assert_non_null(strstr(bench->err.message, "there is no package 'rsync+'"));
	assert_string_equal(bench->log.data, "");
	bench_command(bench, "apt-get -s", 0, "Inst g++ (12 Debian [amd64])\n");
	assert_non_null(bench_look(bench, &module_apt_packages, bench_load(bench,
		&module_apt_packages, "{name: g++}")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_sign_behind_a_name_is_no_order),
		TEST(a_status_file_is_read_as_dpkg_means_it),
		TEST(a_malformed_status_file_is_refused),
		TEST(what_others_need_is_kept),
		TEST(what_is_there_is_seen_without_apt),
		TEST(an_absent_package_is_installed_with_what_comes_along),
		TEST(options_reach_apt),
		TEST(another_version_is_a_change),
		TEST(latest_asks_apt_whether_there_is_a_newer_one),
		TEST(an_unknown_package_is_refused_with_the_remedy),
		TEST(the_lists_are_refreshed_when_they_are_old),
		TEST(lists_older_than_a_source_are_old),
		TEST(lists_that_could_not_be_fetched_are_not_fresh),
		TEST(what_only_came_along_is_wanted_once_it_is_named),
		TEST(hold_is_set_and_taken_away),
		TEST(an_interrupted_dpkg_is_repaired_and_said),
		TEST(a_lock_of_somebody_else_is_waited_for),
		TEST(names_are_never_options_or_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
