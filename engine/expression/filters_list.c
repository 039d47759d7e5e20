/* filters_list: filters over lists: sort, unique, map, select, … */
#include "expression/evaluate.h"

#include "expression/scope.h"

#include <string.h>

static int items_of(struct evaluation *evaluation, const struct call *call,
	struct value ***ret_items,
	size_t *ret_count)
{
	return value_items(evaluation, call->offset, call->input, ret_items, ret_count);
}

static int add_item(struct evaluation *evaluation, const struct call *call, struct value *list,
	struct value *item)
{
	if (evaluation_spend(evaluation, call->offset, 1, sizeof(item)) < 0)
		return -1;
	value_append(evaluation->evaluator->arena, list, item);
	return 0;
}

static int attribute_of(struct evaluation *evaluation, const struct call *call, struct value *item,
	const struct value *path, struct value **ret_value)
{
	*ret_value = item;
	if (path && value_attribute(evaluation, call->offset, item, path, ret_value) < 0)
		return -1;
	return evaluation_require(evaluation, *ret_value);
}

struct keyed {
	struct value *key;
	struct value *item;
};

struct sorting {
	struct evaluation *evaluation;
	const struct call *call;
	bool exact;
	int sign;
};

static int merge(struct sorting *sorting, struct keyed *rows, size_t half, size_t count,
	struct keyed *room)
{
	size_t left = 0, right = half;
	int order;

	for (size_t i = 0; i < count; i++) {
		bool take_right = left == half;

		if (left < half && right < count) {
			if (evaluation_spend(sorting->evaluation, sorting->call->offset, 1,
				0) < 0 ||
				evaluate_order(sorting->evaluation, sorting->call->offset,
					rows[left].key, rows[right].key, !sorting->exact,
					&order) < 0)
				return -1;
			take_right = order * sorting->sign > 0;
		}
		room[i] = take_right ? rows[right++] : rows[left++];
	}
	memcpy(rows, room, count * sizeof(*rows));
	return 0;
}

static int sort_rows(struct sorting *sorting, struct keyed *rows, size_t count, struct keyed *room)
{
	size_t half = count / 2;

	if (count < 2)
		return 0;
	if (sort_rows(sorting, rows, half, room) < 0 ||
		sort_rows(sorting, rows + half, count - half, room) < 0)
		return -1;
	return merge(sorting, rows, half, count, room);
}

/* sort(reverse, case_sensitive, attribute): stable, and without letter case unless asked for. */
static int filter_sort(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct sorting sorting = { .evaluation = evaluation, .call = call };
	struct arena *scratch = evaluation->evaluator->scratch;
	struct value **items;
	struct keyed *rows;
	size_t count;
	bool reverse;

	if (items_of(evaluation, call, &items, &count) < 0 ||
		call_truth(evaluation, call, 0, false, &reverse) < 0 ||
		call_truth(evaluation, call, 1, false, &sorting.exact) < 0 ||
		evaluation_spend(evaluation, call->offset, count, 4 * count * sizeof(*rows)) < 0)
		return -1;
	sorting.sign = reverse ? -1 : 1;
	rows = arena_array(scratch, 2 * count + 1, sizeof(*rows));
	for (size_t i = 0; i < count; i++) {
		rows[i].item = items[i];
		if (attribute_of(evaluation, call, items[i], call->arguments[2], &rows[i].key) < 0)
			return -1;
	}
	if (sort_rows(&sorting, rows, count, rows + count) < 0)
		return -1;
	*ret_value = value_list(evaluation->evaluator->arena);
	for (size_t i = 0; i < count; i++) {
		if (add_item(evaluation, call, *ret_value, rows[i].item) < 0)
			return -1;
	}
	return 0;
}

static int filter_reverse(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct buffer buffer = { 0 };
	struct value **items;
	size_t count;

	if (items_of(evaluation, call, &items, &count) < 0)
		return -1;
	if (call->input->kind == VALUE_STRING) {
		while (count-- > 0)
			buffer_add(&buffer, items[count]->text, items[count]->size);
		return buffer_value(evaluation, call->offset, &buffer, ret_value);
	}
	*ret_value = value_list(evaluation->evaluator->arena);
	while (count-- > 0) {
		if (add_item(evaluation, call, *ret_value, items[count]) < 0)
			return -1;
	}
	return 0;
}

