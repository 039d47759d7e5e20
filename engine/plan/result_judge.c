/* result_judge: what is made of a step's result: levels, what is registered, changed_when, failed_when. */
#include "plan/filling.h"
#include "plan/judged.h"

#include "expression/expression.h"

#include <string.h>

/* --- Levels --- */

/* What became of the task, and names, which can't be secret. */
static bool is_open(const char *key)
{
	static const char *const open[] = { "changed", "failed", "skipped", "rc", "start", "end",
		"delta", "dest", "path", "name", "state", "mode", "owner", "group", "uid", "gid",
		"size", NULL };
	bool found = false;

	for (size_t i = 0; open[i] && !found; i++)
		found = strcmp(key, open[i]) == 0;
	return found;
}

static void level_results(struct value *results, const struct step *step)
{
	enum level level = step->item ? step->item->level : LEVEL_OPEN;

	for (size_t i = 0; level > LEVEL_OPEN && i < results->count; i++) {
		if (step->filled->no_log || !is_open(value_key(results, i)))
			value_raise(results->pairs[i].value, level);   /* and no list of lines is made for it */
	}
}

/* Whole contents; what else a change tells are words, in which secrets are found. */
static void level_change(const struct told_change *change, enum level level)
{
	if (!change->field || strcmp(change->field, "content") != 0)
		return;
	if (change->before)
		value_raise(change->before, level);
	if (change->after)
		value_raise(change->after, level);
}

void result_level(const struct step *step, const struct result *result)
{
	if (!step->item)
		return;
	if (result->results)
		level_results(result->results, step);
	for (size_t i = 0; i < result->change_count; i++)
		level_change(&result->changes[i], step->item->level);
}

/* --- Registered values --- */

bool judge_would_run(const struct step *step, const struct result *body)
{
	return step->filled->check && (step->unit->module->flags & MODULE_ACTION)
		&& body->change_count > 0;
}

struct value *judge_registered(struct arena *arena, const struct run_host *host,
	const struct step *step, enum status status, const struct result *body)
{
	const struct value *results = body->results;
	bool failed = status_failed(status);
	struct value *made, *item;

	if (host_checks(host) && (status == STATUS_MAY_CHANGE || judge_would_run(step, body)))
		return value_unknown(arena, &(struct cause){ .kind = CAUSE_RESULT, .name = step->filled->name });
	made = results ? value_copy(arena, results) : value_map(arena);
	value_set_bool(arena, made, "changed", status == STATUS_CHANGED
		|| status == STATUS_MAY_CHANGE || (failed && value_get(results, "rc")));
	value_set_bool(arena, made, "failed", failed);
	if (status == STATUS_SKIPPED) {
		value_set_bool(arena, made, "skipped", true);
		value_set_string(arena, made, "skip_reason", "Conditional result was False");
	}
	if (step->unit->task->task->failed_when)
		value_set_bool(arena, made, "failed_when_result", failed);
	if (step->filled->empty)
		value_set(arena, made, "results", value_list(arena));
	if (failed && !value_get(made, "code"))
		value_set_string(arena, made, "code", body->code ? body->code : TASK_FAILED->name);
	if (body->message && !value_get(made, "msg"))
		value_set_string(arena, made, "msg", body->message);
	level_results(made, step);
	if (step->item && step->item->item) {
		item = value_copy(arena, step->item->item);
		if (step->filled->no_log)
			value_raise(item, LEVEL_SECRET);
		value_set(arena, made, step->unit->task->task->loop_variable, item);
	}
	value_mark_data(made);
	return made;
}

/* --- changed_when and failed_when --- */

static void set_loop_names(struct scope *scope, struct arena *arena, const struct step *step)
{
	struct value *items = value_list(arena);

	for (size_t i = 0; i < step->filled->count; i++)
		value_append(arena, items, step->filled->items[i].item);
	filling_loop_names(scope, arena, step->unit->task->task, items,
		(size_t)(step->item - step->filled->items));
}

int judge_condition(struct run *run, struct run_host *host, const struct step *step,
	const struct value *condition, struct value *registered, struct arena *arena,
	struct value **ret_truth, struct error *err)
{
	const struct task *task = step->unit->task->task;
	struct scope *scope;

