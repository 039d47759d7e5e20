/* expression_bench: variables for the tests of expressions, and how their results are shown. */
#ifndef TESTS_EXPRESSION_BENCH_H
#define TESTS_EXPRESSION_BENCH_H

#include "expression/expression.h"

#include "yaml/tree.h"
#include "variables/variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char variables_text[] =
	"n: 5\n"
	"f: 2.5\n"
	"s: hello\n"
	"empty: ''\n"
	"yes_: true\n"
	"null_: null\n"
	"l: [3, 1, 2]\n"
	"words: [beta, Alpha, gamma]\n"
	"m: {a: 1, b: {c: [10, 20]}}\n"
	"people: [{name: eve, age: 30, ok: true}, {name: bob, age: 25, ok: false}]\n"
	"uni: \"h\xc3\xa9llo w\xc3\xb6rld\"\n"
	"mode: 0644\n"
	"outer: \"{{ inner }} x\"\n"
	"inner: \"{{ n }}\"\n"
	"broken: \"{{ nope }}\"\n";

struct example {
	const char *text;
	const char *shown;   /* as Python's repr() */
};

struct mistake {
	const char *yaml;    /* x: a value; w: a condition */
	unsigned line, column;
	const char *message;
};

static inline struct value *read_yaml(struct arena *arena, const char *text)
{
	struct error err = { 0 };
	struct value *root = NULL;

	if (tree_parse(arena, "site.yml", text, strlen(text), &root, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return root;
}

static inline struct scope *scope_with_variables(struct arena *arena)
{
	struct scope *scope = scope_empty(arena);
	struct value *root = read_yaml(arena, variables_text);

	for (size_t i = 0; i < root->count; i++)
		scope_set(scope, root->pairs[i].key, root->pairs[i].value);
	return scope;
}

/* With quotes around strings, so that the type shows. */
static inline const char *shown(struct arena *arena, struct value *value)
{
	struct value *list = value_list(arena);
	char *text;

	value_append(arena, list, value);
	text = expression_show(arena, list);
	text[strlen(text) - 1] = '\0';
	return text + 1;
}

static inline struct value *fill_in(struct arena *arena, struct scope *scope, const char *text)
{
	struct value *scalar = value_string(arena, text), *filled = NULL;
	struct error err = { 0 };

	scalar->place = (struct place){ .file = "site.yml", .line = 1, .column = 1 };
	if (expression_fill(arena, scope, scalar, &filled, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return filled;
}

static inline void check_examples(const struct example *examples)
{
	for (; examples->text; examples++) {
		struct arena *arena = arena_new();
		struct scope *scope = scope_with_variables(arena);
		struct value *filled = fill_in(arena, scope,
			arena_printf(arena, "{{ %s }}", examples->text));

		if (strcmp(shown(arena, filled), examples->shown) != 0)
			fail_msg("%s is %s, not %s", examples->text, shown(arena, filled),
				examples->shown);
		arena_free(arena);
	}
}

static inline void check_mistake(const struct mistake *mistake)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);
	const struct value *root = read_yaml(arena, mistake->yaml);
	struct value *filled;
	struct error err = { 0 };
	int result = root->pairs[0].key[0] == 'w' ?
		expression_condition(arena, scope, root->pairs[0].value, &filled, &err) :
		expression_fill(arena, scope, root->pairs[0].value, &filled, &err);

	if (result == 0)
		fail_msg("%s is no mistake", mistake->yaml);
	if (strcmp(err.message, mistake->message) != 0)
		fail_msg("%s: '%s', not '%s'", mistake->yaml, err.message, mistake->message);
	if (err.place.line != mistake->line || err.place.column != mistake->column)
		fail_msg("%s: at %u:%u, not at %u:%u", mistake->yaml, err.place.line,
			err.place.column, mistake->line, mistake->column);
	assert_string_equal(err.place.file, "site.yml");
	assert_int_equal(err.kind, ERROR_TEXT);
	arena_free(arena);
}

static inline struct scope *scope_with_unknown(struct arena *arena)
{
	struct scope *scope = scope_with_variables(arena);
	struct value *half = value_map(arena), *pair = value_list(arena);

	scope_set(scope, "later", value_unknown(arena,
		&(struct cause){ .kind = CAUSE_RESULT, .name = "task one" }));
	value_set(arena, half, "known", value_integer(arena, 1));
	value_set(arena, half, "unknown", value_unknown(arena,
		&(struct cause){ .kind = CAUSE_RESULT, .name = "task two" }));
	scope_set(scope, "half", half);
	value_append(arena, pair, value_unknown(arena,
		&(struct cause){ .kind = CAUSE_RESULT, .name = "task two" }));
	value_append(arena, pair, value_string(arena, "x"));
	scope_set(scope, "pair", pair);
	return scope;
}

#endif
