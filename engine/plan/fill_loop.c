/* fill_loop: which items a loop has. */
#include "plan/filling.h"

#include "expression/expression.h"

static struct value *loop_map(struct arena *arena, const struct value *items, size_t at)
{
	struct value *loop = value_map(arena);
	int64_t count = (int64_t)items->count, index = (int64_t)at;

	value_set(arena, loop, "allitems", (struct value *)(uintptr_t)items);
	value_set_integer(arena, loop, "index", index + 1);
	value_set_integer(arena, loop, "index0", index);
	value_set_bool(arena, loop, "first", at == 0);
	value_set_bool(arena, loop, "last", index + 1 == count);
	value_set_integer(arena, loop, "length", count);
	value_set_integer(arena, loop, "revindex", count - index);
	value_set_integer(arena, loop, "revindex0", count - index - 1);
	if (at > 0)
		value_set(arena, loop, "previtem", items->items[at - 1]);
	if (index + 1 < count)
		value_set(arena, loop, "nextitem", items->items[at + 1]);
	return loop;
}

void filling_loop_names(struct scope *scope, struct arena *arena, const struct task *task,
	const struct value *items, size_t at)
{
	if (task->loop_index)
		scope_set(scope, task->loop_index, value_integer(arena, (int64_t)at));
	if (task->loop_extended)
		scope_set(scope, "ansible_loop", loop_map(arena, items, at));
}

int filling_loop(struct filling *filling, struct filled *filled, struct value **ret_items,
	struct error *err)
{
	struct arena *arena = filling->arena;
	struct error problem = {0}, other = {0};
	struct value *list, *truth;

	*ret_items = NULL;
	if (loop_list(arena, filling->scope, filling->task, &list, &problem) < 0) {
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
	*ret_items = loop_items(arena, list, filling->task->loop_flatten);
	if ((*ret_items)->count == 0) {
		filling_skip(filling, &filled->items[0], "the loop has no items");
		filled->empty = true;
		*ret_items = NULL;
	}
	return 0;
}
