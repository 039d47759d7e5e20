/* fill: strings with {{ }} anywhere in a value → what they mean. */
#include "expression/evaluate.h"

#include "expression/scope.h"

#include <string.h>

static bool text_has_tag(const char *text, size_t size)
{
	for (size_t at = 0; at + 1 < size; at++) {
		const char *brace = memchr(text + at, '{', size - at - 1);

		if (!brace)
			return false;
		at = (size_t)(brace - text);
		if (brace[1] == '{' || brace[1] == '%' || brace[1] == '#')
			return true;
	}
	return false;
}

bool expression_inside(const struct value *value)
{
	if (!value || value->data)
		return false;
	if (value->kind == VALUE_STRING)
		return text_has_tag(value->text, value->size);
	for (size_t i = 0; i < value->count; i++) {
		bool is_map = value->kind == VALUE_MAP;

		if (is_map && text_has_tag(value->pairs[i].key, strlen(value->pairs[i].key)))
			return true;
		if (expression_inside(is_map ? value_at(value, i) : value->items[i]))
			return true;
	}
	return false;
}

/* A boolean that comes out of an expression is True or False, however it was written once. */
static struct value *without_text(struct arena *arena, const struct value *value)
{
	struct value *copy = arena_alloc(arena, sizeof(*copy));

	*copy = *value;
	if (value->kind == VALUE_BOOL) {
		copy->text = NULL;
		copy->size = 0;
	}
	if (value->kind != VALUE_LIST)
		return copy;
	copy->items = arena_array(arena, value->count + 1, sizeof(*copy->items));
	copy->capacity = value->count + 1;
	for (size_t i = 0; i < value->count; i++)
		copy->items[i] = value->items[i]->kind == VALUE_BOOL
			? without_text(arena, value->items[i]) : value->items[i];
	return copy;
}

/* What came out stands where the expression stood. */
static struct value *located(struct arena *arena, struct value *value, const struct value *scalar)
{
	struct value *copy;

	if (value_is_lazy(value))
		return value;
	copy = without_text(arena, value);
	copy->place = scalar->place;
	if (!value_is_omit(value))
		copy->raw = NULL;
	copy->level = level_higher(copy->level, scalar->level);
	return copy;
}

int fill_scalar(struct evaluator *evaluator, struct scope *scope, const struct value *scalar,
	struct value **ret_value)
{
	struct evaluation evaluation = { .evaluator = evaluator, .scope = scope, .scalar = scalar };
	struct block block;
	struct node *single;
	int result;

	if (syntax_text(evaluator->scratch, scalar, &block, &single, evaluator->err) < 0)
		return -1;
	result = single ? evaluate(&evaluation, single, ret_value) :
		render_text(&evaluation, &block, ret_value);
	if (result == 0 && *ret_value)
		*ret_value = located(evaluator->arena, *ret_value, scalar);
	return result;
}

struct filling {
	struct evaluator *evaluator;
	struct scope *scope;
	unsigned depth;
};

static int fill_inside(struct filling *filling, const struct value *value,
	struct value **ret_value);

static struct value *empty_like(struct arena *arena, const struct value *value)
{
	struct value *copy = arena_alloc(arena, sizeof(*copy));

	*copy = *value;
	copy->items = NULL;
	copy->pairs = NULL;
	copy->count = 0;
	copy->capacity = 0;
	copy->index = NULL;
	return copy;
}

static int fill_list(struct filling *filling, const struct value *list, struct value **ret_value)
{
	struct arena *arena = filling->evaluator->arena;
	struct value *item;

	*ret_value = empty_like(arena, list);
	for (size_t i = 0; i < list->count; i++) {
		if (fill_inside(filling, list->items[i], &item) < 0)
			return -1;
		value_append(arena, *ret_value, item);
	}
	return 0;
}

static int fill_key(struct filling *filling, const struct value_pair *pair,
	struct value **ret_key)
{
	struct value scalar = { .kind = VALUE_STRING, .text = pair->key, .size = strlen(pair->key),
		.place = pair->place };
	struct evaluation evaluation = { .evaluator = filling->evaluator, .scope = filling->scope,
		.scalar = &scalar };

	*ret_key = &scalar;
	if (text_has_tag(scalar.text, scalar.size) &&
		(fill_scalar(filling->evaluator, filling->scope, &scalar, ret_key) < 0 ||
		evaluation_require(&evaluation, *ret_key) < 0))
		return -1;
	if ((*ret_key)->kind == VALUE_UNKNOWN)
		return 0;
	if (key_text(&evaluation, 0, *ret_key, &scalar.text) < 0)
		return -1;
	scalar.size = strlen(scalar.text);
	scalar.level = (*ret_key)->level;
	*ret_key = value_flagged(filling->evaluator->arena, value_bytes(filling->evaluator->arena,
		scalar.text, scalar.size), scalar.level, false);
	return 0;
}

static int fill_pair(struct filling *filling, const struct value_pair *pair, struct value *map,
	struct value **unknown)
{
	struct arena *arena = filling->evaluator->arena;
	struct value *key, *item;

	if (fill_key(filling, pair, &key) < 0 || fill_inside(filling, pair->value, &item) < 0)
		return -1;
	if (key->kind == VALUE_UNKNOWN) {
		*unknown = key;
		return 0;
	}
	if (strcmp(key->text, pair->key) != 0 && value_pair(map, key->text))
		return error_at(filling->evaluator->err, EXPRESSION_DUPLICATE_KEY, pair->place,
			"the key '%s' is in this map already", key->level ? "…" : key->text);
	map->level = level_higher(map->level, key->level);
	value_set_at(arena, map, key->text, pair->place, item);
	return 0;
}

