/* seen: which resources the tasks of a run had, and which of them undo each other's work. */
#include "agent/runner.h"

#include <string.h>

/* What is remembered of a task; nothing but that it was there if it has many resources. */
static const struct wire_task *remembered(struct runner *runner, const struct work *work,
	size_t count)
{
	const struct wire_task seen = { .name = work->task->name, .module = work->module->name,
		.user = work->task->user, .params = work->task->params };

	if (count > RUNNER_FILES_MOST || (work->module->flags & MODULE_ACTION))
		return NULL;
	return message_copy(runner->arena, &message_wire_task, &seen);
}

/* Whether the task, which has been fulfilled, would change something now. */
static bool is_undone(struct runner *runner, const struct wire_task *task)
{
	struct arena *arena = arena_new();
	struct work work = runner_work(runner, arena, task);
	struct result result = {0};
	struct error ignored = {0};

	work.check = true;
	work.pending = value_list(arena);
	work.undone = work.refused = NULL;
	if (work_load(&work, &ignored) == 0)
		runner_do(runner, &work, &result);
	arena_free(arena);
	return result.status == STATUS_CHANGED;
}

static bool is_same(const struct wire_task *earlier, const struct work *work)
{
	return strcmp(earlier->module, work->module->name) != 0
		|| strcmp(earlier->params, work->task->params) == 0;
}

static void say(struct arena *arena, const struct wire_task *earlier, const char *resource,
	struct result *result)
{
	if (!result->notes)
		result->notes = value_list(arena);
	value_append(arena, result->notes, value_printf(arena, "%s: the task '%.200s' of this playbook "
		"wishes otherwise: the later one counts, and each run changes it twice", resource,
		earlier->name ? earlier->name : "?"));
}

static const struct wire_task *seen_before(const struct runner *runner, const char *resource)
{
	const struct value *number = value_get(runner->seen, resource);

	return number && number->integer >= 0 ? runner->seen_tasks[number->integer] : NULL;
}

void seen_task(struct runner *runner, struct work *work, struct result *result)
{
	bool changed = result->status == STATUS_CHANGED && !runner->check;
	size_t count = value_item_count(result->resources);
	bool said = false;

	if (count > 0)
		*ARENA_PUSH(runner->arena, &runner->seen_tasks, &runner->seen_count) = remembered(runner,
			work, count);
	for (size_t i = 0; i < count; i++) {
		const char *resource = value_text(result->resources->items[i]);
		const struct wire_task *earlier = seen_before(runner, resource);

		if (changed && earlier && !said && !is_same(earlier, work) && is_undone(runner, earlier)) {
			say(work->arena, earlier, resource, result);
			said = true;
		}
		value_set_integer(runner->arena, runner->seen, resource, (int64_t)runner->seen_count - 1);
	}
}
