/* Which hosts, groups and variables a text means. */
#include "inventory_bench.h"

static void a_yaml_inventory_keeps_the_order_of_its_text(void **state)
{
	const struct inventory *inventory = load_good("a.yml", cluster);

	(void)state;
	assert_int_equal(inventory_host_count(inventory), 5);
	assert_string_equal(hosts_of(inventory, "all"), "spare node1 node2 node3 node4");
	assert_string_equal(hosts_of(inventory, "ungrouped"), "spare");
	assert_string_equal(hosts_of(inventory, "workers"), "node2 node3 node4");
	assert_string_equal(hosts_of(inventory, "racked"), "node1 node2");
	assert_string_equal(inventory_host(inventory, 1)->name, "node1");
	assert_int_equal(inventory_host(inventory, 1)->index, 1);
	assert_null(inventory_host(inventory, 5));
	assert_null(inventory_find(inventory, "node5"));
	assert_int_equal(inventory_find(inventory, "node3")->place.line, 19);
	assert_int_equal(inventory_find(inventory, "node3")->place.column, 13);
}

static void groups_know_their_children_and_hosts_their_groups(void **state)
{
	const struct inventory *inventory = load_good("a.yml", cluster);

	(void)state;
	assert_string_equal(joined(inventory_groups_of(inventory, arena,
		inventory_find(inventory, "node2"))), "fast racked workers");
	assert_string_equal(joined(inventory_groups_of(inventory, arena,
		inventory_find(inventory, "spare"))), "ungrouped");
	assert_string_equal(joined(inventory_group_children(inventory, "workers")), "fast slow");
	assert_string_equal(joined(inventory_group_children(inventory, "all")),
		"head workers racked ungrouped");
	assert_true(inventory_has_group(inventory, "slow"));
	assert_false(inventory_has_group(inventory, "node1"));
	assert_null(inventory_group_children(inventory, "none"));
}

static void a_child_is_stronger_than_its_parent_and_a_host_than_both(void **state)
{
	const struct inventory *inventory = load_good("a.yml", cluster);

	(void)state;
	assert_string_equal(variable(inventory, "node1", "who")->text, "host");
	assert_string_equal(variable(inventory, "node2", "who")->text, "workers");
	assert_string_equal(variable(inventory, "spare", "who")->text, "all");
	assert_int_equal(variable(inventory, "node2", "slots")->integer, 8);
	assert_int_equal(variable(inventory, "node4", "slots")->integer, 4);
	assert_string_equal(variable(inventory, "node4", "domain")->text, "lan");
	assert_int_equal(variable(inventory, "node2", "slots")->place.line, 17);
}

static void groups_of_equal_depth_count_by_priority_and_then_by_name(void **state)
{
	const struct inventory *inventory = load_good("a.yml",
		"b:\n  vars: {x: b, y: b}\n  hosts: {n: }\n"
		"a:\n  vars: {x: a, y: a, ansible_group_priority: 2}\n  hosts: {n: , m: }\n"
		"c:\n  vars: {x: c}\n  hosts: {m: }\n");

	(void)state;
	assert_string_equal(variable(inventory, "n", "y")->text, "a");
	assert_string_equal(variable(inventory, "m", "x")->text, "a");
	inventory = load_good("a.yml", "b:\n  vars: {x: b}\n  hosts: {n: }\n"
		"a:\n  vars: {x: a}\n  hosts: {n: }\n");
	assert_string_equal(variable(inventory, "n", "x")->text, "b");
}

static void an_empty_inventory_has_no_hosts(void **state)
{
	(void)state;
	assert_int_equal(inventory_host_count(load_good("a.yml", "")), 0);
	assert_int_equal(inventory_host_count(load_good("hosts", "# none\n")), 0);
}

