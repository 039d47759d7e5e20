/* Which hosts a pattern, a range or a limit means. */
#include "inventory_bench.h"

static void ranges_are_written_in_many_ways(void **state)
{
	static const char *const table[][2] = {
		{ "node", "node" }, { "n[1:3]", "n1 n2 n3" }, { "n[01:03]x", "n01x n02x n03x" },
		{ "n[08:11]", "n08 n09 n10 n11" }, { "n[1:9:4]", "n1 n5 n9" }, { "n[a:c]", "na nb nc" },
		{ "n[1-3,7]", "n1 n2 n3 n7" }, { "n[001-003]", "n001 n002 n003" },
		{ "n[1-6/2]", "n1 n3 n5" }, { "r[1:2]n[1:2]", "r1n1 r1n2 r2n1 r2n2" }, { "n[5]", "n5" },
		{ "n[A:B]", "nA nB" }, { NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; table[i][0]; i++) {
		struct value *names = value_list(arena);

		error_clear(&failure);
		assert_int_equal(inventory_expand(arena, table[i][0], (struct place){ 0 }, names,
			&failure), 0);
		assert_string_equal(joined(names), table[i][1]);
	}
}

static void wrong_ranges_are_refused(void **state)
{
	static const char *const table[] = { "n[", "n[1", "n]", "n[]", "n[3:1]", "n[1:x]", "n[a:B]",
		"n[1:3:0]", "n[1,]", "n[1:10000000000]", "n[ab:cd]", "n[-1]", "n[1:200000]",
		"n[1:999][1:999]", NULL };
	struct place place = { "x", 3, 4 };

	(void)state;
	for (size_t i = 0; table[i]; i++) {
		error_clear(&failure);
		assert_int_equal(inventory_expand(arena, table[i], place, value_list(arena), &failure), -1);
		assert_int_equal(failure.kind, ERROR_TEXT);
		assert_int_equal(failure.place.line, 3);
	}
}

static void a_name_of_a_thousand_brackets_is_refused(void **state)
{
	char name[6000] = "n";

	(void)state;
	for (size_t i = 1; i + 3 < sizeof(name); i += 3)
		memcpy(name + i, "[1]", 4);
	error_clear(&failure);
	assert_int_equal(inventory_expand(arena, name, (struct place){ 0 }, value_list(arena),
		&failure), -1);
	assert_ptr_equal(failure.code, INVENTORY_INVALID_NAME);
}

static const char *matched(const struct inventory *inventory, const char *pattern)
{
	struct inventory_list list;
	const char *all = "";

	error_clear(&failure);
	if (inventory_match(inventory, arena, pattern, (struct place){ "p", 1, 10 }, &list,
		&failure) < 0)
		return NULL;
	for (size_t i = 0; i < list.count; i++)
		all = arena_printf(arena, "%s%s%s", all, i ? " " : "", list.hosts[i]->name);
	return all;
}

static void patterns_choose_hosts_in_inventory_order(void **state)
{
	static const char *const table[][2] = {
		{ "all", "spare node1 node2 node3 node4" }, { "*", "spare node1 node2 node3 node4" },
		{ "node3", "node3" }, { "workers", "node2 node3 node4" },
		{ "node4,node1", "node1 node4" }, { "node4:node1", "node1 node4" },
		{ "workers:&racked", "node2" }, { "workers:!fast", "node4" }, { "all,!node2", "spare node1 "
		"node3 node4" }, { "!workers", "spare node1" }, { "node*", "node1 node2 node3 node4" },
		{ "?ast", "node2 node3" }, { "~node[23]", "node2 node3" }, { "~(slow|head)$", "node1 node4" },
		{ "~ode", "" }, { "workers[0]", "node2" }, { "workers[-1]", "node4" },
		{ "workers[1:2]", "node3 node4" }, { "workers[1:]", "node3 node4" },
		{ "workers[0:1]", "node2 node3" }, { "workers[7]", "" }, { "node[2-3]", "node2 node3" },
		{ "node[1:2]", "node1 node2" }, { "workers:!workers", "" }, { "x*", "" },
		{ " node1 , node2 ", "node1 node2" }, { "node1,", "node1" }, { "ungrouped", "spare" },
		{ "node*[0]", "node1" }, { "!fast:workers", "node4" }, { NULL, NULL },
	};
	const struct inventory *inventory = load_good("a.yml", cluster);

	(void)state;
	for (size_t i = 0; table[i][0]; i++) {
		const char *got = matched(inventory, table[i][0]);

		if (!got || strcmp(got, table[i][1]) != 0)
			print_error("%s: %s\n", table[i][0], failure.message);
		assert_non_null(got);
		assert_string_equal(got, table[i][1]);
	}
}

static void wrong_patterns_are_refused_at_their_column(void **state)
{
	static const struct {
		const char *pattern;
		unsigned column;
		const char *message;
	} table[] = {
		{ "", 10, "the pattern is empty" }, { ",", 10, "the pattern is empty" },
		{ "node1:node9", 16, "no host and no group 'node9'" }, { "all:!", 14, "a name is missing" },
		{ "all,node[1", 14, "a [ has no ]" }, { "a]", 10, "a ] has no [" },
		{ "[1]", 10, "a [ has no name" }, { "node1 node2", 10, "a name holds a space" },
		{ "~[", 10, "invalid regular expression" }, { "~(", 10, "invalid regular expression" },
		{ "node[2-9]", 10, "no host and no group 'node5'" },
	};
	const struct inventory *inventory = load_good("a.yml", cluster);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (matched(inventory, table[i].pattern) || !strstr(failure.message, table[i].message))
			print_error("%s: %s\n", table[i].pattern, failure.message);
		assert_null(matched(inventory, table[i].pattern));
		assert_non_null(strstr(failure.message, table[i].message));
		assert_int_equal(failure.place.column, table[i].column);
	}
}

