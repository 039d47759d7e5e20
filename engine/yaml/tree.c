/* tree: libyaml's events → typed values that know their place. */
#include "yaml/tree.h"
#include "yaml/vault.h"

#include "base/quote.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
	const char *name;
	struct value *value;     /* NULL: still being read */
	size_t nodes;
};

struct tree {
	struct arena *arena;
	const char *file;
	const char *bytes;
	size_t size;
	size_t *lines;           /* offset at which each line begins, as libyaml counts lines */
	size_t line_count;
	size_t counted_line;     /* the mark that was counted last: its line, */
	size_t counted;          /* characters of it in front of the mark, */
	size_t counted_at;       /* and where that is */
	yaml_parser_t parser;
	struct anchor *anchors;
	size_t anchor_count;
	size_t nodes;
	size_t depth;
	struct error *err;
};

/* --- Places ----------------------------------------------------------------------------------- */

static size_t line_break(const char *at)
{
	const unsigned char *byte = (const unsigned char *)at;

	if (byte[0] == '\r')
		return byte[1] == '\n' ? 2 : 1;
	if (byte[0] == '\n')
		return 1;
	if (byte[0] == 0xc2 && byte[1] == 0x85)
		return 2;
	if (byte[0] == 0xe2 && byte[1] == 0x80 && (byte[2] == 0xa8 || byte[2] == 0xa9))
		return 3;
	return 0;
}

static void find_lines(struct tree *tree)
{
	size_t capacity = 64;

	tree->lines = arena_array(tree->arena, capacity, sizeof(*tree->lines));
	tree->line_count = 1;
	for (size_t at = 0; at < tree->size;) {
		size_t size = line_break(tree->bytes + at);

		at += size ? size : 1;
		if (!size)
			continue;
		if (tree->line_count == capacity) {
			tree->lines = arena_grow(tree->arena, tree->lines,
				capacity * sizeof(*tree->lines), 2 * capacity * sizeof(*tree->lines));
			capacity *= 2;
		}
		tree->lines[tree->line_count++] = at;
	}
}

/* libyaml counts characters, we count bytes: from the mark before, if that is in front on the same
 * line, as a line may hold the whole text. */
static size_t mark_offset(struct tree *tree, const yaml_mark_t *mark)
{
	size_t line = mark->line < tree->line_count ? mark->line : tree->line_count - 1;
	bool further = tree->counted_line == line
		&& tree->counted <= mark->column;
	size_t column = further ? tree->counted : 0;
	size_t at = further ? tree->counted_at : tree->lines[line];

	for (; column < mark->column && at < tree->size; column++) {
		at++;
		while (at < tree->size && ((unsigned char)tree->bytes[at] & 0xc0) == 0x80)
			at++;
	}
	tree->counted_line = line;
	tree->counted = column;
	tree->counted_at = at;
	return at;
}