static int same(struct evaluation *evaluation, const struct call *call, const struct value *one,
	const struct value *other, bool exact)
{
	int order;

	if (!exact && one->kind == VALUE_STRING && other->kind == VALUE_STRING)
		return evaluate_order(evaluation, call->offset, one, other, true, &order) < 0 ? -1 :
			order == 0;
	return evaluate_equal(evaluation, call->offset, one, other);
}

static int has(struct evaluation *evaluation, const struct call *call, const struct value *list,
	const struct value *item, bool exact)
{
	for (size_t i = 0; i < list->count; i++) {
		int found = evaluation_spend(evaluation, call->offset, 1, 0) < 0 ? -1 :
			same(evaluation, call, list->items[i], item, exact);

		if (found != 0)
			return found;
	}
	return 0;
}

static int filter_unique(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct value *keys = value_list(evaluation->evaluator->scratch), **items, *key;
	size_t count;
	bool exact;

	if (items_of(evaluation, call, &items, &count) < 0 ||
		call_truth(evaluation, call, 0, false, &exact) < 0)
		return -1;
	*ret_value = value_list(evaluation->evaluator->arena);
	for (size_t i = 0; i < count; i++) {
		int found;

		if (attribute_of(evaluation, call, items[i], call->arguments[1], &key) < 0)
			return -1;
		found = has(evaluation, call, keys, key, exact);
		if (found < 0 || (found == 0 &&
				add_item(evaluation, call, *ret_value, items[i]) < 0))
			return -1;
		if (found == 0)
			value_append(evaluation->evaluator->scratch, keys, key);
	}
	return 0;
}

/* Adds to list those of from that are (not) in other, each once. */
static int add_those(struct evaluation *evaluation, const struct call *call, struct value *list,
	const struct value *from, const struct value *other, bool inside)
{
	for (size_t i = 0; i < from->count; i++) {
		int found = other ? has(evaluation, call, other, from->items[i], true) : inside;
		int twice = has(evaluation, call, list, from->items[i], true);

		if (found < 0 || twice < 0)
			return -1;
		if ((found == 1) == inside && !twice &&
			add_item(evaluation, call, list, from->items[i]) < 0)
			return -1;
	}
	return 0;
}

static int two_lists(struct evaluation *evaluation, struct call *call, struct value **ret_list)
{
	if (call->input->kind != VALUE_LIST)
		return call_error(evaluation, call, "two lists", call->input);
	if (call->arguments[0]->kind != VALUE_LIST)
		return call_error(evaluation, call, "two lists", call->arguments[0]);
	*ret_list = value_list(evaluation->evaluator->arena);
	return 0;
}

static int filter_union(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	if (two_lists(evaluation, call, ret_value) < 0 ||
		add_those(evaluation, call, *ret_value, call->input, NULL, true) < 0)
		return -1;
	return add_those(evaluation, call, *ret_value, call->arguments[0], NULL, true);
}

static int filter_difference(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	if (two_lists(evaluation, call, ret_value) < 0)
		return -1;
	return add_those(evaluation, call, *ret_value, call->input, call->arguments[0], false);
}

static int filter_intersect(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	if (two_lists(evaluation, call, ret_value) < 0)
		return -1;
	return add_those(evaluation, call, *ret_value, call->input, call->arguments[0], true);
}

static int filter_symmetric_difference(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	if (filter_difference(evaluation, call, ret_value) < 0)
		return -1;
	return add_those(evaluation, call, *ret_value, call->arguments[0], call->input, false);
}

