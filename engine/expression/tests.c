/* tests: what may stand behind "is". */
#include "expression/evaluate.h"

#include "expression/scope.h"

#include <string.h>

static int truth(struct evaluation *evaluation, struct value **ret_value, bool truth_is)
{
	*ret_value = value_bool(evaluation->evaluator->arena, truth_is);
	return 0;
}

/* A registered value is there even before it is known; of all else that isn't known, nobody knows
 * whether it will be. */
static int test_defined(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	*ret_value = call->input;
	if (call->input && call->input->kind == VALUE_UNKNOWN && !call->registered)
		return 0;
	return truth(evaluation, ret_value, call->input != NULL);
}

static int test_undefined(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	*ret_value = call->input;
	if (call->input && call->input->kind == VALUE_UNKNOWN && !call->registered)
		return 0;
	return truth(evaluation, ret_value, call->input == NULL);
}

static int test_none(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return truth(evaluation, ret_value, call->input->kind == VALUE_NULL);
}

static int test_string(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return truth(evaluation, ret_value, call->input->kind == VALUE_STRING);
}

static int test_number(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return truth(evaluation, ret_value, call->input->kind == VALUE_INTEGER ||
		call->input->kind == VALUE_FLOAT || call->input->kind == VALUE_BOOL);
}

static int test_integer(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return truth(evaluation, ret_value, call->input->kind == VALUE_INTEGER);
}

static int test_float(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return truth(evaluation, ret_value, call->input->kind == VALUE_FLOAT);
}

static int test_boolean(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return truth(evaluation, ret_value, call->input->kind == VALUE_BOOL);
}

static int test_mapping(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return truth(evaluation, ret_value, call->input->kind == VALUE_MAP);
}

/* As in Jinja: what has items, strings and maps too. */
static int test_iterable(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return truth(evaluation, ret_value, call->input->kind == VALUE_LIST ||
		call->input->kind == VALUE_MAP || call->input->kind == VALUE_STRING);
}

static int test_true(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return truth(evaluation, ret_value, call->input->kind == VALUE_BOOL && call->input->truth);
}

static int test_false(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return truth(evaluation, ret_value, call->input->kind == VALUE_BOOL && !call->input->truth);
}

static int test_truthy(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return truth(evaluation, ret_value, value_truthy(call->input));
}

static int test_falsy(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return truth(evaluation, ret_value, !value_truthy(call->input));
}

static int remainder_of(struct evaluation *evaluation, struct call *call, int64_t divisor,
	bool *ret_divides)
{
	if (call->input->kind != VALUE_INTEGER)
		return call_error(evaluation, call, "an integer", call->input);
	if (divisor == 0)
		return evaluation_error(evaluation, call->offset, "division by zero");
	*ret_divides = divisor == -1 || call->input->integer % divisor == 0;
	return 0;
}

static int test_even(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	bool divides = false;

	if (remainder_of(evaluation, call, 2, &divides) < 0)
		return -1;
	return truth(evaluation, ret_value, divides);
}

static int test_odd(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	bool divides = false;

	if (remainder_of(evaluation, call, 2, &divides) < 0)
		return -1;
	return truth(evaluation, ret_value, !divides);
}

static int test_divisibleby(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	int64_t divisor;
	bool divides = false;

	if (call_integer(evaluation, call, 0, 0, &divisor) < 0 ||
		remainder_of(evaluation, call, divisor, &divides) < 0)
		return -1;
	return truth(evaluation, ret_value, divides);
}

static int letters(struct evaluation *evaluation, struct call *call, const char *filter,
	struct value **ret_value)
{
	struct value *changed;
	const struct callable *callable = callable_find(CALLABLE_FILTER, filter,
		NULL);

	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	if (call_values(evaluation, call->offset, callable, call->input, NULL, NULL, 0,
		&changed) < 0)
		return -1;
	return truth(evaluation, ret_value, value_equal(call->input, changed));
}

static int test_lower(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return letters(evaluation, call, "lower", ret_value);
}

