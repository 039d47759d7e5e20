/* role: a role's files → tasks, handlers and variables of a play; roles it depends on come first. */
#include "playbook/build.h"

#include "expression/expression.h"
#include "inventory/build.h"
#include "module/params.h"
#include "yaml/tree.h"

#include <string.h>

/* While it is read. */
struct role_loading {
	struct role_use use;                    /* first: what tasks point to */
	struct value *own_vars, *own_defaults;
	struct value *deep_vars, *deep_defaults;   /* of the roles it depends on, and its own */
	struct value *requires;                 /* of meta: list; or NULL */
	bool allow_duplicates;
};

static const char *const part_directories[] = { [ROLE_TASKS] = "tasks", [ROLE_VARS] = "vars",
	[ROLE_DEFAULTS] = "defaults", [ROLE_HANDLERS] = "handlers" };

static struct value *merged(struct arena *arena, const struct value *weak,
	const struct value *strong)
{
	struct value *map = value_map(arena);

	if (weak)
		build_merge(arena, map, weak);
	if (strong)
		build_merge(arena, map, strong);
	return map;
}

/* --- Where it is --- */

static int kind_of(struct play_reader *reader, const char *path, enum source_kind *ret_kind)
{
	struct source_entry entry;

	if (source_stat(reader->source, path, true, &entry, reader->err) < 0)
		return -1;
	*ret_kind = entry.kind;
	return 0;
}

/* "namespace.collection.role" → "namespace/collection/roles/role"; NULL: it is of no collection. */
static const char *in_collection(struct arena *arena, const char *name)
{
	const char *first = strchr(name, '.'), *second = first ? strchr(first + 1, '.') : NULL;

	if (!second || strchr(name, '/') || first == name || second == first + 1 || !second[1])
		return NULL;
	return arena_printf(arena, "%.*s/%.*s/roles/%s", (int)(first - name), name,
		(int)(second - first - 1), first + 1, second + 1);
}

static void add_place(struct play_reader *reader, struct value *places, const char *directory,
	const char *name)
{
	value_append(reader->arena, places, value_string(reader->arena,
		path_join(reader->arena, directory, name)));
}

/* In Ansible's order. */
static struct value *places_of(struct play_reader *reader, const char *name)
{
	struct arena *arena = reader->arena;
	const char *playbook = reader->play->directory, *collection = in_collection(arena, name);
	const struct value *roles = source_roles(reader->source);
	struct value *places = value_list(arena);

	if (collection)
		add_place(reader, places, path_join(arena, playbook, "collections/ansible_collections"),
			collection);
	for (size_t i = 0; collection && i < roles->count; i++)
		add_place(reader, places, value_text(roles->items[i]), collection);
	add_place(reader, places, path_join(arena, playbook, "roles"), name);
	for (size_t i = 0; i < roles->count; i++)
		add_place(reader, places, value_text(roles->items[i]), name);
	if (reader->role)
		add_place(reader, places, path_directory(arena, reader->role->path), name);
	add_place(reader, places, playbook, name);
	return places;
}

static int refuse_role(struct play_reader *reader, const struct role_request *request,
	const struct value *places)
{
	const char *looked = "";

	for (size_t i = 0; i < places->count; i++) {
		const char *directory = path_directory(reader->arena, value_text(places->items[i]));

		if (!strstr(looked, arena_printf(reader->arena, "'%s'", directory)))
			looked = arena_printf(reader->arena, "%s%s'%s'", looked, i ? ", " : "", directory);
	}
	error_at(reader->err, PLAYBOOK_UNKNOWN_ROLE, request->place, "there is no role '%s'",
		request->name);
	return error_remedy(reader->err, "looked in %s", looked);
}

static int find_role(struct play_reader *reader, const struct role_request *request,
	const char **ret_path)
{
	const struct value *places = places_of(reader, request->name);
	enum source_kind kind;

	for (size_t i = 0; i < places->count; i++) {
		*ret_path = value_text(places->items[i]);
		if (kind_of(reader, *ret_path, &kind) < 0)
			return error_place(reader->err, request->place);
		if (kind == SOURCE_DIRECTORY)
			return 0;
	}
	return refuse_role(reader, request, places);
}

