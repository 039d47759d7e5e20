/* result: what came of a step: judged, remembered for later expressions, reported. */
#include "plan/state.h"

#include "expression/expression.h"
#include "base/shape.h"

#include <string.h>

/* --- Levels --- */

/* What became of the task, and names, which can't be secret. */
static bool is_open(const char *key)
{
	static const char *const open[] = { "changed", "failed", "skipped", "rc", "start", "end",
		"delta", "dest", "path", "name", "state", "mode", "owner", "group", "uid", "gid",
		"size", NULL };
	bool found = false;

	for (size_t i = 0; open[i] && !found; i++)
		found = strcmp(key, open[i]) == 0;
	return found;
}

static void level_results(struct value *results, const struct step *step)
{
	enum level level = step->item ? step->item->level : LEVEL_OPEN;

	for (size_t i = 0; level > LEVEL_OPEN && i < results->count; i++) {
		if (step->filled->no_log || !is_open(value_key(results, i)))
			value_raise(value_at(results, i), level);
	}
}

/* Whole contents; what else a change tells are words, in which secrets are found. */
static void level_change(const struct told_change *change, enum level level)
{
	if (!change->field || strcmp(change->field, "content") != 0)
		return;
	if (change->before)
		value_raise(change->before, level);
	if (change->after)
		value_raise(change->after, level);
}

void result_level(const struct step *step, const struct result *result)
{
	if (!step->item)
		return;
	if (result->results)
		level_results(result->results, step);
	for (size_t i = 0; i < result->change_count; i++)
		level_change(&result->changes[i], step->item->level);
}

/* --- Registered values --- */

/* Whether it was only looked at whether a command or job is to be run, and it is. */
static bool would_run(const struct step *step, const struct result *body)
{
	return step->filled->check && (step->unit->module->flags & MODULE_ACTION)
		&& body->change_count > 0;
}

static struct value *registered_value(struct arena *arena, const struct run_host *host,
	const struct step *step, enum status status, const struct result *body)
{
	const struct value *results = body->results;
	bool failed = status_failed(status);
	struct value *made, *item;

	if (host_checks(host) && (status == STATUS_MAY_CHANGE || would_run(step, body)))
		return value_unknown(arena, arena_printf(arena, "the result of '%s'",
			step->filled->name));
	made = results ? value_copy(arena, results) : value_map(arena);
	value_set_bool(arena, made, "changed", status == STATUS_CHANGED
		|| status == STATUS_MAY_CHANGE || (failed && value_get(results, "rc")));
	value_set_bool(arena, made, "failed", failed);
	if (status == STATUS_SKIPPED) {
		value_set_bool(arena, made, "skipped", true);
		value_set_string(arena, made, "skip_reason", "Conditional result was False");
	}
	if (step->unit->task->task->failed_when)
		value_set_bool(arena, made, "failed_when_result", failed);
	if (step->filled->empty)
		value_set(arena, made, "results", value_list(arena));
	if (failed && !value_get(made, "code"))
		value_set_string(arena, made, "code", body->code ? body->code : TASK_FAILED->name);
	if (body->message && !value_get(made, "msg"))
		value_set_string(arena, made, "msg", body->message);
	level_results(made, step);
	if (step->item && step->item->item) {
		item = value_copy(arena, step->item->item);
		if (step->filled->no_log)
			value_raise(item, LEVEL_SECRET);
		value_set(arena, made, step->unit->task->task->loop_variable, item);
	}
	value_mark_data(made);
	return made;
}

/* --- changed_when and failed_when --- */

static int judge(struct run *run, struct run_host *host, const struct step *step,
	const struct value *condition, struct value *registered, struct arena *arena,
	struct value **ret_truth, struct error *err)
{
	const struct task *task = step->unit->task->task;
	struct scope *scope;

	int result;

	fill_play_hosts(run, host, step->unit->play);
	scope = scope_new(arena, run->options.variables, host->inventory, step->unit->play, task);
	if (step->item->item)
		scope_set(scope, task->loop_variable, step->item->item);
	if (task->registers)
		scope_set(scope, task->registers, registered);
	variables_set_turn(run->options.variables, unit_turn(step->unit));
	result = expression_condition(arena, scope, condition, ret_truth, err);
	variables_set_turn(run->options.variables, TURN_NONE);
	return result;
}

