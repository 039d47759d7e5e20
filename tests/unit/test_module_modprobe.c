/* modprobe: the running kernel, the two files of each start, and the way back. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_modprobe;

static struct bench *bench;

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/etc", 0755);
	bench_directory(bench, "/etc/modules-load.d", 0755);
	bench_directory(bench, "/etc/modprobe.d", 0755);
	bench_file(bench, "/proc/modules", 0444, "ext4 1 1 - Live 0x0\nbr_netfilter 1 0 - Live 0x0\n");
	bench_file(bench, "/proc/sys/kernel/osrelease", 0444, "6.1.0-9-amd64\n");
	bench_file(bench, "/lib/modules/6.1.0-9-amd64/modules.builtin", 0644, "kernel/drivers/net/loopback.ko\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void loads(struct bench *of, const struct command *command)
{
	(void)of;
	bench_file(bench, "/proc/modules", 0444, strcmp(command->argv[1], "-r") == 0 ? ""
		: "ext4 1 1 - Live 0x0\nbr_netfilter 1 0 - Live 0x0\ndummy 1 0 - Live 0x0\n");
}

static int apply(const char *yaml)
{
	bench_command(bench, "modprobe", 0, "")->effect = loads;
	return bench_apply(bench, &module_modprobe, bench_load(bench, &module_modprobe, yaml));
}

static void does(const char *yaml, const char *log)
{

	assert_int_equal(apply(yaml), 0);
	assert_string_equal(bench->log.data ? bench->log.data : "", log);
	assert_int_equal(apply(yaml), 0);
	assert_string_equal(bench->log.data ? bench->log.data : "", "");
}

static void what_is_loaded_or_built_in_is_right(void **state)
{
	(void)state;
	does("{name: ext4}", "");
	does("{name: br-netfilter}", "");
	does("{name: loopback}", "");
	does("{name: dummy, state: absent}", "");
	does("{name: dummy, params: numdummies=2}", "run modprobe -- dummy numdummies=2\n");
	does("{name: br_netfilter, state: absent}", "run modprobe -r -- br_netfilter\n");
}

static void each_start_loads_it_with_its_options(void **state)
{
	static const char task[] = "{name: dummy, params: numdummies=2 x=y, persistent: present}";

	(void)state;
	bench_command(bench, "modprobe", 0, "")->effect = loads;
	assert_int_equal(apply(task), 0);
	assert_string_equal(bench_text(bench, "/etc/modules-load.d/dummy.conf"), "dummy\n");
	assert_string_equal(bench_text(bench, "/etc/modprobe.d/dummy.conf"),
		"options dummy numdummies=2\noptions dummy x=y\n");
	assert_string_equal(bench->log.data, "write /etc/modules-load.d/dummy.conf 0644\n"
		"write /etc/modprobe.d/dummy.conf 0644\nrun modprobe -- dummy numdummies=2 x=y\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(strstr(bench->log.data, "run modprobe -r -- dummy\n"));
	assert_null(bench_find(bench, "/etc/modprobe.d/dummy.conf"));
	assert_null(bench_find(bench, "/etc/modules-load.d/dummy.conf"));
}

static void what_was_in_the_files_comes_back(void **state)
{
	(void)state;
	bench_file(bench, "/etc/modules-load.d/ext4.conf", 0600, "# by hand\next4\n");
	assert_int_equal(apply("{name: ext4, persistent: absent}"), 0);
	assert_null(bench_find(bench, "/etc/modules-load.d/ext4.conf"));
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, "/etc/modules-load.d/ext4.conf"), "# by hand\next4\n");
	assert_int_equal(bench_find(bench, "/etc/modules-load.d/ext4.conf")->info.mode, 0600);
}

static void lines_of_others_are_left_alone(void **state)
{
	(void)state;
	bench_file(bench, "/etc/modules-load.d/mine.conf", 0644, "# dummy\n  ext4  # needed\n");
	bench_file(bench, "/etc/modprobe.d/mine.conf", 0644, "options ext4 a=b\n");
	does("{name: ext4, persistent: present}", "");
	assert_int_equal(apply("{name: ext4, persistent: present, params: a=c}"), -1);
	assert_string_equal(bench->err.message,
		"'/etc/modprobe.d/mine.conf' has a line of its own for the module 'ext4'");
	assert_int_equal(apply("{name: ext4, persistent: absent}"), -1);
	assert_int_equal(apply("{name: loopback, state: absent}"), -1);
	assert_string_equal(bench->err.message, "the module 'loopback' is built into the kernel");
}

static void the_driver_of_a_network_interface_stays(void **state)
{
	(void)state;
	bench_directory(bench, "/sys/class/net", 0755);
	bench_directory(bench, "/sys/class/net/eth0", 0755);
	bench_directory(bench, "/sys/class/net/eth0/device", 0755);
	bench_directory(bench, "/sys/class/net/eth0/device/driver", 0755);
	bench_link(bench, "/sys/class/net/eth0/device/driver/module", "/sys/module/br_netfilter");
	bench_directory(bench, "/sys/module", 0755);
	bench_directory(bench, "/sys/module/br_netfilter", 0755);
	bench_file(bench, "/sys/module/br_netfilter/refcnt", 0444, "0\n");
	assert_int_equal(apply("{name: br-netfilter, state: absent}"), -1);
	assert_string_equal(bench->err.message,
		"the module 'br-netfilter' stays: it drives the network interface 'eth0'");
	does("{name: ext4, state: absent}", "run modprobe -r -- ext4\n");
}

static void refused(const char *yaml, const char *message)
{
	assert_null(bench_normalise(bench, &module_modprobe, yaml));
	assert_string_equal(bench->err.message, message);
}

static void wrong_parameters_are_refused(void **state)
{
	(void)state;
	refused("{name: ../x}", "invalid name of a kernel module '../x'");
	refused("{name: -r}", "invalid name of a kernel module '-r'");
	refused("{name: ''}", "invalid name of a kernel module ''");
	refused("{name: a, params: -f}", "'params' can't hold options of modprobe");
	refused("{name: a, params: 'x=\"y z\"'}", "'params' must be words without quotes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_loaded_or_built_in_is_right, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_start_loads_it_with_its_options, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_in_the_files_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_of_others_are_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_driver_of_a_network_interface_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_parameters_are_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
