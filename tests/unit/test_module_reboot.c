/* reboot: what is kept before the machine goes down, and what is looked at once it is back. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"
#include "modules/errors.h"

extern const struct module module_reboot;

static struct bench *bench;

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_reboot, bench_load(bench, &module_reboot, yaml));
}

static void it_leaves_with_the_boot_id_in_a_record(void **state)
{
	const struct value *record;

	(void)state;
	bench_command(bench, "cat /proc/sys/kernel/random/boot_id", 0, "first\n");
	assert_int_equal(apply("{pre_reboot_delay: 5}"), -1);
	assert_ptr_equal(bench->err.code, RUN_MOVED);
	assert_non_null(strstr(bench->log.data, "leave for 605 s: sleep 6; if [ -d /run/systemd/system ]"));
	record = value_get(bench->records, "reboot:boot");
	assert_string_equal(value_get_string(record, "boot"), "first");
	assert_string_equal(value_get_string(record, "run"), "this run");
}

static void who_is_not_let_go_stays(void **state)
{
	(void)state;
	bench->stays = true;
	bench_command(bench, "cat", 0, "first\n");
	assert_int_equal(apply("{}"), -1);
	assert_ptr_equal(bench->err.code, RUN_INTERRUPTED);
	assert_null(value_get(bench->records, "reboot:boot"));
}

static void leave_behind(const char *run, const char *boot)
{
	struct value *record = value_map(bench->arena);

	value_set_string(bench->arena, record, "run", run);
	value_set_string(bench->arena, record, "boot", boot);
	value_set(bench->arena, bench->records, "reboot:boot", record);
}

static void once_it_is_back_the_task_is_done(void **state)
{
	(void)state;
	leave_behind("this run", "first");
	bench_command(bench, "cat", 0, "second\n");
	bench_command(bench, "sh -c", 0, "");
	assert_int_equal(apply("{}"), 0);
	assert_true(value_get_bool(bench->results, "rebooted"));
	assert_null(value_get(bench->records, "reboot:boot"));
}

static void a_record_of_another_run_is_not_this_ones(void **state)
{
	(void)state;
	leave_behind("another run", "first");
	bench_command(bench, "cat", 0, "second\n");
	assert_int_equal(apply("{}"), -1);
	assert_ptr_equal(bench->err.code, RUN_MOVED);
}

/* The shell that waits is what a machine ends first when it goes down. */
static void who_is_cut_off_while_waiting_comes_again(void **state)
{
	struct bench_command *wait;

	(void)state;
	leave_behind("this run", "first");
	bench_command(bench, "cat", 0, "first\n");
	wait = bench_command(bench, "sh -c", 143, "");
	assert_int_equal(apply("{}"), -1);
	assert_ptr_equal(bench->err.code, RUN_MOVED);
	assert_non_null(value_get(bench->records, "reboot:boot"));
	error_clear(&bench->err);
	wait->status = 9;
	assert_int_equal(apply("{reboot_timeout: 30}"), -1);
	assert_ptr_equal(bench->err.code, REBOOT_TIMEOUT);
}

static void only_root_does_it_and_within_an_hour(void **state)
{
	(void)state;
	bench->uid = 1000;
	assert_int_equal(apply("{}"), -1);
	assert_ptr_equal(bench->err.code, REBOOT_NOT_ROOT);
	error_clear(&bench->err);
	assert_null(bench_normalise(bench, &module_reboot, "{reboot_timeout: 2h}"));
	assert_ptr_equal(bench->err.code, TASK_INVALID_VALUE);
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_leaves_with_the_boot_id_in_a_record),
		TEST(who_is_not_let_go_stays),
		TEST(once_it_is_back_the_task_is_done),
		TEST(a_record_of_another_run_is_not_this_ones),
		TEST(who_is_cut_off_while_waiting_comes_again),
		TEST(only_root_does_it_and_within_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
