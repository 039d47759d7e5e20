/* Lookups: what lookup(), query() and with_… give, as ansible-core 2.14 does. */
#include "expression/expression.h"
#include "variables/variables.h"
#include "yaml/tree.h"

#include "tests/plays/memory.h"
#include "tests/plays/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;
static struct error failure;

static const char *const texts[] = {
	"site.yml", "- hosts: all\n  vars: {word: x, deep: {a: [1, 2], b: {c: 3}}}\n"
		"  roles: [web]\n  tasks:\n  - {ping: }\n",
	"files/a.conf", "one\n\n",
	"files/b.conf", "  two",
	"files/sub/c.conf", "three",
	"files/sub/d.txt", "four",
	"other.txt", "beside {{ word }}",
	"roles/web/files/a.conf", "of the role",
	"roles/web/tasks/main.yml", "- ping:\n",
	"roles/web/templates/t.j2", "{{ word }}: {% for i in deep.a %}{{ i }};{% endfor %}",
	"roles/web/templates/list.j2", "[1, {{ deep.b.c }}]",
	"roles/web/templates/self.j2", "{{ lookup('template', 'self.j2') }}",
	NULL };

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	setenv("BEOPLAY_TEST", "of the environment", 1);
	unsetenv("BEOPLAY_NONE");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* Of a task in the role, or of the play. */
static struct scope *scope_of(bool role, bool without_commands)
{
	struct source *source = memory_source(arena, texts);
	struct variables_options options = { .playbook_directory = ".", .source = source,
		.folder = "", .without_commands = without_commands };
	struct playbook *playbook = NULL;

	error_clear(&failure);
	assert_int_equal(playbook_load(arena, source, "site.yml", &test_modules, &playbook, &failure),
		0);
	return scope_new(arena, variables_new(arena, &options), NULL, playbook->plays[0],
		playbook->plays[0]->tasks[role ? 0 : 1]);
}

static struct value *given(struct scope *scope, const char *text)
{
	struct value *value = NULL;

	error_clear(&failure);
	if (expression_value(arena, scope, value_string(arena, text), &value, &failure) < 0)
		return NULL;
	return value;
}

static const char *shown(struct scope *scope, const char *text)
{
	struct value *value = given(scope, text);

	return value ? expression_show(arena, value) : failure.message;
}

struct row {
	const char *text, *shown;
};

static void check(struct scope *scope, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *got = shown(scope, rows[i].text);

		if (strcmp(got, rows[i].shown) != 0)
			fail_msg("%s gives %s instead of %s", rows[i].text, got, rows[i].shown);
	}
}

#define CHECK(scope, rows) check(scope, rows, sizeof(rows) / sizeof(rows[0]))

static void lists_are_made_as_ansible_makes_them(void **state)
{
	static const struct row rows[] = {
		{ "lookup('items', [1, [2, 3]], 4)", "[1, [2, 3], 4]" },
		{ "query('items', 1, [2, [3]])", "[1, 2, [3]]" },
		{ "query('list', [1, 2], 3)", "[[1, 2], 3]" },
		{ "query('flattened', [1, [2, [3]], none], 4)", "[1, 2, 3, 4]" },
		{ "query('indexed_items', ['a', 'b'])", "[[0, 'a'], [1, 'b']]" },
		{ "query('dict', {'a': 1, 'b': 2})", "[{'key': 'a', 'value': 1}, {'key': 'b', 'value': 2}]" },
		{ "query('nested', ['a', 'b'], [1, [2]])", "[['a', 1], ['a', 2], ['b', 1], ['b', 2]]" },
		{ "query('cartesian', [1], [2], [3, 4])", "[[1, 2, 3], [1, 2, 4]]" },
		{ "query('together', [1, 2], ['a'])", "[[1, 'a'], [2, None]]" },
		{ "query('subelements', [{'n': 1, 'l': ['x', 'y']}, {'n': 2, 'l': []}], 'l')",
			"[[{'n': 1}, 'x'], [{'n': 1}, 'y']]" },
		{ "query('subelements', [{'n': 1, 'a': {'b': ['x'], 'c': 2}}], 'a.b')",
			"[[{'n': 1, 'a': {'c': 2}}, 'x']]" },
		{ "query('subelements', [{'n': 1}], 'l', {'skip_missing': true})", "[]" },
		{ "query('sequence', 'start=1 end=3')", "['1', '2', '3']" },
		{ "query('sequence', 'start=4 end=16 stride=4 format=node%02x')",
			"['node04', 'node08', 'node0c', 'node10']" },
		{ "query('sequence', 'count=3')", "['1', '2', '3']" },
		{ "query('sequence', 'count=0')", "[]" },
		{ "query('sequence', '5-8/2:n%d')", "['n5', 'n7']" },
		{ "query('sequence', '2')", "['1', '2']" },
		{ "query('sequence', 'start=3 end=1 stride=-1')", "['3', '2', '1']" },
		{ "lookup('dict', {'a': 1}).key", "a" },
		{ "lookup('list', 'a', 'b')", "a,b" },
		{ "lookup('sequence', 'end=3')", "1,2,3" },
	};

	(void)state;
	CHECK(scope_of(false, false), rows);
}

