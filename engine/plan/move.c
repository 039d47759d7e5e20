/* move: a machine that goes on at another address, or behind a change that may cut its connection. */
#include "plan/move.h"

#include "fleet/transport.h"
#include "plan/again.h"
#include "plan/moved.h"
#include "plan/order.h"

#include <string.h>

enum {
	ENDING_MOST = 3 * 1000,    /* milliseconds that the first connection may take to end */
	LATE = 10 * 1000,          /* behind the time, for a word of who was met */
	TRY_MOST = 5,              /* seconds that a try may take */
	PAUSE = 300,               /* milliseconds between them */
	SLACK = 1000,              /* until the old address is dialled, behind the time that was given */
	BACK_MOST = 120 * 1000,    /* for a machine to be as before */
	PLAIN_PAUSE = 1000,        /* milliseconds between tries of what is only waited for */
	DOUBT = 15 * 1000,         /* from then on it may have been taken back */
	SECONDS_MOST = 3600,
	ASKS_MOST = 4,             /* for one task: there, and back */
};

/* --- What is asked --- */

static bool is_variable(struct run *run, const struct run_host *host, const char *name,
	const char *address)
{
	struct scope *scope = scope_new(effects_arena(run), run->options.variables, host->inventory,
		NULL, NULL);
	struct error ignored = {0};
	struct value *value = NULL;

	return scope_get(effects_arena(run), scope, name, &value, &ignored) == 0
		&& value_text(value) && strcmp(value_text(value), address) == 0;
}

/* A machine doesn't name just any address: it stands in the task, or is one of the host's. */
static bool is_expected(struct run *run, const struct target *target, const char *address)
{
	struct run_host *host = target->worker;
	const struct step *step = host_first_step(host);
	const char *params = step && step->item && step->item->task ? step->item->task->params : NULL;

	/* Where an undo leads to only its ledger knows. */
	return !address || (step && step->unit->undo) || (params && strstr(params, address))
		|| strcmp(target->way.address, address) == 0
		|| is_variable(run, host, "cluster_address", address)
		|| is_variable(run, host, "ansible_host", address);
}

static void answer(struct target *target, const struct request *request, bool go)
{
	struct reply *reply = arena_alloc(effects_arena(target->run), sizeof(*reply));

	*reply = (struct reply){ .id = request->id, .go = go };
	effect_send(target, FRAME_REPLY, reply, NULL);
}

static void begin(struct run *run, struct target *target, const struct request *request)
{
	struct move *move = arena_alloc(run->arena, sizeof(*move));
	unsigned asks = target->move ? target->move->asks : 0;

	*move = (struct move){ .there = arena_string(run->arena, request->address),
		.before = target->way.dial, .asked = run->now, .moves = request->address != NULL,
		.until = run->now + request->seconds * 1000 };
	if (request->back && target->move)
		*move = (struct move){ .before = target->move->before, .asked = run->now,
			.moves = target->move->moves, .until = run->now - SLACK - 1 };
	move->asks = asks + 1;
	move->away = request->away;
	target->machine = arena_string(run->arena, request->machine);
	moved_begin(target, move->there);
	target->move = move;
	answer(target, request, true);
	if (request->away)
		effect_progress(target->worker, "restarts");
	else if (request->address)
		effect_progress(target->worker, arena_printf(run->arena, "moves to %s",
			request->address));
}

void move_request(struct run *run, struct target *target, const struct request *request)
{
	struct run_host *host = target->worker;
	const struct step *step = host_first_step(host);

	if (!step || step->told || host_checks(host) || request->seconds > SECONDS_MOST
			|| (target->move && target->move->asks >= ASKS_MOST))
		leave_strange(target, "a machine is about to move that has no reason to");
	else if (run->stopped || host->abandoned || !is_expected(run, target, request->address)
			|| (request->away && target->way.transport->here))
		answer(target, request, false);
	else if (request->seconds == 0 && !request->back)
		/* It only asks whether it is heard. */
		answer(target, request, true);
	else
		begin(run, target, request);
}

/* --- Dialling --- */

/* Behind its time it may be either: somebody may have confirmed it in the last moment. A while before
 * it may have failed, too; the one that is met there says so. */
