/* What stands where in a play: blocks, includes and what can't be run yet as a tree, and roles with
 * their variables, dependencies and handlers. */
#include "playbook/play.h"
#include "variables/variables.h"

#include "tests/plays/memory.h"
#include "tests/plays/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

static struct playbook *load(const char *const *texts, bool whole)
{
	struct playbook_modules modules = test_modules;
	struct source *source = memory_source(arena, texts);
	struct playbook *playbook = NULL;
	struct value *roles = value_list(arena);

	value_append(arena, roles, value_string(arena, "/usual"));
	source_set_roles(source, roles);
	modules.whole = whole;
	error_clear(&failure);
	return playbook_load(arena, source, texts[0], &modules, &playbook, &failure) < 0 ? NULL
		: playbook;
}

static const struct play *play_of(const char *const *texts, bool whole)
{
	struct playbook *playbook = load(texts, whole);

	if (!playbook)
		print_message("%s:%u:%u: %s\n", failure.place.file, failure.place.line,
			failure.place.column, failure.message);
	assert_non_null(playbook);
	return playbook->plays[0];
}

static const struct play *whole_play(const char *text)
{
	const char *const texts[] = { "site.yml", text, NULL };

	return play_of(texts, true);
}

/* "t1 [b1 | r1 | a1] t2" */
static const char *drawn(const struct items *items)
{
	const char *all = "";

	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->items[i];
		const char *one = item->task ? task_title(item->task) : arena_printf(arena,
			"[%s | %s | %s]", drawn(&item->block->parts[BLOCK_MAIN]),
			drawn(&item->block->parts[BLOCK_RESCUE]), drawn(&item->block->parts[BLOCK_ALWAYS]));

		all = arena_printf(arena, "%s%s%s", all, i ? " " : "", one);
	}
	return all;
}

static const char *titles(struct task *const *tasks, size_t count)
{
	const char *all = "";

	for (size_t i = 0; i < count; i++)
		all = arena_printf(arena, "%s%s%s", all, i ? ", " : "", task_title(tasks[i]));
	return all;
}

static void blocks_are_a_tree_and_a_row(void **state)
{
	const struct play *play = whole_play("- hosts: all\n  tasks:\n"
		"  - {name: t1, ping: }\n"
		"  - name: around\n    when: x\n    block:\n    - {name: m1, ping: }\n"
		"    - block: [{name: m2, ping: }]\n      always: [{name: a2, ping: }]\n"
		"    rescue: [{name: r1, ping: }]\n    always: [{name: a1, ping: }]\n"
		"  - {name: t2, ping: }\n");

	(void)state;
	assert_string_equal(drawn(&play->items), "t1 [m1 [m2 |  | a2] | r1 | a1] t2");
	assert_string_equal(titles(play->tasks, play->task_count), "t1, m1, m2, a2, r1, a1, t2");
	assert_int_equal(play->items.items[1].kind, ITEM_BLOCK);
	assert_string_equal(play->items.items[1].block->group->name, "around");
	assert_string_equal(play->tasks[3]->when->items[0]->text, "x");
	assert_int_equal(play->tasks[6]->index, 6);
}

static void what_the_scheduler_has_to_do_is_kept(void **state)
{
	const struct play *play = whole_play("- hosts: all\n  serial: [1, '30%']\n"
		"  max_fail_percentage: 10\n  tasks:\n"
		"  - {ping: , until: [r.rc == 0], retries: 5, delay: \"{{ d }}\", register: r}\n"
		"  - block: [{ping: }]\n    delegate_to: \"{{ item }}\"\n    run_once: yes\n"
		"  - {include_tasks: \"{{ which }}.yml\", loop: [a], tags: x}\n"
		"  - {include_role: {name: \"{{ role }}\", tasks_from: x, public: yes}}\n"
		"  - meta: end_host\n    when: x\n");
	struct task *const *tasks = play->tasks;

	(void)state;
	assert_int_equal(play->serial->count, 2);
	assert_int_equal(play->max_fail_percentage->integer, 10);
	assert_string_equal(tasks[0]->retry->until->items[0]->text, "r.rc == 0");
	assert_int_equal(tasks[0]->retry->retries->integer, 5);
	assert_string_equal(tasks[0]->retry->delay->text, "{{ d }}");
	assert_string_equal(tasks[1]->delegate_to->text, "{{ item }}");
	assert_true(tasks[1]->run_once->truth);
	assert_int_equal(play->items.items[2].kind, ITEM_INCLUDE);
	assert_string_equal(tasks[2]->include->file->text, "{{ which }}.yml");
	assert_int_equal(tasks[2]->loop->count, 1);
	assert_true(tasks[3]->include->role && tasks[3]->include->public);
	assert_string_equal(tasks[3]->include->from[ROLE_TASKS]->text, "x");
	assert_int_equal(play->items.items[4].kind, ITEM_META);
	assert_int_equal(tasks[4]->meta, META_END_HOST);
}

