/* ready: a host's agent is there; what its HELLO tells. */
#include "plan/state.h"

/* Without its ledger nothing is done on a host: what is changed there couldn't be undone. */
static void ledger_unusable(struct run_host *host, const struct value *ledger)
{
	struct error err = {0};

	error_set(&err, ERROR_TASK, "%.1500s", value_get_string(ledger, "problem"));
	if (value_get_string(ledger, "remedy"))
		error_remedy(&err, "%.900s", value_get_string(ledger, "remedy"));
	leave_lost(host, &err);
}

static void warn_of_ledger(struct run *run, const struct run_host *host, const struct value *hello)
{
	const struct value *ledger = value_get(hello, "ledger"), *lock = value_get(hello, "lock");
	const char *foreign = value_get_string(ledger, "foreign");
	const char *who = value_get_string(lock, "who"), *from = value_get_string(lock, "from");
	const char *since = value_get_string(lock, "since");

	if (foreign)
		run_warn(run, host->name, arena_printf(host->arena, "'%s' is the ledger of another machine "
			"(a cloned disk?): it isn't used, and what is in it can't be undone here", foreign));
	if (lock)
		run_warn(run, host->name, arena_printf(host->arena, "it is being changed by %s, from %s, "
			"since %s", who ? who : "?", from ? from : "?", since ? since : "?"));
}

static const char *became_of(struct arena *arena, const struct value *step)
{
	const struct value *status = value_get(step, "status");

	if (value_get_bool(step, "running"))
		return "is still under way";
	if (!status || status->kind != VALUE_INTEGER)
		return "was broken off";
	return arena_printf(arena, "has ended meanwhile (exit status %d)", (int)status->integer);
}

static void warn_of_steps(struct run *run, const struct run_host *host, const struct value *ran)
{
	for (size_t i = 0; i < value_item_count(ran); i++) {
		const struct value *one = value_item(ran, i);
		const char *command = value_get_string(one, "command");

		run_warn(run, host->name, arena_printf(host->arena, "'%s' of an earlier run %s",
			command ? command : "a step", became_of(host->arena, one)));
	}
}

void on_ready(struct run *run, const struct event *event)
{
	struct run_host *host = event->host;
	const struct value *ledger = value_get(event->body, "ledger");

	host->key = arena_string(host->arena, event->key);
	host->user = arena_string(host->arena, event->user);
	if (!host_live(host))
		return;
	host->phase = HOST_IDLE;
	if (value_get_string(ledger, "problem")) {
		ledger_unusable(host, ledger);
		return;
	}
	warn_of_ledger(run, host, event->body);
	warn_of_steps(run, host, value_get(event->body, "ran"));
	host->seal = run->text && !host_checks(host) ? run->seal(run->seal_context, host->arena,
		host->name, ledger) : NULL;
	if (!host->bystander)
		due_take(run, host, event->body);
	order_run(host);
}