static int test_upper(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return letters(evaluation, call, "upper", ret_value);
}

static int test_equal(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return evaluate_binary(evaluation, call->offset, OPERATION_EQUAL, call->input,
		call->arguments[0], ret_value);
}

static int test_unequal(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return evaluate_binary(evaluation, call->offset, OPERATION_UNEQUAL, call->input,
		call->arguments[0], ret_value);
}

static int test_less(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return evaluate_binary(evaluation, call->offset, OPERATION_LESS, call->input,
		call->arguments[0], ret_value);
}

static int test_at_most(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return evaluate_binary(evaluation, call->offset, OPERATION_LESS_EQUAL, call->input,
		call->arguments[0], ret_value);
}

static int test_greater(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return evaluate_binary(evaluation, call->offset, OPERATION_GREATER, call->input,
		call->arguments[0], ret_value);
}

static int test_at_least(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return evaluate_binary(evaluation, call->offset, OPERATION_GREATER_EQUAL, call->input,
		call->arguments[0], ret_value);
}

static int test_in(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return evaluate_binary(evaluation, call->offset, OPERATION_IN, call->input,
		call->arguments[0], ret_value);
}

static int test_contains(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return evaluate_binary(evaluation, call->offset, OPERATION_IN, call->arguments[0],
		call->input, ret_value);
}

static int all_inside(struct evaluation *evaluation, struct call *call, struct value *inner,
	struct value *outer, struct value **ret_value)
{
	struct value **items;
	size_t count;
	int found = 1;

	if (value_items(evaluation, call->offset, inner, &items, &count) < 0)
		return -1;
	for (size_t i = 0; i < count && found == 1; i++)
		found = evaluate_contains(evaluation, call->offset, outer, items[i]);
	return found < 0 ? -1 : truth(evaluation, ret_value, found == 1);
}

static int test_subset(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return all_inside(evaluation, call, call->input, call->arguments[0], ret_value);
}

static int test_superset(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return all_inside(evaluation, call, call->arguments[0], call->input, ret_value);
}

static int count_true(struct evaluation *evaluation, struct call *call, size_t *ret_true,
	size_t *ret_all)
{
	struct value **items;

	if (value_items(evaluation, call->offset, call->input, &items, ret_all) < 0)
		return -1;
	*ret_true = 0;
	for (size_t i = 0; i < *ret_all; i++)
		*ret_true += value_truthy(items[i]);
	return 0;
}

static int test_any(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	size_t count, all;

	if (count_true(evaluation, call, &count, &all) < 0)
		return -1;
	return truth(evaluation, ret_value, count > 0);
}

static int test_all(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	size_t count, all;

	if (count_true(evaluation, call, &count, &all) < 0)
		return -1;
	return truth(evaluation, ret_value, count == all);
}

static int result_says(struct evaluation *evaluation, struct call *call, const char *key,
	bool *ret_says)
{
	const struct value *said, *results;

	if (call->input->kind != VALUE_MAP)
		return call_error(evaluation, call, "a registered result", call->input);
	said = value_get(call->input, key);
	results = value_get(call->input, "results");
	*ret_says = said && value_truthy(said);
	for (size_t i = 0; !said && strcmp(key, "skipped") != 0 && results && results->kind == VALUE_LIST &&
		i < results->count; i++)
		*ret_says |= value_get_bool(results->items[i], key);
	return 0;
}

static int test_changed(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	bool says;

	if (result_says(evaluation, call, "changed", &says) < 0)
		return -1;
	return truth(evaluation, ret_value, says);
}

static int test_failed(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	bool says;

	if (result_says(evaluation, call, "failed", &says) < 0)
		return -1;
	return truth(evaluation, ret_value, says);
}

static int test_succeeded(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	bool says;

	if (result_says(evaluation, call, "failed", &says) < 0)
		return -1;
	return truth(evaluation, ret_value, !says);
}

static int test_skipped(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	bool says;

	if (result_says(evaluation, call, "skipped", &says) < 0)
		return -1;
	return truth(evaluation, ret_value, says);
}

