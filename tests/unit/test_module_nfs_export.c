/* nfs-export: who may mount, in a file of its own, live as exportfs tells it, and the way back. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"

extern const struct module module_nfs_export;

static struct bench *bench;
static struct prepare *prepare;
static struct bench_command *live;

#define FILE_PATH "/etc/exports.d/beoplay-srv-my--share.exports"
#define TABLE "/var/lib/nfs/etab"
#define LOCK "/var/lib/nfs/.etab.lock"
#define TASK "{path: /srv/my-share, clients: [workers, 192.168.1.0/24]}"
#define OPTIONS "(rw,sync,no_subtree_check,root_squash)"

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/srv", 0755);
	bench_directory(bench, "/etc", 0755);
	bench_file(bench, "/etc/exports", 0644, "# nothing\n");
	bench_file(bench, "/usr/sbin/exportfs", 0755, "");
	live = bench_command(bench, "exportfs -s", 0, "");
	prepare = prepare_new(bench->arena);
	prepare->host = "head";
	value_append(bench->arena, prepare->hosts, value_string(bench->arena, "head"));
	value_append(bench->arena, prepare->hosts, value_string(bench->arena, "node1"));
	value_append(bench->arena, prepare->hosts, value_string(bench->arena, "node2"));
	value_set_string(bench->arena, prepare->addresses, "node1", "10.0.0.101");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void *load(const char *yaml)
{
	struct value *params = bench_normalise(bench, &module_nfs_export, yaml);

	if (!params || module_nfs_export.prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return bench_load_prepared(bench, &module_nfs_export, params);
}

static struct plan *look(const char *yaml)
{
	void *params = load(yaml);

	return params ? bench_look(bench, &module_nfs_export, params) : NULL;
}

static const char all_live[] =
	"/srv/other  *(sync,ro)\n"
	"/srv/my-share  10.0.0.101(sync,wdelay,hide,no_subtree_check,sec=sys,rw,root_squash)\n"
	"/srv/my-share  node2.cluster(sync,wdelay,no_subtree_check,sec=sys,rw,root_squash)\n"
	"/srv/my-share  192.168.1.0/24(sync,wdelay,no_subtree_check,sec=sys,rw,root_squash)\n";

static void exported(struct bench *of, const struct command *command)
{
	(void)command;
	live->output = bench_find(of, FILE_PATH) ? all_live : "";
	bench_file(of, TABLE, 0644, live->output);
	bench_file(of, LOCK, 0600, "");
}

static int apply(const char *yaml)
{
	bench_command(bench, "exportfs -ra", 0, "")->effect = exported;
	return bench_apply(bench, &module_nfs_export, load(yaml));
}

static void an_export_gets_a_file_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "directory /srv/my-share 0755\n"
		"directory /etc/exports.d 0755\nwrite " FILE_PATH " 0644\nrun exportfs -ra\n");
	assert_string_equal(bench_text(bench, FILE_PATH), "/srv/my-share 10.0.0.101" OPTIONS
		" node2" OPTIONS " 192.168.1.0/24" OPTIONS "\n");
	assert_int_equal(value_get(bench->results, "exports")->count, 3);
	assert_int_equal(value_get(bench->results, "added")->count, 3);
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(value_get(bench->results, "added")->count, 0);
}

static void other_options_are_another_file(void **state)
{
	struct plan *plan;

	(void)state;
	assert_int_equal(apply(TASK), 0);
	plan = look("{path: /srv/my-share, clients: [workers, 192.168.1.0/24], options: 'ro,sync'}");
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(plan->changes[0]->subject, FILE_PATH);
	assert_string_equal(plan->changes[1]->field, "exported to");
}

static void what_is_exported_in_another_way_is_drift(void **state)
{
	struct plan *plan;

	(void)state;
	assert_int_equal(apply(TASK), 0);
	live->output = "/srv/my-share  10.0.0.101(sync,rw)\n";
	plan = look(TASK);
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0),
		"/srv/my-share exported to: 1 clients -> 3 clients");
	live->output = "/srv/my-share  10.0.0.101(sync,ro,root_squash)\n"
		"/srv/my-share  node2(sync,rw)\n/srv/my-share  192.168.1.0/24(sync,rw)\n";
	assert_int_equal(look(TASK)->change_count, 1);
	live->output = "/srv/my-share  10.0.0.9(sync,rw)\n"
		"/srv/my-share  node2(sync,rw)\n/srv/my-share  192.168.1.0/24(sync,rw)\n";
	assert_int_equal(look(TASK)->change_count, 1);
	live->output = "/srv/my-share  10.0.0.101(sync,rw)\n/srv/my-share  node2(sync,rw)\n"
		"/srv/my-share  192.168.1.0/24(sync,rw)\n/srv/my-share  *(sync,rw)\n";
	assert_int_equal(look(TASK)->change_count, 1);
}

static void owner_and_mode_of_the_directory_are_changes(void **state)
{
	struct plan *plan;

	(void)state;
	bench_user(bench, "mpi", 1001, "/home/mpi");
	assert_int_equal(apply(TASK), 0);
	plan = look("{path: /srv/my-share, clients: [workers, 192.168.1.0/24], owner: mpi, "
		"mode: '2775'}");
	assert_int_equal(plan->change_count, 2);
	assert_int_equal(apply("{path: /srv/my-share, clients: [workers, 192.168.1.0/24], owner: mpi, "
		"group: mpi, mode: '2775'}"), 0);
	assert_int_equal(bench_find(bench, "/srv/my-share")->info.mode, 02775);
	assert_int_equal(bench_find(bench, "/srv/my-share")->info.uid, 1001);
}

static void without_a_server_it_says_what_to_install(void **state)
{
	struct plan *plan;

	(void)state;
	bench_remove(bench, "/usr/sbin/exportfs");
	plan = look(TASK);
	assert_true(plan->refused);
	assert_non_null(strstr(plan->remedy, "nfs-kernel-server"));
	assert_string_equal(bench->reads->items[0]->text, "command:exportfs");
}

static void wrong_on_stderr_is_wrong_although_exportfs_returns_0(void **state)
{
	(void)state;
	bench_command(bench, "exportfs -ra", 0, "")->errors =
		"exportfs: Failed to resolve node2\n";
	assert_int_equal(bench_apply(bench, &module_nfs_export, load(TASK)), -1);
	assert_non_null(strstr(bench->err.message, "Failed to resolve node2"));
}

static void a_refused_export_leaves_the_file_as_it_was(void **state)
{
	(void)state;
	bench_directory(bench, "/etc/exports.d", 0755);
	bench_command(bench, "exportfs -ra", 1, "")->errors = "exportfs: unknown keyword \"bogus\"\n";
	assert_int_equal(bench_apply(bench, &module_nfs_export, load(TASK)), -1);
	assert_non_null(strstr(bench->err.message, "unknown keyword"));
	assert_null(bench_find(bench, FILE_PATH));
	bench_file(bench, FILE_PATH, 0644, "/srv/my-share 10.0.0.1(ro)\n");
	assert_int_equal(bench_apply(bench, &module_nfs_export, load(TASK)), -1);
	assert_string_equal(bench_text(bench, FILE_PATH), "/srv/my-share 10.0.0.1(ro)\n");
	/* And what is exported is what was. */
	assert_non_null(strstr(strstr(bench->log.data, "run exportfs -ra\n") + 1,
		"run exportfs -ra\n"));
}

