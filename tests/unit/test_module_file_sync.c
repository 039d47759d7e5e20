/* file-sync: trees as manifests, what is planned for each kind of difference, and the way back. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "modules/file_sync/file_sync.h"
#include "module_prepare.h"

extern const struct module module_file_sync;

static struct bench *bench;
static struct prepare *prepare;

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/srv", 0755);
	prepare = prepare_new(bench->arena);
	prepare->bodies = bench->bodies;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void a_tree(void)
{
	prepare_add(prepare, "files/site", 0755, NULL);
	prepare_add(prepare, "files/site/a.txt", 0644, "alpha\n");
	prepare_add(prepare, "files/site/bin", 0755, NULL);
	prepare_add(prepare, "files/site/bin/run", 0775, "#!/bin/sh\n");
	prepare_add_link(prepare, "files/site/link", "a.txt");
}

/* As both ends do: normalised and prepared on one, loaded on the other. */
static void *load(const char *yaml)
{
	struct value *params = bench_normalise(bench, &module_file_sync, yaml);

	if (!params || module_file_sync.prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return bench_load_prepared(bench, &module_file_sync, params);
}

static struct plan *look(const char *yaml)
{
	void *params = load(yaml);

	return params ? bench_look(bench, &module_file_sync, params) : NULL;
}

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_file_sync, load(yaml));
}

