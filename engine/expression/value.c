/* value: what evaluating needs to ask of values: flags, unknowns, items, lazy maps. */
#include "expression/evaluate.h"

#include "expression/unicode.h"
#include "expression/scope.h"

#include <stdlib.h>
#include <string.h>

const char lazy_mark[] = "lazy";
const char omit_mark[] = "omit";
const char namespace_mark[] = "namespace";

struct value *value_flagged(struct arena *arena, struct value *value, enum level level, bool data)
{
	struct value *copy;

	if (value->level >= level && (value->data || !data))
		return value;
	copy = arena_alloc(arena, value_is_lazy(value) ? sizeof(struct lazy) : sizeof(*copy));
	memcpy(copy, value, value_is_lazy(value) ? sizeof(struct lazy) : sizeof(*copy));
	copy->level = level_higher(copy->level, level);
	copy->data |= data;
	return copy;
}

/* What is done with a value and all inside; 1 ends the walk. */
struct walk {
	struct evaluation *evaluation;
	size_t offset;
	enum level level;
	bool data;
	const struct value *unknown;
	unsigned depth;
};

static int walk_one(struct walk *walk, const struct value *value)
{
	walk->level = level_higher(walk->level, value->level);
	walk->data |= value->data;
	if (value->kind == VALUE_UNKNOWN && !walk->unknown)
		walk->unknown = value;
	if (walk->depth > 2 * VALUE_DEPTH_MOST)
		return evaluation_error(walk->evaluation, walk->offset,
			"this is nested too deeply");
	return evaluation_spend(walk->evaluation, walk->offset, 1, 0);
}

static int walk_all(struct walk *walk, const struct value *value)
{
	if (walk_one(walk, value) < 0)
		return -1;
	walk->depth++;
	for (size_t i = 0; i < value->count; i++) {
		if (walk_all(walk, value->kind == VALUE_LIST ? value->items[i] :
				value_at(value, i)) < 0)
			return -1;
	}
	walk->depth--;
	return 0;
}

int value_flags_inside(struct evaluation *evaluation, size_t offset, const struct value *value,
	enum level *ret_level, bool *ret_data)
{
	struct walk walk = { .evaluation = evaluation, .offset = offset };

	if (walk_all(&walk, value) < 0)
		return -1;
	*ret_level = level_higher(*ret_level, walk.level);
	*ret_data |= walk.data;
	return 0;
}

int value_find_unknown(struct evaluation *evaluation, size_t offset, const struct value *value,
	const struct value **ret_unknown)
{
	struct walk walk = { .evaluation = evaluation, .offset = offset };

	if (walk_all(&walk, value) < 0)
		return -1;
	*ret_unknown = walk.unknown;
	return 0;
}

bool value_is_lazy(const struct value *value)
{
	return value->kind == VALUE_MAP && value->raw == lazy_mark;
}

struct value *lazy_new(struct arena *arena, struct scope *scope, bool hosts)
{
	struct lazy *lazy = arena_alloc(arena, sizeof(*lazy));

	lazy->value.kind = VALUE_MAP;
	lazy->value.raw = lazy_mark;
	lazy->scope = scope;
	lazy->hosts = hosts;
	return &lazy->value;
}

int value_force(struct evaluation *evaluation, size_t offset, struct value *value,
	struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *keys, *map, *item;

	*ret_value = value;
	if (!value_is_lazy(value))
		return 0;
	keys = lazy_keys(arena, value);
	map = value_map(arena);
	for (size_t i = 0; i < keys->count; i++) {
		if (lazy_index(evaluation, offset, value, keys->items[i], &item) < 0 ||
			evaluation_require(evaluation, item) < 0 ||
			map_put(evaluation, offset, map, keys->items[i], item) < 0)
			return -1;
	}
	*ret_value = value_flagged(arena, map, value->level, value->data);
	return 0;
}

static int find_lazy(struct evaluation *evaluation, size_t offset, const struct value *value,
	unsigned depth, bool *ret_found)
{
	if (value_is_lazy(value))
		*ret_found = true;
	if (depth > 2 * VALUE_DEPTH_MOST)
		return evaluation_error(evaluation, offset, "this is nested too deeply");
	for (size_t i = 0; i < value->count && !*ret_found; i++) {
		if (evaluation_spend(evaluation, offset, 1, 0) < 0 || find_lazy(evaluation, offset,
				value->kind == VALUE_LIST ? value->items[i] : value_at(value, i),
				depth + 1, ret_found) < 0)
			return -1;
	}
	return 0;
}

