/* mpi-run: what the controller makes of the hosts, and what a probe tells of one. */
#include "mpi_run_bench.h"

/* --- On the controller */

static void the_hostfile_names_all_hosts_with_their_slots(void **state)
{
	const struct value *params = prepared(&module_mpi_run_build, TASK);

	(void)state;
	assert_string_equal(value_get_string(params, "hostfile_text"),
		"head slots=2\nnode1 slots=2\nnode2 slots=2\n");
	assert_string_equal(value_get_string(params, "all_slots"), "6");
	assert_string_equal(value_get_string(params, "crowded"), "false");
	assert_string_equal(prepare->key, "mpi:hello");
	params = prepared(&module_mpi_run_build, "{source: hello.c, user: mpi}");
	assert_string_equal(value_get_string(params, "hostfile_text"),
		"head slots=4\nnode1 slots=4\nnode2 slots=4\n");
	params = prepared(&module_mpi_run_build, "{source: hello.c, slots: 8, user: mpi}");
	assert_string_equal(value_get_string(params, "crowded"), "true");
}

static void the_subnet_that_all_share_is_chosen(void **state)
{
	struct value *networks = value_list(bench->arena);

	(void)state;
	assert_string_equal(value_get_string(prepared(&module_mpi_run_build, TASK),
		"chosen_network"), "10.0.0.0/16");
	assert_string_equal(value_get_string(prepared(&module_mpi_run_build,
		"{source: hello.c, user: mpi, network: 192.168.7.0/24}"), "chosen_network"),
		"192.168.7.0/24");
	assert_null(prepared(&module_mpi_run_build, "{source: hello.c, network: 10.0.0.0}"));
	assert_null(prepared(&module_mpi_run_build, "{source: hello.c, network: 10.0.0.0/33}"));
	value_append(bench->arena, networks, value_string(bench->arena, "eth0 172.16.0.1/24"));
	fact("node2", "networks", networks);
	assert_non_null(strstr(value_get(prepared(&module_mpi_run_build, TASK),
		"findings")->items[0]->text, "no subnet in common"));
}

static struct value *texts(const char *one, const char *other)
{
	struct value *list = value_list(bench->arena);

	if (one)
		value_append(bench->arena, list, value_string(bench->arena, one));
	if (other)
		value_append(bench->arena, list, value_string(bench->arena, other));
	return list;
}

static void what_would_fail_on_one_host_is_a_finding(void **state)
{
	struct arena *arena = bench->arena;

	(void)state;
	fact("node1", "names", texts("head 127.0.1.1", "node2 "));
	assert_non_null(strstr(finding_at(TASK, 2, 0), "head is 127.0.1.1 on node1"));
	assert_string_equal(finding_at(TASK, 2, 1), "node1 doesn't know the address of node2\t"
		"make the names known, with a task of hosts");
	fact("node1", "names", texts(NULL, NULL));

	fact("node1", "room", texts("5 /home/mpi", "8 /tmp"));
	assert_non_null(strstr(finding_of(TASK), "node1 has 8 MiB of disk left in /tmp\tmake room"));
	fact("node1", "room", texts("5 /home/mpi", "9 /tmp"));
	fact("node1", "memory_mib", value_integer(arena, 9));
	assert_non_null(strstr(finding_of(TASK), "node1 has 9 MiB of memory left for 2 processes"));
	fact("node1", "memory_mib", value_integer(arena, 20));

	fact("node1", "directory", value_bool(arena, false));
	assert_non_null(strstr(finding_of("{source: hello.c, chdir: /srv/x, user: mpi, slots: 4}"),
		"node1 has no directory '/srv/x' to run in\tmake it"));
	value_remove(value_get(prepare->published, "node1/mpi-run-probe"), "directory");

	fact("head", "found", value_string(arena, "/usr/bin/tool"));
	fact("node1", "found", value_string(arena, ""));
	assert_non_null(strstr(finding_of("{program: tool, user: mpi}"),
		"node1 has no 'tool' in its PATH"));

	fact("head", "mpicc", value_string(arena, "gcc -I/usr/include/x86_64-linux-gnu/mpich -lmpich"));
	assert_non_null(strstr(finding_of(TASK), "mpicc on head is MPICH's"));
	fact("head", "mpicc", value_string(arena, "gcc -lmpi"));

	fact("node1", "version", value_string(arena, ""));
	fact("node1", "mpirun", value_string(arena, "HYDRA build details:"));
	assert_non_null(strstr(finding_of(TASK), "mpirun on node1 is not Open MPI's, it says 'HYDRA"));
	fact("node1", "bits", value_string(arena, "32"));
	fact("node1", "system", value_string(arena, "debian 13"));
	assert_non_null(strstr(finding_of(TASK), "node1 is a 32-bit machine (x86_64), for which Debian 13 "
		"has no Open MPI"));
}

