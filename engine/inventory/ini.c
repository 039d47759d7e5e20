/* ini: [group], [group:children], [group:vars] and host lines with k=v, as Ansible's. */
#include "inventory/build.h"
#include "yaml/tree.h"
#include "yaml/vault.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum section { SECTION_HOSTS, SECTION_CHILDREN, SECTION_VARS };

struct reader {
	struct inventory *inventory;
	struct arena *arena;
	const char *file;
	unsigned line;
	const char *start;               /* of the line */
	struct inventory_group *group;
	enum section section;
	struct error *err;
};

static struct place place_of(const struct reader *reader, const char *at)
{
	return (struct place){ reader->file, reader->line, (unsigned)(at - reader->start) + 1 };
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r");
}

/* One word, quotes taken off as a shell does; NULL at the end of the line or a comment. */
static int take_word(struct reader *reader, const char **at, char **ret_word,
	struct place *ret_place)
{
	const char *from = skip_blanks(*at);
	char *word = arena_alloc(reader->arena, strlen(from) + 1);
	size_t used = 0;

	*ret_word = NULL;
	*at = from;
	*ret_place = place_of(reader, from);
	if (*from == '\0' || *from == '#')
		return 0;
	while (*from && !isspace((unsigned char)*from)) {
		char quote = *from == '"' || *from == '\'' ? *from : '\0';
		const char *end = quote ? strchr(from + 1, quote) : NULL;

		if (quote && !end)
			return error_at(reader->err, INVENTORY_INVALID_FORMAT, place_of(reader, from),
				"a quote is not closed");
		if (quote) {
			memcpy(word + used, from + 1, (size_t)(end - from - 1));
			used += (size_t)(end - from - 1);
			from = end + 1;
			continue;
		}
		if (*from == '#') {
			error_at(reader->err, INVENTORY_INVALID_FORMAT, place_of(reader, from), "a '#' within "
				"a word");
			return error_remedy(reader->err, "put the value into quotes, or a blank before a comment");
		}
		word[used++] = *from++;
	}
	*at = from;
	*ret_word = word;
	return 0;
}

/* The digits of a number without '_', which stands between two of them; NULL: they are others. */
static char *digits_of(struct arena *arena, const char *text, const char *digits)
{
	char *plain = arena_alloc(arena, strlen(text) + 1);
	size_t used = 0;

	for (size_t i = 0; text[i]; i++) {
		if (text[i] == '_' && i > 0 && text[i - 1] != '_' && text[i + 1])
			continue;
		if (text[i] == '_' || !strchr(digits, text[i]))
			return NULL;
		plain[used++] = text[i];
	}
	return used > 0 ? plain : NULL;
}

/* 12, 0x1f, 0o17, 0b1, 1_000: integers of Python; NULL: it is none. */
static struct value *read_integer(struct arena *arena, const char *text, int sign)
{
	static const struct { const char *begin, *digits; int base; } forms[] = {
		{ "0x", "0123456789abcdefABCDEF", 16 }, { "0o", "01234567", 8 }, { "0b", "01", 2 },
	};
	char *digits = NULL, *end;
	long long number;
	int base = 10;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strncmp(text, forms[i].begin, 2) == 0) {
			digits = digits_of(arena, text + 2, forms[i].digits);
			base = forms[i].base;
		}
	}
	if (base == 10)
		digits = digits_of(arena, text, "0123456789");
	if (!digits || (base == 10 && digits[0] == '0' && digits[1]))
		return NULL;
	errno = 0;
	number = strtoll(digits, &end, base);
	return errno || *end ? NULL : value_integer(arena, sign * number);
}

/* 1.5, 1e3, 2.5e-3 */
static struct value *read_float(struct arena *arena, const char *text, int sign)
{
	char *digits = digits_of(arena, text, "0123456789.eE+-"), *end;
	double number;

	if (!digits || !isdigit((unsigned char)digits[0]) || !strpbrk(digits, ".eE"))
		return NULL;
	number = strtod(digits, &end);
	return *end ? NULL : value_float(arena, sign * number);
}

static struct value *read_number(struct arena *arena, const char *text)
{
	int sign = text[0] == '-' ? -1 : 1;
	struct value *value;

	text += text[0] == '-' || text[0] == '+';
	value = read_integer(arena, text, sign);
	return value ? value : read_float(arena, text, sign);
}

