/* mpi-run: what the controller makes of the hosts, what is built and placed, when a job runs. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "modules/mpi_run/mpi_run.h"
#include "module_prepare.h"

extern const struct module module_mpi_run;
extern const struct module module_mpi_run_probe;
extern const struct module module_mpi_run_reach;
extern const struct module module_mpi_run_build;
extern const struct module module_mpi_run_place;
extern const struct module module_mpi_run_job;

static struct bench *bench;
static struct prepare *prepare;

#define PROGRAM "/home/mpi/.local/share/beoplay/hello"
#define TASK "{source: hello.c, slots: 2, user: mpi}"

static struct value *facts_of(const char *name, const char *address)
{
	struct value *facts = value_map(bench->arena);
	struct value *networks = value_list(bench->arena);

	value_append(bench->arena, networks, value_string(bench->arena, "eth1 192.168.7.9/24"));
	value_append(bench->arena, networks, value_printf(bench->arena, "eth0 %s", address));
	value_set_string(bench->arena, facts, "version", "4.1.4");
	value_set_bool(bench->arena, facts, "daemon", true);
	value_set_bool(bench->arena, facts, "compiler", true);
	value_set_string(bench->arena, facts, "architecture", "x86_64");
	value_set_integer(bench->arena, facts, "cores", 4);
	value_set_string(bench->arena, facts, "machine_id", arena_printf(bench->arena, "id-%s", name));
	value_set_string(bench->arena, facts, "hostname", name);
	value_set_bool(bench->arena, facts, "loopback", true);
	value_set(bench->arena, facts, "networks", networks);
	return facts;
}

static void add_host(const char *name, const char *address)
{
	value_append(bench->arena, prepare->hosts, value_string(bench->arena, name));
	prepare_publish(prepare, name, "mpi-run-probe", facts_of(name, address));
	value_set_string(bench->arena, prepare->addresses, name, address);
}

static void fact(const char *host, const char *key, struct value *value)
{
	value_set(bench->arena, value_get(prepare->published, arena_printf(bench->arena,
		"%s/mpi-run-probe", host)), key, value);
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_user(bench, "mpi", 1001, "/home/mpi");
	bench->uid = 1001;
	bench_directory(bench, "/home", 0755);
	bench_directory(bench, "/home/mpi", 0755);
	bench_file(bench, "/etc/machine-id", 0444, "0123456789abcdef0123456789abcdef\n");
	prepare = prepare_new(bench->arena);
	prepare->bodies = bench->bodies;
	prepare_add(prepare, "files/hello.c", 0644, "int main(void) { return 0; }\n");
	add_host("head", "10.0.0.100/16");
	add_host("node1", "10.0.0.101/16");
	add_host("node2", "10.0.0.102/16");
	value_set_string(bench->arena, prepare->addresses, "head", "10.0.0.100");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static struct value *prepared(const struct module *module, const char *yaml)
{
	struct value *params = bench_normalise(bench, module, yaml);

	/* As the probes of this task have told. */
	for (size_t i = 0; params && i < prepare->hosts->count; i++) {
		const char *name = prepare->hosts->items[i]->text;

		if (value_get(prepare->published, arena_printf(bench->arena, "%s/mpi-run-probe", name)))
			fact(name, "slots", value_copy(bench->arena, value_get(params, "slots")));
	}
	if (!params || module->prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return params;
}

static void *load(const struct module *module, const char *yaml)
{
	struct value *params = prepared(module, yaml);

	return params ? bench_load_prepared(bench, module, params) : NULL;
}

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

static const char *finding_at(const char *yaml, size_t count, size_t at)
{
	const struct value *findings = value_get(prepared(&module_mpi_run_build, yaml), "findings");

	assert_int_equal(findings->count, count);
	return findings->items[at]->text;
}

static const char *finding_of(const char *yaml)
{
	return finding_at(yaml, 1, 0);
}