	int result;

	fill_play_hosts(run, host, step->unit->play);
	scope = scope_new(arena, run->options.variables, host->inventory, step->unit->play, task);
	if (step->item->item)
		scope_set(scope, task->loop_variable, step->item->item);
	if (step->item->item)
		set_loop_names(scope, arena, step);
	if (task->registers)
		scope_set(scope, task->registers, registered);
	variables_set_turn(run->options.variables, unit_turn(step->unit));
	result = expression_condition(arena, scope, condition, ret_truth, err);
	variables_set_turn(run->options.variables, TURN_NONE);
	return result;
}

void judge_notify(struct run_host *host, const struct step *step)
{
	const struct task *task = step->unit->task->task;
	struct arena *arena = host->arena;

	for (size_t i = 0; task->notify && i < task->notify->count; i++) {
		const char *name = value_text(value_item(task->notify, i));
		struct task **handlers;
		size_t count = 0;

		handlers = name ? play_notified(arena, step->unit->play, name, &count) : NULL;
		for (size_t k = 0; k < count; k++)
			due_notify(host, step->unit->play, handlers[k], host->target, false);
	}
}

void judge_notify_elsewhere(struct run_host *host, const struct step *step)
{
	const struct task *task = step->unit->task->task;

	for (size_t i = 0; host->visits && host->visits->next && !step->local && task->notify
			&& i < task->notify->count; i++) {
		const char *name = value_text(value_item(task->notify, i));
		struct task **handlers;
		size_t count = 0;

		handlers = name ? play_notified(host->arena, step->unit->play, name, &count) : NULL;
		for (size_t k = 0; k < count; k++)
			due_notify(host, step->unit->play, handlers[k], host->target, true);
	}
}

const char *judge_code(const struct result *body)
{
	if (body->status != STATUS_FAILED)
		return NULL;
	return body->code ? error_named(body->code)->name : TASK_FAILED->name;
}


static void judge_failed(struct judged *judged, struct arena *arena, const struct value *condition,
	const struct value *truth)
{
	if (truth->kind != VALUE_BOOL)
		return;
	if (truth->truth) {
		judged->status = STATUS_FAILED;
		judged->message = arena_printf(arena, "failed_when: %s", condition->count > 0
			? expression_show(arena, value_item(condition, 0)) : expression_show(arena, condition));
		judged->remedy = NULL;
		judged->code = TASK_FAILED->name;
	} else if (judged->status == STATUS_FAILED) {
		judged->status = STATUS_CHANGED;
		judged->message = judged->remedy = judged->code = NULL;
	}
}

void judge_wrong(struct arena *arena, const struct error *err, struct judged *judged)
{
	judged->status = STATUS_FAILED;
	judged->message = arena_printf(arena, "%s:%u:%u: %s", err->place.file ? err->place.file : "",
		err->place.line, err->place.column, err->message);
	judged->remedy = err->remedy[0] ? arena_string(arena, err->remedy) : NULL;
	judged->code = err->code->name;
}

void judge_step(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, struct arena *arena, struct judged *judged)
{
	const struct task *task = step->unit->task->task;
	struct value *registered, *truth;
	struct error err = {0};
	int result = 0;

	if (judged->status == STATUS_SKIPPED || judged->status == STATUS_MAY_CHANGE)
		return;
	registered = judge_registered(arena, host, step, judged->status, body);
	if (task->failed_when) {
		result = judge_condition(run, host, step, task->failed_when, registered, arena, &truth, &err);
		if (result == 0)
			judge_failed(judged, arena, task->failed_when, truth);
	}
	if (result == 0 && task->changed_when && judged->status != STATUS_FAILED) {
		result = judge_condition(run, host, step, task->changed_when, registered, arena, &truth, &err);
		if (result == 0 && truth->kind == VALUE_BOOL)
			judged->status = truth->truth ? STATUS_CHANGED : STATUS_OK;
		if (result == 0 && truth->kind == VALUE_BOOL && truth->truth && step->filled->judge
				&& !result_retries(step->filled))
			judge_notify(host, step);
	}
	if (result < 0)
		judge_wrong(arena, &err, judged);
}
