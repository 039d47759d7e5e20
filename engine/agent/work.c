/* work: one task on this machine: inspect, plan, apply, and look again. */
#include "agent/work.h"

#include "agent/pending.h"
#include "module/params.h"
#include "module/plan.h"

#include <string.h>

int work_load(struct work *work, struct error *err)
{
	const char *name = work->task->module, *params = work->task->params;

	if (!name || !params)
		return error_set(err, AGENT_BAD_TASK, "a task came without module or parameters");
	work->module = module_find(name);
	if (!work->module || !work->module->inspect)
		return error_set(err, AGENT_BAD_TASK, "this agent doesn't know the module '%s'", name);
	digest_bytes(params, strlen(params), work->digest);
	return module_load(work->arena, work->module, params, strlen(params), &work->params, err);
}

void work_failed(struct arena *arena, struct result *result, const struct error *err)
{
	result->status = STATUS_FAILED;
	result->message = arena_string(arena, err->message);
	result->code = err->code->name;
	if (err->remedy[0])
		result->remedy = arena_string(arena, err->remedy);
}

/* --- Asking --- */

static struct value *list_of(struct work *work, const struct names *names)
{
	struct value *list = value_list(work->arena);

	for (size_t i = 0; i < names->count; i++)
		value_append(work->arena, list, value_string(work->arena, names->items[i]));
	return list;
}

/* A digest each of what is wished of it: the module's word, else all parameters that say what, not
 * how. */
static struct value *wanted_of(struct work *work, const struct names *names)
{
	struct value *list = value_list(work->arena);
	struct buffer text = {0};
	char all[DIGEST_HEX_SIZE], one[DIGEST_HEX_SIZE];

	params_wish(&text, work->module, work->task->params);
	digest_bytes(text.data ? text.data : "", text.size, all);
	buffer_free(&text);
	for (size_t i = 0; i < names->count; i++) {
		if (names->wishes[i])
			digest_bytes(names->wishes[i], strlen(names->wishes[i]), one);
		value_append(work->arena, list, value_string(work->arena, names->wishes[i] ? one : all));
	}
	return list;
}

static int ask(struct work *work, const struct request *request, struct reply *ret_reply,
	struct error *err)
{
	int64_t asked = milliseconds_now();
	int result;

	*ret_reply = (struct reply){0};
	result = work->machine.ask(work->machine.context, work->arena, request, ret_reply, err);
	/* What it waits for others isn't the task's time. */
	if (work->machine.until != 0)
		work->machine.until += milliseconds_now() - asked;
	return result;
}

static struct request wish_request(const struct work *work, enum request_kind kind,
	struct value *resources)
{
	return (struct request){ .kind = kind, .module = work->module->name, .digest = work->digest,
		.resources = resources, .wanted = work->wanted };
}

/* Whether it may be changed, as far as other playbooks are concerned. */
static int claim(struct work *work, struct plan *plan, struct value *resources,
	struct result *result, struct error *err)
{
	const struct request request = wish_request(work, REQUEST_CLAIM, resources);
	struct reply reply;

	if (resources->count == 0)
		return 0;
	if (ask(work, &request, &reply, err) < 0)
		return -1;
	if (reply.note) {
		plan_note(plan, "%s", reply.note);
		result->notes = plan->notes;
	}
	return 0;
}

static int keep_files(struct work *work, const struct inverses_entry *entry,
	struct told_inverse *inverse, struct error *err)
{
	const struct request request = { .kind = REQUEST_KEEP, .path = entry->keep_path };
	struct reply reply;

	if (!entry->keep_path)
		return 0;
	if (ask(work, &request, &reply, err) < 0)
		return -1;
	if (!reply.digest || !entry->keep_digest || strcmp(reply.digest, entry->keep_digest) != 0)
		return error_set(err, HOST_FILE_CHANGED, "'%s' changed while it was being looked at",
			entry->keep_path);
	inverse->body = entry->keep_digest;
	return 0;
}

/* An undo is about one resource, however its parameters spell it. */
static const char *resource_of(const struct work *work, const struct inverses *inverses, size_t i)
{
	const char *only = inverses->count == 1 ? work->task->resource : NULL;

	return only ? only : inverses->entries[i].resource;
}

static int begin(struct work *work, const void *state, struct value *resources,
	struct inverses **ret_inverses, struct error *err)
{
	struct request request = wish_request(work, REQUEST_BEGIN, resources);
	struct inverses *inverses = inverses_new(work->arena);
	struct told_inverse *told;
	struct reply reply;

