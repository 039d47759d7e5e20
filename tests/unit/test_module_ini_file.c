/* ini_file: an option of a section, and back to the byte. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_ini_file;

static struct bench *bench;

#define PATH "/etc/a.ini"

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

static void *load(const char *options)
{
	return bench_load(bench, &module_ini_file, arena_printf(bench->arena, "{path: " PATH ", %s}", options));
}

static int apply(const char *options)
{
	return bench_apply(bench, &module_ini_file, load(options));
}

/* What the task makes of a text, the second time nothing; undone, the text to the byte, and again. */
static void makes(const char *before, const char *options, const char *after)
{
	bench_file(bench, PATH, 0644, before);
	if (apply(options) < 0)
		fail_msg("%s: %s", options, bench->err.message);
	assert_string_equal(bench_text(bench, PATH), after);
	assert_int_equal(bench_look(bench, &module_ini_file, load(options))->change_count, 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, PATH), before);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, PATH), after);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, PATH), before);
}

static void leaves(const char *before, const char *options)
{
	bench_file(bench, PATH, 0644, before);
	assert_int_equal(apply(options), 0);
	assert_string_equal(bench->log.data, "");
}

#define TWO "# all\n[one]\na = 1\n\n[two]\na=2\n;b=3\n"

static void an_option_is_changed_in_its_section(void **state)
{
	(void)state;
	makes(TWO, "section: two, option: a, value: x y", "# all\n[one]\na = 1\n\n[two]\na = x y\n;b=3\n");
	makes(TWO, "section: two, option: a, value: 5, no_extra_spaces: yes",
		"# all\n[one]\na = 1\n\n[two]\na=5\n;b=3\n");
	makes("a = 1\r\n[x]\r\na = 2\r\n", "section: x, option: a, value: 3", "a = 1\r\n[x]\r\na = 3\r\n");
	makes("[x]\na = 1\nb = 2\n\ta=3\n", "section: x, option: a, value: 3", "[x]\na = 3\nb = 2\n");
	leaves(TWO, "section: one, option: a, value: 1");
	leaves(TWO, "section: two, option: a, value: 2, ignore_spaces: yes");
	leaves("[ a ]\nb =\n", "section: a, option: b, value: ''");
}

static void what_is_there_as_a_remark_is_taken(void **state)
{
	(void)state;
	makes(TWO, "section: two, option: b, value: 4", "# all\n[one]\na = 1\n\n[two]\na=2\nb = 4\n");
	makes(TWO, "section: two, option: b, value: 4, modify_inactive_option: no",
		"# all\n[one]\na = 1\n\n[two]\na=2\nb = 4\n;b=3\n");
	makes("[x]\n# a = 1\na = 2\n", "section: x, option: a, value: 3", "[x]\n# a = 1\na = 3\n");
}

static void a_new_one_comes_behind_the_last(void **state)
{
	(void)state;
	makes(TWO, "section: one, option: ab, value: 2", "# all\n[one]\na = 1\nab = 2\n\n[two]\na=2\n;b=3\n");
	makes("[one]\na = 1", "section: one, option: b, value: 2", "[one]\na = 1\nb = 2\n");
	makes("[one]\na = 1", "section: new, option: b, allow_no_value: yes", "[one]\na = 1\n[new]\nb\n");
	makes("[one]\n", "section: new", "[one]\n[new]\n");
	makes(TWO, "option: top, value: 1", "# all\ntop = 1\n[one]\na = 1\n\n[two]\na=2\n;b=3\n");
	makes("", "section: a.b, option: 'c d', value: '[e]'", "[a.b]\nc d = [e]\n");
}

static void what_is_absent_goes(void **state)
{
	(void)state;
	makes(TWO, "section: two, option: a, state: absent", "# all\n[one]\na = 1\n\n[two]\n;b=3\n");
	makes(TWO, "section: one, state: absent", "# all\n[two]\na=2\n;b=3\n");
	makes("[x]\na\n[y]\n[x]\n", "section: x, state: absent", "[y]\n");
	leaves(TWO, "section: none, option: a, state: absent");
	leaves(TWO, "section: one, option: b, state: absent");
	leaves("[x]\n#a = 1\n", "section: x, option: a, state: absent");
}

static void a_file_that_it_made_goes_again(void **state)
{
	(void)state;
	assert_int_equal(apply("section: a, option: b, value: c, mode: '0600'"), 0);
	assert_string_equal(bench_text(bench, PATH), "[a]\nb = c\n");
	assert_int_equal(bench_find(bench, PATH)->info.mode, 0600);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, PATH));
	assert_int_equal(apply("section: a, option: b, value: c, create: no"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_NOT_FOUND);
}

/* What others have written since stays; a line that they have changed isn't taken from them. */
static void others_keep_their_lines(void **state)
{
	(void)state;
	bench_file(bench, PATH, 0644, "[x]\na = 1\n");
	assert_int_equal(apply("section: x, option: a, value: 2"), 0);
	bench_file(bench, PATH, 0644, "# new\n[x]\na = 2\nb = 3\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, PATH), "# new\n[x]\na = 1\nb = 3\n");
	/* The last line had no end, and has one by now; and the other way round. */
	bench_file(bench, PATH, 0644, "[x]\na = 1");
	assert_int_equal(apply("section: x, option: a, state: absent"), 0);
	bench_file(bench, PATH, 0644, "[x]\n# theirs\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, PATH), "[x]\na = 1\n# theirs\n");
	bench_file(bench, PATH, 0644, "[x]\na = 1");
	assert_int_equal(apply("section: x, option: a, value: 2"), 0);
	bench_file(bench, PATH, 0644, "[x]\na = 2\n# theirs\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, PATH), "[x]\na = 1\n# theirs\n");
	bench_file(bench, PATH, 0644, "[x]\na = 1\n");
	assert_int_equal(apply("section: x, option: a, value: 2"), 0);
	bench_file(bench, PATH, 0644, "[x]\na = 7\n");
	assert_int_equal(bench_undo(bench), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_CHANGED);
}

static void what_is_no_line_is_refused(void **state)
{
	static const char *const bad[] = { "section: \"a\\nb\", option: c, value: d", "section: 'a]', option: c, value: d",
		"section: a, option: 'c=', value: d", "section: a, option: '#c', value: d", "section: a, option: c",
		"section: a, option: c, value: \"d\\ne\"", "value: c, section: a", "state: present",
		"section: a, option: c, value: d, exclusive: no", "section: a, option: c, values: [d]" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		error_clear(&bench->err);
		if (bench_normalise(bench, &module_ini_file, arena_printf(bench->arena, "{path: " PATH ", %s}", bad[i])))
			fail_msg("%s is accepted", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_option_is_changed_in_its_section, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_there_as_a_remark_is_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_new_one_comes_behind_the_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_absent_goes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_it_made_goes_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(others_keep_their_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_line_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
