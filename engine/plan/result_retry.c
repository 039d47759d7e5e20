/* result_retry: until: whether a task is tried again. */
#include "plan/judged.h"
#include "plan/order.h"

#include "expression/expression.h"

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
	if (judge_condition(run, host, step, until, judge_registered(arena, host, step, status, body), arena,
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

bool result_retry(struct run *run, struct run_host *host, const struct step *step,
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
	return false;
}

const struct result *result_with_tries(struct arena *arena, const struct step *step,
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
