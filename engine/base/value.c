/* value: building, reading and comparing typed values. */
#include "base/value.h"

#include "base/lookup.h"

#include <stdint.h>
#include <string.h>

static struct value *value_new(struct arena *arena, enum value_kind kind)
{
	struct value *value = arena_alloc(arena, sizeof(*value));

	value->kind = kind;
	return value;
}

struct value *value_null(struct arena *arena)
{
	return value_new(arena, VALUE_NULL);
}

struct value *value_bool(struct arena *arena, bool truth)
{
	struct value *value = value_new(arena, VALUE_BOOL);

	value->truth = truth;
	return value;
}

struct value *value_integer(struct arena *arena, int64_t integer)
{
	struct value *value = value_new(arena, VALUE_INTEGER);

	value->integer = integer;
	return value;
}

struct value *value_float(struct arena *arena, double number)
{
	struct value *value = value_new(arena, VALUE_FLOAT);

	value->number = number;
	return value;
}

struct value *value_bytes(struct arena *arena, const void *bytes, size_t size)
{
	struct value *value = value_new(arena, VALUE_STRING);

	value->text = arena_bytes(arena, bytes, size);
	value->size = size;
	return value;
}

struct value *value_string(struct arena *arena, const char *text)
{
	return text ? value_bytes(arena, text, strlen(text)) : value_null(arena);
}

struct value *value_printf(struct arena *arena, const char *format, ...)
{
	struct value *value = value_new(arena, VALUE_STRING);
	va_list args;

	va_start(args, format);
	value->text = arena_vprintf(arena, format, args);
	va_end(args);
	value->size = strlen(value->text);
	return value;
}

struct value *value_unknown(struct arena *arena, const struct cause *cause)
{
	static const struct cause unnamed = { .kind = CAUSE_UNNAMED };
	struct value *value = value_new(arena, VALUE_UNKNOWN);

	value->cause = cause_copy(arena, cause ? cause : &unnamed);
	return value;
}

struct value *value_list(struct arena *arena)
{
	return value_new(arena, VALUE_LIST);
}

struct value *value_map(struct arena *arena)
{
	return value_new(arena, VALUE_MAP);
}

/* Room for one more element of this size, doubling. */
static void *value_room(struct arena *arena, struct value *value, void *elements, size_t size)
{
	size_t capacity;

	if (value->count < value->capacity)
		return elements;
	capacity = value->capacity ? 2 * value->capacity : 4;
	elements = arena_grow(arena, elements, value->count * size, capacity * size);
	value->capacity = capacity;
	return elements;
}

void value_append(struct arena *arena, struct value *list, struct value *item)
{
	list->items = value_room(arena, list, list->items, sizeof(*list->items));
	list->items[list->count++] = item;
}

/* --- Lines that are made when they are looked at --- */

struct value_lines {
	struct arena *arena;       /* where they are made */
	enum level level;          /* of each line */
};

struct value *value_lines(struct arena *arena, const struct value *text, size_t size)
{
	struct value *lines = value_list(arena);

	lines->text = text->text;
	lines->size = size;
	lines->unmade = true;
	lines->lines = arena_alloc(arena, sizeof(*lines->lines));
	*lines->lines = (struct value_lines){ arena, text->level };
	return lines;
}

static struct value *made(struct value *lines)
{
	const char *at = lines->text, *end = at + lines->size;
	const struct value_lines how = *lines->lines;

	lines->items = NULL;
	lines->text = NULL;
	lines->unmade = false;
	while (at < end) {
		const char *found = memchr(at, '\n', (size_t)(end - at));
		struct value *line = value_bytes(how.arena, at, (size_t)((found ? found : end) - at));

		line->level = how.level;
		line->data = lines->data;
		value_append(how.arena, lines, line);
		at = found ? found + 1 : end;
	}
	lines->size = 0;
	return lines;
}

static const struct value_pair *made_pair(const struct value_pair *pair)
{
	if (pair && pair->value->unmade)
		made(pair->value);
	return pair;
}

/* --- Keys of large maps --- */

enum { INDEX_FROM = 16, SLOT_FREE = UINT32_MAX };   /* pairs */

/* A hash table of positions. A copy of struct value may share it, and its pairs; only the map that
 * made it adds to it. */
struct value_index {
	const struct value *owner;
	const struct value_pair *pairs;
	size_t count;              /* pairs that are in it, from the first on */
	size_t room;               /* slots: a power of two, at least twice count */
	uint32_t slots[];
};

static void index_add(struct value_index *index, size_t position)
{
	size_t at = lookup_hash(index->pairs[position].key) & (index->room - 1);

	while (index->slots[at] != SLOT_FREE)
		at = (at + 1) & (index->room - 1);
	index->slots[at] = (uint32_t)position;
}

static void index_fill(struct value_index *index, const struct value *map)
{
	index->pairs = map->pairs;
	for (; index->count < map->count; index->count++)
		index_add(index, index->count);
}

static void index_clear(struct value_index *index)
{
	memset(index->slots, 0xff, index->room * sizeof(*index->slots));
	index->count = 0;
}

