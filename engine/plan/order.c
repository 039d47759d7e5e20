/* order: where hosts stand and for what they wait, so that many hosts far apart keep the order of
 * the playbook. */
#include "plan/state.h"

int64_t order_position(const struct run *run, const struct run_host *host)
{
	if (!host_live(host))
		return UNIT_NEVER;
	if (host->step_count > 0)
		return host->steps[host->step_first].unit->index;
	return units_next(run, host, host->cursor);
}

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

static void wake(struct run_host *host)
{
	const struct event event = { .kind = EVENT_GATE, .host = host };

	if (host->phase != HOST_BUSY) {
		order_run(host);
		return;
	}
	wait_end(host);
	event_push(&host->run->queue, &event);
}

static void wake_all(struct run_host **list)
{
	while (*list)
		wake(*list);
}

/* --- The front: where the last ones stand --- */

static struct front *front_of(struct run_host *host)
{
	return &host->run->fronts[host->bystander ? FRONT_ALL : FRONT_MEMBERS];
}

void order_wait(struct run_host *host, int64_t unit)
{
	wait_in(host, &front_of(host)->waiting[unit], (struct wait){ .kind = WAIT_OPEN });
}

bool order_is_open(struct run_host *host, int64_t unit)
{
	order_note(host);
	return front_of(host)->lowest >= unit;
}

static void front_set_lowest(const struct run *run, struct front *front, int64_t lowest)
{
	int64_t old = front->lowest;

	front->lowest = lowest;
	for (int64_t i = old; i < lowest && i < (int64_t)run->unit_count; i++)
		wake_all(&front->waiting[i + 1]);
}

static void front_move(const struct run *run, struct front *front, int64_t from, int64_t to)
{
	int64_t lowest = front->lowest;

	if (from != UNIT_NEVER)
		front->count[from]--;
	if (to != UNIT_NEVER)
		front->count[to]++;
	if (to < lowest)
		lowest = to;
	while (lowest <= (int64_t)run->unit_count && front->count[lowest] == 0)
		lowest++;
	front_set_lowest(run, front, lowest > (int64_t)run->unit_count ? UNIT_NEVER : lowest);
}

/* Nobody waits for those that are only looked at but they themselves, and not for ever. */
static bool holds(const struct run_host *host, enum front_kind front)
{
	return !host->bystander || (front == FRONT_ALL && !host->late);
}

bool order_tells(const struct run *run, const struct run_host *host, int64_t unit)
{
	if (!run->begun)
		return host->phase != HOST_OUT;
	return host_live(host) && !host->late && order_position(run, host) < unit;
}

void order_note(struct run_host *host)
{
	struct run *run = host->run;
	int64_t position = order_position(run, host);
	struct run_host *next;

	for (enum front_kind i = FRONT_MEMBERS; i < FRONT_END; i++) {
		int64_t at = holds(host, i) ? position : UNIT_NEVER;

		if (at != host->at[i])
			front_move(run, &run->fronts[i], host->at[i], at);
		host->at[i] = at;
	}
	for (struct run_host *waiter = host->awaited; waiter; waiter = next) {
		next = waiter->wait.next;
		if (waiter->wait.kind == WAIT_TOLD && !order_tells(run, host, waiter->cursor))
			wake(waiter);
	}
}

void order_begin(struct run *run)
{
	run->begun = true;
	for (enum front_kind i = FRONT_MEMBERS; i < FRONT_END; i++) {
		struct front *front = &run->fronts[i];

		front->lowest = UNIT_NEVER;
		front->count = arena_array(run->arena, run->unit_count + 1, sizeof(*front->count));
		front->waiting = arena_array(run->arena, run->unit_count + 1, sizeof(*front->waiting));
	}
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];

		run->live += host_live(host);
		run->members_live += host_live(host) && !host->bystander;
		for (enum front_kind k = FRONT_MEMBERS; k < FRONT_END; k++)
			host->at[k] = UNIT_NEVER;
		order_note(host);
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

/* --- The end --- */

void order_end(struct run_host *host, enum host_phase phase)
{
	const struct event event = { .kind = EVENT_ENDED, .host = host };
	struct run *run = host->run;

	host->phase = phase;
	if (!run->begun)
		return;
	wait_end(host);
	run->live--;
	run->members_live -= !host->bystander;
	run->facts_heard += phase == HOST_OUT;
	order_note(host);
	order_told(host);
	event_push(&run->queue, &event);
}