static void copied_host_keys_are_a_finding(void **state)
{
	(void)state;
	value_set(bench->arena, prepare->host_keys, "head", texts("ssh-ed25519 AAAA", NULL));
	value_set(bench->arena, prepare->host_keys, "node1", texts("ssh-ed25519 BBBB", NULL));
	value_set(bench->arena, prepare->host_keys, "node2", texts("ssh-ed25519 AAAA", NULL));
	assert_non_null(strstr(finding_of(TASK), "head and node2 have the same SSH host key"));
}

static void settings_of_the_site_that_split_the_hosts_are_a_finding(void **state)
{
	const char *file = "/etc/openmpi/openmpi-mca-params.conf";

	(void)state;
	fact("node1", "mca", texts(arena_printf(bench->arena, "%s btl=self,vader", file), NULL));
	assert_non_null(strstr(finding_of(TASK), "/etc/openmpi/openmpi-mca-params.conf on node1 sets "
		"btl=self,vader, which head does not"));
	fact("head", "mca", texts(arena_printf(bench->arena, "%s btl=self,vader", file), NULL));
	fact("node1", "mca", texts(NULL, NULL));
	assert_non_null(strstr(finding_at(TASK, 2, 0), "on head sets btl=self,vader, which node1 does not"));
	fact("head", "mca", texts(NULL, NULL));
	fact("node2", "mca", texts(arena_printf(bench->arena, "%s btl_tcp_if_exclude=docker0", file),
		"/home/mpi/.openmpi/mca-params.conf coll_tuned_priority=3"));
	assert_non_null(strstr(finding_of(TASK), "sets btl_tcp_if_exclude, which can't be together with "
		"the network that a job gets"));
	assert_non_null(strstr(advice_of(TASK), "coll_tuned_priority=3"));
}

static void a_slow_or_faulty_link_is_named(void **state)
{
	(void)state;
	fact("head", "links", texts("lo   0 0 500", "eth0 1000 full 0 0 1000000"));
	fact("node1", "links", texts("eth0 1000 full 0 0 1000000", "eth1 10 half 9 9 9"));
	fact("node2", "links", texts("eth0 100 full 0 0 1000000", NULL));
	assert_string_equal(advice_of(TASK), "eth0 of node2 runs at 100 Mbit/s, on the others it is 1000"
		"\tlook at its cable and at the port of the switch");
	fact("node2", "links", texts("eth0 1000 half 0 0 1000000", NULL));
	assert_non_null(strstr(advice_of(TASK), "eth0 of node2 runs at half duplex"));
	fact("node2", "links", texts("eth0 1000 full 2000 1 1000000", NULL));
	assert_non_null(strstr(advice_of(TASK), "eth0 of node2 has had 2001 errors in 1000000 packets"));
	fact("node2", "links", texts("eth0 1000 full 3 0 1000000", NULL));
	assert_int_equal(value_get(prepared(&module_mpi_run_build, TASK), "advice")->count, 0);
}

