/* filters_code: to_json, from_json, base64. */
#include "expression/evaluate.h"

#include "expression/show.h"
#include "expression/unicode.h"

#include <json-c/json.h>
#include <sodium.h>
#include <string.h>

struct writing {
	struct buffer *out;
	int64_t indent;      /* -1: on one line */
	bool sorted;
	bool plain;          /* characters beyond ASCII stay */
};

static void write_json(struct writing *writing, const struct value *value, unsigned depth);

static void write_code(struct buffer *out, uint32_t code)
{
	if (code >= 0x10000) {
		code -= 0x10000;
		buffer_printf(out, "\\u%04x\\u%04x", 0xd800 + (code >> 10),
			0xdc00 + (code & 0x3ff));
	} else {
		buffer_printf(out, "\\u%04x", code);
	}
}

static void write_text(struct writing *writing, const char *text, size_t size)
{
	static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";

	buffer_add_char(writing->out, '"');
	for (size_t at = 0; at < size;) {
		uint32_t code;
		size_t length = utf8_next(text + at, size - at, &code);
		const char *escape = code && code < 0x80 ? strchr(from, (int)code) : NULL;

		if (escape)
			buffer_printf(writing->out, "\\%c", to[escape - from]);
		else if (code < 0x20 || (code >= 0x7f && !writing->plain && code != 0x7f))
			write_code(writing->out, code);
		else
			utf8_add(writing->out, code);
		at += length;
	}
	buffer_add_char(writing->out, '"');
}

static void write_break(struct writing *writing, unsigned depth)
{
	if (writing->indent < 0)
		return;
	buffer_add_char(writing->out, '\n');
	for (int64_t i = 0; i < writing->indent * depth; i++)
		buffer_add_char(writing->out, ' ');
}

static void write_separator(struct writing *writing, bool first, unsigned depth)
{
	if (!first)
		buffer_add_string(writing->out, writing->indent < 0 ? ", " : ",");
	write_break(writing, depth);
}

static int compare_pairs(const void *one, const void *other)
{
	return strcmp((*(const struct value_pair *const *)one)->key,
		(*(const struct value_pair *const *)other)->key);
}

static void write_map(struct writing *writing, const struct value *map, unsigned depth)
{
	struct arena *arena = arena_new();
	const struct value_pair **pairs = arena_array(arena, map->count + 1, sizeof(*pairs));

	for (size_t i = 0; i < map->count; i++)
		pairs[i] = value_pair_at(map, i);
	if (writing->sorted)
		qsort(pairs, map->count, sizeof(*pairs), compare_pairs);
	buffer_add_char(writing->out, '{');
	for (size_t i = 0; i < map->count; i++) {
		write_separator(writing, i == 0, depth + 1);
		write_text(writing, pairs[i]->key, strlen(pairs[i]->key));
		buffer_add_string(writing->out, ": ");
		write_json(writing, pairs[i]->value, depth + 1);
	}
	if (map->count)
		write_break(writing, depth);
	buffer_add_char(writing->out, '}');
	arena_free(arena);
}

static void write_list(struct writing *writing, const struct value *list, unsigned depth)
{
	buffer_add_char(writing->out, '[');
	for (size_t i = 0; i < list->count; i++) {
		write_separator(writing, i == 0, depth + 1);
		write_json(writing, list->items[i], depth + 1);
	}
	if (list->count)
		write_break(writing, depth);
	buffer_add_char(writing->out, ']');
}

static void write_float(struct buffer *out, double number)
{
	if (number != number)
		buffer_add_string(out, "NaN");
	else if (number > 1.7976931348623157e308 || number < -1.7976931348623157e308)
		buffer_add_string(out, number > 0 ? "Infinity" : "-Infinity");
	else
		show_float(out, number);
}

static void write_json(struct writing *writing, const struct value *value, unsigned depth)
{
	switch (value->kind) {
	case VALUE_BOOL:
		buffer_add_string(writing->out, value->truth ? "true" : "false");
		break;
	case VALUE_INTEGER:
		buffer_printf(writing->out, "%lld", (long long)value->integer);
		break;
	case VALUE_FLOAT:
		write_float(writing->out, value->number);
		break;
	case VALUE_STRING:
		write_text(writing, value->text, value->size);
		break;
	case VALUE_LIST:
		write_list(writing, value, depth);
		break;
	case VALUE_MAP:
		write_map(writing, value, depth);
		break;
	case VALUE_NULL:
	case VALUE_UNKNOWN:   /* CALL_DEEP leaves none */
		buffer_add_string(writing->out, "null");
		break;
	}
}

