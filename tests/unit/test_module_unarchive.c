/* unarchive: what comes of what tar tells, change by change, and back. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"

extern const struct module module_unarchive;

static struct bench *bench;
static struct buffer told;

#define TASK "{src: /srv/a.tar, dest: /opt, remote_src: yes%s}"

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/opt", 0755);
	bench_directory(bench, "/srv", 0755);
	bench_file(bench, "/srv/a.tar", 0644, "x");
	bench_user(bench, "mpi", 1001, "/home/mpi");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buffer_free(&told);
	bench_free(bench);
	return 0;
}

static void holds(char kind, unsigned mode, const char *name, const char *target)
{
	buffer_printf(&told, "%c %o 0 0 3 1700000000.5 %s", kind, mode, name);
	buffer_add_char(&told, '\0');
	buffer_printf(&told, "%s", target);
	buffer_add_char(&told, '\0');
}

static void with_content(const char *name, const char *content)
{
	char digest[DIGEST_HEX_SIZE];

	digest_bytes(content, strlen(content), digest);
	buffer_printf(&told, "%s  ./%s", digest, name);
	buffer_add_char(&told, '\0');
}

static void the_archive(void)
{
	struct bench_command *command = bench_command(bench, "sh -c", 0, "");

	buffer_clear(&told);
	holds('d', 0755, "app", "");
	holds('f', 0644, "app/a b", "");
	holds('l', 0777, "app/link", "a b");
	buffer_add_char(&told, '\0');
	with_content("app/a b", "new");
	command->output = told.data;
	command->size = told.size;
}

static struct plan *look(const char *more)
{
	return bench_look(bench, &module_unarchive, bench_load(bench, &module_unarchive, arena_printf(bench->arena,
		TASK, more)));
}

static void what_is_not_there_comes(void **state)
{
	struct plan *plan;

	(void)state;
	the_archive();
	plan = look("");
	assert_int_equal(plan->change_count, 3);
	assert_string_equal(bench_change(bench, plan, 0), "/opt/app state: absent -> directory");
	assert_string_equal(bench_change(bench, plan, 1), "/opt/app/a b state: absent -> file");
	assert_string_equal(bench_change(bench, plan, 2), "/opt/app/link state: absent -> link");
	assert_string_equal(bench->log.data, "");
}

static void what_is_there_is_compared(void **state)
{
	struct plan *plan;

	(void)state;
	the_archive();
	bench_directory(bench, "/opt/app", 0700);
	bench_file(bench, "/opt/app/a b", 0644, "new");
	bench_link(bench, "/opt/app/link", "a b");
	assert_int_equal(look("")->change_count, 0);
	bench_file(bench, "/opt/app/a b", 0600, "new");
	plan = look("");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "/opt/app/a b owner and mode: 0:0 0600 -> 0:0 0644");
	assert_int_equal(look(", mode: '0600'")->change_count, 1);
	assert_string_equal(bench_change(bench, look(", owner: mpi"), 0),
		"/opt/app owner and mode: 0:0 0700 -> 1001:0 0755");
	bench_file(bench, "/opt/app/a b", 0644, "old");
	bench_find(bench, "/opt/app/a b")->info.mtime = 1800000000LL * 1000000000;
	assert_int_equal(look("")->change_count, 1);
	assert_int_equal(look(", keep_newer: yes")->change_count, 0);
}

static void what_can_not_be_replaced_is_refused(void **state)
{
	(void)state;
	the_archive();
	bench_directory(bench, "/opt/app", 0755);
	bench_directory(bench, "/opt/app/a b", 0755);
	assert_ptr_equal(look("")->refused, HOST_FILE_WRONG_TYPE);
	bench_remove(bench, "/opt/app/a b");
	bench_remove(bench, "/opt/app");
	bench_link(bench, "/opt/app", "/etc");
	assert_ptr_equal(look("")->refused, HOST_FILE_WRONG_TYPE);
	bench_remove(bench, "/opt/app");
	bench_remove(bench, "/opt");
	assert_ptr_equal(look("")->refused, HOST_NO_DIRECTORY);
}

static void nothing_is_looked_at_that_need_not_be(void **state)
{
	(void)state;
	assert_int_equal(look(", creates: /srv/a.tar")->change_count, 0);
	bench_command(bench, "sh -c", 1, "");
	assert_null(look(""));
	assert_ptr_equal(bench->err.code, UNARCHIVE_FAILED);
	bench_remove(bench, "/srv/a.tar");
	assert_null(look(""));
	assert_ptr_equal(bench->err.code, HOST_FILE_NOT_FOUND);
	bench_directory(bench, "/srv/a.tar", 0755);
	assert_null(look(""));
	assert_ptr_equal(bench->err.code, HOST_FILE_WRONG_TYPE);
	bench->dry = true;
	assert_non_null(bench_look(bench, &module_unarchive, bench_load(bench, &module_unarchive,
		"{src: 'https://example.org/a.tar', dest: /opt, remote_src: yes}"))->missing);
}

static void a_name_says_where_it_is(void **state)
{
	static const char *const bad[] = { "{src: 'https://example.org/a.tar', dest: /opt}",
		"{src: a.tar, dest: /opt, remote_src: yes}", "{src: a.tar, dest: /opt, copy: no}",
		"{src: a.tar, dest: opt}", "{dest: /opt}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		error_clear(&bench->err);
		if (bench_normalise(bench, &module_unarchive, bad[i]))
			fail_msg("%s is accepted", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_not_there_comes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_there_is_compared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_can_not_be_replaced_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_looked_at_that_need_not_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_name_says_where_it_is, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
