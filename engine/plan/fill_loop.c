/* fill_loop: which items a loop has. */
#include "plan/filling.h"

#include "expression/expression.h"

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

int filling_loop(struct filling *filling, struct filled *filled, struct value **ret_items,
	struct error *err)
{
	struct arena *arena = filling->arena;
	struct error problem = {0}, other = {0};
	struct value *list, *truth;

	*ret_items = NULL;
	if (expression_fill(arena, filling->scope, filling->task->loop, &list, &problem) < 0) {
		if (expression_condition(arena, filling->scope, filling->task->when, &truth, &other) < 0
				|| truth->kind != VALUE_BOOL || truth->truth) {
			if (err)
				*err = problem;
			return -1;
		}
		filling_skip(filling, &filled->items[0], filling_condition_text(arena, filling->task->when));
		return 0;
	}
	if (list->kind == VALUE_UNKNOWN)
		return filling_unknown(filling, &filled->items[0], value_unknown_cause(list), err);
	if (list->kind != VALUE_LIST) {
		error_at(err, PLAYBOOK_INVALID_VALUE, filling->task->loop->place, "a loop needs a list, "
			"not %s", value_kind_name(list));
		if (list->kind == VALUE_MAP)
			error_remedy(err, "a map becomes a list with '| dict2items'");
		return -1;
	}
	*ret_items = value_list(arena);
	add_items(arena, *ret_items, list, filling->task->loop_flatten);
	if ((*ret_items)->count == 0) {
		filling_skip(filling, &filled->items[0], "the loop has no items");
		filled->empty = true;
		*ret_items = NULL;
	}
	return 0;
}
