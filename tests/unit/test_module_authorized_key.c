/* authorized_key: Ansible's options over the files of ssh-keys. */
#include "ssh_keys_bench.h"

extern const struct module module_authorized_key;

static int run(const char *yaml)
{
	void *params = load(&module_authorized_key, yaml);

	return params ? bench_apply(bench, &module_authorized_key, params) : -1;
}

static void have(const char *text)
{
	have_file(KEYS, 0600, text);
}

static void comes_and_goes(const char *yaml, const char *text)
{
	const char *before = bench_snapshot(bench);

	if (run(yaml) < 0)
		fail_msg("%s: %s", yaml, bench->err.message);
	assert_string_equal(bench_text(bench, KEYS), text);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
	assert_int_equal(run(yaml), 0);
	assert_int_equal(run(yaml), 0);
	assert_string_equal(bench->log.data, "");
}

static void a_key_may_log_in(void **state)
{
	(void)state;
	comes_and_goes("{user: mpi, key: '" OTHER " me'}", LITERALS(OTHER " me\n"));
	assert_int_equal(bench_find(bench, DIRECTORY)->info.mode, 0700);
	assert_int_equal(bench_find(bench, KEYS)->info.mode, 0600);
	assert_int_equal(run("{user: mpi, key: '" OTHER "', state: absent}"), 0);
	assert_string_equal(bench_text(bench, KEYS), "");
}

static void a_file_of_keys_has_options_and_a_comment(void **state)
{
	(void)state;
	have(HEAD " by hand\n");
	comes_and_goes("{user: mpi, key: \"# all\\n" OTHER " a\\n\\n" ANOTHER "\\n\", "
		"key_options: no-pty, comment: the lab}", HEAD " by hand\n" LITERALS("no-pty " OTHER
		" the lab\nno-pty " ANOTHER " the lab\n"));
}

static void a_key_that_is_there_already_is_left_alone(void **state)
{
	(void)state;
	have(OTHER " me\n");
	assert_int_equal(run("{user: mpi, key: '" OTHER " me'}"), 0);
	assert_string_equal(bench_text(bench, KEYS), OTHER " me\n");
	/* Other options are another line, and the first one would let in without them. */
	comes_and_goes("{user: mpi, key: '" OTHER " me', key_options: no-pty}", LITERALS("no-pty " OTHER " me\n"));
}

static void exclusive_takes_the_others(void **state)
{
	(void)state;
	have(HEAD " by hand\n" OTHER " me\n");
	comes_and_goes("{user: mpi, key: '" OTHER " me', exclusive: yes}", LITERALS(OTHER " me\n"));
}

static void what_is_no_key_is_refused(void **state)
{
	static const char *const bad[] = { "{user: mpi, key: 'https://example.org/me.keys'}",
		"{user: mpi, key: 'no-pty " OTHER "'}", "{user: mpi, key: '" OTHER "', key_options: \"a\\nb\"}",
		"{user: mpi, key: '" OTHER "', comment: \"a\\nb\"}", "{user: mpi, key: '" OTHER
		"', path: /etc/keys}", "{user: mpi, key: \"# none\\n\"}", "{key: '" OTHER "'}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		error_clear(&bench->err);
		assert_null(load(&module_authorized_key, bad[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_key_may_log_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_of_keys_has_options_and_a_comment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_key_that_is_there_already_is_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(exclusive_takes_the_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_key_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