/* name NULL: main, which may be missing. ret_path NULL: it is. */
static int find_part(struct play_reader *reader, const struct role_request *request,
	const char *role, const char *directory, const char *name, const char **ret_path,
	enum source_kind *ret_kind)
{
	static const char *const extensions[] = { "", ".yml", ".yaml", ".json", "" };
	struct arena *arena = reader->arena;

	directory = path_join(arena, role, directory);
	for (size_t i = name ? 0 : 1; i < (name ? 4 : 5); i++) {
		const char *path = path_join(arena, directory, arena_printf(arena, "%s%s",
			name ? name : "main", extensions[i]));

		if (kind_of(reader, path, ret_kind) < 0)
			return error_place(reader->err, request->place);
		*ret_path = path;
		if (*ret_kind != SOURCE_NONE)
			return 0;
	}
	*ret_path = NULL;
	return name ? error_at(reader->err, PLAYBOOK_ROLE_FILE_MISSING, request->place, "the role '%s' "
		"has no '%s' in '%s'", request->name, name, directory) : 0;
}

/* --- Its variables --- */

static int read_variables(struct play_reader *reader, const char *path, struct place place,
	struct value *vars)
{
	struct value_pair pair = { .key = path, .place = place };
	struct value *read = NULL;
	const char *bytes;
	size_t size;

	if (source_read(reader->source, path, &bytes, &size, reader->err) < 0)
		return error_place(reader->err, place);
	if (tree_parse(reader->arena, path, bytes, size, &pair.value, reader->err) < 0
			|| keyword_vars(reader, &pair, &read) < 0)
		return -1;
	if (read)
		build_merge(reader->arena, vars, read);
	return 0;
}

static bool is_yaml(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && (!dot || strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0
		|| strcmp(dot, ".json") == 0);
}

/* main may be a directory: all files in it, by name. */
static int read_part_variables(struct play_reader *reader, const struct role_request *request,
	const char *role, enum role_part part, struct value *vars)
{
	struct source_entry *entries;
	enum source_kind kind;
	const char *path;
	size_t count;

	if (find_part(reader, request, role, part_directories[part], request->from[part], &path,
			&kind) < 0)
		return -1;
	if (!path)
		return 0;
	if (kind != SOURCE_DIRECTORY)
		return read_variables(reader, path, request->place, vars);
	if (source_list(reader->source, path, &entries, &count, reader->err) < 0)
		return error_place(reader->err, request->place);
	for (size_t i = 0; i < count; i++) {
		if (entries[i].kind != SOURCE_DIRECTORY && is_yaml(entries[i].name)
				&& read_variables(reader, path_join(reader->arena, path, entries[i].name),
				request->place, vars) < 0)
			return -1;
	}
	return 0;
}

/* --- meta/main.yml --- */

/* Said once a role. */
static void note_specs(struct play_reader *reader, const struct role_loading *role)
{
	struct value *note = value_printf(reader->arena, "the role '%s' describes its arguments "
		"(argument_specs), which are not checked", role->use.name);

	for (size_t i = 0; i < reader->playbook->notes->count; i++) {
		if (value_equal(reader->playbook->notes->items[i], note))
			return;
	}
	value_append(reader->arena, reader->playbook->notes, note);
}

static int find_specs(struct play_reader *reader, const struct role_loading *role)
{
	static const char *const names[] = { "meta/argument_specs.yml", "meta/argument_specs.yaml" };
	enum source_kind kind;

	for (size_t i = 0; i < 2; i++) {
		if (kind_of(reader, path_join(reader->arena, role->use.path, names[i]), &kind) < 0)
			return error_place(reader->err, role->use.place);
		if (kind != SOURCE_NONE)
			note_specs(reader, role);
	}
	return 0;
}