/* Whether a list or map is one in Python: else it is a text, as with Ansible. */
static bool is_literal(const char *text)
{
	static const char *const words[] = { "True", "False", "None" };

	while (*text) {
		const char *end = *text == '"' || *text == '\'' ? strchr(text + 1, *text) : NULL;
		size_t size = 0;

		if (end) {
			text = end + 1;
			continue;
		}
		while (isalnum((unsigned char)text[size]) || text[size] == '_' || text[size] == '.')
			size++;
		for (size_t i = 0; size > 0 && !isdigit((unsigned char)*text) && i < 3; i++) {
			if (strlen(words[i]) == size && strncmp(words[i], text, size) == 0)
				break;
			if (i == 2)
				return false;
		}
		if (size == 0 && !strchr("[]{}(),:+- \t", *text))
			return false;
		text += size ? size : 1;
	}
	return true;
}

/* Places in a text that was parsed alone → places in the file. */
static struct place moved(struct place inner, struct place start)
{
	if (inner.line == 1)
		inner.column += start.column - 1;
	inner.line += start.line - 1;
	return inner;
}

static void move_places(struct value *value, struct place start)
{
	value->place = moved(value->place, start);
	for (size_t i = 0; value->kind == VALUE_LIST && i < value->count; i++)
		move_places(value->items[i], start);
	for (size_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
		value->pairs[i].place = moved(value->pairs[i].place, start);
		move_places(value->pairs[i].value, start);
	}
}

/* [1, 2] or {a: b} */
static int read_structure(struct reader *reader, const char *text, struct place place,
	struct value **ret_value)
{
	struct error inner = { 0 };

	if (tree_parse(reader->arena, reader->file, text, strlen(text), ret_value, &inner) < 0) {
		error_at(reader->err, INVENTORY_INVALID_FORMAT, moved(inner.place, place), "%s",
			inner.message);
		return error_remedy(reader->err, "%s", inner.remedy[0] ? inner.remedy :
			"put it into quotes, if it is a text");
	}
	move_places(*ret_value, place);
	return 0;
}

/* Python's literals, as Ansible reads them: numbers, True, lists; everything else is text. */
static int read_literal(struct reader *reader, const char *text, struct place place,
	struct value **ret_value)
{
	size_t size = strlen(text);

	*ret_value = read_number(reader->arena, text);
	if (strcmp(text, "True") == 0 || strcmp(text, "False") == 0)
		return tree_scalar(reader->arena, text, size, place, ret_value, reader->err);
	if (*ret_value) {
		(*ret_value)->text = arena_string(reader->arena, text);
		(*ret_value)->size = size;
	} else if (strcmp(text, "None") == 0) {
		*ret_value = value_null(reader->arena);
	} else if ((text[0] == '[' || (text[0] == '{' && text[1] != '{' && text[1] != '%'))
			&& is_literal(text)) {
		return read_structure(reader, text, place, ret_value);
	} else {
		if (size > 1 && (text[0] == '"' || text[0] == '\'') && text[size - 1] == text[0]) {
			text++;
			size -= 2;
		}
		*ret_value = value_bytes(reader->arena, text, size);
	}
	(*ret_value)->place = place;
	return 0;
}

/* place is of the name, value_place of the text. */
static int set_variable(struct reader *reader, struct value *vars, const char *name,
	struct place place, const char *text, struct place value_place)
{
	struct value *pair = value_map(reader->arena);
	struct value *value;

	if (read_literal(reader, text, value_place, &value) < 0)
		return -1;
	value_set(reader->arena, pair, name, value);
	pair->pairs[0].place = place;
	if (reader->section == SECTION_VARS)
		build_check_vars(reader->inventory, pair);
	build_merge(reader->arena, vars, pair);
	return 0;
}

/* In a hostfile of MPI, "localhost slots=2" is the machine that reads it. */
static void read_localhost(struct reader *reader, const char *name, struct value *vars)
{
	if (strcmp(name, "localhost") != 0 || !value_get(vars, "slots"))
		return;
	for (size_t i = 0; i < vars->count; i++) {
		if (strncmp(vars->pairs[i].key, "ansible_", strlen("ansible_")) == 0)
			return;
	}
	value_set_string(reader->arena, vars, "ansible_connection", "local");
}

static int read_host_line(struct reader *reader, const char *line)
{
	struct value *vars = value_map(reader->arena);
	struct place place, word_place, value_place;
	char *name, *word;

	if (take_word(reader, &line, &name, &place) < 0)
		return -1;
	for (;;) {
		char *equals;

		if (take_word(reader, &line, &word, &word_place) < 0)
			return -1;
		if (!word)
			break;
		equals = strchr(word, '=');
		if (!equals || equals == word) {
			error_at(reader->err, INVENTORY_INVALID_FORMAT, word_place, "'%s' is not a variable of "
				"'%s'", word, name);
			return error_remedy(reader->err, "write name=value, one host a line");
		}
		*equals = '\0';
		value_place = word_place;
		value_place.column += (unsigned)(equals + 1 - word);
		if (set_variable(reader, vars, word, word_place, equals + 1, value_place) < 0)
			return -1;
	}
	read_localhost(reader, name, vars);
	return build_hosts(reader->inventory, reader->group, name, place, vars, reader->err);
}

