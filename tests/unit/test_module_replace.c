/* replace: what matches becomes something else, in one file or a section of it, and back to the byte. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_replace;

static struct bench *bench;

#define PATH "/etc/a.conf"

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_user(bench, "mpi", 1001, "/home/mpi");
	bench_directory(bench, "/etc", 0755);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void *load(const char *options)
{
	return bench_load(bench, &module_replace, arena_printf(bench->arena, "{path: " PATH ", %s}", options));
}

static int apply(const char *options)
{
	return bench_apply(bench, &module_replace, load(options));
}

static struct plan *look(const char *options)
{
	return bench_look(bench, &module_replace, load(options));
}

static void given(const char *text)
{
	bench_file(bench, PATH, 0640, text);
}

static const char *text(void)
{
	return bench_text(bench, PATH);
}

/* What the task makes of a text, the second time nothing; undone, the text to the byte, and again. */
static void makes(const char *before, const char *options, const char *after)
{
	given(before);
	assert_int_equal(apply(options), 0);
	assert_string_equal(text(), after);
	assert_string_equal(bench->log.data, "write " PATH " 0640\n");
	assert_int_equal(look(options)->change_count, 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), before);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), after);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), before);
}

static void leaves(const char *before, const char *options)
{
	given(before);
	assert_int_equal(apply(options), 0);
	assert_string_equal(bench->log.data, "");
}

/* The same, but others have made meanwhile of it; undone, it is back. */
static void makes_among(const char *before, const char *options, const char *meanwhile,
	const char *back)
{
	struct inverses *inverses;

	given(before);
	assert_int_equal(apply(options), 0);
	inverses = bench->inverses;
	given(meanwhile);
	bench->inverses = inverses;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), back);
}

static void all_that_matches_is_replaced(void **state)
{
	(void)state;
	makes("a b a\nc\na\n", "regexp: a, replace: x", "x b x\nc\nx\n");
	makes("a=1\nb=1\n", "regexp: '^(\\w+)=1$', replace: '\\1=2'", "a=2\nb=2\n");
	makes("a=1\n", "regexp: '(?P<name>a)=(1)', replace: '\\g<name>=<\\g<2>>'", "a=<1>\n");
	makes("a\nb\nc\n", "regexp: \"b\\n\"", "a\nc\n");
	makes("a\nb\n", "regexp: '^b\\n'", "a\n");
	makes("a\nb\n", "regexp: '^.*\\n'", "");
	makes("a\nb\nc", "regexp: '\\nb\\nc', replace: ''", "a");
	makes("a;b\n", "regexp: ';', replace: '\\n'", "a\nb\n");
	makes("a", "regexp: a, replace: \"b\\n\"", "b\n");
	makes("\xc3\xa9t\xc3\xa9\n", "regexp: '\\wt\\w', replace: x", "x\n");
}

static void what_does_not_match_is_left_alone(void **state)
{
	(void)state;
	leaves("a\n", "regexp: b, replace: c");
	leaves("a\n", "regexp: a, replace: a");
	leaves("a\n", "regexp: '^a$', replace: a, mode: '0640', owner: root");
	leaves("", "regexp: a, replace: b");
}

static void only_a_section_may_be_meant(void **state)
{
	static const char file[] = "x=1\n[a]\nx=1\ny=1\n[b]\nx=1\n";

	(void)state;
	makes(file, "regexp: '=1', replace: '=2', after: '\\[a\\]', before: '\\[b\\]'",
		"x=1\n[a]\nx=2\ny=2\n[b]\nx=1\n");
	makes(file, "regexp: '=1', replace: '=2', after: '\\[b\\]'", "x=1\n[a]\nx=1\ny=1\n[b]\nx=2\n");
	makes(file, "regexp: '=1', replace: '=2', before: '\\[a\\]'", "x=2\n[a]\nx=1\ny=1\n[b]\nx=1\n");
	leaves(file, "regexp: '=1', replace: '=2', after: '\\[c\\]'");
	assert_int_equal(look("regexp: '=1', replace: '=2', after: '\\[c\\]'")->notes->count, 1);
}

static void an_undo_leaves_what_others_have_done_since(void **state)
{
	(void)state;
	makes_among("a\nb\nc\n", "regexp: b, replace: x", "new\na\nx\nc\nmore\n", "new\na\nb\nc\nmore\n");
	makes_among("b\na\nb\n", "regexp: 'a', replace: b", "b\nb\nb\nmine\n", "b\na\nb\nmine\n");
	makes_among("b\na\n", "regexp: 'a', replace: b", "x\nb\nb\n", "x\nb\na\n");
	makes_among("a\nb\nc\n", "regexp: 'b\\n'", "a\nc\nd\n", "a\nb\nc\nd\n");
	makes_among("a\nb\n", "regexp: b, replace: x", "a\nb\nd\n", "a\nb\nd\n");
}