static void wrong_terms_are_refused(void **state)
{
	static const struct row rows[] = {
		{ "lookup('dict', [1])", "the lookup 'dict' needs a map, not a list" },
		{ "lookup('sequence', 'a=1')", "'a=1' is no sequence: write it as 'start=1 end=9 stride=2 "
			"format=node%02d'" },
		{ "lookup('sequence', 'start=3 end=1')", "a sequence counts backwards where its stride is "
			"below 0, and nowhere else" },
		{ "lookup('sequence', 'end=1 format=%s')", "the format of a sequence has one %d, %x or %o" },
		{ "lookup('sequence', 'end=1 format=%d%n')", "the format of a sequence has one %d, %x or "
			"%o" },
		{ "lookup('file', 'none.txt')", "there is no file 'none.txt' for the lookup 'file'" },
		{ "lookup('file', ['a'])", "the lookup 'file' needs a string, not a list" },
		{ "lookup('file', 'a.conf', colour='red')", "the lookup 'file' has no option 'colour'" },
		{ "lookup('first_found', 'no', 'none')", "none of the files of first_found is there (skip: "
			"true would go on without)" },
		{ "lookup('vars', 'nothing')", "'nothing' is undefined" },
		{ "lookup('pipe', 'exit 3')", "'exit 3' failed on the controller with exit code 3" },
	};

	(void)state;
	CHECK(scope_of(false, false), rows);
}

static void what_is_there_is_read(void **state)
{
	static const struct row rows[] = {
		{ "lookup('env', 'BEOPLAY_TEST')", "of the environment" },
		{ "lookup('env', 'BEOPLAY_NONE')", "" },
		{ "lookup('env', 'BEOPLAY_NONE', default='x')", "x" },
		{ "lookup('env', 'BEOPLAY_NONE') | default('y', true)", "y" },
		{ "lookup('vars', 'word')", "x" },
		{ "lookup('vars', 'wo' ~ 'rd', 'none', default=1)", "['x', 1]" },
		{ "lookup('vars', 'nothing', default='d')", "d" },
		{ "query('vars', 'deep')[0].b.c", "3" },
		{ "lookup('file', 'a.conf')", "one" },
		{ "lookup('file', 'a.conf', rstrip=false)", "one\n\n" },
		{ "lookup('file', 'b.conf', lstrip=true)", "two" },
		{ "lookup('ansible.builtin.file', 'a.conf', 'b.conf')", "one,  two" },
		{ "lookup('file', 'other.txt')", "beside {{ word }}" },
		{ "lookup('template', 'other.txt')", "beside x" },
		{ "lookup('fileglob', '*.conf')", "files/a.conf,files/b.conf" },
		{ "query('fileglob', 'sub/*', 'none*')", "['files/sub/c.conf', 'files/sub/d.txt']" },
		{ "query('fileglob', 'none/*')", "[]" },
		{ "lookup('first_found', ['no', 'b.conf', 'a.conf'])", "files/b.conf" },
		{ "lookup('first_found', {'files': 'no,d.txt', 'paths': ['sub', 'files/sub']})",
			"files/sub/d.txt" },
		{ "lookup('first_found', files=['d.txt'], paths='no:sub')", "files/sub/d.txt" },
		{ "query('first_found', {'files': ['no'], 'skip': true})", "[]" },
		{ "lookup('file', 'none.txt', errors='ignore') is none", "True" },
		{ "query('file', 'none.txt', errors='ignore')", "[]" },
		{ "lookup('pipe', 'echo one; echo two; echo')", "one\ntwo" },
		{ "lookup('lines', 'echo one; echo two')", "one,two" },
		{ "query('lines', 'echo one; echo; echo two')", "['one', '', 'two']" },
		{ "lookup('file', 'a.conf', wantlist=true)", "['one']" },
	};
	static const struct row of_role[] = {
		{ "lookup('file', 'a.conf')", "of the role" },
		{ "lookup('template', 't.j2')", "x: 1;2;" },
		{ "lookup('template', 'list.j2')[1]", "3" },
		{ "lookup('template', 'list.j2', convert_data=false)[1:3]", "1," },
		{ "lookup('template', 'self.j2')", "the template 'roles/web/templates/self.j2' needs itself" },
	};

	(void)state;
	CHECK(scope_of(false, false), rows);
	CHECK(scope_of(true, false), of_role);
}

