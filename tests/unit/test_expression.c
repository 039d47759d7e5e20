/* What expressions promise: Python's results with their types, the exact place of every mistake,
 * unknowns and secrets that go through, and an end to whatever never ends. */
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

static struct value *read_yaml(struct arena *arena, const char *text)
{
	struct error err = { 0 };
	struct value *root = NULL;

	if (tree_parse(arena, "site.yml", text, strlen(text), &root, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return root;
}

static struct scope *scope_with_variables(struct arena *arena)
{
	struct scope *scope = scope_empty(arena);
	struct value *root = read_yaml(arena, variables_text);

	for (size_t i = 0; i < root->count; i++)
		scope_set(scope, root->pairs[i].key, root->pairs[i].value);
	return scope;
}

/* With quotes around strings, so that the type shows. */
static const char *shown(struct arena *arena, struct value *value)
{
	struct value *list = value_list(arena);
	char *text;

	value_append(arena, list, value);
	text = expression_show(arena, list);
	text[strlen(text) - 1] = '\0';
	return text + 1;
}

static struct value *fill_in(struct arena *arena, struct scope *scope, const char *text)
{
	struct value *scalar = value_string(arena, text), *filled = NULL;
	struct error err = { 0 };

	scalar->place = (struct place){ .file = "site.yml", .line = 1, .column = 1 };
	if (expression_fill(arena, scope, scalar, &filled, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return filled;
}

static void check_examples(const struct example *examples)
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

static const struct example literals_examples[] = {
	{ "1", "1" },
	{ "-7", "-7" },
	{ "1_000", "1000" },
	{ "0x1f", "31" },
	{ "0o17", "15" },
	{ "0b101", "5" },
	{ "1.5", "1.5" },
	{ "1e3", "1000.0" },
	{ "'it''s'", "'its'" },
	{ "\"a\" 'b'", "'ab'" },
	{ "'a\\'b'", "\"a'b\"" },
	{ "true", "True" },
	{ "False", "False" },
	{ "none", "None" },
	{ "None", "None" },
	{ "[]", "[]" },
	{ "[1, 'two', [3.0]]", "[1, 'two', [3.0]]" },
	{ "[1, 2,]", "[1, 2]" },
	{ "{}", "{}" },
	{ "{'a': 1, \"b\": [2]}", "{'a': 1, 'b': [2]}" },
	{ "{1: 'x'}", "{'1': 'x'}" },
	{ "(1, 2)", "[1, 2]" },
	{ "(1)", "1" },
	{ "(1,)", "[1]" },
	{ "()", "[]" },
	{ 0 },
};

static void literals_have_their_types(void **state)
{
	(void)state;
	check_examples(literals_examples);
}

static const struct example names_and_indexes_examples[] = {
	{ "n", "5" },
	{ "m.a", "1" },
	{ "m['a']", "1" },
	{ "m.b.c[1]", "20" },
	{ "m.b.c.0", "10" },
	{ "m.b.c[-1]", "20" },
	{ "m['b'].c", "[10, 20]" },
	{ "s[0]", "'h'" },
	{ "s[-1]", "'o'" },
	{ "uni[1]", "'\xc3\xa9'" },
	{ "people[0].name", "'eve'" },
	{ "l[1:]", "[1, 2]" },
	{ "l[:2]", "[3, 1]" },
	{ "l[::-1]", "[2, 1, 3]" },
	{ "l[::2]", "[3, 2]" },
	{ "l[5:]", "[]" },
	{ "l[-2:]", "[1, 2]" },
	{ "s[1:3]", "'el'" },
	{ "s[::-1]", "'olleh'" },
	{ "uni[:2]", "'h\xc3\xa9'" },
	{ 0 },
};

static void names_indexes_and_slices_read_values(void **state)
{
	(void)state;
	check_examples(names_and_indexes_examples);
}

static const struct example arithmetic_examples[] = {
	{ "1 + 2", "3" },
	{ "1 - 2", "-1" },
	{ "2 * 3", "6" },
	{ "7 / 2", "3.5" },
	{ "6 / 2", "3.0" },
	{ "7 // 2", "3" },
	{ "-7 // 2", "-4" },
	{ "7 % 3", "1" },
	{ "-7 % 3", "2" },
	{ "7 % -3", "-2" },
	{ "2 ** 10", "1024" },
	{ "2 ** -1", "0.5" },
	{ "2 ** 3 ** 2", "64" },
	{ "1 + 2 * 3", "7" },
	{ "(1 + 2) * 3", "9" },
	{ "-2 ** 2", "4" },
	{ "1.5 + 1", "2.5" },
	{ "7.5 // 2", "3.0" },
	{ "-7.5 % 2", "0.5" },
	{ "0.1 + 0.2", "0.30000000000000004" },
	{ "10 / 4 * 2", "5.0" },
	{ "1e16", "1e+16" },
	{ "123456789012345678", "123456789012345678" },
	{ "1e-5", "1e-05" },
	{ "0.0001", "0.0001" },
	{ "1.0", "1.0" },
	{ "'a' + 'b'", "'ab'" },
	{ "[1] + [2, 3]", "[1, 2, 3]" },
	{ "'ab' * 3", "'ababab'" },
	{ "3 * [0]", "[0, 0, 0]" },
	{ "'ab' * 0", "''" },
	{ "1 ~ 2", "'12'" },
	{ "'a' ~ 1 ~ none ~ true ~ [1, 'x']", "\"a1NoneTrue[1, 'x']\"" },
	{ "'%s-%03d' % ('a', 7)", "'a-007'" },
	{ "'%5.2f|' % f", "' 2.50|'" },
	{ "'%x %o %%' % (255, 8)", "'ff 10 %'" },
	{ "'%-5s|%5s|' % ('ab', 'cd')", "'ab   |   cd|'" },
	{ "'%s' % [1, 2]", "'[1, 2]'" },
	{ 0 },
};

static void arithmetic_is_as_in_python(void **state)
{
	(void)state;
	check_examples(arithmetic_examples);
}

static const struct example comparisons_examples[] = {
	{ "1 == 1.0", "True" },
	{ "1 == '1'", "False" },
	{ "'a' < 'b'", "True" },
	{ "'B' < 'a'", "True" },
	{ "1 < 2 < 3", "True" },
	{ "1 < 3 < 2", "False" },
	{ "2 >= 2", "True" },
	{ "2 != 3", "True" },
	{ "[1, 2] == [1, 2]", "True" },
	{ "{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", "True" },
	{ "true == 1", "False" },
	{ "none == none", "True" },
	{ "2 in l", "True" },
	{ "9 in l", "False" },
	{ "9 not in l", "True" },
	{ "'ell' in s", "True" },
	{ "'a' in m", "True" },
	{ "'z' not in m", "True" },
	{ "not 1 in l", "False" },
	{ 0 },
};

static void values_are_compared_with_their_types(void **state)
{
	(void)state;
	check_examples(comparisons_examples);
}

static const struct example and_or_not_if_examples[] = {
	{ "true and false", "False" },
	{ "1 and 2", "2" },
	{ "0 or 'x'", "'x'" },
	{ "'' or none", "None" },
	{ "not ''", "True" },
	{ "not not 1", "True" },
	{ "'a' if n > 3 else 'b'", "'a'" },
	{ "'a' if n > 9 else 'b' if n > 7 else 'c'", "'c'" },
	{ "1 + 1 if true else 0", "2" },
	{ "true or nope", "True" },
	{ "false and nope", "False" },
	{ 0 },
};

static void and_or_not_and_if_decide_as_in_python(void **state)
{
	(void)state;
	check_examples(and_or_not_if_examples);
}

static const struct example tests_examples[] = {
	{ "n is defined", "True" },
	{ "nope is defined", "False" },
	{ "nope is not defined", "True" },
	{ "nope is undefined", "True" },
	{ "m.zz is defined", "False" },
	{ "nope.a.b is undefined", "True" },
	{ "null_ is none", "True" },
	{ "s is string", "True" },
	{ "n is string", "False" },
	{ "n is number", "True" },
	{ "f is number", "True" },
	{ "yes_ is number", "True" },
	{ "n is integer", "True" },
	{ "f is float", "True" },
	{ "yes_ is boolean", "True" },
	{ "m is mapping", "True" },
	{ "l is mapping", "False" },
	{ "l is iterable", "True" },
	{ "n is iterable", "False" },
	{ "s is sequence", "True" },
	{ "4 is even", "True" },
	{ "4 is odd", "False" },
	{ "9 is divisibleby 3", "True" },
	{ "9 is divisibleby(2)", "False" },
	{ "yes_ is true", "True" },
	{ "n is true", "False" },
	{ "not yes_ is false", "True" },
	{ "'abc' is lower", "True" },
	{ "'ABC' is upper", "True" },
	{ "n is eq 5", "True" },
	{ "n is gt 4", "True" },
	{ "n is le(4)", "False" },
	{ "2 is in [1, 2]", "True" },
	{ "[1, 2] is contains 2", "True" },
	{ "[1] is subset [1, 2]", "True" },
	{ "[1, 2] is superset([1])", "True" },
	{ "[true, 0] is any", "True" },
	{ "[true, 0] is all", "False" },
	{ "'' is falsy", "True" },
	{ "n is defined and n is not string", "True" },
	{ "{'changed': true} is changed", "True" },
	{ "{'changed': false} is changed", "False" },
	{ "{'failed': true} is failed", "True" },
	{ "{'rc': 0} is succeeded", "True" },
	{ "{'skipped': true} is skipped", "True" },
	{ "{'results': [{'changed': false}, {'changed': true}]} is changed", "True" },
	{ 0 },
};

static void tests_behind_is_answer(void **state)
{
	(void)state;
	check_examples(tests_examples);
}

static const struct example filters_examples[] = {
	{ "nope | default('x')", "'x'" },
	{ "nope.a.b | default(3)", "3" },
	{ "'' | default('x')", "''" },
	{ "'' | default('x', true)", "'x'" },
	{ "'' | d('x', boolean=true)", "'x'" },
	{ "nope | default", "''" },
	{ "nope | default(nada) | default(4)", "4" },
	{ "1 | default(1 / 0)", "1" },
	{ "l | length", "3" },
	{ "s | count", "5" },
	{ "uni | length", "11" },
	{ "m | length", "2" },
	{ "l | join", "'312'" },
	{ "l | join(', ')", "'3, 1, 2'" },
	{ "people | join('+', attribute='name')", "'eve+bob'" },
	{ "l | first", "3" },
	{ "l | last", "2" },
	{ "s | first", "'h'" },
	{ "[] | first | default('none there')", "'none there'" },
	{ "'AbC' | lower", "'abc'" },
	{ "'AbC' | upper", "'ABC'" },
	{ "uni | upper", "'H\xc3\x89LLO W\xc3\x96RLD'" },
	{ "'aBC dEF' | capitalize", "'Abc def'" },
	{ "\"it's a-b (c)\" | title", "\"It's A-B (C)\"" },
	{ "'12' | int", "12" },
	{ "' 12 ' | int", "12" },
	{ "'1.9' | int", "1" },
	{ "'x' | int", "0" },
	{ "'x' | int(-1)", "-1" },
	{ "'ff' | int(0, 16)", "255" },
	{ "'0x1f' | int(base=16)", "31" },
	{ "'0b11' | int(0, 2)", "3" },
	{ "1.9 | int", "1" },
	{ "true | int", "1" },
	{ "'1.5' | float", "1.5" },
	{ "'x' | float", "0.0" },
	{ "1 | float", "1.0" },
	{ "'yes' | bool", "True" },
	{ "'True' | bool", "True" },
	{ "'1' | bool", "True" },
	{ "1 | bool", "True" },
	{ "'no' | bool", "False" },
	{ "'maybe' | bool", "False" },
	{ "none | bool", "False" },
	{ "1 | string", "'1'" },
	{ "none | string", "'None'" },
	{ "[1, 'a'] | string", "\"[1, 'a']\"" },
	{ "1.0 | string", "'1.0'" },
	{ "'abc' | list", "['a', 'b', 'c']" },
	{ "m | list", "['a', 'b']" },
	{ "'  a ' | trim", "'a'" },
	{ "'xxaxx' | trim('x')", "'a'" },
	{ "'aXbXc' | replace('X', '--')", "'a--b--c'" },
	{ "'aXbXc' | replace('X', '', 1)", "'abXc'" },
	{ "'abc' | replace('', '-')", "'-a-b-c-'" },
	{ "l | sort", "[1, 2, 3]" },
	{ "l | sort(reverse=true)", "[3, 2, 1]" },
	{ "words | sort", "['Alpha', 'beta', 'gamma']" },
	{ "words | sort(case_sensitive=true)", "['Alpha', 'beta', 'gamma']" },
	{ "people | sort(attribute='age') | map(attribute='name') | list", "['bob', 'eve']" },
	{ "['b', 'a', 'B'] | unique", "['b', 'a']" },
	{ "['b', 'a', 'B', 'b'] | unique(true)", "['b', 'a', 'B']" },
	{ "l | reverse", "[2, 1, 3]" },
	{ "l | reverse | list", "[2, 1, 3]" },
	{ "'abc' | reverse", "'cba'" },
	{ "people | map(attribute='name') | list", "['eve', 'bob']" },
	{ "people | map(attribute='zz', default=0) | list", "[0, 0]" },
	{ "words | map('upper') | list", "['BETA', 'ALPHA', 'GAMMA']" },
	{ "words | map('replace', 'a', '_') | join(' ')", "'bet_ Alph_ g_mm_'" },
	{ "m | map('length') | list", "[1, 1]" },
	{ "[0, 1, ''] | select | list", "[1]" },
	{ "[0, 1, ''] | reject | list", "[0, '']" },
	{ "[1, 2, 3] | select('odd') | list", "[1, 3]" },
	{ "[1, 2, 3] | reject('gt', 1) | list", "[1]" },
	{ "people | selectattr('ok') | map(attribute='name') | list", "['eve']" },
	{ "people | rejectattr('ok') | map(attribute='name') | list", "['bob']" },
	{ "people | selectattr('age', 'ge', 30) | map(attribute='name') | first", "'eve'" },
	{ "people | selectattr('zz', 'defined') | list", "[]" },
	{ "l | min", "1" },
	{ "l | max", "3" },
	{ "words | max", "'gamma'" },
	{ "people | max(attribute='age')", "{'name': 'eve', 'age': 30, 'ok': True}" },
	{ "l | sum", "6" },
	{ "people | sum(attribute='age')", "55" },
	{ "[[1], [2]] | sum(start=[])", "[1, 2]" },
	{ "-5 | abs", "5" },
	{ "-1.5 | abs", "1.5" },
	{ "2.5 | round", "2.0" },
	{ "3.5 | round", "4.0" },
	{ "2.567 | round(1)", "2.6" },
	{ "2.1 | round(0, 'ceil')", "3.0" },
	{ "1234 | round(-2)", "1200" },
	{ "2 | pow(3)", "8.0" },
	{ "{'a': [1, none, true, 'x\"\xc3\xa9']} | to_json",
		"'{\"a\": [1, null, true, \"x\\\\\"\\\\u00e9\"]}'" },
	{ "{'b': 1, 'a': 2} | to_nice_json", "'{\\n    \"a\": 2,\\n    \"b\": 1\\n}'" },
	{ "'{\"a\": [1, 2.5, null, \"\xc3\xa9\"]}' | from_json",
		"{'a': [1, 2.5, None, '\xc3\xa9']}" },
	{ "'[1]' | from_json", "[1]" },
	{ "'[\"\xe2\x82\xac\xf0\x9f\x98\x80\", \"\\u20ac\"]' | from_json",
		"['\xe2\x82\xac\xf0\x9f\x98\x80', '\xe2\x82\xac']" },
	{ "'\xe2\x82\xac' | to_json(ensure_ascii=false) | from_json", "'\xe2\x82\xac'" },
	{ "\"it's\" | quote", "\"'it'\\\\''s'\"" },
	{ "'plain' | quote", "'plain'" },
	{ "'' | quote", "\"''\"" },
	{ "'/a/b.c' | basename", "'b.c'" },
	{ "'/a/b/' | basename", "''" },
	{ "'/a/b.c' | dirname", "'/a'" },
	{ "'/a' | dirname", "'/'" },
	{ "'b.c' | dirname", "''" },
	{ "'/x/b.tar.gz' | splitext", "['/x/b.tar', '.gz']" },
	{ "{'a': 1} | dict2items", "[{'key': 'a', 'value': 1}]" },
	{ "{'a': 1} | dict2items('k', 'v')", "[{'k': 'a', 'v': 1}]" },
	{ "[{'key': 'a', 'value': 1}] | items2dict", "{'a': 1}" },
	{ "{'a': 1} | combine({'b': 2}, {'a': 3})", "{'a': 3, 'b': 2}" },
	{ "{'a': {'x': 1}} | combine({'a': {'y': 2}})", "{'a': {'y': 2}}" },
	{ "{'a': {'x': 1}} | combine({'a': {'y': 2}}, recursive=true)", "{'a': {'x': 1, 'y': 2}}" },
	{ "{'a': [1]} | combine({'a': [2]}, list_merge='append')", "{'a': [1, 2]}" },
	{ "{'b': 1, 'a': 2} | dictsort", "[['a', 2], ['b', 1]]" },
	{ "[1, [2, [3, none]]] | flatten", "[1, 2, 3]" },
	{ "[1, [2, [3]]] | flatten(1)", "[1, 2, [3]]" },
	{ "[1, 2] | union([2, 3])", "[1, 2, 3]" },
	{ "[1, 2, 2] | difference([1])", "[2]" },
	{ "[1, 2, 3] | intersect([3, 1])", "[1, 3]" },
	{ "[1, 2] | symmetric_difference([2, 3])", "[1, 3]" },
	{ "[1, 2] | zip(['a', 'b', 'c']) | list", "[[1, 'a'], [2, 'b']]" },
	{ "[1, 2] | zip_longest([3], fillvalue=0) | list", "[[1, 3], [2, 0]]" },
	{ "[1, 2, 3] | batch(2) | list", "[[1, 2], [3]]" },
	{ "[1, 2, 3] | batch(2, 0) | list", "[[1, 2], [3, 0]]" },
	{ "'h\xc3\xa9\xc3\xa9' | b64encode", "'aMOpw6k='" },
	{ "'aGk=' | b64decode", "'hi'" },
	{ "true | ternary('a', 'b')", "'a'" },
	{ "none | ternary('a', 'b', 'c')", "'c'" },
	{ "true | ternary(1, nope)", "1" },
	{ "'a b  c' | split", "['a', 'b', 'c']" },
	{ "'a,b,c' | split(',')", "['a', 'b', 'c']" },
	{ "'a,b,c' | split(',', 1)", "['a', 'b,c']" },
	{ "'a\\nb' | indent(2)", "'a\\\\nb'" },
	{ "'%s=%d' | format('a', 1)", "'a=1'" },
	{ "'a b' | wordcount", "2" },
	{ "'a' | extract({'a': 7})", "7" },
	{ "'a' | extract({'a': {'b': 8}}, 'b')", "8" },
	{ "['a', 'b'] | map('extract', {'a': 1, 'b': 2}) | list", "[1, 2]" },
	{ "n | mandatory", "5" },
	{ 0 },
};

static void filters_change_values(void **state)
{
	(void)state;
	check_examples(filters_examples);
}

static const struct example methods_and_functions_examples[] = {
	{ "'a,b'.split(',')", "['a', 'b']" },
	{ "' a '.strip()", "'a'" },
	{ "'abc'.startswith('a')", "True" },
	{ "'abc'.endswith(('x', 'c'))", "True" },
	{ "'aBc'.upper() + 'aBc'.lower()", "'ABCabc'" },
	{ "'abc'.replace('b', 'x')", "'axc'" },
	{ "'-'.join(['a', 'b'])", "'a-b'" },
	{ "'a b c'.rsplit(' ', 1)", "['a b', 'c']" },
	{ "'a\\nb'.splitlines()", "['a\\\\nb']" },
	{ "'abc'.find('c')", "2" },
	{ "'7'.zfill(3)", "'007'" },
	{ "'12'.isdigit()", "True" },
	{ "'ab'.ljust(4) + '|'", "'ab  |'" },
	{ "'x-y'.title()", "'X-Y'" },
	{ "'aba'.count('a')", "2" },
	{ "m.items()", "[['a', 1], ['b', {'c': [10, 20]}]]" },
	{ "m.keys()", "['a', 'b']" },
	{ "m.values() | list | length", "2" },
	{ "m.get('a')", "1" },
	{ "m.get('zz')", "None" },
	{ "m.get('zz', 3)", "3" },
	{ "[1, 2].index(2)", "1" },
	{ "range(3)", "[0, 1, 2]" },
	{ "range(1, 7, 2) | list", "[1, 3, 5]" },
	{ "range(3, 0, -1) | list", "[3, 2, 1]" },
	{ "dict(a=1, b='x')", "{'a': 1, 'b': 'x'}" },
	{ "loop is defined", "False" },
	{ 0 },
};

static void methods_and_functions_are_called(void **state)
{
	(void)state;
	check_examples(methods_and_functions_examples);
}

static const struct example regular_expressions_examples[] = {
	{ "'node-12' | regex_replace('-(\\d+)', '_\\1')", "'node_12'" },
	{ "'node-12' | regex_replace('(?P<name>\\w+)-', '\\g<name>+')", "'node+12'" },
	{ "'abxd' | regex_replace('x*', '-')", "'-a-b--d-'" },
	{ "'AbA' | regex_replace('a', 'x', ignorecase=true)", "'xbx'" },
	{ "'aaa' | regex_replace('a', 'b', count=2)", "'bba'" },
	{ "'a1b22' | regex_replace('[0-9]+')", "'ab'" },
	{ "'ab12' | regex_search('\\d+')", "'12'" },
	{ "'ab' | regex_search('\\d+')", "None" },
	{ "'eth0: up' | regex_search('(\\w+): (\\w+)', '\\2', '\\1')", "['up', 'eth0']" },
	{ "'a1b22' | regex_findall('\\d+')", "['1', '22']" },
	{ "'a=1,b=2' | regex_findall('(\\w)=(\\d)')", "[['a', '1'], ['b', '2']]" },
	{ "'a.b*c' | regex_escape", "'a\\\\.b\\\\*c'" },
	{ "'abc' is match('b')", "False" },
	{ "'abc' is match('a.c')", "True" },
	{ "'abc' is search('b')", "True" },
	{ "'abc' is regex('^B', ignorecase=true)", "False" },
	{ "'foobar' is match('foo(?!baz)')", "True" },
	{ "'xay' | regex_replace('(?:x|y)', '')", "'a'" },
	{ "'a b' | regex_replace('\\s', '')", "'ab'" },
	{ "'<a><b>' | regex_replace('<.+?>', '#')", "'##'" },
	{ "['web1', 'db1'] | select('match', 'web') | list", "['web1']" },
	{ "'x' | regex_replace('^x{2,3}$', 'y')", "'x'" },
	{ "'xx' | regex_replace('^x{2,3}$', 'y')", "'y'" },
	{ "'abab' | regex_replace('(ab)\\1', 'c')", "'c'" },
	{ "'h\xc3\xa9\xc3\xa9' | regex_replace('\xc3\xa9+', 'e')", "'he'" },
	{ "('a' * 3) is match('a{3}$')", "True" },
	{ 0 },
};

static void regular_expressions_are_as_in_python(void **state)
{
	(void)state;
	check_examples(regular_expressions_examples);
}

static const struct example versions_examples[] = {
	{ "'1.10' is version('1.9', '>')", "True" },
	{ "'1.10' is version('1.10')", "True" },
	{ "'1.10.1' is version('1.10', '>=')", "True" },
	{ "'2.0rc1' is version('2.0', 'gt')", "True" },
	{ "'1.0' is version('1.0.0', 'lt')", "True" },
	{ "'12.4' is version('12', '!=')", "True" },
	{ "'6.1.0-18' is version('6.1', 'ge')", "True" },
	{ "1.5 is version('1.10', '<')", "True" },
	{ 0 },
};

static void versions_are_compared_by_their_parts(void **state)
{
	(void)state;
	check_examples(versions_examples);
}

static const struct example other_filters_examples[] = {
	{ "[1, 'yes', none, 1.0] | to_yaml", "\"[1, 'yes', null, 1.0]\\n\"" },
	{ "{'b': [1, {'c': 'x'}], 'a': 'no'} | to_nice_yaml(indent=2)",
		"\"a: 'no'\\nb:\\n- 1\\n- c: x\\n\"" },
	{ "'a: [1, yes]' | from_yaml", "{'a': [1, True]}" },
	{ "['/etc', 'a', 'b.conf'] | path_join", "'/etc/a/b.conf'" },
	{ "['/etc', '/a'] | path_join", "'/a'" },
	{ "'managed' | comment", "'#\\n# managed\\n#'" },
	{ "'a b/c?d' | urlencode", "'a%20b/c%3Fd'" },
	{ "'ab' | center(6)", "'  ab  '" },
	{ "1 | type_debug", "'int'" },
	{ "[1] | type_debug", "'list'" },
	{ "people | groupby('ok') | map('first') | list", "[False, True]" },
	{ "[{'n': 1, 'l': ['a', 'b']}] | subelements('l') | map('last') | list", "['a', 'b']" },
	{ "[{'n': 1}] | subelements('l', skip_missing=true)", "[]" },
	{ "[1, 2] | product(['a', 'b']) | map('join') | list", "['1a', '1b', '2a', '2b']" },
	{ 0 },
};

static void filters_write_yaml_paths_and_groups(void **state)
{
	(void)state;
	check_examples(other_filters_examples);
}

static const struct mistake mistakes[] = {
	{ "x: \"{{ nope }}\"",
		1, 8, "'nope' is undefined" },
	{ "x: \"{{ peopl }}\"",
		1, 8, "'peopl' is undefined" },
	{ "x: 'some {{ n }} and {{ nope }}'",
		1, 25, "'nope' is undefined" },
	{ "x: plain {{ nope }}",
		1, 13, "'nope' is undefined" },
	{ "x: \"{{ m.zz }}\"",
		1, 10, "the map has no key 'zz'" },
	{ "x: \"{{ m['b'].d }}\"",
		1, 15, "the map has no key 'd'" },
	{ "x: \"{{ nope.a.b }}\"",
		1, 8, "'nope' is undefined" },
	{ "x: \"{{ l[7] }}\"",
		1, 10, "index 7 is outside of a list of 3" },
	{ "x: \"{{ s.zz }}\"",
		1, 10, "a string has no 'zz'" },
	{ "x: \"{{ n.zz }}\"",
		1, 10, "an integer has no 'zz'" },
	{ "x: \"{{ n + 'a' }}\"",
		1, 10, "cannot add an integer and a string" },
	{ "x: \"{{ 'a' - 'b' }}\"",
		1, 12, "cannot subtract a string and a string" },
	{ "x: \"{{ [1] + 'a' }}\"",
		1, 12, "cannot add a list and a string" },
	{ "x: \"{{ yes_ + 1 }}\"",
		1, 13, "cannot add a boolean and an integer" },
	{ "x: \"{{ 1 / 0 }}\"",
		1, 10, "division by zero" },
	{ "x: \"{{ 1 // 0 }}\"",
		1, 10, "division by zero" },
	{ "x: \"{{ 5 % 0 }}\"",
		1, 10, "division by zero" },
	{ "x: \"{{ 9223372036854775807 + 1 }}\"",
		1, 28, "the result is larger than 64 bits" },
	{ "x: \"{{ 3 ** 99 }}\"",
		1, 10, "the result is larger than 64 bits" },
	{ "x: \"{{ 99999999999999999999 }}\"",
		1, 8, "this integer is too large" },
	{ "x: \"{{ 'a' < 1 }}\"",
		1, 12, "cannot order a string and an integer" },
	{ "x: \"{{ 1 in 5 }}\"",
		1, 10, "nothing can be in an integer" },
	{ "x: \"{{ 1 in 'abc' }}\"",
		1, 10, "an integer cannot be in a string" },
	{ "x: \"{{ -s }}\"",
		1, 8, "a string has no sign" },
	{ "x: \"{{ s | uper }}\"",
		1, 12, "there is no filter 'uper'" },
	{ "x: \"{{ s | sha1 }}\"",
		1, 12, "the filter 'sha1' is not supported yet" },
	{ "x: \"{{ s | community.general.thing }}\"",
		1, 12,
		"the filter 'community.general.thing' of a collection is not supported yet" },
	{ "x: \"{{ s is strin }}\"",
		1, 13, "there is no test 'strin'" },
	{ "x: \"{{ s is file }}\"",
		1, 13, "the test 'file' is not supported yet" },
	{ "x: \"{{ lookup('file', '/etc/passwd') }}\"",
		1, 8, "the function 'lookup' is not supported yet" },
	{ "x: \"{{ rang(3) }}\"",
		1, 8, "there is no function 'rang'" },
	{ "x: \"{{ s.uper() }}\"",
		1, 10, "there is no method 'uper'" },
	{ "x: \"{{ l.append(1) }}\"",
		1, 10, "the method 'append' is not supported yet" },
	{ "x: \"{{ n.items() }}\"",
		1, 10, "'items' needs a map, not an integer" },
	{ "x: \"{{ s | replace('a') }}\"",
		1, 12, "'replace' needs the argument 'new'" },
	{ "x: \"{{ s | upper(1) }}\"",
		1, 12, "'upper' takes at most 0 arguments" },
	{ "x: \"{{ s | replace('a', 'b', coun=1) }}\"",
		1, 12, "'replace' has no argument 'coun'" },
	{ "x: \"{{ s | replace(old='a', old='b') }}\"",
		1, 12, "'old' is given twice" },
	{ "x: \"{{ n | first }}\"",
		1, 12, "an integer has no items" },
	{ "x: \"{{ n | length }}\"",
		1, 12, "'length' needs a string, a list or a map, not an integer" },
	{ "x: \"{{ l | upper }}\"",
		1, 12, "'upper' needs a string, not a list" },
	{ "x: \"{{ l | indent('x', first='y') }}\"",
		1, 12, "'indent' needs a string, not a list" },
	{ "x: \"{{ ['a', 1] | sort }}\"",
		1, 19, "cannot order a string and an integer" },
	{ "x: \"{{ [] | first }}\"",
		1, 13, "a list is empty: it has no first item" },
	{ "x: \"{{ [] | max }}\"",
		1, 13, "there is no 'max' of nothing" },
	{ "x: \"{{ l | map('uper') | list }}\"",
		1, 16, "there is no filter 'uper'" },
	{ "x: \"{{ l | select('od') | list }}\"",
		1, 19, "there is no test 'od'" },
	{ "x: \"{{ people | map(attribute='zz') | list }}\"",
		1, 17, "the map has no key 'zz'" },
	{ "x: \"{{ 'x' | from_json }}\"",
		1, 14, "this string is no JSON" },
	{ "x: \"{{ '[\xc3\xa9]' | from_json }}\"",
		1, 17, "this string is no JSON" },
	{ "x: \"{{ '*' | b64decode }}\"",
		1, 14, "this string is no base64" },
	{ "x: \"{{ l | dict2items }}\"",
		1, 12, "'dict2items' needs a map, not a list" },
	{ "x: \"{{ nope | mandatory }}\"",
		1, 8, "'nope' is undefined" },
	{ "x: \"{{ nope | mandatory('set it') }}\"",
		1, 15, "set it" },
	{ "x: \"{{ m[l] }}\"",
		1, 10, "the key of a map must be a string, not a list" },
	{ "x: \"{{ {l: 1} }}\"",
		1, 9, "the key of a map must be a string, not a list" },
	{ "x: \"{{ l['a':] }}\"",
		1, 10, "a slice needs integers, not a string" },
	{ "x: \"{{ l[::0] }}\"",
		1, 9, "the step of a slice cannot be 0" },
	{ "x: \"{{ 'x' if n > 9 }}\"",
		1, 12, "the condition is false, and there is no else" },
	{ "x: \"{{ '%d' % 'a' }}\"",
		1, 13, "%d needs a number, not a string" },
	{ "x: \"{{ '%d %d' % 1 }}\"",
		1, 16, "the format needs more than 1 value" },
	{ "x: \"{{ omit ~ 'x' }}\"",
		1, 13, "omit cannot be a part of a text" },
	{ "x: \"a {{ omit }}\"",
		1, 10, "omit cannot be a part of a text" },
	{ "x: \"{{ }}\"",
		1, 5, "there is nothing in {{ }}" },
	{ "x: \"{{ n\"",
		1, 9, "'}}' is missing" },
	{ "x: \"{{ n + }}\"",
		1, 12, "here is the end, but a value is expected" },
	{ "x: \"{{ n n }}\"",
		1, 10, "here is 'n', but }} is expected" },
	{ "x: \"{{ (n }}\"",
		1, 8, "this '(' is never closed" },
	{ "x: \"{{ [n }}\"",
		1, 8, "this '[' is never closed" },
	{ "x: \"{{ n) }}\"",
		1, 9, "')' without '('" },
	{ "x: \"{{ [n) }}\"",
		1, 10, "')' closes '['" },
	{ "x: \"{{ 'abc }}\"",
		1, 8, "this string has no end" },
	{ "x: \"{{ n ? 1 }}\"",
		1, 10, "'?' has no meaning here" },
	{ "x: \"{{ n = 1 }}\"",
		1, 10, "here is '=', but }} is expected" },
	{ "x: \"{{ 012 }}\"",
		1, 8, "an integer cannot begin with 0" },
	{ "x: \"{{ {{ n }} }}\"",
		1, 8, "{{ }} inside of an expression" },
	{ "x: \"{{ a. }}\"",
		1, 11, "here is the end, but a name is expected" },
	{ "x: \"{{ a[] }}\"",
		1, 10, "here is ']', but an index is expected" },
	{ "x: \"{{ n | }}\"",
		1, 12, "here is the end, but the name of a filter is expected" },
	{ "x: \"{{ n is }}\"",
		1, 13, "here is the end, but the name of a test is expected" },
	{ "x: \"{{ not }}\"",
		1, 12, "here is the end, but a value is expected" },
	{ "x: \"{{ {'a' 1} }}\"",
		1, 13, "here is a number, but ':' is expected" },
	{ "x: \"{{ n if }}\"",
		1, 13, "here is the end, but a value is expected" },
	{ "x: \"{{ 5() }}\"",
		1, 9, "this is no function and cannot be called" },
	{ "x: \"{{ f(a=1, 2) }}\"",
		1, 15, "an argument without a keyword cannot follow one with it" },
	{ "x: \"{% if n %}a\"",
		1, 5, "this {% if %} has no {% endif %}" },
	{ "x: \"{% for a in l %}a\"",
		1, 5, "this {% for %} has no {% endfor %}" },
	{ "x: \"{% endif %}\"",
		1, 8, "{% endif %} has nothing to belong to" },
	{ "x: \"{% fi n %}\"",
		1, 8, "there is no {% fi %}" },
	{ "x: \"{% include 'x' %}\"",
		1, 8, "{% include %} is not supported yet" },
	{ "x: \"{% if n %}a{% else %}b{% elif n %}c{% endif %}\"",
		1, 30, "{% elif %} has nothing to belong to" },
	{ "x: \"{% for in l %}{% endfor %}\"",
		1, 15, "'in' is expected" },
	{ "x: \"{% for a of l %}{% endfor %}\"",
		1, 14, "'in' is expected" },
	{ "x: \"{% set = 1 %}\"",
		1, 12, "the name of a variable is expected" },
	{ "x: \"{% raw %}{{ n }}\"",
		1, 5, "this {% raw %} has no {% endraw %}" },
	{ "x: \"{# open\"",
		1, 5, "this {# is never closed" },
	{ "x: \"{% for a, b in [[1]] %}{% endfor %}\"",
		1, 5, "a list of 1 cannot become 2 variables" },
	{ "x: \"{% for a in n %}{% endfor %}\"",
		1, 17, "an integer has no items" },
	{ "x: \"{{ '\xc3\xa9' ~ nope }}\"",
		1, 15, "'nope' is undefined" },
	{ "x: |\n  first {{ n }}\n  second {{ nope }}\n",
		3, 13, "'nope' is undefined" },
	{ "x:\n  y: \"{{ n }}\"\n  z: [\"{{ n }}\", \"{{ nope }}\"]",
		3, 22, "'nope' is undefined" },
	{ "x: {\"{{ nope }}\": 1}",
		1, 5, "'nope' is undefined" },
	{ "x: 'it''s {{ nope }}'",
		1, 14, "'nope' is undefined" },
	{ "x: \"a\\tb {{ nope }}\"",
		1, 13, "'nope' is undefined" },
	{ "x: \"{% set l.a = 1 %}\"",
		1, 5, "only what namespace() made can be changed; 'l' is a list" },
	{ "x: \"{{ 's' | regex_replace('(a', 'b') }}\"",
		1, 14, "the regular expression is wrong at character 3: missing closing parenthesis" },
	{ "x: \"{{ 's' | regex_replace('[a', 'b') }}\"",
		1, 14, "the regular expression is wrong at character 3: missing terminating ] for character class" },
	{ "x: \"{{ 's' | regex_replace('a**', 'b') }}\"",
		1, 14, "the regular expression is wrong at character 3: quantifier does not follow a repeatable item" },
	{ "x: \"{{ 's' | regex_replace('s', '\\\\2') }}\"",
		1, 14, "the regular expression has no such group" },
	{ "x: \"{{ 's' is match('(?=a)b(?z)') }}\"",
		1, 15,
		"the regular expression is wrong at character 9: unrecognized character after (? or (?-" },
	{ "x: \"{{ '1.a' is version('1.2') }}\"",
		1, 17, "these versions cannot be compared: a number meets a word" },
	{ "x: \"{{ '1' is version('1', '=>') }}\"",
		1, 15, "the operator must be ==, !=, <, <=, > or >=" },
	{ "x: \"{{ 'a: [' | from_yaml }}\"",
		1, 17, "this string is no YAML that is understood" },
	{ "w: nope == 1",
		1, 4, "'nope' is undefined" },
	{ "w: \"{{ n }} == 1\"",
		1, 5, "{{ }} inside of an expression" },
	{ "w: n is defined and {{ n }}",
		1, 21, "{{ }} inside of an expression" },
	{ "w: s",
		1, 4, "a condition must be true or false, not a string" },
	{ "w: n",
		1, 4, "a condition must be true or false, not an integer" },
	{ "w: l",
		1, 4, "a condition must be true or false, not a list" },
	{ "w: \"\"",
		1, 5, "this expression is empty" },
	{ "w: 5",
		1, 4, "a condition is an expression or a boolean, not an integer" },
	{ "w: {a: 1}",
		1, 4, "a condition is an expression or a boolean, not a map" },
	{ "w: [n == 5, nop\xc3\xa9]",
		1, 16, "this character has no meaning here" },
	{ "w: n == 5 and",
		1, 14, "here is the end, but a value is expected" },
	{ "w: n == \"a",
		1, 9, "this string has no end" },
	{ 0 },
};

static void check_mistake(const struct mistake *mistake)
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

static void every_mistake_has_its_exact_place(void **state)
{
	(void)state;
	for (const struct mistake *mistake = mistakes; mistake->yaml; mistake++)
		check_mistake(mistake);
}

static void what_is_misspelt_gets_a_suggestion(void **state)
{
	static const char *const words[][2] = {
		{ "{{ peopl }}", "did you mean 'people'?" },
		{ "{{ s | uper }}", "did you mean 'upper'?" },
		{ "{{ s is strin }}", "did you mean 'string'?" },
		{ "{{ people[0].nam }}", "did you mean 'name'?" },
		{ "{{ s.uper() }}", "did you mean 'upper'?" },
		{ "{{ 's' ~ debian }}",
		"define it, give it a default, or quote it if it is a text: 'debian'" },
		{ "{% fi n %}", "did you mean 'if'?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct arena *arena = arena_new();
		struct scope *scope = scope_with_variables(arena);
		struct value *scalar = value_string(arena, words[i][0]), *filled;
		struct error err = { 0 };

		assert_int_equal(expression_fill(arena, scope, scalar, &filled, &err), -1);
		assert_string_equal(err.remedy, words[i][1]);
		arena_free(arena);
	}
}

static void one_expression_alone_keeps_its_type(void **state)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);

	(void)state;
	assert_string_equal(shown(arena, fill_in(arena, scope, "{{ n }}")), "5");
	assert_string_equal(shown(arena, fill_in(arena, scope, "{{- l -}}")), "[3, 1, 2]");
	assert_string_equal(shown(arena, fill_in(arena, scope, " {{ n }}")), "' 5'");
	assert_string_equal(shown(arena, fill_in(arena, scope, "{{ n }}{{ n }}")), "'55'");
	assert_string_equal(shown(arena, fill_in(arena, scope, "{{ n }}\n")), "'5\\n'");
	assert_string_equal(shown(arena, fill_in(arena, scope, "{{ outer }}")), "'5 x'");
	arena_free(arena);
}

static void a_number_keeps_how_it_was_written(void **state)
{
	struct arena *arena = arena_new();
	struct value *filled = fill_in(arena, scope_with_variables(arena), "{{ mode }}");

	(void)state;
	assert_int_equal(filled->kind, VALUE_INTEGER);
	assert_int_equal(filled->integer, 0644);
	assert_string_equal(filled->text, "0644");
	arena_free(arena);
}

static void backslashes_in_yaml_stay_and_in_templates_escape(void **state)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);
	static const char text[] = "{{ 'a\\nb' }}";
	struct value *value;
	struct error err = { 0 };

	(void)state;
	assert_string_equal(fill_in(arena, scope, text)->text, "a\\nb");
	assert_string_equal(fill_in(arena, scope, "{% if 'a\\n' == 'a\n' %}same{% endif %}")->text,
		"same");
	assert_int_equal(expression_template(arena, scope, text, strlen(text), "t", NULL, &value, &err),
		0);
	assert_string_equal(value->text, "a\nb");
	arena_free(arena);
}

static const struct example templates[] = {
	{ "plain { text } % # }}", "'plain { text } % # }}'" },
	{ "a {{ n }} b\n", "'a 5 b\\n'" },
	{ "{{ none }}|{{ true }}|{{ 1.0 }}|{{ [none] }}", "'|True|1.0|[None]'" },
	{ "{% if n > 3 %}\nyes\n{% endif %}\nend\n", "'yes\\nend\\n'" },
	{ "{% if n > 9 %}a{% elif n > 4 %}b{% else %}c{% endif %}", "'b'" },
	{ "{% if n > 9 %}a{% elif n > 7 %}b{% else %}c{% endif %}", "'c'" },
	{ "{% if '' %}a{% endif %}", "''" },
	{ "{% for x in l %}{{ x }},{% endfor %}", "'3,1,2,'" },
	{ "{% for x in [] %}{{ x }}{% else %}none{% endfor %}", "'none'" },
	{ "{% for x in l if x > 1 %}{{ loop.index }}/{{ loop.length }}={{ x }} {% endfor %}",
		"'1/2=3 2/2=2 '" },
	{ "{% for x in l %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}", "'3, 1, 2'" },
	{ "{% for x in l %}{{ loop.index0 }}{{ loop.first }}{{ loop.revindex }} {% endfor %}",
		"'0True3 1False2 2False1 '" },
	{ "{% for k, v in m.items() %}{{ k }}={{ v }};{% endfor %}", "\"a=1;b={'c': [10, 20]};\"" },
	{ "{% for k in m %}{{ k }}{% endfor %}", "'ab'" },
	{ "{% for x in [1, 2] %}{% for y in [3, 4] %}{{ x * y }} {% endfor %}{% endfor %}",
		"'3 4 6 8 '" },
	{ "{% for x in 'ab' %}{{ loop.previtem | default('-') }}{{ x }}{% endfor %}", "'-aab'" },
	{ "{% set a = n + 1 %}{{ a }}", "'6'" },
	{ "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "'12'" },
	{ "{% set a %}x{{ n }}{% endset %}[{{ a }}]", "'[x5]'" },
	{ "{% set a = 1 %}{% for x in l %}{% set a = x %}{% endfor %}{{ a }}", "'1'" },
	{ "{% set a = 1 %}{% if true %}{% set a = 2 %}{% endif %}{{ a }}", "'2'" },
	{ "{% raw %}{{ n }} {% if %}{% endraw %}|", "'{{ n }} {% if %}|'" },
	{ "a{# comment {{ n }} #}b", "'ab'" },
	{ "a{# comment #}\nb", "'ab'" },
	{ "a  {%- if true -%}  b  {%- endif -%}  c", "'abc'" },
	{ "a {{- n -}} b", "'a5b'" },
	{ "a {{ n -}}\n  b", "'a 5b'" },
	{ "{% if true +%}\nx{% endif %}", "'\\nx'" },
	{ "  {% if true %}x{% endif %}", "'  x'" },
	{ "x{#- c -#} y", "'xy'" },
	{ "{{ '}}' }}{{ {'a': {'b': 1}}['a']['b'] }}", "'}}1'" },
	{ "{% if true %}\r\nx\r\n{% endif %}\r\n", "'x\\n'" },
	{ "\n\n{{ n }}\n\n", "'\\n\\n5\\n\\n'" },
	{ "{% for x in [] %}{% endfor %}\n", "'\\n'" },
	{ "{% set ns = namespace(found=false) %}{% for x in l %}{% if x == 1 %}{% set ns.found = x %}"
		"{% endif %}{% endfor %}{{ ns.found }}", "'1'" },
	{ "", "''" },
	{ "{{ '%}' }}{% if '%}' %}y{% endif %}", "'%}y'" },
	{ "{", "'{'" },
	{ "{{ s }}{", "'hello{'" },
	{ "#jinja2: trim_blocks: False\n{% if true %}\nx\n{% endif %}\nend\n",
		"'\\nx\\n\\nend\\n'" },
	{ "#jinja2: trim_blocks: False, lstrip_blocks: True\na\n  {% if true %}\nb\n"
		"  {% endif %}\n",
		"'a\\n\\nb\\n'" },
	{ "#jinja2:lstrip_blocks:True\n  {% if true %}\n    {{ n }} {% if true %}y\n"
		"  {% endif %}z{% endif %}\n",
		"'    5 y\\nz\\n'" },
	{ "#jinja2: lstrip_blocks: True\n  {%+ if true %}\nx {# c #}\n\t{# c #}\nq{% endif %}\n",
		"'  x q\\n'" },
	{ "#jinja2: lstrip_blocks: True\n{% for x in l %}\n  {% if x > 1 %}\n"
		"  {{ x }}\n  {% endif %}\n{% endfor %}\n",
		"'  3\\n  2\\n'" },
	{ "#jinja2:variable_start_string:'[%' , variable_end_string:'%]'\n"
		"{{ n }} [% n %] {% if true %}[% s -%]  x{% endif %}\n",
		"'{{ n }} 5 hellox\\n'" },
	{ "#jinja2: block_start_string: '<%', block_end_string: '%>'\n"
		"<% for x in l -%> {{ x }} {% no %}<% endfor %>\n<%- if true +%>\nq<% endif %>\n",
		"'3 {% no %}1 {% no %}2 {% no %}\\nq\\n'" },
	{ "#jinja2: comment_start_string: '/*', comment_end_string: '*/', trim_blocks: False\n"
		"a/* {{ gone }} */\nb {# stays #}\n",
		"'a\\nb {# stays #}\\n'" },
	{ "#jinja2: variable_start_string: '{{{', variable_end_string: '}}}'\n"
		"{{{ n }}} {{ n }} {{{ {'a': 1}.a }}}\n",
		"'5 {{ n }} 1\\n'" },
	{ "#jinja2: variable_start_string: \"${\", variable_end_string: \"}\"\n"
		"${n} ${ {'a': 1}['a'] } $n {{ n }}\n",
		"'5 1 $n {{ n }}\\n'" },
	{ "#jinja2: block_start_string: '<%', block_end_string: '%>'\n"
		"<% raw %>{{ n }} <% if %><% endraw %>|\n",
		"'{{ n }} <% if %>|\\n'" },
	{ "x\n#jinja2: trim_blocks: False\n{% if true %}\ny{% endif %}\n",
		"'x\\n#jinja2: trim_blocks: False\\ny\\n'" },
	{ 0 },
};

static void templates_are_written_as_jinja_and_ansible_do(void **state)
{
	(void)state;
	for (const struct example *example = templates; example->text; example++) {
		struct arena *arena = arena_new();
		struct value *value;
		struct error err = { 0 };

		if (expression_template(arena, scope_with_variables(arena), example->text,
				strlen(example->text), "motd.j2", NULL, &value, &err) < 0)
			fail_msg("%s: %s", example->text, err.message);
		if (strcmp(shown(arena, value), example->shown) != 0)
			fail_msg("%s is %s, not %s", example->text, shown(arena, value),
				example->shown);
		arena_free(arena);
	}
}

static void a_header_that_jinja_does_not_know_is_refused_at_its_place(void **state)
{
	static const struct {
		const char *text, *message, *remedy;
		unsigned column;
	} headers[] = {
		{ "#jinja2: trim_block: False\n", "no setting 'trim_block'", "trim_blocks", 10 },
		{ "#jinja2: trim_blocks: False, lstrip_blocks: maybe\n", "not true or false", "", 30 },
		{ "#jinja2: newline_sequence: 'x'\n", "not supported yet", "leave it out", 10 },
		{ "#jinja2: trim_blocks\n", "not a setting of a template", "write #jinja2:", 10 },
		{ "#jinja2: variable_start_string: ''\n", "short text", "", 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct arena *arena = arena_new();
		struct error err = { 0 };
		struct value *value;

		assert_int_equal(expression_template(arena, scope_with_variables(arena),
			headers[i].text, strlen(headers[i].text), "motd.j2", NULL, &value, &err), -1);
		if (!strstr(err.message, headers[i].message))
			fail_msg("%s", err.message);
		if (!strstr(err.remedy, headers[i].remedy))
			fail_msg("%s", err.remedy);
		assert_int_equal(err.place.line, 1);
		assert_int_equal(err.place.column, headers[i].column);
		arena_free(arena);
	}
}

static void a_mistake_in_a_template_has_its_line_and_column(void **state)
{
	static const char text[] = "first\n{% for x in l %}\n  {{ x }} {{ nope }}\n{% endfor %}\n";
	struct arena *arena = arena_new();
	struct value *value;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(expression_template(arena, scope_with_variables(arena), text, strlen(text),
		"motd.j2", NULL, &value, &err), -1);
	assert_string_equal(err.message, "'nope' is undefined");
	assert_string_equal(err.place.file, "motd.j2");
	assert_int_equal(err.place.line, 3);
	assert_int_equal(err.place.column, 14);
	arena_free(arena);
}

static void values_are_filled_in_deeply_and_share_what_needed_nothing(void **state)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);
	struct value *root = read_yaml(arena,
		"a: [1, {b: '{{ n }}'}]\n'{{ s }}': x\nplain: [1, 2]\n");
	struct value *filled;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(expression_fill(arena, scope, root, &filled, &err), 0);
	assert_string_equal(shown(arena, filled),
		"{'a': [1, {'b': 5}], 'hello': 'x', 'plain': [1, 2]}");
	assert_ptr_equal(value_get(filled, "plain"), value_get(root, "plain"));
	assert_string_equal(shown(arena, root),
		"{'a': [1, {'b': '{{ n }}'}], '{{ s }}': 'x', 'plain': [1, 2]}");
	root = value_get(root, "plain");
	assert_int_equal(expression_fill(arena, scope, root, &filled, &err), 0);
	assert_ptr_equal(filled, root);
	arena_free(arena);
}

static void a_key_that_is_filled_in_to_one_that_is_there_is_refused(void **state)
{
	struct arena *arena = arena_new();
	struct value *root = read_yaml(arena, "hello: 1\n'{{ s }}': 2\n"), *filled;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(expression_fill(arena, scope_with_variables(arena), root, &filled, &err),
		-1);
	assert_string_equal(err.message, "the key 'hello' is in this map already");
	assert_int_equal(err.place.line, 2);
	arena_free(arena);
}

static void a_result_stands_where_its_expression_stood(void **state)
{
	struct arena *arena = arena_new();
	struct value *root = read_yaml(arena, "a: 1\nb: '{{ mode }}'\n"), *filled;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(expression_fill(arena, scope_with_variables(arena), root, &filled, &err),
		0);
	assert_int_equal(value_get(filled, "b")->place.line, 2);
	assert_int_equal(value_get(filled, "b")->place.column, 4);
	arena_free(arena);
}

static void a_variable_that_uses_something_undefined_is_undefined(void **state)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);
	struct value *value, *scalar = value_string(arena, "{{ broken }}");
	struct error err = { 0 };

	(void)state;
	assert_string_equal(shown(arena, fill_in(arena, scope, "{{ broken | default('x') }}")),
		"'x'");
	assert_string_equal(shown(arena, fill_in(arena, scope, "{{ broken is defined }}")),
		"False");
	assert_int_equal(expression_fill(arena, scope, scalar, &value, &err), -1);
	assert_string_equal(err.message, "'nope' is undefined");
	assert_int_equal(err.place.line, 15);
	arena_free(arena);
}

