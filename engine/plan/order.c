/* order: who may go on, so that many hosts far apart keep the order of the playbook. */
#include "plan/state.h"

int64_t order_position(const struct run *run, const struct run_host *host)
{
	if (!host_live(host))
		return UNIT_NEVER;
	if (host->step_count > 0)
		return host->steps[host->step_first].unit->index;
	return units_next(run, host, host->cursor);
}

/* Nobody waits for those that are only looked at but they themselves, and not for ever. */
static bool holds(const struct run_host *other, bool bystander)
{
	return !other->bystander || (bystander && !other->late);
}

bool order_all_passed(const struct run *run, const struct run_host *except, int64_t unit)
{
	for (size_t i = 0; i < run->host_count; i++) {
		const struct run_host *other = &run->hosts[i];

		if (other != except && holds(other, except->bystander)
				&& order_position(run, other) < unit)
			return false;
	}
	return true;
}

/* The two lowest positions: of all hosts but one, the lowest is the first, or the second if that
 * one is it. */
struct lowest {
	int64_t first, second;
	const struct run_host *host;
};

static struct lowest find_lowest(const struct run *run, bool bystander)
{
	struct lowest lowest = { .first = UNIT_NEVER, .second = UNIT_NEVER };

	for (size_t i = 0; i < run->host_count; i++) {
		int64_t position = UNIT_NEVER;

		if (holds(&run->hosts[i], bystander))
			position = order_position(run, &run->hosts[i]);
		if (position < lowest.first) {
			lowest.second = lowest.first;
			lowest.first = position;
			lowest.host = &run->hosts[i];
		} else if (position < lowest.second) {
			lowest.second = position;
		}
	}
	return lowest;
}

static int64_t lowest_other(const struct lowest *lowest, const struct run_host *host)
{
	return lowest->host == host ? lowest->second : lowest->first;
}

static void answer_gate(struct run *run, struct run_host *host, bool go)
{
	struct arena *arena = arena_new();
	struct value *reply = value_map(arena);

	value_set_integer(arena, reply, "id", host->gate);
	value_set_bool(arena, reply, "go", go);
	host->gate = -1;
	if (go && host->step_count > 0)
		result_announce(run, host->steps[host->step_first].unit->task);
	fleet_send(host->fleet, FRAME_REPLY, reply);
	arena_free(arena);
}

static bool may_continue(const struct run *run, const struct run_host *host, int64_t others)
{
	if (host->facts_wanted && !host->facts_sent && host->fleet)
		return true;
	if (host->waits_facts)
		return host->heard != run->facts_heard;
	if (host->awaits)
		return !beside_tells(run, host->awaits, host->cursor);
	return host->waits && others >= host->cursor;
}

/* One round over all hosts; whether anything happened. */
static bool poll_once(struct run *run)
{
	struct lowest of_members = find_lowest(run, false), of_all = of_members;
	bool happened = false;

	if (run->bystander_count > 0)
		of_all = find_lowest(run, true);

	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];
		int64_t others = lowest_other(host->bystander ? &of_all : &of_members, host);

		if (!host_live(host))
			continue;
		if (host->gate >= 0 && (run->stopped || host_stops(host)
				|| others >= host->gate_unit)) {
			answer_gate(run, host, !run->stopped && !host_stops(host));
			happened = true;
		} else if (host->phase == HOST_IDLE && may_continue(run, host, others)) {
			host->waits = host->waits_facts = false;
			host->awaits = NULL;
			stage_continue(run, host);
			happened = true;
		}
	}
	return happened;
}

/* A host that has offered something stays until nobody can ask for it any more. */
static void close_idle(struct run *run)
{
	bool live = false;

	for (size_t i = 0; i < run->host_count; i++)
		live = live || host_live(&run->hosts[i]);
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];

		if (!run_connected(host) || host_live(host) || (live && host->published
				&& host->phase == HOST_DONE))
			continue;
		host->closed = true;
		fleet_close(host->fleet);
	}
}

void order_poll(struct run *run)
{
	if (run->polling)
		return;
	run->polling = true;
	while (poll_once(run))
		;
	close_idle(run);
	run->polling = false;
}
