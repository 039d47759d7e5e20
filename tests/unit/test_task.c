/* What a task of a playbook becomes: its module and options, its loop, its tags. */
#include "play_bench.h"

static void a_task_has_its_keywords(void **state)
{
	const struct task *task = load_task(
		"    ansible.builtin.file: {path: /x}\n    when: a\n    register: out\n    become: no\n"
		"    become_user: \"{{ u }}\"\n    ignore_errors: \"{{ i }}\"\n    no_log: yes\n"
		"    check_mode: no\n    diff: no\n    changed_when: out.rc == 1\n    failed_when: [a, b]\n"
		"    vars: {v: 1}\n    tags: [t, 'u,v', t]\n");

	(void)state;
	assert_string_equal(task->name, "it");
	assert_ptr_equal(task->module, &module_file);
	assert_string_equal(task->word, "ansible.builtin.file");
	assert_int_equal(task->place.line, 3);
	assert_int_equal(task->place.column, 5);
	assert_int_equal(task->module_place.line, 4);
	assert_int_equal(task->module_place.column, 5);
	assert_string_equal(value_get_string(task->params, "path"), "/x");
	assert_list(task->when, "a");
	assert_string_equal(task->registers, "out");
	assert_false(task->become->truth);
	assert_string_equal(task->become_user->text, "{{ u }}");
	assert_string_equal(task->ignore_errors->text, "{{ i }}");
	assert_true(task->no_log->truth);
	assert_false(task->check_mode->truth);
	assert_false(task->diff->truth);
	assert_list(task->changed_when, "out.rc == 1");
	assert_list(task->failed_when, "a b");
	assert_int_equal(value_get_integer(task->vars, "v", 0), 1);
	assert_list(task->tags, "t u v");
	assert_null(task->loop);
	assert_null(task->notify);
	assert_string_equal(task->loop_variable, "item");
}

static void dashes_and_underscores_and_aliases_name_the_same_module(void **state)
{
	(void)state;
	assert_ptr_equal(load_task("    apt_packages: {name: x}\n")->module, &module_packages);
	assert_ptr_equal(load_task("    apt-packages: {name: x}\n")->module, &module_packages);
	assert_ptr_equal(load_task("    ansible.builtin.apt: {name: x}\n")->module, &module_packages);
}

static void an_internal_module_is_not_there(void **state)
{
	(void)state;
	assert_refused("- hosts: all\n  tasks:\n  - file-part:\n", 3, 5, "neither a module");
}

static void loops_are_lists_or_expressions(void **state)
{
	const struct task *task = load_task("    ping:\n    loop: [1, 2]\n"
		"    loop_control: {loop_var: n, label: \"{{ n }}\"}\n");

	(void)state;
	assert_int_equal(task->loop->count, 2);
	assert_false(task->loop_flatten);
	assert_string_equal(task->loop_variable, "n");
	assert_string_equal(task->loop_label->text, "{{ n }}");
	task = load_task("    ping:\n    with_items: \"{{ x }}\"\n");
	assert_int_equal(task->loop->kind, VALUE_STRING);
	assert_true(task->loop_flatten);
	task = load_task("    ping:\n    with_items: one\n");
	assert_list(task->loop, "one");
	assert_false(load_task("    ping:\n    with_list: [[1]]\n")->loop_flatten);
}

static void free_form_goes_under_its_option(void **state)
{
	const struct task *task = load_task("    command: make -C 'a b' all\n");

	(void)state;
	assert_int_equal(task->params->count, 1);
	assert_string_equal(value_get_string(task->params, "cmd"), "make -C 'a b' all");
	assert_int_equal(value_get(task->params, "cmd")->place.column, 14);
	assert_string_equal(value_get_string(load_task("    command: true\n")->params, "cmd"), "true");
	assert_string_equal(value_get_string(load_task("    command: |\n      a  b\n      c\n")->params,
		"cmd"), "a  b\nc\n");
}