/* After a pair was put behind the others. */
static void index_update(struct arena *arena, struct value *map)
{
	size_t room = 4 * INDEX_FROM;

	if (map->count < INDEX_FROM)
		return;
	if (!map->index || map->index->owner != map || 2 * map->count > map->index->room) {
		while (room < 3 * map->count)
			room *= 2;
		map->index = arena_alloc(arena, sizeof(*map->index)
			+ room * sizeof(*map->index->slots));
		map->index->owner = map;
		map->index->room = room;
		index_clear(map->index);
	}
	index_fill(map->index, map);
}

static const struct value_pair *index_find(const struct value *map, const char *key)
{
	const struct value_index *index = map->index;

	for (size_t at = lookup_hash(key) & (index->room - 1); index->slots[at] != SLOT_FREE;
			at = (at + 1) & (index->room - 1)) {
		size_t position = index->slots[at];

		if (position < map->count && strcmp(map->pairs[position].key, key) == 0)
			return &map->pairs[position];
	}
	return NULL;
}

static const struct value_pair *find_pair(const struct value *map, const char *key)
{
	const struct value_pair *found = NULL;
	size_t i = 0;

	if (!map || map->kind != VALUE_MAP)
		return NULL;
	if (map->index && map->index->pairs == map->pairs) {
		found = index_find(map, key);
		i = map->index->count;
	}
	/* Most differ in their first letter: no call for them. */
	for (; !found && i < map->count; i++) {
		if (map->pairs[i].key[0] == key[0] && strcmp(map->pairs[i].key, key) == 0)
			found = &map->pairs[i];
	}
	return found;
}

const struct value_pair *value_pair(const struct value *map, const char *key)
{
	return made_pair(find_pair(map, key));
}

static struct value_pair *own_pair(struct value *map, const char *key)
{
	return (struct value_pair *)(uintptr_t)find_pair(map, key);
}

static struct value_pair *put(struct arena *arena, struct value *map, const char *key,
	struct value *item)
{
	struct value_pair *pair = own_pair(map, key);

	if (pair) {
		pair->value = item;
		return pair;
	}
	map->pairs = value_room(arena, map, map->pairs, sizeof(*map->pairs));
	pair = &map->pairs[map->count++];
	*pair = (struct value_pair){ .key = arena_string(arena, key), .value = item };
	index_update(arena, map);
	return pair;
}

void value_set(struct arena *arena, struct value *map, const char *key, struct value *item)
{
	put(arena, map, key, item);
}

void value_set_at(struct arena *arena, struct value *map, const char *key, struct place place,
	struct value *item)
{
	put(arena, map, key, item)->place = place;
}

void value_set_string(struct arena *arena, struct value *map, const char *key, const char *text)
{
	value_set(arena, map, key, value_string(arena, text));
}

void value_set_integer(struct arena *arena, struct value *map, const char *key, int64_t integer)
{
	value_set(arena, map, key, value_integer(arena, integer));
}

void value_set_bool(struct arena *arena, struct value *map, const char *key, bool truth)
{
	value_set(arena, map, key, value_bool(arena, truth));
}

void value_remove(struct value *map, const char *key)
{
	struct value_pair *pair = own_pair(map, key);
	size_t left;

	if (!pair)
		return;
	left = (size_t)(map->pairs + map->count - pair) - 1;
	memmove(pair, pair + 1, left * sizeof(*pair));
	map->count--;
	if (map->index && map->index->owner != map)
		map->index = NULL;
	if (map->index) {
		index_clear(map->index);
		index_fill(map->index, map);
	}
}

/* --- What is inside --- */

static struct value *nothing(void)
{
	static const struct value none = { .kind = VALUE_NULL };

	return (struct value *)(uintptr_t)&none;
}

size_t value_item_count(const struct value *list)
{
	return list && list->kind == VALUE_LIST ? list->count : 0;
}

size_t value_pair_count(const struct value *map)
{
	return map && map->kind == VALUE_MAP ? map->count : 0;
}

struct value *value_item(const struct value *list, size_t i)
{
	return i < value_item_count(list) ? list->items[i] : nothing();
}

const char *value_key(const struct value *map, size_t i)
{
	return i < value_pair_count(map) ? map->pairs[i].key : "";
}

struct value *value_at(const struct value *map, size_t i)
{
	return i < value_pair_count(map) ? made_pair(&map->pairs[i])->value : nothing();
}

const struct value_pair *value_pair_at(const struct value *map, size_t i)
{
	return made_pair(&map->pairs[i]);
}

struct value *value_get(const struct value *map, const char *key)
{
	const struct value_pair *pair = value_pair(map, key);

	return pair ? pair->value : NULL;
}

const char *value_text(const struct value *value)
{
	return value && value->kind == VALUE_STRING ? value->text : NULL;
}

const char *value_get_string(const struct value *map, const char *key)
{
	return value_text(value_get(map, key));
}

int64_t value_get_integer(const struct value *map, const char *key, int64_t otherwise)
{
	const struct value *value = value_get(map, key);

	return value && value->kind == VALUE_INTEGER ? value->integer : otherwise;
}

