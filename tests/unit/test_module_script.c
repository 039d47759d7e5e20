/* script: a file of the controller is run on the host, and nothing of it stays there. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"

extern const struct module module_script;

static struct bench *bench;
static struct prepare *prepare;

#define FOLDER "/tmp/beoplay.abc"

static void make_folder(struct bench *of, const struct command *command)
{
	(void)command;
	bench_directory(of, FOLDER, 0700);
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/tmp", 01777);
	bench_command(bench, "mktemp -d /tmp/beoplay.XXXXXXXXXX", 0, FOLDER "\n")->effect = make_folder;
	bench_body(bench, "#!/bin/sh\necho hello\n");
	prepare = prepare_new(bench->arena);
	prepare_add(prepare, "files/hello.sh", 0755, "#!/bin/sh\necho hello\n");
	prepare_add(prepare, "files/a b.sh", 0755, "#!/bin/sh\necho hello\n");
	prepare_add(prepare, "files/sub", 0755, NULL);
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
	struct value *params = bench_normalise(bench, &module_script, yaml);

	if (!params || module_script.prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return bench_load_prepared(bench, &module_script, params);
}

static void it_runs_with_its_arguments_and_goes(void **state)
{
	const char *before = bench_snapshot(bench);

	(void)state;
	bench_command(bench, FOLDER "/hello.sh", 0, "hello\n\n");
	assert_int_equal(bench_apply(bench, &module_script, load("{cmd: \" hello.sh one 'two 2' >/x\"}")), 0);
	assert_non_null(strstr(bench->log.data, "run " FOLDER "/hello.sh one 'two 2' >/x\n"));
	assert_non_null(strstr(bench->log.data, "write " FOLDER "/hello.sh 0700\n"));
	assert_string_equal(value_get_string(bench->results, "stdout"), "hello");
	assert_int_equal(value_get_integer(bench->results, "rc", -1), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

static void it_goes_also_where_it_fails(void **state)
{
	const char *before = bench_snapshot(bench);

	(void)state;
	bench_command(bench, FOLDER "/hello.sh", 3, "");
	assert_int_equal(bench_apply(bench, &module_script, load("{cmd: hello.sh}")), -1);
	assert_ptr_equal(bench->err.code, COMMAND_NONZERO_EXIT);
	assert_int_equal(value_get_integer(bench->results, "rc", -1), 3);
	assert_string_equal(bench_snapshot(bench), before);
}

static void a_program_may_run_it(void **state)
{
	(void)state;
	bench_command(bench, "python3 -u", 0, "");
	assert_int_equal(bench_apply(bench, &module_script,
		load("{cmd: '\"a b.sh\" x', executable: python3 -u}")), 0);
	assert_non_null(strstr(bench->log.data, "run python3 -u '" FOLDER "/a b.sh' x\n"));
}

static void a_dry_run_writes_nothing(void **state)
{
	struct plan *plan = bench_look(bench, &module_script, load("{cmd: hello.sh one}"));

	(void)state;
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "hello.sh one command: - -> run");
	assert_string_equal(plan->writes->items[0]->text, "path:*");
	assert_string_equal(bench->log.data, "");
}

static void what_it_creates_keeps_it_from_running(void **state)
{
	(void)state;
	bench_file(bench, "/srv/done", 0644, "");
	assert_int_equal(bench_apply(bench, &module_script, load("{cmd: hello.sh, creates: /srv/done}")), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(value_get_string(bench->results, "stdout"), "skipped, since '/srv/done' exists");
}

static void what_is_no_script_is_refused(void **state)
{
	static const char *const wrong[] = { "{cmd: ''}", "{}", "{cmd: '\"hello.sh'}", "{cmd: none.sh}",
		"{cmd: sub}", "{cmd: hello.sh, creates: relative}" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_null(load(wrong[i]));
}

static void a_folder_that_is_none_is_not_used(void **state)
{
	(void)state;
	bench->commands[0].output = "\n";
	assert_int_equal(bench_apply(bench, &module_script, load("{cmd: hello.sh}")), -1);
	assert_null(strstr(bench->log.data, "write"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(it_runs_with_its_arguments_and_goes),
		TEST(it_goes_also_where_it_fails),
		TEST(a_program_may_run_it),
		TEST(a_dry_run_writes_nothing),
		TEST(what_it_creates_keeps_it_from_running),
		TEST(what_is_no_script_is_refused),
		TEST(a_folder_that_is_none_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
