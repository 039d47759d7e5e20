/* units: the program that plays make: blocks and units, batches of hosts, and which unit is for which
 * host. */
#include "plan/state.h"

#include "expression/expression.h"
#include "module/params.h"

#include <stdlib.h>
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

/* Where the next unit is put. */
struct making {
	struct run *run;
	size_t play_index;
	struct block *block;
	enum section section;
	struct host_set *hosts;
};

/* task NULL: a flush. What tags leave out has no place. */
static struct unit *unit_new(const struct making *making, struct run_task *task)
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

/* Whether one host does the task for all; with strategy free they don't wait for it. */
static int is_run_once(struct run *run, const struct play *play, const struct task *task,
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

static int add_task(const struct making *making, const struct task *task, bool left_out,
	struct error *err)
{
	struct run *run = making->run;
	const struct play *play = run->options.playbook->plays[making->play_index];
	struct run_task *made = task_new(run, play, task, left_out);
	const struct part *part = task->module->parts;
	struct unit *unit;
	bool once;

	if (is_run_once(run, play, task, &once, err) < 0)
		return -1;
	if (!part) {
		unit = unit_new(making, made);
		unit->module = task->module;
		unit->run_once = once;
		unit->barrier = task->include;
		return 0;
	}
	for (; part->hosts != PART_END; part++) {
		unit = unit_new(making, made);
		unit->module = part->module;
		unit->barrier = part->barrier;
		if (members_of_part(run, unit, part, err) < 0)
			return -1;
	}
	return 0;
}

static int add_flush(const struct making *making, struct error *err)
{
	const struct play *play = making->run->options.playbook->plays[making->play_index];

	if (play->handler_count == 0)
		return 0;
	for (size_t i = 0; i < play->handler_count; i++) {
		bool once;

		if (is_run_once(making->run, play, play->handlers[i], &once, err) < 0)
			return -1;
		/* Where one host does it for all, those before it must have been done. */
		if (once && i > 0)
			unit_new(making, NULL);
		if (add_task(making, play->handlers[i], false, err) < 0)
			return -1;
	}
	unit_new(making, NULL);
	return 0;
}

/* Tasks up to where their handlers run; force_handlers: these whatever becomes of the tasks. */
static struct block *section_new(const struct making *making, struct block *root)
{
	const struct run *run = making->run;
	struct block *block;

	if (!run->options.playbook->plays[making->play_index]->force_handlers
			&& !run->options.force_handlers)
		return root;
	block = program_block(run->schedule->program, root, SECTION_MAIN);
	block->forces_handlers = true;
	return block;
}

static int end_section(struct making *making, struct block *block, struct error *err)
{
	making->block = block;
	making->section = block->forces_handlers ? SECTION_ALWAYS : SECTION_MAIN;
	return add_flush(making, err);
}

static bool is_chosen(const struct run *run, const struct task *task)
{
	return !run->options.look && task_chosen(task, run->options.tags, run->options.skip_tags);
}

static int add_items(struct making *making, const struct items *items, bool *since,
	struct error *err);

/* Without any task in it a section isn't there. */
static int add_block(struct making *making, const struct task_block *text, bool *since,
	struct error *err)
{
	struct making around = *making;

	making->block = program_block(making->run->schedule->program, making->block, making->section);
	for (size_t i = 0; i < BLOCK_PARTS; i++) {
		making->section = (enum section)i;
		if (add_items(making, &text->parts[i], since, err) < 0)
			return -1;
	}
	*making = around;
	return 0;
}

/* since: whether there was any task since handlers ran. */
static int add_items(struct making *making, const struct items *items, bool *since,
	struct error *err)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->items[i];
		bool chosen = item->task && is_chosen(making->run, item->task);
		int result;

		if (item->kind == ITEM_BLOCK)
			result = add_block(making, item->block, since, err);
		else if (item->kind == ITEM_FLUSH)
			result = *since ? add_flush(making, err) : 0;
		else
			result = add_task(making, item->task, !chosen, err);
		if (result < 0)
			return -1;
		*since = item->kind == ITEM_FLUSH ? false : *since || chosen;
	}
	return 0;
}

