/* apt_repository and deb822_repository: a line, a file, and the way back. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"
#include "modules/errors.h"

extern const struct module module_apt_repository, module_deb822_repository, module_file;

#define OWN "/etc/apt/sources.list.d/own.list"

static struct bench *bench;

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_apt_repository, bench_load(bench, &module_apt_repository, yaml));
}

static void a_line_is_added_and_its_file_goes_again(void **state)
{
	const char *before = bench_snapshot(bench);

	(void)state;
	bench_command(bench, "apt-get", 0, "");
	assert_int_equal(apply("{repo: 'deb [signed-by=/k] https://me@a.example:80/x/y b main'}"), 0);
	assert_string_equal(bench_text(bench, "/etc/apt/sources.list.d/a_example_80_x_y.list"),
		"deb [signed-by=/k] https://me@a.example:80/x/y b main\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

static void lines_of_others_stay(void **state)
{
	const char *before;

	(void)state;
	bench_file(bench, OWN, 0640, "# mine\ndeb http://a b");
	before = bench_snapshot(bench);
	assert_int_equal(apply("{repo: deb http://c d, filename: own, update_cache: no}"), 0);
	assert_string_equal(bench_text(bench, OWN), "# mine\ndeb http://a b\ndeb http://c d\n");
	assert_int_equal(apply("{repo: deb http://c  d, filename: own.list, update_cache: no}"), 0);
	assert_int_equal(apply("{repo: 'deb  http://a b', filename: own, state: absent, update_cache: no}"), 0);
	assert_string_equal(bench_text(bench, OWN), "# mine\ndeb http://c d\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(strstr(bench_text(bench, OWN), "deb  http://a b\n"));
	assert_non_null(before);
}

static void what_is_elsewhere_is_not_added_again_nor_removed_there(void **state)
{
	(void)state;
	bench_file(bench, "/etc/apt/sources.list", 0644, "deb http://a   b # comment\n");
	assert_int_equal(apply("{repo: deb http://a b}"), 0);
	assert_string_equal(bench->log.data ? bench->log.data : "", "");
	assert_int_equal(apply("{repo: deb http://a b, state: absent}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_EXISTS);
}

static void lists_that_cannot_be_fetched_take_the_line_back(void **state)
{
	const char *before;

	(void)state;
	bench_file(bench, OWN, 0644, "deb http://a b\n");
	before = bench_snapshot(bench);
	bench_command(bench, "apt-get", 100, "")->errors = "E: Failed to fetch http://c  404";
	assert_int_equal(apply("{repo: deb http://c d, filename: own}"), -1);
	assert_string_equal(bench_snapshot(bench), before);
}

static void assert_refused(const struct module *module, const char *yaml, const struct error_code *code)
{
	assert_null(bench_normalise(bench, module, yaml));
	assert_ptr_equal(bench->err.code, code);
	error_clear(&bench->err);
}

static void what_is_no_line_is_refused(void **state)
{
	(void)state;
	assert_refused(&module_apt_repository, "{repo: ppa:me/it}", TASK_INVALID_VALUE);
	assert_refused(&module_apt_repository, "{repo: http://a b}", TASK_INVALID_VALUE);
	assert_refused(&module_apt_repository, "{repo: 'deb '}", TASK_INVALID_VALUE);
	assert_refused(&module_apt_repository, "{repo: \"deb http://a b\\ndeb http://c d\"}", TASK_INVALID_VALUE);
	assert_refused(&module_apt_repository, "{repo: deb http://a b, filename: ../x}", TASK_INVALID_VALUE);
	assert_refused(&module_deb822_repository, "{name: x, suites: a}", TASK_MISSING_PARAMETER);
	assert_refused(&module_deb822_repository, "{name: '..', suites: a, uris: b}", TASK_INVALID_VALUE);
	assert_refused(&module_deb822_repository, "{name: x, suites: a, uris: b, signed_by: 'https://k'}",
		TASK_INVALID_VALUE);
}

static struct value *prepared(const char *yaml)
{
	struct value *params = bench_normalise(bench, &module_deb822_repository, yaml);
	struct error err = {0};

	assert_non_null(params);
	assert_int_equal(module_deb822_repository.prepare(prepare_new(bench->arena), params, &err), 0);
	return params;
}

static void fields_are_written_as_ansible_does(void **state)
{
	const struct value *params = prepared("{name: My  own_Source!, uris: [http://a, http://b], suites: x, "
		"components: [main, contrib], enabled: no, signed_by: /etc/apt/keyrings/a.asc}");

	(void)state;
	assert_string_equal(value_get_string(params, "path"), "/etc/apt/sources.list.d/my-own-source.sources");
	assert_string_equal(value_get_string(params, "content"), "X-Repolib-Name: My  own_Source!\n"
		"Components: main contrib\nEnabled: no\nSigned-By: /etc/apt/keyrings/a.asc\nSuites: x\nTypes: deb\n"
		"URIs: http://a http://b\n");
	assert_null(value_get(params, "uris"));
	assert_string_equal(value_get_string(prepared("{name: x, state: absent}"), "content"), "");
}

static void its_file_comes_and_goes(void **state)
{
	const char *path = "/etc/apt/sources.list.d/x.sources", *before = bench_snapshot(bench), *there;

	(void)state;
	assert_int_equal(bench_apply(bench, &module_deb822_repository, bench_load_prepared(bench,
		&module_deb822_repository, prepared("{name: x, uris: http://a, suites: b}"))), 0);
	assert_non_null(strstr(bench_text(bench, path), "URIs: http://a\n"));
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
	bench_file(bench, path, 0644, "Types: deb\n");
	there = bench_snapshot(bench);
	assert_int_equal(bench_apply(bench, &module_deb822_repository, bench_load_prepared(bench,
		&module_deb822_repository, prepared("{name: x, state: absent}"))), 0);
	assert_null(bench_find(bench, path));
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), there);
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/etc/apt/sources.list.d", 0755);
	bench_directory(bench, "/var/lib/apt/lists", 0755);
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
		TEST(a_line_is_added_and_its_file_goes_again),
		TEST(lines_of_others_stay),
		TEST(what_is_elsewhere_is_not_added_again_nor_removed_there),
		TEST(lists_that_cannot_be_fetched_take_the_line_back),
		TEST(what_is_no_line_is_refused),
		TEST(fields_are_written_as_ansible_does),
		TEST(its_file_comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