static const char *advice_of(const char *yaml)
{
	const struct value *advice = value_get(prepared(&module_mpi_run_build, yaml), "advice");

	assert_int_equal(advice->count, 1);
	return advice->items[0]->text;
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
	assert_string_equal(value_get(params, "hostfile_text")->text,
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

/* --- Building */

static void compiles(struct bench *of, const struct command *command)
{
	const char *all = "";

	for (size_t i = 0; command->argv[i]; i++)
		all = arena_printf(of->arena, "%s %s", all, command->argv[i]);
	bench_file(of, PROGRAM ".new", 0755, arena_printf(of->arena, "binary of %s:%s",
		bench_text(of, PROGRAM ".c"), all));
}

static struct value *published_by_build(void *params)
{
	const char *key = NULL;

	return module_mpi_run_build.publish(bench->arena, params, bench->state, &key);
}

static void *built(const char *yaml)
{
	void *params = load(&module_mpi_run_build, yaml);

	bench_command(bench, "mpicc", 0, "")->effect = compiles;
	assert_int_equal(bench_apply(bench, &module_mpi_run_build, params), 0);
	return params;
}

static void the_program_is_compiled_once_and_offered(void **state)
{
	void *params = built(TASK);
	struct value *facts = published_by_build(params);

	(void)state;
	assert_string_equal(bench->log.data,
		"directory /home/mpi/.local 0755\ndirectory /home/mpi/.local/share 0755\n"
		"directory /home/mpi/.local/share/beoplay 0755\nwrite " PROGRAM ".c 0644\n"
		"run mpicc -O2 -o " PROGRAM ".new " PROGRAM ".c\nrename " PROGRAM ".new " PROGRAM "\n"
		"write " PROGRAM ".hostfile 0644\n");
	assert_string_equal(bench_text(bench, PROGRAM ".hostfile"),
		"head slots=2\nnode1 slots=2\nnode2 slots=2\n");
	assert_string_equal(value_get_string(facts, "path"), PROGRAM);
	assert_string_equal(value_get_string(bench->offers, value_get_string(facts, "digest")),
		PROGRAM);
	assert_int_equal(bench_apply(bench, &module_mpi_run_build, params), 0);
	assert_string_equal(bench->log.data, "");
}

static void another_source_or_other_flags_compile_again(void **state)
{
	struct plan *plan;

	(void)state;
	built(TASK);
	plan = bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build,
		"{source: hello.c, slots: 2, user: mpi, cflags: '-O3 -march=native', ldflags: -lm}"));
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0),
		PROGRAM " program: compiled with other options -> compiled by mpicc");
	prepare->contents[0] = "int main(void) { return 1; }\n";
	plan = bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build, TASK));
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(plan->changes[0]->subject, PROGRAM ".c");
	assert_string_equal(bench_change(bench, plan, 1),
		PROGRAM " program: compiled from an older source -> compiled by mpicc");
	assert_null(published_by_build(load(&module_mpi_run_build, TASK)));
}

static void options_of_the_compiler_are_words(void **state)
{
	(void)state;
	built("{source: hello.c, user: mpi, cflags: ['-O3 -march=native', '-DX=\"a b\"'], "
		"ldflags: -lm, compiler: mpicc -v}");
	assert_non_null(strstr(bench->log.data, "run mpicc -v -O3 -march=native -DX=a b -o "
		PROGRAM ".new " PROGRAM ".c -lm\n"));
}

static void another_hostfile_is_a_change_of_its_own(void **state)
{
	struct plan *plan;

	(void)state;
	built(TASK);
	plan = bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build,
		"{source: hello.c, slots: 1, user: mpi}"));
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(plan->changes[0]->subject, PROGRAM ".hostfile");
}

static void a_program_of_somebody_else_is_not_overwritten(void **state)
{
	struct plan *plan;

	(void)state;
	bench_directory(bench, "/home/mpi/.local/share/beoplay", 0755);
	bench_file(bench, PROGRAM, 0755, "theirs");
	plan = bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build, TASK));
	assert_true(plan->refused);
	assert_non_null(strstr(plan->refusal, "is there already"));
}