/* Handlers of a change that only the controller knows of. */
static void notify(struct run_host *host, const struct step *step)
{
	const struct task *task = step->unit->task->task;
	struct arena *arena = host->arena;

	for (size_t i = 0; task->notify && i < task->notify->count; i++) {
		const char *name = value_text(value_item(task->notify, i));
		struct task **handlers;
		size_t count = 0;

		handlers = name ? play_notified(arena, step->unit->play, name, &count) : NULL;
		for (size_t k = 0; k < count; k++)
			due_notify(host, step->unit->play, handlers[k], host->target, false);
	}
}

/* Handlers that are done somewhere else than the task that notified them. */
static void notify_elsewhere(struct run_host *host, const struct step *step)
{
	const struct task *task = step->unit->task->task;

	for (size_t i = 0; host->visits && host->visits->next && !step->local && task->notify
			&& i < task->notify->count; i++) {
		const char *name = value_text(value_item(task->notify, i));
		struct task **handlers;
		size_t count = 0;

		handlers = name ? play_notified(host->arena, step->unit->play, name, &count) : NULL;
		for (size_t k = 0; k < count; k++)
			due_notify(host, step->unit->play, handlers[k], host->target, true);
	}
}

/* One that lasts; a task that failed without one says so itself. */
static const char *code_of(const struct result *body)
{
	if (body->status != STATUS_FAILED)
		return NULL;
	return body->code ? error_named(body->code)->name : TASK_FAILED->name;
}

struct judged {
	enum status status;
	const char *message;
	const char *remedy;
	const char *code;
	const char *doubt;         /* why it isn't known what comes of it; NULL: it is */
};

static void judge_failed(struct judged *judged, struct arena *arena, const struct value *condition,
	const struct value *truth)
{
	if (truth->kind != VALUE_BOOL)
		return;
	if (truth->truth) {
		judged->status = STATUS_FAILED;
		judged->message = arena_printf(arena, "failed_when: %s", condition->count > 0
			? expression_show(arena, value_item(condition, 0)) : expression_show(arena, condition));
		judged->remedy = NULL;
		judged->code = TASK_FAILED->name;
	} else if (judged->status == STATUS_FAILED) {
		judged->status = STATUS_CHANGED;
		judged->message = judged->remedy = judged->code = NULL;
	}
}

/* A condition that makes no sense of the result. */
static void judge_wrong(struct arena *arena, const struct error *err, struct judged *judged)
{
	judged->status = STATUS_FAILED;
	judged->message = arena_printf(arena, "%s:%u:%u: %s", err->place.file ? err->place.file : "",
		err->place.line, err->place.column, err->message);
	judged->remedy = err->remedy[0] ? arena_string(arena, err->remedy) : NULL;
	judged->code = err->code->name;
}

static void judge_step(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, struct arena *arena, struct judged *judged)
{
	const struct task *task = step->unit->task->task;
	struct value *registered, *truth;
	struct error err = {0};
	int result = 0;

	if (judged->status == STATUS_SKIPPED || judged->status == STATUS_MAY_CHANGE)
		return;
	registered = registered_value(arena, host, step, judged->status, body);
	if (task->failed_when) {
		result = judge(run, host, step, task->failed_when, registered, arena, &truth, &err);
		if (result == 0)
			judge_failed(judged, arena, task->failed_when, truth);
	}
	if (result == 0 && task->changed_when && judged->status != STATUS_FAILED) {
		result = judge(run, host, step, task->changed_when, registered, arena, &truth, &err);
		if (result == 0 && truth->kind == VALUE_BOOL)
			judged->status = truth->truth ? STATUS_CHANGED : STATUS_OK;
		if (result == 0 && truth->kind == VALUE_BOOL && truth->truth && step->filled->judge
				&& !result_retries(step->filled))
			notify(host, step);
	}
	if (result < 0)
		judge_wrong(arena, &err, judged);
}

/* --- until --- */

static const struct result *with_attempts(struct arena *arena, const struct result *body,
	unsigned attempts)
{
	struct result *made = arena_alloc(arena, sizeof(*made));

	*made = *body;
	made->results = body->results ? value_copy(arena, body->results) : value_map(arena);
	value_set_integer(arena, made->results, "attempts", attempts);
	return made;
}

