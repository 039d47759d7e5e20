/* expression_filters_regex: regex_replace, regex_search, regex_findall, regex_escape. */
#include "text/expression_regex.h"

#include <ctype.h>
#include <string.h>

struct searching {
	struct evaluation *evaluation;
	struct call *call;
	struct regex regex;
	const struct value *text;
	struct regex_found found;
};

static int searching_open(struct searching *searching, struct evaluation *evaluation,
	struct call *call, size_t ignore_case, size_t multiline)
{
	bool folds, lines;

	searching->found.ends[0] = SIZE_MAX;   /* none yet */
	searching->found.ends[1] = 0;
	searching->evaluation = evaluation;
	searching->call = call;
	searching->text = call->input;
	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	if (call->arguments[0]->kind != VALUE_STRING)
		return call_error(evaluation, call, "a pattern", call->arguments[0]);
	if (call_truth(evaluation, call, ignore_case, false, &folds) < 0 ||
		call_truth(evaluation, call, multiline, false, &lines) < 0)
		return -1;
	return regex_compile(evaluation, call->offset, call->arguments[0], folds, lines,
		&searching->regex);
}

/* Behind the match before. */
static int next_match(struct searching *searching, bool *ret_matched)
{
	size_t from = searching->found.ends[1];
	bool was_empty = from == searching->found.ends[0];

	return regex_find(searching->evaluation, searching->call->offset, &searching->regex,
		searching->text, from, was_empty ? REGEX_ADVANCE : REGEX_ANYWHERE,
		&searching->found,
		ret_matched);
}

/* What a group matched; "" where it didn't. */
static struct value *group_text(struct searching *searching, size_t group)
{
	size_t from = searching->found.ends[2 * group], to = searching->found.ends[2 * group + 1];

	if (from == SIZE_MAX || to == SIZE_MAX)
		from = to = 0;
	return value_bytes(searching->evaluation->evaluator->arena, searching->text->text + from,
		to - from);
}

static int find_group(struct searching *searching, const char *name, size_t size, size_t *ret_group)
{
	size_t number = 0, digits = 0;

	for (size_t i = 1; i <= searching->regex.groups; i++) {
		const char *known = searching->regex.names[i];

		if (known && strlen(known) == size && memcmp(known, name, size) == 0) {
			*ret_group = i;
			return 0;
		}
	}
	for (; digits < size && isdigit((unsigned char)name[digits]) && number < 100; digits++)
		number = 10 * number + (size_t)(name[digits] - '0');
	*ret_group = number;
	if (size == 0 || digits < size || number > searching->regex.groups)
		return evaluation_error(searching->evaluation, searching->call->offset,
			"the regular expression has no such group");
	return 0;
}

/* A reference behind a backslash; ret_size: how many bytes it takes, 0: it is none. */
static int read_group(struct searching *searching, const char *text, size_t size,
	size_t *ret_group, size_t *ret_size)
{
	const char *end = size > 2 && text[0] == 'g' && text[1] == '<' ?
		memchr(text, '>', size) : NULL;

	*ret_size = 0;
	if (end) {
		*ret_size = (size_t)(end - text) + 1;
		return find_group(searching, text + 2, *ret_size - 3, ret_group);
	}
	while (*ret_size < size && *ret_size < 2 && isdigit((unsigned char)text[*ret_size]))
		++*ret_size;
	return *ret_size ? find_group(searching, text, *ret_size, ret_group) : 0;
}

static int expand(struct searching *searching, const struct value *replacement,
	struct buffer *out)
{
	static const char from[] = "nrt\\", to[] = "\n\r\t\\";

	for (size_t at = 0; at < replacement->size; at++) {
		const char *text = replacement->text + at + 1, *escape;
		size_t group, size;

		if (text[-1] != '\\' || at + 1 == replacement->size) {
			buffer_add_char(out, text[-1]);
			continue;
		}
		if (read_group(searching, text, replacement->size - at - 1, &group, &size) < 0)
			return -1;
		escape = *text ? strchr(from, *text) : NULL;
		if (size) {
			const struct value *matched = group_text(searching, group);

			buffer_add(out, matched->text, matched->size);
		} else if (escape) {
			buffer_add_char(out, to[escape - from]);
			size = 1;
		} else {
			buffer_add_char(out, '\\');
		}
		at += size;
	}
	return 0;
}

static int replace_all(struct searching *searching, const struct value *replacement, int64_t most,
	struct buffer *out)
{
	const struct value *text = searching->text;
	size_t at = 0, paid = 0;
	bool matched;

	for (int64_t count = 0; most == 0 || count < most; count++) {
		if (next_match(searching, &matched) < 0)
			return -1;
		if (!matched)
			break;
		buffer_add(out, text->text + at, searching->found.ends[0] - at);
		if (expand(searching, replacement, out) < 0 ||
			evaluation_spend(searching->evaluation,
				searching->call->offset, 1, out->size - paid) < 0)
			return -1;
		paid = out->size;
		at = searching->found.ends[1];
	}
	buffer_add(out, text->text + at, text->size - at);
	return 0;
}

