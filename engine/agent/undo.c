/* undo: what the text doesn't have any more goes away, and what later runs changed comes back.
 *
 * Undo is three-way: what isn't as beoplay last left it isn't touched. The way back is a task like
 * any other (module and parameters, from the ledger), with its plan, its diff and its check that it
 * converged. */
#include "agent/undo.h"

#include "agent/pending.h"

#include <string.h>

/* --- One resource --- */

static void fails(struct result *result, const char *message, const char *remedy)
{
	result->status = STATUS_FAILED;
	result->code = UNDO_DRIFTED->name;
	result->message = message;
	result->remedy = remedy;
}

/* In a dry run: a later task that wishes what was wished then will find it. */
static void note_planned(struct undoing *undoing, const struct undo_plan *plan,
	const struct result *result)
{
	struct runner *runner = undoing->runner;
	const struct ledger_undo *undo = plan->undo;
	const struct wire_task *task = plan->task;
	const struct value *before = value_get(undo->way, "before");
	bool back = before && !undo->release && !undoing->prune && !undoing->all;

	runner_note_writes(runner, undoing->writes, task, result);
	runner_note_writes(runner, back ? runner->undone : runner->pending, task, result);
	for (size_t i = 0; back && i < (plan->file ? plan->file->count : 1); i++) {
		undo = plan->file ? plan->file->parts[i].undo : undo;
		value_set(runner->arena, runner->restored, undo->resource,
			value_copy(runner->arena, value_get(undo->way, "before")));
	}
}

static void change_back(struct undoing *undoing, struct arena *arena,
	const struct undo_plan *plan, struct result *result)
{
	struct runner *runner = undoing->runner;

	undo_expect(undoing, plan->undo->resource, plan->task);
	undo_do_task(runner, arena, plan->task, false, result);
	if (result->status == STATUS_CHANGED)
		runner_note_written(runner, result->resources);
}

bool undo_unsure(const struct ledger_undo *undo)
{
	const struct module *module = undo->unsure ? module_find(undo->module) : NULL;

	return module && (module->flags & MODULE_PRECIOUS);
}

static bool waits(const struct result *planned)
{
	for (size_t i = 0; i < planned->change_count; i++) {
		if (planned->changes[i].flags & CHANGE_WAITS)
			return true;
	}
	return false;
}

static bool is_whole_file(const struct undo_plan *plan)
{
	return plan->file && plan->file->way;
}

static void undo_way(struct undoing *undoing, struct arena *arena, const struct undo_plan *plan,
	struct result *result)
{
	const struct result *planned = &plan->planned;
	struct result now = {0};

	if (plan->drifted) {
		fails(result, undo_unsure(plan->undo) ? "not undone: it isn't known whether beoplay made "
			"it, as its agent was killed then" : "not undone: it isn't as beoplay left it", "what undoing it would do is shown; --discard-drift does it all the same");
		result->changes = planned->changes;
		result->change_count = planned->change_count;
		return;
	}
	if (!undoing->runner->check && is_whole_file(plan)) {
		undo_file_back(undoing, arena, plan, result);
		return;
	}
	if (!undoing->runner->check && plan->task) {
		/* Earlier undos may have made it possible, or needless. */
		undo_look(undoing->runner, arena, plan->task, &now);
		if (now.status == STATUS_CHANGED) {
			change_back(undoing, arena, plan, result);
			return;
		}
		planned = &now;
	}
	if (undoing->runner->check && plan->task) {
		undo_look(undoing->runner, arena, plan->task, &now);
		planned = &now;
	}
	/* A directory that is empty once what is in it has gone. */
	if (undoing->runner->check && plan->task && (planned->status == STATUS_OK || waits(planned))) {
		now = (struct result){0};
		undo_look_among(undoing->runner, arena, plan->task, undoing->writes, &now);
		planned = &now;
	}
	*result = *planned;
	if (planned->status == STATUS_CHANGED && is_whole_file(plan))
		undo_file_note(undoing, plan, planned);
	else if (planned->status == STATUS_CHANGED)
		note_planned(undoing, plan, planned);
}

struct value *undo_words(struct arena *arena, const struct value *list)
{
	struct value *words = value_map(arena);

	for (size_t i = 0; list && list->kind == VALUE_LIST && i < list->count; i++) {
		if (value_text(list->items[i]))
			value_set_bool(arena, words, value_text(list->items[i]), true);
	}
	return words;
}

