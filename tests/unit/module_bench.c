/* module_bench: a machine all in memory, on which a test runs a module as the agent does. */
#include "module_bench.h"

#include "playbook/task_params.h"
#include "yaml/tree.h"

#include <string.h>

struct bench *bench_new(void)
{
	struct arena *arena = arena_new();
	struct bench *bench = arena_alloc(arena, sizeof(*bench));

	bench->arena = arena;
	bench->bodies = value_map(arena);
	bench->records = value_map(arena);
	bench->offers = value_map(arena);
	bench->results = value_map(arena);
	bench->reads = value_list(arena);
	bench->name = "node1";
	bench_directory(bench, "/", 0755);
	buffer_add(&bench->log, "", 0);
	bench_user(bench, "root", 0, "/root");
	return bench;
}

void bench_free(struct bench *bench)
{
	buffer_free(&bench->log);
	arena_free(bench->arena);
}

static struct value *normalise(struct bench *bench, const struct module *module,
	const struct value *raw)
{
	struct value *params = NULL;

	if (params_normalise(bench->arena, module, raw, (struct place){ .file = "test" }, true,
			&params, &bench->err) < 0)
		return NULL;
	return params;
}

struct value *bench_normalise(struct bench *bench, const struct module *module, const char *yaml)
{
	struct value *raw = NULL;

	error_clear(&bench->err);
	if (tree_parse(bench->arena, "test", yaml, strlen(yaml), &raw, &bench->err) < 0)
		return NULL;
	return normalise(bench, module, raw);
}

static void *load(struct bench *bench, const struct module *module, const struct value *params)
{
	struct buffer text = { 0 };
	void *loaded = NULL;

	if (!params || params_write(&text, module, params, &bench->err) < 0 ||
	    module_load(bench->arena, module, text.data, text.size, &loaded, &bench->err) < 0)
		loaded = NULL;
	buffer_free(&text);
	return loaded;
}

void *bench_load_prepared(struct bench *bench, const struct module *module,
	const struct value *params)
{
	return load(bench, module, params);
}

void *bench_load(struct bench *bench, const struct module *module, const char *yaml)
{
	return load(bench, module, bench_normalise(bench, module, yaml));
}

void *bench_load_value(struct bench *bench, const struct module *module,
	const struct value *params)
{
	error_clear(&bench->err);
	return load(bench, module, normalise(bench, module, params));
}

struct host *bench_host(struct bench *bench)
{
	return host_new(bench->arena, &bench_machine_calls, bench, bench->reads);
}

struct plan *bench_look(struct bench *bench, const struct module *module, void *params)
{
	struct host *host = bench_host(bench);
	struct plan *plan = plan_new(bench->arena);
	int result;

	error_clear(&bench->err);
	bench->state = arena_alloc(bench->arena, module->state_size + 1);
	host_set_looking(host, true);
	bench->looking = true;
	result = module->inspect(host, params, bench->state, &bench->err);
	bench->looking = false;
	if (result < 0)
		return NULL;
	module->plan(plan, params, bench->state);
	return plan;
}

static int refused(struct bench *bench, const struct plan *plan)
{
	error_set(&bench->err, plan->refused, "%s", plan->refusal);
	return error_remedy(&bench->err, "%s", plan->remedy ? plan->remedy : "");
}

/* The agent keeps what an inverse names before anything is changed. */
static void keep(struct bench *bench)
{
	for (size_t i = 0; i < bench->inverses->count; i++) {
		const char *path = bench->inverses->entries[i].keep_path;

		if (path && bench_text(bench, path))
			bench_body(bench, bench_text(bench, path));
	}
}

static int change(struct bench *bench, const struct module *module, void *params,
	const struct plan *plan)
{
	struct host *host = bench_host(bench);
	void *state = bench->state;

	bench->inverses = inverses_new(bench->arena);
	bench->applied = module;
	if (module->invert)
		module->invert(bench->inverses, params, state);
	keep(bench);
	for (size_t i = 0; i < plan->change_count; i++) {
		if (module->apply(host, params, state, plan->changes[i], bench->results,
				&bench->err) < 0)
			return -1;
	}
	return 0;
}

/* The first change that is still to be made, and would not be made each time anyway. */
static const char *left_over(struct bench *bench, const struct plan *plan)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		if (!(plan->changes[i]->flags & CHANGE_EACH_TIME))
			return bench_change(bench, plan, i);
	}
	return NULL;
}

int bench_apply(struct bench *bench, const struct module *module, void *params)
{
	struct plan *plan;
	int result = 0;

	if (!params)
		return -1;
	bench->results = value_map(bench->arena);
	buffer_clear(&bench->log);
	plan = bench_look(bench, module, params);
	bench->planned = plan;
	if (!plan)
		return -1;
	if (plan->refused)
		return refused(bench, plan);
	if (plan->change_count > 0) {
		result = change(bench, module, params, plan);
		if (result == 0 && !(module->flags & MODULE_ACTION)) {
			plan = bench_look(bench, module, params);
			if (!plan || plan->refused || left_over(bench, plan))
				return error_set(&bench->err, HOST_REFUSED, "did not converge: %s", plan &&
					left_over(bench, plan) ? left_over(bench, plan) : "");
		}
	}
	if (module->results)
		module->results(bench->arena, params, bench->state, bench->results);
	return result;
}

int bench_undo(struct bench *bench)
{
	struct inverses *inverses = bench->inverses;
	const struct module *applied = bench->applied;

	/* Nothing was changed. */
	if (!inverses)
		return 0;
	for (size_t i = inverses->count; i-- > 0;) {
		const struct inverses_entry *entry = &inverses->entries[i];
		const struct module *module = entry->module ? module_find(entry->module) : applied;

		if (!module)
			return error_set(&bench->err, BEOPLAY_BUG, "no module '%s'", entry->module);
		if (!entry->params)
			return error_set(&bench->err, HOST_REFUSED, "%s", entry->reason);
		if (bench_apply(bench, module, bench_load_value(bench, module, entry->params)) < 0)
			return -1;
	}
	return 0;
}

const char *bench_change(struct bench *bench, const struct plan *plan, size_t index)
{
	const struct change *change_of = plan->changes[index];

	return arena_printf(bench->arena, "%s %s: %s -> %s", change_of->subject, change_of->field,
		change_of->before ? change_of->before : "-", change_of->after ? change_of->after : "-");
}
