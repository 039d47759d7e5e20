/* variables_bench: an inventory with variables, for their tests. */
#ifndef TESTS_VARIABLES_BENCH_H
#define TESTS_VARIABLES_BENCH_H

#include "variables/variables.h"

#include "tests/plays/memory.h"
#include "module/module.h"
#include "expression/expression.h"
#include "yaml/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char inventory_text[] =
	"all:\n"
	"  vars:\n"
	"    domain: example.org\n"
	"    port: \"{{ base + 1 }}\"\n"
	"    base: 8000\n"
	"    name: \"{{ inventory_hostname }}.{{ domain }}\"\n"
	"    strength: inventory\n"
	"    one: \"{{ two }}\"\n"
	"    two: \"{{ three }}\"\n"
	"    three: \"x{{ one }}\"\n"
	"    self: \"{{ self }}\"\n"
	"    broken: \"{{ nope }}\"\n"
	"    peer: \"{{ hostvars['node2'].name }}\"\n"
	"    crossed: \"{{ hostvars['node2'].crossed }}\"\n"
	"    wants_fact: \"{{ ansible_hostname }}!\"\n"
	"    wants_result: \"{{ wants_fact }} {{ answer.stdout }}\"\n"
	"  children:\n"
	"    web:\n"
	"      hosts:\n"
	"        node1.lan: {}\n"
	"        node2: {base: 9000}\n"
	"    db:\n"
	"      hosts:\n"
	"        node3: {}\n";

static struct arena *arena;
static struct error failure;
static struct inventory *inventory;
static struct variables *variables;

static inline struct value *yaml(const char *text)
{
	struct value *root = NULL;

	error_clear(&failure);
	if (tree_parse(arena, "text.yml", text, strlen(text), &root, &failure) < 0)
		fail_msg("%s: %s", text, failure.message);
	return root;
}

static inline int set_up(void **state)
{
	static const char *const texts[] = { "hosts.yml", inventory_text, NULL };
	static const char *const sources[] = { "hosts.yml", NULL };
	struct variables_options options = { .playbook_directory = "/srv/site",
		.inventory_sources = sources, .check = true };

	(void)state;
	arena = arena_new();
	error_clear(&failure);
	if (inventory_load(arena, memory_source(arena, texts), sources, 1, NULL, &inventory,
			&failure) < 0)
		return -1;
	options.inventory = inventory;
	options.extra = yaml("{extra: 1}");
	variables = variables_new(arena, &options);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static inline struct inventory_host *host(const char *name)
{
	return inventory_find(inventory, name);
}

static inline struct scope *scope_on(const char *name)
{
	return scope_new(arena, variables, host(name), NULL, NULL);
}

static inline struct value *get(struct scope *scope, const char *name)
{
	struct value *value = NULL;

	error_clear(&failure);
	if (scope_get(arena, scope, name, &value, &failure) < 0)
		fail_msg("%s: %s", name, failure.message);
	return value;
}

static inline const char *shown(struct scope *scope, const char *name)
{
	struct value *value = get(scope, name);

	return value ? expression_show(arena, value) : "(undefined)";
}

static inline const char *filled(struct scope *scope, const char *text)
{
	struct value *value = NULL;

	error_clear(&failure);
	if (expression_fill(arena, scope, value_string(arena, text), &value, &failure) < 0)
		fail_msg("%s: %s", text, failure.message);
	return expression_show(arena, value);
}

static inline const char *refused(struct scope *scope, const char *text)
{
	struct value *value = NULL;

	error_clear(&failure);
	assert_int_equal(expression_fill(arena, scope, value_string(arena, text), &value, &failure),
		-1);
	assert_int_equal(failure.kind, ERROR_TEXT);
	return failure.message;
}

static inline bool is_unknown(struct scope *scope, const char *text)
{
	struct value *value = NULL;

	assert_int_equal(expression_fill(arena, scope, value_string(arena, text), &value, &failure), 0);
	return value->kind == VALUE_UNKNOWN;
}

#endif
