/* filters_text: filters over strings. */
#include "expression/evaluate.h"

#include "base/quote.h"
#include "expression/text.h"
#include "expression/unicode.h"

#include <ctype.h>
#include <string.h>

/* Numbers become text too, as in Jinja; containers don't. */
static int text_input(struct evaluation *evaluation, struct call *call, struct value **ret_text)
{
	struct buffer buffer = { 0 };

	*ret_text = call->input;
	if (call->input->kind == VALUE_STRING)
		return 0;
	if (call->input->kind == VALUE_LIST || call->input->kind == VALUE_MAP)
		return call_error(evaluation, call, "a string", call->input);
	if (show_add(evaluation, call->offset, &buffer, call->input) < 0) {
		buffer_free(&buffer);
		return -1;
	}
	return buffer_value(evaluation, call->offset, &buffer, ret_text);
}

/* Most filters here: the input as text, and a function that writes the new one. */
static int rewrite(struct evaluation *evaluation, struct call *call, struct value **ret_value,
	void (*write)(struct buffer *out, const struct value *text))
{
	struct buffer buffer = { 0 };
	struct value *text;

	if (text_input(evaluation, call, &text) < 0)
		return -1;
	write(&buffer, text);
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

static int filter_lower(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return rewrite(evaluation, call, ret_value, text_lower);
}

static int filter_upper(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return rewrite(evaluation, call, ret_value, text_upper);
}

static int filter_capitalize(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return rewrite(evaluation, call, ret_value, text_capitalize);
}

static int filter_title(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return rewrite(evaluation, call, ret_value, text_title);
}

static void write_quoted(struct buffer *out, const struct value *text)
{
	quote_shell(out, text->text);
}

static int filter_quote(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	if (call->input->kind == VALUE_STRING && memchr(call->input->text, '\0', call->input->size))
		return evaluation_error(evaluation, call->offset,
			"a word of a shell cannot hold a NUL byte");
	if (call->input->kind == VALUE_NULL) {
		*ret_value = value_string(evaluation->evaluator->arena, "''");
		return 0;
	}
	return rewrite(evaluation, call, ret_value, write_quoted);
}

/* As Python's os.path: "/a/b/" has the basename "". */
static void write_basename(struct buffer *out, const struct value *text)
{
	const char *slash = memrchr(text->text, '/', text->size);
	const char *name = slash ? slash + 1 : text->text;

	buffer_add(out, name, (size_t)(text->text + text->size - name));
}

static void write_dirname(struct buffer *out, const struct value *text)
{
	const char *slash = memrchr(text->text, '/', text->size);
	size_t size = slash ? (size_t)(slash - text->text) : 0;

	while (size > 0 && text->text[size - 1] == '/')
		size--;
	if (slash && size == 0)
		size = (size_t)(slash - text->text) + 1;
	buffer_add(out, text->text, size);
}

static int filter_basename(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return rewrite(evaluation, call, ret_value, write_basename);
}

static int filter_dirname(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return rewrite(evaluation, call, ret_value, write_dirname);
}

static int filter_splitext(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *text;
	const char *name, *dot;
	size_t size;

	if (text_input(evaluation, call, &text) < 0)
		return -1;
	name = memrchr(text->text, '/', text->size);
	name = name ? name + 1 : text->text;
	while (*name == '.')
		name++;
	size = (size_t)(text->text + text->size - name);
	dot = memrchr(name, '.', size);
	size = dot ? (size_t)(dot - text->text) : text->size;
	*ret_value = value_list(arena);
	value_append(arena, *ret_value, value_bytes(arena, text->text, size));
	value_append(arena, *ret_value, value_bytes(arena, text->text + size, text->size - size));
	return 0;
}

static int filter_trim(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct value *text;
	const char *set;

	if (text_input(evaluation, call, &text) < 0 ||
		call_text(evaluation, call, 0, NULL, &set) < 0)
		return -1;
	*ret_value = text_strip(evaluation->evaluator->arena, text, set, STRIP_BOTH);
	return 0;
}

static int filter_replace(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	const struct value *old = call->arguments[0], *new = call->arguments[1];
	struct value *text;
	int64_t most;

	if (old->kind != VALUE_STRING || new->kind != VALUE_STRING)
		return call_error(evaluation, call, "strings", old->kind != VALUE_STRING ? old :
			new);
	if (text_input(evaluation, call, &text) < 0 ||
		call_integer(evaluation, call, 2, -1, &most) < 0)
		return -1;
	return text_replace(evaluation, call->offset, text, old, new, most, ret_value);
}

static int filter_split(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct value *text;
	int64_t most;

	if (text_input(evaluation, call, &text) < 0 ||
		call_integer(evaluation, call, 1, -1, &most) < 0)
		return -1;
	return text_split(evaluation, call->offset, text, call->arguments[0], most, ret_value);
}

/* How far lines are moved in: a number of blanks, or a text. */
static int indent_width(struct evaluation *evaluation, struct call *call, const char **ret_indent)
{
	const struct value *width = call->arguments[0];
	int64_t count = 4;

	if (width && width->kind == VALUE_STRING) {
		*ret_indent = width->text;
		return 0;
	}
	if (call_integer(evaluation, call, 0, 4, &count) < 0)
		return -1;
	if (count < 0 || count > 1000)
		return evaluation_error(evaluation, call->offset, "the width must be 0 to 1000");
	*ret_indent = arena_printf(evaluation->evaluator->arena, "%*s", (int)count, "");
	return 0;
}

static void write_indented(struct buffer *out, const struct value *text, const char *indent,
	bool first, bool blank)
{
	for (size_t at = 0, line = 0; at < text->size; line++) {
		const char *end = memchr(text->text + at, '\n', text->size - at);
		size_t size = end ? (size_t)(end - text->text) - at + 1 : text->size - at;
		bool is_blank = text->text[at] == '\n';

		if ((line > 0 || first) && (blank || !is_blank))
			buffer_add_string(out, indent);
		buffer_add(out, text->text + at, size);
		at += size;
	}
}

static int filter_indent(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct buffer buffer = { 0 };
	struct value *text;
	const char *indent = NULL;
	bool first, blank;
	size_t lines = 1;

	if (text_input(evaluation, call, &text) < 0 ||
		indent_width(evaluation, call, &indent) < 0 ||
		call_truth(evaluation, call, 1, false, &first) < 0 ||
		call_truth(evaluation, call, 2, false, &blank) < 0)
		return -1;
	for (size_t i = 0; i < text->size; i++)
		lines += text->text[i] == '\n';
	if (evaluation_spend(evaluation, call->offset, lines, lines * strlen(indent)) < 0)
		return -1;
	write_indented(&buffer, text, indent, first, blank);
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

static int filter_format(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct value *text;

	if (text_input(evaluation, call, &text) < 0)
		return -1;
	return text_format(evaluation, call->offset, text, call->rest, call->rest_count, ret_value);
}

static int filter_wordcount(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct value *text, *words;

	if (text_input(evaluation, call, &text) < 0 ||
		text_split(evaluation, call->offset, text, NULL, -1, &words) < 0)
		return -1;
	*ret_value = value_integer(evaluation->evaluator->arena, (int64_t)words->count);
	return 0;
}

static int filter_join(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct buffer buffer = { 0 };
	struct value **items, *item;
	const char *between;
	size_t count;
	int result = 0;

	if (value_items(evaluation, call->offset, call->input, &items, &count) < 0 ||
		call_text(evaluation, call, 0, "", &between) < 0)
		return -1;
	for (size_t i = 0; i < count && result == 0; i++) {
		item = items[i];
		if (i)
			buffer_add_string(&buffer, between);
		if (evaluation_spend(evaluation, call->offset, 1, strlen(between)) < 0 ||
			(call->arguments[1] && (value_attribute(evaluation, call->offset, item,
				call->arguments[1], &item) < 0 ||
				evaluation_require(evaluation, item) < 0)))
			result = -1;
		else
			result = show_add(evaluation, call->offset, &buffer, item);
	}
	if (result < 0) {
		buffer_free(&buffer);
		return -1;
	}
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

const struct callable filters_text[] = {
	{ "lower", filter_lower, 0, 0, { NULL } },
	{ "upper", filter_upper, 0, 0, { NULL } },
	{ "capitalize", filter_capitalize, 0, 0, { NULL } },
	{ "title", filter_title, 0, 0, { NULL } },
	{ "trim", filter_trim, 0, 0, { "chars" } },
	{ "replace", filter_replace, 2, 0, { "old", "new", "count" } },
	{ "split", filter_split, 0, 0, { "sep", "maxsplit" } },
	{ "join", filter_join, 0, CALL_DEEP, { "d", "attribute" } },
	{ "indent", filter_indent, 0, 0, { "width", "first", "blank" } },
	{ "format", filter_format, 0, CALL_DEEP | CALL_MANY, { NULL } },
	{ "wordcount", filter_wordcount, 0, 0, { NULL } },
	{ "quote", filter_quote, 0, 0, { NULL } },
	{ "basename", filter_basename, 0, 0, { NULL } },
	{ "dirname", filter_dirname, 0, 0, { NULL } },
	{ "splitext", filter_splitext, 0, 0, { NULL } },
	{ 0 },
};
