/* tables: a lie for each field of each message that agents send: every wrong kind, one item or byte
 * too many, missing, unknown. A field that gets a row gets its lies by that. */
#include "tests/hostile/tables.h"

#include "base/shape.h"

#include <string.h>

struct making {
	struct arena *arena;
	struct lie *lies;
	size_t count, capacity;
	enum frame_type type;
	const struct message *message;
};

static struct value *list_of(struct arena *arena, struct value *item)
{
	struct value *list = value_list(arena);

	value_append(arena, list, item);
	return list;
}

static struct value *valid_message(struct arena *arena, const struct message *message);

/* A value that fits the field, with something in every list and map. */
static struct value *valid(struct arena *arena, const struct field *field)
{
	switch (field->kind) {
	case FIELD_BOOL:
		return value_bool(arena, false);
	case FIELD_INTEGER:
		return value_integer(arena, 1);
	case FIELD_WORD:
		return value_integer(arena, 0);
	case FIELD_TEXT:
	case FIELD_BYTES:
	case FIELD_LEVELLED:
		return value_string(arena, field->flags & FIELD_CODE ? HOST_REFUSED->name : "a");
	case FIELD_TEXTS:
		return list_of(arena, value_string(arena, "a"));
	case FIELD_ONE:
		return valid_message(arena, field->of);
	case FIELD_MANY:
		return list_of(arena, valid_message(arena, field->of));
	default:
		return value_map(arena);
	}
}

static struct value *valid_message(struct arena *arena, const struct message *message)
{
	struct value *list = value_list(arena);

	for (size_t i = 0; i < message_field_count(message, MESSAGE_OUTSIDE); i++) {
		/* A result that is one of an undo isn't the turn of any task here. */
		bool left_out = strcmp(message->fields[i].name, "more") == 0;

		value_append(arena, list, left_out ? value_null(arena) : valid(arena, &message->fields[i]));
	}
	return list;
}

/* The kind of value that the field takes; VALUE_UNKNOWN: any. */
static enum value_kind kind_of(const struct field *field)
{
	static const enum value_kind kinds[] = {
		[FIELD_BOOL] = VALUE_BOOL, [FIELD_INTEGER] = VALUE_INTEGER, [FIELD_WORD] = VALUE_INTEGER,
		[FIELD_TEXT] = VALUE_STRING, [FIELD_BYTES] = VALUE_STRING,
		[FIELD_LEVELLED] = VALUE_STRING, [FIELD_TEXTS] = VALUE_LIST, [FIELD_MANY] = VALUE_LIST,
		[FIELD_ONE] = VALUE_LIST, [FIELD_MAP] = VALUE_MAP, [FIELD_VALUE] = VALUE_UNKNOWN,
	};

	return kinds[field->kind];
}

/* Where in a message: numbers of fields and items. */
struct path {
	size_t steps[16];
	size_t count;
	const char *name;
};

static struct path path_in(struct making *making, const struct path *path, size_t step,
	const char *name)
{
	struct path inner = *path;

	inner.steps[inner.count++] = step;
	inner.name = arena_printf(making->arena, name ? "%s.%s" : "%s[]", path->name, name);
	return inner;
}

static struct value *with(struct making *making, const struct value *value,
	const struct path *path, size_t at, struct value *instead)
{
	size_t step = path->steps[at];
	struct value *copy;

	if (at == path->count)
		return instead;
	copy = value_copy(making->arena, value);
	if (step == copy->count)
		value_append(making->arena, copy, instead);
	else
		copy->items[step] = with(making, value_item(value, step), path, at + 1, instead);
	return copy;
}

static void add(struct making *making, const struct path *path, const char *how,
	struct value *instead)
{
	struct value *body = valid_message(making->arena, making->message);

	*ARENA_PUSH(making->arena, &making->lies, &making->count) = (struct lie){
		.name = arena_printf(making->arena, "%s %s", path->name, how), .ending = ENDS_REFUSED,
		.type = making->type, .body = with(making, body, path, 0, instead),
	};
}

static void add_wrong_kinds(struct making *making, const struct path *path, enum value_kind right)
{
	struct arena *arena = making->arena;
	struct value *map = value_map(arena);
	const struct { const char *how; struct value *value; } wrong[] = {
		{ "is a map", map }, { "is a list", list_of(arena, value_float(arena, 0.5)) },
		{ "is a string", value_string(arena, "a") }, { "is a float", value_float(arena, 1) },
		{ "isn't known", value_unknown(arena, &(struct cause){ .kind = CAUSE_FACTS, .host = "x" }) },
	};

	value_set_integer(arena, map, "a", 1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		if (wrong[i].value->kind == VALUE_UNKNOWN || (right != VALUE_UNKNOWN
				&& wrong[i].value->kind != right))
			add(making, path, wrong[i].how, wrong[i].value);
	}
}

static struct value *long_text(struct arena *arena, size_t size)
{
	char *text = arena_alloc(arena, size + 1);