/* Whether what a task waits for has come. Without a condition: that it doesn't fail. */
static int has_come(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, enum status status, bool *ret_come, struct error *err)
{
	const struct value *until = step->unit->task->task->retry->until;
	struct arena *arena = effects_arena(run);
	struct value *truth;

	*ret_come = status != STATUS_FAILED;
	if (!until)
		return 0;
	if (judge(run, host, step, until, registered_value(arena, host, step, status, body), arena,
			&truth, err) < 0)
		return -1;
	*ret_come = truth->kind == VALUE_BOOL && truth->truth;
	return 0;
}

static const char *condition_shown(struct arena *arena, const struct value *until)
{
	return until ? arena_printf(arena, "until: %s", expression_show(arena, until->count == 1
		? until->items[0] : until)) : "until it doesn't fail";
}

static void try_again(struct run *run, struct run_host *host, const struct step *step,
	const struct retrying *retrying)
{
	host->retrying = *retrying;
	host->retrying.at = run->now + step->filled->delay;
	effect_progress(host, arena_printf(run->arena, "try %u of %u in %lld s",
		retrying->tries + 1, step->filled->tries, (long long)step->filled->delay / 1000));
	order_go_on(host);
}

/* Whether it is tried again. If not, its next item is the one to be tried. */
static bool retry(struct run *run, struct run_host *host, const struct step *step,
	const struct result **body, struct judged *judged)
{
	struct retrying retrying = host->retrying;
	struct arena *arena = effects_arena(run);
	struct error err = {0};
	bool come;

	if (!result_retries(step->filled) || judged->status == STATUS_SKIPPED
			|| judged->status == STATUS_MAY_CHANGE)
		return false;
	if (retrying.unit != step->unit)
		retrying = (struct retrying){ .unit = step->unit };
	*body = with_attempts(arena, *body, ++retrying.tries);
	if (has_come(run, host, step, *body, judged->status, &come, &err) < 0) {
		/* What made it fail explains more. */
		if (judged->status != STATUS_FAILED)
			judge_wrong(arena, &err, judged);
	} else if (!come && retrying.tries < step->filled->tries) {
		try_again(run, host, step, &retrying);
		return true;
	} else if (!come) {
		*body = with_attempts(arena, *body, step->filled->tries - 1);
		if (judged->status != STATUS_FAILED) {
			judged->message = arena_printf(arena, "%s: not so in %u tries", condition_shown(arena,
				step->unit->task->task->retry->until), step->filled->tries);
			judged->code = TASK_FAILED->name;
		}
		judged->status = STATUS_FAILED;
	}
	host->retrying = (struct retrying){ .unit = step->unit, .item = retrying.item + 1 };
	return false;
}

/* What a dry run doesn't do. */
static const struct result *with_tries(struct arena *arena, const struct step *step,
	const struct result *body)
{
	struct result *made;

	if (step->filled->tries <= 1 || !step->filled->check || (body->status != STATUS_CHANGED
			&& body->status != STATUS_MAY_CHANGE))
		return body;
	made = arena_alloc(arena, sizeof(*made));
	*made = *body;
	made->notes = body->notes ? value_copy(arena, body->notes) : value_list(arena);
	value_append(arena, made->notes, value_printf(arena, "%s: up to %u tries, %lld s apart",
		condition_shown(arena, step->unit->task->task->retry->until), step->filled->tries,
		(long long)step->filled->delay / 1000));
	return made;
}

/* --- The parts and items of a task, put together --- */

static void append_all(struct arena *arena, struct value **to, const struct value *from)
{
	if (!from)
		return;
	if (!*to)
		*to = value_list(arena);
	for (size_t i = 0; i < from->count; i++)
		value_append(arena, *to, value_copy(arena, value_item(from, i)));
}

/* The worse of two. Where something was really changed, that counts more than what may still be. */
static enum status worse(const struct run_host *host, enum status one,
	enum status other)
{
	if (!host_checks(host) && (one == STATUS_CHANGED || other == STATUS_CHANGED)
			&& (one == STATUS_MAY_CHANGE || other == STATUS_MAY_CHANGE))
		return STATUS_CHANGED;
	return status_outweighs(one, other) ? one : other;
}

