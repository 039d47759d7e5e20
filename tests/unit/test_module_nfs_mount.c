/* nfs-mount: fstab line by line, mounts without ever touching them, and the way back. */
#include "module_bench.h"

#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"

extern const struct module module_nfs_mount;

static struct bench *bench;

#define TASK "{src: 'head:/srv/share', path: /mnt/share}"
#define LINE "head:/srv/share /mnt/share nfs nofail,_netdev 0 0\n"
#define ROOT_MOUNT "23 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
#define SHARE_MOUNT "40 23 0:44 / /mnt/share rw shared:7 - nfs4 head:/srv/share rw,vers=4.2\n"

static void set_mounts(const char *more)
{
	bench_file(bench, "/proc/self/mountinfo", 0444, arena_printf(bench->arena, "%s%s", ROOT_MOUNT,
		more));
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/mnt", 0755);
	bench_file(bench, "/sbin/mount.nfs", 0755, "");
	bench_directory(bench, "/etc", 0755);
	bench_file(bench, "/etc/fstab", 0644, "# mine\n/dev/sda1 / ext4 defaults 0 1\n");
	set_mounts("");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static struct plan *look(const char *yaml)
{
	void *params = bench_load(bench, &module_nfs_mount, yaml);

	return params ? bench_look(bench, &module_nfs_mount, params) : NULL;
}

static void mounts(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	set_mounts(SHARE_MOUNT);
}

static void unmounts(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	set_mounts("");
}

static int apply(const char *yaml)
{
	bench_command(bench, "mount", 0, "")->effect = mounts;
	bench_command(bench, "umount", 0, "")->effect = unmounts;
	return bench_apply(bench, &module_nfs_mount, bench_load(bench, &module_nfs_mount, yaml));
}

static void a_mount_is_made_and_written_down(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "directory /mnt/share 0755\nwrite /etc/fstab 0644\n"
		"run mount -t nfs -o nofail,_netdev -- head:/srv/share /mnt/share\n");
	assert_string_equal(bench_text(bench, "/etc/fstab"),
		"# mine\n/dev/sda1 / ext4 defaults 0 1\n" LINE);
	assert_true(value_get_bool(bench->results, "mounted"));
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "");
}

static void the_mount_itself_is_never_looked_at(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	bench->reads = value_list(bench->arena);
	assert_int_equal(look(TASK)->change_count, 0);
	for (size_t i = 0; i < bench->reads->count; i++)
		assert_null(strstr(bench->reads->items[i]->text, "/mnt/share"));
}

static void other_options_change_only_fstab(void **state)
{
	struct plan *plan;

	(void)state;
	assert_int_equal(apply(TASK), 0);
	plan = look("{src: 'head:/srv/share', path: /mnt/share/, options: [ro, noatime], vers: 4.2}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(plan->changes[0]->before,
		"head:/srv/share /mnt/share nfs nofail,_netdev 0 0");
	assert_string_equal(plan->changes[0]->after,
		"head:/srv/share /mnt/share nfs ro,noatime,vers=4.2 0 0");
}

/* One of them may be somebody else's, and an undo would bring back only one. */
static void double_lines_are_refused(void **state)
{
	(void)state;
	bench_file(bench, "/etc/fstab", 0644, "/dev/sda1 / ext4 defaults 0 1\n" LINE "# between\n"
		LINE "tmpfs /tmp tmpfs size=1G 0 0");
	set_mounts(SHARE_MOUNT);
	assert_ptr_equal(look(TASK)->refused, NFS_MOUNT_DUPLICATE);
	bench_file(bench, "/etc/fstab", 0644, LINE "other:/b /mnt/share nfs ro 0 0\n");
	assert_true(look("{src: 'head:/srv/share', path: /mnt/share, state: absent}")->refused);
}

static void a_last_line_without_newline_gets_one(void **state)
{
	(void)state;
	bench_file(bench, "/etc/fstab", 0644, "tmpfs /tmp tmpfs size=1G 0 0");
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench_text(bench, "/etc/fstab"), "tmpfs /tmp tmpfs size=1G 0 0\n" LINE);
}

