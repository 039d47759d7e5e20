/* Modules that wait, and that look or make something for later tasks: wait_for, pause, slurp, fetch, tempfile. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"
#include "modules/errors.h"

extern const struct module module_wait_for, module_pause, module_slurp, module_fetch, module_tempfile;

static struct bench *bench;

static int apply(const struct module *module, const char *yaml)
{
	return bench_apply(bench, module, bench_load(bench, module, yaml));
}

static void assert_refused(const struct module *module, const char *yaml, const struct error_code *code)
{
	assert_null(bench_normalise(bench, module, yaml));
	assert_ptr_equal(bench->err.code, code);
	error_clear(&bench->err);
}

static void what_is_waited_for_is_one_look_of_the_machine(void **state)
{
	struct bench_command *command = bench_command(bench, "bash -c", 0, "");

	(void)state;
	assert_int_equal(apply(&module_wait_for, "{port: 22}"), 0);
	assert_int_equal(command->count, 1);
	assert_string_equal(bench->log.data ? bench->log.data : "", "");
	assert_int_equal(value_get_integer(bench->results, "port", 0), 22);
	assert_string_equal(value_get_string(bench->results, "state"), "started");
}

static void when_the_time_is_over_it_fails(void **state)
{
	(void)state;
	bench_command(bench, "bash -c", 7, "");
	assert_int_equal(apply(&module_wait_for, "{path: /srv/x, state: absent}"), -1);
	assert_ptr_equal(bench->err.code, WAIT_FOR_TIMEOUT);
	assert_non_null(strstr(bench->err.message, "/srv/x is still there"));
	error_clear(&bench->err);
	assert_int_equal(apply(&module_wait_for, "{port: 22, msg: nobody came}"), -1);
	assert_string_equal(bench->err.message, "nobody came");
}

static void a_dry_run_says_for_what_it_would_wait(void **state)
{
	struct plan *plan;

	(void)state;
	bench->dry = true;
	bench_command(bench, "bash -c", 8, "");
	plan = bench_look(bench, &module_wait_for, bench_load(bench, &module_wait_for, "{port: 22}"));
	assert_int_equal(plan->change_count, 0);
	assert_string_equal(plan->missing, "a dry run doesn't wait for 127.0.0.1:22");
	/* No command is expected. */
	assert_int_equal(apply(&module_pause, "{minutes: 5}"), 0);
	assert_int_equal(apply(&module_wait_for, "{timeout: 5}"), 0);
}

static void a_pause_sleeps(void **state)
{
	(void)state;
	bench_command(bench, "sleep 120", 0, "");
	assert_int_equal(apply(&module_pause, "{minutes: 2}"), 0);
	assert_int_equal(apply(&module_wait_for, "{timeout: 100, delay: 20}"), 0);
	assert_refused(&module_pause, "{}", TASK_MISSING_PARAMETER);
	assert_refused(&module_pause, "{prompt: really?}", TASK_MISSING_PARAMETER);
	assert_refused(&module_pause, "{minutes: 2, seconds: 1}", TASK_CONFLICTING_PARAMETERS);
}

static void what_cannot_be_waited_for_is_refused(void **state)
{
	(void)state;
	assert_refused(&module_wait_for, "{port: 22, path: /x}", TASK_CONFLICTING_PARAMETERS);
	assert_refused(&module_wait_for, "{port: 0}", TASK_INVALID_VALUE);
	assert_refused(&module_wait_for, "{port: 22, search_regex: x}", TASK_UNSUPPORTED_PARAMETER);
}

static void a_file_is_brought_if_it_is_another_one(void **state)
{
	struct plan *plan;
	const struct value *kept;

	(void)state;
	bench_file(bench, "/etc/motd", 0600, "hello\n");
	plan = bench_look(bench, &module_fetch, bench_load(bench, &module_fetch,
		"{src: /etc/motd, dest: got, place: got/motd}"));
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "got/motd on the controller: absent -> /etc/motd");
	assert_int_equal(apply(&module_fetch, "{src: /etc/motd, dest: got, place: got/motd}"), 0);
	kept = value_get(bench->results, "kept");
	assert_string_equal(value_text(kept), "hello\n");
	assert_true(value_get_bool(bench->results, "kept_private"));
	bench->dry = true;
	plan = bench_look(bench, &module_fetch, bench_load(bench, &module_fetch, "{src: /etc/motd, dest: got, "
		"place: got/motd, have: 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03}"));
	assert_int_equal(plan->change_count, 0);
	assert_refused(&module_fetch, "{src: /etc/motd, dest: got, validate_checksum: no}", TASK_INVALID_VALUE);
	assert_int_equal(apply(&module_fetch, "{src: /etc/none, dest: got, fail_on_missing: no}"), 0);
	assert_int_equal(apply(&module_fetch, "{src: /etc/none, dest: got}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_NOT_FOUND);
	error_clear(&bench->err);
}

static void a_file_is_told_in_base64(void **state)
{
	(void)state;
	bench_file(bench, "/etc/motd", 0644, "hello\n");
	bench_link(bench, "/etc/link", "motd");
	assert_int_equal(apply(&module_slurp, "{src: /etc/motd}"), 0);
	assert_string_equal(value_get_string(bench->results, "content"), "aGVsbG8K");
	assert_string_equal(value_get_string(bench->results, "encoding"), "base64");
	assert_int_equal(apply(&module_slurp, "{path: /etc/link}"), 0);
	assert_string_equal(value_get_string(bench->results, "content"), "aGVsbG8K");
	assert_int_equal(apply(&module_slurp, "{src: /etc}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_UNREADABLE);
	error_clear(&bench->err);
	assert_int_equal(apply(&module_slurp, "{src: /etc/nothing}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_NOT_FOUND);
}

static void a_temporary_file_has_the_name_that_mktemp_gives(void **state)
{
	(void)state;
	bench_directory(bench, "/tmp", 01777);
	bench_command(bench, "mktemp --tmpdir=/tmp --suffix=.c -- aXXXXXXXX", 0, "/tmp/a12345678.c\n");
	assert_int_equal(apply(&module_tempfile, "{suffix: .c, prefix: a}"), 0);
	assert_string_equal(value_get_string(bench->results, "path"), "/tmp/a12345678.c");
	bench_command(bench, "mktemp --tmpdir=/tmp --suffix= --directory ansible.XXXXXXXX", 0, "/tmp/ansible.1\n");
	assert_int_equal(apply(&module_tempfile, "{state: directory}"), 0);
	assert_string_equal(value_get_string(bench->results, "path"), "/tmp/ansible.1");
	assert_refused(&module_tempfile, "{prefix: ../x}", TASK_INVALID_VALUE);
	assert_int_equal(apply(&module_tempfile, "{path: /nowhere}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_NOT_FOUND);
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/etc", 0755);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_waited_for_is_one_look_of_the_machine),
		TEST(when_the_time_is_over_it_fails),
		TEST(a_dry_run_says_for_what_it_would_wait),
		TEST(a_pause_sleeps),
		TEST(what_cannot_be_waited_for_is_refused),
		TEST(a_file_is_told_in_base64),
		TEST(a_file_is_brought_if_it_is_another_one),
		TEST(a_temporary_file_has_the_name_that_mktemp_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
