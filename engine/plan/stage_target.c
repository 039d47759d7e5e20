/* stage_target: where the next unit of a host is done, and whether it can go there now. */
#include "plan/stage.h"

/* Its own task, in front of the unit that reads facts. */
static void add_setup(struct stage *stage, struct unit *unit)
{
	struct step *step = order_step(stage->host, unit);

	stage->host->facts_sent = true;
	step->setup = true;
	step->target = stage->target;
	*stage_task(stage) = (struct wire_task){ .id = step->id, .module = stage->run->setup->name,
		.params = "{}", .name = "facts", .results = true };
	stage->any = true;
}

static bool fail_target(struct stage *stage, struct unit *unit, const struct target *target)
{
	struct run_host *host = stage->host;
	const struct event event = { .kind = EVENT_LOST, .target = (struct target *)target,
		.host = host, .error = target->lost };

	(void)unit;
	order_wait_for(host, (struct target *)target);
	event_push(&stage->run->queue, &event);
	return false;
}

/* Whether the next unit can be done there, in this stage. A host goes on to another target when
 * all before has passed: what came of it may be what is needed there. */
static bool go_to(struct stage *stage, struct unit *unit, struct target *target)
{
	struct run_host *host = stage->host;
	bool moves = host->target && host->target != target;

	if (stage->target && stage->target != target)
		return false;
	if (stage->any && (target->shared || moves))
		return false;
	if ((moves || target->shared) && !order_is_open(host)) {
		if (host->step_count == 0)
			order_wait(host);
		return false;
	}
	if (target->state == TARGET_GONE)
		return fail_target(stage, unit, target);
	visit_at(host, target);
	if (!target_ready(target, host))
		return false;
	stage->target = target;
	return true;
}

bool stage_facts(struct stage *stage, struct unit *unit)
{
	struct run_host *host = stage->host;

	if (!host->facts_wanted || host->facts_sent || !host->contacted)
		return true;
	if (!go_to(stage, unit, host->home))
		return false;
	add_setup(stage, unit);
	return true;
}

/* What must be known to say where it is done. */
static bool await_target(struct stage *stage, const struct cause *cause, struct error *err)
{
	if (stage->host->step_count > 0)
		return false;
	if (!order_is_open(stage->host)) {
		order_wait(stage->host);
		return false;
	}
	error_set(err, PLAYBOOK_TARGET_UNKNOWN, "where this is to be done can't be known: %s",
		cause_text(stage->host->arena, cause));
	return false;
}

/* The item that is to be sent next, and whose target says where; NULL: that is known without. */
static const struct filled_item *next_item(const struct run_host *host, const struct unit *unit,
	const struct filled *filled)
{
	size_t first = host->retrying.unit == unit ? host->retrying.item : 0;

	while (first + 1 < filled->count && !filled_one_by_one(filled)
			&& filled->items[first].kind != FILLED_RUN)
		first++;
	return &filled->items[first];
}

bool stage_target(struct stage *stage, struct unit *unit, const struct filled *filled,
	struct error *err)
{
	const struct filled_item *item = filled ? next_item(stage->host, unit, filled) : NULL;
	struct run_host *host = stage->host;
	struct target *target;
	const struct cause *cause;

	if (!host->contacted || (item && item->kind != FILLED_RUN))
		return true;
	target = item ? target_of_item(stage->run, host, unit, item->delegate, &cause, err)
		: target_at(stage->run, host, unit, &cause, err);
	/* What is sent already comes first. */
	if (err->kind != ERROR_NONE && host->step_count > 0)
		*err = (struct error){0};
	else if (err->kind == ERROR_NONE && cause)
		return await_target(stage, cause, err);
	else if (err->kind == ERROR_NONE)
		return !target || go_to(stage, unit, target);
	return false;
}