static void a_finding_stops_before_anything_is_written(void **state)
{
	(void)state;
	fact("node1", "version", value_string(bench->arena, "5.0.3"));
	assert_int_equal(bench_apply(bench, &module_mpi_run_build, load(&module_mpi_run_build, TASK)),
		-1);
	assert_string_equal(bench->log.data, "");
	assert_non_null(strstr(bench->err.message, "5.0.3 on node1\n  (install the same"));
	assert_false(bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build,
		"{source: hello.c, user: mpi, preflight: no}"))->refused);
}

static void root_is_refused_unless_it_is_allowed(void **state)
{
	(void)state;
	bench->uid = 0;
	bench_directory(bench, "/root", 0700);
	assert_true(bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build,
		"{source: hello.c}"))->refused);
	assert_false(bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build,
		"{source: hello.c, allow_root: yes}"))->refused);
}

static void an_undo_takes_all_away_that_was_built(void **state)
{
	(void)state;
	built(TASK);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, PROGRAM));
	assert_null(bench_find(bench, PROGRAM ".c"));
	assert_null(bench_find(bench, PROGRAM ".hostfile"));
	assert_null(bench_find(bench, "/home/mpi/.local"));
	assert_non_null(bench_find(bench, "/home/mpi"));
	assert_int_equal(bench->records->count, 0);
}

/* --- Placing */

static void publish_built(void)
{
	prepare_publish(prepare, "head", "mpi-run-build", published_by_build(built(TASK)));
	bench_body(bench, bench_text(bench, PROGRAM));
}

/* The same home, without the program. */
static void as_another_host(void)
{
	static const char *const all[] = { PROGRAM, PROGRAM ".c", PROGRAM ".hostfile",
		"/home/mpi/.local/share/beoplay", "/home/mpi/.local/share", "/home/mpi/.local", NULL };

	publish_built();
	for (size_t i = 0; all[i]; i++)
		bench_remove(bench, all[i]);
	bench->records = value_map(bench->arena);
}

static void the_program_is_placed_on_the_others(void **state)
{
	const char *key = NULL;
	void *params;

	(void)state;
	assert_int_equal(value_get(prepared(&module_mpi_run_place, TASK), "program_path")->kind,
		VALUE_UNKNOWN);
	as_another_host();
	params = load(&module_mpi_run_place, TASK);
	assert_int_equal(bench_look(bench, &module_mpi_run_place, params)->change_count, 4);
	assert_null(module_mpi_run_place.publish(bench->arena, params, bench->state, &key));
	assert_int_equal(bench_apply(bench, &module_mpi_run_place, params), 0);
	assert_string_equal(bench->log.data,
		"directory /home/mpi/.local 0755\ndirectory /home/mpi/.local/share 0755\n"
		"directory /home/mpi/.local/share/beoplay 0755\nwrite " PROGRAM " 0755\n");
	assert_non_null(module_mpi_run_place.publish(bench->arena, params, bench->state, &key));
	assert_int_equal(bench_apply(bench, &module_mpi_run_place, params), 0);
	assert_string_equal(bench->log.data, "");
	bench_file(bench, PROGRAM, 0755, "older");
	assert_int_equal(bench_apply(bench, &module_mpi_run_place, params), 0);
	assert_string_equal(bench->log.data, "write " PROGRAM " 0755\n");
	bench_find(bench, PROGRAM)->info.mode = 0644;
	assert_int_equal(bench_apply(bench, &module_mpi_run_place, params), 0);
	assert_string_equal(bench->log.data, "mode " PROGRAM " 0755\n");
}

static void a_shared_home_needs_nothing(void **state)
{
	(void)state;
	publish_built();
	assert_int_equal(bench_look(bench, &module_mpi_run_place,
		load(&module_mpi_run_place, TASK))->change_count, 0);
}

static void another_home_is_refused(void **state)
{
	struct plan *plan;

	(void)state;
	as_another_host();
	bench->users[1].home = "/srv/mpi";
	plan = bench_look(bench, &module_mpi_run_place, load(&module_mpi_run_place, TASK));
	assert_true(plan->refused);
	assert_non_null(strstr(plan->remedy, "same home"));
}

