/* mpi_run_bench: hosts with their facts, for the tests of mpi-run. */
#ifndef TESTS_MPI_RUN_BENCH_H
#define TESTS_MPI_RUN_BENCH_H

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

static inline struct value *facts_of(const char *name, const char *address)
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

static inline void add_host(const char *name, const char *address)
{
	value_append(bench->arena, prepare->hosts, value_string(bench->arena, name));
	prepare_publish(prepare, name, "mpi-run-probe", facts_of(name, address));
	value_set_string(bench->arena, prepare->addresses, name, address);
}

static inline void fact(const char *host, const char *key, struct value *value)
{
	value_set(bench->arena, value_get(prepare->published, arena_printf(bench->arena,
		"%s/mpi-run-probe", host)), key, value);
}

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static inline struct value *prepared(const struct module *module, const char *yaml)
{
	struct value *params = bench_normalise(bench, module, yaml);

	/* As the probes of this task have told. */
	for (size_t i = 0; params && i < prepare->hosts->count; i++) {
		const char *name = prepare->hosts->items[i]->text;

		if (value_get(prepare->published, arena_printf(bench->arena, "%s/mpi-run-probe", name)))
			fact(name, "slots", value_get(params, "slots") ? value_copy(bench->arena,
				value_get(params, "slots")) : value_string(bench->arena, "cores"));
	}
	if (!params || module->prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return params;
}

static inline void *load(const struct module *module, const char *yaml)
{
	struct value *params = prepared(module, yaml);

	if (params && prepare->host)
		value_set_string(bench->arena, params, "self", prepare->host);
	return params ? bench_load_prepared(bench, module, params) : NULL;
}

static inline const char *finding_at(const char *yaml, size_t count, size_t at)
{
	const struct value *findings = value_get(prepared(&module_mpi_run_build, yaml), "findings");

	assert_int_equal(findings->count, count);
	return findings->items[at]->text;
}

static inline const char *finding_of(const char *yaml)
{
	return finding_at(yaml, 1, 0);
}

static inline const char *advice_of(const char *yaml)
{
	const struct value *advice = value_get(prepared(&module_mpi_run_build, yaml), "advice");

	assert_int_equal(advice->count, 1);
	return advice->items[0]->text;
}

static inline void compiles(struct bench *of, const struct command *command)
{
	const char *all = "";

	for (size_t i = 0; command->argv[i]; i++)
		all = arena_printf(of->arena, "%s %s", all, command->argv[i]);
	bench_file(of, PROGRAM ".new", 0755, arena_printf(of->arena, "binary of %s:%s",
		bench_text(of, PROGRAM ".c"), all));
}

static inline struct value *published_by_build(void *params)
{
	const char *key = NULL;

	return module_mpi_run_build.publish(bench->arena, params, bench->state, &key);
}

static inline void *built(const char *yaml)
{
	void *params = load(&module_mpi_run_build, yaml);

	bench_command(bench, "mpicc", 0, "")->effect = compiles;
	assert_int_equal(bench_apply(bench, &module_mpi_run_build, params), 0);
	return params;
}

static inline void publish_built(void)
{
	prepare_publish(prepare, "head", "mpi-run-build", published_by_build(built(TASK)));
	bench_body(bench, bench_text(bench, PROGRAM));
}

#endif
