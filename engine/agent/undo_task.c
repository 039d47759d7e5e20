/* undo_task: a way back as a task like any other. */
#include "agent/undo.h"

#include "base/buffer.h"
#include "module/params.h"

#include <string.h>

bool undo_has_word(const struct value *list, const char *word)
{
	for (size_t i = 0; word && list && list->kind == VALUE_LIST && i < list->count; i++) {
		if (value_text(list->items[i]) && strcmp(value_text(list->items[i]), word) == 0)
			return true;
	}
	return false;
}

int undo_make_task(struct arena *arena, const struct undoing *undoing, const char *name,
	const struct value *params, const char *what, struct wire_task **ret_task, struct error *err)
{
	const struct module *module = name ? module_find(name) : NULL;
	struct wire_task *task = arena_alloc(arena, sizeof(*task));
	struct place place = {0};
	struct buffer text = {0};
	struct value *canonical;
	int result;

	if (!module)
		return error_set(err, AGENT_BAD_TASK, "this agent doesn't know the module '%s'",
			name ? name : "");
	if (params_canonical(arena, module, params, place, true, &canonical, err) < 0)
		return -1;
	result = params_write(&text, module, canonical, err);
	*task = (struct wire_task){ .module = name, .name = arena_printf(arena, "undo %s", what),
		.params = arena_bytes(arena, text.data ? text.data : "", text.size) };
	if (undoing->task) {
		task->id = undoing->task->id;
		task->plan = undoing->task->plan;
	}
	buffer_free(&text);
	*ret_task = task;
	return result;
}

static void add_handlers(const struct undoing *undoing, struct arena *arena,
	const struct ledger_undo *undo, struct value *met, struct value *keys, struct value *notes)
{
	const struct value *notify = value_get(undo->owner, "notify");

	for (size_t i = 0; notify && notify->kind == VALUE_LIST && i < notify->count; i++) {
		if (value_get(met, value_text(notify->items[i])))
			continue;
		value_set_bool(arena, met, value_text(notify->items[i]), true);
		if (undo_has_word(undoing->wish->handlers, value_text(notify->items[i])))
			value_append(arena, keys, notify->items[i]);
		else if (notes)
			value_append(arena, notes, value_printf(arena, "its handler '%s' isn't run: the text %s",
				value_text(notify->items[i]), undoing->since > 0 ? "rolled back to doesn't have it"
				: "doesn't have it any more"));
	}
}

struct value *undo_handlers(const struct undoing *undoing, struct arena *arena,
	const struct undo_plan *plan, struct value *notes)
{
	struct value *keys = value_list(arena), *met = value_map(arena);

	if (!plan->file)
		add_handlers(undoing, arena, plan->undo, met, keys, notes);
	for (size_t i = 0; plan->file && i < plan->file->count; i++)
		add_handlers(undoing, arena, plan->file->parts[i].undo, met, keys, notes);
	return keys;
}

int undo_task_of(struct arena *arena, const struct undoing *undoing,
	const struct ledger_undo *undo, struct wire_task **ret_task, struct error *err)
{
	int result = undo_make_task(arena, undoing, value_get_string(undo->way, "module"),
		value_get(undo->way, "params"), undo->resource, ret_task, err);

	if (result < 0)
		return -1;
	(*ret_task)->user = value_get_string(undo->way, "user");
	(*ret_task)->resource = undo->resource;
	(*ret_task)->notify = undo_handlers(undoing, arena, &(struct undo_plan){ .undo = undo },
		NULL);
	return 0;
}

static void run_task(struct runner *runner, struct work *work, const struct value *pending,
	struct result *result)
{
	struct error err = {0};

	work->pending = pending;
	work->undone = work->refused = NULL;
	if (work_load(work, &err) < 0)
		work_failed(work->arena, result, &err);
	else
		runner_do(runner, work, result);
}

void undo_look_among(struct runner *runner, struct arena *arena, const struct wire_task *task,
	const struct value *pending, struct result *result)
{
	struct work work = runner_work(runner, arena, task);

	work.check = true;
	run_task(runner, &work, pending, result);
}

/* Nothing that this run would do is: the way back starts from what is there now. */
void undo_look(struct runner *runner, struct arena *arena, const struct wire_task *task,
	struct result *result)
{
	undo_look_among(runner, arena, task, value_list(arena), result);
}

void undo_expect(const struct undoing *undoing, const char *resource, struct wire_task *task)
{
	/* That it is as beoplay left it is looked at anyway; and undos in the same file change what the
	 * next one is about. */
	if (undoing->wish->expect && !undo_has_word(undoing->wish->expect, resource))
		task->expect = "";
}

void undo_do_task(struct runner *runner, struct arena *arena, const struct wire_task *task,
	bool note, struct result *result)
{
	struct work work = runner_work(runner, arena, task);

	work.note = runner->only_notes = note;
	run_task(runner, &work, value_list(arena), result);
	runner->only_notes = false;
}
