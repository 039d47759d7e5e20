/* pack: values in MessagePack and back, through msgpack-c; what comes in is bounded. */
#include "wire/messages.h"
#include "wire/shared.h"

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

enum { EXT_LEVEL = 1, EXT_UNKNOWN = 2, COUNT_MOST = 1 << 17 };

/* Where bytes go. */
struct packing {
	struct buffer *out;
	struct text_spans *spans;      /* or NULL */
};

static int pack_bytes(void *data, const char *bytes, size_t size)
{
	struct packing *packing = data;

	buffer_add(packing->out, bytes, size);
	return 0;
}

static void add_span(const struct packing *packing, size_t size)
{
	struct text_spans *spans = packing->spans;

	if (spans->count == spans->capacity) {
		spans->capacity = spans->capacity ? 2 * spans->capacity : 16;
		spans->items = realloc(spans->items, spans->capacity * sizeof(*spans->items));
		if (!spans->items)
			abort();
	}
	spans->items[spans->count++] = (struct text_span){ packing->out->size, size };
}

static void pack(msgpack_packer *packer, const struct value *value, bool level_said);

static void pack_text(msgpack_packer *packer, const char *text, size_t size)
{
	const struct packing *packing = packer->data;

	msgpack_pack_str(packer, size);
	if (packing->spans && size >= SHARED_LEAST)
		add_span(packing, size);
	msgpack_pack_str_body(packer, text, size);
}

static void pack_level(msgpack_packer *packer, const struct value *value)
{
	struct buffer inner = {0};
	struct packing packing = { .out = &inner };
	msgpack_packer inner_packer;

	buffer_add_char(&inner, (char)value->level);
	msgpack_packer_init(&inner_packer, &packing, pack_bytes);
	pack(&inner_packer, value, true);
	msgpack_pack_ext(packer, inner.size, EXT_LEVEL);
	msgpack_pack_ext_body(packer, inner.data, inner.size);
	buffer_free(&inner);
}

static void pack_unknown(msgpack_packer *packer, const struct value *value)
{
	struct arena *arena = arena_new();
	struct buffer inner = {0};

	wire_encode(&inner, message_value(arena, &message_cause, value->cause, MESSAGE_NAMED));
	msgpack_pack_ext(packer, inner.size, EXT_UNKNOWN);
	msgpack_pack_ext_body(packer, inner.data, inner.size);
	buffer_free(&inner);
	arena_free(arena);
}

static void pack_container(msgpack_packer *packer, const struct value *value)
{
	if (value->kind == VALUE_LIST)
		msgpack_pack_array(packer, value->count);
	else
		msgpack_pack_map(packer, value->count);
	for (size_t i = 0; i < value->count; i++) {
		if (value->kind == VALUE_MAP)
			pack_text(packer, value->pairs[i].key, strlen(value->pairs[i].key));
		pack(packer, value->kind == VALUE_MAP ? value_at(value, i) : value->items[i],
			false);
	}
}

static void pack(msgpack_packer *packer, const struct value *value, bool level_said)
{
	if (value && value->level && !level_said) {
		pack_level(packer, value);
		return;
	}
	switch (value ? value->kind : VALUE_NULL) {
	case VALUE_NULL:
		msgpack_pack_nil(packer);
		break;
	case VALUE_BOOL:
		if (value->truth)
			msgpack_pack_true(packer);
		else
			msgpack_pack_false(packer);
		break;
	case VALUE_INTEGER:
		msgpack_pack_int64(packer, value->integer);
		break;
	case VALUE_FLOAT:
		msgpack_pack_double(packer, value->number);
		break;
	case VALUE_STRING:
		pack_text(packer, value->text, value->size);
		break;
	case VALUE_UNKNOWN:
		pack_unknown(packer, value);
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		pack_container(packer, value);
		break;
	}
}

void wire_encode_spans(struct buffer *out, const struct value *value, struct text_spans *spans)
{
	struct packing packing = { .out = out, .spans = spans };
	msgpack_packer packer;

	msgpack_packer_init(&packer, &packing, pack_bytes);
	pack(&packer, value, false);
}

void wire_encode(struct buffer *out, const struct value *value)
{
	wire_encode_spans(out, value, NULL);
}

/* --- Back --- */

static int unpack(struct arena *arena, const msgpack_object *object, unsigned depth,
	struct value **ret_value, struct error *err);
static int decode(struct arena *arena, const void *bytes, size_t size, size_t most,
	unsigned depth, struct value **ret_value, struct error *err);

static int unpack_unknown(struct arena *arena, const msgpack_object_ext *ext, unsigned depth,
	struct value **ret_value, struct error *err)
{
	struct value *record;
	struct cause cause;

