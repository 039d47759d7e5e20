/* order: where hosts stand and for what they wait, so that many hosts far apart keep the order of
 * the playbook. */
#include "plan/order.h"

#include <string.h>

/* --- Waiting, in one list at a time --- */

static void wait_end(struct run_host *host)
{
	struct wait *wait = &host->wait;

	if (wait->from) {
		*wait->from = wait->next;
		if (wait->next)
			wait->next->wait.from = wait->from;
	}
	*wait = (struct wait){0};
}

static void wait_in(struct run_host *host, struct run_host **list, struct wait wait)
{
	wait_end(host);
	wait.next = *list;
	wait.from = list;
	if (*list)
		(*list)->wait.from = &host->wait.next;
	*list = host;
	host->wait = wait;
}

void order_run(struct run_host *host)
{
	const struct event event = { .kind = EVENT_RUNNABLE, .host = host };

	wait_end(host);
	if (!host->queued)
		event_push(&host->run->queue, &event);
	host->queued = true;
}

static void wake_all(struct run_host **list)
{
	while (*list)
		order_run(*list);
}

struct step *order_step(struct run_host *host, struct unit *unit)
{
	struct step *step;

	if (host->step_count == 0)
		host->step_first = host->untold = 0;
	if (host->step_first + host->step_count == host->step_capacity) {
		size_t capacity = host->step_capacity ? 2 * host->step_capacity : 32;

		host->steps = arena_grow(host->arena, host->steps,
			host->step_capacity * sizeof(*host->steps), capacity * sizeof(*host->steps));
		host->step_capacity = capacity;
	}
	step = &host->steps[host->step_first + host->step_count++];
	*step = (struct step){ .id = ++host->ids, .unit = unit, .last = true };
	return step;
}

/* --- Whose turn it is --- */

void order_turn(struct run_host *host)
{
	const struct event event = { .kind = EVENT_TURN, .host = host };

	if (!host->turn)
		event_push(&host->run->queue, &event);
	host->turn = true;
}

void order_wait(struct run_host *host)
{
	wait_end(host);
	host->wait.kind = WAIT_OPEN;
}

void order_wait_for(struct run_host *host, struct target *target)
{
	wait_end(host);
	host->wait = (struct wait){ .kind = WAIT_TARGET, .target = target };
}

bool order_is_open(const struct run_host *host)
{
	return host->step_count == 0 && host->cursor->state == CURSOR_LIVE
		&& position_compare(host->cursor->at, host->ahead) == 0
		&& schedule_begun(host->run->schedule, host->ahead.batch)
		&& schedule_turn(host->run->schedule, host->cursor)
		&& (!host->ahead.unit->run_once || order_does_it(host));
}

/* Whether it has come to where it is: what an earlier run left due there would come first. */
static bool has_arrived(const struct run_host *host)
{
	return host->phase != HOST_NEW;
}

bool order_does_it(const struct run_host *host)
{
	struct cursor **here;
	size_t count;
	bool all = true;

	if (schedule_first_here(host->run->schedule, host->cursor->at) != host->cursor)
		return false;
	count = schedule_here(host->run->schedule, host->cursor->at, &here);
	for (size_t i = 0; i < count; i++)
		all = all && has_arrived(&host->run->hosts[here[i]->host]);
	return all;
}

bool order_tells(const struct run *run, const struct run_host *host, int64_t unit)
{
	if (!run->begun)
		return host->phase != HOST_OUT;
	return host_live(host) && !host->late && host->cursor->state == CURSOR_LIVE
		&& unit_turn(host->cursor->at.unit) < unit;
}

/* What it looks at next is what it is at. */
static void look_here(struct run_host *host)
{
	host->halted = false;
	host->ahead = (struct position){0};
	if (host->cursor->state == CURSOR_LIVE)
		host->ahead = host->cursor->at;
}

void order_pass(struct run_host *host)
{
	schedule_pass(host->run->schedule, host->cursor);
	if (host->halted && host->step_count == 0)
		look_here(host);
}

bool order_concerns(const struct run_host *host, const struct unit *unit,
	const struct run_host *other)
{
	return other == host
		|| (unit->run_once && host_set_has(&host->cursor->at.batch->hosts, other->index));
}

void order_go_on(struct run_host *host)
{
	look_here(host);
	if (host->phase == HOST_IDLE)
		order_run(host);
}