static int flatten_into(struct evaluation *evaluation, const struct call *call, struct value *list,
	const struct value *from, int64_t levels, bool skip_nulls)
{
	for (size_t i = 0; i < from->count; i++) {
		struct value *item = from->items[i];

		if (item->kind == VALUE_LIST && levels != 0) {
			if (evaluation_spend(evaluation, call->offset, 1, 0) < 0 ||
				flatten_into(evaluation, call, list, item, levels - 1,
				skip_nulls) < 0)
				return -1;
		} else if (!(skip_nulls && item->kind == VALUE_NULL) &&
			add_item(evaluation, call, list, item) < 0) {
			return -1;
		}
	}
	return 0;
}

static int filter_flatten(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	int64_t levels;
	bool skip_nulls;

	if (call_integer(evaluation, call, 0, -1, &levels) < 0 ||
		call_truth(evaluation, call, 1, true, &skip_nulls) < 0)
		return -1;
	if (call->input->kind != VALUE_LIST)
		return call_error(evaluation, call, "a list", call->input);
	*ret_value = value_list(evaluation->evaluator->arena);
	return flatten_into(evaluation, call, *ret_value, call->input, levels, skip_nulls);
}

static int zip_lists(struct evaluation *evaluation, struct call *call, struct value *fill,
	struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	size_t lists = call->rest_count + 1, rows = 0;
	struct value ***items = arena_array(evaluation->evaluator->scratch, lists, sizeof(*items));
	size_t *counts = arena_array(evaluation->evaluator->scratch, lists, sizeof(*counts));

	for (size_t i = 0; i < lists; i++) {
		if (value_items(evaluation, call->offset, i ? call->rest[i - 1] : call->input,
				&items[i], &counts[i]) < 0)
			return -1;
		if (i == 0 || (fill ? counts[i] > rows : counts[i] < rows))
			rows = counts[i];
	}
	*ret_value = value_list(arena);
	for (size_t row = 0; row < rows; row++) {
		struct value *tuple = value_list(arena);

		if (evaluation_spend(evaluation, call->offset, lists, sizeof(*tuple)) < 0)
			return -1;
		for (size_t i = 0; i < lists; i++)
			value_append(arena, tuple, row < counts[i] ? items[i][row] : fill);
		if (add_item(evaluation, call, *ret_value, tuple) < 0)
			return -1;
	}
	return 0;
}

static int filter_zip(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return zip_lists(evaluation, call, NULL, ret_value);
}

static int filter_zip_longest(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct value *fill = value_null(evaluation->evaluator->arena);

	for (size_t i = 0; i < call->rest_count; i++) {
		if (!call->rest_keywords[i])
			continue;
		if (strcmp(call->rest_keywords[i], "fillvalue") != 0)
			return evaluation_error(evaluation, call->offset,
				"'zip_longest' has no argument '%s'", call->rest_keywords[i]);
		fill = call->rest[i];
		call->rest_count = i;
	}
	return zip_lists(evaluation, call, fill, ret_value);
}

static int filter_batch(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value **items, *row = NULL;
	size_t count;
	int64_t size;

	if (items_of(evaluation, call, &items, &count) < 0 ||
		call_integer(evaluation, call, 0, 1, &size) < 0)
		return -1;
	if (size < 1)
		return evaluation_error(evaluation, call->offset, "the size must be 1 or more");
	*ret_value = value_list(arena);
	for (size_t i = 0; i < count; i++) {
		if (i % (size_t)size == 0) {
			row = value_list(arena);
			if (add_item(evaluation, call, *ret_value, row) < 0)
				return -1;
		}
		if (add_item(evaluation, call, row, items[i]) < 0)
			return -1;
	}
	if (!row || !call->arguments[1])
		return 0;
	if (evaluation_spend(evaluation, call->offset, size < 1000000 ? (size_t)size : SIZE_MAX,
			(size_t)size * sizeof(row)) < 0)
		return -1;
	while (row->count < (size_t)size)
		value_append(arena, row, call->arguments[1]);
	return 0;
}

