/* levels: what is made of a private or secret value is no more open than it: every filter, test,
 * function, method, operator and statement, through each of its operands and what is inside
 * them. */
#include "expression/expression.h"
#include "expression/evaluate.h"
#include "yaml/tree.h"
#include "variables/variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The names in variables are raised one by one, and the result must have the level; then what is
 * inside of them, except where members says they don't count. */
struct row {
	const char *name;        /* of a filter, test, …; NULL: nothing that a table has */
	const char *text;
	const char *variables;   /* YAML */
	const char *open;        /* variables that don't count here, as "a b": a branch not taken, … */
	const char *members;     /* variables whose members don't count: only how many there are does */
};

static const struct row filters[] = {
	{ "string", "a | string", "{a: 12}", NULL, NULL },
	{ "string", "a | string", "{a: [x, y]}", NULL, NULL },
	{ "length", "a | length", "{a: abc}", NULL, NULL },
	{ "length", "a | length", "{a: [x, y]}", NULL, "a" },
	{ "count", "a | count", "{a: abc}", NULL, NULL },
	{ "list", "a | list", "{a: abc}", NULL, NULL },
	{ "list", "a | list", "{a: [x, y]}", NULL, NULL },
	{ "int", "a | int(b, c)", "{a: x, b: 3, c: 10}", NULL, NULL },
	{ "float", "a | float(b)", "{a: x, b: 3.5}", NULL, NULL },
	{ "bool", "a | bool", "{a: 'yes'}", NULL, NULL },
	{ "default", "a | default(b, c)", "{a: x, b: 3, c: true}", "b c", NULL },
	{ "default", "a | default(b, c)", "{a: '', b: 3, c: true}", NULL, NULL },
	{ "default", "nothing | default(b)", "{b: x}", NULL, NULL },
	{ "d", "a | d(b, c)", "{a: '', b: 3, c: true}", NULL, NULL },
	{ "ternary", "a | ternary(b, c, d)", "{a: true, b: x, c: y, d: z}", "c d", NULL },
	{ "ternary", "a | ternary(b, c, d)", "{a: false, b: x, c: y, d: z}", "b d", NULL },
	{ "ternary", "a | ternary(b, c, d)", "{a: null, b: x, c: y, d: z}", "b c", NULL },
	{ "mandatory", "a | mandatory(b)", "{a: x, b: y}", "b", NULL },
	{ "extract", "a | extract(b)", "{a: k, b: {k: x}}", NULL, NULL },
	{ "extract", "a | extract(b, c)", "{a: k, b: {k: {x: 1}}, c: x}", NULL, NULL },
	{ "first", "a | first", "{a: [x]}", NULL, NULL },
	{ "first", "a | first", "{a: xyz}", NULL, NULL },
	{ "last", "a | last", "{a: [x]}", NULL, NULL },
	{ "min", "a | min(b)", "{a: [x, y], b: true}", NULL, NULL },
	{ "min", "a | min(attribute=b)", "{a: [{k: 1}, {k: 2}], b: k}", NULL, NULL },
	{ "max", "a | max(b)", "{a: [x, y], b: true}", NULL, NULL },
	{ "to_json", "a | to_json(b, c, d)", "{a: {k: [x]}, b: 2, c: true, d: true}", NULL, NULL },
	{ "to_nice_json", "a | to_nice_json(b, c, d)", "{a: {k: [x]}, b: 2, c: true, d: true}", NULL,
		NULL },
	{ "from_json", "a | from_json", "{a: '{\"k\": [\"x\"]}'}", NULL, NULL },
	{ "ipaddr", "a | ipaddr(b)", "{a: 10.0.0.1, b: prefix}", NULL, NULL },
	{ "ipaddr", "a | ipaddr(b)", "{a: [10.0.0.1], b: prefix}", NULL, NULL },
	{ "ipv4", "a | ipv4(b)", "{a: 10.0.0.1, b: prefix}", NULL, NULL },
	{ "ipv6", "a | ipv6(b)", "{a: 'fe80::1', b: prefix}", NULL, NULL },
	{ "ipwrap", "a | ipwrap(b)", "{a: 'fe80::1', b: ''}", NULL, NULL },
	{ "ipwrap", "a | ipwrap", "{a: ['fe80::1', x]}", NULL, NULL },
	{ "ipsubnet", "a | ipsubnet(b, c)", "{a: 10.0.0.0/8, b: 16, c: 1}", NULL, NULL },
	{ "nthhost", "a | nthhost(b)", "{a: 10.0.0.0/8, b: 16}", NULL, NULL },
	{ "random", "a | random(b, c, d)", "{a: 100, b: 1, c: 2, d: x}", NULL, NULL },
	{ "random", "a | random(seed=b)", "{a: [x, y], b: z}", NULL, NULL },
	{ "shuffle", "a | shuffle(b)", "{a: [x, y], b: z}", NULL, NULL },
	{ "b64encode", "a | b64encode", "{a: abc}", NULL, NULL },
	{ "b64decode", "a | b64decode", "{a: YWJj}", NULL, NULL },
	{ "groupby", "a | groupby(b)", "{a: [{k: x}, {k: y}], b: k}", NULL, NULL },
	{ "strftime", "a | strftime(b, c)", "{a: '%Y', b: 0, c: true}", NULL, NULL },
	{ "subelements", "a | subelements(b, c)", "{a: [{k: [x]}], b: k, c: true}", NULL, NULL },
	{ "product", "a | product(b)", "{a: [x], b: [y]}", NULL, NULL },
	{ "sort", "a | sort(b, c)", "{a: [x, y], b: true, c: true}", NULL, NULL },
	{ "sort", "a | sort(attribute=b)", "{a: [{k: 1}, {k: 2}], b: k}", NULL, NULL },
	{ "reverse", "a | reverse", "{a: [x, y]}", NULL, NULL },
	{ "reverse", "a | reverse", "{a: abc}", NULL, NULL },
	{ "unique", "a | unique(b)", "{a: [x, x, y], b: true}", NULL, NULL },
	{ "unique", "a | unique(attribute=b)", "{a: [{k: 1}, {k: 2}], b: k}", NULL, NULL },
	{ "union", "a | union(b)", "{a: [x], b: [x]}", NULL, NULL },
	{ "difference", "a | difference(b)", "{a: [x, y], b: [x]}", NULL, NULL },
	{ "intersect", "a | intersect(b)", "{a: [x, y], b: [x]}", NULL, NULL },
	{ "symmetric_difference", "a | symmetric_difference(b)", "{a: [x, y], b: [x]}", NULL, NULL },
	{ "flatten", "a | flatten(b, c)", "{a: [[x], y], b: 1, c: true}", NULL, NULL },
	{ "zip", "a | zip(b, c)", "{a: [x], b: [y], c: [z]}", NULL, NULL },
	{ "zip_longest", "a | zip_longest(b, fillvalue=c)", "{a: [x], b: [y, z], c: '-'}", NULL,
		NULL },
	{ "batch", "a | batch(b, c)", "{a: [x, y, z], b: 2, c: '-'}", NULL, NULL },
	{ "sum", "a | sum(start=b)", "{a: [1, 2], b: 3}", NULL, NULL },
	{ "sum", "a | sum(b)", "{a: [{k: 1}], b: k}", NULL, NULL },
	{ "map", "a | map('replace', b, c) | list", "{a: [x], b: x, c: y}", NULL, NULL },
	{ "map", "a | map(attribute=b) | list", "{a: [{k: 1}], b: k}", NULL, NULL },
	{ "map", "a | map('length') | list", "{a: [xy]}", NULL, NULL },
	{ "map", "a | map(attribute='k', default=b) | list", "{a: [{x: 1}], b: z}", NULL, "a" },
	{ "select", "a | select('eq', b) | list", "{a: [x, y], b: x}", NULL, NULL },
	{ "reject", "a | reject('eq', b) | list", "{a: [x, y], b: x}", NULL, NULL },
	{ "selectattr", "a | selectattr(b, 'eq', c) | list", "{a: [{k: 1}], b: k, c: 1}", NULL, NULL },
	{ "rejectattr", "a | rejectattr(b, 'eq', c) | list", "{a: [{k: 1}], b: k, c: 2}", NULL, NULL },
	{ "dict2items", "a | dict2items(b, c)", "{a: {k: x}, b: name, c: is}", NULL, NULL },
	{ "items2dict", "a | items2dict(b, c)", "{a: [{k: x, v: y}], b: k, c: v}", NULL, NULL },
	{ "combine", "a | combine(b, recursive=c)", "{a: {k: x}, b: {l: y}, c: true}", NULL, NULL },
	{ "combine", "a | combine(b, recursive=true, list_merge=c)",
		"{a: {k: {l: [x]}}, b: {k: {l: [y]}}, c: append}", NULL, NULL },
	{ "dictsort", "a | dictsort(b, c, d)", "{a: {k: x}, b: true, c: value, d: true}", NULL, NULL },
	{ "abs", "a | abs", "{a: -3}", NULL, NULL },
	{ "round", "a | round(b, c)", "{a: 3.14, b: 1, c: floor}", NULL, NULL },
	{ "pow", "a | pow(b)", "{a: 3, b: 2}", NULL, NULL },
	{ "path_join", "a | path_join", "{a: [x, y]}", NULL, NULL },
	{ "comment", "a | comment(b)", "{a: x, b: plain}", NULL, NULL },
	{ "comment", "a | comment(decoration=b)", "{a: x, b: '; '}", NULL, NULL },
	{ "urlencode", "a | urlencode", "{a: x y}", NULL, NULL },
	{ "tojson", "a | tojson(b)", "{a: [x], b: 2}", NULL, NULL },
	{ "hash", "a | hash(b)", "{a: x, b: sha256}", NULL, NULL },
	{ "checksum", "a | checksum", "{a: x}", NULL, NULL },
	{ "sha1", "a | sha1", "{a: x}", NULL, NULL },
	{ "md5", "a | md5", "{a: x}", NULL, NULL },
	{ "to_uuid", "a | to_uuid", "{a: x}", NULL, NULL },
	{ "password_hash", "a | password_hash(b, c, rounds=d)", "{a: x, b: sha256, c: y, d: 1000}", NULL,
		NULL },
	{ "log", "a | log(b)", "{a: 8, b: 2}", NULL, NULL },
	{ "root", "a | root(b)", "{a: 8, b: 3}", NULL, NULL },
	{ "human_readable", "a | human_readable(b, c)", "{a: 8, b: true, c: K}", NULL, NULL },
	{ "human_to_bytes", "a | human_to_bytes(b, c)", "{a: '8', b: K, c: true}", NULL, NULL },
	{ "truncate", "a | truncate(b, c, d, e)", "{a: abcdefgh, b: 4, c: true, d: '.', e: 0}", NULL, NULL },
	{ "urlsplit", "a | urlsplit(b)", "{a: 'http://x/y', b: path}", NULL, NULL },
	{ "center", "a | center(b)", "{a: x, b: 5}", NULL, NULL },
	{ "type_debug", "a | type_debug", "{a: x}", NULL, NULL },
	{ "type_debug", "a | type_debug", "{a: [x]}", NULL, "a" },
	{ "regex_replace", "a | regex_replace(b, c, d, e, f)",
		"{a: abc, b: b, c: x, d: true, e: true, f: 1}", NULL, NULL },
	{ "regex_search", "a | regex_search(b, ignorecase=c)", "{a: abc, b: b, c: true}", NULL, NULL },
	{ "regex_search", "a | regex_search(b, c)", "{a: abc, b: '(b)', c: '\\1'}", NULL, NULL },
	{ "regex_search", "a | regex_search(b)", "{a: abc, b: q}", NULL, NULL },
	{ "regex_findall", "a | regex_findall(b, c, d)", "{a: abc, b: b, c: true, d: true}", NULL,
		NULL },
	{ "regex_escape", "a | regex_escape", "{a: a.c}", NULL, NULL },
	{ "lower", "a | lower", "{a: Abc}", NULL, NULL },
	{ "upper", "a | upper", "{a: Abc}", NULL, NULL },
	{ "capitalize", "a | capitalize", "{a: abc}", NULL, NULL },
	{ "title", "a | title", "{a: abc}", NULL, NULL },
	{ "trim", "a | trim(b)", "{a: xabcx, b: x}", NULL, NULL },
	{ "replace", "a | replace(b, c, d)", "{a: abc, b: b, c: x, d: 1}", NULL, NULL },
	{ "split", "a | split(b, c)", "{a: a-b, b: '-', c: 1}", NULL, NULL },
	{ "join", "a | join(b)", "{a: [x, y], b: '-'}", NULL, NULL },
	{ "join", "a | join('', b)", "{a: [{k: x}], b: k}", NULL, NULL },
	{ "indent", "a | indent(b, c, d)", "{a: abc, b: 2, c: true, d: true}", NULL, NULL },
	{ "format", "a | format(b)", "{a: 'x%s', b: y}", NULL, NULL },
	{ "wordcount", "a | wordcount", "{a: x y}", NULL, NULL },
	{ "quote", "a | quote", "{a: x y}", NULL, NULL },
	{ "basename", "a | basename", "{a: /x/y}", NULL, NULL },
	{ "dirname", "a | dirname", "{a: /x/y}", NULL, NULL },
	{ "splitext", "a | splitext", "{a: x.y}", NULL, NULL },
	{ "to_yaml", "a | to_yaml(b)", "{a: {k: [x]}, b: 2}", NULL, NULL },
	{ "to_nice_yaml", "a | to_nice_yaml(b)", "{a: {k: [x]}, b: 2}", NULL, NULL },
	{ "from_yaml", "a | from_yaml", "{a: 'k: [x]'}", NULL, NULL },
};

