/* assert, fail, set_fact, debug: what is decided without any host. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"

extern const struct module module_assert;
extern const struct module module_debug;
extern const struct module module_fail;
extern const struct module module_set_fact;

static struct bench *bench;
static struct prepare *prepare;
static struct decision decision;

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	prepare = prepare_new(bench->arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static enum decision_status decide(const struct module *module, const char *yaml)
{
	struct value *params = bench_normalise(bench, module, yaml);

	assert_non_null(params);
	decision = (struct decision){ 0 };
	assert_int_equal(module->decide(prepare, params, &decision, &bench->err), 0);
	return decision.status;
}

static const char *refused(const struct module *module, const char *yaml)
{
	assert_null(bench_normalise(bench, module, yaml));
	return bench->err.message;
}

static void assert_says_which_condition_does_not_hold(void **state)
{
	(void)state;
	assert_int_equal(decide(&module_assert, "{that: ['true', 'false', 'unheard']}"),
		DECISION_FAILED);
	assert_string_equal(decision.message, "Assertion failed: false");
	assert_string_equal(value_get_string(decision.results, "assertion"), "false");
	assert_string_equal(value_get_string(decision.results, "msg"), "Assertion failed");
	assert_false(value_get_bool(decision.results, "evaluated_to"));
	assert_int_equal(decide(&module_assert, "{that: 'false', msg: [a, b]}"), DECISION_FAILED);
	assert_string_equal(decision.message, "a, b: false");
	assert_int_equal(value_item_count(value_get(decision.results, "msg")), 2);
}

static void assert_that_holds_is_quiet_if_told_so(void **state)
{
	(void)state;
	assert_int_equal(decide(&module_assert, "{that: 'true'}"), DECISION_OK);
	assert_string_equal(value_get_string(decision.results, "show"), "All assertions passed");
	assert_int_equal(decide(&module_assert, "{that: [true], quiet: yes, success_msg: fine}"),
		DECISION_OK);
	assert_null(value_get(decision.results, "show"));
	assert_string_equal(value_get_string(decision.results, "msg"), "fine");
}

static void assert_of_what_is_not_known_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(decide(&module_assert, "{that: ['true', unheard]}"), DECISION_OK);
	assert_int_equal(value_get(decision.results, "msg")->kind, VALUE_UNKNOWN);
	assert_null(value_get(decision.results, "show"));
}

static void assert_refuses_other_messages_than_texts(void **state)
{
	(void)state;
	assert_string_equal(refused(&module_assert, "{that: 'true', fail_msg: {a: b}}"),
		"'fail_msg' of assert must be a text or a list of texts, not a map");
	assert_string_equal(refused(&module_assert, "{that: 'true', success_msg: [[a]]}"),
		"'success_msg' of assert must be a text or a list of texts, not a list");
	assert_string_equal(refused(&module_assert, "{that: [[a]]}"),
		"'that' of assert must be a condition or a list of them, not a list");
	assert_non_null(strstr(refused(&module_assert, "{}"), "assert needs the parameter 'that'"));
}

static void fail_fails_with_its_message(void **state)
{
	(void)state;
	assert_int_equal(decide(&module_fail, "{}"), DECISION_FAILED);
	assert_string_equal(decision.message, "Failed as requested from task");
	assert_int_equal(decide(&module_fail, "{msg: no disk}"), DECISION_FAILED);
	assert_string_equal(decision.message, "no disk");
}

static void set_fact_keeps_kinds_and_takes_words_for_truths(void **state)
{
	(void)state;
	assert_int_equal(decide(&module_set_fact, "{a: 1, b: [x, {y: 2}], c: 'Yes', d: 'no ', e: ~}"),
		DECISION_OK);
	assert_int_equal(value_get(decision.facts, "a")->kind, VALUE_INTEGER);
	assert_int_equal(value_get(decision.facts, "b")->kind, VALUE_LIST);
	assert_true(value_get_bool(decision.facts, "c"));
	assert_string_equal(value_get_string(decision.facts, "d"), "no ");
	assert_int_equal(value_get(decision.facts, "e")->kind, VALUE_NULL);
	assert_int_equal(decision.facts->count, 5);
}

static void set_fact_lasts_for_the_run_only(void **state)
{
	(void)state;
	assert_int_equal(decide(&module_set_fact, "{a: 1, cacheable: no}"), DECISION_OK);
	assert_int_equal(decision.facts->count, 1);
	assert_string_equal(refused(&module_set_fact, "{a: 1, cacheable: yes}"),
		"'cacheable: yes' of set_fact is not supported yet");
	assert_string_equal(refused(&module_set_fact, "{cacheable: no}"), "set_fact sets nothing");
}

static void debug_waits_for_as_many_v_as_it_says(void **state)
{
	(void)state;
	assert_int_equal(decide(&module_debug, "{msg: hello, verbosity: 2}"), DECISION_SKIPPED);
	assert_string_equal(decision.message, "shown with -vv");
	assert_int_equal(decide(&module_debug, "{msg: [hello]}"), DECISION_OK);
	assert_int_equal(value_item_count(value_get(decision.results, "show")), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(assert_says_which_condition_does_not_hold,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(assert_that_holds_is_quiet_if_told_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(assert_of_what_is_not_known_is_not_known,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(assert_refuses_other_messages_than_texts,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(fail_fails_with_its_message, set_up, tear_down),
		cmocka_unit_test_setup_teardown(set_fact_keeps_kinds_and_takes_words_for_truths,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(set_fact_lasts_for_the_run_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(debug_waits_for_as_many_v_as_it_says,
			set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
