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

static void add_undo(struct run *run, struct run_host *host, struct value *task)
{
	static const char *const modes[] = { "", "prune", "rollback", "all", "prune" };
	struct value *undo = value_map(host->arena), *declared, *unsure;

	value_set_string(host->arena, undo, "mode", modes[run->options.undo]);
	value_set_bool(host->arena, undo, "discard", run->options.discard_drift);
	value_set(host->arena, undo, "handlers", handler_keys(run, host));
	if (run->options.undo == UNDO_AFTER)
		value_set(host->arena, undo, "after", value_copy(host->arena, run->options.undo_after));
	if (run->options.undo == UNDO_LEFT)
		value_set(host->arena, undo, "of_hosts", value_copy(host->arena, run->options.vanished));
	if (run->options.undo != UNDO_ALL) {
		declared = value_list(host->arena);
		unsure = value_list(host->arena);
		declare_all(run, host, true, host->arena, declared, unsure);
		value_set(host->arena, undo, "declared", declared);
		value_set(host->arena, undo, "unsure", unsure);
	}
	value_set(host->arena, task, "undo", undo);
}

static void add_look(struct run *run, struct run_host *host, struct value *task)
{
	struct value *look = value_map(host->arena), *whole = value_map(host->arena);
	struct value *declared = value_list(host->arena), *unsure = value_list(host->arena);

	declare_all(run, host, true, host->arena, declared, unsure);
	value_set(host->arena, whole, "unseen", declared);
	value_set(host->arena, whole, "unsure", unsure);
	value_set(host->arena, look, "whole", whole);
	value_set_string(host->arena, look, "text", run->options.look_text);
	value_set(host->arena, task, "look", look);
	value_set_bool(host->arena, task, "results", true);
}

const struct filled *fill_undo(struct run *run, struct run_host *host, struct unit *unit)
{
	struct filled *filled = arena_alloc(host->arena, sizeof(*filled));
	struct filled_item *item = arena_alloc(host->arena, sizeof(*item));

	item->kind = FILLED_RUN;
	item->task = value_map(host->arena);
	value_set_string(host->arena, item->task, "name", task_title(unit->task->task));
	if (run->options.look)
		add_look(run, host, item->task);
	else
		add_undo(run, host, item->task);
	*filled = (struct filled){ .items = item, .count = 1, .known = true,
		.check = host_checks(host), .diff = host_shows_diff(host),
		.name = task_title(unit->task->task) };
	return host->filled[unit->index] = filled;
}