static const struct row tests[] = {
	{ "defined", "a is defined", "{a: x}", NULL, NULL },
	{ "undefined", "a is undefined", "{a: x}", NULL, NULL },
	{ "none", "a is none", "{a: x}", NULL, NULL },
	{ "string", "a is string", "{a: x}", NULL, NULL },
	{ "number", "a is number", "{a: x}", NULL, NULL },
	{ "integer", "a is integer", "{a: x}", NULL, NULL },
	{ "float", "a is float", "{a: x}", NULL, NULL },
	{ "boolean", "a is boolean", "{a: x}", NULL, NULL },
	{ "mapping", "a is mapping", "{a: x}", NULL, NULL },
	{ "iterable", "a is iterable", "{a: x}", NULL, NULL },
	{ "sequence", "a is sequence", "{a: x}", NULL, NULL },
	{ "true", "a is true", "{a: true}", NULL, NULL },
	{ "false", "a is false", "{a: true}", NULL, NULL },
	{ "truthy", "a is truthy", "{a: x}", NULL, NULL },
	{ "falsy", "a is falsy", "{a: x}", NULL, NULL },
	{ "even", "a is even", "{a: 3}", NULL, NULL },
	{ "odd", "a is odd", "{a: 3}", NULL, NULL },
	{ "divisibleby", "a is divisibleby(b)", "{a: 9, b: 3}", NULL, NULL },
	{ "lower", "a is lower", "{a: x}", NULL, NULL },
	{ "upper", "a is upper", "{a: x}", NULL, NULL },
	{ "sameas", "a is sameas(b)", "{a: x, b: x}", NULL, NULL },
	{ "eq", "a is eq(b)", "{a: [x], b: [x]}", NULL, NULL },
	{ "equalto", "a is equalto(b)", "{a: x, b: y}", NULL, NULL },
	{ "==", "[a] | select('==', b) | list", "{a: x, b: x}", NULL, NULL },
	{ "ne", "a is ne(b)", "{a: [x], b: [y]}", NULL, NULL },
	{ "!=", "[a] | select('!=', b) | list", "{a: x, b: y}", NULL, NULL },
	{ "lt", "a is lt(b)", "{a: 1, b: 2}", NULL, NULL },
	{ "lessthan", "a is lessthan(b)", "{a: 1, b: 2}", NULL, NULL },
	{ "<", "[a] | select('<', b) | list", "{a: 1, b: 2}", NULL, NULL },
	{ "le", "a is le(b)", "{a: 1, b: 2}", NULL, NULL },
	{ "<=", "[a] | select('<=', b) | list", "{a: 1, b: 2}", NULL, NULL },
	{ "gt", "a is gt(b)", "{a: 1, b: 2}", NULL, NULL },
	{ "greaterthan", "a is greaterthan(b)", "{a: 1, b: 2}", NULL, NULL },
	{ ">", "[a] | select('>', b) | list", "{a: 2, b: 1}", NULL, NULL },
	{ "ge", "a is ge(b)", "{a: 1, b: 2}", NULL, NULL },
	{ ">=", "[a] | select('>=', b) | list", "{a: 2, b: 1}", NULL, NULL },
	{ "in", "a is in(b)", "{a: x, b: [x, y]}", NULL, NULL },
	{ "contains", "a is contains(b)", "{a: [x, y], b: x}", NULL, NULL },
	{ "subset", "a is subset(b)", "{a: [x], b: [x]}", NULL, NULL },
	{ "issubset", "a is issubset(b)", "{a: [x], b: [x]}", NULL, NULL },
	{ "superset", "a is superset(b)", "{a: [x], b: [x]}", NULL, NULL },
	{ "issuperset", "a is issuperset(b)", "{a: [x], b: [x]}", NULL, NULL },
	{ "any", "a is any", "{a: [true, false]}", NULL, NULL },
	{ "all", "a is all", "{a: [true, false]}", NULL, NULL },
	{ "match", "a is match(b, c, d)", "{a: x, b: x, c: true, d: true}", NULL, NULL },
	{ "search", "a is search(b, c, d)", "{a: x, b: x, c: true, d: true}", NULL, NULL },
	{ "regex", "a is regex(b, c, d)", "{a: x, b: x, c: true, d: true}", NULL, NULL },
	{ "version", "a is version(b, c)", "{a: '1.2', b: '1.3', c: '<'}", NULL, NULL },
	{ "version_compare", "a is version_compare(b, c)", "{a: '1.2', b: '1.3', c: '<'}", NULL, NULL },
	/* Whether a task failed or changed anything is open whatever it did. */
	{ "changed", "a is changed", "{a: {changed: true}}", NULL, "a" },
	{ "change", "a is change", "{a: {changed: true}}", NULL, "a" },
	{ "failed", "a is failed", "{a: {failed: true}}", NULL, "a" },
	{ "failure", "a is failure", "{a: {failed: true}}", NULL, "a" },
	{ "succeeded", "a is succeeded", "{a: {failed: true}}", NULL, "a" },
	{ "success", "a is success", "{a: {failed: true}}", NULL, "a" },
	{ "successful", "a is successful", "{a: {failed: true}}", NULL, "a" },
	{ "skipped", "a is skipped", "{a: {skipped: true}}", NULL, "a" },
	{ "skip", "a is skip", "{a: {skipped: true}}", NULL, "a" },
};