	if (decode(arena, ext->ptr, ext->size, COUNT_MOST, depth + 1, &record, err) < 0
			|| message_take(arena, &message_cause, MESSAGE_NAMED, record, "cause", AGENT_PROTOCOL,
				&cause, err) < 0)
		return -1;
	*ret_value = value_unknown(arena, &cause);
	return 0;
}

static int unpack_ext(struct arena *arena, const msgpack_object_ext *ext, unsigned depth,
	struct value **ret_value, struct error *err)
{
	if (ext->type == EXT_UNKNOWN)
		return unpack_unknown(arena, ext, depth, ret_value, err);
	if (ext->type != EXT_LEVEL || ext->size == 0 || ext->ptr[0] <= LEVEL_OPEN
			|| ext->ptr[0] > LEVEL_SECRET)
		return error_set(err, AGENT_PROTOCOL, "malformed data: unknown type");
	if (decode(arena, ext->ptr + 1, ext->size - 1, COUNT_MOST, depth + 1, ret_value, err) < 0)
		return -1;
	(*ret_value)->level = level_higher((*ret_value)->level, (enum level)ext->ptr[0]);
	return 0;
}

/* An empty string has no bytes at all. */
static bool has_nul(const msgpack_object_str *text)
{
	return text->size > 0 && memchr(text->ptr, 0, text->size);
}

static int unpack_map(struct arena *arena, const msgpack_object_map *map, unsigned depth,
	struct value *made, struct error *err)
{
	for (uint32_t i = 0; i < map->size; i++) {
		const msgpack_object *key = &map->ptr[i].key;
		struct value *item;
		char *name;

		if (key->type != MSGPACK_OBJECT_STR || has_nul(&key->via.str))
			return error_set(err, AGENT_PROTOCOL, "malformed data: a key that is no string");
		if (unpack(arena, &map->ptr[i].val, depth + 1, &item, err) < 0)
			return -1;
		name = arena_bytes(arena, key->via.str.ptr, key->via.str.size);
		if (value_get(made, name))
			return error_set(err, AGENT_PROTOCOL, "malformed data: duplicate key '%.64s'", name);
		value_set(arena, made, name, item);
	}
	return 0;
}

static int unpack(struct arena *arena, const msgpack_object *object, unsigned depth,
	struct value **ret_value, struct error *err)
{
	struct value *item;

	if (depth > VALUE_DEPTH_MOST)
		return error_set(err, AGENT_PROTOCOL, "malformed data: nested too deeply");
	switch (object->type) {
	case MSGPACK_OBJECT_NIL:
		*ret_value = value_null(arena);
		return 0;
	case MSGPACK_OBJECT_BOOLEAN:
		*ret_value = value_bool(arena, object->via.boolean);
		return 0;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		if (object->via.u64 > INT64_MAX)
			return error_set(err, AGENT_PROTOCOL, "malformed data: a number out of range");
		*ret_value = value_integer(arena, (int64_t)object->via.u64);
		return 0;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		*ret_value = value_integer(arena, object->via.i64);
		return 0;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		*ret_value = value_float(arena, object->via.f64);
		return 0;
	case MSGPACK_OBJECT_STR:
		*ret_value = value_bytes(arena, object->via.str.ptr, object->via.str.size);
		return 0;
	case MSGPACK_OBJECT_ARRAY:
		*ret_value = value_list(arena);
		for (uint32_t i = 0; i < object->via.array.size; i++) {
			if (unpack(arena, &object->via.array.ptr[i], depth + 1, &item, err) < 0)
				return -1;
			value_append(arena, *ret_value, item);
		}
		return 0;
	case MSGPACK_OBJECT_MAP:
		*ret_value = value_map(arena);
		return unpack_map(arena, &object->via.map, depth, *ret_value, err);
	case MSGPACK_OBJECT_EXT:
		return unpack_ext(arena, &object->via.ext, depth, ret_value, err);
	default:
		return error_set(err, AGENT_PROTOCOL, "malformed data: unknown type");
	}
}

/* --- Bounds: looked at before msgpack-c makes room for what a header only claims --- */

struct cursor {
	const unsigned char *at;
	const unsigned char *end;
	size_t count;
	size_t most;
};

static int too_short(struct error *err)
{
	return error_set(err, AGENT_PROTOCOL, "malformed data: it is truncated");
}

static int take_length(struct cursor *cursor, unsigned bytes, uint64_t *ret_length,
	struct error *err)
{
	if ((size_t)(cursor->end - cursor->at) < bytes)
		return too_short(err);
	*ret_length = 0;
	for (unsigned i = 0; i < bytes; i++)
		*ret_length = *ret_length << 8 | *cursor->at++;
	return 0;
}

