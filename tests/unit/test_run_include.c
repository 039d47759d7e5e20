/* Whole runs against machines in memory: includes that are known only in the run. */
#include "tests/unit/bench_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#define HOSTS "all: {hosts: {a: , b: , c: }}"
#define FIVE "all: {hosts: {a: , b: , c: , d: , e: }}"

static void with_files(struct bench_run *run)
{
	bench_further(run, "one.yml", "- {name: one-1, command: x}\n- include_tasks: deep.yml\n"
		"- {name: one-2, command: x}\n");
	bench_further(run, "two.yml", "- {name: two-1, command: x}\n- {name: two-2, command: x}\n"
		"- include_tasks: \"{{ 'deep' }}.yml\"\n");
	bench_further(run, "deep.yml", "- {name: deep-1, command: x}\n");
	bench_answer(run, "*", "*", "changed");
}

static void a_registered_value_says_which_file_is_included(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: ask, command: x, register: r}\n"
		"  - include_tasks: \"{{ r.stdout }}.yml\"\n"
		"  - {name: after, command: x}\n");

	(void)state;
	bench_returns(run, "b", "ask", "results: {stdout: two, rc: 0}");
	bench_returns(run, "*", "ask", "results: {stdout: one, rc: 0}");
	with_files(run);
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "ask: changed a,b,c\n"
		"include_tasks: ok a,c (one.yml); ok b (two.yml)\none-1: changed a,c\n"
		"include_tasks: ok a,c\ndeep-1: changed a,c\none-2: changed a,c\ntwo-1: changed b\n"
		"two-2: changed b\ninclude_tasks: ok b (deep.yml)\ndeep-1: changed b\n"
		"after: changed a,b,c\n");
	assert_string_equal(bench_recap(run, "a"), "ok=7 changed=5");
	assert_string_equal(bench_recap(run, "b"), "ok=7 changed=5");
	bench_run_free(run);
}

static void files_of_a_loop_come_in_the_order_of_the_first_host(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  vars: {of: {a: [one, two], b: [two, one], c: [one]}}\n"
		"  tasks:\n"
		"  - {include_tasks: '{{ item }}.yml', loop: '{{ of[inventory_hostname] }}'}\n"
		"  - {name: after, command: x}\n");

	(void)state;
	with_files(run);
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "include_tasks: ok a,b (item: two, two.yml); "
		"ok a,b,c (item: one, one.yml)\none-1: changed a,b,c\ninclude_tasks: ok a,b,c\n"
		"deep-1: changed a,b,c\none-2: changed a,b,c\ntwo-1: changed a,b\ntwo-2: changed a,b\n"
		"include_tasks: ok a,b (deep.yml)\ndeep-1: changed a,b\nafter: changed a,b,c\n");
	assert_string_equal(bench_recap(run, "a"), "ok=11 changed=7");
	bench_run_free(run);
}

static void what_is_included_sees_the_item_and_has_what_apply_gives(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a,b\n"
		"  tasks:\n"
		"  - include_tasks: {file: more.yml, apply: {when: which != 2}}\n"
		"    loop: [1, 2, 3]\n"
		"    loop_control: {loop_var: which}\n"
		"    vars: {twice: '{{ which * 2 }}'}\n"
		"    when: inventory_hostname == 'a' or which == 1\n");

	(void)state;
	bench_further(run, "more.yml", "- {name: more, command: x, when: twice == which * 2}\n");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "include_tasks: ok a (item: 2, more.yml); "
		"ok a (item: 3, more.yml); ok a,b (item: 1, more.yml)\nmore: changed a,b\nmore:\n"
		"more: changed a\n");
	assert_string_equal(bench_recap(run, "a"), "ok=5 changed=2 skipped=1");
	bench_run_free(run);
}

static void a_file_that_is_not_there_fails_those_that_want_it(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  vars: {f: \"{{ 'missing' if inventory_hostname == 'a' else 'deep' }}\"}\n"
		"  tasks:\n"
		"  - block:\n"
		"    - include_tasks: '{{ f }}.yml'\n"
		"    - {name: next, command: x}\n"
		"    rescue: [{name: r, command: x}]\n"
		"  - {name: after, command: x}\n");

	(void)state;
	with_files(run);
	assert_int_equal(bench_execute(run), 0);
	assert_non_null(strstr(bench_lines(run), "failed, rescued a (site.yml:5:22: "));
	assert_non_null(strstr(bench_lines(run), "deep-1: changed b,c\nnext: changed b,c\n"
		"r: changed a\nafter: changed a,b,c\n"));
	assert_string_equal(bench_recap(run, "a"), "ok=2 changed=2 rescued=1");
	bench_run_free(run);
}