static void what_is_read_is_never_filled_in_again(void **state)
{
	struct scope *scope = scope_of(false, false);
	struct value *value = NULL;

	(void)state;
	scope_set(scope, "read", value_string(arena, "{{ lookup('file', 'other.txt') }}"));
	assert_int_equal(expression_fill(arena, scope, value_string(arena, "<{{ read }}>"), &value,
		&failure), 0);
	assert_string_equal(value->text, "<beside {{ word }}>");
}

static void values_of_the_environment_are_private(void **state)
{
	struct scope *scope = scope_of(false, false);

	(void)state;
	assert_int_equal(value_level(given(scope, "'a' ~ lookup('env', 'BEOPLAY_TEST')")),
		LEVEL_PRIVATE);
	assert_int_equal(value_level(given(scope, "lookup('pipe', 'echo x')")), LEVEL_PRIVATE);
	assert_int_equal(value_level(given(scope, "lookup('file', 'a.conf')")), LEVEL_OPEN);
}

static void a_text_that_is_only_checked_runs_nothing(void **state)
{
	(void)state;
	assert_true(value_unknown_inside(given(scope_of(false, true), "lookup('pipe', 'exit 1')")));
}

static void what_is_not_known_stays_so(void **state)
{
	struct scope *scope = scope_of(false, false);
	struct value *list = NULL, *unknown = value_unknown(arena,
		&(struct cause){ .kind = CAUSE_RESULT, .name = "a task" }), *map = value_map(arena);

	(void)state;
	scope_set(scope, "u", unknown);
	assert_true(value_unknown_inside(given(scope, "lookup('file', u)")));
	assert_true(value_unknown_inside(given(scope, "lookup('file', ['a.conf', u])")));
	assert_true(value_unknown_inside(given(scope, "lookup('env', 'BEOPLAY_NONE', default=u)")));
	value_set(arena, map, "a", unknown);
	assert_int_equal(expression_lookup(arena, scope, "dict", map, "files", &list, &failure), 0);
	assert_int_equal(list->count, 1);
	assert_string_equal(value_get_string(list->items[0], "key"), "a");
	assert_int_equal(expression_lookup(arena, scope, "dict", unknown, "files", &list, &failure), 0);
	assert_int_equal(list->kind, VALUE_UNKNOWN);
}

static void names_of_vars_are_read(void **state)
{
	struct value *names = value_list(arena);

	(void)state;
	assert_int_equal(expression_names(arena, value_string(arena, "{{ lookup('vars', 'x', y) }}"),
		names, &failure), 0);
	assert_int_equal(names->count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_made_as_ansible_makes_them),
		cmocka_unit_test(wrong_terms_are_refused),
		cmocka_unit_test(what_is_there_is_read),
		cmocka_unit_test(what_is_read_is_never_filled_in_again),
		cmocka_unit_test(values_of_the_environment_are_private),
		cmocka_unit_test(a_text_that_is_only_checked_runs_nothing),
		cmocka_unit_test(what_is_not_known_stays_so),
		cmocka_unit_test(names_of_vars_are_read),
	};

	return cmocka_run_group_tests_name("lookups", tests, set_up, tear_down);
}