/* Earlier versions named a literal key by its whole line, with options and comment: it is the text's, too. */
static bool is_declared_key(const struct undoing *undoing, const char *resource)
{
	static const char kind[] = "authorized-key:";
	const char *line = strncmp(resource, kind, sizeof(kind) - 1) == 0 ? strchr(resource + sizeof(kind) - 1, ':') : NULL;
	struct arena *arena;
	bool declared = false;

	if (!line || !strchr(line, ' '))
		return false;
	arena = arena_new();
	for (const char *word = line; word && !declared; word = strchr(word, ' ')) {
		size_t first = strcspn(++word, " "), second = word[first] ? strcspn(word + first + 1, " ") : 0;
		const char *name = arena_printf(arena, "%.*s%.*s", (int)(line + 1 - resource), resource,
			(int)(first + 1 + second), word);

		declared = second > 0 && (value_get(undoing->declared, name) || value_get(undoing->runner->seen, name));
	}
	arena_free(arena);
	return declared;
}

bool undo_declared(const struct undoing *undoing, const char *resource, const char *parent)
{
	const struct value *seen = undoing->runner->seen;

	return value_get(undoing->declared, resource) || value_get(seen, resource)
		|| (parent && (value_get(undoing->declared, parent) || value_get(seen, parent)))
		|| is_declared_key(undoing, resource);
}

/* Whether a task that wished it took it from a host that left; without a word of hosts any will
 * do. */
static bool is_of_hosts(const struct undoing *undoing, const struct ledger_undo *undo)
{
	const struct value *hosts = undoing->wish->of_hosts;
	const struct value *wishes = value_get(undo->owner, "wishes");
	struct arena *arena = arena_new();
	bool found = !hosts;

	for (size_t i = 0; wishes && !found && i < wishes->count; i++) {
		const struct module *module = module_find(wishes->pairs[i].key);
		const char *text = ledger_params(&undoing->runner->ledger, arena,
			value_text(wishes->pairs[i].value));
		struct error ignored = {0};
		void *params;

		if (module && module->of_host && text
				&& module_load(arena, module, text, strlen(text), &params, &ignored) == 0)
			found = undo_has_word(hosts, module->of_host(arena, params));
	}
	arena_free(arena);
	return found;
}

/* Whether this one is asked for: what the text declares is left alone without a word. */
static bool is_pruned(void *context, const char *resource, const char *module,
	const char *parent)
{
	const struct undoing *undoing = context;

	return !undoing->prune || (!undo_declared(undoing, resource, parent)
		&& !undo_has_word(undoing->wish->unsure, module));
}

/* Whether the runs since then have only put back what the text of then wishes, too. Of parts of a
 * file others may stand on it: they are undone all the same. */
static bool is_repaired(const struct undoing *undoing, struct arena *arena,
	const struct ledger_undo *undo)
{
	const struct value *before = value_get(undo->way, "before");
	const struct undo_meeting *meeting;

	if (undoing->prune || undoing->all || undo->release || !undo->steady || !before
			|| !value_equal(before, value_get(undo->owner, "wishes")))
		return false;
	meeting = undo_meeting_of(undoing->runner, arena, undo->resource);
	return !meeting || !meeting->shared;
}

static void stays(struct arena *arena, struct result *result, const char *why)
{
	result->status = STATUS_OK;
	result->notes = value_list(arena);
	value_append(arena, result->notes, value_string(arena, why));
}

static void try_one(struct undoing *undoing, struct arena *arena, const struct undo_plan *plan,
	struct result *result)
{
	const struct ledger_undo *undo = plan->undo;

	if (plan->file) {
		undo_way(undoing, arena, plan, result);
	} else if (undo->others > 0) {
		stays(arena, result, "it stays, as another playbook has it, too");
	} else if (undo->gap) {
		stays(arena, result, undo->reason);
	} else if (!undo->way || !value_get(undo->way, "params")) {
		result->status = STATUS_SKIPPED;
		result->message = undo->reason ? undo->reason : "it was so before";
	} else {
		undo_way(undoing, arena, plan, result);
	}
}

static void notify_back(struct runner *runner, const struct value *keys,
	struct value *notes, struct result *result)
{
	if (result->status == STATUS_CHANGED)
		runner_notify(runner, keys);
	else if (result->status == STATUS_MAY_CHANGE)
		runner_may_notify(runner, keys, result->cause);
	else
		return;
	if (notes->count > 0)
		result->notes = notes;
}

bool undo_moot(const struct undoing *undoing, struct arena *arena, const char *resource,
	const struct result *result)
{
	return undoing->prune && result->status == STATUS_FAILED
		&& ledger_covered(&undoing->runner->ledger, arena, resource);
}

