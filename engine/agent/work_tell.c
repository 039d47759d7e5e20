/* work_tell: what is told of a task: what it changes, what it would write, what came of it. */
#include "agent/work.h"

#include "base/quote.h"
#include "module/plan.h"

#include <string.h>

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

void work_tell_plan(struct work *work, struct host *host, const struct plan *plan,
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

void work_add_note(struct work *work, struct result *result, const char *text)
{
	if (!result->notes)
		result->notes = value_list(work->arena);
	value_append(work->arena, result->notes, value_string(work->arena, text));
}

void work_tell_end(struct work *work, const void *state, struct value *results,
	struct result *result)
{
	struct published *published;

	if (work->module->results)
		work->module->results(work->arena, work->params, state, results);
	if (value_get_bool(results, "truncated"))
		work_add_note(work, result, "the middle of a long output is left out (the result says "
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

void work_tell_writes(struct work *work, const struct plan *plan,
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

void work_tell_planned(struct work *work, const struct plan *plan, const void *state,
	struct result *result)
{
	char hex[DIGEST_HEX_SIZE];

	if (!work->task->plan)
		return;
	planned_digest(work, plan, state, hex);
	result->planned = arena_string(work->arena, hex);
}

void work_may_change(struct work *work, struct host *host, const char *cause, bool looked,
	const struct plan *plan, const struct value *resources, struct result *result)
{
	bool shown = looked && !plan->refused && plan->change_count > 0;

	result->status = STATUS_MAY_CHANGE;
	result->cause = cause_copy(work->arena, &(struct cause){ shown ? CAUSE_BEFORE_SHOWN : CAUSE_BEFORE,
		.name = cause });
	if (shown)
		work_tell_plan(work, host, plan, result);
	work_tell_writes(work, plan, resources, result);
}
