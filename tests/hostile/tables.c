/* tables: a lie for each key of each message that agents send: every wrong kind, one item or byte
 * too many, missing, unknown. A key that gets a row gets its lies by that. */
#include "tests/hostile/tables.h"

#include <string.h>

struct making {
	struct arena *arena;
	struct lie *lies;
	size_t count, capacity;
	enum frame_type type;
	const struct shape *keys;
};

static struct value *valid(struct arena *arena, const struct shape *shape);

static struct value *valid_map(struct arena *arena, const struct shape *keys)
{
	struct value *map = value_map(arena);

	for (; keys->kind != SHAPE_END; keys++)
		value_set(arena, map, keys->key, valid(arena, keys));
	return map;
}

/* A value that fits the shape, with something in every list and map. */
static struct value *valid(struct arena *arena, const struct shape *shape)
{
	struct value *made;

	switch (shape->kind) {
	case SHAPE_BOOL:
		return value_bool(arena, false);
	case SHAPE_INTEGER:
		return value_integer(arena, 1);
	case SHAPE_TEXT:
	case SHAPE_BYTES:
		return value_string(arena, shape->words ? shape->words[0] : "a");
	case SHAPE_LIST:
		made = value_list(arena);
		value_append(arena, made, valid(arena, shape->inside));
		return made;
	case SHAPE_TABLE:
		made = value_map(arena);
		value_set(arena, made, "a", valid(arena, shape->inside));
		return made;
	case SHAPE_MAP:
		return valid_map(arena, shape->inside);
	default:
		return value_map(arena);
	}
}

/* The kind of value that the shape takes; VALUE_UNKNOWN: any. */
static enum value_kind kind_of(const struct shape *shape)
{
	static const enum value_kind kinds[] = {
		[SHAPE_BOOL] = VALUE_BOOL, [SHAPE_INTEGER] = VALUE_INTEGER, [SHAPE_TEXT] = VALUE_STRING,
		[SHAPE_BYTES] = VALUE_STRING, [SHAPE_LIST] = VALUE_LIST, [SHAPE_TABLE] = VALUE_MAP,
		[SHAPE_MAP] = VALUE_MAP, [SHAPE_ANY_MAP] = VALUE_MAP, [SHAPE_ANY] = VALUE_UNKNOWN,
	};

	return kinds[shape->kind];
}

/* Where in a message: keys, and "" for the first item of a list. */
struct path {
	const char *steps[8];
	size_t count;
};

static struct value *with(struct making *making, const struct value *value,
	const struct path *path, size_t at, struct value *instead)
{
	struct value *copy;

	if (at == path->count)
		return instead;
	copy = value_copy(making->arena, value);
	if (copy->kind == VALUE_LIST)
		copy->items[0] = with(making, value_item(value, 0), path, at + 1, instead);
	else
		value_set(making->arena, copy, path->steps[at], with(making, value_get(value,
			path->steps[at]), path, at + 1, instead));
	return copy;
}

static void add(struct making *making, const struct path *path, const char *how,
	struct value *instead)
{
	const char *name = arena_printf(making->arena, "%s", frame_name(making->type));
	struct value *body = valid_map(making->arena, making->keys);

	/* A result that is one of an undo isn't the turn of any task here. */
	value_remove(body, "more");
	for (size_t i = 0; i < path->count; i++)
		name = arena_printf(making->arena, "%s%s%s", name, path->steps[i][0] ? "." : "[]",
			path->steps[i]);
	if (making->count == making->capacity) {
		size_t capacity = making->capacity ? 2 * making->capacity : 64;

		making->lies = arena_grow(making->arena, making->lies,
			making->count * sizeof(*making->lies), capacity * sizeof(*making->lies));
		making->capacity = capacity;
	}
	making->lies[making->count++] = (struct lie){
		.name = arena_printf(making->arena, "%s %s", name, how), .ending = ENDS_REFUSED,
		.type = making->type, .body = with(making, body, path, 0, instead),
	};
}

