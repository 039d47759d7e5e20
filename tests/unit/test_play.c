/* What a playbook becomes: plays, tasks in order, what blocks and imports give, handlers, tags. */
#include "playbook/play.h"

#include "tests/plays/memory.h"
#include "tests/plays/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;
static struct error failure;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct playbook *load_files(const char *const *texts)
{
	struct playbook *playbook = NULL;

	error_clear(&failure);
	return playbook_load(arena, memory_source(arena, texts), texts[0], &test_modules, &playbook,
		&failure) < 0 ? NULL : playbook;
}

static struct playbook *load(const char *text)
{
	const char *const texts[] = { "plays/site.yml", text, NULL };
	struct playbook *playbook = load_files(texts);

	if (!playbook)
		print_message("%u:%u: %s\n", failure.place.line, failure.place.column, failure.message);
	return playbook;
}

/* The only play of a playbook. */
static struct play *load_play(const char *rest)
{
	struct playbook *playbook = load(arena_printf(arena, "- hosts: all\n%s", rest));

	assert_non_null(playbook);
	assert_int_equal(playbook->play_count, 1);
	return playbook->plays[0];
}

/* The only task, given from its second line on, four columns in. */
static struct task *load_task(const char *rest)
{
	struct play *play = load_play(arena_printf(arena, "  tasks:\n  - name: it\n%s", rest));

	assert_int_equal(play->task_count, 1);
	return play->tasks[0];
}

static void assert_refused(const char *text, unsigned line, unsigned column, const char *message)
{
	const char *const texts[] = { "site.yml", text, NULL };

	assert_null(load_files(texts));
	assert_int_equal(failure.kind, ERROR_TEXT);
	if (!strstr(failure.message, message))
		print_error("'%s' lacks '%s'\n", failure.message, message);
	assert_non_null(strstr(failure.message, message));
	assert_int_equal(failure.place.line, line);
	assert_int_equal(failure.place.column, column);
}

static void assert_list(const struct value *list, const char *expected)
{
	const char *all = "";

	for (size_t i = 0; list && i < list->count; i++)
		all = arena_printf(arena, "%s%s%s", all, i ? " " : "", list->items[i]->text);
	assert_string_equal(all, expected);
}

static void a_play_has_its_keywords(void **state)
{
	const struct play *play = load_play(
		"  name: first\n  become: yes\n  become_user: mpi\n  remote_user: \"{{ who }}\"\n"
		"  connection: local\n  port: 2222\n  strategy: free\n  gather_facts: no\n"
		"  force_handlers: true\n  any_errors_fatal: yes\n  no_log: no\n  ignore_errors: yes\n"
		"  check_mode: no\n  diff: yes\n  become_method: sudo\n  tags: a,b\n"
		"  vars: {x: 1, y: \"{{ x }}\"}\n");

	(void)state;
	assert_string_equal(play->name, "first");
	assert_string_equal(play->hosts->text, "all");
	assert_true(play->become->truth);
	assert_string_equal(play->become_user->text, "mpi");
	assert_string_equal(play->remote_user->text, "{{ who }}");
	assert_string_equal(play->connection->text, "local");
	assert_string_equal(play->port->text, "2222");
	assert_true(play->free && play->force_handlers && play->any_errors_fatal);
	assert_false(play->no_log->truth);
	assert_true(play->ignore_errors->truth);
	assert_false(play->check_mode->truth);
	assert_true(play->diff->truth);
	assert_list(play->tags, "a b");
	assert_int_equal(value_get_integer(play->vars, "x", 0), 1);
	assert_int_equal(play->place.line, 1);
	assert_int_equal(play->place.column, 3);
}

static void a_play_that_says_little_has_empty_lists_and_maps(void **state)
{
	const struct play *play = load_play("  vars:\n  tasks:\n  handlers:\n");

	(void)state;
	assert_null(play->name);
	assert_null(play->become);
	assert_null(play->port);
	assert_false(play->free);
	assert_int_equal(play->vars->count, 0);
	assert_int_equal(play->file_vars->count, 0);
	assert_int_equal(play->tags->count, 0);
	assert_int_equal(play->task_count, 0);
	assert_int_equal(play->handler_count, 0);
}

static void a_list_of_hosts_is_one_pattern(void **state)
{
	struct playbook *playbook = load("- hosts: [workers, '!node3', \"{{ more }}\"]\n"
		"- hosts:\n    - head\n");

	(void)state;
	assert_string_equal(playbook->plays[0]->hosts->text, "workers,!node3,{{ more }}");
	assert_string_equal(playbook->plays[1]->hosts->text, "head");
	assert_refused("- hosts: [a, 'node[1']\n", 1, 15, "a [ has no ]");
	assert_refused("- hosts: 'a:!'\n", 1, 13, "a name is missing");
}

