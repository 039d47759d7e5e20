/* Whole runs over many machines in memory. HOSTS=5000 build/tests/unit/test_run_size for more: what
 * it takes should grow as they do. */
#include "tests/unit/bench_run.h"

#include "base/buffer.h"
#include "plan/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static unsigned count_hosts(void)
{
	const char *hosts = getenv("HOSTS");

	return hosts ? (unsigned)atoi(hosts) : 300;
}

/* h1 to h300. */
static char *inventory(void)
{
	struct buffer text = {0};

	buffer_add_string(&text, "all:\n  hosts:\n");
	for (unsigned i = 1; i <= count_hosts(); i++)
		buffer_printf(&text, "    h%u:\n", i);
	return text.data;
}

static const char playbook[] = "- hosts: all\n"
	"  tasks:\n"
	"  - {name: t1, file: {path: /1, state: directory}}\n"
	"  - {name: t2, file: {path: \"/{{ inventory_hostname }}\", state: directory}}\n"
	"  - {name: t3, command: x, register: answer}\n"
	"  - {name: t4, file: {path: /4, state: directory}, when: answer.rc == 0}\n"
	"  - {name: t5, file: {path: /5, state: directory}, notify: h}\n"
	"  - {name: t6, file: {path: /6, state: directory}}\n"
	"  - {name: t7, file: {path: /7, state: directory}}\n"
	"  - {name: t8, file: {path: /8, state: directory}}\n"
	"  - {name: t9, file: {path: /9, state: directory}}\n"
	"  handlers: [{name: h, command: x}]\n";

