/* ssh-keys: keys that are written in the text, exclusive, and what is refused. */
#include "ssh_keys_bench.h"

/* --- Keys that are written in the text */

static void keys_of_the_text_have_a_block_of_their_own(void **state)
{
	(void)state;
	have_file(KEYS, 0600, KEYS_BLOCK);
	trust_and_back("{user: mpi, authorized: [\"# all\\n" OTHER " a\\r\\n\\n" ANOTHER "\\n\"]}",
		KEYS_BLOCK LITERALS(OTHER " a\n" ANOTHER "\n"));
	assert_null(bench_find(bench, KNOWN));
}

static void each_task_owns_its_own_keys(void **state)
{
	(void)state;
	assert_int_equal(trust("{user: mpi, authorized: '" OTHER " a'}"), 0);
	assert_int_equal(trust("{user: mpi, authorized: '" ANOTHER " b'}"), 0);
	assert_string_equal(bench_text(bench, KEYS), LITERALS(OTHER " a\n" ANOTHER " b\n"));
	assert_int_equal(trust("{user: mpi, authorized: '" OTHER " a'}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(trust("{user: mpi, authorized: '" ANOTHER " b'}"), 0);
	assert_string_equal(bench->log.data, "");
	trust_and_back("{user: mpi, authorized: '" HEAD " c', options: no-pty}",
		LITERALS(OTHER " a\n" ANOTHER " b\nno-pty " HEAD " c\n"));
}

static void a_key_gets_other_options_where_it_stands(void **state)
{
	(void)state;
	have_file(KEYS, 0600, LITERALS("from=\"a b\",no-pty " HEAD " a\n" OTHER " b\n"));
	trust_and_back("{user: mpi, authorized: '" HEAD " new', options: no-pty}",
		LITERALS("no-pty " HEAD " new\n" OTHER " b\n"));
	trust_and_back("{user: mpi, authorized: '" OTHER "'}",
		LITERALS("from=\"a b\",no-pty " HEAD " a\n" OTHER "\n"));
}

static void a_key_that_left_the_text_goes_when_it_is_undone(void **state)
{
	(void)state;
	assert_int_equal(trust("{user: mpi, authorized: ['" NODE1 " c', '" ANOTHER " d']}"), 0);
	assert_int_equal(trust("{user: mpi, authorized: ['" HEAD " a']}"), 0);
	assert_string_equal(bench_text(bench, KEYS), LITERALS(NODE1 " c\n" ANOTHER " d\n" HEAD
		" a\n"));
	bench->inverses = inverses_new(bench->arena);
	assert_int_equal(trust("{user: mpi, authorized: ['" NODE1 " c', '" ANOTHER " d', '" OTHER
		" e']}"), 0);
	undo_only("authorized-key:mpi:" OTHER);
	assert_string_equal(bench_text(bench, KEYS), LITERALS(NODE1 " c\n" ANOTHER " d\n" HEAD
		" a\n"));
}

static void absent_takes_just_the_keys_it_names_wherever_they_stand(void **state)
{
	(void)state;
	have_file(KEYS, 0600, "# mine\nno-pty " OTHER " by hand\n" ANOTHER " too\n" LITERALS(HEAD
		" a\n" OTHER " b\n" NODE1 " c\n") "# end\n");
	trust_and_back("{user: mpi, authorized: '" OTHER "', state: absent}", "# mine\n" ANOTHER
		" too\n" LITERALS(HEAD " a\n" NODE1 " c\n") "# end\n");
	trust_and_back("{user: mpi, authorized: ['" NODE1 "', '" HEAD "', '" OTHER
		"'], state: absent}", "# mine\n" ANOTHER " too\n# end\n");
	trust_and_back("{user: mpi, authorized: '" NODE2 "', state: absent}", bench_text(bench, KEYS));
}

static void two_patterns_keep_their_own_hosts(void **state)
{
	struct value *all = prepare->hosts;
	const char *both;

	(void)state;
	hosts_are("head", "node2");
	assert_int_equal(trust("{user: mpi, trust: servers}"), 0);
	hosts_are("node1", "node2");
	assert_int_equal(trust("{user: mpi, trust: workers}"), 0);
	both = bench_text(bench, KEYS);
	assert_string_equal(both, "# BEGIN beoplay ssh-keys\n" HEAD " mpi@head\n" NODE2
		" mpi@node2\n" NODE1 " mpi@node1\n# END beoplay ssh-keys\n");
	hosts_are("head", "node2");
	assert_int_equal(trust("{user: mpi, trust: servers}"), 0);
	assert_string_equal(bench->log.data, "");
	/* A host that leaves one pattern stays where another has it, and goes where none has. */
	hosts_are("node2", NULL);
	trust_and_back("{user: mpi, trust: servers}", "# BEGIN beoplay ssh-keys\n" NODE2
		" mpi@node2\n" NODE1 " mpi@node1\n# END beoplay ssh-keys\n");
	hosts_are("node1", NULL);
	assert_int_equal(trust("{user: mpi, trust: workers}"), 0);
	assert_non_null(strstr(bench_text(bench, KEYS), NODE2 " mpi@node2\n"));
	prepare->hosts = all;
	trust_and_back("{user: mpi, trust: all, state: absent}", "");
}

static void absent_needs_no_key_to_be_known(void **state)
{
	(void)state;
	have_file(KEYS, 0600, KEYS_BLOCK OTHER " me\n");
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	for (size_t i = 0; i < prepare->hosts->count; i++) {
		const char *host = value_text(prepare->hosts->items[i]);

		value_remove(prepare->published, arena_printf(bench->arena, "%s/ssh-keys-pair", host));
		value_remove(prepare->host_keys, host);
	}
	trust_and_back("{user: mpi, trust: all, state: absent}", OTHER " me\n");
	assert_int_equal(trust("{user: mpi, trust: all, state: absent}"), 0);
	assert_string_equal(bench_text(bench, KNOWN), "");
	assert_int_equal(value_get(bench->results, "removed")->count, 3);
}

static void who_logs_in_keeps_a_key(void **state)
{
	(void)state;
	bench->login = "mpi";
	have_file(KEYS, 0600, OTHER " me\n");
	assert_int_equal(trust("{user: mpi, authorized: '" OTHER "', state: absent}"), -1);
	assert_ptr_equal(bench->err.code, SSH_KEYS_LOCKOUT);
	have_file(KEYS, 0600, OTHER " me\n# " HEAD "\n" ANOTHER " me, too\n");
	assert_int_equal(trust("{user: mpi, authorized: '" OTHER "', state: absent}"), 0);
	bench->login = "pi";
	assert_int_equal(trust("{user: mpi, authorized: '" ANOTHER "', state: absent}"), 0);
}

/* --- Exclusive */

static void exclusive_takes_other_keys_and_undo_brings_them_back(void **state)
{
	(void)state;
	have_file(KEYS, 0640, "# mine\n" OTHER " a\n\n" KEYS_BLOCK "no-pty " ANOTHER " b\r\n\t" OTHER
		" a\n" OTHER " a\n# end\n" HEAD " \342\202\254 \"quoted\" \\ \x1b[2J");
	trust_and_back("{user: mpi, trust: all, exclusive: yes}", "# mine\n\n" KEYS_BLOCK "# end\n");
	trust_and_back("{user: mpi, trust: all, exclusive: yes, authorized: '" OTHER "'}",
		"# mine\n\n" KEYS_BLOCK "# end\n" LITERALS(OTHER "\n"));
	trust_and_back("{user: mpi, authorized: '" NODE1 "', exclusive: yes}",
		"# mine\n\n" KEYS_BLOCK "# end\n" LITERALS(NODE1 "\n"));
}

static void exclusive_where_no_block_was_brings_all_back(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " a\n" ANOTHER " b");
	trust_and_back("{user: mpi, trust: all, exclusive: yes}", KEYS_BLOCK);
	assert_int_equal(trust("{user: mpi, trust: all, exclusive: yes}"), 0);
	assert_int_equal(trust("{user: mpi, trust: all, exclusive: yes}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void exclusive_refuses_what_it_could_not_bring_back(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " Ren\xe9\n");
	assert_int_equal(trust("{user: mpi, trust: all, exclusive: yes}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_INVALID);
	assert_non_null(strstr(bench->err.remedy, "by hand"));
	assert_string_equal(bench->log.data, "");
}

static void exclusive_is_not_for_the_user_that_logs_in(void **state)
{
	(void)state;
	prepare->user = "mpi";
	assert_null(load(&module_ssh_keys_trust, "{user: mpi, trust: all, exclusive: yes}"));
	assert_non_null(strstr(bench->err.message, "logs in"));
	assert_non_null(bench->err.remedy);
	assert_null(load(&module_ssh_keys_pair, "{trust: all, exclusive: yes}"));
	prepare->user = NULL;
	bench->login = "mpi";
	have_file(KEYS, 0600, OTHER " me\n");
	assert_int_equal(trust("{user: mpi, trust: all, exclusive: yes}"), -1);
	assert_non_null(strstr(bench->err.message, "logs in"));
	bench->login = "pi";
	assert_int_equal(trust("{user: mpi, trust: all, exclusive: yes}"), 0);
}

static void without_a_user_it_is_the_one_that_logs_in(void **state)
{
	struct value *params = bench_normalise(bench, &module_ssh_keys_trust, "{trust: all}");

	(void)state;
	prepare->user = NULL;
	assert_int_equal(module_ssh_keys_trust.prepare(prepare, params, &bench->err), 0);
	assert_int_equal(value_get(params, "user")->kind, VALUE_UNKNOWN);
	params = bench_normalise(bench, &module_ssh_keys_trust, "{trust: all}");
	prepare->user = "pi";
	assert_int_equal(module_ssh_keys_trust.prepare(prepare, params, &bench->err), 0);
	assert_string_equal(value_get_string(params, "user"), "pi");
}

/* --- What is refused */

static void hostile_files_are_not_touched(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " a\n# BEGIN beoplay ssh-keys\n" HEAD " mpi@head\n");
	assert_int_equal(trust(TASK), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_INVALID);
	assert_non_null(strstr(bench->err.remedy, "END"));
	have_file(KEYS, 0600, "# BEGIN beoplay ssh-keys authorized\n" KEYS_BLOCK);
	assert_int_equal(trust(TASK), -1);
	have_file(KEYS, 0600, KEYS_BLOCK);
	have_file(KNOWN, 0600, "# BEGIN beoplay ssh-keys\n" KNOWN_BLOCK);
	assert_int_equal(trust(TASK), -1);
	have_file(KNOWN, 0600, "");
	have_file(KEYS, 0600, OTHER " a\nX" ANOTHER " b\n");
	((char *)bench_find(bench, KEYS)->bytes)[strlen(OTHER " a\n")] = '\0';
	assert_int_equal(trust(TASK), -1);
	assert_string_equal(bench->err.message, "'" KEYS "' is not a text file");
	bench_remove(bench, KEYS);
	bench_link(bench, KEYS, "/etc/shadow");
	assert_int_equal(trust(TASK), -1);
	assert_string_equal(bench->err.message, "'" KEYS "' is not a regular file");
	bench_remove(bench, KEYS);
	bench_link(bench, KNOWN, "/etc/shadow");
	assert_int_equal(trust(TASK), -1);
	have_file(KNOWN, 0600, "");
	bench_find(bench, KNOWN)->info.uid = 0;
	assert_int_equal(trust(TASK), -1);
	assert_string_equal(bench->err.remedy, "chown mpi: " KNOWN);
	bench_remove(bench, KNOWN);
	bench_link(bench, DIRECTORY, "/etc");
	assert_int_equal(trust(TASK), -1);
	assert_string_equal(bench->err.message, "'" DIRECTORY "' is not a directory");
	assert_string_equal(bench->log.data, "");
}

static void lines_that_only_look_like_ours_stay(void **state)
{
	static const char others[] = " # BEGIN beoplay ssh-keys\n" OTHER " mpi@head\n"
		"# BEGIN beoplay ssh-keys \n# END beoplay ssh-keys\n";

	(void)state;
	have_file(KEYS, 0600, others);
	have_file(KNOWN, 0600, "head " OTHER "\n@cert-authority * " OTHER "\n");
	trust_and_back(TASK, arena_printf(bench->arena, "%s%s", others, KEYS_BLOCK));
}

static void hostile_keys_and_addresses_of_hosts_are_refused(void **state)
{
	static const char *const keys[] = { "", "ssh-ed25519", "no-pty " OTHER, OTHER " x",
		OTHER "\nssh-rsa AAAA", "ssh-dss AAAAC3NzaC1lZDI1NTE5AAAAIOooooooooooooooooo",
		"ssh-ed25519 AAAA", OTHER "===" };
	const struct ssh_keys_params *params;
	struct value *list;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		hosts_are("head", NULL);
		add_host("node1", keys[i], HOST_OF("nod1"));
		params = load(&module_ssh_keys_trust, TASK);
		assert_string_equal(params->hosts[1].line, "");
		assert_string_equal(params->missing[0], "node1");
		hosts_are("head", NULL);
		list = value_list(bench->arena);
		value_append(bench->arena, list, value_string(bench->arena, keys[i]));
		value_set(bench->arena, prepare->host_keys, "head", list);
		error_clear(&bench->err);
		assert_int_equal(trust(TASK), 0);
		assert_null(bench_find(bench, KNOWN));
	}
	value_set_string(bench->arena, prepare->addresses, "head", "10.0.0.1,*");
	assert_null(load(&module_ssh_keys_trust, TASK));
	assert_string_equal(bench->err.message, "'10.0.0.1,*' is not an address of head");
}

static void a_user_that_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_int_equal(trust("{user: nobody, trust: all}"), -1);
	assert_string_equal(bench->err.message, "there is no user 'nobody'");
	assert_string_equal(bench->err.remedy, "create it first with a user task");
	assert_int_equal(pair("{user: nobody, trust: all}"), -1);
	bench_user(bench, "daemon", 1, "nonexistent");
	assert_int_equal(trust("{user: daemon, trust: all}"), -1);
	assert_string_equal(bench->err.message, "'daemon' has no home");
}

static void refused(const char *yaml, const char *message)
{
	assert_null(bench_normalise(bench, &module_ssh_keys, yaml));
	assert_non_null(strstr(bench->err.message, message));
}

static void wrong_parameters_are_refused(void **state)
{
	(void)state;
	refused("{user: mpi}", "one of 'trust' and 'authorized'");
	assert_non_null(strstr(bench->err.remedy, "trust: all"));
	refused("{user: mpi, authorized: []}", "one of 'trust' and 'authorized'");
	refused("{user: root, trust: all}", "allow_root");
	assert_non_null(bench_normalise(bench, &module_ssh_keys,
		"{user: root, trust: all, allow_root: yes}"));
	refused("{user: mpi, trust: all, options: \"no-pty\\nssh-rsa A\"}", "one line");
	refused("{user: mpi, trust: all, regenerate: always}", "not supported yet");
	refused("{user: mpi, trust: all, type: dsa}", "dsa");
	refused("{user: mpi, authorized: 'no-pty " OTHER "'}", "is not a public key");
	assert_non_null(strstr(bench->err.remedy, "'options'"));
	refused("{user: mpi, authorized: \"" OTHER "\\nssh-rsa AAAA\\n\"}", "'ssh-rsa AAAA");
	refused("{user: mpi, authorized: '-----BEGIN OPENSSH PRIVATE KEY-----'}", "not a public key");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(keys_of_the_text_have_a_block_of_their_own),
		TEST(each_task_owns_its_own_keys),
		TEST(a_key_gets_other_options_where_it_stands),
		TEST(a_key_that_left_the_text_goes_when_it_is_undone),
		TEST(absent_takes_just_the_keys_it_names_wherever_they_stand),
		TEST(two_patterns_keep_their_own_hosts),
		TEST(absent_needs_no_key_to_be_known),
		TEST(who_logs_in_keeps_a_key),
		TEST(exclusive_takes_other_keys_and_undo_brings_them_back),
		TEST(exclusive_where_no_block_was_brings_all_back),
		TEST(exclusive_refuses_what_it_could_not_bring_back),
		TEST(exclusive_is_not_for_the_user_that_logs_in),
		TEST(without_a_user_it_is_the_one_that_logs_in),
		TEST(hostile_files_are_not_touched),
		TEST(lines_that_only_look_like_ours_stay),
		TEST(hostile_keys_and_addresses_of_hosts_are_refused),
		TEST(a_user_that_is_not_there_is_refused),
		TEST(wrong_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
