/* work: one task on this machine: inspect, plan, apply, and look again. */
#include "agent/work.h"

#include "agent/pending.h"
#include "base/quote.h"
#include "module/params.h"
#include "module/plan.h"

#include <string.h>

int work_load(struct work *work, struct error *err)
{
	const char *name = value_get_string(work->task, "module");
	const struct value *params = value_get(work->task, "params");

	if (!name || !value_text(params))
		return error_set(err, ERROR_TASK, "a task came without module or parameters");
	work->module = module_find(name);
	if (!work->module || !work->module->inspect)
		return error_set(err, ERROR_TASK, "this agent doesn't know the module '%s'", name);
	digest_bytes(params->text, params->size, work->digest);
	return module_load(work->arena, work->module, params->text, params->size, &work->params, err);
}

void work_failed(struct arena *arena, struct value *result, const struct error *err)
{
	value_set_string(arena, result, "status", "failed");
	value_set_string(arena, result, "message", err->message);
	if (err->remedy[0])
		value_set_string(arena, result, "remedy", err->remedy);
}

/* --- What is told of a change --- */

static void tell_text(struct work *work, struct value *told, const char *key, const char *text,
	size_t most, enum level level)
{
	size_t size;

	if (!text)
		return;
	size = strnlen(text, most + 1);
	if (size > most || !utf8_valid(text, size))
		value_set(work->arena, told, key, value_printf(work->arena, "(%zu bytes)", strlen(text)));
	else
		value_set(work->arena, told, key, value_bytes(work->arena, text, size));
	value_get(told, key)->level = level;
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

static struct value *tell_change(struct work *work, struct host *host, const struct change *change)
{
	struct value *told = value_map(work->arena);
	bool content = strcmp(change->field, "content") == 0;
	enum level level = change->flags & CHANGE_SENSITIVE ? LEVEL_PRIVATE : LEVEL_OPEN;
	const char *after = change->after;

	value_set_string(work->arena, told, "subject", change->subject);
	value_set_string(work->arena, told, "field", change->field);
	value_set_integer(work->arena, told, "flags", change->flags);
	if ((change->flags & CHANGE_SECRET) || value_get_bool(work->task, "no_log"))
		return told;
	if (content && !work->diff)
		return told;
	if (content && change->after_body && !after && !(change->flags & CHANGE_BINARY))
		after = body_text(work, host, change->after_body);
	tell_text(work, told, "before", change->before, content ? WORK_SHOWN_MOST : WORK_TEXT_MOST,
		level);
	tell_text(work, told, "after", after, content ? WORK_SHOWN_MOST : WORK_TEXT_MOST,
		level);
	return told;
}

static void tell_plan(struct work *work, struct host *host, const struct plan *plan,
	struct value *result)
{
	struct value *changes = value_list(work->arena);
	size_t told = 0;

	for (size_t i = 0; i < plan->change_count; i++) {
		struct value *change = tell_change(work, host, plan->changes[i]);
		const struct value *before = value_get(change, "before");
		const struct value *after = value_get(change, "after");

		told += (before ? before->size : 0) + (after ? after->size : 0);
		if (told > FRAME_MOST / 2) {
			value_remove(change, "before");
			value_remove(change, "after");
		}
		value_append(work->arena, changes, change);
	}
	value_set(work->arena, result, "changes", changes);
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

	params_wish(&text, work->module, value_get_string(work->task, "params"));
	digest_bytes(text.data ? text.data : "", text.size, all);
	buffer_free(&text);
	for (size_t i = 0; i < names->count; i++) {
		if (names->wishes[i])
			digest_bytes(names->wishes[i], strlen(names->wishes[i]), one);
		value_append(work->arena, list, value_string(work->arena, names->wishes[i] ? one : all));
	}
	return list;
}

static int ask(struct work *work, const char *kind, struct value *request,
	struct value **ret_reply, struct error *err)
{
	struct value *reply;

	value_set_string(work->arena, request, "kind", kind);
	return work->machine.ask(work->machine.context, work->arena, request,
		ret_reply ? ret_reply : &reply, err);
}

static struct value *wish_request(struct work *work, struct value *resources)
{
	struct value *request = value_map(work->arena);

	value_set_string(work->arena, request, "module", work->module->name);
	value_set_string(work->arena, request, "digest", work->digest);
	value_set(work->arena, request, "resources", resources);
	value_set(work->arena, request, "wanted", work->wanted);
	return request;
}

/* Whether it may be changed, as far as other playbooks are concerned. */
static int claim(struct work *work, struct plan *plan, struct value *resources,
	struct value *result, struct error *err)
{
	struct value *reply;

	if (resources->count == 0)
		return 0;
	if (ask(work, "claim", wish_request(work, resources), &reply, err) < 0)
		return -1;
	if (value_get_string(reply, "note")) {
		plan_note(plan, "%s", value_get_string(reply, "note"));
		value_set(work->arena, result, "notes", plan->notes);
	}
	return 0;
}

static int keep_files(struct work *work, struct value *inverse,
	const struct inverses_entry *entry, struct error *err)
{
	struct value *request = value_map(work->arena);
	struct value *reply;

	if (!entry->keep_path)
		return 0;
	value_set_string(work->arena, request, "path", entry->keep_path);
	if (ask(work, "keep", request, &reply, err) < 0)
		return -1;
	if (!value_get_string(reply, "digest") || !entry->keep_digest
			|| strcmp(value_get_string(reply, "digest"), entry->keep_digest) != 0)
		return error_set(err, ERROR_TASK, "'%s' changed while it was being looked at",
			entry->keep_path);
	value_set_string(work->arena, inverse, "body", entry->keep_digest);
	return 0;
}

static int begin(struct work *work, const void *state, struct value *resources,
	struct inverses **ret_inverses, struct error *err)
{
	const char *only = value_get_string(work->task, "resource");
	const char *file = value_get_string(work->task, "file");
	struct inverses *inverses = inverses_new(work->arena);
	struct value *request = wish_request(work, resources);
	struct value *list = value_list(work->arena);

	value_set_string(work->arena, request, "file", file);
	if (work->module->invert && !file)
		work->module->invert(inverses, work->params, state);
	for (size_t i = 0; i < inverses->count; i++) {
		const struct inverses_entry *entry = &inverses->entries[i];
		struct value *inverse = value_map(work->arena);
		const char *resource = entry->resource;

		/* An undo is about one resource, however its parameters spell it. */
		if (only && inverses->count == 1)
			resource = only;
		value_set_string(work->arena, inverse, "resource", resource);
		value_set_string(work->arena, inverse, "module", entry->module);
		value_set_string(work->arena, inverse, "reason", entry->reason);
		if (entry->params)
			value_set(work->arena, inverse, "params", entry->params);
		if (keep_files(work, inverse, entry, err) < 0)
			return -1;
		value_append(work->arena, list, inverse);
	}
	value_set(work->arena, request, "inverses", list);
	if (value_get_integer(work->task, "level", LEVEL_OPEN) == LEVEL_OPEN)
		value_set(work->arena, request, "params", value_get(work->task, "params"));
	if (value_get(work->task, "notify"))
		value_set(work->arena, request, "notify", value_get(work->task, "notify"));
	value_set_string(work->arena, request, "user", value_get_string(work->task, "user"));
	if (ask(work, "begin", request, NULL, err) < 0)
		return -1;
	*ret_inverses = inverses;
	return 0;
}

/* --- The steps of a task --- */

static int look(struct work *work, struct host *host, void **ret_state, struct plan **ret_plan,
	struct error *err)
{
	*ret_state = arena_alloc(work->arena, work->module->state_size + 1);
	*ret_plan = plan_new(work->arena);
	host_set_looking(host, true);
	if (work->module->inspect(host, work->params, *ret_state, err) < 0)
		return -1;
	work->module->plan(*ret_plan, work->params, *ret_state);
	return 0;
}

static int refused(const struct plan *plan, struct error *err)
{
	if (!plan->refused)
		return 0;
	error_set(err, ERROR_TASK, "%s", plan->refusal);
	return plan->remedy ? error_remedy(err, "%s", plan->remedy) : -1;
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
	error_set(err, ERROR_TASK, "did not converge: after the changes %s is still to be changed "
		"(%s: %.200s, wanted %.200s)", left->subject, left->field,
		left->before ? left->before : "nothing", left->after ? left->after : "nothing");
	return error_remedy(err, "something else changes it too, or this is a bug of the module");
}

/* Where just what was planned may be done, it is looked at once more when others are locked out. */
static int look_again(struct work *work, struct host *host, void **ret_state,
	struct plan **ret_plan, struct error *err)
{
	if (!value_get(work->task, "expect"))
		return 0;
	if (look(work, host, ret_state, ret_plan, err) < 0 || refused(*ret_plan, err) < 0)
		return -1;
	return planned_check(work, *ret_plan, *ret_state, err);
}

static int change(struct work *work, struct host *host, void *state, struct plan *plan,
	struct value *resources, struct value *results, struct inverses **ret_inverses,
	struct error *err)
{
	struct value *gate = value_map(work->arena);

	value_set_integer(work->arena, gate, "task", value_get_integer(work->task, "id", 0));
	if (ask(work, "gate", gate, NULL, err) < 0 || look_again(work, host, &state, &plan, err) < 0
			|| begin(work, state, resources, ret_inverses, err) < 0)
		return -1;
	if (work->note)
		return 0;
	host_set_looking(host, false);
	for (size_t i = 0; i < plan->change_count; i++) {
		if (work->module->apply(host, work->params, state, plan->changes[i], results, err) < 0)
			return -1;
	}
	return 0;
}

static void add_note(struct work *work, struct value *result, const char *text)
{
	if (!value_get(result, "notes"))
		value_set(work->arena, result, "notes", value_list(work->arena));
	value_append(work->arena, value_get(result, "notes"), value_string(work->arena, text));
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
	struct value *request = value_map(work->arena), *same = value_list(work->arena);
	struct error ignored = {0};
	struct plan *plan;
	void *state;

	if (!work->module->invert || before->count == 0
			|| look(work, host, &state, &plan, &ignored) < 0)
		return;
	work->module->invert(now, work->params, state);
	for (size_t i = 0; i < before->count; i++) {
		const struct inverses_entry *entry = &before->entries[i];
		const char *only = before->count == 1 ? value_get_string(work->task, "resource") : NULL;

		if (same_inverse(entry, i < now->count && strcmp(now->entries[i].resource,
				entry->resource) == 0 ? &now->entries[i] : inverse_of(now, entry->resource)))
			value_append(work->arena, same, value_string(work->arena, only ? only
				: entry->resource));
	}
	if (same->count == 0)
		return;
	value_set(work->arena, request, "resources", same);
	value_set_bool(work->arena, request, "all", same->count == before->count
		&& resources->count <= same->count);
	ask(work, "take_back", request, NULL, &ignored);
}

static void tell_end(struct work *work, const void *state, struct value *results,
	struct value *result)
{
	if (work->module->results)
		work->module->results(work->arena, work->params, state, results);
	if (value_get_bool(results, "truncated"))
		add_note(work, result, "the middle of a long output is left out (the result says "
			"truncated: true); let the command write to a file to keep all of it");
	if (results->count > 0)
		value_set(work->arena, result, "results", results);
	if (work->module->publish) {
		const char *key = NULL;
		struct value *facts = work->module->publish(work->arena, work->params, state, &key);
		struct value *published = value_map(work->arena);

		if (!facts)
			return;
		value_set_string(work->arena, published, "module", work->module->name);
		value_set_string(work->arena, published, "key", key);
		value_set(work->arena, published, "facts", facts);
		value_set(work->arena, result, "published", published);
	}
}

/* What a dry run's later tasks might read. */
static void tell_writes(struct work *work, const struct plan *plan,
	const struct value *resources, struct value *result)
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
	value_set(work->arena, result, "writes", writes);
}

