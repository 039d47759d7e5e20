/* planned: a plan's digest, so that just what was announced earlier is done, and nothing else.
 *
 * It covers the changes and, as the ways back say it, all that was there before: what is to be
 * replaced has not moved on if it is the same. */
#include "agent/work.h"

#include "base/buffer.h"
#include "module/plan.h"
#include "wire/wire.h"

#include <string.h>

static struct value *change_value(struct arena *arena, const struct change *change)
{
	struct value *value = value_map(arena);

	value_set_string(arena, value, "subject", change->subject);
	value_set_string(arena, value, "field", change->field);
	value_set_string(arena, value, "before", change->before);
	value_set_string(arena, value, "after", change->after);
	value_set_string(arena, value, "after_body", change->after_body);
	return value;
}

static struct value *inverse_value(struct arena *arena, const struct inverses_entry *entry)
{
	struct value *value = value_map(arena);

	value_set_string(arena, value, "resource", entry->resource);
	value_set_string(arena, value, "module", entry->module);
	value_set_string(arena, value, "digest", entry->keep_digest);
	if (entry->params)
		value_set(arena, value, "params", entry->params);
	return value;
}

void planned_digest(const struct work *work, const struct plan *plan, const void *state,
	char ret_hex[DIGEST_HEX_SIZE])
{
	struct inverses *inverses = inverses_new(work->arena);
	struct value *all = value_list(work->arena);
	struct buffer bytes = {0};

	if (work->module->invert)
		work->module->invert(inverses, work->params, state);
	for (size_t i = 0; i < plan->change_count; i++)
		value_append(work->arena, all, change_value(work->arena, plan->changes[i]));
	for (size_t i = 0; i < inverses->count; i++)
		value_append(work->arena, all, inverse_value(work->arena, &inverses->entries[i]));
	wire_encode(&bytes, all);
	digest_bytes(bytes.data, bytes.size, ret_hex);
	buffer_free(&bytes);
}

int planned_check(const struct work *work, const struct plan *plan, const void *state,
	struct error *err)
{
	const char *expected = work->task->expect;
	char hex[DIGEST_HEX_SIZE];

	if (!expected || plan->change_count == 0)
		return 0;
	planned_digest(work, plan, state, hex);
	if (strcmp(expected, hex) == 0)
		return 0;
	if (*expected)
		error_set(err, PLAN_STALE_HOST, "stale: %s (%s) has changed since the plan was made",
			plan->changes[0]->subject, plan->changes[0]->field);
	else
		error_set(err, PLAN_STALE_HOST, "stale: %s (%s) has changed since the plan was made, which "
			"left it alone", plan->changes[0]->subject, plan->changes[0]->field);
	return error_remedy(err, "this task did nothing; make a new plan");
}
