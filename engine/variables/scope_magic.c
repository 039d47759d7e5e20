/* scope_magic: the names that no text defines: inventory_hostname, groups, hostvars, … */
#include "variables/scope.h"

#include "variables/state.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The Ansible whose language this is, for playbooks that ask. */
#define LANGUAGE_VERSION "2.14.0"

static struct value *value_of_hostname(struct scope *scope)
{
	return scope->host ? value_string(scope->arena, scope->host->name) : NULL;
}

static struct value *value_of_short_hostname(struct scope *scope)
{
	return scope->host ? value_bytes(scope->arena, scope->host->name,
		strcspn(scope->host->name, ".")) : NULL;
}

static struct value *value_of_group_names(struct scope *scope)
{
	if (!scope->host || !scope->variables || !scope->variables->options.inventory)
		return NULL;
	return inventory_groups_of(scope->variables->options.inventory, scope->arena, scope->host);
}

static struct value *value_of_groups(struct scope *scope)
{
	return scope->variables ? scope->variables->groups : NULL;
}

static struct value *value_of_hostvars(struct scope *scope)
{
	return scope->variables && scope->variables->options.inventory ?
		lazy_new(scope->arena, scope, true) : NULL;
}

static struct value *value_of_vars(struct scope *scope)
{
	return lazy_new(scope->arena, scope, false);
}

/* Absolute, whatever was typed. */
const char *scope_absolute(struct scope *scope, struct arena *arena, const char *path)
{
	const char *folder = scope->variables ? scope->variables->options.folder : NULL;
	char here[PATH_MAX];

	if (path[0] == '/' || (!folder && !getcwd(here, sizeof(here))))
		return arena_string(arena, path);
	while (strncmp(path, "./", 2) == 0)
		path += 2 + strspn(path + 2, "/");
	folder = folder ? folder : here;
	return !*path || strcmp(path, ".") == 0 ? arena_string(arena, folder)
		: path_join(arena, folder, path);
}

static struct value *path_or_none(struct scope *scope, const char *path)
{
	return path ? value_string(scope->arena, scope_absolute(scope, scope->arena, path)) : NULL;
}

static struct value *value_of_playbook_dir(struct scope *scope)
{
	const struct play *play = scope->root->play;

	if (play && play->directory)
		return path_or_none(scope, play->directory);
	return scope->variables ? path_or_none(scope,
		scope->variables->options.playbook_directory) : NULL;
}

static struct value *value_of_inventory_dir(struct scope *scope)
{
	return scope->variables ? path_or_none(scope, scope->variables->inventory_directory) : NULL;
}

static struct value *value_of_inventory_file(struct scope *scope)
{
	return scope->variables ? path_or_none(scope, scope->variables->inventory_file) : NULL;
}

static struct value *value_of_sources(struct scope *scope)
{
	return scope->variables ? scope->variables->sources : NULL;
}

static struct value *value_of_check_mode(struct scope *scope)
{
	return scope->variables ? value_bool(scope->arena, scope->variables->options.check) : NULL;
}

static struct value *value_of_diff_mode(struct scope *scope)
{
	return scope->variables ? value_bool(scope->arena, scope->variables->options.diff) : NULL;
}

static struct value *value_of_verbosity(struct scope *scope)
{
	return scope->variables ? value_integer(scope->arena, scope->variables->options.verbosity)
		: NULL;
}

static struct value *value_of_forks(struct scope *scope)
{
	const struct variables_options *options = scope->variables ? &scope->variables->options : NULL;

	if (!options || options->forks)
		return options ? value_integer(scope->arena, options->forks) : NULL;
	return value_integer(scope->arena, options->inventory
		? (int64_t)inventory_host_count(options->inventory) : 0);
}

static struct value *value_of_limit(struct scope *scope)
{
	return scope->variables && scope->variables->options.limit
		? value_string(scope->arena, scope->variables->options.limit) : NULL;
}

/* Without -t it is as if all were chosen. */
static struct value *value_of_run_tags(struct scope *scope)
{
	struct value *tags;

	if (!scope->variables || scope->variables->options.tags)
		return scope->variables ? scope->variables->options.tags : NULL;
	tags = value_list(scope->arena);
	value_append(scope->arena, tags, value_string(scope->arena, "all"));
	return tags;
}

static struct value *value_of_skip_tags(struct scope *scope)
{
	if (!scope->variables)
		return NULL;
	return scope->variables->options.skip_tags ? scope->variables->options.skip_tags
		: value_list(scope->arena);
}

static struct value *value_of_play_hosts(struct scope *scope)
{
	return scope->variables ? scope->variables->play_hosts : NULL;
}

static struct value *value_of_play_batch(struct scope *scope)
{
	return scope->variables ? scope->variables->play_batch : NULL;
}

static struct value *value_of_play_hosts_all(struct scope *scope)
{
	return scope->variables ? scope->variables->play_hosts_all : NULL;
}

static struct value *value_of_play_name(struct scope *scope)
{
	if (!scope->play)
		return NULL;
	if (scope->play->name)
		return value_string(scope->arena, scope->play->name);
	return scope->play->hosts;
}

static const struct role_use *role_of(struct scope *scope)
{
	return scope->task ? scope->task->role : NULL;
}

static struct value *value_of_role_name(struct scope *scope)
{
	const struct role_use *role = role_of(scope);
	const char *dot = role ? strrchr(role->name, '.') : NULL;

	if (!role)
		return NULL;
	return value_string(scope->arena, dot && strchr(role->name, '.') != dot ? dot + 1 : role->name);
}

static struct value *value_of_whole_role_name(struct scope *scope)
{
	return role_of(scope) ? value_string(scope->arena, role_of(scope)->name) : NULL;
}