/* What the first byte of a value says: how long its length is, its own bytes, its children. */
struct head {
	unsigned length_bytes;     /* of the length that follows */
	uint64_t size;             /* bytes that follow, without a length */
	unsigned per_item;         /* children for each of the length: 1 array, 2 map */
	bool items;                /* the length counts children, not bytes */
	uint64_t extra;            /* bytes beside those counted: the type of an ext */
};

static struct head head_of(unsigned char first)
{
	static const struct head wide[32] = {
		[0x04] = { .length_bytes = 1 }, [0x05] = { .length_bytes = 2 },
		[0x06] = { .length_bytes = 4 },
		[0x07] = { .length_bytes = 1, .extra = 1 }, [0x08] = { .length_bytes = 2, .extra = 1 },
		[0x09] = { .length_bytes = 4, .extra = 1 },
		[0x0a] = { .size = 4 }, [0x0b] = { .size = 8 }, [0x0c] = { .size = 1 },
		[0x0d] = { .size = 2 }, [0x0e] = { .size = 4 }, [0x0f] = { .size = 8 },
		[0x10] = { .size = 1 }, [0x11] = { .size = 2 }, [0x12] = { .size = 4 },
		[0x13] = { .size = 8 }, [0x14] = { .size = 2 }, [0x15] = { .size = 3 },
		[0x16] = { .size = 5 }, [0x17] = { .size = 9 }, [0x18] = { .size = 17 },
		[0x19] = { .length_bytes = 1 }, [0x1a] = { .length_bytes = 2 },
		[0x1b] = { .length_bytes = 4 },
		[0x1c] = { .length_bytes = 2, .items = true, .per_item = 1 },
		[0x1d] = { .length_bytes = 4, .items = true, .per_item = 1 },
		[0x1e] = { .length_bytes = 2, .items = true, .per_item = 2 },
		[0x1f] = { .length_bytes = 4, .items = true, .per_item = 2 },
	};

	if (first < 0x80 || first >= 0xe0)
		return (struct head){0};
	if (first < 0x90)
		return (struct head){ .items = true, .per_item = 2, .size = first & 0x0f };
	if (first < 0xa0)
		return (struct head){ .items = true, .per_item = 1, .size = first & 0x0f };
	if (first < 0xc0)
		return (struct head){ .size = first & 0x1f };
	return wide[first - 0xc0];
}

/* Values still to come are counted per level, so that no header can claim more than is there. */
static int look_through(struct cursor *cursor, struct error *err)
{
	uint64_t open[VALUE_DEPTH_MOST + 2] = { 1 };
	unsigned depth = 0;

	for (;;) {
		struct head head;
		uint64_t length;

		while (open[depth] == 0) {
			if (depth == 0)
				return cursor->at == cursor->end ? 0
					: error_set(err, AGENT_PROTOCOL, "malformed data: something follows it");
			depth--;
		}
		open[depth]--;
		if (cursor->at == cursor->end)
			return too_short(err);
		if (++cursor->count > cursor->most)
			return error_set(err, AGENT_PROTOCOL, "malformed data: too many values");
		head = head_of(*cursor->at++);
		length = head.size;
		if (head.length_bytes && take_length(cursor, head.length_bytes, &length, err) < 0)
			return -1;
		if (!head.items) {
			length += head.extra;
			if (length > (uint64_t)(cursor->end - cursor->at))
				return too_short(err);
			cursor->at += length;
			continue;
		}
		if (length * head.per_item > (uint64_t)(cursor->end - cursor->at))
			return too_short(err);
		if (++depth > VALUE_DEPTH_MOST)
			return error_set(err, AGENT_PROTOCOL, "malformed data: nested too deeply");
		open[depth] = length * head.per_item;
	}
}

static int decode(struct arena *arena, const void *bytes, size_t size, size_t most,
	unsigned depth, struct value **ret_value, struct error *err)
{
	struct cursor cursor = { .at = bytes, .end = (const unsigned char *)bytes + size,
		.most = most };
	msgpack_unpacked unpacked;
	int result = -1;

	if (look_through(&cursor, err) < 0)
		return -1;
	msgpack_unpacked_init(&unpacked);
	if (msgpack_unpack_next(&unpacked, bytes, size, NULL) == MSGPACK_UNPACK_SUCCESS)
		result = unpack(arena, &unpacked.data, depth, ret_value, err);
	else
		error_set(err, AGENT_PROTOCOL, "malformed data");
	msgpack_unpacked_destroy(&unpacked);
	return result;
}

int wire_decode(struct arena *arena, const void *bytes, size_t size, struct value **ret_value,
	struct error *err)
{
	return decode(arena, bytes, size, COUNT_MOST, 0, ret_value, err);
}

int wire_decode_most(struct arena *arena, const void *bytes, size_t size, size_t most,
	struct value **ret_value, struct error *err)
{
	return decode(arena, bytes, size, most, 0, ret_value, err);
}