/* What it may take: six bytes a character, and the indent of each line. */
static int pay_json(struct evaluation *evaluation, const struct call *call,
	const struct value *value, int64_t indent, unsigned depth)
{
	size_t line = 24 + (indent > 0 ? (size_t)indent * (depth + 1) : 0);

	if (depth > VALUE_DEPTH_MOST)
		return evaluation_error(evaluation, call->offset, "this is nested too deeply");
	if (evaluation_spend(evaluation, call->offset, 1, line +
			(value->kind == VALUE_STRING ? value->size : 0)) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		bool is_map = value->kind == VALUE_MAP;

		if (is_map && evaluation_spend(evaluation, call->offset, 0,
				strlen(value->pairs[i].key)) < 0)
			return -1;
		if (pay_json(evaluation, call, is_map ? value_at(value, i) : value->items[i],
				indent, depth + 1) < 0)
			return -1;
	}
	return 0;
}

static int to_json(struct evaluation *evaluation, struct call *call, int64_t indent, bool sorted,
	struct value **ret_value)
{
	struct buffer buffer = { 0 };
	struct writing writing = { .out = &buffer };
	bool ascii;

	if (call_integer(evaluation, call, 0, indent, &writing.indent) < 0 ||
		call_truth(evaluation, call, 1, sorted, &writing.sorted) < 0 ||
		call_truth(evaluation, call, 2, true, &ascii) < 0)
		return -1;
	if (writing.indent > 100)
		return evaluation_error(evaluation, call->offset, "indent must be 0 to 100");
	writing.plain = !ascii;
	if (pay_json(evaluation, call, call->input, writing.indent, 0) < 0)
		return -1;
	write_json(&writing, call->input, 0);
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

/* Jinja's own: sorted, and safe to stand in HTML. */
static int filter_tojson(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	static const char unsafe[] = "<>&'";
	struct buffer safe = { 0 };
	struct value *json;

	if (to_json(evaluation, call, -1, true, &json) < 0)
		return -1;
	for (size_t i = 0; i < json->size; i++) {
		if (strchr(unsafe, json->text[i]))
			buffer_printf(&safe, "\\u%04x", (unsigned)json->text[i]);
		else
			buffer_add_char(&safe, json->text[i]);
	}
	return buffer_value(evaluation, call->offset, &safe, ret_value);
}

static int filter_to_json(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return to_json(evaluation, call, -1, false, ret_value);
}

static int filter_to_nice_json(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return to_json(evaluation, call, 4, true, ret_value);
}

static int read_json(struct evaluation *evaluation, const struct call *call,
	struct json_object *json, struct value **ret_value);

static int read_array(struct evaluation *evaluation, const struct call *call,
	struct json_object *json, struct value **ret_value)
{
	struct value *list = value_list(evaluation->evaluator->arena), *item;

	for (size_t i = 0; i < json_object_array_length(json); i++) {
		if (read_json(evaluation, call, json_object_array_get_idx(json, i), &item) < 0)
			return -1;
		value_append(evaluation->evaluator->arena, list, item);
	}
	*ret_value = list;
	return 0;
}

static int read_object(struct evaluation *evaluation, const struct call *call,
	struct json_object *json, struct value **ret_value)
{
	struct value *map = value_map(evaluation->evaluator->arena), *item;