static struct value *condition_of(struct arena *arena, struct scope *scope, const char *yaml)
{
	struct value *value = NULL;
	struct error err = { 0 };
	const struct value *root = read_yaml(arena, arena_printf(arena, "w: %s\n", yaml));

	if (expression_condition(arena, scope, root->pairs[0].value, &value, &err) < 0)
		fail_msg("%s: %s", yaml, err.message);
	return value;
}

static void conditions_are_true_or_false(void **state)
{
	static const struct example conditions[] = {
		{ "n == 5", "True" }, { "n > 5", "False" }, { "true", "True" }, { "no", "False" },
		{ "[n == 5, s == 'hello']", "True" }, { "[n == 5, false, nope]", "False" },
		{ "[]", "True" }, { "nope is defined and nope > 3", "False" },
		{ "s | length > 0", "True" }, { "not yes_", "False" },
		{ "\"'yes' | bool\"", "True" },
		{ "\"'a' in ['a']\"", "True" }, { "inner == 5", "True" }, { 0 },
	};
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);
	struct value *value;
	struct error err = { 0 };

	(void)state;
	for (const struct example *example = conditions; example->text; example++)
		assert_string_equal(shown(arena, condition_of(arena, scope, example->text)),
			example->shown);
	assert_int_equal(expression_condition(arena, scope, NULL, &value, &err), 0);
	assert_true(value->truth);
	arena_free(arena);
}

