/* run: a playbook applied to the hosts it names, from its text to the last result. */
#include "plan/state.h"

#include "expression/expression.h"

#include <stdlib.h>
#include <string.h>

enum {
	QUEUED_MOST = CHUNK_SIZE / 2, /* bytes: less than the answer with a piece of a large content */
	UNDONE_MOST = 10000,          /* resources of one undo … */
	UNDONE_BYTES_MOST = 64 << 20, /* … and what is told of all of them */
	STOPPING_MOST = 8 * 1000,     /* milliseconds from ^C until the connections are cut */
};

void run_warn(struct run *run, const char *host, const char *message)
{
	const struct inventory_host *found = host ? inventory_find(run->options.inventory, host) : NULL;
	const char *key = arena_printf(run->arena, "%s %s", host ? host : "", message);
	struct value *warning;

	/* Of hosts that are only looked at nothing is said. */
	if (found && run->by_inventory && run->by_inventory[found->index]
			&& run->by_inventory[found->index]->bystander)
		return;
	/* What is filled in several times says the same several times. */
	if (value_get(run->warned, key))
		return;
	value_set_bool(run->arena, run->warned, key, true);
	if (run->report) {
		report_warning(run->report, host, message);
		return;
	}
	warning = value_map(run->arena);
	value_set_string(run->arena, warning, "host", host);
	value_set_string(run->arena, warning, "message", message);
	value_append(run->arena, run->warnings, warning);
}

bool run_connected(const struct run_host *host)
{
	return host->fleet && !host->closed;
}

bool run_interrupted(const struct run *run)
{
	return run->options.interrupted && *run->options.interrupted > 0;
}

struct value *run_hosts(const struct run *run)
{
	struct value *names = value_list(run->arena);

	for (size_t i = 0; i < run->host_count; i++) {
		if (!run->hosts[i].bystander)
			value_append(run->arena, names, value_string(run->arena, run->hosts[i].name));
	}
	return names;
}

struct value *run_outcome(const struct run *run)
{
	struct value *outcome = value_map(run->arena);

	for (size_t i = 0; i < run->host_count; i++) {
		const struct run_host *host = &run->hosts[i];
		struct value *one = value_map(run->arena);

		if (host->bystander || (host->left && !run->options.look))
			continue;
		value_set_string(run->arena, one, "state", host->unreachable ? "unreachable"
			: host->phase == HOST_DONE && !host->refused ? "done" : "failed");
		value_set_integer(run->arena, one, "changed", host->changed);
		value_set_bool(run->arena, one, "ended", host->phase == HOST_DONE);
		value_set_string(run->arena, one, "message", host->lost);
		value_set(run->arena, outcome, host->name, one);
	}
	return outcome;
}

unsigned run_task_count(const struct run *run)
{
	return (unsigned)run->task_count;
}

/* --- Before any host is contacted --- */

static void count_remaining(struct run *run)
{
	for (size_t i = 0; i < run->unit_count; i++) {
		const struct unit *unit = run->units[i];

		if (!unit->task)
			continue;
		for (size_t k = 0; k < run->host_count; k++) {
			bool before = i > 0 && run->units[i - 1]->task == unit->task;
			bool counted = false;

			for (size_t j = i; before && j-- > 0 && run->units[j]->task == unit->task;)
				counted = counted || run->units[j]->member[k];
			if (unit->member[k] && !counted && !run->hosts[k].bystander)
				unit->task->remaining++;
		}
	}
}

/* What is wrong for a bystander alone is no error: it isn't looked at. ret_filled may be NULL. */
static int fill_first(struct run *run, struct run_host *host, struct unit *unit,
	const struct filled **ret_filled, struct error *err)
{
	struct error wrong = {0};

	if (fill_unit(run, host, unit, ret_filled, host->bystander ? &wrong : err) == 0)
		return 0;
	if (!host->bystander)
		return -1;
	*ret_filled = NULL;
	beside_out(run, host, wrong.message);
	return 0;
}

/* Fills in all that is known already; what is wrong there is an error of the text. */
static int fill_all(struct run *run, struct error *err)
{
	for (size_t i = 0; i < run->unit_count; i++) {
		struct unit *unit = run->units[i];
		const char *name = unit->task ? unit->task->task->registers : NULL;

		for (size_t k = 0; unit->task && !unit->undo && k < run->host_count; k++) {
			struct run_host *host = &run->hosts[k];
			const struct filled *filled;

			if (!unit->member[k] || host->phase == HOST_OUT)
				continue;
			if (run_interrupted(run))
				return error_set(err, ERROR_INTERRUPTED, "interrupted");
			if (fill_first(run, host, unit, &filled, err) < 0)
				return -1;
			if (name && filled)
				variables_register(run->options.variables, host->inventory, name,
					value_unknown(run->arena, arena_printf(run->arena,
						"the result of '%s'", filled->name)));
		}
	}
	return 0;
}

