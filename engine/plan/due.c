/* due: what an earlier run that died has left on a host: its due handlers come first, and with
 * --resume what it had done there is passed over. */
#include "plan/order.h"

#include <string.h>

/* A handler that one target has noted as due, and another one is to do. */
struct moved {
	struct moved *next;
	const char *key;
	struct visit *to;
};

static bool is_of(const struct run_host *host, const struct target *target, const char *project,
	const char *playbook)
{
	return project && playbook && strcmp(project, host->run->options.project) == 0
		&& strcmp(playbook, target_owner(host, target)) == 0;
}

static void add_key(struct run_host *host, struct value **keys, const char *key)
{
	if (!*keys)
		*keys = value_list(host->arena);
	for (size_t i = 0; i < (*keys)->count; i++) {
		if (strcmp(value_text((*keys)->items[i]), key) == 0)
			return;
	}
	value_append(host->arena, *keys, value_string(host->arena, key));
}

/* --- Handlers of tasks that are done elsewhere --- */

static struct target *handled_at(struct run_host *host, const struct play *play,
	const struct task *handler)
{
	struct run *run = host->run;
	struct error ignored = {0};
	struct target *at = NULL;
	const struct cause *cause;

	for (size_t i = 0; i < run->unit_count && !at; i++) {
		const struct unit *unit = run->units[i];

		if (unit->task && unit->play == play && unit->task->task == handler)
			at = target_at(run, host, unit, &cause, &ignored);
	}
	return at ? at : host->home;
}

void due_notify(struct run_host *host, const struct play *play, const struct task *handler,
	struct target *target, bool noted)
{
	struct target *at = handled_at(host, play, handler);
	const char *key = fill_handler_key(host->arena, handler);
	struct visit *from = visit_at(host, target);
	struct moved *moved;

	if (noted && at == target)
		return;
	add_key(host, &visit_at(host, at)->notified, key);
	if (!noted)
		return;
	moved = arena_alloc(host->arena, sizeof(*moved));
	*moved = (struct moved){ .next = from->moved, .key = key, .to = visit_at(host, at) };
	from->moved = moved;
}

void due_drop(struct run_host *host, const struct play *play, const struct task *handler)
{
	add_key(host, &visit_at(host, handled_at(host, play, handler))->dropped,
		fill_handler_key(host->arena, handler));
}

/* Once it is due there, it isn't any more where it was noted. */
void due_sent(struct run_host *host, struct visit *visit)
{
	visit->notified = visit->dropped = NULL;
	for (struct visit *from = host->visits; from; from = from->next) {
		for (struct moved **at = &from->moved; *at;) {
			if ((*at)->to != visit) {
				at = &(*at)->next;
				continue;
			}
			add_key(host, &from->dropped, (*at)->key);
			*at = (*at)->next;
		}
	}
}

/* --- What an earlier run has left --- */

/* Units of a handler that come before the first task; false: the text has no such handler. */
static bool add_early(struct run *run, struct run_host *host, struct target *target,
	const char *key)
{
	bool found = false;

	for (size_t i = 0; i < run->unit_count; i++) {
		struct unit *unit = run->units[i];

		if (!unit->early && !unit->undo)
			break;
		if (unit->early && unit->task
				&& strcmp(fill_handler_key(host->arena, unit->task->task), key) == 0
				&& run->play_hosts[unit->play_index][host->inventory->index]) {
			host_set_add(unit->only, host->index);
			due_notify(host, unit->play, unit->task->task, target, true);
			found = true;
		}
	}
	return found;
}

static void take_due(struct run *run, struct run_host *host, struct target *target,
	const struct hello *hello)
{
	bool any = false;

	for (size_t i = 0; i < hello->due_count; i++) {
		const char *key = hello->due[i].handler;

		if (!key || !is_of(host, target, hello->due[i].project, hello->due[i].playbook)
				|| strlen(key) >= HANDLER_KEY_SIZE)
			continue;
		if (add_early(run, host, target, key)) {
			any = true;
			continue;
		}
		run_warn(run, host->name, arena_printf(host->arena, "dropping the pending handler "
			"'%s': it is no longer in the playbook", key));
		add_key(host, &visit_at(host, target)->dropped, key);
	}
	/* And the flush behind them. */
	for (size_t i = 0; any && i < run->unit_count
			&& (run->units[i]->early || run->units[i]->undo); i++) {
		if (run->units[i]->early && !run->units[i]->task)
			host_set_add(run->units[i]->only, host->index);
	}
}

static int64_t find_unit(const struct run *run, const struct run_host *host, const char *task)
{
	for (int64_t i = units_next(run, host, 0); i < (int64_t)run->unit_count;
			i = units_next(run, host, i + 1)) {
		const struct unit *unit = run->units[i];
		const struct filled *filled = host->filled[i];

		if (!unit->task || unit->early || unit->undo)
			continue;
		if (strcmp(task_title(unit->task->task), task) == 0
				|| (filled && strcmp(filled->name, task) == 0))
			return i;
	}
	return -1;
}

static void register_unknown(struct run *run, const struct run_host *host,
	const struct unit *unit)
{
	const struct task *task = unit->task ? unit->task->task : NULL;

	if (task && task->registers)
		variables_register(run->options.variables, host->inventory, task->registers,
			value_unknown(run->arena, &(struct cause){ .kind = CAUSE_RESULT_PASSED,
				.name = task_title(task) }), false, unit_turn(unit));
}

/* Tasks before it are passed over, but not handlers that come first. */
static void pass_over(struct run *run, struct run_host *host, int64_t until)
{
	for (int64_t i = units_next(run, host, 0); i < until; i = units_next(run, host, i + 1)) {
		struct unit *unit = run->units[i];

		/* What sets variables needs no node, and later tasks read them. */
		if (unit->early || unit->undo || (unit->task && (unit->module->gives || (unit->module->flags
				& (MODULE_SETS | MODULE_SETS_ANY)))))
			continue;
		units_take_off(run, unit, host);
		register_unknown(run, host, unit);
	}
}

static void resume(struct run *run, struct run_host *host, const struct target *target,
	const struct hello *hello)
{
	for (size_t i = 0; i < hello->failed_count; i++) {
		const char *task = hello->failed[i].task;
		int64_t unit;

		if (!task || !is_of(host, target, hello->failed[i].project, hello->failed[i].playbook))
			continue;
		unit = find_unit(run, host, task);
		if (unit >= 0)
			pass_over(run, host, unit);
		else
			run_warn(run, host->name, arena_printf(host->arena, "the task '%.200s', at which the "
				"last run failed, is no longer in the playbook: starting over", task));
	}
}

void due_take(struct run *run, struct run_host *host, struct target *target,
	const struct hello *hello)
{
	if (run->options.look || run->options.undo == UNDO_ALL)
		return;
	take_due(run, host, target, hello);
	if (run->options.resume)
		resume(run, host, target, hello);
	order_again(host);
}