	request.file = work->task->file;
	if (work->module->invert && !request.file && !work->restarts)
		work->module->invert(inverses, work->params, state);
	told = arena_array(work->arena, inverses->count, sizeof(*told));
	for (size_t i = 0; i < inverses->count; i++) {
		const struct inverses_entry *entry = &inverses->entries[i];

		told[i] = (struct told_inverse){ .resource = resource_of(work, inverses, i),
			.module = entry->module, .reason = entry->reason, .params = entry->params };
		if (keep_files(work, entry, &told[i], err) < 0)
			return -1;
	}
	request.inverses = told;
	request.inverse_count = inverses->count;
	if (work->task->level == LEVEL_OPEN)
		request.params = work->task->params;
	request.notify = work->task->notify;
	request.user = work->task->user;
	if (ask(work, &request, &reply, err) < 0)
		return -1;
	*ret_inverses = inverses;
	return 0;
}

/* --- The steps of a task --- */

/* What can't be restarted has been undone itself. */
static void keep_restarts(struct plan *plan)
{
	size_t kept = 0;

	plan->refused = false;
	for (size_t i = 0; i < plan->change_count; i++) {
		if (plan->changes[i]->flags & CHANGE_KEEPS_STATE)
			plan->changes[kept++] = plan->changes[i];
	}
	plan->change_count = kept;
}

static int look(struct work *work, struct host *host, void **ret_state, struct plan **ret_plan,
	struct error *err)
{
	if (machine_in_time(&work->machine, err) < 0)
		return -1;
	*ret_state = arena_alloc(work->arena, work->module->state_size + 1);
	*ret_plan = plan_new(work->arena);
	host_set_looking(host, true);
	if (work->module->inspect(host, work->params, *ret_state, err) < 0)
		return -1;
	work->module->plan(*ret_plan, work->params, *ret_state);
	if (work->restarts && !(work->module->flags & MODULE_ACTION))
		keep_restarts(*ret_plan);
	return 0;
}

static int refused(const struct plan *plan, struct error *err)
{
	if (!plan->refused)
		return 0;
	error_set(err, plan->refused, "%s", plan->refusal);
	return plan->remedy ? error_remedy(err, "%s", plan->remedy) : -1;
}

/* What fails ahead of its turn is looked at again when that has come: what is missing may be what an
 * earlier task of another host makes. */
static int look_in_turn(struct work *work, struct host *host, void **ret_state,
	struct plan **ret_plan, struct error *err)
{
	const struct request gate = { .kind = REQUEST_GATE, .task = work->task->id };
	struct reply reply;
	struct error first = {0};

	if (look(work, host, ret_state, ret_plan, &first) == 0 && refused(*ret_plan, &first) == 0)
		return 0;
	if (ask(work, &gate, &reply, err) < 0)
		return -1;
	return look(work, host, ret_state, ret_plan, err);
}

static int converged(const struct plan *plan, struct error *err)
{
	const struct change *left = NULL;

	if (refused(plan, err) < 0)
		return -1;
	for (size_t i = 0; !left && i < plan->change_count; i++) {
		if (!(plan->changes[i]->flags & CHANGE_EACH_TIME))
			left = plan->changes[i];
	}
	if (!left)
		return 0;
	error_set(err, HOST_NOT_CONVERGED, "did not converge: after the changes %s is still to be "
		"changed (%s: %.200s, wanted %.200s)", left->subject, left->field, left->before
		? left->before : "nothing", left->after ? left->after : "nothing");
	return error_remedy(err, "something else changes it too, or this is a bug of the module");
}

static int apply_all(struct work *work, struct host *host, void *state, struct plan *plan,
	struct value *results, struct error *err)
{
	struct error ignored = {0};
	int result = 0;

	for (size_t i = 0; result == 0 && i < plan->change_count; i++) {
		result = machine_in_time(&work->machine, err);
		if (result == 0)
			result = work->module->apply(host, work->params, state, plan->changes[i], results, err);
	}
	/* What is done is looked at, and what isn't is taken back, however long that takes. */
	work->machine.until = 0;
	return host_settle(host, result == 0 ? err : &ignored) < 0 ? -1 : result;
}

/* What led back before a task and what leads back after it are the same where it has changed
 * nothing. */
static const struct inverses_entry *inverse_of(const struct inverses *inverses,
	const char *resource)
{
	for (size_t i = 0; i < inverses->count; i++) {
		if (strcmp(inverses->entries[i].resource, resource) == 0)
			return &inverses->entries[i];
	}
	return NULL;
}