static const struct row functions[] = {
	{ "namespace", "namespace(k=a).k", "{a: x}", NULL, NULL },
	{ "range", "range(a, b, c) | list", "{a: 1, b: 9, c: 2}", NULL, NULL },
	{ "dict", "dict(k=a)", "{a: x}", NULL, NULL },
	{ "lookup", "lookup('list', a)", "{a: x}", NULL, NULL },
	{ "query", "query('env', a, default=b)", "{a: BEOPLAY_NONE, b: x}", NULL, NULL },
	{ "q", "q('sequence', a)", "{a: '2'}", NULL, NULL },
};

static const struct row methods[] = {
	{ "items", "a.items() | list", "{a: {k: x}}", NULL, NULL },
	{ "keys", "a.keys() | list", "{a: {k: x}}", NULL, "a" },
	{ "values", "a.values() | list", "{a: {k: x}}", NULL, NULL },
	{ "get", "a.get(b)", "{a: {k: x}, b: k}", NULL, NULL },
	{ "get", "a.get(b, c)", "{a: {k: x}, b: l, c: y}", NULL, "a" },
	{ "lower", "a.lower()", "{a: X}", NULL, NULL },
	{ "upper", "a.upper()", "{a: x}", NULL, NULL },
	{ "capitalize", "a.capitalize()", "{a: x}", NULL, NULL },
	{ "title", "a.title()", "{a: x}", NULL, NULL },
	{ "strip", "a.strip(b)", "{a: xyx, b: x}", NULL, NULL },
	{ "lstrip", "a.lstrip(b)", "{a: xyx, b: x}", NULL, NULL },
	{ "rstrip", "a.rstrip(b)", "{a: xyx, b: x}", NULL, NULL },
	{ "split", "a.split(b, c)", "{a: x-y, b: '-', c: 1}", NULL, NULL },
	{ "rsplit", "a.rsplit(b, c)", "{a: x-y, b: '-', c: 1}", NULL, NULL },
	{ "splitlines", "a.splitlines()", "{a: \"x\\ny\"}", NULL, NULL },
	{ "replace", "a.replace(b, c, d)", "{a: xyx, b: x, c: z, d: 1}", NULL, NULL },
	{ "join", "a.join(b)", "{a: '-', b: [x, y]}", NULL, NULL },
	{ "startswith", "a.startswith(b)", "{a: xy, b: x}", NULL, NULL },
	{ "endswith", "a.endswith(b)", "{a: xy, b: x}", NULL, NULL },
	{ "find", "a.find(b)", "{a: xy, b: x}", NULL, NULL },
	{ "index", "a.index(b)", "{a: xy, b: x}", NULL, NULL },
	{ "count", "a.count(b)", "{a: xyx, b: x}", NULL, NULL },
	{ "isdigit", "a.isdigit()", "{a: x}", NULL, NULL },
	{ "isdecimal", "a.isdecimal()", "{a: x}", NULL, NULL },
	{ "isalpha", "a.isalpha()", "{a: x}", NULL, NULL },
	{ "isspace", "a.isspace()", "{a: x}", NULL, NULL },
	{ "islower", "a.islower()", "{a: x}", NULL, NULL },
	{ "isupper", "a.isupper()", "{a: x}", NULL, NULL },
	{ "ljust", "a.ljust(b, c)", "{a: x, b: 5, c: '-'}", NULL, NULL },
	{ "rjust", "a.rjust(b, c)", "{a: x, b: 5, c: '-'}", NULL, NULL },
	{ "zfill", "a.zfill(b)", "{a: '7', b: 5}", NULL, NULL },
};

