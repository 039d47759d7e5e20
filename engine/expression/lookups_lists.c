/* lookups_lists: lists made of what is given: items, dict, nested, sequence, … */
#include "expression/lookups.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int append(struct evaluation *evaluation, const struct looking *looking, struct value *list,
	struct value *item)
{
	if (evaluation_spend(evaluation, looking->offset, 1, sizeof(item)) < 0)
		return -1;
	value_append(evaluation->evaluator->arena, list, item);
	return 0;
}

/* One level: what is in lists, and what is none. */
static int append_flat(struct evaluation *evaluation, const struct looking *looking,
	struct value *list, struct value *const *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool is_list = items[i]->kind == VALUE_LIST;

		for (size_t k = 0; k < (is_list ? items[i]->count : 1); k++) {
			if (append(evaluation, looking, list, is_list ? items[i]->items[k] : items[i]) < 0)
				return -1;
		}
	}
	return 0;
}

static int find_items(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	return append_flat(evaluation, looking, list, looking->terms, looking->count);
}

static int find_list(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	for (size_t i = 0; i < looking->count; i++) {
		if (append(evaluation, looking, list, looking->terms[i]) < 0)
			return -1;
	}
	return 0;
}

static int add_flattened(struct evaluation *evaluation, const struct looking *looking,
	struct value *list, struct value *term)
{
	if (term->kind == VALUE_NULL)
		return 0;
	if (term->kind != VALUE_LIST)
		return append(evaluation, looking, list, term);
	for (size_t i = 0; i < term->count; i++) {
		if (add_flattened(evaluation, looking, list, term->items[i]) < 0)
			return -1;
	}
	return 0;
}

static int find_flattened(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	for (size_t i = 0; i < looking->count; i++) {
		if (add_flattened(evaluation, looking, list, looking->terms[i]) < 0)
			return -1;
	}
	return 0;
}

static int find_indexed(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *items = value_list(arena);

	if (append_flat(evaluation, looking, items, looking->terms, looking->count) < 0)
		return -1;
	for (size_t i = 0; i < items->count; i++) {
		struct value *pair = value_list(arena);

		value_append(arena, pair, value_integer(arena, (int64_t)i));
		value_append(arena, pair, items->items[i]);
		if (append(evaluation, looking, list, pair) < 0)
			return -1;
	}
	return 0;
}

/* What a filter makes of a value and at most two arguments. */
static int by_filter(struct evaluation *evaluation, const struct looking *looking,
	const char *filter, struct value *input, struct value *const *arguments, size_t count,
	struct value **ret_value)
{
	static const char *const keywords[2];

	return call_values(evaluation, looking->offset, callable_find(CALLABLE_FILTER, filter,
		NULL), input, arguments, keywords, count, ret_value);
}

static int add_all(struct evaluation *evaluation, const struct looking *looking, struct value *list,
	const struct value *from)
{
	for (size_t i = 0; i < from->count; i++) {
		if (append(evaluation, looking, list, from->items[i]) < 0)
			return -1;
	}
	return 0;
}

static int find_dict(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	struct value *pairs;

	for (size_t i = 0; i < looking->count; i++) {
		if (looking->terms[i]->kind == VALUE_LIST && looking->terms[i]->count == 0)
			continue;
		if (looking->terms[i]->kind != VALUE_MAP)
			return looking_error(evaluation, looking, "a map", looking->terms[i]);
		if (by_filter(evaluation, looking, "dict2items", looking->terms[i], NULL, 0, &pairs) < 0
				|| add_all(evaluation, looking, list, pairs) < 0)
			return -1;
	}
	return 0;
}

/* A term that is no list is a list of itself. */
static struct value *as_list(struct evaluation *evaluation, struct value *term)
{
	struct value *list;

	if (term->kind == VALUE_LIST)
		return term;
	list = value_list(evaluation->evaluator->arena);
	value_append(evaluation->evaluator->arena, list, term);
	return list;
}

