/* Which value a name has: facts, results, extra variables, secret names. */
#include "variables_bench.h"

static void facts_are_unknown_until_they_are_set(void **state)
{
	struct scope *scope = scope_on("node3");
	struct value *value = get(scope, "ansible_hostname");

	(void)state;
	assert_int_equal(value->kind, VALUE_UNKNOWN);
	assert_int_equal(value->cause->kind, CAUSE_FACTS);
	assert_string_equal(value->cause->host, "node3");
	assert_int_equal(get(scope, "ansible_facts")->kind, VALUE_UNKNOWN);
	assert_null(get(scope, "ansible_eth0"));
	assert_int_equal(get(scope, "wants_fact")->kind, VALUE_UNKNOWN);
	assert_null(get(scope, "ansible_user"));
	assert_false(variables_has_facts(variables, host("node3")));
	variables_set_facts(variables, host("node3"),
		yaml("{hostname: n3, default_ipv4: {address: 10.0.0.3}, host: 10.6.6.6, eth0: {mtu: 1500}, "
			"kernel: [1]}"));
	assert_true(variables_has_facts(variables, host("node3")));
	assert_false(variables_has_facts(variables, host("node2")));
	assert_string_equal(shown(scope, "wants_fact"), "n3!");
	assert_string_equal(filled(scope, "{{ ansible_facts.hostname }}"), "n3");
	assert_string_equal(filled(scope, "{{ ansible_default_ipv4.address }}"), "10.0.0.3");
	assert_null(get(scope, "ansible_host"));
	assert_null(get(scope, "ansible_eth0"));
	assert_null(get(scope, "ansible_kernel"));
	assert_string_equal(filled(scope, "{{ ansible_pkg_mgr is defined }}"), "False");
	assert_string_equal(filled(scope_on("node2"), "{{ hostvars['node3'].ansible_hostname }}"),
		"n3");
}

static void the_facts_of_another_host_are_named(void **state)
{
	struct value *value;

	(void)state;
	assert_int_equal(expression_fill(arena, scope_on("node2"),
		value_string(arena, "{{ hostvars['node3'].ansible_hostname }}"), &value, &failure),
		0);
	assert_int_equal(value->kind, VALUE_UNKNOWN);
	assert_int_equal(value->cause->kind, CAUSE_FACTS);
	assert_string_equal(value->cause->host, "node3");
}

static void a_fact_that_is_not_gathered_is_refused_whatever_would_catch_it(void **state)
{
	static const char *const texts[] = { "{{ ansible_virtualization_type }}",
		"{{ ansible_virtualization_type | default('none') }}",
		"{{ ansible_virtualization_type is defined }}", "{{ ansible_eth0.mtu | default(1500) }}" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct error err = { 0 };
		struct value *value;

		assert_int_equal(expression_fill(arena, scope_on("node2"), value_string(arena, texts[i]),
			&value, &err), -1);
		assert_non_null(strstr(err.message, "is not gathered by beoplay"));
		assert_non_null(strstr(err.remedy, "set the variable in the inventory"));
	}
}

static void names_of_facts_are_told_from_others(void **state)
{
	static const char *const facts[] = { "ansible_hostname", "ansible_facts",
		"ansible_default_ipv4", NULL };
	static const char *const ungathered[] = { "ansible_lo", "ansible_eth0", "ansible_enp3s0",
		"ansible_br0", "ansible_virtualization_type", NULL };
	static const char *const others[] = { "ansible_user", "ansible_host", "ansible_port",
		"ansible_connection", "ansible_play_hosts", "ansible_check_mode", "hostname",
		"ansible_",
		"ansible_become", "ansible_enabled", "ansible_version", "facts", "", NULL };

	(void)state;
	for (size_t i = 0; facts[i]; i++) {
		if (!variables_is_fact(facts[i]))
			fail_msg("%s is a fact", facts[i]);
	}
	for (size_t i = 0; others[i]; i++) {
		if (variables_is_fact(others[i]))
			fail_msg("%s is no fact", others[i]);
	}
	for (const struct shape *fact = module_of_facts()->facts; fact->key; fact++) {
		assert_true(variables_is_fact(arena_printf(arena, "ansible_%s", fact->key)));
		assert_false(variables_is_ungathered(arena_printf(arena, "ansible_%s", fact->key)));
	}
	for (size_t i = 0; ungathered[i]; i++) {
		assert_false(variables_is_fact(ungathered[i]));
		assert_true(variables_is_ungathered(ungathered[i]));
	}
}

static void no_node_says_how_it_is_reached(void **state)
{
	struct scope *scope = scope_on("node3");

	(void)state;
	variables_register(variables, host("node3"), "ansible_host", yaml("{stdout: 10.6.6.6}"), true, 0);
	assert_null(get(scope, "ansible_host"));
}

