/* texts: what a user writes, or gets from others: YAML, inventories, expressions, playbooks. */
#include "tests/fuzz/fuzz.h"

#include "expression/expression.h"
#include "inventory/inventory.h"
#include "playbook/play.h"
#include "variables/variables.h"
#include "yaml/tree.h"

#include "tests/plays/memory.h"

/* Of a text, an error always says where. */
static void require_place(int result, const struct error *err)
{
	if (result == 0)
		return;
	require(err->kind == ERROR_TEXT);
	require(err->message[0] != '\0');
	require(err->place.file != NULL);
}

static void tree(struct arena *arena, const char *bytes, size_t size)
{
	struct error err = { 0 };
	struct value *root = NULL;
	int result = tree_parse(arena, "fuzz.yml", bytes, size, &root, &err);

	require_place(result, &err);
	require(result < 0 || root != NULL);
}

static void load_inventory(struct arena *arena, const char *path, const char *bytes)
{
	const char *const texts[] = { path, bytes, NULL };
	struct inventory *inventory = NULL;
	struct error err = { 0 };
	int result = inventory_load(arena, memory_source(arena, texts), &path, 1, NULL, &inventory,
		&err);

	require_place(result, &err);
	for (size_t i = 0; result == 0 && i < inventory_host_count(inventory); i++) {
		struct inventory_host *host = inventory_host(inventory, i);

		require(inventory_find(inventory, host->name) == host);
		inventory_groups_of(inventory, arena, host);
	}
}

static void inventory_ini(struct arena *arena, const char *bytes, size_t size)
{
	(void)size;
	load_inventory(arena, "hosts", bytes);
}

static void inventory_yaml(struct arena *arena, const char *bytes, size_t size)
{
	(void)size;
	load_inventory(arena, "hosts.yml", bytes);
}

static void expression(struct arena *arena, const char *bytes, size_t size)
{
	static const char variables[] = "{n: 5, f: 2.5, s: hello, l: [3, 1, 2], m: {a: 1, b: {c: [10]}}, "
		"t: true, o: ~, people: [{name: eve, age: 30}, {name: bob, age: 25}]}";
	struct scope *scope = scope_empty(arena);
	struct value *names = NULL, *text, *result;
	struct error err = { 0 };

	require(tree_parse(arena, "vars.yml", variables, sizeof(variables) - 1, &names, &err) == 0);
	for (size_t i = 0; i < names->count; i++)
		scope_set(scope, names->pairs[i].key, names->pairs[i].value);
	text = value_bytes(arena, bytes, size);
	expression_value(arena, scope, text, &result, &err);
	error_clear(&err);
	if (expression_check(arena, text, &err) == 0) {
		expression_fill(arena, scope, text, &result, &err);
		error_clear(&err);
		require(expression_names(arena, text, value_list(arena), &err) == 0);
	}
	error_clear(&err);
	expression_template(arena, scope, bytes, size, "fuzz.j2", NULL, &result, &err);
}

static void play(struct arena *arena, const char *bytes, size_t size)
{
	static const struct playbook_modules modules;
	const char *const texts[] = { "site.yml", bytes, NULL };
	struct playbook *playbook = NULL;
	struct error err = { 0 };
	int result = playbook_load(arena, memory_source(arena, texts), texts[0], &modules, &playbook,
		&err);

	(void)size;
	require_place(result, &err);
	require(result < 0 || playbook->play_count > 0);
}

const struct fuzz_target fuzz_texts[] = {
	{ "tree", tree },
	{ "inventory-ini", inventory_ini },
	{ "inventory-yaml", inventory_yaml },
	{ "expression", expression },
	{ "play", play },
	{ 0 },
};
