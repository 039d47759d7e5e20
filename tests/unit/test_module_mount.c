/* mount: one line of fstab, what is mounted, and the way back. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_mount;

static struct bench *bench;

#define ROOT_MOUNT "23 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
#define MOUNTED "40 23 0:44 / /mnt/a\\040b rw,noexec,relatime shared:7 - tmpfs tmpfs rw\n"
#define TASK "{path: /mnt/a b/, src: 'tmpfs', fstype: tmpfs, opts: 'noexec', state: mounted}"
#define LINE "tmpfs /mnt/a\\040b tmpfs noexec 0 0"

static void set_mounts(const char *more)
{
	bench_file(bench, "/proc/self/mountinfo", 0444, arena_printf(bench->arena, "%s%s", ROOT_MOUNT, more));
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/mnt", 0755);
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

static void mounts(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	set_mounts(MOUNTED);
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
	return bench_apply(bench, &module_mount, bench_load(bench, &module_mount, yaml));
}

static void it_is_mounted_first_and_written_down_then(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "directory /mnt/a b 0755\nrun mount -t tmpfs -o noexec -- tmpfs /mnt/a b\n"
		"write /etc/fstab 0644\n");
	assert_string_equal(bench_text(bench, "/etc/fstab"), "# mine\n/dev/sda1 / ext4 defaults 0 1\n" LINE "\n");
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "");
}

static void all_of_it_is_taken_back(void **state)
{
	static const char before[] = "# mine\nx /mnt/a\\040b ext4 ro 0 2\nlast";

	(void)state;
	bench_file(bench, "/etc/fstab", 0600, before);
	bench_directory(bench, "/mnt/a b", 0700);
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench_text(bench, "/etc/fstab"), "# mine\n" LINE "\nlast");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, "/etc/fstab"), before);
	assert_non_null(strstr(bench->log.data, "run umount -- /mnt/a b\n"));
	bench_remove(bench, "/etc/fstab");
	bench_remove(bench, "/mnt/a b");
	assert_int_equal(apply(TASK), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, "/etc/fstab"));
	assert_null(bench_find(bench, "/mnt/a b"));
}

static void another_device_is_mounted_anew_and_options_are_set_live(void **state)
{
	(void)state;
	set_mounts(MOUNTED);
	bench_file(bench, "/etc/fstab", 0644, "other /mnt/a\\040b tmpfs noexec 0 0\n");
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "run umount -- /mnt/a b\nrun mount -t tmpfs -o noexec -- tmpfs /mnt/a b\n"
		"write /etc/fstab 0644\n");
	bench_file(bench, "/etc/fstab", 0644, "tmpfs /mnt/a\\040b tmpfs ro 0 0\n");
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data,
		"run mount --options-mode ignore -o remount,noexec,relatime -- /mnt/a b\nwrite /etc/fstab 0644\n");
	/* fstab is right, and what is mounted is not. */
	set_mounts("40 23 0:44 / /mnt/a\\040b rw,relatime shared:7 - tmpfs tmpfs rw\n");
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "run mount --options-mode ignore -o remount,noexec,relatime -- /mnt/a b\n");
}

/* The first of several tasks leads back behind all of them, whichever has mounted it. */
static void what_is_only_in_fstab_is_unmounted_if_a_later_task_has_mounted_it(void **state)
{
	static const char present[] = "{path: /mnt/a b, src: tmpfs, fstype: tmpfs, opts: noexec, state: present}";
	struct inverses *back;

	(void)state;
	assert_int_equal(apply(present), 0);
	back = bench->inverses;
	assert_int_equal(apply(TASK), 0);
	bench->inverses = back;
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(strstr(bench->log.data, "run umount -- /mnt/a b\n"));
	assert_null(bench_find(bench, "/mnt/a b"));
	/* What somebody else has mounted stays. */
	assert_int_equal(apply(present), 0);
	set_mounts(MOUNTED);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(strstr(bench->log.data, "umount"));
	assert_null(strstr(bench_text(bench, "/etc/fstab"), "/mnt/a"));
}

static void what_cannot_be_changes_nothing(void **state)
{
	(void)state;
	bench_command(bench, "mount", 32, "")->errors = "mount: special device x does not exist\n";
	assert_int_equal(bench_apply(bench, &module_mount, bench_load(bench, &module_mount,
		"{path: /mnt, src: x, fstype: ext4, state: mounted}")), -1);
	assert_null(strstr(bench_text(bench, "/etc/fstab"), "/mnt"));
	bench_file(bench, "/etc/fstab", 0644, "a /mnt ext4 ro 0 2\nb /mnt ext4 ro 0 2\n");
	assert_int_equal(bench_apply(bench, &module_mount, bench_load(bench, &module_mount,
		"{path: /mnt, state: absent}")), -1);
	assert_string_equal(bench->err.message, "/etc/fstab has 2 lines for '/mnt'");
}

static void refused(const char *yaml, const char *message)
{
	assert_null(bench_normalise(bench, &module_mount, yaml));
	assert_string_equal(bench->err.message, message);
}

static void wrong_parameters_are_refused(void **state)
{
	(void)state;
	refused("{path: /, state: unmounted}", "'/' is left to the system");
	refused("{path: /a, state: mounted, src: x}", "'state: mounted' needs 'src' and 'fstype'");
	refused("{path: /a, state: present, src: x, fstype: swap}", "swap is not supported yet");
	refused("{path: /a, state: present, src: x, fstype: ext4, opts: 'ro, x'}", "'opts' can't be 'ro, x'");
	refused("{path: /a, state: present, src: x, fstype: ext4, passno: 12}", "'passno' must be a digit, not '12'");
	refused("{path: /a, state: present, src: -x, fstype: ext4}", "'src' can't be '-x'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_mounted_first_and_written_down_then, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_of_it_is_taken_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_device_is_mounted_anew_and_options_are_set_live, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_only_in_fstab_is_unmounted_if_a_later_task_has_mounted_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_parameters_are_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
