/* guard: what no module takes away: mounts, the system's folders, the way in, beoplay's own
 * state. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"
#include "modules/shared/guard.h"

extern const struct module module_file;
extern const struct module module_file_sync;
extern const struct module module_user;

#define MOUNTED "22 1 0:21 / /proc rw - proc proc rw\n36 35 0:40 / %s rw,noatime - tmpfs none rw\n"

static struct bench *bench;
static struct prepare *prepare;

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench->login = "admin";
	bench->state_directory = "/var/lib/beoplay";
	bench_user(bench, "admin", 1000, "/home/admin");
	bench_user(bench, "anna", 1001, "/home/anna");
	bench_directory(bench, "/srv", 0755);
	bench_directory(bench, "/srv/old", 0755);
	bench_directory(bench, "/srv/old/home", 0755);
	bench_file(bench, "/srv/old/home/thesis", 0644, "of somebody\n");
	prepare = prepare_new(bench->arena);
	prepare->bodies = bench->bodies;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void mount_at(const char *path)
{
	bench_file(bench, "/proc/self/mountinfo", 0444, arena_printf(bench->arena, MOUNTED, path));
}

static int file(const char *path, const char *more)
{
	const char *yaml = arena_printf(bench->arena, "{path: '%s', state: absent%s}", path, more);

	return bench_apply(bench, &module_file, bench_load(bench, &module_file, yaml));
}

static int synchronise(const char *yaml)
{
	struct value *params = bench_normalise(bench, &module_file_sync, yaml);

	if (!params || module_file_sync.prepare(prepare, params, &bench->err) < 0)
		return -1;
	return bench_apply(bench, &module_file_sync, bench_load_prepared(bench, &module_file_sync,
		params));
}

static int user(const char *yaml)
{
	return bench_apply(bench, &module_user, bench_load(bench, &module_user, yaml));
}

static void assert_stays(int result, const char *why)
{
	if (result != -1)
		fail_msg("nothing is said of %s", why);
	if (!strstr(bench->err.message, why))
		fail_msg("%s", bench->err.message);
	assert_true(bench->err.remedy[0] != '\0');
	assert_string_equal(bench->log.data, "");
}

/* --- Other file systems */

static void a_directory_with_a_mount_below_it_stays_whole(void **state)
{
	(void)state;
	mount_at("/srv/old/home");
	assert_stays(file("/srv/old", ""), "'/srv/old/home' below it is a mount (tmpfs of none)");
	assert_non_null(strstr(bench->err.remedy, "unmount '/srv/old/home'"));
	mount_at("/srv/other");
	assert_int_equal(file("/srv/old", ""), 0);
	assert_null(bench_find(bench, "/srv/old"));
}

static void a_mount_itself_stays(void **state)
{
	(void)state;
	mount_at("/srv/old");
	assert_stays(file("/srv/old", ""), "it is a mount");
	mount_at("/srv/old/home/thesis");
	assert_stays(file("/srv/old/home/thesis", ""), "it is a mount");
	assert_stays(file("/srv/old", ""), "'/srv/old/home/thesis' below it is a mount");
}

static void devices_and_what_a_running_system_needs_stay(void **state)
{
	(void)state;
	bench_directory(bench, "/dev", 0755);
	bench_directory(bench, "/run", 0755);
	bench_directory(bench, "/run/beoplay", 0700);
	bench_file(bench, "/run/beoplay/lock", 0600, "");
	bench_file(bench, "/dev/null", 0666, "");
	bench_find(bench, "/dev/null")->info.kind = FILE_OTHER;
	assert_stays(file("/dev/null", ""), "is a device");
	assert_stays(file("/run/beoplay", ""), "beoplay's own state");
	assert_int_equal(bench_apply(bench, &module_file, bench_load(bench, &module_file,
		"{path: /run/other, state: absent}")), 0);
	bench_file(bench, "/dev/nul", 0644, "a typing error");
	assert_int_equal(file("/dev/nul", ""), 0);
}

static void a_mount_is_found_through_a_link(void **state)
{
	(void)state;
	bench_link(bench, "/data", "/srv");
	bench_directory(bench, "/data/old", 0755);
	mount_at("/srv/old/home");
	assert_stays(file("/data/old", ""), "'/srv/old' is not removed");
}