static void files_that_an_include_may_mean_are_of_the_text(void **state)
{
	const char *const texts[] = { "site.yml", "- hosts: all\n  tasks:\n"
		"  - include_tasks: \"tasks/of-{{ which }}.yml\"\n",
		"tasks/of-a.yml", "- ping:\n", "tasks/of-b.yml", "not: tasks\n", "tasks/c.yml", "- ping:\n",
		NULL };
	struct playbook_modules modules = test_modules;
	struct source *source = memory_source(arena, texts);
	struct playbook *playbook;
	size_t count;

	(void)state;
	assert_int_equal(playbook_load(arena, source, "site.yml", &modules, &playbook, &failure), 0);
	source_files(source, &count);
	assert_int_equal(count, 3);
}

/* All errors of a text: those of what can't be run yet as well. */
static void each_error_is_told_with_what_can_not_be_run_yet(void **state)
{
	static const char *const expected[] = { "'serial' is a number",
		"'debugger' is not supported", "integer", "'ignore_unreachable' is not supported",
		"parameter 'pth'" };
	const char *const texts[] = { "site.yml", "- hosts: all\n  serial: many\n  tasks:\n"
		"  - {ping: , retries: some}\n"
		"  - {ping: , ignore_unreachable: yes}\n"
		"  - {ping: , debugger: always}\n"
		"  - block: [{file: {pth: /x}}]\n", NULL };
	unsigned found = 0;

	(void)state;
	assert_null(load(texts, false));
	for (const struct error *error = &failure; error; error = error->next) {
		for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
			found |= strstr(error->message, expected[i]) ? 1u << i : 0;
	}
	assert_int_equal(found, 0x1f);
}

#define SITE "site.yml", "- hosts: all\n  vars: {of: play}\n"

static void roles_stand_between_pre_tasks_and_tasks(void **state)
{
	const char *const texts[] = { SITE "  pre_tasks: [{name: pre, ping: }]\n"
		"  roles: [one, {role: two, tags: t, when: c, port_number: 1}]\n"
		"  tasks: [{name: task, ping: }]\n  post_tasks: [{name: post, ping: }]\n"
		"  handlers: [{name: own, ping: }]\n",
		"roles/one/tasks/main.yml", "[{name: first, ping: }, {import_tasks: more.yml}]",
		"roles/one/tasks/more.yml", "[{ping: }]",
		"/usual/two/tasks/main.yaml", "[{name: second, ping: , notify: restart}]",
		"/usual/two/handlers/main.yml", "[{name: restart, ping: }]", NULL };
	const struct play *play = play_of(texts, false);

	(void)state;
	assert_string_equal(titles(play->tasks, play->task_count),
		"pre, meta, one : first, one : ping, two : second, task, meta, post");
	assert_string_equal(titles(play->handlers, play->handler_count), "two : restart, own");
	assert_string_equal(play->tasks[4]->tags->items[0]->text, "t");
	assert_string_equal(play->tasks[4]->when->items[0]->text, "c");
	assert_int_equal(value_get_integer(play->tasks[4]->role->params, "port_number", 0), 1);
	assert_string_equal(play->tasks[4]->role->path, "/usual/two");
	assert_null(play->tasks[5]->role);
}

static void dependencies_come_first_and_inherit(void **state)
{
	const char *const texts[] = { SITE "  roles: [{role: top, tags: t}, base]\n",
		"roles/top/meta/main.yml", "{dependencies: [{role: base, level: 2, when: c}]}",
		"roles/top/tasks/main.yml", "[{name: it, ping: }]",
		"roles/top/vars/main.yml", "{v: top, w: top}",
		"roles/base/tasks/main.yml", "[{name: it, ping: }]",
		"roles/base/defaults/main.yml", "{d: base}",
		"roles/base/vars/main.yml", "{v: base}", NULL };
	const struct play *play = play_of(texts, false);
	const struct role_use *base = play->tasks[0]->role, *top = play->tasks[1]->role;

	(void)state;
	assert_string_equal(titles(play->tasks, play->task_count), "base : it, top : it, base : it");
	assert_string_equal(play->tasks[0]->tags->items[0]->text, "t");
	assert_string_equal(play->tasks[0]->when->items[0]->text, "c");
	assert_ptr_equal(base->parent, top);
	assert_true(base->dependency);
	assert_string_equal(value_get_string(base->vars, "v"), "base");
	assert_string_equal(value_get_string(base->vars, "w"), "top");
	assert_string_equal(value_get_string(top->vars, "v"), "top");
	assert_string_equal(value_get_string(top->defaults, "d"), "base");
	assert_string_equal(value_get_string(play->role_vars, "v"), "base");
	assert_ptr_not_equal(base->once, play->tasks[2]->role->once);
}