static void a_placed_program_goes_with_an_undo(void **state)
{
	(void)state;
	as_another_host();
	assert_int_equal(bench_apply(bench, &module_mpi_run_place,
		load(&module_mpi_run_place, TASK)), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, PROGRAM));
	assert_null(bench_find(bench, "/home/mpi/.local"));
}

/* --- Running */

static const char hello[] = "Hello from processor head, rank 0 out of 6 processors\n";

static struct value *placed(void)
{
	struct value *facts = value_map(bench->arena);

	value_set_bool(bench->arena, facts, "placed", true);
	return facts;
}

static void all_is_ready(void)
{
	publish_built();
	prepare_publish(prepare, "node1", "mpi-run-place", placed());
	prepare_publish(prepare, "node2", "mpi-run-place", placed());
	bench_command(bench, "mpirun", 0, hello);
}

static struct plan *look_at_job(const char *yaml)
{
	void *params = load(&module_mpi_run_job, yaml);

	return params ? bench_look(bench, &module_mpi_run_job, params) : NULL;
}

static int run_job(const char *yaml)
{
	return bench_apply(bench, &module_mpi_run_job, load(&module_mpi_run_job, yaml));
}

static void a_job_waits_for_every_host(void **state)
{
	(void)state;
	all_is_ready();
	assert_int_equal(value_get(prepared(&module_mpi_run_job, TASK), "program_path")->kind,
		VALUE_STRING);
	value_remove(prepare->published, "node1/mpi-run-place");
	assert_int_equal(value_get(prepared(&module_mpi_run_job, TASK), "program_path")->kind,
		VALUE_UNKNOWN);
	prepare->lost = "node1";
	assert_null(prepared(&module_mpi_run_job, TASK));
	assert_non_null(strstr(bench->err.message, "node1 did not get the program"));
}

static void a_due_job_is_not_started_without_a_host_that_the_run_leaves_out(void **state)
{
	struct plan *plan;

	(void)state;
	all_is_ready();
	prepare->absent = "node1";
	value_remove(prepare->published, "node1/mpi-run-place");
	plan = look_at_job(TASK);
	assert_int_equal(plan->change_count, 0);
	assert_string_equal(plan->missing, "not started without node1, which is unreachable or outside "
		"the limit (it has not run yet)");
	prepare->absent = NULL;
	all_is_ready();
	assert_int_equal(run_job(TASK), 0);
	prepare->absent = "node1";
	plan = look_at_job(TASK);
	assert_int_equal(plan->change_count, 0);
	assert_null(plan->missing);
}

static void a_job_runs_once_and_gives_its_results_again(void **state)
{
	struct plan *plan;

	(void)state;
	all_is_ready();
	plan = look_at_job(TASK);
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0),
		"hello job: - -> runs: it has not run yet");
	assert_int_equal(run_job(TASK), 0);
	assert_string_equal(bench->log.data, "run mpirun --hostfile " PROGRAM ".hostfile -np 6 "
		"--mca plm_rsh_args -o BatchMode=yes -o StrictHostKeyChecking=yes "
		"-o ServerAliveInterval=5 -o ServerAliveCountMax=3 "
		"--mca btl_tcp_if_include 10.0.0.0/16 --mca oob_tcp_if_include 10.0.0.0/16 "
		PROGRAM "\n");
	assert_int_equal(value_get_integer(bench->results, "rc", -1), 0);
	assert_int_equal(value_get_integer(bench->results, "np", -1), 6);
	assert_string_equal(value_get_string(bench->results, "show"),
		"Hello from processor head, rank 0 out of 6 processors");
	assert_string_equal(value_get_string(value_get(bench->results, "versions"), "open_mpi"),
		"4.1.4");

	plan = look_at_job(TASK);
	assert_int_equal(plan->change_count, 0);
	assert_non_null(strstr(plan->notes->items[0]->text, "not run again: it ran 2"));
	assert_int_equal(run_job(TASK), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(value_get_string(bench->results, "stdout"),
		"Hello from processor head, rank 0 out of 6 processors");
	assert_int_equal(value_get(bench->results, "stdout_lines")->count, 1);
	assert_null(value_get(bench->results, "show"));
}