static void options_are_taken_out_of_free_form(void **state)
{
	const struct value *params =
		load_task("    command: make all creates=/x chdir=\"/a b\"\n")->params;

	(void)state;
	assert_string_equal(value_get_string(params, "cmd"), "make all");
	assert_string_equal(value_get_string(params, "creates"), "/x");
	assert_string_equal(value_get_string(params, "chdir"), "/a b");
	assert_int_equal(value_get(params, "creates")->place.column, 31);
	params = load_task("    command: a creates={{ x | default('/a b') }} b c=d 'creates=/y'\n")
		->params;
	assert_string_equal(value_get_string(params, "cmd"), "a b c=d 'creates=/y'");
	assert_string_equal(value_get_string(params, "creates"), "{{ x | default('/a b') }}");
	params = load_task("    command: chdir=/tmp ls cmd=x\n")->params;
	assert_string_equal(value_get_string(params, "cmd"), "ls cmd=x");
	assert_int_equal(value_get(params, "cmd")->place.column, 25);
}

static void a_text_of_options_alone_is_a_map(void **state)
{
	const struct value *params =
		load_task("    file: path=/x state=directory mode=0755\n")->params;
	const struct value *free = load_task("    command: cmd='ls -l' chdir=/x\n")->params;

	(void)state;
	assert_string_equal(value_get_string(free, "cmd"), "ls -l");
	assert_string_equal(value_get_string(free, "chdir"), "/x");
	assert_int_equal(params->count, 3);
	assert_string_equal(value_get_string(params, "path"), "/x");
	assert_string_equal(value_get_string(params, "mode"), "0755");
	assert_refused("- hosts: all\n  tasks:\n  - file: path=/x here\n", 3, 19,
		"file takes parameters, not a string");
	assert_refused("- hosts: all\n  tasks:\n  - file: path=/x moed=0644\n", 3, 19,
		"file has no parameter 'moed'");
	assert_refused("- hosts: all\n  tasks:\n  - file: path=/x path=/y\n", 3, 19,
		"duplicate parameter 'path'");
	assert_refused("- hosts: all\n  tasks:\n  - file: [path]\n", 3, 11,
		"must be a map, not a list");
}

static void args_add_options(void **state)
{
	const struct value *params =
		load_task("    command: ls\n    args: {chdir: /x, creates: /y}\n")->params;

	(void)state;
	assert_string_equal(value_get_string(params, "cmd"), "ls");
	assert_string_equal(value_get_string(params, "chdir"), "/x");
	assert_int_equal(value_pair(params, "creates")->place.column, 23);
	assert_refused("- hosts: all\n  tasks:\n  - command: ls\n    args: {cmd: x}\n", 4, 12,
		"duplicate parameter 'cmd'");
}

static void small_forms_mean_the_same(void **state)
{
	const struct play *play = load_play("  user: me\n  collections: [community.general]\n"
		"  become_flags: -H -S\n  become_exe: sudo\n  order: inventory\n  gather_subset: ['!all']\n"
		"  gather_timeout: 10\n  vars_prompt: [{name: p, prompt: P, private: no}]\n"
		"  module_defaults: {file: {mode: '0600', state: touch}}\n  tasks:\n"
		"  - action: file path=/x mode=0644\n  - action: {module: file, path: /y}\n"
		"  - file: {path: /z}\n    module_defaults: {ansible.builtin.file: {mode: '0640'}}\n"
		"    collections: x.y\n  - action: ping\n");
	static const char *const modes[] = { "0644", "0600", "0640" };

	(void)state;
	assert_string_equal(play->remote_user->text, "me");
	assert_int_equal(play->vars_prompt->count, 1);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(play->tasks[i]->word + strlen(play->tasks[i]->word) - 4, "file");
		assert_string_equal(value_get_string(play->tasks[i]->params, "path"), i == 0 ? "/x"
			: i == 1 ? "/y" : "/z");
		assert_string_equal(value_get_string(play->tasks[i]->params, "mode"), modes[i]);
	}
	assert_string_equal(play->tasks[3]->word, "ping");
}

