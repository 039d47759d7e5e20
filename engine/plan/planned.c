/* planned: what a dry run found that is to be done; and, in a run that may do only what was planned
 * before, what is expected of each task. */
#include "plan/state.h"

#include "base/digest.h"
#include "base/disclose.h"
#include "module/module.h"

#include <string.h>

enum { BEFORE_MOST = 200 };   /* bytes */

static const char *unit_key(struct arena *arena, const struct unit *unit)
{
	return unit->path ? unit->path : arena_printf(arena, "%lld", (long long)unit->index);
}

/* Names a step of a host in every run of the same text. */
static const char *step_key(struct arena *arena, const struct step *step)
{
	const char *key = unit_key(arena, step->unit);

	return step->filled->loop ? arena_printf(arena, "%s.%zu", key,
		(size_t)(step->item - step->filled->items)) : key;
}

static const char *undo_key(struct arena *arena, const struct step *step, const char *resource)
{
	return arena_printf(arena, "%s %s", unit_key(arena, step->unit), resource);
}

/* --- In a dry run --- */

/* What a change started from, where that is short and for all eyes. */
static struct value *change_note(struct arena *arena, const struct told_change *change, bool quiet)
{
	struct value *note = value_map(arena);
	const char *field = change->field, *before = value_text(change->before);
	int64_t hidden = CHANGE_SECRET | CHANGE_SENSITIVE;

	/* A command's subject is its text. */
	if (quiet)
		return note;
	value_set_string(arena, note, "subject", change->subject);
	value_set_string(arena, note, "field", field);
	if (before && !(change->flags & hidden)
			&& (!field || strcmp(field, "content") != 0) && strlen(before) <= BEFORE_MOST)
		value_set_string(arena, note, "before", before);
	return note;
}

/* Of what the node is told of a task. */
static void digest_told(const struct wire_task *task, char ret_hex[DIGEST_HEX_SIZE])
{
	struct buffer told = {0};

	buffer_add_string(&told, task->params);
	for (size_t i = 0; i < value_item_count(task->environment); i++)
		buffer_printf(&told, "\n%s", value_text(task->environment->items[i]));
	digest_bytes(told.data, told.size, ret_hex);
	buffer_free(&told);
}

static struct value *result_note(const struct run *run, const struct step *step,
	const struct result *body, const char *label)
{
	const struct disclosure to = { .audience = FOR_PLAN, .secrets = run->options.secrets };
	struct arena *arena = run->arena;
	bool quiet = step->filled->no_log || (step->item && step->item->unsaid > LEVEL_OPEN);
	const char *params = step->item && step->item->task ? step->item->task->params : NULL;
	struct value *note = value_map(arena), *list = value_list(arena);
	char hex[DIGEST_HEX_SIZE];

	value_set_string(arena, note, "title", step->filled->name);
	value_set_string(arena, note, "item", label);
	value_set_string(arena, note, "status", status_words[body->status]);
	value_set_string(arena, note, "planned", body->planned);
	value_set_string(arena, note, "message", body->message);
	if (params) {
		digest_told(step->item->task, hex);
		value_set_string(arena, note, "params", hex);
	}
	for (size_t i = 0; i < body->change_count; i++)
		value_append(arena, list, change_note(arena, &body->changes[i], quiet));
	value_set(arena, note, "changes", list);
	return disclose(arena, &to, note);
}

static void add_note(struct run *run, const struct run_host *host, const char *key,
	struct value *note)
{
	struct value *tasks = value_get(run->planned, host->name);

	if (!tasks) {
		tasks = value_map(run->arena);
		value_set(run->arena, run->planned, host->name, tasks);
	}
	value_set(run->arena, tasks, key, note);
}

static const char *item_label(const struct step *step)
{
	if (step->filled->no_log || !step->item->label)
		return NULL;
	return step->item->label_level > LEVEL_OPEN ? level_word(step->item->label_level)
		: step->item->label;
}

void planned_take(struct run *run, const struct run_host *host, const struct step *step,
	const struct result *body)
{
	/* What needs no node changes none. */
	if (!run->options.plan || host->bystander || step->unit->undo
			|| (step->local && body->status != STATUS_MAY_CHANGE))
		return;
	add_note(run, host, step_key(run->arena, step), result_note(run, step, body,
		item_label(step)));
}