static void many_hosts_without_changes_are_two_messages_each(void **state)
{
	char *hosts = inventory();
	struct bench_run *run = bench_run(hosts, playbook);

	(void)state;
	bench_unchecked(run);
	bench_returns(run, "*", "t3", "results: {rc: 0}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "h1"), "ok=9");
	assert_string_equal(bench_recap(run, "h300"), "ok=9");
	assert_int_equal(bench_stages(run, "h1"), 2);
	bench_run_free(run);
	free(hosts);
}

static void many_hosts_change_all_in_step(void **state)
{
	char *hosts = inventory();
	struct bench_run *run = bench_run(hosts, playbook);

	(void)state;
	bench_unchecked(run);
	bench_answer(run, "h7", "t5", "failed: no space");
	bench_answer(run, "h9", "t6", "dies: the connection ended");
	bench_answer(run, "*", "*", "changed");
	bench_returns(run, "*", "t3", "results: {rc: 0}");
	assert_int_equal(bench_execute(run), 6);
	assert_string_equal(bench_recap(run, "h1"), "ok=10 changed=10");
	assert_string_equal(bench_recap(run, "h7"), "ok=4 changed=4 failed=1");
	assert_string_equal(bench_recap(run, "h9"), "ok=5 changed=5 unreachable=1");
	bench_run_free(run);
	free(hosts);
}

static void many_hosts_do_once_and_include_what_a_value_says(void **state)
{
	char *hosts = inventory();
	struct bench_run *run = bench_run(hosts, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: once, command: x, run_once: yes, register: r}\n"
		"  - include_tasks: \"{{ r.stdout }}-{{ (inventory_hostname | length) % 2 }}.yml\"\n"
		"  - {name: after, file: {path: /9, state: directory}}\n");

	(void)state;
	bench_further(run, "f-0.yml", "- {name: even, command: x}\n");
	bench_further(run, "f-1.yml", "- {name: odd, command: x}\n");
	bench_unchecked(run);
	bench_answer(run, "*", "*", "changed");
	bench_returns(run, "*", "once", "results: {stdout: f, rc: 0}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "h1"), "ok=4 changed=3");
	assert_string_equal(bench_recap(run, "h300"), "ok=3 changed=2");
	bench_run_free(run);
	free(hosts);
}

/* --- Output --- */

/* In each way in which a registered value can be looked at, twice. */
static const char looks_at_lines[] = "- hosts: all\n"
	"  tasks:\n"
	"  - {name: t1, command: x, register: r, failed_when: \"'z' in r.stdout_lines\"}\n"
	"  - {name: t1, command: x, register: all, loop: [1, 2]}\n"
	"  - set_fact: {kept: '{{ r }}', in_it: {r: '{{ r }}'}}\n"
	"  - assert:\n"
	"      quiet: true\n"
	"      that:\n"
	"      - \"r.stdout_lines == ['a', '', 'b']\"\n"
	"      - \"r['stderr_lines'] == []\"\n"
	"      - \"r.stdout_lines is defined and r.get('stdout_lines')[2] == 'b'\"\n"
	"      - \"'stdout_lines' in r and 'stdout_lines' in r.keys()\"\n"
	"      - \"(r | to_json | from_json).stdout_lines == ['a', '', 'b']\"\n"
	"      - \"(r | to_yaml | from_yaml).stdout_lines == ['a', '', 'b']\"\n"
	"      - \"(r | string) is search('stdout_lines')\"\n"
	"      - \"'b' in (r | string)\"\n"
	"      - \"['a', '', 'b'] in r.values()\"\n"
	"      - \"['stdout_lines', ['a', '', 'b']] in (r.items() | map('list'))\"\n"
	"      - \"{'key': 'stdout_lines', 'value': ['a', '', 'b']} in (r | dict2items)\"\n"
	"      - \"(r | combine({'x': 1})).stdout_lines == ['a', '', 'b']\"\n"
	"      - \"({'x': 1} | combine(r)).stdout_lines == ['a', '', 'b']\"\n"
	"      - \"([r] | map(attribute='stdout_lines') | first) == ['a', '', 'b']\"\n"
	"      - \"([r, r] | selectattr('stdout_lines', 'contains', 'b') | list | length) == 2\"\n"
	"      - \"all.results | map(attribute='stdout_lines') | flatten == ['a', '', 'b', 'a', '', 'b']\"\n"
	"      - \"hostvars.a.r.stdout_lines | length == 3\"\n"
	"      - \"hostvars.b.kept.stdout_lines == ['a', '', 'b']\"\n"
	"      - \"kept == r and in_it.r.stdout_lines == r.stdout_lines\"\n"
	"      - \"r == (r | to_json | from_json)\"\n"
	"      - \"['a', '', 'b'] in lookup('dict', r) | map(attribute='value')\"\n"
	"      - \"lookup('vars', 'r').stdout_lines[0] == 'a'\"\n"
	"  - debug: {var: r}\n";

static void lines_of_an_output_are_there_whoever_asks(void **state)
{
	struct bench_run *run = bench_run("all: {hosts: {a: , b: }}\n", looks_at_lines);

	(void)state;
	bench_returns(run, "*", "t1", "results: {rc: 0, stdout: \"a\\n\\nb\\n\", stderr: ''}");
	assert_int_equal(bench_execute(run), 0);
	bench_run_free(run);
}

/* --- What is kept once --- */

static const char addressed[] = "all:\n  hosts:\n    a: {ansible_host: 10.0.0.1, rack: r1}\n"
	"    b: {ansible_host: 10.0.0.2, rack: r2}\n    c: {ansible_host: 10.0.0.3, rack: r1}\n";

/* The text of the parameters of a unit, as it is kept for a host; NULL: none is. */
static const char *kept(struct bench_run *bench, size_t host, size_t unit)
{
	const struct run *run = bench_ran(bench);
	const struct filled *filled = run->hosts[host].filled[unit];

	return filled && filled->items[0].task ? filled->items[0].task->params : NULL;
}

/* Of the unit with this index; its lines are borrowed. */
static struct bench_run *ran(const char *tasks)
{
	struct bench_run *bench = bench_run(addressed, tasks);

	bench_in_one_order(bench);
	assert_int_equal(bench_execute(bench), 0);
	return bench;
}

static void what_is_prepared_alike_is_one_text_for_all_hosts(void **state)
{
	struct bench_run *bench = ran("- hosts: all\n  tasks:\n"
		"  - {hosts: {group: all}}\n"
		"  - {hosts: {group: all, path: /h2}, when: inventory_hostname != 'x'}\n"
		"  - copy: {dest: /x, content: \"{{ groups.all | map('extract', hostvars, 'ansible_host')"
		" | join }}\"}\n");

	(void)state;
	for (size_t unit = 0; unit < 2; unit++) {
		assert_non_null(strstr(kept(bench, 0, unit), "10.0.0.3"));
		assert_ptr_equal(kept(bench, 0, unit), kept(bench, 1, unit));
		assert_ptr_equal(kept(bench, 0, unit), kept(bench, 2, unit));
	}
	assert_ptr_equal(kept(bench, 0, 2), kept(bench, 2, 2));
	bench_run_free(bench);
}

static void a_long_text_made_of_each_host_is_kept_once_for_those_with_the_same(void **state)
{
	struct bench_run *bench = bench_run(addressed, "- hosts: all\n  tasks:\n"
		"  - command: {cmd: cat, stdin: \"{{ rack * 400 }}\"}\n");

	(void)state;
	bench_in_one_order(bench);
	assert_int_equal(bench_execute(bench), 0);
	assert_ptr_equal(kept(bench, 0, 0), kept(bench, 2, 0));
	assert_string_not_equal(kept(bench, 0, 0), kept(bench, 1, 0));
	bench_run_free(bench);
}

static void what_a_host_has_for_itself_is_its_own(void **state)
{
	struct bench_run *bench = bench_run(addressed, "- hosts: all\n  tasks:\n"
		"  - copy: {dest: /x, content: \"{{ rack }}\"}\n"
		"  - copy: {dest: /y, content: \"{{ hostvars[inventory_hostname].rack }}\"}\n"
		"  - template: {dest: /z, src: t.j2}\n"
		"  - template: {dest: /z, src: i.j2}\n    loop: [1, 2]\n"
		"  - template: {dest: /w, src: i.j2}\n    vars: {item: \"{{ rack }}\"}\n");
	struct run *run;

	(void)state;
	bench_in_one_order(bench);
	bench_further(bench, "i.j2", "{{ item }}");
	bench_further(bench, "t.j2", "{{ rack }}");
	assert_int_equal(bench_execute(bench), 0);
	for (size_t unit = 0; unit < 3; unit++)
		assert_string_not_equal(kept(bench, 0, unit), kept(bench, 1, unit));
	assert_string_not_equal(kept(bench, 0, 4), kept(bench, 1, 4));
	/* Items that differ in nothing but what the template makes of them. */
	run = bench_ran(bench);
	assert_string_not_equal(run->hosts[0].filled[3]->items[0].task->params,
		run->hosts[0].filled[3]->items[1].task->params);
	bench_run_free(bench);
}

static void what_each_of_many_hosts_has_for_itself_is_not_kept_for_others(void **state)
{
	char *hosts = inventory();
	struct bench_run *bench = bench_run(hosts, "- hosts: all\n  tasks:\n"
		"  - copy: {dest: /x, content: \"{{ inventory_hostname }}\"}\n"
		"  - copy: {dest: /x, content: \"{{ inventory_hostname | length }}\"}\n");

	(void)state;
	bench_in_one_order(bench);
	assert_int_equal(bench_execute(bench), 0);
	assert_in_range(bench_ran(bench)->units[0]->prepared.count, 1, 64);
	assert_string_not_equal(kept(bench, 0, 0), kept(bench, 299, 0));
	assert_ptr_equal(kept(bench, 298, 1), kept(bench, 299, 1));
	bench_run_free(bench);
	free(hosts);
}

static void what_tasks_set_on_a_host_is_seen_by_its_own_tasks_first(void **state)
{
	struct bench_run *bench = ran("- hosts: all\n  tasks:\n"
		"  - {set_fact: {mine: \"{{ inventory_hostname }}\"}}\n"
		"  - {debug: {msg: \"{{ hostvars.a.mine }}\"}}\n"
		"  - {copy: {dest: /x, content: \"{{ mine }}\"}}\n");

	(void)state;
	assert_string_not_equal(kept(bench, 0, 2), kept(bench, 1, 2));
	bench_run_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_hosts_without_changes_are_two_messages_each),
		cmocka_unit_test(many_hosts_change_all_in_step),
		cmocka_unit_test(lines_of_an_output_are_there_whoever_asks),
		cmocka_unit_test(many_hosts_do_once_and_include_what_a_value_says),
		cmocka_unit_test(what_is_prepared_alike_is_one_text_for_all_hosts),
		cmocka_unit_test(a_long_text_made_of_each_host_is_kept_once_for_those_with_the_same),
		cmocka_unit_test(what_a_host_has_for_itself_is_its_own),
		cmocka_unit_test(what_each_of_many_hosts_has_for_itself_is_not_kept_for_others),
		cmocka_unit_test(what_tasks_set_on_a_host_is_seen_by_its_own_tasks_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