static const char *why(const char *yaml)
{
	struct plan *plan = look_at_job(yaml);

	return plan->change_count == 1 ? plan->changes[0]->after : "not";
}

static void the_plan_says_why_a_job_runs_again(void **state)
{
	const char *with_input = "{source: hello.c, slots: 2, user: mpi, inputs: data}";

	(void)state;
	all_is_ready();
	assert_int_equal(run_job(TASK), 0);
	assert_string_equal(why(TASK), "not");
	assert_string_equal(why("{source: hello.c, slots: 2, user: mpi, rerun: always}"),
		"runs again: it runs always");
	assert_string_equal(why("{source: hello.c, slots: 2, user: mpi, args: x}"),
		"runs: it has not run yet");
	assert_string_equal(why("{source: hello.c, slots: 2, user: mpi, env: {A: b}}"),
		"runs again: its environment or options are others");
	assert_string_equal(why("{source: hello.c, slots: 2, user: mpi, bind_to: core}"),
		"runs again: its environment or options are others");

	bench_file(bench, "/home/mpi/data", 0644, "1");
	assert_string_equal(why(with_input), "runs again: its inputs are others");
	assert_int_equal(run_job(with_input), 0);
	assert_string_equal(why(with_input), "not");
	bench_file(bench, "/home/mpi/data", 0644, "2");
	assert_string_equal(why(with_input), "runs again: its inputs are others");
	assert_int_equal(run_job(TASK), 0);

	add_host("node4", "10.0.0.104/16");
	prepare_publish(prepare, "node4", "mpi-run-place", placed());
	assert_string_equal(why(TASK), "runs again: hostfile +node4 slots=2");
	assert_string_equal(why("{source: hello.c, slots: 2, user: mpi, rerun: program}"), "not");

	value_set_string(bench->arena, value_get(prepare->published, "head/mpi-run-build"), "digest",
		bench_body(bench, "another program"));
	assert_string_equal(why("{source: hello.c, slots: 2, user: mpi, rerun: program}"),
		"runs again: the program is another one");
}

static void creates_keeps_a_job_from_running(void **state)
{
	const char *yaml = "{source: hello.c, slots: 2, user: mpi, creates: /home/mpi/out}";

	(void)state;
	all_is_ready();
	assert_int_equal(look_at_job(yaml)->change_count, 1);
	bench_file(bench, "/home/mpi/out", 0644, "");
	assert_int_equal(look_at_job(yaml)->change_count, 0);
}

static void options_reach_mpirun(void **state)
{
	(void)state;
	all_is_ready();
	assert_int_equal(run_job("{source: hello.c, user: mpi, np: 3, slots: 9, chdir: /srv, "
		"args: [a, 'b c'], env: {OMP_NUM_THREADS: 2}, mca: {btl_base_verbose: 1}, "
		"map_by: node}"), 0);
	/* The hostfile was another job's. */
	assert_string_equal(bench->log.data, "write " PROGRAM ".hostfile 0644\n"
		"run mpirun --hostfile " PROGRAM ".hostfile -np 3 "
		"--map-by node --bind-to none --mca plm_rsh_args -o BatchMode=yes "
		"-o StrictHostKeyChecking=yes -o ServerAliveInterval=5 -o ServerAliveCountMax=3 "
		"--mca btl_tcp_if_include 10.0.0.0/16 "
		"--mca oob_tcp_if_include 10.0.0.0/16 --mca btl_base_verbose 1 -x OMP_NUM_THREADS=2 "
		"--wdir /srv " PROGRAM " a b c\n");
}

static void open_mpi_5_gets_its_own_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < prepare->hosts->count; i++)
		fact(prepare->hosts->items[i]->text, "version", value_string(bench->arena, "5.0.7"));
	all_is_ready();
	assert_int_equal(run_job(TASK), 0);
	assert_non_null(strstr(bench->log.data, "--prtemca plm_ssh_args -o BatchMode=yes"));
	assert_non_null(strstr(bench->log.data, "--prtemca prte_if_include 10.0.0.0/16"));
}