static void outcome_add(struct run_host *host, const struct step *step, const struct result *body,
	const struct judged *judged)
{
	struct outcome *outcome = &host->outcome;
	struct arena *arena = host->arena;

	if (outcome->task != step->unit->task) {
		*outcome = (struct outcome){ .task = step->unit->task, .status = STATUS_SKIPPED };
		outcome->message = arena_string(arena, judged->message);
	}
	if (worse(host, judged->status, outcome->status) != outcome->status
			|| judged->status == STATUS_FAILED) {
		if (outcome->status != STATUS_MAY_CHANGE || judged->status == STATUS_FAILED)
			outcome->message = arena_string(arena, judged->message);
		outcome->status = judged->status;
		outcome->remedy = arena_string(arena, judged->remedy);
		outcome->code = judged->code;
	} else if (judged->status == STATUS_MAY_CHANGE) {
		outcome->message = arena_string(arena, judged->message);
	}
	outcome->milliseconds += body->milliseconds;
	if (!step->unit->task->task->module->parts)
		return;
	for (size_t i = 0; i < body->change_count; i++)
		*ARENA_PUSH(arena, &outcome->changes, &outcome->change_count) = *(struct told_change *)
			message_copy(arena, &message_told_change, &body->changes[i]);
	append_all(arena, &outcome->notes, body->notes);
	if (value_pair_count(body->results) > 0)
		outcome->results = value_copy(arena, body->results);
}

static void report_step(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, const struct judged *judged, bool more)
{
	struct report_result result = {
		.host = host->name,
		.status = judged->status,
		.changes = body->changes,
		.change_count = body->change_count,
		.results = body->results,
		.notes = body->notes,
		.item = step->item->label,
		.item_level = step->item->label_level,
		.unsaid = step->item->unsaid,
		.message = judged->message,
		.remedy = judged->remedy,
		.code = judged->code,
		.milliseconds = body->milliseconds,
		.no_log = step->filled->no_log,
		.diff = step->filled->diff,
		.more = more,
		.silent = step->unit->undo && host->undo_told && judged->status == STATUS_OK,
		.uncounted = step->unit->task->task->meta && !status_failed(judged->status),
	};

	announce(host, step->unit);
	effect_result(run, step->unit->task, &result);
}

static void report_outcome(struct run *run, struct run_host *host, const struct step *step)
{
	const struct outcome *outcome = &host->outcome;
	struct report_result result = {
		.host = host->name,
		.status = outcome->status,
		.changes = outcome->changes,
		.change_count = outcome->change_count,
		.results = outcome->results,
		.notes = outcome->notes,
		.unsaid = step->item->unsaid,
		.message = outcome->message,
		.remedy = outcome->remedy,
		.code = outcome->code,
		.milliseconds = outcome->milliseconds,
		.no_log = step->filled->no_log,
		.diff = step->filled->diff,
	};

	announce(host, step->unit);
	effect_result(run, step->unit->task, &result);
}

/* What one has done for all in its batch they all have. */
static void register_value(struct run *run, const struct run_host *host, const struct step *step,
	const char *name, const struct value *value)
{
	for (size_t i = 0; i < run->host_count; i++) {
		const struct run_host *other = &run->hosts[i];

		if (order_concerns(host, step->unit, other))
			variables_register(run->options.variables, other->inventory, name, value, true,
				unit_turn(step->unit));
	}
}

/* What one more part of an item adds. A part that can't be known yet makes all of it so. */
static struct value *merge_parts(struct arena *arena, struct value *until_now, struct value *part)
{
	if (!until_now || part->kind != VALUE_MAP)
		return part;
	if (until_now->kind != VALUE_MAP)
		return until_now;
	for (size_t i = 0; i < value_pair_count(part); i++) {
		const char *key = value_key(part, i);
		bool either = strcmp(key, "changed") == 0 || strcmp(key, "failed") == 0;

		value_set(arena, until_now, key, either && value_get_bool(until_now, key) ?
			value_bool(arena, true) : value_at(part, i));
	}
	return until_now;
}

/* One result an item, however many parts it has. */
static void add_item(struct outcome *outcome, struct arena *arena, const struct step *step,
	struct value *registered)
{
	size_t at = (size_t)(step->item - step->filled->items);

	if (!outcome->items)
		outcome->items = value_list(arena);
	if (step->unit->task->task->module->parts && at < outcome->items->count)
		outcome->items->items[at] = merge_parts(arena, outcome->items->items[at], registered);
	else
		value_append(arena, outcome->items, registered);
}

static struct value *items_together(const struct outcome *outcome, struct arena *arena)
{
	struct value *registered = value_map(arena);