/* As Python's "is": the same one; of scalars that is what is equal and of one kind. */
static int test_sameas(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	const struct value *one = call->input, *other = call->arguments[0];
	bool whole = one->kind == VALUE_LIST || one->kind == VALUE_MAP;

	return truth(evaluation, ret_value, one->kind == other->kind && (whole ? one == other
		: value_equal(one, other)));
}

const struct callable tests_all[] = {
	{ "defined", test_defined, 0, CALL_UNDEFINED, { NULL } },
	{ "undefined", test_undefined, 0, CALL_UNDEFINED, { NULL } },
	{ "none", test_none, 0, 0, { NULL } },
	{ "string", test_string, 0, 0, { NULL } },
	{ "number", test_number, 0, 0, { NULL } },
	{ "integer", test_integer, 0, 0, { NULL } },
	{ "float", test_float, 0, 0, { NULL } },
	{ "boolean", test_boolean, 0, 0, { NULL } },
	{ "mapping", test_mapping, 0, 0, { NULL } },
	{ "iterable", test_iterable, 0, 0, { NULL } },
	{ "sequence", test_iterable, 0, 0, { NULL } },
	{ "true", test_true, 0, 0, { NULL } },
	{ "false", test_false, 0, 0, { NULL } },
	{ "truthy", test_truthy, 0, 0, { NULL } },
	{ "falsy", test_falsy, 0, 0, { NULL } },
	{ "even", test_even, 0, 0, { NULL } },
	{ "odd", test_odd, 0, 0, { NULL } },
	{ "divisibleby", test_divisibleby, 1, 0, { "num" } },
	{ "lower", test_lower, 0, 0, { NULL } },
	{ "upper", test_upper, 0, 0, { NULL } },
	{ "eq", test_equal, 1, 0, { "other" } },
	{ "equalto", test_equal, 1, 0, { "other" } },
	{ "==", test_equal, 1, 0, { "other" } },
	{ "ne", test_unequal, 1, 0, { "other" } },
	{ "!=", test_unequal, 1, 0, { "other" } },
	{ "lt", test_less, 1, 0, { "other" } },
	{ "lessthan", test_less, 1, 0, { "other" } },
	{ "<", test_less, 1, 0, { "other" } },
	{ "le", test_at_most, 1, 0, { "other" } },
	{ "<=", test_at_most, 1, 0, { "other" } },
	{ "gt", test_greater, 1, 0, { "other" } },
	{ "greaterthan", test_greater, 1, 0, { "other" } },
	{ ">", test_greater, 1, 0, { "other" } },
	{ "ge", test_at_least, 1, 0, { "other" } },
	{ ">=", test_at_least, 1, 0, { "other" } },
	{ "sameas", test_sameas, 1, 0, { "other" } },
	{ "in", test_in, 1, 0, { "seq" } },
	{ "contains", test_contains, 1, 0, { "value" } },
	{ "subset", test_subset, 1, CALL_DEEP, { "of" } },
	{ "issubset", test_subset, 1, CALL_DEEP, { "of" } },
	{ "superset", test_superset, 1, CALL_DEEP, { "of" } },
	{ "issuperset", test_superset, 1, CALL_DEEP, { "of" } },
	{ "any", test_any, 0, CALL_DEEP, { NULL } },
	{ "all", test_all, 0, CALL_DEEP, { NULL } },
	{ "changed", test_changed, 0, 0, { NULL } },
	{ "change", test_changed, 0, 0, { NULL } },
	{ "failed", test_failed, 0, 0, { NULL } },
	{ "failure", test_failed, 0, 0, { NULL } },
	{ "succeeded", test_succeeded, 0, 0, { NULL } },
	{ "success", test_succeeded, 0, 0, { NULL } },
	{ "successful", test_succeeded, 0, 0, { NULL } },
	{ "skipped", test_skipped, 0, 0, { NULL } },
	{ "skip", test_skipped, 0, 0, { NULL } },
	{ 0 },
};
