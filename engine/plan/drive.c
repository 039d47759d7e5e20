/* drive: a run carried out: events come from the fleet, effects go to it and to the report. */
#include "plan/move.h"
#include "plan/moved.h"
#include "plan/order.h"

enum { TICK = 100 };     /* milliseconds: how often time goes on for a run */

/* --- Handlers --- */

static void on_time(struct run *run, const struct event *event)
{
	(void)event;
	order_tick(run);
	beside_tick(run);
	relay_tick(run);
	move_tick(run);
}

static void (*const handlers[EVENT_END])(struct run *run, const struct event *event) = {
	[EVENT_READY] = on_ready,
	[EVENT_RESULT] = on_result,
	[EVENT_STAGE_END] = on_stage_end,
	[EVENT_REQUEST] = on_request,
	[EVENT_CHUNK] = on_chunk,
	[EVENT_PROGRESS] = on_progress,
	[EVENT_STRANGE] = on_strange,
	[EVENT_LOST] = on_lost,
	[EVENT_TIME] = on_time,
	[EVENT_CANCEL] = on_cancel,
	[EVENT_RUNNABLE] = on_runnable,
	[EVENT_TURN] = on_turn,
	[EVENT_GATE] = on_gate,
	[EVENT_ENDED] = on_ended,
};

/* Deals with all that has happened. */
static void settle(struct run *run, struct fleet *fleet, struct report *report)
{
	struct event event;

	while (event_pop(&run->queue, &event)) {
		handlers[event.kind](run, &event);
		turn_settle(run);
		effects_carry_out(run, fleet, report);
	}
}

/* --- What comes from outside --- */

static enum event_kind kind_of_frame(enum frame_type type)
{
	switch (type) {
	case FRAME_RESULT:
		return EVENT_RESULT;
	case FRAME_STAGE_END:
		return EVENT_STAGE_END;
	case FRAME_REQUEST:
		return EVENT_REQUEST;
	case FRAME_CHUNK:
		return EVENT_CHUNK;
	case FRAME_PROGRESS:
		return EVENT_PROGRESS;
	default:
		return EVENT_STRANGE;
	}
}

static void push_of_target(struct run *run, const struct fleet_event *from, struct event event)
{
	/* What it said before it was given up. */
	if (event.target->state == TARGET_GONE && from->kind != FLEET_LOST)
		return;
	if (event.host)
		event.host->heard_at = run->now;
	event_push(&run->queue, &event);
}

static void push(struct run *run, const struct fleet_event *from)
{
	struct event event = { .target = from->context };

	if (event.target)
		event.host = event.target->worker;
	switch (from->kind) {
	case FLEET_READY:
		event.kind = EVENT_READY;
		event.message = from->hello;
		event.user = from->user;
		event.key = from->key;
		event.dial = from->dial;
		push_of_target(run, from, event);
		break;
	case FLEET_FRAME:
		event.kind = kind_of_frame(from->frame->type);
		event.message = from->frame->message;
		event.size = from->frame->size;
		event.queued = from->queued;
		push_of_target(run, from, event);
		break;
	case FLEET_LOST:
		event.kind = EVENT_LOST;
		event.error = from->error;
		push_of_target(run, from, event);
		break;
	case FLEET_WARNING:
		run_warn(run, event.target ? event.target->name : NULL, from->message);
		break;
	case FLEET_TIME:
	case FLEET_END:
		event.kind = EVENT_TIME;
		event_push(&run->queue, &event);
		break;
	}
}

static unsigned pressed(const struct run *run)
{
	return run->options.interrupted ? (unsigned)*run->options.interrupted : 0;
}

/* The second ^C doesn't wait for nodes, nor does time. */
static bool is_cut_short(const struct run *run)
{
	return pressed(run) >= 2 || (run->stopped && run->now >= run->stopped_at + STOPPING_MOST);
}

/* --- The run --- */

