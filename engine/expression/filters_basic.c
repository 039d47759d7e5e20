/* filters_basic: from one kind of value to another: string, int, bool, list, … */
#include "expression/evaluate.h"

#include "expression/unicode.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int filter_string(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct buffer buffer = { 0 };

	*ret_value = call->input;
	if (call->input->kind == VALUE_STRING)
		return 0;
	if (show_add(evaluation, call->offset, &buffer, call->input) < 0) {
		buffer_free(&buffer);
		return -1;
	}
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

static int filter_length(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	const struct value *input = call->input;

	if (input->kind != VALUE_STRING && input->kind != VALUE_LIST && input->kind != VALUE_MAP)
		return call_error(evaluation, call, "a string, a list or a map", input);
	*ret_value = value_integer(evaluation->evaluator->arena, (int64_t)(
		input->kind == VALUE_STRING ? utf8_count(input->text, input->size) : input->count));
	return 0;
}

static int filter_list(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct value *list = value_list(evaluation->evaluator->arena), **items;
	size_t count;

	*ret_value = call->input;
	if (call->input->kind == VALUE_LIST)
		return 0;
	if (value_items(evaluation, call->offset, call->input, &items, &count) < 0)
		return -1;
	list->items = items;
	list->count = count;
	list->capacity = count;
	*ret_value = list;
	return 0;
}

/* Without blanks around and underscores; NULL: nothing left. */
static char *number_text(struct arena *arena, const struct value *value)
{
	char *text = arena_alloc(arena, value->size + 1);
	size_t used = 0, from = 0, to = value->size;

	while (from < to && isspace((unsigned char)value->text[from]))
		from++;
	while (to > from && isspace((unsigned char)value->text[to - 1]))
		to--;
	for (; from < to; from++) {
		if (value->text[from] == '\0' || isspace((unsigned char)value->text[from]))
			return NULL;
		if (value->text[from] != '_')
			text[used++] = value->text[from];
	}
	return used ? text : NULL;
}

static bool parse_float(struct arena *arena, const struct value *value, double *ret_number)
{
	char *text = value->kind == VALUE_STRING ? number_text(arena, value) : NULL;
	char *end;

	if (value->kind == VALUE_INTEGER)
		*ret_number = (double)value->integer;
	else if (value->kind == VALUE_FLOAT)
		*ret_number = value->number;
	else if (value->kind == VALUE_BOOL)
		*ret_number = value->truth;
	else if (!text || strpbrk(text, "xXpP"))
		return false;
	else
		return *ret_number = strtod(text, &end), *end == '\0';
	return true;
}

static bool parse_integer(struct arena *arena, const struct value *value, int base,
	int64_t *ret_integer)
{
	char *text = value->kind == VALUE_STRING ? number_text(arena, value) : NULL;
	const char *digits = text;
	char *end;
	double number;

	if (text) {
		errno = 0;
		digits += *digits == '-' || *digits == '+';
		if (base == 8 && digits[0] == '0' && (digits[1] | 0x20) == 'o')
			memmove((char *)digits, digits + 2, strlen(digits + 2) + 1);
		if (base == 2 && digits[0] == '0' && (digits[1] | 0x20) == 'b')
			memmove((char *)digits, digits + 2, strlen(digits + 2) + 1);
		*ret_integer = strtoll(text, &end, base);
		if (*digits && *end == '\0' && errno == 0 && isalnum((unsigned char)*digits))
			return true;
	}
	if (!parse_float(arena, value, &number) || !(fabs(number) < 9.2e18))
		return false;
	*ret_integer = (int64_t)number;
	return true;
}

static int filter_int(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	int64_t base, integer;

	if (call_integer(evaluation, call, 1, 10, &base) < 0)
		return -1;
	if (base != 2 && base != 8 && base != 10 && base != 16)
		return evaluation_error(evaluation, call->offset,
			"the base must be 2, 8, 10 or 16");
	if (call->input->kind == VALUE_INTEGER)
		*ret_value = value_integer(arena, call->input->integer);
	else if (parse_integer(arena, call->input, (int)base, &integer))
		*ret_value = value_integer(arena, integer);
	else
		*ret_value = call->arguments[0] ? call->arguments[0] : value_integer(arena, 0);
	return 0;
}

static int filter_float(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	double number;

	if (parse_float(arena, call->input, &number))
		*ret_value = value_float(arena, number);
	else
		*ret_value = call->arguments[0] ? call->arguments[0] : value_float(arena, 0);
	return 0;
}

/* As Ansible: some words and 1 are true, all else is false. */
static int filter_bool(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	static const char *const words[] = { "yes", "on", "1", "true" };
	const struct value *input = call->input;
	bool truth = input->kind == VALUE_BOOL ? input->truth :
		input->kind == VALUE_INTEGER && input->integer == 1;

	for (size_t i = 0; i < 4 && input->kind == VALUE_STRING; i++)
		truth |= strlen(words[i]) == input->size && strcasecmp(input->text, words[i]) == 0;
	*ret_value = value_bool(evaluation->evaluator->arena, truth);
	return 0;
}

const struct callable filters_basic[] = {
	{ "string", filter_string, 0, CALL_DEEP, { NULL } },
	{ "length", filter_length, 0, 0, { NULL } },
	{ "count", filter_length, 0, 0, { NULL } },
	{ "list", filter_list, 0, 0, { NULL } },
	{ "int", filter_int, 0, 0, { "default", "base" } },
	{ "float", filter_float, 0, 0, { "default" } },
	{ "bool", filter_bool, 0, 0, { NULL } },
	{ 0 },
};