static void conditions_are_checked_without_values(void **state)
{
	struct arena *arena = arena_new();
	struct error err = { 0 };
	struct value *good = read_yaml(arena, "[a == 1, true, 'b is defined']");
	struct value *bad = read_yaml(arena, "[a == 1, 'b | uper']");

	(void)state;
	assert_int_equal(expression_check_condition(arena, good, &err), 0);
	assert_int_equal(expression_check_condition(arena, NULL, &err), 0);
	assert_int_equal(expression_check_condition(arena, bad, &err), -1);
	assert_int_equal(err.place.column, 15);
	assert_string_equal(err.message, "there is no filter 'uper'");
	arena_free(arena);
}

static void texts_are_checked_deeply_without_values(void **state)
{
	struct arena *arena = arena_new();
	struct error err = { 0 };

	(void)state;
	assert_int_equal(expression_check(arena, read_yaml(arena, "a: ['{{ b }}', '{{ c.d }}']"),
		&err), 0);
	assert_int_equal(expression_check(arena, read_yaml(arena, "a: ['{{ b }}', '{{ c. }}']"),
		&err), -1);
	assert_int_equal(err.place.column, 23);
	error_clear(&err);
	assert_int_equal(expression_check(arena, read_yaml(arena, "'{{ b + }}': 1"), &err), -1);
	arena_free(arena);
}