static void a_role_runs_once_for_equal_parameters(void **state)
{
	const char *const texts[] = { SITE "  roles: [one, {role: one}, {role: one, x: 1}, twice, twice]\n"
		"  tasks: [{import_role: {name: one}}]\n",
		"roles/one/tasks/main.yml", "[{ping: }]",
		"roles/twice/tasks/main.yml", "[{ping: }]",
		"roles/twice/meta/main.yml", "{allow_duplicates: yes}", NULL };
	const struct play *play = play_of(texts, false);

	(void)state;
	assert_int_equal(play->task_count, 6);
	assert_ptr_equal(play->tasks[0]->role->once, play->tasks[1]->role->once);
	assert_ptr_not_equal(play->tasks[0]->role->once, play->tasks[2]->role->once);
	assert_null(play->tasks[3]->role->once);
	assert_null(play->tasks[5]->role->once);
}

static void parts_are_taken_from_other_files(void **state)
{
	const char *const texts[] = { SITE "  tasks:\n  - import_role:\n      name: one\n"
		"      tasks_from: other\n      vars_from: set.yml\n      defaults_from: low\n"
		"      handlers_from: hand\n    vars: {given: 1}\n",
		"roles/one/tasks/other.yml", "[{name: it, ping: , notify: h}]",
		"roles/one/vars/set.yml", "{v: set}",
		"roles/one/defaults/low/a.yml", "{d: a, e: a}",
		"roles/one/defaults/low/b.yml", "{d: b}",
		"roles/one/handlers/hand.yml", "[{name: h, ping: }]", NULL };
	const struct play *play = play_of(texts, false);

	(void)state;
	assert_string_equal(titles(play->tasks, play->task_count), "one : it");
	assert_string_equal(value_get_string(play->tasks[0]->role->vars, "v"), "set");
	assert_string_equal(value_get_string(play->tasks[0]->role->defaults, "d"), "b");
	assert_string_equal(value_get_string(play->role_defaults, "e"), "a");
	assert_int_equal(value_get_integer(play->tasks[0]->vars, "given", 0), 1);
	assert_string_equal(titles(play->handlers, play->handler_count), "one : h");
}

static void of_handlers_with_one_name_the_last_is_notified(void **state)
{
	const char *const texts[] = { SITE "  roles: [one]\n"
		"  tasks: [{ping: , notify: h}, {ping: , notify: 'one : h'}, {ping: , notify: l}]\n"
		"  handlers: [{name: h, ping: , listen: l}]\n",
		"roles/one/tasks/main.yml", "[{ping: }]",
		"roles/one/handlers/main.yml", "[{name: h, ping: , listen: l}]", NULL };
	const struct play *play = play_of(texts, false);
	size_t count;

	(void)state;
	assert_null(play_notified(arena, play, "h", &count)[0]->role);
	assert_int_equal(count, 1);
	assert_non_null(play_notified(arena, play, "one : h", &count)[0]->role);
	play_notified(arena, play, "l", &count);
	assert_int_equal(count, 2);
}

static void a_plain_include_is_a_step_before_what_it_brings_in(void **state)
{
	const char *const texts[] = { SITE "  tasks:\n"
		"  - {include_tasks: {file: more.yml, apply: {become: yes}}, when: c, tags: x, vars: {v: 1}}\n",
		"more.yml", "[{name: in, ping: , tags: y}, {include_role: {name: one}, when: d}]",
		"roles/one/tasks/main.yml", "[{name: deep, ping: }]", NULL };
	const struct play *play = play_of(texts, false);
	struct value *only = value_list(arena);

	(void)state;
	assert_string_equal(titles(play->tasks, play->task_count),
		"include_tasks, in, include_role, one : deep");
	assert_null(play->tasks[1]->when);
	assert_ptr_equal(play->tasks[1]->included_by, play->tasks[0]);
	assert_ptr_equal(play->tasks[3]->included_by, play->tasks[2]);
	assert_ptr_equal(play->tasks[2]->included_by, play->tasks[0]);
	assert_true(play->tasks[1]->become->truth);
	assert_int_equal(value_get_integer(play->tasks[3]->include_vars, "v", 0), 1);
	value_append(arena, only, value_string(arena, "y"));
	assert_false(task_chosen(play->tasks[1], only, NULL));
	value_append(arena, only, value_string(arena, "x"));
	assert_true(task_chosen(play->tasks[1], only, NULL));
	assert_false(task_chosen(play->tasks[3], only, NULL));
}

