/* Which value a name has: the order of strength, other hosts, facts, results, -e. */
#include "variables/variables.h"

#include "tests/plays/memory.h"
#include "module/module.h"
#include "expression/expression.h"
#include "yaml/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char inventory_text[] =
	"all:\n"
	"  vars:\n"
	"    domain: example.org\n"
	"    port: \"{{ base + 1 }}\"\n"
	"    base: 8000\n"
	"    name: \"{{ inventory_hostname }}.{{ domain }}\"\n"
	"    strength: inventory\n"
	"    one: \"{{ two }}\"\n"
	"    two: \"{{ three }}\"\n"
	"    three: \"x{{ one }}\"\n"
	"    self: \"{{ self }}\"\n"
	"    broken: \"{{ nope }}\"\n"
	"    peer: \"{{ hostvars['node2'].name }}\"\n"
	"    crossed: \"{{ hostvars['node2'].crossed }}\"\n"
	"    wants_fact: \"{{ ansible_hostname }}!\"\n"
	"    wants_result: \"{{ wants_fact }} {{ answer.stdout }}\"\n"
	"  children:\n"
	"    web:\n"
	"      hosts:\n"
	"        node1.lan: {}\n"
	"        node2: {base: 9000}\n"
	"    db:\n"
	"      hosts:\n"
	"        node3: {}\n";

static struct arena *arena;
static struct error failure;
static struct inventory *inventory;
static struct variables *variables;

static struct value *yaml(const char *text)
{
	struct value *root = NULL;

	error_clear(&failure);
	if (tree_parse(arena, "text.yml", text, strlen(text), &root, &failure) < 0)
		fail_msg("%s: %s", text, failure.message);
	return root;
}

static int set_up(void **state)
{
	static const char *const texts[] = { "hosts.yml", inventory_text, NULL };
	static const char *const sources[] = { "hosts.yml", NULL };
	struct variables_options options = { .playbook_directory = "/srv/site",
		.inventory_sources = sources, .check = true };

	(void)state;
	arena = arena_new();
	error_clear(&failure);
	if (inventory_load(arena, memory_source(arena, texts), sources, 1, NULL, &inventory,
			&failure) < 0)
		return -1;
	options.inventory = inventory;
	options.extra = yaml("{extra: 1}");
	variables = variables_new(arena, &options);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct inventory_host *host(const char *name)
{
	return inventory_find(inventory, name);
}

static struct scope *scope_on(const char *name)
{
	return scope_new(arena, variables, host(name), NULL, NULL);
}

static struct value *get(struct scope *scope, const char *name)
{
	struct value *value = NULL;

	error_clear(&failure);
	if (scope_get(arena, scope, name, &value, &failure) < 0)
		fail_msg("%s: %s", name, failure.message);
	return value;
}

static const char *shown(struct scope *scope, const char *name)
{
	struct value *value = get(scope, name);

	return value ? expression_show(arena, value) : "(undefined)";
}

static const char *filled(struct scope *scope, const char *text)
{
	struct value *value = NULL;

	error_clear(&failure);
	if (expression_fill(arena, scope, value_string(arena, text), &value, &failure) < 0)
		fail_msg("%s: %s", text, failure.message);
	return expression_show(arena, value);
}

static const char *refused(struct scope *scope, const char *text)
{
	struct value *value = NULL;

	error_clear(&failure);
	assert_int_equal(expression_fill(arena, scope, value_string(arena, text), &value, &failure),
		-1);
	assert_int_equal(failure.kind, ERROR_TEXT);
	return failure.message;
}

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

static bool is_unknown(struct scope *scope, const char *text)
{
	struct value *value = NULL;

	assert_int_equal(expression_fill(arena, scope, value_string(arena, text), &value, &failure), 0);
	return value->kind == VALUE_UNKNOWN;
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

static void facts_are_unknown_until_they_are_set(void **state)
{
	struct scope *scope = scope_on("node3");
	struct value *value = get(scope, "ansible_hostname");

	(void)state;
	assert_int_equal(value->kind, VALUE_UNKNOWN);
	assert_string_equal(value->text, "the facts of node3");
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
	assert_string_equal(value->text, "the facts of node3");
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
	variables_register(variables, host("node3"), "answer", value_unknown(arena, "task one"), true, 0);
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