static void truths_are_read_strictly(void **state)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);
	struct value *root = read_yaml(arena,
		"[yes, 'off', '{{ n == 5 }}', 1, '{{ s }}', '{{ omit }}']");
	static const bool expected[] = { true, false, true, true };
	struct error err = { 0 };
	bool truth;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(expression_truth(arena, scope, root->items[i], false, &truth,
			&err), 0);
		assert_int_equal(truth, expected[i]);
	}
	assert_int_equal(expression_truth(arena, scope, root->items[4], false, &truth, &err), -1);
	error_clear(&err);
	assert_int_equal(expression_truth(arena, scope, NULL, true, &truth, &err), 0);
	assert_true(truth);
	assert_int_equal(expression_truth(arena, scope, root->items[5], true, &truth, &err), 0);
	assert_true(truth);
	scope_set(scope, "later", value_unknown(arena, "a task"));
	assert_int_equal(expression_truth(arena, scope, value_string(arena, "{{ later }}"), true,
		&truth, &err), -1);
	arena_free(arena);
}

static struct scope *scope_with_unknown(struct arena *arena)
{
	struct scope *scope = scope_with_variables(arena);
	struct value *half = value_map(arena), *pair = value_list(arena);

	scope_set(scope, "later", value_unknown(arena, "task one"));
	value_set(arena, half, "known", value_integer(arena, 1));
	value_set(arena, half, "unknown", value_unknown(arena, "task two"));
	scope_set(scope, "half", half);
	value_append(arena, pair, value_unknown(arena, "task two"));
	value_append(arena, pair, value_string(arena, "x"));
	scope_set(scope, "pair", pair);
	return scope;
}

