/* extra: -e of the command line: k=v, { YAML or JSON }, @FILE. */
#include "variables/variables.h"

#include "base/buffer.h"
#include "inventory/connection.h"
#include "yaml/tree.h"

#include <ctype.h>
#include <string.h>

struct words {
	struct arena *arena;
	const char *file;      /* what places name */
	const char *text;      /* lives as long as the source */
	size_t at;
	struct value *extra;
	struct error *err;
};

static struct place place_at(const struct words *words, size_t at)
{
	return (struct place){ .file = words->file, .line = 1, .column = (unsigned)at + 1 };
}

static bool valid_name(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	while (isalnum((unsigned char)*name) || *name == '_')
		name++;
	return *name == '\0';
}

static int refuse_name(const char *name, struct place place, struct error *err)
{
	error_at(err, VARIABLE_INVALID_NAME, place, "invalid variable name '%s'", name);
	return error_remedy(err, "a name is letters, digits and _, and begins with no digit");
}

static int merge(struct arena *arena, const struct value *map, struct place place,
	struct value *extra, struct error *err)
{
	if (map->kind == VALUE_NULL)
		return 0;
	if (map->kind != VALUE_MAP)
		return error_at(err, VARIABLE_INVALID_FORMAT, place, "extra variables must be a map, not "
			"%s", value_kind_name(map));
	for (size_t i = 0; i < map->count; i++) {
		if (!valid_name(map->pairs[i].key))
			return refuse_name(map->pairs[i].key, map->pairs[i].place, err);
		if (connection_check(value_pair_at(map, i), false, err) < 0)
			return -1;
		value_set(arena, extra, map->pairs[i].key, value_at(map, i));
	}
	return 0;
}

/* A word's value, as a shell reads it; several pieces side by side are one. */
static int read_value(struct words *words, struct buffer *out)
{
	char quote = '\0';
	size_t opened = 0;

	for (; words->text[words->at]; words->at++) {
		char c = words->text[words->at];

		if (!quote && isspace((unsigned char)c))
			break;
		if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? '\0' : c;
			opened = words->at;
		} else if (c == '\\' && quote != '\'' &&
			strchr("\\\"' ", words->text[words->at + 1]) &&
			words->text[words->at + 1]) {
			buffer_add_char(out, words->text[++words->at]);
		} else {
			buffer_add_char(out, c);
		}
	}
	return quote ? error_at(words->err, VARIABLE_INVALID_FORMAT, place_at(words, opened),
		"this quote is never closed") :
		0;
}

/* Places inside are exact where the value stands as it is written. */
static struct value *value_here(struct words *words, size_t from, const struct buffer *bytes)
{
	struct value *value = value_bytes(words->arena, bytes->data, bytes->size);
	char quote = words->text[from];
	bool quoted = quote == '"' || quote == '\'';

	value->place = place_at(words, from);
	if (memcmp(words->text + from + quoted, value->text, value->size) == 0) {
		value->quoted = quoted;
		value->raw = words->text + from;
	}
	return value;
}

static int set_pair(struct words *words, const char *name, struct place place,
	struct value *value)
{
	const struct value_pair pair = { .key = name, .value = value, .place = place };

	value_set(words->arena, words->extra, name, value);
	return connection_check(&pair, false, words->err);
}

static int read_pair(struct words *words)
{
	size_t from = words->at;
	size_t size = strcspn(words->text + from, "= \t\n");
	char *name = arena_bytes(words->arena, words->text + from, size);
	struct buffer bytes = { 0 };
	struct place place;
	int result;

	if (words->text[from + size] != '=') {
		error_at(words->err, VARIABLE_INVALID_FORMAT, place_at(words, from), "'%s' has no value",
			name);
		return error_remedy(words->err, "write NAME=VALUE, {a map} or @FILE");
	}
	if (!valid_name(name))
		return refuse_name(name, place_at(words, from), words->err);
	place = place_at(words, from);
	words->at = from + size + 1;
	from = words->at;
	result = read_value(words, &bytes);
	if (result == 0)
		result = set_pair(words, name, place, value_here(words, from, &bytes));
	buffer_free(&bytes);
	return result;
}

static int read_pairs(struct words *words)
{
	for (;;) {
		while (isspace((unsigned char)words->text[words->at]))
			words->at++;
		if (words->text[words->at] == '\0')
			return 0;
		if (read_pair(words) < 0)
			return -1;
	}
}

static int read_file(struct arena *arena, struct source *source, const char *path,
	struct value *extra, struct error *err)
{
	struct place place = { .file = arena_string(arena, path), .line = 1, .column = 1 };
	struct value *map;
	const char *bytes;
	size_t size;

	if (source_read(source, path, &bytes, &size, err) < 0 ||
		tree_parse(arena, path, bytes, size, &map, err) < 0)
		return -1;
	return merge(arena, map, place, extra, err);
}

/* Each -e is a text of its own: -e, -e2, -e3. */
static const char *remember(struct arena *arena, struct source *source, const char *text)
{
	const char *name = "-e";
	const char *known;
	size_t size;

	for (unsigned number = 2; (known = source_text(source, name, &size)); number++) {
		if (size == strlen(text) && memcmp(known, text, size) == 0)
			return name;
		name = arena_printf(arena, "-e%u", number);
	}
	source_remember(source, name, text, strlen(text));
	return name;
}

int variables_extra(struct arena *arena, struct source *source, const char *text,
	struct value *extra, struct error *err)
{
	struct words words = { .arena = arena, .text = arena_string(arena, text), .extra = extra,
		.err = err };
	const char *start = text + strspn(text, " \t\n");
	struct place place = { .line = 1, .column = 1 };
	struct value *map;

	if (*start == '@')
		return read_file(arena, source, start + 1, extra, err);
	words.file = remember(arena, source, text);
	place.file = words.file;
	if (*start != '{' && *start != '[')
		return read_pairs(&words);
	if (tree_parse(arena, words.file, text, strlen(text), &map, err) < 0)
		return -1;
	return merge(arena, map, place, extra, err);
}
