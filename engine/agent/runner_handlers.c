/* runner_handlers: which handlers are due, and running them at a flush. */
#include "agent/runner.h"

#include <string.h>

static bool has_key(const struct value *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(value_text(list->items[i]), key) == 0)
			return true;
	}
	return false;
}

bool runner_may_note(struct runner *runner)
{
	struct error ignored = {0};

	return !runner->check && keeper_lock(runner, &ignored) == 0;
}

void runner_note_wanted(struct runner *runner, const char *key)
{
	bool wanted = has_key(runner->due, key) || value_get(runner->maybe, key)
		|| ledger_is_due(&runner->ledger, &runner->owner, key);

	if (!runner->undoes && !runner->restarts)
		value_remove(runner->for_undone, key);
	else if (!wanted)
		value_set_bool(runner->arena, runner->for_undone, key, true);
}

void runner_notify(struct runner *runner, const struct value *keys)
{
	for (size_t i = 0; keys && keys->kind == VALUE_LIST && i < keys->count; i++) {
		const char *key = value_text(keys->items[i]);

		if (!key)
			continue;
		runner_note_wanted(runner, key);
		if (!has_key(runner->due, key))
			value_append(runner->arena, runner->due, value_string(runner->arena, key));
		if (!runner->check && !ledger_is_due(&runner->ledger, &runner->owner, key)
				&& runner_may_note(runner))
			ledger_due_add(&runner->ledger, &runner->owner, key);
	}
}

void runner_may_notify(struct runner *runner, const struct value *keys,
	const struct cause *cause)
{
	for (size_t i = 0; keys && keys->kind == VALUE_LIST && i < keys->count; i++) {
		const char *key = value_text(keys->items[i]);

		if (!key)
			continue;
		runner_note_wanted(runner, key);
		value_set(runner->arena, runner->maybe, key, value_unknown(runner->arena, cause));
	}
}

/* Of a handler that isn't done here. */
static void tell(struct runner *runner, const struct wire_task *task, enum status status,
	const struct cause *cause)
{
	const struct result result = { .task = task->id, .status = status, .cause = cause };

	link_send(&runner->link, FRAME_RESULT, &result, NULL);
}

static void forget_due(struct runner *runner, const char *key)
{
	struct value *rest = value_list(runner->arena);

	for (size_t i = 0; i < runner->due->count; i++) {
		if (strcmp(value_text(runner->due->items[i]), key) != 0)
			value_append(runner->arena, rest, runner->due->items[i]);
	}
	runner->due = rest;
	value_remove(runner->for_undone, key);
	if (ledger_is_due(&runner->ledger, &runner->owner, key) && runner_may_note(runner))
		ledger_due_remove(&runner->ledger, &runner->owner, key);
}

/* What was undone makes nothing: its handlers restart what runs, and run commands. */
static bool can_restart(const struct wire_task *task)
{
	const struct module *module = task->controller ? NULL : module_find(task->module);

	return task->controller || (module && ((module->flags & MODULE_RESTARTS)
		|| (module->flags & (MODULE_ACTION | MODULE_INTERNAL)) == MODULE_ACTION));
}

static bool is_due(const struct runner *runner, const char *key)
{
	return has_key(runner->due, key) || ledger_is_due(&runner->ledger, &runner->owner, key);
}

/* False: the stage is over. */
static bool do_handler(struct runner *runner, const struct wire_task *task, bool due)
{
	const struct value *maybe = value_get(runner->maybe, task->handler);
	bool goes_on = true;

	if (runner->restarts && !can_restart(task)) {
		tell(runner, task, STATUS_SKIPPED, NULL);
	} else if (!due) {
		tell(runner, task, maybe ? STATUS_MAY_CHANGE : STATUS_SKIPPED, maybe ? maybe->cause : NULL);
	} else if (task->controller) {
		/* What it does is the controller's. */
		tell(runner, task, STATUS_OK, NULL);
	} else {
		goes_on = link_alive(&runner->link) && runner_do_task(runner, task);
	}
	return goes_on;
}

/* The items of a loop are one handler: it is due until the last of them has been done. */
static bool do_items(struct runner *runner, const struct wire_task *const *tasks, size_t count)
{
	const char *key = tasks[0]->handler;
	bool due = is_due(runner, key), goes_on = true, failed = false;

	runner->restarts = value_get(runner->for_undone, key) != NULL;
	for (size_t i = 0; goes_on && i < count; i++) {
		runner->task_failed = false;
		goes_on = do_handler(runner, tasks[i], due);
		failed = failed || runner->task_failed;
	}
	runner->restarts = false;
	if (due && goes_on && !failed)
		forget_due(runner, key);
	return goes_on;
}

bool runner_flush(struct runner *runner)
{
	const struct wire_task **handlers = runner->handlers;
	size_t count = runner->handler_count;
	bool goes_on = true;

	runner->handlers = NULL;
	runner->handler_count = 0;
	for (size_t i = 0, items; goes_on && i < count; i += items) {
		for (items = 1; i + items < count
				&& strcmp(handlers[i + items]->handler, handlers[i]->handler) == 0; items++)
			;
		goes_on = do_items(runner, &handlers[i], items);
	}
	return goes_on;
}