static void files_of_variables_are_merged_in_order(void **state)
{
	const char *const texts[] = { "plays/site.yml",
		"- hosts: all\n  vars_files: [a.yml, /vars/b.yml, empty.yml]\n",
		"plays/a.yml", "x: 1\ny: 1\n", "/vars/b.yml", "y: 2\n", "plays/empty.yml", "", NULL };
	const struct playbook *playbook = load_files(texts);

	(void)state;
	assert_non_null(playbook);
	assert_string_equal(playbook->directory, "plays");
	assert_int_equal(value_get_integer(playbook->plays[0]->file_vars, "x", 0), 1);
	assert_int_equal(value_get_integer(playbook->plays[0]->file_vars, "y", 0), 2);
	assert_string_equal(value_get(playbook->plays[0]->file_vars, "y")->place.file, "/vars/b.yml");
}

static void a_missing_file_of_variables_is_refused_where_it_is_named(void **state)
{
	(void)state;
	assert_refused("- hosts: all\n  vars_files:\n    - none.yml\n", 3, 7, "cannot read 'none.yml'");
}

static void tasks_are_in_order_with_handlers_flushed_between(void **state)
{
	struct playbook *playbook = load(
		"- hosts: a\n"
		"  handlers: [{name: h, ping: }]\n"
		"  post_tasks: [{name: last, ping: }]\n"
		"  tasks: [{name: t1, ping: }, {name: t2, ping: }]\n"
		"  pre_tasks: [{name: first, ping: , notify: h}]\n"
		"- hosts: b\n"
		"  pre_tasks: [{name: p, ping: }]\n"
		"  tasks: [{name: q, ping: }]\n");
	static const char *const titles[] = { "first", "meta", "t1", "t2", "meta", "last" };
	const struct play *play = playbook->plays[0];

	(void)state;
	assert_int_equal(play->task_count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(task_title(play->tasks[i]), titles[i]);
		assert_int_equal(play->tasks[i]->index, i);
		assert_int_equal(play->tasks[i]->flush_handlers, i == 1 || i == 4);
	}
	assert_null(play->tasks[1]->module);
	assert_true(task_chosen(play->tasks[1], load_play("  tags: x\n")->tags, NULL));
	assert_int_equal(play->handlers[0]->index, 6);
	assert_true(play->handlers[0]->handler);
	assert_false(play->tasks[0]->handler);
	assert_int_equal(playbook->plays[1]->task_count, 2);
	assert_int_equal(playbook->plays[1]->tasks[1]->index, 8);
	assert_int_equal(playbook->task_count, 9);
}

static void handlers_can_be_flushed_by_hand(void **state)
{
	const struct play *play = load_play("  tasks:\n  - ping:\n  - meta: flush_handlers\n"
		"    tags: x\n  - meta: noop\n  - ping:\n");

	(void)state;
	assert_int_equal(play->task_count, 3);
	assert_true(play->tasks[1]->flush_handlers);
	assert_list(play->tasks[1]->tags, "x");
	assert_refused("- hosts: all\n  tasks:\n  - meta: flush_handlers\n    when: x\n", 3, 5,
		"under a condition");
	assert_refused("- hosts: all\n  tasks:\n  - meta: refresh_inventory\n", 3, 11, "not supported");
	assert_refused("- hosts: all\n  strategy: free\n  tasks:\n  - meta: end_play\n", 4, 11,
		"'strategy: free'");
	assert_refused("- hosts: all\n  tasks: []\n  handlers:\n  - {name: h, meta: end_host}\n", 4, 15,
		"among handlers");
}

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

