/* units: the plays laid out as one ordered list, and which of it is for which host. */
#include "plan/state.h"

#include "expression/expression.h"
#include "module/params.h"

#include <string.h>

/* Puts a unit behind a list. */
static void list_add(struct run *run, struct unit ***list, size_t *count, size_t *capacity,
	struct unit *unit)
{
	if (*count == *capacity) {
		size_t more = *capacity ? 2 * *capacity : 32;

		*list = arena_grow(run->arena, *list, *count * sizeof(**list), more * sizeof(**list));
		*capacity = more;
	}
	(*list)[(*count)++] = unit;
}

/* task NULL: a flush. Without a place among the tasks that are announced it is left out. */
static struct unit *unit_new(struct run *run, size_t play_index, struct run_task *task)
{
	struct unit *unit = arena_alloc(run->arena, sizeof(*unit));

	unit->index = (int64_t)run->unit_count;
	unit->play = run->options.playbook->plays[play_index];
	unit->play_index = play_index;
	unit->task = task;
	unit->member = arena_array(run->arena, run->host_count + 1, sizeof(bool));
	if (task && task->left_out)
		list_add(run, &run->left_out, &run->left_out_count, &run->left_out_capacity, unit);
	else
		list_add(run, &run->units, &run->unit_count, &run->unit_capacity, unit);
	return unit;
}

static struct run_task *task_new(struct run *run, const struct play *play,
	const struct task *task, bool left_out)
{
	struct run_task *made = arena_alloc(run->arena, sizeof(*made));

	made->left_out = left_out;
	made->task = task;
	made->play = play;
	made->handler = task->handler;
	if (left_out)
		return made;
	if (run->task_count == run->task_capacity) {
		size_t capacity = run->task_capacity ? 2 * run->task_capacity : 32;

		run->tasks = arena_grow(run->arena, run->tasks, run->task_count * sizeof(*run->tasks),
			capacity * sizeof(*run->tasks));
		run->task_capacity = capacity;
	}
	run->tasks[run->task_count++] = made;
	return made;
}

static void members_of_play(const struct run *run, struct unit *unit)
{
	for (size_t i = 0; i < run->host_count; i++)
		unit->member[i] = run->play_hosts[unit->play_index][run->hosts[i].inventory->index];
}

/* The pattern in the parameter "group" of a task that has one; NULL: it has none. */
static int task_group(struct run *run, const struct play *play, const struct task *task,
	const char **ret_pattern, struct place *ret_place, struct error *err)
{
	const struct param *param = param_find(task->module->params, "group");
	const struct value *raw = value_get(task->params, "group");
	struct value *filled;

	*ret_pattern = NULL;
	*ret_place = task->place;
	if (!param)
		return 0;
	*ret_pattern = param->otherwise;
	if (!raw)
		return 0;
	*ret_place = raw->place;
	if (expression_fill(run->arena, scope_new(run->arena, run->options.variables, NULL, play,
			task), raw, &filled, err) < 0)
		return -1;
	if (!value_text(filled))
		return error_at(err, raw->place, "'group' must be a pattern of hosts");
	*ret_pattern = value_text(filled);
	return 0;
}

static int members_of_part(struct run *run, struct unit *unit, const struct part *part,
	struct error *err)
{
	struct inventory_list group;
	const char *pattern;
	struct place place;
	bool *inside;

	if (task_group(run, unit->play, unit->task->task, &pattern, &place, err) < 0)
		return -1;
	if (!pattern)
		return 0;
	if (inventory_match(run->options.inventory, run->arena, pattern, place, &group, err) < 0)
		return -1;
	inside = arena_array(run->arena, inventory_host_count(run->options.inventory) + 1,
		sizeof(*inside));
	for (size_t i = 0; i < group.count; i++)
		inside[group.hosts[i]->index] = true;
	for (size_t i = 0; i < run->host_count; i++) {
		const struct inventory_host *host = run->hosts[i].inventory;
		bool first = group.count > 0 && group.hosts[0] == host;

		if (!inside[host->index] || (part->hosts == PART_FIRST && !first)
				|| (part->hosts == PART_OTHERS && first))
			unit->member[i] = false;
	}
	return 0;
}

static int add_task(struct run *run, size_t play_index, const struct task *task, bool left_out,
	struct error *err)
{
	struct run_task *made = task_new(run, run->options.playbook->plays[play_index], task,
		left_out);
	const struct part *part = task->module->parts;
	struct unit *unit;