static struct place offset_place(const struct tree *tree, size_t offset)
{
	size_t low = 0, high = tree->line_count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (tree->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return (struct place){ tree->file, (unsigned)low + 1,
		(unsigned)(offset - tree->lines[low]) + 1 };
}

static struct place mark_place(struct tree *tree, const yaml_mark_t *mark)
{
	return offset_place(tree, mark_offset(tree, mark));
}

/* --- Errors of libyaml, said so that they help ------------------------------------------------ */

/* The unquoted {{ of a line, if there is one that begins a value; else NULL. */
static const char *unquoted_braces(const struct tree *tree, size_t line)
{
	const char *start, *at;
	size_t size;

	if (line >= tree->line_count)
		return NULL;
	start = tree->bytes + tree->lines[line];
	size = strcspn(start, "\r\n");
	for (at = start; at + 1 < start + size; at++) {
		if (at[0] != '{' || at[1] != '{')
			continue;
		if (at > start + 1 && at[-1] == ' ' && (at[-2] == ':' || at[-2] == '-'))
			return at;
		return NULL;
	}
	return NULL;
}

static int quote_braces(struct tree *tree, const char *at)
{
	struct place place = offset_place(tree, (size_t)(at - tree->bytes));
	size_t size = strcspn(at, "\r\n");

	while (size > 0 && at[size - 1] == ' ')
		size--;
	error_at(tree->err, YAML_UNQUOTED, place, "a value that begins with {{ must be quoted");
	if (memchr(at, '"', size))
		return error_remedy(tree->err, "quote it: '%.*s'", (int)size, at);
	return error_remedy(tree->err, "quote it: \"%.*s\"", (int)size, at);
}

static int syntax_error(struct tree *tree)
{
	const yaml_parser_t *parser = &tree->parser;
	const char *problem = parser->problem ? parser->problem : "this is no YAML";
	const char *context = parser->context ? parser->context : "";
	size_t at = mark_offset(tree, &parser->problem_mark);
	struct place place = offset_place(tree, at);
	const char *braces = unquoted_braces(tree, parser->problem_mark.line);
	char found = at < tree->size ? tree->bytes[at] : '\0';

	if (parser->error == YAML_READER_ERROR)
		return error_at(tree->err, YAML_INVALID_ENCODING, offset_place(tree,
			parser->problem_offset), "the text is not valid UTF-8, or holds a control character");
	if (!braces && parser->context_mark.line != parser->problem_mark.line)
		braces = unquoted_braces(tree, parser->context_mark.line);
	if (!braces && parser->problem_mark.line > 0)
		braces = unquoted_braces(tree, parser->problem_mark.line - 1);
	if (braces)
		return quote_braces(tree, braces);
	if (found == '\t') {
		error_at(tree->err, YAML_INDENTATION, place, "a tab isn't allowed here: YAML is indented "
			"with spaces");
		return error_remedy(tree->err, "indent with spaces");
	}
	if (strcmp(problem, "mapping values are not allowed in this context") == 0) {
		error_at(tree->err, YAML_INDENTATION, place, "a key isn't allowed here: the indentation is "
			"wrong, or a value that holds ': ' isn't quoted");
		return error_remedy(tree->err, "indent it like the surrounding lines, or quote the value");
	}
	if (strstr(problem, "cannot start any token")) {
		error_at(tree->err, YAML_UNQUOTED, place, "a value can't begin with '%c'", found);
		return error_remedy(tree->err, "quote the value");
	}
	if (context[0] && parser->context_mark.line != parser->problem_mark.line)
		return error_at(tree->err, YAML_SYNTAX, place, "%s %s (which began in line %zu)", problem,
			context, parser->context_mark.line + 1);
	return error_at(tree->err, YAML_SYNTAX, place, "%s%s%s", problem, context[0] ? " " : "",
		context);
}

/* --- Values ----------------------------------------------------------------------------------- */

static int next_event(struct tree *tree, yaml_event_t *event)
{
	if (!yaml_parser_parse(&tree->parser, event))
		return syntax_error(tree);
	return 0;
}

static int read_node(struct tree *tree, const yaml_event_t *event, struct value **ret_value);

static int count_nodes(struct tree *tree, size_t nodes, struct place place)
{
	tree->nodes += nodes;
	if (tree->nodes > TREE_NODES_MOST)
		return error_at(tree->err, YAML_TOO_LARGE, place, "the text grows beyond %d values, "
			"aliases counted", (int)TREE_NODES_MOST);
	return 0;
}

static int refuse_tag(struct tree *tree, const char *tag, struct place place)
{
	return error_at(tree->err, YAML_UNSUPPORTED_TAG, place, "the tag %s is not supported", tag);
}

/* Where the scalar itself begins, behind its anchor and tag. */
static size_t scalar_offset(struct tree *tree, const yaml_event_t *event)
{
	size_t at = mark_offset(tree, &event->start_mark);

	if (!event->data.scalar.anchor && !event->data.scalar.tag)
		return at;
	while (tree->bytes[at] == '&' || tree->bytes[at] == '!') {
		at += strcspn(tree->bytes + at, " \t\r\n");
		at += strspn(tree->bytes + at, " \t\r\n");
	}
	return at;
}

/* What is in it stays as it is: only what stands openly in a text is filled in. */
static int read_vault(struct tree *tree, const yaml_event_t *event, struct place place,
	struct value **ret_value)
{
	char *text;
	size_t size;

