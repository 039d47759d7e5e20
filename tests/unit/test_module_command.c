/* command and shell: when they run, with which words, and what they give. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "modules/command/command_run.h"
#include "module_prepare.h"

extern const struct module module_command;
extern const struct module module_shell;

static struct bench *bench;

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static const char *joined(const char *text)
{
	const char *const *words;
	const char *all = "";
	size_t count;

	error_clear(&bench->err);
	if (command_split(bench->arena, text, &words, &count, &bench->err) < 0)
		return "refused";
	for (size_t i = 0; i < count; i++)
		all = arena_printf(bench->arena, "%s[%s]", all, words[i]);
	assert_null(words[count]);
	return all;
}

static void words_are_split_as_shlex_does(void **state)
{
	(void)state;
	assert_string_equal(joined("make -j 4  all\n"), "[make][-j][4][all]");
	assert_string_equal(joined("a 'b c' \"d e\""), "[a][b c][d e]");
	assert_string_equal(joined("a\\ b 'c\\d' \"e\\\"f\\g\""), "[a b][c\\d][e\"f\\g]");
	assert_string_equal(joined("x'y'\"z\" ''"), "[xyz][]");
	assert_string_equal(joined("echo $HOME | * ; &"), "[echo][$HOME][|][*][;][&]");
	assert_string_equal(joined("   "), "");
	assert_string_equal(joined("a 'b"), "refused");
	assert_string_equal(joined("a \"b"), "refused");
	assert_string_equal(joined("a \\"), "refused");
}

static void the_command_runs_each_time_and_gives_its_output(void **state)
{
	void *params = bench_load(bench, &module_command, "{cmd: 'uname -s', chdir: /tmp}");

	(void)state;
	bench_command(bench, "uname -s", 0, "Linux\nand more\n\n");
	assert_int_equal(bench_apply(bench, &module_command, params), 0);
	assert_string_equal(bench->log.data, "run uname -s\n");
	assert_int_equal(value_get_integer(bench->results, "rc", -1), 0);
	assert_string_equal(value_get_string(bench->results, "stdout"), "Linux\nand more");
	assert_string_equal(value_get_string(bench->results, "stderr"), "");
	assert_int_equal(value_get(bench->results, "cmd")->count, 2);
	assert_int_equal(bench_apply(bench, &module_command, params), 0);
	assert_string_equal(bench->log.data, "run uname -s\n");
}

static void the_users_own_variables_and_home_are_filled_in(void **state)
{
	void *params = bench_load(bench, &module_command,
		"{argv: [echo, $HOME, '~/x', 'a~', '${USER}s', $1, '$HOMER', '{$SHELL}', '$', '~bob']}");

	(void)state;
	bench_user(bench, "ann", bench->uid, "/home/ann");
	bench_command(bench, "echo", 0, "");
	assert_int_equal(bench_apply(bench, &module_command, params), 0);
	assert_non_null(strstr(bench->log.data, "echo /home/ann /home/ann/x a~ anns $1 $HOMER {"));
	assert_non_null(strstr(bench->log.data, "} $ ~bob"));
}

static void a_dry_run_says_that_it_would_run_and_that_anything_may_follow(void **state)
{
	struct plan *plan = bench_look(bench, &module_command,
		bench_load(bench, &module_command, "{cmd: reboot}"));

	(void)state;
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "reboot command: - -> run");
	assert_string_equal(plan->writes->items[0]->text, "path:*");
	assert_string_equal(bench->log.data, "");
}

static void what_it_creates_keeps_it_from_running(void **state)
{
	void *params = bench_load(bench, &module_command, "{cmd: make, creates: /srv/done}");

	(void)state;
	bench_command(bench, "make", 0, "");
	assert_int_equal(bench_look(bench, &module_command, params)->change_count, 1);
	bench_file(bench, "/srv/done", 0644, "");
	assert_int_equal(bench_apply(bench, &module_command, params), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(value_get_integer(bench->results, "rc", -1), 0);
	assert_string_equal(value_get_string(bench->results, "stdout"),
		"skipped, since '/srv/done' exists");
}

static void what_it_removes_must_be_there(void **state)
{
	void *params = bench_load(bench, &module_shell, "{cmd: 'rm x', removes: x, chdir: /srv}");

	(void)state;
	assert_int_equal(bench_look(bench, &module_shell, params)->change_count, 0);
	bench_file(bench, "/srv/x", 0644, "");
	assert_int_equal(bench_look(bench, &module_shell, params)->change_count, 1);
}

static void creates_may_be_a_pattern(void **state)
{
	void *params = bench_load(bench, &module_command, "{cmd: make, creates: '/srv/*/a?.o'}");

	(void)state;
	bench_directory(bench, "/srv", 0755);
	bench_directory(bench, "/srv/one", 0755);
	bench_file(bench, "/srv/one/b1.o", 0644, "");
	assert_int_equal(bench_look(bench, &module_command, params)->change_count, 1);
	bench_file(bench, "/srv/one/a1.o", 0644, "");
	assert_int_equal(bench_look(bench, &module_command, params)->change_count, 0);
}

