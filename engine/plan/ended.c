/* ended: hosts are lost, interrupted or done, and what follows for the others. */
#include "plan/state.h"

static void lose_member(struct run *run, struct run_host *host, const struct error *err)
{
	turn_take_all(run, host);
	if (!host_live(host))
		return;
	leave_at_once(host);
	host->unreachable = err->kind == ERROR_UNREACHABLE;
	host->lost = arena_string(host->arena, err->message);
	if (!run->stopped || !host->unreachable)
		effect_lost(host, leave_kept(host->arena, err));
}

void on_lost(struct run *run, const struct event *event)
{
	static const struct error ended = { .code = AGENT_LOST, .kind = ERROR_UNREACHABLE,
		.message = "the connection ended before its tasks did" };
	struct run_host *host = event->host;

	host->closed = true;
	if (!host_live(host))
		relay_out(run, host);
	else if (host->bystander)
		beside_out(host, event->error ? event->error->message : "the connection ended");
	else
		lose_member(run, host, event->error ? event->error : &ended);
}

static void close_host(struct run_host *host)
{
	if (run_connected(host))
		effect_close(host);
}

/* A host that has offered something stays until nobody can ask for it any more. */
void on_ended(struct run *run, const struct event *event)
{
	relay_out(run, event->host);
	if (event->host->phase == HOST_OUT || !event->host->published)
		close_host(event->host);
	if (run->members_live == 0 && run->members_done == 0)
		run->members_done = run->now;
	if (run->live > 0 || run->over)
		return;
	run->over = true;
	for (size_t i = 0; i < run->host_count; i++)
		close_host(&run->hosts[i]);
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
			effect_send(host, FRAME_CANCEL, NULL, NULL);
			event_push(&run->queue, &gate);
		} else {
			turn_take_all(run, host);
			leave(host);
		}
	}
}