	if (vault_decrypt(tree->arena, (const char *)event->data.scalar.value, event->data.scalar.length,
			place, &text, &size, tree->err) < 0)
		return -1;
	*ret_value = value_bytes(tree->arena, text, size);
	(*ret_value)->quoted = true;
	(*ret_value)->data = true;
	(*ret_value)->level = LEVEL_SECRET;
	(*ret_value)->place = place;
	return 0;
}

static int read_scalar(struct tree *tree, const yaml_event_t *event, struct value **ret_value)
{
	size_t at = scalar_offset(tree, event);
	struct place place = offset_place(tree, at);
	const char *text = (const char *)event->data.scalar.value;
	const char *tag = (const char *)event->data.scalar.tag;
	bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	bool unsafe = tag && strcmp(tag, "!unsafe") == 0;
	bool string = tag && (strcmp(tag, "!") == 0 || strcmp(tag, YAML_STR_TAG) == 0);
	struct value *value;

	if (tag && (strcmp(tag, "!vault") == 0 || strcmp(tag, "!vault-encrypted") == 0))
		return read_vault(tree, event, place, ret_value);
	if (tag && !unsafe && !string)
		return refuse_tag(tree, tag, place);
	if (memchr(text, '\0', event->data.scalar.length))
		return error_at(tree->err, YAML_INVALID_ENCODING, place, "there is a NUL byte in the text");
	if (quoted || string || unsafe)
		value = value_bytes(tree->arena, text, event->data.scalar.length);
	else if (tree_scalar(tree->arena, text, event->data.scalar.length, place, &value,
		tree->err) < 0)
		return -1;
	value->quoted = quoted;
	value->data = unsafe;
	value->place = place;
	value->raw = tree->bytes + at;
	*ret_value = value;
	return 0;
}

static int read_list(struct tree *tree, struct value *list)
{
	for (;;) {
		struct value *item;
		yaml_event_t event;
		int result;

		if (next_event(tree, &event) < 0)
			return -1;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return 0;
		}
		result = read_node(tree, &event, &item);
		yaml_event_delete(&event);
		if (result < 0)
			return -1;
		value_append(tree->arena, list, item);
	}
}

static int read_key(struct tree *tree, const yaml_event_t *event, struct value_pair *ret_pair)
{
	struct place place = mark_place(tree, &event->start_mark);
	struct value *key;

	if (event->type == YAML_MAPPING_START_EVENT) {
		const char *at = tree->bytes + mark_offset(tree, &event->start_mark);

		if (at > tree->bytes && at[0] == '{' && at[-1] == '{')
			return quote_braces(tree, at - 1);
	}
	if (event->type != YAML_SCALAR_EVENT)
		return error_at(tree->err, YAML_INVALID_KEY, place, "a key must be a simple text");
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag) {
		/* A key is its text: yes: and 12:30: are allowed. */
		size_t at = scalar_offset(tree, event);

		key = value_bytes(tree->arena, event->data.scalar.value, event->data.scalar.length);
		place = offset_place(tree, at);
	} else if (read_scalar(tree, event, &key) < 0) {
		return -1;
	} else {
		place = key->place;
	}
	if (strlen(key->text) != key->size)
		return error_at(tree->err, YAML_INVALID_ENCODING, place, "there is a NUL byte in the text");
	*ret_pair = (struct value_pair){ .key = key->text, .place = place };
	return 0;
}

static int read_pair(struct tree *tree, const yaml_event_t *event, struct value_pair *ret_pair)
{
	yaml_event_t next;
	int result;

	if (read_key(tree, event, ret_pair) < 0 || next_event(tree, &next) < 0)
		return -1;
	result = read_node(tree, &next, &ret_pair->value);
	yaml_event_delete(&next);
	return result;
}

static int add_pair(struct tree *tree, struct value *map, const struct value_pair *pair)
{
	const struct value_pair *first = value_pair(map, pair->key);

	if (!first) {
		value_set_at(tree->arena, map, pair->key, pair->place, pair->value);
		return 0;
	}
	error_at(tree->err, YAML_DUPLICATE_KEY, pair->place, "duplicate key '%s' (first defined in "
		"line %u, column %u)", pair->key, first->place.line, first->place.column);
	return error_remedy(tree->err, "keep one of them");
}