static void a_block_gives_its_keywords_to_each_task(void **state)
{
	const struct play *play = load_play(
		"  tags: p\n  handlers: [{name: h, ping: }, {name: i, ping: }]\n  tasks:\n"
		"  - when: a\n    become: yes\n    become_user: u\n    tags: b\n    notify: h\n"
		"    vars: {x: 1, y: 1}\n    ignore_errors: yes\n    block:\n"
		"    - ping:\n      when: c\n      become: no\n      tags: t\n      notify: i\n"
		"      vars: {y: 2}\n"
		"    - block:\n      - ping:\n      no_log: yes\n      when: [d]\n"
		"  - ping:\n");
	const struct task *one = play->tasks[0], *two = play->tasks[1], *three = play->tasks[2];

	(void)state;
	assert_int_equal(play->task_count, 3);
	assert_list(one->when, "a c");
	assert_list(two->when, "a d");
	assert_null(three->when);
	assert_list(one->tags, "p b t");
	assert_list(two->tags, "p b");
	assert_list(three->tags, "p");
	assert_list(one->notify, "h i");
	assert_list(two->notify, "h");
	assert_false(one->become->truth);
	assert_true(two->become->truth);
	assert_string_equal(one->become_user->text, "u");
	assert_int_equal(value_get_integer(one->vars, "x", 0), 1);
	assert_int_equal(value_get_integer(one->vars, "y", 0), 2);
	assert_int_equal(value_get_integer(two->vars, "y", 0), 1);
	assert_true(two->ignore_errors->truth);
	assert_true(two->no_log->truth);
	assert_null(one->no_log);
	assert_refused("- hosts: all\n  tasks:\n  - block: [{ping: }]\n    register: x\n", 4, 5,
		"'register' can't be used with 'block'");
}

static void handlers_are_not_rescued(void **state)
{
	(void)state;
	assert_refused("- hosts: all\n  tasks:\n  - {ping: }\n  handlers:\n  - block: [{ping: }]\n"
		"    rescue: [{ping: }]\n", 6, 5, "a block of handlers has no 'rescue'");
}

static void imported_tasks_stand_where_they_are_imported(void **state)
{
	const char *const texts[] = { "plays/site.yml",
		"- hosts: all\n  tasks:\n  - name: a\n    ping:\n  - import_tasks: more/b.yml\n    tags: i\n"
		"    when: w\n  - import_tasks: {file: empty.yml}\n  - name: d\n    ping:\n",
		"plays/empty.yml", "",
		"plays/more/b.yml", "- name: b\n  ping:\n- ansible.builtin.import_tasks: c.yml\n",
		"plays/more/c.yml", "- name: c\n  ping:\n  when: v\n", NULL };
	const struct playbook *playbook = load_files(texts);
	struct task **tasks;

	(void)state;
	assert_non_null(playbook);
	assert_int_equal(playbook->plays[0]->task_count, 4);
	tasks = playbook->plays[0]->tasks;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(tasks[i]->index, i);
		assert_int_equal(tasks[i]->name[0], "abcd"[i]);
	}
	assert_list(tasks[2]->when, "w v");
	assert_list(tasks[2]->tags, "i");
	assert_string_equal(tasks[2]->place.file, "plays/more/c.yml");
	assert_null(tasks[3]->when);
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

static void an_import_of_itself_is_refused(void **state)
{
	const char *const texts[] = { "site.yml", "- hosts: all\n  tasks:\n  - import_tasks: a.yml\n",
		"a.yml", "- import_tasks: b.yml\n", "b.yml", "- ping:\n- import_tasks: a.yml\n", NULL };

	(void)state;
	assert_null(load_files(texts));
	assert_string_equal(failure.place.file, "b.yml");
	assert_int_equal(failure.place.line, 2);
	assert_ptr_equal(failure.code, PLAYBOOK_CYCLE);
}

static void imports_are_nested_only_so_deep(void **state)
{
	const char *texts[2 * 40 + 1] = { "site.yml",
		"- hosts: all\n  tasks:\n  - import_tasks: 1.yml\n" };

	(void)state;
	for (int i = 1; i < 40; i++) {
		texts[2 * i] = arena_printf(arena, "%d.yml", i);
		texts[2 * i + 1] = arena_printf(arena, "- import_tasks: %d.yml\n", i + 1);
	}
	assert_null(load_files(texts));
	assert_string_equal(failure.place.file, "32.yml");
	assert_ptr_equal(failure.code, PLAYBOOK_TOO_DEEP);
}

