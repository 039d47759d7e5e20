/* find: which of what the machine's own find lists are meant. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "expression/expression.h"

extern const struct module module_find_files;

static struct bench *bench;

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/srv", 0755);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

/* One record: kind, mode, size, seconds of age, depth and path. */
static void add(struct buffer *out, char kind, unsigned mode, int size, int age, unsigned depth, const char *path)
{
	double when = (double)time(NULL) - age;

	buffer_printf(out, "%c %o 0 12 %d 77 2049 1 %f %f %f %u", kind, mode, size, when, when, when, depth);
	buffer_add(out, "\0root\0" "12\0", 9);
	buffer_add(out, path, strlen(path) + 1);
}

static const char *found(const char *yaml)
{
	static struct buffer out;
	struct bench_command *command;
	const struct value *files;
	const char *names = "";

	buffer_clear(&out);
	add(&out, 'f', 0644, 5, 10, 1, "/srv/b.log");
	add(&out, 'f', 04755, 5000, 300000, 1, "/srv/a.txt");
	add(&out, 'f', 0600, 0, 10, 1, "/srv/.hidden");
	add(&out, 'd', 0755, 4096, 10, 1, "/srv/d");
	add(&out, 'l', 0777, 3, 10, 2, "/srv/d/link.log");
	add(&out, 'f', 0644, 1, 10, 2, "/srv/d/new\nline");
	bench->command_count = 0;
	command = bench_command(bench, "find /srv -mindepth 1 -maxdepth", 0, out.data);
	command->size = out.size;
	assert_int_equal(bench_apply(bench, &module_find_files, bench_load(bench, &module_find_files, yaml)), 0);
	files = value_get(bench->results, "files");
	assert_int_equal(value_get_integer(bench->results, "matched", -1), value_item_count(files));
	for (size_t i = 0; i < value_item_count(files); i++)
		names = arena_printf(bench->arena, "%s%s%s", names, i ? " " : "",
			value_get_string(value_item(files, i), "path"));
	buffer_free(&out);
	return names;
}

static void files_are_found_by_all_that_is_said_of_them(void **state)
{
	(void)state;
	assert_string_equal(found("{paths: /srv/}"), "/srv/a.txt /srv/b.log /srv/d/new\nline");
	assert_string_equal(found("{paths: /srv, file_type: any, hidden: yes}"),
		"/srv/.hidden /srv/a.txt /srv/b.log /srv/d /srv/d/link.log /srv/d/new\nline");
	assert_string_equal(found("{path: /srv, patterns: ['*.log', 'a*'], file_type: any}"),
		"/srv/a.txt /srv/b.log /srv/d/link.log");
	assert_string_equal(found("{paths: /srv, use_regex: yes, patterns: '[ab]', excludes: 'a.t'}"), "/srv/b.log");
	assert_string_equal(found("{paths: /srv, use_regex: yes, patterns: 'log'}"), "");
	assert_string_equal(found("{paths: /srv, age: 3d}"), "/srv/a.txt");
	assert_string_equal(found("{paths: /srv, age: -1h, age_stamp: ctime}"), "/srv/b.log /srv/d/new\nline");
	assert_string_equal(found("{paths: /srv, size: 4k}"), "/srv/a.txt");
	assert_string_equal(found("{paths: /srv, size: -4b}"), "/srv/d/new\nline");
	assert_string_equal(found("{paths: /srv, recurse: yes, depth: 1, file_type: link}"), "");
	assert_string_equal(found("{paths: /srv, recurse: yes, depth: 2, file_type: link}"), "/srv/d/link.log");
	assert_int_equal(value_get_integer(bench->results, "examined", -1), 6);
}

static void each_is_told_as_ansible_does(void **state)
{
	const struct value *file;

	(void)state;
	assert_string_equal(found("{paths: /srv, patterns: a.txt}"), "/srv/a.txt");
	file = value_item(value_get(bench->results, "files"), 0);
	assert_string_equal(value_get_string(file, "mode"), "4755");
	assert_true(value_get_bool(file, "isuid"));
	assert_true(value_get_bool(file, "isreg"));
	assert_string_equal(value_get_string(file, "pw_name"), "root");
	assert_string_equal(value_get_string(file, "gr_name"), "");
	assert_int_equal(value_get_integer(file, "dev", -1), 2049);
	assert_int_equal(value_get_integer(file, "size", -1), 5000);
}

static void what_is_no_directory_is_named(void **state)
{
	(void)state;
	assert_string_equal(found("{paths: [/srv, /nothing], patterns: x}"), "");
	assert_string_equal(expression_show(bench->arena, value_get(bench->results, "skipped_paths")),
		"{'/nothing': \"'/nothing' is not a directory\"}");
	assert_string_equal(value_get_string(bench->results, "msg"),
		"Not all paths examined, check warnings for details");
}

static void refused(const char *yaml, const char *message)
{
	assert_null(bench_normalise(bench, &module_find_files, yaml));
	assert_string_equal(bench->err.message, message);
}

static void what_is_not_understood_is_refused(void **state)
{
	(void)state;
	refused("{paths: srv}", "the path 'srv' must be absolute");
	refused("{paths: /a, patterns: '*.log,*.txt'}", "'*.log,*.txt' may be one pattern or several");
	refused("{paths: /a, age: 3y}", "'3y' is not understood");
	refused("{paths: /a, size: 99999999999t}", "'99999999999t' is too much");
	refused("{paths: /a, use_regex: yes, patterns: '('}",
		"the pattern '(' is wrong at character 2: missing closing parenthesis");
	assert_non_null(bench_normalise(bench, &module_find_files, "{paths: /a, patterns: ['a,b', c], age: 1W}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_are_found_by_all_that_is_said_of_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_is_told_as_ansible_does, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_directory_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_understood_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
