/* Expressions in texts and templates: what is filled in, and where it stands. */
#include "expression_bench.h"

#include "base/buffer.h"

#include <time.h>

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
	{ "{% filter upper %}a{{ n }}{% filter replace('B', 'c') | trim %} b {% endfilter %}d{% endfilter %}",
		"'A5BD'" },
	{ "{% filter upper %}\n{% set k = 'in' %}{{ k }}\n{% endfilter %}{{ k | default('out') }}",
		"'IN\\nout'" },
	{ "{% set a | upper | trim %} x{{ n }} {% endset %}[{{ a }}]",
		"'[X5]'" },
	{ "{% set a | length %}abc{% endset %}{{ a + n }}",
		"'8'" },
	{ "{% with a = 1, b = n %}{{ a }}{{ b }}{% set a = 7 %}{{ a }}{% endwith %}{{ a | default('none') }}",
		"'157none'" },
	{ "{% with a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}{% endwith %}",
		"'211'" },
	{ "{% with %}{% set a = 3 %}{{ a }}{% endwith %}{{ a | default('none') }}",
		"'3none'" },
	{ "{% for x in l %}{% with k = x %}{{ k }}{{ loop.index }} {% endwith %}{% endfor %}",
		"'31 12 23 '" },
	{ "{% with a = [1, 2] %}{{ a | join('-') }}{% endwith %}",
		"'1-2'" },
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

/* Processor time of a template with so many lines. */
static double seconds_of_lines(size_t count)
{
	static const char line[] = "{{ missing | default('x') | upper }} is {{ s }}\n";
	struct arena *arena = arena_new();
	struct error err = { 0 };
	struct value *value;
	struct buffer text = { 0 };
	clock_t from;

	for (size_t i = 0; i < count; i++)
		buffer_add_string(&text, line);
	from = clock();
	if (expression_template(arena, scope_with_variables(arena), text.data, text.size, "long.j2", NULL,
			&value, &err) < 0)
		fail_msg("%s", err.message);
	buffer_free(&text);
	arena_free(arena);
	return (double)(clock() - from) / CLOCKS_PER_SEC;
}

/* Where something stands is asked for only if it is wrong. */
static void a_line_of_a_long_template_costs_what_one_of_a_short_one_does(void **state)
{
	double small = seconds_of_lines(500), large = seconds_of_lines(4000);

	(void)state;
	if (large > 24 * small + 0.05)
		fail_msg("8 times as many lines took %.3f s instead of %.3f s", large, small);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_expression_alone_keeps_its_type),
		cmocka_unit_test(a_number_keeps_how_it_was_written),
		cmocka_unit_test(backslashes_in_yaml_stay_and_in_templates_escape),
		cmocka_unit_test(templates_are_written_as_jinja_and_ansible_do),
		cmocka_unit_test(a_line_of_a_long_template_costs_what_one_of_a_short_one_does),
		cmocka_unit_test(a_header_that_jinja_does_not_know_is_refused_at_its_place),
		cmocka_unit_test(a_mistake_in_a_template_has_its_line_and_column),
		cmocka_unit_test(values_are_filled_in_deeply_and_share_what_needed_nothing),
		cmocka_unit_test(a_key_that_is_filled_in_to_one_that_is_there_is_refused),
		cmocka_unit_test(a_result_stands_where_its_expression_stood),
		cmocka_unit_test(a_variable_that_uses_something_undefined_is_undefined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
