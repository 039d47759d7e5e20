/* ssh-keys: keys and host keys of the others, and the way back. */
#include "ssh_keys_bench.h"

static void keys_and_known_hosts_of_all_hosts_are_written(void **state)
{
	(void)state;
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench->log.data, "directory " DIRECTORY " 0700\nwrite " KEYS
		" 0600\nwrite " KNOWN " 0600\n");
	assert_string_equal(bench_text(bench, KEYS), KEYS_BLOCK);
	assert_string_equal(bench_text(bench, KNOWN), KNOWN_BLOCK);
	assert_string_equal(prepare->key, "mpi");
	assert_int_equal(value_get(bench->results, "added")->count, 3);
	assert_string_equal(value_get(bench->results, "added")->items[0]->text, "mpi@head");
	assert_int_equal(value_get(bench->results, "removed")->count, 0);
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(value_get(bench->results, "added")->count, 0);
}

static void looking_at_trust_changes_nothing(void **state)
{
	struct plan *plan;

	(void)state;
	have_file(KEYS, 0644, OTHER " me\n");
	plan = bench_look(bench, &module_ssh_keys_trust, load(&module_ssh_keys_trust, TASK));
	assert_int_equal(plan->change_count, 3);
	assert_string_equal(plan->changes[0]->after, OTHER " me\n" KEYS_BLOCK);
	assert_int_equal(plan->changes[0]->flags, CHANGE_SENSITIVE);
	assert_string_equal(bench_change(bench, plan, 1), KEYS " mode: 0644 -> 0600");
	assert_string_equal(bench->log.data, "");
	assert_string_equal(bench_text(bench, KEYS), OTHER " me\n");
}

static void what_was_not_there_goes_again(void **state)
{
	(void)state;
	trust_and_back(TASK, KEYS_BLOCK);
	assert_null(bench_find(bench, DIRECTORY));
	bench_directory(bench, DIRECTORY, 0755);
	trust_and_back(TASK, KEYS_BLOCK);
	assert_int_equal(trust(TASK), 0);
	bench_file(bench, DIRECTORY "/config", 0600, "mine\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(bench_find(bench, DIRECTORY "/config"));
}

static void keys_and_known_hosts_of_others_survive_to_the_byte(void **state)
{
	static const char others[] = "# r\xe9mark\r\n\n" OTHER " me\n\t \n"
		"command=\"echo 'a b'\",no-pty " ANOTHER " mpi@node1\r\n" OTHER " me\n";

	(void)state;
	have_file(KEYS, 0640, others);
	have_file(KNOWN, 0604, "|1|hash= ssh-rsa AAAA\nnode1 ssh-rsa AAAA\n");
	trust_and_back(TASK, arena_printf(bench->arena, "%s%s", others, KEYS_BLOCK));
	assert_string_equal(bench_text(bench, KEYS), others);
}

static void a_last_line_without_an_end_is_without_one_again(void **state)
{
	(void)state;
	have_file(KEYS, 0600, "# r\xe9mark\n" OTHER " me");
	have_file(KNOWN, 0600, "node9 " OTHER);
	trust_and_back(TASK, "# r\xe9mark\n" OTHER " me\n" KEYS_BLOCK);
	assert_int_equal(trust(TASK), 0);
	have_file(KEYS, 0600, OTHER " me\n" KEYS_BLOCK ANOTHER " came since\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, KEYS), OTHER " me\n" ANOTHER " came since\n");
}

static void what_others_may_read_is_closed_and_open_again(void **state)
{
	const char *before;

	(void)state;
	have_file(KEYS, 0640, KEYS_BLOCK);
	have_file(KNOWN, 0644, KNOWN_BLOCK);
	bench_find(bench, DIRECTORY)->info.mode = 0710;
	before = bench_snapshot(bench);
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench->log.data,
		"mode " DIRECTORY " 0700\nmode " KEYS " 0600\nmode " KNOWN " 0600\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
	have_file(KEYS, 0400, KEYS_BLOCK);
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	bench_find(bench, DIRECTORY)->info.mode = 0500;
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench->log.data, "");
}

static void what_others_wrote_since_is_there_after_an_undo(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " me\n");
	assert_int_equal(trust(TASK), 0);
	have_file(KEYS, 0600, "# mine\n" OTHER " me\n" KEYS_BLOCK ANOTHER " came since\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, KEYS), "# mine\n" OTHER " me\n" ANOTHER
		" came since\n");
	assert_null(bench_find(bench, KNOWN));
}