static void a_failure_is_an_error_with_all_results(void **state)
{
	(void)state;
	bench_command(bench, "make", 2, "half done\n")->errors = "no rule\n";
	assert_int_equal(bench_apply(bench, &module_command,
		bench_load(bench, &module_command, "{cmd: make}")), -1);
	assert_non_null(strstr(bench->err.message, "non-zero return code 2: no rule"));
	assert_int_equal(value_get_integer(bench->results, "rc", -1), 2);
	assert_string_equal(value_get_string(bench->results, "stdout"), "half done");
	assert_string_equal(value_get_string(bench->results, "stderr"), "no rule");
}

static const char *seen_input;

static void see_input(struct bench *of, const struct command *command)
{
	seen_input = arena_bytes(of->arena, command->input, command->input_size);
}

static void stdin_ends_with_a_newline_unless_that_is_unwanted(void **state)
{
	(void)state;
	bench_command(bench, "cat", 0, "")->effect = see_input;
	bench_apply(bench, &module_command, bench_load(bench, &module_command,
		"{cmd: cat, stdin: hello}"));
	assert_string_equal(seen_input, "hello\n");
	bench_apply(bench, &module_command, bench_load(bench, &module_command,
		"{cmd: cat, stdin: hello, stdin_add_newline: no}"));
	assert_string_equal(seen_input, "hello");
}

static void argv_is_taken_word_by_word(void **state)
{
	(void)state;
	bench_command(bench, "echo a b $x", 0, "");
	assert_int_equal(bench_apply(bench, &module_command, bench_load(bench, &module_command,
		"{argv: [echo, 'a b', $x]}")), 0);
	assert_int_equal(value_get(bench->results, "cmd")->count, 3);
}

static void shell_gives_the_whole_line_to_a_shell(void **state)
{
	(void)state;
	bench_command(bench, "echo $HOME | wc -c", 0, "5\n");
	assert_int_equal(bench_apply(bench, &module_shell, bench_load(bench, &module_shell,
		"{cmd: 'echo $HOME | wc -c'}")), 0);
	assert_string_equal(bench->log.data, "run echo $HOME | wc -c\n");
	assert_string_equal(value_get_string(bench->results, "cmd"), "echo $HOME | wc -c");
	bench_command(bench, "/bin/bash -c echo", 0, "");
	assert_int_equal(bench_apply(bench, &module_shell, bench_load(bench, &module_shell,
		"{cmd: 'echo', executable: /bin/bash}")), 0);
	assert_string_equal(bench->log.data, "run /bin/bash -c echo\n");
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	assert_null(bench_load(bench, &module_command, "{cmd: a, argv: [b]}"));
	assert_null(bench_load(bench, &module_command, "{chdir: /}"));
	assert_null(bench_load(bench, &module_command, "{cmd: ' '}"));
	assert_null(bench_load(bench, &module_command, "{cmd: \"a 'b\"}"));
	assert_ptr_equal(bench->err.code, COMMAND_INVALID);
	assert_null(bench_load(bench, &module_command, "{cmd: a, creates: relative}"));
	assert_null(bench_load(bench, &module_command, "{cmd: a, expand_argument_vars: yes}"));
	assert_non_null(bench_load(bench, &module_command,
		"{cmd: a, creates: relative, chdir: /srv}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_users_own_variables_and_home_are_filled_in, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(words_are_split_as_shlex_does, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_command_runs_each_time_and_gives_its_output, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_dry_run_says_that_it_would_run_and_that_anything_may_follow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_it_creates_keeps_it_from_running, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(what_it_removes_must_be_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(creates_may_be_a_pattern, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_is_an_error_with_all_results, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(stdin_ends_with_a_newline_unless_that_is_unwanted, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(argv_is_taken_word_by_word, set_up, tear_down),
		cmocka_unit_test_setup_teardown(shell_gives_the_whole_line_to_a_shell, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
