/* stage: as many of a host's units as can be filled in, sent in one message.
 *
 * It ends before a unit that needs what isn't known yet (a registered value, facts, what other
 * hosts publish), and behind one whose result is judged here. */
#include "plan/stage.h"

#include "module/params.h"

#include <string.h>

static void add_task(struct stage *stage, struct step *step)
{
	struct wire_task *task = stage_task(stage);

	*task = *step->item->task;
	task->id = step->id;
	step->target = stage->target;
	if (task->params && step->unit->module && params_want_host(step->unit->module))
		task->host = stage->host->name;
	/* Not becoming anyone: as who has logged in, also where the agent became root for others. */
	if (task->user && !*task->user)
		task->user = stage->target->user;
	for (size_t i = 0; i < step->item->named.count; i++)
		bodies_allow(stage->run->bodies, step->item->named.bodies[i], stage->host->index,
			stage->run->host_count);
	planned_expect(stage->run, stage->host, step, stage->arena, task);
	stage->bytes += step->item->bytes;
	stage->handlers = task->handler != NULL;
}

/* What a task will register and set, as long as it hasn't run. A task of several parts registers
 * once, with its last one. */
static void expect(struct stage *stage, const struct unit *unit, const struct filled *filled)
{
	struct run *run = stage->run;
	const char *name = unit->task->task->registers;

	if (name && units_is_last(unit, stage->host))
		variables_expect(run->options.variables, stage->host->inventory, name,
			value_unknown(stage->arena, &(struct cause){ .kind = CAUSE_RESULT, .name = filled->name }));
	for (size_t i = 0; i < filled->count; i++)
		facts_expect(run, stage->host, unit, &filled->items[i]);
}

/* In a dry run it isn't known now; else it never will be. */
static void decide_unknown(struct run_host *host, const struct module *module,
	struct filled_item *item)
{
	bool fails = module->decide && !(module->flags & MODULE_LOOKS) && !host_checks(host);

	item->kind = FILLED_RESULT;
	item->result = arena_alloc(host->arena, sizeof(*item->result));
	*item->result = (struct result){ .status = STATUS_MAY_CHANGE, .cause = item->cause };
	if (fails)
		*item->result = (struct result){ .status = STATUS_FAILED, .message = arena_printf(
			host->arena, "this needs what can't be known: %s", cause_text(host->arena, item->cause)),
			.code = EXPRESSION_UNKNOWN_YET->name };
}

static const struct cause whether_done = { .kind = CAUSE_DONE };

/* Whether the stage ends behind it: nothing may go on before its result is judged here. */
static bool add_filled(struct stage *stage, struct unit *unit, const struct filled *filled)
{
	const struct retrying *retrying = &stage->host->retrying;
	bool again = retrying->unit == unit, ends = filled->judge || filled->apart || filled->pause > 0;
	size_t first = again ? retrying->item : 0;
	size_t end = filled_one_by_one(filled) ? first + 1 : filled->count;

	if (stage->target)
		visit_at(stage->host, stage->target)->sent[unit->index] = !unit->task->handler;
	for (size_t i = 0; filled->asked.old && !stage->host->bystander && i < filled->asked.old->count;
			i++)
		known_note(stage->run, value_text(filled->asked.old->items[i]));
	if (!again)
		expect(stage, unit, filled);
	passed_note(stage->host, unit, filled);
	for (size_t i = first; i < end; i++) {
		struct step *step = order_step(stage->host, unit);

		step->filled = filled;
		step->item = &filled->items[i];
		step->last = i + 1 == filled->count;
		/* What is done each time would make all that follows uncertain. */
		if (stage->host->bystander && filled->items[i].kind == FILLED_RUN
				&& (unit->module->flags & MODULE_ACTION)) {
			filled->items[i].cause = &whether_done;
			filled->items[i].kind = FILLED_UNKNOWN;
		}
		if (filled->items[i].kind == FILLED_UNKNOWN) {
			decide_unknown(stage->host, unit->module, &filled->items[i]);
			ends = ends || unit->module->decide;
		}
		step->local = filled->items[i].kind == FILLED_RESULT;
		/* Without a node nothing was changed, so no handler is due. */
		if (!step->local && !stage->target) {
			step->local = true;
			filled->items[i].result = arena_alloc(stage->host->arena, sizeof(struct result));
			filled->items[i].result->status = STATUS_SKIPPED;
		}
		if (!step->local)
			add_task(stage, step);
		else if (stage->target)
			visit_at(stage->host, stage->target)->sent[unit->index] = false;
	}
	stage->any = true;
	return ends;
}

