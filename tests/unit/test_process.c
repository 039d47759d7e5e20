/* Commands on this machine, and when they have begun. */
#include "agent/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* In a session of its own, as the agent has it. Whether it was ended as not begun, with a note of that. */
static bool begins(const char *line, const char *const *starters)
{
	const char *const argv[] = { line, NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_SHELL | COMMAND_ANY_STATUS,
		.starters = starters, .start_most = 1 };
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		struct arena *arena = arena_new();
		struct machine machine = { .lock = -1, .notes = value_list(arena), .home = "/" };
		struct command_result result = {0};
		struct error err = {0};

		setsid();
		if (process_run(&machine, arena, &command, &result, &err) < 0)
			_exit(9);
		_exit(result.not_begun && machine.notes->count == 1 ? 0 : result.not_begun ? 8 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
	return WEXITSTATUS(status) == 1;
}

static void what_starts_nothing_is_ended(void **state)
{
	static const char *const starters[] = { "sh", "sleep", NULL };

	(void)state;
	assert_false(begins("sleep 60 & sleep 60", starters));
}

static void what_runs_something_else_has_begun(void **state)
{
	static const char *const starters[] = { "sh", NULL };

	(void)state;
	assert_true(begins("sleep 2", starters));
}

static void what_has_said_something_has_begun(void **state)
{
	static const char *const starters[] = { "sh", "sleep", NULL };

	(void)state;
	assert_true(begins("echo here; sleep 2", starters));
}

/* Perl, which gives up what a full pipe doesn't take, after something has made its stdout non-blocking. */
static void whole(const char *before, unsigned flags)
{
	char script[400];
	const char *const argv[] = { "perl", "-e", script, NULL };
	const struct command command = { .argv = argv, .flags = flags, .most = 4 << 20 };
	struct arena *arena = arena_new();
	struct machine machine = { .lock = -1, .home = "/" };
	struct command_result result = {0};
	struct error err = {0};

	snprintf(script, sizeof(script), "use Fcntl; fcntl(STDOUT, F_SETFL, O_NONBLOCK | O_WRONLY); %s;"
		"for (1 .. 300000) { syswrite(STDOUT, \"$_\\n\"); }", before);
	assert_int_equal(process_run(&machine, arena, &command, &result, &err), 0);
	assert_int_equal(result.output_size, 300000 + 9 + 90 * 2 + 900 * 3 + 9000 * 4 + 90000 * 5
		+ 200001 * 6);
	assert_string_equal(result.output + result.output_size - 7, "300000\n");
	arena_free(arena);
}

static void what_is_written_without_blocking_is_whole(void **state)
{
	(void)state;
	whole("", COMMAND_TO_FILES);
	whole("for (1 .. 600) { last if !(fcntl(STDOUT, F_GETFL, 0) & O_NONBLOCK); select(undef, undef, undef, 0.1) }",
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_starts_nothing_is_ended),
		cmocka_unit_test(what_runs_something_else_has_begun),
		cmocka_unit_test(what_has_said_something_has_begun),
		cmocka_unit_test(what_is_written_without_blocking_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
