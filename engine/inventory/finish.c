/* finish: once all is read: who is in which group, and which variables a host has of them. */
#include "inventory/build.h"

#include "base/suggest.h"
#include "expression/expression.h"

#include <stdlib.h>
#include <string.h>

enum { GROUP_DEPTH_MOST = 64 };

/* Depths of a group and all below it; a way back to a group that is still open is a circle. */
static int walk_groups(struct inventory_group *group, unsigned depth, struct error *err)
{
	if (group->walk == GROUP_OPEN)
		return error_at(err, INVENTORY_CYCLE, group->place, "the group '%s' is a child of itself",
			group->name);
	if (group->walk == GROUP_DONE && group->depth >= depth)
		return 0;
	if (depth > GROUP_DEPTH_MOST)
		return error_at(err, INVENTORY_TOO_LARGE, group->place, "groups are nested deeper than %d",
			(int)GROUP_DEPTH_MOST);
	group->walk = GROUP_OPEN;
	if (depth > group->depth)
		group->depth = depth;
	for (size_t i = 0; i < group->child_count; i++) {
		if (walk_groups(group->children[i], depth + 1, err) < 0)
			return -1;
	}
	group->walk = GROUP_DONE;
	return 0;
}

/* What was met on the way from one group: by index, the number of that group, counted from 1. */
struct met {
	size_t *hosts, *groups;
	size_t number;
	struct inventory_list list;
};

static void add_members(struct arena *arena, const struct inventory_group *group, struct met *met)
{
	if (met->groups[group->index] == met->number)
		return;
	met->groups[group->index] = met->number;
	for (size_t i = 0; i < group->host_count; i++) {
		struct inventory_host *host = group->hosts[i];

		if (met->hosts[host->index] != met->number)
			met->list.hosts = build_append(arena, met->list.hosts, met->list.count++, host);
		met->hosts[host->index] = met->number;
	}
	for (size_t i = 0; i < group->child_count; i++)
		add_members(arena, group->children[i], met);
}

static int compare_index(const void *one, const void *other)
{
	const struct inventory_host *left = *(struct inventory_host *const *)one;
	const struct inventory_host *right = *(struct inventory_host *const *)other;

	return left->index < right->index ? -1 : left->index > right->index;
}

/* All hosts of a group, those of its children too, in inventory order. */
static struct inventory_list gather_members(struct arena *arena,
	const struct inventory_group *group, struct met *met)
{
	met->number = group->index + 1;
	met->list = (struct inventory_list){ 0 };
	add_members(arena, group, met);
	if (met->list.count > 0)
		qsort(met->list.hosts, met->list.count, sizeof(*met->list.hosts), compare_index);
	return met->list;
}

/* Those that are in none of its children. */
static void gather_outermost(struct arena *arena, struct inventory_group *group, size_t number,
	struct met *met)
{
	for (size_t i = 0; i < group->child_count; i++) {
		const struct inventory_group *child = group->children[i];

		for (size_t k = 0; k < child->host_count; k++)
			met->hosts[child->hosts[k]->index] = number;
	}
	for (size_t i = 0; i < group->host_count; i++) {
		if (met->hosts[group->hosts[i]->index] != number)
			group->outermost.hosts = build_append(arena, group->outermost.hosts,
				group->outermost.count++, group->hosts[i]);
	}
}

static struct value *names_of(struct arena *arena, const struct inventory_group *group,
	struct value *const *names)
{
	struct value *list = value_list(arena);

	for (size_t i = 0; i < group->host_count; i++)
		value_append(arena, list, names[group->hosts[i]->index]);
	return list;
}

static void finish_members(struct inventory *inventory)
{
	struct arena *arena = inventory->arena;
	struct inventory_list *lists = arena_array(arena, inventory->group_count, sizeof(*lists));
	struct value **names = arena_array(arena, inventory->host_count + 1, sizeof(*names));
	struct met met = { .hosts = arena_array(arena, inventory->host_count + 1, sizeof(*met.hosts)),
		.groups = arena_array(arena, inventory->group_count, sizeof(*met.groups)) };

	for (size_t i = 0; i < inventory->group_count; i++)
		lists[i] = gather_members(arena, inventory->groups[i], &met);
	for (size_t i = 0; i < inventory->host_count; i++) {
		names[i] = value_string(arena, inventory->hosts[i]->name);
		inventory->hosts[i]->groups = NULL;
		inventory->hosts[i]->group_count = 0;
	}
	inventory->group_map = value_map(arena);
	for (size_t i = 0; i < inventory->group_count; i++) {
		struct inventory_group *group = inventory->groups[i];

		group->hosts = lists[i].hosts;
		group->host_count = lists[i].count;
		for (size_t k = 0; k < group->host_count; k++)
			group->hosts[k]->groups = build_append(arena, group->hosts[k]->groups,
				group->hosts[k]->group_count++, group);
		value_set(arena, inventory->group_map, group->name, names_of(arena, group, names));
	}
	for (size_t i = 0; i < inventory->group_count; i++)
		gather_outermost(arena, inventory->groups[i], inventory->group_count + i + 1, &met);
}