static void a_name_that_is_not_there_gets_the_nearest(void **state)
{
	const struct inventory *inventory = load_good("a.yml", cluster);

	(void)state;
	assert_null(matched(inventory, "wrokers"));
	assert_string_equal(failure.remedy, "did you mean 'workers'?");
	assert_null(matched(inventory, "localhost"));
	assert_non_null(strstr(failure.remedy, "ansible_connection: local"));
}

static void an_address_full_of_colons_is_a_host(void **state)
{
	const struct inventory *inventory = load_good("a.yml", "all:\n  hosts:\n    fe80::1:\n    b:\n");

	(void)state;
	assert_string_equal(matched(inventory, "fe80::1"), "fe80::1");
	assert_string_equal(matched(inventory, "all:!b"), "fe80::1");
}

static void a_limit_may_be_a_file_of_patterns(void **state)
{
	static const char *const texts[] = { "a.yml", cluster, "retry", "# failed\nnode2\nnode4  # x\n",
		"wrong", "node2\n node[\n", NULL };
	const struct inventory *inventory = load_good("a.yml", cluster);
	struct source *source = memory_source(arena, texts);
	struct inventory_list list;

	(void)state;
	assert_int_equal(inventory_limit(inventory, arena, source, "@retry", &list, &failure), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.hosts[1]->name, "node4");
	assert_int_equal(inventory_limit(inventory, arena, source, "head", &list, &failure), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(inventory_limit(inventory, arena, source, "@wrong", &list, &failure), -1);
	assert_string_equal(failure.place.file, "wrong");
	assert_int_equal(failure.place.line, 2);
	error_clear(&failure);
	assert_int_equal(inventory_limit(inventory, arena, source, "nodeX", &list, &failure), -1);
	assert_string_equal(failure.place.file, "-l");
}

static void a_pattern_can_be_checked_without_an_inventory(void **state)
{
	(void)state;
	error_clear(&failure);
	assert_int_equal(pattern_check("any:&thing:!node[1:3],~x+", (struct place){ 0 }, &failure), 0);
	assert_int_equal(pattern_check("any:!", (struct place){ "p", 2, 5 }, &failure), -1);
	assert_int_equal(failure.place.column, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_written_in_many_ways),
		cmocka_unit_test(wrong_ranges_are_refused),
		cmocka_unit_test(a_name_of_a_thousand_brackets_is_refused),
		cmocka_unit_test(patterns_choose_hosts_in_inventory_order),
		cmocka_unit_test(wrong_patterns_are_refused_at_their_column),
		cmocka_unit_test(a_name_that_is_not_there_gets_the_nearest),
		cmocka_unit_test(an_address_full_of_colons_is_a_host),
		cmocka_unit_test(a_limit_may_be_a_file_of_patterns),
		cmocka_unit_test(a_pattern_can_be_checked_without_an_inventory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