/* Every kind of node and every operation, in the order of expression_tree.h. */
static const struct row operators[] = {
	{ NULL, "a", "{a: x}", NULL, NULL },
	{ NULL, "[a, 1]", "{a: x}", NULL, NULL },
	{ NULL, "{a: b}", "{a: k, b: x}", NULL, NULL },
	{ NULL, "a[b]", "{a: {k: x}, b: k}", NULL, NULL },
	{ NULL, "a[b]", "{a: xyz, b: 1}", NULL, NULL },
	{ NULL, "a.k", "{a: {k: x}}", NULL, NULL },
	{ NULL, "a[b:c:d]", "{a: xyz, b: 0, c: 3, d: 2}", NULL, NULL },
	{ NULL, "a[b:c:d]", "{a: [x, y, z], b: 0, c: 3, d: 1}", NULL, NULL },
	{ NULL, "not a", "{a: x}", NULL, NULL },
	{ NULL, "-a", "{a: 3}", NULL, NULL },
	{ NULL, "-a", "{a: 3.5}", NULL, NULL },
	{ NULL, "+a", "{a: 3}", NULL, NULL },
	{ NULL, "a and b", "{a: x, b: y}", NULL, NULL },
	{ NULL, "a and b", "{a: '', b: y}", "b", NULL },
	{ NULL, "a or b", "{a: x, b: y}", "b", NULL },
	{ NULL, "a or b", "{a: '', b: y}", NULL, NULL },
	{ NULL, "a if b else c", "{a: x, b: true, c: y}", "c", NULL },
	{ NULL, "a if b else c", "{a: x, b: false, c: y}", "a", NULL },
	{ NULL, "a + b", "{a: 1, b: 2}", NULL, NULL },
	{ NULL, "a + b", "{a: x, b: y}", NULL, NULL },
	{ NULL, "a + b", "{a: [x], b: [y]}", NULL, NULL },
	{ NULL, "a - b", "{a: 1, b: 2}", NULL, NULL },
	{ NULL, "a * b", "{a: 1, b: 2}", NULL, NULL },
	{ NULL, "a * b", "{a: x, b: 2}", NULL, NULL },
	{ NULL, "a / b", "{a: 1, b: 2}", NULL, NULL },
	{ NULL, "a // b", "{a: 1, b: 2}", NULL, NULL },
	{ NULL, "a % b", "{a: 1, b: 2}", NULL, NULL },
	{ NULL, "a % b", "{a: 'x%s', b: y}", NULL, NULL },
	{ NULL, "a % (b, c)", "{a: '%s%s', b: y, c: z}", NULL, NULL },
	{ NULL, "a ** b", "{a: 1, b: 2}", NULL, NULL },
	{ NULL, "a ~ b", "{a: x, b: [y]}", NULL, NULL },
	{ NULL, "a == b", "{a: [x], b: [y]}", NULL, NULL },
	{ NULL, "a != b", "{a: x, b: y}", NULL, NULL },
	{ NULL, "a < b", "{a: 1, b: 2}", NULL, NULL },
	{ NULL, "a <= b", "{a: 1, b: 2}", NULL, NULL },
	{ NULL, "a > b", "{a: x, b: y}", NULL, NULL },
	{ NULL, "a >= b", "{a: 1, b: 2}", NULL, NULL },
	{ NULL, "a in b", "{a: x, b: [x, y]}", NULL, NULL },
	{ NULL, "a in b", "{a: x, b: xyz}", NULL, NULL },
	{ NULL, "a not in b", "{a: x, b: [y]}", NULL, NULL },
	{ NULL, "vars.a", "{a: x}", NULL, NULL },
	{ NULL, "vars | to_json", "{a: x}", NULL, NULL },
};

