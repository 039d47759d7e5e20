/* work: one task on this machine: inspect, plan, apply, and look again. */
#include "agent/work.h"

#include "agent/pending.h"
#include "base/quote.h"
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

/* --- What is told of a change --- */

static struct value *told_text(struct work *work, const char *text, size_t most, enum level level)
{
	struct value *told;
	size_t size;

	if (!text)
		return NULL;
	size = strnlen(text, most + 1);
	told = size > most || !utf8_valid(text, size)
		? value_printf(work->arena, "(%zu bytes)", strlen(text))
		: value_bytes(work->arena, text, size);
	told->level = level;
	return told;
}

/* A body's text for a diff, where it is text and short. */
static const char *body_text(struct work *work, struct host *host, const char *digest)
{
	struct error ignored = {0};
	char *bytes;
	size_t size;

	if (host_body(host, digest, WORK_SHOWN_MOST, &bytes, &size, &ignored) < 0)
		return "(more than a diff shows)";
	if (memchr(bytes, 0, size) || !utf8_valid(bytes, size))
		return arena_printf(work->arena, "(%zu bytes)", size);
	return bytes;
}

static struct told_change tell_change(struct work *work, struct host *host,
	const struct change *change)
{
	struct told_change told = { .subject = change->subject, .field = change->field,
		.flags = change->flags };
	bool content = strcmp(change->field, "content") == 0;
	enum level level = change->flags & CHANGE_SENSITIVE ? LEVEL_PRIVATE : LEVEL_OPEN;
	size_t most = content ? WORK_SHOWN_MOST : WORK_TEXT_MOST;
	const char *after = change->after;

	if ((change->flags & CHANGE_SECRET) || work->task->no_log || (content && !work->diff))
		return told;
	if (content && change->after_body && !after && !(change->flags & CHANGE_BINARY))
		after = body_text(work, host, change->after_body);
	told.before = told_text(work, change->before, most, level);
	told.after = told_text(work, after, most, level);
	return told;
}

static void tell_plan(struct work *work, struct host *host, const struct plan *plan,
	struct result *result)
{
	struct told_change *changes = arena_array(work->arena, plan->change_count, sizeof(*changes));
	size_t told = 0;

	for (size_t i = 0; i < plan->change_count; i++) {
		changes[i] = tell_change(work, host, plan->changes[i]);
		told += changes[i].before ? changes[i].before->size : 0;
		told += changes[i].after ? changes[i].after->size : 0;
		if (told > FRAME_MOST / 2)
			changes[i].before = changes[i].after = NULL;
	}
	result->changes = changes;
	result->change_count = plan->change_count;
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
	*ret_reply = (struct reply){0};
	return work->machine.ask(work->machine.context, work->arena, request, ret_reply, err);
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

/* Where just what was planned may be done, it is looked at once more when others are locked out. */
static int look_again(struct work *work, struct host *host, void **ret_state,
	struct plan **ret_plan, struct error *err)
{
	if (!work->task->expect)
		return 0;
	if (look(work, host, ret_state, ret_plan, err) < 0 || refused(*ret_plan, err) < 0)
		return -1;
	return planned_check(work, *ret_plan, *ret_state, err);
}

static int apply_all(struct work *work, struct host *host, void *state, struct plan *plan,
	struct value *results, struct error *err)
{
	struct error ignored = {0};
	int result = 0;

	for (size_t i = 0; result == 0 && i < plan->change_count; i++)
		result = work->module->apply(host, work->params, state, plan->changes[i], results, err);
	return host_settle(host, result == 0 ? err : &ignored) < 0 ? -1 : result;
}

static int change(struct work *work, struct host *host, void *state, struct plan *plan,
	struct value *resources, struct value *results, struct inverses **ret_inverses,
	struct error *err)
{
	const struct request gate = { .kind = REQUEST_GATE, .task = work->task->id };
	struct reply reply;

