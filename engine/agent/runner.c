/* runner: the stages of a run on this machine, one after the other. */
#include "agent/undo.h"
#include "agent/warden.h"

#include "agent/lock.h"
#include "agent/supervisor.h"
#include "module/params.h"

#include <string.h>
#include <unistd.h>

static const char *text_or(struct arena *arena, const char *text, const char *otherwise)
{
	return arena_string(arena, text ? text : otherwise);
}

/* Which handlers are due is each owner's own: several hosts of one playbook may work here by turns. */
static void change_owner(struct runner *runner, const char *playbook)
{
	struct arena *arena = runner->arena;
	struct value *kept = value_map(arena), *other;

	keeper_save(runner, true, NULL);
	value_set(arena, kept, "due", runner->due);
	value_set(arena, kept, "maybe", runner->maybe);
	value_set(arena, kept, "for undone", runner->for_undone);
	value_set(arena, runner->others, runner->owner.playbook, kept);
	other = value_get(runner->others, playbook);
	runner->due = other ? value_get(other, "due") : value_list(arena);
	runner->maybe = other ? value_get(other, "maybe") : value_map(arena);
	runner->for_undone = other ? value_get(other, "for undone") : value_map(arena);
	runner->owner = (struct ledger_owner){0};
}

static void take_owner(struct runner *runner, const struct wire_stage *stage)
{
	struct arena *arena = runner->arena;
	struct ledger_owner *owner = &runner->owner;
	const char *playbook = stage->playbook ? stage->playbook : "";

	if (owner->playbook && strcmp(owner->playbook, playbook) != 0)
		change_owner(runner, playbook);

	owner->project = text_or(arena, stage->project, "");
	owner->playbook = text_or(arena, stage->playbook, "");
	owner->run = text_or(arena, stage->run, "");
	owner->revision = text_or(arena, stage->revision, "");
	owner->who = runner->who = text_or(arena, stage->who, "?");
	owner->time = stage->time;
	if (stage->text && digest_valid(stage->text))
		owner->text = arena_string(arena, stage->text);
	if (stage->seal.bytes) {
		owner->seal = arena_bytes(arena, stage->seal.bytes, stage->seal.size);
		owner->seal_size = stage->seal.size;
	}
}

static void begin_stage(struct runner *runner, const struct wire_stage *stage)
{
	const char *formerly = arena_string(runner->arena, stage->formerly);

	runner->check = !stage->apply;
	runner->diff = stage->diff;
	runner->free = stage->free;
	take_owner(runner, stage);
	if (stage->login)
		runner->login = arena_string(runner->arena, stage->login);
	runner->lock_wait = stage->lock_wait;
	if (formerly && ledger_knows(&runner->ledger, &runner->owner, formerly)
			&& (runner->check || runner_may_note(runner)))
		ledger_rename(&runner->ledger, &runner->owner, formerly);
	/* What was told of earlier steps isn't told again, also if nothing is to change. */
	if (runner->over->count > 0)
		runner_may_note(runner);
	runner_notify(runner, stage->notified);
	for (size_t i = 0; i < value_item_count(stage->dropped); i++) {
		if (runner_may_note(runner))
			ledger_due_remove(&runner->ledger, &runner->owner,
				value_text(stage->dropped->items[i]));
	}
}

static bool do_one(struct runner *runner, const struct wire_task *task)
{
	switch (task->kind) {
	case TASK_FLUSH:
		return runner_flush(runner);
	case TASK_UNDO:
		return undo_do(runner, task);
	case TASK_LOOK:
		return look_do(runner, task);
	case TASK_MODULE:
		break;
	}
	if (!task->handler)
		return runner_do_task(runner, task);
	*ARENA_PUSH(runner->arena, &runner->handlers, &runner->handler_count) =
		message_copy(runner->arena, &message_wire_task, task);
	return true;
}

/* With the host's own name, which isn't in what all hosts get alike. */
static const struct wire_task *task_here(struct arena *arena, const struct wire_task *task)
{
	const struct module *module = task->host && task->module ? module_find(task->module) : NULL;
	struct wire_task *here;

	if (!module || !task->params)
		return task;
	here = arena_alloc(arena, sizeof(*here));
	*here = *task;
	here->params = params_with_host(arena, module, task->params, task->host);
	here->host = NULL;
	return here;
}