static const struct row statements[] = {
	{ NULL, "x {{ a }} y", "{a: x}", NULL, NULL },
	{ NULL, "{% if a %}x{% elif b %}y{% else %}z{% endif %}", "{a: '', b: ''}", NULL, NULL },
	{ NULL, "{% for i in a %}x{% endfor %}", "{a: [x, y]}", NULL, "a" },
	{ NULL, "{% for i in a %}{{ i }}{% endfor %}", "{a: [x, y]}", NULL, NULL },
	{ NULL, "{% for i in [1, 2] if i == a %}x{% endfor %}", "{a: 1}", NULL, NULL },
	{ NULL, "{% for i, j in a %}{{ j }}{% endfor %}", "{a: [[x, y]]}", NULL, NULL },
	{ NULL, "{% for i in a %}{{ loop.nextitem | default('') }}{% endfor %}", "{a: [x, y]}", NULL,
		NULL },
	{ NULL, "{% set b = a %}{{ b }}", "{a: x}", NULL, NULL },
	{ NULL, "{% set b %}{{ a }}{% endset %}{{ b }}", "{a: x}", NULL, NULL },
	{ NULL, "{% set b, c = a %}{{ c }}", "{a: [x, y]}", NULL, NULL },
	{ NULL, "{% set n = namespace(k=1) %}{% set n.k = a %}{{ n.k }}", "{a: x}", NULL, NULL },
	{ NULL, "{% set n = namespace(k=1) %}{% if a %}{% set n.k = 2 %}{% endif %}{{ n.k }}", "{a: x}",
		NULL, NULL },
	{ NULL, "{% for i in a %}{% set b = i %}{{ b | upper }}{% endfor %}", "{a: [x]}", NULL, NULL },
};