static void a_mount_with_a_blank_in_its_name_is_found(void **state)
{
	(void)state;
	bench_directory(bench, "/srv/old/my home", 0755);
	mount_at("/srv/old/my\\040home");
	assert_stays(file("/srv/old", ""), "'/srv/old/my home' below it");
}

static void a_name_that_only_begins_like_a_mount_is_none(void **state)
{
	(void)state;
	bench_directory(bench, "/srv/old/home2", 0755);
	mount_at("/srv/old/home");
	assert_int_equal(file("/srv/old/home2", ""), 0);
	mount_at("/srv/old/home2");
	assert_int_equal(file("/srv/old/home", ""), 0);
}

static void a_mount_that_came_meanwhile_is_left_alone(void **state)
{
	struct plan *plan;
	struct host *host;
	void *params = bench_load(bench, &module_file, "{path: /srv/old, state: absent}");

	(void)state;
	plan = bench_look(bench, &module_file, params);
	assert_int_equal(plan->change_count, 3);
	mount_at("/srv/old/home/thesis");
	host = bench_host(bench);
	assert_int_equal(module_file.apply(host, params, bench->state, plan->changes[0],
		bench->results, &bench->err), -1);
	assert_non_null(strstr(bench->err.message, "is a mount"));
	assert_non_null(bench_text(bench, "/srv/old/home/thesis"));
}

static void an_undo_leaves_a_mount(void **state)
{
	(void)state;
	bench_directory(bench, "/srv/new", 0755);
	mount_at("/srv/new");
	assert_stays(file("/srv/new", ", up_to: /srv/new"), "it is a mount");
	bench_directory(bench, "/srv/new/a", 0755);
	value_set(bench->arena, bench->records, "directory:/srv/new", value_map(bench->arena));
	value_set(bench->arena, bench->records, "directory:/srv/new/a", value_map(bench->arena));
	assert_stays(file("/srv/new/a", ", up_to: /srv/new"), "'/srv/new' is not removed");
	mount_at("/srv/new/beside");
	bench_directory(bench, "/srv/new/beside", 0755);
	assert_int_equal(file("/srv/new/a", ", up_to: /srv/new"), 0);
	assert_string_equal(bench->log.data, "remove /srv/new/a\n");
	bench_remove(bench, "/srv/new/beside");
	bench_directory(bench, "/srv/new/a", 0755);
	mount_at("/srv");
	assert_int_equal(file("/srv/new/a", ", up_to: /srv/new"), 0);
	assert_null(bench_find(bench, "/srv/new"));
}

static void delete_leaves_what_is_mounted(void **state)
{
	(void)state;
	prepare_add(prepare, "files/site", 0755, NULL);
	mount_at("/srv/old/home");
	assert_stays(synchronise("{src: site, dest: /srv/old, delete: yes}"),
		"'/srv/old/home' is not removed: it is a mount");
	assert_int_equal(synchronise("{src: site, dest: /srv/old, delete: yes, exclude: home}"), 0);
	assert_string_equal(bench->log.data, "");
	/* A directory of src in which another file system is mounted now. */
	prepare_add(prepare, "files/site/home", 0755, NULL);
	assert_stays(synchronise("{src: site, dest: /srv/old, delete: yes}"), "it is a mount");
	mount_at("/srv/old");
	assert_int_equal(synchronise("{src: site, dest: /srv/old, delete: yes}"), 0);
	assert_string_equal(bench->log.data, "remove /srv/old/home/thesis\n");
}

static void a_home_with_a_mount_below_it_stays(void **state)
{
	(void)state;
	bench_file(bench, "/etc/shadow", 0640, "anna:!:1::::::\n");
	bench_file(bench, "/etc/group", 0644, "anna:x:1001:\n");
	bench_file(bench, "/etc/passwd", 0644, "root:x:0:0::/root:/bin/sh\n"
		"anna:x:1001:1001::/home/anna:/bin/sh\n");
	bench_directory(bench, "/home/anna", 0755);
	bench_command(bench, "userdel", 0, "");
	mount_at("/home/anna/shared");
	assert_stays(user("{name: anna, state: absent, remove: yes}"),
		"'/home/anna/shared' below it is a mount");
	bench_user(bench, "games", 5, "/var");
	assert_stays(user("{name: games, state: absent, remove: yes}"), "'/var' is not removed");
	bench_user(bench, "odd", 6, "/usr/local/");
	assert_stays(user("{name: odd, state: absent, remove: yes}"), "belongs to the system");
	bench_user(bench, "twin", 7, "/home/anna");
	assert_stays(user("{name: twin, state: absent, remove: yes}"), "is a mount");
	mount_at("/mnt");
	assert_stays(user("{name: twin, state: absent, remove: yes}"), "the home of anna, too");
}