static void batches_may_include_different_files(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  serial: 2\n"
		"  tasks:\n"
		"  - {name: ask, command: x, register: r, run_once: yes}\n"
		"  - include_tasks: \"{{ r.stdout }}.yml\"\n"
		"  - {name: after, command: x}\n");

	(void)state;
	bench_returns(run, "a", "ask", "results: {stdout: one, rc: 0}");
	bench_returns(run, "*", "ask", "results: {stdout: deep, rc: 0}");
	with_files(run);
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "ask: changed a\ninclude_tasks: ok a,b (one.yml)\n"
		"one-1: changed a,b\ninclude_tasks: ok a,b\ndeep-1: changed a,b\none-2: changed a,b\n"
		"after: changed a,b\nask: changed c\ninclude_tasks: ok c (deep.yml)\ndeep-1: changed c\n"
		"after: changed c\n");
	bench_run_free(run);
}

static void an_include_of_itself_ends_somewhere(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: a\n"
		"  vars: {n: 0}\n"
		"  tasks:\n"
		"  - {include_tasks: '{{ \"again\" }}.yml'}\n");

	(void)state;
	bench_further(run, "again.yml", "- {name: again, command: x}\n"
		"- {include_tasks: '{{ \"again\" }}.yml'}\n");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 2);
	assert_non_null(strstr(bench_lines(run), "nested deeper than"));
	assert_string_equal(bench_recap(run, "a"), "ok=64 changed=32 failed=1");
	bench_run_free(run);
}

static void a_dry_run_says_what_depends_on_an_include_that_is_not_known(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  tasks:\n"
		"  - {name: ask, command: x, register: r}\n"
		"  - include_tasks: \"{{ r.stdout }}.yml\"\n"
		"  - {name: after, command: x}\n");

	(void)state;
	bench_options(run)->check = true;
	bench_returns(run, "*", "ask", "changes: [{subject: x, field: command}]");
	with_files(run);
	assert_int_equal(bench_execute(run), 0);
	assert_non_null(strstr(bench_lines(run), "after: may change a,b,c (whether 'include_tasks' comes "
		"before it: the result of 'ask'"));
	bench_run_free(run);
}

static void with_strategy_free_nobody_waits_for_what_others_include(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  strategy: free\n"
		"  tasks:\n"
		"  - {name: ask, command: x, register: r}\n"
		"  - include_tasks: \"{{ r.stdout }}.yml\"\n"
		"  - {name: after, command: x}\n");

	(void)state;
	bench_returns(run, "b", "ask", "results: {stdout: two, rc: 0}");
	bench_returns(run, "*", "ask", "results: {stdout: one, rc: 0}");
	with_files(run);
	bench_in_one_order(run);
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_recap(run, "a"), "ok=7 changed=5");
	assert_string_equal(bench_recap(run, "b"), "ok=7 changed=5");
	bench_run_free(run);
}

/* --- Variables of files --- */

static void a_file_of_variables_may_be_named_by_what_a_host_says(void **state)
{
	struct bench_run *run = bench_run("all: {hosts: {a: , b: }}", "- hosts: all\n"
		"  vars: {where: world}\n"
		"  tasks:\n"
		"  - {name: t1, command: x, register: r}\n"
		"  - {name: t2, include_vars: '{{ r.stdout }}.yml'}\n"
		"  - {name: t3, debug: {msg: '{{ greeting }}'}}\n"
		"  - {name: t4, include_vars: {file: one.yml, name: all_of_it}, when: inventory_hostname == 'a'}\n"
		"  - {name: t5, debug: {msg: '{{ all_of_it.word }}'}, when: all_of_it is defined}\n");

	(void)state;
	bench_further(run, "vars/one.yml", "greeting: '{{ word }} {{ where }}'\nword: hello\n");
	bench_further(run, "two.yml", "greeting: '{{ inventory_hostname }}'\n");
	bench_returns(run, "a", "t1", "results: {stdout: one}");
	bench_returns(run, "*", "t1", "results: {stdout: two}");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: ok a,b\nt2: ok a,b\nt3: ok a (hello world); ok b (b)\n"
		"t4: ok a\nt5: ok a (hello)\n");
	bench_run_free(run);
}

