/* Detached steps, and what the next agent reads of them, whichever version has noted them. */
#include "agent/machine.h"

#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena *arena;
static char directory[64];

static int begin(void **state)
{
	(void)state;
	arena = arena_new();
	strcpy(directory, "/tmp/beoplay-steps-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	arena_free(arena);
	return system(command);
}

static void write_about(const char *name, const struct value *about)
{
	const char *folder = arena_printf(arena, "%s/%s", directory, name);
	struct buffer bytes = {0};
	FILE *file;

	assert_int_equal(mkdir(folder, 0700), 0);
	wire_encode(&bytes, about);
	file = fopen(arena_printf(arena, "%s/about", folder), "w");
	assert_non_null(file);
	fwrite(bytes.data, 1, bytes.size, file);
	fclose(file);
	buffer_free(&bytes);
}

static void steps_of_all_versions_are_read(void **state)
{
	static const char *const forms[] = { "tests/formats/steps-1", "tests/formats/steps-2" };

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		char *folder = realpath(forms[i], NULL);
		size_t count;
		const struct ran_step *steps = steps_report(arena, folder, &count);

		assert_int_equal(count, 1);
		assert_string_equal(steps[0].command, "apt-get install -y hello");
		assert_int_equal(steps[0].end, STEP_ENDED);
		assert_int_equal(steps[0].status, 100);
		assert_int_equal(steps_over(arena, folder)->count, 1);
		free(folder);
	}
}

/* What it says can't be known here, and that version may still want it. */
static void a_step_of_a_newer_version_is_named_and_left(void **state)
{
	struct value *about = value_map(arena);
	const struct ran_step *steps;
	size_t count;

	(void)state;
	value_set_integer(arena, about, "version", 3);
	value_set_string(arena, about, "command", "what this key means isn't known");
	write_about("1-1", about);
	steps = steps_report(arena, directory, &count);
	assert_int_equal(count, 1);
	assert_int_equal(steps[0].end, STEP_OTHER_VERSION);
	assert_int_equal(steps[0].status, 3);
	assert_null(steps[0].command);
	assert_int_equal(steps_over(arena, directory)->count, 0);
}

static void a_step_is_noted_in_the_newest_form(void **state)
{
	const char *keep = arena_printf(arena, "cp -a %s/steps %s/seen", directory, directory);
	const char *const argv[] = { keep, NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_SHELL | COMMAND_DETACHED };
	const char *seen = arena_printf(arena, "%s/seen", directory);
	struct machine machine = { .lock = -1, .notes = value_list(arena), .home = "/",
		.steps = arena_printf(arena, "%s/steps", directory) };
	struct command_result result;
	struct error err = {0};
	const struct ran_step *steps;
	size_t count;

	(void)state;
	assert_int_equal(steps_run(&machine, arena, &command, &result, &err), 0);
	assert_int_equal(result.status, 0);
	steps_report(arena, machine.steps, &count);
	assert_int_equal(count, 0);
	steps = steps_report(arena, seen, &count);
	assert_int_equal(count, 1);
	assert_int_equal(steps[0].end, STEP_BROKEN_OFF);
	assert_string_equal(steps[0].command, keep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(steps_of_all_versions_are_read, begin, end),
		cmocka_unit_test_setup_teardown(a_step_of_a_newer_version_is_named_and_left, begin, end),
		cmocka_unit_test_setup_teardown(a_step_is_noted_in_the_newest_form, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
