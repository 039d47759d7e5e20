/* announce: tasks as they are told to people: each when the first result of it or of a later one
 * comes, and over when no host is left from which one may. */
#include "plan/state.h"

void announce_less(struct run *run, struct run_task *task)
{
	if (task->remaining > 0)
		task->remaining--;
	if (task->remaining == 0 && task->announced && !task->ended) {
		task->ended = true;
		effect_task_end(run, task);
	}
}

void announce_leave(struct run *run, const struct run_host *host, int64_t from, int64_t to)
{
	const struct run_task *counted = NULL;

	for (int64_t i = units_next(run, host, from); i < to && !host->bystander;
			i = units_next(run, host, i + 1)) {
		struct run_task *task = run->units[i]->task;

		if (!task || task == counted)
			continue;
		counted = task;
		announce_less(run, task);
	}
}

static void announce(struct run *run, struct run_task *task)
{
	if (task->play != run->announced_play && task->remaining > 0) {
		effect_play(run, task->play->name ? task->play->name : value_text(task->play->hosts));
		run->announced_play = task->play;
	}
	task->announced = true;
	effect_task(run, task, task->remaining);
	if (task->remaining == 0) {
		task->ended = true;
		effect_task_end(run, task);
	}
}

void announce_up_to(struct run *run, struct run_task *task)
{
	while (!task->announced)
		announce(run, run->tasks[run->announced++]);
}