void order_pass_once(struct run_host *host)
{
	struct run *run = host->run;
	struct cursor **here;
	size_t count = schedule_here(run->schedule, host->cursor->at, &here);

	memcpy(run->here, here, count * sizeof(*here));
	schedule_pass_once(run->schedule, host->cursor);
	for (size_t i = 0; i < count; i++)
		order_go_on(&run->hosts[run->here[i]->host]);
}

/* All but the first ones. */
static void drop_steps(struct run_host *host, size_t kept)
{
	for (size_t i = kept; i < host->step_count; i++) {
		struct step *step = &host->steps[host->step_first + i];

		if (!step->setup && step->target)
			visit_at(host, step->target)->sent[step->unit->index] = false;
		arena_free(step->arena);
	}
	if (host->step_count > kept)
		host->step_count = kept;
}

void order_drop_behind(struct run_host *host, const struct step *step)
{
	drop_steps(host, (size_t)(step - host_first_step(host)) + 1);
	host->halted = true;
}

void order_drop(struct run_host *host)
{
	drop_steps(host, 0);
	host->chosen = NULL;
	host->outcome = (struct outcome){0};
	variables_expect_nothing(host->run->options.variables, host->inventory);
	look_here(host);
}

/* Facts that were asked for in it are asked for again. */
static void forget_setup(struct run_host *host)
{
	for (size_t i = 0; i < host->step_count; i++) {
		if (host->steps[host->step_first + i].setup
				&& !host->steps[host->step_first + i].told)
			host->facts_sent = false;
	}
}

void order_abandon(struct run_host *host)
{
	const struct event gate = { .kind = EVENT_GATE, .host = host };

	forget_setup(host);
	order_forget_filled(host);
	order_drop(host);
	host->abandoned = host->phase == HOST_BUSY;
	if (host->abandoned && host->gate >= 0)
		event_push(&host->run->queue, &gate);
	order_go_on(host);
}

/* What was sent there in this run, that agent has had; the one that is there now hasn't. */
void order_forget_sent(struct run *run, struct target *target)
{
	for (size_t i = 0; i < run->host_count; i++) {
		struct visit *visit = run->hosts[i].visits;

		while (visit && visit->target != target)
			visit = visit->next;
		for (size_t k = 0; visit && visit->sent && k < run->hosts[i].unit_room; k++)
			visit->sent[k] = false;
		if (visit)
			visit->last = false;
	}
}

void order_resume(struct run_host *host, struct target *target)
{
	const struct step *step = host_first_step(host);
	struct retrying *retrying = &host->retrying;

	/* What came of the items of a loop before this one is known. */
	if (step && step->filled && retrying->unit != step->unit)
		*retrying = (struct retrying){ .unit = step->unit,
			.item = (size_t)(step->item - step->filled->items) };
	forget_setup(host);
	drop_steps(host, 0);
	variables_expect_nothing(host->run->options.variables, host->inventory);
	order_forget_sent(host->run, target);
	if (host->phase == HOST_BUSY)
		host->phase = HOST_IDLE;
	host->abandoned = false;
	order_go_on(host);
}

bool order_nothing_there(const struct run_host *host, int64_t unit)
{
	const struct filled *filled = host->filled[unit];
	bool decided = filled && filled->known;

	for (size_t i = 0; decided && i < filled->count; i++)
		decided = filled->items[i].kind == FILLED_RESULT;
	return decided;
}

void order_forget_filled(struct run_host *host)
{
	const struct run *run = host->run;

	for (size_t i = 0; host->cursor->at.unit && i < run->unit_count; i++) {
		if (!unit_before(run->units[i], host->cursor->at.unit))
			host->filled[i] = NULL;
	}
}

void order_moved(struct run_host *host)
{
	struct run_host *next;

	host->run->moved++;
	for (struct run_host *waiter = host->awaited; waiter; waiter = next) {
		next = waiter->wait.next;
		if (waiter->wait.kind == WAIT_TOLD && !order_tells(host->run, host,
				waiter->ahead.batch ? unit_turn(waiter->ahead.unit) : UNIT_NEVER))
			order_run(waiter);
	}
}

void order_again(struct run_host *host)
{
	schedule_again(host->run->schedule, host->cursor);
	look_here(host);
}