static void what_is_not_known_goes_through_everything(void **state)
{
	static const char *const texts[] = { "{{ later }}", "{{ later.stdout }}",
		"{{ later[0].x }}",
		"{{ l[later] }}", "{{ later + 1 }}", "{{ 1 < later }}", "{{ later == 1 }}",
		"{{ not later }}", "{{ later | upper }}", "{{ 'a' | replace('a', later) }}",
		"{{ later ~ 'x' }}", "a {{ later }}", "{{ later is defined }}",
		"{{ later is odd }}",
		"{{ 'a' if later else 'b' }}", "{{ later.split(',') }}", "{{ later and true }}",
		"{{ later or false }}", "{{ true and later }}", "{{ false or later }}",
		"{% if later %}a{% endif %}", "{% for x in later %}a{% endfor %}",
		"{% set a = later %}{{ a }}",
		"{% set ns = namespace(a=1) %}{% set x %}{% if later %}{% set "
			"ns.a = 2 %}{% endif %}{% endset %}{{ ns.a }}", "{{ pair | join }}",
			"{{ pair | sort }}",
		"{{ half | to_json }}", "{{ half.unknown }}", "{{ 3 in pair }}",
		"{{ half == {'known': 1, 'unknown': 2} }}",
		"{{ later | default('x') }}", "{{ range(later) }}", "{{ {later: 1} }}",
		"{{ l[later:] }}",
		"{{ -later }}", "{{ '%s' % later }}", "{{ pair | string }}", "{{ pair ~ '' }}",
		"{{ later | bool }}", "{{ later is changed }}", "{{ pair | select('odd') | list }}",
		NULL };
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_unknown(arena);

	(void)state;
	for (size_t i = 0; texts[i]; i++) {
		struct value *filled = fill_in(arena, scope, texts[i]);

		if (filled->kind != VALUE_UNKNOWN)
			fail_msg("%s is %s", texts[i], shown(arena, filled));
		assert_int_equal(strncmp(filled->text, "task ", 5), 0);
	}
	arena_free(arena);
}