static void what_is_wrong_in_yaml_has_its_place(void **state)
{
	(void)state;
	assert_refused("a.yml", "- node1\n", 1, 1, "an inventory must be a map of groups");
	assert_refused("a.yml", "hosts:\n  a:\n", 1, 1, "'hosts' is outside any group");
	assert_refused("a.yml", "all:\n  hosts: [a]\n", 2, 10, "'hosts' must be a map, not a list");
	assert_refused("a.yml", "all:\n  hots:\n    a:\n", 2, 3, "the group 'all' has no 'hots'");
	assert_string_equal(failure.remedy, "did you mean 'hosts'?");
	assert_refused("a.yml", "all:\n  hosts:\n    a: 1\n", 3, 8, "'a' must be a map, not an "
		"integer");
	assert_refused("a.yml", "all:\n  vars: x\n", 2, 9, "'vars' must be a map");
	assert_refused("a.yml", "all:\n  children: {g: {hosts: {-x: }}}\n", 2, 26,
		"'-x' can't be the name of a host");
	assert_refused("a.yml", "all:\n  children: {'g h': }\n", 2, 14, "name of a group");
	assert_refused("a.yml", "g:\n  children: {all: }\n", 2, 14, "'all' can't be a child");
	assert_refused("a.yml", "all:\n  hosts:\n    'n[3:1]':\n", 3, 5, "goes backwards");
	assert_refused("a.yml", "all:\n  hosts:\n    n:70000:\n", 3, 5, "port");
}

static void a_group_that_is_its_own_child_is_refused(void **state)
{
	(void)state;
	assert_refused("a.yml", "a:\n  children: {b: {children: {a: }}}\n", 1, 1,
		"the group 'a' is a child of itself");
	assert_refused("h", "[a:children]\na\n", 1, 2, "the group 'a' is a child of itself");
}

static void many_ways_to_the_same_group_take_no_longer(void **state)
{
	struct buffer text = { 0 };

	(void)state;
	for (int i = 0; i < 60; i++)
		buffer_printf(&text, "a%d: {children: {b%d: , c%d: }}\nb%d: {children: {a%d: }}\n"
			"c%d: {children: {a%d: }}\n", i, i, i, i, i + 1, i, i + 1);
	buffer_printf(&text, "a60: {hosts: {n: }}\n");
	assert_null(load("a.yml", text.data));
	assert_ptr_equal(failure.code, INVENTORY_TOO_LARGE);
	buffer_clear(&text);
	for (int i = 0; i < 30; i++)
		buffer_printf(&text, "a%d: {children: {b%d: , c%d: }}\nb%d: {children: {a%d: }}\n"
			"c%d: {children: {a%d: }}\n", i, i, i, i, i + 1, i, i + 1);
	buffer_printf(&text, "a30: {hosts: {n: }}\n");
	assert_string_equal(hosts_of(load_good("a.yml", text.data), "a0"), "n");
	buffer_free(&text);
}

static void an_ini_inventory_means_the_same(void **state)
{
	const struct inventory *inventory = load_good("hosts",
		"spare  # not used yet\n"
		"; old\n"
		"[head]\n"
		"node1 ansible_host=10.0.0.1 ansible_port=2200 note='two words' \r\n"
		"[fast]\n"
		"node[2:3]:2222 slots=8\n"
		"[workers:children]\n"
		"fast\n"
		"slow  # late\n"
		"[workers:vars]\n"
		"who = workers of all \n"
		"[slow]\n"
		"node4\n");

	(void)state;
	assert_string_equal(hosts_of(inventory, "all"), "spare node1 node2 node3 node4");
	assert_string_equal(hosts_of(inventory, "workers"), "node2 node3 node4");
	assert_string_equal(hosts_of(inventory, "ungrouped"), "spare");
	assert_string_equal(variable(inventory, "node1", "ansible_host")->text, "10.0.0.1");
	assert_int_equal(variable(inventory, "node1", "ansible_port")->integer, 2200);
	assert_string_equal(variable(inventory, "node1", "note")->text, "two words");
	assert_int_equal(variable(inventory, "node3", "ansible_port")->integer, 2222);
	assert_string_equal(variable(inventory, "node4", "who")->text, "workers of all");
	assert_int_equal(variable(inventory, "node1", "ansible_host")->place.line, 4);
	assert_int_equal(variable(inventory, "node1", "ansible_host")->place.column, 20);
	assert_int_equal(value_pair(inventory_find(inventory, "node1")->vars, "ansible_host")
		->place.column, 7);
	assert_int_equal(value_pair(inventory_find(inventory, "node4")->vars, "who")->place.line, 11);
}