static void slots_are_those_of_each_host(void **state)
{
	const char *yaml = "{source: hello.c, user: mpi, slots: {node1: 3, all: cores}}";
	struct value *head = value_list(bench->arena);

	(void)state;
	/* This controller's patterns all match the same hosts. */
	value_append(bench->arena, head, value_string(bench->arena, "node1"));
	prepare->hosts = head;
	prepare->host = "node1";
	assert_string_equal(value_get_string(prepared(&module_mpi_run_probe, yaml), "own_slots"), "3");
	prepare->host = "node2";
	assert_null(prepared(&module_mpi_run_probe, yaml));
	assert_non_null(strstr(bench->err.message, "'slots' has nothing for node2"));
	error_clear(&bench->err);
	assert_string_equal(value_get_string(prepared(&module_mpi_run_probe, TASK), "own_slots"), "2");
	assert_null(bench_normalise(bench, &module_mpi_run, "{source: hello.c, slots: {node1: lots}}"));
	error_clear(&bench->err);
	assert_null(bench_normalise(bench, &module_mpi_run, "{source: hello.c, slots: {node1: 0}}"));
	error_clear(&bench->err);
	assert_null(bench_normalise(bench, &module_mpi_run, "{source: hello.c, slots: [2]}"));
}

static void slots_that_no_task_says_are_the_host_s_own(void **state)
{
	const char *yaml = "{source: hello.c, user: mpi}";

	(void)state;
	prepare->host = "node1";
	assert_string_equal(value_get_string(prepared(&module_mpi_run_probe, yaml), "own_slots"), "");
	value_set_integer(bench->arena, prepare->variables, "node1/slots", 4);
	assert_string_equal(value_get_string(prepared(&module_mpi_run_probe, yaml), "own_slots"), "4");
	assert_string_equal(value_get_string(prepared(&module_mpi_run_probe, TASK), "own_slots"), "2");
	value_set(bench->arena, prepare->variables, "node1/slots", value_unknown(bench->arena,
		&(struct cause){ .kind = CAUSE_RESULT, .name = "x" }));
	assert_int_equal(value_get(prepared(&module_mpi_run_probe, yaml), "own_slots")->kind,
		VALUE_UNKNOWN);
	value_set(bench->arena, prepare->variables, "node1/slots", value_list(bench->arena));
	assert_null(prepared(&module_mpi_run_probe, yaml));
	assert_string_equal(bench->err.message, "'slots' of mpi-run can't be a list");
}

