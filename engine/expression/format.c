/* format: "%-5s %02d" % values, as Python does it. */
#include "expression/evaluate.h"

#include "expression/show.h"
#include "expression/unicode.h"

#include <stdio.h>
#include <string.h>

struct conversion {
	char flags[8];
	size_t width;
	int precision;     /* -1: none */
	char letter;
};

enum { WIDTH_MOST = 1000 };

static bool read_number(const struct value *format, size_t *at, size_t *ret_number)
{
	*ret_number = 0;
	while (*at < format->size && format->text[*at] >= '0' && format->text[*at] <= '9') {
		*ret_number = 10 * *ret_number + (size_t)(format->text[(*at)++] - '0');
		if (*ret_number > WIDTH_MOST)
			return false;
	}
	return true;
}

/* Behind the %; false: it isn't one that we know. */
static bool read_conversion(const struct value *format, size_t *at, struct conversion *conversion)
{
	size_t flags = 0, precision;

	memset(conversion, 0, sizeof(*conversion));
	conversion->precision = -1;
	while (*at < format->size && format->text[*at] && strchr("-+ 0#", format->text[*at])) {
		if (flags == sizeof(conversion->flags) - 1)
			return false;
		conversion->flags[flags++] = format->text[(*at)++];
	}
	if (!read_number(format, at, &conversion->width))
		return false;
	if (*at < format->size && format->text[*at] == '.') {
		++*at;
		if (!read_number(format, at, &precision))
			return false;
		conversion->precision = (int)precision;
	}
	if (*at >= format->size || !format->text[*at])
		return false;
	conversion->letter = format->text[(*at)++];
	return strchr("diufFeEgGsrxXoc", conversion->letter) != NULL;
}

static void pad(struct buffer *out, const struct conversion *conversion, const char *text,
	size_t size)
{
	size_t count = utf8_count(text, size);
	size_t blanks = conversion->width > count ? conversion->width - count : 0;
	bool left = strchr(conversion->flags, '-');

	for (size_t i = 0; i < blanks && !left; i++)
		buffer_add_char(out, ' ');
	buffer_add(out, text, size);
	for (size_t i = 0; i < blanks && left; i++)
		buffer_add_char(out, ' ');
}

static int format_shown(struct evaluation *evaluation, size_t offset, struct buffer *out,
	const struct conversion *conversion, struct value *value)
{
	struct value list = { .kind = VALUE_LIST, .items = &value, .count = 1 };
	struct buffer shown = { 0 };
	bool repr = conversion->letter == 'r' && value->kind == VALUE_STRING;
	size_t size;

	if (show_add(evaluation, offset, &shown, repr ? &list : value) < 0) {
		buffer_free(&shown);
		return -1;
	}
	size = shown.size - (repr ? 2 : 0);
	if (conversion->precision >= 0)
		size = utf8_skip(shown.data + repr, size, (size_t)conversion->precision);
	pad(out, conversion, shown.data + repr, size);
	buffer_free(&shown);
	return 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static int format_number(struct evaluation *evaluation, size_t offset, struct buffer *out,
	const struct conversion *conversion, const struct value *value)
{
	bool is_float = strchr("fFeEgG", conversion->letter);
	double number = value->kind == VALUE_FLOAT ? value->number : (double)value->integer;
	char format[64], text[1500];

	if (value->kind != VALUE_INTEGER && value->kind != VALUE_FLOAT)
		return evaluation_error(evaluation, offset, "%%%c needs a number, not %s",
			conversion->letter, value_kind_name(value));
	if (!is_float && !(number > -9.2e18 && number < 9.2e18) && value->kind == VALUE_FLOAT)
		return evaluation_error(evaluation, offset, "%%%c needs an integer",
			conversion->letter);
	snprintf(format, sizeof(format), "%%%s%zu", conversion->flags, conversion->width);
	if (conversion->width == 0)
		snprintf(format, sizeof(format), "%%%s", conversion->flags);
	if (conversion->precision >= 0)
		snprintf(format + strlen(format), sizeof(format) - strlen(format), ".%d",
			conversion->precision > 100 ? 100 : conversion->precision);
	snprintf(format + strlen(format), sizeof(format) - strlen(format), "%s%c",
		is_float ? "" : "ll", conversion->letter == 'u' ? 'd' : conversion->letter);
	if (is_float)
		snprintf(text, sizeof(text), format, number);
	else
		snprintf(text, sizeof(text), format, value->kind == VALUE_FLOAT ?
			(long long)value->number : (long long)value->integer);
	buffer_add_string(out, text);
	return 0;
}

#pragma GCC diagnostic pop

static int format_one(struct evaluation *evaluation, size_t offset, struct buffer *out,
	const struct conversion *conversion, struct value *value)
{
	struct buffer character = { 0 };

	if (evaluation_spend(evaluation, offset, 1, conversion->width) < 0)
		return -1;
	if (conversion->letter == 's' || conversion->letter == 'r' ||
		(conversion->letter == 'c' && value->kind == VALUE_STRING))
		return format_shown(evaluation, offset, out, conversion, value);
	if (conversion->letter != 'c')
		return format_number(evaluation, offset, out, conversion, value);
	if (value->kind != VALUE_INTEGER || value->integer <= 0 || value->integer > 0x10ffff ||
		(value->integer >= 0xd800 && value->integer < 0xe000))
		return evaluation_error(evaluation, offset, "%%c needs a character");
	utf8_add(&character, (uint32_t)value->integer);
	pad(out, conversion, character.data, character.size);
	buffer_free(&character);
	return 0;
}

static int format_all(struct evaluation *evaluation, size_t offset, const struct value *format,
	struct value *const *values, size_t count, struct buffer *out)
{
	struct conversion conversion;
	size_t used = 0;

	for (size_t at = 0; at < format->size;) {
		if (format->text[at] != '%') {
			buffer_add_char(out, format->text[at++]);
			continue;
		}
		if (++at < format->size && format->text[at] == '%') {
			buffer_add_char(out, format->text[at++]);
			continue;
		}
		if (!read_conversion(format, &at, &conversion))
			return evaluation_error(evaluation, offset,
				"the format has a %% that is not supported");
		if (used == count)
			return evaluation_error(evaluation, offset,
				"the format needs more than %zu value%s", count, count == 1 ? "" :
				"s");
		if (format_one(evaluation, offset, out, &conversion, values[used++]) < 0)
			return -1;
	}
	if (used < count)
		return evaluation_error(evaluation, offset,
			"the format has place for %zu of %zu values",
			used, count);
	return 0;
}

int text_format(struct evaluation *evaluation, size_t offset, const struct value *format,
	struct value *const *values, size_t count, struct value **ret_value)
{
	struct buffer buffer = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct value *unknown;

		if (value_find_unknown(evaluation, offset, values[i], &unknown) < 0)
			return -1;
		if (unknown) {
			*ret_value = (struct value *)unknown;
			return 0;
		}
	}
	if (format_all(evaluation, offset, format, values, count, &buffer) < 0) {
		buffer_free(&buffer);
		return -1;
	}
	return buffer_value(evaluation, offset, &buffer, ret_value);
}