/* --- The system, the way in, the state */

static void the_system_stays_before_any_host_is_asked(void **state)
{
	static const char *const paths[] = { "/", "/etc", "/usr", "/home", "/home/", "/var", "/bin",
		"/lib64", "/boot", "/srv", "/opt", "/tmp", "/usr/local/bin", "/var/lib", "/etc/ssh",
		"/usr//bin", "/./etc", "/etc/passwd" };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		assert_null(bench_normalise(bench, &module_file, arena_printf(bench->arena,
			"{path: '%s', state: absent}", paths[i])));
		assert_non_null(strstr(bench->err.message, "belongs to the system"));
		assert_non_null(strstr(bench->err.remedy, "variable"));
	}
	assert_null(bench_normalise(bench, &module_file_sync, "{src: x, dest: /etc, delete: yes}"));
	assert_null(bench_normalise(bench, &module_file_sync, "{src: x, dest: /etc/, delete: yes}"));
	assert_non_null(bench_normalise(bench, &module_file_sync, "{src: x, dest: /etc}"));
	assert_non_null(bench_normalise(bench, &module_file, "{path: /srv/x, state: absent}"));
	assert_non_null(bench_normalise(bench, &module_file, "{path: /etc, state: directory}"));
}

static void the_system_stays_through_a_link(void **state)
{
	(void)state;
	bench_link(bench, "/srv/root", "/");
	bench_directory(bench, "/srv/root/etc", 0755);
	assert_stays(file("/srv/root/etc", ""), "'/etc' is not removed: it belongs to the system");
	prepare_add(prepare, "files/site", 0755, NULL);
	assert_stays(synchronise("{src: site, dest: /srv/root/etc, delete: yes}"),
		"'delete' would empty '/etc'");
}

static void a_link_to_the_system_is_only_a_link(void **state)
{
	(void)state;
	bench_link(bench, "/srv/link", "/etc");
	assert_int_equal(file("/srv/link", ""), 0);
	assert_string_equal(bench->log.data, "remove /srv/link\n");
}

static void what_the_machine_works_with_stays(void **state)
{
	(void)state;
	bench_file(bench, "/var/lib/dpkg/status", 0644,
		"Package: bash\nEssential: yes\nStatus: install ok installed\nArchitecture: amd64\n"
		"Pre-Depends: libc6 (>= 2.36), libtinfo6 | libtinfo5\nVersion: 1\n\n"
		"Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
		"Package: libtinfo6\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n"
		"Package: openssh-server\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
		"Package: hello\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n");
	bench_file(bench, "/var/lib/dpkg/info/bash.list", 0644, "/.\n/bin\n/bin/bash\n/usr/share/doc/bash\n");
	bench_file(bench, "/var/lib/dpkg/info/libc6:amd64.list", 0644, "/lib\n/lib/x86_64-linux-gnu\n"
		"/lib/x86_64-linux-gnu/libc.so.6\n");
	bench_file(bench, "/var/lib/dpkg/info/libtinfo6:amd64.list", 0644, "/usr/lib/x86_64-linux-gnu/gone\n");
	bench_file(bench, "/var/lib/dpkg/info/openssh-server.list", 0644, "/usr/lib/openssh/sftp-server\n");
	bench_file(bench, "/var/lib/dpkg/info/hello.list", 0644, "/usr/lib/hello/data\n/usr/bin/hello\n");
	for (const char *const *name = (const char *const []){ "bin", "lib", "lib/hello", "lib/openssh",
			"lib/x86_64-linux-gnu", NULL }; *name; name++)
		bench_directory(bench, arena_printf(bench->arena, "/usr/%s", *name), 0755);
	for (const char *const *name = (const char *const []){ "bin/bash", "bin/hello", "lib/hello/data",
			"lib/openssh/sftp-server", "lib/x86_64-linux-gnu/libc.so.6", "lib/x86_64-linux-gnu/gone",
			"lib/x86_64-linux-gnu-x", NULL }; *name; name++)
		bench_file(bench, arena_printf(bench->arena, "/usr/%s", *name), 0755, "x");
	assert_stays(file("/usr/bin/bash", ""), "'/usr/bin/bash' is not removed: it belongs to the package 'bash'");
	assert_stays(file("/usr/lib/x86_64-linux-gnu", ""), "the package 'libc6', without which");
	assert_stays(file("/usr/lib/x86_64-linux-gnu/libc.so.6", ""), "the package 'libc6', without which");
	assert_stays(file("/usr/lib/openssh", ""), "the package 'openssh-server', without which");
	assert_int_equal(file("/usr/lib/hello", ""), 0);
	assert_int_equal(file("/usr/bin/hello", ""), 0);
	assert_int_equal(file("/usr/lib/x86_64-linux-gnu/gone", ""), 0);
	assert_int_equal(file("/usr/lib/x86_64-linux-gnu-x", ""), 0);
	assert_null(bench_find(bench, "/usr/lib/hello"));
	assert_non_null(bench_find(bench, "/usr/lib/x86_64-linux-gnu/libc.so.6"));
}