static void names_that_share_their_first_label_are_told_apart(void **state)
{
	static const char option[] = "--mca orte_keep_fqdn_hostnames 1";

	(void)state;
	all_is_ready();
	assert_int_equal(run_job(TASK), 0);
	assert_null(strstr(bench->log.data, option));
	add_host("node2.lan", "10.0.0.110/16");
	prepare_publish(prepare, "node2.lan", "mpi-run-place", value_map(bench->arena));
	assert_int_equal(run_job(TASK), 0);
	assert_non_null(strstr(bench->log.data, option));
}

static void new_hosts_are_tried_before_their_first_job(void **state)
{
	struct bench_command *trial;

	(void)state;
	all_is_ready();
	fact("head", "mpicc", value_string(bench->arena, "gcc -lmpi"));
	trial = bench_command(bench, "/bin/sh -c d=$(mktemp", 0, "rank 1 is up\nrank 0 is up\n");
	trial->status = 1;
	trial->errors = "no route";
	assert_string_equal(bench_change(bench, look_at_job(TASK), 0), "3 hosts communication: not tried -> "
		"one Allreduce over all, before their first job");
	assert_int_equal(run_job(TASK), -1);
	assert_non_null(strstr(bench->err.message, "no process came up on node2 when all 3 hosts were tried: "
		"no route"));
	assert_null(strstr(bench->log.data, PROGRAM "\n"));
	trial->output = "rank 1 is up\nrank 0 is up\nrank 2 is up\n";
	error_clear(&bench->err);
	assert_int_equal(run_job(TASK), -1);
	assert_non_null(strstr(bench->err.message, "the 3 hosts don't communicate in 10.0.0.0/16: an "
		"Allreduce over a process on each failed: no route"));
	trial->status = 0;
	error_clear(&bench->err);
	assert_int_equal(run_job(TASK), 0);
	assert_int_equal(trial->count, 3);
	assert_int_equal(run_job("{source: hello.c, slots: 2, user: mpi, args: [other]}"), 0);
	assert_int_equal(trial->count, 3);
	assert_int_equal(look_at_job("{source: hello.c, slots: 2, user: mpi, args: [1], "
		"network: 192.168.7.0/24}")->change_count, 2);
}

static void a_host_that_fell_silent_is_named(void **state)
{
	(void)state;
	all_is_ready();
	bench_command(bench, "mpirun", 1, "")->errors = "Timeout, server node2 not responding.\r\n"
		"----\nORTE was unable to reliably start one or more daemons.\n";
	assert_int_equal(run_job(TASK), -1);
	assert_string_equal(bench->err.message, "node2 fell silent, and the job was ended");
	assert_string_equal(value_get_string(bench->results, "failed_host"), "node2");
}

/* --- Reaching one another */

/* What a host publishes that was told so by its logins. */
static const struct value *reached_by(const char *host, const char *logins, const char *yaml)
{
	const char *key = NULL;
	struct value *facts;
	void *params;

	prepare->host = host;
	params = load(&module_mpi_run_reach, yaml);
	bench_command(bench, "export remote", 0, logins);
	assert_int_equal(bench_look(bench, &module_mpi_run_reach, params)->change_count, 0);
	facts = module_mpi_run_reach.publish(bench->arena, params, bench->state, &key);
	assert_string_equal(key, "mpi:hello");
	prepare_publish(prepare, host, "mpi-run-reach", facts);
	return value_get(facts, "problems");
}

static void hosts_begin_with_those_behind_them(void **state)
{
	const struct value *params, *peers;

	(void)state;
	prepare->host = "node1";
	params = prepared(&module_mpi_run_reach, TASK);
	peers = value_get(params, "peers");
	assert_int_equal(peers->count, 2);
	assert_string_equal(peers->items[0]->text, "node2 10.0.0.102");
	assert_string_equal(peers->items[1]->text, "head 10.0.0.100");
	assert_int_equal(value_get(prepared(&module_mpi_run_reach,
		"{source: hello.c, user: mpi, preflight: no}"), "peers")->count, 0);
}

