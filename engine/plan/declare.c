/* declare: the identities of what a text is about on a host, also where a condition or a tag leaves
 * a task out: what it declares is no orphan. */
#include "plan/state.h"

#include "module/plan.h"

#include <string.h>

struct declaring {
	struct run *run;
	struct run_host *host;
	const struct target *target;
	struct arena *arena;
	struct value *declared, *unsure;
};

static void add_word(struct arena *arena, struct value *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(value_text(list->items[i]), word) == 0)
			return;
	}
	value_append(arena, list, value_string(arena, word));
}

static int declare_task(struct declaring *declaring, const struct module *module,
	const char *params)
{
	struct names *names = names_new(declaring->arena);
	struct error ignored = {0};
	void *loaded;

	if (module_load(declaring->arena, module, params, strlen(params), &loaded, &ignored) < 0)
		return -1;
	if (module->resources)
		module->resources(names, loaded);
	for (size_t i = 0; i < names->count; i++)
		value_append(declaring->arena, declaring->declared, value_string(declaring->arena,
			names->items[i]));
	return 0;
}

/* What it brings in is a unit of its own once it is open for the host; what it leaves out may be
 * anything. */
static bool is_open(const struct declaring *declaring, const struct unit *include)
{
	const struct group *group = include->groups;

	while (group && !host_set_has(&group->hosts, declaring->host->index))
		group = group->next;
	return group && !include->task->task->when;
}

static void declare_include(struct declaring *declaring, const struct unit *include)
{
	for (size_t i = 0; modules_all[i] && !is_open(declaring, include); i++) {
		if (modules_all[i]->resources)
			add_word(declaring->arena, declaring->unsure, modules_all[i]->name);
	}
}

/* Whether it is of this target, or may be. */
static bool is_there(const struct declaring *declaring, const struct unit *unit,
	const struct cause **ret_cause)
{
	struct error ignored = {0};
	const struct target *at;

	*ret_cause = NULL;
	/* Of each item of what is delegated this is asked for itself. */
	if (unit->task->task->delegate_to)
		return true;
	at = target_at(declaring->run, declaring->host, unit, ret_cause, &ignored);
	return !at || target_same_owner(declaring->host, at, declaring->target);
}

static void declare_unit(struct declaring *declaring, struct unit *unit)
{
	struct value *params;
	const struct cause *cause;

	if (unit->task && unit->task->task->include) {
		declare_include(declaring, unit);
		return;
	}
	if (!unit->task || unit->undo || !unit->module->inspect
			|| !is_there(declaring, unit, &cause))
		return;
	if (cause) {
		add_word(declaring->arena, declaring->unsure, unit->module->name);
		return;
	}
	if (fill_declared(declaring->run, declaring->host, unit, declaring->target, declaring->arena,
			&params) == 0) {
		size_t i = 0;

		while (i < params->count && declare_task(declaring, unit->module,
				value_text(params->items[i])) == 0)
			i++;
		if (i == params->count)
			return;
	}
	add_word(declaring->arena, declaring->unsure, unit->module->name);
}

void declare_all(struct run *run, struct run_host *host, struct target *target, bool also_sent,
	struct arena *arena, struct value *declared, struct value *unsure)
{
	struct declaring declaring = { run, host, target, arena, declared, unsure };
	const struct visit *visit = visit_at(host, target);

	for (int64_t i = units_next(run, host, 0); i < (int64_t)run->unit_count;
			i = units_next(run, host, i + 1)) {
		if (also_sent || !visit->sent[i])
			declare_unit(&declaring, run->units[i]);
	}
	for (size_t i = 0; i < run->left_out_count; i++) {
		if (unit_has(run->left_out[i], host->index))
			declare_unit(&declaring, run->left_out[i]);
	}
}
