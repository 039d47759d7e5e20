/* fill_declared: what the text has, whatever conditions say. */
#include "plan/filling.h"

#include "base/buffer.h"
#include "expression/expression.h"
#include "module/params.h"
#include "playbook/task_params.h"

#include <string.h>

/* Identities don't depend on what other hosts have yet to tell: internal parameters. */
static void blank_unknown(struct arena *arena, const struct param *table, struct value *params,
	bool internal)
{
	for (const struct param *param = table; param && param->name; param++) {
		struct value *value = value_get(params, param->name);
		bool blank = internal || (param->flags & PARAM_INTERNAL);

		if (!value || !blank)
			continue;
		if (value->kind == VALUE_UNKNOWN)
			value_set(arena, params, param->name, param->kind == PARAM_LIST
				|| param->kind == PARAM_MAP || param->kind == PARAM_RECORDS ? value_list(arena)
				: value_string(arena, param->kind == PARAM_BOOL ? "false"
				: param->kind == PARAM_INTEGER ? "0" : ""));
		for (size_t i = 0; param->kind == PARAM_RECORDS && value->kind == VALUE_LIST
				&& i < value->count; i++)
			blank_unknown(arena, param->entries, value->items[i], true);
	}
}

/* Of a task that may never be sent: its text is recorded all the same. */
static enum level declared_level(struct filling *filling, const struct value *params)
{
	const struct task *task = filling->task;
	const struct value *quiet = task->no_log ? task->no_log : filling->unit->play->no_log;
	struct filled filled = {0};
	struct filled_item item = {0};
	struct error ignored = {0};

	if (expression_truth(filling->arena, filling->scope, quiet, false, &filled.no_log, &ignored) < 0)
		filled.no_log = true;
	fill_level(filling->run, filling->unit->module, params, &filled, &item);
	return item.level;
}

/* Whether an item is done at a target; -1: that isn't known. */
static int is_at(struct filling *filling, const struct target *target)
{
	struct error ignored = {0};
	struct delegate delegate;
	const struct target *at;

	if (!filling->task->delegate_to)
		return 1;
	if (delegate_name(filling->run, filling->scope, filling->arena, filling->task, &delegate,
			&ignored) < 0 || delegate.cause)
		return -1;
	at = target_of_item(filling->run, filling->host, filling->unit, delegate.name, &delegate.cause,
		&ignored);
	return !at ? -1 : target_same_owner(filling->host, at, target);
}

static int declare_params(struct filling *filling, struct value *texts)
{
	const struct module *module = filling->unit->module;
	struct arena *arena = filling->arena;
	struct error ignored = {0};
	struct buffer yaml = {0};
	struct named named;
	struct keep keep;
	struct value *params;
	enum level level;
	int result;

	if (expression_fill(arena, filling->scope, filling->task->params, &params, &ignored) < 0)
		return -1;
	params = filling_without_omitted(arena, params);
	if (value_unknown_inside(params) || params_normalise(arena, module, params,
			filling->task->place, false, &params, &ignored) < 0)
		return -1;
	level = declared_level(filling, params);
	if (module->prepare && prepare_task(filling->run, filling->host, filling->unit,
			filling->scope, arena, params, &filling->asked, &named, &keep, level, &ignored) < 0)
		return -1;
	blank_unknown(arena, module->params, params, false);
	if (value_unknown_inside(params))
		return -1;
	result = params_write(&yaml, module, params, &ignored);
	value_append(arena, texts, value_bytes(arena, yaml.data ? yaml.data : "", yaml.size));
	buffer_free(&yaml);
	return result;
}

static int declare_at(struct filling *filling, const struct target *target, struct value *texts)
{
	int at = is_at(filling, target);

	return at <= 0 ? at : declare_params(filling, texts);
}

int fill_declared(struct run *run, struct run_host *host, struct unit *unit,
	const struct target *target, struct arena *arena, struct value **ret_params)
{
	struct filling filling = { .run = run, .host = host, .unit = unit, .arena = arena,
		.task = unit->task->task };
	struct filled filled = { .items = arena_alloc(arena, sizeof(struct filled_item)) };
	struct error ignored = {0};
	struct value *items = NULL;

	fill_play_hosts(run, host, unit->play);
	filling.scope = scope_new(arena, run->options.variables, host->inventory, unit->play,
		filling.task);
	*ret_params = value_list(arena);
	if (!filling.task->loop)
		return declare_at(&filling, target, *ret_params);
	if (filling_loop(&filling, &filled, &items, &ignored) < 0
			|| filled.items[0].kind == FILLED_UNKNOWN)
		return -1;
	for (size_t i = 0; items && i < items->count; i++) {
		scope_set(filling.scope, filling.task->loop_variable, items->items[i]);
		filling_loop_names(filling.scope, arena, filling.task, items, i);
		if (declare_at(&filling, target, *ret_params) < 0)
			return -1;
	}
	return 0;
}
