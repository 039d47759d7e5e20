/* Whole runs against machines in memory: facts that tasks give (package_facts, getent). */
#include "tests/unit/bench_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HOSTS "all: {hosts: {a: , b: }}"
#define PACKAGES "results: {ansible_facts: {packages: {rsync: [{version: '1'}]}, strange: {x: y}}}"

static void later_tasks_see_the_facts_of_their_own_host(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  gather_facts: no\n"
		"  tasks:\n"
		"  - {name: t0, command: x, when: ansible_facts.packages is defined}\n"
		"  - {name: t1, package_facts: }\n"
		"  - {name: t2, command: x, when: \"'rsync' in ansible_facts.packages\"}\n"
		"  - {name: t3, command: x, when: \"packages.rsync[0].version == '1'\"}\n"
		"  - {name: t4, command: x, when: \"hostvars.a.ansible_facts.packages.rsync is defined\"}\n"
		"  - {name: t5, command: x, when: strange is defined or ansible_facts.strange is defined}\n");

	(void)state;
	bench_returns(run, "a", "t1", PACKAGES);
	bench_returns(run, "b", "t1", "results: {ansible_facts: {packages: {rsync: [{version: '2'}]}}}");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t0:\nt1: changed a,b\nt2: changed a,b\n"
		"t3: changed a\nt4: changed a,b\nt5:\n");
	bench_run_free(run);
}

/* As in Ansible: what a play calls so is stronger. */
static void a_fact_is_weaker_than_a_variable_of_the_play(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  gather_facts: no\n"
		"  vars: {packages: [mine]}\n"
		"  tasks:\n"
		"  - {name: t1, package_facts: }\n"
		"  - {name: t2, command: x, when: \"packages == ['mine']\"}\n"
		"  - {name: t3, command: x, when: ansible_facts.packages.rsync is defined}\n");

	(void)state;
	bench_returns(run, "*", "t1", PACKAGES);
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a,b\nt2: changed a,b\nt3: changed a,b\n");
	bench_run_free(run);
}

static void without_the_task_nothing_is_there(void **state)
{
	struct bench_run *run = bench_run(HOSTS, "- hosts: all\n"
		"  gather_facts: no\n"
		"  tasks:\n"
		"  - {name: t1, package_facts: , when: inventory_hostname == 'a'}\n"
		"  - {name: t2, command: x, when: \"ansible_facts.packages is defined\"}\n"
		"  - {name: t3, getent: {database: passwd}, ignore_errors: yes}\n"
		"  - {name: t4, command: x, when: getent_passwd is defined}\n");

	(void)state;
	bench_returns(run, "*", "t1", PACKAGES);
	bench_answer(run, "b", "t3", "failed");
	bench_returns(run, "*", "t3", "results: {ansible_facts: {getent_passwd: {}}}");
	bench_answer(run, "*", "*", "changed");
	assert_int_equal(bench_execute(run), 0);
	assert_string_equal(bench_lines(run), "t1: changed a\nt2: changed a\n"
		"t3: changed a; failed, ignored b\nt4: changed a\n");
	bench_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_tasks_see_the_facts_of_their_own_host),
		cmocka_unit_test(a_fact_is_weaker_than_a_variable_of_the_play),
		cmocka_unit_test(without_the_task_nothing_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
