/* pip: what is planned of what pip tells. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_pip;

static struct bench *bench;

#define SYSTEM "sh -c exec \"$@\" sh pip3 "
#define VENV "sh -c exec \"$@\" sh /opt/venv/bin/pip "

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/opt", 0755);
	bench_command(bench, SYSTEM "list", 0, "Foo.Bar==1.0\nother==2\nhere @ file:///srv/here\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static struct plan *look(const char *yaml)
{
	void *params = bench_load(bench, &module_pip, yaml);

	assert_non_null(params);
	return bench_look(bench, &module_pip, params);
}

static void what_is_there_is_not_asked_for(void **state)
{
	(void)state;
	assert_int_equal(look("{name: [foo_bar, other]}")->change_count, 0);
	assert_int_equal(look("{name: nothing, state: absent}")->change_count, 0);
	assert_string_equal(bench->log.data, "");
}

static void what_pip_would_do_is_planned(void **state)
{
	struct plan *plan;

	(void)state;
	bench_command(bench, SYSTEM "install --dry-run", 0, "Collecting x\nWould install a-b-1.5 other-3\n");
	plan = look("{name: [a-b, 'other>=3']}");
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench_change(bench, plan, 0), "a-b version: absent -> 1.5");
	assert_string_equal(bench_change(bench, plan, 1), "other version: 2 -> 3");
	bench_command(bench, SYSTEM "install --dry-run", 0, "Requirement already satisfied: other\n");
	assert_int_equal(look("{name: other, version: '2'}")->change_count, 0);
	plan = look("{name: [FOO_BAR, nothing], state: absent}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "foo-bar version: 1.0 -> absent");
}

static void an_environment_is_made_and_goes_if_nothing_else_is_in_it(void **state)
{
	(void)state;
	assert_string_equal(bench_change(bench, look("{name: a, virtualenv: /opt/venv}"), 0),
		"/opt/venv state: absent -> environment");
	assert_int_equal(look("{name: a, state: absent, virtualenv: /opt/venv}")->change_count, 0);
	bench_directory(bench, "/opt/venv", 0755);
	bench_directory(bench, "/opt/venv/bin", 0755);
	bench_file(bench, "/opt/venv/pyvenv.cfg", 0644, "");
	bench_command(bench, VENV "list", 0, "");
	assert_string_equal(bench_change(bench, look("{virtualenv: /opt/venv, undo: yes, made: yes}"), 0),
		"/opt/venv state: environment -> absent");
	bench_command(bench, VENV "list", 0, "theirs==1\n");
	assert_ptr_equal(look("{virtualenv: /opt/venv, undo: yes, made: yes}")->refused, HOST_FILE_CHANGED);
	bench_command(bench, VENV "list", 0, "");
	bench_file(bench, "/opt/venv/manage.py", 0644, "");
	assert_ptr_equal(look("{virtualenv: /opt/venv, undo: yes, made: yes}")->refused, HOST_FILE_CHANGED);
}

static void what_pip_says_is_told(void **state)
{
	(void)state;
	bench_command(bench, SYSTEM "install --dry-run", 1, "")->errors = "error: externally-managed-environment\n";
	assert_null(look("{name: new}"));
	assert_ptr_equal(bench->err.code, PIP_EXTERNALLY_MANAGED);
	bench_command(bench, SYSTEM "install --dry-run", 1, "")->errors = "x\nERROR: No matching distribution\nmore\n";
	assert_null(look("{name: new}"));
	assert_ptr_equal(bench->err.code, PIP_FAILED);
	assert_string_equal(bench->err.message, "pip3: No matching distribution");
	assert_null(look("{requirements: /opt/none}"));
	assert_ptr_equal(bench->err.code, HOST_FILE_NOT_FOUND);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const bad[] = { "{name: '-r x'}", "{state: present}", "{name: [a, b], version: '1'}",
		"{name: a, state: forcereinstall}", "{name: a, executable: pip3, virtualenv: /opt/venv}",
		"{name: a, editable: yes}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		error_clear(&bench->err);
		if (bench_normalise(bench, &module_pip, bad[i]))
			fail_msg("%s is accepted", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_there_is_not_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_pip_would_do_is_planned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_environment_is_made_and_goes_if_nothing_else_is_in_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_pip_says_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
