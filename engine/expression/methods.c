/* methods: functions, and methods of strings, lists and maps that playbooks call. */
#include "expression/evaluate.h"

#include "expression/text.h"
#include "expression/unicode.h"

#include <ctype.h>
#include <string.h>

static int function_range(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	int64_t from, to, step, at;

	if (call_integer(evaluation, call, 0, 0, &from) < 0 ||
		call_integer(evaluation, call, 1, 0, &to) < 0 ||
		call_integer(evaluation, call, 2, 1, &step) < 0)
		return -1;
	if (!call->arguments[1]) {
		to = from;
		from = 0;
	}
	if (step == 0)
		return evaluation_error(evaluation, call->offset, "the step of range cannot be 0");
	*ret_value = value_list(arena);
	for (at = from; step > 0 ? at < to : at > to;) {
		if (evaluation_spend(evaluation, call->offset, 1, sizeof(struct value)) < 0)
			return -1;
		value_append(arena, *ret_value, value_integer(arena, at));
		if (__builtin_add_overflow(at, step, &at))
			break;
	}
	return 0;
}

static int function_dict(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct value *map = value_map(evaluation->evaluator->arena);

	for (size_t i = 0; i < call->rest_count; i++) {
		struct value key = { .kind = VALUE_STRING, .text = call->rest_keywords[i] };

		if (!key.text)
			return evaluation_error(evaluation, call->offset,
				"dict() takes only arguments with a keyword yet");
		key.size = strlen(key.text);
		if (map_put(evaluation, call->offset, map, &key, call->rest[i]) < 0)
			return -1;
	}
	*ret_value = map;
	return 0;
}

/* A map that {% set name.key = … %} may change, also inside of a loop. */
static int function_namespace(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	if (function_dict(evaluation, call, ret_value) < 0)
		return -1;
	(*ret_value)->raw = namespace_mark;
	return 0;
}

const struct callable functions_all[] = {
	{ "namespace", function_namespace, 0, CALL_MANY | CALL_KEYWORDS, { NULL } },
	{ "range", function_range, 1, 0, { "start", "stop", "step" } },
	{ "dict", function_dict, 0, CALL_MANY | CALL_KEYWORDS, { NULL } },
	{ 0 },
};

static int need(struct evaluation *evaluation, const struct call *call, enum value_kind kind)
{
	struct value wanted = { .kind = kind };

	return call->input->kind == kind ? 0 :
		call_error(evaluation, call, value_kind_name(&wanted), call->input);
}

/* What is asked of each pair: its key, its value, both. */
static int pairs_of(struct evaluation *evaluation, struct call *call, bool keys, bool values,
	struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *list = value_list(arena);

	if (need(evaluation, call, VALUE_MAP) < 0)
		return -1;
	for (size_t i = 0; i < call->input->count; i++) {
		const struct value_pair *pair = value_pair_at(call->input, i);
		struct value *item = values ? pair->value : NULL;

		if (evaluation_spend(evaluation, call->offset, 1, 2 * sizeof(*item)) < 0)
			return -1;
		if (keys) {
			struct value *key = value_string(arena, pair->key);

			item = values ? value_list(arena) : key;
			if (values) {
				value_append(arena, item, key);
				value_append(arena, item, pair->value);
			}
		}
		value_append(arena, list, item);
	}
	*ret_value = list;
	return 0;
}

static int method_items(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return pairs_of(evaluation, call, true, true, ret_value);
}

static int method_keys(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return pairs_of(evaluation, call, true, false, ret_value);
}

static int method_values(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return pairs_of(evaluation, call, false, true, ret_value);
}

static int method_get(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	if (need(evaluation, call, VALUE_MAP) < 0 || evaluate_index(evaluation, call->offset,
			call->input, call->arguments[0], ret_value) < 0)
		return -1;
	if (!*ret_value)
		*ret_value = call->arguments[1] ? call->arguments[1] :
			value_null(evaluation->evaluator->arena);
	return 0;
}