/* The sections of a play end where handlers run that stand in no block. */
static int add_sections(struct making *making, struct block *root, struct error *err)
{
	const struct items *all = &making->run->options.playbook->plays[making->play_index]->items;
	bool since = false;

	for (size_t i = 0; i < all->count;) {
		struct block *section = section_new(making, root);
		struct items some = { .items = &all->items[i] };

		while (i < all->count && all->items[i++].kind != ITEM_FLUSH)
			some.count++;
		making->block = section;
		making->section = SECTION_MAIN;
		if (add_items(making, &some, &since, err) < 0
				|| (since && end_section(making, section, err) < 0))
			return -1;
		since = false;
	}
	return 0;
}

static int read_share(struct run *run, const struct value *value, struct serial *ret_serial,
	struct error *err)
{
	const char *text = value_text(value);
	char *end = NULL;
	long number = text ? strtol(text, &end, 10) : value->kind == VALUE_INTEGER ? value->integer : -1;

	(void)run;
	*ret_serial = (struct serial){ .percent = end && *end == '%' };
	if (number < 0 || (text && (end == text || end[ret_serial->percent] || number > INT32_MAX))
			|| (ret_serial->percent && number > 100))
		return error_at(err, PLAYBOOK_INVALID_VALUE, value->place, "'serial' is a number of hosts "
			"or a percentage");
	ret_serial->number = (size_t)number;
	return 0;
}

static int read_serial(struct run *run, const struct play *play, struct serial **ret_serial,
	size_t *ret_count, struct error *err)
{
	struct value *filled, *list = value_list(run->arena);

	*ret_count = 0;
	if (!play->serial)
		return 0;
	if (expression_fill(run->arena, scope_new(run->arena, run->options.variables, NULL, play, NULL),
			play->serial, &filled, err) < 0)
		return -1;
	/* An expression may give a list of its own. */
	for (size_t i = 0; i < filled->count; i++) {
		const struct value *one = filled->items[i];

		for (size_t k = 0; one->kind == VALUE_LIST && k < one->count; k++)
			value_append(run->arena, list, one->items[k]);
		if (one->kind != VALUE_LIST)
			value_append(run->arena, list, filled->items[i]);
	}
	*ret_serial = arena_array(run->arena, list->count + 1, sizeof(**ret_serial));
	for (; *ret_count < list->count; ++*ret_count) {
		if (read_share(run, list->items[*ret_count], &(*ret_serial)[*ret_count], err) < 0)
			return -1;
	}
	return 0;
}

static int read_max_fail(struct run *run, const struct play *play, int *ret_percent,
	struct error *err)
{
	struct serial share;
	struct value *filled;

	*ret_percent = PERCENT_NONE;
	if (!play->max_fail_percentage)
		return 0;
	if (expression_fill(run->arena, scope_new(run->arena, run->options.variables, NULL, play, NULL),
			play->max_fail_percentage, &filled, err) < 0)
		return -1;
	if (read_share(run, filled, &share, err) < 0 || share.number > 100)
		return error_at(err, PLAYBOOK_INVALID_VALUE, play->max_fail_percentage->place,
			"'max_fail_percentage' is a number from 0 to 100");
	*ret_percent = (int)share.number;
	return 0;
}

/* Hosts that are only looked at go with the first batch. */
static int add_batches(struct run *run, size_t play_index, struct block *root, struct error *err)
{
	const struct play *play = run->options.playbook->plays[play_index];
	size_t total = 0, done = 0, next = 0, count;
	struct serial *serial = NULL;
	int max_fail;

	if (read_serial(run, play, &serial, &count, err) < 0
			|| read_max_fail(run, play, &max_fail, err) < 0)
		return -1;
	for (size_t i = 0; i < run->host_count; i++)
		total += !run->hosts[i].bystander && host_set_has(&run->play_sets[play_index], i);
	for (size_t number = 0; number == 0 || done < total; number++) {
		struct batch *batch = schedule_batch(run->schedule, play_index, root);
		size_t size = batch_size(serial, count, number, total, done);

		batch->waits = number > 0;
		batch->free = play->free;
		batch->max_fail_percentage = max_fail;
		for (size_t i = 0; number == 0 && i < run->host_count; i++) {
			if (run->hosts[i].bystander && host_set_has(&run->play_sets[play_index], i))
				host_set_add(&batch->hosts, i);
		}
		for (size_t taken = 0; taken < size; next++) {
			if (run->hosts[next].bystander || !host_set_has(&run->play_sets[play_index], next))
				continue;
			host_set_add(&batch->hosts, next);
			taken++;
		}
		done += size;
	}
	return 0;
}

