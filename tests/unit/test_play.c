/* What a playbook becomes: plays, tasks in order, what blocks and imports give, handlers. */
#include "play_bench.h"

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
		cmocka_unit_test(a_block_gives_its_keywords_to_each_task),
		cmocka_unit_test(handlers_are_not_rescued),
		cmocka_unit_test(imported_tasks_stand_where_they_are_imported),
		cmocka_unit_test(an_import_of_itself_is_refused),
		cmocka_unit_test(imports_are_nested_only_so_deep),
		cmocka_unit_test(plays_of_imported_playbooks_stand_where_they_are_imported),
		cmocka_unit_test(a_name_notifies_by_name_and_by_listen),
		cmocka_unit_test(a_notify_known_only_later_is_not_judged),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
