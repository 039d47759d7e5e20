/* show: values as text, as Python's str() and repr() write them. */
#include "expression/evaluate.h"

#include "expression/show.h"
#include "expression/unicode.h"
#include "expression/scope.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shortest digits that give the same number again. */
static void shortest(double number, char *out, size_t size)
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(out, size, "%.*e", digits - 1, number);
		if (strtod(out, NULL) == number)
			return;
	}
}

/* Python writes exponents below -4 and from 16 on. */
void show_float(struct buffer *out, double number)
{
	char text[64], fixed[400];
	char *mantissa_end;
	int exponent, digits;

	if (number != number || number > 1.7976931348623157e308 ||
		number < -1.7976931348623157e308) {
		buffer_add_string(out, number != number ? "nan" : number > 0 ? "inf" : "-inf");
		return;
	}
	shortest(number, text, sizeof(text));
	mantissa_end = strchr(text, 'e');
	exponent = atoi(mantissa_end + 1);
	digits = (int)strspn(text + (text[0] == '-'), "0123456789.");
	digits = digits > 1 ? digits - 2 : 0;   /* behind the point */
	if (exponent < -4 || exponent >= 16) {
		*mantissa_end = '\0';
		buffer_printf(out, "%se%c%02d", text, exponent < 0 ? '-' : '+', abs(exponent));
		return;
	}
	snprintf(fixed, sizeof(fixed), "%.*f", digits > exponent ? digits - exponent : 1, number);
	buffer_add_string(out, fixed);
}

static bool printable(uint32_t code)
{
	return code >= 0x20 && code != 0x7f && (code < 0x80 || code > 0xa0) && code != 0xfffd &&
		code != 0xad && (code < 0x2028 || code > 0x202e);
}

static void show_character(struct buffer *out, const char *text, size_t size, uint32_t code,
	char quote)
{
	static const char from[] = "\n\r\t\\", to[] = "nrt\\";
	const char *escape = code && code < 0x80 ? strchr(from, (int)code) : NULL;

	if (escape)
		buffer_printf(out, "\\%c", to[escape - from]);
	else if (code == (uint32_t)(unsigned char)quote)
		buffer_printf(out, "\\%c", quote);
	else if (printable(code))
		buffer_add(out, text, size);
	else if (code == 0xfffd && size == 1)
		buffer_printf(out, "\\x%02x", (unsigned char)*text);
	else
		buffer_printf(out, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
}

/* Single quotes, unless there are some inside and no double ones. */
static void show_quoted(struct buffer *out, const struct value *text)
{
	char quote = memchr(text->text, '\'', text->size) && !memchr(text->text, '"', text->size) ?
		'"' : '\'';

	buffer_add_char(out, quote);
	for (size_t at = 0; at < text->size;) {
		uint32_t code;
		size_t size = utf8_next(text->text + at, text->size - at, &code);

		show_character(out, text->text + at, size, code, quote);
		at += size;
	}
	buffer_add_char(out, quote);
}

static void show_inside(struct buffer *out, const struct value *value);

static void show_list(struct buffer *out, const struct value *list)
{
	buffer_add_char(out, '[');
	for (size_t i = 0; i < list->count; i++) {
		buffer_add_string(out, i ? ", " : "");
		show_inside(out, list->items[i]);
	}
	buffer_add_char(out, ']');
}

static void show_map(struct buffer *out, const struct value *map)
{
	buffer_add_char(out, '{');
	for (size_t i = 0; i < map->count; i++) {
		struct value key = { .kind = VALUE_STRING, .text = map->pairs[i].key,
			.size = strlen(map->pairs[i].key) };

		buffer_add_string(out, i ? ", " : "");
		show_quoted(out, &key);
		buffer_add_string(out, ": ");
		show_inside(out, value_at(map, i));
	}
	buffer_add_char(out, '}');
}

static void show_inside(struct buffer *out, const struct value *value)
{
	switch (value->kind) {
	case VALUE_NULL:
		buffer_add_string(out, "None");
		break;
	case VALUE_BOOL:
		buffer_add_string(out, value->truth ? "True" : "False");
		break;
	case VALUE_INTEGER:
		buffer_printf(out, "%lld", (long long)value->integer);
		break;
	case VALUE_FLOAT:
		show_float(out, value->number);
		break;
	case VALUE_STRING:
		show_quoted(out, value);
		break;
	case VALUE_LIST:
		show_list(out, value);
		break;
	case VALUE_MAP:
		show_map(out, value);
		break;
	case VALUE_UNKNOWN:
		buffer_printf(out, "(not known before: %s)", value->text);
		break;
	}
}

void show_value(struct buffer *out, const struct value *value)
{
	if (value->kind == VALUE_STRING)
		buffer_add(out, value->text, value->size);
	else
		show_inside(out, value);
}

char *expression_show(struct arena *arena, const struct value *value)
{
	struct buffer buffer = { 0 };
	char *text;

	show_value(&buffer, value);
	text = arena_bytes(arena, buffer.data, buffer.size);
	buffer_free(&buffer);
	return text;
}

/* How many bytes it takes to show, about, and never less than a tenth of that. */
static int show_cost(struct evaluation *evaluation, size_t offset, const struct value *value,
	unsigned depth)
{
	if (depth > 2 * VALUE_DEPTH_MOST)
		return evaluation_error(evaluation, offset,
			"this is nested too deeply to be shown");
	if (value_is_omit(value))
		return evaluation_error(evaluation, offset, "omit cannot be a part of a text");
	if (value->kind == VALUE_STRING)
		return evaluation_spend(evaluation, offset, 1 + value->size / 64, value->size);
	for (size_t i = 0; i < value->count; i++) {
		bool is_list = value->kind == VALUE_LIST;

		if (!is_list && evaluation_spend(evaluation, offset, 0,
				strlen(value->pairs[i].key)) < 0)
			return -1;
		if (show_cost(evaluation, offset, is_list ? value->items[i] : value_at(value, i),
				depth + 1) < 0)
			return -1;
	}
	return evaluation_spend(evaluation, offset, 1, 8);
}

int show_add(struct evaluation *evaluation, size_t offset, struct buffer *out,
	const struct value *value)
{
	if (show_cost(evaluation, offset, value, 0) < 0)
		return -1;
	show_value(out, value);
	return 0;
}

int buffer_value(struct evaluation *evaluation, size_t offset, struct buffer *buffer,
	struct value **ret_value)
{
	int result = evaluation_spend(evaluation, offset, 0, buffer->size);

	if (result == 0)
		*ret_value = value_bytes(evaluation->evaluator->arena, buffer->data, buffer->size);
	buffer_free(buffer);
	return result;
}
