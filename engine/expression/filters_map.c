/* filters_map: filters over maps: dict2items, items2dict, combine, dictsort. */
#include "expression/evaluate.h"

#include <string.h>

static int add_pair(struct evaluation *evaluation, const struct call *call, struct value *list,
	const char *key_name, const char *value_name, const struct value_pair *pair)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *map = value_map(arena);

	if (evaluation_spend(evaluation, call->offset, 1, 2 * sizeof(*map)) < 0)
		return -1;
	value_set_string(arena, map, key_name, pair->key);
	value_set(arena, map, value_name, pair->value);
	value_append(arena, list, map);
	return 0;
}

static int filter_dict2items(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	const char *key, *value;

	if (call->input->kind != VALUE_MAP)
		return call_error(evaluation, call, "a map", call->input);
	if (call_text(evaluation, call, 0, "key", &key) < 0 ||
		call_text(evaluation, call, 1, "value", &value) < 0)
		return -1;
	*ret_value = value_list(evaluation->evaluator->arena);
	for (size_t i = 0; i < call->input->count; i++) {
		if (add_pair(evaluation, call, *ret_value, key, value, value_pair_at(call->input, i)) < 0)
			return -1;
	}
	return 0;
}

/* One item's key or value; both must be there. */
static int part(struct evaluation *evaluation, const struct call *call, const struct value *item,
	const char *name, struct value **ret_value)
{
	*ret_value = item->kind == VALUE_MAP ? value_get(item, name) : NULL;
	if (item->kind != VALUE_MAP)
		return call_error(evaluation, call, "a list of maps", item);
	if (!*ret_value)
		return evaluation_error(evaluation, call->offset, "an item has no '%s'", name);
	return 0;
}

static int filter_items2dict(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	const char *key_name, *value_name;
	struct value *key, *item;

	if (call->input->kind != VALUE_LIST)
		return call_error(evaluation, call, "a list of maps", call->input);
	if (call_text(evaluation, call, 0, "key", &key_name) < 0 ||
		call_text(evaluation, call, 1, "value", &value_name) < 0)
		return -1;
	*ret_value = value_map(evaluation->evaluator->arena);
	for (size_t i = 0; i < call->input->count; i++) {
		if (call->input->items[i]->kind == VALUE_UNKNOWN) {
			*ret_value = call->input->items[i];
			return 0;
		}
		if (part(evaluation, call, call->input->items[i], key_name, &key) < 0 ||
			part(evaluation, call, call->input->items[i], value_name, &item) < 0)
			return -1;
		if (key->kind == VALUE_UNKNOWN) {
			*ret_value = key;
			return 0;
		}
		if (map_put(evaluation, call->offset, *ret_value, key, item) < 0)
			return -1;
	}
	return 0;
}

enum list_merge { LIST_REPLACE, LIST_KEEP, LIST_APPEND, LIST_PREPEND, LIST_APPEND_RP,
	LIST_PREPEND_RP };

static const char *const list_merges[] = { "replace", "keep", "append", "prepend", "append_rp",
	"prepend_rp" };

struct combining {
	struct evaluation *evaluation;
	struct call *call;
	bool recursive;
	enum list_merge lists;
};

static int combine_two(struct combining *combining, const struct value *weak,
	const struct value *strong, unsigned depth, struct value **ret_value);

/* Those of from that are not in other (all, if NULL). */
static int append_those(struct combining *combining, struct value *list, const struct value *from,
	const struct value *other)
{
	struct evaluation *evaluation = combining->evaluation;

	for (size_t i = 0; i < from->count; i++) {
		int found = other ? evaluate_contains(evaluation, combining->call->offset, other,
			from->items[i]) : 0;

		if (found < 0 || evaluation_spend(evaluation, combining->call->offset, 1,
				sizeof(struct value *)) < 0)
			return -1;
		if (found != 1)
			value_append(evaluation->evaluator->arena, list, from->items[i]);
	}
	return 0;
}

static int merge_lists(struct combining *combining, struct value *weak, struct value *strong,
	struct value **ret_value)
{
	bool unique = combining->lists == LIST_APPEND_RP || combining->lists == LIST_PREPEND_RP;
	bool strong_first = combining->lists == LIST_PREPEND || combining->lists == LIST_PREPEND_RP;
	struct value *list = value_list(combining->evaluation->evaluator->arena);

	*ret_value = combining->lists == LIST_KEEP ? weak : strong;
	if (combining->lists == LIST_REPLACE || combining->lists == LIST_KEEP)
		return 0;
	*ret_value = list;
	if (strong_first && append_those(combining, list, strong, NULL) < 0)
		return -1;
	if (append_those(combining, list, weak, unique ? strong : NULL) < 0)
		return -1;
	return strong_first ? 0 : append_those(combining, list, strong, NULL);
}

static int merge_values(struct combining *combining, struct value *weak, struct value *strong,
	unsigned depth, struct value **ret_value)
{
	*ret_value = strong;
	if (weak->kind == VALUE_LIST && strong->kind == VALUE_LIST)
		return merge_lists(combining, weak, strong, ret_value);
	if (combining->recursive && weak->kind == VALUE_MAP && strong->kind == VALUE_MAP)
		return combine_two(combining, weak, strong, depth + 1, ret_value);
	return 0;
}

