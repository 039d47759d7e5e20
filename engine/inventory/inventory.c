/* inventory: which hosts there are, in which groups, with which variables. */
#include "inventory/inventory.h"

#include "inventory/connection.h"
#include "expression/expression.h"
#include "inventory/build.h"
#include "base/suggest.h"
#include "yaml/tree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTORY_DEPTH_MOST = 8, NAME_MOST = 255, GROUP_DEPTH_MOST = 64 };

/* --- Building --------------------------------------------------------------------------------- */

/* A longer array of pointers, doubling at powers of two. */
static void *append_pointer(struct arena *arena, void *array, size_t count, void *pointer)
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
		inventory->groups = append_pointer(inventory->arena, inventory->groups,
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
		if (check_name("host", name, "._-:", place, err) < 0)
			return -1;
		if (inventory->host_count >= INVENTORY_HOSTS_MOST)
			return error_at(err, INVENTORY_TOO_LARGE, place, "more than %d hosts",
				(int)INVENTORY_HOSTS_MOST);
		host = arena_alloc(inventory->arena, sizeof(*host));
		host->name = arena_string(inventory->arena, name);
		host->place = place;
		host->index = inventory->host_count;
		host->own = value_map(inventory->arena);
		inventory->hosts = append_pointer(inventory->arena, inventory->hosts,
			inventory->host_count++, host);
		lookup_put(inventory->arena, &inventory->host_names, host->name, host);
	}
	*ret_host = host;
	return 0;
}

static bool host_in(const struct inventory_host *host, const struct inventory_group *group)
{
	for (size_t i = 0; i < host->group_count; i++) {
		if (host->groups[i] == group)
			return true;
	}
	return false;
}

static void add_member(struct inventory *inventory, struct inventory_group *group,
	struct inventory_host *host)
{
	if (host_in(host, group))
		return;
	host->groups = append_pointer(inventory->arena, host->groups, host->group_count++, group);
	group->hosts = append_pointer(inventory->arena, group->hosts, group->host_count++, host);
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
		add_member(inventory, group, host);
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
	parent->children = append_pointer(inventory->arena, parent->children, parent->child_count++,
		child);
	if (parent != inventory->all)
		child->has_parent = true;
}

/* --- Reading ---------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);

	return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static bool looks_like_yaml(const char *path, const char *bytes, size_t size)
{
	size_t at = 0;

	if (ends_with(path, ".yml") || ends_with(path, ".yaml") || ends_with(path, ".json"))
		return true;
	if (ends_with(path, ".ini"))
		return false;
	/* Without a suffix the first line that says something decides. */
	while (at < size) {
		size_t end = at + strcspn(bytes + at, "\n");
		size_t last = end;

		at += strspn(bytes + at, " \t\r");
		while (last > at && isspace((unsigned char)bytes[last - 1]))
			last--;
		if (last > at && bytes[at] != '#' && bytes[at] != ';')
			return strncmp(bytes + at, "---", 3) == 0 || bytes[at] == '{' ||
				bytes[last - 1] == ':';
		at = end + 1;
	}
	return false;
}

static int read_file(struct inventory *inventory, struct source *source, const char *path,
	struct error *err)
{
	char *bytes;
	size_t size;

	if (source_read(source, path, &bytes, &size, err) < 0)
		return -1;
	if (size > 2 && bytes[0] == '#' && bytes[1] == '!') {
		error_at(err, INVENTORY_UNSUPPORTED, (struct place){ arena_string(inventory->arena, path),
			1, 1 }, "inventories that are programs are not supported yet");
		return error_remedy(err, "write its output into a file");
	}
	if (looks_like_yaml(path, bytes, size))
		return inventory_read_yaml(inventory, path, bytes, size, err);
	return inventory_read_ini(inventory, path, bytes, size, err);
}