static bool needs_connection(const struct run *run, const struct run_host *host)
{
	if (host->facts_wanted || host->left)
		return true;
	for (int64_t i = units_next(run, host, 0); i < (int64_t)run->unit_count;
			i = units_next(run, host, i + 1)) {
		const struct unit *unit = run->units[i];

		/* What an include brings in may need it. */
		if (unit->task && !unit->task->handler && (unit->task->task->include
				|| !(unit->module->flags & MODULE_CONTROLLER)))
			return true;
	}
	return false;
}

/* Where it begins. */
static struct target *first_target(struct run *run, struct run_host *host, struct error *err)
{
	const struct cause *cause;

	if (host->facts_wanted || host->left || run->options.resume)
		return host->home;
	for (int64_t i = units_next(run, host, 0); i < (int64_t)run->unit_count;
			i = units_next(run, host, i + 1)) {
		struct target *target;

		if (!run->units[i]->task || (run->units[i]->module
				&& (run->units[i]->module->flags & MODULE_CONTROLLER)) || order_nothing_there(host, i))
			continue;
		target = target_at(run, host, run->units[i], &cause, err);
		if (target || err->kind != ERROR_NONE)
			return target;
	}
	return host->home;
}

static int connect_host(struct run *run, struct run_host *host, struct error *err)
{
	struct target *target;

	if (host->phase == HOST_OUT)
		return 0;
	if (units_next(run, host, 0) >= (int64_t)run->unit_count && !host->left) {
		order_end(host, HOST_DONE);
		return 0;
	}
	if (!needs_connection(run, host)) {
		if (host->bystander)
			order_end(host, HOST_DONE);
		else
			host->phase = HOST_IDLE;
		return 0;
	}
	target = first_target(run, host, err);
	if (!target && host->bystander && host->wrong)
		beside_out(host, host->wrong);
	if (!target)
		return err->kind != ERROR_NONE ? -1 : 0;
	host->contacted = true;
	visit_at(host, target);
	target_ready(target, host);
	return 0;
}

/* Those that are only looked at come behind. */
static int connect_hosts(struct run *run, struct error *err)
{
	for (size_t i = 0; i < run->host_count; i++) {
		if (!run->hosts[i].bystander && connect_host(run, &run->hosts[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];
		struct error wrong = {0};

		if (host->bystander && connect_host(run, host, &wrong) < 0)
			beside_out(host, wrong.message);
	}
	return 0;
}

static int begin(struct run *run, struct error *err)
{
	order_begin(run);
	planned_leave_stale(run);
	if (connect_hosts(run, err) < 0)
		return -1;
	for (size_t i = 0; i < run->host_count; i++) {
		order_expect_facts(&run->hosts[i]);
		if (run->hosts[i].phase == HOST_IDLE)
			order_run(&run->hosts[i]);
	}
	if (run->members_live == 0)
		run->members_done = run->now;
	return 0;
}

static int drive(struct run *run, struct fleet *fleet, struct report *report, struct error *err)
{
	const struct event cancel = { .kind = EVENT_CANCEL };
	struct fleet_event event;
	int64_t until = run->now + TICK;

	do {
		if (fleet->calls->next(fleet, until, &event, err) < 0)
			return -1;
		run->now = event.now;
		push(run, &event);
		if (pressed(run) > 0 && !run->stopped)
			event_push(&run->queue, &cancel);
		settle(run, fleet, report);
		if (event.kind == FLEET_TIME) {
			report_tick(report);
			until = run->now + TICK;
		}
	} while (event.kind != FLEET_END && !is_cut_short(run));
	return 0;
}

int run_execute(struct run *run, struct fleet *fleet, struct report *report, struct error *err)
{
	struct fleet_event event;
	int result = fleet->calls->next(fleet, 0, &event, err);

	run->started = run->now = event.now;
	/* Warnings of the text. */
	effects_carry_out(run, fleet, report);
	if (result < 0 || begin(run, err) < 0)
		return -1;
	effects_carry_out(run, fleet, report);
	settle(run, fleet, report);
	result = drive(run, fleet, report, err);
	if (result == 0 && is_cut_short(run))
		ended_give_up(run);
	known_say(run);
	moved_say(run);
	effects_carry_out(run, fleet, report);
	if (result == 0 && run->stopped)
		return error_set(err, RUN_INTERRUPTED, "interrupted");
	return result;
}