/* What "<<: *name" brings, weakest last: pairs whose keys aren't there yet. */
static int merge_from(struct tree *tree, struct value *map, const struct value *from,
	struct place place)
{
	if (from->kind == VALUE_LIST) {
		for (size_t i = 0; i < from->count; i++) {
			if (from->items[i]->kind != VALUE_MAP)
				return error_at(tree->err, YAML_INVALID_KEY, place, "'<<' takes a map or a list of "
					"maps");
			if (merge_from(tree, map, from->items[i], place) < 0)
				return -1;
		}
		return 0;
	}
	if (from->kind != VALUE_MAP)
		return error_at(tree->err, YAML_INVALID_KEY, place, "'<<' takes a map or a list of maps");
	if (count_nodes(tree, from->count, place) < 0)
		return -1;
	for (size_t i = 0; i < from->count; i++) {
		if (!value_pair(map, from->pairs[i].key))
			value_set_at(tree->arena, map, from->pairs[i].key, from->pairs[i].place,
				from->pairs[i].value);
	}
	return 0;
}

static int merge(struct tree *tree, struct value *map)
{
	const struct value_pair *merged = value_pair(map, "<<");
	struct value *from;
	struct place place;

	if (!merged)
		return 0;
	from = merged->value;
	place = merged->place;
	value_remove(map, "<<");
	return merge_from(tree, map, from, place);
}

static int read_map(struct tree *tree, struct value *map)
{
	for (;;) {
		struct value_pair pair = { 0 };
		yaml_event_t event;
		int result;

		if (next_event(tree, &event) < 0)
			return -1;
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			break;
		}
		result = read_pair(tree, &event, &pair);
		yaml_event_delete(&event);
		if (result < 0 || add_pair(tree, map, &pair) < 0)
			return -1;
	}
	return merge(tree, map);
}

static int read_container(struct tree *tree, const yaml_event_t *event, struct value **ret_value)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *tag = is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
	struct value *value = is_map ? value_map(tree->arena) : value_list(tree->arena);
	int result;

	value->place = mark_place(tree, &event->start_mark);
	if (tag && strcmp((const char *)tag, YAML_MAP_TAG) != 0 &&
		strcmp((const char *)tag, YAML_SEQ_TAG) != 0 && strcmp((const char *)tag, "!") != 0)
		return refuse_tag(tree, (const char *)tag, value->place);
	if (++tree->depth > TREE_DEPTH_MOST)
		return error_at(tree->err, YAML_TOO_LARGE, value->place, "lists and maps are nested deeper "
			"than %d", (int)TREE_DEPTH_MOST);
	result = is_map ? read_map(tree, value) : read_list(tree, value);
	tree->depth--;
	*ret_value = value;
	return result;
}

/* --- Anchors ---------------------------------------------------------------------------------- */

static const char *anchor_of(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

/* Remembers a name; the last use of a name counts. Returns its index. */
static size_t anchor_add(struct tree *tree, const char *name)
{
	tree->anchors = arena_grow(tree->arena, tree->anchors,
		tree->anchor_count * sizeof(*tree->anchors),
		(tree->anchor_count + 1) * sizeof(*tree->anchors));
	tree->anchors[tree->anchor_count].name = arena_string(tree->arena, name);
	return tree->anchor_count++;
}

static int read_alias(struct tree *tree, const yaml_event_t *event, struct value **ret_value)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct place place = mark_place(tree, &event->start_mark);

	for (size_t i = tree->anchor_count; i-- > 0;) {
		const struct anchor *anchor = &tree->anchors[i];

		if (strcmp(anchor->name, name) != 0)
			continue;
		if (!anchor->value)
			return error_at(tree->err, YAML_INVALID_ALIAS, place, "'*%s' is inside the value that "
				"it names", name);
		*ret_value = anchor->value;
		return count_nodes(tree, anchor->nodes, place);
	}
	error_at(tree->err, YAML_INVALID_ALIAS, place, "nothing is named '&%s'", name);
	return error_remedy(tree->err, "quote the value, if the * is meant as text");
}