/* Each of the left with each of the right, behind one another. */
static int combine(struct evaluation *evaluation, const struct looking *looking,
	const struct value *left, const struct value *right, struct value **ret_list)
{
	struct arena *arena = evaluation->evaluator->arena;

	*ret_list = value_list(arena);
	for (size_t i = 0; i < left->count; i++) {
		for (size_t k = 0; k < right->count; k++) {
			struct value *const both[] = { left->items[i], right->items[k] };
			struct value *row = value_list(arena);

			if (append_flat(evaluation, looking, row, both, 2) < 0
					|| append(evaluation, looking, *ret_list, row) < 0)
				return -1;
		}
	}
	return 0;
}

static int find_nested(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	struct value *rows;

	if (looking->count == 0)
		return evaluation_error(evaluation, looking->offset, "the lookup '%s' needs at least one "
			"list", looking->finder->name);
	rows = value_list(evaluation->evaluator->arena);
	value_append(evaluation->evaluator->arena, rows, value_list(evaluation->evaluator->arena));
	for (size_t i = 0; i < looking->count; i++) {
		if (combine(evaluation, looking, rows, as_list(evaluation, looking->terms[i]), &rows) < 0)
			return -1;
	}
	return add_all(evaluation, looking, list, rows);
}

static int find_together(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	struct arena *arena = evaluation->evaluator->arena;
	size_t longest = 0;

	if (looking->count == 0)
		return evaluation_error(evaluation, looking->offset, "the lookup '%s' needs at least one "
			"list", looking->finder->name);
	for (size_t i = 0; i < looking->count; i++) {
		if (as_list(evaluation, looking->terms[i])->count > longest)
			longest = as_list(evaluation, looking->terms[i])->count;
	}
	for (size_t at = 0; at < longest; at++) {
		struct value *row = value_list(arena);

		for (size_t i = 0; i < looking->count; i++) {
			const struct value *column = as_list(evaluation, looking->terms[i]);
			struct value *cell = at < column->count ? column->items[at] : value_null(arena);

			if (append_flat(evaluation, looking, row, &cell, 1) < 0)
				return -1;
		}
		if (append(evaluation, looking, list, row) < 0)
			return -1;
	}
	return 0;
}

/* What was skipped of a registered loop has no such list. */
static struct value *without_skipped(struct evaluation *evaluation, const struct value *of)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *kept = value_list(arena);

	for (size_t i = 0; i < of->count; i++) {
		struct value *item = of->kind == VALUE_MAP ? value_at(of, i) : of->items[i];

		if (!value_get_bool(item, "skipped"))
			value_append(arena, kept, item);
	}
	return kept;
}

/* The item without the list that is walked through, as Ansible gives it; the filter of that name leaves it. */
static struct value *without_list(struct arena *arena, const struct value *item, const char *keys)
{
	struct value *copy = value_copy(arena, item), *inside = copy;

	for (const char *dot; (dot = strchr(keys, '.')) != NULL && inside; keys = dot + 1)
		inside = value_get(inside, arena_bytes(arena, keys, (size_t)(dot - keys)));
	if (inside && inside->kind == VALUE_MAP)
		value_remove(inside, keys);
	return copy;
}

static int add_pairs(struct evaluation *evaluation, const struct looking *looking, struct value *list,
	const struct value *pairs, const char *keys)
{
	struct arena *arena = evaluation->evaluator->arena;

	for (size_t i = 0; i < pairs->count; i++) {
		const struct value *pair = pairs->items[i];
		struct value *made = value_list(arena);

		if (evaluation_spend(evaluation, looking->offset, 1, 0) < 0)
			return -1;
		value_append(arena, made, without_list(arena, value_item(pair, 0), keys));
		value_append(arena, made, value_item(pair, 1));
		made->level = pair->level;
		value_append(arena, list, made);
	}
	return 0;
}

