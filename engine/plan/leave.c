/* leave: hosts that take no further part. */
#include "plan/order.h"

#include "expression/expression.h"

#include <string.h>

void leave(struct run_host *host)
{
	struct run *run = host->run;
	if (!host_live(host))
		return;
	host->gate = -1;
	if (run->begun && host->cursor->state == CURSOR_LIVE)
		schedule_end(run->schedule, host->cursor);
	order_drop(host);
	run->scope_play = NULL;
	order_end(host, HOST_OUT);
}

static bool is_true(struct run *run, const struct run_host *host, const struct unit *unit,
	const struct value *raw)
{
	const struct task *task = unit->task ? unit->task->task : NULL;
	struct error ignored = {0};
	bool truth = false;

	if (!raw)
		return false;
	/* The list of all that are left costs as much as there are, for each that fails. */
	if (expression_inside(raw))
		fill_play_hosts(run, host, unit->play);
	expression_truth(effects_arena(run), scope_new(effects_arena(run), run->options.variables,
		host->inventory, unit->play, task), raw, false, &truth, &ignored);
	return truth;
}

/* Whether a failure at a unit is one of all hosts. */
static bool is_fatal(struct run *run, const struct run_host *host, const struct unit *unit)
{
	const struct task *task = unit->task ? unit->task->task : NULL;
	const struct play *play = unit->play;

	if (unit->run_once && schedule_first_here(run->schedule, host->cursor->at) == host->cursor
			&& !is_true(run, host, unit,
			task->ignore_errors ? task->ignore_errors : play->ignore_errors))
		return true;
	return is_true(run, host, unit, task && task->any_errors_fatal ? task->any_errors_fatal
		: play->any_errors_fatal);
}

/* What one fails to do for all fails for all, each of which goes on where that is caught. */
static void fail_once(struct run *run, struct run_host *host)
{
	struct cursor **here;
	size_t count = schedule_here(run->schedule, host->cursor->at, &here);

	memcpy(run->here, here, count * sizeof(*here));
	for (size_t i = 0; i < count; i++)
		order_forget_filled(&run->hosts[here[i]->host]);
	schedule_fail_once(run->schedule, host->cursor);
	for (size_t i = 0; i < count; i++) {
		struct run_host *other = &run->hosts[run->here[i]->host];

		order_drop(other);
		order_go_on(other);
	}
}

void leave_failed(struct run_host *host)
{
	const struct unit *unit = host->cursor->at.unit;
	struct run *run = host->run;

	if (unit->run_once) {
		fail_once(run, host);
		return;
	}
	order_forget_filled(host);
	schedule_fail(run->schedule, host->cursor, is_fatal(run, host, unit));
	order_drop(host);
}

/* Those that waited for what it was to do for them wait no more. */
static void lose_once(struct run *run, struct run_host *host)
{
	struct cursor **here;
	size_t count = schedule_here(run->schedule, host->cursor->at, &here);

	memcpy(run->here, here, count * sizeof(*here));
	schedule_lose_once(run->schedule, host->cursor);
	for (size_t i = 0; i < count; i++) {
		if (run->here[i] != host->cursor)
			order_go_on(&run->hosts[run->here[i]->host]);
	}
}

void leave_at_once(struct run_host *host)
{
	struct cursor *cursor = host->cursor;
	struct run *run = host->run;
	bool live = run->begun && cursor->state == CURSOR_LIVE;
	bool fatal = live && is_fatal(run, host, cursor->at.unit);

	if (fatal && cursor->at.unit->run_once)
		lose_once(run, host);
	else if (live)
		schedule_lose(run->schedule, cursor, fatal);
	leave(host);
}

const struct error *leave_kept(struct arena *arena, const struct error *err)
{
	struct error *copy = arena_alloc(arena, sizeof(*copy));

	*copy = *err;
	return copy;
}

void leave_lost(struct target *target, const struct error *err)
{
	const struct event event = { .kind = EVENT_LOST, .target = target, .host = target->worker,
		.error = leave_kept(target->run->arena, err) };

	if (target->state != TARGET_GONE)
		effect_drop(target);
	event_push(&target->run->queue, &event);
}

bool leave_unknown_code(struct target *target, const char *code)
{
	if (!code || error_named(code))
		return false;
	leave_strange(target, "an error code that doesn't exist");
	return true;
}

void leave_strange(struct target *target, const char *message)
{
	struct error err = {0};

	error_set(&err, AGENT_PROTOCOL, "protocol error: %s", message);
	error_remedy(&err, "this is a bug in beoplay, or the host doesn't run beoplay's own agent");
	leave_lost(target, &err);
}