	value_set(arena, registered, "results", outcome->items);
	value_set_bool(arena, registered, "changed", outcome->status == STATUS_CHANGED);
	value_set_bool(arena, registered, "failed", status_failed(outcome->status));
	if (outcome->status == STATUS_SKIPPED)
		value_set_bool(arena, registered, "skipped", true);
	value_set_string(arena, registered, "msg", status_failed(outcome->status) ? "One or more items failed"
		: outcome->status == STATUS_SKIPPED ? "All items skipped" : "All items completed");
	return registered;
}

/* What the host that does the parts of one alone has registered holds for all that take part. */
static struct value *shared_by_parts(struct run *run, const struct step *step,
	struct value *registered)
{
	struct run_task *task = step->unit->task;
	const struct part *part = task->task->module->parts;

	while (part && part->hosts != PART_END && part->module != step->unit->module)
		part++;
	if (!part || part->hosts == PART_END)
		return registered;
	if (part->hosts == PART_FIRST)
		task->registered = value_copy(run->arena, registered);
	return part->hosts == PART_OTHERS && task->registered ? task->registered : registered;
}

static void remember(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, const struct judged *judged, bool end)
{
	const char *name = step->unit->task->task->registers;
	bool parts = step->unit->task->task->module->parts != NULL;
	struct outcome *outcome = &host->outcome;
	struct arena *arena = host->arena;
	struct value *registered;

	facts_let_out(run, host, step, judged->status == STATUS_OK
		|| judged->status == STATUS_CHANGED || judged->status == STATUS_MAY_CHANGE);
	if (!name)
		return;
	registered = registered_value(arena, host, step, judged->status, body);
	if (step->filled->loop || parts)
		add_item(outcome, arena, step, registered);
	if (step->filled->loop)
		registered = items_together(outcome, arena);
	else if (parts)
		registered = value_item(outcome->items, 0);
	if (!end)
		return;
	if (!host->bystander)
		registered = shared_by_parts(run, step, registered);
	register_value(run, host, step, name, registered);
}

/* A part of a task speaks for itself alone. */
static void take_published(struct run_host *host, const struct step *step,
	const struct published *published)
{
	struct value *facts;

	if (!published || strcmp(published->module, step->unit->module->name) != 0)
		return;
	if (!host->published)
		host->published = value_map(host->arena);
	host->offers = host->target;
	host->offers->stays = true;
	facts = value_copy(host->arena, published->facts);
	value_mark_data(facts);
	host->run->told++;
	value_set(host->arena, host->published, arena_printf(host->arena, "%s/%s", published->module,
		published->key ? published->key : ""), facts);
}

static void take_facts(struct run *run, struct run_host *host, const struct result *body)
{
	const struct value *facts = body->results;
	struct error err = {0};

	if (value_pair_count(facts) > 0 && shape_check_map(facts, run->setup->facts,
			"in the facts", AGENT_PROTOCOL, &err) < 0) {
		leave_strange(host->home, err.message);
		facts = NULL;
	}
	if (value_pair_count(facts) > 0)
		host->facts = value_copy(host->arena, facts);
	if (body->status == STATUS_FAILED)
		run_warn(run, host->name, body->message ? body->message : "its facts can't be read");
	/* Whoever waits for them must not wait for ever. */
	variables_set_facts(run->options.variables, host->inventory, value_pair_count(facts) > 0
		? facts : value_map(host->arena));
	run->facts_heard++;
	order_told(host);
}

/* What the rescue may read. */
static void remember_failure(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, const struct judged *judged)
{
	struct value *task = value_map(host->arena);

	value_set_string(host->arena, task, "name", step->filled->name);
	value_set_string(host->arena, task, "action", step->unit->task->task->word);
	register_value(run, host, step, "ansible_failed_task", task);
	register_value(run, host, step, "ansible_failed_result", registered_value(host->arena, host,
		step, judged->status, body));
}

/* What changes nothing can't be what may change. */
static void pass_unknown(struct run *run, const struct run_host *host, const struct step *step,
	struct judged *judged)
{
	const struct module *module = step->unit->module;

	if (judged->status != STATUS_MAY_CHANGE || !(module->decide || (module->flags & MODULE_LOOKS)))
		return;
	judged->status = STATUS_OK;
	judged->doubt = judged->message ? judged->message : "?";
	judged->message = arena_printf(run->arena, "not known%s: %s", host_checks(host)
		? " in a dry run" : "", judged->message ? judged->message : "?");
}