static void another_export_at_the_path_is_unmounted_first(void **state)
{
	(void)state;
	bench_directory(bench, "/mnt/share", 0755);
	set_mounts("40 23 0:44 / /mnt/share rw - nfs old:/srv rw\n");
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "write /etc/fstab 0644\nrun umount -- /mnt/share\n"
		"run mount -t nfs -o nofail,_netdev -- head:/srv/share /mnt/share\n");
}

static void what_is_no_nfs_stays(void **state)
{
	(void)state;
	set_mounts("40 23 0:44 / /mnt/share rw - ext4 /dev/sdb1 rw\n");
	assert_true(look(TASK)->refused);
}

static void the_states_mean_what_they_say(void **state)
{
	(void)state;
	assert_int_equal(apply("{src: 'head:/srv/share', path: /mnt/share, state: present}"), 0);
	assert_string_equal(bench->log.data, "write /etc/fstab 0644\n");
	set_mounts(SHARE_MOUNT);
	assert_int_equal(apply("{src: 'head:/srv/share', path: /mnt/share, state: unmounted}"), 0);
	assert_string_equal(bench->log.data, "run umount -- /mnt/share\n");
	set_mounts(SHARE_MOUNT);
	assert_int_equal(apply("{src: 'head:/srv/share', path: /mnt/share, state: absent}"), 0);
	assert_string_equal(bench->log.data, "write /etc/fstab 0644\nrun umount -- /mnt/share\n");
	assert_string_equal(bench_text(bench, "/etc/fstab"),
		"# mine\n/dev/sda1 / ext4 defaults 0 1\n");
}

static void a_moved_path_leaves_the_old_one(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	bench_directory(bench, "/mnt/new", 0755);
	bench_command(bench, "mount", 0, "");
	bench_command(bench, "umount", 0, "")->effect = unmounts;
	assert_int_equal(bench_apply(bench, &module_nfs_mount, bench_load(bench, &module_nfs_mount,
		"{src: 'head:/srv/share', path: /mnt/new, state: present}")), 0);
	assert_string_equal(bench->log.data, "run umount -- /mnt/share\nwrite /etc/fstab 0644\n");
	assert_string_equal(bench_text(bench, "/etc/fstab"), "# mine\n/dev/sda1 / ext4 defaults 0 1\n"
		"head:/srv/share /mnt/new nfs nofail,_netdev 0 0\n");
}

static void a_mount_in_use_is_an_error_that_says_how_to_go_on(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	bench_command(bench, "umount", 32, "")->errors = "umount: target is busy\n";
	assert_int_equal(bench_apply(bench, &module_nfs_mount, bench_load(bench, &module_nfs_mount,
		"{src: 'head:/srv/share', path: /mnt/share, state: unmounted}")), -1);
	assert_non_null(strstr(bench->err.message, "target is busy"));
	assert_non_null(strstr(bench->err.remedy, "fuser"));
}

static unsigned tries;

static void third_time_there(struct bench *of, const struct command *command)
{
	(void)command;
	if (++tries < 3)
		return;
	of->commands[of->command_count - 2].status = 0;
	set_mounts(SHARE_MOUNT);
}

static void an_export_that_is_not_visible_yet_is_waited_for(void **state)
{
	(void)state;
	tries = 0;
	bench_command(bench, "mount", 32, "");
	bench->commands[0].errors = "mount.nfs: access denied by server while mounting\n";
	bench->commands[0].effect = third_time_there;
	bench_command(bench, "sleep", 0, "");
	assert_int_equal(bench_apply(bench, &module_nfs_mount,
		bench_load(bench, &module_nfs_mount, TASK)), 0);
	assert_int_equal(tries, 3);
}

static void without_the_helper_it_says_what_to_install(void **state)
{
	(void)state;
	bench_remove(bench, "/sbin/mount.nfs");
	assert_non_null(strstr(look(TASK)->remedy, "nfs-common"));
}

static void an_undo_leaves_fstab_as_it_was(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, "/etc/fstab"),
		"# mine\n/dev/sda1 / ext4 defaults 0 1\n");
	assert_null(bench_find(bench, "/mnt/share"));
	assert_int_equal(bench->records->count, 0);

	bench_file(bench, "/etc/fstab", 0644, "head:/srv/share  /mnt/share  nfs4  ro  0  0\n");
	bench_directory(bench, "/mnt/share", 0755);
	assert_int_equal(apply(TASK), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, "/etc/fstab"),
		"head:/srv/share  /mnt/share  nfs4  ro  0  0\n");
	assert_non_null(bench_find(bench, "/mnt/share"));
}

