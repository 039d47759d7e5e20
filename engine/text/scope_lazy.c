/* scope_lazy: hostvars and vars, whose values are found when they are asked for. */
#include "text/variables_state.h"

#include <string.h>

int lazy_index(struct evaluation *evaluation, size_t offset, const struct value *lazy,
	const struct value *key, struct value **ret_value)
{
	const struct lazy *found = (const struct lazy *)(const void *)lazy;
	struct evaluation inside = *evaluation;
	const char *name = value_text(key);

	*ret_value = NULL;
	if (!name)
		return evaluation_error(evaluation, offset, "a name is needed here, this is %s",
			value_kind_name(key));
	if (found->hosts) {
		struct scope *scope = scope_of_host(found->scope->arena, found->scope, name);

		if (!scope)
			return evaluation_undefined(evaluation, offset, ret_value, "there is no host '%s' in "
				"the inventory", name);
		*ret_value = lazy_new(found->scope->arena, scope, false);
		return 0;
	}
	inside.scope = found->scope;
	inside.locals = NULL;
	if (scope_find(&inside, name, offset, ret_value) < 0)
		return -1;
	if (!*ret_value)
		return evaluation_undefined(evaluation, offset, ret_value, "'%s' is undefined for %s", name,
			found->scope->host ? found->scope->host->name : "this host");
	return 0;
}

struct value *lazy_keys(struct arena *arena, const struct value *lazy)
{
	const struct lazy *found = (const struct lazy *)(const void *)lazy;
	struct value *names = value_list(arena), *kept = value_list(arena);

	if (found->hosts) {
		const struct inventory *inventory = found->scope->variables->options.inventory;

		for (size_t i = 0; i < inventory_host_count(inventory); i++)
			value_append(arena, names, value_string(arena, inventory_host(inventory, i)->name));
		return names;
	}
	scope_names(arena, found->scope, names);
	/* These would hold themselves. */
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->items[i]->text, "vars") != 0
				&& strcmp(names->items[i]->text, "hostvars") != 0)
			value_append(arena, kept, names->items[i]);
	}
	return kept;
}