static void what_is_decided_is_known(void **state)
{
	static const struct example decided[] = {
		{ "{{ false and later }}", "False" },
		{ "{{ later and false }}", "False" },
		{ "{{ true or later }}", "True" },
		{ "{{ later or true }}", "True" },
		{ "{{ half.known }}", "1" },
		{ "{{ pair | length }}", "2" },
		{ "{{ pair | last }}", "'x'" },
		{ "{{ 'x' in pair }}", "True" },
		{ "{{ pair == [1, 'y'] }}", "False" },
		{ "{{ pair == [1] }}", "False" },
		{ "{{ half != {'known': 2, 'unknown': 2} }}", "True" },
		{ "{{ later and nope and false }}", "False" },
		{ "{{ 1 if true else later }}", "1" },
		{ "{{ n | default(later) }}", "5" },
		{ "{{ 'known' in half }}", "True" },
		{ 0 },
	};
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_unknown(arena);

	(void)state;
	for (const struct example *example = decided; example->text; example++)
		assert_string_equal(shown(arena, fill_in(arena, scope, example->text)),
			example->shown);
	arena_free(arena);
}

static void a_mistake_behind_an_unknown_condition_may_never_come(void **state)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_unknown(arena);

	(void)state;
	assert_int_equal(fill_in(arena, scope, "{{ later and nope > 3 }}")->kind, VALUE_UNKNOWN);
	assert_int_equal(condition_of(arena, scope, "[later, nope > 3]")->kind, VALUE_UNKNOWN);
	assert_string_equal(shown(arena, condition_of(arena, scope, "[later, n == 6]")), "False");
	assert_int_equal(condition_of(arena, scope, "later.rc == 0")->kind, VALUE_UNKNOWN);
	arena_free(arena);
}

