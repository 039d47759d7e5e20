/* thousand: what playbooks/site.yml costs for so many machines in memory: seconds of CPU, KiB of memory
 * at most, and bytes sent to a host. Connections cost nothing here, all else is what a run does.
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

	buffer_add_string(&text, "cluster:\n  vars: {cluster_interface: eth0, cluster_prefix: 8}\n"
		"  hosts:\n");
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
static void tell_job(struct bench_run *bench, struct arena *arena, const char *title,
	const char *name)
{
	const char *key = arena_printf(arena, "key: 'mpi:%s'", name);

	bench_returns(bench, "*", arena_printf(arena, "mpi-run-probe of %s", title), arena_printf(arena,
		"published: {module: mpi-run-probe, %s, facts: {version: '4.1', daemon: true, compiler: true, "
		"architecture: x86_64, cores: 4, machine_id: m, hostname: h, loopback: true, "
		"networks: [eth0 10.0.0.1/8]}}", key));
	bench_returns(bench, "node1", arena_printf(arena, "mpi-run-build of %s", title),
		arena_printf(arena, "published: {module: mpi-run-build, %s, facts: {path: /job, digest: " DIGEST ", size: 64, "
		"hostfile: /hosts}}", key));
	bench_returns(bench, "*", arena_printf(arena, "mpi-run-place of %s", title), arena_printf(arena,
		"published: {module: mpi-run-place, %s, facts: {placed: true}}", key));
}

static uint64_t sent;       /* bytes to a host */

static void run(void **state)
{
	char **arguments = *state;
	unsigned hosts = (unsigned)atoi(arguments[1]);
	struct arena *arena = arena_new();
	char *listed = inventory(hosts), *site = file("playbooks/site.yml");
	char *hello = file("playbooks/hello_cluster.c"), *ring = file("playbooks/ring_cluster.c");
	struct bench_run *bench = bench_run(listed, site);
	struct run_options *options = bench_options(bench);

	bench_further(bench, "hello_cluster.c", hello);
	bench_further(bench, "ring_cluster.c", ring);
	bench_unchecked(bench);
	bench_packs(bench);
	options->check = strcmp(arguments[2], "check") == 0;
	if (strcmp(arguments[2], "undo") == 0)
		options->undo = UNDO_ALL;
	if (strcmp(arguments[2], "apply") == 0)
		bench_answer(bench, "*", "*", "changed");
	bench_returns(bench, "*", "ssh-keys-pair", "published: {module: ssh-keys-pair, key: mpi, facts: "
		"{public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}}");
	tell_job(bench, arena, "Hello from every processor", "hello_cluster");
	tell_job(bench, arena, "A message around all of them, and a sum over all", "ring_cluster");
	assert_int_equal(bench_execute(bench), 0);
	sent = bench_packed(bench) / hosts;
	bench_run_free(bench);
	arena_free(arena);
	free(listed);
	free(site);
	free(hello);
	free(ring);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	const struct CMUnitTest tests[] = { cmocka_unit_test_prestate(run, argv) };

	if (argc != 3 || atoi(argv[1]) < 1) {
		fputs("usage: thousand HOSTS apply|same|check|undo\n", stderr);
		return 1;
	}
	if (cmocka_run_group_tests(tests, NULL, NULL) != 0)
		return 1;
	getrusage(RUSAGE_SELF, &usage);
	printf("%.3f %ld %llu\n", (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
		+ (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6, usage.ru_maxrss,
		(unsigned long long)sent);
	return 0;
}