static int force_inside(struct evaluation *evaluation, size_t offset, struct value *value,
	unsigned depth, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *copy, *item;

	if (depth > 2 * VALUE_DEPTH_MOST)
		return evaluation_error(evaluation, offset, "this is nested too deeply");
	if (evaluation_spend(evaluation, offset, 1, 0) < 0 ||
		value_force(evaluation, offset, value, &value) < 0)
		return -1;
	*ret_value = value;
	if (value->count == 0)
		return 0;
	copy = value->kind == VALUE_LIST ? value_list(arena) : value_map(arena);
	for (size_t i = 0; i < value->count; i++) {
		bool is_list = value->kind == VALUE_LIST;

		if (force_inside(evaluation, offset, is_list ? value->items[i] :
				value_at(value, i), depth + 1, &item) < 0)
			return -1;
		if (is_list)
			value_append(arena, copy, item);
		else
			value_set(arena, copy, value->pairs[i].key, item);
	}
	*ret_value = value_flagged(arena, copy, value->level, value->data);
	return 0;
}

int value_force_deep(struct evaluation *evaluation, size_t offset, struct value *value,
	struct value **ret_value)
{
	bool found = false;

	if (find_lazy(evaluation, offset, value, 0, &found) < 0)
		return -1;
	*ret_value = value;
	return found ? force_inside(evaluation, offset, value, 0, ret_value) : 0;
}

static int text_characters(struct evaluation *evaluation, size_t offset, const struct value *text,
	struct value *list)
{
	struct arena *arena = evaluation->evaluator->arena;

	if (evaluation_spend(evaluation, offset, text->size, text->size * sizeof(struct value)) < 0)
		return -1;
	for (size_t at = 0; at < text->size;) {
		size_t size = utf8_next(text->text + at, text->size - at, NULL);
		struct value *character = value_bytes(arena, text->text + at, size);

		value_append(arena, list, value_flagged(arena, character, text->level,
			text->data));
		at += size;
	}
	return 0;
}

int value_items(struct evaluation *evaluation, size_t offset, struct value *value,
	struct value ***ret_items, size_t *ret_count)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *list;

	if (value->kind == VALUE_LIST) {
		*ret_items = value->items;
		*ret_count = value->count;
		return evaluation_spend(evaluation, offset, value->count / 16, 0);
	}
	if (value_is_lazy(value)) {
		list = lazy_keys(arena, value);
	} else if (value->kind == VALUE_MAP) {
		list = value_list(arena);
		for (size_t i = 0; i < value->count; i++)
			value_append(arena, list, value_string(arena, value->pairs[i].key));
	} else if (value->kind == VALUE_STRING) {
		list = value_list(arena);
		if (text_characters(evaluation, offset, value, list) < 0)
			return -1;
	} else {
		return evaluation_error(evaluation, offset, "%s has no items",
			value_kind_name(value));
	}
	*ret_items = list->items;
	*ret_count = list->count;
	return evaluation_spend(evaluation, offset, list->count, list->count * sizeof(*list));
}

/* One part of a path: a number indexes lists. */
static struct value *path_part(struct arena *arena, const struct value *path, const char *part,
	size_t size)
{
	char *text = arena_bytes(arena, part, size);
	struct value *key;

	if (size && size < 10 && strspn(text, "0123456789") == size)
		key = value_integer(arena, strtol(text, NULL, 10));
	else
		key = value_string(arena, text);
	key->level = path->level;
	return key;
}

int value_attribute(struct evaluation *evaluation, size_t offset, struct value *value,
	const struct value *path, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	const char *at = path->text;

	*ret_value = value;
	if (path->kind == VALUE_INTEGER)
		return evaluate_index(evaluation, offset, value, path, ret_value);
	if (path->kind != VALUE_STRING)
		return evaluation_error(evaluation, offset,
			"an attribute is named by a string, not by %s",
			value_kind_name(path));
	for (;;) {
		size_t size = strcspn(at, ".");

		if (evaluation_spend(evaluation, offset, 1, size) < 0 || evaluate_index(evaluation,
				offset, *ret_value, path_part(arena, path, at, size),
				ret_value) < 0)
			return -1;
		if (at[size] == '\0' || !*ret_value)
			return 0;
		at += size + 1;
	}
}
