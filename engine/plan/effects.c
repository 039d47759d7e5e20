/* effects: what is to be done next, in order. */
#include "plan/state.h"

#include <stdlib.h>

struct arena *effects_arena(struct run *run)
{
	if (!run->effects.arena)
		run->effects.arena = arena_new();
	return run->effects.arena;
}

static struct effect *add(struct run *run, enum effect_kind kind)
{
	struct effects *effects = &run->effects;
	struct effect *effect;

	if (effects->count == effects->capacity) {
		effects->capacity = effects->capacity ? 2 * effects->capacity : 64;
		effects->items = realloc(effects->items, effects->capacity * sizeof(*effects->items));
		if (!effects->items)
			abort();
	}
	effect = &effects->items[effects->count++];
	*effect = (struct effect){ .kind = kind };
	return effect;
}

static struct effect *add_at(struct target *target, enum effect_kind kind)
{
	struct effect *effect = add(target->run, kind);

	effect->target = target;
	return effect;
}

void effect_connect(struct target *target)
{
	add_at(target, EFFECT_CONNECT);
}

void effect_send(struct target *target, enum frame_type type, const void *message,
	struct arena *arena)
{
	struct effect *effect;

	if (target->state == TARGET_GONE) {
		arena_free(arena);
		return;
	}
	effect = add_at(target, EFFECT_SEND);
	effect->with.send.type = type;
	effect->with.send.message = message;
	effect->with.send.arena = arena;
}

void effect_close(struct target *target)
{
	target->state = TARGET_GONE;
	add_at(target, EFFECT_CLOSE);
}

void effect_drop(struct target *target)
{
	target->state = TARGET_GONE;
	add_at(target, EFFECT_DROP);
}

void effect_play(struct run *run, const char *name)
{
	add(run, EFFECT_PLAY)->with.text = name;
}

void effect_task(struct run *run, struct run_task *task, unsigned hosts)
{
	struct effect *effect = add(run, EFFECT_TASK);

	effect->task = task;
	effect->with.hosts = hosts;
}

void effect_result(struct run *run, struct run_task *task, const struct report_result *result)
{
	struct effect *effect = add(run, EFFECT_RESULT);

	effect->task = task;
	effect->with.result = *result;
}

void effect_task_end(struct run *run, struct run_task *task)
{
	add(run, EFFECT_TASK_END)->task = task;
}

void effect_lost(struct run_host *host, const struct error *err)
{
	struct effect *effect = add(host->run, EFFECT_LOST);

	effect->host = host;
	effect->with.error = err;
}

void effect_progress(struct run_host *host, const char *text)
{
	struct effect *effect = add(host->run, EFFECT_PROGRESS);

	effect->host = host;
	effect->with.text = text;
}

void effect_output(struct run_host *host, struct run_task *task, const struct bytes *text)
{
	struct effect *effect = add(host->run, EFFECT_OUTPUT);

	effect->host = host;
	effect->task = task;
	effect->with.output = *text;
}

void effect_warn(struct run *run, const char *host, const char *message)
{
	struct effect *effect = add(run, EFFECT_WARN);

	effect->with.warning.host = arena_string(run->arena, host);
	effect->with.warning.message = arena_string(run->arena, message);
}

void run_warn(struct run *run, const char *host, const char *message)
{
	const struct inventory_host *found = host ? inventory_find(run->options.inventory, host) : NULL;
	const char *key = arena_printf(run->arena, "%s %s", host ? host : "", message);

	/* Of hosts that are only looked at nothing is said. */
	if (found && run->by_inventory && run->by_inventory[found->index]
			&& run->by_inventory[found->index]->bystander)
		return;
	/* What is filled in several times says the same several times. */
	if (value_get(run->warned, key))
		return;
	value_set_bool(run->arena, run->warned, key, true);
	effect_warn(run, host, message);
}

/* --- Doing it --- */

static void send(const struct fleet *fleet, const struct effect *effect)
{
	fleet->calls->send(effect->target->fleet, effect->with.send.type,
		effect->with.send.message);
	arena_free(effect->with.send.arena);
}

static void tell(struct report *report, const struct effect *effect)
{
	struct run_task *task = effect->task;

	switch (effect->kind) {
	case EFFECT_PLAY:
		report_play(report, effect->with.text);
		break;
	case EFFECT_TASK:
		task->report = report_task(report, task_title(task->task), task->task->word,
			task->handler, task->task->place, effect->with.hosts);
		break;
	case EFFECT_RESULT:
		report_result(report, task->report, &effect->with.result);
		break;
	case EFFECT_TASK_END:
		report_task_end(report, task->report);
		break;
	case EFFECT_LOST:
		report_lost(report, effect->host->name, effect->with.error);
		break;
	case EFFECT_OUTPUT:
		report_output(report, task->report, effect->host->name, effect->with.output.bytes,
			effect->with.output.size);
		break;
	case EFFECT_PROGRESS:
		report_progress(report, effect->host->name, effect->with.text);
		break;
	default:
		report_warning(report, effect->with.warning.host, effect->with.warning.message);
		break;
	}
}

static void carry_out(struct fleet *fleet, struct report *report, const struct effect *effect)
{
	switch (effect->kind) {
	case EFFECT_CONNECT:
		effect->target->fleet = fleet->calls->add(fleet, &effect->target->way);
		break;
	case EFFECT_SEND:
		send(fleet, effect);
		break;
	case EFFECT_CLOSE:
		fleet->calls->close(effect->target->fleet);
		break;
	case EFFECT_DROP:
		fleet->calls->drop(effect->target->fleet);
		break;
	default:
		tell(report, effect);
		break;
	}
}

void effects_carry_out(struct run *run, struct fleet *fleet, struct report *report)
{
	struct effects *effects = &run->effects;

	for (size_t i = 0; i < effects->count; i++)
		carry_out(fleet, report, &effects->items[i]);
	effects->count = 0;
	/* Events that are still to come may speak of what is in it. */
	if (run->queue.count > 0)
		return;
	arena_free(effects->arena);
	effects->arena = NULL;
}

void effects_free(struct run *run)
{
	for (size_t i = 0; i < run->effects.count; i++) {
		if (run->effects.items[i].kind == EFFECT_SEND)
			arena_free(run->effects.items[i].with.send.arena);
	}
	arena_free(run->effects.arena);
	free(run->effects.items);
	run->effects = (struct effects){0};
}