static void facts_and_results_are_copied_and_marked_as_data(void **state)
{
	struct value *facts = yaml("{hostname: '{{ base }}'}");
	struct value *result = yaml("{stdout: '{{ base }}', lines: ['{{ base }}']}");
	struct scope *scope = scope_on("node3");

	(void)state;
	variables_set_facts(variables, host("node3"), facts);
	variables_register(variables, host("node3"), "answer", result, true, 0);
	assert_false(facts->data);
	assert_false(value_get(result, "stdout")->data);
	value_set_string(arena, result, "stdout", "changed");
	assert_string_equal(filled(scope, "{{ ansible_hostname }}"), "{{ base }}");
	assert_string_equal(filled(scope, "{{ answer.stdout }} {{ answer.lines[0] }}"),
		"{{ base }} {{ base }}");
	assert_true(get(scope, "answer")->data);
}

static void a_result_belongs_to_one_host_for_the_rest_of_the_run(void **state)
{
	(void)state;
	variables_register(variables, host("node3"), "answer", yaml("{rc: 0}"), true, 0);
	assert_string_equal(filled(scope_on("node3"), "{{ answer.rc }}"), "0");
	assert_null(get(scope_on("node2"), "answer"));
	assert_string_equal(filled(scope_on("node2"), "{{ hostvars['node3'].answer.rc }}"), "0");
	variables_register(variables, host("node3"), "answer", yaml("{rc: 1}"), true, 0);
	assert_string_equal(filled(scope_on("node3"), "{{ answer.rc }}"), "1");
}

static void a_result_that_is_not_known_is_defined(void **state)
{
	struct scope *scope = scope_on("node3");
	struct value *value = NULL;

	(void)state;
	variables_register(variables, host("node3"), "answer", value_unknown(arena,
		&(struct cause){ .kind = CAUSE_RESULT, .name = "task one" }), true, 0);
	assert_string_equal(filled(scope, "{{ answer is defined }}"), "True");
	assert_string_equal(filled(scope, "{{ answer is not defined }}"), "False");
	assert_int_equal(expression_fill(arena, scope,
		value_string(arena, "{{ answer.stdout is defined }}"), &value, &failure), 0);
	assert_int_equal(value->kind, VALUE_UNKNOWN);
	assert_int_equal(expression_fill(arena, scope,
		value_string(arena, "{{ ansible_kernel is defined }}"), &value, &failure), 0);
	assert_int_equal(value->kind, VALUE_UNKNOWN);
	assert_string_equal(filled(scope, "{{ ansible_nothing is defined }}"), "False");
}

static void what_a_value_reads_is_found_through_variables(void **state)
{
	struct scope *scope = scope_on("node3");
	struct value *names = value_list(arena);

	(void)state;
	assert_int_equal(scope_reads(arena, scope, value_string(arena, "a {{ wants_result }}"),
		false,
		names, &failure), 0);
	assert_string_equal(expression_show(arena, names),
		"['wants_result', 'wants_fact', 'answer', 'ansible_hostname']");
	names = value_list(arena);
	assert_int_equal(scope_reads(arena, scope, value_string(arena, "one == 1"), true, names,
		&failure), 0);
	assert_string_equal(expression_show(arena, names), "['one', 'two', 'three']");
	names = value_list(arena);
	assert_int_equal(scope_reads(arena, scope, yaml("[plain]"), false, names, &failure), 0);
	assert_int_equal(names->count, 0);
}

static const char *extra_of(const char *text)
{
	static const char *const files[] = { "vars.yml", "a: 1\nb: [x]\n", "list.yml", "[1]\n",
		NULL };
	struct value *extra = value_map(arena);

	error_clear(&failure);
	if (variables_extra(arena, memory_source(arena, files), text, extra, &failure) < 0)
		return failure.message;
	return expression_show(arena, extra);
}