static void an_undo_of_a_moved_path_brings_the_old_one_back_where_it_was(void **state)
{
	static const char before[] = "# mine\nhead:/srv/share /mnt/share nfs nofail,_netdev 0 0\n"
		"/dev/sda1 / ext4 defaults 0 1\n";

	(void)state;
	bench_file(bench, "/etc/fstab", 0644, "# mine\n");
	assert_int_equal(apply("{src: 'head:/srv/share', path: /mnt/share, state: present}"), 0);
	bench_file(bench, "/etc/fstab", 0644, before);
	assert_int_equal(apply("{src: 'head:/srv/share', path: /mnt/new, state: present}"), 0);
	assert_null(strstr(bench_text(bench, "/etc/fstab"), "/mnt/share"));
	assert_int_equal(bench->inverses->count, 2);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, "/etc/fstab"), before);
}

static void an_undo_of_absent_puts_the_line_where_it_was(void **state)
{
	static const char before[] = "head:/srv/share /mnt/share nfs ro 0 0\n# mine\n";

	(void)state;
	bench_file(bench, "/etc/fstab", 0644, before);
	assert_int_equal(apply("{src: 'head:/srv/share', path: /mnt/share, state: absent}"), 0);
	assert_string_equal(bench_text(bench, "/etc/fstab"), "# mine\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, "/etc/fstab"), before);
}

static void an_undo_leaves_no_newline_and_no_fstab_that_was_not_there(void **state)
{
	(void)state;
	bench_file(bench, "/etc/fstab", 0644, "# mine");
	assert_int_equal(apply("{src: 'head:/srv/share', path: /mnt/share, state: present}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, "/etc/fstab"), "# mine");
	bench_file(bench, "/etc/fstab", 0644, "head:/srv/share /mnt/share nfs ro 0 0");
	assert_int_equal(apply("{src: 'head:/srv/share', path: /mnt/share, state: present}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, "/etc/fstab"), "head:/srv/share /mnt/share nfs ro 0 0");
	bench_remove(bench, "/etc/fstab");
	assert_int_equal(apply("{src: 'head:/srv/share', path: /mnt/share, state: present}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, "/etc/fstab"));
}

static void odd_names_are_written_in_octal(void **state)
{
	(void)state;
	assert_int_equal(bench_apply(bench, &module_nfs_mount, bench_load(bench, &module_nfs_mount,
		"{src: 'head:/srv/a b', path: '/mnt/a b', state: present}")), 0);
	assert_non_null(strstr(bench_text(bench, "/etc/fstab"),
		"head:/srv/a\\040b /mnt/a\\040b nfs nofail,_netdev 0 0\n"));
	set_mounts("40 23 0:44 / /mnt/a\\040b rw - nfs4 head:/srv/a\\040b rw\n");
	assert_int_equal(look("{src: 'head:/srv/a b', path: '/mnt/a b'}")->change_count, 0);
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	assert_null(look("{src: /srv/share, path: /mnt}"));
	assert_null(look("{src: '-o:/x', path: /mnt}"));
	assert_null(look("{src: 'head:/x', path: /}"));
	assert_null(look("{src: 'head:/x', path: relative}"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_mount_is_made_and_written_down),
		TEST(the_mount_itself_is_never_looked_at),
		TEST(other_options_change_only_fstab),
		TEST(double_lines_are_refused),
		TEST(a_last_line_without_newline_gets_one),
		TEST(another_export_at_the_path_is_unmounted_first),
		TEST(what_is_no_nfs_stays),
		TEST(the_states_mean_what_they_say),
		TEST(a_moved_path_leaves_the_old_one),
		TEST(a_mount_in_use_is_an_error_that_says_how_to_go_on),
		TEST(an_export_that_is_not_visible_yet_is_waited_for),
		TEST(without_the_helper_it_says_what_to_install),
		TEST(an_undo_leaves_fstab_as_it_was),
		TEST(an_undo_of_a_moved_path_brings_the_old_one_back_where_it_was),
		TEST(an_undo_of_absent_puts_the_line_where_it_was),
		TEST(an_undo_leaves_no_newline_and_no_fstab_that_was_not_there),
		TEST(odd_names_are_written_in_octal),
		TEST(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