static void what_is_wrong_with_a_file_of_variables_is_told_before_contact(void **state)
{
	static const char *const wrong[][2] = {
		{ "[1]", "a file of variables holds 'name: value' lines" },
		{ "a: '{{ nowhere }}'", "'nowhere' is undefined" },
		{ "a: '{{ b }}'\nb: '{{ a }}'", "undefined" },
		{ "ansible_host: x", "can't be set here" },
		{ "a: '{{ 1 +'", "'}}' is missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct bench_run *run = bench_run("all: {hosts: {a: }}", "- hosts: all\n  tasks:\n"
			"  - include_vars: vars.yml\n");

		bench_further(run, "vars.yml", wrong[i][0]);
		assert_int_equal(bench_execute(run), 1);
		assert_non_null(strstr(bench_error(run), wrong[i][1]));
		bench_run_free(run);
	}
}

/* --- All together --- */

static void a_run_with_blocks_batches_includes_and_delegation_goes_its_way(void **state)
{
	struct bench_run *run = bench_run(FIVE, "- hosts: all\n"
		"  serial: [2, 3]\n"
		"  tasks:\n"
		"  - {name: probe, command: x, run_once: yes, register: r}\n"
		"  - include_tasks: \"{{ r.stdout }}.yml\"\n"
		"  - block:\n"
		"    - {name: risky, command: x}\n"
		"    rescue:\n"
		"    - {name: mend, command: x, until: m.rc == 0, retries: 3, delay: 10, register: m}\n"
		"    always:\n"
		"    - {name: note, command: x}\n"
		"  - {meta: end_host, when: inventory_hostname == 'd'}\n"
		"  - {name: tell, command: x, delegate_to: keeper, when: inventory_hostname in 'bc'}\n"
		"  - {name: last, command: x, notify: h}\n"
		"  handlers: [{name: h, command: x, run_once: yes}]\n");

	(void)state;
	bench_returns(run, "a", "probe", "results: {stdout: one, rc: 0}");
	bench_returns(run, "*", "probe", "results: {stdout: deep, rc: 0}");
	bench_returns(run, "*", "mend", "results: {rc: 0}");
	bench_answer(run, "b", "risky", "failed: no");
	bench_answer(run, "e", "deep-1", "failed: never");
	bench_answer(run, "keeper", "tell", "failed: full");
	with_files(run);
	assert_int_equal(bench_execute(run), 2);
	assert_string_equal(bench_lines(run), "probe: changed a\ninclude_tasks: ok a,b (one.yml)\n"
		"one-1: changed a,b\ninclude_tasks: ok a,b\ndeep-1: changed a,b\none-2: changed a,b\n"
		"risky: changed a; failed, rescued b (no)\nmend: changed b\nnote: changed a,b\n"
		"tell: failed b -> keeper (full)\nlast: changed a\nh: changed a\n"
		"probe: changed c\ninclude_tasks: ok c,d,e (deep.yml)\n"
		"deep-1: changed c,d; failed e (never, at deep.yml:1)\nrisky: changed c,d\nnote: changed c,d\n"
		"meta: end_host: ok d\ntell: failed c -> keeper (full)\n");
	assert_string_equal(bench_recap(run, "b"), "ok=7 changed=5 failed=1 rescued=1");
	bench_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_registered_value_says_which_file_is_included),
		cmocka_unit_test(files_of_a_loop_come_in_the_order_of_the_first_host),
		cmocka_unit_test(what_is_included_sees_the_item_and_has_what_apply_gives),
		cmocka_unit_test(a_file_that_is_not_there_fails_those_that_want_it),
		cmocka_unit_test(batches_may_include_different_files),
		cmocka_unit_test(an_include_of_itself_ends_somewhere),
		cmocka_unit_test(a_dry_run_says_what_depends_on_an_include_that_is_not_known),
		cmocka_unit_test(with_strategy_free_nobody_waits_for_what_others_include),
		cmocka_unit_test(a_file_of_variables_may_be_named_by_what_a_host_says),
		cmocka_unit_test(what_is_wrong_with_a_file_of_variables_is_told_before_contact),
		cmocka_unit_test(a_run_with_blocks_batches_includes_and_delegation_goes_its_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
