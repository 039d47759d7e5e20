/* apt-packages: all packages at once, those that nobody needs, and a package in a file. */
#include "apt_packages_bench.h"
#include "modules/errors.h"

static const char newer[] = "Inst sudo [1.9] (1.10 Debian [amd64])\nInst libnew (1 Debian [amd64])\n"
	"Conf sudo (1.10 Debian [amd64])\n";

static void sudo_is_upgraded(struct bench *of, const struct command *command)
{
	(void)command;
	bench_file(of, STATUS, 0644, "Package: sudo\nStatus: install ok installed\nVersion: 1.10\nArchitecture: amd64\n\n");
	bench_command(of, "apt-get -s", 0, "");
}

static void all_are_upgraded_and_shown(void **state)
{
	struct plan *plan;

	(void)state;
	bench_command(bench, "apt-get -s", 0, newer);
	bench_command(bench, "apt-get -y", 0, "")->effect = sudo_is_upgraded;
	plan = look("{upgrade: yes}");
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench_change(bench, plan, 0), "sudo version: 1.9 -> 1.10");
	assert_string_equal(bench_change(bench, plan, 1), "libnew state: absent -> 1");
	assert_string_equal(plan->notes->items[0]->text, "an undo can't bring the old versions back");
	assert_int_equal(apply("{upgrade: safe}"), 0);
	assert_non_null(strstr(bench->log.data, " upgrade --with-new-pkgs (detached)"));
	assert_string_equal(value_get(bench->results, "upgraded")->items[0]->text, "sudo=1.10");
	assert_string_equal(bench->inverses->entries[0].resource, "upgrade:");
	assert_null(bench->inverses->entries[0].params);
	assert_int_equal(look("{upgrade: yes}")->change_count, 0);
}

static void full_and_a_star_say_the_same_as_in_ansible(void **state)
{
	(void)state;
	bench_command(bench, "apt-get -s", 0, newer);
	bench_command(bench, "apt-get -y", 0, "")->effect = sudo_is_upgraded;
	assert_int_equal(apply("{upgrade: dist, autoremove: yes}"), 0);
	assert_non_null(strstr(bench->log.data, "AutomaticRemove=true"));
	assert_non_null(strstr(bench->log.data, " dist-upgrade (detached)"));
	set_status("");
	bench_command(bench, "apt-get -s", 0, newer);
	assert_int_equal(look("{name: '*', state: latest}")->change_count, 2);
	assert_null(load("{name: '*'}"));
	assert_null(load("{name: '*', state: absent}"));
	assert_null(load("{name: a, upgrade: yes}"));
}

static void an_upgrade_never_takes_the_way_in(void **state)
{
	(void)state;
	bench_command(bench, "apt-get -s", 0, "Remv sudo [1.9]\nInst bash [5.2] (5.3 Debian [amd64])\n");
	assert_ptr_equal(look("{upgrade: full}")->refused, APT_PACKAGES_NEEDED);
}

static const char unneeded[] = "Package: libold\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n";

static void libold_goes(struct bench *of, const struct command *command)
{
	(void)command;
	set_status("");
	bench_command(of, "apt-get -s", 0, "");
}

static void what_nobody_needs_goes_and_comes_back(void **state)
{
	const struct value *params;

	(void)state;
	set_status(unneeded);
	bench_file(bench, "/var/lib/apt/extended_states", 0644, "Package: libold\nArchitecture: amd64\nAuto-Installed: 1\n\n");
	bench_command(bench, "apt-get -s", 0, "Remv libold [1]\n");
	bench_command(bench, "apt-get -y", 0, "")->effect = libold_goes;
	assert_string_equal(bench_change(bench, look("{autoremove: yes}"), 0), "libold state: present -> absent");
	assert_int_equal(apply("{autoremove: yes}"), 0);
	assert_non_null(strstr(bench->log.data, " remove -- libold (detached)"));
	assert_int_equal(bench->inverses->count, 1);
	assert_string_equal(bench->inverses->entries[0].resource, "autoremove:");
	params = bench->inverses->entries[0].params;
	assert_string_equal(value_get(params, "name")->items[0]->text, "libold");
	assert_string_equal(value_get(params, "along")->items[0]->text, "libold");
	assert_int_equal(look("{autoremove: yes}")->change_count, 0);
	assert_null(load("{name: a, autoremove: yes}"));
	assert_non_null(load("{name: a, state: absent, autoremove: yes}"));
}

static void cleaned(struct bench *of, const struct command *command)
{
	(void)command;
	bench_remove(of, "/var/cache/apt/archives/a.deb");
}

static void the_cache_is_cleaned_where_something_is_in_it(void **state)
{
	(void)state;
	bench_directory(bench, "/var/cache/apt/archives", 0755);
	bench_file(bench, "/var/cache/apt/archives/lock", 0644, "");
	assert_int_equal(look("{clean: yes}")->change_count, 0);
	bench_file(bench, "/var/cache/apt/archives/a.deb", 0644, "");
	bench_command(bench, "apt-get -s", 0, "Reading package lists...\n");
	assert_int_equal(look("{autoclean: yes}")->change_count, 0);
	bench_command(bench, "apt-get -y", 0, "")->effect = cleaned;
	assert_string_equal(bench_change(bench, look("{clean: yes}"), 0), "apt's cache packages: 1 -> 0");
	assert_int_equal(apply("{clean: yes}"), 0);
	assert_non_null(strstr(bench->log.data, " clean (detached)"));
}

static void a_package_in_a_file_is_installed(void **state)
{
	(void)state;
	assert_null(look("{deb: /srv/rsync.deb}"));
	assert_ptr_equal(bench->err.code, HOST_FILE_NOT_FOUND);
	bench_directory(bench, "/srv", 0755);
	bench_file(bench, "/srv/rsync.deb", 0644, "x");
	bench_command(bench, "dpkg-deb -f /srv/rsync.deb", 0, "Package: rsync\nVersion: 3.2.7\n");
	expect_rsync();
	assert_int_equal(apply("{deb: /srv/rsync.deb}"), 0);
	assert_non_null(strstr(bench->log.data, " install -- /srv/rsync.deb (detached)"));
	assert_string_equal(bench->inverses->entries[0].resource, "package-file:/srv/rsync.deb");
	assert_string_equal(value_get_string(bench->inverses->entries[0].params, "name"), "rsync");
	assert_int_equal(look("{deb: /srv/rsync.deb}")->change_count, 0);
	bench_command(bench, "dpkg-deb -f /srv/rsync.deb", 2, "");
	assert_null(look("{deb: /srv/rsync.deb}"));
	assert_null(load("{deb: /srv/rsync.deb, name: a}"));
	assert_null(load("{deb: 'https://example.org/a.deb'}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_are_upgraded_and_shown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(full_and_a_star_say_the_same_as_in_ansible, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_upgrade_never_takes_the_way_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_nobody_needs_goes_and_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_cache_is_cleaned_where_something_is_in_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_package_in_a_file_is_installed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