/* [list of maps, "key.of.their.list", {skip_missing: yes}] */
static int find_subelements(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	const struct value *flags = looking->count > 2 ? value_get(looking->terms[2], "skip_missing")
		: NULL;
	struct value *arguments[2], *pairs;

	if (looking->count < 2 || looking->count > 3)
		return evaluation_error(evaluation, looking->offset, "the lookup 'subelements' needs a "
			"list, the name of a list in its items, and maybe {skip_missing: yes}");
	if (looking->terms[0]->kind != VALUE_LIST && looking->terms[0]->kind != VALUE_MAP)
		return looking_error(evaluation, looking, "a list or a map", looking->terms[0]);
	arguments[0] = looking->terms[1];
	arguments[1] = value_bool(evaluation->evaluator->arena, flags && value_truthy(flags));
	if (by_filter(evaluation, looking, "subelements", without_skipped(evaluation,
			looking->terms[0]), arguments, 2, &pairs) < 0)
		return -1;
	if (pairs->kind != VALUE_LIST || !value_text(looking->terms[1]))
		return add_all(evaluation, looking, list, pairs);
	return add_pairs(evaluation, looking, list, pairs, value_text(looking->terms[1]));
}

/* --- sequence --- */

struct sequence {
	int64_t start, end, stride, count;
	bool has_start, has_end, has_count;
	const char *format;            /* printf's, of one number */
};

/* Decimal, 0x or octal, as Python's int(text, 0); false: it is none. */
static bool read_number(const char *text, size_t size, int64_t *ret_number)
{
	char copy[24], *end;

	if (size == 0 || size >= sizeof(copy))
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	*ret_number = strtoll(copy, &end, strncmp(copy, "0x", 2) == 0 ? 16 : 10);
	return *end == '\0' && end != copy;
}

static bool set_option(struct sequence *sequence, struct arena *arena, const char *name,
	size_t name_size, const char *text, size_t size)
{
	struct { const char *name; int64_t *number; bool *has; } const numbers[] = {
		{ "start", &sequence->start, &sequence->has_start },
		{ "end", &sequence->end, &sequence->has_end },
		{ "count", &sequence->count, &sequence->has_count },
		{ "stride", &sequence->stride, NULL },
	};

	for (size_t i = 0; i < 4; i++) {
		if (strlen(numbers[i].name) != name_size || strncmp(numbers[i].name, name, name_size) != 0)
			continue;
		if (numbers[i].has)
			*numbers[i].has = true;
		return read_number(text, size, numbers[i].number);
	}
	if (name_size != 6 || strncmp(name, "format", 6) != 0)
		return false;
	sequence->format = arena_bytes(arena, text, size);
	return true;
}

/* "start=1 end=9 stride=2 format=node%02d" */
static bool read_words(struct sequence *sequence, struct arena *arena, const char *text)
{
	while (*(text += strspn(text, " \t\n"))) {
		size_t size = strcspn(text, " \t\n"), name = strcspn(text, "=");
		const char *value = text + name + 1;
		size_t value_size = name < size ? size - name - 1 : 0;

		if (name >= size)
			return false;
		if (value_size > 1 && (*value == '"' || *value == '\'') && value[value_size - 1] == *value) {
			value++;
			value_size -= 2;
		}
		if (!set_option(sequence, arena, text, name, value, value_size))
			return false;
		text += size;
	}
	return true;
}

/* "[start-]end[/stride][:format]" */
static bool read_short(struct sequence *sequence, const char *text)
{
	size_t size = strcspn(text, "/:"), dash = strcspn(text, "-");
	const char *rest = text + size;

	sequence->has_end = true;
	if (dash > 0 && dash < size) {
		if (!read_number(text, dash, &sequence->start))
			return false;
		sequence->has_start = true;
		text += dash + 1;
		size -= dash + 1;
	}
	if (!read_number(text, size, &sequence->end))
		return false;
	if (*rest == '/') {
		size = strcspn(++rest, ":");
		if (!read_number(rest, size, &sequence->stride))
			return false;
		rest += size;
	}
	if (*rest == ':')
		sequence->format = rest + 1;
	return true;
}