static void the_data_stays_when_the_export_goes(void **state)
{
	(void)state;
	bench_directory(bench, "/etc/exports.d", 0755);
	bench_file(bench, LOCK, 0600, "");
	bench_file(bench, "/var/lib/nfs/export-lock", 0644, "");
	assert_int_equal(apply(TASK), 0);
	bench_file(bench, "/srv/my-share/data", 0644, "x");
	assert_int_equal(apply("{path: /srv/my-share, state: absent}"), 0);
	assert_string_equal(bench->log.data, "remove " FILE_PATH "\nrun exportfs -ra\n");
	assert_non_null(bench_find(bench, "/srv/my-share/data"));
	assert_int_equal(value_get(bench->results, "removed")->count, 3);
	assert_int_equal(apply("{path: /srv/my-share, state: absent}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void a_line_of_somebody_else_is_named(void **state)
{
	(void)state;
	bench_file(bench, "/etc/exports", 0644, "/srv/my-share *(ro)\n");
	assert_non_null(strstr(look(TASK)->notes->items[0]->text, "/srv/my-share *(ro)"));
	bench_file(bench, "/etc/exports", 0644, "/srv/my-share-too *(ro)\n");
	assert_int_equal(look(TASK)->notes->count, 0);
}

static void nobody_else_among_the_clients_is_nobody(void **state)
{
	(void)state;
	prepare->hosts = value_list(bench->arena);
	value_append(bench->arena, prepare->hosts, value_string(bench->arena, "head"));
	assert_int_equal(apply("{path: /srv/my-share, clients: workers}"), 0);
	assert_string_equal(bench->log.data, "directory /srv/my-share 0755\n");
	assert_non_null(strstr(look("{path: /srv/my-share, clients: workers}")->notes->items[0]->text,
		"nobody else"));
}

static void looking_leaves_no_lock_behind(void **state)
{
	(void)state;
	assert_non_null(look(TASK));
	bench_file(bench, TABLE, 0644, "");
	assert_non_null(look(TASK));
	assert_int_equal(live->count, 0);
	bench_file(bench, TABLE, 0644, all_live);
	assert_non_null(look(TASK));
	assert_int_equal(live->count, 1);
}

static void the_last_undo_takes_what_came_with_the_first_export(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, "/etc/exports.d"));
	assert_null(bench_find(bench, LOCK));
	assert_int_equal(bench->records->count, 0);
	assert_int_equal(apply(TASK), 0);
	bench_file(bench, "/etc/exports.d/mine.exports", 0644, "/srv/other *(ro)\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(bench_find(bench, "/etc/exports.d"));
}

static void what_was_there_before_the_first_export_stays(void **state)
{
	(void)state;
	bench_directory(bench, "/etc/exports.d", 0755);
	bench_file(bench, LOCK, 0600, "");
	assert_int_equal(apply(TASK), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(bench_find(bench, "/etc/exports.d"));
	assert_non_null(bench_find(bench, LOCK));
}

static void an_undo_takes_an_empty_directory_along(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, FILE_PATH));
	assert_null(bench_find(bench, "/srv/my-share"));
	assert_int_equal(apply(TASK), 0);
	bench_file(bench, "/srv/my-share/data", 0644, "x");
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(bench_find(bench, "/srv/my-share/data"));
}

static void an_undo_of_other_clients_brings_the_old_file_back(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	assert_int_equal(apply("{path: /srv/my-share, mode: '0700', options: 'rw,sync,no_wdelay', "
		"clients: [workers, 192.168.1.0/24]}"), 0);
	assert_non_null(strstr(bench_text(bench, FILE_PATH), "no_wdelay"));
	assert_int_equal(bench_undo(bench), 0);
	assert_null(strstr(bench_text(bench, FILE_PATH), "no_wdelay"));
	assert_int_equal(bench_find(bench, "/srv/my-share")->info.mode, 0755);
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	assert_null(load("{path: /srv/x}"));
	assert_null(load("{path: /, clients: workers}"));
	assert_null(load("{path: /srv/x, clients: workers, options: 'rw) *(rw'}"));
	value_set_string(bench->arena, prepare->addresses, "node1", "10.0.0.1(rw) *");
	assert_null(load(TASK));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_export_gets_a_file_of_its_own),
		TEST(other_options_are_another_file),
		TEST(what_is_exported_in_another_way_is_drift),
		TEST(owner_and_mode_of_the_directory_are_changes),
		TEST(without_a_server_it_says_what_to_install),
		TEST(a_refused_export_leaves_the_file_as_it_was),
		TEST(wrong_on_stderr_is_wrong_although_exportfs_returns_0),
		TEST(the_data_stays_when_the_export_goes),
		TEST(a_line_of_somebody_else_is_named),
		TEST(nobody_else_among_the_clients_is_nobody),
		TEST(looking_leaves_no_lock_behind),
		TEST(the_last_undo_takes_what_came_with_the_first_export),
		TEST(what_was_there_before_the_first_export_stays),
		TEST(an_undo_takes_an_empty_directory_along),
		TEST(an_undo_of_other_clients_brings_the_old_file_back),
		TEST(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
