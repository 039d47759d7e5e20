/* units: the program that plays make: blocks and units, batches of hosts, and which unit is for which
 * host. */
#include "plan/making.h"

#include "expression/expression.h"
#include "module/params.h"

#include <string.h>

static int add_play(struct run *run, size_t play_index, struct error *err)
{
	struct making making = { .run = run, .play_index = play_index,
		.hosts = &run->play_sets[play_index] };
	struct block *root = program_block(run->schedule->program, NULL, SECTION_MAIN);

	if (making_sections(&making, root, err) < 0)
		return -1;
	program_add(run->schedule->program, root);
	return making_batches(run, play_index, root, err);
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
	if (making_first(run, err) < 0)
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

	if (making_items(&making, items, &since, err) < 0)
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
