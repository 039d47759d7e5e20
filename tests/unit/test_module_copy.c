/* copy and template: a file's content, owner and mode, what is refused, and the way back. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"

extern const struct module module_copy;
extern const struct module module_template;

static struct bench *bench;
static struct prepare *prepare;
static struct bench_file before[BENCH_FILES];
static size_t before_count;

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_user(bench, "mpi", 1001, "/home/mpi");
	bench_directory(bench, "/etc", 0755);
	prepare = prepare_new(bench->arena);
	prepare->bodies = bench->bodies;
	prepare_add(prepare, "files/motd", 0644, "hello\n");
	prepare_add(prepare, "files/tree", 0755, NULL);
	prepare_add(prepare, "files/tree/leaf", 0644, "leaf\n");
	prepare_add(prepare, "templates/motd.j2", 0644, "from a template\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

/* As both ends do: normalised and prepared on one, loaded on the other. */
static void *load(const struct module *module, const char *yaml)
{
	struct value *params = bench_normalise(bench, module, yaml);

	if (!params || module->prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return bench_load_prepared(bench, module, params);
}

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_copy, load(&module_copy, yaml));
}

static struct plan *look(const char *yaml)
{
	void *params = load(&module_copy, yaml);

	return params ? bench_look(bench, &module_copy, params) : NULL;
}

static struct bench_file *at(const char *path)
{
	return bench_find(bench, path);
}

static void remember(void)
{
	memcpy(before, bench->files, sizeof(before));
	before_count = bench->file_count;
}

static void assert_as_before(void)
{
	assert_int_equal(bench->file_count, before_count);
	for (size_t i = 0; i < before_count; i++) {
		const struct bench_file *was = &before[i], *is = at(was->path);

		assert_non_null(is);
		assert_int_equal(is->info.kind, was->info.kind);
		assert_int_equal(is->info.mode, was->info.mode);
		assert_int_equal(is->info.uid, was->info.uid);
		assert_int_equal(is->info.gid, was->info.gid);
		if (was->info.kind == FILE_REGULAR)
			assert_string_equal(is->bytes, was->bytes);
	}
}

/* Applied, which changes something, and undone: as if nothing had been. */
static void there_and_back(const struct module *module, const char *yaml, const char *log)
{
	remember();
	assert_int_equal(bench_apply(bench, module, load(module, yaml)), 0);
	assert_string_equal(bench->log.data, log);
	assert_int_equal(bench_undo(bench), 0);
	assert_as_before();
}

static void a_file_arrives_and_goes_again(void **state)
{
	(void)state;
	there_and_back(&module_copy, "{src: motd, dest: /etc/motd}", "write /etc/motd 0644\n");
	assert_string_equal(bench->log.data, "remove /etc/motd\n");
	assert_int_equal(apply("{src: motd, dest: /etc/motd}"), 0);
	assert_string_equal(bench_text(bench, "/etc/motd"), "hello\n");
}

static void content_may_stand_in_the_task(void **state)
{
	(void)state;
	assert_int_equal(apply("{content: \"one\\ntwo\\n\", dest: /etc/motd}"), 0);
	assert_string_equal(bench_text(bench, "/etc/motd"), "one\ntwo\n");
	assert_int_equal(apply("{content: '', dest: /etc/motd}"), 0);
	assert_string_equal(bench_text(bench, "/etc/motd"), "");
	assert_int_equal(apply("{content: 42, dest: /etc/motd}"), 0);
	assert_string_equal(bench_text(bench, "/etc/motd"), "42");
}

static void owner_and_mode_come_with_the_content(void **state)
{
	(void)state;
	there_and_back(&module_copy, "{src: motd, dest: /etc/motd, mode: '0600', owner: mpi, "
		"group: mpi}", "write /etc/motd 0600\n");
	assert_int_equal(apply("{src: motd, dest: /etc/motd, mode: '0600', owner: mpi, group: mpi}"),
		0);
	assert_int_equal(at("/etc/motd")->info.uid, 1001);
	assert_int_equal(at("/etc/motd")->info.gid, 1001);
	assert_string_equal(value_get_string(bench->results, "mode"), "0600");
	assert_string_equal(value_get_string(bench->results, "dest"), "/etc/motd");
}

/* As a dry run tells it. */
static const char *mode_before(const char *yaml)
{
	void *params = load(&module_copy, yaml);
	struct value *results = value_map(bench->arena);

	assert_non_null(bench_look(bench, &module_copy, params));
	module_copy.results(bench->arena, params, bench->state, results);
	return value_get_string(results, "mode");
}

