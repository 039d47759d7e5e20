/* ssh-keys: the pair of each host, and how ssh finds it. */
#include "ssh_keys_bench.h"

static void a_pair_is_made_and_told(void **state)
{
	struct value *facts;
	const char *key = NULL;
	void *params;

	(void)state;
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "directory " DIRECTORY " 0700\n"
		"run ssh-keygen -q -t ed25519 -N  -C mpi@node1 -f " PAIR "\n");
	assert_string_equal(value_get_string(bench->results, "public_key"), NODE1);
	assert_string_equal(value_get_string(bench->results, "fingerprint"),
		"SHA256:YdJ8vidWIjxP7vyWHc3NablYSPH6l2WvEFLUJvRAeq8");
	params = load(&module_ssh_keys_pair, TASK);
	facts = module_ssh_keys_pair.publish(bench->arena, params, bench->state, &key);
	assert_string_equal(value_get_string(facts, "public_key"), NODE1);
	assert_int_equal(facts->count, 1);
	assert_string_equal(key, "mpi");
}

static void an_rsa_pair_has_its_bits_path_and_comment(void **state)
{
	(void)state;
	assert_int_equal(pair("{user: mpi, trust: all, type: rsa, bits: 4096, comment: c, "
		"path: /home/mpi/key}"), 0);
	assert_string_equal(bench->log.data,
		"run ssh-keygen -q -t rsa -N  -C c -f /home/mpi/key -b 4096\n");
}