static void a_host_that_is_left_out_is_nowhere(void **state)
{
	struct inventory *inventory = load_good("a.yml",
		"all: {hosts: {a: , b: }, children: {g: {hosts: {b: , c: }}, h: {children: {g: }}}}\n");

	(void)state;
	inventory_leave_out(inventory, "b");
	inventory_leave_out(inventory, "z");
	assert_null(inventory_find(inventory, "b"));
	assert_int_equal(inventory_host_count(inventory), 2);
	assert_string_equal(inventory_host(inventory, 1)->name, "c");
	assert_int_equal(inventory_host(inventory, 1)->index, 1);
	assert_string_equal(hosts_of(inventory, "all"), "a c");
	assert_string_equal(hosts_of(inventory, "h"), "c");
	assert_string_equal(hosts_of(inventory, "g"), "c");
	assert_int_equal(inventory_group_hosts(inventory, "g").count, 1);
}

static void a_hostfile_of_mpi_is_an_inventory(void **state)
{
	const struct inventory *inventory = load_good("hostfile", "# of mpirun\nlocalhost slots=2 max_slots=4\n"
		"node1 slots=2\nnode2 slots=3\n");

	(void)state;
	assert_int_equal(inventory_host_count(inventory), 3);
	assert_string_equal(variable(inventory, "localhost", "ansible_connection")->text, "local");
	assert_int_equal(variable(inventory, "node2", "slots")->integer, 3);
	assert_null(variable(inventory, "node2", "ansible_connection"));
	/* Whoever says how it is reached is believed. */
	inventory = load_good("hostfile", "localhost slots=2 ansible_port=2222\n");
	assert_null(variable(inventory, "localhost", "ansible_connection"));
}

static void values_in_ini_are_typed_as_python_literals(void **state)
{
	const struct inventory *inventory = load_good("hosts",
		"n a=5 b=-5 c=1.5 d=True d2=true e=yes f=012 g='' h=None j=0x1f k=1.2.3 "
		"p=1e3 q=1_000 r={'a':1} s=[a,b] t=\"['a', True]\" u=-0b11 v=1__0 w=1_\n"
		"[all:vars]\nl=[1, 'two', {\"a\": 'b'}]\nm=\"5\"\no={{ a }}\n");
	const struct value *list = variable(inventory, "n", "l");

	(void)state;
	assert_int_equal(variable(inventory, "n", "a")->integer, 5);
	assert_int_equal(variable(inventory, "n", "b")->integer, -5);
	assert_int_equal(variable(inventory, "n", "c")->kind, VALUE_FLOAT);
	assert_int_equal(variable(inventory, "n", "d")->kind, VALUE_BOOL);
	assert_int_equal(variable(inventory, "n", "d2")->kind, VALUE_STRING);
	assert_string_equal(variable(inventory, "n", "e")->text, "yes");
	assert_string_equal(value_text(variable(inventory, "n", "f")), "012");
	assert_string_equal(value_text(variable(inventory, "n", "g")), "");
	assert_int_equal(variable(inventory, "n", "h")->kind, VALUE_NULL);
	assert_int_equal(variable(inventory, "n", "j")->integer, 31);
	assert_int_equal(variable(inventory, "n", "p")->kind, VALUE_FLOAT);
	assert_int_equal(variable(inventory, "n", "q")->integer, 1000);
	assert_string_equal(value_text(variable(inventory, "n", "r")), "{a:1}");
	assert_string_equal(value_text(variable(inventory, "n", "s")), "[a,b]");
	assert_int_equal(variable(inventory, "n", "t")->count, 2);
	assert_int_equal(variable(inventory, "n", "u")->integer, -3);
	assert_int_equal(variable(inventory, "n", "v")->kind, VALUE_STRING);
	assert_int_equal(variable(inventory, "n", "w")->kind, VALUE_STRING);
	assert_int_equal(variable(inventory, "n", "k")->kind, VALUE_STRING);
	assert_int_equal(list->count, 3);
	assert_int_equal(list->items[2]->pairs[0].place.line, 3);
	assert_int_equal(list->items[2]->pairs[0].place.column, 15);
	assert_string_equal(value_text(variable(inventory, "n", "m")), "5");
	assert_string_equal(value_text(variable(inventory, "n", "o")), "{{ a }}");
}

