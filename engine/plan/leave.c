/* leave: hosts that take no further part. */
#include "plan/state.h"

#include "expression/expression.h"

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

/* Whether a failure at a unit is one of all hosts. */
static bool is_fatal(struct run *run, const struct run_host *host, const struct unit *unit)
{
	const struct task *task = unit->task ? unit->task->task : NULL;
	const struct value *raw = task && task->any_errors_fatal ? task->any_errors_fatal
		: unit->play->any_errors_fatal;
	struct error ignored = {0};
	bool fatal = false;

	fill_play_hosts(run, host, unit->play);
	expression_truth(effects_arena(run), scope_new(effects_arena(run), run->options.variables,
		host->inventory, unit->play, task), raw, false, &fatal, &ignored);
	return fatal;
}

void leave_failed(struct run_host *host)
{
	struct run *run = host->run;

	/* What was filled in for when all is well. */
	for (int64_t i = host->cursor->at.unit->index + 1; i < (int64_t)run->unit_count; i++)
		host->filled[i] = NULL;
	schedule_fail(run->schedule, host->cursor, is_fatal(run, host,
		run->units[host->cursor->at.unit->index]));
	order_drop(host);
}

void leave_at_once(struct run_host *host)
{
	struct cursor *cursor = host->cursor;
	struct run *run = host->run;

	if (run->begun && cursor->state == CURSOR_LIVE)
		schedule_lose(run->schedule, cursor, is_fatal(run, host,
			run->units[cursor->at.unit->index]));
	leave(host);
}

const struct error *leave_kept(struct arena *arena, const struct error *err)
{
	struct error *copy = arena_alloc(arena, sizeof(*copy));

	*copy = *err;
	return copy;
}

void leave_lost(struct run_host *host, const struct error *err)
{
	const struct event event = { .kind = EVENT_LOST, .host = host,
		.error = leave_kept(host->arena, err) };

	if (!host->closed)
		effect_drop(host);
	event_push(&host->run->queue, &event);
}

bool leave_unknown_code(struct run_host *host, const char *code)
{
	if (!code || error_named(code))
		return false;
	leave_strange(host, "an error code that doesn't exist");
	return true;
}

void leave_strange(struct run_host *host, const char *message)
{
	struct error err = {0};

	error_set(&err, AGENT_PROTOCOL, "protocol error: %s", message);
	error_remedy(&err, "this is a bug in beoplay, or the host doesn't run beoplay's own agent");
	leave_lost(host, &err);
}