static int add_play(struct run *run, size_t play_index, struct error *err)
{
	struct making making = { .run = run, .play_index = play_index,
		.hosts = &run->play_sets[play_index] };
	struct block *root = program_block(run->schedule->program, NULL, SECTION_MAIN);

	if (add_sections(&making, root, err) < 0)
		return -1;
	program_add(run->schedule->program, root);
	return add_batches(run, play_index, root, err);
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
		return error_at(err, PLAYBOOK_INVALID_VALUE, play->hosts->place, "'hosts' must be a "
			"pattern of hosts");
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

/* In front of all plays: for all hosts. */
static struct making make_first(struct run *run)
{
	struct making making = { .run = run, .block = program_block(run->schedule->program, NULL,
		SECTION_MAIN) };

	schedule_batch(run->schedule, SIZE_MAX, making.block);
	for (size_t i = 0; i < run->host_count; i++)
		host_set_add(&run->schedule->batches[0]->hosts, i);
	return making;
}

/* Handlers of all plays, and a flush behind them; early: for nobody yet. */
static int add_all_handlers(struct making *making, bool early, struct error *err)
{
	struct run *run = making->run;
	const struct playbook *playbook = run->options.playbook;
	struct host_set nobody = host_set_new(run->arena, run->host_count);
	size_t first = run->unit_count;

	for (size_t i = 0; i < playbook->play_count; i++) {
		making->play_index = i;
		making->hosts = early ? &nobody : &run->play_sets[i];
		for (size_t k = 0; k < playbook->plays[i]->handler_count; k++) {
			if (add_task(making, playbook->plays[i]->handlers[k], false, err) < 0)
				return -1;
		}
	}
	making->play_index = 0;
	making->hosts = early ? &nobody : NULL;
	if (run->unit_count > first)
		unit_new(making, NULL);
	for (size_t i = first; i < run->unit_count; i++) {
		run->units[i]->aside = true;
		run->units[i]->barrier = run->units[i]->run_once = false;
		run->units[i]->early = early;
		if (early)
			run->units[i]->only = host_set_copy(run->arena, &nobody);
	}
	return 0;
}

/* Hosts that have so many targets; those that are only looked at not. */
static struct host_set *undo_hosts(struct run *run, size_t number)
{
	struct host_set *hosts = arena_alloc(run->arena, sizeof(*hosts));

	*hosts = host_set_new(run->arena, run->host_count);
	for (size_t i = 0; i < run->host_count; i++) {
		const struct visit *visit = run->hosts[i].visits;

		for (size_t k = 0; visit && k < number; k++)
			visit = visit->next;
		if (visit && !run->hosts[i].bystander)
			host_set_add(hosts, i);
	}
	return hosts;
}

static bool has_any(const struct host_set *hosts)
{
	for (size_t i = 0; i < hosts->count; i++) {
		if (hosts->words[i])
			return true;
	}
	return false;
}

static struct run_task *undo_task(struct run *run, const struct module *module, size_t number)
{
	static const char *const names[] = { "", "Undo what the text no longer has",
		"Undo what later runs did", "Undo all that this playbook did",
		"Undo what was of hosts that left" };
	struct task *task = arena_alloc(run->arena, sizeof(*task));
	struct play *play = arena_alloc(run->arena, sizeof(*play));

	task->name = number == 0 ? names[run->options.undo] : arena_printf(run->arena,
		"%s, where else a host's tasks are done", names[run->options.undo]);
	task->word = module->name;
	task->module = module;
	task->tags = value_list(run->arena);
	play->name = "Undo";
	play->vars = play->file_vars = value_map(run->arena);
	play->tags = value_list(run->arena);
	return task_new(run, play, task, false);
}

/* Before the first task, on all hosts of the run, at each of their targets. */
static void add_undo(struct making *making)
{
	static const struct module undo = { .name = "undo", .summary = "takes back" };
	struct run *run = making->run;
	struct host_set *hosts = undo_hosts(run, 0);

	making->play_index = 0;
	for (size_t number = 0; number == 0 || has_any(hosts); number++) {
		struct run_task *task = undo_task(run, &undo, number);
		struct unit *unit;

		making->hosts = hosts;
		unit = unit_new(making, task);
		unit->play = task->play;
		unit->module = &undo;
		unit->undo = true;
		unit->visit = number;
		hosts = undo_hosts(run, number + 1);
	}
}

static void make_schedule(struct run *run)
{
	size_t plays = run->options.playbook->play_count;

	run->schedule = schedule_new(run->arena, program_new(run->arena), run->host_count);
	run->play_sets = arena_array(run->arena, plays + 1, sizeof(*run->play_sets));
	for (size_t i = 0; i < plays; i++) {
		run->play_sets[i] = host_set_new(run->arena, run->host_count);
		for (size_t k = 0; k < run->host_count; k++) {
			if (run->play_hosts[i][run->hosts[k].inventory->index])
				host_set_add(&run->play_sets[i], k);
		}
	}
	for (size_t i = 0; i < run->host_count; i++) {
		run->hosts[i].cursor = &run->schedule->cursors[i];
		run->hosts[i].cursor->aside = run->hosts[i].bystander;
	}
}

/* What comes before all plays. */
static int add_first(struct run *run, struct error *err)
{
	struct making making = make_first(run);
	bool undoes = run->options.undo != UNDO_NOTHING || run->options.look;
	bool back = run->options.undo == UNDO_AFTER || run->options.undo == UNDO_ALL;

	/* In a rollback also what was due before is for what there is once that is undone. */
	if (undoes && back)
		add_undo(&making);
	if (!run->options.look && add_all_handlers(&making, run->options.undo != UNDO_ALL, err) < 0)
		return -1;
	if (undoes && !back)
		add_undo(&making);
	program_add(run->schedule->program, making.block);
	return 0;
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
	make_schedule(run);
	if (targets_make(run, err) < 0)
		return -1;
	targets_former(run);
	if (add_first(run, err) < 0)
		return -1;
	for (size_t i = 0; run->options.undo != UNDO_ALL && i < playbook->play_count; i++) {
		if (add_play(run, i, err) < 0)
			return -1;
	}
	units_make_room(run);
	return 0;
}

void units_make_room(struct run *run)
{
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];
		size_t room = host->unit_room ? 2 * host->unit_room : 1;

		if (host->unit_room > run->unit_count)
			continue;
		room = room > run->unit_count ? room : run->unit_count + 1;
		host->filled = arena_grow(run->arena, host->filled, host->unit_room
			* sizeof(struct filled *), room * sizeof(struct filled *));
		for (struct visit *visit = host->visits; visit; visit = visit->next)
			visit->sent = arena_grow(run->arena, visit->sent, host->unit_room, room);
		host->unit_room = room;
	}
}

