/* getent, package_facts, service_facts: what the machine's own tools say becomes facts as Ansible has
 * them (values from ansible-core 2.14.18). */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "expression/expression.h"

extern const struct module module_getent;
extern const struct module module_package_facts;
extern const struct module module_service_facts;

static struct bench *bench;

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/var/lib/dpkg", 0755);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static int apply(const struct module *module, const char *yaml)
{
	return bench_apply(bench, module, bench_load(bench, module, yaml));
}

static const char *facts(void)
{
	return expression_show(bench->arena, value_get(bench->results, "ansible_facts"));
}

static void entries_are_split_as_their_database_has_them(void **state)
{
	(void)state;
	bench_command(bench, "getent -- passwd", 0, "root:x:0:0:root:/root:/bin/bash\na:x:1:1::/:\n");
	bench_command(bench, "getent -s files -- services ssh", 0, "ssh                   22/tcp\n");
	assert_int_equal(apply(&module_getent, "{database: passwd}"), 0);
	assert_string_equal(facts(), "{'getent_passwd': {'root': ['x', '0', '0', 'root', '/root', "
		"'/bin/bash'], 'a': ['x', '1', '1', '', '/', '']}}");
	assert_int_equal(apply(&module_getent, "{database: services, key: ssh, service: files}"), 0);
	assert_string_equal(facts(), "{'getent_services': {'ssh': ['22/tcp']}}");
	assert_string_equal(bench->log.data ? bench->log.data : "", "");
}

static void a_key_may_have_several_entries(void **state)
{
	(void)state;
	bench_command(bench, "getent -- ahosts n", 0, "10.0.0.1 STREAM n\n10.0.0.1 DGRAM \n10.0.0.1 RAW\n::1 RAW\n");
	assert_int_equal(apply(&module_getent, "{database: ahosts, key: n}"), 0);
	assert_string_equal(facts(), "{'getent_ahosts': {'10.0.0.1': [['STREAM', 'n'], ['DGRAM'], ['RAW']], "
		"'::1': ['RAW']}}");
}

static void a_key_that_is_not_there_fails_or_is_null(void **state)
{
	(void)state;
	bench_command(bench, "getent -- group nosuch", 2, "");
	assert_int_equal(apply(&module_getent, "{database: group, key: nosuch}"), -1);
	assert_string_equal(bench->err.message, "group has no 'nosuch'");
	assert_int_equal(apply(&module_getent, "{database: group, key: nosuch, fail_key: no}"), 0);
	assert_string_equal(facts(), "{'getent_group': {'nosuch': None}}");
	bench_command(bench, "getent -- initgroups", 3, "");
	assert_int_equal(apply(&module_getent, "{database: initgroups}"), -1);
	assert_string_equal(bench->err.message, "the entries of initgroups can't be listed");
	assert_null(bench_normalise(bench, &module_getent, "{database: nosuch}"));
	assert_null(bench_normalise(bench, &module_getent, "{database: passwd, split: ''}"));
}

static void installed_packages_are_told_of_each_architecture(void **state)
{
	(void)state;
	bench_file(bench, "/var/lib/dpkg/status", 0644,
		"Package: libc6\nStatus: install ok installed\nSection: libs\nArchitecture: amd64\nVersion: 2.36-9\n\n"
		"Package: libc6\nStatus: install ok installed\nSection: libs\nArchitecture: i386\nVersion: 2.36-9\n\n"
		"Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n"
		"Package: bare\nStatus: install ok installed\nArchitecture: all\nVersion: 1:2\n");
	assert_int_equal(apply(&module_package_facts, "{manager: auto}"), 0);
	assert_string_equal(facts(), "{'packages': {'bare': [{'name': 'bare', 'version': '1:2', 'arch': 'all', "
		"'category': None, 'source': 'apt'}], 'libc6': [{'name': 'libc6', 'version': '2.36-9', 'arch': 'amd64', "
		"'category': 'libs', 'source': 'apt'}, {'name': 'libc6', 'version': '2.36-9', 'arch': 'i386', "
		"'category': 'libs', 'source': 'apt'}]}}");
	assert_null(bench_normalise(bench, &module_package_facts, "{manager: rpm}"));
	assert_string_equal(bench->err.message, "packages of 'rpm' are not told");
}

static const char *service(const char *name)
{
	const struct value *told = value_get(value_get(value_get(bench->results, "ansible_facts"), "services"), name);

	return told ? arena_printf(bench->arena, "%s %s %s %s", value_get_string(told, "name"),
		value_get_string(told, "state"), value_get_string(told, "status"),
		value_get_string(told, "source")) : "none";
}

static void services_are_told_with_state_and_status(void **state)
{
	(void)state;
	bench_command(bench, "sh -c", 0,
		"apparmor.service   loaded    active   exited  Load AppArmor profiles\n"
		"apt-daily.service  loaded    inactive dead    Daily apt download activities\n"
		"bad.service        loaded    failed   failed  Bad\n"
		"display.service    not-found inactive dead    display.service\n"
		"ssh.service        loaded    active   running OpenBSD Secure Shell server\n"
		"\n"
		"apt-daily.service static  -\nautovt@.service    alias   -\nbad.service enabled enabled\n"
		"cold.service disabled enabled\nssh.service enabled enabled\n"
		"\n"
		"Id=apt-daily.service\nActiveState=inactive\n\nActiveState=inactive\nId=cold.service\n");
	assert_int_equal(apply(&module_service_facts, "{}"), 0);
	assert_string_equal(service("ssh.service"), "ssh.service running enabled systemd");
	assert_string_equal(service("apparmor.service"), "apparmor.service stopped active systemd");
	assert_string_equal(service("apt-daily.service"), "apt-daily.service stopped static systemd");
	assert_string_equal(service("bad.service"), "bad.service stopped failed systemd");
	assert_string_equal(service("display.service"), "display.service stopped not-found systemd");
	assert_string_equal(service("cold.service"), "cold.service inactive disabled systemd");
	assert_string_equal(service("autovt@.service"), "autovt@.service unknown alias systemd");
}

static void without_systemd_there_are_no_services(void **state)
{
	(void)state;
	bench_command(bench, "sh -c", 0, "");
	assert_int_equal(apply(&module_service_facts, "{}"), 0);
	assert_string_equal(facts(), "{'services': {}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(entries_are_split_as_their_database_has_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_key_may_have_several_entries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_key_that_is_not_there_fails_or_is_null, set_up, tear_down),
		cmocka_unit_test_setup_teardown(installed_packages_are_told_of_each_architecture, set_up, tear_down),
		cmocka_unit_test_setup_teardown(services_are_told_with_state_and_status, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_systemd_there_are_no_services, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
