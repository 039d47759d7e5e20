/* target_former: where earlier runs did something for hosts, as their records say. */
#include "plan/state.h"

#include "fleet/transport.h"
#include "plan/way.h"

#include <string.h>

static bool undoes(const struct run *run)
{
	return run->options.undo != UNDO_NOTHING || run->options.look;
}

/* What is a machine of ours still. */
static bool is_known(const struct run *run, const char *name)
{
	return way_is_controller(name) || inventory_find(run->options.inventory, name);
}

static const struct value *former_names(struct run *run, const char *host)
{
	return value_get(known_of(run, host, "targets"), run->options.owner);
}

static struct target *former_target(struct run *run, struct run_host *host, const char *name)
{
	struct error ignored = {0};
	const struct cause *cause = NULL;

	return target_named(run, host, run->options.playbook->plays[0], NULL, name, &cause, &ignored);
}

static void visit_former(struct run *run, struct run_host *host)
{
	const struct value *names = former_names(run, host->name);

	for (size_t i = 0; i < value_item_count(names); i++) {
		const char *name = value_text(value_item(names, i));
		struct target *target = name && is_known(run, name) ? former_target(run, host, name) : NULL;
		struct visit *visit = host->visits;

		while (target && visit && visit->target != target)
			visit = visit->next;
		if (target && !visit) {
			visit = visit_at(host, target);
			visit->delegated = visit->former = true;
		} else if (name && !is_known(run, name)) {
			run_warn(run, host->name, arena_printf(run->arena, "what '%s' did for it isn't looked for: it "
				"isn't in the inventory", name));
		}
	}
}

/* Who is at a machine in this run: its own host, or, on the controller, the first one. */
static struct run_host *host_at(const struct run *run, const char *name)
{
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];

		if (!host->bystander && host->home && (way_is_controller(name)
				|| strcmp(host->name, name) == 0))
			return host;
	}
	return NULL;
}

/* What others did for a host that left the inventory. */
static void visit_vanished(struct run *run, const char *vanished)
{
	const struct value *names = former_names(run, vanished);

	for (size_t i = 0; i < value_item_count(names); i++) {
		const char *name = value_text(value_item(names, i));
		struct run_host *host = name ? host_at(run, name) : NULL;
		struct target *target = host ? former_target(run, host, name) : NULL;
		struct visit **end;

		if (!target)
			continue;
		target_share(target, host);
		for (end = &host->visits; *end;)
			end = &(*end)->next;
		*end = arena_alloc(host->arena, sizeof(**end));
		(*end)->target = target;
		(*end)->delegated = (*end)->former = true;
		(*end)->owner = arena_printf(host->arena, "%s for %s", run->options.owner, vanished);
	}
}

void targets_former(struct run *run)
{
	const struct value *vanished = run->options.vanished;

	for (size_t i = 0; undoes(run) && i < run->host_count; i++) {
		if (!run->hosts[i].bystander && run->options.undo != UNDO_LEFT)
			visit_former(run, &run->hosts[i]);
	}
	for (size_t i = 0; undoes(run) && !run->options.look && i < value_item_count(vanished); i++)
		visit_vanished(run, value_text(value_item(vanished, i)));
	for (struct target *target = run->targets; target; target = target->next) {
		target->worker = NULL;
		target->shared = target->shared || run->delegates_anywhere;
	}
}

static void add_name(struct arena *arena, struct value *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(value_text(names->items[i]), name) == 0)
			return;
	}
	value_append(arena, names, value_string(arena, name));
}

/* Whether all that nothing in the text wants any more was taken back wherever it was. */
static bool is_cleared(const struct run_host *host)
{
	const struct run_options *options = &host->run->options;

	return !options->check && host->phase == HOST_DONE && !host->refused
		&& (options->undo == UNDO_ORPHANS || options->undo == UNDO_ALL);
}

/* By playbook: names in other records stay. */
static struct value *others_of(struct run *run, const struct value *before)
{
	struct value *all = value_map(run->arena);

	for (size_t i = 0; i < value_pair_count(before); i++) {
		if (strcmp(value_key(before, i), run->options.owner) != 0)
			value_set(run->arena, all, value_key(before, i), value_copy(run->arena, value_at(before, i)));
	}
	return all;
}

const struct value *targets_of(struct run *run, struct run_host *host)
{
	struct value *names = value_list(run->arena), *all;
	const struct value *before, *own;

	for (const struct visit *visit = host->visits; visit; visit = visit->next) {
		const struct target *target = visit->target;

		if (visit->asked && target != host->home && !visit->owner && !(visit->former
				&& is_cleared(host)) && strcmp(target->name, host->name) != 0)
			add_name(run->arena, names, target->name);
	}
	if (host->bystander || (names->count == 0 && !run->known_asked))
		return NULL;
	/* The newest record is the one that counts. */
	before = known_of(run, host->name, "targets");
	own = value_get(before, run->options.owner);
	for (size_t i = 0; i < value_item_count(own) && !is_cleared(host); i++) {
		if (value_text(value_item(own, i)))
			add_name(run->arena, names, value_text(value_item(own, i)));
	}
	all = others_of(run, before);
	if (names->count > 0 || own)
		value_set(run->arena, all, run->options.owner, names);
	return all->count > 0 ? all : NULL;
}
