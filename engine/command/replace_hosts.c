/* replace_hosts: where the machines of an inventory are reached. */
#include "command/replace_hosts.h"

#include "command/passwords.h"
#include "command/project.h"
#include "inventory/inventory.h"
#include "variables/scope.h"
#include "variables/variables.h"

#include <stdlib.h>

static const char *variable(struct arena *arena, struct scope *scope, const char *name)
{
	struct error ignored = {0};
	struct value *value;

	if (scope_get(arena, scope, name, &value, &ignored) < 0 || !value)
		return NULL;
	return value->kind == VALUE_STRING ? value_text(value) : expression_show(arena, value);
}

static struct replace_host host_of(struct arena *arena, struct variables *variables,
	struct inventory_host *found)
{
	struct scope *scope = scope_new(arena, variables, found, NULL, NULL);
	const char *address = variable(arena, scope, "ansible_host");
	const char *port = variable(arena, scope, "ansible_port");

	return (struct replace_host){
		.name = found->name, .address = address ? address : found->name,
		.user = variable(arena, scope, "ansible_user"),
		.port = port ? (unsigned)strtoul(port, NULL, 10) : 0,
		.place = found->place,
	};
}

int replace_hosts(struct arena *arena, struct value *inventories, const char *pattern,
	struct replace_host **ret_hosts, size_t *ret_count, struct error *err)
{
	struct source *source = source_directory(arena, NULL);
	struct variables_options options = { .playbook_directory = "." };
	struct inventory *inventory;
	struct inventory_list list;
	struct variables *variables;
	struct project project;
	const char **names;

	if (project_find(arena, source, "./playbook", inventories, &project, err) < 0
			|| passwords_vault(NULL, project.vault_password_file, err) < 0)
		return -1;
	if (project.inventories->count == 0) {
		error_set(err, INVENTORY_NOT_FOUND, "there is no inventory here or above");
		return error_remedy(err, "name one with -i");
	}
	names = arena_array(arena, project.inventories->count + 1, sizeof(*names));
	for (size_t i = 0; i < project.inventories->count; i++)
		names[i] = value_text(project.inventories->items[i]);
	if (inventory_load(arena, source, names, project.inventories->count, ".", &inventory, err) < 0
			|| inventory_match(inventory, arena, pattern, (struct place){0}, &list, err) < 0)
		return -1;
	options.inventory = inventory;
	options.inventory_sources = names;
	variables = variables_new(arena, &options);
	*ret_hosts = arena_array(arena, list.count + 1, sizeof(**ret_hosts));
	for (*ret_count = 0; *ret_count < list.count; (*ret_count)++)
		(*ret_hosts)[*ret_count] = host_of(arena, variables, list.hosts[*ret_count]);
	return list.count > 0 ? 0 : error_set(err, INVENTORY_NO_MATCH, "'%s' matches no host", pattern);
}
