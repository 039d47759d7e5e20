/* Whole runs with the agent itself, which works in a directory of the test. */
#include "tests/unit/bench_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct site {
	struct arena *arena;
	char directory[64];
};

static int set_up(void **state)
{
	struct site *site = calloc(1, sizeof(*site));

	site->arena = arena_new();
	strcpy(site->directory, "/tmp/beoplay-run-XXXXXX");
	*state = site;
	return mkdtemp(site->directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct site *site = *state;
	char *command = arena_printf(site->arena, "rm -rf %s", site->directory);
	int result = system(command);

	arena_free(site->arena);
	free(site);
	return result;
}

/* %s in the text is the directory. */
static struct bench_run *bench_at(const struct site *site, const char *playbook)
{
	struct arena *arena = site->arena;
	const char *text = "", *at = playbook, *next;
	struct bench_run *run;

	for (; (next = strstr(at, "%s")); at = next + 2)
		text = arena_printf(arena, "%s%.*s%s", text, (int)(next - at), at, site->directory);
	run = bench_run("all: {hosts: {a: , b: }}", arena_printf(arena, "%s%s", text, at));
	bench_is_real(run, "a", arena_printf(arena, "%s/a", site->directory));
	bench_is_real(run, "b", arena_printf(arena, "%s/b", site->directory));
	return run;
}

static const char *read_at(const struct site *site, const char *name)
{
	FILE *file = fopen(arena_printf(site->arena, "%s/%s", site->directory, name), "re");
	char bytes[256];
	size_t size;

	if (!file)
		return NULL;
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	return arena_bytes(site->arena, bytes, size);
}

static const char two_tasks[] = "- hosts: all\n"
	"  tasks:\n"
	"  - {name: t1, copy: {dest: \"%s/{{ inventory_hostname }}.conf\", content: \"one\\n\"}, notify: h}\n"
	"  - {name: t2, lineinfile: {path: \"%s/{{ inventory_hostname }}.conf\", line: two}}\n"
	"  handlers:\n"
	"  - {name: h, command: \"touch %s/{{ inventory_hostname }}.restarted\"}\n";

static void a_run_changes_what_differs_and_its_repetition_nothing(void **state)
{
	const struct site *site = *state;
	struct bench_run *run = bench_at(site, two_tasks);

	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "a"), "ok=3 changed=3");
	assert_string_equal(bench_recap(run, "b"), "ok=3 changed=3");
	assert_string_equal(read_at(site, "a.conf"), "one\ntwo\n");
	assert_string_equal(read_at(site, "b.conf"), "one\ntwo\n");
	assert_string_equal(read_at(site, "b.restarted"), "");
	bench_run_free(run);
	run = bench_at(site, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t2, lineinfile: {path: \"%s/{{ inventory_hostname }}.conf\", line: two}}\n");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t2: ok a,b\n");
	assert_int_equal(bench_stages(run, "a"), 1);
	bench_run_free(run);
}

static void a_dry_run_touches_nothing(void **state)
{
	const struct site *site = *state;
	struct bench_run *run = bench_at(site, two_tasks);

	bench_options(run)->check = true;
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "a"), "ok=3 changed=2 may_change=1");
	assert_null(read_at(site, "a.conf"));
	assert_null(read_at(site, "a.restarted"));
	bench_run_free(run);
}

static void a_registered_result_of_a_command_is_told(void **state)
{
	const struct site *site = *state;
	struct bench_run *run = bench_at(site, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: \"echo {{ inventory_hostname }}\", register: said}\n"
		"  - {name: t2, copy: {dest: \"%s/said-{{ inventory_hostname }}\","
		" content: \"{{ said.stdout }} and {{ hostvars.a.said.stdout }}\"}}\n");

	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(read_at(site, "said-b"), "b and a");
	bench_run_free(run);
}

static void a_failure_on_one_host_leaves_the_other_alone(void **state)
{
	const struct site *site = *state;
	struct bench_run *run = bench_at(site, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, command: \"test {{ inventory_hostname }} = a\"}\n"
		"  - {name: t2, command: \"touch %s/{{ inventory_hostname }}.done\"}\n");

	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(read_at(site, "a.done"), "");
	assert_null(read_at(site, "b.done"));
	assert_string_equal(bench_recap(run, "b"), "failed=1");
	bench_run_free(run);
}

static void a_handler_left_due_runs_first_in_the_next_run(void **state)
{
	const struct site *site = *state;
	const char *text = "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, copy: {dest: \"%s/{{ inventory_hostname }}.conf\", content: x}, notify: h}\n"
		"  - {name: t2, command: \"test -e %s/allowed\"}\n"
		"  handlers:\n"
		"  - {name: h, command: \"touch %s/{{ inventory_hostname }}.restarted\"}\n";
	struct bench_run *run = bench_at(site, text);

	assert_int_equal(bench_execute(run), 2);
	assert_null(read_at(site, "a.restarted"));
	bench_run_free(run);
	fclose(fopen(arena_printf(site->arena, "%s/allowed", site->directory), "we"));
	run = bench_at(site, text);
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(read_at(site, "a.restarted"), "");
	assert_non_null(strstr(bench_lines(run), "h: changed a "));
	bench_run_free(run);
}

static void an_undo_takes_back_what_the_runs_did(void **state)
{
	const struct site *site = *state;
	struct bench_run *run = bench_at(site, two_tasks);

	assert_int_equal(bench_execute(run), 0);
	bench_run_free(run);
	run = bench_at(site, two_tasks);
	bench_options(run)->undo = UNDO_ALL;
	assert_int_equal(bench_execute(run), 0);
	assert_null(read_at(site, "a.conf"));
	assert_null(read_at(site, "b.conf"));
	bench_run_free(run);
}

#define with_site(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void what_fails_ahead_of_its_turn_is_looked_at_again(void **state)
{
	const struct site *site = *state;
	struct bench_run *run = bench_at(site, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: t1, shell: \"sleep 0.3; echo one >%s/late\", when: inventory_hostname == 'a'}\n"
		"  - {name: t2, lineinfile: {path: \"%s/late\", line: two}, when: inventory_hostname == 'b'}\n"
		"  - {name: t3, lineinfile: {path: \"%s/never\", line: two}, when: inventory_hostname == 'b'}\n");

	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(read_at(site, "late"), "one\ntwo\n");
	assert_string_equal(bench_recap(run, "b"), "ok=1 changed=1 failed=1 skipped=1");
	bench_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_site(a_run_changes_what_differs_and_its_repetition_nothing),
		with_site(a_dry_run_touches_nothing),
		with_site(a_registered_result_of_a_command_is_told),
		with_site(a_failure_on_one_host_leaves_the_other_alone),
		with_site(what_fails_ahead_of_its_turn_is_looked_at_again),
		with_site(a_handler_left_due_runs_first_in_the_next_run),
		with_site(an_undo_takes_back_what_the_runs_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
