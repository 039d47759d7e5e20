/* text: changing letter case, stripping, replacing and splitting strings. */
#include "expression/text.h"

#include "expression/unicode.h"

#include <ctype.h>
#include <string.h>

static void text_case(struct buffer *out, const struct value *text, enum letter_case first,
	enum letter_case others, bool (*before_word)(uint32_t code))
{
	bool at_start = true;

	for (size_t at = 0; at < text->size;) {
		uint32_t code;
		size_t size = utf8_next(text->text + at, text->size - at, &code);

		if (code == 0xfffd)
			buffer_add(out, text->text + at, size);
		else
			utf8_add(out, utf8_case(code, at_start ? first : others));
		at_start = before_word && before_word(code);
		at += size;
	}
}

void text_lower(struct buffer *out, const struct value *text)
{
	text_case(out, text, CASE_LOWER, CASE_LOWER, NULL);
}

void text_upper(struct buffer *out, const struct value *text)
{
	text_case(out, text, CASE_UPPER, CASE_UPPER, NULL);
}

void text_capitalize(struct buffer *out, const struct value *text)
{
	text_case(out, text, CASE_UPPER, CASE_LOWER, NULL);
}

static bool is_divider(uint32_t code)
{
	return code && code < 0x80 && strchr("- \t\n\r\v\f({[<", (int)code);
}

static bool is_no_letter(uint32_t code)
{
	return !utf8_is_letter(code);
}

void text_title(struct buffer *out, const struct value *text)
{
	text_case(out, text, CASE_UPPER, CASE_LOWER, is_divider);
}

void text_title_letters(struct buffer *out, const struct value *text)
{
	text_case(out, text, CASE_UPPER, CASE_LOWER, is_no_letter);
}

static bool in_set(char c, const char *set)
{
	return set ? c && strchr(set, c) : isspace((unsigned char)c);
}

struct value *text_strip(struct arena *arena, const struct value *text, const char *set,
	enum strip strip)
{
	size_t from = 0, to = text->size;

	while ((strip & STRIP_LEFT) && from < to && in_set(text->text[from], set))
		from++;
	while ((strip & STRIP_RIGHT) && to > from && in_set(text->text[to - 1], set))
		to--;
	return value_bytes(arena, text->text + from, to - from);
}

static void replace_into(struct buffer *out, const struct value *text, const struct value *old,
	const struct value *new, size_t count)
{
	size_t at = 0;

	for (; count > 0; count--) {
		const char *found = memmem(text->text + at, text->size - at, old->text, old->size);
		size_t before = found ? (size_t)(found - text->text) - at : text->size - at;

		buffer_add(out, text->text + at, before);
		at += before;
		buffer_add(out, new->text, new->size);
		if (old->size == 0 && at < text->size) {
			size_t size = utf8_next(text->text + at, text->size - at, NULL);

			buffer_add(out, text->text + at, size);
			at += size;
		}
		at += old->size;
	}
	buffer_add(out, text->text + at, text->size - at);
}

/* How often old is in the text, not overlapping, at most so often. */
static size_t count_matches(const struct value *text, const struct value *old, int64_t most)
{
	size_t count = 0;
	const char *at = text->text, *end = text->text + text->size;

	if (old->size == 0)
		count = utf8_count(text->text, text->size) + 1;
	while (old->size && (at = memmem(at, (size_t)(end - at), old->text, old->size))) {
		count++;
		at += old->size;
	}
	return most >= 0 && (size_t)most < count ? (size_t)most : count;
}

int text_replace(struct evaluation *evaluation, size_t offset, const struct value *text,
	const struct value *old, const struct value *new, int64_t most, struct value **ret_value)
{
	size_t count = count_matches(text, old, most), added;
	struct buffer buffer = { 0 };

	if (__builtin_mul_overflow(count, new->size, &added))
		added = SIZE_MAX;
	if (evaluation_spend(evaluation, offset, count / 16, added) < 0)
		return -1;
	replace_into(&buffer, text, old, new, count);
	return buffer_value(evaluation, offset, &buffer, ret_value);
}

static int add_piece(struct evaluation *evaluation, size_t offset, struct value *list,
	const struct value *text, size_t from, size_t to)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *piece;

	if (evaluation_spend(evaluation, offset, 1, to - from + sizeof(*piece)) < 0)
		return -1;
	piece = value_bytes(arena, text->text + from, to - from);
	value_append(arena, list, value_flagged(arena, piece, text->level, text->data));
	return 0;
}

static int split_at_blanks(struct evaluation *evaluation, size_t offset, const struct value *text,
	int64_t most, struct value *list)
{
	size_t at = 0, to;

	for (;;) {
		while (at < text->size && isspace((unsigned char)text->text[at]))
			at++;
		if (at == text->size)
			return 0;
		for (to = at; to < text->size && !isspace((unsigned char)text->text[to]);)
			to++;
		if (most >= 0 && list->count >= (size_t)most) {
			for (to = text->size; isspace((unsigned char)text->text[to - 1]);)
				to--;
		}
		if (add_piece(evaluation, offset, list, text, at, to) < 0)
			return -1;
		at = to;
		if (most >= 0 && list->count > (size_t)most)
			return 0;
	}
}

static int split_at_text(struct evaluation *evaluation, size_t offset, const struct value *text,
	const struct value *separator, int64_t most, struct value *list)
{
	size_t at = 0;

	for (;;) {
		const char *found = most >= 0 && list->count >= (size_t)most ? NULL :
			memmem(text->text + at, text->size - at, separator->text, separator->size);
		size_t to = found ? (size_t)(found - text->text) : text->size;

		if (add_piece(evaluation, offset, list, text, at, to) < 0)
			return -1;
		if (!found)
			return 0;
		at = to + separator->size;
	}
}

int text_split(struct evaluation *evaluation, size_t offset, const struct value *text,
	const struct value *separator, int64_t most, struct value **ret_list)
{
	*ret_list = value_list(evaluation->evaluator->arena);
	if (!separator || separator->kind == VALUE_NULL)
		return split_at_blanks(evaluation, offset, text, most, *ret_list);
	if (separator->kind != VALUE_STRING)
		return evaluation_error(evaluation, offset,
			"the separator must be a string, not %s",
			value_kind_name(separator));
	if (separator->size == 0)
		return evaluation_error(evaluation, offset, "the separator is empty");
	return split_at_text(evaluation, offset, text, separator, most, *ret_list);
}