	if (ask(work, &gate, &reply, err) < 0 || look_again(work, host, &state, &plan, err) < 0
			|| begin(work, state, resources, ret_inverses, err) < 0)
		return -1;
	if (work->note)
		return 0;
	host_set_looking(host, false);
	return apply_all(work, host, state, plan, results, err);
}

static void add_note(struct work *work, struct result *result, const char *text)
{
	if (!result->notes)
		result->notes = value_list(work->arena);
	value_append(work->arena, result->notes, value_string(work->arena, text));
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

static void tell_end(struct work *work, const void *state, struct value *results,
	struct result *result)
{
	struct published *published;

	if (work->module->results)
		work->module->results(work->arena, work->params, state, results);
	if (value_get_bool(results, "truncated"))
		add_note(work, result, "the middle of a long output is left out (the result says "
			"truncated: true); let the command write to a file to keep all of it");
	if (results->count > 0)
		result->results = results;
	if (work->module->publish) {
		const char *key = NULL;
		struct value *facts = work->module->publish(work->arena, work->params, state, &key);

		if (!facts)
			return;
		published = arena_alloc(work->arena, sizeof(*published));
		*published = (struct published){ .module = work->module->name, .key = key,
			.facts = facts };
		result->published = published;
	}
}

/* What a dry run's later tasks might read. */
static void tell_writes(struct work *work, const struct plan *plan,
	const struct value *resources, struct result *result)
{
	struct value *writes = value_list(work->arena);

	for (size_t i = 0; i < resources->count; i++)
		value_append(work->arena, writes, resources->items[i]);
	for (size_t i = 0; i < plan->writes->count; i++)
		value_append(work->arena, writes, plan->writes->items[i]);
	for (size_t i = 0; i < plan->change_count; i++) {
		if (plan->changes[i]->subject && plan->changes[i]->subject[0] == '/')
			value_append(work->arena, writes, value_printf(work->arena, "path:%s",
				plan->changes[i]->subject));
	}
	result->writes = writes;
}

static void tell_planned(struct work *work, const struct plan *plan, const void *state,
	struct result *result)
{
	char hex[DIGEST_HEX_SIZE];

	if (!work->task->plan)
		return;
	planned_digest(work, plan, state, hex);
	result->planned = arena_string(work->arena, hex);
}

/* What it would do if that changed nothing of it is shown, where that can be looked at. */
static void may_change(struct work *work, struct host *host, const char *cause, bool looked,
	const struct plan *plan, const struct value *resources, struct result *result)
{
	bool shown = looked && !plan->refused && plan->change_count > 0;

	result->status = STATUS_MAY_CHANGE;
	result->cause = cause_copy(work->arena, &(struct cause){ shown ? CAUSE_BEFORE_SHOWN : CAUSE_BEFORE,
		.name = cause });
	if (shown)
		tell_plan(work, host, plan, result);
	tell_writes(work, plan, resources, result);
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

static int work_try(struct work *work, struct result *result, struct error *err)
{
	struct names *names = names_new(work->arena);
	struct value *reads = value_list(work->arena);
	struct host *host = host_new(work->arena, &machine_calls, &work->machine, reads);
	struct value *results = value_map(work->arena);
	struct inverses *inverses = NULL;
	struct value *resources;
	struct plan *plan;
	const char *cause = NULL;
	void *state;
	int looked;

	if (work->task->resource)
		names_add(names, "%s", work->task->resource);
	else if (work->module->resources && !work->task->file && !work->restarts)
		work->module->resources(names, work->params);
	resources = list_of(work, names);
	work->wanted = wanted_of(work, names);
	result->resources = resources;
	result->wanted = work->wanted;
	for (size_t i = 0; work->refused && i < resources->count; i++) {
		if (!value_get(work->refused, value_text(resources->items[i])))
			continue;
		result->status = STATUS_SKIPPED;
		result->message = "left alone, as it was not undone: it isn't as beoplay left it";
		return 0;
	}
	looked = work->check ? look(work, host, &state, &plan, err)
		: look_in_turn(work, host, &state, &plan, err);
	if (work->check)
		cause = pending_met(work->pending, reads, resources);
	if (work->check && !cause && work->undone) {
		cause = pending_met(work->undone, reads, resources);
		if (cause && is_restored(work, resources)) {
			result->status = STATUS_OK;
			return 0;
		}
	}
	if (cause) {
		may_change(work, host, cause, looked == 0, plan, resources, result);
		return 0;
	}
	if (looked < 0 || refused(plan, err) < 0)
		return -1;
	if (plan->missing && plan->change_count > 0)
		plan_note(plan, "%s", plan->missing);
	if (plan->notes->count > 0)
		result->notes = plan->notes;
	if (plan->change_count == 0 && plan->missing) {
		result->status = STATUS_MAY_CHANGE;
		result->cause = cause_copy(work->arena, &(struct cause){ .kind = CAUSE_SAID,
			.why = plan->missing });
		tell_writes(work, plan, resources, result);
		return 0;
	}
	if (plan->change_count == 0) {
		result->status = work->restarts ? STATUS_SKIPPED : STATUS_OK;
		tell_end(work, state, results, result);
		return 0;
	}
	if (claim(work, plan, resources, result, err) < 0)
		return -1;
	result->status = STATUS_CHANGED;
	tell_plan(work, host, plan, result);
	if (!work->check && planned_check(work, plan, state, err) < 0)
		return -1;
	if (work->check) {
		tell_planned(work, plan, state, result);
		tell_writes(work, plan, resources, result);
		tell_end(work, state, results, result);
		return 0;
	}
	looked = change(work, host, state, plan, resources, results, &inverses, err);
	if (looked == 0 && !work->note && !(work->module->flags & MODULE_ACTION)) {
		looked = look(work, host, &state, &plan, err);
		if (looked == 0)
			looked = converged(plan, err);
	}
	if (looked < 0 && inverses && !work->note)
		take_back(work, host, inverses, resources);
	tell_end(work, state, results, result);
	return looked;
}

/* What commands have left running. */
static void tell_left(struct work *work, struct result *result)
{
	const struct value *notes = work->machine.notes;

	for (size_t i = 0; notes && i < notes->count; i++)
		add_note(work, result, value_text(notes->items[i]));
}

void work_do(struct work *work, struct result *result)
{
	int64_t start = milliseconds_now(), took;
	struct error err = {0};

	if (work_try(work, result, &err) < 0)
		work_failed(work->arena, result, &err);
	tell_left(work, result);
	took = milliseconds_now() - start;
	if (took > 0)
		result->milliseconds = took;
}