static void a_host_that_leaves_loses_its_key_and_gets_it_back(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " me\n" KEYS_BLOCK ANOTHER " behind\n");
	have_file(KNOWN, 0600, KNOWN_BLOCK "node9 " OTHER "\n");
	hosts_are("node1", "node2");
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench_text(bench, KNOWN), "# BEGIN beoplay ssh-keys\nnode1 "
		HOST_OF("nod1") "\nnode2 " HOST_OF("nod2") "\n# END beoplay ssh-keys\nnode9 " OTHER "\n");
	assert_int_equal(value_get(bench->results, "removed")->count, 1);
	assert_string_equal(value_get(bench->results, "removed")->items[0]->text, "mpi@head");
	assert_int_equal(bench_undo(bench), 0);
	trust_and_back(TASK, OTHER " me\n# BEGIN beoplay ssh-keys\n" NODE1 " mpi@node1\n" NODE2
		" mpi@node2\n# END beoplay ssh-keys\n" ANOTHER " behind\n");
	assert_string_equal(bench_text(bench, KNOWN), KNOWN_BLOCK "node9 " OTHER "\n");
}

static void a_host_that_leaves_stays_while_another_playbook_has_it(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " me\n" KEYS_BLOCK);
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	hosts_are("node1", "node2");
	bench->wished = value_map(bench->arena);
	value_set_bool(bench->arena, bench->wished, "authorized-key:mpi:head", true);
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench_text(bench, KEYS), OTHER " me\n" KEYS_BLOCK);
	assert_string_equal(bench_text(bench, KNOWN), KNOWN_BLOCK);
}

static void undoing_one_host_leaves_the_others(void **state)
{
	(void)state;
	assert_int_equal(trust(TASK), 0);
	undo_only("authorized-key:mpi:node1");
	assert_string_equal(bench_text(bench, KEYS), "# BEGIN beoplay ssh-keys\n" HEAD " mpi@head\n"
		NODE2 " mpi@node2\n# END beoplay ssh-keys\n");
	assert_string_equal(bench_text(bench, KNOWN), "# BEGIN beoplay ssh-keys\nhead,10.0.0.100 "
		HOST_OF("head") "\nnode2 " HOST_OF("nod2") "\n# END beoplay ssh-keys\n");
}

static void all_that_undo_names_is_a_resource(void **state)
{
	static const char task[] = "{user: mpi, trust: all, exclusive: yes, authorized: '" OTHER "'}";
	struct names *names = names_new(bench->arena);
	void *params = load(&module_ssh_keys_trust, task);

	(void)state;
	module_ssh_keys_trust.resources(names, params);
	assert_int_equal(trust(task), 0);
	assert_int_equal(names->count, 5);
	assert_int_equal(names->count, bench->inverses->count);
	for (size_t i = 0; i < names->count; i++)
		assert_string_equal(names->items[i], bench->inverses->entries[i].resource);
}

static void a_key_that_is_another_now_takes_the_place_of_the_old_one(void **state)
{
	(void)state;
	have_file(KEYS, 0600, KEYS_BLOCK);
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	hosts_are("head", "node1");
	add_host("node2", ANOTHER, HOST_OF("new2"));
	trust_and_back(TASK, "# BEGIN beoplay ssh-keys\n" HEAD " mpi@head\n" NODE1 " mpi@node1\n"
		ANOTHER " mpi@node2\n# END beoplay ssh-keys\n");
}

static void a_host_of_which_nothing_is_heard_keeps_what_it_has(void **state)
{
	(void)state;
	have_file(KEYS, 0600, KEYS_BLOCK);
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	value_remove(prepare->published, "node2/ssh-keys-pair");
	value_remove(prepare->host_keys, "node2");
	assert_null(load(&module_ssh_keys_trust, TASK));
	prepare->lost = "node2";
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench->log.data, "");
}

static void a_key_that_cannot_be_known_is_said_to_be_missing(void **state)
{
	struct plan *plan;
	void *params;

	(void)state;
	have_file(KEYS, 0600, "# BEGIN beoplay ssh-keys\n" NODE1 " mpi@node1\n# END beoplay ssh-keys\n");
	hosts_are("node1", NULL);
	add_host("node3", ANOTHER, HOST_OF("new3"));
	value_remove(prepare->published, "node3/ssh-keys-pair");
	value_remove(prepare->host_keys, "node3");
	prepare->lost = "node3";
	params = load(&module_ssh_keys_trust, "{user: mpi, trust: all, known_hosts: no}");
	assert_non_null(params);
	plan = bench_look(bench, &module_ssh_keys_trust, params);
	assert_non_null(plan);
	assert_int_equal(plan->change_count, 0);
	assert_string_equal(plan->missing, "not known yet: the keys of node3");
	have_file(KEYS, 0600, "# BEGIN beoplay ssh-keys\n" NODE1 " mpi@node1\n" ANOTHER " mpi@node3\n"
		"# END beoplay ssh-keys\n");
	plan = bench_look(bench, &module_ssh_keys_trust, params);
	assert_int_equal(plan->change_count, 0);
	assert_null(plan->missing);
}

