/* turn: hosts whose turn has come, as nobody is before them any more. */
#include "plan/order.h"

#include <stdlib.h>

/* Takes what is next to be told of a host, or passes what there is nothing to be told of: where
 * handlers run, what is passed over. all: whosever turn
 * it is. Whether there was any. */
static bool take_next(struct run *run, struct run_host *host, bool all)
{
	const struct cursor *cursor = host->cursor;
	struct step *first = host_first_step(host), step;

	if (!host_live(host) || cursor->state != CURSOR_LIVE)
		return false;
	if (first && first->setup && first->told) {
		host->step_first++;
		host->step_count--;
		return true;
	}
	if (!all && !host->bystander && !schedule_open(run->schedule, cursor->at))
		return false;
	if (!first || first->unit != cursor->at.unit) {
		if (!host->halted && host->ahead.batch
				&& position_compare(cursor->at, host->ahead) >= 0)
			return false;
		order_pass(host);
		return true;
	}
	if (!first->told && !first->local)
		return false;
	step = *first;
	host->step_first++;
	host->step_count--;
	/* What is said of it is said once this event is dealt with. */
	if (step.arena)
		step.body = message_copy(effects_arena(run), &message_result, step.body);
	arena_free(step.arena);
	result_take(run, host, &step, step.local ? step.item->result : step.body);
	return true;
}

void turn_take_all(struct run *run, struct run_host *host)
{
	while (take_next(run, host, true))
		;
}

static bool is_turn(const struct run_host *host, const struct step *first)
{
	return !first->told && first->unit == host->cursor->at.unit
		&& schedule_turn(host->run->schedule, host->cursor);
}

/* If it is its turn; else TURN comes when it is. */
static void answer_gate(struct run *run, struct run_host *host)
{
	const struct step *first = host_first_step(host);
	bool go = !run->stopped && !host->abandoned;
	struct reply *reply;

	if (!host_live(host) || host->gate < 0)
		return;
	if (go && first && !is_turn(host, first))
		return;
	reply = arena_alloc(effects_arena(run), sizeof(*reply));
	*reply = (struct reply){ .id = host->gate, .go = go };
	host->gate = -1;
	order_expect_facts(host);
	if (go && first && !host->bystander)
		announce(host, first->unit);
	effect_send(host->target, FRAME_REPLY, reply, NULL);
}

void on_gate(struct run *run, const struct event *event)
{
	answer_gate(run, event->host);
}

void turn_take(struct run *run, struct run_host *host)
{
	bool any = false;

	while (take_next(run, host, false))
		any = true;
	if (!host_live(host))
		return;
	if (host->phase == HOST_BUSY)
		answer_gate(run, host);
	else if (host->phase == HOST_IDLE && (any || (host->wait.kind == WAIT_OPEN
			&& order_is_open(host))))
		order_run(host);
}

void on_turn(struct run *run, const struct event *event)
{
	event->host->turn = false;
	turn_take(run, event->host);
}

/* --- Whose turn it becomes --- */

static void wake_batch(struct run *run, const struct batch *batch)
{
	for (size_t i = 0; i < run->host_count; i++) {
		if (run->hosts[i].cursor->state == CURSOR_LIVE
				&& run->hosts[i].cursor->at.batch == batch)
			order_turn(&run->hosts[i]);
	}
}

static int by_host(const void *one, const void *other)
{
	const struct cursor *left = *(struct cursor *const *)one, *right = *(struct cursor *const *)other;

	return left->host < right->host ? -1 : left->host > right->host;
}

static void wake_front(struct run *run)
{
	const struct cursor *top = front_top(&run->schedule->front);
	struct position front = {0};
	size_t count;

	if (top)
		front = top->at;
	if (front.batch == run->front.batch && front.unit == run->front.unit)
		return;
	count = front_first(&run->schedule->front, run->here);
	/* Who shares a target comes in the order of the inventory. */
	qsort(run->here, count, sizeof(struct cursor *), by_host);
	for (size_t i = 0; i < count; i++)
		order_turn(&run->hosts[run->here[i]->host]);
	if (top && front.batch != run->front.batch)
		wake_batch(run, front.batch);
	run->front = front;
	announce_ends(run);
}

static void wake_bystanders(struct run *run)
{
	for (size_t i = 0; run->bystander_count > 0 && i < run->host_count; i++) {
		if (run->hosts[i].bystander && run->hosts[i].wait.kind == WAIT_OPEN)
			order_turn(&run->hosts[i]);
	}
}

/* Of what is done once it is another one's turn where the first has gone. */
static void wake_next(struct run *run)
{
	const struct cursor *first;

	if (!run->front.unit || !run->front.unit->run_once)
		return;
	first = schedule_first_here(run->schedule, run->front);
	if (first)
		order_turn(&run->hosts[first->host]);
}

void turn_settle(struct run *run)
{
	bool any = false;
	struct cursor *moved;

	while ((moved = schedule_moved(run->schedule))) {
		struct run_host *host = &run->hosts[moved->host];

		if (moved->state == CURSOR_OUT)
			leave(host);
		order_moved(host);
		if (host_live(host))
			order_turn(host);
		any = true;
	}
	wake_front(run);
	include_settle(run);
	if (!any)
		return;
	wake_next(run);
	wake_bystanders(run);
}