static void what_is_not_as_it_was_left_is_told(void **state)
{
	struct inverses *inverses;

	(void)state;
	given("a\nb\nc\n");
	assert_int_equal(apply("regexp: b, replace: x"), 0);
	inverses = bench->inverses;
	given("a\nmine\nc\n");
	bench->inverses = inverses;
	assert_int_equal(bench_undo(bench), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_CHANGED);
	assert_non_null(strstr(bench->err.message, "line 2 of"));
	assert_string_equal(text(), "a\nmine\nc\n");
}

static void ten_thousand_lines_are_no_trouble(void **state)
{
	struct buffer before = {0}, after = {0};

	(void)state;
	for (int i = 0; i < 10000; i++) {
		buffer_printf(&before, "line %d of many\n", i);
		buffer_printf(&after, i % 4 ? "line %d of many\n" : "LINE %d of many\n", i);
	}
	makes(before.data, "regexp: '^line (\\d*[02468][048]|[048]|\\d*[13579][26]) ', replace: 'LINE \\1 '",
		after.data);
	buffer_free(&before);
	buffer_free(&after);
}

static void what_would_never_end_is_refused(void **state)
{
	(void)state;
	given("a\n");
	assert_int_equal(apply("regexp: '^(.+)$', replace: '# \\1'"), -1);
	assert_ptr_equal(bench->err.code, REPLACE_ENDLESS);
	assert_int_equal(apply("regexp: 'x*', replace: '-'"), -1);
	assert_ptr_equal(bench->err.code, REPLACE_ENDLESS);
	assert_string_equal(bench->log.data, "");
	makes("a\n# b\n", "regexp: '^([^#\\n].*)$', replace: '# \\1'", "# a\n# b\n");
}

static void lines_of_dos_stay_so(void **state)
{
	(void)state;
	makes("a=1\r\nb\r\n", "regexp: '1$', replace: '2'", "a=2\r\nb\r\n");
	makes("a\r\nb\r\n", "regexp: '\\r$'", "a\nb\n");
}

static void what_is_not_text_is_matched_byte_by_byte(void **state)
{
	(void)state;
	given("\xe9=1\nb=1\n");
	assert_int_equal(apply("regexp: '^b=1', replace: 'b=2'"), 0);
	assert_string_equal(text(), "\xe9=1\nb=2\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "\xe9=1\nb=1\n");
	assert_int_equal(apply("regexp: '=1', replace: '=2'"), 0);
	assert_null(bench->inverses->entries[0].params);
	assert_non_null(strstr(bench->inverses->entries[0].reason, "UTF-8"));
}

static void a_file_must_be_there(void **state)
{
	(void)state;
	assert_int_equal(apply("regexp: a, replace: b"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_NOT_FOUND);
	bench_directory(bench, PATH, 0755);
	assert_int_equal(apply("regexp: a, replace: b"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_WRONG_TYPE);
}

static void patterns_are_checked(void **state)
{
	static const char *const wrong[] = {
		"{path: /a, regexp: '('}", "{path: /a, regexp: ''}", "{path: /a}",
		"{path: /a, regexp: a, after: '['}", "{path: /a, regexp: a, before: '*'}",
		"{path: /a, regexp: a, encoding: latin-1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_null(bench_normalise(bench, &module_replace, wrong[i]));
	given("a\n");
	assert_int_equal(apply("regexp: a, replace: '\\1'"), -1);
	assert_ptr_equal(bench->err.code, REPLACE_PATTERN_FAILED);
	assert_int_equal(apply("regexp: a, replace: '\\g<x>'"), -1);
	given("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n");
	assert_int_equal(apply("regexp: '^(a|aa)+$', replace: c"), -1);
	assert_non_null(strstr(bench->err.message, "too many ways"));
}

static void the_results_tell_what_was_done(void **state)
{
	(void)state;
	given("a a\n");
	assert_int_equal(apply("regexp: a, replace: b, backup: yes"), 0);
	assert_string_equal(value_get_string(bench->results, "msg"), "2 replacements made");
	assert_string_equal(bench_text(bench, value_get_string(bench->results, "backup_file")), "a a\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(all_that_matches_is_replaced),
		TEST(what_does_not_match_is_left_alone),
		TEST(only_a_section_may_be_meant),
		TEST(an_undo_leaves_what_others_have_done_since),
		TEST(what_is_not_as_it_was_left_is_told),
		TEST(ten_thousand_lines_are_no_trouble),
		TEST(what_would_never_end_is_refused),
		TEST(lines_of_dos_stay_so),
		TEST(what_is_not_text_is_matched_byte_by_byte),
		TEST(a_file_must_be_there),
		TEST(patterns_are_checked),
		TEST(the_results_tell_what_was_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