static void one_name_is_not_another_that_begins_or_ends_alike(void **state)
{
	(void)state;
	have_file(KEYS, 0600, "# BEGIN beoplay ssh-keys\n" NODE1 " mpi@anode1\n" NODE2
		" xmpi@node1\n" NODE2 " mpi-node1\n# END beoplay ssh-keys\n");
	have_file(KNOWN, 0600, "# BEGIN beoplay ssh-keys\nnode11 " NODE1
		"\n# END beoplay ssh-keys\n");
	hosts_are("node1", NULL);
	prepare->lost = "node1";
	value_remove(prepare->published, "node1/ssh-keys-pair");
	value_remove(prepare->host_keys, "node1");
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench_text(bench, KEYS), "");
	assert_string_equal(bench_text(bench, KNOWN), "");
}

static void absent_takes_the_trust_away_and_undo_puts_it_where_it_was(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " me\n" KEYS_BLOCK "# between\n" LITERALS(OTHER " lit\n")
		ANOTHER " you");
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	trust_and_back("{user: mpi, trust: all, state: absent}", OTHER " me\n# between\n"
		LITERALS(OTHER " lit\n") ANOTHER " you");
	trust_and_back("{user: mpi, authorized: '" OTHER " lit', state: absent}", KEYS_BLOCK
		"# between\n" ANOTHER " you");
	trust_and_back("{user: mpi, trust: all, exclusive: yes, state: absent}", OTHER
		" me\n# between\n" LITERALS(OTHER " lit\n") ANOTHER " you");
	assert_int_equal(trust("{user: mpi, trust: all, state: absent}"), 0);
	assert_string_equal(bench_text(bench, KNOWN), "");
	assert_int_equal(trust("{user: mpi, trust: all, state: absent}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void known_hosts_can_be_left_out(void **state)
{
	(void)state;
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	trust_and_back("{user: mpi, trust: all, known_hosts: no}", KEYS_BLOCK);
	assert_int_equal(trust("{user: mpi, trust: all, known_hosts: no}"), 0);
	assert_string_equal(bench_text(bench, KNOWN), "");
}

static void a_host_is_known_by_all_of_its_names(void **state)
{
	struct value *aliases = value_list(bench->arena);

	(void)state;
	hosts_are("head", NULL);
	value_append(bench->arena, aliases, value_string(bench->arena, "login"));
	value_append(bench->arena, aliases, value_string(bench->arena, "*"));
	value_set(bench->arena, prepare->variables, "head/aliases", aliases);
	value_set_string(bench->arena, prepare->variables, "head/ansible_host", "192.168.1.5");
	value_set_integer(bench->arena, prepare->variables, "head/ansible_port", 2222);
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench_text(bench, KNOWN), "# BEGIN beoplay ssh-keys\n"
		"head,10.0.0.100,192.168.1.5,login,[head]:2222,[10.0.0.100]:2222 " HOST_OF("head")
		"\n# END beoplay ssh-keys\n");
}

static void options_stand_before_each_key(void **state)
{
	(void)state;
	hosts_are("head", NULL);
	have_file(KEYS, 0600, "# BEGIN beoplay ssh-keys\n" HEAD " mpi@head\n# END beoplay ssh-keys\n"
		LITERALS(OTHER "\n"));
	trust_and_back("{user: mpi, trust: all, options: 'no-pty,from=\"10.0.0.0/8\"', authorized: '"
		OTHER "'}", "# BEGIN beoplay ssh-keys\nno-pty,from=\"10.0.0.0/8\" " HEAD
		" mpi@head\n# END beoplay ssh-keys\n"
		LITERALS("no-pty,from=\"10.0.0.0/8\" " OTHER "\n"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(keys_and_known_hosts_of_all_hosts_are_written),
		TEST(looking_at_trust_changes_nothing),
		TEST(what_was_not_there_goes_again),
		TEST(keys_and_known_hosts_of_others_survive_to_the_byte),
		TEST(a_last_line_without_an_end_is_without_one_again),
		TEST(what_others_may_read_is_closed_and_open_again),
		TEST(what_others_wrote_since_is_there_after_an_undo),
		TEST(a_host_that_leaves_loses_its_key_and_gets_it_back),
		TEST(a_host_that_leaves_stays_while_another_playbook_has_it),
		TEST(undoing_one_host_leaves_the_others),
		TEST(all_that_undo_names_is_a_resource),
		TEST(a_key_that_is_another_now_takes_the_place_of_the_old_one),
		TEST(a_host_of_which_nothing_is_heard_keeps_what_it_has),
		TEST(a_key_that_cannot_be_known_is_said_to_be_missing),
		TEST(one_name_is_not_another_that_begins_or_ends_alike),
		TEST(absent_takes_the_trust_away_and_undo_puts_it_where_it_was),
		TEST(known_hosts_can_be_left_out),
		TEST(a_host_is_known_by_all_of_its_names),
		TEST(options_stand_before_each_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
