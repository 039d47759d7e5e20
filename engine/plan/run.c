/* run: a playbook applied to the hosts it names, from its text to the last result. */
#include "plan/state.h"

#include "expression/expression.h"

#include <stdlib.h>
#include <string.h>

struct value *run_hosts(const struct run *run)
{
	struct value *names = value_list(run->arena);

	for (size_t i = 0; i < run->host_count; i++) {
		if (!run->hosts[i].bystander)
			value_append(run->arena, names, value_string(run->arena, run->hosts[i].name));
	}
	return names;
}

struct value *run_outcome(const struct run *run)
{
	struct value *outcome = value_map(run->arena);

	for (size_t i = 0; i < run->host_count; i++) {
		const struct run_host *host = &run->hosts[i];
		struct value *one = value_map(run->arena);

		if (host->bystander || (host->left && !run->options.look))
			continue;
		value_set_string(run->arena, one, "state", host->lost
			&& host->lost->kind == ERROR_UNREACHABLE ? "unreachable" : host->phase == HOST_DONE && !host->refused ? "done" : "failed");
		value_set_integer(run->arena, one, "changed", host->changed);
		value_set_bool(run->arena, one, "ended", host->phase == HOST_DONE);
		value_set_string(run->arena, one, "cause", host->lost ? host->lost->code->name : NULL);
		value_set_string(run->arena, one, "message", host->lost ? host->lost->message : NULL);
		value_set(run->arena, outcome, host->name, one);
	}
	return outcome;
}

unsigned run_task_count(const struct run *run)
{
	return (unsigned)run->task_count;
}

/* --- Before any host is contacted --- */

/* What is wrong for a bystander alone is no error: it isn't looked at. ret_filled may be NULL. */
static int fill_first(struct run *run, struct run_host *host, struct unit *unit,
	const struct filled **ret_filled, struct error *err)
{
	struct error wrong = {0};

	if (fill_unit(run, host, unit, ret_filled, host->bystander ? &wrong : err) == 0)
		return 0;
	if (!host->bystander)
		return -1;
	*ret_filled = NULL;
	beside_out(host, wrong.message);
	return 0;
}

/* What the host's later tasks see of it. */
static void expect(struct run *run, const struct run_host *host, const struct unit *unit,
	const struct filled *filled)
{
	const char *name = unit->task->task->registers;

	if (name)
		variables_expect(run->options.variables, host->inventory, name, value_unknown(run->arena,
			&(struct cause){ .kind = CAUSE_RESULT, .name = filled->name }));
	for (size_t i = 0; i < filled->count; i++)
		facts_expect(run, host, unit, &filled->items[i]);
}

static bool rescues(const struct run *run)
{
	for (size_t i = 0; i < run->unit_count; i++) {
		if (unit_rescues(run->units[i]))
			return true;
	}
	return false;
}

/* Fills in all that is known already; what is wrong there is an error of the text. */
static int fill_all(struct run *run, struct error *err)
{
	if (rescues(run)) {
		variables_promise(run->options.variables, "ansible_failed_task", false);
		variables_promise(run->options.variables, "ansible_failed_result", false);
	}
	for (size_t i = 0; i < run->unit_count; i++) {
		if (run->units[i]->task && !run->units[i]->undo)
			facts_promise(run, run->units[i]->task->task);
	}
	for (size_t i = 0; i < run->unit_count; i++) {
		struct unit *unit = run->units[i];

		for (size_t k = 0; unit->task && !unit->undo && k < run->host_count; k++) {
			struct run_host *host = &run->hosts[k];
			const struct filled *filled;

			if (!unit_has(unit, k) || host->phase == HOST_OUT || passed_over(run, host, unit))
				continue;
			if (run_interrupted(run))
				return error_set(err, RUN_INTERRUPTED, "interrupted");
			variables_set_early(run->options.variables, unit_rescues(unit) || run->gives_facts);
			if (fill_first(run, host, unit, &filled, err) < 0)
				return -1;
			if (filled)
				expect(run, host, unit, filled);
		}
	}
	variables_set_early(run->options.variables, false);
	variables_forget(run->options.variables);
	return 0;
}

int run_new(struct arena *arena, const struct run_options *options, struct run **ret_run,
	struct error *err)
{
	struct run *run = arena_alloc(arena, sizeof(*run));

	run->arena = arena;
	run->options = *options;
	run->private_paths = value_map(arena);
	run->bodies = bodies_new(arena, options->source);
	if (options->digests)
		bodies_remember(run->bodies, options->digests);
	run->setup = module_of_facts();
	run->orphans = value_map(arena);
	run->planned = value_map(arena);
	run->old = value_map(arena);
	run->warned = value_map(arena);
	if (units_make(run, err) < 0 || fill_all(run, err) < 0) {
		run_free(run);
		return -1;
	}
	*ret_run = run;
	return 0;
}

void run_free(struct run *run)
{
	bodies_save(run->bodies);
	claims_free(run);
	event_queue_free(&run->queue);
	effects_free(run);
	for (size_t i = 0; i < run->host_count; i++) {
		for (size_t k = 0; k < run->hosts[i].step_count; k++)
			arena_free(run->hosts[i].steps[run->hosts[i].step_first + k].arena);
		arena_free(run->hosts[i].arena);
		run->hosts[i].arena = NULL;
	}
}

void run_set_text(struct run *run, const void *bytes, size_t size, run_seal *seal, void *context)
{
	run->text = bodies_add_bytes(run->bodies, bytes, size);
	run->seal = seal;
	run->seal_context = context;
}

const struct looked *run_looked(const struct run *run, const char *name)
{
	const struct inventory_host *host = inventory_find(run->options.inventory, name);

	return host && run->by_inventory[host->index] ? run->by_inventory[host->index]->looked : NULL;
}

const struct value *run_orphans(const struct run *run)
{
	return run->orphans;
}