/* Exactly one conversion, of an integer. */
static bool is_format(const char *format)
{
	const char *percent = strchr(format, '%');
	size_t size;

	if (!percent || strlen(format) > 200)
		return false;
	size = 1 + strspn(percent + 1, "-+ #0");
	size += strspn(percent + size, "0123456789");
	return size <= 6 && percent[size] && strchr("dixXo", percent[size]) && !strchr(percent + size, '%');
}

static struct value *number_text(struct arena *arena, const char *format, int64_t number)
{
	const char *percent = strchr(format, '%');
	size_t size = strcspn(percent, "dixXo");
	char conversion[16], text[320];

	snprintf(conversion, sizeof(conversion), "%.*sl%c", (int)size, percent, percent[size]);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof(text), conversion, (long)number);
#pragma GCC diagnostic pop
	return value_printf(arena, "%.*s%s%s", (int)(percent - format), format, text,
		percent + size + 1);
}

static int count_up(struct evaluation *evaluation, const struct looking *looking,
	const struct sequence *sequence, struct value *list)
{
	struct arena *arena = evaluation->evaluator->arena;

	if (sequence->stride == 0)
		return 0;
	if (sequence->stride > 0 ? sequence->end < sequence->start : sequence->end > sequence->start)
		return evaluation_error(evaluation, looking->offset, "a sequence counts backwards where "
			"its stride is below 0, and nowhere else");
	for (int64_t at = sequence->start; sequence->stride > 0 ? at <= sequence->end
			: at >= sequence->end;) {
		if (append(evaluation, looking, list, sequence->format
				? number_text(arena, sequence->format, at) : value_printf(arena, "%lld",
				(long long)at)) < 0)
			return -1;
		if (__builtin_add_overflow(at, sequence->stride, &at))
			break;
	}
	return 0;
}

static int find_sequence(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	for (size_t i = 0; i < looking->count; i++) {
		struct sequence sequence = { .start = 1, .stride = 1 };
		const char *text = value_text(looking->terms[i]);

		if (!text)
			return looking_error(evaluation, looking, "a string", looking->terms[i]);
		if (strchr(text, '=') && !strchr("0123456789", text[0])
				? !read_words(&sequence, evaluation->evaluator->arena, text)
				: !read_short(&sequence, text))
			return evaluation_error(evaluation, looking->offset, "'%s' is no sequence: write it as "
				"'start=1 end=9 stride=2 format=node%%02d'", text);
		if (sequence.has_count == sequence.has_end)
			return evaluation_error(evaluation, looking->offset, "a sequence needs either 'end' or "
				"'count'");
		if (sequence.has_count && (__builtin_mul_overflow(sequence.count - 1, sequence.stride,
				&sequence.end) || __builtin_add_overflow(sequence.end, sequence.start,
				&sequence.end)))
			return evaluation_error(evaluation, looking->offset, "this sequence is too long");
		if (sequence.has_count && sequence.count <= 0)
			continue;
		if (sequence.format && !is_format(sequence.format))
			return evaluation_error(evaluation, looking->offset, "the format of a sequence has one "
				"%%d, %%x or %%o");
		if (count_up(evaluation, looking, &sequence, list) < 0)
			return -1;
	}
	return 0;
}

const struct finder finders_lists[] = {
	{ "items", find_items, FINDER_SHAPES, { NULL } },
	{ "list", find_list, FINDER_SHAPES, { NULL } },
	{ "flattened", find_flattened, FINDER_SHAPES, { NULL } },
	{ "indexed_items", find_indexed, FINDER_SHAPES, { NULL } },
	{ "dict", find_dict, FINDER_SHAPES, { NULL } },
	{ "nested", find_nested, FINDER_SHAPES, { NULL } },
	{ "cartesian", find_nested, FINDER_SHAPES, { NULL } },
	{ "together", find_together, FINDER_SHAPES, { NULL } },
	{ "subelements", find_subelements, FINDER_SHAPES, { NULL } },
	{ "sequence", find_sequence, 0, { NULL } },
	{ 0 },
};
