/* beside: hosts outside the limit, and such as left all plays: they are only looked at, so that
 * what they publish is known, and what would change there. They hold nobody back. */
#include "plan/order.h"

#include <string.h>

enum {
	GRACE = 3000,              /* milliseconds for those that aren't there when all is done … */
	GRACE_LEAST = 500,         /* … be it later than that */
	HEAD_START = 1000,         /* for one that is slow, where its last known facts would do */
	SILENCE_MOST = 10000,      /* without a sign of life, where somebody waits */
	WHY_MOST = 300,            /* bytes */
};

void beside_await(struct run_host *host, enum wait_kind kind, struct run_host *bystander,
	bool instead)
{
	int64_t start = bystander->phase == HOST_NEW ? host->run->started : host->run->now;

	order_await(host, kind, bystander, instead ? start + HEAD_START : INT64_MAX);
}

/* What is done each time is no change that the text waits for, nor is what depends on its result.
 * What a dry run can't know yet of others would be known. */
static bool is_change(const struct run_host *host, const struct step *step,
	enum status status)
{
	if (step->unit->task->task->handler || (step->unit->module->flags & MODULE_ACTION))
		return false;
	return status == STATUS_CHANGED || (status == STATUS_MAY_CHANGE && step->local
		&& host->run->options.check && step->filled->asked.others);
}

void beside_take(struct run_host *host, const struct step *step, enum status status)
{
	const struct task *task = step->unit->task->task;
	const char *title = task_title(task);

	if (!is_change(host, step, status))
		return;
	if (!host->would)
		host->would = value_map(host->arena);
	value_set_bool(host->arena, host->would, strcmp(title, task->word) == 0 ? title
		: arena_printf(host->arena, "%s '%s'", task->word, title), true);
}

void beside_out(struct run_host *host, const char *why)
{
	if (!host_live(host))
		return;
	if (why)
		host->missed = arena_bytes(host->arena, why, strnlen(why, WHY_MOST));
	leave(host);
}

/* --- Not longer than needed --- */

static void be_late(struct run_host *host)
{
	if (host->late)
		return;
	host->late = true;
	host->run->facts_heard++;
	schedule_forget(host->run->schedule, host->cursor);
	order_moved(host);
	order_told(host);
	for (size_t i = 0; i < host->run->host_count; i++) {
		if (host->run->hosts[i].bystander && host->run->hosts[i].wait.kind == WAIT_OPEN)
			order_turn(&host->run->hosts[i]);
	}
}

static void note_late(struct run *run, int64_t now)
{
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];

		if (host->bystander && host->phase == HOST_NEW && now > run->started + GRACE)
			be_late(host);
		if (host->wait.on && now > host->wait.until)
			be_late(host->wait.on);
	}
}

static bool grace_is_over(const struct run *run, int64_t now)
{
	int64_t timeout = (int64_t)run->options.timeout * 1000;

	return run->members_done && now > run->members_done + GRACE_LEAST
		&& now > run->started + (timeout < GRACE ? timeout : GRACE);
}

static void end_waiting(const struct run *run, struct run_host *host, int64_t now)
{
	if (host->phase == HOST_NEW && grace_is_over(run, now))
		beside_out(host, "not reached in time");
	else if (host->phase == HOST_BUSY && now > host->heard_at + SILENCE_MOST
			&& (run->members_done || host->awaited))
		beside_out(host, "it didn't answer in time");
}

void beside_tick(struct run *run)
{
	int64_t now = run->now;

	if (run->bystander_count == 0)
		return;
	note_late(run, now);
	for (size_t i = 0; i < run->host_count; i++) {
		if (run->hosts[i].bystander)
			end_waiting(run, &run->hosts[i], now);
	}
}

/* --- What is told in the end --- */

static struct value *would_of(struct run *run, const struct run_host *host)
{
	struct value *list = value_list(run->arena);

	for (size_t i = 0; i < host->would->count; i++)
		value_append(run->arena, list, value_string(run->arena, value_key(host->would, i)));
	return list;
}

struct value *run_others(const struct run *run)
{
	struct run *own = (struct run *)(uintptr_t)run;
	struct value *others = value_map(run->arena), *affected = value_map(run->arena);
	struct value *missed = value_map(run->arena);

	for (size_t i = 0; i < run->host_count; i++) {
		const struct run_host *host = &run->hosts[i];

		if (host->bystander && host->would)
			value_set(run->arena, affected, host->name, would_of(own, host));
		if (host->bystander && host->missed)
			value_set_string(run->arena, missed, host->name, host->missed);
	}
	value_set(run->arena, others, "affected", affected);
	value_set(run->arena, others, "missed", missed);
	return others;
}

struct value *run_left(const struct run *run)
{
	struct value *left = value_map(run->arena);

	for (size_t i = 0; i < run->host_count; i++) {
		const struct run_host *host = &run->hosts[i];

		if (host->left)
			value_set_string(run->arena, left, host->name, host->phase == HOST_DONE
				&& host->bystander && !host->has_orphans ? "gone" : "left");
	}
	return left;
}
