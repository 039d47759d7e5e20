/* fill_loop: which items a loop has. */
#include "plan/filling.h"

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

/* Where with_first_found looks first. */
static const char *folder_of(const struct task *task)
{
	return strstr(task->word, "template") ? "templates" : strstr(task->word, "var") ? "vars"
		: "files";
}

/* What is walked over, filled in. */
static int fill_list(struct filling *filling, struct value **ret_list, struct error *err)
{
	const struct task *task = filling->task;

	if (expression_fill(filling->arena, filling->scope, task->loop, ret_list, err) < 0)
		return -1;
	if (!task->loop_lookup)
		return 0;
	return expression_lookup(filling->arena, filling->scope, task->loop_lookup, *ret_list,
		folder_of(task), ret_list, err);
}

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
	if (fill_list(filling, &list, &problem) < 0) {
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

int fill_loop_items(struct run *run, struct run_host *host, const struct play *play,
	const struct task *task, struct arena *arena, struct value **ret_items)
{
	struct filling filling = { .run = run, .host = host, .arena = arena, .task = task };
	struct filled filled = { .items = arena_alloc(arena, sizeof(struct filled_item)) };
	struct error ignored = {0};

	*ret_items = NULL;
	fill_play_hosts(run, host, play);
	filling.scope = scope_new(arena, run->options.variables, host->inventory, play, task);
	if (filling_loop(&filling, &filled, ret_items, &ignored) < 0
			|| filled.items[0].kind == FILLED_UNKNOWN)
		return -1;
	return 0;
}
