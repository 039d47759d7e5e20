/* Which value a name has: the order of strength, other hosts, magic names. */
#include "variables_bench.h"

static void stronger_layers_cover_weaker_ones(void **state)
{
	struct play play = { 0 };
	struct task task = { 0 };
	struct scope *scope = scope_new(arena, variables, host("node3"), &play, &task);
	struct variables_options options = { .inventory = inventory };

	(void)state;
	assert_string_equal(shown(scope, "strength"), "inventory");
	play.vars = yaml("{strength: play}");
	assert_string_equal(shown(scope_new(arena, variables, host("node3"), &play, &task),
		"strength"),
		"play");
	play.file_vars = yaml("{strength: file}");
	assert_string_equal(shown(scope_new(arena, variables, host("node3"), &play, &task),
		"strength"),
		"file");
	task.vars = yaml("{strength: task}");
	scope = scope_new(arena, variables, host("node3"), &play, &task);
	assert_string_equal(shown(scope, "strength"), "task");
	variables_register(variables, host("node3"), "strength", value_string(arena, "registered"), true, 0);
	assert_string_equal(shown(scope, "strength"), "registered");
	assert_string_equal(shown(scope_new(arena, variables, host("node2"), &play, &task),
		"strength"),
		"task");
	options.extra = yaml("{strength: extra}");
	variables = variables_new(arena, &options);
	scope = scope_new(arena, variables, host("node3"), &play, &task);
	assert_string_equal(shown(scope, "strength"), "extra");
	scope_set(scope, "strength", value_string(arena, "loop"));
	assert_string_equal(shown(scope, "strength"), "loop");
	scope_set(scope, "inventory_hostname", value_string(arena, "no"));
	assert_string_equal(shown(scope, "inventory_hostname"), "node3");
}

static void facts_are_stronger_than_the_inventory_and_weaker_than_the_play(void **state)
{
	struct play play = { .vars = yaml("{ansible_kernel: play}") };

	(void)state;
	variables_set_facts(variables, host("node3"), yaml("{hostname: n3, kernel: '6.1'}"));
	value_set(arena, host("node3")->vars, "ansible_hostname", value_string(arena, "inventory"));
	assert_string_equal(shown(scope_on("node3"), "ansible_hostname"), "n3");
	assert_string_equal(shown(scope_new(arena, variables, host("node3"), &play, NULL),
		"ansible_kernel"), "play");
}

static void variables_are_filled_in_where_they_are_used(void **state)
{
	(void)state;
	assert_int_equal(get(scope_on("node1.lan"), "port")->integer, 8001);
	assert_int_equal(get(scope_on("node2"), "port")->integer, 9001);
	assert_string_equal(shown(scope_on("node2"), "name"), "node2.example.org");
	assert_string_equal(expression_show(arena, scope_raw(scope_on("node2"), "port")),
		"{{ base + 1 }}");
	assert_null(get(scope_on("node2"), "nothing"));
	assert_null(scope_raw(scope_on("node2"), "nothing"));
}

static void a_task_covers_what_a_weaker_variable_reads(void **state)
{
	struct task task = { .vars = yaml("{base: 1}") };

	(void)state;
	assert_string_equal(shown(scope_new(arena, variables, host("node2"), NULL, &task), "port"),
		"2");
}

static void what_is_set_later_is_seen(void **state)
{
	struct scope *scope = scope_on("node2");

	(void)state;
	assert_string_equal(shown(scope, "port"), "9001");
	scope_set(scope, "base", value_integer(arena, 1));
	assert_string_equal(shown(scope, "port"), "2");
	variables_register(variables, host("node2"), "domain", value_string(arena, "lan"), true, 0);
	assert_string_equal(shown(scope, "name"), "node2.lan");
	variables_register(variables, host("node2"), "domain", value_string(arena, "wan"), true, 0);
	assert_string_equal(shown(scope, "name"), "node2.wan");
}

