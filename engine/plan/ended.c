/* ended: hosts are lost, interrupted or done, and what follows for the others. */
#include "plan/again.h"
#include "plan/move.h"
#include "plan/relogin.h"
#include "plan/state.h"

#include "fleet/transport.h"

#include <stdio.h>

static void lose_member(struct run *run, struct run_host *host, const struct error *err)
{
	turn_take_all(run, host);
	if (!host_live(host))
		return;
	leave_at_once(host);
	host->lost = leave_kept(host->arena, err);
	if (!run->stopped || err->kind != ERROR_UNREACHABLE)
		effect_lost(host, host->lost);
}

/* Whom that takes with it: who works there or waits for it, and whose machine it is. */
static bool is_lost_with(const struct run_host *host, const struct target *target)
{
	if (!host_live(host))
		return false;
	return host->home == target || (host->phase == HOST_BUSY && host->target == target)
		|| (host->wait.kind == WAIT_TARGET && host->wait.target == target);
}

/* Where it isn't the host's own machine, it is said which one it is. */
static const struct error *error_of(const struct run_host *host, const struct target *target,
	const struct error *err)
{
	bool is_other = !target->way.transport->here && target->host != host;
	struct error *more;

	if (target == host->home)
		return err;
	more = arena_alloc(host->arena, sizeof(*more));
	*more = *err;
	snprintf(more->message, sizeof(more->message), "%s%.250s%s%.400s: %.1300s", is_other ? "on " : "",
		is_other ? target->name : "", is_other ? ", " : "", target_show(host->arena, target),
		err->message);
	return more;
}

static void lose(struct run *run, struct run_host *host, const struct target *target)
{
	if (!is_lost_with(host, target))
		return;
	if (host->bystander)
		beside_out(host, target->lost->message);
	else
		lose_member(run, host, error_of(host, target, target->lost));
}

void on_lost(struct run *run, const struct event *event)
{
	static const struct error ended = { .code = AGENT_LOST, .kind = ERROR_UNREACHABLE,
		.message = "the connection ended before its tasks did" };
	struct target *target = event->target;

	if (target->asks) {
		relogin_refused(run, target, event->error);
		return;
	}
	relogin_forget(target);
	again_await(run, target, event->error);
	if (move_lost(run, target, event->error))
		return;
	target->state = TARGET_GONE;
	target->lost = event->error ? leave_kept(run->arena, event->error) : &ended;
	relay_out(run, target);
	if (target->host && !target->shared)
		lose(run, target->host, target);
	else
		for (size_t i = 0; i < run->host_count; i++)
			lose(run, &run->hosts[i], target);
	target->busy = target->taken = false;
}

static void close_target(struct target *target)
{
	if (target->state != TARGET_COMING && target->state != TARGET_READY)
		return;
	target->closed = true;
	effect_close(target);
}

static void close_all(struct run *run)
{
	run->over = true;
	for (struct target *target = run->targets; target; target = target->next)
		close_target(target);
}

/* What was offered stays until nobody can ask for it any more, and what others may use. */
void on_ended(struct run *run, const struct event *event)
{
	targets_leave(event->host);
	for (struct visit *visit = event->host->visits; visit; visit = visit->next) {
		struct target *target = visit->target;

		if (target->shared || (target->stays && event->host->phase != HOST_OUT))
			continue;
		relay_out(run, target);
		close_target(target);
	}
	if (run->members_live == 0 && run->members_done == 0)
		run->members_done = run->now;
	if (run->live == 0 && !run->over)
		close_all(run);
}

void ended_give_up(struct run *run)
{
	struct error *err = arena_alloc(run->arena, sizeof(*err));

	error_set(err, RUN_GIVEN_UP, "not waited for any more: the step at hand is finished there");
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];

		if (host->bystander || host->phase != HOST_BUSY)
			continue;
		host->lost = err;
		effect_lost(host, err);
	}
}

/* The first ^C lets every node finish the step at hand. */
void on_cancel(struct run *run, const struct event *event)
{
	(void)event;
	run->stopped = 1;
	run->stopped_at = run->now;
	effect_warn(run, NULL, arena_printf(run->arena, "interrupted: waiting up to %d s for each "
		"host to finish its current step (press ^C again to disconnect now)", STOPPING_MOST / 1000));
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];
		const struct event gate = { .kind = EVENT_GATE, .host = host };

		if (host->phase == HOST_BUSY) {
			effect_send(host->target, FRAME_CANCEL, NULL, NULL);
			event_push(&run->queue, &gate);
		} else {
			turn_take_all(run, host);
			leave(host);
		}
	}
}
