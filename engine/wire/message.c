/* message: structs as values and back, by one table a struct. */
#include "wire/message.h"

#include "base/shape.h"
#include "base/spot.h"

#include <inttypes.h>
#include <string.h>

static struct value nothing = { .kind = VALUE_NULL };

size_t message_field_count(const struct message *message, enum message_form form)
{
	size_t count = 0;

	while (message->fields[count].kind != FIELD_END
			&& !(form == MESSAGE_OUTSIDE && (message->fields[count].flags & FIELD_INSIDE)))
		count++;
	return count;
}

static const void *member(const void *from, const struct field *field)
{
	return (const char *)from + field->offset;
}

static size_t count_of(const void *from, const struct field *field)
{
	return *(const size_t *)(const void *)((const char *)from + field->count_offset);
}

/* --- To a value --- */

static struct value *text_value(struct arena *arena, const char *text, size_t size)
{
	struct value *value;

	if (!text)
		return &nothing;
	value = arena_alloc(arena, sizeof(*value));
	value->kind = VALUE_STRING;
	value->text = text;
	value->size = size;
	return value;
}

static struct value *word_value(struct arena *arena, const struct field *field, unsigned word,
	enum message_form form)
{
	if (word == 0 && !(field->flags & FIELD_NEEDED))
		return &nothing;
	return form == MESSAGE_NAMED ? value_string(arena, field->words[word])
		: value_integer(arena, word);
}

static struct value *many_value(struct arena *arena, const struct field *field, const void *from,
	enum message_form form)
{
	const char *items = *(const char *const *)member(from, field);
	struct value *list;

	if (count_of(from, field) == 0)
		return &nothing;
	list = value_list(arena);
	for (size_t i = 0; i < count_of(from, field); i++)
		value_append(arena, list, message_value(arena, field->of, items + i * field->of->size,
			form));
	return list;
}

static struct value *field_value(struct arena *arena, const struct field *field, const void *from,
	enum message_form form)
{
	const void *at = member(from, field);
	const struct bytes *bytes = at;
	int64_t integer;

	switch (field->kind) {
	case FIELD_BOOL:
		return *(const bool *)at ? value_bool(arena, true) : &nothing;
	case FIELD_INTEGER:
		integer = *(const int64_t *)at;
		return integer || (field->flags & FIELD_NEEDED) ? value_integer(arena, integer) : &nothing;
	case FIELD_WORD:
		return word_value(arena, field, *(const unsigned *)at, form);
	case FIELD_TEXT: {
		const char *text = *(const char *const *)at;

		return text_value(arena, text, text ? strlen(text) : 0);
	}
	case FIELD_BYTES:
		return text_value(arena, bytes->bytes, bytes->size);
	case FIELD_LEVELLED:
	case FIELD_TEXTS:
	case FIELD_VALUE:
	case FIELD_MAP:
		return *(struct value *const *)at ? *(struct value *const *)at : &nothing;
	case FIELD_ONE:
		return *(const void *const *)at ? message_value(arena, field->of, *(const void *const *)at,
			form) : &nothing;
	case FIELD_MANY:
		return many_value(arena, field, from, form);
	case FIELD_END:
		break;
	}
	return &nothing;
}

struct value *message_value(struct arena *arena, const struct message *message, const void *from,
	enum message_form form)
{
	struct value *made = form == MESSAGE_NAMED ? value_map(arena) : value_list(arena);
	size_t count = from ? message_field_count(message, form) : 0, last = 0;

	for (size_t i = 0; i < count; i++) {
		const struct field *field = &message->fields[i];
		struct value *value = field_value(arena, field, from, form);

		if (form != MESSAGE_NAMED)
			value_append(arena, made, value);
		else if (value != &nothing)
			value_set(arena, made, field->name, value);
		if (value != &nothing)
			last = i + 1;
	}
	if (form != MESSAGE_NAMED)
		made->count = last;
	return made;
}

/* --- And back --- */

struct taking {
	struct spot_check check;
	struct arena *arena;
	enum message_form form;
};

