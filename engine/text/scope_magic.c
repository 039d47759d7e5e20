/* scope_magic: the names that no text defines: inventory_hostname, groups, hostvars, … */
#include "text/scope.h"

#include "text/variables_state.h"

#include <stdlib.h>
#include <string.h>

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

static struct value *text_or_none(struct scope *scope, const char *text)
{
	return text ? value_string(scope->arena, text) : NULL;
}

static struct value *value_of_playbook_dir(struct scope *scope)
{
	return scope->variables ? text_or_none(scope,
		scope->variables->options.playbook_directory) : NULL;
}

static struct value *value_of_inventory_dir(struct scope *scope)
{
	return scope->variables ? text_or_none(scope, scope->variables->inventory_directory) : NULL;
}

static struct value *value_of_inventory_file(struct scope *scope)
{
	return scope->variables ? text_or_none(scope, scope->variables->inventory_file) : NULL;
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

static struct value *value_of_play_hosts(struct scope *scope)
{
	return scope->variables ? scope->variables->play_hosts : NULL;
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
};

static const struct magic magics[] = {
	{ "ansible_check_mode", value_of_check_mode },
	{ "ansible_diff_mode", value_of_diff_mode },
	{ "ansible_inventory_sources", value_of_sources },
	{ "ansible_play_batch", value_of_play_hosts },
	{ "ansible_play_hosts", value_of_play_hosts },
	{ "ansible_play_hosts_all", value_of_play_hosts_all },
	{ "ansible_play_name", value_of_play_name },
	{ "ansible_version", value_of_version },
	{ "group_names", value_of_group_names },
	{ "groups", value_of_groups },
	{ "hostvars", value_of_hostvars },
	{ "inventory_dir", value_of_inventory_dir },
	{ "inventory_file", value_of_inventory_file },
	{ "inventory_hostname", value_of_hostname },
	{ "inventory_hostname_short", value_of_short_hostname },
	{ "omit", value_of_omit },
	{ "play_hosts", value_of_play_hosts },
	{ "playbook_dir", value_of_playbook_dir },
	{ "vars", value_of_vars },
	{ NULL, NULL },
};

struct value *magic_value(struct scope *scope, const char *name)
{
	for (const struct magic *magic = magics; magic->name; magic++) {
		if (strcmp(magic->name, name) == 0)
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
