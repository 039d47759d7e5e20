/* announce: tasks as they are told to people: each when the first of its hosts does it, or has done
 * it, and over when all hosts have passed it. */
#include "plan/state.h"

static void begin_play(struct run *run, const struct run_task *task, const struct batch *batch)
{
	if (task->play == run->announced_play && (!batch->waits || batch == run->announced_batch))
		return;
	effect_play(run, task->play->name ? task->play->name : value_text(task->play->hosts));
	run->announced_play = task->play;
	run->announced_batch = batch;
}

static void end(struct run *run, struct run_task *task)
{
	task->batch = NULL;
	effect_task_end(run, task);
}

static void add(struct run *run, struct run_task *task)
{
	if (run->announced_count == run->announced_capacity) {
		size_t capacity = run->announced_capacity ? 2 * run->announced_capacity : 16;

		run->announced = arena_grow(run->arena, run->announced, run->announced_count
			* sizeof(task), capacity * sizeof(task));
		run->announced_capacity = capacity;
	}
	run->announced[run->announced_count++] = task;
}

void announce(struct run_host *host, const struct unit *unit)
{
	const struct batch *batch = host->cursor->at.batch;
	struct run_task *task = unit->task;
	struct run *run = host->run;
	struct cursor **here;

	if (task->batch == batch)
		return;
	if (task->batch)
		end(run, task);
	else
		add(run, task);
	begin_play(run, task, batch);
	task->batch = batch;
	effect_task(run, task, unit->run_once ? 1 : batch->free ? (unsigned)batch->remaining
		: (unsigned)schedule_here(run->schedule, (struct position){ batch, unit }, &here));
}

void announce_ends(struct run *run)
{
	size_t kept = 0;

	for (size_t i = 0; i < run->announced_count; i++) {
		struct run_task *task = run->announced[i];
		struct position last = { task->batch, task->last };

		if (run->front.batch && position_compare(run->front, last) <= 0)
			run->announced[kept++] = task;
		else
			end(run, task);
	}
	run->announced_count = kept;
}