static int read_meta(struct play_reader *reader, const struct role_request *request,
	struct role_loading *role)
{
	const struct value_pair *pair;
	enum source_kind kind;
	struct value *root;
	const char *path;
	const char *bytes;
	size_t size;

	if (find_specs(reader, role) < 0
			|| find_part(reader, request, role->use.path, "meta", NULL, &path, &kind) < 0)
		return -1;
	if (!path || kind == SOURCE_DIRECTORY)
		return 0;
	if (source_read(reader->source, path, &bytes, &size, reader->err) < 0)
		return error_place(reader->err, request->place);
	if (tree_parse(reader->arena, path, bytes, size, &root, reader->err) < 0)
		return -1;
	if (root->kind == VALUE_NULL)
		return 0;
	if (root->kind != VALUE_MAP)
		return error_at(reader->err, PLAYBOOK_INVALID_FORMAT, root->place, "what a role says of "
			"itself must be a map, not %s", value_kind_name(root));
	if (value_pair(root, "argument_specs"))
		note_specs(reader, role);
	pair = value_pair(root, "allow_duplicates");
	if (pair && keyword_plain_truth(reader, pair, &role->allow_duplicates) < 0)
		return -1;
	pair = value_pair(root, "dependencies");
	if (pair && pair->value->kind != VALUE_LIST && pair->value->kind != VALUE_NULL)
		return keyword_refuse_kind(reader, pair, "a list of roles");
	role->requires = pair && pair->value->kind == VALUE_LIST ? pair->value : NULL;
	return 0;
}

/* --- Once a host --- */

struct role_seen {
	struct role_seen *next;
	const struct play *play;
	const char *path;
	const struct value *raw;
};

/* Without the keys that name it. */
static struct value *said_of(struct arena *arena, const struct value *raw)
{
	struct value *said = value_map(arena);

	for (size_t i = 0; i < value_pair_count(raw); i++) {
		if (strcmp(raw->pairs[i].key, "role") != 0 && strcmp(raw->pairs[i].key, "name") != 0)
			value_set(arena, said, raw->pairs[i].key, raw->pairs[i].value);
	}
	return said;
}

static const void *once_of(struct play_reader *reader, const char *path, const struct value *raw)
{
	const struct value *said = said_of(reader->arena, raw);
	struct role_seen *seen = reader->roles;

	while (seen && (seen->play != reader->play || strcmp(seen->path, path) != 0
			|| !value_equal(seen->raw, said)))
		seen = seen->next;
	if (seen)
		return seen;
	seen = arena_alloc(reader->arena, sizeof(*seen));
	*seen = (struct role_seen){ reader->roles, reader->play, path, said };
	return reader->roles = seen;
}

/* --- An entry of roles or dependencies --- */

static int read_param(struct play_reader *reader, const struct value_pair *pair,
	struct value *params)
{
	/* Galaxy's, in meta. */
	static const char *const others[] = { "src", "scm", "version" };

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(others[i], pair->key) == 0)
			return 0;
	}
	if (later_find(later_task_keywords, pair->key))
		return task_refuse_key(reader, pair);
	if (play_check_variable(pair->key, pair->place, reader->err) < 0
			|| expression_check(reader->arena, pair->value, reader->err) < 0)
		return error_place(reader->err, pair->place);
	value_set_at(reader->arena, params, pair->key, pair->place, pair->value);
	return 0;
}

/* All that isn't a keyword is a variable. */
static int read_entry_map(struct play_reader *reader, const struct value *raw,
	struct role_request *request, struct task *group)
{
	struct value *keywords = value_map(reader->arena), *word = NULL;