static void causes_of_unknowns_are_found_inside(void **state)
{
	struct arena *arena = arena_new();
	struct value *filled = fill_in(arena, scope_with_unknown(arena), "{{ [1, half] }}");

	(void)state;
	assert_int_equal(filled->kind, VALUE_LIST);
	assert_true(value_unknown_inside(filled));
	assert_string_equal(value_unknown_cause(filled), "task two");
	assert_false(value_unknown_inside(value_integer(arena, 1)));
	assert_null(value_unknown_cause(NULL));
	arena_free(arena);
}

static void what_a_secret_went_into_is_secret(void **state)
{
	static const char *const texts[] = { "{{ password }}", "x {{ password }}",
		"{{ password | upper }}", "{{ password ~ 'x' }}", "{{ password == 'a' }}",
		"{{ [password, 'x'] | join }}", "{{ {'a': [password]} | to_json }}",
		"{{ password | length }}", "{{ password[0] }}", "{{ password[1:] }}",
		"{{ password.split('e') }}", "{{ 'a' | replace('a', password) }}",
		"{% for c in password %}{{ c }}{% endfor %}", "{% set a = password %}{{ a }}",
		"{% if password == 'x' %}a{% else %}b{% endif %}", "{{ 'a' if password else 'b' }}",
		"{{ {password: 1} }}", "{{ password is string }}", "{{ '%s' % password }}",
		"{{ [1, password] }}", "{{ password | default('x') }}", "{{ [password] | first }}",
		"{{ password and 'x' }}", "{{ m | combine({'p': password}) }}",
		"{{ [password] | map('upper') | list }}", "{{ vault.key }}",
		"{{ vault | dict2items }}",
		"{{ vault.nothing | default(password) }}", "{{ password | b64encode }}", NULL };
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);
	struct value *password = value_string(arena, "secret");
	struct value *vault = read_yaml(arena, "{key: x}");

	(void)state;
	value_raise(password, LEVEL_SECRET);
	value_raise(vault, LEVEL_SECRET);
	scope_set(scope, "password", password);
	scope_set(scope, "vault", vault);
	for (size_t i = 0; texts[i]; i++) {
		struct value *filled = fill_in(arena, scope, texts[i]);

		if (value_level(filled) != LEVEL_SECRET)
			fail_msg("%s is no secret", texts[i]);
	}
	assert_int_equal(value_level(fill_in(arena, scope, "{{ [password, 'x'] | last }}")),
		LEVEL_OPEN);
	assert_int_equal(value_level(fill_in(arena, scope, "{{ s }}")), LEVEL_OPEN);
	arena_free(arena);
}

static void secrets_are_not_named_in_errors(void **state)
{
	static const char *const texts[] = { "{{ password + 1 }}", "{{ m[password] }}",
		"{{ s[password] }}", "{{ password | from_json }}", "{{ vault.hunter1 }}",
		"{{ l | map(attribute=password) | list }}", NULL };
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);
	struct value *password = value_string(arena, "hunter2");
	struct value *vault = read_yaml(arena, "{hunter2: x}");

	(void)state;
	value_raise(password, LEVEL_SECRET);
	value_raise(vault, LEVEL_SECRET);
	scope_set(scope, "password", password);
	scope_set(scope, "vault", vault);
	for (size_t i = 0; texts[i]; i++) {
		struct value *scalar = value_string(arena, texts[i]), *filled;
		struct error err = { 0 };

		assert_int_equal(expression_fill(arena, scope, scalar, &filled, &err), -1);
		if (strstr(err.message, "hunter2") || strstr(err.remedy, "hunter2"))
			fail_msg("%s: %s %s", texts[i], err.message, err.remedy);
	}
	arena_free(arena);
}

static void what_came_from_a_node_is_never_filled_in(void **state)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);
	struct value *answer = read_yaml(arena, "{stdout: '{{ n }}', '{{ s }}': 1}");
	struct value *filled, *again;
	struct error err = { 0 };

	(void)state;
	value_mark_data(answer);
	scope_set(scope, "answer", answer);
	assert_false(expression_inside(answer));
	filled = fill_in(arena, scope, "{{ answer.stdout }}");
	assert_string_equal(filled->text, "{{ n }}");
	assert_true(filled->data);
	filled = fill_in(arena, scope, "x {{ answer.stdout }}");
	assert_int_equal(expression_fill(arena, scope, filled, &again, &err), 0);
	assert_string_equal(again->text, "x {{ n }}");
	filled = fill_in(arena, scope, "{{ [answer, answer.stdout ~ '{{ n }}'] }}");
	assert_false(expression_inside(filled));
	arena_free(arena);
}

static void a_result_is_never_filled_in_again(void **state)
{
	static const char *const texts[] = { "{{ '{' ~ '{ n }' ~ '}' }}",
		"{% raw %}{{ n }}{% endraw %}",
		"{{ {'{' ~ '{ n }}': 1} }}", "{{ ['{' ~ '% if %}'] }}", NULL };
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);

	(void)state;
	for (size_t i = 0; texts[i]; i++)
		assert_false(expression_inside(fill_in(arena, scope, texts[i])));
	scope_set(scope, "made", value_string(arena, "{{ '{' ~ '{ n }' ~ '}' }}"));
	assert_string_equal(fill_in(arena, scope, "{{ made }}")->text, "{{ n }}");
	arena_free(arena);
}

static void omit_is_known_wherever_it_is_copied(void **state)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_with_variables(arena);
	struct value *filled = fill_in(arena, scope, "{{ nope | default(omit) }}");

	(void)state;
	assert_true(value_is_omit(filled));
	assert_true(value_is_omit(value_copy(arena, filled)));
	assert_false(value_is_omit(fill_in(arena, scope, "{{ none }}")));
	assert_false(value_is_omit(NULL));
	arena_free(arena);
}

