/* apt-packages: what is read of dpkg's records, what is planned, one transaction, exact undo. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "modules/shared/dpkg_status.h"
#include "module_prepare.h"

extern const struct module module_apt_packages;

static struct bench *bench;

#define STATUS "/var/lib/dpkg/status"

static const char base[] =
	"Package: bash\nEssential: yes\nStatus: install ok installed\nVersion: 5.2\n"
	"Architecture: amd64\nConffiles:\n /etc/bash.bashrc abc\n /etc/x def\n"
	"Description: a shell\n with: colons\n .\n and more\n\n"
	"Package: exim4\nStatus: install ok installed\nVersion: 4.96\nArchitecture: amd64\n"
	"Provides: mail-transport-agent, smtp (= 2)\n\n"
	"Package: sudo\nStatus: install ok installed\nVersion: 1.9\nArchitecture: amd64\n"
	"Depends: libc6 (>= 2.34), libpam0g\n\n";

static const char rsync_stanza[] =
	"Package: rsync\nStatus: install ok installed\nVersion: 3.2.7\nArchitecture: amd64\n"
	"Depends: libpopt0 (>= 1.14), libc6\n\n";
static const char popt_stanza[] =
	"Package: libpopt0\nStatus: install ok installed\nVersion: 1.19\nArchitecture: amd64\n"
	"Multi-Arch: same\n\n";
static const char popt_automatic[] =
	"Package: libpopt0\nArchitecture: amd64\nAuto-Installed: 1\n\n";

static void set_status(const char *more)
{
	bench_file(bench, STATUS, 0644, arena_printf(bench->arena, "%s%s", base, more));
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/var/lib/dpkg/updates", 0755);
	bench_directory(bench, "/var/lib/apt/lists", 0755);
	bench_file(bench, "/etc/passwd", 0644, "root:x:0:0::/root:/bin/sh\n");
	bench_file(bench, "/etc/group", 0644, "root:x:0:\n");
	bench_directory(bench, "/etc", 0755);
	bench_file(bench, "/proc/sys/kernel/osrelease", 0444, "6.1.0-9-amd64\n");
	bench_command(bench, "dpkg-query --show", 0, "\n");
	bench_command(bench, "ldconfig", 0, "");
	set_status("");
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
	return bench_load(bench, &module_apt_packages, yaml);
}

static struct plan *look(const char *yaml)
{
	void *params = load(yaml);

	return params ? bench_look(bench, &module_apt_packages, params) : NULL;
}

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_apt_packages, load(yaml));
}

/* --- dpkg's records */

static int parse(const char *text, struct dpkg_status *ret_status)
{
	error_clear(&bench->err);
	return dpkg_status_parse(bench->arena, arena_string(bench->arena, text), strlen(text),
		ret_status, &bench->err);
}

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

/* --- Installing */

static const char simulated[] =
	"Reading package lists...\nThe following NEW packages will be installed:\n  libpopt0 rsync\n"
	"Inst libpopt0 (1.19 Debian:12.11/stable [amd64])\n"
	"Inst rsync (3.2.7 Debian:12.11/stable [amd64])\nConf libpopt0 (1.19 x [amd64])\n";

static void rsync_comes(struct bench *of, const struct command *command)
{
	(void)command;
	set_status(arena_printf(of->arena, "%s%s", rsync_stanza, popt_stanza));
	bench_file(of, "/var/lib/apt/extended_states", 0644, popt_automatic);
}

static void expect_rsync(void)
{
	bench_command(bench, "apt-get -s", 0, simulated);
	bench_command(bench, "apt-get -y", 0, "")->effect = rsync_comes;
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

/* --- Removing */

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

/* --- Checking */

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
	assert_null(load("{name: x, autoremove: yes}"));
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
		TEST(names_are_never_options_or_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