static void add_failed(struct stage *stage, struct unit *unit, const struct error *err)
{
	struct arena *arena = stage->host->arena;
	struct filled *filled = arena_alloc(arena, sizeof(*filled));
	struct result *result = arena_alloc(arena, sizeof(*result));

	filled->name = task_title(unit->task->task);
	filled->count = 1;
	filled->known = true;
	filled->items = arena_alloc(arena, sizeof(*filled->items));
	filled->items[0].kind = FILLED_RESULT;
	filled->items[0].result = result;
	result->status = STATUS_FAILED;
	result->message = err->place.line > 0 ? arena_printf(arena, "%s:%u:%u: %s", err->place.file,
		err->place.line, err->place.column, err->message) : arena_string(arena, err->message);
	result->code = err->code->name;
	if (err->remedy[0])
		result->remedy = arena_string(arena, err->remedy);
	add_filled(stage, unit, filled);
}

/* One whose facts are what is missing, of which this holds; NULL: there is none. */
static struct run_host *teller_of(const struct run *run, const struct filled *filled,
	bool (*holds)(const struct run_host *host))
{
	for (size_t i = 0; i < filled->count; i++) {
		const struct inventory_host *found = fill_missing_facts(run, filled->items[i].cause);
		struct run_host *host = found ? run->by_inventory[found->index] : NULL;

		if (host && holds(host))
			return host;
	}
	return NULL;
}

/* A bystander is waited for no longer than needed, if something is known of it. */
static bool await_facts(struct run *run, struct run_host *host, const struct filled *filled)
{
	struct run_host *teller = teller_of(run, filled, order_facts_to_come);

	if (!teller)
		return order_await_facts(host);
	if (teller->bystander)
		beside_await(host, WAIT_FACTS_OF, teller, known_of(run, teller->name, "facts") != NULL);
	else
		order_await(host, WAIT_FACTS_OF, teller, INT64_MAX);
	return true;
}

/* A unit whose values aren't all known: wait for what may tell them, or give up knowing. False, as of
 * all that follow: the stage ends before or behind it. */
static bool await_values(struct stage *stage, const struct filled *filled)
{
	struct run_host *host = stage->host;

	if (host->step_count > 0)
		return false;
	if (await_facts(stage->run, host, filled))
		return false;
	if (!order_is_open(host)) {
		order_wait(host);
		return false;
	}
	if (filled->asked.awaits) {
		beside_await(host, WAIT_TOLD, filled->asked.awaits, filled->asked.instead);
		return false;
	}
	return true;
}

/* Only in the run did it turn out whose facts are needed. */
static int facts_obtainable(const struct stage *stage, const struct filled *filled,
	struct error *err)
{
	const struct run_host *teller = teller_of(stage->run, filled, order_facts_held_up);

	if (!teller)
		return 0;
	error_set(err, TASK_WAITS_FOR_ITSELF, "this needs the facts of '%s', which can't be read now: "
		"'%s' waits until '%s' has done this task", teller->name, teller->name, stage->host->name);
	return error_remedy(err, "let an earlier task use a fact of '%s' by its name, so that they are "
		"read at the beginning", teller->name);
}

/* Before its turn the host may not know yet which variables it has. */
static bool run_gives_facts(const struct run *run, const struct run_host *host)
{
	return run->gives_facts && !order_is_open(host);
}

/* What other hosts have set counts once all have come to this unit. */
static int fill_here(struct stage *stage, struct unit *unit, const struct filled **ret_filled,
	struct error *err)
{
	struct variables *variables = stage->run->options.variables;
	struct run_host *host = stage->host;
	int result;

	if (unit->undo) {
		*ret_filled = fill_undo(stage->run, host, unit);
		return 0;
	}
	variables_set_early(variables, unit->early || run_gives_facts(stage->run, host));
	result = fill_unit(stage->run, host, unit, ret_filled, err);
	if (result == 0 && !(*ret_filled)->known && order_is_open(host)) {
		variables_set_turn(variables, unit_turn(unit));
		variables_set_early(variables, unit->early);
		result = fill_unit(stage->run, host, unit, ret_filled, err);
		variables_set_turn(variables, TURN_NONE);
	}
	variables_set_early(variables, false);
	return result;
}

/* To the next unit; false: what comes next isn't known before all before has passed. */
static bool go_ahead(struct run_host *host)
{
	struct position next;

	if (!schedule_next(host->run->schedule, host->cursor, host->ahead, &next))
		return false;
	host->ahead = next;
	return true;
}

static bool fail_unit(struct stage *stage, struct unit *unit, const struct error *err)
{
	add_failed(stage, unit, err);
	stage->host->halted = true;
	return false;
}

static void add_flush(struct stage *stage)
{
	*stage_task(stage) = (struct wire_task){ .id = ++stage->host->ids, .kind = TASK_FLUSH };
	stage->any = true;
	stage->handlers = false;
}

