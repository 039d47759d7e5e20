/* filters_path: filters over paths, and texts for files: path_join, comment, … */
#include "expression/evaluate.h"

#include "expression/unicode.h"

#include <string.h>

static int filter_path_join(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct buffer buffer = { 0 };

	if (call->input->kind != VALUE_LIST)
		return call_error(evaluation, call, "a list of strings", call->input);
	for (size_t i = 0; i < call->input->count; i++) {
		const struct value *part = call->input->items[i];

		if (part->kind != VALUE_STRING) {
			buffer_free(&buffer);
			return call_error(evaluation, call, "a list of strings", part);
		}
		if (part->size && part->text[0] == '/')
			buffer_clear(&buffer);
		if (buffer.size && buffer.data[buffer.size - 1] != '/')
			buffer_add_char(&buffer, '/');
		buffer_add(&buffer, part->text, part->size);
	}
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

/* Each line behind "# ", with an empty comment line before and behind, as Ansible does. */
static void write_comment(struct buffer *out, const struct value *text, const char *mark)
{
	size_t bare = strlen(mark);

	while (bare && mark[bare - 1] == ' ')
		bare--;
	buffer_add(out, mark, bare);
	buffer_add_char(out, '\n');
	for (size_t at = 0; at <= text->size;) {
		const char *end = memchr(text->text + at, '\n', text->size - at);
		size_t size = end ? (size_t)(end - text->text) - at : text->size - at;

		if (at == text->size && at > 0)
			break;
		buffer_add(out, mark, size ? strlen(mark) : bare);
		buffer_add(out, text->text + at, size);
		buffer_add_char(out, '\n');
		at += size + 1;
	}
	buffer_add(out, mark, bare);
}

static int filter_comment(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	static const char *const styles[][2] = { { "plain", "# " }, { "erlang", "% " },
		{ "c", "// " } };
	struct buffer buffer = { 0 };
	const char *style, *mark = NULL;
	size_t lines = 2;

	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	if (call_text(evaluation, call, 0, "plain", &style) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
		if (strcmp(styles[i][0], style) == 0)
			mark = styles[i][1];
	}
	if (call_text(evaluation, call, 1, mark, &mark) < 0)
		return -1;
	if (!mark)
		return evaluation_error(evaluation, call->offset,
			"the style must be 'plain', 'erlang' or 'c'; others are not supported yet");
	for (size_t i = 0; i < call->input->size; i++)
		lines += call->input->text[i] == '\n';
	if (evaluation_spend(evaluation, call->offset, lines, lines * strlen(mark)) < 0)
		return -1;
	write_comment(&buffer, call->input, mark);
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

/* What a part of a URL may hold stays; all else is %XX. */
static int filter_urlencode(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"_.-~/";
	struct buffer buffer = { 0 };

	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	if (evaluation_spend(evaluation, call->offset, 0, 3 * call->input->size) < 0)
		return -1;
	for (size_t i = 0; i < call->input->size; i++) {
		unsigned char c = (unsigned char)call->input->text[i];

		if (c && strchr(plain, c))
			buffer_add_char(&buffer, (char)c);
		else
			buffer_printf(&buffer, "%%%02X", c);
	}
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

static int filter_center(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct buffer buffer = { 0 };
	size_t count, blanks, left;
	int64_t width;

	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	if (call_integer(evaluation, call, 0, 80, &width) < 0)
		return -1;
	if (width < 0 || width > 10000)
		return evaluation_error(evaluation, call->offset, "the width must be 0 to 10000");
	count = utf8_count(call->input->text, call->input->size);
	blanks = (size_t)width > count ? (size_t)width - count : 0;
	left = blanks / 2 + (blanks & (size_t)width & 1);
	for (size_t i = 0; i < blanks; i++) {
		if (i == left)
			buffer_add(&buffer, call->input->text, call->input->size);
		buffer_add_char(&buffer, ' ');
	}
	if (left >= blanks)
		buffer_add(&buffer, call->input->text, call->input->size);
	return buffer_value(evaluation, call->offset, &buffer, ret_value);
}

static int filter_type_debug(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	static const char *const names[] = {
		[VALUE_NULL] = "NoneType", [VALUE_BOOL] = "bool", [VALUE_INTEGER] = "int",
		[VALUE_FLOAT] = "float", [VALUE_STRING] = "str", [VALUE_LIST] = "list",
		[VALUE_MAP] = "dict", [VALUE_UNKNOWN] = "unknown",
	};

	*ret_value = value_string(evaluation->evaluator->arena, names[call->input->kind]);
	return 0;
}

const struct callable filters_path[] = {
	{ "path_join", filter_path_join, 0, CALL_DEEP, { NULL } },
	{ "comment", filter_comment, 0, 0, { "style", "decoration" } },
	{ "urlencode", filter_urlencode, 0, 0, { NULL } },
	{ "center", filter_center, 0, 0, { "width" } },
	{ "type_debug", filter_type_debug, 0, 0, { NULL } },
	{ 0 },
};