	json_object_object_foreach(json, key, inside) {
		struct value name = { .kind = VALUE_STRING, .text = key, .size = strlen(key) };

		if (read_json(evaluation, call, inside, &item) < 0 ||
			map_put(evaluation, call->offset, map, &name, item) < 0)
			return -1;
	}
	*ret_value = map;
	return 0;
}

static int read_json(struct evaluation *evaluation, const struct call *call,
	struct json_object *json, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;

	if (evaluation_spend(evaluation, call->offset, 1, sizeof(struct value)) < 0)
		return -1;
	switch (json_object_get_type(json)) {
	case json_type_null:
		*ret_value = value_null(arena);
		break;
	case json_type_boolean:
		*ret_value = value_bool(arena, json_object_get_boolean(json));
		break;
	case json_type_double:
		*ret_value = value_float(arena, json_object_get_double(json));
		break;
	case json_type_int:
		*ret_value = value_integer(arena, json_object_get_int64(json));
		break;
	case json_type_string:
		*ret_value = value_bytes(arena, json_object_get_string(json),
			(size_t)json_object_get_string_len(json));
		break;
	case json_type_array:
		return read_array(evaluation, call, json, ret_value);
	case json_type_object:
		return read_object(evaluation, call, json, ret_value);
	}
	return 0;
}

/* JSON in ASCII: a strict json-c 0.18 takes every other character for a control character. */
static int escape_json(const struct value *text, struct buffer *out)
{
	buffer_reserve(out, text->size + 1);
	for (size_t at = 0; at < text->size;) {
		uint32_t code;
		size_t length = utf8_next(text->text + at, text->size - at, &code);

		if (code >= 0x80 && length == 1)
			return -1;
		if (code >= 0x80)
			write_code(out, code);
		else
			buffer_add_char(out, (char)code);
		at += length;
	}
	return 0;
}

static struct json_object *parse_json(const struct buffer *text, struct json_tokener *tokener)
{
	struct json_object *json = json_tokener_parse_ex(tokener, text->data, (int)text->size);
	size_t end = json_tokener_get_parse_end(tokener);

	if (json_tokener_get_error(tokener) == json_tokener_continue) {
		json = json_tokener_parse_ex(tokener, "\n", 1);   /* a number may end now */
		end = text->size;
	}
	if (json_tokener_get_error(tokener) != json_tokener_success)
		return NULL;
	if (strspn(text->data + end, " \t\r\n") < text->size - end) {
		json_object_put(json);
		json_tokener_reset(tokener);
		json_tokener_parse_ex(tokener, "}", 1);   /* makes it an error */
		return NULL;
	}
	return json;
}

static int filter_from_json(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct json_tokener *tokener;
	struct json_object *json;
	struct buffer text = { 0 };
	bool valid;
	int result = -1;

	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	if (evaluation_spend(evaluation, call->offset, call->input->size / 16,
			call->input->size) < 0)
		return -1;
	if (escape_json(call->input, &text) < 0) {
		buffer_free(&text);
		return evaluation_error(evaluation, call->offset, "this string is no JSON: "
			"it isn't UTF-8");
	}
	tokener = json_tokener_new_ex(100);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	json = parse_json(&text, tokener);
	valid = json_tokener_get_error(tokener) == json_tokener_success;
	json_tokener_free(tokener);
	buffer_free(&text);
	if (!valid)
		return evaluation_error(evaluation, call->offset, "this string is no JSON");
	result = read_json(evaluation, call, json, ret_value);
	json_object_put(json);
	return result;
}

static int filter_b64encode(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	size_t size = sodium_base64_encoded_len(call->input->size, sodium_base64_VARIANT_ORIGINAL);
	char *text;

	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	if (evaluation_spend(evaluation, call->offset, size / 64, size) < 0)
		return -1;
	text = arena_alloc(evaluation->evaluator->arena, size);
	sodium_bin2base64(text, size, (const unsigned char *)call->input->text, call->input->size,
		sodium_base64_VARIANT_ORIGINAL);
	*ret_value = value_string(evaluation->evaluator->arena, text);
	return 0;
}

static int filter_b64decode(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	const struct value *input = call->input;
	unsigned char *bytes;
	const char *end;
	size_t size;

	if (input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", input);
	if (evaluation_spend(evaluation, call->offset, input->size / 64, input->size) < 0)
		return -1;
	bytes = arena_alloc(evaluation->evaluator->arena, input->size + 1);
	if (sodium_base642bin(bytes, input->size, input->text, input->size, " \t\r\n", &size, &end,
			sodium_base64_VARIANT_ORIGINAL) != 0 || end != input->text + input->size)
		return evaluation_error(evaluation, call->offset, "this string is no base64");
	*ret_value = value_bytes(evaluation->evaluator->arena, bytes, size);
	return 0;
}

const struct callable filters_code[] = {
	{ "to_json", filter_to_json, 0, CALL_DEEP, { "indent", "sort_keys", "ensure_ascii" } },
	{ "to_nice_json", filter_to_nice_json, 0, CALL_DEEP, { "indent", "sort_keys",
		"ensure_ascii" } },
	{ "tojson", filter_tojson, 0, CALL_DEEP, { "indent" } },
	{ "from_json", filter_from_json, 0, 0, { NULL } },
	{ "b64encode", filter_b64encode, 0, 0, { NULL } },
	{ "b64decode", filter_b64decode, 0, 0, { NULL } },
	{ 0 },
};