static void do_stage(struct runner *runner, const struct wire_stage *stage)
{
	struct arena *arena = arena_new();
	struct stage_end end = {0};
	struct error err = {0};
	bool goes_on = true;

	begin_stage(runner, stage);
	texts_forget_open(runner);
	for (size_t i = 0; goes_on && i < stage->task_count; i++)
		goes_on = link_alive(&runner->link) && do_one(runner, task_here(arena, &stage->tasks[i]));
	if (goes_on && stage->whole)
		end.orphans = undo_orphans(runner, arena, stage->whole);
	if (goes_on && stage->last)
		runner_note_failed(runner, NULL, NULL);
	/* Without a text nobody would run what is still due. */
	if (goes_on && runner->forgets && stage->last && runner_may_note(runner))
		ledger_due_forget(&runner->ledger, &runner->owner);
	if (runner->lock >= 0 && !runner->check)
		ledger_task_end(&runner->ledger);
	if (keeper_save(runner, goes_on && stage->last, &err) < 0) {
		end.problem = err.message;
		end.code = err.code->name;
	}
	link_send(&runner->link, FRAME_STAGE_END, &end, NULL);
	link_flush(&runner->link);
	arena_free(arena);
}

/* --- The agent's life --- */

static void know_user(struct runner *runner)
{
	struct machine machine = { .passwd = "/etc/passwd", .group = "/etc/group", .lock = -1 };
	struct error ignored = {0};

	if (accounts_user_by_id(&machine, runner->arena, geteuid(), &runner->user, &ignored) < 0
			|| !runner->user.exists)
		runner->user = (struct user_info){ .exists = true, .uid = geteuid(), .gid = getegid(),
			.name = arena_printf(runner->arena, "%u", geteuid()), .home = "/" };
}

static const char *ledger_directory(const struct runner *runner)
{
	if (runner->user.uid == 0)
		return "/var/lib/beoplay";
	return arena_printf(runner->arena, "%s/.local/state/beoplay", runner->user.home);
}

void runner_run(struct runner *runner, int in, int out, const char *directory)
{
	struct frame frame;
	struct arena *arena;
	bool goes_on = true;
	const char *lock;

	*runner = (struct runner){ .arena = arena_new(), .lock = -1 };
	runner->due = value_list(runner->arena);
	runner->maybe = value_map(runner->arena);
	runner->for_undone = value_map(runner->arena);
	runner->others = value_map(runner->arena);
	runner->pending = value_list(runner->arena);
	runner->undone = value_list(runner->arena);
	runner->restored = value_map(runner->arena);
	runner->refused = value_map(runner->arena);
	runner->seen = value_map(runner->arena);
	runner->adopted = value_map(runner->arena);
	runner->let_go = value_list(runner->arena);
	runner->begun_due = value_list(runner->arena);
	runner->offers = value_map(runner->arena);
	know_user(runner);
	lock = directory;
	if (!directory) {
		directory = ledger_directory(runner);
		lock = lock_place(runner->arena, directory);
	}
	trial_await_leavers(runner->arena, directory);
	runner->steps = arena_printf(runner->arena, "%s/steps", directory);
	runner->digests = known_digests_open(runner->arena, arena_printf(runner->arena, "%s/digests",
		directory));
	ledger_open(&runner->ledger, directory, lock, runner_machine_id(runner->arena));
	link_init(&runner->link, in, out, SENT_BY_AGENT, SENT_BY_CONTROLLER);
	supervisor_watch(&runner->link.cancelled);
	runner->link.silence_ends = true;
	runner->link.serve = keeper_serve;
	runner->link.context = runner;
	runner_greet(runner, out);
	while (goes_on) {
		arena = arena_new();
		goes_on = link_next(&runner->link, arena, &frame) && frame.type != FRAME_BYE;
		if (goes_on && frame.type == FRAME_STAGE)
			do_stage(runner, frame.message);
		arena_free(arena);
	}
	link_send(&runner->link, FRAME_BYE, NULL, NULL);
	link_flush(&runner->link);
	supervisor_watch(NULL);
	link_end(&runner->link);
	/* A dry run writes nothing. */
	if (!runner->check)
		known_digests_save(runner->digests);
	ledger_close(&runner->ledger);
	arena_free(runner->arena);
}
