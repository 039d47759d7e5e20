/* stage: as many of a host's units as can be filled in, sent in one message.
 *
 * It ends before a unit that needs what isn't known yet (a registered value, facts, what other
 * hosts publish), and behind one whose result is judged here. */
#include "plan/state.h"

#include <string.h>

struct stage {
	struct run *run;
	struct run_host *host;
	struct arena *arena;
	struct value *tasks;
	size_t bytes;
	bool free;                 /* of the play of its first unit */
	bool any;                  /* a unit is in it */
};

enum progress { PROGRESS_ON, PROGRESS_END, PROGRESS_WAIT };

struct step *stage_first_step(struct run_host *host)
{
	return host->step_count > 0 ? &host->steps[host->step_first] : NULL;
}

static struct step *step_add(struct run_host *host, struct unit *unit)
{
	struct step *step;

	if (host->step_count == 0)
		host->step_first = 0;
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

/* Its own task, in front of the unit that reads facts. */
static void add_setup(struct stage *stage, struct unit *unit)
{
	struct value *task = value_map(stage->arena);
	struct step *step = step_add(stage->host, unit);

	stage->host->facts_sent = true;
	step->setup = true;
	value_set_integer(stage->arena, task, "id", step->id);
	value_set_string(stage->arena, task, "module", stage->run->setup->name);
	value_set_string(stage->arena, task, "params", "{}");
	value_set_string(stage->arena, task, "name", "facts");
	value_set_bool(stage->arena, task, "results", true);
	value_append(stage->arena, stage->tasks, task);
	stage->any = true;
}

static const char *login_user(const struct run_host *host)
{
	return host->user;
}

static void add_task(struct stage *stage, struct step *step)
{
	struct value *task = value_copy(stage->arena, step->item->task);
	const char *user = value_get_string(task, "user");

	/* Not becoming anyone: as who has logged in, also where the agent became root for others. */
	if (user && !*user)
		value_set_string(stage->arena, task, "user", login_user(stage->host));
	for (size_t i = 0; i < step->item->named.count; i++)
		bodies_allow(stage->run->bodies, step->item->named.bodies[i], stage->host->index,
			stage->run->host_count);
	planned_expect(stage->run, stage->host, step, stage->arena, task);
	value_set_integer(stage->arena, task, "id", step->id);
	value_append(stage->arena, stage->tasks, task);
	stage->bytes += step->item->bytes;
}

/* What a task will register and set, as long as it hasn't run. A task of several parts registers
 * once, with its last one. */
static void expect(struct stage *stage, const struct unit *unit, const struct filled *filled)
{
	struct run *run = stage->run;
	const char *name = unit->task->task->registers;
	int64_t next = units_next(run, stage->host, unit->index + 1);

	if (name && (next >= (int64_t)run->unit_count || run->units[next]->task != unit->task))
		variables_expect(run->options.variables, stage->host->inventory, name,
			value_unknown(stage->arena, arena_printf(stage->arena, "the result of '%s'",
				filled->name)));
	for (size_t i = 0; i < filled->count; i++)
		facts_expect(run, stage->host, unit, &filled->items[i]);
}

/* In a dry run it isn't known now; else it never will be. */
static void decide_unknown(struct run_host *host, const struct module *module,
	struct filled_item *item)
{
	bool fails = module->decide && !(module->flags & MODULE_LOOKS) && !host_checks(host);

