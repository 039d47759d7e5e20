/* locale_gen: which lines become what, and what is generated. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_locale_gen;

static struct bench *bench;

#define LIST "/etc/locale.gen"
#define TEXT "# de_DE.UTF-8 UTF-8\nen_GB.UTF-8 UTF-8\n"

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/etc", 0755);
	bench_file(bench, LIST, 0644, TEXT);
	bench_file(bench, "/usr/share/i18n/SUPPORTED", 0644, "de_DE.UTF-8 UTF-8\nfr_FR@euro ISO-8859-15\n");
	bench_file(bench, "/usr/lib/locale/locale-archive", 0644, "x");
	bench_command(bench, "localedef --list-archive", 0, "en_GB.utf8\n");
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
	return bench_look(bench, &module_locale_gen, bench_load(bench, &module_locale_gen, yaml));
}

static void all_are_generated(struct bench *of, const struct command *command)
{
	(void)command;
	bench_command(of, "localedef --list-archive", 0, "de_DE.utf8\nen_GB.utf8\nfr_FR@euro\n");
}

static void one_is_deleted(struct bench *of, const struct command *command)
{
	(void)command;
	bench_command(of, "localedef --list-archive", 0, "en_GB.utf8\n");
}

static void lines_come_and_go(void **state)
{
	struct plan *plan;

	(void)state;
	assert_int_equal(look("{name: en_GB.UTF-8}")->change_count, 0);
	plan = look("{name: [de_DE.UTF-8, fr_FR@euro]}");
	assert_int_equal(plan->change_count, 3);
	assert_string_equal(plan->changes[0]->after, "de_DE.UTF-8 UTF-8\nen_GB.UTF-8 UTF-8\nfr_FR@euro ISO-8859-15\n");
	assert_string_equal(bench_change(bench, plan, 2), "fr_FR@euro locale: absent -> generated");
	bench_command(bench, "locale-gen --keep-existing", 0, "")->effect = all_are_generated;
	assert_int_equal(bench_apply(bench, &module_locale_gen, bench_load(bench, &module_locale_gen,
		"{name: [de_DE.UTF-8, fr_FR@euro]}")), 0);
	bench_command(bench, "localedef --delete-from-archive", 0, "")->effect = one_is_deleted;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, LIST), TEXT);
}

static void what_comes_along_is_shown(void **state)
{
	struct plan *plan;

	(void)state;
	bench_command(bench, "localedef --list-archive", 0, "");
	plan = look("{name: de_DE.UTF-8}");
	assert_int_equal(plan->change_count, 3);
	assert_string_equal(bench_change(bench, plan, 2), "en_GB.UTF-8 locale: absent -> generated");
}

static void what_is_absent_is_taken_out(void **state)
{
	struct plan *plan;

	(void)state;
	plan = look("{name: [en_GB.UTF-8, de_DE.UTF-8], state: absent}");
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(plan->changes[0]->after, "# de_DE.UTF-8 UTF-8\n# en_GB.UTF-8 UTF-8\n");
	assert_string_equal(bench_change(bench, plan, 1), "en_GB.UTF-8 locale: generated -> absent");
}

static void what_is_not_known_is_refused(void **state)
{
	(void)state;
	assert_ptr_equal(look("{name: xx_XX}")->refused, LOCALE_GEN_UNKNOWN);
	bench_remove(bench, LIST);
	assert_ptr_equal(look("{name: de_DE.UTF-8}")->refused, HOST_FILE_NOT_FOUND);
	assert_int_equal(look("{name: de_DE.UTF-8, state: absent}")->change_count, 0);
	assert_null(bench_normalise(bench, &module_locale_gen, "{name: '-x'}"));
	assert_null(bench_normalise(bench, &module_locale_gen, "{name: 'a b'}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_come_and_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_comes_along_is_shown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_absent_is_taken_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_known_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