static void add_wrong_kinds(struct making *making, const struct path *path,
	const struct shape *shape)
{
	struct arena *arena = making->arena;
	struct value *list = value_list(arena), *map = value_map(arena);
	const struct { const char *how; struct value *value; } wrong[] = {
		{ "is a map", map }, { "is a list", list }, { "is a string", value_string(arena, "a") },
		{ "isn't known", value_unknown(arena, "x") },
	};
	enum value_kind right = kind_of(shape);

	value_append(arena, list, value_integer(arena, 1));
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

static void add_wrong_sizes(struct making *making, const struct path *path,
	const struct shape *shape)
{
	struct arena *arena = making->arena;
	struct value *many = shape->kind == SHAPE_LIST ? value_list(arena) : value_map(arena);

	if (shape->kind == SHAPE_INTEGER) {
		add(making, path, "is too large", value_integer(arena, INT64_MAX));
		add(making, path, "is too small", value_integer(arena, INT64_MIN));
	}
	if ((shape->kind == SHAPE_TEXT || shape->kind == SHAPE_BYTES) && shape->most < FRAME_MOST / 2)
		add(making, path, "is too long", long_text(arena, shape->most + 1));
	if (shape->kind == SHAPE_TEXT)
		add(making, path, "has a NUL", value_bytes(arena, "a\0b", 3));
	if (shape->words)
		add(making, path, "is no word of it", value_string(arena, "a \033[31m"));
	for (size_t i = 0; shape->kind == SHAPE_LIST && i <= shape->most && i < 130000; i++)
		value_append(arena, many, value_null(arena));
	for (int i = 0; (shape->kind == SHAPE_ANY || shape->kind == SHAPE_ANY_MAP)
			&& i <= SHAPE_KEYS_MOST; i++)
		value_set_integer(arena, many, arena_printf(arena, "key%d", i), i);
	if (many->count > 0)
		add(making, path, "has too many", many);
}

static void add_lies(struct making *making, const struct path *path, const struct shape *shape);

static void add_keys(struct making *making, const struct path *path, const struct shape *keys)
{
	struct path inner = *path;

	inner.steps[inner.count++] = "unknown";
	add(making, &inner, "is no key", value_integer(making->arena, 1));
	for (; keys->kind != SHAPE_END; keys++) {
		inner.steps[inner.count - 1] = keys->key;
		add_lies(making, &inner, keys);
		if (keys->flags & SHAPE_NEEDED)
			add(making, &inner, "is null", value_null(making->arena));
	}
}

static void add_lies(struct making *making, const struct path *path, const struct shape *shape)
{
	struct path inner = *path;

	add_wrong_kinds(making, path, shape);
	add_wrong_sizes(making, path, shape);
	if (shape->kind == SHAPE_MAP)
		add_keys(making, path, shape->inside);
	inner.steps[inner.count++] = "";
	if (shape->kind == SHAPE_LIST)
		add_lies(making, &inner, shape->inside);
}

size_t table_lies(struct arena *arena, struct lie **ret_lies)
{
	struct making making = { .arena = arena };
	const struct path top = {0};

	for (enum frame_type type = FRAME_HELLO; type < FRAME_TYPE_END; type++) {
		making.type = type;
		making.keys = frame_keys(SENT_BY_AGENT, type);
		if (making.keys) {
			add_keys(&making, &top, making.keys);
			continue;
		}
		/* What only others send, as they would. */
		making.keys = frame_keys(SENT_BY_CONTROLLER, type);
		add(&making, &top, "is not an agent's", valid_map(arena, making.keys));
	}
	*ret_lies = making.lies;
	return making.count;
}

static void print_rows(enum frame_sender sender, const char *prefix, const struct shape *keys)
{
	for (; keys->kind != SHAPE_END; keys++) {
		printf("%d %s %s\n", (int)sender, prefix, keys->key);
		if (keys->kind == SHAPE_MAP)
			print_rows(sender, prefix, keys->inside);
		else if (keys->kind == SHAPE_LIST && keys->inside->kind == SHAPE_MAP)
			print_rows(sender, prefix, keys->inside->inside);
	}
}

void tables_print(void)
{
	for (int sender = SENT_BY_AGENT; sender <= SENT_BY_PARENT; sender++) {
		for (enum frame_type type = FRAME_HELLO; type < FRAME_TYPE_END; type++) {
			const struct shape *keys = frame_keys((enum frame_sender)sender, type);

			/* What a child found is passed on as the agent's own. */
			if (keys && !(sender == SENT_BY_CHILD && type == FRAME_RESULT))
				print_rows((enum frame_sender)sender, frame_name(type), keys);
		}
	}
}
