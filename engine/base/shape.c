/* shape: the one check of values that came from outside. */
#include "base/shape.h"

#include "base/spot.h"

#include <string.h>

static int check(const struct spot_check *checking, const struct spot *spot,
	const struct value *value, const struct shape *shape);

static bool is_word(const char *const *words, const char *text)
{
	while (*words && strcmp(*words, text) != 0)
		words++;
	return *words != NULL;
}

static int check_text(const struct spot_check *checking, const struct spot *spot,
	const struct value *value, const struct shape *shape)
{
	if (spot_text(checking, spot, value, shape->most, shape->kind == SHAPE_BYTES) < 0)
		return -1;
	if (shape->words && !is_word(shape->words, value->text))
		return spot_wrong(checking, spot, "has the unknown word '%.40s'", value->text);
	return 0;
}

static int check_list(const struct spot_check *checking, const struct spot *spot,
	const struct value *value, const struct shape *shape)
{
	if (spot_list(checking, spot, value, shape->most) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		struct spot inner = { .outer = spot, .index = i };

		if (check(checking, &inner, value_item(value, i), shape->inside) < 0)
			return -1;
	}
	return 0;
}

static int check_table(const struct spot_check *checking, const struct spot *spot,
	const struct value *value, const struct shape *shape)
{
	if (value->kind != VALUE_MAP)
		return spot_must_be(checking, spot, "a map", value);
	if (value->count > shape->most)
		return spot_wrong(checking, spot, "must have at most %zu keys, not %zu", (size_t)shape->most,
			value->count);
	for (size_t i = 0; i < value->count; i++) {
		struct spot inner = { .outer = spot, .name = value_key(value, i) };

		if (check(checking, &inner, value_at(value, i), shape->inside) < 0)
			return -1;
	}
	return 0;
}

static const struct shape *row_of(const struct shape *keys, const char *key)
{
	while (keys->kind != SHAPE_END && strcmp(keys->key, key) != 0 && strcmp(keys->key, "*") != 0)
		keys++;
	return keys->kind != SHAPE_END ? keys : NULL;
}

static int check_map(const struct spot_check *checking, const struct spot *spot,
	const struct value *value, const struct shape *keys)
{
	if (value->kind != VALUE_MAP)
		return spot_must_be(checking, spot, "a map", value);
	for (size_t i = 0; i < value->count; i++) {
		struct spot inner = { .outer = spot, .name = value_key(value, i) };
		const struct shape *row = row_of(keys, inner.name);

		if (!row)
			return spot_wrong(checking, &inner, "is an unknown key");
		if (check(checking, &inner, value_at(value, i), row) < 0)
			return -1;
	}
	for (const struct shape *row = keys; row->kind != SHAPE_END; row++) {
		struct spot inner = { .outer = spot, .name = row->key };

		if ((row->flags & SHAPE_NEEDED) && !value_get(value, row->key))
			return spot_wrong(checking, &inner, "is missing");
	}
	return 0;
}

/* Takes what is inside from what is left; -1: it is too much, or not known. */
static int weigh(const struct value *value, size_t keys_most, size_t *left)
{
	size_t weight = 1 + value->size;

	if (value->kind == VALUE_UNKNOWN || weight > *left || value_pair_count(value) > keys_most)
		return -1;
	*left -= weight;
	for (size_t i = 0; i < value_item_count(value); i++) {
		if (weigh(value_item(value, i), keys_most, left) < 0)
			return -1;
	}
	for (size_t i = 0; i < value_pair_count(value); i++) {
		size_t size = strlen(value_key(value, i));

		if (size > *left)
			return -1;
		*left -= size;
		if (weigh(value_at(value, i), keys_most, left) < 0)
			return -1;
	}
	return 0;
}

static int check_any(const struct spot_check *checking, const struct spot *spot,
	const struct value *value, const struct shape *shape)
{
	size_t keys_most = shape->flags & SHAPE_MANY_KEYS ? SIZE_MAX : SHAPE_KEYS_MOST;
	size_t left = (size_t)shape->most;

	if (shape->kind == SHAPE_ANY_MAP && value->kind != VALUE_MAP)
		return spot_must_be(checking, spot, "a map", value);
	if (weigh(value, keys_most, &left) < 0)
		return spot_wrong(checking, spot, "must hold at most %zu bytes and %d keys in a map, and nothing "
			"unknown", (size_t)shape->most, SHAPE_KEYS_MOST);
	return 0;
}

static int check(const struct spot_check *checking, const struct spot *spot,
	const struct value *value, const struct shape *shape)
{
	if (value->kind == VALUE_NULL)
		return !(shape->flags & SHAPE_NEEDED) ? 0 : spot_wrong(checking, spot, "must not be null");
	switch (shape->kind) {
	case SHAPE_BOOL:
		return value->kind == VALUE_BOOL ? 0 : spot_must_be(checking, spot, "a boolean", value);
	case SHAPE_INTEGER:
		return spot_integer(checking, spot, value, shape->most, shape->flags & SHAPE_SIGNED);
	case SHAPE_TEXT:
	case SHAPE_BYTES:
		return check_text(checking, spot, value, shape);
	case SHAPE_LIST:
		return check_list(checking, spot, value, shape);
	case SHAPE_TABLE:
		return check_table(checking, spot, value, shape);
	case SHAPE_MAP:
		return check_map(checking, spot, value, shape->inside);
	case SHAPE_ANY:
	case SHAPE_ANY_MAP:
		return check_any(checking, spot, value, shape);
	case SHAPE_END:
		break;
	}
	return spot_wrong(checking, spot, "has no shape");
}

int shape_check(const struct value *value, const struct shape *shape, const char *name,
	const struct error_code *code, struct error *err)
{
	struct spot_check checking = { name, code, err };

	return check(&checking, NULL, value, shape);
}

int shape_check_map(const struct value *value, const struct shape *keys, const char *name,
	const struct error_code *code, struct error *err)
{
	struct spot_check checking = { name, code, err };

	return check_map(&checking, NULL, value, keys);
}

static void keep_keys(struct arena *arena, const struct shape *keys, const struct value *map,
	struct value *only)
{
	for (; keys->kind != SHAPE_END; keys++) {
		struct value *value = value_get(map, keys->key);

		if (value)
			value_set(arena, only, keys->key, shape_only(arena, keys, value));
	}
}

struct value *shape_only(struct arena *arena, const struct shape *shape, struct value *value)
{
	struct value *only;

	if (value->kind == VALUE_NULL || (shape->kind != SHAPE_MAP && shape->kind != SHAPE_TABLE
			&& shape->kind != SHAPE_LIST))
		return value;
	only = shape->kind == SHAPE_LIST ? value_list(arena) : value_map(arena);
	if (shape->kind == SHAPE_MAP)
		keep_keys(arena, shape->inside, value, only);
	for (size_t i = 0; shape->kind == SHAPE_TABLE && i < value->count; i++)
		value_set(arena, only, value_key(value, i), shape_only(arena, shape->inside, value_at(value, i)));
	for (size_t i = 0; shape->kind == SHAPE_LIST && i < value->count; i++)
		value_append(arena, only, shape_only(arena, shape->inside, value_item(value, i)));
	return only;
}
