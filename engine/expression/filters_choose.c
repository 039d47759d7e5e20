/* filters_choose: filters that give one of several values: default, first, max, … */
#include "expression/evaluate.h"

#include <string.h>

/* default('x'), default('x', true): also for what is empty. */
static int filter_default(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct value *empty_too;

	*ret_value = call->input;
	if (call->input && call->input->kind == VALUE_UNKNOWN)
		return 0;
	if (call_argument(evaluation, call, 1, &empty_too) < 0)
		return -1;
	if (call->input && (!empty_too || !value_truthy(empty_too) || value_truthy(call->input)))
		return 0;
	if (!call->nodes[0] && !call->arguments[0]) {
		*ret_value = value_string(evaluation->evaluator->arena, "");
		return 0;
	}
	return call_argument(evaluation, call, 0, ret_value);
}

/* ternary(if true, if false, if null) */
static int filter_ternary(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	size_t parameter = value_truthy(call->input) ? 0 : 1;

	if (call->input->kind == VALUE_NULL && (call->nodes[2] || call->arguments[2]))
		parameter = 2;
	return call_argument(evaluation, call, parameter, ret_value);
}

static int filter_mandatory(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	const char *message;

	*ret_value = call->input;
	if (call_text(evaluation, call, 0, NULL, &message) < 0)
		return -1;
	if (!call->input && message)
		return evaluation_error(evaluation, call->offset, "%s", message);
	return evaluation_require(evaluation, call->input);
}

/* 'h' | extract(hostvars, 'x'): the container's item, and what is inside of it. */
static int filter_extract(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	const struct value *more = call->arguments[1];

	if (evaluate_index(evaluation, call->offset, call->arguments[0], call->input,
		ret_value) < 0)
		return -1;
	if (!more)
		return 0;
	if (more->kind != VALUE_LIST)
		return evaluate_index(evaluation, call->offset, *ret_value, more, ret_value);
	for (size_t i = 0; i < more->count; i++) {
		if (evaluate_index(evaluation, call->offset, *ret_value, more->items[i],
			ret_value) < 0)
			return -1;
	}
	return 0;
}

static int pick(struct evaluation *evaluation, struct call *call, bool last,
	struct value **ret_value)
{
	struct value **items;
	size_t count;

	if (value_items(evaluation, call->offset, call->input, &items, &count) < 0)
		return -1;
	if (count == 0)
		return evaluation_undefined(evaluation, call->offset, ret_value,
			"%s is empty: it has no %s item", value_kind_name(call->input),
			last ? "last" : "first");
	*ret_value = items[last ? count - 1 : 0];
	return 0;
}

static int filter_first(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return pick(evaluation, call, false, ret_value);
}

static int filter_last(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return pick(evaluation, call, true, ret_value);
}

/* min and max(case_sensitive=false, attribute=none) */
static int extreme(struct evaluation *evaluation, struct call *call, int sign,
	struct value **ret_value)
{
	struct value **items, *best = NULL, *key;
	size_t count;
	bool exact;
	int order;

	if (value_items(evaluation, call->offset, call->input, &items, &count) < 0 ||
		call_truth(evaluation, call, 0, false, &exact) < 0)
		return -1;
	if (count == 0)
		return evaluation_undefined(evaluation, call->offset, ret_value,
			"there is no '%s' of nothing", call->callable->name);
	for (size_t i = 0; i < count; i++) {
		key = items[i];
		if (call->arguments[1] && (value_attribute(evaluation, call->offset, key,
				call->arguments[1], &key) < 0 ||
				evaluation_require(evaluation, key) < 0))
			return -1;
		if (evaluate_order(evaluation, call->offset, key, best ? best : key, !exact,
			&order) < 0)
			return -1;
		if (!best || order * sign > 0) {
			best = key;
			*ret_value = items[i];
		}
	}
	return 0;
}

static int filter_min(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return extreme(evaluation, call, -1, ret_value);
}

static int filter_max(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return extreme(evaluation, call, 1, ret_value);
}

const struct callable filters_choose[] = {
	{ "default", filter_default, 0, CALL_UNDEFINED | CALL_LAZY | CALL_PICK,
		{ "default_value", "boolean" } },
	{ "d", filter_default, 0, CALL_UNDEFINED | CALL_LAZY | CALL_PICK,
		{ "default_value", "boolean" } },
	{ "ternary", filter_ternary, 2, CALL_LAZY | CALL_PICK,
		{ "true_val", "false_val", "none_val" } },
	{ "mandatory", filter_mandatory, 0, CALL_UNDEFINED | CALL_PICK, { "msg" } },
	{ "extract", filter_extract, 1, CALL_PICK, { "container", "morekeys" } },
	{ "first", filter_first, 0, CALL_PICK, { NULL } },
	{ "last", filter_last, 0, CALL_PICK, { NULL } },
	{ "min", filter_min, 0, CALL_DEEP, { "case_sensitive", "attribute" } },
	{ "max", filter_max, 0, CALL_DEEP, { "case_sensitive", "attribute" } },
	{ 0 },
};