/* A handler that wasn't due is nothing to talk about, nor is what would have been about the run. */
static bool is_silent(const struct step *step, const struct judged *judged)
{
	const struct run_task *task = step->unit->task;

	return judged->status == STATUS_SKIPPED && ((task->handler && !step->local)
		|| task->task->meta);
}

/* Others need not do a handler that is done for them, nor may a later run. */
static void pass_handler_once(struct run *run, struct run_host *host, const struct step *step)
{
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *other = &run->hosts[i];

		if (other == host || other->bystander || !order_concerns(host, step->unit, other))
			continue;
		due_drop(other, step->unit->play, step->unit->task->task);
	}
	order_pass_once(host);
}

/* The host goes on. */
static void pass(struct run *run, struct run_host *host, const struct step *step,
	const struct judged *judged)
{
	bool done = judged->status != STATUS_SKIPPED;

	if ((step->unit->task->task->meta && done) || (step->unit->task->task->include && judged->doubt))
		meta_act(run, host, step, judged->doubt);
	else if (step->unit->run_once && step->unit->task->handler && !done && !step->local)
		order_pass(host);
	else if (step->unit->run_once && step->unit->task->handler)
		pass_handler_once(run, host, step);
	else if (step->unit->run_once)
		order_pass_once(host);
	else
		order_pass(host);
}

static void step_done(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, struct judged *judged)
{
	struct run_task *task = step->unit->task;
	bool failed = judged->status == STATUS_FAILED;
	bool end, rescued;

	if (failed && step->filled->ignore_errors) {
		judged->status = STATUS_IGNORED;
		failed = false;
	}
	if (judged->status == STATUS_CHANGED)
		notify_elsewhere(host, step);
	rescued = failed && !host->bystander && unit_is_rescued(step->unit);
	end = failed || (step->last && units_is_last(step->unit, host));
	outcome_add(host, step, body, judged);
	remember(run, host, step, body, judged, end);
	pass_unknown(run, host, step, judged);
	if (rescued)
		judged->status = host->outcome.status = STATUS_RESCUED;
	if (host->bystander)
		beside_take(host, step, judged->status);
	else if (is_silent(step, judged))
		;
	else if (!task->task->module->parts)
		report_step(run, host, step, body, judged, !end && (!task->task->include
			|| judged->status == STATUS_SKIPPED));
	else if (end)
		report_outcome(run, host, step);
	if (end && host->outcome.task == task) {
		host->changed += (host->outcome.status == STATUS_CHANGED && !step->filled->check)
			|| (step->unit->undo && host->undone);
		host->outcome = (struct outcome){0};
	}
	if (failed && host->bystander) {
		beside_out(host, arena_printf(host->arena, "'%s' fails: %s", step->filled->name,
			judged->message ? judged->message : "?"));
	} else if (failed) {
		if (rescued)
			remember_failure(run, host, step, body, judged);
		leave_failed(host);
	} else if (step->last) {
		pass(run, host, step, judged);
	} else if (result_retries(step->filled)) {
		order_go_on(host);
	}
}

void result_undone(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body)
{
	struct report_result result = {
		.host = host->name,
		.status = body->status,
		.changes = body->changes,
		.change_count = body->change_count,
		.notes = body->notes,
		.item = body->resource ? body->resource : "?",
		.message = body->message,
		.remedy = body->remedy,
		.code = code_of(body),
		.milliseconds = body->milliseconds,
		.diff = step->filled->diff,
		.more = true,
	};

	if (host->bystander) {
		beside_take(host, step, result.status);
		return;
	}
	planned_take_undone(run, host, step, body);
	host->undo_told = true;
	host->undone = host->undone || result.status == STATUS_CHANGED;
	host->refused = host->refused || result.status == STATUS_FAILED;
	announce(host, step->unit);
	effect_result(run, step->unit->task, &result);
}

/* --- Output --- */

enum { LINES_MOST = 1 << 20 };