static int read_child_line(struct reader *reader, const char *line)
{
	struct inventory_group *child;
	struct place place;
	char *name;

	if (take_word(reader, &line, &name, &place) < 0 ||
		build_group(reader->inventory, name, place, &child, reader->err) < 0)
		return -1;
	if (child == reader->inventory->all)
		return error_at(reader->err, INVENTORY_CYCLE, place, "'all' can't be a child");
	build_child(reader->inventory, reader->group, child);
	return 0;
}

static char *trimmed(struct arena *arena, const char *text, size_t size)
{
	while (size > 0 && isspace((unsigned char)*text)) {
		text++;
		size--;
	}
	while (size > 0 && isspace((unsigned char)text[size - 1]))
		size--;
	return arena_bytes(arena, text, size);
}

static int read_var_line(struct reader *reader, const char *line)
{
	const char *equals = strchr(line, '=');
	struct value *vars = reader->group->vars[GROUP_VARS_INVENTORY];
	const char *value;

	if (!equals || equals == line) {
		error_at(reader->err, INVENTORY_INVALID_FORMAT, place_of(reader, line),
			"this is not a variable of the group '%s'", reader->group->name);
		return error_remedy(reader->err, "write name=value");
	}
	value = skip_blanks(equals + 1);
	return set_variable(reader, vars, trimmed(reader->arena, line, (size_t)(equals - line)),
		place_of(reader, line), trimmed(reader->arena, value, strlen(value)),
		place_of(reader, value));
}

static int read_section(struct reader *reader, const char *line)
{
	const char *end = strchr(line, ']');
	const char *behind = end ? skip_blanks(end + 1) : NULL;
	char *name, *kind;

	if (!end || (*behind && *behind != '#' && *behind != ';'))
		return error_at(reader->err, INVENTORY_INVALID_FORMAT, place_of(reader, line),
			"a section is written [group]");
	name = arena_bytes(reader->arena, line + 1, (size_t)(end - line - 1));
	kind = strchr(name, ':');
	if (kind)
		*kind++ = '\0';
	if (!kind || strcmp(kind, "hosts") == 0) {
		reader->section = SECTION_HOSTS;
	} else if (strcmp(kind, "children") == 0) {
		reader->section = SECTION_CHILDREN;
	} else if (strcmp(kind, "vars") == 0) {
		reader->section = SECTION_VARS;
	} else {
		error_at(reader->err, INVENTORY_UNKNOWN_KEYWORD, place_of(reader, line), "a group has no "
			"'%s'", kind);
		return error_remedy(reader->err, "write [%s:children] or [%s:vars]", name, name);
	}
	if (build_group(reader->inventory, name, place_of(reader, line + 1), &reader->group,
		reader->err) < 0)
		return -1;
	if (reader->section != SECTION_VARS)
		reader->group->declared = true;
	return 0;
}

static int read_line(struct reader *reader, const char *line)
{
	reader->start = line;
	line = skip_blanks(line);
	if (*line == '\0' || *line == '#' || *line == ';')
		return 0;
	if (*line == '[')
		return read_section(reader, line);
	switch (reader->section) {
	case SECTION_HOSTS:
		return read_host_line(reader, line);
	case SECTION_CHILDREN:
		return read_child_line(reader, line);
	case SECTION_VARS:
		return read_var_line(reader, line);
	}
	return 0;
}

int inventory_read_ini(struct inventory *inventory, const char *path, const char *bytes,
	size_t size, struct error *err)
{
	struct reader reader = {
		.inventory = inventory,
		.arena = inventory->arena,
		.file = arena_string(inventory->arena, path),
		.group = inventory->all,
		.err = err,
	};

	if (vault_is(bytes, size)) {
		error_at(err, YAML_VAULT, (struct place){ reader.file, 1, 1 }, "an inventory in INI that is encrypted with "
			"ansible-vault is not supported yet");
		return error_remedy(err, "decrypt it, and encrypt its secrets in group_vars/ or host_vars/");
	}
	/* A byte order mark, as some editors write it, is no part of a name. */
	for (size_t at = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; at < size;) {
		size_t length = strcspn(bytes + at, "\n");

		reader.line++;
		if (read_line(&reader, arena_bytes(reader.arena, bytes + at, length)) < 0)
			return -1;
		at += length;
		if (at < size && bytes[at] == '\0')
			return error_at(err, YAML_INVALID_ENCODING, (struct place){ reader.file, reader.line,
				1 }, "there is a NUL byte in the text");
		at++;
	}
	return 0;
}
