/* ping: it answers, and nothing else. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

extern const struct module module_ping;

static void it_answers_what_is_said(void **state)
{
	struct bench *bench = bench_new();

	(void)state;
	assert_int_equal(bench_apply(bench, &module_ping, bench_load(bench, &module_ping, "{}")), 0);
	assert_string_equal(value_get_string(bench->results, "ping"), "pong");
	assert_int_equal(bench_apply(bench, &module_ping, bench_load(bench, &module_ping, "{data: x}")), 0);
	assert_string_equal(value_get_string(bench->results, "ping"), "x");
	assert_string_equal(bench->log.data ? bench->log.data : "", "");
	bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_answers_what_is_said) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