	if (!part) {
		unit = unit_new(run, play_index, made);
		unit->module = task->module;
		members_of_play(run, unit);
		return 0;
	}
	for (; part->hosts != PART_END; part++) {
		unit = unit_new(run, play_index, made);
		unit->module = part->module;
		unit->barrier = part->barrier;
		members_of_play(run, unit);
		if (members_of_part(run, unit, part, err) < 0)
			return -1;
	}
	return 0;
}

static int add_flush(struct run *run, size_t play_index, struct error *err)
{
	const struct play *play = run->options.playbook->plays[play_index];
	struct unit *unit;

	if (play->handler_count == 0)
		return 0;
	for (size_t i = 0; i < play->handler_count; i++) {
		if (add_task(run, play_index, play->handlers[i], false, err) < 0)
			return -1;
	}
	unit = unit_new(run, play_index, NULL);
	members_of_play(run, unit);
	return 0;
}

static int add_play(struct run *run, size_t play_index, struct error *err)
{
	const struct play *play = run->options.playbook->plays[play_index];
	bool since = false;

	for (size_t i = 0; i < play->task_count; i++) {
		const struct task *task = play->tasks[i];

		bool chosen;

		if (task->flush_handlers) {
			if (since && add_flush(run, play_index, err) < 0)
				return -1;
			since = false;
			continue;
		}
		chosen = task_chosen(task, run->options.tags, run->options.skip_tags);

		if (add_task(run, play_index, task, !chosen, err) < 0)
			return -1;
		since = since || chosen;
	}
	return since ? add_flush(run, play_index, err) : 0;
}

