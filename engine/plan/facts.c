/* facts: variables that tasks give a host (set_fact): what its own tasks see from there on, and what
 * all see once it has come to that. */
#include "plan/order.h"

#include "base/shape.h"
#include "expression/expression.h"
#include "module/params.h"

#include <string.h>

/* What was filled in stays as it is, also where it looks like an expression. */
static void keep_as_text(struct value *value)
{
	if (value->kind == VALUE_STRING)
		value->data = value->data || expression_inside(value);
	for (size_t i = 0; i < value->count; i++)
		keep_as_text(value->kind == VALUE_MAP ? value_at(value, i) : value->items[i]);
}

int facts_take(struct scope *scope, struct arena *arena, const struct value *facts,
	bool no_log, struct value **ret_facts, struct error *err)
{
	*ret_facts = value_map(arena);
	for (size_t i = 0; i < facts->count; i++) {
		const struct value_pair *pair = value_pair_at(facts, i);
		struct value *value = value_copy(arena, pair->value);

		if (!strchr(pair->key, ' ') && play_check_variable(pair->key, pair->place, err) < 0)
			return -1;
		keep_as_text(value);
		value = scope_leveled(scope, pair->key, value);
		if (no_log)
			value_raise(value, LEVEL_SECRET);
		value_set_at(arena, *ret_facts, pair->key, pair->place, value);
	}
	return 0;
}

static int name_of(struct scope *scope, struct arena *arena, const struct value_pair *pair,
	const char **ret_name, struct error *err)
{
	struct value key = { .kind = VALUE_STRING, .text = pair->key, .size = strlen(pair->key),
		.place = pair->place };
	struct value *name;

	if (expression_fill(arena, scope, &key, &name, err) < 0)
		return -1;
	*ret_name = value_text(name);
	if (*ret_name)
		return 0;
	error_at(err, EXPRESSION_UNKNOWN_YET, pair->place, "the name of a variable must be known "
		"before the run, '%s' isn't", pair->key);
	return error_remedy(err, "set one map with a fixed name instead");
}

struct value *facts_given(const struct module *module, struct arena *arena,
	const struct cause *cause)
{
	struct value *facts = module->gives ? value_map(arena) : NULL;

	for (size_t i = 0; module->gives && module->gives[i]; i++)
		value_set(arena, facts, variables_fact_key(arena, module->gives[i]),
			value_unknown(arena, cause));
	return facts;
}

int facts_unknown(const struct task *task, struct scope *scope, struct arena *arena,
	const struct cause *cause, struct value **ret_facts, struct error *err)
{
	*ret_facts = task->module ? facts_given(task->module, arena, cause) : NULL;
	if (!task->module || !(task->module->flags & MODULE_SETS))
		return 0;
	*ret_facts = value_map(arena);
	for (size_t i = 0; i < task->params->count; i++) {
		const struct value_pair *pair = value_pair_at(task->params, i);
		const char *name;

		if (param_find(task->module->params, pair->key))
			continue;
		if (name_of(scope, arena, pair, &name, err) < 0)
			return -1;
		value_set(arena, *ret_facts, name, value_unknown(arena, cause));
	}
	return 0;
}

/* Of a handler nobody knows yet whether it is due, nor of what is done once which host does it. */
void facts_expect(struct run *run, const struct run_host *host, const struct unit *unit,
	const struct filled_item *item)
{
	struct value *unknown = NULL;

	/* Any name may be one of those that it sets. */
	if ((unit->module->flags & MODULE_SETS_ANY) && item->kind == FILLED_UNKNOWN) {
		run->gives_facts = true;
		variables_promise(run->options.variables, NULL, false);
	}
	if (item->facts_of)
		return;
	if (item->facts && unit->task->handler)
		unknown = value_unknown(run->arena, &(struct cause){ .kind = CAUSE_DUE,
			.name = task_title(unit->task->task) });
	else if (item->facts && unit->run_once && !run->begun)
		unknown = value_unknown(run->arena, &(struct cause){ .kind = CAUSE_ONCE,
			.name = task_title(unit->task->task) });
	for (size_t i = 0; item->facts && i < item->facts->count; i++)
		variables_expect(run->options.variables, host->inventory, item->facts->pairs[i].key,
			unknown ? unknown : value_at(item->facts, i));
}

static void let_out(struct run *run, const struct run_host *host, const struct step *step,
	const struct value *facts)
{
	const struct inventory_host *of = step->item->facts_of ? step->item->facts_of
		: host->inventory;

	for (size_t i = 0; i < facts->count; i++)
		variables_register(run->options.variables, of, facts->pairs[i].key,
			value_at(facts, i), false, unit_turn(step->unit));
}

/* Of a module that gives facts: what its result has under "ansible_facts", or why that isn't known. */
static const struct value *told(const struct step *step, const struct value *registered,
	struct arena *arena)
{
	const char *const *gives = step->unit->module->gives;
	const struct value *all = value_get(registered, "ansible_facts");
	struct value *facts = value_map(arena);

	if (registered->kind == VALUE_UNKNOWN)
		return step->item->facts;
	for (; *gives; gives++) {
		struct value *fact = value_get(all, *gives);

		if (fact)
			value_set(arena, facts, variables_fact_key(arena, *gives), fact);
	}
	return facts;
}

void facts_let_out(struct run *run, const struct run_host *host, const struct step *step,
	bool done, const struct value *registered)
{
	const struct value *expected = step->item ? step->item->facts : NULL, *facts = expected;

	if (!facts)
		return;
	if (step->unit->module->gives && registered)
		facts = told(step, registered, run->arena);
	/* What an include brings in only those do that include it. */
	for (size_t i = 0; done && i < run->host_count; i++) {
		if (&run->hosts[i] == host || (!step->unit->task->task->included
				&& order_concerns(host, step->unit, &run->hosts[i])))
			let_out(run, &run->hosts[i], step, facts);
	}
	for (size_t i = 0; !step->item->facts_of && i < expected->count; i++) {
		if (!done || !value_get(facts, expected->pairs[i].key))
			variables_passed(run->options.variables, host->inventory, expected->pairs[i].key);
	}
}

void facts_take_delegated(struct run *run, const struct step *step, const struct result *body)
{
	const struct inventory_host *of = step->item->facts_of;
	struct run_host *host = of ? run->by_inventory[of->index] : NULL;
	struct error err = {0};

	if (!of || step->unit->module != run->setup || value_pair_count(body->results) == 0)
		return;
	if (shape_check_map(body->results, run->setup->facts, "in the facts", AGENT_PROTOCOL, &err) < 0) {
		leave_strange(step->target, err.message);
		return;
	}
	variables_set_facts(run->options.variables, of, body->results);
	run->facts_heard++;
	if (host)
		order_told(host);
}

void facts_promise(struct run *run, const struct task *task)
{
	struct variables *variables = run->options.variables;

	if (task->registers)
		variables_promise(variables, task->registers, true);
	if (task->delegate_facts && (task->module->gives
			|| (task->module->flags & (MODULE_SETS | MODULE_SETS_ANY))))
		run->gives_facts = true;
	for (size_t i = 0; task->module->gives && task->module->gives[i]; i++)
		variables_promise_fact(variables, task->module->gives[i]);
	for (size_t i = 0; (task->module->flags & MODULE_SETS) && i < task->params->count; i++) {
		const char *name = task->params->pairs[i].key;

		if (!param_find(task->module->params, name))
			variables_promise(variables, strstr(name, "{{") ? NULL : name, false);
	}
}