static void extra_variables_are_words_a_map_or_a_file(void **state)
{
	static const char *const texts[][2] = {
		{ "a=1", "{'a': '1'}" },
		{ "a=1 b='x y'  c=\"z\"", "{'a': '1', 'b': 'x y', 'c': 'z'}" },
		{ "a=", "{'a': ''}" },
		{ "a=x=y", "{'a': 'x=y'}" },
		{ "a='it'\"'\"'s'", "{'a': \"it's\"}" },
		{ "a=x\\ y", "{'a': 'x y'}" },
		{ "a={{ b }}", "'b' has no value" },
		{ "a='{{ b }}'", "{'a': '{{ b }}'}" },
		{ "{a: 1, b: [x]}", "{'a': 1, 'b': ['x']}" },
		{ "{\"a\": true, \"b\": null}", "{'a': True, 'b': None}" },
		{ "@vars.yml", "{'a': 1, 'b': ['x']}" },
		{ "", "{}" },
		{ "a", "'a' has no value" },
		{ "1a=2", "invalid variable name '1a'" },
		{ "a-b=2", "invalid variable name 'a-b'" },
		{ "{a-b: 1}", "invalid variable name 'a-b'" },
		{ "a='x", "this quote is never closed" },
		{ "[1]", "extra variables must be a map, not a list" },
		{ "@list.yml", "extra variables must be a map, not a list" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_string_equal(extra_of(texts[i][0]), texts[i][1]);
	assert_non_null(strstr(extra_of("@missing.yml"), "missing.yml"));
	assert_int_equal(failure.kind, ERROR_TEXT);
	extra_of("abc=1 d-e=2");
	assert_int_equal(failure.place.column, 7);
}

static void later_extra_variables_cover_earlier_ones(void **state)
{
	static const char *const none[] = { NULL };
	struct source *source = memory_source(arena, none);
	struct value *extra = value_map(arena);
	size_t size;

	(void)state;
	assert_int_equal(variables_extra(arena, source, "a=1 b=2", extra, &failure), 0);
	assert_int_equal(variables_extra(arena, source, "{a: 3}", extra, &failure), 0);
	assert_string_equal(expression_show(arena, extra), "{'a': 3, 'b': '2'}");
	assert_string_equal(source_text(source, "-e", &size), "a=1 b=2");
	assert_string_equal(source_text(source, "-e2", &size), "{a: 3}");
}

static void a_mistake_in_an_extra_variable_has_its_place(void **state)
{
	static const char *const none[] = { NULL };
	struct variables_options options = { .extra = value_map(arena) };
	struct scope *scope;

	(void)state;
	assert_int_equal(variables_extra(arena, memory_source(arena, none), "a=1 b='x {{ nope }}'",
		options.extra, &failure), 0);
	scope = scope_new(arena, variables_new(arena, &options), NULL, NULL, NULL);
	assert_string_equal(refused(scope, "{{ b }}"), "'nope' is undefined");
	assert_string_equal(failure.place.file, "-e");
	assert_int_equal(failure.place.column, 13);
}

/* --- Secret names --- */

static enum level level_of(struct scope *scope, const char *text)
{
	struct value *scalar = value_string(arena, text), *filled;

	error_clear(&failure);
	if (expression_fill(arena, scope, scalar, &filled, &failure) < 0)
		fail_msg("%s: %s", text, failure.message);
	return value_level(filled);
}

static void what_has_a_secret_name_is_secret_wherever_it_comes_from(void **state)
{
	struct secrets *secrets = secrets_new();
	struct value *names = yaml("[domain, token, nobody]"), *unknown = value_list(arena);
	struct variables_options options = { .inventory = inventory, .playbook_directory = ".",
		.extra = yaml("{extra: 1, deep: [{token: Swordfish, user: anna}]}"),
		.secret_names = names, .secrets = secrets };
	struct playbook playbook = { .play_count = 0 };
	struct scope *scope;

	(void)state;
	variables = variables_new(arena, &options);
	variables_note_secrets(variables, &playbook, unknown);
	assert_int_equal(unknown->count, 1);
	assert_string_equal(value_text(unknown->items[0]), "nobody");
	assert_int_equal(secrets_level(secrets, "it is Swordfish", 15), LEVEL_SECRET);
	assert_int_equal(secrets_level(secrets, "example.org", 11), LEVEL_SECRET);
	variables_register(variables, inventory_host(inventory, 0), "result",
		yaml("{json: {token: x}, echoed: 'a Swordfish', stdout: plain}"), true, 0);
	variables_set_facts(variables, inventory_host(inventory, 0),
		yaml("{hostname: swordfish, nodename: Swordfish}"));
	scope = scope_new(arena, variables, inventory_host(inventory, 0), NULL, NULL);
	assert_int_equal(level_of(scope, "{{ domain }}"), LEVEL_SECRET);
	assert_int_equal(level_of(scope, "{{ name }}"), LEVEL_SECRET);
	assert_int_equal(level_of(scope, "{{ hostvars.node2.domain }}"), LEVEL_SECRET);
	assert_int_equal(level_of(scope, "{{ deep | to_json }}"), LEVEL_SECRET);
	assert_int_equal(level_of(scope, "{{ deep[0].user }}"), LEVEL_OPEN);
	assert_int_equal(level_of(scope, "{{ deep | map(attribute='token') | first }}"), LEVEL_SECRET);
	assert_int_equal(level_of(scope, "{{ ('{\"token\": 1}' | from_json).token }}"), LEVEL_SECRET);
	assert_int_equal(level_of(scope, "{{ result.json.token }}"), LEVEL_SECRET);
	assert_int_equal(level_of(scope, "{{ result.echoed }}"), LEVEL_SECRET);
	assert_int_equal(level_of(scope, "{{ result.stdout }}"), LEVEL_OPEN);
	assert_int_equal(level_of(scope, "{{ ansible_nodename }}"), LEVEL_SECRET);
	assert_int_equal(level_of(scope, "{{ ansible_hostname }}"), LEVEL_OPEN);
	secrets_free(secrets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(facts_are_unknown_until_they_are_set,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_facts_of_another_host_are_named,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_node_says_how_it_is_reached, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_of_facts_are_told_from_others,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_fact_that_is_not_gathered_is_refused_whatever_would_catch_it,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(facts_and_results_are_copied_and_marked_as_data,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_result_belongs_to_one_host_for_the_rest_of_the_run,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_result_that_is_not_known_is_defined,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_value_reads_is_found_through_variables,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(extra_variables_are_words_a_map_or_a_file,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(later_extra_variables_cover_earlier_ones,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_mistake_in_an_extra_variable_has_its_place,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_has_a_secret_name_is_secret_wherever_it_comes_from,
			set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