static void each_finding_names_the_host_and_the_remedy(void **state)
{
	struct arena *arena = bench->arena;

	(void)state;
	assert_int_equal(value_get(prepared(&module_mpi_run_build, TASK), "findings")->count, 0);
	assert_string_equal(finding_of("{source: hello.c, slots: 2, np: 7}"),
		"np is 7, but all hosts together have only 6 slots\traise 'slots', or lower 'np'");

	fact("node1", "version", value_string(arena, "4.1.6"));
	assert_string_equal(finding_of(TASK), "Open MPI isn't the same everywhere: 4.1.4 on head and "
		"node2; 4.1.6 on node1\tinstall the same packages everywhere: only the very same build is sure "
		"to understand itself");
	fact("node1", "version", value_string(arena, "4.1.4"));
	fact("node1", "build", value_string(arena, "openmpi-bin 4.1.4-2"));
	assert_non_null(strstr(finding_of(TASK), "4.1.4 (openmpi-bin 4.1.4-2) on node1"));
	fact("node1", "build", value_string(arena, ""));

	fact("node1", "daemon", value_bool(arena, false));
	assert_non_null(strstr(finding_of(TASK), "node1 has neither orted nor prted"));
	fact("node1", "daemon", value_bool(arena, true));

	fact("node2", "version", value_string(arena, ""));
	assert_non_null(strstr(finding_of(TASK), "node2 has no mpirun\tinstall openmpi-bin"));
	fact("node2", "version", value_string(arena, "4.1.4"));

	fact("node2", "loopback", value_bool(arena, false));
	assert_non_null(strstr(finding_of(TASK), "lo of node2 is down"));
	fact("node2", "loopback", value_bool(arena, true));

	fact("node2", "machine_id", value_string(arena, "id-node1"));
	assert_non_null(strstr(finding_of(TASK), "node1 and node2 have the same machine-id"));
	fact("node2", "machine_id", value_string(arena, "id-node2"));

	fact("node2", "hostname", value_string(arena, "debian"));
	assert_string_equal(finding_of(TASK), "node2 calls itself 'debian'\tgive it that name, with a task "
		"of hostname");
	fact("node2", "hostname", value_string(arena, "node2.lan"));
	assert_int_equal(value_get(prepared(&module_mpi_run_build, TASK), "findings")->count, 0);
	fact("node2", "hostname", value_string(arena, "head"));
	assert_non_null(strstr(finding_at(TASK, 2, 1), "head and node2 have the same host name 'head'"));
	fact("node2", "hostname", value_string(arena, "node2"));

	fact("node2", "architecture", value_string(arena, "aarch64"));
	assert_non_null(strstr(finding_of(TASK), "aarch64 on node2; x86_64 on head and node1"));
	fact("node2", "architecture", value_string(arena, "x86_64"));

	fact("head", "compiler", value_bool(arena, false));
	assert_non_null(strstr(finding_of(TASK), "head has no C compiler\tinstall gcc"));
}

/* networks: up to three of "INTERFACE ADDRESS/BITS". */
static const char *findings_with(const char *one, const char *other, const char *third,
	const char *yaml)
{
	const char *const all[] = { one, other, third };
	struct value *networks = value_list(bench->arena);
	const struct value *findings;

	for (size_t i = 0; i < 3 && all[i]; i++)
		value_append(bench->arena, networks, value_string(bench->arena, all[i]));
	fact("node1", "networks", networks);
	findings = value_get(prepared(&module_mpi_run_build, yaml), "findings");
	assert_true(findings->count <= 1);
	return findings->count == 0 ? "" : findings->items[0]->text;
}

static void two_addresses_on_the_way_of_a_job_are_refused(void **state)
{
	static const char one[] = "{source: hello.c, user: mpi, network: 10.0.0.0/16}";
	const char *finding;

	(void)state;
	finding = findings_with("eth0 10.0.0.101/16", "eth0 10.0.1.101/16", NULL, TASK);
	assert_non_null(strstr(finding, "node1 has two addresses on eth0, 10.0.0.101/16 and "
		"10.0.1.101/16, with which Open MPI hangs\tkeep one of them"));
	finding = findings_with("eth0 10.0.0.101/16", "eth0 172.16.3.1/24", NULL, TASK);
	assert_non_null(strstr(finding, "node1 has two addresses on eth0"));
	finding = findings_with("eth0 10.0.0.101/16", "eth0 10.0.1.101/32", NULL, one);
	assert_non_null(strstr(finding, "node1 has two addresses on eth0"));
	finding = findings_with("eth0 10.0.0.101/16", "wlan0 10.0.9.9/16", NULL, TASK);
	assert_non_null(strstr(finding, "node1 has two addresses in one network, 10.0.0.101/16 on eth0 "
		"and 10.0.9.9/16 on wlan0"));
	finding = findings_with("eth0 10.0.0.101/24", "eth1 10.0.9.9/16", NULL, TASK);
	assert_non_null(strstr(finding, "in one network"));
	/* "eth1" is not "eth10", and two networks are two networks. */
	assert_string_equal(findings_with("eth1 10.0.0.101/16", "eth10 192.168.7.9/24", NULL, TASK), "");
	/* Beside the network that the job uses anything may be. */
	assert_string_equal(findings_with("eth0 10.0.0.101/16", "eth1 192.168.7.1/24",
		"eth1 192.168.7.2/24", one), "");
}

