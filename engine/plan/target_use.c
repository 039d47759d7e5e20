/* target_use: who works at a target, one after the other, and as whom its agent is started. */
#include "plan/order.h"

#include "expression/expression.h"
#include "plan/way.h"

#include <string.h>

/* --- Whether the agent is to become root --- */

static bool unit_becomes(struct run *run, struct run_host *host, const struct unit *unit)
{
	const struct filled *filled = host->filled[unit->index];

	for (size_t k = 0; filled && k < filled->count; k++) {
		const struct wire_task *task = filled->items[k].task;

		if (task && task->user && *task->user)
			return true;
	}
	return !filled && become_of_task(run, host->inventory, unit->play, unit->task->task);
}

/* What needs no node. */
static bool is_nowhere(const struct unit *unit)
{
	return unit->module && (unit->module->flags & MODULE_CONTROLLER) && !unit->task->handler;
}

static bool goes_there(const struct run_host *host, const struct target *target)
{
	const struct visit *visit = host->visits;

	while (visit && visit->target != target)
		visit = visit->next;
	return visit != NULL;
}

/* Whether tasks of the text aren't run. */
static bool leaves_out(const struct run_options *options)
{
	return options->tags || options->skip_tags || options->start > 0 || options->resume;
}

/* Whether any of its tasks there works as someone else than the login user; without any task that
 * is known already the play decides. On its own machine the whole text does: with which tags it runs must not
 * decide whose ledger it has. */
static bool becomes_there(struct run *run, struct run_host *host, const struct target *target)
{
	for (int64_t i = units_next(run, host, 0); i < (int64_t)run->unit_count;
			i = units_next(run, host, i + 1)) {
		const struct unit *unit = run->units[i];
		const struct cause *cause;
		bool there;

		if (!unit->task || unit->undo)
			continue;
		there = target_has(run, host, unit, target, &cause) || cause || unit->task->task->include
			|| (target == host->home && is_nowhere(unit));
		if (there && unit_becomes(run, host, unit))
			return true;
	}
	return ((run->options.undo != UNDO_NOTHING || run->options.look || host->left) ? goes_there(host, target)
		: leaves_out(&run->options) && target == host->home) && become_of_text(run, host->inventory, host->left);
}

/* --- Who works there --- */

static void queue_add(struct target *target, struct run_host *host)
{
	if (target->queue_first + target->queue_count == target->queue_capacity) {
		struct run_host **queue = target->queue;

		if (2 * target->queue_count >= target->queue_capacity) {
			target->queue_capacity = 2 * target->queue_capacity + 8;
			queue = arena_array(target->run->arena, target->queue_capacity, sizeof(*queue));
		}
		if (target->queue_count > 0)
			memmove(queue, &target->queue[target->queue_first],
				target->queue_count * sizeof(*queue));
		target->queue = queue;
		target->queue_first = 0;
	}
	target->queue[target->queue_first + target->queue_count++] = host;
}

struct run_host *target_next(struct target *target)
{
	while (target->queue_count > 0) {
		struct run_host *host = target->queue[target->queue_first++];

		target->queue_count--;
		if (host_live(host) && host->wait.kind == WAIT_TARGET && host->wait.target == target)
			return host;
	}
	return NULL;
}

static void open_target(struct target *target)
{
	struct run *run = target->run;

	for (size_t i = 0; i < run->host_count && !target->way.become; i++) {
		struct run_host *host = &run->hosts[i];

		if (host == target->host || (!host->bystander && (target->shared || !target->host)))
			target->way.become = becomes_there(run, host, target);
	}
	target->state = TARGET_COMING;
	target->opened = run->now;
	effect_connect(target);
}

/* What another one has seen there ahead of its turn may be different by then. */
static void give_to(struct target *target, struct run_host *host)
{
	struct run_host *before = target->worker;

	target->taken = true;
	target->worker = host;
	if (before && before != host && before->target == target && before->phase == HOST_IDLE
			&& before->step_count > 0)
		order_abandon(before);
}

void target_yield(struct target *target)
{
	struct run_host *worker = target->worker;

	if (target->busy && target->queue_count > 0 && worker->gate >= 0 && !worker->abandoned)
		order_abandon(worker);
}

bool target_ready(struct target *target, struct run_host *host)
{
	if (target->state == TARGET_NEW)
		open_target(target);
	if (target->state == TARGET_READY && (!target->taken || target->worker == host)) {
		give_to(target, host);
		return true;
	}
	queue_add(target, host);
	target_yield(target);
	order_wait_for(host, target);
	return false;
}

void target_release(struct target *target)
{
	struct run_host *next = target_next(target);

	target->taken = next != NULL;
	if (next) {
		give_to(target, next);
		order_run(next);
	}
}

void targets_leave(struct run_host *host)
{
	for (struct visit *visit = host->visits; visit; visit = visit->next) {
		struct target *target = visit->target;

		if (target->taken && target->worker == host && !target->busy)
			target_release(target);
	}
}

void target_wake(struct target *target)
{
	struct run_host *next;

	while ((next = target_next(target)))
		order_run(next);
}
