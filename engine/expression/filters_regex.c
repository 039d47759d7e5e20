/* filters_regex: regex_replace, regex_search, regex_findall, regex_escape. */
#include "expression/call.h"

#include "base/regex.h"
#include "expression/evaluate.h"
#include "expression/unicode.h"

#include <ctype.h>
#include <string.h>

enum { STEPS_EACH = 8 };   /* of a regular expression, for one of the evaluator's */

struct searching {
	struct evaluation *evaluation;
	struct call *call;
	struct regex *regex;
	const struct value *text;
	const size_t *ends;        /* of the last match; NULL: none yet */
};

static int compile(struct searching *searching, unsigned flags)
{
	const struct value *pattern = searching->call->arguments[0];
	struct regex_problem problem;

	searching->regex = regex_compile(pattern->text ? pattern->text : "", pattern->size, flags,
		&problem);
	if (searching->regex)
		return evaluation_spend(searching->evaluation, searching->call->offset,
			1 + pattern->size / 16, 0);
	return evaluation_error(searching->evaluation, searching->call->offset,
		"the regular expression is wrong at character %zu: %s",
		utf8_count(pattern->text, problem.offset) + 1, problem.message);
}

static int searching_open(struct searching *searching, struct evaluation *evaluation,
	struct call *call, bool ignore_case, bool multiline)
{
	*searching = (struct searching){ .evaluation = evaluation, .call = call, .text = call->input };
	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	if (call->arguments[0]->kind != VALUE_STRING)
		return call_error(evaluation, call, "a pattern", call->arguments[0]);
	return compile(searching, (ignore_case ? REGEX_IGNORE_CASE : 0)
		| (multiline ? REGEX_MULTILINE : 0));
}

/* With the flags that are arguments of the call. */
static int searching_start(struct searching *searching, struct evaluation *evaluation,
	struct call *call, size_t ignore_case, size_t multiline)
{
	bool folds, lines;

	searching->regex = NULL;
	if (call_truth(evaluation, call, ignore_case, false, &folds) < 0 ||
		call_truth(evaluation, call, multiline, false, &lines) < 0)
		return -1;
	return searching_open(searching, evaluation, call, folds, lines);
}

/* Takes what the match took from the evaluator's budget. */
static int match(struct searching *searching, size_t from, enum regex_where where,
	bool *ret_matched)
{
	struct evaluation *evaluation = searching->evaluation;
	size_t most = evaluation->evaluator->steps * STEPS_EACH, left = most;
	const char *text = searching->text->text ? searching->text->text : "";
	int result = regex_match(searching->regex, text, searching->text->size, from, where, &left);

	if (evaluation_spend(evaluation, searching->call->offset, 1 + (most - left) / STEPS_EACH,
			0) < 0)
		return -1;
	if (result < 0)
		return evaluation_error(evaluation, searching->call->offset,
			"the regular expression has too many ways to match this text");
	*ret_matched = result > 0;
	searching->ends = result > 0 ? regex_ends(searching->regex) : searching->ends;
	return 0;
}

/* Behind the match before. */
static int next_match(struct searching *searching, bool *ret_matched)
{
	size_t from = searching->ends ? searching->ends[1] : 0;
	bool was_empty = searching->ends && from == searching->ends[0];

	return match(searching, from, was_empty ? REGEX_ADVANCE : REGEX_ANYWHERE, ret_matched);
}

/* What a group matched; "" where it didn't. */
static struct value *group_text(struct searching *searching, size_t group)
{
	size_t from = searching->ends[2 * group], to = searching->ends[2 * group + 1];

	if (from == SIZE_MAX || to == SIZE_MAX || from > to)
		from = to = 0;
	return value_bytes(searching->evaluation->evaluator->arena, searching->text->text + from,
		to - from);
}