static void a_login_that_prints_something_is_no_problem(void **state)
{
	(void)state;
	assert_int_equal(reached_by("head", "node1 0 100 101 welcome launches by /usr/bin/orted at 100 \n"
		"node2 0 100 101 hello /bin launches by /usr/bin/orted at 103 \n", TASK)->count, 0);
	reached_by("head", "node1 0 100 101 welcome launches by  at 100 \n"
		"node2 0 100 101 launches by /usr/bin/orted at 104 OMPI_MCA_btl=self \n", TASK);
	assert_non_null(strstr(finding_at(TASK, 3, 0), "node2: its clock is 3 s ahead"));
	assert_non_null(strstr(finding_at(TASK, 3, 1),
		"node1: a login of ssh finds neither orted nor prted\tinstall"));
	assert_non_null(strstr(finding_at(TASK, 3, 2), "node2: a login of ssh sets OMPI_MCA_btl=self"));
}

static void a_host_without_a_way_in_is_one_finding(void **state)
{
	(void)state;
	reached_by("head", "node1 255 1 1 mpi@node1: Permission denied (publickey).\n"
		"node2 0 1 1 launches by /bin/orted at 1 \n", TASK);
	assert_non_null(strstr(finding_of(TASK), "head doesn't get to node1 by ssh without a question: "
		"mpi@node1: Permission denied (publickey).\tlet the user in there, with a task of ssh-keys"));
	reached_by("node2", "head 0 1 1 launches by /bin/orted at 1 \n"
		"node1 255 1 1 mpi@node1: Permission denied (publickey).\n", TASK);
	assert_non_null(strstr(finding_of(TASK), "head and node2 don't get to node1 by ssh"));
	reached_by("node2", "node1 255 1 1 @@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@\n", TASK);
	assert_non_null(strstr(finding_at(TASK, 2, 0), "node2 doesn't get to any other host by ssh without "
		"a question: head: no answer in time"));
	reached_by("node2", "head 0 1 1 launches by /bin/orted at 1 \nnode1 1 1 1 bye\n", TASK);
	assert_non_null(strstr(finding_of(TASK), "head and node2 don't get to node1"));
	reached_by("head", "node1 0 1 1 \nnode2 0 1 1 launches by /bin/orted at 1 \n", TASK);
	assert_non_null(strstr(finding_of(TASK), "the login runs no command and ends with status 0\t"
		"look for 'exit' in its .bashrc"));
}

static void a_firewall_between_two_hosts_is_a_finding(void **state)
{
	(void)state;
	bench->cut_off = "10.0.0.102";
	reached_by("head", "node1 0 1 1 launches by /bin/orted at 1 \n"
		"node2 0 1 1 launches by /bin/orted at 1 \n", TASK);
	assert_non_null(strstr(finding_of(TASK), "head doesn't get to node2 over TCP: 10.0.0.102, port "));
	assert_non_null(strstr(finding_of(TASK), ": no answer\tlet the firewalls of both"));
}

static void hosts_of_a_job_that_is_done_ask_nobody(void **state)
{
	const char *key = NULL;
	void *params;

	(void)state;
	all_is_ready();
	assert_int_equal(run_job(TASK), 0);
	prepare->host = "head";
	params = load(&module_mpi_run_probe, TASK);
	bench_command(bench, "say()", 0, "version=mpirun (Open MPI) 4.1.4\n");
	assert_non_null(bench_look(bench, &module_mpi_run_probe, params));
	fact("head", "settled", value_get(module_mpi_run_probe.publish(bench->arena, params, bench->state,
		&key), "settled"));
	assert_int_equal(value_get(prepared(&module_mpi_run_reach, TASK), "peers")->count, 0);
	assert_int_equal(value_get(prepared(&module_mpi_run_reach,
		"{source: hello.c, slots: 3, user: mpi}"), "peers")->count, 2);
}

