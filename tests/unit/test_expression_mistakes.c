/* What is wrong in an expression: the exact place and message of each mistake, and what is too much. */
#include "expression_bench.h"

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
	{ "x: \"{{ s | safe }}\"",
		1, 12, "the filter 'safe' is not supported yet" },
	{ "x: \"{{ s | community.general.thing }}\"",
		1, 12,
		"the filter 'community.general.thing' of a collection is not supported yet" },
	{ "x: \"{{ s is strin }}\"",
		1, 13, "there is no test 'strin'" },
	{ "x: \"{{ s is file }}\"",
		1, 13, "the test 'file' is not supported yet" },
	{ "x: \"{{ lookup('file', '/etc/passwd') }}\"",
		1, 8, "there is no file '/etc/passwd' for the lookup 'file'" },
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
	{ "x: \"{% filter upper %}a\"",
		1, 5, "this {% filter %} has no {% endfilter %}" },
	{ "x: \"{% filter nosuch %}a{% endfilter %}\"",
		1, 15, "there is no filter 'nosuch'" },
	{ "x: \"{% with a %}{% endwith %}\"",
		1, 15, "here is the end, but = is expected" },
	{ "x: \"{% with a = 1, %}{% endwith %}\"",
		1, 20, "the name of a variable is expected" },
	{ "x: \"{% endwith %}\"",
		1, 8, "{% endwith %} has nothing to belong to" },
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
		"filter ", "endfilter", "with ", "endwith", "=",
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
		cmocka_unit_test(every_mistake_has_its_exact_place),
		cmocka_unit_test(what_is_misspelt_gets_a_suggestion),
		cmocka_unit_test(strings_with_tags_are_recognised),
		cmocka_unit_test(deep_texts_are_refused),
		cmocka_unit_test(work_without_end_is_ended),
		cmocka_unit_test(values_that_double_are_ended),
		cmocka_unit_test(random_texts_end_with_a_value_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