static int filter_sum(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct value **items, *item;
	size_t count;

	if (items_of(evaluation, call, &items, &count) < 0)
		return -1;
	*ret_value = call->arguments[1] ? call->arguments[1] :
		value_integer(evaluation->evaluator->arena, 0);
	for (size_t i = 0; i < count; i++) {
		if (evaluation_spend(evaluation, call->offset, 1, 0) < 0 ||
			attribute_of(evaluation, call, items[i], call->arguments[0], &item) < 0 ||
			evaluate_binary(evaluation, call->offset, OPERATION_ADD, *ret_value, item,
				ret_value) < 0)
			return -1;
	}
	return 0;
}

static const char *text_of(const struct value *value)
{
	return value->kind == VALUE_STRING ? value->text : NULL;
}

/* map('filter', …): what is called with each item. */
static int map_filter(struct evaluation *evaluation, struct call *call,
	const struct callable **ret_filter)
{
	if (call->rest_count == 0 || call->rest_keywords[0] || !text_of(call->rest[0]))
		return evaluation_error(evaluation, call->offset,
			"'map' needs attribute= or the name of a filter");
	*ret_filter = callable_find(CALLABLE_FILTER, call->rest[0]->text, evaluation->evaluator->err);
	return *ret_filter ? 0 : evaluation_place(evaluation, call->offset);
}

static int map_attribute(struct evaluation *evaluation, struct call *call, struct value *item,
	const struct value *path, struct value *otherwise, struct value **ret_value)
{
	if (value_attribute(evaluation, call->offset, item, path, ret_value) < 0)
		return -1;
	if (!*ret_value && otherwise)
		*ret_value = otherwise;
	return evaluation_require(evaluation, *ret_value);
}

static int keyword_arguments(struct evaluation *evaluation, struct call *call,
	struct value **ret_path, struct value **ret_otherwise)
{
	*ret_path = NULL;
	*ret_otherwise = NULL;
	if (call->rest_count == 0 || !call->rest_keywords[0])
		return 0;
	for (size_t i = 0; i < call->rest_count; i++) {
		if (strcmp(call->rest_keywords[i], "attribute") == 0)
			*ret_path = call->rest[i];
		else if (strcmp(call->rest_keywords[i], "default") == 0)
			*ret_otherwise = call->rest[i];
		else
			return evaluation_error(evaluation, call->offset,
				"'map' has no argument '%s'",
				call->rest_keywords[i]);
	}
	return 0;
}

static int filter_map(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	const struct callable *filter = NULL;
	struct value **items, *item, *path, *otherwise;
	size_t count;

	if (items_of(evaluation, call, &items, &count) < 0 ||
		keyword_arguments(evaluation, call, &path, &otherwise) < 0 ||
		(!path && map_filter(evaluation, call, &filter) < 0))
		return -1;
	*ret_value = value_list(evaluation->evaluator->arena);
	for (size_t i = 0; i < count; i++) {
		if (path && map_attribute(evaluation, call, items[i], path, otherwise, &item) < 0)
			return -1;
		if (filter && (call_values(evaluation, call->offset, filter, items[i],
			call->rest + 1,
				call->rest_keywords + 1, call->rest_count - 1, &item) < 0 ||
				evaluation_require(evaluation, item) < 0))
			return -1;
		if (add_item(evaluation, call, *ret_value, item) < 0)
			return -1;
	}
	return 0;
}

/* What decides about each item: a test with arguments, or whether it is true. */
struct choice {
	const struct callable *test;
	struct value *const *values;
	const char *const *keywords;
	size_t count;
	const struct value *path;
	bool wanted;
};

static int choice_make(struct evaluation *evaluation, struct call *call, bool by_attribute,
	bool wanted, struct choice *choice)
{
	size_t at = by_attribute ? 1 : 0;

	memset(choice, 0, sizeof(*choice));
	choice->wanted = wanted;
	if (by_attribute && (call->rest_count == 0 || call->rest_keywords[0]))
		return evaluation_error(evaluation, call->offset,
			"'%s' needs the name of an attribute",
			call->callable->name);
	choice->path = by_attribute ? call->rest[0] : NULL;
	if (call->rest_count <= at)
		return 0;
	if (!text_of(call->rest[at]))
		return evaluation_error(evaluation, call->offset, "'%s' needs the name of a test",
			call->callable->name);
	choice->test = callable_find(CALLABLE_TEST, call->rest[at]->text, evaluation->evaluator->err);
	choice->values = call->rest + at + 1;
	choice->keywords = call->rest_keywords + at + 1;
	choice->count = call->rest_count - at - 1;
	return choice->test ? 0 : evaluation_place(evaluation, call->offset);
}