static void names_that_are_read_are_found(void **state)
{
	static const char *const texts[][2] = {
		{ "{{ a.b[c] }} {{ d | default(e) }}", "['a', 'c', 'd', 'e']" },
		{ "{% for x in xs if x > y %}{{ x }}{{ z }}{{ loop.index }}{% else %}{{ x }}{% endfor %}",
			"['xs', 'y', 'z', 'x']" },
		{ "{% set a = b %}{{ a }}{{ c }}", "['b', 'c']" },
		{ "{% if a %}{% set b = 1 %}{{ b }}{% endif %}{{ b }}", "['a', 'b']" },
		{ "{{ hostvars['h'].fact }} {{ hostvars[x]['y'] }}",
		"['fact', 'hostvars', 'y', 'x']" },
		{ "{{ f(1) if range(n) else g.h(i) }}", NULL },
		{ "no names", "[]" },
		{ "{{ a }}{{ a }}", "['a']" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct value *names = value_list(arena);
		struct error err = { 0 };
		int result = expression_names(arena, value_string(arena, texts[i][0]), names, &err);

		assert_int_equal(result, texts[i][1] ? 0 : -1);
		if (texts[i][1])
			assert_string_equal(expression_show(arena, names), texts[i][1]);
	}
	arena_free(arena);
}

static void names_in_conditions_are_found(void **state)
{
	struct arena *arena = arena_new();
	struct value *names = value_list(arena);
	struct error err = { 0 };

	(void)state;
	assert_int_equal(expression_condition_names(arena, read_yaml(arena, "[a == b.c, true, d]"),
		names, &err), 0);
	assert_string_equal(expression_show(arena, names), "['a', 'b', 'd']");
	arena_free(arena);
}

static void strings_with_tags_are_recognised(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_true(expression_inside(read_yaml(arena, "[a, {b: 'x {{ c }}'}]")));
	assert_true(expression_inside(read_yaml(arena, "'{% if %}'")));
	assert_true(expression_inside(read_yaml(arena, "'{# c #}'")));
	assert_true(expression_inside(read_yaml(arena, "{'{{ k }}': 1}")));
	assert_false(expression_inside(read_yaml(arena, "[a, '{', '}}', 'a { { b', 5]")));
	assert_false(expression_inside(NULL));
	arena_free(arena);
}

static char *repeated(struct arena *arena, const char *before, const char *what, size_t times,
	const char *behind)
{
	size_t size = strlen(what);
	char *middle = arena_alloc(arena, size * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(middle + i * size, what, size);
	return arena_printf(arena, "%s%s%s", before, middle, behind);
}

static void check_refused(struct arena *arena, const char *text, const char *because)
{
	struct scope *scope = scope_with_variables(arena);
	struct value *scalar = value_string(arena, text), *filled;
	struct error err = { 0 };

	assert_int_equal(expression_fill(arena, scope, scalar, &filled, &err), -1);
	if (!strstr(err.message, because))
		fail_msg("%.60s: %s", text, err.message);
}

static void deep_texts_are_refused(void **state)
{
	static const struct {
		const char *before, *what, *behind, *because;
	} texts[] = {
		{ "{{ ", "(", " }}", "brackets are open" },
		{ "{{ ", "[", " }}", "brackets are open" },
		{ "{{ ", "{1:", " }}", "brackets are open" },
		{ "{{ ", "not ", "1 }}", "nested too deeply" },
		{ "{{ ", "-", "1 }}", "nested too deeply" },
		{ "{{ ", "1 if 1 else ", "1 }}", "nested too deeply" },
		{ "{{ 1", "+1", " }}", "nested too deeply" },
		{ "{{ 1", " and 1", " }}", "nested too deeply" },
		{ "{{ 1", " | abs", " }}", "nested too deeply" },
		{ "{{ n", ".a", " }}", "nested too deeply" },
		{ "{{ n", "[0]", " }}", "nested too deeply" },
		{ "{{ 1", "<1", " }}", "nested too deeply" },
		{ "", "{% if 1 %}", "", "blocks are open" },
		{ "", "{% for x in l %}", "", "blocks are open" },
		{ "{% set x = [] %}", "{% set x = [x] %}", "{{ x }}", "nested too deeply" },
		{ "{% set x = {} %}", "{% set x = {'a': x} %}", "{{ x }}", "nested too deeply" },
		{ "{% set x = namespace() %}", "{% set x.a = x %}", "{{ x == x }}",
		"nested too deeply" },
		{ "{{ 'a' | regex_replace('", "(?:", "') }}", "nested too deeply" },
		{ "{{ 'a' | regex_replace('", "(", "') }}", "too" },
		{ "{{ 'a' | regex_replace('", "(a)", "') }}", "too large" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct arena *arena = arena_new();

		check_refused(arena, repeated(arena, texts[i].before, texts[i].what, 20000,
			texts[i].behind), texts[i].because);
		arena_free(arena);
	}
}

static void work_without_end_is_ended(void **state)
{
	static const struct {
		const char *text, *because;
	} texts[] = {
		{ "{{ 'x' * 999999999999 }}", "makes more than 32 MiB" },
		{ "{{ [1] * 999999999999 }}", "more than" },
		{ "{{ range(999999999999) | list }}", "more than" },
		{ "{{ range(9223372036854775807, 0, -1) }}", "more than" },
		{ "{% for a in range(2000) %}{% for b in range(2000) %}{% endfor %}{% endfor %}",
			"more than" },
		{ "{% for a in range(2000) %}{{ 'x' * 100000 }}{% endfor %}",
		"makes more than 32 MiB" },
		{ "{% for a in range(30000) %}{{ range(30000) | length }}{% endfor %}",
		"more than" },
		{ "{{ 'x'.ljust(99999999999) }}", "more than" },
		{ "{{ '%999999999d' % 1 }}", "not supported" },
		{ "{{ ('a' * 10000) | replace('', 'b' * 10000) }}", "makes more than 32 MiB" },
		{ "{{ (['a' * 10000] * 10000) | join(',') }}", "makes more than 32 MiB" },
		{ "{{ ('\n' * 1000000) | indent('x' * 1000, first=true, blank=true) }}",
		"more than" },
		{ "{{ [1] | batch(999999999, 0) | list }}", "more than" },
		{ "{{ ('a' * 1000000) | list | sort | unique | length }}", "more than" },
		{ "{{ range(5000) | unique | length }}", "more than" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct arena *arena = arena_new();

		check_refused(arena, texts[i].text, texts[i].because);
		arena_free(arena);
	}
}

static void values_that_double_are_ended(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	check_refused(arena, repeated(arena, "{% set x = [1] %}", "{% set x = [x, x] %}", 60,
		"{{ x }}"), "more than");
	check_refused(arena, repeated(arena, "{% set x = 'ab' %}", "{% set x = x ~ x %}", 60,
		"{{ x }}"), "makes more than 32 MiB");
	check_refused(arena, repeated(arena, "{% set x = 'ab' %}", "{% set x = x + x %}", 60,
		"{{ x }}"), "makes more than 32 MiB");
	check_refused(arena, repeated(arena, "{% set x = [1] %}", "{% set x = x + x %}", 60,
		"{{ x }}"), "more than");
	arena_free(arena);
}

/* Pieces of the language in any order: no input may do more than be refused. */
static void random_texts_end_with_a_value_or_an_error(void **state)
{
	static const char *const pieces[] = { "{{", "}}", "{%", "%}", "{#", "#}", "-", " ", "if ",
		"for ", "in ", "set ", "else", "endif", "endfor", "raw", "endraw", "n", "l", "m",
		"s", ".",
		"a", "(", ")", "[", "]", "{", "}", ",", ":", "|", "length", "join", "sort", "map",
		"'", "\"",
		"x", "1", "0x", "9", "1.5", "e", "+", "*", "**", "/", "//", "%", "~", "==", "<",
		"not ",
		"and ", "or ", "is ", "defined", "default", "range", "items", "\n", "\\", "\xc3",
		"\xa9",
		"= ", "loop", "later", "people", "upper", "select", "'odd'", "regex_replace",
		"'(a|b)*'", "namespace", "true", "none", "omit" };
	uint32_t seed = 12345;

	(void)state;
	for (size_t round = 0; round < 20000; round++) {
		struct arena *arena = arena_new();
		struct scope *scope = scope_with_unknown(arena);
		char text[400] = "";
		struct value *filled;
		struct error err = { 0 };
		int result;

		seed = seed * 1103515245 + 12345;
		if (seed & 0x10000)
			strcat(text, "{{ ");
		for (size_t i = 0; i < 2 + (seed >> 20) % 20; i++) {
			seed = seed * 1103515245 + 12345;
			strcat(text, pieces[(seed >> 8) % (sizeof(pieces) / sizeof(pieces[0]))]);
		}
		if (seed & 0x20000)
			strcat(text, " }}");
		result = expression_fill(arena, scope, value_string(arena, text), &filled, &err);
		assert_int_equal(result, err.kind == ERROR_NONE ? 0 : -1);
		if (result == 0)
			assert_false(expression_inside(filled));
		else
			assert_int_equal(err.kind, ERROR_TEXT);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals_have_their_types),
		cmocka_unit_test(names_indexes_and_slices_read_values),
		cmocka_unit_test(arithmetic_is_as_in_python),
		cmocka_unit_test(values_are_compared_with_their_types),
		cmocka_unit_test(and_or_not_and_if_decide_as_in_python),
		cmocka_unit_test(tests_behind_is_answer),
		cmocka_unit_test(filters_change_values),
		cmocka_unit_test(methods_and_functions_are_called),
		cmocka_unit_test(regular_expressions_are_as_in_python),
		cmocka_unit_test(versions_are_compared_by_their_parts),
		cmocka_unit_test(filters_write_yaml_paths_and_groups),
		cmocka_unit_test(every_mistake_has_its_exact_place),
		cmocka_unit_test(what_is_misspelt_gets_a_suggestion),
		cmocka_unit_test(one_expression_alone_keeps_its_type),
		cmocka_unit_test(a_number_keeps_how_it_was_written),
		cmocka_unit_test(backslashes_in_yaml_stay_and_in_templates_escape),
		cmocka_unit_test(templates_are_written_as_jinja_and_ansible_do),
		cmocka_unit_test(a_header_that_jinja_does_not_know_is_refused_at_its_place),
		cmocka_unit_test(a_mistake_in_a_template_has_its_line_and_column),
		cmocka_unit_test(values_are_filled_in_deeply_and_share_what_needed_nothing),
		cmocka_unit_test(a_key_that_is_filled_in_to_one_that_is_there_is_refused),
		cmocka_unit_test(a_result_stands_where_its_expression_stood),
		cmocka_unit_test(a_variable_that_uses_something_undefined_is_undefined),
		cmocka_unit_test(conditions_are_true_or_false),
		cmocka_unit_test(conditions_are_checked_without_values),
		cmocka_unit_test(texts_are_checked_deeply_without_values),
		cmocka_unit_test(truths_are_read_strictly),
		cmocka_unit_test(what_is_not_known_goes_through_everything),
		cmocka_unit_test(what_is_decided_is_known),
		cmocka_unit_test(a_mistake_behind_an_unknown_condition_may_never_come),
		cmocka_unit_test(causes_of_unknowns_are_found_inside),
		cmocka_unit_test(what_a_secret_went_into_is_secret),
		cmocka_unit_test(secrets_are_not_named_in_errors),
		cmocka_unit_test(what_came_from_a_node_is_never_filled_in),
		cmocka_unit_test(a_result_is_never_filled_in_again),
		cmocka_unit_test(omit_is_known_wherever_it_is_copied),
		cmocka_unit_test(names_that_are_read_are_found),
		cmocka_unit_test(names_in_conditions_are_found),
		cmocka_unit_test(strings_with_tags_are_recognised),
		cmocka_unit_test(deep_texts_are_refused),
		cmocka_unit_test(work_without_end_is_ended),
		cmocka_unit_test(values_that_double_are_ended),
		cmocka_unit_test(random_texts_end_with_a_value_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