static int check_declared(const struct inventory *inventory, struct error *err)
{
	for (size_t i = 0; i < inventory->group_count; i++) {
		const struct inventory_group *group = inventory->groups[i];
		struct suggestion suggestion = { .word = group->name };

		if (group->declared)
			continue;
		for (size_t j = 0; j < inventory->group_count; j++) {
			if (inventory->groups[j]->declared)
				suggest_offer(&suggestion, inventory->groups[j]->name);
		}
		error_at(err, INVENTORY_UNKNOWN_GROUP, group->place, "the group '%s' is not defined",
			group->name);
		if (suggestion.nearest)
			return error_remedy(err, "did you mean '%s'?", suggestion.nearest);
		return error_remedy(err, "write its hosts under [%s]", group->name);
	}
	return 0;
}

int build_finish_groups(struct inventory *inventory, struct error *err)
{
	inventory->all->declared = true;
	inventory->ungrouped->declared = true;
	if (check_declared(inventory, err) < 0)
		return -1;
	for (size_t i = 0; i < inventory->host_count; i++) {
		struct inventory_host *host = inventory->hosts[i];

		if (host->group_count == 0 || (host->group_count == 1 &&
			host->groups[0] == inventory->all))
			build_member(inventory, inventory->ungrouped, host);
		build_member(inventory, inventory->all, host);
	}
	for (size_t i = 0; i < inventory->group_count; i++) {
		struct inventory_group *group = inventory->groups[i];

		if (group != inventory->all && !group->has_parent)
			build_child(inventory, inventory->all, group);
	}
	/* Those in a circle among themselves hang below nothing: they are walked one by one. */
	if (walk_groups(inventory->all, 0, err) < 0)
		return -1;
	for (size_t i = 0; i < inventory->group_count; i++) {
		if (inventory->groups[i]->walk == GROUP_NEW &&
			walk_groups(inventory->groups[i], 1, err) < 0)
			return -1;
	}
	finish_members(inventory);
	return 0;
}

static int64_t priority(const struct inventory_group *group)
{
	return value_get_integer(group->vars[GROUP_VARS_INVENTORY], "ansible_group_priority", 1);
}

static int compare_strength(const void *one, const void *other)
{
	const struct inventory_group *left = *(struct inventory_group *const *)one;
	const struct inventory_group *right = *(struct inventory_group *const *)other;

	if (left->depth != right->depth)
		return left->depth < right->depth ? -1 : 1;
	if (priority(left) != priority(right))
		return priority(left) < priority(right) ? -1 : 1;
	return strcmp(left->name, right->name);
}

void build_finish_host(struct inventory *inventory, struct inventory_host *host)
{
	struct inventory_group *const *groups = host->groups;
	size_t count = host->group_count;

	if (count > 0)
		qsort(host->groups, count, sizeof(*host->groups), compare_strength);
	host->vars = value_map(inventory->arena);
	for (size_t i = 0; i < count; i++)
		build_merge(inventory->arena, host->vars, groups[i]->vars[GROUP_VARS_INVENTORY]);
	build_merge(inventory->arena, host->vars, inventory->all->vars[GROUP_VARS_BESIDE]);
	build_merge(inventory->arena, host->vars, inventory->all->vars[GROUP_VARS_PLAYBOOK]);
	for (size_t layer = GROUP_VARS_BESIDE; layer < GROUP_VARS_END; layer++) {
		for (size_t i = 0; i < count; i++) {
			if (groups[i] != inventory->all)
				build_merge(inventory->arena, host->vars, groups[i]->vars[layer]);
		}
	}
	build_merge(inventory->arena, host->vars, host->own);
}

int build_check_expressions(const struct inventory *inventory, struct error *err)
{
	for (size_t i = 0; i < inventory->group_count; i++) {
		for (size_t layer = 0; layer < GROUP_VARS_END; layer++) {
			if (expression_check(inventory->arena, inventory->groups[i]->vars[layer], err) < 0)
				return -1;
		}
	}
	for (size_t i = 0; i < inventory->host_count; i++) {
		if (expression_check(inventory->arena, inventory->hosts[i]->own, err) < 0)
			return -1;
	}
	return 0;
}
