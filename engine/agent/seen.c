/* seen: which resources the tasks of a run had, and which of them undo each other's work. */
#include "agent/runner.h"

#include <string.h>

/* What is remembered of a task: {name, module, params}; nothing but that it was there if it has
 * many resources. */
static struct value *remembered(struct runner *runner, const struct work *work, size_t count)
{
	struct arena *arena = runner->arena;
	struct value *task = value_map(arena);

	if (count > RUNNER_FILES_MOST || (work->module->flags & MODULE_ACTION))
		return task;
	value_set_string(arena, task, "name", value_get_string(work->task, "name"));
	value_set_string(arena, task, "module", work->module->name);
	value_set_string(arena, task, "user", value_get_string(work->task, "user"));
	value_set(arena, task, "params", value_copy(arena, value_get(work->task, "params")));
	return task;
}

/* Whether the task, which has been fulfilled, would change something now. */
static bool is_undone(struct runner *runner, const struct value *task)
{
	struct arena *arena = arena_new();
	struct work work = runner_work(runner, arena, task);
	struct value *result = value_map(arena);
	struct error ignored = {0};
	bool undone = false;

	work.check = true;
	work.pending = value_list(arena);
	work.undone = work.refused = NULL;
	if (work_load(&work, &ignored) == 0) {
		runner_do(runner, &work, result);
		undone = value_get_string(result, "status")
			&& strcmp(value_get_string(result, "status"), "changed") == 0;
	}
	arena_free(arena);
	return undone;
}

static bool is_same(const struct value *earlier, const struct work *work)
{
	const struct value *params = value_get(earlier, "params");

	return !params || strcmp(value_get_string(earlier, "module"), work->module->name) != 0
		|| value_equal(params, value_get(work->task, "params"));
}

static void say(struct arena *arena, const struct value *earlier, const char *resource,
	struct value *result)
{
	const char *name = value_get_string(earlier, "name");
	struct value *notes = value_get(result, "notes");

	if (!notes) {
		notes = value_list(arena);
		value_set(arena, result, "notes", notes);
	}
	value_append(arena, notes, value_printf(arena, "%s: the task '%.200s' of this playbook wishes "
		"otherwise: the later one counts, and each run changes it twice", resource,
		name ? name : "?"));
}

void seen_task(struct runner *runner, struct work *work, struct value *result)
{
	const struct value *resources = value_get(result, "resources");
	const char *status = value_get_string(result, "status");
	bool changed = status && strcmp(status, "changed") == 0 && !runner->check;
	size_t count = resources ? resources->count : 0;
	struct value *task = count > 0 ? remembered(runner, work, count) : NULL;
	bool said = false;

	for (size_t i = 0; i < count; i++) {
		const char *resource = value_text(resources->items[i]);
		struct value *earlier = value_get(runner->seen, resource);

		if (changed && earlier && !said && !is_same(earlier, work) && is_undone(runner, earlier)) {
			say(work->arena, earlier, resource, result);
			said = true;
		}
		value_set(runner->arena, runner->seen, resource, task);
	}
}