/* Whether something that comes back is the whole of what was wished then: no part of a file in which
 * others have their parts, too. */
static bool is_whole(const struct undoing *undoing, struct arena *arena,
	const struct undo_plan *plan)
{
	const struct ledger_undo *undo = plan->undo;
	const char *path, *left;

	return !undoing->prune && !undoing->all && !undo->release && !plan->file && !plan->drifted
		&& value_get(undo->way, "before")
		&& !ledger_shares_file(&undoing->runner->ledger, arena, undo->resource, &path, &left);
}

/* What can't come back by itself (its directory came with a program that has yet to be built) is
 * left to its task in the text that is applied next; without one, nobody wishes it. */
static void leave_to_text(const struct undoing *undoing, struct arena *arena,
	const struct ledger_undo *undo, struct result *result)
{
	bool declared = undo_declared(undoing, undo->resource, undo->parent)
		|| undo_has_word(undoing->wish->unsure, undo->module);
	const char *message = result->message;

	result->changes = NULL;
	result->change_count = 0;
	result->message = result->remedy = result->code = NULL;
	stays(arena, result, arena_printf(arena, "%s, as %s", declared ? "left to its task"
		: "it doesn't come back", message));
}

/* Whether it may have to wait for another playbook to go back first: a part of a file that is as beoplay left it. */
static const char *may_wait(const struct undoing *undoing, struct arena *arena, const struct undo_plan *plan)
{
	const char *path = ledger_path_of(arena, plan->undo->resource);

	return path && plan->undo->release && !undoing->prune && !plan->drifted && !plan->file
		&& plan->undo->others == 0 ? path : NULL;
}

/* A later task of another playbook has made something else of what was wished of it; it comes back with that. */
static const char *made_otherwise(const struct undoing *undoing, struct arena *arena, const struct undo_plan *plan)
{
	struct runner *runner = undoing->runner;
	const struct ledger_undo *undo = plan->undo;
	const char *path = may_wait(undoing, arena, plan);

	if (!path || !plan->task || undoing->wish->discard || strncmp(undo->resource, "file:", 5) == 0
			|| !ledger_others_since(&runner->ledger, &runner->owner, undo->resource)
			|| !undo_difference(runner, arena, undo, plan->task))
		return NULL;
	return arena_printf(arena, "another playbook has made something else of it in '%s'", path);
}

/* Its file was taken away, or replaced as a whole, by a task of another playbook, and is as that left it. */
static const char *lies_below(const struct undoing *undoing, struct arena *arena, const struct undo_plan *plan,
	const struct result *result)
{
	const char *path = may_wait(undoing, arena, plan);
	const char *whole = path ? arena_printf(arena, "file:%s", path) : "";

	if (!path || strcmp(whole, plan->undo->resource) == 0
			|| (result->status != STATUS_FAILED && result->status != STATUS_OK)
			|| !ledger_others_have(&undoing->runner->ledger, &undoing->runner->owner, whole))
		return NULL;
	return arena_printf(arena, "'%s' as a whole is another playbook's", path);
}

/* It is undone by going back once more. */
static void wait_below(struct arena *arena, const char *what, struct result *result)
{
	result->changes = NULL;
	result->change_count = 0;
	result->message = result->remedy = result->code = NULL;
	stays(arena, result, arena_printf(arena, "it waits: %s; go back once more when that has gone back", what));
}

/* What comes of it for the ledger and the rest of the run. */
static void settle(struct undoing *undoing, struct arena *arena, const struct undo_plan *plan,
	bool whole, bool below, struct result *result)
{
	const struct ledger_undo *undo = plan->undo;
	struct runner *runner = undoing->runner;
	bool failed = result->status == STATUS_FAILED;
	bool waits = below || (!whole && undo->others == 0 && result->status == STATUS_OK
		&& ledger_covered(&runner->ledger, arena, undo->resource));

	if (!runner->check && !failed && (undo->release || undoing->prune) && !waits)
		ledger_release(&runner->ledger, &runner->owner, undo->resource);
	value_set_integer(runner->arena, runner->seen, undo->resource, -1);
	if (failed)
		value_set_bool(runner->arena, runner->refused, undo->resource, true);
	result->task = undoing->task->id;
	result->resource = undo->resource;
	result->more = true;
	runner_send(runner, arena, undoing->task, result);
}

