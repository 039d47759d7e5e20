/* machine-id: who has the id of another gets a new one; the first keeps it. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_machine_id;

#define PATH "/etc/machine-id"
#define OWN "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

static struct bench *bench;

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/etc", 0755);
	bench_file(bench, PATH, 0444, OWN "\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static int apply(const char *taken)
{
	return bench_apply(bench, &module_machine_id, bench_load(bench, &module_machine_id, taken));
}

static void an_id_that_nobody_else_has_is_kept(void **state)
{
	(void)state;
	assert_int_equal(apply("{taken: []}"), 0);
	assert_int_equal(apply("{taken: [" OTHER "]}"), 0);
	assert_string_equal(bench_text(bench, PATH), OWN "\n");
	assert_int_equal(bench->log.size, 0);
}

static void an_id_that_another_has_is_replaced(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(apply("{taken: [" OTHER ", " OWN "]}"), 0);
	text = bench_text(bench, PATH);
	assert_string_not_equal(text, OWN "\n");
	assert_int_equal(strspn(text, "0123456789abcdef"), 32);
	assert_string_equal(text + 32, "\n");
	assert_int_equal(text[12], '4');
	assert_int_equal(bench_find(bench, PATH)->info.mode & 0777, 0444);
}

static void the_ledger_is_told_which_comes_next(void **state)
{
	const char *told, *text;

	(void)state;
	assert_int_equal(apply("{taken: [" OWN "]}"), 0);
	told = value_get_string(value_get(bench->records, "machine-id:next"), "id");
	text = bench_text(bench, PATH);
	assert_non_null(told);
	assert_memory_equal(told, text, 32);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(value_get_string(value_get(bench->records, "machine-id:next"), "id"), OWN);
}

static void an_undo_brings_the_old_id_back(void **state)
{
	(void)state;
	assert_int_equal(apply("{taken: [" OWN "]}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, PATH), OWN "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_id_that_nobody_else_has_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_id_that_another_has_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_ledger_is_told_which_comes_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_undo_brings_the_old_id_back, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
