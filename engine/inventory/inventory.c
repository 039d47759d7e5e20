/* inventory: which hosts there are, in which groups, with which variables. */
#include "inventory/inventory.h"

#include "inventory/build.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTORY_DEPTH_MOST = 8 };

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
	const char *bytes;
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
		else
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
	if (entry.kind == SOURCE_FILE || entry.kind == SOURCE_OTHER)
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
	if (build_finish_groups(inventory, err) < 0 || build_check_expressions(inventory, err) < 0)
		return -1;
	for (size_t i = 0; i < inventory->host_count; i++)
		build_finish_host(inventory, inventory->hosts[i]);
	*ret_inventory = inventory;
	return 0;
}

static void leave_out_of(struct inventory_host **hosts, size_t *count,
	const struct inventory_host *host)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		if (hosts[i] != host)
			hosts[kept++] = hosts[i];
	}
	*count = kept;
}

void inventory_leave_out(struct inventory *inventory, const char *name)
{
	struct inventory_host *host = inventory_find(inventory, name);

	if (!host)
		return;
	lookup_put(inventory->arena, &inventory->host_names, host->name, NULL);
	leave_out_of(inventory->hosts, &inventory->host_count, host);
	for (size_t i = 0; i < inventory->host_count; i++)
		inventory->hosts[i]->index = i;
	for (size_t i = 0; i < inventory->group_count; i++) {
		struct inventory_group *group = inventory->groups[i];
		struct value *names = value_list(inventory->arena);

		leave_out_of(group->hosts, &group->host_count, host);
		leave_out_of(group->outermost.hosts, &group->outermost.count, host);
		for (size_t k = 0; k < group->host_count; k++)
			value_append(inventory->arena, names, value_string(inventory->arena,
				group->hosts[k]->name));
		value_set(inventory->arena, inventory->group_map, group->name, names);
	}
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
