/* test_history: runs written down and read again, by us and by git itself. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "history/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena *arena;
static char directory[64];

static int begin(void **state)
{
	(void)state;
	arena = arena_new();
	strcpy(directory, "/tmp/beoplay-history-XXXXXX");
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

static struct history_run add(const char *playbook, const char *state_of_node)
{
	struct source *source = source_directory(arena, NULL);
	struct history_run run = { .run = "r", .playbook = playbook, .who = "anna@desk",
		.time = 1700000000, .hosts = value_map(arena) };
	struct value *one = value_map(arena);
	struct history *history;
	struct error err = {0};

	value_set_string(arena, one, "state", state_of_node);
	value_set_integer(arena, one, "changed", 2);
	value_set(arena, run.hosts, "node1.lan", one);
	source_remember(source, "play/site.yml", "- hosts: all\n", 13);
	source_remember(source, "../../etc/.git/config", "x", 1);
	assert_int_equal(history_open(directory, true, &history, &err), 0);
	assert_int_equal(history_add(history, &run, source, &err), 0);
	history_close(history);
	return run;
}

/* The first line of what a command says. */
static const char *says(const char *words)
{
	static char line[512];
	char command[512];
	FILE *pipe;

	snprintf(command, sizeof(command), "GIT_CONFIG_GLOBAL=/dev/null git --git-dir "
		"%s/.beoplay/history.git %s", directory, words);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	if (!fgets(line, sizeof(line), pipe))
		line[0] = '\0';
	pclose(pipe);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void a_run_comes_back_as_it_was(void **state)
{
	struct history_run *runs;
	struct history *history;
	struct error err = {0};
	size_t count;

	(void)state;
	assert_int_equal(add("site.yml", "done").number, 1);
	assert_int_equal(add("other.yml", "failed").number, 2);
	assert_int_equal(history_open(directory, false, &history, &err), 0);
	assert_int_equal(history_runs(history, arena, 0, &runs, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(runs[0].number, 2);
	assert_string_equal(runs[0].playbook, "other.yml");
	assert_string_equal(runs[1].who, "anna@desk");
	assert_int_equal(runs[1].time, 1700000000);
	assert_string_equal(value_get_string(value_get(runs[1].hosts, "node1.lan"), "state"), "done");
	assert_int_equal(value_get_integer(value_get(runs[1].hosts, "node1.lan"), "changed", 0), 2);
	assert_int_equal(history_runs(history, arena, 1, &runs, &count, &err), 0);
	assert_int_equal(count, 1);
	history_close(history);
}

static void a_host_has_the_last_run_that_it_went_through(void **state)
{
	char first[64];

	(void)state;
	add("site.yml", "done");
	snprintf(first, sizeof(first), "%s", says("rev-parse runs"));
	add("site.yml", "failed");
	assert_string_equal(says("rev-parse refs/hosts/node1.lan"), first);
	assert_string_not_equal(says("rev-parse runs"), first);
	add("site.yml", "done");
	assert_string_not_equal(says("rev-parse refs/hosts/node1.lan"), first);
}

static void plain_git_reads_the_text_that_ran(void **state)
{
	(void)state;
	add("site.yml", "done");
	assert_string_equal(says("show runs:text/play/site.yml"), "- hosts: all");
	assert_string_equal(says("show runs:text/_outside/1-config"), "x");
	assert_string_equal(says("log --format=%s runs"), "run 1: site.yml");
	assert_string_equal(says("fsck --strict --no-progress 2>&1"), "");
}

static void only_its_owner_reads_it(void **state)
{
	char path[128];
	struct stat info;

	(void)state;
	add("site.yml", "done");
	snprintf(path, sizeof(path), "%s/.beoplay", directory);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/.beoplay/.gitignore", directory);
	assert_int_equal(access(path, F_OK), 0);
}

static void what_is_not_there_is_no_error(void **state)
{
	struct history *history;
	struct error err = {0};

	(void)state;
	assert_int_equal(history_open(directory, false, &history, &err), 0);
	assert_null(history);
}

static void runs_at_the_same_time_are_all_kept(void **state)
{
	int failed = 0;

	(void)state;
	add("site.yml", "done");
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			for (int k = 0; k < 5; k++)
				add("site.yml", "done");
			_exit(0);
		}
	}
	for (int i = 0, status; i < 4; i++) {
		assert_true(wait(&status) > 0);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
	assert_string_equal(says("rev-list --count runs"), "21");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_comes_back_as_it_was, begin, end),
		cmocka_unit_test_setup_teardown(a_host_has_the_last_run_that_it_went_through, begin, end),
		cmocka_unit_test_setup_teardown(plain_git_reads_the_text_that_ran, begin, end),
		cmocka_unit_test_setup_teardown(only_its_owner_reads_it, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_no_error, begin, end),
		cmocka_unit_test_setup_teardown(runs_at_the_same_time_are_all_kept, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