/* Names that are the same in every run of the same text. */
static void name_units(struct run *run, const struct unit *include, const char *key, size_t first)
{
	const char *name = include->path ? include->path : arena_printf(run->arena, "%lld",
		(long long)include->index);

	for (size_t i = first; i < run->unit_count; i++)
		run->units[i]->path = arena_printf(run->arena, "%s/%s/%zu", name, key, i - first);
}

int units_open(struct run *run, struct unit *include, const struct batch *batch, const char *key,
	const struct items *items, struct group **ret_group, struct error *err)
{
	struct making making = { .run = run, .play_index = include->play_index,
		.hosts = &run->play_sets[include->play_index],
		.block = program_block(run->schedule->program, NULL, SECTION_MAIN) };
	size_t first = run->unit_count;
	bool since = false;

	if (add_items(&making, items, &since, err) < 0)
		return -1;
	name_units(run, include, key, first);
	units_make_room(run);
	*ret_group = program_open(run->schedule->program, include, batch, key, making.block,
		run->host_count);
	return 0;
}

bool units_is_last(const struct unit *unit, const struct run_host *host)
{
	for (const struct unit *next = unit->after; next && next->task == unit->task;
			next = next->after) {
		if (unit_has(next, host->index))
			return false;
	}
	return true;
}

void units_take_off(struct run *run, struct unit *unit, const struct run_host *host)
{
	unit->only = host_set_copy(run->arena, unit->only);
	host_set_remove(unit->only, host->index);
}

int64_t units_next(const struct run *run, const struct run_host *host, int64_t from)
{
	while (from < (int64_t)run->unit_count && !unit_has(run->units[from], host->index))
		from++;
	return from;
}