static void a_pair_that_was_not_there_goes_again_with_its_directory(void **state)
{
	const char *before = bench_snapshot(bench);

	(void)state;
	assert_int_equal(pair(TASK), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data,
		"remove " PAIR "\nremove " PAIR ".pub\nremove " DIRECTORY "\n");
	assert_string_equal(bench_snapshot(bench), before);
	assert_int_equal(pair(TASK), 0);
	bench_file(bench, DIRECTORY "/config", 0600, "mine\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, DIRECTORY "/config"), "mine\n");
	assert_null(bench_find(bench, PAIR));
}

static void a_pair_that_is_there_is_kept(void **state)
{
	(void)state;
	have_file(PAIR, 0400, "old private\n");
	have_file(PAIR ".pub", 0664, OTHER " me\r\n");
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(value_get_string(bench->results, "public_key"), OTHER);
	assert_int_equal(pair("{user: mpi, trust: all, regenerate: mismatch}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void looking_at_a_pair_changes_nothing(void **state)
{
	struct plan *plan = bench_look(bench, &module_ssh_keys_pair,
		load(&module_ssh_keys_pair, TASK));

	(void)state;
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench_change(bench, plan, 0), DIRECTORY " state: absent -> directory");
	assert_string_equal(bench_change(bench, plan, 1), PAIR " state: absent -> key pair");
	assert_string_equal(bench->log.data, "");
	assert_null(bench_find(bench, DIRECTORY));
}

static void no_pair_is_made_where_trust_does_not_name_the_host_or_goes(void **state)
{
	(void)state;
	prepare->host = "laptop";
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(pair("{user: nobody, trust: all}"), 0);
	prepare->host = "node1";
	assert_int_equal(pair("{user: mpi, trust: all, state: absent}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(pair("{user: mpi, authorized: '" OTHER "'}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void modes_are_put_right_and_come_back(void **state)
{
	const char *before;

	(void)state;
	have_file(PAIR, 0640, "old private\n");
	have_file(PAIR ".pub", 0644, OTHER "\n");
	bench_find(bench, DIRECTORY)->info.mode = 0755;
	before = bench_snapshot(bench);
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "mode " DIRECTORY " 0700\nmode " PAIR " 0600\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

static void a_missing_public_half_is_read_from_the_private_one_and_goes_again(void **state)
{
	const char *before;

	(void)state;
	have_file(PAIR, 0600, "old private\n");
	bench_command(bench, "ssh-keygen -y -P  -f " PAIR, 0, OTHER " me\n");
	before = bench_snapshot(bench);
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "write " PAIR ".pub 0644\n");
	assert_string_equal(bench_text(bench, PAIR ".pub"), OTHER " me\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "remove " PAIR ".pub\n");
	assert_string_equal(bench_snapshot(bench), before);
}

static void a_key_with_a_passphrase_is_refused_with_what_to_do(void **state)
{
	(void)state;
	have_file(PAIR, 0600, "old private\n");
	bench_command(bench, "ssh-keygen -y -P  -f " PAIR, 255, "");
	assert_int_equal(pair(TASK), -1);
	assert_ptr_equal(bench->err.code, SSH_KEYS_UNREADABLE_KEY);
	assert_non_null(strstr(bench->err.remedy, "regenerate: mismatch"));
	bench_command(bench, "ssh-keygen -y -P  -f " PAIR, 0, "what is no key\n");
	assert_int_equal(pair(TASK), -1);
}

static const char *rsa_key(size_t bits, bool zero)
{
	static const unsigned char head[] = { 0, 0, 0, 7, 's', 's', 'h', '-', 'r', 's', 'a', 0, 0, 0, 3,
		1, 0, 1 };
	size_t size = bits / 8 + zero, whole = sizeof(head) + 4 + size;
	unsigned char *blob = arena_alloc(bench->arena, whole);
	char *text = arena_alloc(bench->arena, whole * 2);

	memset(blob, 0xff, whole);
	memcpy(blob, head, sizeof(head));
	blob[sizeof(head)] = blob[sizeof(head) + 1] = 0;
	blob[sizeof(head) + 2] = (unsigned char)(size >> 8);
	blob[sizeof(head) + 3] = (unsigned char)size;
	if (zero)
		blob[sizeof(head) + 4] = 0;
	sodium_bin2base64(text, whole * 2, blob, whole, sodium_base64_VARIANT_ORIGINAL);
	return arena_printf(bench->arena, "ssh-rsa %s old\n", text);
}

static void a_pair_that_does_not_match_is_put_aside_and_comes_back(void **state)
{
	const char *before;

	(void)state;
	have_file(PAIR, 0440, "old private\n");
	have_file(PAIR ".pub", 0600, rsa_key(2048, true));
	bench_find(bench, DIRECTORY)->info.mode = 0750;
	before = bench_snapshot(bench);
	assert_int_equal(pair("{user: mpi, trust: all, regenerate: mismatch}"), 0);
	assert_string_equal(bench_change(bench, bench->planned, 1),
		PAIR " key pair: ssh-rsa -> " PAIR ".old");
	assert_string_equal(bench->log.data, "mode " DIRECTORY " 0700\nrename " PAIR " " PAIR
		".old\nrename " PAIR ".pub " PAIR ".old.pub\nrun ssh-keygen -q -t ed25519 -N  -C mpi@node1 -f " PAIR "\n");
	assert_string_equal(bench_text(bench, PAIR ".old"), "old private\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "remove " PAIR "\nremove " PAIR ".pub\nmode " DIRECTORY
		" 0750\nrename " PAIR ".old " PAIR "\nrename " PAIR ".old.pub " PAIR ".pub\n");
	assert_string_equal(bench_snapshot(bench), before);
}

static void undoing_a_pair_twice_leaves_the_one_that_came_back(void **state)
{
	struct inverses *inverses;
	const char *before;

	(void)state;
	have_file(PAIR, 0600, "old private\n");
	have_file(PAIR ".pub", 0644, rsa_key(2048, true));
	before = bench_snapshot(bench);
	assert_int_equal(pair("{user: mpi, trust: all, regenerate: mismatch}"), 0);
	inverses = bench->inverses;
	assert_int_equal(bench_undo(bench), 0);
	bench->inverses = inverses;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(bench_snapshot(bench), before);
}

static void bits_that_differ_are_a_mismatch(void **state)
{
	static const char task[] = "{user: mpi, trust: all, regenerate: mismatch, type: rsa}";

	(void)state;
	have_file(DIRECTORY "/id_rsa", 0600, "old private\n");
	have_file(DIRECTORY "/id_rsa.pub", 0644, rsa_key(3072, true));
	assert_int_equal(bench_look(bench, &module_ssh_keys_pair, load(&module_ssh_keys_pair,
		task))->change_count, 0);
	have_file(DIRECTORY "/id_rsa.pub", 0644, rsa_key(3072, false));
	assert_int_equal(bench_look(bench, &module_ssh_keys_pair, load(&module_ssh_keys_pair,
		task))->change_count, 0);
	have_file(DIRECTORY "/id_rsa.pub", 0644, rsa_key(2048, true));
	assert_string_equal(bench_change(bench, bench_look(bench, &module_ssh_keys_pair,
		load(&module_ssh_keys_pair, task)), 0), DIRECTORY "/id_rsa key pair: 2048 bits -> "
		DIRECTORY "/id_rsa.old");
	have_file(DIRECTORY "/id_rsa.pub", 0644, "ssh-rsa AAAAB3NzaC1yc2EAAAAAAAAAAAAAAAAAAAAAAAAA\n");
	assert_int_equal(bench_look(bench, &module_ssh_keys_pair, load(&module_ssh_keys_pair,
		task))->change_count, 2);
}

static void an_older_pair_aside_is_never_overwritten(void **state)
{
	static const char *const aside[] = { PAIR ".old", PAIR ".old.pub" };

	(void)state;
	have_file(PAIR, 0600, "old private\n");
	have_file(PAIR ".pub", 0644, rsa_key(2048, true));
	for (size_t i = 0; i < 2; i++) {
		bench_file(bench, aside[i], 0600, "older\n");
		assert_int_equal(pair("{user: mpi, trust: all, regenerate: mismatch}"), -1);
		assert_ptr_equal(bench->err.code, HOST_FILE_EXISTS);
		assert_string_equal(bench->err.remedy, "move it away");
		assert_string_equal(bench->log.data, "");
		bench_remove(bench, aside[i]);
	}
}

static void links_and_files_of_others_are_refused_for_a_pair(void **state)
{
	(void)state;
	bench_link(bench, DIRECTORY, "/etc");
	assert_int_equal(pair(TASK), -1);
	assert_string_equal(bench->err.message, "'" DIRECTORY "' is not a directory");
	assert_string_equal(bench->log.data, "");
	bench_remove(bench, DIRECTORY);
	bench_directory(bench, DIRECTORY, 0700);
	bench_link(bench, PAIR, "/etc/shadow");
	assert_int_equal(pair(TASK), -1);
	assert_string_equal(bench->err.message, "'" PAIR "' is not a regular file");
	bench_remove(bench, PAIR);
	bench_link(bench, PAIR ".pub", "/etc/motd");
	assert_int_equal(pair(TASK), -1);
	bench_remove(bench, PAIR ".pub");
	bench_command(bench, "ssh-keygen -y", 255, "");
	have_file(PAIR, 0600, "root's\n");
	bench_find(bench, PAIR)->info.uid = 0;
	assert_int_equal(pair(TASK), -1);
	assert_string_equal(bench->err.message, "'" PAIR "' does not belong to mpi");
	assert_string_equal(bench->err.remedy, "chown mpi: " PAIR);
	bench_remove(bench, PAIR);
	bench_find(bench, DIRECTORY)->info.uid = 0;
	assert_int_equal(pair(TASK), -1);
	assert_string_equal(bench->log.data, "");
}

static void a_key_that_others_may_read_and_that_has_no_public_half_is_mended(void **state)
{
	const char *before;

	(void)state;
	have_file(PAIR, 0644, "old private\n");
	bench_command(bench, "ssh-keygen -y -P  -f /dev/stdin", 0, OTHER " me\n");
	bench_command(bench, "ssh-keygen -y -P  -f " PAIR, 255, "");
	before = bench_snapshot(bench);
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "mode " PAIR " 0600\nwrite " PAIR ".pub 0644\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

#define CONFIG_BLOCK(names) "# BEGIN beoplay ssh-keys " DIRECTORY "/cluster\nHost " names "\n" \
	"\tIdentityFile \"" DIRECTORY "/cluster\"\n# END beoplay ssh-keys " DIRECTORY "/cluster\n"

static void a_key_of_another_name_is_said_to_ssh(void **state)
{
	static const char task[] = "{user: mpi, trust: all, path: " DIRECTORY "/cluster}";

	(void)state;
	trust_and_back(task, KEYS_BLOCK);
	assert_null(bench_find(bench, DIRECTORY));
	have_file(DIRECTORY "/config", 0600, "Host git\n\tUser me");
	trust_and_back(task, KEYS_BLOCK);
	assert_int_equal(trust(task), 0);
	assert_string_equal(bench_text(bench, DIRECTORY "/config"), "Host git\n\tUser me\n"
		CONFIG_BLOCK("head 10.0.0.100 node1 node2"));
	assert_int_equal(trust(task), 0);
	assert_string_equal(bench->log.data, "");
	hosts_are("head", NULL);
	assert_int_equal(trust(task), 0);
	assert_string_equal(bench_text(bench, DIRECTORY "/config"), "Host git\n\tUser me\n"
		CONFIG_BLOCK("head 10.0.0.100"));
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, DIRECTORY "/config"), "Host git\n\tUser me\n"
		CONFIG_BLOCK("head 10.0.0.100 node1 node2"));
	assert_int_equal(trust("{user: mpi, trust: all, path: " DIRECTORY "/cluster, state: absent}"),
		0);
	assert_string_equal(bench_text(bench, DIRECTORY "/config"), "Host git\n\tUser me\n");
}

static void a_key_that_ssh_tries_by_itself_is_said_nowhere(void **state)
{
	(void)state;
	assert_int_equal(trust("{user: mpi, trust: all, path: " DIRECTORY "/id_rsa}"), 0);
	assert_null(bench_find(bench, DIRECTORY "/config"));
	assert_int_equal(trust("{user: mpi, trust: all, path: /srv/id_rsa}"), 0);
	assert_non_null(strstr(bench_text(bench, DIRECTORY "/config"), "\"/srv/id_rsa\""));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_key_of_another_name_is_said_to_ssh),
		TEST(a_key_that_ssh_tries_by_itself_is_said_nowhere),
		TEST(a_key_that_others_may_read_and_that_has_no_public_half_is_mended),
		TEST(a_pair_is_made_and_told),
		TEST(an_rsa_pair_has_its_bits_path_and_comment),
		TEST(a_pair_that_was_not_there_goes_again_with_its_directory),
		TEST(a_pair_that_is_there_is_kept),
		TEST(looking_at_a_pair_changes_nothing),
		TEST(no_pair_is_made_where_trust_does_not_name_the_host_or_goes),
		TEST(modes_are_put_right_and_come_back),
		TEST(a_missing_public_half_is_read_from_the_private_one_and_goes_again),
		TEST(a_key_with_a_passphrase_is_refused_with_what_to_do),
		TEST(a_pair_that_does_not_match_is_put_aside_and_comes_back),
		TEST(undoing_a_pair_twice_leaves_the_one_that_came_back),
		TEST(bits_that_differ_are_a_mismatch),
		TEST(an_older_pair_aside_is_never_overwritten),
		TEST(links_and_files_of_others_are_refused_for_a_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