static int rewrite(struct evaluation *evaluation, struct call *call, struct value **ret_value,
	void (*write)(struct buffer *out, const struct value *text))
{
	struct buffer buffer = { 0 };

	if (need(evaluation, call, VALUE_STRING) < 0)
		return -1;
	write(&buffer, call->input);
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

static int method_lower(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return rewrite(evaluation, call, ret_value, text_lower);
}

static int method_upper(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return rewrite(evaluation, call, ret_value, text_upper);
}

static int method_capitalize(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return rewrite(evaluation, call, ret_value, text_capitalize);
}

static int method_title(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return rewrite(evaluation, call, ret_value, text_title_letters);
}

static int strip(struct evaluation *evaluation, struct call *call, enum strip ends,
	struct value **ret_value)
{
	const char *set;

	if (need(evaluation, call, VALUE_STRING) < 0 ||
		call_text(evaluation, call, 0, NULL, &set) < 0)
		return -1;
	*ret_value = text_strip(evaluation->evaluator->arena, call->input, set, ends);
	return 0;
}

static int method_strip(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return strip(evaluation, call, STRIP_BOTH, ret_value);
}

static int method_lstrip(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return strip(evaluation, call, STRIP_LEFT, ret_value);
}

static int method_rstrip(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return strip(evaluation, call, STRIP_RIGHT, ret_value);
}

static int method_split(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	int64_t most;

	if (need(evaluation, call, VALUE_STRING) < 0 ||
		call_integer(evaluation, call, 1, -1, &most) < 0)
		return -1;
	return text_split(evaluation, call->offset, call->input, call->arguments[0], most,
		ret_value);
}

static int method_rsplit(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	const struct value *separator = call->arguments[0];
	struct value *all, *list = value_list(arena);
	size_t joined, size = 0;
	int64_t most;

	if (need(evaluation, call, VALUE_STRING) < 0 ||
		call_integer(evaluation, call, 1, -1, &most) < 0)
		return -1;
	if (most >= 0 && (!separator || separator->kind != VALUE_STRING))
		return evaluation_error(evaluation, call->offset,
			"rsplit with maxsplit but without a separator is not supported yet");
	if (text_split(evaluation, call->offset, call->input, separator, -1, &all) < 0)
		return -1;
	*ret_value = all;
	if (most < 0 || all->count <= (size_t)most + 1)
		return 0;
	joined = all->count - (size_t)most;
	for (size_t i = 0; i < joined; i++)
		size += all->items[i]->size + (i ? separator->size : 0);
	value_append(arena, list, value_bytes(arena, call->input->text, size));
	for (size_t i = joined; i < all->count; i++)
		value_append(arena, list, all->items[i]);
	*ret_value = list;
	return 0;
}

static int method_splitlines(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	const struct value *text = call->input;

	if (need(evaluation, call, VALUE_STRING) < 0)
		return -1;
	*ret_value = value_list(arena);
	for (size_t at = 0; at < text->size;) {
		const char *end = memchr(text->text + at, '\n', text->size - at);
		size_t size = end ? (size_t)(end - text->text) - at : text->size - at;
		size_t line = size - (end && size && text->text[at + size - 1] == '\r');

		if (evaluation_spend(evaluation, call->offset, 1, line + sizeof(struct value)) < 0)
			return -1;
		value_append(arena, *ret_value, value_bytes(arena, text->text + at, line));
		at += size + 1;
	}
	return 0;
}

static int method_replace(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	const struct value *old = call->arguments[0], *new = call->arguments[1];
	int64_t most;

	if (need(evaluation, call, VALUE_STRING) < 0 ||
		call_integer(evaluation, call, 2, -1, &most) < 0)
		return -1;
	if (old->kind != VALUE_STRING || new->kind != VALUE_STRING)
		return call_error(evaluation, call, "strings", old->kind != VALUE_STRING ? old :
			new);
	return text_replace(evaluation, call->offset, call->input, old, new, most, ret_value);
}

/* ','.join(list): strings only, as in Python. */
static int method_join(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct buffer buffer = { 0 };
	struct value **items;
	size_t count;

	if (need(evaluation, call, VALUE_STRING) < 0 ||
		value_items(evaluation, call->offset, call->arguments[0], &items, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		size_t between = i ? call->input->size : 0;

		if (items[i]->kind != VALUE_STRING) {
			buffer_free(&buffer);
			call_error(evaluation, call, "strings", items[i]);
			return error_remedy(evaluation->evaluator->err,
				"the filter join takes all");
		}
		if (evaluation_spend(evaluation, call->offset, 1, between + items[i]->size) < 0) {
			buffer_free(&buffer);
			return -1;
		}
		buffer_add(&buffer, call->input->text, between);
		buffer_add(&buffer, items[i]->text, items[i]->size);
	}
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

static bool has_end(const struct value *text, const struct value *part, bool at_start)
{
	return part->size <= text->size &&
		memcmp(text->text + (at_start ? 0 : text->size - part->size), part->text,
		part->size) == 0;
}

/* Also with a list: any of them. */
static int has_any_end(struct evaluation *evaluation, struct call *call, bool at_start,
	struct value **ret_value)
{
	struct value *one = call->arguments[0];
	struct value **parts = one->kind == VALUE_LIST ? one->items : &one;
	size_t count = one->kind == VALUE_LIST ? one->count : 1;
	bool found = false;

	if (need(evaluation, call, VALUE_STRING) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (parts[i]->kind != VALUE_STRING)
			return call_error(evaluation, call, "a string", parts[i]);
		found |= has_end(call->input, parts[i], at_start);
	}
	*ret_value = value_bool(evaluation->evaluator->arena, found);
	return 0;
}

static int method_startswith(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return has_any_end(evaluation, call, true, ret_value);
}

static int method_endswith(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return has_any_end(evaluation, call, false, ret_value);
}

static int method_find(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	const struct value *part = call->arguments[0];
	const char *found;

	if (need(evaluation, call, VALUE_STRING) < 0)
		return -1;
	if (part->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", part);
	found = memmem(call->input->text, call->input->size, part->text, part->size);
	*ret_value = value_integer(evaluation->evaluator->arena, !found ? -1 :
		(int64_t)utf8_count(call->input->text, (size_t)(found - call->input->text)));
	return 0;
}

static int count_in_text(struct evaluation *evaluation, const struct call *call,
	size_t *ret_count)
{
	const struct value *text = call->input, *part = call->arguments[0];
	const char *at = text->text, *end = at + text->size;

	if (part->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", part);
	if (part->size == 0)
		*ret_count = utf8_count(text->text, text->size) + 1;
	while (part->size && (at = memmem(at, (size_t)(end - at), part->text, part->size))) {
		++*ret_count;
		at += part->size;
	}
	return 0;
}

static int method_count(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	size_t count = 0;

	if (call->input->kind != VALUE_LIST && need(evaluation, call, VALUE_STRING) < 0)
		return -1;
	if (call->input->kind == VALUE_STRING && count_in_text(evaluation, call, &count) < 0)
		return -1;
	for (size_t i = 0; i < call->input->count; i++) {
		int equal = evaluate_equal(evaluation, call->offset, call->input->items[i],
			call->arguments[0]);

		if (equal < 0)
			return -1;
		count += equal == 1;
	}
	*ret_value = value_integer(evaluation->evaluator->arena, (int64_t)count);
	return 0;
}

static int method_index(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	if (call->input->kind == VALUE_STRING) {
		if (method_find(evaluation, call, ret_value) < 0)
			return -1;
		if ((*ret_value)->integer >= 0)
			return 0;
		return evaluation_error(evaluation, call->offset, "this isn't in the string");
	}
	if (need(evaluation, call, VALUE_LIST) < 0)
		return -1;
	for (size_t i = 0; i < call->input->count; i++) {
		int equal = evaluate_equal(evaluation, call->offset, call->input->items[i],
			call->arguments[0]);

		if (equal < 0)
			return -1;
		if (equal == 1) {
			*ret_value = value_integer(evaluation->evaluator->arena, (int64_t)i);
			return 0;
		}
	}
	return evaluation_error(evaluation, call->offset, "this isn't in the list");
}

static int all_characters(struct evaluation *evaluation, struct call *call,
	bool (*wanted)(uint32_t code), struct value **ret_value)
{
	bool all = call->input->size > 0;

	if (need(evaluation, call, VALUE_STRING) < 0)
		return -1;
	for (size_t at = 0; at < call->input->size;) {
		uint32_t code;

		at += utf8_next(call->input->text + at, call->input->size - at, &code);
		all = all && wanted(code);
	}
	*ret_value = value_bool(evaluation->evaluator->arena, all);
	return 0;
}

static bool is_digit(uint32_t code)
{
	return code >= '0' && code <= '9';
}

static bool is_blank(uint32_t code)
{
	return code < 0x80 && isspace((int)code);
}

static int method_isdigit(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return all_characters(evaluation, call, is_digit, ret_value);
}

static int method_isalpha(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return all_characters(evaluation, call, utf8_is_letter, ret_value);
}

static int method_isspace(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return all_characters(evaluation, call, is_blank, ret_value);
}

static int is_case(struct evaluation *evaluation, struct call *call, enum letter_case want,
	struct value **ret_value)
{
	bool cased = false, all = true;

	if (need(evaluation, call, VALUE_STRING) < 0)
		return -1;
	for (size_t at = 0; at < call->input->size;) {
		uint32_t code;

		at += utf8_next(call->input->text + at, call->input->size - at, &code);
		cased |= utf8_case(code, CASE_LOWER) != utf8_case(code, CASE_UPPER);
		all &= utf8_case(code, want) == code;
	}
	*ret_value = value_bool(evaluation->evaluator->arena, cased && all);
	return 0;
}

static int method_islower(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return is_case(evaluation, call, CASE_LOWER, ret_value);
}

static int method_isupper(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return is_case(evaluation, call, CASE_UPPER, ret_value);
}

/* Fills up to a width: at the left, at the right, with zeros behind the sign. */
static int justify(struct evaluation *evaluation, struct call *call, bool at_left, const char *with,
	size_t sign, struct value **ret_value)
{
	const struct value *text = call->input;
	struct buffer buffer = { 0 };
	size_t count = utf8_count(text->text, text->size), blanks = 0;
	int64_t width;

	if (need(evaluation, call, VALUE_STRING) < 0 ||
		call_integer(evaluation, call, 0, 0, &width) < 0)
		return -1;
	if (width > (int64_t)count)
		blanks = (size_t)width - count;
	if (utf8_count(with, strlen(with)) != 1)
		return evaluation_error(evaluation, call->offset,
			"it is filled with one character");
	if (blanks > EXPRESSION_BYTES_MOST)
		blanks = EXPRESSION_BYTES_MOST + 1;
	if (evaluation_spend(evaluation, call->offset, blanks / 64, blanks * strlen(with)) < 0)
		return -1;
	buffer_add(&buffer, text->text, at_left ? sign : text->size);
	for (size_t i = 0; i < blanks; i++)
		buffer_add_string(&buffer, with);
	buffer_add(&buffer, text->text + sign, at_left ? text->size - sign : 0);
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

static int method_ljust(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	const char *with;

	if (call_text(evaluation, call, 1, " ", &with) < 0)
		return -1;
	return justify(evaluation, call, false, with, 0, ret_value);
}

static int method_rjust(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	const char *with;

	if (call_text(evaluation, call, 1, " ", &with) < 0)
		return -1;
	return justify(evaluation, call, true, with, 0, ret_value);
}

static int method_zfill(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	bool sign = call->input->kind == VALUE_STRING && call->input->size &&
		(call->input->text[0] == '-' || call->input->text[0] == '+');

	return justify(evaluation, call, true, "0", sign, ret_value);
}

const struct callable methods_all[] = {
	{ "items", method_items, 0, 0, { NULL } },
	{ "keys", method_keys, 0, 0, { NULL } },
	{ "values", method_values, 0, 0, { NULL } },
	{ "get", method_get, 1, CALL_PICK, { "key", "default" } },
	{ "lower", method_lower, 0, 0, { NULL } },
	{ "upper", method_upper, 0, 0, { NULL } },
	{ "capitalize", method_capitalize, 0, 0, { NULL } },
	{ "title", method_title, 0, 0, { NULL } },
	{ "strip", method_strip, 0, 0, { "chars" } },
	{ "lstrip", method_lstrip, 0, 0, { "chars" } },
	{ "rstrip", method_rstrip, 0, 0, { "chars" } },
	{ "split", method_split, 0, 0, { "sep", "maxsplit" } },
	{ "rsplit", method_rsplit, 0, 0, { "sep", "maxsplit" } },
	{ "splitlines", method_splitlines, 0, 0, { NULL } },
	{ "replace", method_replace, 2, 0, { "old", "new", "count" } },
	{ "join", method_join, 1, CALL_DEEP, { "iterable" } },
	{ "startswith", method_startswith, 1, CALL_DEEP, { "prefix" } },
	{ "endswith", method_endswith, 1, CALL_DEEP, { "suffix" } },
	{ "find", method_find, 1, 0, { "sub" } },
	{ "index", method_index, 1, CALL_DEEP, { "value" } },
	{ "count", method_count, 1, CALL_DEEP, { "value" } },
	{ "isdigit", method_isdigit, 0, 0, { NULL } },
	{ "isdecimal", method_isdigit, 0, 0, { NULL } },
	{ "isalpha", method_isalpha, 0, 0, { NULL } },
	{ "isspace", method_isspace, 0, 0, { NULL } },
	{ "islower", method_islower, 0, 0, { NULL } },
	{ "isupper", method_isupper, 0, 0, { NULL } },
	{ "ljust", method_ljust, 1, 0, { "width", "fillchar" } },
	{ "rjust", method_rjust, 1, 0, { "width", "fillchar" } },
	{ "zfill", method_zfill, 1, 0, { "width" } },
	{ 0 },
};
