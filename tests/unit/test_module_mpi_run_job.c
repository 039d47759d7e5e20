/* mpi-run: when a job runs, what it tells, and whether hosts reach one another. */
#include "mpi_run_bench.h"

#include <stdlib.h>

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
	assert_null(value_get(bench->results, "show"));
}

static void a_job_that_does_not_start_is_tried_once_more(void **state)
{
	struct bench_command *mpirun;

	(void)state;
	all_is_ready();
	mpirun = bench_command(bench, "mpirun", 0, hello);
	mpirun->not_begun = 1;
	assert_int_equal(run_job(TASK), 0);
	assert_int_equal(mpirun->count, 2);
	assert_int_equal(value_get_integer(bench->results, "rc", -1), 0);
}

static void one_that_never_starts_fails(void **state)
{
	struct bench_command *mpirun;

	(void)state;
	all_is_ready();
	mpirun = bench_command(bench, "mpirun", 143, "");
	mpirun->not_begun = 9;
	assert_int_equal(run_job(TASK), -1);
	assert_int_equal(mpirun->count, 2);
	assert_ptr_equal(bench->err.code, MPI_RUN_NOT_STARTED);
	assert_non_null(strstr(bench->err.message, "within 123 seconds, 2 times"));
}

static void what_a_job_says_is_whole_also_when_it_is_not_run_again(void **state)
{
	enum { SIZE = 3 << 20 };
	char *output = arena_alloc(bench->arena, SIZE + 1);
	const struct value *all, *show;

	(void)state;
	memset(output, 'x', SIZE);
	all_is_ready();
	bench_command(bench, "mpirun", 0, output);
	assert_int_equal(run_job(TASK), 0);
	all = value_get(bench->results, "stdout");
	show = value_get(bench->results, "show");
	assert_int_equal(all->size, SIZE);
	assert_in_range(show->size, 100 << 10, 130 << 10);
	assert_null(value_get(bench->results, "truncated"));
	assert_int_equal(run_job(TASK), 0);
	assert_int_equal(value_get(bench->results, "stdout")->size, SIZE);
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

static void each_open_mpi_tags_in_its_own_words(void **state)
{
	static const char tagged[] = "{source: hello.c, slots: 2, user: mpi, tag_output: yes}";

	(void)state;
	all_is_ready();
	assert_int_equal(run_job(tagged), 0);
	assert_non_null(strstr(bench->log.data, " --tag-output sh -c echo \"beoplay-rank-on $(uname -n)\"; "
		"exec \"$@\" rank " PROGRAM "\n"));
	assert_string_equal(why(TASK), "runs again: its environment or options are others");
	for (size_t i = 0; i < prepare->hosts->count; i++)
		fact(prepare->hosts->items[i]->text, "version", value_string(bench->arena, "5.0.7"));
	all_is_ready();
	assert_int_equal(run_job("{source: hello.c, slots: 2, user: mpi, tag_output: yes, np: 2}"), 0);
	assert_non_null(strstr(bench->log.data, " --output tag sh -c "));
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

/* Of a job of so many hosts, whom one tries; it is the last one that is called. */
static const struct value *tried_by(size_t host, size_t hosts)
{
	struct value *params = bench_normalise(bench, &module_mpi_run_reach, TASK);
	struct value *peers = value_list(bench->arena), *names = value_list(bench->arena);

	for (size_t i = 0; i < hosts; i++) {
		value_append(bench->arena, names, value_printf(bench->arena, "h%zu", i));
		value_append(bench->arena, peers, value_printf(bench->arena, "h%zu 10.0.0.1", i));
	}
	value_set(bench->arena, params, "nodes", names);
	value_set(bench->arena, params, "peers", peers);
	value_set(bench->arena, params, "self", value_printf(bench->arena, "h%zu", host));
	bench->met = NULL;
	bench_look(bench, &module_mpi_run_reach, bench_load_prepared(bench, &module_mpi_run_reach, params));
	return bench->met;
}

static void hosts_begin_with_those_behind_them(void **state)
{
	const struct value *met;

	(void)state;
	assert_int_equal(value_get(prepared(&module_mpi_run_reach, TASK), "peers")->count, 3);
	assert_int_equal(value_get(prepared(&module_mpi_run_reach,
		"{source: hello.c, user: mpi, preflight: no}"), "peers")->count, 0);
	bench_command(bench, "export remote", 0, "");
	met = tried_by(1, 4);
	assert_int_equal(met->count, 3);
	assert_string_equal(met->items[0]->text, "h2");
	assert_string_equal(met->items[1]->text, "h3");
	assert_string_equal(met->items[2]->text, "h0");
	assert_null(tried_by(0, 1));
}

/* Who isn't tried doesn't wait for who tries it. */
static void of_a_large_job_neighbours_try_each_other_and_the_first_all(void **state)
{
	enum { HOSTS = 130 };
	bool tries[HOSTS][HOSTS] = { { false } };

	(void)state;
	bench_command(bench, "export remote", 0, "");
	for (size_t i = 0; i < HOSTS; i++) {
		const struct value *met = tried_by(i, HOSTS);

		for (size_t k = 0; k < met->count; k++)
			tries[i][atoi(met->items[k]->text + 1)] = true;
		assert_int_equal(met->count, i == 0 ? HOSTS - 1 : i <= 50 || i >= HOSTS - 50 ? 100 : 101);
	}
	for (size_t i = 0; i < HOSTS; i++) {
		assert_false(tries[i][i]);
		assert_true(i == 0 || tries[i][0]);
		for (size_t k = 0; k < HOSTS; k++)
			assert_int_equal(tries[i][k], tries[k][i]);
	}
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
		"{source: hello.c, slots: 3, user: mpi}"), "peers")->count, 3);
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
	assert_non_null(bench_normalise(bench, &module_mpi_run, "{source: a.c, slots: cores}"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(new_hosts_are_tried_before_their_first_job),
		TEST(a_host_that_fell_silent_is_named),
		TEST(hosts_begin_with_those_behind_them),
		TEST(of_a_large_job_neighbours_try_each_other_and_the_first_all),
		TEST(a_login_that_prints_something_is_no_problem),
		TEST(a_host_without_a_way_in_is_one_finding),
		TEST(a_firewall_between_two_hosts_is_a_finding),
		TEST(hosts_of_a_job_that_is_done_ask_nobody),
		TEST(a_job_waits_for_every_host),
		TEST(a_due_job_is_not_started_without_a_host_that_the_run_leaves_out),
		TEST(a_job_runs_once_and_gives_its_results_again),
		TEST(what_a_job_says_is_whole_also_when_it_is_not_run_again),
		TEST(a_job_that_does_not_start_is_tried_once_more),
		TEST(one_that_never_starts_fails),
		TEST(the_plan_says_why_a_job_runs_again),
		TEST(creates_keeps_a_job_from_running),
		TEST(options_reach_mpirun),
		TEST(open_mpi_5_gets_its_own_names),
		TEST(each_open_mpi_tags_in_its_own_words),
		TEST(names_that_share_their_first_label_are_told_apart),
		TEST(a_failed_job_names_the_host_and_is_not_remembered),
		TEST(a_program_by_name_is_neither_built_nor_placed),
		TEST(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
