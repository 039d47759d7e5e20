/* undo_join: undos of one file as one task. Each alone would read and write all of it, and of thousands that takes
 * minutes. */
#include "agent/undo.h"

/* What has no way back, or stays, is told of each. */
static bool can_join(const struct ledger_undo *undo)
{
	return undo->others == 0 && !undo->gap && value_get(undo->way, "params") && !undo_unsure(undo);
}

static bool same_word(const struct value *one, const struct value *other, const char *key)
{
	const struct value *word = value_get(one, key), *other_word = value_get(other, key);

	return word && other_word ? value_equal(word, other_word) : word == other_word;
}

static bool same_kind(const struct ledger_undo *one, const struct ledger_undo *other)
{
	return can_join(other) && one->release == other->release && same_word(one->way, other->way, "module")
		&& same_word(one->way, other->way, "user")
		&& !value_get(one->way, "before") == !value_get(other->way, "before");
}

size_t undo_joined(const struct undoing *undoing, struct arena *arena, const struct ledger_undo *undos,
	size_t count, struct wire_task **ret_task)
{
	const char *name = value_get_string(undos[0].way, "module");
	const struct module *module = name ? module_find(name) : NULL;
	struct error ignored = {0};
	struct value *params;
	size_t joined = 1;

	*ret_task = NULL;
	if (!module || !module->join || count < 2 || !can_join(&undos[0]))
		return 1;
	params = value_copy(arena, value_get(undos[0].way, "params"));
	while (joined < count && same_kind(&undos[0], &undos[joined])
			&& module->join(arena, params, value_get(undos[joined].way, "params")))
		joined++;
	if (joined == 1 || undo_make_task(arena, undoing, name, params, ledger_path_of(arena,
			undos[0].resource), ret_task, &ignored) < 0)
		return 1;
	(*ret_task)->user = value_get_string(undos[0].way, "user");
	return joined;
}

/* Only what is to be done: of thousands, what each would write of a file is more than a machine's memory. */
static enum status look_at(struct runner *runner, const struct wire_task *task)
{
	struct arena *passing = arena_new();
	struct result planned = {0};

	undo_look(runner, passing, task, &planned);
	arena_free(passing);
	return planned.status;
}

static void plan_one(struct undoing *undoing, struct arena *arena, struct undo_plan *plan)
{
	struct runner *runner = undoing->runner;
	struct error err = {0};

	if (plan->undo->others > 0 || !plan->undo->way || !value_get(plan->undo->way, "params"))
		return;
	if (undo_task_of(arena, undoing, plan->undo, &plan->task, &err) < 0) {
		work_failed(arena, &plan->planned, &err);
		return;
	}
	plan->planned.status = look_at(runner, plan->task);
	if (plan->planned.status == STATUS_CHANGED && !undoing->wish->discard)
		plan->drifted = undo_unsure(plan->undo) || undo_drifted(runner, arena, plan->undo, plan->task);
	if (plan->drifted)
		undo_look(runner, arena, plan->task, &plan->planned);
}

static bool any_drifted(const struct undoing *undoing, struct arena *arena,
	const struct ledger_undo *undos, size_t count, const struct wire_task *task)
{
	for (size_t i = 0; !undoing->wish->discard && i < count; i++) {
		if (undo_drifted(undoing->runner, arena, &undos[i], task))
			return true;
	}
	return false;
}

/* False: one by one it is to be told what of them has drifted, or fails. */
static bool plan_joined(struct undoing *undoing, struct arena *arena, const struct undo_plan *plans,
	const struct ledger_undo *undos, size_t count, struct undo_plan *ret_plan)
{
	struct undo_plan plan = *ret_plan;

	plan.planned.status = look_at(undoing->runner, plan.task);
	if (plan.planned.status != STATUS_OK && (plan.planned.status != STATUS_CHANGED
			|| any_drifted(undoing, arena, undos, count, plan.task)))
		return false;
	plan.undo = plans[0].undo;
	plan.file = arena_alloc(arena, sizeof(*plan.file));
	*plan.file = (struct undo_file){ .path = ledger_path_of(arena, plan.undo->resource), .count = count,
		.parts = arena_array(arena, count, sizeof(*plans)) };
	for (size_t i = 0; i < count; i++) {
		plan.file->parts[i] = plans[i];
		plan.file->parts[i].tried = plan.planned.status == STATUS_CHANGED;
	}
	plan.task->notify = undo_handlers(undoing, arena, &plan, NULL);
	*ret_plan = plan;
	return true;
}

/* So many have nothing found out yet. */
static size_t run_of(const struct undo_plan *plans, size_t count)
{
	size_t run = 0;

	while (run < count && !plans[run].file)
		run++;
	return run;
}

size_t undo_look_at_all(struct undoing *undoing, struct arena *arena, struct undo_plan *plans,
	size_t count)
{
	struct ledger_undo *undos = arena_array(arena, count + 1, sizeof(*undos));
	struct undo_looks *looks = undoing->runner->looks;
	size_t kept = 0;

	undoing->runner->looks = undo_looks_new(arena);
	for (size_t i = 0; i < count; i++)
		undos[i] = plans[i].undo ? *plans[i].undo : (struct ledger_undo){ .resource = "" };
	for (size_t i = 0, joined; i < count && link_alive(&undoing->runner->link); i += joined) {
		struct undo_plan plan = {0};

		joined = plans[i].file ? 1 : undo_joined(undoing, arena, &undos[i], run_of(&plans[i], count - i),
			&plan.task);
		if (joined > 1 && plan_joined(undoing, arena, &plans[i], &undos[i], joined, &plan)) {
			plans[kept++] = plan;
			continue;
		}
		for (size_t k = i; k < i + joined; k++) {
			if (!plans[k].file)
				plan_one(undoing, arena, &plans[k]);
			plans[kept++] = plans[k];
		}
	}
	undoing->runner->looks = looks;
	return kept;
}

void undo_split(struct undoing *undoing, struct arena *arena, struct undo_file *joined)
{
	for (size_t i = 0; i < joined->count; i++) {
		joined->parts[i].task = NULL;
		joined->parts[i].planned = (struct result){0};
		plan_one(undoing, arena, &joined->parts[i]);
	}
}