static void dial(struct run *run, struct target *target)
{
	struct move *move = target->move;
	bool late = run->now > move->until + SLACK || run->now - move->asked > DOUBT;
	bool back = late && move->tries % 2 == 1;

	if (run->now > move->until + SLACK && !move->there)
		back = true;
	move->met = false;
	target->way.dial = back || !move->there ? move->before : move->there;
	target->way.timeout = TRY_MOST;
	target->way.delay = move->plain ? PLAIN_PAUSE : PAUSE;
	target->state = TARGET_COMING;
	effect_connect(target);
}

static bool is_over(const struct run *run, const struct move *move)
{
	return run->now > move->until + (move->plain ? 0 : SLACK + BACK_MOST);
}

bool move_lost(struct run *run, struct target *target, const struct error *err)
{
	struct move *move = target->move;

	if (!move || run->stopped || target->closed || is_over(run, move) || (move->plain && err && !again_may_help(err)))
		return false;
	if (move->tries > 0 && err && run->now <= move->until + SLACK)
		move->seen = arena_string(run->arena, err->message);
	move->tries++;
	dial(run, target);
	return true;
}

/* What another machine says of itself is none of the run's business. */
bool move_is_met(struct run *run, struct target *target, const struct event *event)
{
	const struct hello *hello = event->message;
	bool same_key = !target->key || (event->key && strcmp(event->key, target->key) == 0);
	/* Once it has started anew only its host key tells that it is the same. */
	bool same = target->move->away || !target->machine || (hello->machine && strcmp(hello->machine, target->machine) == 0);

	if (same_key && same)
		return true;
	target->move->seen = "another machine answers there";
	target->move->tries++;
	effect_drop(target);
	dial(run, target);
	return false;
}

/* Who does an undo again tells again what came of it. */
static void keep_undone(struct run_host *host)
{
	for (size_t i = 0; i < value_pair_count(host->undone_resources); i++) {
		if (!host->undone_before)
			host->undone_before = value_map(host->arena);
		value_set(host->arena, host->undone_before, value_key(host->undone_resources, i),
			value_null(host->arena));
	}
	host->undone_resources = NULL;
}

void move_meet(struct target *target)
{
	struct run_host *host = target->worker;
	struct move *move = target->move;
	struct run *run = target->run;

	if (move->there && move->seen && (!target->way.dial || strcmp(target->way.dial, move->there) != 0))
		run_warn(run, target->name, arena_printf(run->arena, "at %s: %s", move->there, move->seen));
	move->met = true;
	move->met_at = run->now;
	target->way.timeout = 0;
	target->way.delay = 0;
	if (move->plain)
		target->move = NULL;
	if (move->plain && !target->busy) {
		order_forget_sent(run, target);
		return;
	}
	target->busy = false;
	host->gate = -1;
	keep_undone(host);
	order_resume(host, target);
}

void move_settle(struct target *target)
{
	if (!target->move || !target->move->met)
		return;
	if (target->move->moves)
		moved_settle(target);
	target->move = NULL;
}

/* The old connection, which may hang, or one over what was taken back meanwhile: who is met later than that
 * is asked again. What a machine that has started anew is at takes as long as it takes. */
static bool hangs(const struct run *run, const struct move *move)
{
	int64_t since = move->met_at > move->until ? move->met_at : move->until;

	return (move->tries == 0 && run->now - move->asked >= ENDING_MOST)
		|| (move->met && !move->away && run->now > since + LATE);
}

static void lose_hanging(struct target *target)
{
	struct error err = {0};

	error_set(&err, AGENT_SILENT, "it was met at %s, and says nothing any more",
		target->way.dial ? target->way.dial : target->way.address);
	error_remedy(&err, "look on its console at which address it has now");
	leave_lost(target, &err);
}

void move_tick(struct run *run)
{
	for (struct target *target = run->targets; target; target = target->next) {
		if (!target->move || !hangs(run, target->move))
			continue;
		if (is_over(run, target->move)) {
			lose_hanging(target);
			continue;
		}
		target->move->tries++;
		effect_drop(target);
		dial(run, target);
	}
}