static const char *value_in(struct variables *variables, const struct play *play,
	const struct task *task, const char *name)
{
	const struct value *value = scope_raw(scope_new(arena, variables, NULL, play, task), name);

	return value ? value_text(value) : NULL;
}

static void variables_of_roles_have_ansibles_order(void **state)
{
	const char *const texts[] = { SITE
		"  roles: [{role: one, a: param, vars: {b: entry, c: entry}}]\n"
		"  tasks:\n  - {import_role: {name: two}, vars: {given: import}}\n"
		"  - {include_role: {name: three}, vars: {e: include}}\n  - {ping: , vars: {c: task}}\n",
		"roles/one/tasks/main.yml", "[{ping: }]",
		"roles/one/defaults/main.yml", "{a: low, d: low, e: low, of: low}",
		"roles/one/vars/main.yml", "{a: high, c: high, e: high}",
		"roles/two/tasks/main.yml", "[{ping: , vars: {d: task}}]",
		"roles/two/defaults/main.yml", "{d: two}",
		"roles/three/tasks/main.yml", "[{ping: }]",
		"roles/three/vars/main.yml", "{e: three, only: three}", NULL };
	const struct play *play = play_of(texts, false);
	const struct variables_options options = { .playbook_directory = "." };
	struct variables *variables = variables_new(arena, &options);
	struct value *names = value_list(arena), *unknown = value_list(arena);
	struct variables_options with_secrets = { .playbook_directory = ".", .secret_names = names };
	const struct {
		size_t task;
		const char *name, *value;
	} rows[] = {
		{ 0, "a", "param" }, { 0, "b", "entry" }, { 0, "c", "high" }, { 0, "d", "low" },
		{ 0, "of", "play" }, { 1, "d", "task" }, { 1, "given", "import" }, { 3, "e", "include" },
		{ 3, "only", "three" }, { 4, "c", "task" }, { 4, "b", "entry" }, { 4, "a", "high" },
		{ 4, "d", "two" }, { 4, "given", "import" }, { 4, "only", NULL }, { 4, "e", "high" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value = value_in(variables, play, play->tasks[rows[i].task], rows[i].name);

		if (!value || !rows[i].value ? value != rows[i].value : strcmp(value, rows[i].value) != 0)
			fail_msg("%s in task %zu is %s instead of %s", rows[i].name, rows[i].task,
				value ? value : "undefined", rows[i].value ? rows[i].value : "undefined");
	}
	value_append(arena, names, value_string(arena, "only"));
	value_append(arena, names, value_string(arena, "a"));
	value_append(arena, names, value_string(arena, "nobody"));
	variables_note_secrets(variables_new(arena, &with_secrets), &(struct playbook){
		.plays = (struct play *[]){ (struct play *)(uintptr_t)play }, .play_count = 1 }, unknown);
	assert_int_equal(unknown->count, 1);
}

static void arguments_that_are_described_are_said_not_to_be_checked(void **state)
{
	const char *const texts[] = { SITE "  roles: [one, one]\n",
		"roles/one/tasks/main.yml", "[{ping: }]",
		"roles/one/meta/argument_specs.yml", "{argument_specs: {}}", NULL };
	struct playbook *playbook = load(texts, false);

	(void)state;
	assert_int_equal(playbook->notes->count, 1);
	assert_non_null(strstr(value_text(playbook->notes->items[0]), "the role 'one'"));
}

/* Names of the tasks that a list of tags chooses, without the steps of includes. */
static const char *chosen(const struct play *play, const char *words)
{
	struct value *only = value_list(arena);
	const char *all = "";

	for (; *words; words += words[strcspn(words, ",")] ? strcspn(words, ",") + 1
			: strcspn(words, ","))
		value_append(arena, only, value_bytes(arena, words, strcspn(words, ",")));
	for (size_t i = 0; i < play->task_count; i++) {
		const struct task *task = play->tasks[i];

		if (task->name && task_chosen(task, only, NULL))
			all = arena_printf(arena, "%s%s;", all, task->name);
	}
	return all;
}

/* What ansible-core 2.14 runs of this text with -t. */
static void tags_of_roles_and_includes_are_ansibles(void **state)
{
	const char *const texts[] = { SITE
		"  pre_tasks: [{name: pre, ping: , tags: always}]\n"
		"  roles: [{role: a, tags: [ta]}, {role: b, tags: tb}]\n"
		"  tasks:\n  - {import_role: {name: a}, tags: imp}\n"
		"  - {include_role: {name: b}, tags: inc}\n"
		"  - {include_tasks: {file: i.yml, apply: {tags: ap}}, tags: [ap]}\n"
		"  - {import_tasks: i.yml, tags: it}\n"
		"  - {block: [{name: blk, ping: , tags: inner}], tags: outer}\n"
		"  - {name: nev, ping: , tags: never}\n",
		"i.yml", "[{name: plain, ping: }, {name: tagged, ping: , tags: x}]",
		"roles/a/tasks/main.yml", "[{name: a1, ping: }, {name: a2, ping: , tags: x}, "
		"{include_tasks: more.yml, tags: m}]",
		"roles/a/tasks/more.yml", "[{name: in, ping: }, {name: inm, ping: , tags: m}]",
		"roles/a/meta/main.yml", "{dependencies: [{role: b, tags: dep}]}",
		"roles/b/tasks/main.yml", "[{name: b1, ping: }, {name: b2, ping: , tags: x}]", NULL };
	static const struct {
		const char *tags, *chosen;
	} rows[] = {
		{ "ta", "pre;b1;b2;a1;a2;in;inm;" }, { "tb", "pre;b1;b2;" },
		{ "imp", "pre;b1;b2;a1;a2;in;inm;" }, { "inc", "pre;" },
		{ "ap", "pre;plain;tagged;" }, { "it", "pre;plain;tagged;" }, { "outer", "pre;blk;" },
		{ "inner", "pre;blk;" }, { "m", "pre;inm;inm;" }, { "m,ta", "pre;b1;b2;a1;a2;in;inm;inm;" },
		{ "never", "pre;nev;" },
	};
	const struct play *play = play_of(texts, false);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(chosen(play, rows[i].tags), rows[i].chosen) != 0)
			fail_msg("-t %s chooses %s instead of %s", rows[i].tags, chosen(play, rows[i].tags),
				rows[i].chosen);
	}
}