static void a_tree_arrives_whole_and_only_once(void **state)
{
	(void)state;
	a_tree();
	assert_int_equal(apply("{src: site, dest: /srv/site}"), 0);
	assert_string_equal(bench->log.data,
		"directory /srv/site 0755\nwrite /srv/site/a.txt 0644\ndirectory /srv/site/bin 0755\n"
		"write /srv/site/bin/run 0755\nlink /srv/site/link.beoplay-link a.txt\n"
		"rename /srv/site/link.beoplay-link /srv/site/link\n");
	assert_string_equal(bench_text(bench, "/srv/site/bin/run"), "#!/bin/sh\n");
	assert_int_equal(value_get_integer(bench->results, "created", -1), 5);
	assert_int_equal(value_get_integer(bench->results, "bytes_sent", -1), 16);
	assert_int_equal(apply("{src: site, dest: /srv/site}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(value_get_integer(bench->results, "created", -1), 0);
	assert_int_equal(value_get_integer(bench->results, "unchanged", -1), 5);
	assert_int_equal(value_get_integer(bench->results, "bytes_total", -1), 16);
}

static void a_single_file_may_go_into_a_directory(void **state)
{
	(void)state;
	prepare_add(prepare, "files/motd", 0644, "hello\n");
	assert_int_equal(apply("{src: motd, dest: /srv/, mode: '0600'}"), 0);
	assert_string_equal(bench->log.data, "write /srv/motd 0600\n");
	assert_int_equal(look("{src: motd, dest: /srv/motd}")->change_count, 0);
	assert_null(load("{src: motd, dest: /srv/motd, delete: yes}"));
	assert_null(load("{src: nothing, dest: /srv/motd}"));
}

static void another_content_is_shown_and_replaced(void **state)
{
	struct plan *plan;

	(void)state;
	prepare_add(prepare, "files/motd", 0644, "new\n");
	bench_file(bench, "/srv/motd", 0640, "old\n");
	plan = look("{src: motd, dest: /srv/motd}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(plan->changes[0]->field, "content");
	assert_string_equal(plan->changes[0]->before, "old\n");
	assert_string_equal(value_get_string(bench->bodies, plan->changes[0]->after_body), "new\n");
	assert_int_equal(plan->changes[0]->flags, CHANGE_SENSITIVE);
	assert_int_equal(apply("{src: motd, dest: /srv/motd}"), 0);
	assert_string_equal(bench->log.data, "write /srv/motd 0640\n");
	assert_int_equal(value_get_integer(bench->results, "updated", -1), 1);
}

static void binary_files_are_told_by_their_size(void **state)
{
	struct plan *plan;

	(void)state;
	prepare_add(prepare, "files/x", 0644, "new\n");
	bench_file(bench, "/srv/x", 0644, "\xff\xfe old");
	plan = look("{src: x, dest: /srv/x}");
	assert_int_equal(plan->changes[0]->flags, CHANGE_BINARY);
	assert_string_equal(plan->changes[0]->before, "6 bytes");
	assert_string_equal(plan->changes[0]->after, "4 bytes");
}

static void modes_and_owners_are_changes_of_their_own(void **state)
{
	struct plan *plan;

	(void)state;
	a_tree();
	bench_user(bench, "mpi", 1001, "/home/mpi");
	assert_int_equal(apply("{src: site, dest: /srv/site}"), 0);
	plan = look("{src: site, dest: /srv/site, mode: 'u=rw,go=', directory_mode: '0700'}");
	assert_int_equal(plan->change_count, 4);
	assert_string_equal(bench_change(bench, plan, 0), "/srv/site mode: 0755 -> 0700");
	assert_string_equal(bench_change(bench, plan, 1), "/srv/site/a.txt mode: 0644 -> 0600");
	assert_string_equal(bench_change(bench, plan, 3), "/srv/site/bin/run mode: 0755 -> 0600");
	plan = look("{src: site/a.txt, dest: /srv/site/a.txt, owner: mpi, group: mpi}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0),
		"/srv/site/a.txt owner: 0:0 -> 1001:1001");
	assert_int_equal(apply("{src: site, dest: /srv/site, owner: mpi, mode: '0640'}"), 0);
	assert_int_equal(bench_find(bench, "/srv/site/bin/run")->info.uid, 1001);
	assert_null(look("{src: site, dest: /srv/site, owner: nobodyknows}"));
	assert_string_equal(bench->err.message, "there is no user 'nobodyknows'");
}

static void a_script_that_became_one_can_be_executed(void **state)
{
	(void)state;
	prepare_add(prepare, "files/run", 0755, "x\n");
	bench_file(bench, "/srv/run", 0644, "x\n");
	assert_int_equal(apply("{src: run, dest: /srv/run}"), 0);
	assert_string_equal(bench->log.data, "mode /srv/run 0755\n");
	/* Otherwise a mode that nobody wishes stays as it is. */
	bench_find(bench, "/srv/run")->info.mode = 0700;
	assert_int_equal(look("{src: run, dest: /srv/run}")->change_count, 0);
}

static void a_link_with_another_target_is_replaced(void **state)
{
	struct plan *plan;

	(void)state;
	a_tree();
	assert_int_equal(apply("{src: site, dest: /srv/site}"), 0);
	bench_link(bench, "/srv/site/link", "elsewhere");
	plan = look("{src: site, dest: /srv/site}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0),
		"/srv/site/link target: elsewhere -> a.txt");
	assert_int_equal(look("{src: site, dest: /srv/site, links: no}")->change_count, 0);
}

static void what_is_of_another_kind_is_refused(void **state)
{
	(void)state;
	a_tree();
	bench_directory(bench, "/srv/site", 0755);
	bench_directory(bench, "/srv/site/a.txt", 0755);
	assert_true(look("{src: site, dest: /srv/site}")->refused);
	bench_remove(bench, "/srv/site/a.txt");
	bench_file(bench, "/srv/site/bin", 0644, "");
	assert_true(look("{src: site, dest: /srv/site}")->refused);
}

static void delete_takes_away_the_rest_but_not_too_much(void **state)
{
	struct plan *plan;

	(void)state;
	a_tree();
	assert_int_equal(apply("{src: site, dest: /srv/site}"), 0);
	bench_directory(bench, "/srv/site/old", 0755);
	bench_file(bench, "/srv/site/old/x", 0644, "x");
	bench_file(bench, "/srv/site/keep.log", 0644, "x");
	bench_directory(bench, "/srv/site/logs", 0755);
	bench_file(bench, "/srv/site/logs/a.log", 0644, "x");
	assert_int_equal(look("{src: site, dest: /srv/site}")->change_count, 0);
	plan = look("{src: site, dest: /srv/site, delete: yes, max_delete: 1}");
	assert_true(plan->refused);
	plan = look("{src: site, dest: /srv/site, delete: yes}");
	assert_int_equal(plan->change_count, 5);
	assert_int_equal(apply("{src: site, dest: /srv/site, delete: yes, exclude: '*.log'}"), 0);
	assert_string_equal(bench->log.data, "remove /srv/site/old/x\nremove /srv/site/old\n");
	assert_int_equal(value_get_integer(bench->results, "deleted", -1), 2);
}

static void what_is_excluded_stays_away(void **state)
{
	(void)state;
	a_tree();
	assert_int_equal(apply("{src: site, dest: /srv/site, exclude: [bin/, link]}"), 0);
	assert_null(bench_find(bench, "/srv/site/bin/run"));
	assert_null(bench_find(bench, "/srv/site/link"));
	assert_non_null(bench_find(bench, "/srv/site/a.txt"));
}

static bool left_out(const char *path, bool directory, const char *exclude, const char *include)
{
	return sync_excluded(path, directory, &exclude, 1, &include, include ? 1 : 0);
}

static void patterns_mean_names_or_paths(void **state)
{
	(void)state;
	assert_true(left_out("a.o", false, "*.o", NULL));
	assert_true(left_out("sub/a.o", false, "*.o", NULL));
	assert_false(left_out("sub/a.o", false, "/*.o", NULL));
	assert_true(left_out("sub/a.o", false, "sub/*.o", NULL));
	assert_false(left_out("x/sub/a.o", false, "sub/*.o", NULL));
	assert_false(left_out("build", false, "build/", NULL));
	assert_true(left_out("build", true, "build/", NULL));
	assert_true(left_out("build/deep/x", false, "build/", NULL));
	assert_false(left_out("keep.o", false, "*.o", "keep.o"));
	assert_false(left_out("a", false, "", NULL));
}

static void modes_are_octal_or_symbolic(void **state)
{
	(void)state;
	assert_int_equal(sync_mode("0644", 0777, false), 0644);
	assert_int_equal(sync_mode("u=rwx,g=rx,o=", 0, false), 0750);
	assert_int_equal(sync_mode("a+X", 0644, false), 0644);
	assert_int_equal(sync_mode("a+X", 0644, true), 0755);
	assert_int_equal(sync_mode("go-w,+t", 0666, true), 01644);
	assert_int_equal(sync_mode("g=u", 0740, false), 0770);
	assert_int_equal(sync_mode("u+s", 0755, false), 04755);
}

static void a_manifest_comes_back_as_it_went(void **state)
{
	const struct sync_line line = {
		.kind = SYNC_LINK, .target = "100% of\nit", .path = "a b/c%",
	};
	struct buffer text = { 0 };
	struct sync_line *lines;
	size_t count;

	(void)state;
	sync_line_write(&text, &line);
	assert_string_equal(text.data, "l 100%25%20of%0Ait a%20b/c%25\n");
	assert_int_equal(sync_manifest_read(bench->arena, text.data, &lines, &count, &bench->err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(lines[0].path, "a b/c%");
	assert_string_equal(lines[0].target, "100% of\nit");
	buffer_free(&text);
}

static void a_hostile_manifest_is_refused(void **state)
{
	static const char *const bad[] = {
		"a ../etc/passwd\n", "a /etc/passwd\n", "a x/../../y\n", "a x//y\n", "a x/\n", "a \n",
		"f 0644 3 abc x\n", "f 9 3 abc x\n", "z x\n", "a x y\n", "l x\n", "a %00\n", "a %zz\n",
		"d 0755\n", "\n", NULL,
	};
	struct sync_line *lines;
	size_t count;

	(void)state;
	for (size_t i = 0; bad[i]; i++) {
		error_clear(&bench->err);
		if (sync_manifest_read(bench->arena, bad[i], &lines, &count, &bench->err) == 0)
			fail_msg("accepted: %s", bad[i]);
	}
}

static void validate_and_backup_reach_the_writing(void **state)
{
	(void)state;
	prepare_add(prepare, "files/sudoers", 0440, "new\n");
	bench_file(bench, "/srv/sudoers", 0440, "old\n");
	assert_int_equal(apply("{src: sudoers, dest: /srv/sudoers, backup: yes, "
		"validate: visudo -cf %s}"), 0);
	assert_string_equal(bench->log.data,
		"write /srv/sudoers 0440 validate visudo -cf %s\nbackup\n");
	assert_int_equal(bench->inverses->count, 2);
	assert_non_null(strstr(bench_snapshot(bench), "~"));
	assert_int_equal(bench_undo(bench), 0);
	assert_null(strstr(bench_snapshot(bench), "~"));
	assert_null(load("{src: sudoers, dest: /srv/sudoers, validate: visudo}"));
}

static void the_way_back_restores_every_entry(void **state)
{
	(void)state;
	a_tree();
	bench_directory(bench, "/srv/site", 0755);
	bench_file(bench, "/srv/site/a.txt", 0600, "before\n");
	bench_link(bench, "/srv/site/link", "before");
	assert_int_equal(apply("{src: site, dest: /srv/site, mode: '0644'}"), 0);
	assert_string_equal(bench_text(bench, "/srv/site/a.txt"), "alpha\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, "/srv/site/a.txt"), "before\n");
	assert_int_equal(bench_find(bench, "/srv/site/a.txt")->info.mode, 0600);
	assert_string_equal(bench_find(bench, "/srv/site/link")->info.target, "before");
	assert_null(bench_find(bench, "/srv/site/bin"));
	assert_non_null(bench_find(bench, "/srv/site"));
}

static void a_directory_with_something_in_it_survives_an_undo(void **state)
{
	(void)state;
	a_tree();
	assert_int_equal(apply("{src: site, dest: /srv/site}"), 0);
	bench_file(bench, "/srv/site/mine", 0644, "x");
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(bench_find(bench, "/srv/site/mine"));
	assert_null(bench_find(bench, "/srv/site/a.txt"));
	assert_null(bench_find(bench, "/srv/site/bin"));
}

static void each_entry_is_a_resource(void **state)
{
	struct names *names = names_new(bench->arena);

	(void)state;
	a_tree();
	module_file_sync.resources(names, load("{src: site/, dest: /srv/site/}"));
	assert_int_equal(names->count, 5);
	assert_string_equal(names->items[0], "file:/srv/site");
	assert_string_equal(names->items[3], "file:/srv/site/bin/run");
}

static void what_is_not_there_yet_says_so(void **state)
{
	(void)state;
	assert_null(load("{src: a, dest: /b, transport: mpi}"));
	assert_ptr_equal(bench->err.code, TASK_UNSUPPORTED_PARAMETER);
	assert_null(load("{src: a, dest: /b, times: yes}"));
	assert_ptr_equal(bench->err.code, TASK_UNSUPPORTED_PARAMETER);
	assert_null(load("{src: a, dest: /, delete: yes}"));
}

static void what_is_private_stays_private(void **state)
{
	(void)state;
	prepare_add(prepare, "files/vault", 0700, NULL);
	prepare_add(prepare, "files/vault/key", 0600, "secret\n");
	prepare_add(prepare, "files/vault/run", 0700, "#!/bin/sh\n");
	prepare_add(prepare, "files/vault/group", 0640, "of the group\n");
	prepare_add(prepare, "files/vault/open", 0664, "of all\n");
	assert_int_equal(apply("{src: vault, dest: /srv/vault}"), 0);
	assert_string_equal(bench->log.data, "directory /srv/vault 0700\n"
		"write /srv/vault/key 0600\nwrite /srv/vault/run 0700\nwrite /srv/vault/group 0640\n"
		"write /srv/vault/open 0644\n");
	assert_int_equal(apply("{src: vault, dest: /srv/vault}"), 0);
	assert_string_equal(bench->log.data, "");
	bench_find(bench, "/srv/vault")->info.mode = 0755;
	bench_find(bench, "/srv/vault/key")->info.mode = 0664;
	bench_find(bench, "/srv/vault/open")->info.mode = 0664;
	assert_int_equal(apply("{src: vault, dest: /srv/vault}"), 0);
	assert_string_equal(bench->log.data, "mode /srv/vault/key 0600\n");
}

static void modes_of_the_task_count_more_than_those_of_the_source(void **state)
{
	(void)state;
	prepare_add(prepare, "files/vault", 0700, NULL);
	prepare_add(prepare, "files/vault/key", 0600, "secret\n");
	assert_int_equal(apply("{src: vault, dest: /srv/vault, mode: '0644', directory_mode: '0755'}"),
		0);
	assert_string_equal(bench->log.data,
		"directory /srv/vault 0755\nwrite /srv/vault/key 0644\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_private_stays_private),
		TEST(modes_of_the_task_count_more_than_those_of_the_source),
		TEST(a_tree_arrives_whole_and_only_once),
		TEST(a_single_file_may_go_into_a_directory),
		TEST(another_content_is_shown_and_replaced),
		TEST(binary_files_are_told_by_their_size),
		TEST(modes_and_owners_are_changes_of_their_own),
		TEST(a_script_that_became_one_can_be_executed),
		TEST(a_link_with_another_target_is_replaced),
		TEST(what_is_of_another_kind_is_refused),
		TEST(delete_takes_away_the_rest_but_not_too_much),
		TEST(what_is_excluded_stays_away),
		TEST(patterns_mean_names_or_paths),
		TEST(modes_are_octal_or_symbolic),
		TEST(a_manifest_comes_back_as_it_went),
		TEST(a_hostile_manifest_is_refused),
		TEST(validate_and_backup_reach_the_writing),
		TEST(the_way_back_restores_every_entry),
		TEST(a_directory_with_something_in_it_survives_an_undo),
		TEST(each_entry_is_a_resource),
		TEST(what_is_not_there_yet_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
