/* filters_group: groupby, subelements, product. */
#include "expression/evaluate.h"

#include <string.h>

static int list_of(struct evaluation *evaluation, const struct call *call, struct value *value,
	struct value ***ret_items, size_t *ret_count)
{
	if (value->kind != VALUE_LIST)
		return call_error(evaluation, call, "a list", value);
	return value_items(evaluation, call->offset, value, ret_items, ret_count);
}

static int add_pair(struct evaluation *evaluation, const struct call *call, struct value *list,
	struct value *one, struct value *other)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *pair = value_list(arena);

	if (evaluation_spend(evaluation, call->offset, 1, sizeof(*pair)) < 0)
		return -1;
	value_append(arena, pair, one);
	value_append(arena, pair, other);
	value_append(arena, list, pair);
	return 0;
}

/* The items sorted by an attribute: sort does the work. */
static int sorted_items(struct evaluation *evaluation, struct call *call, struct value **ret_list)
{
	static const char *const keywords[] = { "attribute" };

	return call_values(evaluation, call->offset, callable_find(CALLABLE_FILTER, "sort",
		NULL), call->input, &call->arguments[0], keywords, 1,
		ret_list);
}

/* groupby(attribute) → a list of [what they have in common, the items], sorted. */
static int filter_groupby(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *sorted, *last = NULL, *group = NULL, *key;
	int order;

	if (call->input->kind != VALUE_LIST)
		return call_error(evaluation, call, "a list", call->input);
	if (sorted_items(evaluation, call, &sorted) < 0)
		return -1;
	*ret_value = value_list(arena);
	for (size_t i = 0; i < sorted->count; i++) {
		if (value_attribute(evaluation, call->offset, sorted->items[i], call->arguments[0],
				&key) < 0 || evaluation_require(evaluation, key) < 0 ||
			(last && evaluate_order(evaluation, call->offset, last, key, true,
			&order) < 0))
			return -1;
		if (!last || order != 0) {
			group = value_list(arena);
			last = key;
			if (add_pair(evaluation, call, *ret_value, key, group) < 0)
				return -1;
		}
		value_append(arena, group, sorted->items[i]);
	}
	return 0;
}

/* subelements(attribute, skip_missing) → a list of [item, one of its own list]. */
static int filter_subelements(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct value **items, **inner, *list;
	size_t count, inner_count;
	bool skips;

	if (list_of(evaluation, call, call->input, &items, &count) < 0 ||
		call_truth(evaluation, call, 1, false, &skips) < 0)
		return -1;
	*ret_value = value_list(evaluation->evaluator->arena);
	for (size_t i = 0; i < count; i++) {
		if (value_attribute(evaluation, call->offset, items[i], call->arguments[0],
			&list) < 0)
			return -1;
		if (!list && skips)
			continue;
		if (evaluation_require(evaluation, list) < 0 ||
			list_of(evaluation, call, list, &inner, &inner_count) < 0)
			return -1;
		for (size_t j = 0; j < inner_count; j++) {
			if (add_pair(evaluation, call, *ret_value, items[i], inner[j]) < 0)
				return -1;
		}
	}
	return 0;
}

/* a | product(b) → a list of [one of a, one of b]. */
static int filter_product(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct value **items, **others;
	size_t count, other_count;

	if (list_of(evaluation, call, call->input, &items, &count) < 0 ||
		list_of(evaluation, call, call->arguments[0], &others, &other_count) < 0)
		return -1;
	*ret_value = value_list(evaluation->evaluator->arena);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < other_count; j++) {
			if (add_pair(evaluation, call, *ret_value, items[i], others[j]) < 0)
				return -1;
		}
	}
	return 0;
}

const struct callable filters_group[] = {
	{ "groupby", filter_groupby, 1, CALL_DEEP, { "attribute" } },
	{ "subelements", filter_subelements, 1, CALL_DEEP, { "subelements", "skip_missing" } },
	{ "product", filter_product, 1, CALL_DEEP, { "other" } },
	{ 0 },
};
