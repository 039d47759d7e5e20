/* loop_items: what a loop walks over. */
#include "plan/state.h"

#include "expression/expression.h"

#include <string.h>

static void add_items(struct arena *arena, struct value *to, const struct value *list,
	bool flatten)
{
	for (size_t i = 0; i < list->count; i++) {
		if (flatten && list->items[i]->kind == VALUE_LIST)
			add_items(arena, to, list->items[i], false);
		else
			value_append(arena, to, list->items[i]);
	}
}

struct value *loop_items(struct arena *arena, const struct value *list, bool flatten)
{
	struct value *items = value_list(arena);

	add_items(arena, items, list, flatten);
	return items;
}

/* Where with_first_found looks first. */
static const char *folder_of(const struct task *task)
{
	return strstr(task->word, "template") ? "templates" : strstr(task->word, "var") ? "vars"
		: "files";
}

int loop_list(struct arena *arena, struct scope *scope, const struct task *task,
	struct value **ret_list, struct error *err)
{
	if (expression_fill(arena, scope, task->loop, ret_list, err) < 0)
		return -1;
	if (!task->loop_lookup)
		return 0;
	return expression_lookup(arena, scope, task->loop_lookup, *ret_list, folder_of(task), ret_list,
		err);
}