static int no_such_group(struct searching *searching)
{
	return evaluation_error(searching->evaluation, searching->call->offset,
		"the regular expression has no such group");
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
		buffer_add(out, text->text + at, searching->ends[0] - at);
		if (!regex_expand(searching->regex, text->text, replacement->text, replacement->size, out))
			return no_such_group(searching);
		if (evaluation_spend(searching->evaluation, searching->call->offset, 1,
				out->size - paid) < 0)
			return -1;
		paid = out->size;
		at = searching->ends[1];
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
	int result;

	if (call_integer(evaluation, call, 4, 0, &most) < 0)
		return -1;
	if (replacement->kind != VALUE_STRING)
		return call_error(evaluation, call, "a replacement", replacement);
	result = searching_start(&searching, evaluation, call, 2, 3);
	if (result == 0)
		result = replace_all(&searching, replacement, most, &buffer);
	regex_free(searching.regex);
	if (result == 0)
		return buffer_value(evaluation, call->offset, &buffer, ret_value);
	buffer_free(&buffer);
	return -1;
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
			!regex_reference(searching->regex, wanted->text + 1, wanted->size - 1, &group, &size))
			return no_such_group(searching);
		if (size == 0)
			return call_error(searching->evaluation, call,
				"groups like '\\1' or '\\g<name>'",
				wanted);
		value_append(arena, *ret_value, group_text(searching, group));
	}
	return 0;
}

/* The flags of regex_search, which come behind its groups. */
static int search_flags(struct evaluation *evaluation, struct call *call, bool *ret_folds,
	bool *ret_lines)
{
	*ret_folds = *ret_lines = false;
	for (size_t i = 0; i < call->rest_count; i++) {
		const char *keyword = call->rest_keywords[i];

		if (!keyword)
			continue;
		*ret_folds |= strcmp(keyword, "ignorecase") == 0 && value_truthy(call->rest[i]);
		*ret_lines |= strcmp(keyword, "multiline") == 0 && value_truthy(call->rest[i]);
		if (strcmp(keyword, "ignorecase") != 0 && strcmp(keyword, "multiline") != 0)
			return evaluation_error(evaluation, call->offset,
				"'regex_search' has no argument '%s'", keyword);
	}
	while (call->rest_count && call->rest_keywords[call->rest_count - 1])
		call->rest_count--;
	return 0;
}

/* What matched, null without a match; with groups: a list of what they matched. */
static int filter_regex_search(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct searching searching = { 0 };
	bool matched, folds, lines;
	int result = search_flags(evaluation, call, &folds, &lines);

	if (result == 0)
		result = searching_open(&searching, evaluation, call, folds, lines);
	if (result == 0)
		result = next_match(&searching, &matched);
	if (result == 0 && !matched)
		*ret_value = value_null(evaluation->evaluator->arena);
	else if (result == 0 && call->rest_count)
		result = searched_groups(&searching, ret_value);
	else if (result == 0)
		*ret_value = group_text(&searching, 0);
	regex_free(searching.regex);
	return result;
}

/* What one match gives: the whole, its group, or a list of its groups. */
static struct value *match_value(struct searching *searching)
{
	struct arena *arena = searching->evaluation->evaluator->arena;
	struct value *groups = value_list(arena);
	size_t count = regex_groups(searching->regex);

	if (count < 2)
		return group_text(searching, count);
	for (size_t i = 1; i <= count; i++)
		value_append(arena, groups, group_text(searching, i));
	return groups;
}

static int find_all(struct searching *searching, struct value *found)
{
	struct evaluation *evaluation = searching->evaluation;
	bool matched;

	for (;;) {
		if (next_match(searching, &matched) < 0)
			return -1;
		if (!matched)
			return 0;
		if (evaluation_spend(evaluation, searching->call->offset, 1,
				(regex_groups(searching->regex) + 1) * sizeof(struct value)) < 0)
			return -1;
		value_append(evaluation->evaluator->arena, found, match_value(searching));
	}
}

static int filter_regex_findall(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct searching searching;
	int result = searching_start(&searching, evaluation, call, 2, 1);

	*ret_value = value_list(evaluation->evaluator->arena);
	if (result == 0)
		result = find_all(&searching, *ret_value);
	regex_free(searching.regex);
	return result;
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
	bool matched = false;
	int result = searching_start(&searching, evaluation, call, 1, 2);

	if (result == 0)
		result = match(&searching, 0, at_start ? REGEX_HERE : REGEX_ANYWHERE, &matched);
	regex_free(searching.regex);
	*ret_value = value_bool(evaluation->evaluator->arena, matched);
	return result;
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