static bool skipped_name(const char *name)
{
	static const char *const ends[] = { "~", ".md", ".txt", ".rst", ".bak", ".orig", ".swp", ".cfg",
		".retry", ".rpm", ".pyc", ".pyo", NULL };

	if (name[0] == '.' || strcmp(name, "group_vars") == 0 || strcmp(name, "host_vars") == 0)
		return true;
	for (size_t i = 0; ends[i]; i++) {
		if (ends_with(name, ends[i]))
			return true;
	}
	return false;
}

static int read_directory(struct inventory *inventory, struct source *source, const char *path,
	unsigned depth, struct error *err)
{
	struct source_entry *entries;
	size_t count;

	if (depth > DIRECTORY_DEPTH_MOST)
		return error_set(err, INVENTORY_TOO_LARGE, "'%s' is nested deeper than %d directories",
			path, (int)DIRECTORY_DEPTH_MOST);
	if (source_list(source, path, &entries, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *inner = path_join(inventory->arena, path, entries[i].name);
		struct source_entry entry;
		int result = 0;

		if (skipped_name(entries[i].name))
			continue;
		if (source_stat(source, inner, true, &entry, err) < 0)
			return -1;
		if (entry.kind == SOURCE_DIRECTORY)
			result = read_directory(inventory, source, inner, depth + 1, err);
		else if (entry.kind == SOURCE_FILE)
			result = read_file(inventory, source, inner, err);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* "h1,h2," */
static int read_host_list(struct inventory *inventory, const char *text, struct error *err)
{
	struct place place = { "-i", 1, 1 };
	unsigned depth = 0;

	for (const char *start = text, *at = text;; at++) {
		if (*at == '[')
			depth++;
		if (*at == ']' && depth)
			depth--;
		if (*at != '\0' && (*at != ',' || depth))
			continue;
		while (*start == ' ')
			start++;
		place.column = (unsigned)(start - text) + 1;
		if (at > start && build_hosts(inventory, inventory->all,
			arena_bytes(inventory->arena, start, (size_t)(at - start)), place, NULL, err) < 0)
			return -1;
		if (*at == '\0')
			return 0;
		start = at + 1;
	}
}

static int read_path(struct inventory *inventory, struct source *source, const char *path,
	struct error *err)
{
	struct source_entry entry;

	if (source_stat(source, path, true, &entry, err) < 0)
		return -1;
	if (entry.kind == SOURCE_DIRECTORY)
		return read_directory(inventory, source, path, 0, err);
	if (entry.kind == SOURCE_FILE)
		return read_file(inventory, source, path, err);
	if (strchr(path, ','))
		return read_host_list(inventory, path, err);
	error_set(err, INVENTORY_NOT_FOUND, "there is no inventory '%s'", path);
	return error_remedy(err, "name a file, a directory, or hosts with a comma: -i %s,", path);
}

/* The directory in which group_vars/ and host_vars/ of an inventory stand; NULL: none. */
static int vars_directory(struct inventory *inventory, struct source *source, const char *path,
	const char **ret_directory, struct error *err)
{
	struct source_entry entry;

	*ret_directory = NULL;
	if (source_stat(source, path, true, &entry, err) < 0)
		return -1;
	if (entry.kind == SOURCE_DIRECTORY)
		*ret_directory = path;
	else if (entry.kind == SOURCE_FILE)
		*ret_directory = path_directory(inventory->arena, path);
	return 0;
}

static int read_vars_of_paths(struct inventory *inventory, struct source *source,
	const char *const *paths, size_t path_count, struct error *err)
{
	for (size_t i = 0; i < path_count; i++) {
		const char *directory;

		if (vars_directory(inventory, source, paths[i], &directory, err) < 0)
			return -1;
		if (directory && inventory_read_vars(inventory, source, directory, GROUP_VARS_BESIDE,
			err) < 0)
			return -1;
	}
	return 0;
}

/* --- Finishing -------------------------------------------------------------------------------- */

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
			met->list.hosts = append_pointer(arena, met->list.hosts, met->list.count++, host);
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
			group->outermost.hosts = append_pointer(arena, group->outermost.hosts,
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
			group->hosts[k]->groups = append_pointer(arena, group->hosts[k]->groups,
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

static int finish_groups(struct inventory *inventory, struct error *err)
{
	inventory->all->declared = true;
	inventory->ungrouped->declared = true;
	if (check_declared(inventory, err) < 0)
		return -1;
	for (size_t i = 0; i < inventory->host_count; i++) {
		struct inventory_host *host = inventory->hosts[i];

		if (host->group_count == 0 || (host->group_count == 1 &&
			host->groups[0] == inventory->all))
			add_member(inventory, inventory->ungrouped, host);
		add_member(inventory, inventory->all, host);
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

static void finish_host(struct inventory *inventory, struct inventory_host *host)
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

static int check_expressions(const struct inventory *inventory, struct error *err)
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

int inventory_load(struct arena *arena, struct source *source, const char *const *paths,
	size_t path_count, const char *playbook_directory, struct inventory **ret_inventory,
	struct error *err)
{
	struct inventory *inventory = arena_alloc(arena, sizeof(*inventory));

	inventory->arena = arena;
	if (build_group(inventory, "all", (struct place){ 0 }, &inventory->all, err) < 0 ||
		build_group(inventory, "ungrouped", (struct place){ 0 }, &inventory->ungrouped, err) < 0)
		return -1;
	for (size_t i = 0; i < path_count; i++) {
		if (read_path(inventory, source, paths[i], err) < 0)
			return -1;
	}
	if (read_vars_of_paths(inventory, source, paths, path_count, err) < 0)
		return -1;
	if (playbook_directory && inventory_read_vars(inventory, source, playbook_directory,
		GROUP_VARS_PLAYBOOK, err) < 0)
		return -1;
	if (error_tell(&inventory->errors, err) < 0)
		return -1;
	if (finish_groups(inventory, err) < 0 || check_expressions(inventory, err) < 0)
		return -1;
	for (size_t i = 0; i < inventory->host_count; i++)
		finish_host(inventory, inventory->hosts[i]);
	*ret_inventory = inventory;
	return 0;
}

/* --- Asking ----------------------------------------------------------------------------------- */

size_t inventory_host_count(const struct inventory *inventory)
{
	return inventory->host_count;
}

struct inventory_host *inventory_host(const struct inventory *inventory, size_t index)
{
	return index < inventory->host_count ? inventory->hosts[index] : NULL;
}

struct inventory_host *inventory_find(const struct inventory *inventory, const char *name)
{
	return lookup_get(&inventory->host_names, name);
}

static int compare_names(const void *one, const void *other)
{
	const struct value *left = *(struct value *const *)one;
	const struct value *right = *(struct value *const *)other;

	return strcmp(left->text, right->text);
}

struct value *inventory_groups_of(const struct inventory *inventory, struct arena *arena,
	const struct inventory_host *host)
{
	struct value *names = value_list(arena);

	for (size_t i = 0; i < host->group_count; i++) {
		if (host->groups[i] != inventory->all)
			value_append(arena, names, value_string(arena, host->groups[i]->name));
	}
	if (names->count > 0)
		qsort(names->items, names->count, sizeof(struct value *), compare_names);
	return names;
}

struct value *inventory_groups(const struct inventory *inventory)
{
	return inventory->group_map;
}

bool inventory_has_group(const struct inventory *inventory, const char *name)
{
	return inventory_group(inventory, name) != NULL;
}

struct value *inventory_group_children(const struct inventory *inventory, const char *name)
{
	const struct inventory_group *group = inventory_group(inventory, name);
	struct value *names;

	if (!group)
		return NULL;
	names = value_list(inventory->arena);
	for (size_t i = 0; i < group->child_count; i++)
		value_append(inventory->arena, names,
			value_string(inventory->arena, group->children[i]->name));
	return names;
}

struct inventory_list inventory_group_hosts(const struct inventory *inventory, const char *name)
{
	const struct inventory_group *group = inventory_group(inventory, name);

	return group ? group->outermost : (struct inventory_list){ 0 };
}
