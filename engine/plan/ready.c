/* ready: a host's agent is there; what its HELLO tells. */
#include "plan/move.h"
#include "plan/order.h"
#include "plan/relogin.h"

#include <string.h>

/* Without its ledger nothing is done on a host: what is changed there couldn't be undone. */
static void ledger_unusable(struct target *target, const struct hello *hello)
{
	struct error err = {0};

	error_set(&err, hello->code ? error_named(hello->code) : LEDGER_UNUSABLE, "%.1500s",
		hello->problem);
	if (hello->remedy)
		error_remedy(&err, "%.900s", hello->remedy);
	leave_lost(target, &err);
}

static void warn_of_ledger(struct run *run, const struct target *target, const struct hello *hello)
{
	const struct lock_holder *lock = hello->lock;

	if (hello->foreign)
		run_warn(run, target->name, arena_printf(run->arena, "'%s' is the ledger of another machine "
			"(a cloned disk?): it isn't used, and what is in it can't be undone here",
			hello->foreign));
	if (lock && (!lock->run || strcmp(lock->run, run->options.run) != 0))
		run_warn(run, target->name, arena_printf(run->arena, "it is being changed by %s, from %s, "
			"since %s", lock->who ? lock->who : "?", lock->from ? lock->from : "?",
			lock->since ? lock->since : "?"));
}

static const char *became_of(struct arena *arena, const struct ran_step *step)
{
	if (step->end == STEP_RUNNING)
		return "is still under way";
	if (step->end == STEP_BROKEN_OFF)
		return "was broken off";
	if (step->end == STEP_OTHER_VERSION)
		return arena_printf(arena, "was noted by another version of beoplay, in form %d: only that "
			"version can say what became of it", (int)step->status);
	return arena_printf(arena, "has ended meanwhile (exit status %d)", (int)step->status);
}

static void warn_of_steps(struct run *run, const struct target *target, const struct hello *hello)
{
	for (size_t i = 0; i < hello->ran_count; i++)
		run_warn(run, target->name, arena_printf(run->arena, "'%s' of an earlier run %s",
			hello->ran[i].command ? hello->ran[i].command : "a step",
			became_of(run->arena, &hello->ran[i])));
}

/* It begins here. */
static void begin_at(struct run_host *host, struct target *target, const struct hello *hello)
{
	host->phase = HOST_IDLE;
	host->heard_at = host->run->now;
	if (!host->bystander)
		due_take(host->run, host, target, hello);
}

/* Both names would own what is there, and each would undo what the other one made. */
static void refuse_twin(struct target *target, const struct target *other)
{
	struct error err = {0};

	error_set(&err, HOST_SAME_MACHINE, "'%s' is the same machine as '%s'", target->name, other->name);
	error_remedy(&err, "take one of the two names out of the inventory, or leave it out with -l");
	leave_lost(target, &err);
}

/* Whether another host is this machine: then one of them takes no part. What is local goes by turns
 * with what is done there over ssh. */
static bool is_twin(struct run *run, struct target *target, const char *machine)
{
	struct target *other = machine ? lookup_get(&run->machines, machine) : NULL;

	if (machine && !other)
		lookup_put(run->arena, &run->machines, arena_string(run->arena, machine), target);
	if (!other || other->state != TARGET_READY || other->host == target->host)
		return false;
	if (!other->host || !target->host) {
		other->shared = target->shared = true;
		return false;
	}
	if (other->host->bystander && !target->host->bystander) {
		refuse_twin(other, target);
		return false;
	}
	refuse_twin(target, other);
	return true;
}

void on_ready(struct run *run, const struct event *event)
{
	struct target *target = event->target;
	const struct hello *hello = event->message;
	struct run_host *host;

	if (target->asks) {
		relogin_met(run, target, event);
		return;
	}
	/* Nobody has anything to do there any more: it was dialled when its host was put out. */
	if (target->closed) {
		effect_close(target);
		return;
	}
	if (target->move && !move_is_met(run, target, event))
		return;
	run->told++;
	target->key = arena_string(run->arena, event->key);
	target->machine = arena_string(run->arena, hello->machine);
	target->way.dial = arena_string(run->arena, event->dial);
	target->user = arena_string(run->arena, event->user);
	if (target->host && target == target->host->home)
		target->host->key = arena_string(run->arena, event->key);
	if (leave_unknown_code(target, hello->code))
		return;
	if (hello->problem) {
		ledger_unusable(target, hello);
		return;
	}
	if (is_twin(run, target, hello->machine))
		return;
	target->state = TARGET_READY;
	warn_of_ledger(run, target, hello);
	warn_of_steps(run, target, hello);
	target->seal = run->text && target->host && !host_checks(target->host) ? run->seal(
		run->seal_context, run->arena, target->host->name, hello->seals) : NULL;
	if (target->move)
		move_meet(target);
	while ((host = target_next(target))) {
		if (host->phase == HOST_NEW)
			begin_at(host, target, hello);
		order_run(host);
	}
}