int run_new(struct arena *arena, const struct run_options *options, struct run **ret_run,
	struct error *err)
{
	struct run *run = arena_alloc(arena, sizeof(*run));

	run->arena = arena;
	run->options = *options;
	run->warnings = value_list(arena);
	run->private_paths = value_map(arena);
	run->bodies = bodies_new(arena, options->source);
	run->setup = module_of_facts();
	run->orphans = value_map(arena);
	run->looked = value_map(arena);
	run->planned = value_map(arena);
	run->old = value_map(arena);
	run->warned = value_map(arena);
	if (units_make(run, err) < 0 || targets_check(run, err) < 0 || fill_all(run, err) < 0) {
		run_free(run);
		return -1;
	}
	count_remaining(run);
	*ret_run = run;
	return 0;
}

void run_free(struct run *run)
{
	claims_free(run);
	for (size_t i = 0; i < run->host_count; i++) {
		arena_free(run->hosts[i].arena);
		run->hosts[i].arena = NULL;
	}
}

static bool needs_connection(const struct run *run, const struct run_host *host)
{
	if (host->facts_wanted || host->left)
		return true;
	for (int64_t i = units_next(run, host, 0); i < (int64_t)run->unit_count;
			i = units_next(run, host, i + 1)) {
		if (run->units[i]->task && !run->units[i]->task->handler
				&& !(run->units[i]->module->flags & MODULE_CONTROLLER))
			return true;
	}
	return false;
}

/* --- What the fleet tells --- */

void run_host_failed(struct run_host *host, const char *message)
{
	struct error err = {0};

	error_set(&err, ERROR_PROTOCOL, "protocol error: %s", message);
	error_remedy(&err, "this is a bug in beoplay, or the host doesn't run beoplay's own agent");
	fleet_drop(host->fleet, &err);
}

/* Without its ledger nothing is done on a host: what is changed there couldn't be undone. */
static void ledger_unusable(struct run_host *host, const struct value *ledger)
{
	struct error err = {0};

	error_set(&err, ERROR_TASK, "%.1500s", value_get_string(ledger, "problem"));
	if (value_get_string(ledger, "remedy"))
		error_remedy(&err, "%.900s", value_get_string(ledger, "remedy"));
	fleet_drop(host->fleet, &err);
}

static void warn_of_ledger(struct run *run, const struct run_host *host, const struct value *hello)
{
	const struct value *ledger = value_get(hello, "ledger"), *lock = value_get(hello, "lock");
	const char *foreign = value_get_string(ledger, "foreign");
	const char *who = value_get_string(lock, "who"), *from = value_get_string(lock, "from");
	const char *since = value_get_string(lock, "since");

	if (foreign)
		run_warn(run, host->name, arena_printf(host->arena, "'%s' is the ledger of another machine "
			"(a cloned disk?): it isn't used, and what is in it can't be undone here", foreign));
	if (lock)
		run_warn(run, host->name, arena_printf(host->arena, "it is being changed by %s, from %s, "
			"since %s", who ? who : "?", from ? from : "?", since ? since : "?"));
}

static const char *became_of(struct arena *arena, const struct value *step)
{
	const struct value *status = value_get(step, "status");

	if (value_get_bool(step, "running"))
		return "is still under way";
	if (!status || status->kind != VALUE_INTEGER)
		return "was broken off";
	return arena_printf(arena, "has ended meanwhile (exit status %d)", (int)status->integer);
}

static void on_ready(void *context, struct fleet_host *fleet, const struct value *hello)
{
	struct run *run = context;
	struct run_host *host = fleet_context(fleet);
	const struct value *ran = value_get(hello, "ran");

	host->key = arena_string(host->arena, fleet_host_key(fleet));
	host->phase = HOST_IDLE;
	host->heard_at = beside_clock();
	if (value_get_string(value_get(hello, "ledger"), "problem")) {
		ledger_unusable(host, value_get(hello, "ledger"));
		return;
	}
	warn_of_ledger(run, host, hello);
	for (size_t i = 0; i < value_item_count(ran); i++) {
		const struct value *one = value_item(ran, i);
		const char *command = value_get_string(one, "command");

		run_warn(run, host->name, arena_printf(host->arena, "'%s' of an earlier run %s",
			command ? command : "a step", became_of(host->arena, one)));
	}
	host->seal = run->text && !host_checks(host) ? run->seal(run->seal_context, host->arena,
		host->name, value_get(hello, "ledger")) : NULL;
	if (!host->bystander)
		due_take(run, host, hello);
	stage_continue(run, host);
	order_poll(run);
}

