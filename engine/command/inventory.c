/* inventory: which hosts and groups there are, and which variables a host has. */
#include "command/command.h"
#include "command/passwords.h"
#include "command/project.h"
#include "base/disclose.h"
#include "base/quote.h"
#include "expression/expression.h"
#include "inventory/connection.h"
#include "inventory/inventory.h"
#include "variables/variables.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_GRAPH = 256, OPTION_HOST, OPTION_LIST, DEPTH_MOST = 64 };

static const struct option long_options[] = {
	{ "inventory", required_argument, NULL, 'i' },
	{ "graph", no_argument, NULL, OPTION_GRAPH },
	{ "list", no_argument, NULL, OPTION_LIST },
	{ "host", required_argument, NULL, OPTION_HOST },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* A text of somebody else may hold anything. */
static const char *shown(struct arena *arena, const char *text)
{
	return quote_printable(arena, text, strlen(text), 0);
}

static void print_group(struct arena *arena, const struct inventory *inventory, const char *name,
	int depth)
{
	const struct value *children = inventory_group_children(inventory, name);
	const struct inventory_list hosts = inventory_group_hosts(inventory, name);

	printf("%*s@%s:\n", depth * 2, "", shown(arena, name));
	for (size_t i = 0; children && depth < DEPTH_MOST && i < children->count; i++)
		print_group(arena, inventory, value_text(children->items[i]), depth + 1);
	/* Hosts stand in the groups that they are written in. */
	for (size_t i = 0; strcmp(name, "all") != 0 && i < hosts.count; i++)
		printf("%*s%s\n", depth * 2 + 2, "", shown(arena, hosts.hosts[i]->name));
}

static int print_host(struct arena *arena, const struct inventory *inventory,
	struct variables *variables, const char *name, struct error *err)
{
	const struct inventory_host *host = inventory_find(inventory, name);
	const struct disclosure to = { .audience = FOR_TERMINAL };
	struct scope *scope;

	if (!host)
		return error_set(err, INVENTORY_UNKNOWN_HOST, "the inventory has no host '%s'", name);
	scope = scope_new(arena, variables, host, NULL, NULL);
	for (size_t i = 0; i < host->vars->count; i++) {
		struct value *value;

		if (scope_get(arena, scope, host->vars->pairs[i].key, &value, err) < 0)
			return -1;
		printf("%s: %s\n", shown(arena, host->vars->pairs[i].key), shown(arena,
			expression_show(arena, disclose(arena, &to, value))));
	}
	return 0;
}

static int load(struct arena *arena, struct source *source, struct value *given,
	struct inventory **ret_inventory, struct variables **ret_variables, struct error *err)
{
	struct variables_options options = {0};
	struct project project;
	const char **names;

	if (project_find(arena, source, "./playbook", given, &project, err) < 0
			|| passwords_vault(NULL, project.vault_password_file, err) < 0)
		return -1;
	if (project.inventories->count == 0) {
		error_set(err, INVENTORY_NOT_FOUND, "no inventory found here or in a parent directory");
		if (project.stopped)
			return error_remedy(err, "%s; name an inventory with -i", project.stopped);
		return error_remedy(err, "name one with -i");
	}
	names = arena_array(arena, project.inventories->count + 1, sizeof(*names));
	for (size_t i = 0; i < project.inventories->count; i++)
		names[i] = value_text(project.inventories->items[i]);
	if (inventory_load(arena, source, names, project.inventories->count, ".", ret_inventory,
			err) < 0)
		return -1;
	options.inventory = *ret_inventory;
	options.playbook_directory = ".";
	options.inventory_sources = names;
	for (size_t i = 0; i < inventory_host_count(*ret_inventory); i++)
		connection_secrets(arena, inventory_host(*ret_inventory, i)->vars, project.secrets);
	options.secret_names = project.secrets;
	*ret_variables = variables_new(arena, &options);
	return 0;
}

static int usage(int code)
{
	fputs("usage: beoplay inventory [-i PATH] [--graph [GROUP] | --list [PATTERN] | --host HOST]\n",
		code == EXIT_GOOD ? stdout : stderr);
	return code;
}

/* What the command line asks for; NULL: not given. */
struct asked {
	const char *host;
	const char *word;      /* a group, or with --list a pattern */
	bool list;
};

static int print_list(struct arena *arena, const struct inventory *inventory, const char *pattern,
	struct error *err)
{
	struct inventory_list list;

	if (inventory_match(inventory, arena, pattern, (struct place){ 0 }, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		puts(shown(arena, list.hosts[i]->name));
	return list.count > 0 ? 0 : error_set(err, INVENTORY_UNKNOWN_HOST, "'%s' matches no host",
		pattern);
}

static int print_asked(struct arena *arena, const struct inventory *inventory,
	struct variables *variables, const struct asked *asked, struct error *err)
{
	const char *word = asked->word ? asked->word : "all";

	if (asked->host)
		return print_host(arena, inventory, variables, asked->host, err);
	if (asked->list)
		return print_list(arena, inventory, word, err);
	if (!inventory_has_group(inventory, word)) {
		error_set(err, INVENTORY_UNKNOWN_GROUP, "the inventory has no group '%s'", word);
		return error_remedy(err, "see them all: beoplay inventory");
	}
	print_group(arena, inventory, word, 0);
	return 0;
}

int command_inventory(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct source *source = source_directory(arena, NULL);
	struct value *given = value_list(arena);
	struct inventory *inventory = NULL;
	struct variables *variables = NULL;
	struct error err = {0};
	struct asked asked = {0};
	int option, code = EXIT_GOOD;

	optind = 0;
	while ((option = getopt_long(argc, argv, "i:h", long_options, NULL)) != -1) {
		if (option == 'i')
			value_append(arena, given, value_string(arena, optarg));
		else if (option == OPTION_HOST)
			asked.host = optarg;
		else if (option == OPTION_LIST)
			asked.list = true;
		else if (option != OPTION_GRAPH) {
			arena_free(arena);
			return usage(option == 'h' ? EXIT_GOOD : EXIT_TEXT);
		}
	}
	asked.word = argv[optind];
	if (asked.word && (asked.host || argv[optind + 1])) {
		arena_free(arena);
		return usage(EXIT_TEXT);
	}
	if (load(arena, source, given, &inventory, &variables, &err) == 0)
		print_asked(arena, inventory, variables, &asked, &err);
	if (err.kind != ERROR_NONE) {
		fprintf(stderr, "%s%s\n", err.place.line ? arena_printf(arena, "%s:%u:%u: ",
			shown(arena, err.place.file), err.place.line, err.place.column) : "beoplay: ",
			shown(arena, err.message));
		if (err.remedy[0])
			fprintf(stderr, "  → %s\n", shown(arena, err.remedy));
		code = EXIT_TEXT;
	}
	arena_free(arena);
	return code;
}