static int filter_regex_replace(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct value empty = { .kind = VALUE_STRING, .text = "" };
	const struct value *replacement = call->arguments[1] ? call->arguments[1] : &empty;
	struct searching searching;
	struct buffer buffer = { 0 };
	int64_t most;

	if (searching_open(&searching, evaluation, call, 2, 3) < 0 ||
		call_integer(evaluation, call, 4, 0, &most) < 0)
		return -1;
	if (replacement->kind != VALUE_STRING)
		return call_error(evaluation, call, "a replacement", replacement);
	if (replace_all(&searching, replacement, most, &buffer) < 0) {
		buffer_free(&buffer);
		return -1;
	}
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

static int searched_groups(struct searching *searching, struct value **ret_value)
{
	struct arena *arena = searching->evaluation->evaluator->arena;
	struct call *call = searching->call;

	*ret_value = value_list(arena);
	for (size_t i = 0; i < call->rest_count; i++) {
		const struct value *wanted = call->rest[i];
		size_t group, size = 0;

		if (wanted->kind == VALUE_STRING && wanted->size > 1 && wanted->text[0] == '\\' &&
			read_group(searching, wanted->text + 1, wanted->size - 1, &group,
			&size) < 0)
			return -1;
		if (size == 0)
			return call_error(searching->evaluation, call,
				"groups like '\\1' or '\\g<name>'",
				wanted);
		value_append(arena, *ret_value, group_text(searching, group));
	}
	return 0;
}

/* What matched, null without a match; with groups: a list of what they matched. */
static int filter_regex_search(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct searching searching;
	bool matched, folds = false, lines = false;

	for (size_t i = 0; i < call->rest_count; i++) {
		const char *keyword = call->rest_keywords[i];

		if (!keyword)
			continue;
		folds |= strcmp(keyword, "ignorecase") == 0 && value_truthy(call->rest[i]);
		lines |= strcmp(keyword, "multiline") == 0 && value_truthy(call->rest[i]);
		if (strcmp(keyword, "ignorecase") != 0 && strcmp(keyword, "multiline") != 0)
			return evaluation_error(evaluation, call->offset,
				"'regex_search' has no argument '%s'", keyword);
	}
	while (call->rest_count && call->rest_keywords[call->rest_count - 1])
		call->rest_count--;
	if (searching_open(&searching, evaluation, call, 1, 1) < 0 ||
		regex_compile(evaluation, call->offset, call->arguments[0], folds, lines,
			&searching.regex) < 0 || next_match(&searching, &matched) < 0)
		return -1;
	if (!matched)
		*ret_value = value_null(evaluation->evaluator->arena);
	else if (call->rest_count)
		return searched_groups(&searching, ret_value);
	else
		*ret_value = group_text(&searching, 0);
	return 0;
}

/* What one match gives: the whole, its group, or a list of its groups. */
static struct value *match_value(struct searching *searching)
{
	struct arena *arena = searching->evaluation->evaluator->arena;
	struct value *groups = value_list(arena);

	if (searching->regex.groups < 2)
		return group_text(searching, searching->regex.groups);
	for (size_t i = 1; i <= searching->regex.groups; i++)
		value_append(arena, groups, group_text(searching, i));
	return groups;
}

static int filter_regex_findall(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct searching searching;
	bool matched;

	if (searching_open(&searching, evaluation, call, 2, 1) < 0)
		return -1;
	*ret_value = value_list(evaluation->evaluator->arena);
	for (;;) {
		if (next_match(&searching, &matched) < 0)
			return -1;
		if (!matched)
			return 0;
		if (evaluation_spend(evaluation, call->offset, 1, (searching.regex.groups + 1) *
				sizeof(struct value)) < 0)
			return -1;
		value_append(evaluation->evaluator->arena, *ret_value, match_value(&searching));
	}
}

static int filter_regex_escape(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct buffer buffer = { 0 };

	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	for (size_t i = 0; i < call->input->size; i++) {
		char c = call->input->text[i];

		if (c && strchr(" \t\n\r\v\f#$&()*+-.?[\\]^{|}~", c))
			buffer_add_char(&buffer, '\\');
		buffer_add_char(&buffer, c);
	}
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

const struct callable filters_regex[] = {
	{ "regex_replace", filter_regex_replace, 1, 0,
		{ "pattern", "replacement", "ignorecase", "multiline", "count" } },
	{ "regex_search", filter_regex_search, 1, CALL_MANY | CALL_KEYWORDS, { "regex" } },
	{ "regex_findall", filter_regex_findall, 1, 0, { "regex", "multiline", "ignorecase" } },
	{ "regex_escape", filter_regex_escape, 0, 0, { NULL } },
	{ 0 },
};

static int test_pattern(struct evaluation *evaluation, struct call *call, bool at_start,
	struct value **ret_value)
{
	struct searching searching;
	bool matched;

	if (searching_open(&searching, evaluation, call, 1, 2) < 0 ||
		regex_find(evaluation, call->offset, &searching.regex, searching.text, 0,
			at_start ? REGEX_HERE : REGEX_ANYWHERE, &searching.found, &matched) < 0)
		return -1;
	*ret_value = value_bool(evaluation->evaluator->arena, matched);
	return 0;
}

static int test_match(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return test_pattern(evaluation, call, true, ret_value);
}

static int test_search(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return test_pattern(evaluation, call, false, ret_value);
}

const struct callable tests_regex[] = {
	{ "match", test_match, 1, 0, { "pattern", "ignorecase", "multiline" } },
	{ "search", test_search, 1, 0, { "pattern", "ignorecase", "multiline" } },
	{ "regex", test_search, 1, 0, { "pattern", "ignorecase", "multiline" } },
	{ 0 },
};
