/* delegate: tasks that are done on another machine than their host's own: on which. */
#include "plan/state.h"

#include "expression/expression.h"
#include "plan/way.h"

#include <string.h>

static int refuse_name(struct run *run, const struct value *name, struct place place,
	struct error *err)
{
	const char *text = value_text(name);

	if (!text || name->size == 0)
		return error_at(err, PLAYBOOK_INVALID_VALUE, place, "'delegate_to' is the name of a host, this "
			"is %s", text ? "empty" : value_kind_name(name));
	if (inventory_find(run->options.inventory, text) || way_is_controller(text))
		return 0;
	if (inventory_check_host_name(text, place, err) < 0)
		return -1;
	if (!name->data)
		return 0;
	error_at(err, PLAYBOOK_TARGET_UNKNOWN, place, "a host said that this is to be done on '%s', which isn't "
		"in the inventory", text);
	return error_remedy(err, "write '%s' into the inventory if it is a machine of yours", text);
}

int delegate_name(struct run *run, struct scope *scope, struct arena *arena,
	const struct task *task, struct delegate *ret_delegate, struct error *err)
{
	const struct value *raw = task->delegate_to;
	struct value *name;

	*ret_delegate = (struct delegate){0};
	if (!raw)
		return 0;
	if (expression_fill(arena, scope, raw, &name, err) < 0)
		return -1;
	if (name->kind == VALUE_UNKNOWN) {
		ret_delegate->cause = value_unknown_cause(name);
		return 0;
	}
	if (value_is_omit(name))
		return 0;
	if (refuse_name(run, name, raw->place, err) < 0 || fill_name_allowed(name, raw,
			"a host's name", err) < 0)
		return -1;
	ret_delegate->name = value_text(name);
	return 0;
}

/* The items of its loop, as far as they are known; NULL: they aren't. */
static struct value *items_of(struct run *run, struct run_host *host, struct arena *arena,
	const struct play *play, const struct task *task)
{
	struct scope *scope = scope_new(arena, run->options.variables, host->inventory, play, task);
	struct error ignored = {0};
	struct value *list;

	fill_play_hosts(run, host, play);
	if (loop_list(arena, scope, task, &list, &ignored) < 0 || list->kind != VALUE_LIST)
		return NULL;
	return loop_items(arena, list, task->loop_flatten);
}

/* Of one item of a loop: its place in the list, or, as long as that isn't known, any. */
static int item_name(struct run *run, struct run_host *host, struct arena *arena,
	const struct play *play, const struct task *task, struct value *item,
	struct delegate *ret_delegate, struct error *err)
{
	struct scope *scope = scope_new(arena, run->options.variables, host->inventory, play, task);

	fill_play_hosts(run, host, play);
	if (item)
		scope_set(scope, task->loop_variable, item);
	return delegate_name(run, scope, arena, task, ret_delegate, err);
}

struct value *delegate_each(struct run *run, struct run_host *host, const struct play *play,
	const struct task *task, bool *ret_known)
{
	struct value *names = value_list(run->arena);
	struct arena *arena = arena_new();
	struct value *items = NULL;
	struct delegate delegate;
	struct error ignored = {0};
	size_t count = 1;

	*ret_known = true;
	if (task->loop) {
		items = items_of(run, host, arena, play, task);
		*ret_known = items != NULL;
		count = items ? items->count : 0;
	}
	for (size_t i = 0; i < count; i++) {
		if (item_name(run, host, arena, play, task, items ? items->items[i] : NULL, &delegate,
				&ignored) < 0 || delegate.cause)
			*ret_known = false;
		else
			value_append(run->arena, names, value_string(run->arena,
				delegate.name ? delegate.name : host->name));
	}
	arena_free(arena);
	return names;
}

/* The item that is to be done next; before the first one, that. */
static size_t item_at(const struct run_host *host, const struct unit *unit)
{
	return host->retrying.unit == unit ? host->retrying.item : 0;
}

const char *delegate_other(const struct run_host *host, const char *name)
{
	return name && strcmp(name, host->name) != 0 ? name : NULL;
}

int delegate_of(struct run *run, struct run_host *host, const struct unit *unit,
	struct delegate *ret_delegate, struct error *err)
{
	const struct filled *filled = host->filled ? host->filled[unit->index] : NULL;
	const struct task *task = unit->task->task;
	struct arena *arena = effects_arena(run);
	size_t item = item_at(host, unit);
	static const struct cause its_loop = { .kind = CAUSE_LOOP };
	struct value *items;

	*ret_delegate = (struct delegate){0};
	if (filled && filled->known && item < filled->count) {
		ret_delegate->name = filled->items[item].delegate;
		return 0;
	}
	items = task->loop ? items_of(run, host, arena, unit->play, task) : NULL;
	if (task->loop && !items) {
		ret_delegate->cause = &its_loop;
		return 0;
	}
	return item_name(run, host, arena, unit->play, task, items && item < items->count
		? items->items[item] : NULL, ret_delegate, err);
}
