/* again: connections made anew to where they were. */
#include "plan/again.h"

#include "expression/expression.h"
#include "fleet/transport.h"
#include "module/params.h"
#include "plan/move.h"
#include "plan/order.h"

enum { BACK_AFTER_RESET = 30, WAIT_MOST = 86400, WAIT = 600 };   /* seconds */

static void begin(struct target *target, int64_t from, int64_t seconds)
{
	struct move *move = arena_alloc(target->run->arena, sizeof(*move));

	*move = (struct move){ .before = target->way.dial, .asked = target->run->now, .plain = true, .away = true,
		.until = from + seconds * 1000 };
	target->move = move;
}

/* --- As the text says --- */

static void reset(struct run *run, struct run_host *host, struct target *target)
{
	if (target->busy || target->move) {
		run_warn(run, host->name, "its connection isn't reset: another host works over it just now");
		return;
	}
	begin(target, run->now, BACK_AFTER_RESET);
	effect_close(target);
	/* Whoever needs it waits. */
	target->state = TARGET_COMING;
}

void again_reset(struct run *run, struct run_host *host)
{
	for (struct visit *visit = host->visits; visit; visit = visit->next) {
		struct target *target = visit->target;

		if (target->state == TARGET_READY && target->host == host && !target->way.transport->here)
			reset(run, host, target);
	}
}

/* --- As a task waits --- */

bool again_may_help(const struct error *err)
{
	static const struct error_code *const never[] = { SSH_HOST_KEY_UNKNOWN, SSH_HOST_KEY_CHANGED,
		SSH_HOST_KEY_REVOKED, SSH_HOST_KEY_INVALID, SSH_KNOWN_HOSTS_UNUSABLE, SSH_CONFIG_INVALID,
		SSH_CONFIG_UNSUPPORTED, SSH_INVALID_ADDRESS, AGENT_UNSUPPORTED_MACHINE, AGENT_FOREIGN,
		AGENT_PROTOCOL, AGENT_BECOME_FAILED };
	bool may = true;

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		may = may && err->code != never[i];
	return may;
}

static bool needs_node(const struct unit *unit)
{
	return unit->task && unit->module && !(unit->module->flags & MODULE_CONTROLLER);
}

/* The first unit for which the host needs a machine, from where it is. */
static const struct unit *next_there(struct run *run, const struct run_host *host)
{
	int64_t i = host->ahead.unit ? units_next(run, host, host->ahead.unit->index) : (int64_t)run->unit_count;

	while (i < (int64_t)run->unit_count && (!needs_node(run->units[i]) || order_nothing_there(host, i)))
		i = units_next(run, host, i + 1);
	return i < (int64_t)run->unit_count ? run->units[i] : NULL;
}

static const struct unit *untold(const struct run_host *host)
{
	for (size_t i = 0; i < host->step_count; i++) {
		const struct step *step = &host->steps[host->step_first + i];

		if (!step->told && !step->local)
			return step->setup ? NULL : step->unit;
	}
	return NULL;
}

static bool waits(const struct unit *unit)
{
	return unit && unit->module && (unit->module->flags & MODULE_AWAITS_HOST);
}

/* Who has such a task next there; NULL: nobody. */
static struct run_host *waiter_of(struct run *run, const struct target *target, const struct unit **ret_unit)
{
	bool alone = target->host && !target->shared;

	if (target->state == TARGET_READY) {
		*ret_unit = target->busy ? untold(target->worker) : NULL;
		return waits(*ret_unit) ? target->worker : NULL;
	}
	for (size_t i = alone ? target->host->index : 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];

		if (host_live(host) && !host->bystander && host->wait.kind == WAIT_TARGET
				&& host->wait.target == target) {
			*ret_unit = next_there(run, host);
			if (waits(*ret_unit))
				return host;
		}
		if (alone)
			return NULL;
	}
	return NULL;
}

static int64_t seconds_of(struct run *run, const struct run_host *host, const struct unit *unit,
	const char *option, int64_t otherwise)
{
	struct arena *arena = effects_arena(run);
	const struct value *raw = value_get(unit->task->task->params, option);
	struct scope *scope = scope_new(arena, run->options.variables, host->inventory, unit->play,
		unit->task->task);
	struct error ignored = {0};
	struct value *filled;
	int64_t seconds;

	/* What is wrong there the task itself says. */
	if (!raw || expression_fill(arena, scope, raw, &filled, &ignored) < 0
			|| filled->kind == VALUE_UNKNOWN || param_duration(filled, &seconds, &ignored) < 0)
		return otherwise;
	return seconds < WAIT_MOST ? seconds : WAIT_MOST;
}

void again_await(struct run *run, struct target *target, const struct error *err)
{
	int64_t from = target->state == TARGET_READY ? run->now : target->opened;
	const struct unit *unit;
	struct run_host *host;

	if (target->move || run->stopped || !err || target->way.transport->here || !again_may_help(err))
		return;
	host = waiter_of(run, target, &unit);
	if (!host || host_checks(host))
		return;
	begin(target, from, seconds_of(run, host, unit, "timeout", WAIT)
		+ seconds_of(run, host, unit, "delay", 0));
	effect_progress(host, arena_printf(run->arena, "waits for it: %s", err->message));
}
