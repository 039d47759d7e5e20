/* thousand: what playbooks/site.yml costs for so many machines in memory: seconds of CPU, and KiB at most.
 *
 *     thousand HOSTS apply|same|check|undo */
#include "tests/unit/bench_run.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static char *inventory(unsigned hosts)
{
	struct buffer text = {0};

	buffer_add_string(&text, "cluster:\n  vars: {cluster_interface: eth0, cluster_prefix: 8}\n  hosts:\n");
	for (unsigned i = 1; i <= hosts; i++)
		buffer_printf(&text, "    node%u: {ansible_host: 10.%u.%u.%u, cluster_address: 10.%u.%u.%u}\n", i,
			i >> 16, i >> 8 & 255, i & 255, i >> 16, i >> 8 & 255, i & 255);
	return text.data;
}

static char *file(const char *path)
{
	struct buffer text = {0};
	FILE *from = fopen(path, "re");

	if (!from) {
		perror(path);
		exit(1);
	}
	while (!feof(from))
		text.size += fread(buffer_reserve(&text, 4096), 1, 4096, from);
	fclose(from);
	buffer_add_char(&text, '\0');
	return text.data;
}

/* What each machine tells for others of a job. */
static void tell_job(struct bench_run *bench, struct arena *arena, const char *title, const char *source)
{
	const char *key = arena_printf(arena, "key: 'mpi:%s'", source);

	bench_returns(bench, "*", arena_printf(arena, "mpi-run-probe of %s", title), arena_printf(arena,
		"published: {module: mpi-run-probe, %s, facts: {version: '4.1', daemon: true, compiler: true, "
		"architecture: x86_64, cores: 4, machine_id: m, hostname: h, loopback: true, "
		"networks: [eth0 10.0.0.1/8]}}", key));
	bench_returns(bench, "node1", arena_printf(arena, "mpi-run-build of %s", title), arena_printf(arena,
		"published: {module: mpi-run-build, %s, facts: {path: /job, digest: " DIGEST ", size: 64, "
		"hostfile: /hosts}}", key));
	bench_returns(bench, "*", arena_printf(arena, "mpi-run-place of %s", title), arena_printf(arena,
		"published: {module: mpi-run-place, %s, facts: {placed: true}}", key));
}

static void run(void **state)
{
	char **arguments = *state;
	struct arena *arena = arena_new();
	struct bench_run *bench = bench_run(inventory((unsigned)atoi(arguments[1])), file("playbooks/site.yml"));
	struct run_options *options = bench_options(bench);

	bench_further(bench, "hello_cluster.c", file("playbooks/hello_cluster.c"));
	bench_further(bench, "ring_cluster.c", file("playbooks/ring_cluster.c"));
	bench_unchecked(bench);
	bench_packs(bench);
	options->check = strcmp(arguments[2], "check") == 0;
	if (strcmp(arguments[2], "undo") == 0)
		options->undo = UNDO_ALL;
	if (strcmp(arguments[2], "apply") == 0)
		bench_answer(bench, "*", "*", "changed");
	bench_returns(bench, "*", "ssh-keys-pair", "published: {module: ssh-keys-pair, key: mpi, "
		"facts: {public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}}");
	tell_job(bench, arena, "Hello from every processor", "hello_cluster");
	tell_job(bench, arena, "A message around all of them, and a sum over all", "ring_cluster");
	assert_int_equal(bench_execute(bench), 0);
	printf("%s\n", bench_lines(bench) + 0);
	printf("%llu bytes a host\n", (unsigned long long)bench_packed(bench) / (unsigned)atoi(arguments[1]));
	printf("%s\n%s\n", bench_recap(bench, "node1"), bench_said(bench));
	bench_run_free(bench);
	arena_free(arena);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	const struct CMUnitTest tests[] = { cmocka_unit_test_prestate(run, argv) };

	if (argc != 3)
		return 1;
	if (cmocka_run_group_tests(tests, NULL, NULL) != 0)
		return 1;
	getrusage(RUSAGE_SELF, &usage);
	printf("%.3f %ld\n", (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
		+ (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6, usage.ru_maxrss);
	return 0;
}
