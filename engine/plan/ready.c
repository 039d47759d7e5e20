/* ready: a host's agent is there; what its HELLO tells. */
#include "plan/state.h"

/* Without its ledger nothing is done on a host: what is changed there couldn't be undone. */
static void ledger_unusable(struct run_host *host, const struct hello *hello)
{
	struct error err = {0};

	error_set(&err, hello->code ? error_named(hello->code) : LEDGER_UNUSABLE, "%.1500s",
		hello->problem);
	if (hello->remedy)
		error_remedy(&err, "%.900s", hello->remedy);
	leave_lost(host, &err);
}

static void warn_of_ledger(struct run *run, const struct run_host *host, const struct hello *hello)
{
	const struct lock_holder *lock = hello->lock;

	if (hello->foreign)
		run_warn(run, host->name, arena_printf(host->arena, "'%s' is the ledger of another machine "
			"(a cloned disk?): it isn't used, and what is in it can't be undone here",
			hello->foreign));
	if (lock)
		run_warn(run, host->name, arena_printf(host->arena, "it is being changed by %s, from %s, "
			"since %s", lock->who ? lock->who : "?", lock->from ? lock->from : "?",
			lock->since ? lock->since : "?"));
}

static const char *became_of(struct arena *arena, const struct ran_step *step)
{
	if (step->end == STEP_RUNNING)
		return "is still under way";
	if (step->end == STEP_BROKEN_OFF)
		return "was broken off";
	return arena_printf(arena, "has ended meanwhile (exit status %d)", (int)step->status);
}

static void warn_of_steps(struct run *run, const struct run_host *host, const struct hello *hello)
{
	for (size_t i = 0; i < hello->ran_count; i++)
		run_warn(run, host->name, arena_printf(host->arena, "'%s' of an earlier run %s",
			hello->ran[i].command ? hello->ran[i].command : "a step",
			became_of(host->arena, &hello->ran[i])));
}

void on_ready(struct run *run, const struct event *event)
{
	struct run_host *host = event->host;
	const struct hello *hello = event->message;

	run->told++;
	host->key = arena_string(host->arena, event->key);
	host->user = arena_string(host->arena, event->user);
	if (!host_live(host) || leave_unknown_code(host, hello->code))
		return;
	host->phase = HOST_IDLE;
	if (hello->problem) {
		ledger_unusable(host, hello);
		return;
	}
	warn_of_ledger(run, host, hello);
	warn_of_steps(run, host, hello);
	host->seal = run->text && !host_checks(host) ? run->seal(run->seal_context, host->arena,
		host->name, hello->seals) : NULL;
	if (!host->bystander)
		due_take(run, host, hello);
	order_run(host);
}