static void who_is_logged_in_keeps_home_and_keys(void **state)
{
	(void)state;
	bench_directory(bench, "/home/admin", 0755);
	bench_directory(bench, "/home/admin/.ssh", 0700);
	bench_file(bench, "/home/admin/.ssh/authorized_keys", 0600, "key\n");
	bench_directory(bench, "/home/anna", 0755);
	assert_stays(file("/home/admin", ""), "the home of admin, who is logged in");
	assert_stays(file("/home/admin/.ssh", ""), "what admin logs in by");
	assert_stays(file("/home/admin/.ssh/authorized_keys", ""), "what admin logs in by");
	assert_int_equal(file("/home/anna", ""), 0);
	bench_file(bench, "/home/admin/notes", 0600, "x\n");
	assert_int_equal(file("/home/admin/notes", ""), 0);
	prepare_add(prepare, "files/home", 0755, NULL);
	assert_stays(synchronise("{src: home, dest: /home/admin, delete: yes}"),
		"what admin logs in by");
}

static void a_home_behind_a_link_is_kept_where_it_lies(void **state)
{
	(void)state;
	bench_directory(bench, "/data", 0755);
	bench_directory(bench, "/data/admin", 0755);
	bench_link(bench, "/home/admin", "/data/admin");
	assert_stays(file("/data/admin", ""), "the home of admin");
	assert_stays(file("/data", ""), "the home of admin");
	assert_stays(file("/home/admin", ""), "the home of admin");
}

static void beoplay_keeps_its_own_state(void **state)
{
	(void)state;
	bench->state_directory = "/srv/state/beoplay";
	bench_directory(bench, "/srv/state", 0755);
	assert_stays(file("/srv/state", ""), "beoplay's own state");
}

static void who_is_logged_in_is_not_removed(void **state)
{
	(void)state;
	bench_file(bench, "/etc/shadow", 0640, "admin:!:1::::::\n");
	bench_file(bench, "/etc/group", 0644, "admin:x:1000:\n");
	assert_stays(user("{name: admin, state: absent}"), "it is logged in");
	bench_user(bench, "toor", 0, "/root");
	assert_stays(user("{name: toor, state: absent}"), "it is root");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_directory_with_a_mount_below_it_stays_whole),
		TEST(a_mount_itself_stays),
		TEST(devices_and_what_a_running_system_needs_stay),
		TEST(a_mount_is_found_through_a_link),
		TEST(a_mount_with_a_blank_in_its_name_is_found),
		TEST(a_name_that_only_begins_like_a_mount_is_none),
		TEST(a_mount_that_came_meanwhile_is_left_alone),
		TEST(an_undo_leaves_a_mount),
		TEST(delete_leaves_what_is_mounted),
		TEST(a_home_with_a_mount_below_it_stays),
		TEST(the_system_stays_before_any_host_is_asked),
		TEST(the_system_stays_through_a_link),
		TEST(a_link_to_the_system_is_only_a_link),
		TEST(what_the_machine_works_with_stays),
		TEST(who_is_logged_in_keeps_home_and_keys),
		TEST(a_home_behind_a_link_is_kept_where_it_lies),
		TEST(beoplay_keeps_its_own_state),
		TEST(who_is_logged_in_is_not_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