static void what_is_wrong_in_ini_has_its_place(void **state)
{
	(void)state;
	assert_refused("hosts", "[a\nn\n", 1, 1, "a section is written [group]");
	assert_refused("hosts", "[a] x\nn\n", 1, 1, "a section is written [group]");
	assert_refused("hosts", "[a:child]\nn\n", 1, 1, "a group has no 'child'");
	assert_refused("hosts", "[a]\n  n x\n", 2, 5, "'x' is not a variable of 'n'");
	assert_refused("hosts", "[a]\nn x='1\n", 2, 5, "a quote is not closed");
	assert_refused("hosts", "n x=foo#bar\n", 1, 8, "a '#' within a word");
	assert_refused("hosts", "[a:vars]\nx\n", 2, 1, "not a variable of the group 'a'");
	assert_refused("hosts", "n x=[1,{]\n", 1, 9, "did not find expected node content");
	assert_refused("hosts", "n[1:]\n", 1, 1, "neither of numbers nor of letters");
	assert_refused("hosts", "[]\nn\n", 1, 2, "can't be the name of a group");
	assert_refused("hosts", "#!/bin/sh\nn\n", 1, 1, "programs are not supported yet");
}

static void a_group_that_is_only_named_is_a_slip(void **state)
{
	(void)state;
	assert_refused("hosts", "[workers]\nn\n[wokers:vars]\nx=1\n", 3, 2,
		"the group 'wokers' is not defined");
	assert_string_equal(failure.remedy, "did you mean 'workers'?");
	assert_refused("hosts", "[workers]\nn\n[c:children]\nwokers\n", 4, 1,
		"the group 'wokers' is not defined");
	assert_non_null(load("hosts", "[c:children]\nworkers\n[workers]\nn\n[all:vars]\nx=1\n"));
}

static void the_first_line_tells_yaml_from_ini(void **state)
{
	(void)state;
	assert_int_equal(inventory_host_count(load_good("hosts", "# x\nall: \n  hosts: {a: }\n")), 1);
	assert_int_equal(inventory_host_count(load_good("hosts", "---\nall: {hosts: {a: }}\n")), 1);
	assert_int_equal(inventory_host_count(load_good("hosts", "a\nb\nc:22\n")), 3);
	assert_int_equal(inventory_host_count(load_good("a.ini", "[g]\na\n")), 1);
	assert_int_equal(inventory_host_count(load_good("a.ini", "\xef\xbb\xbf[g]\na\n")), 1);
}

static void a_list_of_hosts_needs_no_file(void **state)
{
	static const char *const none[] = { NULL };
	const char *paths[] = { "n1, n[3:4],n2:2222," };
	const struct inventory *inventory = load_from(none, paths, 1, NULL);

	(void)state;
	assert_non_null(inventory);
	assert_string_equal(hosts_of(inventory, "all"), "n1 n3 n4 n2");
	assert_string_equal(hosts_of(inventory, "ungrouped"), "n1 n3 n4 n2");
	assert_int_equal(variable(inventory, "n2", "ansible_port")->integer, 2222);
	paths[0] = "n1";
	assert_null(load_from(none, paths, 1, NULL));
	assert_non_null(strstr(failure.message, "there is no inventory 'n1'"));
	paths[0] = "n1,n 2";
	assert_null(load_from(none, paths, 1, NULL));
	assert_int_equal(failure.place.column, 4);
}