static int take_word(const struct taking *taking, const struct spot *spot,
	const struct field *field, const struct value *value, unsigned *ret_word)
{
	size_t count = 0, word;

	while (field->words[count])
		count++;
	if (taking->form == MESSAGE_OUTSIDE && field->most)
		count = field->most;
	if (taking->form == MESSAGE_NAMED) {
		if (value->kind != VALUE_STRING)
			return spot_must_be(&taking->check, spot, "a string", value);
		for (word = 0; word < count && strcmp(field->words[word], value->text) != 0; word++)
			;
		if (word == count)
			return spot_wrong(&taking->check, spot, "has the unknown word '%.40s'", value->text);
	} else {
		if (value->kind != VALUE_INTEGER)
			return spot_must_be(&taking->check, spot, "a word's number", value);
		if (value->integer < 0 || (size_t)value->integer >= count)
			return spot_wrong(&taking->check, spot, "must be from 0 to %zu, not %" PRId64, count - 1,
				value->integer);
		word = (size_t)value->integer;
	}
	*ret_word = (unsigned)word;
	return 0;
}

static int check_open(const struct taking *taking, const struct spot *spot,
	const struct value *value)
{
	return value->level == LEVEL_OPEN ? 0 : spot_wrong(&taking->check, spot, "must have no level");
}

static int check_list(const struct taking *taking, const struct spot *spot,
	const struct value *value, size_t most)
{
	if (spot_list(&taking->check, spot, value, most) < 0)
		return -1;
	return check_open(taking, spot, value);
}

static int check_texts(const struct taking *taking, const struct spot *spot,
	const struct field *field, const struct value *value)
{
	if (check_list(taking, spot, value, field->most) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		struct spot inner = { .outer = spot, .index = i };

		if (spot_text(&taking->check, &inner, value->items[i], field->text_most, false) < 0
				|| check_open(taking, &inner, value->items[i]) < 0)
			return -1;
	}
	return 0;
}

static int check_value(const struct taking *taking, const struct spot *spot,
	const struct field *field, const struct value *value)
{
	const struct shape shape = { .kind = SHAPE_ANY, .most = field->most,
		.flags = field->flags & FIELD_MANY_KEYS ? SHAPE_MANY_KEYS : 0 };

	if (field->kind == FIELD_MAP && value->kind != VALUE_MAP)
		return spot_must_be(&taking->check, spot, "a map", value);
	if (shape_check(value, &shape, "", taking->check.code, NULL) < 0)
		return spot_wrong(&taking->check, spot, "must hold at most %zu bytes and %d keys in a map, and "
			"nothing unknown", field->most, SHAPE_KEYS_MOST);
	return 0;
}

static int take(const struct taking *taking, const struct spot *spot,
	const struct message *message, const struct value *value, void *ret_to);

static int take_one(const struct taking *taking, const struct spot *spot,
	const struct field *field, const struct value *value, const void **ret_one)
{
	void *made = arena_alloc(taking->arena, field->of->size);

	*ret_one = made;
	return take(taking, spot, field->of, value, made);
}

static int take_many(const struct taking *taking, const struct spot *spot,
	const struct field *field, const struct value *value, const void **ret_items,
	size_t *ret_count)
{
	char *items;

	if (check_list(taking, spot, value, field->most) < 0)
		return -1;
	items = arena_array(taking->arena, value->count, field->of->size);
	for (size_t i = 0; i < value->count; i++) {
		struct spot inner = { .outer = spot, .index = i };

		if (take(taking, &inner, field->of, value->items[i], items + i * field->of->size) < 0)
			return -1;
	}
	*ret_items = items;
	*ret_count = value->count;
	return 0;
}

static int take_field(const struct taking *taking, const struct spot *spot,
	const struct field *field, struct value *value, void *to)
{
	void *at = (char *)to + field->offset;

	if (value->kind == VALUE_NULL)
		return !(field->flags & FIELD_NEEDED) ? 0 : spot_wrong(&taking->check, spot, "is missing");
	if ((field->kind <= FIELD_BYTES || field->kind == FIELD_ONE)
			&& check_open(taking, spot, value) < 0)
		return -1;
	switch (field->kind) {
	case FIELD_BOOL:
		*(bool *)at = value->truth;
		return value->kind == VALUE_BOOL ? 0 : spot_must_be(&taking->check, spot, "a boolean", value);
	case FIELD_INTEGER:
		*(int64_t *)at = value->integer;
		return spot_integer(&taking->check, spot, value, field->most, field->flags & FIELD_SIGNED);
	case FIELD_WORD:
		return take_word(taking, spot, field, value, at);
	case FIELD_TEXT:
		*(const char **)at = value->text;
		return spot_text(&taking->check, spot, value, field->most, false);
	case FIELD_BYTES:
		*(struct bytes *)at = (struct bytes){ value->text, value->size };
		return spot_text(&taking->check, spot, value, field->most, true);
	case FIELD_LEVELLED:
		*(struct value **)at = value;
		return spot_text(&taking->check, spot, value, field->most, false);
	case FIELD_TEXTS:
		*(struct value **)at = value;
		return check_texts(taking, spot, field, value);
	case FIELD_VALUE:
	case FIELD_MAP:
		*(struct value **)at = value;
		return check_value(taking, spot, field, value);
	case FIELD_ONE:
		return take_one(taking, spot, field, value, at);
	case FIELD_MANY:
		return take_many(taking, spot, field, value, at, (size_t *)(void *)((char *)to
			+ field->count_offset));
	case FIELD_END:
		break;
	}
	return spot_wrong(&taking->check, spot, "has no kind");
}

