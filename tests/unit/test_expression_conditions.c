/* Conditions, and what isn't known or is secret on its way through expressions. */
#include "expression_bench.h"

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
	scope_set(scope, "later", value_unknown(arena, &(struct cause){ .kind = CAUSE_RESULT, .name = "a task" }));
	assert_int_equal(expression_truth(arena, scope, value_string(arena, "{{ later }}"), true,
		&truth, &err), -1);
	arena_free(arena);
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
		assert_int_equal(strncmp(filled->cause->name, "task ", 5), 0);
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
	assert_string_equal(value_unknown_cause(filled)->name, "task two");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