static struct value *value_of_role_path(struct scope *scope)
{
	return role_of(scope) ? path_or_none(scope, role_of(scope)->path) : NULL;
}

/* The nearest first; a dependency isn't told who needs it. */
static struct value *parents_of(struct scope *scope, bool paths)
{
	const struct role_use *role = role_of(scope);
	struct value *parents = value_list(scope->arena);

	if (role && role->dependency)
		return NULL;

	for (const struct role_use *use = role ? role->parent : NULL; use; use = use->parent)
		value_append(scope->arena, parents, paths ? path_or_none(scope, use->path)
			: value_string(scope->arena, use->name));
	return role && role->parent ? parents : NULL;
}

static struct value *value_of_parent_names(struct scope *scope)
{
	return parents_of(scope, false);
}

static struct value *value_of_parent_paths(struct scope *scope)
{
	return parents_of(scope, true);
}

static struct value *value_of_play_roles(struct scope *scope)
{
	return scope->play ? scope->play->role_names : NULL;
}

/* Each once. */
static void add_once(struct scope *scope, struct value *names, const struct value *list)
{
	for (size_t i = 0; i < list->count; i++) {
		bool there = false;

		for (size_t k = 0; k < names->count; k++)
			there = there || value_equal(names->items[k], list->items[i]);
		if (!there)
			value_append(scope->arena, names, list->items[i]);
	}
}

static struct value *value_of_needed_roles(struct scope *scope)
{
	struct value *names = value_list(scope->arena);

	if (!scope->play || !scope->play->role_needs)
		return NULL;
	add_once(scope, names, scope->play->role_needs);
	return names;
}

static struct value *value_of_role_names(struct scope *scope)
{
	struct value *names = value_of_needed_roles(scope);

	if (names)
		add_once(scope, names, scope->play->role_names);
	return names;
}

static struct value *value_of_omit(struct scope *scope)
{
	struct value *omit = value_null(scope->arena);

	omit->raw = omit_mark;
	return omit;
}

static struct value *value_of_version(struct scope *scope)
{
	struct value *version = value_map(scope->arena);
	static const char *const parts[] = { "major", "minor", "revision" };
	const char *at = LANGUAGE_VERSION;

	value_set_string(scope->arena, version, "full", LANGUAGE_VERSION);
	value_set_string(scope->arena, version, "string", LANGUAGE_VERSION);
	for (size_t i = 0; i < 3; i++) {
		char *end;

		value_set_integer(scope->arena, version, parts[i], strtol(at, &end, 10));
		at = end + (*end == '.');
	}
	return version;
}

struct magic {
	const char *name;
	struct value *(*value)(struct scope *scope);   /* NULL: not defined here */
	unsigned notes;            /* see scope_notes; SCOPE_DIFFERS: for each host */
};

static const struct magic magics[] = {
	{ "ansible_check_mode", value_of_check_mode, 0 },
	{ "ansible_dependent_role_names", value_of_needed_roles, 0 },
	{ "ansible_diff_mode", value_of_diff_mode, 0 },
	{ "ansible_forks", value_of_forks, 0 },
	{ "ansible_inventory_sources", value_of_sources, 0 },
	{ "ansible_limit", value_of_limit, 0 },
	{ "ansible_parent_role_names", value_of_parent_names, 0 },
	{ "ansible_parent_role_paths", value_of_parent_paths, 0 },
	{ "ansible_play_batch", value_of_play_batch, SCOPE_DIFFERS },
	{ "ansible_play_hosts", value_of_play_hosts, SCOPE_COURSE },
	{ "ansible_play_hosts_all", value_of_play_hosts_all, 0 },
	{ "ansible_play_name", value_of_play_name, 0 },
	{ "ansible_play_role_names", value_of_play_roles, 0 },
	{ "ansible_role_name", value_of_whole_role_name, 0 },
	{ "ansible_role_names", value_of_role_names, 0 },
	{ "ansible_run_tags", value_of_run_tags, 0 },
	{ "ansible_skip_tags", value_of_skip_tags, 0 },
	{ "ansible_verbosity", value_of_verbosity, 0 },
	{ "ansible_version", value_of_version, 0 },
	{ "group_names", value_of_group_names, SCOPE_DIFFERS },
	{ "groups", value_of_groups, 0 },
	{ "hostvars", value_of_hostvars, 0 },
	{ "inventory_dir", value_of_inventory_dir, 0 },
	{ "inventory_file", value_of_inventory_file, 0 },
	{ "inventory_hostname", value_of_hostname, SCOPE_DIFFERS },
	{ "inventory_hostname_short", value_of_short_hostname, SCOPE_DIFFERS },
	{ "omit", value_of_omit, 0 },
	{ "play_hosts", value_of_play_hosts, SCOPE_COURSE },
	{ "playbook_dir", value_of_playbook_dir, 0 },
	{ "role_name", value_of_role_name, 0 },
	{ "role_names", value_of_play_roles, 0 },
	{ "role_path", value_of_role_path, 0 },
	{ "vars", value_of_vars, 0 },
	{ NULL, NULL, 0 },
};

struct value *magic_value(struct scope *scope, const char *name)
{
	for (const struct magic *magic = magics; magic->name; magic++) {
		if (strcmp(magic->name, name) != 0)
			continue;
		scope->root->notes |= scope == scope->root ? magic->notes : magic->notes & SCOPE_COURSE;
		return magic->value(scope);
	}
	return NULL;
}

void magic_names(struct arena *arena, struct scope *scope, struct value *names)
{
	for (const struct magic *magic = magics; magic->name; magic++) {
		if (magic->value(scope))
			value_append(arena, names, value_string(arena, magic->name));
	}
}
