/* result_outcome: the parts and items of a task put together, reported and registered. */
#include "plan/judged.h"
#include "plan/order.h"

#include <string.h>

void outcome_append(struct arena *arena, struct value **to, const struct value *from)
{
	if (!from)
		return;
	if (!*to)
		*to = value_list(arena);
	for (size_t i = 0; i < from->count; i++)
		value_append(arena, *to, value_copy(arena, value_item(from, i)));
}

/* The worse of two. Where something was really changed, that counts more than what may still be. */
static enum status worse(const struct run_host *host, enum status one,
	enum status other)
{
	if (!host_checks(host) && (one == STATUS_CHANGED || other == STATUS_CHANGED)
			&& (one == STATUS_MAY_CHANGE || other == STATUS_MAY_CHANGE))
		return STATUS_CHANGED;
	return status_outweighs(one, other) ? one : other;
}

void outcome_add(struct run_host *host, const struct step *step, const struct result *body,
	const struct judged *judged)
{
	struct outcome *outcome = &host->outcome;
	struct arena *arena = host->arena;

	if (outcome->task != step->unit->task) {
		*outcome = (struct outcome){ .task = step->unit->task, .status = STATUS_SKIPPED };
		outcome->message = arena_string(arena, judged->message);
	}
	if (worse(host, judged->status, outcome->status) != outcome->status
			|| judged->status == STATUS_FAILED) {
		if (outcome->status != STATUS_MAY_CHANGE || judged->status == STATUS_FAILED)
			outcome->message = arena_string(arena, judged->message);
		outcome->status = judged->status;
		outcome->remedy = arena_string(arena, judged->remedy);
		outcome->code = judged->code;
	} else if (judged->status == STATUS_MAY_CHANGE) {
		outcome->message = arena_string(arena, judged->message);
	}
	outcome->milliseconds += body->milliseconds;
	if (!step->unit->task->task->module->parts)
		return;
	for (size_t i = 0; i < body->change_count; i++)
		*ARENA_PUSH(arena, &outcome->changes, &outcome->change_count) = *(struct told_change *)
			message_copy(arena, &message_told_change, &body->changes[i]);
	outcome_append(arena, &outcome->notes, body->notes);
	if (value_pair_count(body->results) > 0)
		outcome->results = value_copy(arena, body->results);
}

void outcome_report_step(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, const struct judged *judged, bool more)
{
	struct report_result result = {
		.host = host->name,
		.status = judged->status,
		.changes = body->changes,
		.change_count = body->change_count,
		.results = body->results,
		.notes = body->notes,
		.target = delegate_other(host, step->item->delegate),
		.item = step->item->label,
		.item_level = step->item->label_level,
		.unsaid = step->item->unsaid,
		.message = judged->message,
		.remedy = judged->remedy,
		.code = judged->code,
		.milliseconds = body->milliseconds,
		.no_log = step->filled->no_log,
		.diff = step->filled->diff,
		.more = more,
		.silent = step->unit->undo && host->undo_told && judged->status == STATUS_OK,
		.uncounted = step->unit->task->task->meta && !status_failed(judged->status),
	};

	announce(host, step->unit);
	effect_result(run, step->unit->task, &result);
}

void outcome_report(struct run *run, struct run_host *host, const struct step *step)
{
	const struct outcome *outcome = &host->outcome;
	struct report_result result = {
		.host = host->name,
		.status = outcome->status,
		.changes = outcome->changes,
		.change_count = outcome->change_count,
		.results = outcome->results,
		.notes = outcome->notes,
		.unsaid = step->item->unsaid,
		.message = outcome->message,
		.remedy = outcome->remedy,
		.code = outcome->code,
		.milliseconds = outcome->milliseconds,
		.no_log = step->filled->no_log,
		.diff = step->filled->diff,
	};

	announce(host, step->unit);
	effect_result(run, step->unit->task, &result);
}