static void the_mode_of_a_file_is_told_before_it_is_made(void **state)
{
	(void)state;
	assert_string_equal(mode_before("{src: motd, dest: /etc/motd}"), "0644");
	assert_string_equal(mode_before("{src: motd, dest: /etc/motd, mode: '0600'}"), "0600");
	bench_file(bench, "/etc/motd", 0640, "old\n");
	assert_string_equal(mode_before("{src: motd, dest: /etc/motd}"), "0640");
}

static void another_content_is_shown_replaced_and_comes_back(void **state)
{
	struct plan *plan;

	(void)state;
	bench_file(bench, "/etc/motd", 0664, "old\n");
	at("/etc/motd")->info.uid = 1001;
	plan = look("{src: motd, dest: /etc/motd}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(plan->changes[0]->field, "content");
	assert_string_equal(plan->changes[0]->before, "old\n");
	assert_string_equal(value_get_string(bench->bodies, plan->changes[0]->after_body), "hello\n");
	assert_int_equal(plan->changes[0]->flags, 0);
	there_and_back(&module_copy, "{src: motd, dest: /etc/motd}", "write /etc/motd 0664\n");
	assert_int_equal(at("/etc/motd")->info.uid, 1001);
}

static void content_mode_and_owner_come_back_together(void **state)
{
	(void)state;
	bench_file(bench, "/etc/motd", 0400, "no end");
	there_and_back(&module_copy, "{src: motd, dest: /etc/motd, mode: '0644', owner: mpi, "
		"group: mpi}", "write /etc/motd 0644\n");
}

static void a_mode_alone_is_changed_and_comes_back(void **state)
{
	(void)state;
	bench_file(bench, "/etc/motd", 0600, "hello\n");
	assert_string_equal(bench_change(bench, look("{src: motd, dest: /etc/motd, mode: a+r}"), 0),
		"/etc/motd mode: 0600 -> 0644");
	there_and_back(&module_copy, "{src: motd, dest: /etc/motd, mode: a+r}",
		"mode /etc/motd 0644\n");
}

static void an_owner_alone_is_changed_and_comes_back(void **state)
{
	(void)state;
	bench_file(bench, "/etc/motd", 0600, "hello\n");
	there_and_back(&module_copy, "{src: motd, dest: /etc/motd, owner: mpi, group: mpi}",
		"owner /etc/motd 1001:1001\n");
	assert_null(look("{src: motd, dest: /etc/motd, owner: ghost}"));
	assert_string_equal(bench->err.message, "there is no user 'ghost'");
}

static void what_is_right_is_left_alone(void **state)
{
	(void)state;
	bench_file(bench, "/etc/motd", 0600, "hello\n");
	assert_int_equal(apply("{src: motd, dest: /etc/motd}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{src: motd, dest: /etc/motd, mode: '0600', owner: root, backup: yes, "
		"validate: false %s}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_null(value_get(bench->results, "backup_file"));
}

static void looking_changes_nothing(void **state)
{
	(void)state;
	bench_file(bench, "/etc/motd", 0600, "old\n");
	remember();
	assert_int_equal(look("{src: motd, dest: /etc/motd, mode: '0644'}")->change_count, 1);
	assert_int_equal(look("{src: motd, dest: /etc/new}")->change_count, 1);
	assert_string_equal(bench->log.data, "");
	assert_as_before();
}

static void what_not_everybody_may_read_is_sensitive(void **state)
{
	(void)state;
	assert_int_equal(look("{src: motd, dest: /etc/new, mode: '0600'}")->changes[0]->flags,
		CHANGE_SENSITIVE);
	assert_int_equal(look("{src: motd, dest: /etc/new}")->changes[0]->flags, 0);
	bench_file(bench, "/etc/old", 0600, "old\n");
	assert_int_equal(look("{src: motd, dest: /etc/old, mode: '0644'}")->changes[0]->flags,
		CHANGE_SENSITIVE);
	bench_file(bench, "/etc/open", 0644, "old\n");
	assert_int_equal(look("{src: motd, dest: /etc/open, mode: '0600'}")->changes[0]->flags,
		CHANGE_SENSITIVE);
}

static void a_binary_file_is_told_by_its_size(void **state)
{
	struct plan *plan;

	(void)state;
	bench_file(bench, "/etc/motd", 0644, "\xff\xfe!");
	plan = look("{src: motd, dest: /etc/motd}");
	assert_int_equal(plan->changes[0]->flags, CHANGE_BINARY);
	assert_string_equal(plan->changes[0]->before, "3 bytes");
	there_and_back(&module_copy, "{src: motd, dest: /etc/motd}", "write /etc/motd 0644\n");
}

static void without_force_what_is_there_stays(void **state)
{
	(void)state;
	bench_file(bench, "/etc/motd", 0600, "mine\n");
	assert_int_equal(apply("{src: motd, dest: /etc/motd, force: no, mode: '0644'}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{src: motd, dest: /etc/new, force: no}"), 0);
	assert_string_equal(bench->log.data, "write /etc/new 0644\n");
}

static void a_backup_keeps_the_old_file(void **state)
{
	const char *backup;

	(void)state;
	bench_file(bench, "/etc/motd", 0600, "old\n");
	assert_int_equal(apply("{src: motd, dest: /etc/motd, backup: yes}"), 0);
	assert_string_equal(bench->log.data, "write /etc/motd 0600\nbackup\n");
	backup = value_get_string(bench->results, "backup_file");
	assert_non_null(strstr(backup, "/etc/motd.20"));
	assert_int_equal(backup[strlen(backup) - 1], '~');
	assert_string_equal(bench_text(bench, backup), "old\n");
	assert_int_equal(at(backup)->info.mode, 0600);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(at(backup));
	assert_string_equal(bench_text(bench, "/etc/motd"), "old\n");
	assert_int_equal(apply("{src: motd, dest: /etc/new, backup: yes}"), 0);
	assert_string_equal(bench->log.data, "write /etc/new 0644\n");
}

static void two_backups_in_one_second_are_two(void **state)
{
	const char *first;

	(void)state;
	bench_file(bench, "/etc/motd", 0600, "old\n");
	assert_int_equal(apply("{src: motd, dest: /etc/motd, backup: yes}"), 0);
	first = value_get_string(bench->results, "backup_file");
	assert_int_equal(apply("{content: x, dest: /etc/motd, backup: yes}"), 0);
	assert_string_not_equal(value_get_string(bench->results, "backup_file"), first);
	assert_string_equal(bench_text(bench, first), "old\n");
}

static void a_command_may_judge_the_content(void **state)
{
	(void)state;
	assert_int_equal(apply("{src: motd, dest: /etc/sudoers, validate: visudo -cf %s}"), 0);
	assert_string_equal(bench->log.data, "write /etc/sudoers 0644 validate visudo -cf %s\n");
	assert_null(load(&module_copy, "{src: motd, dest: /etc/sudoers, validate: visudo}"));
	assert_string_equal(bench->err.message, "'validate' has no %s");
	assert_non_null(strstr(bench->err.remedy, "%s"));
}

static void a_directory_takes_the_name_of_the_source(void **state)
{
	struct names *names = names_new(bench->arena);

	(void)state;
	assert_int_equal(apply("{src: tree/leaf, dest: /etc/}"), 0);
	assert_string_equal(bench->log.data, "write /etc/leaf 0644\n");
	module_copy.resources(names, load(&module_copy, "{src: motd, dest: /etc/}"));
	assert_int_equal(names->count, 1);
	assert_string_equal(names->items[0], "file:/etc/motd");
}

static void a_directory_is_not_overwritten(void **state)
{
	(void)state;
	assert_int_equal(apply("{src: motd, dest: /etc}"), -1);
	assert_string_equal(bench->err.message, "'/etc' is a directory");
	assert_string_equal(bench->err.remedy, "end dest with / to copy into it");
	assert_string_equal(bench->log.data, "");
}

static void a_link_and_a_special_file_are_not_overwritten(void **state)
{
	(void)state;
	bench_link(bench, "/etc/motd", "/run/motd");
	assert_int_equal(apply("{src: motd, dest: /etc/motd}"), -1);
	assert_string_equal(bench->err.message, "'/etc/motd' is a symbolic link");
	assert_non_null(strstr(bench->err.remedy, "state: absent"));
	at("/etc/motd")->info.kind = FILE_OTHER;
	assert_int_equal(apply("{src: motd, dest: /etc/motd, force: no}"), -1);
	assert_string_equal(bench->err.message, "'/etc/motd' is a special file");
	assert_string_equal(bench->log.data, "");
}

static void a_directory_that_took_its_place_survives_an_undo(void **state)
{
	(void)state;
	assert_int_equal(apply("{src: motd, dest: /etc/motd}"), 0);
	bench_directory(bench, "/etc/motd", 0755);
	bench_file(bench, "/etc/motd/theirs", 0644, "x");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(bench_text(bench, "/etc/motd/theirs"), "x");
}

static void a_source_that_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_null(load(&module_copy, "{src: none, dest: /etc/motd}"));
	assert_non_null(strstr(bench->err.message, "none"));
	assert_null(load(&module_copy, "{src: tree, dest: /etc/motd}"));
	assert_non_null(strstr(bench->err.message, "is a directory"));
	assert_string_equal(bench->err.remedy, "file-sync copies directories");
}

static void a_secret_content_stays_secret(void **state)
{
	struct value *params = bench_normalise(bench, &module_copy,
		"{content: swordfish, dest: /etc/secret}");

	(void)state;
	value_get(params, "content")->level = LEVEL_SECRET;
	assert_int_equal(module_copy.prepare(prepare, params, &bench->err), 0);
	assert_null(value_get(params, "content"));
	assert_true(value_get(params, "body")->level);
}

static void assert_refused(const struct module *module, const char *yaml, const char *why)
{
	assert_null(bench_normalise(bench, module, yaml));
	if (!strstr(bench->err.message, why))
		fail_msg("%s: %s", yaml, bench->err.message);
}

static void wrong_parameters_are_refused(void **state)
{
	(void)state;
	assert_refused(&module_copy, "{src: motd}", "needs the parameter 'dest'");
	assert_refused(&module_copy, "{dest: /etc/motd}", "one of 'src' and 'content' is needed");
	assert_refused(&module_copy, "{src: motd, content: x, dest: /etc/motd}", "exclude each other");
	assert_refused(&module_copy, "{content: x, dest: /etc/}", "must name a file");
	assert_refused(&module_copy, "{src: motd, dest: motd}", "absolute path");
	assert_refused(&module_copy, "{src: motd, dest: /etc/motd, mode: rw}", "file mode");
	assert_refused(&module_copy, "{src: motd, dest: /etc/motd, remote_src: yes}", "must be absolute");
	assert_refused(&module_copy, "{content: x, dest: /etc/motd, remote_src: yes}", "needs 'src'");
	assert_refused(&module_copy, "{src: motd, dest: /etc/motd, follow: yes}", "not supported yet");
	assert_refused(&module_copy, "{src: motd, dest: /etc/motd, destt: x}", "no parameter 'destt'");
	assert_refused(&module_template, "{dest: /etc/motd}", "needs the parameter 'src'");
	assert_refused(&module_template, "{src: motd.j2, dest: /etc/motd, validate: x}", "no %s");
}

static void a_file_of_the_node_is_copied_there_and_goes_again(void **state)
{
	static const char task[] = "{src: /srv/private, dest: /etc/, remote_src: yes}";

	(void)state;
	bench_directory(bench, "/srv", 0755);
	bench_file(bench, "/srv/private", 0600, "mine\n");
	remember();
	assert_string_equal(bench_change(bench, look(task), 0), "/etc/private content: - -> mine\n");
	assert_int_equal(apply(task), 0);
	assert_string_equal(bench->log.data, "write /etc/private 0600\n");
	assert_string_equal(at("/etc/private")->bytes, "mine\n");
	assert_int_equal(look(task)->change_count, 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_as_before();
	bench_put(bench, "/srv/private", 0644, "a\0b", 3);
	assert_string_equal(bench_change(bench, look(task), 0), "/etc/private content: - -> 3 bytes");
	assert_int_equal(apply(task), 0);
	assert_int_equal(at("/etc/private")->size, 3);
}

static void what_is_no_file_of_the_node_is_not_copied(void **state)
{
	(void)state;
	assert_int_equal(apply("{src: /srv/none, dest: /etc/a, remote_src: yes}"), -1);
	assert_string_equal(bench->err.message, "there is no file '/srv/none'");
	assert_int_equal(apply("{src: /etc, dest: /etc/a, remote_src: yes}"), -1);
	assert_string_equal(bench->err.message, "'/etc' is not a file");
}

static void a_template_is_filled_in_and_goes_again(void **state)
{
	(void)state;
	there_and_back(&module_template, "{src: motd.j2, dest: /etc/motd, mode: '0640', owner: mpi, "
		"group: mpi}", "write /etc/motd 0640\n");
	assert_int_equal(bench_apply(bench, &module_template, load(&module_template,
		"{src: motd.j2, dest: /etc/}")), 0);
	assert_string_equal(bench_text(bench, "/etc/motd.j2"), "from a template\n");
}

static void a_template_replaces_and_brings_back(void **state)
{
	(void)state;
	bench_file(bench, "/etc/motd", 0600, "old\n");
	there_and_back(&module_template, "{src: motd.j2, dest: /etc/motd}", "write /etc/motd 0600\n");
	bench_file(bench, "/etc/motd", 0600, "from a template\n");
	there_and_back(&module_template, "{src: motd.j2, dest: /etc/motd, mode: '0644'}",
		"mode /etc/motd 0644\n");
	assert_int_equal(bench_apply(bench, &module_template, load(&module_template,
		"{src: motd.j2, dest: /etc/motd}")), 0);
	assert_string_equal(bench->log.data, "");
}

static void a_template_is_looked_for_among_templates(void **state)
{
	(void)state;
	assert_null(load(&module_template, "{src: motd, dest: /etc/motd}"));
	assert_non_null(strstr(bench->err.message, "templates/motd"));
}

static void a_private_source_stays_private(void **state)
{
	struct plan *plan;

	(void)state;
	prepare_add(prepare, "files/key", 0600, "secret\n");
	prepare_add(prepare, "files/group", 0640, "of the group\n");
	assert_int_equal(apply("{src: key, dest: /etc/key}"), 0);
	assert_string_equal(bench->log.data, "write /etc/key 0600\n");
	assert_int_equal(apply("{src: key, dest: /etc/key}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{src: group, dest: /etc/group2}"), 0);
	assert_int_equal(at("/etc/group2")->info.mode, 0640);
	/* One that was open already is closed, and what it holds is told to nobody else. */
	bench_file(bench, "/etc/open", 0644, "old\n");
	plan = look("{src: key, dest: /etc/open}");
	assert_int_equal(plan->changes[0]->flags, CHANGE_SENSITIVE);
	assert_int_equal(apply("{src: key, dest: /etc/open}"), 0);
	assert_string_equal(bench->log.data, "write /etc/open 0600\n");
	bench_file(bench, "/etc/open", 0664, "secret\n");
	assert_int_equal(apply("{src: key, dest: /etc/open}"), 0);
	assert_string_equal(bench->log.data, "mode /etc/open 0600\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_int_equal(at("/etc/open")->info.mode, 0664);
}

static void a_mode_of_the_task_counts_more_than_that_of_the_source(void **state)
{
	(void)state;
	prepare_add(prepare, "files/key", 0600, "secret\n");
	assert_int_equal(apply("{src: key, dest: /etc/key, mode: '0644'}"), 0);
	assert_string_equal(bench->log.data, "write /etc/key 0644\n");
	assert_int_equal(apply("{content: x, dest: /etc/other}"), 0);
	assert_string_equal(bench->log.data, "write /etc/other 0644\n");
}

static void a_private_template_stays_private(void **state)
{
	(void)state;
	prepare_add(prepare, "templates/key.j2", 0600, "secret\n");
	assert_int_equal(bench_apply(bench, &module_template, load(&module_template,
		"{src: key.j2, dest: /etc/key}")), 0);
	assert_string_equal(bench->log.data, "write /etc/key 0600\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_private_source_stays_private),
		TEST(a_mode_of_the_task_counts_more_than_that_of_the_source),
		TEST(a_private_template_stays_private),
		TEST(a_file_arrives_and_goes_again),
		TEST(content_may_stand_in_the_task),
		TEST(owner_and_mode_come_with_the_content),
		TEST(the_mode_of_a_file_is_told_before_it_is_made),
		TEST(another_content_is_shown_replaced_and_comes_back),
		TEST(content_mode_and_owner_come_back_together),
		TEST(a_mode_alone_is_changed_and_comes_back),
		TEST(an_owner_alone_is_changed_and_comes_back),
		TEST(what_is_right_is_left_alone),
		TEST(looking_changes_nothing),
		TEST(what_not_everybody_may_read_is_sensitive),
		TEST(a_binary_file_is_told_by_its_size),
		TEST(without_force_what_is_there_stays),
		TEST(a_backup_keeps_the_old_file),
		TEST(two_backups_in_one_second_are_two),
		TEST(a_command_may_judge_the_content),
		TEST(a_directory_takes_the_name_of_the_source),
		TEST(a_directory_is_not_overwritten),
		TEST(a_link_and_a_special_file_are_not_overwritten),
		TEST(a_directory_that_took_its_place_survives_an_undo),
		TEST(a_source_that_is_no_file_is_refused),
		TEST(a_secret_content_stays_secret),
		TEST(wrong_parameters_are_refused),
		TEST(a_file_of_the_node_is_copied_there_and_goes_again),
		TEST(what_is_no_file_of_the_node_is_not_copied),
		TEST(a_template_is_filled_in_and_goes_again),
		TEST(a_template_replaces_and_brings_back),
		TEST(a_template_is_looked_for_among_templates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