/* Each resource comes once. */
static bool undone_again(struct run_host *host, const char *resource, size_t size)
{
	host->undone_bytes += size;
	if (!host->undone_resources)
		host->undone_resources = value_map(host->arena);
	if (!resource || host->undone_bytes > UNDONE_BYTES_MOST
			|| host->undone_resources->count >= UNDONE_MOST
			|| value_get(host->undone_resources, resource))
		return true;
	value_set(host->arena, host->undone_resources, resource, value_null(host->arena));
	return false;
}

static void take_result(struct run *run, struct run_host *host, struct value *body, size_t size)
{
	struct step *first = stage_first_step(host);
	bool more = value_get_bool(body, "more");
	struct step step;

	if (!host_live(host) || host_stops(host))
		return;
	if (!first || first->id != value_get_integer(body, "task", -1)
			|| (more && (!first->unit->undo || run->options.look))) {
		run_host_failed(host, "a result of a task that isn't its turn");
		return;
	}
	if (more && undone_again(host, value_get_string(body, "resource"), size)) {
		run_host_failed(host, "more results of an undo than there are resources");
		return;
	}
	result_level(first, body);
	if (more) {
		result_undone(run, host, first, body);
		return;
	}
	step = *first;
	host->step_first++;
	host->step_count--;
	result_take(run, host, &step, body);
	result_drain(run, host);
}

static void take_request(struct run *run, struct run_host *host, const struct value *body)
{
	struct step *first = stage_first_step(host);

	/* An agent waits for its answer, so nothing of an earlier one is left here. */
	if (fleet_queued(host->fleet) > QUEUED_MOST || host->gate >= 0) {
		run_host_failed(host, "a request before the last one was answered");
	} else if (strcmp(value_get_string(body, "kind"), "body") == 0) {
		relay_request(run, host, body);
	} else {
		host->gate = value_get_integer(body, "id", 0);
		host->gate_unit = first ? first->unit->index : INT64_MAX;
	}
}

static void take_orphans(struct run *run, struct run_host *host,
	const struct value *orphans)
{
	for (size_t i = 0; i < value_item_count(orphans); i++) {
		const char *resource = value_get_string(value_item(orphans, i), "resource");
		struct value *hosts;

		if (!resource)
			continue;
		hosts = value_get(run->orphans, resource);
		if (!hosts) {
			hosts = value_list(run->arena);
			value_set(run->arena, run->orphans, resource, hosts);
		}
		value_append(run->arena, hosts, value_string(run->arena, host->name));
		host->has_orphans = true;
	}
}

void run_set_text(struct run *run, const void *bytes, size_t size, run_seal *seal, void *context)
{
	run->text = bodies_add_bytes(run->bodies, bytes, size);
	run->seal = seal;
	run->seal_context = context;
}

const struct value *run_looked(const struct run *run)
{
	return run->looked;
}

const struct value *run_orphans(const struct run *run)
{
	return run->orphans;
}

static void ledger_unwritten(struct run_host *host, const char *problem)
{
	struct error err = {0};

	error_set(&err, ERROR_TASK, "the ledger can't be written: %.1500s", problem);
	error_remedy(&err, "what this run changed there isn't recorded; mend the cause, then apply again");
	fleet_drop(host->fleet, &err);
}

static void take_stage_end(struct run *run, struct run_host *host, const struct value *body)
{
	const char *problem = value_get_string(body, "problem");

	if (host_live(host) && host->phase != HOST_BUSY)
		run_host_failed(host, "the end of a stage that isn't under way");
	if (host->phase != HOST_BUSY)
		return;
	take_orphans(run, host, value_get(body, "orphans"));
	if (problem) {
		ledger_unwritten(host, problem);
		return;
	}
	if (host->step_count > 0 && !run->stopped) {
		run_host_failed(host, "a stage ended before all its tasks were done");
		return;
	}
	host->phase = HOST_IDLE;
	stage_continue(run, host);
}

static void on_frame(void *context, struct fleet_host *fleet, const struct frame *frame)
{
	struct run *run = context;
	struct run_host *host = fleet_context(fleet);
	const char *text;

	host->heard_at = beside_clock();
	switch (frame->type) {
	case FRAME_RESULT:
		take_result(run, host, frame->body, frame->size);
		break;
	case FRAME_STAGE_END:
		take_stage_end(run, host, frame->body);
		break;
	case FRAME_REQUEST:
		take_request(run, host, frame->body);
		break;
	case FRAME_CHUNK:
		relay_chunk(run, host, frame->body);
		break;
	case FRAME_PROGRESS:
		text = value_get_string(frame->body, "text");
		if (text && host_live(host) && !host->bystander)
			report_progress(run->report, host->name, text);
		break;
	case FRAME_BYE:
		break;
	default:
		run_host_failed(host, "unexpected message");
	}
	order_poll(run);
}

