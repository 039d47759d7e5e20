/* start: the task at which a run starts. */
#include "playbook/build.h"

#include "base/glob.h"
#include "base/suggest.h"

#include <string.h>

static bool is_called(const struct task *task, const char *pattern)
{
	const char *names[] = { task->name, task_title(task) };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i] && (strcmp(names[i], pattern) == 0
				|| glob_match(pattern, strlen(pattern), names[i], GLOB_SETS)))
			return true;
	}
	return false;
}

int playbook_start(const struct playbook *playbook, const char *pattern, size_t *ret_start,
	struct error *err)
{
	struct suggestion near = { .word = pattern };

	for (size_t i = 0; i < playbook->play_count; i++) {
		const struct play *play = playbook->plays[i];

		for (size_t k = 0; k < play->task_count; k++) {
			if (play->tasks[k]->flush_handlers)
				continue;
			if (is_called(play->tasks[k], pattern)) {
				*ret_start = play->tasks[k]->index;
				return 0;
			}
			suggest_offer(&near, task_title(play->tasks[k]));
		}
	}
	error_set(err, CLI_INVALID_USAGE, "--start-at-task: no task is called '%s'%s%s%s", pattern,
		near.nearest ? "; did you mean '" : "", near.nearest ? near.nearest : "",
		near.nearest ? "'?" : "");
	return error_remedy(err, "--list-tasks shows them; what include_tasks brings in is no start");
}

bool task_before(const struct task *task, size_t start)
{
	while (task->included_by)
		task = task->included_by;
	return !task->handler && task->index < start;
}
