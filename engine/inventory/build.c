/* build: hosts and groups, made as they are named. */
#include "inventory/build.h"

#include "inventory/connection.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 255 };

void *build_append(struct arena *arena, void *array, size_t count, void *pointer)
{
	void **pointers = array;

	if (count == 0 || (count >= 4 && (count & (count - 1)) == 0))
		pointers = arena_grow(arena, array, count * sizeof(void *),
			(count ? 2 * count : 4) * sizeof(void *));
	pointers[count] = pointer;
	return pointers;
}

void build_merge(struct arena *arena, struct value *to, const struct value *from)
{
	for (size_t i = 0; i < value_pair_count(from); i++)
		value_set_at(arena, to, from->pairs[i].key, from->pairs[i].place, from->pairs[i].value);
}

void build_check_vars(struct inventory *inventory, const struct value *vars)
{
	struct error err = { 0 };

	for (size_t i = 0; vars && i < vars->count; i++) {
		connection_check(&vars->pairs[i], false, &err);
		error_keep(inventory->arena, &inventory->errors, &err);
	}
}

static int check_name(const char *what, const char *name, const char *also, struct place place,
	struct error *err)
{
	size_t size = 0;

	while (isalnum((unsigned char)name[size]) || (name[size] && strchr(also, name[size])))
		size++;
	if (name[size] == '\0' && size > 0 && size <= NAME_MOST && name[0] != '-' && name[0] != '.')
		return 0;
	error_at(err, INVENTORY_INVALID_NAME, place, "'%s' can't be the name of a %s", name, what);
	return error_remedy(err, "names are of letters, digits, '.', '_' and '-'");
}

int inventory_check_host_name(const char *name, struct place place, struct error *err)
{
	return check_name("host", name, "._-:", place, err);
}

struct inventory_group *inventory_group(const struct inventory *inventory, const char *name)
{
	return lookup_get(&inventory->group_names, name);
}

int build_group(struct inventory *inventory, const char *name, struct place place,
	struct inventory_group **ret_group, struct error *err)
{
	struct inventory_group *group = inventory_group(inventory, name);

	if (!group) {
		if (check_name("group", name, "._-", place, err) < 0)
			return -1;
		group = arena_alloc(inventory->arena, sizeof(*group));
		group->name = arena_string(inventory->arena, name);
		group->place = place;
		group->index = inventory->group_count;
		for (size_t i = 0; i < GROUP_VARS_END; i++)
			group->vars[i] = value_map(inventory->arena);
		inventory->groups = build_append(inventory->arena, inventory->groups,
			inventory->group_count++, group);
		lookup_put(inventory->arena, &inventory->group_names, group->name, group);
	}
	*ret_group = group;
	return 0;
}

int build_host(struct inventory *inventory, const char *name, struct place place,
	struct inventory_host **ret_host, struct error *err)
{
	struct inventory_host *host = inventory_find(inventory, name);

	if (!host) {
		if (inventory_check_host_name(name, place, err) < 0)
			return -1;
		if (inventory->host_count >= INVENTORY_HOSTS_MOST)
			return error_at(err, INVENTORY_TOO_LARGE, place, "more than %d hosts",
				(int)INVENTORY_HOSTS_MOST);
		host = arena_alloc(inventory->arena, sizeof(*host));
		host->name = arena_string(inventory->arena, name);
		host->place = place;
		host->index = inventory->host_count;
		host->own = value_map(inventory->arena);
		inventory->hosts = build_append(inventory->arena, inventory->hosts,
			inventory->host_count++, host);
		lookup_put(inventory->arena, &inventory->host_names, host->name, host);
	}
	*ret_host = host;
	return 0;
}

/* Either list says it, and mostly one of them is short. */
static bool host_in(const struct inventory_host *host, const struct inventory_group *group)
{
	for (size_t i = 0; i < group->host_count && group->host_count < host->group_count; i++) {
		if (group->hosts[i] == host)
			return true;
	}
	if (group->host_count < host->group_count)
		return false;
	for (size_t i = 0; i < host->group_count; i++) {
		if (host->groups[i] == group)
			return true;
	}
	return false;
}

void build_member(struct inventory *inventory, struct inventory_group *group,
	struct inventory_host *host)
{
	if (host_in(host, group))
		return;
	host->groups = build_append(inventory->arena, host->groups, host->group_count++, group);
	group->hosts = build_append(inventory->arena, group->hosts, group->host_count++, host);
}

/* "node1:2222": one colon, digits behind it. Cuts them off; -1: no port. */
static int64_t take_port(char *name)
{
	char *colon = strchr(name, ':');

	if (!colon || strchr(name, '[') > colon || !colon[1] || strlen(colon) > 6 ||
		colon[1 + strspn(colon + 1, "0123456789")])
		return -1;
	*colon = '\0';
	return atoi(colon + 1);
}

int build_hosts(struct inventory *inventory, struct inventory_group *group, const char *name,
	struct place place, const struct value *vars, struct error *err)
{
	char *pure = arena_string(inventory->arena, name);
	char *bracket = strrchr(pure, ']');
	int64_t port = take_port(bracket ? bracket : pure);
	struct value *names = value_list(inventory->arena);

	if (port == 0 || port > 65535)
		return error_at(err, INVENTORY_INVALID_VALUE, place, "in '%s' the port is not from 1 to "
			"65535", name);
	build_check_vars(inventory, vars);
	if (inventory_expand(inventory->arena, pure, place, names, err) < 0)
		return -1;
	for (size_t i = 0; i < names->count; i++) {
		struct inventory_host *host;

		if (build_host(inventory, names->items[i]->text, place, &host, err) < 0)
			return -1;
		build_member(inventory, group, host);
		if (port > 0)
			value_set_integer(inventory->arena, host->own, "ansible_port", port);
		build_merge(inventory->arena, host->own, vars);
	}
	return 0;
}

void build_child(struct inventory *inventory, struct inventory_group *parent,
	struct inventory_group *child)
{
	if (lookup_get(&parent->child_names, child->name))
		return;
	lookup_put(inventory->arena, &parent->child_names, child->name, child);
	parent->children = build_append(inventory->arena, parent->children, parent->child_count++,
		child);
	if (parent != inventory->all)
		child->has_parent = true;
}