bool value_get_bool(const struct value *map, const char *key)
{
	const struct value *value = value_get(map, key);

	return value && value->kind == VALUE_BOOL && value->truth;
}

enum level level_higher(enum level one, enum level other)
{
	return one > other ? one : other;
}

enum level value_level(const struct value *value)
{
	enum level level = value ? value->level : LEVEL_OPEN;

	if (value && value->unmade)
		return level_higher(level, value->lines->level);
	for (size_t i = 0; value && i < value->count && level < LEVEL_SECRET; i++)
		level = level_higher(level, value_level(value->kind == VALUE_MAP
			? value->pairs[i].value : value->items[i]));
	return level;
}

void value_raise(struct value *value, enum level level)
{
	value->level = level_higher(value->level, level);
	if (value->unmade)
		value->lines->level = level_higher(value->lines->level, level);
	for (size_t i = 0; i < value->count; i++)
		value_raise(value->kind == VALUE_MAP ? value->pairs[i].value : value->items[i], level);
}

static bool list_equal(const struct value *one, const struct value *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++) {
		if (!value_equal(one->items[i], other->items[i]))
			return false;
	}
	return true;
}

static bool map_equal(const struct value *one, const struct value *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++) {
		const struct value_pair *pair = value_pair(other, one->pairs[i].key);

		if (!pair || !value_equal(value_at(one, i), pair->value))
			return false;
	}
	return true;
}

bool value_equal(const struct value *one, const struct value *other)
{
	if (one->kind == VALUE_INTEGER && other->kind == VALUE_FLOAT)
		return (double)one->integer == other->number;
	if (one->kind == VALUE_FLOAT && other->kind == VALUE_INTEGER)
		return one->number == (double)other->integer;
	if (one->kind != other->kind)
		return false;
	switch (one->kind) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return one->truth == other->truth;
	case VALUE_INTEGER:
		return one->integer == other->integer;
	case VALUE_FLOAT:
		return one->number == other->number;
	case VALUE_STRING:
		return one->size == other->size && memcmp(one->text, other->text, one->size) == 0;
	case VALUE_LIST:
		return list_equal(one, other);
	case VALUE_MAP:
		return map_equal(one, other);
	case VALUE_UNKNOWN:
		return false;   /* two things not known are not known to be equal */
	}
	return false;
}

/* Of the pair at a place in a map, for a copy of it: they use the copy's own text. */
static void copy_lines(struct arena *arena, struct value *copy, size_t at, const struct value *map)
{
	const struct value *lines = map->pairs[at].value;
	struct value *to = copy->pairs[at].value;

	*to = *lines;
	to->text = NULL;
	for (size_t i = 0; i < map->count && !to->text; i++) {
		if (map->pairs[i].value->text == lines->text && !map->pairs[i].value->unmade)
			to->text = copy->pairs[i].value->text;
	}
	if (!to->text)
		to->text = arena_bytes(arena, lines->text, lines->size);
	to->lines = arena_alloc(arena, sizeof(*to->lines));
	*to->lines = (struct value_lines){ arena, lines->lines->level };
}

static void copy_pairs(struct arena *arena, struct value *copy, const struct value *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct value_pair *pair = &map->pairs[i];
		struct value *item = pair->value->unmade ? value_list(arena)
			: value_copy(arena, pair->value);

		value_set_at(arena, copy, pair->key, pair->place, item);
	}
	for (size_t i = 0; i < map->count; i++) {
		if (map->pairs[i].value->unmade)
			copy_lines(arena, copy, i, map);
	}
}

struct value *value_copy(struct arena *arena, const struct value *value)
{
	struct value *copy = arena_alloc(arena, sizeof(*copy));

	*copy = *value;
	copy->text = value->text ? arena_bytes(arena, value->text, value->size) : NULL;
	copy->items = NULL;
	copy->pairs = NULL;
	copy->count = 0;
	copy->capacity = 0;
	copy->index = NULL;
	if (value->kind == VALUE_UNKNOWN)
		copy->cause = cause_copy(arena, value->cause);
	if (value->kind == VALUE_LIST) {
		for (size_t i = 0; i < value->count; i++)
			value_append(arena, copy, value_copy(arena, value->items[i]));
	}
	if (value->kind == VALUE_MAP)
		copy_pairs(arena, copy, value);
	return copy;
}

const char *value_kind_name(const struct value *value)
{
	switch (value ? value->kind : VALUE_NULL) {
	case VALUE_NULL:
		return "null";
	case VALUE_BOOL:
		return "a boolean";
	case VALUE_INTEGER:
		return "an integer";
	case VALUE_FLOAT:
		return "a number";
	case VALUE_STRING:
		return "a string";
	case VALUE_LIST:
		return "a list";
	case VALUE_MAP:
		return "a map";
	case VALUE_UNKNOWN:
		return "a value that is not known yet";
	}
	return "nothing";
}

void value_mark_data(struct value *value)
{
	value->data = true;
	for (size_t i = 0; i < value->count; i++)
		value_mark_data(value->kind == VALUE_MAP ? value->pairs[i].value : value->items[i]);
}
