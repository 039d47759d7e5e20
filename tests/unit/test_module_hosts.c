/* hosts: one block of names from the inventory, lines of others, and the way back by entry. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"

extern const struct module module_hosts;

static struct bench *bench;
static struct prepare *prepare;

#define FIRST "127.0.0.1 localhost\n\n# The following lines\n::1 localhost ip6-localhost\n"
#define BLOCK "# BEGIN beoplay hosts\n10.0.0.100 head\n10.0.0.101 node1\n# END beoplay hosts\n"

static void add_host(const char *name, const char *address)
{
	value_append(bench->arena, prepare->hosts, value_string(bench->arena, name));
	if (address)
		value_set_string(bench->arena, prepare->addresses, name, address);
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/etc", 0755);
	bench_file(bench, "/etc/hosts", 0644, FIRST);
	prepare = prepare_new(bench->arena);
	prepare->host = "node1";
	add_host("head", "10.0.0.100");
	add_host("node1", "10.0.0.101");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void *load(const char *yaml)
{
	struct value *params = bench_normalise(bench, &module_hosts, yaml);

	if (!params || module_hosts.prepare(prepare, params, &bench->err) < 0)
		return NULL;
	value_set_string(bench->arena, params, "self", prepare->host);
	return bench_load_prepared(bench, &module_hosts, params);
}

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_hosts, load(yaml));
}

static void a_file_that_is_no_text_stays_as_it_is(void **state)
{
	struct bench_file *file = bench_find(bench, "/etc/hosts");

	(void)state;
	file->bytes = "127.0.0.1 localhost\n\0" "10.9.9.9 behind\n";
	file->size = 38;
	assert_int_equal(apply("{group: all}"), -1);
	assert_string_equal(bench->err.message, "'/etc/hosts' is not a text file: it has a NUL byte");
	assert_int_equal(file->size, 38);
}

static const char *hosts(void)
{
	return bench_text(bench, "/etc/hosts");
}

static void the_block_comes_behind_the_lines_of_others(void **state)
{
	(void)state;
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(hosts(), FIRST BLOCK);
	assert_string_equal(bench->log.data, "write /etc/hosts 0644\n");
	assert_int_equal(value_get(bench->results, "added")->count, 2);
	assert_string_equal(value_get(bench->results, "added")->items[1]->text, "node1");
	assert_int_equal(value_get(bench->results, "removed")->count, 0);
}

static void nothing_changes_where_it_is_right(void **state)
{
	(void)state;
	bench_file(bench, "/etc/hosts", 0644, FIRST BLOCK "# behind\n");
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(hosts(), FIRST BLOCK "# behind\n");
}

static void a_dry_run_touches_nothing(void **state)
{
	struct plan *plan = bench_look(bench, &module_hosts, load("{}"));

	(void)state;
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(plan->changes[0]->after, FIRST BLOCK);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(hosts(), FIRST);
}

static void a_host_that_comes_leaves_or_moves_changes_the_block_only(void **state)
{
	(void)state;
	bench_file(bench, "/etc/hosts", 0644, "# BEGIN beoplay hosts\n10.0.0.9 node1\n"
		"110.0.0.100 head\n10.0.0.7 node7\n# END beoplay hosts\n# behind");
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(hosts(), BLOCK "# behind");
	assert_int_equal(value_get(bench->results, "added")->count, 2);
	assert_int_equal(value_get(bench->results, "removed")->count, 3);
	assert_string_equal(value_get(bench->results, "removed")->items[2]->text, "node7");
}

static void domain_aliases_and_extra_names_are_there(void **state)
{
	struct value *aliases = value_list(bench->arena);

	(void)state;
	value_append(bench->arena, aliases, value_string(bench->arena, "login"));
	value_append(bench->arena, aliases, value_string(bench->arena, "head"));
	value_set(bench->arena, prepare->variables, "head/aliases", aliases);
	assert_int_equal(apply("{domain: lan, aliases: yes, extra: [{address: 10.0.0.1, names: gw}]}"),
		0);
	assert_string_equal(hosts(), FIRST "# BEGIN beoplay hosts\n10.0.0.100 head.lan head login\n"
		"10.0.0.101 node1.lan node1\n10.0.0.1 gw\n# END beoplay hosts\n");
}

static void a_host_without_an_address_is_an_error_with_a_remedy(void **state)
{
	(void)state;
	add_host("node9", NULL);
	assert_null(load("{}"));
	assert_non_null(strstr(bench->err.message, "node9"));
	assert_non_null(strstr(bench->err.remedy, "ansible_host"));
}

static void the_misleading_line_of_debian_is_taken_and_comes_back(void **state)
{
	static const char *const before = "127.0.0.1 localhost\n127.0.1.1\tnode1.lan node1\n\n::1 ip6\n";

	(void)state;
	bench_file(bench, "/etc/hosts", 0644, before);
	assert_int_equal(apply("{conflict: keep}"), 0);
	/* hostname -f goes on to tell the name with the domain. */
	assert_string_equal(hosts(), "127.0.0.1 localhost\n\n::1 ip6\n# BEGIN beoplay hosts\n"
		"10.0.0.100 head\n10.0.0.101 node1.lan node1\n# END beoplay hosts\n");
	assert_int_equal(apply("{conflict: keep}"), 0);
	assert_string_equal(bench->log.data, "");
	bench_file(bench, "/etc/hosts", 0644, before);
	bench->records = value_map(bench->arena);
	assert_int_equal(apply("{conflict: keep}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(hosts(), before);
	assert_int_equal(bench->records->count, 0);
	/* A domain of the task that is the same is not said twice. */
	assert_int_equal(apply("{domain: lan}"), 0);
	assert_non_null(strstr(hosts(), "\n10.0.0.101 node1.lan node1\n"));
}

static void names_are_the_same_in_any_case(void **state)
{
	(void)state;
	bench_file(bench, "/etc/hosts", 0644, "127.0.1.1 NODE1.example.org NODE1 alias\n"
		"10.9.9.9 HEAD printer\n");
	assert_int_equal(apply("{}"), -1);
	assert_non_null(strstr(bench->err.message, "10.9.9.9 HEAD printer"));
	assert_int_equal(apply("{conflict: take}"), 0);
	assert_string_equal(hosts(), "10.9.9.9 printer\n# BEGIN beoplay hosts\n10.0.0.100 head\n"
		"10.0.0.101 NODE1.example.org node1 alias\n# END beoplay hosts\n");
}

static void lines_that_end_as_on_dos_stay_so(void **state)
{
	(void)state;
	bench_file(bench, "/etc/hosts", 0644, "127.0.0.1 localhost\r\n10.9.9.9 head\r\n");
	assert_int_equal(apply("{conflict: take}"), 0);
	assert_string_equal(hosts(), "127.0.0.1 localhost\r\n# BEGIN beoplay hosts\r\n"
		"10.0.0.100 head\r\n10.0.0.101 node1\r\n# END beoplay hosts\r\n");
	assert_int_equal(apply("{conflict: take}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void a_name_or_an_address_that_is_said_twice_is_refused(void **state)
{
	(void)state;
	assert_null(load("{extra: [{address: 10.1.1.1, names: [nas, HEAD]}]}"));
	assert_ptr_equal(bench->err.code, INVENTORY_ADDRESS_CONFLICT);
	assert_null(load("{domain: lan, extra: [{address: 10.1.1.1, names: head.lan}]}"));
	assert_null(load("{extra: [{address: 10.1.1.1, names: nas}, {address: 10.1.1.2, names: "
		"[x, NAS]}]}"));
	assert_non_null(strstr(bench->err.message, "'extra' twice (test:1)"));
	assert_non_null(load("{extra: [{address: 10.0.0.100, names: license}]}"));
	value_set_string(bench->arena, prepare->addresses, "node1", "10.0.0.100");
	assert_null(load("{}"));
	assert_non_null(strstr(bench->err.message, "node1 has the address 10.0.0.100 of head"));
	assert_non_null(strstr(bench->err.remedy, "cluster_address"));
}

static void a_conflict_is_an_error_that_shows_the_line(void **state)
{
	(void)state;
	bench_file(bench, "/etc/hosts", 0644, "10.9.9.9 other head\n");
	assert_int_equal(apply("{}"), -1);
	assert_non_null(strstr(bench->err.message, "10.9.9.9 other head"));
	assert_non_null(strstr(bench->err.remedy, "conflict"));
	assert_string_equal(bench->log.data, "");
}

static void a_kept_conflict_is_told(void **state)
{
	(void)state;
	bench_file(bench, "/etc/hosts", 0644, "10.9.9.9 other head\n");
	assert_int_equal(apply("{conflict: keep}"), 0);
	assert_string_equal(hosts(), "10.9.9.9 other head\n" BLOCK);
	assert_string_equal(value_get(bench->results, "conflicts")->items[0]->text,
		"10.9.9.9 other head");
}

static void a_taken_conflict_leaves_other_names_and_comes_back(void **state)
{
	static const char *const before =
		"127.0.0.1 localhost node1 # me\n10.9.9.9 head\n10.9.9.8 x\n";

	(void)state;
	bench_file(bench, "/etc/hosts", 0644, before);
	assert_int_equal(apply("{conflict: take}"), 0);
	assert_string_equal(hosts(), "127.0.0.1 localhost # me\n10.9.9.8 x\n" BLOCK);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(hosts(), before);
}

static void undoing_one_entry_leaves_the_others(void **state)
{
	const struct module *module = &module_hosts;

	(void)state;
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(bench->inverses->entries[1].resource, "hosts-entry:/etc/hosts:node1");
	assert_int_equal(bench_apply(bench, module, bench_load_value(bench, module,
		bench->inverses->entries[1].params)), 0);
	assert_string_equal(hosts(), FIRST "# BEGIN beoplay hosts\n10.0.0.100 head\n"
		"# END beoplay hosts\n");
	assert_int_equal(value_get(bench->results, "removed")->count, 1);
}

/* Else the ledger would take an entry that was brought back for the next task's own, which drops it. */
static void what_comes_back_is_of_the_same_task_again(void **state)
{
	const char *part = "play:task";

	(void)state;
	prepare->part = part;
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(value_get_string(bench->inverses->entries[1].params, "part"), part);
	assert_int_equal(bench_apply(bench, &module_hosts, bench_load_value(bench, &module_hosts,
		bench->inverses->entries[1].params)), 0);
	assert_string_equal(bench->inverses->entries[0].resource, "hosts-entry:/etc/hosts:node1");
	assert_string_equal(value_get_string(bench->inverses->entries[0].params, "part"), part);
}

static void undo_keeps_what_others_wrote_since(void **state)
{
	struct inverses *inverses;

	(void)state;
	assert_int_equal(apply("{}"), 0);
	inverses = bench->inverses;
	bench_file(bench, "/etc/hosts", 0644, "10.5.5.5 mine\n" FIRST BLOCK "10.5.5.6 mine too\n");
	bench->inverses = inverses;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(hosts(), "10.5.5.5 mine\n" FIRST "10.5.5.6 mine too\n");
}

static void absent_takes_the_block_away_and_undo_brings_it_back(void **state)
{
	(void)state;
	bench_file(bench, "/etc/hosts", 0644, FIRST BLOCK);
	assert_int_equal(apply("{state: absent}"), 0);
	assert_string_equal(hosts(), FIRST);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(hosts(), FIRST BLOCK);
}

static void a_file_that_was_not_there_is_made_and_goes_again(void **state)
{
	(void)state;
	assert_int_equal(apply("{path: /etc/hosts.mpi}"), 0);
	assert_string_equal(bench_text(bench, "/etc/hosts.mpi"), BLOCK);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, "/etc/hosts.mpi"));
}

static void a_block_without_an_end_is_not_touched(void **state)
{
	(void)state;
	bench_file(bench, "/etc/hosts", 0644, "# BEGIN beoplay hosts\n10.0.0.100 head\n10.1.1.1 mine\n");
	assert_int_equal(apply("{}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_INVALID);
	assert_string_equal(bench->log.data, "");
}

static void a_link_is_not_followed(void **state)
{
	(void)state;
	bench_link(bench, "/etc/hosts", "/run/hosts");
	assert_int_equal(apply("{}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_WRONG_TYPE);
}

static void cloud_init_is_warned_of_when_something_changes(void **state)
{
	struct plan *plan;

	(void)state;
	bench_directory(bench, "/etc/cloud", 0755);
	bench_directory(bench, "/etc/cloud/cloud.cfg.d", 0755);
	bench_file(bench, "/etc/cloud/cloud.cfg", 0644, "users:\n- default\nmanage_etc_hosts: true\n");
	plan = bench_look(bench, &module_hosts, load("{}"));
	assert_int_equal(plan->notes->count, 1);
	assert_non_null(strstr(plan->notes->items[0]->text, "cloud-init"));
	bench_file(bench, "/etc/cloud/cloud.cfg.d/99.cfg", 0644, "manage_etc_hosts: False");
	plan = bench_look(bench, &module_hosts, load("{}"));
	assert_int_equal(plan->notes->count, 0);
	bench_directory(bench, "/var/lib/cloud/instance", 0755);
	bench_file(bench, "/var/lib/cloud/instance/cloud-config.txt", 0600, "manage_etc_hosts: true\n");
	plan = bench_look(bench, &module_hosts, load("{}"));
	assert_int_equal(plan->notes->count, 1);
}

static void wrong_extra_lines_are_refused(void **state)
{
	(void)state;
	assert_null(bench_normalise(bench, &module_hosts, "{extra: [{address: host, names: a}]}"));
	assert_ptr_equal(bench->err.code, TASK_INVALID_NAME);
	assert_null(bench_normalise(bench, &module_hosts, "{extra: [{address: 10.0.0.1, "
		"names: ['a b']}]}"));
	assert_ptr_equal(bench->err.code, TASK_INVALID_NAME);
	assert_null(bench_normalise(bench, &module_hosts, "{extra: [{address: 10.0.0.1, names: []}]}"));
	assert_ptr_equal(bench->err.code, TASK_INVALID_VALUE);
}

/* --- Entries of other tasks and playbooks --- */

#define SHARED(lines) "# BEGIN beoplay hosts\n" lines "# END beoplay hosts\n"

static void others_have(const char *name)
{
	if (!bench->wished)
		bench->wished = value_map(bench->arena);
	value_set_bool(bench->arena, bench->wished, arena_printf(bench->arena, "hosts-entry:/etc/hosts:%s", name),
		true);
}

static void entries_of_others_stay_where_they_are(void **state)
{
	(void)state;
	others_have("tape");
	others_have("scan");
	bench_file(bench, "/etc/hosts", 0644, SHARED("10.9.0.1 tape.lan tape\n10.0.0.7 node7\n10.9.0.2 scan\n"));
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(hosts(), SHARED("10.9.0.1 tape.lan tape\n10.0.0.100 head\n10.9.0.2 scan\n"
		"10.0.0.101 node1\n"));
	assert_int_equal(value_get(bench->results, "removed")->count, 1);
	assert_int_equal(apply("{state: absent}"), 0);
	assert_string_equal(hosts(), SHARED("10.9.0.1 tape.lan tape\n10.9.0.2 scan\n"));
}

/* Two inventories in another order would else move them at each run. */
static void what_several_have_keeps_its_place(void **state)
{
	(void)state;
	others_have("node1");
	others_have("head");
	bench_file(bench, "/etc/hosts", 0644, SHARED("10.0.0.101 node1\n10.0.0.100 head\n"));
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(bench->log.data, "");
	bench_file(bench, "/etc/hosts", 0644, SHARED("10.0.0.9 node1\n10.0.0.100 head\n"));
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(hosts(), SHARED("10.0.0.101 node1\n10.0.0.100 head\n"));
}

static void a_name_of_two_addresses_is_refused_or_taken(void **state)
{
	(void)state;
	others_have("tape");
	bench_file(bench, "/etc/hosts", 0644, SHARED("10.9.0.1 tape head\n"));
	assert_int_equal(apply("{}"), -1);
	assert_non_null(strstr(bench->err.message, "another task or playbook has an entry for head"));
	assert_int_equal(apply("{conflict: take}"), 0);
	assert_string_equal(hosts(), SHARED("10.9.0.1 tape\n10.0.0.100 head\n10.0.0.101 node1\n"));
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(hosts(), SHARED("10.9.0.1 tape head\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(the_block_comes_behind_the_lines_of_others),
		TEST(nothing_changes_where_it_is_right),
		TEST(a_dry_run_touches_nothing),
		TEST(a_host_that_comes_leaves_or_moves_changes_the_block_only),
		TEST(domain_aliases_and_extra_names_are_there),
		TEST(a_host_without_an_address_is_an_error_with_a_remedy),
		TEST(the_misleading_line_of_debian_is_taken_and_comes_back),
		TEST(names_are_the_same_in_any_case),
		TEST(lines_that_end_as_on_dos_stay_so),
		TEST(a_name_or_an_address_that_is_said_twice_is_refused),
		TEST(a_conflict_is_an_error_that_shows_the_line),
		TEST(a_kept_conflict_is_told),
		TEST(a_taken_conflict_leaves_other_names_and_comes_back),
		TEST(undoing_one_entry_leaves_the_others),
		TEST(what_comes_back_is_of_the_same_task_again),
		TEST(undo_keeps_what_others_wrote_since),
		TEST(absent_takes_the_block_away_and_undo_brings_it_back),
		TEST(a_file_that_was_not_there_is_made_and_goes_again),
		TEST(a_block_without_an_end_is_not_touched),
		TEST(a_link_is_not_followed),
		TEST(a_file_that_is_no_text_stays_as_it_is),
		TEST(cloud_init_is_warned_of_when_something_changes),
		TEST(wrong_extra_lines_are_refused),
		TEST(entries_of_others_stay_where_they_are),
		TEST(what_several_have_keeps_its_place),
		TEST(a_name_of_two_addresses_is_refused_or_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