/* Of a whole file the first says what is done; the others share its fate. */
static void settle_parts(struct undoing *undoing, struct arena *arena,
	const struct undo_plan *plan, const struct result *first)
{
	const struct undo_file *file = plan->file;

	for (size_t i = 1; file && i < file->count; i++) {
		struct result result = *first;

		result.changes = NULL;
		result.change_count = 0;
		result.notes = NULL;
		if (first->status == STATUS_CHANGED)
			result.status = STATUS_OK;
		settle(undoing, arena, &file->parts[i], is_whole_file(plan), false, &result);
	}
}

static bool undo_one(struct undoing *undoing, const struct undo_plan *plan, bool again);

/* What can't be done as one, one by one. */
static bool undo_each(struct undoing *undoing, struct undo_file *joined)
{
	struct arena *arena = arena_new();

	undo_split(undoing, arena, joined);
	for (size_t i = 0; i < joined->count; i++)
		undo_one(undoing, &joined->parts[i], false);
	arena_free(arena);
	return true;
}

/* False: it failed, and nothing was said, as it may be possible later. */
static bool undo_one(struct undoing *undoing, const struct undo_plan *plan, bool again)
{
	struct runner *runner = undoing->runner;
	struct arena *arena = arena_new();
	struct result result = {0};
	struct value *notes = value_list(arena);
	/* What the owner's record says of them is replaced by a change. */
	const struct value *keys = undo_handlers(undoing, arena, plan, notes);
	const char *below = made_otherwise(undoing, arena, plan);

	if (below)
		result.status = STATUS_OK;
	else
		try_one(undoing, arena, plan, &result);
	if (!plan->drifted && undo_moot(undoing, arena, plan->undo->resource, &result)) {
		result.status = STATUS_OK;
		result.message = result.remedy = result.code = NULL;
	}
	if (!below)
		below = lies_below(undoing, arena, plan, &result);
	if (below && (!again || result.status == STATUS_OK))
		wait_below(arena, below, &result);
	if (result.status == STATUS_FAILED && !plan->drifted && !runner->check
			&& (again || (plan->file && !plan->file->way))) {
		arena_free(arena);
		return plan->file && !plan->file->way ? undo_each(undoing, plan->file) : false;
	}
	if (!runner->check && result.status == STATUS_FAILED && is_whole(undoing, arena, plan))
		leave_to_text(undoing, arena, plan->undo, &result);
	/* What is undone before it may make it possible. */
	if (runner->check && result.status == STATUS_FAILED && !plan->drifted) {
		result.status = STATUS_MAY_CHANGE;
		result.cause = cause_copy(arena, &(struct cause){ .kind = CAUSE_SAID, .why = result.message });
		result.message = result.remedy = NULL;
	}
	notify_back(runner, keys, notes, &result);
	settle(undoing, arena, plan, is_whole_file(plan), below != NULL, &result);
	settle_parts(undoing, arena, plan, &result);
	link_flush_old(&runner->link);
	arena_free(arena);
	return true;
}

/* --- All of them --- */

/* The latest first; then, the earliest first, what needed something that an earlier one brings back
 * (the directory of a file). */
static void undo_planned(struct undoing *undoing, struct arena *arena, struct undo_plan *plans,
	size_t count)
{
	struct undo_plan **again = arena_array(arena, count + 1, sizeof(*again));
	size_t left = 0;

	for (size_t i = 0; i < count && link_alive(&undoing->runner->link); i++) {
		plans[i].tried = undo_one(undoing, &plans[i], true);
		if (!plans[i].tried)
			again[left++] = &plans[i];
	}
	while (left-- > 0 && link_alive(&undoing->runner->link))
		again[left]->tried = undo_one(undoing, again[left], false);
}

/* What is wished of it is its way back now; of a part of a file the file itself tells. */
static void note_difference(struct undoing *undoing, struct arena *arena,
	const struct ledger_undo *undo, const struct wire_task *task)
{
	struct runner *runner = undoing->runner;
	const struct undo_meeting *meeting = undo_meeting_of(runner, arena, undo->resource);
	const char *path = ledger_path_of(arena, undo->resource);
	struct ledger_undo now = *undo;

	if (value_get(runner->refused, now.resource) || (meeting && meeting->shared))
		return;
	now.owner = ledger_owned(&runner->ledger, arena, &runner->owner, now.resource);
	ledger_set_differs(&runner->ledger, &runner->owner, now.resource,
		undo_difference(runner, arena, &now, task));
	if (path)
		value_set_bool(arena, undoing->left, path, true);
}

