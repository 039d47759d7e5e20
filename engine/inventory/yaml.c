/* yaml: groups, their hosts, variables and children, as Ansible's YAML inventory. */
#include "inventory/build.h"
#include "base/suggest.h"
#include "yaml/tree.h"

#include <string.h>

static int expect_map(const struct value *value, const struct value_pair *pair,
	const char *remedy, struct error *err)
{
	if (value->kind == VALUE_MAP || value->kind == VALUE_NULL)
		return 0;
	error_at(err, INVENTORY_INVALID_FORMAT, value->place.line ? value->place : pair->place,
		"'%s' must be a map, not %s", pair->key, value_kind_name(value));
	return error_remedy(err, "%s", remedy);
}

static int read_group(struct inventory *inventory, const struct value_pair *pair,
	struct inventory_group **ret_group, struct error *err);

static int read_hosts(struct inventory *inventory, struct inventory_group *group,
	const struct value_pair *pair, struct error *err)
{
	if (expect_map(pair->value, pair, "write 'node1:' on a line of its own, not '- node1'", err) < 0)
		return -1;
	for (size_t i = 0; i < pair->value->count; i++) {
		const struct value_pair *host = &pair->value->pairs[i];

		if (expect_map(host->value, host, "a host has a map of variables, or nothing", err) < 0)
			return -1;
		if (build_hosts(inventory, group, host->key, host->place, host->value, err) < 0)
			return -1;
	}
	return 0;
}

static int read_children(struct inventory *inventory, struct inventory_group *group,
	const struct value_pair *pair, struct error *err)
{
	if (expect_map(pair->value, pair, "write 'workers:' on a line of its own", err) < 0)
		return -1;
	for (size_t i = 0; i < pair->value->count; i++) {
		struct inventory_group *child;

		if (read_group(inventory, &pair->value->pairs[i], &child, err) < 0)
			return -1;
		if (child == inventory->all)
			return error_at(err, INVENTORY_CYCLE, pair->value->pairs[i].place, "'all' can't be a "
				"child");
		build_child(inventory, group, child);
	}
	return 0;
}

static int read_part(struct inventory *inventory, struct inventory_group *group,
	const struct value_pair *pair, struct error *err)
{
	struct suggestion suggestion = { .word = pair->key };

	if (strcmp(pair->key, "hosts") == 0)
		return read_hosts(inventory, group, pair, err);
	if (strcmp(pair->key, "children") == 0)
		return read_children(inventory, group, pair, err);
	if (strcmp(pair->key, "vars") == 0) {
		if (expect_map(pair->value, pair, "write 'name: value' lines", err) < 0)
			return -1;
		build_check_vars(inventory, pair->value);
		build_merge(inventory->arena, group->vars[GROUP_VARS_INVENTORY], pair->value);
		return 0;
	}
	suggest_offer(&suggestion, "hosts");
	suggest_offer(&suggestion, "children");
	suggest_offer(&suggestion, "vars");
	error_at(err, INVENTORY_UNKNOWN_KEYWORD, pair->place, "the group '%s' has no '%s'; a group has "
		"hosts, vars and children", group->name, pair->key);
	if (suggestion.nearest)
		return error_remedy(err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(err, "put hosts under 'hosts:' and groups under 'children:'");
}

static int read_group(struct inventory *inventory, const struct value_pair *pair,
	struct inventory_group **ret_group, struct error *err)
{
	if (build_group(inventory, pair->key, pair->place, ret_group, err) < 0)
		return -1;
	(*ret_group)->declared = true;
	if (expect_map(pair->value, pair, "a group has hosts, vars and children", err) < 0)
		return -1;
	for (size_t i = 0; i < pair->value->count; i++) {
		if (read_part(inventory, *ret_group, &pair->value->pairs[i], err) < 0)
			return -1;
	}
	return 0;
}

int inventory_read_yaml(struct inventory *inventory, const char *path, const char *bytes,
	size_t size, struct error *err)
{
	struct value *root;

	if (tree_parse(inventory->arena, path, bytes, size, &root, err) < 0)
		return -1;
	if (root->kind == VALUE_NULL)
		return 0;
	if (root->kind != VALUE_MAP) {
		error_at(err, INVENTORY_INVALID_FORMAT, root->place, "an inventory must be a map of "
			"groups, not %s", value_kind_name(root));
		return error_remedy(err, "begin with 'all:', and 'hosts:' below it");
	}
	for (size_t i = 0; i < root->count; i++) {
		const struct value_pair *pair = &root->pairs[i];
		struct inventory_group *group;

		if (strcmp(pair->key, "hosts") == 0 || strcmp(pair->key, "children") == 0 ||
			strcmp(pair->key, "vars") == 0) {
			error_at(err, INVENTORY_INVALID_FORMAT, pair->place, "'%s' is outside any group",
				pair->key);
			return error_remedy(err, "put it below 'all:'");
		}
		if (read_group(inventory, pair, &group, err) < 0)
			return -1;
	}
	return 0;
}