static bool same_text(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

static bool same_inverse(const struct inverses_entry *one, const struct inverses_entry *other)
{
	return one && other && one->params && other->params && value_equal(one->params, other->params)
		&& same_text(one->module, other->module)
		&& same_text(one->keep_digest, other->keep_digest);
}

/* The task failed: what is as it was before isn't the ledger's business. */
static void take_back(struct work *work, struct host *host, const struct inverses *before,
	const struct value *resources)
{
	struct inverses *now = inverses_new(work->arena);
	struct value *same = value_list(work->arena);
	struct request request = { .kind = REQUEST_TAKE_BACK, .resources = same };
	struct reply reply;
	struct error ignored = {0};
	struct plan *plan;
	void *state;

	if (!work->module->invert || before->count == 0
			|| look(work, host, &state, &plan, &ignored) < 0)
		return;
	work->module->invert(now, work->params, state);
	for (size_t i = 0; i < before->count; i++) {
		const struct inverses_entry *entry = &before->entries[i];

		if (same_inverse(entry, i < now->count && strcmp(now->entries[i].resource,
				entry->resource) == 0 ? &now->entries[i] : inverse_of(now, entry->resource)))
			value_append(work->arena, same, value_string(work->arena, resource_of(work, before,
				i)));
	}
	if (same->count == 0)
		return;
	request.all = same->count == before->count && resources->count <= same->count;
	ask(work, &request, &reply, &ignored);
}

/* Whether an undo of this dry run brings back just what this task had made: then it is as
 * wished. */
static bool is_restored(const struct work *work, const struct value *resources)
{
	for (size_t i = 0; i < resources->count; i++) {
		const char *digest = value_get_string(value_get(work->restored,
			value_text(resources->items[i])), work->module->name);

		if (!digest || strcmp(digest, work->digest) != 0)
			return false;
	}
	return resources->count > 0;
}

/* One try of a task. */
struct trying {
	struct work *work;
	struct host *host;
	struct result *result;
	struct value *reads, *resources, *results;
	void *state;
	struct plan *plan;
};

static void name_resources(struct trying *trying)
{
	struct work *work = trying->work;
	struct names *names = names_new(work->arena);

	if (work->task->resource)
		names_add(names, "%s", work->task->resource);
	else if (work->module->resources && !work->task->file && !work->restarts)
		work->module->resources(names, work->params);
	trying->resources = list_of(work, names);
	work->wanted = wanted_of(work, names);
	trying->result->resources = trying->resources;
	trying->result->wanted = work->wanted;
}

/* What an undo has left alone isn't changed by the task that stood on it. */
static bool is_left_alone(const struct trying *trying)
{
	const struct value *refused = trying->work->refused;

	for (size_t i = 0; refused && i < trying->resources->count; i++) {
		if (!value_get(refused, value_text(trying->resources->items[i])))
			continue;
		trying->result->status = STATUS_SKIPPED;
		trying->result->message = "left alone, as it was not undone: it isn't as beoplay left it";
		return true;
	}
	return false;
}

/* Whether what comes before in a dry run decides what is told. */
static bool waits_for_others(const struct trying *trying, bool looked)
{
	struct work *work = trying->work;
	const char *cause = pending_met(work->pending, trying->reads, trying->resources);

	if (!cause && work->undone) {
		cause = pending_met(work->undone, trying->reads, trying->resources);
		if (cause && is_restored(work, trying->resources)) {
			trying->result->status = STATUS_OK;
			return true;
		}
	}
	if (cause)
		work_may_change(work, trying->host, cause, looked, trying->plan, trying->resources, trying->result);
	return cause != NULL;
}

/* Nothing is to be changed, as far as is known. */
static void tell_no_change(const struct trying *trying)
{
	struct work *work = trying->work;
	struct result *result = trying->result;

	if (trying->plan->missing) {
		result->status = STATUS_MAY_CHANGE;
		result->cause = cause_copy(work->arena, &(struct cause){ .kind = CAUSE_SAID,
			.why = trying->plan->missing });
		work_tell_writes(work, trying->plan, trying->resources, result);
		return;
	}
	result->status = work->restarts ? STATUS_SKIPPED : STATUS_OK;
	work_tell_end(work, trying->state, trying->results, result);
}

/* A job, at which several machines look together, and not while each of them is at its turn. */
static bool looks_with_others(const struct module *module)
{
	return (module->flags & MODULE_ACTION) && (module->flags & MODULE_INTERNAL);
}

/* It is looked at once more when others are locked out: where they may have changed it (what a command creates,
 * too), and where just what was planned may be done. */
static int look_again(struct trying *trying, bool late, struct error *err)
{
	struct work *work = trying->work;

	if (!work->task->expect && (!late || looks_with_others(work->module)))
		return 0;
	if (look(work, trying->host, &trying->state, &trying->plan, err) < 0 || refused(trying->plan, err) < 0
			|| planned_check(work, trying->plan, trying->state, err) < 0)
		return -1;
	work_tell_plan(work, trying->host, trying->plan, trying->result);
	return 0;
}

/* The turn has come, and nobody else changes this machine. */
static int pass_gate(struct trying *trying, struct error *err)
{
	const struct request gate = { .kind = REQUEST_GATE, .task = trying->work->task->id };
	struct reply reply;

	return ask(trying->work, &gate, &reply, err) < 0 ? -1 : look_again(trying, reply.late, err);
}

static int change(struct trying *trying, struct inverses **ret_inverses, struct error *err)
{
	struct work *work = trying->work;

	if (begin(work, trying->state, trying->resources, ret_inverses, err) < 0)
		return -1;
	if (work->note)
		return 0;
	host_set_looking(trying->host, false);
	return apply_all(work, trying->host, trying->state, trying->plan, trying->results, err);
}

/* Makes the change, and looks whether all is as wished then. */
static int change_and_look(struct trying *trying, struct error *err)
{
	struct work *work = trying->work;
	struct inverses *inverses = NULL;
	int result;

	if (planned_check(work, trying->plan, trying->state, err) < 0)
		return -1;
	if (pass_gate(trying, err) < 0) {
		work_tell_end(work, trying->state, trying->results, trying->result);
		return -1;
	}
	if (trying->plan->change_count == 0) {
		tell_no_change(trying);
		return 0;
	}
	result = change(trying, &inverses, err);
	if (result == 0 && !work->note && !(work->module->flags & MODULE_ACTION)) {
		result = look(work, trying->host, &trying->state, &trying->plan, err);
		if (result == 0)
			result = converged(trying->plan, err);
	}
	if (result < 0 && inverses && !work->note)
		take_back(work, trying->host, inverses, trying->resources);
	work_tell_end(work, trying->state, trying->results, trying->result);
	return result;
}

static int follow_plan(struct trying *trying, struct error *err)
{
	struct work *work = trying->work;
	struct plan *plan = trying->plan;
	struct result *result = trying->result;

	if (plan->missing && plan->change_count > 0)
		plan_note(plan, "%s", plan->missing);
	if (work_look_at_files(work, plan, trying->resources, err) < 0)
		return -1;
	if (plan->notes->count > 0)
		result->notes = plan->notes;
	if (plan->change_count == 0) {
		tell_no_change(trying);
		return 0;
	}
	if (claim(work, plan, trying->resources, result, err) < 0)
		return -1;
	result->status = STATUS_CHANGED;
	work_tell_plan(work, trying->host, plan, result);
	if (!work->check)
		return change_and_look(trying, err);
	work_tell_planned(work, plan, trying->state, result);
	work_tell_writes(work, plan, trying->resources, result);
	work_tell_end(work, trying->state, trying->results, result);
	return 0;
}

static int work_try(struct work *work, struct result *result, struct error *err)
{
	struct trying trying = { .work = work, .result = result, .reads = value_list(work->arena),
		.results = value_map(work->arena) };
	int looked;

	trying.host = host_new(work->arena, &machine_calls, &work->machine, trying.reads);
	name_resources(&trying);
	if (is_left_alone(&trying))
		return 0;
	looked = work->check ? look(work, trying.host, &trying.state, &trying.plan, err)
		: look_in_turn(work, trying.host, &trying.state, &trying.plan, err);
	if (work->check && waits_for_others(&trying, looked == 0))
		return 0;
	if (looked < 0 || refused(trying.plan, err) < 0)
		return -1;
	return follow_plan(&trying, err);
}

/* What commands have left running. */
static void tell_left(struct work *work, struct result *result)
{
	const struct value *notes = work->machine.notes;

	for (size_t i = 0; notes && i < notes->count; i++)
		work_add_note(work, result, value_text(notes->items[i]));
}

void work_do(struct work *work, struct result *result)
{
	int64_t start = milliseconds_now(), took;
	struct error err = {0};

	work->machine.timeout = work->task->timeout;
	if (work->machine.timeout > 0)
		work->machine.until = start + work->machine.timeout * 1000;
	if (work_try(work, result, &err) < 0)
		work_failed(work->arena, result, &err);
	tell_left(work, result);
	took = milliseconds_now() - start;
	if (took > 0)
		result->milliseconds = took;
}
