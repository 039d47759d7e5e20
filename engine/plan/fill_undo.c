/* fill_undo: the task that takes back, or asks what is there. */
#include "plan/state.h"

/* Of the plays that the host is in. */
static struct value *handler_keys(const struct run *run, const struct run_host *host)
{
	const struct playbook *playbook = run->options.playbook;
	struct value *keys = value_list(host->arena);

	for (size_t i = 0; i < playbook->play_count; i++) {
		const struct play *play = playbook->plays[i];

		for (size_t k = 0; run->play_hosts[i][host->inventory->index]
				&& k < play->handler_count; k++)
			value_append(host->arena, keys, value_string(host->arena,
				fill_handler_key(host->arena, play->handlers[k])));
	}
	return keys;
}

/* owner: of a host that left the inventory: the text has nothing of it. */
static const struct undo_order *undo_order(struct run *run, struct run_host *host,
	struct target *target, const char *owner)
{
	static const enum undo_mode modes[] = {
		[UNDO_NOTHING] = UNDO_MODE_NONE, [UNDO_ORPHANS] = UNDO_MODE_PRUNE,
		[UNDO_AFTER] = UNDO_MODE_ROLLBACK, [UNDO_ALL] = UNDO_MODE_ALL,
		[UNDO_LEFT] = UNDO_MODE_PRUNE,
	};
	const struct run_options *options = &run->options;
	struct undo_order *order = arena_alloc(host->arena, sizeof(*order));

	*order = (struct undo_order){ .mode = modes[options->undo], .discard = options->discard_drift,
		.handlers = handler_keys(run, host) };
	if (options->undo == UNDO_AFTER)
		order->after = value_copy(host->arena, options->undo_after);
	if (options->undo == UNDO_LEFT && !owner)
		order->of_hosts = value_copy(host->arena, options->vanished);
	if (options->undo != UNDO_ALL) {
		order->declared = value_list(host->arena);
		order->unsure = value_list(host->arena);
		if (!owner)
			declare_all(run, host, target, true, host->arena, order->declared, order->unsure);
	}
	return order;
}

static const struct look_order *look_order(struct run *run, struct run_host *host,
	struct target *target)
{
	struct look_order *order = arena_alloc(host->arena, sizeof(*order));
	struct whole *whole = arena_alloc(host->arena, sizeof(*whole));

	whole->unseen = value_list(host->arena);
	whole->unsure = value_list(host->arena);
	declare_all(run, host, target, true, host->arena, whole->unseen, whole->unsure);
	*order = (struct look_order){ .whole = whole, .text = run->options.look_text };
	return order;
}

const struct filled *fill_undo(struct run *run, struct run_host *host, struct unit *unit)
{
	struct filled *filled = arena_alloc(host->arena, sizeof(*filled));
	struct filled_item *item = arena_alloc(host->arena, sizeof(*item));
	struct error ignored = {0};
	const struct cause *cause;
	struct target *target = target_at(run, host, unit, &cause, &ignored);

	item->kind = FILLED_RUN;
	item->task = arena_alloc(host->arena, sizeof(*item->task));
	item->task->name = task_title(unit->task->task);
	item->task->kind = run->options.look ? TASK_LOOK : TASK_UNDO;
	if (run->options.look)
		item->task->look = look_order(run, host, target);
	else
		item->task->undo = undo_order(run, host, target, visit_undone(host, unit)->owner);
	*filled = (struct filled){ .items = item, .count = 1, .known = true,
		.check = host_checks(host), .diff = host_shows_diff(host),
		.name = task_title(unit->task->task) };
	return host->filled[unit->index] = filled;
}