static void environments_are_told_from_the_outermost_on(void **state)
{
	const struct play *play = load_play("  environment: {A: p}\n  tasks:\n"
		"  - environment: {A: b}\n    block:\n    - ping:\n      environment: [\"{{ e }}\", {A: t}]\n"
		"    - ping:\n");
	const struct value *both = play->tasks[0]->environment;

	(void)state;
	assert_string_equal(value_get_string(play->environment->items[0], "A"), "p");
	assert_int_equal(both->count, 3);
	assert_string_equal(value_get_string(both->items[0], "A"), "b");
	assert_string_equal(both->items[1]->text, "{{ e }}");
	assert_string_equal(value_get_string(both->items[2], "A"), "t");
	assert_int_equal(play->tasks[1]->environment->count, 1);
}

static struct value *words(const char *text)
{
	return load_play(arena_printf(arena, "  tags: %s\n", text))->tags;
}

/* As Ansible's Taggable.evaluate_tags. */
static void tags_choose_tasks_as_in_ansible(void **state)
{
	static const struct {
		const char *tags, *only, *skip;
		bool chosen;
	} table[] = {
		{ "[]", NULL, NULL, true }, { "a", NULL, NULL, true }, { "never", NULL, NULL, false },
		{ "[never, always]", NULL, NULL, true }, { "always", "b", NULL, true },
		{ "a", "a", NULL, true }, { "a", "b", NULL, false }, { "[a, c]", "[b, c]", NULL, true },
		{ "[]", "a", NULL, false }, { "[]", "untagged", NULL, true },
		{ "a", "untagged", NULL, false }, { "a", "tagged", NULL, true },
		{ "[]", "tagged", NULL, false }, { "[]", "all", NULL, true }, { "a", "all", NULL, true },
		{ "[a, never]", "all", NULL, false }, { "[a, never]", "a", NULL, true },
		{ "[a, never]", "tagged", NULL, false }, { "never", "never", NULL, true },
		{ "a", NULL, "a", false }, { "a", NULL, "b", true }, { "[]", NULL, "untagged", false },
		{ "a", NULL, "tagged", false }, { "[]", NULL, "tagged", true }, { "a", NULL, "all", false },
		{ "always", NULL, "all", true }, { "always", NULL, "[all, always]", false },
		{ "always", NULL, "always", false }, { "[a, b]", "a", "b", false }, { "a", "[]", "[]", true },
		{ "always", "b", "tagged", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct task task = { .tags = words(table[i].tags) };
		bool chosen = task_chosen(&task, table[i].only ? words(table[i].only) : NULL,
			table[i].skip ? words(table[i].skip) : NULL);

		if (chosen != table[i].chosen)
			print_error("%s -t %s --skip-tags %s\n", table[i].tags, table[i].only, table[i].skip);
		assert_int_equal(chosen, table[i].chosen);
	}
}

static void a_task_is_called_by_its_name_or_its_module(void **state)
{
	const struct play *play = load_play("  tasks: [{ping: }, {name: \"{{ x }}\", ping: }]\n");

	(void)state;
	assert_string_equal(task_title(play->tasks[0]), "ping");
	assert_string_equal(task_title(play->tasks[1]), "{{ x }}");
	assert_string_equal(play->tasks[1]->name_value->text, "{{ x }}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_has_its_keywords),
		cmocka_unit_test(dashes_and_underscores_and_aliases_name_the_same_module),
		cmocka_unit_test(an_internal_module_is_not_there),
		cmocka_unit_test(loops_are_lists_or_expressions),
		cmocka_unit_test(free_form_goes_under_its_option),
		cmocka_unit_test(options_are_taken_out_of_free_form),
		cmocka_unit_test(a_text_of_options_alone_is_a_map),
		cmocka_unit_test(args_add_options),
		cmocka_unit_test(small_forms_mean_the_same),
		cmocka_unit_test(environments_are_told_from_the_outermost_on),
		cmocka_unit_test(tags_choose_tasks_as_in_ansible),
		cmocka_unit_test(a_task_is_called_by_its_name_or_its_module),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
