/* vars: group_vars/ and host_vars/, files and directories named after groups and
 * hosts. */
#include "inventory/build.h"
#include "yaml/tree.h"

#include <string.h>

enum { DEPTH_MOST = 8 };

struct reader {
	struct inventory *inventory;
	struct source *source;
	struct error *err;
};

static int read_file(struct reader *reader, const char *path, struct value *vars)
{
	struct arena *arena = reader->inventory->arena;
	struct value *root;
	const char *bytes;
	size_t size;

	if (source_read(reader->source, path, &bytes, &size, reader->err) < 0 ||
		tree_parse(arena, path, bytes, size, &root, reader->err) < 0)
		return -1;
	if (root->kind == VALUE_NULL)
		return 0;
	if (root->kind != VALUE_MAP) {
		error_at(reader->err, VARIABLE_INVALID_FORMAT, root->place, "a file of variables must be a "
			"map, not %s", value_kind_name(root));
		return error_remedy(reader->err, "write 'name: value' lines");
	}
	build_check_vars(reader->inventory, root);
	build_merge(arena, vars, root);
	return 0;
}

static bool skipped(const char *name)
{
	return name[0] == '.' || name[strlen(name) - 1] == '~';
}

/* Inside a directory, as Ansible: YAML, JSON, and what has no suffix. */
static bool holds_variables(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash : path, '.');

	return !dot || strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0 ||
		strcmp(dot, ".json") == 0;
}

static int read_any(struct reader *reader, const char *path, struct value *vars, unsigned depth)
{
	struct source_entry entry, *entries;
	size_t count;

	/* A link that leads nowhere isn't the same as nothing: values would be missing without a word. */
	if (source_stat(reader->source, path, false, &entry, reader->err) < 0)
		return -1;
	if (entry.kind == SOURCE_NONE)
		return 0;
	if (entry.kind == SOURCE_LINK && source_stat(reader->source, path, true, &entry, reader->err) < 0)
		return -1;
	if (entry.kind != SOURCE_DIRECTORY)
		return depth == 0 || holds_variables(path) ? read_file(reader, path, vars) : 0;
	if (depth > DEPTH_MOST)
		return error_set(reader->err, INVENTORY_TOO_LARGE, "'%s' is nested too deep", path);
	if (source_list(reader->source, path, &entries, &count, reader->err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!skipped(entries[i].name) && read_any(reader,
			path_join(reader->inventory->arena, path, entries[i].name), vars, depth + 1) < 0)
			return -1;
	}
	return 0;
}

/* "workers.yml" → "workers". */
static const char *name_of(struct arena *arena, const char *file)
{
	static const char *const ends[] = { ".yml", ".yaml", ".json", NULL };
	size_t size = strlen(file);

	for (size_t i = 0; ends[i]; i++) {
		size_t end = strlen(ends[i]);

		if (size > end && strcmp(file + size - end, ends[i]) == 0)
			return arena_bytes(arena, file, size - end);
	}
	return file;
}

typedef struct value *find_vars(struct inventory *inventory, const char *name,
	enum group_vars layer);

static struct value *vars_of_group(struct inventory *inventory, const char *name,
	enum group_vars layer)
{
	struct inventory_group *group = inventory_group(inventory, name);

	return group ? group->vars[layer] : NULL;
}

static struct value *vars_of_host(struct inventory *inventory, const char *name,
	enum group_vars layer)
{
	struct inventory_host *host = inventory_find(inventory, name);

	(void)layer;
	return host ? host->own : NULL;
}

static int read_all(struct reader *reader, const char *directory, find_vars *find,
	enum group_vars layer)
{
	struct arena *arena = reader->inventory->arena;
	struct source_entry entry, *entries;
	size_t count;

	if (source_stat(reader->source, directory, true, &entry, reader->err) < 0)
		return -1;
	if (entry.kind != SOURCE_DIRECTORY)
		return 0;
	if (source_list(reader->source, directory, &entries, &count, reader->err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct value *vars = skipped(entries[i].name) ? NULL :
			find(reader->inventory, name_of(arena, entries[i].name), layer);

		if (vars && read_any(reader, path_join(arena, directory, entries[i].name), vars, 0) < 0)
			return -1;
	}
	return 0;
}

int inventory_read_vars(struct inventory *inventory, struct source *source, const char *directory,
	enum group_vars layer, struct error *err)
{
	struct reader reader = { inventory, source, err };

	if (read_all(&reader, path_join(inventory->arena, directory, "group_vars"), vars_of_group,
		layer) < 0)
		return -1;
	return read_all(&reader, path_join(inventory->arena, directory, "host_vars"), vars_of_host,
		layer);
}
