/* inventory_bench: inventories from texts in memory. */
#ifndef TESTS_INVENTORY_BENCH_H
#define TESTS_INVENTORY_BENCH_H

#include "inventory/inventory.h"

#include "base/buffer.h"
#include "tests/plays/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;
static struct error failure;

static inline struct inventory *load_from(const char *const *texts, const char *const *paths, size_t count,
	const char *playbook_directory)
{
	struct inventory *inventory = NULL;

	error_clear(&failure);
	return inventory_load(arena, memory_source(arena, texts), paths, count, playbook_directory,
		&inventory, &failure) < 0 ? NULL : inventory;
}

static inline struct inventory *load(const char *path, const char *text)
{
	const char **texts = arena_array(arena, 3, sizeof(*texts));

	texts[0] = path;
	texts[1] = text;
	return load_from(texts, &path, 1, NULL);
}

static inline struct inventory *load_good(const char *path, const char *text)
{
	struct inventory *inventory = load(path, text);

	if (!inventory)
		print_error("%s:%u:%u: %s\n", path, failure.place.line, failure.place.column,
			failure.message);
	assert_non_null(inventory);
	return inventory;
}

static inline void assert_refused(const char *path, const char *text, unsigned line, unsigned column,
	const char *message)
{
	assert_null(load(path, text));
	assert_int_equal(failure.kind, ERROR_TEXT);
	if (!strstr(failure.message, message))
		print_error("'%s' lacks '%s'\n", failure.message, message);
	assert_non_null(strstr(failure.message, message));
	assert_string_equal(failure.place.file, path);
	assert_int_equal(failure.place.line, line);
	assert_int_equal(failure.place.column, column);
}

static inline const char *joined(const struct value *names)
{
	const char *all = "";

	for (size_t i = 0; names && i < names->count; i++)
		all = arena_printf(arena, "%s%s%s", all, i ? " " : "", names->items[i]->text);
	return all;
}

static inline const char *hosts_of(const struct inventory *inventory, const char *group)
{
	return joined(value_get(inventory_groups(inventory), group));
}

static inline const struct value *variable(const struct inventory *inventory, const char *host,
	const char *name)
{
	return value_get(inventory_find(inventory, host)->vars, name);
}

static inline int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const char cluster[] =
	"all:\n"
	"  vars:\n"
	"    domain: lan\n"
	"    who: all\n"
	"  hosts:\n"
	"    spare:\n"
	"  children:\n"
	"    head:\n"
	"      hosts:\n"
	"        node1: {ansible_host: 10.0.0.1, who: host}\n"
	"    workers:\n"
	"      vars:\n"
	"        who: workers\n"
	"        slots: 4\n"
	"      children:\n"
	"        fast:\n"
	"          vars: {slots: 8}\n"
	"          hosts:\n"
	"            node[2:3]:\n"
	"        slow:\n"
	"          hosts:\n"
	"            node4:\n"
	"    racked:\n"
	"      hosts: {node2: , node1: }\n";

#endif