static int combine_two(struct combining *combining, const struct value *weak,
	const struct value *strong, unsigned depth, struct value **ret_value)
{
	struct evaluation *evaluation = combining->evaluation;
	size_t offset = combining->call->offset;
	struct value *map = value_map(evaluation->evaluator->arena);
	struct value key = { .kind = VALUE_STRING };

	if (depth > VALUE_DEPTH_MOST)
		return evaluation_error(evaluation, offset, "the maps are nested too deeply");
	map->level = level_higher(weak->level, strong->level);
	map->data = weak->data | strong->data;
	for (size_t i = 0; i < weak->count + strong->count; i++) {
		const struct value_pair *pair = i < weak->count ? value_pair_at(weak, i) :
			value_pair_at(strong, i - weak->count);
		struct value *before = i < weak->count ? NULL : value_get(map, pair->key);
		struct value *item = pair->value;

		if (before && merge_values(combining, before, item, depth, &item) < 0)
			return -1;
		key.text = pair->key;
		key.size = strlen(pair->key);
		if (map_put(evaluation, offset, map, &key, item) < 0)
			return -1;
	}
	*ret_value = map;
	return 0;
}

/* Adds the maps of an argument: one, or a list of them. */
static int combine_all(struct combining *combining, struct value *value, struct value **result)
{
	const struct call *call = combining->call;

	if (value->kind == VALUE_LIST) {
		for (size_t i = 0; i < value->count; i++) {
			if (value->items[i]->kind == VALUE_LIST)
				return call_error(combining->evaluation, call, "maps",
					value->items[i]);
			if (combine_all(combining, value->items[i], result) < 0)
				return -1;
		}
		return 0;
	}
	if (value->kind == VALUE_UNKNOWN || (*result)->kind == VALUE_UNKNOWN) {
		*result = value->kind == VALUE_UNKNOWN ? value : *result;
		return 0;
	}
	if (value->kind != VALUE_MAP)
		return call_error(combining->evaluation, call, "maps", value);
	return combine_two(combining, *result, value, 0, result);
}

static int combine_keyword(struct combining *combining, const char *keyword,
	const struct value *value)
{
	struct evaluation *evaluation = combining->evaluation;

	if (strcmp(keyword, "recursive") == 0) {
		combining->recursive = value_truthy(value);
		return 0;
	}
	if (strcmp(keyword, "list_merge") != 0)
		return evaluation_error(evaluation, combining->call->offset,
			"'combine' has no argument '%s'", keyword);
	for (size_t i = 0; i < sizeof(list_merges) / sizeof(list_merges[0]); i++) {
		if (value->kind == VALUE_STRING && strcmp(value->text, list_merges[i]) == 0) {
			combining->lists = (enum list_merge)i;
			return 0;
		}
	}
	error_remedy(evaluation->evaluator->err,
		"list_merge is replace, keep, append, prepend, append_rp or prepend_rp");
	return evaluation_error(evaluation, combining->call->offset, "there is no such list_merge");
}

static int filter_combine(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct combining combining = { .evaluation = evaluation, .call = call };

	for (size_t i = 0; i < call->rest_count; i++) {
		if (call->rest_keywords[i] &&
			combine_keyword(&combining, call->rest_keywords[i], call->rest[i]) < 0)
			return -1;
	}
	*ret_value = value_map(evaluation->evaluator->arena);
	if (combine_all(&combining, call->input, ret_value) < 0)
		return -1;
	for (size_t i = 0; i < call->rest_count; i++) {
		if (!call->rest_keywords[i] &&
			combine_all(&combining, call->rest[i], ret_value) < 0)
			return -1;
	}
	return 0;
}

/* dictsort(case_sensitive, by, reverse) → a list of [key, value]: sort does the work. */
static int filter_dictsort(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *pairs = value_list(arena), *arguments[3];
	static const char *const keywords[] = { "case_sensitive", "attribute", "reverse" };
	const char *by;
	bool exact, reverse;

	if (call->input->kind != VALUE_MAP)
		return call_error(evaluation, call, "a map", call->input);
	if (call_truth(evaluation, call, 0, false, &exact) < 0 ||
		call_text(evaluation, call, 1, "key", &by) < 0 ||
		call_truth(evaluation, call, 2, false, &reverse) < 0)
		return -1;
	if (strcmp(by, "key") != 0 && strcmp(by, "value") != 0)
		return evaluation_error(evaluation, call->offset, "by must be 'key' or 'value'");
	for (size_t i = 0; i < call->input->count; i++) {
		struct value *pair = value_list(arena);

		if (evaluation_spend(evaluation, call->offset, 1, 2 * sizeof(*pair)) < 0)
			return -1;
		value_append(arena, pair, value_string(arena, call->input->pairs[i].key));
		value_append(arena, pair, value_at(call->input, i));
		value_append(arena, pairs, pair);
	}
	arguments[0] = value_bool(arena, exact);
	arguments[1] = value_integer(arena, by[0] == 'v');
	arguments[2] = value_bool(arena, reverse);
	return call_values(evaluation, call->offset, callable_find(CALLABLE_FILTER, "sort",
		NULL), pairs, arguments, keywords, 3, ret_value);
}

const struct callable filters_map[] = {
	{ "dict2items", filter_dict2items, 0, 0, { "key_name", "value_name" } },
	{ "items2dict", filter_items2dict, 0, 0, { "key_name", "value_name" } },
	{ "combine", filter_combine, 0, CALL_MANY | CALL_KEYWORDS, { NULL } },
	{ "dictsort", filter_dictsort, 0, CALL_DEEP, { "case_sensitive", "by", "reverse" } },
	{ 0 },
};