static void plays_of_imported_playbooks_stand_where_they_are_imported(void **state)
{
	const char *const texts[] = { "site.yml",
		"- hosts: a\n- import_playbook: sub/one.yml\n  name: n\n  vars: {x: site, y: site}\n"
		"  when: w\n  tags: t\n- hosts: d\n",
		"sub/one.yml", "- hosts: b\n  tags: own\n  vars: {x: play, z: play}\n  vars_files: v.yml\n"
		"  tasks: [{ping: , when: v}]\n  handlers: [{name: h, ping: }]\n"
		"- ansible.builtin.import_playbook: ../two.yml\n  when: u\n  vars: {x: one}\n",
		"sub/v.yml", "f: 1\n", "two.yml", "- hosts: c\n  tasks: [{ping: }]\n", NULL };
	const struct playbook *playbook = load_files(texts);
	const struct play *play;

	(void)state;
	assert_non_null(playbook);
	assert_int_equal(playbook->play_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(playbook->plays[i]->hosts->text[0], "abcd"[i]);
	play = playbook->plays[1];
	assert_string_equal(play->directory, "sub");
	assert_string_equal(play->place.file, "sub/one.yml");
	assert_list(play->tags, "t own");
	assert_list(play->tasks[0]->when, "w v");
	assert_list(play->tasks[0]->tags, "t own");
	assert_null(play->handlers[0]->when);
	assert_string_equal(value_get_string(play->vars, "x"), "site");
	assert_string_equal(value_get_string(play->vars, "z"), "play");
	assert_int_equal(value_get_integer(play->file_vars, "f", 0), 1);
	play = playbook->plays[2];
	assert_string_equal(play->directory, ".");
	assert_string_equal(play->place.file, "two.yml");
	assert_list(play->tasks[0]->when, "w u");
	assert_string_equal(value_get_string(play->vars, "x"), "site");
	assert_int_equal(playbook->plays[3]->tags->count, 0);
}

static void a_name_notifies_by_name_and_by_listen(void **state)
{
	const struct play *play = load_play(
		"  handlers:\n  - name: a\n    ping:\n  - name: b\n    ping:\n    listen: [web, a]\n"
		"  - ping:\n    listen: web\n  tasks:\n  - ping:\n    notify: [a, web]\n");
	struct task **found;
	size_t count;

	(void)state;
	found = play_notified(arena, play, "a", &count);
	assert_int_equal(count, 2);
	assert_string_equal(found[0]->name, "a");
	assert_string_equal(found[1]->name, "b");
	found = play_notified(arena, play, "web", &count);
	assert_int_equal(count, 2);
	assert_ptr_equal(found[1], play->handlers[2]);
	play_notified(arena, play, "c", &count);
	assert_int_equal(count, 0);
}

static void a_notify_known_only_later_is_not_judged(void **state)
{
	(void)state;
	assert_non_null(load("- hosts: all\n  tasks: [{ping: , notify: \"{{ x }}\"}]\n"));
	assert_non_null(load("- hosts: all\n  tasks: [{ping: , notify: x}]\n"
		"  handlers: [{name: \"{{ y }}\", ping: }]\n"));
	assert_refused("- hosts: all\n  tasks: [{ping: , notify: restrat}]\n"
		"  handlers: [{name: restart, ping: }]\n", 2, 28, "this play has no handler 'restrat'");
	assert_string_equal(failure.remedy, "did you mean 'restart'?");
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
		cmocka_unit_test(a_play_has_its_keywords),
		cmocka_unit_test(a_play_that_says_little_has_empty_lists_and_maps),
		cmocka_unit_test(a_list_of_hosts_is_one_pattern),
		cmocka_unit_test(files_of_variables_are_merged_in_order),
		cmocka_unit_test(a_missing_file_of_variables_is_refused_where_it_is_named),
		cmocka_unit_test(tasks_are_in_order_with_handlers_flushed_between),
		cmocka_unit_test(handlers_can_be_flushed_by_hand),
		cmocka_unit_test(a_task_has_its_keywords),
		cmocka_unit_test(dashes_and_underscores_and_aliases_name_the_same_module),
		cmocka_unit_test(an_internal_module_is_not_there),
		cmocka_unit_test(loops_are_lists_or_expressions),
		cmocka_unit_test(free_form_goes_under_its_option),
		cmocka_unit_test(options_are_taken_out_of_free_form),
		cmocka_unit_test(a_text_of_options_alone_is_a_map),
		cmocka_unit_test(args_add_options),
		cmocka_unit_test(a_block_gives_its_keywords_to_each_task),
		cmocka_unit_test(handlers_are_not_rescued),
		cmocka_unit_test(imported_tasks_stand_where_they_are_imported),
		cmocka_unit_test(small_forms_mean_the_same),
		cmocka_unit_test(environments_are_told_from_the_outermost_on),
		cmocka_unit_test(an_import_of_itself_is_refused),
		cmocka_unit_test(imports_are_nested_only_so_deep),
		cmocka_unit_test(plays_of_imported_playbooks_stand_where_they_are_imported),
		cmocka_unit_test(a_name_notifies_by_name_and_by_listen),
		cmocka_unit_test(a_notify_known_only_later_is_not_judged),
		cmocka_unit_test(tags_choose_tasks_as_in_ansible),
		cmocka_unit_test(a_task_is_called_by_its_name_or_its_module),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
