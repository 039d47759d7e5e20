/* passed: tasks that a host passes over without a word: what an include that it skipped would have
 * brought in, and a role that has run there before. */
#include "plan/state.h"

/* A use of a role, of those with this mark the first that did anything on a host. */
struct role_ran {
	struct role_ran *next;
	const void *once;
	const struct role_use *use;
};

static const struct role_use *has_run(const struct run_host *host, const void *once)
{
	const struct role_ran *ran = host->roles;

	while (ran && ran->once != once)
		ran = ran->next;
	return ran ? ran->use : NULL;
}

static bool role_has_run(const struct run_host *host, const struct task *task)
{
	const struct role_use *use = task->role && task->role->once ? has_run(host, task->role->once)
		: NULL;

	return use && use != task->role;
}

/* Whether an include was done; unknown, too, in ret_cause. */
static bool is_included(struct scope *scope, struct arena *arena, const struct task *include,
	const struct cause **ret_cause)
{
	struct error ignored = {0};
	struct value *value = NULL;

	scope_get(arena, scope, include->included, &value, &ignored);
	if (value && value->kind == VALUE_UNKNOWN)
		*ret_cause = value->cause;
	return value != NULL;
}

bool passed_include(struct scope *scope, struct arena *arena, const struct task *task,
	const struct cause **ret_cause)
{
	*ret_cause = NULL;
	for (const struct task *include = task->included_by; include; include = include->included_by) {
		if (!is_included(scope, arena, include, ret_cause))
			return true;
	}
	return false;
}

bool passed_over(struct run *run, struct run_host *host, const struct unit *unit)
{
	const struct task *task = unit->task->task;
	struct arena *arena;
	const struct cause *cause;
	bool passed;

	/* What is done for all of the run's own hosts, these do. */
	if (role_has_run(host, task) || (unit->run_once && host->bystander))
		return true;
	if (!task->included_by)
		return false;
	arena = arena_new();
	passed = passed_include(scope_new(arena, run->options.variables, host->inventory, unit->play,
		task), arena, task, &cause);
	arena_free(arena);
	return passed;
}

void passed_note(struct run_host *host, const struct unit *unit, const struct filled *filled)
{
	const struct role_use *use = unit->task->task->role;
	struct role_ran *ran;
	bool does = false;

	if (!use || !use->once || unit->task->handler || has_run(host, use->once))
		return;
	for (size_t i = 0; i < filled->count; i++)
		does = does || filled->items[i].kind != FILLED_RESULT || !filled->items[i].skipped;
	if (!does)
		return;
	ran = arena_alloc(host->arena, sizeof(*ran));
	*ran = (struct role_ran){ host->roles, use->once, use };
	host->roles = ran;
}
