/* runner_task: one task of a stage: as whom it is done, and what follows from its result. */
#include "agent/runner.h"

#include "agent/login_guard.h"
#include "agent/pending.h"
#include "agent/undo.h"
#include "base/secrets.h"

#include <string.h>

static int ask_keeper(void *context, struct arena *arena, const struct request *request,
	struct reply *ret_reply, struct error *err)
{
	return keeper_answer(context, NULL, arena, request, ret_reply, err);
}

struct work runner_work(struct runner *runner, struct arena *arena, const struct wire_task *task)
{
	return (struct work){
		.arena = arena,
		.task = task,
		.check = runner->check,
		.diff = choice_made(task->diff, runner->diff),
		.pending = runner->pending,
		.undone = runner->undone,
		.restored = runner->restored,
		.refused = runner->refused,
		.restarts = runner->restarts,
		.machine = {
			.link = &runner->link,
			.task = task->id,
			.passwd = "/etc/passwd",
			.group = "/etc/group",
			.user = runner->user.name,
			.home = runner->user.home,
			.login = runner->login,
			.dry = runner->check,
			.state = runner->ledger.directory,
			.steps = runner->steps,
			.run = runner->owner.run,
			.lock = runner->lock,
			.environment = task->environment,
			.notes = value_list(arena),
			.ask = ask_keeper,
			.context = runner,
			.digests = runner->digests,
		},
	};
}

/* As whom a task works: the module's own choice, the task's, or the agent's. */
static const char *worker_of(const struct runner *runner, const struct work *work)
{
	const char *name = work->module->acts_as ? work->module->acts_as(work->params) : NULL;

	if (!name || !*name)
		name = work->task->user;
	return name && *name ? name : runner->user.name;
}

/* A user that an earlier task or undo of a dry run would make. */
static const char *user_pending(const struct runner *runner, struct arena *arena,
	const char *name)
{
	struct value *reads = value_list(arena);
	const char *cause;

	value_append(arena, reads, value_printf(arena, "user:%s", name));
	if (!runner->check)
		return NULL;
	cause = pending_met(runner->pending, reads, NULL);
	return cause ? cause : pending_met(runner->undone, reads, NULL);
}

static int no_such_user(const char *name, struct error *err)
{
	error_set(err, HOST_UNKNOWN_USER, "there is no user '%s' on this machine", name);
	return error_remedy(err, "create it first with a user task");
}

static void do_as(struct runner *runner, struct work *work, const char *name,
	struct result *result)
{
	struct user_info user;
	struct error err = {0};
	const char *cause;

	if (strcmp(name, runner->user.name) == 0) {
		work_do(work, result);
		return;
	}
	if (accounts_user(&work->machine, work->arena, name, &user, &err) == 0 && !user.exists) {
		cause = user_pending(runner, work->arena, name);
		if (cause) {
			result->status = STATUS_MAY_CHANGE;
			result->cause = cause_copy(work->arena, &(struct cause){ .kind = CAUSE_BEFORE,
				.name = cause });
			return;
		}
		no_such_user(name, &err);
	} else if (err.kind == ERROR_NONE && runner->user.uid != 0) {
		error_set(&err, HOST_CANNOT_BECOME, "'%s' can't become '%s'", runner->user.name, name);
		error_remedy(&err, "log in as root, or let the task become (become: yes, or -b)");
	}
	if (err.kind != ERROR_NONE)
		work_failed(work->arena, result, &err);
	else
		child_do(runner, work, &user, result);
}

void runner_do(struct runner *runner, struct work *work, struct result *result)
{
	struct work *before = runner->at_hand;

	runner->at_hand = work;
	do_as(runner, work, worker_of(runner, work), result);
	if (work->check)
		login_guard_foresee(runner, work, result);
	else
		login_guard_settle(runner, work, result);
	runner->at_hand = before;
}