/* So that what is said twice is sent once. False: it has more lines than are registered. */
static bool add_lines(struct arena *arena, struct value *results, const char *name,
	const char *lines_name)
{
	const struct value *output = value_get(results, name);
	struct value *lines = value_list(arena);
	const char *text = value_text(output), *end = text ? text + output->size : NULL;

	while (text && text < end && lines->count < LINES_MOST) {
		const char *line = memchr(text, '\n', (size_t)(end - text));
		struct value *one = value_bytes(arena, text, (size_t)((line ? line : end) - text));

		one->level = output->level;
		value_append(arena, lines, one);
		text = line ? line + 1 : end;
	}
	if (text)
		value_set(arena, results, lines_name, lines);
	return text == end;
}

static const char *complete_output(struct arena *arena, struct value *results)
{
	bool all = add_lines(arena, results, "stdout", "stdout_lines");

	all = add_lines(arena, results, "stderr", "stderr_lines") && all;
	if (value_get_bool(results, "truncated"))
		return "its output has more than the 16 MiB that can be registered";
	return all ? NULL : "its output has more than the 1048576 lines that can be registered";
}

/* Half of an output isn't what it said: nothing may be decided by it. */
static void refuse_half(const struct step *step, const char *half, struct judged *judged)
{
	const struct task *task = step->unit->task->task;

	if (!half || !(task->registers || task->changed_when || task->failed_when))
		return;
	judged->status = STATUS_FAILED;
	judged->message = half;
	judged->remedy = "let the command write to a file, or say less";
	judged->code = HOST_FILE_TOO_LARGE->name;
}

static void *joined(struct arena *arena, const void *one, size_t one_count, const void *other,
	size_t other_count, size_t size)
{
	char *all = arena_array(arena, one_count + other_count + 1, size);

	if (one_count > 0)
		memcpy(all, one, one_count * size);
	if (other_count > 0)
		memcpy(all + one_count * size, other, other_count * size);
	return all;
}

/* What else than its own machine has of it is added to what that has. */
static void take_looked(struct run_host *host, const struct looked *more)
{
	struct looked *all = arena_alloc(host->arena, sizeof(*all));

	if (!host->looked) {
		host->looked = more;
		return;
	}
	*all = *host->looked;
	all->resources += more->resources;
	all->orphans = value_list(host->arena);
	append_all(host->arena, &all->orphans, host->looked->orphans);
	append_all(host->arena, &all->orphans, more->orphans);
	all->due = joined(host->arena, all->due, all->due_count, more->due, more->due_count,
		sizeof(*all->due));
	all->due_count += more->due_count;
	all->failed = joined(host->arena, all->failed, all->failed_count, more->failed,
		more->failed_count, sizeof(*all->failed));
	all->failed_count += more->failed_count;
	host->looked = all;
}

/* What a command leaves that check_mode keeps from being run, where others really are; as
 * Ansible. */
static const struct result *skipped_run(struct arena *arena)
{
	struct result *skipped = arena_alloc(arena, sizeof(*skipped));

	*skipped = (struct result){ .status = STATUS_SKIPPED, .message = "not run: check_mode",
		.results = value_map(arena) };
	value_set_integer(arena, skipped->results, "rc", 0);
	value_set_string(arena, skipped->results, "stdout", "");
	value_set_string(arena, skipped->results, "stderr", "");
	return skipped;
}

void result_take(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body)
{
	struct arena *arena = effects_arena(run);
	const char *half = NULL;
	struct judged judged;

	if (step->setup) {
		take_facts(run, host, body);
		return;
	}
	if (step->item->result && !step->local && body->status == STATUS_OK)
		body = step->item->result;
	if (run->options.look && body->looked)
		take_looked(host, message_copy(host->arena, &message_looked, body->looked));
	take_published(host, step, body->published);
	planned_take(run, host, step, body);
	if (body->status == STATUS_CHANGED && !host_checks(host) && would_run(step, body))
		body = skipped_run(arena);
	if (body->results && (step->unit->module->flags & MODULE_OUTPUT))
		half = complete_output(arena, body->results);
	judged = (struct judged){ .status = body->status, .message = body->message,
		.remedy = body->remedy, .code = code_of(body) };
	if (judged.status == STATUS_MAY_CHANGE && !judged.message)
		judged.message = body->cause;
	judge_step(run, host, step, body, arena, &judged);
	refuse_half(step, half, &judged);
	if (retry(run, host, step, &body, &judged))
		return;
	if (result_retries(step->filled) && judged.status == STATUS_CHANGED)
		notify(host, step);
	step_done(run, host, step, with_tries(arena, step, body), &judged);
}
