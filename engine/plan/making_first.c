/* making_first: what comes before all plays. */
#include "plan/making.h"

/* In front of all plays: for all hosts. */
static struct making make_first(struct run *run)
{
	struct making making = { .run = run, .block = program_block(run->schedule->program, NULL,
		SECTION_MAIN) };

	schedule_batch(run->schedule, SIZE_MAX, making.block);
	for (size_t i = 0; i < run->host_count; i++)
		host_set_add(&run->schedule->batches[0]->hosts, i);
	return making;
}

/* Handlers of all plays, and a flush behind them; early: for nobody yet. */
static int add_all_handlers(struct making *making, bool early, struct error *err)
{
	struct run *run = making->run;
	const struct playbook *playbook = run->options.playbook;
	struct host_set nobody = host_set_new(run->arena, run->host_count);
	size_t first = run->unit_count;

	for (size_t i = 0; i < playbook->play_count; i++) {
		making->play_index = i;
		making->hosts = early ? &nobody : &run->play_sets[i];
		for (size_t k = 0; k < playbook->plays[i]->handler_count; k++) {
			if (making_task(making, playbook->plays[i]->handlers[k], false, err) < 0)
				return -1;
		}
	}
	making->play_index = 0;
	making->hosts = early ? &nobody : NULL;
	if (run->unit_count > first)
		making_unit(making, NULL);
	for (size_t i = first; i < run->unit_count; i++) {
		run->units[i]->aside = true;
		run->units[i]->barrier = run->units[i]->run_once = false;
		run->units[i]->early = early;
		if (early)
			run->units[i]->only = host_set_copy(run->arena, &nobody);
	}
	return 0;
}

/* Hosts that have so many targets; those that are only looked at not. */
static struct host_set *undo_hosts(struct run *run, size_t number)
{
	struct host_set *hosts = arena_alloc(run->arena, sizeof(*hosts));

	*hosts = host_set_new(run->arena, run->host_count);
	for (size_t i = 0; i < run->host_count; i++) {
		const struct visit *visit = run->hosts[i].visits;

		for (size_t k = 0; visit && k < number; k++)
			visit = visit->next;
		if (visit && !run->hosts[i].bystander)
			host_set_add(hosts, i);
	}
	return hosts;
}

static bool has_any(const struct host_set *hosts)
{
	for (size_t i = 0; i < hosts->count; i++) {
		if (hosts->words[i])
			return true;
	}
	return false;
}

static struct run_task *undo_task(struct run *run, const struct module *module, size_t number)
{
	static const char *const names[] = { "", "Undo what the text no longer has",
		"Undo what later runs did", "Undo all that this playbook did",
		"Undo what was of hosts that left" };
	struct task *task = arena_alloc(run->arena, sizeof(*task));
	struct play *play = arena_alloc(run->arena, sizeof(*play));

	task->name = number == 0 ? names[run->options.undo] : arena_printf(run->arena,
		"%s, where else a host's tasks are done", names[run->options.undo]);
	task->word = module->name;
	task->module = module;
	task->tags = value_list(run->arena);
	play->name = "Undo";
	play->vars = play->file_vars = value_map(run->arena);
	play->tags = value_list(run->arena);
	return making_run_task(run, play, task, false);
}

/* Before the first task, on all hosts of the run, at each of their targets. */
static void add_undo(struct making *making)
{
	static const struct module undo = { .name = "undo", .summary = "takes back" };
	struct run *run = making->run;
	struct host_set *hosts = undo_hosts(run, 0);

	making->play_index = 0;
	for (size_t number = 0; number == 0 || has_any(hosts); number++) {
		struct run_task *task = undo_task(run, &undo, number);
		struct unit *unit;

		making->hosts = hosts;
		unit = making_unit(making, task);
		unit->play = task->play;
		unit->module = &undo;
		unit->undo = true;
		unit->visit = number;
		hosts = undo_hosts(run, number + 1);
	}
}

int making_first(struct run *run, struct error *err)
{
	struct making making = make_first(run);
	bool undoes = run->options.undo != UNDO_NOTHING || run->options.look;
	bool back = run->options.undo == UNDO_AFTER || run->options.undo == UNDO_ALL;

	/* In a rollback also what was due before is for what there is once that is undone. */
	if (undoes && back)
		add_undo(&making);
	if (!run->options.look && add_all_handlers(&making, run->options.undo != UNDO_ALL, err) < 0)
		return -1;
	if (undoes && !back)
		add_undo(&making);
	program_add(run->schedule->program, making.block);
	return 0;
}