	request->params = value_map(reader->arena);
	for (size_t i = 0; i < raw->count; i++) {
		const struct value_pair *pair = &raw->pairs[i];
		const struct keyword *keyword = keyword_find(task_keywords, pair->key);
		int result = 0;

		if (strcmp(pair->key, "role") == 0 || (strcmp(pair->key, "name") == 0
				&& !value_pair(raw, "role")))
			result = keyword_word(reader, pair, &word);
		else if (strcmp(pair->key, "name") == 0)
			continue;
		else if (strcmp(pair->key, "vars") == 0)
			result = keyword_vars(reader, pair, &request->vars);
		else if (keyword && (keyword->flags & KEYWORD_GROUP))
			value_set_at(reader->arena, keywords, pair->key, pair->place, pair->value);
		else
			result = read_param(reader, pair, request->params);
		if (result < 0)
			return -1;
	}
	if (!word) {
		error_at(reader->err, PLAYBOOK_INVALID_FORMAT, raw->place, "this names no role");
		return error_remedy(reader->err, "write 'role: NAME'");
	}
	request->name = word->text;
	request->place = word->place;
	return task_read_keywords(reader, keywords, "role", KEYWORD_GROUP, group);
}

static int read_entry(struct play_reader *reader, const struct value *raw,
	const struct task *above, struct role_request *request, struct items *items)
{
	struct task *group = arena_alloc(reader->arena, sizeof(*group));

	request->raw = raw;
	request->group = group;
	if (raw->kind == VALUE_STRING && !expression_inside(raw)) {
		request->name = raw->text;
		request->place = raw->place;
	} else if (raw->kind == VALUE_STRING) {
		error_at(reader->err, PLAYBOOK_DYNAMIC_IMPORT, raw->place, "the name of a role must be "
			"known before the run");
		return error_remedy(reader->err, "write out the names, each with its 'when'");
	} else if (raw->kind != VALUE_MAP) {
		error_at(reader->err, PLAYBOOK_INVALID_FORMAT, raw->place, "a role must be a name or a "
			"map, not %s", value_kind_name(raw));
		return error_remedy(reader->err, "write '- role: NAME' and keywords below it");
	} else if (read_entry_map(reader, raw, request, group) < 0) {
		return -1;
	}
	task_inherit(reader->arena, group, above);
	return role_read(reader, request, items);
}

int roles_read(struct play_reader *reader, const struct value_pair *pair, const struct task *group,
	struct items *items)
{
	if (pair->value->kind == VALUE_NULL)
		return 0;
	if (pair->value->kind != VALUE_LIST)
		return keyword_refuse_kind(reader, pair, "a list of roles");
	for (size_t i = 0; i < pair->value->count; i++) {
		struct role_request request = { .exports = true, .handlers = &reader->role_handlers };

		if (read_entry(reader, pair->value->items[i], group, &request, items) < 0)
			play_keep_error(reader);
	}
	return 0;
}

/* --- A role --- */

static int refuse_circle(struct play_reader *reader, const struct role_request *request,
	const char *path)
{
	for (const struct role_use *use = reader->role; use; use = use->parent) {
		if (strcmp(use->path, path) == 0)
			return error_at(reader->err, PLAYBOOK_CYCLE, request->place, "the role '%s' depends on "
				"itself", request->name);
	}
	return 0;
}

static int read_own(struct play_reader *reader, const struct role_request *request,
	struct role_loading *role)
{
	struct arena *arena = reader->arena;

	role->own_defaults = value_map(arena);
	role->own_vars = merged(arena, request->vars && request->vars->kind == VALUE_MAP
		? request->vars : NULL, NULL);
	if (read_part_variables(reader, request, role->use.path, ROLE_DEFAULTS,
			role->own_defaults) < 0)
		return -1;
	return read_part_variables(reader, request, role->use.path, ROLE_VARS, role->own_vars);
}

/* What comes down from the roles that asked for it: the outermost first. */
static struct value *inherited(struct arena *arena, const struct role_use *use, bool defaults)
{
	const struct role_loading *role = (const struct role_loading *)use;

	if (!use)
		return value_map(arena);
	return merged(arena, inherited(arena, use->parent, defaults), defaults ? role->own_defaults
		: role->own_vars);
}

static int read_dependencies(struct play_reader *reader, const struct role_request *request,
	struct role_loading *role, struct items *items)
{
	struct arena *arena = reader->arena;