/* What is about the run, and isn't skipped, may let the host go on elsewhere. */
static bool leads_elsewhere(const struct unit *unit, const struct filled *filled)
{
	return unit->task->task->meta && !filled->items[0].skipped;
}

/* Whether it is decided already that it fails: the node isn't asked for more. */
static bool fails_here(const struct filled *filled)
{
	for (size_t i = 0; i < filled->count; i++) {
		const struct filled_item *item = &filled->items[i];

		if (item->kind == FILLED_RESULT && item->result->status == STATUS_FAILED)
			return true;
	}
	return false;
}

/* What needs no node is told by the controller, whoever is to do it. */
static bool delegates_at(const struct unit *unit)
{
	return unit->task->task->delegate_to && !unit->undo && !(unit->module->flags & MODULE_CONTROLLER);
}

/* throttle: nothing is done in a dry run, nor where a task is skipped. */
static bool is_throttled(const struct run_host *host, const struct filled *filled)
{
	bool runs = false;

	for (size_t i = 0; filled->throttle > 0 && i < filled->count; i++)
		runs = runs || filled->items[i].kind == FILLED_RUN;
	return runs && !filled->check && !host->bystander;
}

static bool take_slot(struct stage *stage, struct unit *unit, const struct filled *filled)
{
	if (stage->any || stage->host->step_count > 0)
		return false;
	if (order_is_open(stage->host))
		return order_take_slot(stage->host, unit, (size_t)filled->throttle);
	order_wait(stage->host);
	return false;
}

static bool add_unit(struct stage *stage, struct unit *unit)
{
	struct run_host *host = stage->host;
	bool delegates = delegates_at(unit) && !host->bystander;
	const struct filled *filled;
	struct error err = {0};
	bool ends;

	if (host->retrying.unit == unit && host->retrying.at > stage->run->now) {
		order_await_retry(host, host->retrying.at);
		return false;
	}
	if (passed_over(stage->run, host, unit)) {
		host->halted = !go_ahead(host);
		return !host->halted;
	}
	if ((unit->barrier || unit->run_once) && host->step_count > 0)
		return false;
	if ((unit->barrier || unit->run_once) && !order_is_open(host)) {
		order_wait(host);
		return false;
	}
	if (stage->any && (stage->bytes > STAGE_BYTES_MOST || unit->play->free != stage->free
			|| (unit->undo && visit_undone(host, unit)->owner)))
		return false;
	if (!stage_facts(stage, unit) || (!delegates && !stage_target(stage, unit, NULL, &err)))
		return err.kind != ERROR_NONE && fail_unit(stage, unit, &err);
	if (fill_here(stage, unit, &filled, &err) < 0) {
		if (host->step_count > 0)
			return false;
		/* The run is about to be told. */
		if (err.kind == ERROR_INTERRUPTED)
			return false;
		return fail_unit(stage, unit, &err);
	}
	if (!filled->known) {
		if (!await_values(stage, filled))
			return false;
		if (facts_obtainable(stage, filled, &err) < 0)
			return fail_unit(stage, unit, &err);
	} else if (unit->task->task->include) {
		include_choose(host, filled);
		return false;
	}
	if (delegates && !stage_target(stage, unit, filled, &err))
		return err.kind != ERROR_NONE && fail_unit(stage, unit, &err);
	if (is_throttled(host, filled) && !take_slot(stage, unit, filled))
		return false;
	if (unit->undo)
		stage->owner = visit_undone(host, unit)->owner;
	ends = add_filled(stage, unit, filled) || stage->owner || unit->run_once || leads_elsewhere(unit, filled)
		|| is_throttled(host, filled);
	if ((unit->run_once || is_throttled(host, filled)) && unit->task->handler && stage->target)
		add_flush(stage);
	host->halted = ends || fails_here(filled) || !go_ahead(host);
	return !host->halted && !(stage->target && stage->target->shared);
}

static bool only_handlers(const struct stage *stage)
{
	for (size_t i = 0; i < stage->task_count; i++) {
		if (!stage->tasks[i].handler && stage->tasks[i].kind != TASK_FLUSH)
			return false;
	}
	return true;
}

/* All that the host has to do is known by now. */
static bool is_last(const struct run_host *host)
{
	return !host->ahead.batch && !host->halted;
}

/* Handlers alone aren't worth a message, if nothing can have notified them. A host without any task
 * is asked once what it has. One that was sent something learns that nothing more comes. */
static bool is_worth_sending(const struct stage *stage)
{
	const struct run_host *host = stage->host;

	return (stage->task_count > 0 && (host->step_count > 0 || !only_handlers(stage)))
		|| (host->left && stage->target && !visit_at(stage->host, stage->target)->asked);
}

