/* moved: machines that answer elsewhere than the inventory says, as they were given another address. */
#include "plan/moved.h"

#include "fleet/transport.h"
#include "plan/state.h"

#include <string.h>

enum { DIALS_MOST = 8 };

static bool is_remembered(const struct target *target)
{
	return target->host && !target->way.transport->here && target->run->options.keep_moved;
}

static void add_dial(struct fleet_target *way, const char **dials, const char *dial)
{
	/* NULL: at its own. */
	if (dial && strcmp(dial, way->address) == 0)
		dial = NULL;
	for (size_t i = 0; i < way->dial_count; i++) {
		if (dials[i] == dial || (dial && dials[i] && strcmp(dials[i], dial) == 0))
			return;
	}
	if (way->dial_count < DIALS_MOST)
		dials[way->dial_count++] = dial;
}

static const char *cluster_address(struct run *run, const struct inventory_host *machine)
{
	struct scope *scope = scope_new(run->arena, run->options.variables, machine, NULL, NULL);
	struct error ignored = {0};
	struct value *value = NULL;

	return scope_get(run->arena, scope, "cluster_address", &value, &ignored) == 0 && value
		? value_text(value) : NULL;
}

/* What is kept, unless the inventory says something else since. */
static const struct value *kept_of(const struct target *target)
{
	const struct run_options *options = &target->run->options;
	const struct value *kept = options->moved
		? options->moved(options->moved_context, target->name) : NULL;
	const char *listed = value_get_string(kept, "inventory");

	return listed && strcmp(listed, target->way.address) == 0 ? kept : NULL;
}

/* at: list of addresses, or NULL. */
static void set_dials(struct target *target, const struct value *at, const char *key,
	const char *last)
{
	struct fleet_target *way = &target->way;
	const char **dials = arena_array(target->run->arena, DIALS_MOST, sizeof(*dials));

	way->dial_count = 0;
	for (size_t i = 0; i < value_item_count(at); i++)
		add_dial(way, dials, value_text(value_item(at, i)));
	add_dial(way, dials, NULL);
	if (last)
		add_dial(way, dials, last);
	way->dials = dials;
	way->key = key;
}

void moved_expect(struct target *target, const struct inventory_host *machine)
{
	const struct value *kept;

	if (!machine || target->way.transport->here)
		return;
	kept = kept_of(target);
	set_dials(target, value_get(kept, "at"), value_get_string(kept, "key"),
		cluster_address(target->run, machine));
}

/* Whatever may be: the old ones, too, as a run can be killed at any time. */
static void keep(struct target *target, struct value *at, bool settled)
{
	struct run *run = target->run;
	struct value *entry = NULL;

	if (at->count > 0) {
		entry = value_map(run->arena);
		value_set_string(run->arena, entry, "inventory", target->way.address);
		value_set_string(run->arena, entry, "key", target->key);
		value_set(run->arena, entry, "at", at);
	}
	run->options.keep_moved(run->options.moved_context, &target->way, target->key, entry, settled);
}

static void add_address(struct target *target, struct value *at, const char *address)
{
	if (address && strcmp(address, target->way.address) != 0)
		value_append(target->run->arena, at, value_string(target->run->arena, address));
}

void moved_begin(struct target *target, const char *there)
{
	struct value *at = value_list(target->run->arena);

	if (!is_remembered(target) || !there || !target->key)
		return;
	add_address(target, at, there);
	add_address(target, at, target->way.dial);
	keep(target, at, false);
}

void moved_settle(struct target *target)
{
	struct value *at = value_list(target->run->arena);

	if (!is_remembered(target) || !target->key)
		return;
	add_address(target, at, target->way.dial);
	keep(target, at, true);
	set_dials(target, at, target->key, NULL);
}

/* --- What is out of date --- */

static const char *line_of(struct run *run, const struct target *target)
{
	struct scope *scope = scope_new(run->arena, run->options.variables, target->host->inventory, NULL,
		NULL);
	const struct value *raw = scope_raw(scope, "ansible_host");
	struct place place = raw && raw->place.line ? raw->place : target->host->inventory->place;
	size_t size = place.file ? strlen(place.file) : 0;
	bool yaml = size > 4 && (strcmp(place.file + size - 4, ".yml") == 0
		|| strcmp(place.file + size - 5, ".yaml") == 0);

	return arena_printf(run->arena, "%s:%u: %s: ansible_host%s%s", place.file ? place.file : "inventory",
		place.line, target->name, yaml ? ": " : "=", target->way.dial);
}

void moved_say(struct run *run)
{
	const char *lines = "";
	struct value *names = value_list(run->arena);

	for (struct target *target = run->targets; target; target = target->next) {
		if (!target->host || target->host->bystander || target != target->host->home || !target->way.dial || target->move
				|| strcmp(target->way.dial, target->way.address) == 0)
			continue;
		value_append(run->arena, names, value_string(run->arena, target->name));
		lines = arena_printf(run->arena, "%s%s%s", lines, *lines ? "; " : "", line_of(run, target));
	}
	if (names->count > 0)
		run_warn(run, report_fold(run->arena, names), arena_printf(run->arena, "the inventory is out of "
			"date: found elsewhere by its host key. To write: %s", lines));
}
