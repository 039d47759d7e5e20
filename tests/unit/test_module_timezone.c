/* timezone: the link and the file with its name. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"
#include "modules/errors.h"

extern const struct module module_timezone, module_file;

static struct bench *bench;

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_timezone, bench_load(bench, &module_timezone, yaml));
}

static void both_are_changed_and_come_back(void **state)
{
	const char *before = bench_snapshot(bench);

	(void)state;
	assert_int_equal(apply("{name: Europe/Berlin}"), 0);
	assert_string_equal(bench_find(bench, "/etc/localtime")->info.target, "/usr/share/zoneinfo/Europe/Berlin");
	assert_string_equal(bench_text(bench, "/etc/timezone"), "Europe/Berlin\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

static void what_is_right_stays(void **state)
{
	(void)state;
	bench_link(bench, "/etc/localtime", "../usr/share/zoneinfo/UTC");
	assert_int_equal(apply("{name: UTC}"), 0);
	assert_string_equal(bench->log.data ? bench->log.data : "", "");
}

static void without_the_file_only_the_link_counts(void **state)
{
	(void)state;
	bench_remove(bench, "/etc/timezone");
	assert_int_equal(apply("{name: Europe/Berlin}"), 0);
	assert_null(bench_find(bench, "/etc/timezone"));
}

static void a_file_instead_of_the_link_comes_back_with_its_content(void **state)
{
	const char *before;

	(void)state;
	bench_remove(bench, "/etc/localtime");
	bench_file(bench, "/etc/localtime", 0644, "TZif");
	before = bench_snapshot(bench);
	assert_int_equal(apply("{name: Europe/Berlin}"), 0);
	assert_int_equal(bench_find(bench, "/etc/localtime")->info.kind, FILE_LINK);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

static void a_zone_that_is_not_there_is_refused(void **state)
{
	static const char *const texts[] = { "{name: ../../etc/passwd}", "{name: /etc/passwd}", "{name: ''}",
		"{name: a//b}", "{name: Europe/}" };

	(void)state;
	assert_int_equal(apply("{name: Mars/Phobos}"), -1);
	assert_ptr_equal(bench->err.code, TIMEZONE_UNKNOWN);
	error_clear(&bench->err);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_null(bench_normalise(bench, &module_timezone, texts[i]));
		assert_ptr_equal(bench->err.code, TASK_INVALID_VALUE);
		error_clear(&bench->err);
	}
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/etc", 0755);
	bench_directory(bench, "/usr/share/zoneinfo", 0755);
	bench_file(bench, "/usr/share/zoneinfo/UTC", 0644, "TZif");
	bench_file(bench, "/usr/share/zoneinfo/Europe/Berlin", 0644, "TZif");
	bench_link(bench, "/etc/localtime", "/usr/share/zoneinfo/UTC");
	bench_file(bench, "/etc/timezone", 0644, "UTC\n");
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
		TEST(both_are_changed_and_come_back),
		TEST(what_is_right_stays),
		TEST(without_the_file_only_the_link_counts),
		TEST(a_file_instead_of_the_link_comes_back_with_its_content),
		TEST(a_zone_that_is_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