static void what_tasks_are_going_to_set_the_host_alone_sees(void **state)
{
	struct scope *scope = scope_on("node2"), *other = scope_on("node3");

	(void)state;
	variables_promise(variables, "fresh", false);
	assert_string_equal(filled(scope, "{{ fresh | default('not yet') }}"), "not yet");
	assert_true(is_unknown(other, "{{ hostvars.node2.fresh }}"));
	variables_expect(variables, host("node2"), "fresh", value_integer(arena, 1));
	variables_expect(variables, host("node2"), "fresh", value_integer(arena, 2));
	assert_string_equal(filled(scope, "{{ fresh }}"), "2");
	assert_string_equal(filled(scope, "{{ hostvars.node2.fresh }}"), "2");
	variables_set_turn(variables, 5);
	assert_string_equal(filled(other, "{{ hostvars.node2.fresh | default('not yet') }}"), "not yet");
	variables_register(variables, host("node2"), "fresh", value_integer(arena, 1), false, 4);
	assert_string_equal(filled(other, "{{ hostvars.node2.fresh }}"), "1");
	assert_string_equal(filled(scope, "{{ fresh }}"), "2");
	variables_register(variables, host("node2"), "fresh", value_integer(arena, 9), false, 5);
	assert_string_equal(filled(other, "{{ hostvars.node2.fresh }}"), "1");
	variables_register(variables, host("node2"), "fresh", value_integer(arena, 1), false, 6);
	variables_passed(variables, host("node2"), "fresh");
	assert_string_equal(filled(scope, "{{ fresh }}"), "1");
	variables_set_turn(variables, TURN_NONE);
	assert_true(is_unknown(other, "{{ hostvars.node2.fresh }}"));
	scope_expect(scope, "fresh", value_integer(arena, 3));
	assert_string_equal(filled(scope, "{{ fresh }}"), "3");
	variables_forget(variables);
	assert_string_equal(filled(scope_on("node2"), "{{ fresh | default('gone') }}"), "gone");
}

static void a_variable_that_needs_itself_is_refused_with_the_chain(void **state)
{
	(void)state;
	assert_string_equal(refused(scope_on("node2"), "{{ one }}"),
		"the variable 'one' needs itself: one → two → three → one");
	assert_string_equal(failure.place.file, "hosts.yml");
	assert_int_equal(failure.place.line, 10);
	assert_int_equal(failure.place.column, 17);
	assert_string_equal(refused(scope_on("node2"), "{{ self }}"),
		"the variable 'self' needs itself: self → self");
	assert_string_equal(refused(scope_on("node2"), "{{ self | default('x') }}"),
		"the variable 'self' needs itself: self → self");
	assert_string_equal(refused(scope_on("node2"),
		"{{ (broken | default('x')) ~ (self | default('y')) }}"),
		"the variable 'self' needs itself: self → self");
	assert_string_equal(refused(scope_on("node2"), "{{ vars.self }}"),
		"the variable 'self' needs itself: self → self");
	assert_non_null(strstr(refused(scope_on("node3"), "{{ crossed }}"),
		"hostvars[node2].crossed → hostvars[node2].crossed"));
}

static void a_long_row_of_variables_is_refused(void **state)
{
	struct scope *scope = scope_empty(arena);

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		scope_set(scope, arena_printf(arena, "v%u", i),
			value_printf(arena, "{{ v%u ~ 'x' }}", i + 1));
	scope_set(scope, "v5000", value_string(arena, "end"));
	assert_non_null(strstr(refused(scope, "{{ v0 }}"), "more than 100 variables"));
	assert_non_null(strstr(filled(scope, "{{ v4950 }}"), "endx"));
}

static void variables_that_double_are_ended(void **state)
{
	struct scope *scope = scope_empty(arena);

	(void)state;
	for (unsigned i = 0; i < 90; i++)
		scope_set(scope, arena_printf(arena, "v%u", i),
			value_printf(arena, "{{ v%u ~ v%u }}", i + 1, i + 1));
	scope_set(scope, "v90", value_string(arena, "end"));
	assert_non_null(strstr(refused(scope, "{{ v0 }}"), "more than"));
}

