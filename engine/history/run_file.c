/* run_file: run.yml, by one table for writing and reading. */
#include "history/state.h"

#include "base/quote.h"
#include "base/shape.h"
#include "yaml/tree.h"

#include <stdlib.h>
#include <string.h>

enum { CAUSE_MOST = 64 };

#define VERSION_KEY "version"

#define TIME_MOST INT64_C(253402300799)   /* the year 9999 */

/* --- The table --- */

#define TEXT(key, flags, most) { key, SHAPE_TEXT, flags, most, NULL, NULL }
#define MAP(key, keys) { key, SHAPE_MAP, 0, 0, keys, NULL }
#define TABLE(key, item) { key, SHAPE_TABLE, 0, RUN_MOST, item, NULL }
#define ANY(key, kind) { key, kind, SHAPE_MANY_KEYS, RUN_MOST, NULL, NULL }
/* What other versions have beside it is let be. */
#define OTHERS ANY("*", SHAPE_ANY)
#define END { NULL, SHAPE_END, 0, 0, NULL, NULL }

static const struct shape one_text[] = { TEXT(NULL, 0, RUN_MOST) };

static const struct shape host_keys[] = {
	TEXT("state", SHAPE_NEEDED, RUN_MOST), { "changed", SHAPE_INTEGER, 0, 0, NULL, NULL },
	TEXT("cause", 0, CAUSE_MOST),
	OTHERS, END,
};
static const struct shape one_host[] = { MAP(NULL, host_keys) };

static const struct shape one_published[] = { ANY(NULL, SHAPE_ANY) };
static const struct shape told_keys[] = {
	TEXT("host_key", 0, RUN_MOST), ANY("targets", SHAPE_ANY_MAP), ANY("facts", SHAPE_ANY_MAP),
	TABLE("published", one_published),
	OTHERS, END,
};
static const struct shape one_told[] = { MAP(NULL, told_keys) };

static const struct shape file_keys[] = {
	TEXT("path", SHAPE_NEEDED, RUN_MOST), { "body", SHAPE_BOOL, 0, 0, NULL, NULL },
	TEXT("mode", 0, RUN_MOST), TEXT("kind", 0, RUN_MOST), TEXT("target", 0, RUN_MOST),
	TEXT("in", 0, RUN_MOST), TEXT("left_out", 0, RUN_MOST),
	OTHERS, END,
};
static const struct shape one_file[] = { MAP(NULL, file_keys) };

/* A member of struct run_file: its shape says whether it is an integer, a text or a value. */
struct row {
	struct shape shape;
	size_t offset;
};

#define AT(member) offsetof(struct run_file, member)
#define ROW(key, member, kind, flags, most, inside) \
	{ { key, kind, flags, most, inside, NULL }, AT(member) }
#define OF_RUN(name, kind, flags, most, inside) ROW(#name, run.name, kind, flags, most, inside)

static const struct row rows[] = {
	ROW(VERSION_KEY, version, SHAPE_INTEGER, 0, TIME_MOST, NULL),
	OF_RUN(number, SHAPE_INTEGER, SHAPE_NEEDED, TIME_MOST, NULL),
	OF_RUN(run, SHAPE_TEXT, SHAPE_NEEDED, RUN_MOST, NULL),
	OF_RUN(project, SHAPE_TEXT, SHAPE_NEEDED, RUN_MOST, NULL),
	OF_RUN(playbook, SHAPE_TEXT, SHAPE_NEEDED, RUN_MOST, NULL),
	OF_RUN(who, SHAPE_TEXT, SHAPE_NEEDED, RUN_MOST, NULL),
	OF_RUN(time, SHAPE_INTEGER, SHAPE_NEEDED, TIME_MOST, NULL),
	OF_RUN(how, SHAPE_MAP, 0, 0, record_how),
	OF_RUN(hosts, SHAPE_TABLE, SHAPE_NEEDED, RUN_MOST, one_host),
	OF_RUN(left, SHAPE_TABLE, 0, RUN_MOST, one_text),
	OF_RUN(facts, SHAPE_TABLE, 0, RUN_MOST, one_told),
	ROW("files", files, SHAPE_LIST, 0, RUN_MOST, one_file),
};

enum { ROW_COUNT = sizeof(rows) / sizeof(*rows) };

static int check(const struct value *root)
{
	struct shape keys[ROW_COUNT + 2] = { [ROW_COUNT] = OTHERS, [ROW_COUNT + 1] = END };

	for (size_t i = 0; i < ROW_COUNT; i++)
		keys[i] = rows[i].shape;
	return shape_check_map(root, keys, "run.yml", HISTORY_DAMAGED, NULL);
}

/* --- Writing --- */

