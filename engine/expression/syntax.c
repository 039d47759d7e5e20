/* syntax: how a template is written, where it isn't as usual. */
#include "expression/expression.h"

#include "base/suggest.h"
#include "module/params.h"
#include "yaml/tree.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

const struct template_syntax template_syntax = {
	.output = { "{{", "}}" }, .block = { "{%", "%}" }, .comment = { "{#", "#}" },
	.trim_blocks = true,
};

static const struct setting {
	const char *name;
	size_t offset;
	bool truth;
} settings[] = {
	{ "variable_start_string", offsetof(struct template_syntax, output[0]), false },
	{ "variable_end_string", offsetof(struct template_syntax, output[1]), false },
	{ "block_start_string", offsetof(struct template_syntax, block[0]), false },
	{ "block_end_string", offsetof(struct template_syntax, block[1]), false },
	{ "comment_start_string", offsetof(struct template_syntax, comment[0]), false },
	{ "comment_end_string", offsetof(struct template_syntax, comment[1]), false },
	{ "trim_blocks", offsetof(struct template_syntax, trim_blocks), true },
	{ "lstrip_blocks", offsetof(struct template_syntax, lstrip_blocks), true },
};

static int no_setting(const char *name, struct error *err)
{
	static const char *const later[] = { "autoescape", "keep_trailing_newline",
		"line_comment_prefix", "line_statement_prefix", "newline_sequence", "optimized" };
	struct suggestion suggestion = { .word = name };

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		if (strcmp(later[i], name) == 0) {
			error_set(err, EXPRESSION_UNSUPPORTED, "'%s' of a template is not supported yet", name);
			return error_remedy(err, "leave it out");
		}
	}
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		suggest_offer(&suggestion, settings[i].name);
	error_set(err, EXPRESSION_INVALID_SETTING, "Jinja has no setting '%s'", name);
	return error_remedy(err, "did you mean '%s'?", suggestion.nearest ? suggestion.nearest
		: "trim_blocks");
}

int template_setting(struct template_syntax *syntax, const char *name, const struct value *value,
	struct error *err)
{
	const struct setting *setting = NULL;
	void *field;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (strcmp(settings[i].name, name) == 0)
			setting = &settings[i];
	}
	if (!setting)
		return no_setting(name, err);
	field = (char *)syntax + setting->offset;
	if (setting->truth)
		return param_bool(value, field, err);
	if (value->kind != VALUE_STRING || value->size == 0 || value->size > 16
			|| strchr(value->text, '\n'))
		return error_set(err, EXPRESSION_INVALID_SETTING, "'%s' is a short text that isn't empty",
			name);
	*(const char **)field = value->text;
	return 0;
}

static const char *trimmed(struct arena *arena, const char *text, size_t size)
{
	while (size > 0 && isspace((unsigned char)*text)) {
		text++;
		size--;
	}
	while (size > 0 && isspace((unsigned char)text[size - 1]))
		size--;
	return arena_bytes(arena, text, size);
}

/* "trim_blocks: False" */
static int read_setting(struct arena *arena, const char *text, size_t size, struct place place,
	struct template_syntax *syntax, struct error *err)
{
	const char *colon = memchr(text, ':', size);
	struct value *value;
	const char *word;

	if (!colon) {
		error_at(err, EXPRESSION_INVALID_SETTING, place, "'%s' is not a setting of a template",
			trimmed(arena, text, size));
		return error_remedy(err, "write #jinja2: trim_blocks: False, lstrip_blocks: True");
	}
	word = trimmed(arena, colon + 1, size - (size_t)(colon + 1 - text));
	if (*word == '"' || *word == '\'')
		value = value_bytes(arena, word + 1, strlen(word) > 1 ? strlen(word) - 2 : 0);
	else if (tree_scalar(arena, word, strlen(word), place, &value, err) < 0)
		return -1;
	if (template_setting(syntax, trimmed(arena, text, (size_t)(colon - text)), value, err) == 0)
		return 0;
	return error_place(err, place);
}

int template_header(struct arena *arena, const struct value *scalar,
	struct template_syntax *syntax, size_t *ret_size, struct error *err)
{
	static const char mark[] = "#jinja2:";
	size_t at = sizeof(mark) - 1, end;

	*ret_size = 0;
	if (scalar->size < at || memcmp(scalar->text, mark, at) != 0)
		return 0;
	end = strcspn(scalar->text, "\n");
	while (at < end) {
		struct place place = scalar->place;
		size_t size;

		at += strspn(scalar->text + at, " \t");
		size = strcspn(scalar->text + at, ",\n");
		place.column += (unsigned)at;
		if (size > 0 && read_setting(arena, scalar->text + at, size, place, syntax, err) < 0)
			return -1;
		at += size + 1;
	}
	*ret_size = end + (scalar->text[end] == '\n');
	return 0;
}