static void tell_planned(struct work *work, const struct plan *plan, const void *state,
	struct value *result)
{
	char hex[DIGEST_HEX_SIZE];

	if (!value_get_bool(work->task, "plan"))
		return;
	planned_digest(work, plan, state, hex);
	value_set_string(work->arena, result, "planned", hex);
}

static void may_change(struct work *work, const char *cause, const struct plan *plan,
	const struct value *resources, struct value *result)
{
	value_set_string(work->arena, result, "status", "may_change");
	value_set(work->arena, result, "cause", value_printf(work->arena, "depends on '%s'", cause));
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

static int work_try(struct work *work, struct value *result, struct error *err)
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

	if (value_get_string(work->task, "resource"))
		names_add(names, "%s", value_get_string(work->task, "resource"));
	else if (work->module->resources && !value_get_string(work->task, "file"))
		work->module->resources(names, work->params);
	resources = list_of(work, names);
	work->wanted = wanted_of(work, names);
	value_set(work->arena, result, "resources", resources);
	value_set(work->arena, result, "wanted", work->wanted);
	for (size_t i = 0; work->refused && i < resources->count; i++) {
		if (!value_get(work->refused, value_text(resources->items[i])))
			continue;
		value_set_string(work->arena, result, "status", "skipped");
		value_set_string(work->arena, result, "message",
			"left alone, as it was not undone: it isn't as beoplay left it");
		return 0;
	}
	looked = look(work, host, &state, &plan, err);
	if (work->check)
		cause = pending_met(work->pending, reads, resources);
	if (work->check && !cause && work->undone) {
		cause = pending_met(work->undone, reads, resources);
		if (cause && is_restored(work, resources)) {
			value_set_string(work->arena, result, "status", "ok");
			return 0;
		}
	}
	if (cause) {
		may_change(work, cause, plan, resources, result);
		return 0;
	}
	if (looked < 0 || refused(plan, err) < 0)
		return -1;
	if (plan->missing && plan->change_count > 0)
		plan_note(plan, "%s", plan->missing);
	if (plan->notes->count > 0)
		value_set(work->arena, result, "notes", plan->notes);
	if (plan->change_count == 0 && plan->missing) {
		value_set_string(work->arena, result, "status", "may_change");
		value_set_string(work->arena, result, "cause", plan->missing);
		tell_writes(work, plan, resources, result);
		return 0;
	}
	if (plan->change_count == 0) {
		value_set_string(work->arena, result, "status", "ok");
		tell_end(work, state, results, result);
		return 0;
	}
	if (claim(work, plan, resources, result, err) < 0)
		return -1;
	value_set_string(work->arena, result, "status", "changed");
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
static void tell_left(struct work *work, struct value *result)
{
	const struct value *notes = work->machine.notes;

	for (size_t i = 0; notes && i < notes->count; i++)
		add_note(work, result, value_text(notes->items[i]));
}

void work_do(struct work *work, struct value *result)
{
	int64_t start = milliseconds_now(), took;
	struct error err = {0};

	if (work_try(work, result, &err) < 0)
		work_failed(work->arena, result, &err);
	tell_left(work, result);
	took = milliseconds_now() - start;
	if (took > 0)
		value_set_integer(work->arena, result, "milliseconds", took);
}
