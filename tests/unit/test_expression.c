/* What expressions promise: Python's results with their types. */
#include "expression_bench.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