static int take_list(const struct taking *taking, const struct spot *spot,
	const struct message *message, const struct value *list, void *to)
{
	size_t count = message_field_count(message, taking->form);

	if (list->kind != VALUE_LIST)
		return spot_must_be(&taking->check, spot, "a list", list);
	if (list->count > count)
		return spot_wrong(&taking->check, spot, "must have at most %zu fields, not %zu", count, list->count);
	for (size_t i = 0; i < count; i++) {
		const struct field *field = &message->fields[i];
		struct spot inner = { .outer = spot, .name = field->name };

		if (take_field(taking, &inner, field, i < list->count ? list->items[i] : &nothing, to) < 0)
			return -1;
	}
	return 0;
}

static int take_map(const struct taking *taking, const struct spot *spot,
	const struct message *message, const struct value *map, void *to)
{
	size_t count = message_field_count(message, taking->form), known = 0;

	if (map->kind != VALUE_MAP)
		return spot_must_be(&taking->check, spot, "a map", map);
	for (size_t i = 0; i < count; i++) {
		const struct field *field = &message->fields[i];
		struct spot inner = { .outer = spot, .name = field->name };
		struct value *value = value_get(map, field->name);

		known += value != NULL;
		if (take_field(taking, &inner, field, value ? value : &nothing, to) < 0)
			return -1;
	}
	for (size_t i = 0; known < map->count && i < map->count; i++) {
		struct spot inner = { .outer = spot, .name = value_key(map, i) };
		size_t k = 0;

		while (k < count && strcmp(message->fields[k].name, inner.name) != 0)
			k++;
		if (k == count)
			return spot_wrong(&taking->check, &inner, "is an unknown key");
	}
	return 0;
}

static int take(const struct taking *taking, const struct spot *spot,
	const struct message *message, const struct value *value, void *ret_to)
{
	memset(ret_to, 0, message->size);
	return taking->form == MESSAGE_NAMED ? take_map(taking, spot, message, value, ret_to)
		: take_list(taking, spot, message, value, ret_to);
}

int message_take(struct arena *arena, const struct message *message, enum message_form form,
	const struct value *value, const char *name, const struct error_code *code, void *ret_to,
	struct error *err)
{
	struct taking taking = { { name, code, err }, arena, form };

	return take(&taking, NULL, message, value, ret_to);
}

/* --- A copy --- */

static void copy_into(struct arena *arena, const struct message *message, void *to);

static void copy_field(struct arena *arena, const struct field *field, void *to)
{
	void *at = (char *)to + field->offset;
	struct bytes *bytes = at;
	size_t count = field->kind == FIELD_MANY ? count_of(to, field) : 1;
	char *made;

	switch (field->kind) {
	case FIELD_TEXT:
		*(char **)at = arena_string(arena, *(char **)at);
		break;
	case FIELD_BYTES:
		bytes->bytes = bytes->bytes ? arena_bytes(arena, bytes->bytes, bytes->size) : NULL;
		break;
	case FIELD_LEVELLED:
	case FIELD_TEXTS:
	case FIELD_VALUE:
	case FIELD_MAP:
		if (*(struct value **)at)
			*(struct value **)at = value_copy(arena, *(struct value **)at);
		break;
	case FIELD_ONE:
	case FIELD_MANY:
		if (!*(void **)at || count == 0)
			break;
		made = arena_array(arena, count, field->of->size);
		memcpy(made, *(void **)at, count * field->of->size);
		for (size_t i = 0; i < count; i++)
			copy_into(arena, field->of, made + i * field->of->size);
		*(void **)at = made;
		break;
	default:
		break;
	}
}

static void copy_into(struct arena *arena, const struct message *message, void *to)
{
	for (const struct field *field = message->fields; field->kind != FIELD_END; field++)
		copy_field(arena, field, to);
}

void *message_copy(struct arena *arena, const struct message *message, const void *from)
{
	void *made = arena_alloc(arena, message->size);

	memcpy(made, from, message->size);
	copy_into(arena, message, made);
	return made;
}