static int match_play(struct run *run, size_t play_index, bool *chosen, struct error *err)
{
	const struct play *play = run->options.playbook->plays[play_index];
	size_t count = inventory_host_count(run->options.inventory);
	struct inventory_list list;
	struct value *pattern;

	run->play_hosts[play_index] = arena_array(run->arena, count + 1, sizeof(bool));
	if (expression_fill(run->arena, scope_new(run->arena, run->options.variables, NULL, NULL,
			NULL), play->hosts, &pattern, err) < 0)
		return -1;
	if (!value_text(pattern))
		return error_at(err, play->hosts->place, "'hosts' must be a pattern of hosts");
	if (inventory_match(run->options.inventory, run->arena, value_text(pattern),
			play->hosts->place, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		if (run->options.today && !value_get(run->options.today, list.hosts[i]->name))
			continue;
		run->play_hosts[play_index][list.hosts[i]->index] = true;
		chosen[list.hosts[i]->index] = true;
	}
	return 0;
}

static bool within_limit(const struct run *run, const struct inventory_host *host)
{
	const struct inventory_list *limit = run->options.limit;

	if (!limit)
		return true;
	for (size_t i = 0; i < limit->count; i++) {
		if (limit->hosts[i] == host)
			return true;
	}
	return false;
}

/* At hosts that are in no play any more. */
static bool only_looks(const struct run *run)
{
	return run->options.undo == UNDO_NOTHING || run->options.undo == UNDO_LEFT;
}

static bool has_left(const struct run *run, const char *name)
{
	const struct value *left = run->options.left;

	for (size_t i = 0; left && i < left->count; i++) {
		if (strcmp(value_text(left->items[i]), name) == 0)
			return true;
	}
	return false;
}

static void make_hosts(struct run *run, const bool *chosen)
{
	const struct inventory *inventory = run->options.inventory;
	size_t count = inventory_host_count(inventory);

	run->by_inventory = arena_array(run->arena, count + 1, sizeof(*run->by_inventory));
	run->hosts = arena_array(run->arena, count + 1, sizeof(*run->hosts));
	for (size_t i = 0; i < count; i++) {
		struct inventory_host *found = inventory_host(inventory, i);
		struct run_host *host = &run->hosts[run->host_count];
		bool within = within_limit(run, found);
		bool left = within && !chosen[i] && has_left(run, found->name);

		if (!left && (!chosen[i] || (!within && !run->options.others)))
			continue;
		host->left = left;
		host->bystander = left ? !run->options.look && only_looks(run) : !within;
		run->bystander_count += host->bystander;
		host->run = run;
		host->index = run->host_count++;
		host->inventory = found;
		host->name = found->name;
		host->arena = arena_new();
		host->gate = -1;
		run->by_inventory[i] = host;
	}
}

/* Handlers of all plays, and a flush behind them; ret_first: where they begin. */
static int add_all_handlers(struct run *run, size_t *ret_first, struct error *err)
{
	const struct playbook *playbook = run->options.playbook;

	*ret_first = run->unit_count;
	for (size_t i = 0; i < playbook->play_count; i++) {
		const struct play *play = playbook->plays[i];

		for (size_t k = 0; k < play->handler_count; k++) {
			if (add_task(run, i, play->handlers[k], false, err) < 0)
				return -1;
		}
	}
	if (run->unit_count > *ret_first)
		unit_new(run, 0, NULL);
	for (size_t i = *ret_first; i < run->unit_count; i++) {
		run->units[i]->aside = true;
		run->units[i]->barrier = false;
	}
	return 0;
}

/* Before the first task: for hosts on which an earlier run left them due. Nobody is a member
 * yet. */
static int add_early(struct run *run, struct error *err)
{
	size_t first;

	if (add_all_handlers(run, &first, err) < 0)
		return -1;
	for (size_t i = first; i < run->unit_count; i++) {
		run->units[i]->early = true;
		memset(run->units[i]->member, 0, run->host_count * sizeof(bool));
	}
	return 0;
}

/* After all was undone: what that has notified. */
static int add_late(struct run *run, struct error *err)
{
	size_t first;

	if (add_all_handlers(run, &first, err) < 0)
		return -1;
	for (size_t i = 0; run->unit_count > first && i < run->host_count; i++)
		run->units[run->unit_count - 1]->member[i] = true;
	return 0;
}

void units_announce_again(struct run *run, struct unit *unit)
{
	if (unit->task->announced)
		unit->task = task_new(run, unit->play, unit->task->task, false);
}

/* Before the first task, on all hosts of the run. */
static void add_undo(struct run *run)
{
	static const struct module undo = { .name = "undo", .summary = "takes back" };
	static const char *const names[] = { "", "Undo what the text no longer has",
		"Undo what later runs did", "Undo all that this playbook did",
		"Undo what was of hosts that left" };
	struct task *task = arena_alloc(run->arena, sizeof(*task));
	struct play *play = arena_alloc(run->arena, sizeof(*play));
	struct unit *unit = arena_alloc(run->arena, sizeof(*unit));

	task->name = names[run->options.undo];
	task->word = undo.name;
	task->module = &undo;
	task->tags = value_list(run->arena);
	play->name = "Undo";
	play->vars = play->file_vars = value_map(run->arena);
	play->tags = value_list(run->arena);
	unit->index = (int64_t)run->unit_count;
	unit->play = play;
	unit->task = task_new(run, play, task, false);
	unit->module = &undo;
	unit->undo = true;
	unit->member = arena_array(run->arena, run->host_count + 1, sizeof(bool));
	for (size_t i = 0; i < run->host_count; i++)
		unit->member[i] = !run->hosts[i].bystander;
	list_add(run, &run->units, &run->unit_count, &run->unit_capacity, unit);
}

static void leave_out_all(struct run *run)
{
	for (size_t i = 1; i < run->unit_count; i++) {
		if (run->units[i]->task)
			list_add(run, &run->left_out, &run->left_out_count, &run->left_out_capacity,
				run->units[i]);
	}
	run->unit_count = 1;
	run->task_count = 1;
}

int units_make(struct run *run, struct error *err)
{
	const struct playbook *playbook = run->options.playbook;
	size_t count = inventory_host_count(run->options.inventory);
	bool *chosen = arena_array(run->arena, count + 1, sizeof(*chosen));

	run->play_hosts = arena_array(run->arena, playbook->play_count + 1, sizeof(bool *));
	for (size_t i = 0; i < playbook->play_count; i++) {
		if (match_play(run, i, chosen, err) < 0)
			return -1;
	}
	make_hosts(run, chosen);
	if (!run->options.look && run->options.undo != UNDO_ALL && add_early(run, err) < 0)
		return -1;
	if (run->options.undo != UNDO_NOTHING || run->options.look)
		add_undo(run);
	if (run->options.undo == UNDO_ALL && add_late(run, err) < 0)
		return -1;
	for (size_t i = 0; run->options.undo != UNDO_ALL && i < playbook->play_count; i++) {
		if (add_play(run, i, err) < 0)
			return -1;
	}
	/* Who looks runs nothing of it, but what it declares counts. */
	if (run->options.look)
		leave_out_all(run);
	for (size_t i = 0; i < run->host_count; i++) {
		run->hosts[i].filled = arena_array(run->arena, run->unit_count + 1,
			sizeof(struct filled *));
		run->hosts[i].sent = arena_array(run->arena, run->unit_count + 1, sizeof(bool));
	}
	return 0;
}

int64_t units_next(const struct run *run, const struct run_host *host, int64_t from)
{
	while (from < (int64_t)run->unit_count && !run->units[from]->member[host->index])
		from++;
	return from;
}