static struct value *yaml(struct arena *arena, const char *text)
{
	struct error err = { 0 };
	struct value *root = NULL;

	if (tree_parse(arena, "site.yml", text, strlen(text), &root, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return root;
}

static bool is_named(const char *names, const char *name)
{
	return names && strstr(names, name) != NULL;
}

static void raise_members(struct value *value, enum level level)
{
	for (size_t i = 0; i < value->count; i++)
		value_raise(value->kind == VALUE_MAP ? value->pairs[i].value : value->items[i], level);
}

static void check_one(const struct row *row, bool statement, size_t at, bool members,
	enum level level)
{
	struct arena *arena = arena_new();
	struct value *variables = yaml(arena, row->variables), *filled = NULL;
	struct value *scalar = value_string(arena, statement ? row->text
		: arena_printf(arena, "{{ %s }}", row->text));
	struct scope *scope = scope_empty(arena);
	struct error err = { 0 };

	for (size_t i = 0; i < variables->count; i++) {
		struct value *value = variables->pairs[i].value;

		if (i == at && members)
			raise_members(value, level);
		else if (i == at)
			value->level = level;
		scope_set(scope, variables->pairs[i].key, value);
	}
	scalar->place = (struct place){ .file = "site.yml", .line = 1, .column = 1 };
	if (expression_fill(arena, scope, scalar, &filled, &err) < 0)
		fail_msg("%s: %s", row->text, err.message);
	if (value_level(filled) != level)
		fail_msg("%s with %s of level %d%s gives level %d", row->text, variables->pairs[at].key,
			level, members ? " inside" : "", value_level(filled));
	arena_free(arena);
}

static void check_rows(const struct row *rows, size_t count, bool statement)
{
	for (size_t i = 0; i < count; i++) {
		struct arena *arena = arena_new();
		const struct value *variables = yaml(arena, rows[i].variables);

		for (size_t k = 0; k < variables->count; k++) {
			const char *name = variables->pairs[k].key;

			for (enum level level = LEVEL_PRIVATE; level <= LEVEL_SECRET; level++) {
				if (!is_named(rows[i].open, name))
					check_one(&rows[i], statement, k, false, level);
				if (variables->pairs[k].value->count > 0 && !is_named(rows[i].open, name)
						&& !is_named(rows[i].members, name))
					check_one(&rows[i], statement, k, true, level);
			}
		}
		arena_free(arena);
	}
}

static bool has_row(const struct row *rows, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].name && strcmp(rows[i].name, name) == 0)
			return true;
	}
	return false;
}