static int fill_map(struct filling *filling, const struct value *map, struct value **ret_value)
{
	struct value *unknown = NULL;

	*ret_value = empty_like(filling->evaluator->arena, map);
	for (size_t i = 0; i < map->count; i++) {
		if (fill_pair(filling, value_pair_at(map, i), *ret_value, &unknown) < 0)
			return -1;
	}
	if (unknown)
		*ret_value = located(filling->evaluator->arena, unknown, map);
	return 0;
}

static int fill_string(struct filling *filling, const struct value *scalar,
	struct value **ret_value)
{
	struct evaluation evaluation = { .evaluator = filling->evaluator, .scope = filling->scope,
		.scalar = scalar };

	if (fill_scalar(filling->evaluator, filling->scope, scalar, ret_value) < 0)
		return -1;
	return evaluation_require(&evaluation, *ret_value);
}

static int fill_inside(struct filling *filling, const struct value *value,
	struct value **ret_value)
{
	int result;

	*ret_value = (struct value *)value;
	if (!expression_inside(value))
		return 0;
	if (++filling->depth > VALUE_DEPTH_MOST)
		return error_at(filling->evaluator->err, EXPRESSION_TOO_EXPENSIVE, value->place,
			"this is nested too deeply");
	if (value->kind == VALUE_LIST)
		result = fill_list(filling, value, ret_value);
	else if (value->kind == VALUE_MAP)
		result = fill_map(filling, value, ret_value);
	else
		result = fill_string(filling, value, ret_value);
	filling->depth--;
	return result;
}

int fill_value(struct evaluator *evaluator, struct scope *scope, const struct value *value,
	struct value **ret_value)
{
	struct filling filling = { .evaluator = evaluator, .scope = scope };

	return fill_inside(&filling, value, ret_value);
}

static bool needs_seal(const struct value *value)
{
	return value->kind == VALUE_STRING && !value->data &&
		text_has_tag(value->text, value->size);
}

/* Whether any string inside could be taken for an expression; walks it once, paid for. */
static int find_unsealed(struct evaluation *evaluation, const struct value *value, unsigned depth,
	bool *ret_found)
{
	if (depth > VALUE_DEPTH_MOST)
		return evaluation_error(evaluation, 0, "this is nested too deeply");
	if (evaluation_spend(evaluation, 0, 1, 0) < 0)
		return -1;
	*ret_found |= needs_seal(value);
	for (size_t i = 0; i < value->count; i++) {
		bool is_map = value->kind == VALUE_MAP;

		if (is_map)
			*ret_found |= !value->data &&
				text_has_tag(value->pairs[i].key, strlen(value->pairs[i].key));
		if (find_unsealed(evaluation, is_map ? value_at(value, i) : value->items[i],
				depth + 1, ret_found) < 0)
			return -1;
	}
	return 0;
}

int value_depth_check(struct evaluation *evaluation, size_t offset, const struct value *value)
{
	bool found = false;

	if (find_unsealed(evaluation, value, 0, &found) == 0)
		return 0;
	return evaluation_place(evaluation, offset);
}

static struct value *sealed(struct arena *arena, struct value *value)
{
	struct value *copy;

	if (value->count == 0)
		return needs_seal(value) ? value_flagged(arena, value, false, true) : value;
	copy = empty_like(arena, value);
	for (size_t i = 0; i < value->count; i++) {
		if (value->kind == VALUE_LIST) {
			value_append(arena, copy, sealed(arena, value->items[i]));
			continue;
		}
		copy->data |= text_has_tag(value->pairs[i].key, strlen(value->pairs[i].key));
		value_set_at(arena, copy, value->pairs[i].key, value->pairs[i].place,
			sealed(arena, value_at(value, i)));
	}
	return copy;
}

/* Whether a container is less open than something inside. */
static bool is_unsettled(const struct value *value)
{
	for (size_t i = 0; i < value->count; i++) {
		const struct value *inside = value->kind == VALUE_LIST ? value->items[i] :
			value_at(value, i);

		if (inside->level < value->level || is_unsettled(inside))
			return true;
	}
	return false;
}

/* Outside, members are taken out of a container without asking it: each knows its own level. */
static struct value *settled(struct arena *arena, struct value *value, enum level level)
{
	struct value *copy;

	level = level_higher(level, value->level);
	if (value->count == 0)
		return value_flagged(arena, value, level, false);
	copy = empty_like(arena, value);
	copy->level = level;
	for (size_t i = 0; i < value->count; i++) {
		if (value->kind == VALUE_LIST) {
			value_append(arena, copy, settled(arena, value->items[i], level));
			continue;
		}
		value_set(arena, copy, value->pairs[i].key,
			settled(arena, value_at(value, i), level));
		copy->pairs[i].place = value->pairs[i].place;
	}
	return copy;
}

int value_leave(struct evaluator *evaluator, struct scope *scope, const struct value *scalar,
	struct value **value)
{
	struct evaluation evaluation = { .evaluator = evaluator, .scope = scope, .scalar = scalar };
	bool found = false;

	if (value_force_deep(&evaluation, 0, *value, value) < 0 ||
		find_unsealed(&evaluation, *value, 0, &found) < 0)
		return -1;
	if (found)
		*value = sealed(evaluator->arena, *value);
	if (is_unsettled(*value))
		*value = settled(evaluator->arena, *value, LEVEL_OPEN);
	return 0;
}
