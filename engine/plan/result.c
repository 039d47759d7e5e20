/* result: what came of a step, taken: what it says is remembered, and the host goes on. */
#include "plan/judged.h"
#include "plan/order.h"

#include "base/shape.h"

#include <string.h>


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
	outcome_register(run, host, step, "ansible_failed_task", task);
	outcome_register(run, host, step, "ansible_failed_result", judge_registered(host->arena, host,
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

/* On to its next item: that is sent already, unless the one before has failed at the node or each goes
 * for itself. */
static void next_item(struct run_host *host, const struct step *step)
{
	const struct step *next = host_first_step(host);

	if (next && next->unit == step->unit)
		return;
	host->retrying = (struct retrying){ .unit = step->unit,
		.item = (size_t)(step->item - step->filled->items) + 1,
		.at = host->run->now + step->filled->pause };
	order_go_on(host);
}

/* All items of a loop are done, whatever becomes of one of them; the parts of a task need one another. */
static bool is_behind(const struct run_host *host, const struct step *step, bool failed)
{
	if (step->unit->task->task->module->parts || host->bystander)
		return failed || (step->last && units_is_last(step->unit, host));
	return step->last;
}

static void report_done(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, const struct judged *judged, bool end)
{
	const struct task *task = step->unit->task->task;

	if (host->bystander)
		beside_take(host, step, judged->status);
	else if (is_silent(step, judged))
		;
	else if (!task->module->parts)
		outcome_report_step(run, host, step, body, judged, !end && (!task->include
			|| judged->status == STATUS_SKIPPED));
	else if (end)
		outcome_report(run, host, step);
}

static void go_on(struct run *run, struct run_host *host, const struct step *step,
	const struct judged *judged, bool failed)
{
	if (failed && host->bystander)
		beside_out(host, arena_printf(host->arena, "'%s' fails: %s", step->filled->name,
			judged->message ? judged->message : "?"));
	else if (failed)
		leave_failed(host);
	else if (step->last)
		pass(run, host, step, judged);
	else
		next_item(host, step);
}

static void step_done(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, struct judged *judged)
{
	bool failed = judged->status == STATUS_FAILED;
	bool end, rescued;

	if (failed && step->filled->ignore_errors) {
		judged->status = STATUS_IGNORED;
		failed = false;
	}
	if (judged->status == STATUS_CHANGED)
		judge_notify_elsewhere(host, step);
	rescued = failed && !host->bystander && unit_is_rescued(step->unit);
	end = is_behind(host, step, failed);
	outcome_add(host, step, body, judged);
	host->outcome.failed = host->outcome.failed || failed;
	failed = end && host->outcome.failed;
	outcome_remember(run, host, step, body, judged, end);
	pass_unknown(run, host, step, judged);
	if (rescued) {
		judged->status = host->outcome.status = STATUS_RESCUED;
		remember_failure(run, host, step, body, judged);
	}
	report_done(run, host, step, body, judged, end);
	if (end && host->outcome.task == step->unit->task) {
		host->changed += (host->outcome.status == STATUS_CHANGED && !step->filled->check)
			|| (step->unit->undo && host->undone);
		host->outcome = (struct outcome){0};
	}
	go_on(run, host, step, judged, failed);
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
		.code = judge_code(body),
		.milliseconds = body->milliseconds,
		.diff = step->filled->diff,
		.more = true,
		.undone = true,
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

/* What is said twice is sent once, and kept once. False: it has more lines than are registered. */
static bool add_lines(struct arena *arena, struct value *results, const char *name,
	const char *lines_name)
{
	const struct value *output = value_get(results, name);
	const char *text = value_text(output), *end = text ? text + output->size : NULL;
	size_t lines = 0;

	for (; text && text < end && lines < LINES_MOST; lines++) {
		const char *line = memchr(text, '\n', (size_t)(end - text));

		text = line ? line + 1 : end;
	}
	if (text)
		value_set(arena, results, lines_name, value_lines(arena, output, (size_t)(text - output->text)));
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
	outcome_append(host->arena, &all->orphans, host->looked->orphans);
	outcome_append(host->arena, &all->orphans, more->orphans);
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
	struct error err = {0};

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
	outputs_take(host, step, arena, &body, &err);
	if (body->status == STATUS_CHANGED && !host_checks(host) && judge_would_run(step, body))
		body = skipped_run(arena);
	if (body->results && (step->unit->module->flags & MODULE_OUTPUT))
		half = complete_output(arena, body->results);
	judged = (struct judged){ .status = body->status, .message = body->message,
		.remedy = body->remedy, .code = judge_code(body) };
	if (judged.status == STATUS_MAY_CHANGE && !judged.message)
		judged.message = cause_text(arena, body->cause);
	judge_step(run, host, step, body, arena, &judged);
	if (err.kind != ERROR_NONE)
		judged = (struct judged){ .status = STATUS_FAILED, .message = arena_string(arena, err.message),
			.remedy = arena_string(arena, err.remedy), .code = err.code ? err.code->name : NULL };
	refuse_half(step, half, &judged);
	if (result_retry(run, host, step, &body, &judged))
		return;
	if (result_retries(step->filled) && judged.status == STATUS_CHANGED)
		judge_notify(host, step);
	step_done(run, host, step, result_with_tries(arena, step, body), &judged);
}