/* With the last stage the node can say what no task declares any more. */
static void add_last(struct stage *stage, struct wire_stage *message)
{
	struct whole *whole;

	visit_at(stage->host, stage->target)->last = true;
	message->last = true;
	if (stage->host->bystander && !stage->host->left)
		return;
	if (stage->run->options.undo == UNDO_ALL || stage->run->options.look
			|| stage->run->options.resume)
		return;
	whole = arena_alloc(stage->arena, sizeof(*whole));
	whole->unseen = value_list(stage->arena);
	whole->unsure = value_list(stage->arena);
	declare_all(stage->run, stage->host, stage->target, false, stage->arena, whole->unseen,
		whole->unsure);
	message->whole = whole;
}

static void keep_text(const struct stage *stage, struct wire_stage *message)
{
	const struct run_host *host = stage->host;
	const struct value *seal = stage->target->seal;

	if (!seal || stage->target->host != host)
		return;
	bodies_allow(stage->run->bodies, stage->run->text, host->index, stage->run->host_count);
	message->text = body_digest(stage->run->text);
	message->seal = (struct bytes){ seal->text, seal->size };
}

static void send(struct stage *stage, bool last)
{
	const struct run_options *options = &stage->run->options;
	struct run_host *host = stage->host;
	struct visit *visit = visit_at(host, stage->target);
	struct wire_stage *message = arena_alloc(stage->arena, sizeof(*message));

	if (stage->handlers)
		add_flush(stage);
	*message = (struct wire_stage){
		.apply = !host_checks(host),
		.diff = host_shows_diff(host),
		.free = stage->free,
		.project = options->project,
		.playbook = stage->owner ? stage->owner : target_owner(host, stage->target),
		.formerly = options->formerly,
		.run = options->run,
		.revision = options->revision,
		.who = options->who,
		.login = stage->target->user,
		.time = options->time,
		.lock_wait = options->lock_wait,
		.notified = visit->notified,
		.dropped = visit->dropped,
		.tasks = stage->tasks,
		.task_count = stage->task_count,
	};
	due_sent(host, visit);
	keep_text(stage, message);
	if (last)
		add_last(stage, message);
	host->phase = HOST_BUSY;
	host->target = stage->target;
	visit->asked = true;
	stage->target->worker = host;
	stage->target->taken = stage->target->busy = true;
	effect_send(stage->target, FRAME_STAGE, message, stage->arena);
}

/* A flush goes where the handlers before it went. */
static bool add_unit_or_flush(struct stage *stage, struct unit *unit)
{
	struct run_host *host = stage->host;

	if (unit->task)
		return add_unit(stage, unit);
	if (!stage->target && host->contacted && host->home->state == TARGET_READY
			&& !host->visits->next && !host->home->shared)
		stage->target = host->home;
	if (stage->target)
		add_flush(stage);
	host->halted = !go_ahead(host);
	return true;
}

static void fill_stage(struct stage *stage)
{
	struct run *run = stage->run;
	struct run_host *host = stage->host;

	while (host->ahead.batch && !host->halted) {
		struct unit *unit = run->units[host->ahead.unit->index];

		if (!schedule_begun(run->schedule, host->ahead.batch)) {
			order_wait(host);
			return;
		}
		if (!stage->any)
			stage->free = unit->play->free;
		if (!add_unit_or_flush(stage, unit))
			return;
	}
}

/* Tells the next of its targets that nothing more comes; false: all are told. */
static bool send_last(struct stage *stage)
{
	const struct visit *visit = visit_unfinished(stage->host);

	if (!visit)
		return false;
	stage->target = visit->target;
	if (target_ready(stage->target, stage->host))
		send(stage, true);
	return true;
}

static void go_on(struct stage *stage)
{
	struct run_host *host = stage->host;

	fill_stage(stage);
	if (!stage->target && host->left && !host->visits->asked) {
		stage->target = host->home;
		if (!target_ready(stage->target, host))
			return;
	}
	if (is_worth_sending(stage)) {
		send(stage, is_last(host));
		return;
	}
	if (host->target && is_last(host) && host->wait.kind == WAIT_NOTHING
			&& (host->cursor->state == CURSOR_DONE || !(host->visits->next
			|| host->target->shared)) && send_last(stage))
		return;
	if (host->cursor->state == CURSOR_DONE)
		order_end(host, HOST_DONE);
}

void on_runnable(struct run *run, const struct event *event)
{
	struct run_host *host = event->host;
	struct stage stage = { .run = run, .host = host };

	host->queued = false;
	if (host->phase != HOST_IDLE)
		return;
	if (run->stopped) {
		turn_take_all(run, host);
		leave(host);
		return;
	}
	if (host->slot != host->cursor->at.unit)
		order_leave_slot(host);
	stage.arena = arena_new();
	go_on(&stage);
	if (host->phase != HOST_BUSY)
		arena_free(stage.arena);
	targets_leave(host);
	if (host_live(host))
		order_turn(host);
}