static void an_includes_own_keywords_are_said_not_to_go_inside(void **state)
{
	const char *const texts[] = { SITE "  tasks: [{include_tasks: more.yml, become: yes}]\n",
		"more.yml", "[{ping: }]", NULL };
	struct playbook *playbook = load(texts, false);

	(void)state;
	assert_null(playbook->plays[0]->tasks[1]->become);
	assert_int_equal(playbook->notes->count, 1);
	assert_non_null(strstr(value_text(playbook->notes->items[0]), "'become' of 'include_tasks'"));
}

static void roles_of_collections_are_found(void **state)
{
	const char *const texts[] = { SITE "  roles: [my.own.tool]\n",
		"collections/ansible_collections/my/own/roles/tool/tasks/main.yml", "[{ping: }]", NULL };

	(void)state;
	assert_string_equal(task_title(play_of(texts, false)->tasks[0]), "my.own.tool : ping");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_a_tree_and_a_row),
		cmocka_unit_test(what_the_scheduler_has_to_do_is_kept),
		cmocka_unit_test(files_that_an_include_may_mean_are_of_the_text),
		cmocka_unit_test(each_error_is_told_with_what_can_not_be_run_yet),
		cmocka_unit_test(roles_stand_between_pre_tasks_and_tasks),
		cmocka_unit_test(dependencies_come_first_and_inherit),
		cmocka_unit_test(a_role_runs_once_for_equal_parameters),
		cmocka_unit_test(parts_are_taken_from_other_files),
		cmocka_unit_test(of_handlers_with_one_name_the_last_is_notified),
		cmocka_unit_test(a_plain_include_is_a_step_before_what_it_brings_in),
		cmocka_unit_test(variables_of_roles_have_ansibles_order),
		cmocka_unit_test(arguments_that_are_described_are_said_not_to_be_checked),
		cmocka_unit_test(tags_of_roles_and_includes_are_ansibles),
		cmocka_unit_test(an_includes_own_keywords_are_said_not_to_go_inside),
		cmocka_unit_test(roles_of_collections_are_found),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