static int choose(struct evaluation *evaluation, struct call *call, const struct choice *choice,
	struct value *item, struct value **ret_truth)
{
	if (choice->path &&
		value_attribute(evaluation, call->offset, item, choice->path, &item) < 0)
		return -1;
	*ret_truth = item;
	if (choice->test)
		return call_values(evaluation, call->offset, choice->test, item, choice->values,
			choice->keywords, choice->count, ret_truth);
	return evaluation_require(evaluation, item);
}

static int select_items(struct evaluation *evaluation, struct call *call, bool by_attribute,
	bool wanted, struct value **ret_value)
{
	struct choice choice;
	struct value **items, *truth;
	size_t count;

	if (items_of(evaluation, call, &items, &count) < 0 ||
		choice_make(evaluation, call, by_attribute, wanted, &choice) < 0)
		return -1;
	*ret_value = value_list(evaluation->evaluator->arena);
	for (size_t i = 0; i < count; i++) {
		if (choose(evaluation, call, &choice, items[i], &truth) < 0)
			return -1;
		if (truth->kind == VALUE_UNKNOWN) {
			*ret_value = truth;
			return 0;
		}
		if (evaluation_spend(evaluation, call->offset, 1, 0) < 0 ||
			(value_truthy(truth) == wanted &&
				add_item(evaluation, call, *ret_value, items[i]) < 0))
			return -1;
	}
	return 0;
}

static int filter_select(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return select_items(evaluation, call, false, true, ret_value);
}

static int filter_reject(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return select_items(evaluation, call, false, false, ret_value);
}

static int filter_selectattr(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return select_items(evaluation, call, true, true, ret_value);
}

static int filter_rejectattr(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return select_items(evaluation, call, true, false, ret_value);
}

const struct callable filters_list[] = {
	{ "sort", filter_sort, 0, CALL_DEEP, { "reverse", "case_sensitive", "attribute" } },
	{ "reverse", filter_reverse, 0, 0, { NULL } },
	{ "unique", filter_unique, 0, CALL_DEEP, { "case_sensitive", "attribute" } },
	{ "union", filter_union, 1, CALL_DEEP, { "b" } },
	{ "difference", filter_difference, 1, CALL_DEEP, { "b" } },
	{ "intersect", filter_intersect, 1, CALL_DEEP, { "b" } },
	{ "symmetric_difference", filter_symmetric_difference, 1, CALL_DEEP, { "b" } },
	{ "flatten", filter_flatten, 0, 0, { "levels", "skip_nulls" } },
	{ "zip", filter_zip, 0, CALL_MANY, { NULL } },
	{ "zip_longest", filter_zip_longest, 0, CALL_MANY | CALL_KEYWORDS, { NULL } },
	{ "batch", filter_batch, 1, 0, { "linecount", "fill_with" } },
	{ "sum", filter_sum, 0, CALL_DEEP, { "attribute", "start" } },
	{ "map", filter_map, 0, CALL_MANY | CALL_KEYWORDS | CALL_PICK, { NULL } },
	{ "select", filter_select, 0, CALL_MANY | CALL_KEYWORDS | CALL_PICK, { NULL } },
	{ "reject", filter_reject, 0, CALL_MANY | CALL_KEYWORDS | CALL_PICK, { NULL } },
	{ "selectattr", filter_selectattr, 0, CALL_MANY | CALL_KEYWORDS | CALL_PICK, { NULL } },
	{ "rejectattr", filter_rejectattr, 0, CALL_MANY | CALL_KEYWORDS | CALL_PICK, { NULL } },
	{ 0 },
};