static void variables_come_from_weak_to_strong_places(void **state)
{
	static const char *const texts[] = {
		"inv/group_vars/all.yml", "a: inv-all\nb: inv-all\nc: inv-all\nd: inv-all\ne: inv-all\n",
		"inv/group_vars/g/one.yml", "c: inv-g\nd: inv-g\nf: inv-g\n",
		"inv/group_vars/g/two", "f: inv-g-2\n",
		"inv/group_vars/g/two.bak", "f: wrong\n",
		"inv/group_vars/none.yml", "a: wrong\n",
		"inv/host_vars/n.yml", "g: inv-n\nh: inv-n\n",
		"inv/hosts", "[g]\nn g=host h=host i=host\nm\n[all:vars]\na=ini-all\n[g:vars]\nb=ini-g\n",
		"play/group_vars/all.yml", "d: play-all\ne: play-all\n",
		"play/group_vars/g.yml", "e: play-g\n",
		"play/host_vars/n/x.json", "{\"h\": \"play-n\"}\n",
		NULL,
	};
	static const char *const expected[] = { "a", "inv-all", "b", "inv-all", "c", "inv-g", "d",
		"inv-g", "e", "play-g", "f", "inv-g-2", "g", "inv-n", "h", "play-n", "i", "host", NULL };
	const char *path = "inv";
	const struct inventory *inventory = load_from(texts, &path, 1, "play");

	(void)state;
	assert_non_null(inventory);
	assert_int_equal(inventory_host_count(inventory), 2);
	for (size_t i = 0; expected[i]; i += 2)
		assert_string_equal(variable(inventory, "n", expected[i])->text, expected[i + 1]);
	assert_string_equal(variable(inventory, "n", "h")->place.file, "play/host_vars/n/x.json");
	assert_null(variable(inventory, "m", "g"));
	path = "inv/hosts";
	inventory = load_from(texts, &path, 1, NULL);
	assert_string_equal(variable(inventory, "n", "e")->text, "inv-all");
}

static void a_file_of_variables_must_be_a_map(void **state)
{
	static const char *const texts[] = {
		"group_vars/all.yml", "- a\n",
		"hosts", "n\n", NULL,
	};
	const char *path = "hosts";

	(void)state;
	assert_null(load_from(texts, &path, 1, NULL));
	assert_string_equal(failure.place.file, "group_vars/all.yml");
	assert_ptr_equal(failure.code, VARIABLE_INVALID_FORMAT);
}

static void a_directory_is_read_in_the_order_of_names(void **state)
{
	static const char *const texts[] = {
		"inv/.hidden", "[x", "inv/10-a", "b\n", "inv/20-b.yml", "all: {hosts: {a: }}\n",
		"inv/README.md", "# [no", "inv/sub/more.ini", "c\n", "inv/z~", "[x", NULL,
	};
	const char *path = "inv";
	const struct inventory *inventory = load_from(texts, &path, 1, NULL);

	(void)state;
	assert_non_null(inventory);
	assert_string_equal(hosts_of(inventory, "all"), "b a c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_yaml_inventory_keeps_the_order_of_its_text),
		cmocka_unit_test(groups_know_their_children_and_hosts_their_groups),
		cmocka_unit_test(a_child_is_stronger_than_its_parent_and_a_host_than_both),
		cmocka_unit_test(groups_of_equal_depth_count_by_priority_and_then_by_name),
		cmocka_unit_test(an_empty_inventory_has_no_hosts),
		cmocka_unit_test(what_is_wrong_in_yaml_has_its_place),
		cmocka_unit_test(a_group_that_is_its_own_child_is_refused),
		cmocka_unit_test(many_ways_to_the_same_group_take_no_longer),
		cmocka_unit_test(an_ini_inventory_means_the_same),
		cmocka_unit_test(a_host_that_is_left_out_is_nowhere),
		cmocka_unit_test(a_hostfile_of_mpi_is_an_inventory),
		cmocka_unit_test(values_in_ini_are_typed_as_python_literals),
		cmocka_unit_test(what_is_wrong_in_ini_has_its_place),
		cmocka_unit_test(a_group_that_is_only_named_is_a_slip),
		cmocka_unit_test(the_first_line_tells_yaml_from_ini),
		cmocka_unit_test(a_list_of_hosts_needs_no_file),
		cmocka_unit_test(variables_come_from_weak_to_strong_places),
		cmocka_unit_test(a_file_of_variables_must_be_a_map),
		cmocka_unit_test(a_directory_is_read_in_the_order_of_names),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