static void note_parts(struct undoing *undoing, struct arena *arena, const struct undo_plan *plan)
{
	struct wire_task task = *plan->task;

	task.file = NULL;
	for (size_t i = 0; i < plan->file->count; i++) {
		if (plan->file->parts[i].tried)
			note_difference(undoing, arena, plan->file->parts[i].undo, &task);
	}
}

/* What one way back did to what another had brought back (a group its members, a package its
 * configuration) is as it should be. */
static void note_differences(struct undoing *undoing, struct arena *arena,
	const struct undo_plan *plans, size_t count)
{
	undoing->runner->looks = undo_looks_new(arena);
	undoing->left = value_map(arena);
	for (size_t i = 0; i < count && !undoing->runner->check; i++) {
		/* Where it was broken off, nothing was done to the others. */
		if (!plans[i].tried || !plans[i].task)
			continue;
		if (plans[i].file)
			note_parts(undoing, arena, &plans[i]);
		else if (plans[i].planned.status != STATUS_OK)
			note_difference(undoing, arena, plans[i].undo, plans[i].task);
	}
	for (size_t i = 0; i < undoing->left->count; i++)
		runner_note_left(undoing->runner, value_key(undoing->left, i));
	undoing->runner->looks = NULL;
}

static int64_t first_run(const struct undoing *undoing)
{
	struct runner *runner = undoing->runner;

	if (undoing->prune || undoing->all)
		return 0;
	return ledger_first_of(&runner->ledger, &runner->owner, undoing->wish->after);
}

/* What a run that is undone has left due, too, is only for what was undone. */
static void take_due(struct undoing *undoing, struct arena *arena)
{
	struct runner *runner = undoing->runner;
	const struct value *keys = undoing->prune ? NULL
		: ledger_due_since(&runner->ledger, arena, &runner->owner, undoing->since);

	for (size_t i = 0; i < value_item_count(keys); i++)
		value_set_bool(runner->arena, runner->for_undone, value_text(keys->items[i]), true);
}

static int undo_all(struct undoing *undoing, struct error *err)
{
	struct runner *runner = undoing->runner;
	struct arena *arena = arena_new();
	struct ledger_undo *undos;
	struct undo_plan *plans;
	size_t planned = 0, count;
	int result = 0;

	undoing->declared = undo_words(arena, undoing->wish->declared);
	undoing->since = first_run(undoing);
	count = ledger_undos(&runner->ledger, arena, &runner->owner, undoing->since, is_pruned,
		undoing, &undos);
	/* With the lock the ledger is read again, and nobody else changes it. */
	if (count > 0 && !runner->check) {
		result = keeper_lock(runner, err);
		undoing->since = first_run(undoing);
		count = result < 0 ? 0 : ledger_undos(&runner->ledger, arena, &runner->owner,
			undoing->since, is_pruned, undoing, &undos);
	}
	take_due(undoing, arena);
	undoing->files = ledger_files(&runner->ledger, arena, undoing->since);
	plans = arena_array(arena, count + undoing->files->count + 1, sizeof(*plans));
	runner->looks = undo_looks_new(arena);
	for (size_t i = 0; i < count && link_alive(&runner->link); i++) {
		if ((undoing->prune && !is_of_hosts(undoing, &undos[i]))
				|| is_repaired(undoing, arena, &undos[i]))
			continue;
		plans[planned++].undo = &undos[i];
	}
	runner->looks = NULL;
	if (count > 0)
		planned = undo_files(undoing, arena, plans, planned);
	planned = undo_look_at_all(undoing, arena, plans, planned);
	undo_planned(undoing, arena, plans, planned);
	note_differences(undoing, arena, plans, planned);
	arena_free(arena);
	return result;
}

bool undo_do(struct runner *runner, const struct wire_task *task)
{
	static const struct undo_order nothing;
	struct arena *arena = arena_new();
	struct result result = { .task = task->id, .status = STATUS_OK };
	struct undoing undoing = { .runner = runner, .task = task,
		.wish = task->undo ? task->undo : &nothing, .writes = value_list(runner->arena) };
	struct error err = {0};
	bool goes_on = true;

	undoing.prune = undoing.wish->mode == UNDO_MODE_PRUNE;
	undoing.all = undoing.wish->mode == UNDO_MODE_ALL;
	runner->undoes = true;
	if (ledger_usable(&runner->ledger, &err) < 0 || undo_all(&undoing, &err) < 0) {
		work_failed(arena, &result, &err);
		goes_on = false;
	}
	runner->undoes = false;
	runner->forgets = goes_on && undoing.all;
	runner_send(runner, arena, task, &result);
	arena_free(arena);
	return goes_on;
}