static void add_inside(struct buffer *out, const struct value *value, bool map)
{
	for (size_t i = 0; i < value->count; i++) {
		buffer_add_string(out, i ? ", " : "");
		if (map) {
			quote_yaml(out, value->pairs[i].key, strlen(value->pairs[i].key));
			buffer_add_string(out, ": ");
		}
		history_add_value(out, map ? value_at(value, i) : value->items[i]);
	}
}

void history_add_value(struct buffer *out, const struct value *value)
{
	bool map = value->kind == VALUE_MAP;

	if (value->kind == VALUE_STRING)
		quote_yaml(out, value->text, value->size);
	else if (value->kind == VALUE_INTEGER)
		buffer_printf(out, "%lld", (long long)value->integer);
	else if (value->kind == VALUE_BOOL)
		buffer_add_string(out, value->truth ? "true" : "false");
	else if (!map && value->kind != VALUE_LIST)
		buffer_add_string(out, "null");
	if (!map && value->kind != VALUE_LIST)
		return;
	buffer_add_char(out, map ? '{' : '[');
	add_inside(out, value, map);
	buffer_add_char(out, map ? '}' : ']');
}

/* What is in it stands on a line each, as people and git compare lines. */
static void add_member(struct buffer *out, const char *key, const struct value *value)
{
	bool map = value->kind == VALUE_MAP;

	buffer_printf(out, "%s:", key);
	if (value->count == 0) {
		buffer_add_char(out, ' ');
		history_add_value(out, value);
	}
	buffer_add_char(out, '\n');
	for (size_t i = 0; i < value->count; i++) {
		buffer_add_string(out, map ? "  " : "  - ");
		if (map) {
			quote_yaml(out, value->pairs[i].key, strlen(value->pairs[i].key));
			buffer_add_string(out, ": ");
		}
		history_add_value(out, map ? value_at(value, i) : value->items[i]);
		buffer_add_char(out, '\n');
	}
}

static struct value *member_value(struct arena *arena, const struct run_file *file,
	const struct row *row)
{
	const void *at = (const char *)file + row->offset;
	const char *text;

	switch (row->shape.kind) {
	case SHAPE_INTEGER:
		return value_integer(arena, *(const int64_t *)at);
	case SHAPE_TEXT:
		text = *(const char *const *)at;
		return value_string(arena, text ? text : "");
	default:
		return *(struct value *const *)at;
	}
}

const char *run_file_text(struct arena *arena, const struct run_file *file)
{
	struct value *root = value_map(arena);
	struct buffer out = { 0 };
	const char *text = NULL;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct value *value = member_value(arena, file, &rows[i]);

		if (value && !(rows[i].shape.kind == SHAPE_TABLE && value->count == 0
				&& !(rows[i].shape.flags & SHAPE_NEEDED)))
			value_set(arena, root, rows[i].shape.key, value);
	}
	if (check(root) < 0)
		return NULL;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct value *value = value_get(root, rows[i].shape.key);

		if (value)
			add_member(&out, rows[i].shape.key, shape_only(arena, &rows[i].shape, value));
	}
	if (out.size <= RUN_MOST)
		text = arena_bytes(arena, out.data, out.size);
	buffer_free(&out);
	return text;
}

/* --- Reading --- */

static void take_member(struct run_file *file, const struct row *row, struct value *value)
{
	void *at = (char *)file + row->offset;

	if (row->shape.kind == SHAPE_INTEGER)
		*(int64_t *)at = value->integer;
	else if (row->shape.kind == SHAPE_TEXT)
		*(const char **)at = value_text(value);
	else
		*(struct value **)at = value;
}

int run_file_take(struct arena *arena, const char *bytes, size_t size, struct run_file *ret_file)
{
	struct error ignored = { 0 };
	struct value *root;

	*ret_file = (struct run_file){ .version = 1 };
	if (tree_parse(arena, "run.yml", bytes, size, &root, &ignored) < 0 || check(root) < 0)
		return -1;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct value *value = value_get(root, rows[i].shape.key);

		if (value && value->kind != VALUE_NULL)
			take_member(ret_file, &rows[i], value);
	}
	return ret_file->run.number < 1 ? -1 : 0;
}

size_t run_file_head(const char *bytes, size_t size)
{
	static const char start[] = "\nfiles:\n", item[] = "  - ";
	const char *end = bytes + size, *files = memmem(bytes, size, start, sizeof(start) - 1);
	const char *line = files ? files + sizeof(start) - 1 : NULL;

	while (line && line < end) {
		if ((size_t)(end - line) < sizeof(item) || memcmp(line, item, sizeof(item) - 1) != 0)
			return size;
		line = memchr(line, '\n', (size_t)(end - line));
		line = line ? line + 1 : NULL;
	}
	return files ? (size_t)(files + 1 - bytes) : size;
}

long run_file_version(const char *bytes)
{
	static const char start[] = VERSION_KEY ": ";

	return strncmp(bytes, start, sizeof(start) - 1) == 0
		? strtol(bytes + sizeof(start) - 1, NULL, 10) : 1;
}