	role->deep_vars = value_map(arena);
	role->deep_defaults = value_map(arena);
	for (size_t i = 0; role->requires && i < role->requires->count; i++) {
		struct role_request needed = { .dependency = true, .handlers = request->handlers };
		const struct role_loading *read;

		reader->last_role = NULL;
		if (read_entry(reader, role->requires->items[i], request->group, &needed, items) < 0)
			return -1;
		read = (const struct role_loading *)reader->last_role;
		value_append(arena, role->use.dependencies, value_string(arena, needed.name));
		for (size_t k = 0; k < read->use.dependencies->count; k++)
			value_append(arena, role->use.dependencies, read->use.dependencies->items[k]);
		role->deep_vars = merged(arena, role->deep_vars, read->deep_vars);
		role->deep_defaults = merged(arena, role->deep_defaults, read->deep_defaults);
	}
	return 0;
}

static void set_variables(struct play_reader *reader, const struct role_request *request,
	struct role_loading *role)
{
	struct arena *arena = reader->arena;
	const struct role_use *parent = role->use.parent;

	role->use.vars = merged(arena, merged(arena, inherited(arena, parent, false),
		role->deep_vars), role->own_vars);
	role->use.defaults = merged(arena, merged(arena, role->deep_defaults,
		inherited(arena, parent, true)), role->own_defaults);
	role->deep_vars = merged(arena, role->deep_vars, role->own_vars);
	role->deep_defaults = merged(arena, role->deep_defaults, role->own_defaults);
	if (!request->exports)
		return;
	build_merge(arena, reader->play->role_vars, role->deep_vars);
	build_merge(arena, reader->play->role_defaults, role->deep_defaults);
	value_append(arena, reader->play->role_names, value_string(arena, role->use.name));
	for (size_t i = 0; i < role->use.dependencies->count; i++)
		value_append(arena, reader->play->role_needs, role->use.dependencies->items[i]);
}

static int read_tasks(struct play_reader *reader, const struct role_request *request,
	const struct role_loading *role, enum role_part part, struct items *items)
{
	struct task *group = arena_alloc(reader->arena, sizeof(*group));
	enum source_kind kind;
	const char *path;

	if (request->group)
		*group = *request->group;
	group->handler = part == ROLE_HANDLERS;
	if (find_part(reader, request, role->use.path, part_directories[part], request->from[part],
			&path, &kind) < 0)
		return -1;
	return path ? tasks_file_read(reader, path, request->place, group, items) : 0;
}

static int read_inside(struct play_reader *reader, const struct role_request *request,
	struct role_loading *role, struct items *items)
{
	const struct task *included_by = reader->included_by;
	int result;

	if (read_meta(reader, request, role) < 0)
		return -1;
	if (request->raw && !role->allow_duplicates)
		role->use.once = once_of(reader, role->use.path, request->raw);
	if (read_own(reader, request, role) < 0
			|| read_dependencies(reader, request, role, items) < 0)
		return -1;
	set_variables(reader, request, role);
	if (read_tasks(reader, request, role, ROLE_TASKS, items) < 0)
		return -1;
	reader->included_by = NULL;
	result = read_tasks(reader, request, role, ROLE_HANDLERS, request->handlers);
	reader->included_by = included_by;
	return result;
}

int role_read(struct play_reader *reader, const struct role_request *request,
	struct items *items)
{
	const struct role_use *above = reader->role;
	struct role_loading *role;
	const char *path = NULL;
	int result;

	if (find_role(reader, request, &path) < 0 || refuse_circle(reader, request, path) < 0
			|| play_enter(reader, request->place) < 0)
		return -1;
	role = arena_alloc(reader->arena, sizeof(*role));
	role->use = (struct role_use){ .name = request->name, .path = path, .place = request->place,
		.parent = above, .dependency = request->dependency,
		.params = merged(reader->arena, above ? above->params : NULL, request->params),
		.dependencies = value_list(reader->arena) };
	reader->role = &role->use;
	reader->playbook->has_roles = true;
	result = read_inside(reader, request, role, items);
	reader->role = above;
	reader->last_role = &role->use;
	reader->depth--;
	return result;
}