static void on_lost(void *context, struct fleet_host *fleet, const struct error *err)
{
	struct run *run = context;
	struct run_host *host = fleet_context(fleet);

	host->closed = true;
	if (host_live(host) && host->bystander) {
		beside_out(run, host, err ? err->message : "the connection ended");
	} else if (host_live(host)) {
		struct error ended = {0};

		error_set(&ended, ERROR_UNREACHABLE, "the connection ended before its tasks did");
		if (!err)
			err = &ended;
		result_lost(run, host);
		host->unreachable = err->kind == ERROR_UNREACHABLE;
		host->lost = arena_string(host->arena, err->message);
		if (!run->stopped || !host->unreachable)
			report_lost(run->report, host->name, err);
	}
	relay_out(run, host);
	order_poll(run);
}

static void on_warn(void *context, struct fleet_host *fleet, const char *message)
{
	struct run *run = context;

	run_warn(run, fleet ? fleet_name(fleet) : NULL, message);
}

static void stop(struct run *run)
{
	struct arena *arena = arena_new();

	run->stopped = 1;
	run->stopped_at = beside_clock();
	report_warning(run->report, NULL, arena_printf(arena, "interrupted: waiting up to %d s for each "
		"host to finish its current step (press ^C again to disconnect now)", STOPPING_MOST / 1000));
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];

		if (host->phase == HOST_BUSY) {
			fleet_send(host->fleet, FRAME_CANCEL, value_map(arena));
		} else if (host->fleet && host->phase == HOST_NEW) {
			result_out(run, host);
			host->closed = true;
			fleet_close(host->fleet);
		} else if (host->phase == HOST_IDLE) {
			result_out(run, host);
		}
	}
	arena_free(arena);
	order_poll(run);
}

/* The first ^C lets every node finish the step at hand; the second doesn't wait, nor does time. */
static bool on_tick(void *context)
{
	struct run *run = context;
	unsigned pressed = run->options.interrupted ? (unsigned)*run->options.interrupted : 0;

	report_tick(run->report);
	beside_tick(run);
	relay_tick(run);
	if (pressed > 0 && run->stopped == 0)
		stop(run);
	return pressed < 2 && (!run->stopped || beside_clock() < run->stopped_at + STOPPING_MOST);
}

/* --- The run --- */

static int connect_host(struct run *run, struct run_host *host, struct error *err)
{
	struct fleet_target target;

	if (host->phase == HOST_OUT)
		return 0;
	if (units_next(run, host, 0) >= (int64_t)run->unit_count && !host->left) {
		host->phase = HOST_DONE;
		return 0;
	}
	if (!needs_connection(run, host)) {
		host->phase = host->bystander ? HOST_DONE : HOST_IDLE;
		return 0;
	}
	if (target_of(run, host, &target, err) < 0)
		return -1;
	host->fleet = fleet_add(run->fleet, &target);
	return 0;
}

/* Those that are only looked at come behind. */
static int connect_hosts(struct run *run, struct error *err)
{
	for (size_t i = 0; i < run->host_count; i++) {
		if (!run->hosts[i].bystander && connect_host(run, &run->hosts[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < run->host_count; i++) {
		struct error wrong = {0};

		if (run->hosts[i].bystander && connect_host(run, &run->hosts[i], &wrong) < 0)
			beside_out(run, &run->hosts[i], wrong.message);
	}
	return 0;
}

static void say_warnings(struct run *run)
{
	for (size_t i = 0; i < run->warnings->count; i++)
		report_warning(run->report, value_get_string(run->warnings->items[i], "host"),
			value_get_string(run->warnings->items[i], "message"));
}

int run_execute(struct run *run, struct report *report, struct error *err)
{
	static const struct fleet_events events = {
		.ready = on_ready, .frame = on_frame, .lost = on_lost, .warn = on_warn, .tick = on_tick,
	};
	int result;

	run->report = report;
	run->started = beside_clock();
	say_warnings(run);
	run->fleet = fleet_new(&run->options.fleet, &events, run, err);
	if (!run->fleet)
		return -1;
	planned_leave_stale(run);
	result = connect_hosts(run, err);
	for (size_t i = 0; result == 0 && i < run->host_count; i++) {
		if (run->hosts[i].phase == HOST_IDLE)
			stage_continue(run, &run->hosts[i]);
	}
	if (result == 0) {
		order_poll(run);
		result = fleet_run(run->fleet, err);
		order_poll(run);
	}
	fleet_free(run->fleet);
	run->fleet = NULL;
	known_say(run);
	if (result == 0 && run->stopped)
		return error_set(err, ERROR_INTERRUPTED, "interrupted");
	return result;
}