static void a_host_that_is_not_known_yet_leaves_all_open(void **state)
{
	const struct value *params;

	(void)state;
	value_remove(prepare->published, "node2/mpi-run-probe");
	params = prepared(&module_mpi_run_build, TASK);
	assert_int_equal(value_get(params, "hostfile_text")->kind, VALUE_UNKNOWN);
	prepare->lost = "node2";
	error_clear(&bench->err);
	params = prepared(&module_mpi_run_build, TASK);
	assert_string_equal(cause_text(bench->arena, value_get(params, "hostfile_text")->cause),
		"node2, without which no job is started");
	prepare->outside = "node2";
	assert_null(prepared(&module_mpi_run_build, TASK));
	assert_ptr_equal(bench->err.code, MPI_RUN_HOSTS);
}

/* --- The probe */

static void the_probe_tells_what_a_host_has(void **state)
{
	const char *key = NULL;
	struct value *facts;
	void *params = bench_load(bench, &module_mpi_run_probe, TASK);

	(void)state;
	bench_command(bench, "say()", 0, "version=mpirun (Open MPI) 4.1.4\ndaemon=/usr/bin/orted\n"
		"compiler=\narchitecture=x86_64\ncores=3\nthreads=6\nnet=lo 127.0.0.1/8\n"
		"net=eth0 10.0.0.100/16\nnet=docker0 172.17.0.1/16\n");
	assert_int_equal(bench_look(bench, &module_mpi_run_probe, params)->change_count, 0);
	facts = module_mpi_run_probe.publish(bench->arena, params, bench->state, &key);
	assert_string_equal(key, "mpi:hello");
	assert_string_equal(value_get_string(facts, "version"), "4.1.4");
	assert_true(value_get_bool(facts, "daemon"));
	assert_false(value_get_bool(facts, "compiler"));
	assert_int_equal(value_get_integer(facts, "cores", 0), 3);
	assert_true(value_get_bool(facts, "loopback"));
	assert_string_equal(value_get_string(facts, "machine_id"),
		"0123456789abcdef0123456789abcdef");
	assert_int_equal(value_get(facts, "networks")->count, 1);
	assert_string_equal(value_get(facts, "networks")->items[0]->text, "eth0 10.0.0.100/16");
}

static void a_probe_of_an_empty_host_is_no_error(void **state)
{
	const char *key = NULL;
	struct value *facts;
	void *params = bench_load(bench, &module_mpi_run_probe, TASK);

	(void)state;
	bench_command(bench, "say()", 0, "version=\ndaemon=\ncompiler=\narchitecture=\ncores=0\n");
	assert_non_null(bench_look(bench, &module_mpi_run_probe, params));
	facts = module_mpi_run_probe.publish(bench->arena, params, bench->state, &key);
	assert_string_equal(value_get_string(facts, "version"), "");
	assert_false(value_get_bool(facts, "daemon"));
	assert_int_equal(value_get_integer(facts, "cores", 0), 1);
	assert_false(value_get_bool(facts, "loopback"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_hostfile_names_all_hosts_with_their_slots),
		TEST(the_subnet_that_all_share_is_chosen),
		TEST(two_addresses_on_the_way_of_a_job_are_refused),
		TEST(what_would_fail_on_one_host_is_a_finding),
		TEST(copied_host_keys_are_a_finding),
		TEST(settings_of_the_site_that_split_the_hosts_are_a_finding),
		TEST(a_slow_or_faulty_link_is_named),
		TEST(each_finding_names_the_host_and_the_remedy),
		TEST(slots_are_those_of_each_host),
		TEST(slots_that_no_task_says_are_the_host_s_own),
		TEST(a_host_that_is_not_known_yet_leaves_all_open),
		TEST(the_probe_tells_what_a_host_has),
		TEST(a_probe_of_an_empty_host_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
