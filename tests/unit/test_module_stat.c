/* stat: what the answer of the machine's own tools becomes. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"

extern const struct module module_stat;

static struct bench *bench;

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/etc", 0755);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

#define ANSWER(mode, rest) mode " 0 42 5 77 1 8 4096 9 0 0 1.5 2.25 3.0\0root\0UNKNOWN\0" rest

static const struct value *look(const char *yaml, int status, const char *output, size_t size,
	const char *errors)
{
	struct bench_command *command = bench_command(bench, "sh -c", status, output);

	command->size = size;
	command->errors = errors;
	assert_int_equal(bench_apply(bench, &module_stat, bench_load(bench, &module_stat, yaml)), 0);
	return value_get(bench->results, "stat");
}

static void a_file_is_told_as_ansible_does(void **state)
{
	static const char answer[] = ANSWER("89a4", "rw\0\0\0abc123  -\n");
	const struct value *told = look("{path: /etc/motd}", 0, answer, sizeof(answer) - 1, "");

	(void)state;
	assert_true(value_get_bool(told, "exists"));
	assert_true(value_get_bool(told, "isreg"));
	assert_false(value_get_bool(told, "isdir"));
	assert_string_equal(value_get_string(told, "mode"), "4644");
	assert_true(value_get_bool(told, "isuid"));
	assert_true(value_get_bool(told, "writeable"));
	assert_false(value_get_bool(told, "executable"));
	assert_int_equal(value_get_integer(told, "gid", -1), 42);
	assert_string_equal(value_get_string(told, "pw_name"), "root");
	assert_null(value_get(told, "gr_name"));
	assert_string_equal(value_get_string(told, "checksum"), "abc123");
	assert_null(value_get(told, "lnk_target"));
	assert_true(value_get(told, "mtime")->number > 2.2 && value_get(told, "mtime")->number < 2.3);
}

static void a_link_is_told_with_where_it_leads(void **state)
{
	static const char answer[] = ANSWER("a1ff", "rwx\0/usr/bin/x\0x\0");
	const struct value *told = look("{name: /bin/y}", 0, answer, sizeof(answer) - 1, "");

	(void)state;
	assert_true(value_get_bool(told, "islnk"));
	assert_string_equal(value_get_string(told, "lnk_source"), "/usr/bin/x");
	assert_string_equal(value_get_string(told, "lnk_target"), "x");
	assert_null(value_get(told, "checksum"));
}

static void what_is_not_there_is_no_error(void **state)
{
	const struct value *told = look("{dest: /etc/nothing}", 1, "", 0,
		"stat: cannot statx '/etc/nothing': No such file or directory");

	(void)state;
	assert_false(value_get_bool(told, "exists"));
	assert_int_equal(told->count, 1);
}

static void what_cannot_be_looked_at_fails(void **state)
{
	struct bench_command *command = bench_command(bench, "sh -c", 1, "");

	(void)state;
	command->errors = "stat: cannot statx '/root/x': Permission denied";
	assert_int_equal(bench_apply(bench, &module_stat, bench_load(bench, &module_stat,
		"{path: /root/x}")), -1);
	assert_non_null(strstr(bench->err.message, "Permission denied"));
}

static void what_it_does_not_tell_is_refused(void **state)
{
	(void)state;
	assert_non_null(bench_normalise(bench, &module_stat, "{path: /x, get_mime: no, attr: no}"));
	assert_null(bench_normalise(bench, &module_stat, "{path: /x, mime: yes}"));
	assert_string_equal(bench->err.message, "'get_mime: yes' of stat is not supported yet");
	assert_null(bench_normalise(bench, &module_stat, "{path: /x, name: /y}"));
	assert_string_equal(bench->err.message, "'path' and 'name' are the same parameter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_told_as_ansible_does, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_link_is_told_with_where_it_leads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_no_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_looked_at_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_it_does_not_tell_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
