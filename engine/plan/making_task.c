/* making_task: the units of one task, and which hosts they are for. */
#include "plan/making.h"

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

struct unit *making_unit(const struct making *making, struct run_task *task)
{
	struct run *run = making->run;
	struct unit *unit;

	if (task && task->left_out) {
		unit = arena_alloc(run->arena, sizeof(*unit));
		list_add(run, &run->left_out, &run->left_out_count, &run->left_out_capacity, unit);
	} else {
		unit = program_unit(run->schedule->program, making->block, making->section);
		unit->index = (int64_t)run->unit_count;
		list_add(run, &run->units, &run->unit_count, &run->unit_capacity, unit);
	}
	unit->play = run->options.playbook->plays[making->play_index];
	unit->play_index = making->play_index;
	unit->task = task;
	unit->only = making->hosts;
	if (task)
		task->last = unit;
	return unit;
}

struct run_task *making_run_task(struct run *run, const struct play *play,
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
		return error_at(err, PLAYBOOK_INVALID_VALUE, raw->place, "'group' must be a pattern of "
			"hosts");
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
	unit->only = host_set_copy(run->arena, unit->only);
	inside = arena_array(run->arena, inventory_host_count(run->options.inventory) + 1,
		sizeof(*inside));
	for (size_t i = 0; i < group.count; i++)
		inside[group.hosts[i]->index] = true;
	for (size_t i = 0; i < run->host_count; i++) {
		const struct inventory_host *host = run->hosts[i].inventory;
		bool first = group.count > 0 && group.hosts[0] == host;

		if (!inside[host->index] || (part->hosts == PART_FIRST && !first)
				|| (part->hosts == PART_OTHERS && first))
			host_set_remove(unit->only, i);
	}
	return 0;
}

/* What is about all hosts one decides for all. */
static bool meta_is_of_all(enum meta meta)
{
	return meta == META_END_BATCH || meta == META_END_PLAY || meta == META_CLEAR_FACTS;
}

int making_run_once(struct run *run, const struct play *play, const struct task *task,
	bool *ret_once, struct error *err)
{
	const struct value *raw = task->run_once ? task->run_once : play->run_once;
	struct scope *scope = scope_new(run->arena, run->options.variables, NULL, play, task);

	if (expression_truth(run->arena, scope, raw, false, ret_once, err) < 0) {
		error_place(err, raw->place.line ? raw->place : task->place);
		return error_remedy(err, "'run_once' is decided for all hosts at once: it sees no variable of "
			"a single one");
	}
	if (*ret_once && play->free)
		run_warn(run, NULL, arena_printf(run->arena, "%s:%u: with 'strategy: free' each host does "
			"what has 'run_once'", task->place.file, task->place.line));
	*ret_once = (*ret_once || meta_is_of_all(task->meta)) && !play->free;
	if (!*ret_once || !task->module->parts)
		return 0;
	error_at(err, PLAYBOOK_CONFLICTING_KEYWORDS, task->place, "'%s' can't have 'run_once'",
		task->module->name);
	return error_remedy(err, "leave it out: each of its steps knows its hosts");
}

int making_task(const struct making *making, const struct task *task, bool left_out,
	struct error *err)
{
	struct run *run = making->run;
	const struct play *play = run->options.playbook->plays[making->play_index];
	struct run_task *made = making_run_task(run, play, task, left_out);
	const struct part *part = task->module->parts;
	struct unit *unit;
	bool once;

	if (making_run_once(run, play, task, &once, err) < 0)
		return -1;
	if (!part) {
		unit = making_unit(making, made);
		unit->module = task->module;
		unit->run_once = once;
		/* Over a connection that is reset nothing is under way. */
		unit->barrier = task->include || task->meta == META_RESET_CONNECTION;
		return 0;
	}
	for (; part->hosts != PART_END; part++) {
		unit = making_unit(making, made);
		unit->module = part->module;
		unit->barrier = part->barrier;
		if (members_of_part(run, unit, part, err) < 0)
			return -1;
	}
	return 0;
}