void order_begin(struct run *run)
{
	run->begun = true;
	run->here = arena_array(run->arena, run->host_count + 1, sizeof(*run->here));
	schedule_start(run->schedule);
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];

		run->live += host_live(host);
		run->members_live += host_live(host) && !host->bystander;
		if (!host_live(host) && host->cursor->state == CURSOR_LIVE)
			schedule_end(run->schedule, host->cursor);
		look_here(host);
	}
}

/* --- What other hosts tell --- */

/* It can't be asked: it works on a stage without a word of facts, and waits in it. */
static bool is_held_up(const struct run_host *host)
{
	return host->gate >= 0 && !host->facts_sent;
}

static bool lacks_facts(const struct run_host *host)
{
	return host_live(host) && !host->late && host->facts_wanted && host->contacted
		&& !variables_has_facts(host->run->options.variables, host->inventory);
}

bool order_facts_to_come(const struct run_host *host)
{
	return lacks_facts(host) && !is_held_up(host);
}

bool order_facts_held_up(const struct run_host *host)
{
	return lacks_facts(host) && is_held_up(host);
}

void order_expect_facts(struct run_host *host)
{
	struct run *run = host->run;
	bool expected = run->begun && order_facts_to_come(host);

	if (expected == host->facts_expected)
		return;
	host->facts_expected = expected;
	if (expected) {
		run->facts_expected[host->bystander]++;
		if (!host->facts_sent && host->phase == HOST_IDLE)
			order_run(host);
	} else if (--run->facts_expected[host->bystander] == 0) {
		wake_all(&run->waiting_facts);
	}
}

void order_told(struct run_host *host)
{
	order_expect_facts(host);
	wake_all(&host->awaited);
}

void order_await(struct run_host *host, enum wait_kind kind, struct run_host *other,
	int64_t until)
{
	wait_in(host, &other->awaited, (struct wait){ .kind = kind, .on = other, .until = until });
}

bool order_await_facts(struct run_host *host)
{
	const struct run *run = host->run;

	/* A bystander holds a member back only with the very facts that are missing. */
	if (run->facts_expected[0] == 0 && (!host->bystander || run->facts_expected[1] == 0))
		return false;
	wait_in(host, &host->run->waiting_facts, (struct wait){ .kind = WAIT_FACTS });
	return true;
}

/* --- Includes --- */

void order_await_chosen(struct run_host *host)
{
	wait_end(host);
	host->wait.kind = WAIT_CHOSEN;
}

void order_decided(struct run_host *host)
{
	wait_end(host);
	order_turn(host);
}

/* --- Trying again --- */

void order_await_retry(struct run_host *host, int64_t until)
{
	wait_in(host, &host->run->waiting_retry, (struct wait){ .kind = WAIT_RETRY, .until = until });
}

void order_tick(struct run *run)
{
	struct run_host *next;

	for (struct run_host *host = run->waiting_retry; host; host = next) {
		next = host->wait.next;
		if (host->wait.until <= run->now)
			order_run(host);
	}
}

/* --- Only so many at a time --- */

/* The first one in the inventory. */
static void wake_slot(const struct unit *unit)
{
	struct run_host *first = unit->waiting;

	for (struct run_host *host = first; host; host = host->wait.next)
		first = host->index < first->index ? host : first;
	if (first)
		order_run(first);
}

bool order_take_slot(struct run_host *host, struct unit *unit, size_t most)
{
	if (host->slot == unit)
		return true;
	if (unit->slots < most) {
		unit->slots++;
		host->slot = unit;
		return true;
	}
	wait_in(host, &unit->waiting, (struct wait){ .kind = WAIT_SLOT });
	return false;
}

void order_leave_slot(struct run_host *host)
{
	struct unit *unit = host->slot;

	host->slot = NULL;
	if (!unit)
		return;
	unit->slots--;
	wake_slot(unit);
}

/* --- The end --- */

void order_end(struct run_host *host, enum host_phase phase)
{
	const struct event event = { .kind = EVENT_ENDED, .host = host };
	struct run *run = host->run;

	host->phase = phase;
	if (!run->begun)
		return;
	wait_end(host);
	order_leave_slot(host);
	run->live--;
	run->members_live -= !host->bystander;
	run->facts_heard += phase == HOST_OUT;
	run->moved++;
	order_told(host);
	event_push(&run->queue, &event);
}