/* changed_when that was known before: what counts as changed. */
static void override_changed(const struct wire_task *task, struct result *result)
{
	bool changed = result->status == STATUS_CHANGED;

	if (changed || result->status == STATUS_OK)
		result->status = choice_made(task->changed, changed) ? STATUS_CHANGED : STATUS_OK;
}

/* A message may repeat what the task was told. */
static const char *kept_message(const struct wire_task *task, const struct result *result)
{
	return task->level > LEVEL_OPEN ? level_word(task->level) : result->message;
}

void runner_note_failed(struct runner *runner, const char *task, const char *message)
{
	if ((task || ledger_has_failed(&runner->ledger, &runner->owner)) && runner_may_note(runner))
		ledger_set_failed(&runner->ledger, &runner->owner, task, message);
}

/* Of what a task that failed has left half done it is known how: else it would look as if somebody
 * else had changed it. */
static void note_half_done(struct runner *runner, const struct work *work,
	const struct value *resources)
{
	struct arena *arena = work->arena;
	struct value *owner = value_map(arena), *wishes = value_map(arena);

	value_set_string(arena, wishes, work->module->name, work->digest);
	value_set(arena, owner, "wishes", wishes);
	value_set_string(arena, owner, "user", work->task->user);
	runner->looks = undo_looks_new(arena);
	for (size_t i = 0; runner->lock >= 0 && resources && resources->count <= RUNNER_FILES_MOST
			&& i < resources->count; i++) {
		const struct ledger_undo undo = { .resource = value_text(resources->items[i]),
			.owner = owner };

		if (value_get(runner->ledger.changed, undo.resource))
			ledger_set_differs(&runner->ledger, &runner->owner, undo.resource,
				undo_difference(runner, arena, &undo, work->task));
	}
	runner->looks = NULL;
}

/* Whether the stage goes on. */
static bool settle(struct runner *runner, struct arena *arena, struct work *work,
	struct result *result)
{
	const struct wire_task *task = work->task;
	bool failed, changed;

	override_changed(task, result);
	changed = result->status == STATUS_CHANGED;
	failed = runner->task_failed = result->status == STATUS_FAILED;
	if (changed)
		runner_notify(runner, task->notify);
	if (result->status == STATUS_MAY_CHANGE)
		runner_may_notify(runner, task->notify, result->cause);
	if (result->status == STATUS_OK)
		keeper_adopt(runner, work, result->resources, result->wanted);
	runner_note_writes(runner, runner->pending, task, result);
	seen_task(runner, work, result);
	if (changed && !runner->check)
		runner_note_written(runner, result->resources);
	if (failed && !runner->check)
		note_half_done(runner, work, result->resources);
	if (runner->lock >= 0 && !runner->check)
		ledger_task_end(&runner->ledger);
	if (failed && !task->ignore_errors)
		runner_note_failed(runner, task->name, kept_message(task, result));
	runner_send(runner, arena, task, result);
	return !failed || task->ignore_errors;
}

static bool do_now(struct runner *runner, const struct wire_task *task)
{
	struct arena *arena = arena_new();
	struct work work = runner_work(runner, arena, task);
	struct result result = { .task = task->id };
	struct error err = {0};
	bool goes_on;

	if (work_load(&work, &err) < 0) {
		work_failed(arena, &result, &err);
		runner_send(runner, arena, task, &result);
		goes_on = false;
	} else {
		runner_do(runner, &work, &result);
		goes_on = settle(runner, arena, &work, &result);
	}
	link_flush_old(&runner->link);
	arena_free(arena);
	return goes_on;
}

/* A task may say itself whether it is only looked at. What one really did in a dry run is kept. */
bool runner_do_task(struct runner *runner, const struct wire_task *task)
{
	bool checks = runner->check, goes_on;

	runner->check = choice_made(task->check, checks);
	goes_on = do_now(runner, task);
	if (checks && !runner->check)
		keeper_save(runner, true, NULL);
	runner->check = checks;
	return goes_on;
}