static void hostvars_has_the_variables_of_other_hosts(void **state)
{
	struct scope *scope = scope_on("node3");

	(void)state;
	assert_string_equal(filled(scope, "{{ hostvars['node2'].port }}"), "9001");
	assert_string_equal(filled(scope, "{{ hostvars['node1.lan']['name'] }}"),
		"node1.lan.example.org");
	assert_string_equal(filled(scope, "{{ peer }}"), "node2.example.org");
	assert_string_equal(filled(scope, "{{ hostvars[inventory_hostname].base }}"), "8000");
	assert_string_equal(filled(scope, "{{ hostvars.node2.zz | default('none') }}"), "none");
	assert_string_equal(filled(scope, "{{ 'node2' in hostvars }}{{ 'node9' in hostvars }}"),
		"TrueFalse");
	assert_string_equal(filled(scope, "{{ hostvars | length }}"), "3");
	assert_string_equal(filled(scope, "{{ hostvars.keys() }}"),
		"['node1.lan', 'node2', 'node3']");
	assert_string_equal(filled(scope,
		"{{ groups['web'] | map('extract', hostvars, 'base') | list }}"), "[8000, 9000]");
	assert_string_equal(filled(scope,
		"{% for h in groups.all %}{{ hostvars[h].base }} {% endfor %}"), "8000 9000 8000 ");
	assert_string_equal(filled(scope, "{{ hostvars['node2'].get('base') }}"), "9000");
	assert_string_equal(refused(scope, "{{ hostvars['node4'].base }}"),
		"there is no host 'node4'");
	assert_string_equal(failure.remedy, "did you mean 'node2'?");
}

static void the_scope_of_another_host_has_its_own_variables(void **state)
{
	struct scope *scope = scope_on("node3");
	struct scope *other = scope_of_host(arena, scope, "node2");

	(void)state;
	assert_string_equal(shown(other, "port"), "9001");
	assert_string_equal(shown(other, "inventory_hostname"), "node2");
	assert_ptr_equal(scope_of_host(arena, scope, "node2"), other);
	assert_null(scope_of_host(arena, scope, "node4"));
}

static void magic_names_say_where_a_task_runs(void **state)
{
	struct play play = { .name = "site" };
	struct scope *scope = scope_new(arena, variables, host("node1.lan"), &play, NULL);
	static const char *const values[][2] = {
		{ "inventory_hostname", "node1.lan" },
		{ "inventory_hostname_short", "node1" },
		{ "group_names", "['web']" },
		{ "groups", "{'all': ['node1.lan', 'node2', 'node3'], 'ungrouped': [], "
			"'web': ['node1.lan', 'node2'], 'db': ['node3']}" },
		{ "playbook_dir", "/srv/site" },
		{ "ansible_run_tags", "['all']" },
		{ "ansible_skip_tags", "[]" },
		{ "ansible_verbosity", "0" },
		{ "ansible_forks", "3" },
		{ "ansible_inventory_sources", "['hosts.yml']" },
		{ "ansible_check_mode", "True" },
		{ "ansible_diff_mode", "False" },
		{ "ansible_play_name", "site" },
		{ "play_hosts", "['node1.lan']" },
		{ "ansible_play_hosts", "['node1.lan']" },
		{ "ansible_play_batch", "['node1.lan']" },
		{ "ansible_play_hosts_all", "['node1.lan', 'node2']" },
	};

	char here[4096];

	(void)state;
	variables_set_play_hosts(variables, yaml("[node1.lan]"), yaml("[node1.lan, node2]"),
		NULL);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_string_equal(shown(scope, values[i][0]), values[i][1]);
	assert_string_equal(filled(scope, "{{ ansible_version.major }}"), "2");
	assert_non_null(getcwd(here, sizeof(here)));
	assert_string_equal(shown(scope, "inventory_dir"), here);
	assert_string_equal(filled(scope, "{{ inventory_file | dirname }}"), here);
	assert_string_equal(filled(scope, "{{ inventory_file | basename }}"), "hosts.yml");
	assert_string_equal(filled(scope, "{{ vars['base'] }}"), "8000");
	variables_set_play_hosts(variables, yaml("[node2]"), NULL, NULL);
	assert_string_equal(shown(scope, "ansible_play_hosts_all"), "['node2']");
}