static void a_failed_job_names_the_host_and_is_not_remembered(void **state)
{
	(void)state;
	all_is_ready();
	bench_command(bench, "mpirun", 137, "")->errors =
		"mpirun noticed that process rank 3 with PID 0 on node node2 exited on signal 9 "
		"(Killed).\n";
	assert_int_equal(run_job(TASK), -1);
	assert_non_null(strstr(bench->err.message, "failed with status 137 on node2"));
	assert_string_equal(value_get_string(bench->results, "failed_host"), "node2");
	assert_int_equal(look_at_job(TASK)->change_count, 1);
}

static void a_program_by_name_is_neither_built_nor_placed(void **state)
{
	const char *yaml = "{program: hostname, slots: 1, user: mpi, hostfile: /home/mpi/hosts}";
	void *params = load(&module_mpi_run_build, yaml);

	(void)state;
	assert_int_equal(bench_apply(bench, &module_mpi_run_build, params), 0);
	assert_string_equal(value_get_string(published_by_build(params), "path"), "hostname");
	prepare_publish(prepare, "head", "mpi-run-build", published_by_build(params));
	assert_int_equal(bench_look(bench, &module_mpi_run_place,
		load(&module_mpi_run_place, yaml))->change_count, 0);
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	assert_null(bench_normalise(bench, &module_mpi_run, "{user: mpi}"));
	assert_null(bench_normalise(bench, &module_mpi_run, "{program: ./hello}"));
	assert_null(bench_normalise(bench, &module_mpi_run, "{program: -x}"));
	assert_null(bench_normalise(bench, &module_mpi_run, "{source: a.c, program: hello}"));
	assert_null(bench_normalise(bench, &module_mpi_run, "{source: a.c, slots: many}"));
	assert_null(bench_normalise(bench, &module_mpi_run, "{source: a.c, np: 0}"));
	assert_null(bench_normalise(bench, &module_mpi_run, "{source: a.c, scaling: [1, 2]}"));
	assert_non_null(bench_normalise(bench, &module_mpi_run, "{source: a.c, slots: cores}"));
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
		TEST(new_hosts_are_tried_before_their_first_job),
		TEST(a_host_that_fell_silent_is_named),
		TEST(hosts_begin_with_those_behind_them),
		TEST(a_login_that_prints_something_is_no_problem),
		TEST(a_host_without_a_way_in_is_one_finding),
		TEST(a_firewall_between_two_hosts_is_a_finding),
		TEST(hosts_of_a_job_that_is_done_ask_nobody),
		TEST(a_host_that_is_not_known_yet_leaves_all_open),
		TEST(the_probe_tells_what_a_host_has),
		TEST(a_probe_of_an_empty_host_is_no_error),
		TEST(the_program_is_compiled_once_and_offered),
		TEST(another_source_or_other_flags_compile_again),
		TEST(options_of_the_compiler_are_words),
		TEST(another_hostfile_is_a_change_of_its_own),
		TEST(a_program_of_somebody_else_is_not_overwritten),
		TEST(a_finding_stops_before_anything_is_written),
		TEST(root_is_refused_unless_it_is_allowed),
		TEST(an_undo_takes_all_away_that_was_built),
		TEST(the_program_is_placed_on_the_others),
		TEST(a_shared_home_needs_nothing),
		TEST(another_home_is_refused),
		TEST(a_placed_program_goes_with_an_undo),
		TEST(a_job_waits_for_every_host),
		TEST(a_due_job_is_not_started_without_a_host_that_the_run_leaves_out),
		TEST(a_job_runs_once_and_gives_its_results_again),
		TEST(the_plan_says_why_a_job_runs_again),
		TEST(creates_keeps_a_job_from_running),
		TEST(options_reach_mpirun),
		TEST(open_mpi_5_gets_its_own_names),
		TEST(names_that_share_their_first_label_are_told_apart),
		TEST(a_failed_job_names_the_host_and_is_not_remembered),
		TEST(a_program_by_name_is_neither_built_nor_placed),
		TEST(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