static void check_kind(enum callable_kind kind, const struct row *rows, size_t count)
{
	const struct callable *const *tables = callable_tables(kind);

	for (size_t i = 0; tables[i]; i++) {
		for (const struct callable *row = tables[i]; row->name; row++) {
			if (!has_row(rows, count, row->name))
				fail_msg("nothing is known of what '%s' does with a level", row->name);
		}
	}
	check_rows(rows, count, false);
}

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

static void every_filter_keeps_the_level(void **state)
{
	(void)state;
	check_kind(CALLABLE_FILTER, filters, COUNT(filters));
}

static void every_test_keeps_the_level(void **state)
{
	(void)state;
	check_kind(CALLABLE_TEST, tests, COUNT(tests));
}

static void every_function_and_method_keeps_the_level(void **state)
{
	(void)state;
	check_kind(CALLABLE_FUNCTION, functions, COUNT(functions));
	check_kind(CALLABLE_METHOD, methods, COUNT(methods));
}

static void every_operator_and_statement_keeps_the_level(void **state)
{
	(void)state;
	check_rows(operators, COUNT(operators), false);
	check_rows(statements, COUNT(statements), true);
}

static void members_of_a_secret_container_are_secret_outside(void **state)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_empty(arena);
	struct value *text = value_string(arena, "{\"k\": [\"x\"]}"), *filled;
	struct error err = { 0 };

	(void)state;
	text->level = LEVEL_SECRET;
	text->data = true;
	scope_set(scope, "a", text);
	assert_int_equal(expression_fill(arena, scope, value_string(arena, "{{ a | from_json }}"), &filled,
		&err), 0);
	assert_int_equal(value_get(filled, "k")->level, LEVEL_SECRET);
	assert_int_equal(value_get(filled, "k")->items[0]->level, LEVEL_SECRET);
	arena_free(arena);
}

static void a_list_of_one_secret_is_open_but_for_that_one(void **state)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_empty(arena);
	struct value *text = value_string(arena, "x"), *filled;
	struct error err = { 0 };

	(void)state;
	text->level = LEVEL_SECRET;
	scope_set(scope, "a", text);
	assert_int_equal(expression_fill(arena, scope, value_string(arena, "{{ ['y', a] }}"), &filled,
		&err), 0);
	assert_int_equal(filled->level, LEVEL_OPEN);
	assert_int_equal(filled->items[0]->level, LEVEL_OPEN);
	assert_int_equal(filled->items[1]->level, LEVEL_SECRET);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(every_filter_keeps_the_level),
		cmocka_unit_test(every_test_keeps_the_level),
		cmocka_unit_test(every_function_and_method_keeps_the_level),
		cmocka_unit_test(every_operator_and_statement_keeps_the_level),
		cmocka_unit_test(members_of_a_secret_container_are_secret_outside),
		cmocka_unit_test(a_list_of_one_secret_is_open_but_for_that_one),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