	item->kind = FILLED_RESULT;
	item->result = value_map(host->arena);
	value_set_string(host->arena, item->result, "status", fails ? "failed" : "may_change");
	if (fails)
		value_set_string(host->arena, item->result, "message", arena_printf(host->arena,
			"this needs what can't be known: %s", item->cause));
	else
		value_set_string(host->arena, item->result, "cause", item->cause);
}

/* Whether the stage ends behind it: nothing may go on before its result is judged here. */
static bool add_filled(struct stage *stage, struct unit *unit, const struct filled *filled)
{
	bool ends = filled->judge;

	stage->host->sent[unit->index] = !unit->task->handler;
	for (size_t i = 0; filled->asked.old && !stage->host->bystander && i < filled->asked.old->count;
			i++)
		known_note(stage->run, value_text(filled->asked.old->items[i]));
	expect(stage, unit, filled);
	passed_note(stage->host, unit, filled);
	for (size_t i = 0; i < filled->count; i++) {
		struct step *step = step_add(stage->host, unit);

		step->filled = filled;
		step->item = &filled->items[i];
		step->last = i + 1 == filled->count;
		/* What is done each time would make all that follows uncertain. */
		if (stage->host->bystander && filled->items[i].kind == FILLED_RUN
				&& (unit->module->flags & MODULE_ACTION)) {
			filled->items[i].cause = "whether it is done";
			filled->items[i].kind = FILLED_UNKNOWN;
		}
		if (filled->items[i].kind == FILLED_UNKNOWN) {
			decide_unknown(stage->host, unit->module, &filled->items[i]);
			ends = ends || unit->module->decide;
		}
		step->local = filled->items[i].kind == FILLED_RESULT;
		/* Without a node nothing was changed, so no handler is due. */
		if (!step->local && !stage->host->contacted) {
			step->local = true;
			filled->items[i].result = value_map(stage->host->arena);
			value_set_string(stage->host->arena, filled->items[i].result, "status", "skipped");
		}
		if (!step->local)
			add_task(stage, step);
		else
			stage->host->sent[unit->index] = false;
	}
	stage->any = true;
	return ends;
}

static void add_failed(struct stage *stage, struct unit *unit, const struct error *err)
{
	struct arena *arena = stage->host->arena;
	struct filled *filled = arena_alloc(arena, sizeof(*filled));
	struct value *result = value_map(arena);

	filled->name = task_title(unit->task->task);
	filled->count = 1;
	filled->known = true;
	filled->items = arena_alloc(arena, sizeof(*filled->items));
	filled->items[0].kind = FILLED_RESULT;
	filled->items[0].result = result;
	value_set_string(arena, result, "status", "failed");
	value_set_string(arena, result, "message", err->place.line > 0
		? arena_printf(arena, "%s:%u:%u: %s", err->place.file, err->place.line,
			err->place.column, err->message) : err->message);
	if (err->remedy[0])
		value_set_string(arena, result, "remedy", err->remedy);
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

/* A unit whose values aren't all known: wait for what may tell them, or give up knowing. */
static enum progress await_values(struct stage *stage, struct unit *unit,
	const struct filled *filled)
{
	struct run_host *host = stage->host;

	if (host->step_count > 0)
		return PROGRESS_END;
	if (await_facts(stage->run, host, filled))
		return PROGRESS_WAIT;
	if (!order_is_open(host, unit->index)) {
		order_wait(host, unit->index);
		return PROGRESS_WAIT;
	}
	if (filled->asked.awaits) {
		beside_await(host, WAIT_TOLD, filled->asked.awaits, filled->asked.instead);
		return PROGRESS_WAIT;
	}
	return PROGRESS_ON;
}

/* Only in the run did it turn out whose facts are needed. */
static int facts_obtainable(const struct stage *stage, const struct filled *filled,
	struct error *err)
{
	const struct run_host *teller = teller_of(stage->run, filled, order_facts_held_up);

	if (!teller)
		return 0;
	error_set(err, ERROR_TASK, "this needs the facts of '%s', which can't be read now: '%s' waits "
		"until '%s' has done this task", teller->name, teller->name, stage->host->name);
	return error_remedy(err, "let an earlier task use a fact of '%s' by its name, so that they are "
		"read at the beginning", teller->name);
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
	variables_set_early(variables, unit->early);
	result = fill_unit(stage->run, host, unit, ret_filled, err);
	if (result == 0 && !(*ret_filled)->known && host->step_count == 0
			&& order_is_open(host, unit->index)) {
		variables_set_turn(variables, unit->index);
		result = fill_unit(stage->run, host, unit, ret_filled, err);
		variables_set_turn(variables, TURN_NONE);
	}
	variables_set_early(variables, false);
	return result;
}

static void pass_over(struct stage *stage, struct unit *unit)
{
	struct run *run = stage->run;
	int64_t next = units_next(run, stage->host, unit->index + 1);

	stage->host->cursor = unit->index + 1;
	if (!stage->host->bystander && (next >= (int64_t)run->unit_count
			|| run->units[next]->task != unit->task))
		announce_less(run, unit->task);
}

static enum progress fail_unit(struct stage *stage, struct unit *unit, const struct error *err)
{
	add_failed(stage, unit, err);
	stage->host->cursor = unit->index + 1;
	return PROGRESS_END;
}

static enum progress add_unit(struct stage *stage, struct unit *unit)
{
	struct run_host *host = stage->host;
	const struct filled *filled;
	struct error err = {0};
	bool ends;

	if (passed_over(stage->run, host, unit)) {
		pass_over(stage, unit);
		return PROGRESS_ON;
	}
	if (host->facts_wanted && !host->facts_sent && host->contacted)
		add_setup(stage, unit);
	if (unit->barrier && host->step_count > 0)
		return PROGRESS_END;
	if (unit->barrier && !order_is_open(host, unit->index)) {
		order_wait(host, unit->index);
		return PROGRESS_WAIT;
	}
	if (stage->any && (stage->bytes > STAGE_BYTES_MOST || unit->play->free != stage->free))
		return PROGRESS_END;
	if (fill_here(stage, unit, &filled, &err) < 0) {
		if (host->step_count > 0)
			return PROGRESS_END;
		/* The run is about to be told. */
		if (err.kind == ERROR_INTERRUPTED)
			return PROGRESS_WAIT;
		return fail_unit(stage, unit, &err);
	}
	if (!filled->known) {
		enum progress progress = await_values(stage, unit, filled);

		if (progress != PROGRESS_ON)
			return progress;
		if (facts_obtainable(stage, filled, &err) < 0)
			return fail_unit(stage, unit, &err);
	}
	ends = add_filled(stage, unit, filled);
	host->cursor = unit->index + 1;
	return ends ? PROGRESS_END : PROGRESS_ON;
}

static void add_flush(struct stage *stage)
{
	struct value *task = value_map(stage->arena);

	value_set_integer(stage->arena, task, "id", ++stage->host->ids);
	value_set_bool(stage->arena, task, "flush", true);
	value_append(stage->arena, stage->tasks, task);
	stage->any = true;
}

static bool only_handlers(const struct stage *stage)
{
	for (size_t i = 0; i < stage->tasks->count; i++) {
		if (!value_get_string(stage->tasks->items[i], "handler")
				&& !value_get_bool(stage->tasks->items[i], "flush"))
			return false;
	}
	return true;
}

/* Handlers alone aren't worth a message, if nothing can have notified them. A host without any task
 * is asked once what it has. */
static bool is_worth_sending(const struct stage *stage)
{
	return (stage->tasks->count > 0 && (stage->host->step_count > 0 || !only_handlers(stage)))
		|| (stage->host->left && !stage->host->asked);
}

/* With the last stage the node can say what no task declares any more. */
static void add_last(struct stage *stage, struct value *body)
{
	struct value *whole = value_map(stage->arena), *unseen = value_list(stage->arena);
	struct value *unsure = value_list(stage->arena);

	value_set_bool(stage->arena, body, "last", true);
	if (stage->host->bystander && !stage->host->left)
		return;
	if (stage->run->options.undo == UNDO_ALL || stage->run->options.look
			|| stage->run->options.resume)
		return;
	declare_all(stage->run, stage->host, false, stage->arena, unseen, unsure);
	if (unseen->count > 0)
		value_set(stage->arena, whole, "unseen", unseen);
	if (unsure->count > 0)
		value_set(stage->arena, whole, "unsure", unsure);
	value_set(stage->arena, body, "whole", whole);
}

static void send(struct stage *stage)
{
	const struct run_options *options = &stage->run->options;
	struct arena *arena = stage->arena;
	struct value *body = value_map(arena);
	struct run_host *host = stage->host;

	value_set_string(arena, body, "mode", host_checks(host) ? "check" : "apply");
	value_set_bool(arena, body, "diff", host_shows_diff(host));
	value_set_string(arena, body, "project", options->project);
	value_set_string(arena, body, "playbook", options->owner);
	value_set_string(arena, body, "formerly", options->formerly);
	value_set_string(arena, body, "run", options->run);
	value_set_string(arena, body, "revision", options->revision);
	value_set_string(arena, body, "who", options->who);
	value_set_string(arena, body, "login", login_user(host));
	value_set_bool(arena, body, "free", stage->free);
	if (host->notified)
		value_set(arena, body, "notified", host->notified);
	host->notified = NULL;
	if (host->dropped)
		value_set(arena, body, "dropped", host->dropped);
	host->dropped = NULL;
	if (options->lock_wait > 0)
		value_set_integer(arena, body, "lock_wait", options->lock_wait);
	value_set(arena, body, "tasks", stage->tasks);
	value_set_integer(arena, body, "time", options->time);
	if (stage->host->seal) {
		bodies_allow(stage->run->bodies, stage->run->text, host->index, stage->run->host_count);
		value_set_string(arena, body, "text", body_digest(stage->run->text));
		value_set(arena, body, "seal", host->seal);
	}
	if (host->cursor >= (int64_t)stage->run->unit_count && !host->failed)
		add_last(stage, body);
	host->phase = HOST_BUSY;
	host->asked = true;
	effect_send(host, FRAME_STAGE, body, arena);
}

/* Of one that failed only handlers run. */
static bool is_at_end(const struct run_host *host)
{
	return host->failed && host->cursor > host->last_unit;
}

static enum progress fill_stage(struct stage *stage)
{
	struct run *run = stage->run;
	struct run_host *host = stage->host;

	for (;;) {
		struct unit *unit;
		enum progress progress;

		host->cursor = units_next(run, host, host->cursor);
		if (host->cursor >= (int64_t)run->unit_count || is_at_end(host))
			return PROGRESS_END;
		unit = run->units[host->cursor];
		if (!stage->any)
			stage->free = unit->play->free;
		if (!unit->task) {
			if (host->contacted)
				add_flush(stage);
			host->cursor++;
			continue;
		}
		progress = add_unit(stage, unit);
		if (progress != PROGRESS_ON)
			return progress;
	}
}

/* What is decided here is taken; of an idle host that may be its end. */
static void go_on(struct run *run, struct run_host *host)
{
	const struct event local = { .kind = EVENT_LOCAL, .host = host };
	const struct step *first = stage_first_step(host);

	if (first && first->local)
		event_push(&run->queue, &local);
	if (first || host->phase != HOST_IDLE)
		return;
	if (is_at_end(host))
		leave(host);
	else if (units_next(run, host, host->cursor) >= (int64_t)run->unit_count)
		order_end(host, HOST_DONE);
	else
		order_run(host);
}

void on_runnable(struct run *run, const struct event *event)
{
	struct run_host *host = event->host;
	struct stage stage = { .run = run, .host = host };
	enum progress progress;

	host->queued = false;
	if (host->phase != HOST_IDLE)
		return;
	if (run->stopped) {
		leave(host);
		return;
	}
	stage.arena = arena_new();
	stage.tasks = value_list(stage.arena);
	progress = fill_stage(&stage);
	if (is_worth_sending(&stage))
		send(&stage);
	else
		arena_free(stage.arena);
	if (progress != PROGRESS_WAIT)
		go_on(run, host);
}