	memset(text, 'x', size);
	return value_bytes(arena, text, size);
}

static void add_wrong_texts(struct making *making, const struct path *path, size_t most,
	enum field_kind kind)
{
	struct value *secret = value_string(making->arena, "a");

	secret->level = LEVEL_SECRET;
	if (most < FRAME_MOST / 2)
		add(making, path, "is too long", long_text(making->arena, most + 1));
	if (kind != FIELD_BYTES)
		add(making, path, "has a NUL", value_bytes(making->arena, "a\0b", 3));
	if (kind != FIELD_LEVELLED)
		add(making, path, "has a level", secret);
}

static size_t count_words(const struct field *field)
{
	size_t count = 0;

	while (field->words[count])
		count++;
	return field->most ? field->most : count;
}

static void add_wrong_sizes(struct making *making, const struct path *path,
	const struct field *field)
{
	struct arena *arena = making->arena;
	bool list = field->kind == FIELD_TEXTS || field->kind == FIELD_MANY;
	struct value *many = list ? value_list(arena) : value_map(arena);

	if (field->kind == FIELD_INTEGER) {
		add(making, path, "is too large", value_integer(arena, INT64_MAX));
		add(making, path, "is too small", value_integer(arena, INT64_MIN));
	}
	if (field->kind == FIELD_WORD) {
		add(making, path, "is no word of it", value_integer(arena, (int64_t)count_words(field)));
		add(making, path, "is below its words", value_integer(arena, -1));
	}
	if (field->kind == FIELD_TEXT || field->kind == FIELD_BYTES || field->kind == FIELD_LEVELLED)
		add_wrong_texts(making, path, field->most, field->kind);
	if (field->flags & FIELD_CODE)
		add(making, path, "is the code of no error", value_string(arena, "host.nothing"));
	for (size_t i = 0; list && i <= field->most && i < 130000; i++)
		value_append(arena, many, value_null(arena));
	for (int i = 0; (field->kind == FIELD_VALUE || field->kind == FIELD_MAP)
			&& !(field->flags & FIELD_MANY_KEYS) && i <= SHAPE_KEYS_MOST; i++)
		value_set_integer(arena, many, arena_printf(arena, "key%d", i), i);
	if (many->count > 0)
		add(making, path, "has too many", many);
}

static void add_lies(struct making *making, const struct path *path, const struct field *field);

static void add_fields(struct making *making, const struct path *path,
	const struct message *message)
{
	size_t count = message_field_count(message, MESSAGE_OUTSIDE);
	struct path inner = path_in(making, path, count, "unknown");

	add(making, &inner, "is no field", value_integer(making->arena, 1));
	for (size_t i = 0; i < count; i++) {
		const struct field *field = &message->fields[i];

		inner = path_in(making, path, i, field->name);
		add_lies(making, &inner, field);
		if (field->flags & FIELD_NEEDED)
			add(making, &inner, "is null", value_null(making->arena));
	}
}

static void add_lies(struct making *making, const struct path *path, const struct field *field)
{
	struct path item = path_in(making, path, 0, NULL);

	add_wrong_kinds(making, path, kind_of(field));
	add_wrong_sizes(making, path, field);
	if (field->kind == FIELD_ONE)
		add_fields(making, path, field->of);
	if (field->kind == FIELD_MANY) {
		add_wrong_kinds(making, &item, VALUE_LIST);
		add_fields(making, &item, field->of);
	}
	if (field->kind == FIELD_TEXTS) {
		add_wrong_kinds(making, &item, VALUE_STRING);
		add_wrong_texts(making, &item, field->text_most, field->kind);
	}
}

size_t table_lies(struct arena *arena, struct lie **ret_lies)
{
	struct making making = { .arena = arena };

	for (enum frame_type type = FRAME_HELLO; type < FRAME_TYPE_END; type++) {
		const struct path top = { .name = frame_name(type) };

		making.type = type;
		making.message = frame_message(type);
		if (frame_sends(SENT_BY_AGENT, type))
			add_fields(&making, &top, making.message);
		else
			add(&making, &top, "is not an agent's", valid_message(arena, making.message));
	}
	*ret_lies = making.lies;
	return making.count;
}

static void print_fields(const char *senders, const struct message *message)
{
	for (const struct field *field = message->fields; field->kind != FIELD_END; field++) {
		const char *of_this = field->flags & FIELD_INSIDE ? "inside" : senders;

		printf("%s %s.%s\n", of_this, message->name, field->name);
		if (field->kind == FIELD_ONE || field->kind == FIELD_MANY)
			print_fields(of_this, field->of);
	}
}

void tables_print(void)
{
	for (enum frame_type type = FRAME_HELLO; type < FRAME_TYPE_END; type++)
		print_fields(frame_sends(SENT_BY_AGENT, type) ? "agent" : "controller",
			frame_message(type));
}
