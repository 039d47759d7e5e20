/* told: what a node says of the stage that it works on. */
#include "plan/move.h"
#include "plan/relogin.h"
#include "plan/order.h"

enum {
	QUEUED_MOST = CHUNK_SIZE / 2, /* bytes: less than the answer with a piece of a large content */
	UNDONE_MOST = 200000,         /* resources of one undo … */
	UNDONE_BYTES_MOST = 64 << 20, /* … and what is told of all of them */
};

static const char *undone_key(struct run_host *host, const struct unit *unit, const char *resource)
{
	return arena_printf(host->arena, "%zu %s", unit->visit, resource ? resource : "");
}

/* Each resource comes once from each place. */
static bool undone_again(struct run_host *host, const struct unit *unit, const char *resource,
	size_t size)
{
	const char *key = undone_key(host, unit, resource);

	host->undone_bytes += size;
	if (!host->undone_resources)
		host->undone_resources = value_map(host->arena);
	if (!resource || host->undone_bytes > UNDONE_BYTES_MOST
			|| host->undone_resources->count >= UNDONE_MOST
			|| value_get(host->undone_resources, key))
		return true;
	value_set(host->arena, host->undone_resources, key, value_null(host->arena));
	return false;
}

static struct step *first_untold(struct run_host *host)
{
	if (host->untold < host->step_first)
		host->untold = host->step_first;
	for (; host->untold < host->step_first + host->step_count; host->untold++) {
		struct step *step = &host->steps[host->untold];

		if (!step->told && !step->local)
			return step;
	}
	return NULL;
}

void on_result(struct run *run, const struct event *event)
{
	struct run_host *host = event->host;
	const struct result *result = event->message;
	struct step *first = host ? first_untold(host) : NULL;

	if ((host && (!host_live(host) || host->abandoned))
			|| leave_unknown_code(event->target, result->code))
		return;
	if (!host || !event->target->busy || !first || first->id != result->task
			|| (result->more && (!first->unit->undo || run->options.look))) {
		leave_strange(event->target, "a result of a task that isn't its turn");
		return;
	}
	move_settle(event->target);
	if (result->more && undone_again(host, first->unit, result->resource, event->size)) {
		leave_strange(event->target, "more results of an undo than there are resources");
		return;
	}
	result_level(first, result);
	if (result->more) {
		if (!value_get(host->undone_before, undone_key(host, first->unit, result->resource)))
			result_undone(run, host, first, result);
		return;
	}
	first->told = true;
	if (!first->setup && result->status == STATUS_FAILED && !first->item->task->ignore_errors)
		order_drop_behind(host, first);
	if (first->setup) {
		result_take(run, host, first, result);
	} else if (first == host_first_step(host) && (host->bystander || (first->unit
			== host->cursor->at.unit && schedule_open(run->schedule, host->cursor->at)))) {
		first->body = result;
	} else {
		first->arena = arena_new();
		first->body = message_copy(first->arena, &message_result, result);
	}
	turn_take(run, host);
}

static void take_orphans(struct run *run, struct run_host *host,
	const struct value *orphans)
{
	for (size_t i = 0; i < value_item_count(orphans); i++) {
		const char *resource = value_text(value_item(orphans, i));
		struct value *hosts = value_get(run->orphans, resource);

		if (!hosts) {
			hosts = value_list(run->arena);
			value_set(run->arena, run->orphans, resource, hosts);
		}
		value_append(run->arena, hosts, value_string(run->arena, host->name));
		host->has_orphans = true;
	}
}

static void ledger_unwritten(struct target *target, const struct stage_end *end)
{
	struct error err = {0};

	error_set(&err, end->code ? error_named(end->code) : LEDGER_UNWRITABLE,
		"the ledger can't be written: %.1500s", end->problem);
	error_remedy(&err, "what this run changed there isn't recorded; fix the cause, then apply "
		"again");
	leave_lost(target, &err);
}

/* What a host has lost interest in ends, too. */
static void end_stage(struct target *target, struct run_host *host, const struct stage_end *end)
{
	if (leave_unknown_code(target, end->code))
		return;
	take_orphans(host->run, host, end->orphans);
	if (end->problem) {
		ledger_unwritten(target, end);
	} else if (first_untold(host) && !host->run->stopped && !host->abandoned) {
		leave_strange(target, "a stage ended before all its tasks were done");
	} else {
		host->phase = HOST_IDLE;
		host->abandoned = false;
		order_run(host);
	}
}

void on_stage_end(struct run *run, const struct event *event)
{
	struct target *target = event->target;
	struct run_host *host = event->host;

	(void)run;
	if (!target->busy) {
		leave_strange(target, "the end of a stage that isn't under way");
		return;
	}
	target->busy = false;
	if (host->phase == HOST_BUSY && host->target == target)
		end_stage(target, host, event->message);
	target_release(target);
}

void on_request(struct run *run, const struct event *event)
{
	const struct request *request = event->message;
	struct target *target = event->target;
	struct run_host *host = event->host;

	/* An agent waits for its answer, so nothing of an earlier one is left here. */
	if (!target->busy) {
		leave_strange(target, "a request while no stage is under way");
	} else if (event->queued > QUEUED_MOST || host->gate >= 0
			|| (target->move && !target->move->met) || target->relogin) {
		leave_strange(target, "a request before the last one was answered");
	} else if (request->kind == REQUEST_BODY) {
		relay_request(run, target, request);
	} else if (request->kind == REQUEST_MOVE) {
		move_request(run, target, request);
	} else if (request->kind == REQUEST_LOGIN) {
		relogin_request(run, target, request);
	} else {
		host->gate = request->id;
		turn_take(run, host);
		/* Its facts can't be read as long as it waits. */
		if (host->gate >= 0)
			order_told(host);
		target_yield(target);
	}
}

/* What is hidden of a result is hidden while it comes. */
void on_progress(struct run *run, const struct event *event)
{
	const struct progress_text *progress = event->message;
	struct run_host *host = event->host;
	const struct step *step = host ? host_first_step(host) : NULL;
	const char *text = progress->text.bytes;
	size_t size = text ? progress->text.size : 0;

	(void)run;
	if (size == 0 || !host || !host_live(host) || host->bystander)
		return;
	if (text[size - 1] == '\n' && step && step->item && step->item->keep)
		outputs_add(host, step, &progress->text);
	if (text[size - 1] != '\n')
		effect_progress(host, text);
	else if (step && step->item && (step->unit->module->flags & MODULE_ACTION)
			&& !step->filled->no_log && step->item->level == LEVEL_OPEN
			&& step->item->unsaid == LEVEL_OPEN) {
		announce(host, step->unit);
		effect_output(host, step->unit->task, &progress->text);
	}
}

void on_strange(struct run *run, const struct event *event)
{
	(void)run;
	leave_strange(event->target, "unexpected message");
}
