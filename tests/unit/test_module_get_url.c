/* get_url: what is asked of apt's downloader, and what comes of it. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"
#include "modules/errors.h"

extern const struct module module_get_url, module_file;

#define FETCH "/usr/lib/apt/apt-helper -oAPT::Sandbox::User=root -oAcquire::Retries=0 " \
	"-oAcquire::http::Timeout=10 -oAcquire::https::Timeout=10 download-file "
#define FOLDER "/var/tmp/beoplay.0123456789"
#define SUM "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct bench *bench;
static const char *comes;

static void arrives(struct bench *at, const struct command *command)
{
	const char *path = NULL;

	for (size_t i = 0; command->argv[i]; i++)
		path = command->argv[i];
	bench_file(at, path, 0644, comes);
}

static void makes_folder(struct bench *at, const struct command *command)
{
	(void)command;
	bench_directory(at, FOLDER, 0700);
}

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_get_url, bench_load(bench, &module_get_url, yaml));
}

static void a_file_is_fetched_beside_and_gets_its_name(void **state)
{
	const char *before = bench_snapshot(bench);

	(void)state;
	bench_command(bench, FETCH "http://a/b " FOLDER "/file", 0, "")->effect = arrives;
	assert_int_equal(apply("{url: http://a/b, dest: /srv/b, mode: '0600'}"), 0);
	assert_string_equal(bench_text(bench, "/srv/b"), "new\n");
	assert_int_equal(bench_find(bench, "/srv/b")->info.mode, 0600);
	assert_null(bench_find(bench, FOLDER));
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

static void what_is_there_is_not_fetched(void **state)
{
	(void)state;
	bench_file(bench, "/srv/b", 0644, "old\n");
	assert_int_equal(apply("{url: http://a/b, dest: /srv/b}"), 0);
	assert_string_equal(bench->log.data ? bench->log.data : "", "");
}

static void another_checksum_is_fetched_and_the_old_file_comes_back(void **state)
{
	const char *before;

	(void)state;
	bench_file(bench, "/srv/b", 0640, "old\n");
	before = bench_snapshot(bench);
	bench_command(bench, "sha256sum -- /srv/b", 0, "bbb  /srv/b\n");
	bench_command(bench, "sha256sum -- " FOLDER, 0, SUM "  x\n");
	bench_command(bench, FETCH "https://a/b " FOLDER "/file", 0, "")->effect = arrives;
	/* It is looked at again with the sum that this machine always tells. */
	assert_int_equal(apply("{url: https://a/b, dest: /srv/b, checksum: 'sha256:" SUM "'}"), -1);
	error_clear(&bench->err);
	assert_string_equal(bench_text(bench, "/srv/b"), "new\n");
	assert_int_equal(bench_find(bench, "/srv/b")->info.mode, 0640);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

static void what_has_the_wrong_checksum_is_thrown_away(void **state)
{
	const char *before = bench_snapshot(bench);

	(void)state;
	bench_command(bench, "sha256sum -- " FOLDER, 0, "\\ccc  x\n");
	bench_command(bench, FETCH, 0, "")->effect = arrives;
	assert_int_equal(apply("{url: https://a/b, dest: /srv/b, checksum: 'sha256:" SUM "'}"), -1);
	assert_ptr_equal(bench->err.code, GET_URL_CHECKSUM);
	assert_non_null(strstr(bench->err.message, "is ccc"));
	assert_string_equal(bench_snapshot(bench), before);
}

static void a_failure_says_what_the_server_said(void **state)
{
	struct bench_command *command = bench_command(bench, FETCH, 100, "Err:1 http://a/b\n");

	(void)state;
	command->errors = "W: unsandboxed\nE: Failed to fetch http://a/b  404  Not Found\nE: Download Failed\n";
	assert_int_equal(apply("{url: http://a/b, dest: /srv/b}"), -1);
	assert_ptr_equal(bench->err.code, GET_URL_FAILED);
	assert_non_null(strstr(bench->err.message, "404  Not Found"));
	error_clear(&bench->err);
	command->errors = "E: Failed\nW: No system certificates available. Try installing ca-certificates.\n";
	assert_int_equal(apply("{url: http://a/b, dest: /srv/b}"), -1);
	assert_non_null(strstr(bench->err.remedy, "ca-certificates"));
}

static void with_force_it_is_asked_each_time_but_in_a_dry_run(void **state)
{
	struct plan *plan;

	(void)state;
	bench_file(bench, "/srv/b", 0644, "old\n");
	bench->dry = true;
	plan = bench_look(bench, &module_get_url, bench_load(bench, &module_get_url,
		"{url: http://a/b, dest: /srv/b, force: yes}"));
	assert_int_equal(plan->change_count, 0);
	assert_non_null(strstr(plan->missing, "only a download tells"));
	bench->dry = false;
	bench_command(bench, "sh -c", 0, SUM "  -\n");
	plan = bench_look(bench, &module_get_url, bench_load(bench, &module_get_url,
		"{url: http://a/b, dest: /srv/b, force: yes}"));
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(plan->changes[0]->after, SUM);
}

static void a_directory_gets_the_name_in_the_url(void **state)
{
	struct prepare *prepare = prepare_new(bench->arena);
	struct value *params = bench_normalise(bench, &module_get_url, "{url: 'http://a/x/b.tgz?v=/1', dest: /srv/}");
	struct error err = {0};

	(void)state;
	assert_int_equal(module_get_url.prepare(prepare, params, &err), 0);
	assert_string_equal(value_get_string(params, "dest"), "/srv/b.tgz");
	params = bench_normalise(bench, &module_get_url, "{url: 'http://a', dest: /srv/}");
	assert_int_equal(module_get_url.prepare(prepare, params, &err), -1);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const texts[] = { "{url: ftp://a/b, dest: /srv/b}", "{url: /etc/motd, dest: /srv/b}",
		"{url: http://a/b, dest: /srv/b, checksum: abc}",
		"{url: http://a/b, dest: /srv/b, checksum: 'sha256:abc'}",
		"{url: http://a/b, dest: /srv/b, checksum: 'crc32:" SUM "'}",
		"{url: http://a/b, dest: /srv/b, checksum: 'sha256:http://a/sums'}" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_null(bench_normalise(bench, &module_get_url, texts[i]));
		assert_ptr_equal(bench->err.code, TASK_INVALID_VALUE);
		error_clear(&bench->err);
	}
	bench_directory(bench, "/srv/d", 0755);
	assert_int_equal(apply("{url: http://a/b, dest: /srv/d}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_WRONG_TYPE);
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/srv", 0755);
	bench_directory(bench, "/var", 0755);
	bench_directory(bench, "/var/tmp", 01777);
	bench_command(bench, "mktemp -d /var/tmp/", 0, FOLDER "\n")->effect = makes_folder;
	comes = "new\n";
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
		TEST(a_file_is_fetched_beside_and_gets_its_name),
		TEST(what_is_there_is_not_fetched),
		TEST(another_checksum_is_fetched_and_the_old_file_comes_back),
		TEST(what_has_the_wrong_checksum_is_thrown_away),
		TEST(a_failure_says_what_the_server_said),
		TEST(with_force_it_is_asked_each_time_but_in_a_dry_run),
		TEST(a_directory_gets_the_name_in_the_url),
		TEST(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
