/* Whole runs over many machines in memory. HOSTS=5000 build/tests/unit/test_run_size for more: what
 * it takes should grow as they do. */
#include "tests/unit/bench_run.h"

#include "base/buffer.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_hosts_without_changes_are_two_messages_each),
		cmocka_unit_test(many_hosts_change_all_in_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
