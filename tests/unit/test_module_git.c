/* git: what is planned of what git tells, and what is never taken away. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_git;

static struct bench *bench;

#define ONE "1111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222"
#define GIT "sh -c exec \"$@\" sh git "

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/srv", 0755);
	bench_command(bench, GIT "ls-remote", 0, "ref: refs/heads/main\tHEAD\n" TWO "\tHEAD\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void is_there(const char *tells)
{
	bench_directory(bench, "/srv/a", 0755);
	bench_directory(bench, "/srv/a/.git", 0755);
	bench_command(bench, "sh -c cd", 0, tells);
}

static struct plan *look(const char *more)
{
	return bench_look(bench, &module_git, bench_load(bench, &module_git, arena_printf(bench->arena,
		"{repo: 'https://example.org/a.git', dest: /srv/a%s}", more)));
}

#define AT(commit, more) commit "\nmain\nhttps://example.org/a.git\n" more

static void a_checkout_comes_and_follows(void **state)
{
	(void)state;
	assert_string_equal(bench_change(bench, look(""), 0), "/srv/a commit: absent -> 222222222222 (main)");
	assert_int_equal(look(", clone: no")->change_count, 0);
	is_there(AT(ONE, ""));
	assert_string_equal(bench_change(bench, look(""), 0),
		"/srv/a commit: - -> 111111111111 (main) → 222222222222 (main)");
	assert_int_equal(look(", update: no")->change_count, 0);
	is_there(AT(TWO, "?? mine\n"));
	assert_int_equal(look("")->change_count, 0);
	is_there(TWO "\nmain\nhttps://elsewhere/a.git\n");
	assert_string_equal(bench_change(bench, look(""), 0),
		"/srv/a remote: https://elsewhere/a.git -> https://example.org/a.git");
	assert_string_equal(bench->log.data, "");
}

static void tags_and_commits_are_versions(void **state)
{
	(void)state;
	is_there(AT(ONE, ""));
	assert_int_equal(look(", version: '" ONE "'")->change_count, 0);
	bench_command(bench, GIT "ls-remote", 0, TWO "\trefs/tags/v1\n" ONE "\trefs/tags/v1^{}\n");
	assert_int_equal(look(", version: v1")->change_count, 0);
	/* Where both are called so it is the branch, as for git clone. */
	bench_command(bench, GIT "ls-remote", 0, ONE "\trefs/heads/v1\n" TWO "\trefs/tags/v1\n");
	assert_int_equal(look(", version: v1")->change_count, 0);
	bench_command(bench, GIT "ls-remote", 0, "");
	assert_null(look(", version: v2"));
	assert_ptr_equal(bench->err.code, GIT_NO_VERSION);
}

static void what_is_somebody_elses_stays(void **state)
{
	(void)state;
	is_there(AT(ONE, " M file\n"));
	assert_ptr_equal(look("")->refused, HOST_FILE_CHANGED);
	assert_int_equal(look(", force: yes")->change_count, 1);
	is_there(AT(ONE, "?? mine\n"));
	assert_ptr_equal(look(", undo: clone")->refused, HOST_FILE_CHANGED);
	is_there(AT(ONE, "!! built.o\n"));
	assert_ptr_equal(look(", undo: clone")->refused, HOST_FILE_CHANGED);
	is_there(AT(ONE, ""));
	assert_string_equal(bench_change(bench, look(", undo: clone"), 0), "/srv/a commit: 111111111111 -> absent");
	bench_directory(bench, "/srv/b", 0755);
	bench_file(bench, "/srv/b/x", 0644, "");
	assert_ptr_equal(bench_look(bench, &module_git, bench_load(bench, &module_git, "{repo: a, dest: /srv/b}"))->refused,
		HOST_FILE_EXISTS);
}

static void what_git_says_is_told(void **state)
{
	struct bench_command *command = bench_command(bench, GIT "ls-remote", 127, "");

	(void)state;
	command->errors = "sh: git: not found";
	assert_null(look(""));
	assert_ptr_equal(bench->err.code, GIT_FAILED);
	assert_non_null(strstr(bench->err.remedy, "install git"));
	assert_null(bench_normalise(bench, &module_git, "{repo: '--upload-pack=x', dest: /srv/a}"));
	assert_null(bench_normalise(bench, &module_git, "{repo: a, dest: /srv/a, version: -x}"));
	assert_null(bench_normalise(bench, &module_git, "{repo: a, dest: /srv/a, bare: yes}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_checkout_comes_and_follows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tags_and_commits_are_versions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_somebody_elses_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_git_says_is_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