void outcome_register(struct run *run, const struct run_host *host, const struct step *step,
	const char *name, const struct value *value)
{
	struct value *kept = variables_keep(run->options.variables, value, true);

	for (size_t i = 0; i < run->host_count; i++) {
		const struct run_host *other = &run->hosts[i];

		if (order_concerns(host, step->unit, other))
			variables_register_kept(run->options.variables, other->inventory, name, kept,
				unit_turn(step->unit));
	}
}

/* What one more part of an item adds. A part that can't be known yet makes all of it so. */
static struct value *merge_parts(struct arena *arena, struct value *until_now, struct value *part)
{
	if (!until_now || part->kind != VALUE_MAP)
		return part;
	if (until_now->kind != VALUE_MAP)
		return until_now;
	for (size_t i = 0; i < value_pair_count(part); i++) {
		const char *key = value_key(part, i);
		bool either = strcmp(key, "changed") == 0 || strcmp(key, "failed") == 0;

		value_set(arena, until_now, key, either && value_get_bool(until_now, key) ?
			value_bool(arena, true) : value_at(part, i));
	}
	return until_now;
}

/* One result an item, however many parts it has. */
static void add_item(struct outcome *outcome, struct arena *arena, const struct step *step,
	struct value *registered)
{
	size_t at = (size_t)(step->item - step->filled->items);

	if (!outcome->items)
		outcome->items = value_list(arena);
	if (step->unit->task->task->module->parts && at < outcome->items->count)
		outcome->items->items[at] = merge_parts(arena, outcome->items->items[at], registered);
	else
		value_append(arena, outcome->items, registered);
}

static struct value *items_together(const struct outcome *outcome, struct arena *arena)
{
	struct value *registered = value_map(arena);

	value_set(arena, registered, "results", outcome->items);
	value_set_bool(arena, registered, "changed", outcome->status == STATUS_CHANGED);
	value_set_bool(arena, registered, "failed", status_failed(outcome->status));
	if (outcome->status == STATUS_SKIPPED)
		value_set_bool(arena, registered, "skipped", true);
	value_set_string(arena, registered, "msg", status_failed(outcome->status) ? "One or more items failed"
		: outcome->status == STATUS_SKIPPED ? "All items skipped" : "All items completed");
	return registered;
}

/* What the host that does the parts of one alone has registered holds for all that take part. */
static struct value *shared_by_parts(struct run *run, const struct step *step,
	struct value *registered)
{
	struct run_task *task = step->unit->task;
	const struct part *part = task->task->module->parts;

	while (part && part->hosts != PART_END && part->module != step->unit->module)
		part++;
	if (!part || part->hosts == PART_END)
		return registered;
	if (part->hosts == PART_FIRST)
		task->registered = value_copy(run->arena, registered);
	return part->hosts == PART_OTHERS && task->registered ? task->registered : registered;
}

static bool is_done(const struct judged *judged)
{
	return judged->status == STATUS_OK || judged->status == STATUS_CHANGED
		|| judged->status == STATUS_MAY_CHANGE;
}

void outcome_remember(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, const struct judged *judged, bool end)
{
	const char *name = step->unit->task->task->registers;
	bool parts = step->unit->task->task->module->parts != NULL;
	struct outcome *outcome = &host->outcome;
	/* What several steps make together stays until the last. */
	struct arena *arena = step->filled->loop || parts ? host->arena : effects_arena(run);
	struct value *registered;

	facts_take_delegated(run, step, body);
	if (!name && !step->unit->module->gives) {
		facts_let_out(run, host, step, is_done(judged), NULL);
		return;
	}
	registered = judge_registered(arena, host, step, judged->status, body);
	facts_let_out(run, host, step, is_done(judged), registered);
	if (!name)
		return;
	if (step->filled->loop || parts)
		add_item(outcome, arena, step, registered);
	if (step->filled->loop)
		registered = items_together(outcome, arena);
	else if (parts)
		registered = value_item(outcome->items, 0);
	if (!end)
		return;
	if (!host->bystander)
		registered = shared_by_parts(run, step, registered);
	outcome_register(run, host, step, name, registered);
}