static void an_empty_scope_has_no_hosts(void **state)
{
	struct scope *scope = scope_empty(arena);

	(void)state;
	assert_null(get(scope, "inventory_hostname"));
	assert_null(get(scope, "groups"));
	assert_null(get(scope, "hostvars"));
	assert_null(scope_of_host(arena, scope, "node1"));
	assert_string_equal(refused(scope, "{{ ansible_hostname }}"),
		"'ansible_hostname' is undefined");
	assert_true(value_is_omit(get(scope, "omit")));
}

static bool has(const struct value *names, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < names->count; i++)
		count += strcmp(names->items[i]->text, name) == 0;
	assert_in_range(count, 0, 1);
	return count == 1;
}

static void all_names_that_are_defined_are_listed_once(void **state)
{
	struct play play = { .vars = yaml("{of_play: 1, base: 2}") };
	struct task task = { .vars = yaml("{of_task: 1}") };
	struct scope *scope = scope_new(arena, variables, host("node2"), &play, &task);
	struct value *names = value_list(arena);
	static const char *const there[] = { "base", "of_play", "of_task", "extra", "item",
		"groups",
		"answer", "ansible_facts", "ansible_kernel", NULL };

	(void)state;
	scope_set(scope, "item", value_integer(arena, 1));
	variables_register(variables, host("node2"), "answer", value_map(arena), true, 0);
	variables_set_facts(variables, host("node2"), yaml("{kernel: '6.1'}"));
	scope_names(arena, scope, names);
	for (size_t i = 0; there[i]; i++) {
		if (!has(names, there[i]))
			fail_msg("%s is not listed", there[i]);
	}
	assert_false(has(names, "nothing"));
}

/* Whether looking it up on node3 tells that it may be otherwise elsewhere. */
static bool differs(const char *name)
{
	struct scope *scope = scope_on("node3");
	struct value *ignored;

	error_clear(&failure);
	scope_get(arena, scope, name, &ignored, &failure);
	return scope_notes(scope) & SCOPE_DIFFERS;
}

static void what_hosts_share_is_told_from_what_each_has_for_itself(void **state)
{
	struct scope *scope = scope_on("node3");

	(void)state;
	assert_false(differs("domain"));
	assert_false(differs("extra"));
	assert_false(differs("groups"));
	assert_false(differs("nothing_of_that_name"));
	/* node2 has one of its own; so has what is made of it. */
	assert_true(differs("base"));
	assert_true(differs("port"));
	assert_true(differs("inventory_hostname"));
	assert_true(differs("name"));
	/* Of another host, whoever looks. */
	assert_false(differs("peer"));
	assert_true(differs("wants_fact"));
	assert_false(differs("play_hosts"));
	assert_false(differs("answer"));
	variables_promise(variables, "answer", true);
	assert_true(differs("answer"));
	get(scope, "base");
	get(scope, "domain");
	assert_true(scope_notes(scope) & SCOPE_DIFFERS);
	get(scope, "domain");
	assert_int_equal(scope_notes(scope), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_hosts_share_is_told_from_what_each_has_for_itself,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(stronger_layers_cover_weaker_ones,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(facts_are_stronger_than_the_inventory_and_weaker_than_the_play,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(variables_are_filled_in_where_they_are_used,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_task_covers_what_a_weaker_variable_reads,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_set_later_is_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_tasks_are_going_to_set_the_host_alone_sees,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_variable_that_needs_itself_is_refused_with_the_chain,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_long_row_of_variables_is_refused,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(variables_that_double_are_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hostvars_has_the_variables_of_other_hosts,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_scope_of_another_host_has_its_own_variables,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(magic_names_say_where_a_task_runs,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_empty_scope_has_no_hosts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_names_that_are_defined_are_listed_once,
			set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