void planned_take_undone(struct run *run, const struct run_host *host, const struct step *step,
	const struct result *body)
{
	if (run->options.plan && !host->bystander && body->resource)
		add_note(run, host, undo_key(run->arena, step, body->resource), result_note(run, step,
			body, body->resource));
}

const struct value *run_planned(const struct run *run)
{
	return run->planned;
}

/* --- In a run that follows a plan --- */

static const struct value *expected_tasks(const struct run *run, const struct run_host *host)
{
	return value_get(value_get(run->options.follow, host->name), "tasks");
}

/* NULL: whatever it is. A task that came to be several items was one that wasn't known. */
static const struct value *expected_of(const struct value *tasks, struct arena *arena,
	const struct step *step)
{
	const struct value *expected = value_get(tasks, step_key(arena, step));
	const struct unit *unit = step->unit;

	/* Nor was what an include brings in where that wasn't known. */
	while (!expected && unit) {
		const struct block *block = unit->block;

		expected = value_get(tasks, unit_key(arena, unit));
		while (block->parent && !block->opened_by)
			block = block->parent;
		unit = block->opened_by;
	}
	return expected;
}

/* The resources that an undo may change. */
static struct value *expected_undos(const struct value *tasks, struct arena *arena,
	const struct step *step)
{
	const char *before = undo_key(arena, step, "");
	struct value *undos = value_list(arena);

	for (size_t i = 0; tasks && i < tasks->count; i++) {
		const struct value_pair *pair = &tasks->pairs[i];

		if (strncmp(pair->key, before, strlen(before)) == 0
				&& (!value_text(pair->value) || *value_text(pair->value)))
			value_append(arena, undos, value_string(arena, pair->key + strlen(before)));
	}
	return undos;
}

void planned_expect(const struct run *run, const struct run_host *host, const struct step *step,
	struct arena *arena, struct wire_task *task)
{
	const struct value *tasks = expected_tasks(run, host), *expected;

	if (host->bystander)
		return;
	task->plan = run->options.plan;
	if (!run->options.follow)
		return;
	if (step->unit->undo) {
		struct undo_order *order = arena_alloc(arena, sizeof(*order));

		*order = *task->undo;
		order->expect = expected_undos(tasks, arena, step);
		task->undo = order;
		return;
	}
	expected = expected_of(tasks, arena, step);
	if (!expected || value_text(expected))
		task->expect = expected ? value_text(expected) : "";
}

/* --- Hosts that aren't as the plan found them --- */

static unsigned count_stale(const struct run *run)
{
	unsigned count = 0;

	for (size_t i = 0; i < run->host_count; i++)
		count += value_get_string(value_get(run->options.follow, run->hosts[i].name), "stale")
			!= NULL;
	return count;
}

static void leave_stale(struct run *run, struct run_host *host, struct run_task *task)
{
	const struct value *follow = value_get(run->options.follow, host->name);
	const struct value *lost = value_get(follow, "lost");
	struct report_result result = {
		.host = host->name, .status = STATUS_FAILED,
		.message = value_get_string(follow, "stale"),
		.remedy = "nothing is done on this host; make a new plan",
		.code = PLAN_STALE_HOST->name,
	};

	if (result.message) {
		effect_result(run, task, &result);
		leave(host);
	} else if (lost) {
		struct error *err = arena_alloc(host->arena, sizeof(*err));

		error_set(err, error_named(value_get_string(lost, "cause")), "%s",
			value_get_string(lost, "message"));
		leave(host);
		host->lost = err;
		effect_lost(host, err);
	}
}

void planned_leave_stale(struct run *run)
{
	static const struct task holds = { .name = "The plan still holds", .word = "plan" };
	unsigned count = run->options.follow ? count_stale(run) : 0;
	struct run_task *task = arena_alloc(run->arena, sizeof(*task));

	task->task = &holds;
	if (count > 0)
		effect_task(run, task, count);
	for (size_t i = 0; run->options.follow && i < run->host_count; i++)
		leave_stale(run, &run->hosts[i], task);
	if (count > 0)
		effect_task_end(run, task);
}