static int read_node(struct tree *tree, const yaml_event_t *event, struct value **ret_value)
{
	const char *name = anchor_of(event);
	size_t before = tree->nodes;
	size_t index = 0;
	int result;

	if (event->type == YAML_ALIAS_EVENT)
		return read_alias(tree, event, ret_value);
	if (count_nodes(tree, 1, mark_place(tree, &event->start_mark)) < 0)
		return -1;
	if (name) {
		if (tree->anchor_count >= 1000)
			return error_at(tree->err, YAML_TOO_LARGE, mark_place(tree, &event->start_mark),
				"there are more than 1000 anchors");
		index = anchor_add(tree, name);
	}
	if (event->type == YAML_SCALAR_EVENT)
		result = read_scalar(tree, event, ret_value);
	else
		result = read_container(tree, event, ret_value);
	if (name && result == 0) {
		tree->anchors[index].value = *ret_value;
		tree->anchors[index].nodes = tree->nodes - before;
	}
	return result;
}

/* --- The document ----------------------------------------------------------------------------- */

/* Takes one event, of which only the kind is of interest. */
static int take(struct tree *tree, yaml_event_type_t *ret_type, struct place *ret_place)
{
	yaml_event_t event;

	if (next_event(tree, &event) < 0)
		return -1;
	*ret_type = event.type;
	*ret_place = mark_place(tree, &event.start_mark);
	yaml_event_delete(&event);
	return 0;
}

static int read_document(struct tree *tree, struct value **ret_root)
{
	yaml_event_type_t type;
	struct place place;
	yaml_event_t event;
	int result;

	if (take(tree, &type, &place) < 0 || take(tree, &type, &place) < 0)
		return -1;
	if (type == YAML_STREAM_END_EVENT) {
		*ret_root = value_null(tree->arena);
		(*ret_root)->place = (struct place){ tree->file, 1, 1 };
		return 0;
	}
	if (next_event(tree, &event) < 0)
		return -1;
	result = read_node(tree, &event, ret_root);
	yaml_event_delete(&event);
	if (result < 0 || take(tree, &type, &place) < 0 || take(tree, &type, &place) < 0)
		return -1;
	if (type != YAML_STREAM_END_EVENT)
		return error_at(tree->err, YAML_SEVERAL_DOCUMENTS, place, "a second document begins here; "
			"only one is allowed");
	return 0;
}

static int refuse_bytes(struct tree *tree)
{
	const char *nul = memchr(tree->bytes, '\0', tree->size);

	if (nul)
		return error_at(tree->err, YAML_INVALID_ENCODING, offset_place(tree,
			(size_t)(nul - tree->bytes)), "there is a NUL byte in the text");
	return 0;
}

static int parse_bytes(struct tree *tree, const char *bytes, size_t size, struct value **ret_root)
{
	int result;

	tree->bytes = arena_bytes(tree->arena, bytes, size);
	tree->size = size;
	find_lines(tree);
	if (refuse_bytes(tree) < 0)
		return -1;
	if (!yaml_parser_initialize(&tree->parser))
		return error_set(tree->err, RUN_SYSTEM, "cannot start the YAML parser");
	yaml_parser_set_encoding(&tree->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&tree->parser, (const unsigned char *)tree->bytes, size);
	result = read_document(tree, ret_root);
	yaml_parser_delete(&tree->parser);
	return result;
}

int tree_parse(struct arena *arena, const char *file, const char *bytes, size_t size,
	struct value **ret_root, struct error *err)
{
	struct tree tree = { .arena = arena, .err = err, .file = arena_string(arena, file) };
	char *text;

	if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		size -= 3;
	}
	if (!vault_is(bytes, size))
		return parse_bytes(&tree, bytes, size, ret_root);
	if (vault_decrypt(arena, bytes, size, (struct place){ tree.file, 1, 1 }, &text, &size, err) < 0
			|| parse_bytes(&tree, text, size, ret_root) < 0)
		return -1;
	value_raise(*ret_root, LEVEL_SECRET);
	return 0;
}
