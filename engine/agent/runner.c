/* runner: the stages of a run on this machine, one after the other. */
#include "agent/undo.h"

#include "agent/image.h"
#include "agent/lock.h"
#include "agent/pending.h"
#include "agent/supervisor.h"
#include "base/secrets.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEAL_MOST = 256 };

static int ask_keeper(void *context, struct arena *arena, struct value *request,
	struct value **ret_reply, struct error *err)
{
	return keeper_answer(context, NULL, arena, request, ret_reply, err);
}

struct work runner_work(struct runner *runner, struct arena *arena, const struct value *task)
{
	return (struct work){
		.arena = arena,
		.task = task,
		.check = runner->check,
		.diff = value_get(task, "diff") ? value_get_bool(task, "diff") : runner->diff,
		.pending = runner->pending,
		.undone = runner->undone,
		.restored = runner->restored,
		.refused = runner->refused,
		.machine = {
			.link = &runner->link,
			.task = value_get_integer(task, "id", 0),
			.passwd = "/etc/passwd",
			.group = "/etc/group",
			.user = runner->user.name,
			.home = runner->user.home,
			.login = runner->login,
			.state = runner->ledger.directory,
			.steps = runner->steps,
			.who = runner->who,
			.lock = runner->lock,
			.notes = value_list(arena),
			.ask = ask_keeper,
			.context = runner,
		},
	};
}

/* As whom a task works: the module's own choice, the task's, or the agent's. */
static const char *worker_of(const struct runner *runner, const struct work *work)
{
	const char *name = work->module->acts_as ? work->module->acts_as(work->params) : NULL;

	if (!name || !*name)
		name = value_get_string(work->task, "user");
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
	error_set(err, ERROR_TASK, "there is no user '%s' on this machine", name);
	return error_remedy(err, "let a user task make it before");
}

static void do_as(struct runner *runner, struct work *work, const char *name,
	struct value *result)
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
			value_set_string(work->arena, result, "status", "may_change");
			value_set(work->arena, result, "cause", value_printf(work->arena,
				"depends on '%s'", cause));
			return;
		}
		no_such_user(name, &err);
	} else if (err.kind == ERROR_NONE && runner->user.uid != 0) {
		error_set(&err, ERROR_TASK, "'%s' can't become '%s'", runner->user.name, name);
		error_remedy(&err, "log in as root, or let the task become (become: yes, or -b)");
	}
	if (err.kind != ERROR_NONE)
		work_failed(work->arena, result, &err);
	else
		child_do(runner, work, &user, result);
}

void runner_do(struct runner *runner, struct work *work, struct value *result)
{
	do_as(runner, work, worker_of(runner, work), result);
}

/* --- Handlers --- */

static bool has_key(const struct value *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(value_text(list->items[i]), key) == 0)
			return true;
	}
	return false;
}

/* Whether the ledger may be changed now: then the lock is held. */
static bool may_note(struct runner *runner)
{
	struct error ignored = {0};

	return !runner->check && keeper_lock(runner, &ignored) == 0;
}

void runner_notify(struct runner *runner, const struct value *keys)
{
	for (size_t i = 0; keys && keys->kind == VALUE_LIST && i < keys->count; i++) {
		const char *key = value_text(keys->items[i]);

		if (!key)
			continue;
		if (!has_key(runner->due, key))
			value_append(runner->arena, runner->due, value_string(runner->arena, key));
		if (!runner->check && !ledger_is_due(&runner->ledger, &runner->owner, key)
				&& may_note(runner))
			ledger_due_add(&runner->ledger, &runner->owner, key);
	}
}

void runner_may_notify(struct runner *runner, const struct value *keys, const char *cause)
{
	for (size_t i = 0; keys && keys->kind == VALUE_LIST && i < keys->count; i++) {
		if (value_text(keys->items[i]))
			value_set_string(runner->arena, runner->maybe, value_text(keys->items[i]), cause);
	}
}

/* --- Results --- */

static const char *status_of(const struct value *result)
{
	const char *status = value_get_string(result, "status");

	return status ? status : "failed";
}

/* changed_when that was known before: what counts as changed. */
static void override_changed(struct arena *arena, const struct value *task, struct value *result)
{
	const struct value *changed = value_get(task, "changed");
	const char *status = status_of(result);

	if (!changed || changed->kind != VALUE_BOOL || (strcmp(status, "ok") != 0
			&& strcmp(status, "changed") != 0))
		return;
	value_set_string(arena, result, "status", changed->truth ? "changed" : "ok");
}

/* Where nobody looks at the results, only what is to be shown is told. */
static void only_shown(struct arena *arena, const struct value *task, struct value *result)
{
	struct value *show = value_get(value_get(result, "results"), "show");
	struct value *kept;

	if (value_get_bool(task, "results"))
		return;
	value_remove(result, "results");
	if (!show)
		return;
	kept = value_map(arena);
	value_set(arena, kept, "show", show);
	value_set(arena, result, "results", kept);
}

/* What only concerns this machine, or is too long, isn't sent. */
void runner_send(struct runner *runner, struct arena *arena, const struct value *task,
	struct value *result)
{
	struct error err = {0};

	value_remove(result, "writes");
	value_remove(result, "resources");
	value_remove(result, "wanted");
	only_shown(arena, task, result);
	link_send(&runner->link, FRAME_RESULT, result, &err);
	if (err.kind == ERROR_NONE)
		return;
	value_remove(result, "changes");
	value_remove(result, "results");
	value_set_string(arena, result, "status", "failed");
	value_set_string(arena, result, "message", "the results are too long to be told");
	link_send(&runner->link, FRAME_RESULT, result, NULL);
}

void runner_note_writes(struct runner *runner, struct value *pending, const struct value *task,
	const struct value *result)
{
	const struct value *writes = value_get(result, "writes");
	const char *name = value_get_string(task, "name");

	for (size_t i = 0; runner->check && writes && i < writes->count; i++)
		pending_add(runner->arena, pending, value_text(writes->items[i]),
			name ? name : "an earlier task");
}

void runner_note_left(struct runner *runner, const char *path)
{
	struct arena *arena = arena_new();

	ledger_file_left(&runner->ledger, &runner->owner, path, image_of(arena, path));
	arena_free(arena);
}

void runner_note_written(struct runner *runner, const struct value *resources)
{
	struct arena *arena = arena_new();

	/* Without the lock nothing was changed, whatever changed_when says. */
	for (size_t i = 0; runner->lock >= 0 && resources && resources->count <= RUNNER_FILES_MOST
			&& i < resources->count; i++) {
		const char *path = ledger_path_of(arena, value_text(resources->items[i]));

		if (path)
			runner_note_left(runner, path);
	}
	arena_free(arena);
}

/* Where the run stopped, for --resume and status; task NULL: it came to its end. */
/* A message may repeat what the task was told. */
static const char *kept_message(const struct value *task, const struct value *result)
{
	enum level level = (enum level)value_get_integer(task, "level", LEVEL_OPEN);

	return level > LEVEL_OPEN ? level_word(level) : value_get_string(result, "message");
}

static void note_failed(struct runner *runner, const char *task, const char *message)
{
	struct arena *arena = arena_new();

	if ((task || ledger_failed(&runner->ledger, arena, &runner->owner)->count > 0)
			&& may_note(runner))
		ledger_set_failed(&runner->ledger, &runner->owner, task, message);
	arena_free(arena);
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
	value_set_string(arena, owner, "user", value_get_string(work->task, "user"));
	for (size_t i = 0; runner->lock >= 0 && resources && resources->count <= RUNNER_FILES_MOST
			&& i < resources->count; i++) {
		const struct ledger_undo undo = { .resource = value_text(resources->items[i]),
			.owner = owner };

		if (value_get(runner->ledger.changed, undo.resource))
			ledger_set_differs(&runner->ledger, &runner->owner, undo.resource,
				undo_difference(runner, arena, &undo, work->task));
	}
}

/* Whether the stage goes on. */
static bool settle(struct runner *runner, struct arena *arena, struct work *work,
	struct value *result)
{
	const struct value *task = work->task;
	const struct value *notify = value_get(task, "notify");
	const char *status;

	override_changed(arena, task, result);
	status = status_of(result);
	if (strcmp(status, "changed") == 0)
		runner_notify(runner, notify);
	if (strcmp(status, "may_change") == 0)
		runner_may_notify(runner, notify, value_get_string(result, "cause"));
	if (strcmp(status, "ok") == 0)
		keeper_adopt(runner, work, value_get(result, "resources"), value_get(result, "wanted"));
	runner_note_writes(runner, runner->pending, task, result);
	seen_task(runner, work, result);
	runner->task_failed = strcmp(status, "failed") == 0;
	if (strcmp(status, "changed") == 0 && !runner->check)
		runner_note_written(runner, value_get(result, "resources"));
	if (runner->task_failed && !runner->check)
		note_half_done(runner, work, value_get(result, "resources"));
	if (runner->lock >= 0 && !runner->check)
		ledger_task_end(&runner->ledger);
	if (runner->task_failed && !value_get_bool(task, "ignore_errors"))
		note_failed(runner, value_get_string(task, "name"), kept_message(task, result));
	runner_send(runner, arena, task, result);
	return strcmp(status, "failed") != 0 || value_get_bool(task, "ignore_errors");
}

static bool do_now(struct runner *runner, const struct value *task)
{
	struct arena *arena = arena_new();
	struct work work = runner_work(runner, arena, task);
	struct value *result = value_map(arena);
	struct error err = {0};
	bool goes_on;

	value_set_integer(arena, result, "task", value_get_integer(task, "id", 0));
	if (work_load(&work, &err) < 0) {
		work_failed(arena, result, &err);
		runner_send(runner, arena, task, result);
		goes_on = false;
	} else {
		runner_do(runner, &work, result);
		goes_on = settle(runner, arena, &work, result);
	}
	link_flush_old(&runner->link);
	arena_free(arena);
	return goes_on;
}

/* A task may say itself whether it is only looked at. What one really did in a dry run is kept. */
static bool do_task(struct runner *runner, const struct value *task)
{
	bool checks = runner->check, goes_on;

	if (value_get(task, "check"))
		runner->check = value_get_bool(task, "check");
	goes_on = do_now(runner, task);
	if (checks && !runner->check)
		keeper_save(runner, true, NULL);
	runner->check = checks;
	return goes_on;
}

static void not_due(struct runner *runner, const struct value *task, const char *cause)
{
	struct arena *arena = arena_new();
	struct value *result = value_map(arena);

	value_set_integer(arena, result, "task", value_get_integer(task, "id", 0));
	value_set_string(arena, result, "status", cause ? "may_change" : "skipped");
	value_set_string(arena, result, "cause", cause);
	runner_send(runner, arena, task, result);
	arena_free(arena);
}

static void forget_due(struct runner *runner, const char *key)
{
	struct value *rest = value_list(runner->arena);

	for (size_t i = 0; i < runner->due->count; i++) {
		if (strcmp(value_text(runner->due->items[i]), key) != 0)
			value_append(runner->arena, rest, runner->due->items[i]);
	}
	runner->due = rest;
	if (ledger_is_due(&runner->ledger, &runner->owner, key) && may_note(runner))
		ledger_due_remove(&runner->ledger, &runner->owner, key);
}

/* What it does is the controller's. */
static void tell_due(struct runner *runner, const struct value *task)
{
	struct arena *arena = arena_new();
	struct value *result = value_map(arena);

	value_set_integer(arena, result, "task", value_get_integer(task, "id", 0));
	value_set_string(arena, result, "status", "ok");
	runner_send(runner, arena, task, result);
	arena_free(arena);
}

static bool flush(struct runner *runner)
{
	struct value *handlers = runner->handlers;
	bool goes_on = true;

	runner->handlers = value_list(runner->arena);
	for (size_t i = 0; goes_on && i < handlers->count; i++) {
		const struct value *task = handlers->items[i];
		const char *key = value_get_string(task, "handler");

		if (!has_key(runner->due, key)
				&& !ledger_is_due(&runner->ledger, &runner->owner, key)) {
			not_due(runner, task, value_get_string(runner->maybe, key));
			continue;
		}
		if (value_get_bool(task, "controller")) {
			tell_due(runner, task);
			runner->task_failed = false;
		} else {
			goes_on = link_alive(&runner->link) && do_task(runner, task);
		}
		if (goes_on && !runner->task_failed)
			forget_due(runner, key);
	}
	return goes_on;
}

/* --- A stage --- */

static const char *text_or(const struct value *map, const char *key, const char *otherwise)
{
	const char *text = value_get_string(map, key);

	return text ? text : otherwise;
}

static void take_seal(struct runner *runner, const struct value *seal)
{
	if (!value_text(seal) || seal->size > SEAL_MOST)
		return;
	runner->owner.seal = arena_bytes(runner->arena, seal->text, seal->size);
	runner->owner.seal_size = seal->size;
}

static void begin_stage(struct runner *runner, const struct value *stage)
{
	const struct value *dropped = value_get(stage, "dropped");
	struct arena *arena = runner->arena;
	const char *formerly;

	runner->check = strcmp(text_or(stage, "mode", "check"), "apply") != 0;
	runner->diff = value_get_bool(stage, "diff");
	runner->free = value_get_bool(stage, "free");
	runner->owner.project = arena_string(arena, text_or(stage, "project", ""));
	runner->owner.playbook = arena_string(arena, text_or(stage, "playbook", ""));
	runner->owner.run = arena_string(arena, text_or(stage, "run", ""));
	runner->owner.revision = arena_string(arena, text_or(stage, "revision", ""));
	runner->who = arena_string(arena, text_or(stage, "who", "?"));
	runner->owner.who = runner->who;
	if (value_get_string(stage, "login"))
		runner->login = arena_string(arena, value_get_string(stage, "login"));
	runner->owner.time = value_get_integer(stage, "time", 0);
	if (value_get_string(stage, "text") && digest_valid(value_get_string(stage, "text")))
		runner->owner.text = arena_string(arena, value_get_string(stage, "text"));
	take_seal(runner, value_get(stage, "seal"));
	runner->lock_wait = value_get_integer(stage, "lock_wait", 0);
	formerly = value_get_string(stage, "formerly")
		? arena_string(arena, value_get_string(stage, "formerly")) : NULL;
	if (formerly && ledger_knows(&runner->ledger, &runner->owner, formerly)
			&& (runner->check || may_note(runner)))
		ledger_rename(&runner->ledger, &runner->owner, formerly);
	/* What was told of earlier steps isn't told again, also if nothing is to change. */
	if (runner->over->count > 0)
		may_note(runner);
	runner_notify(runner, value_get(stage, "notified"));
	for (size_t i = 0; dropped && dropped->kind == VALUE_LIST && i < dropped->count; i++) {
		if (value_text(dropped->items[i]) && may_note(runner))
			ledger_due_remove(&runner->ledger, &runner->owner, value_text(dropped->items[i]));
	}
}

static bool do_one(struct runner *runner, const struct value *task)
{
	if (value_get_bool(task, "flush"))
		return flush(runner);
	if (value_get(task, "undo"))
		return undo_do(runner, task);
	if (value_get(task, "look"))
		return look_do(runner, task);
	if (value_get_string(task, "handler")) {
		value_append(runner->arena, runner->handlers, value_copy(runner->arena, task));
		return true;
	}
	return do_task(runner, task);
}

static void do_stage(struct runner *runner, const struct value *stage)
{
	const struct value *tasks = value_get(stage, "tasks");
	struct arena *arena = arena_new();
	struct value *end = value_map(arena);
	struct error err = {0};
	bool goes_on = true;

	begin_stage(runner, stage);
	texts_forget_open(runner);
	for (size_t i = 0; goes_on && tasks && tasks->kind == VALUE_LIST && i < tasks->count; i++)
		goes_on = link_alive(&runner->link) && do_one(runner, tasks->items[i]);
	if (goes_on && value_get(stage, "whole")) {
		struct value *orphans = undo_orphans(runner, arena, value_get(stage, "whole"));

		if (orphans->count > 0)
			value_set(arena, end, "orphans", orphans);
	}
	if (goes_on && value_get_bool(stage, "last"))
		note_failed(runner, NULL, NULL);
	/* Without a text nobody would run what is still due. */
	if (goes_on && runner->forgets && value_get_bool(stage, "last") && may_note(runner))
		ledger_due_forget(&runner->ledger, &runner->owner);
	if (runner->lock >= 0 && !runner->check)
		ledger_task_end(&runner->ledger);
	if (keeper_save(runner, goes_on && value_get_bool(stage, "last"), &err) < 0)
		value_set_string(arena, end, "problem", err.message);
	link_send(&runner->link, FRAME_STAGE_END, end, NULL);
	link_flush(&runner->link);
	arena_free(arena);
}

/* --- The agent's life --- */

/* What tells this machine from a copy of its disk. */
static const char *machine_id(struct arena *arena)
{
	static const char *const files[] = {
		"/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub",
		"/etc/ssh/ssh_host_rsa_key.pub",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct error ignored = {0};
		char hex[DIGEST_HEX_SIZE];
		char *bytes;
		size_t size;

		if (files_read(NULL, arena, files[i], 4096, &bytes, &size, &ignored) < 0 || size < 32)
			continue;
		if (i < 2)
			return arena_bytes(arena, bytes, strcspn(bytes, "\n"));
		digest_bytes(bytes, size, hex);
		return arena_printf(arena, "ssh-%s", hex);
	}
	return "";
}

/* Of each record only what the controller is told. */
static struct value *told_of(struct arena *arena, const struct value *records,
	const char *const *keys)
{
	struct value *all = value_list(arena);

	for (size_t i = 0; i < value_item_count(records); i++) {
		struct value *told = value_map(arena);

		for (size_t k = 0; keys[k]; k++) {
			if (value_get(value_item(records, i), keys[k]))
				value_set(arena, told, keys[k], value_get(value_item(records, i), keys[k]));
		}
		value_append(arena, all, told);
	}
	return all;
}

static struct value *told_of_ledger(struct runner *runner, struct arena *arena)
{
	static const char *const due[] = { "project", "playbook", "handler", NULL };
	static const char *const failed[] = { "project", "playbook", "task", NULL };
	struct value *greeting = ledger_greeting(arena, &runner->ledger);

	value_set(arena, greeting, "due", told_of(arena, value_get(greeting, "due"), due));
	value_set(arena, greeting, "failed", told_of(arena, value_get(greeting, "failed"), failed));
	return greeting;
}

static void greet(struct runner *runner)
{
	static const char *const ran[] = { "command", "running", "status", NULL };
	struct arena *arena = arena_new();
	struct value *hello = value_map(arena);
	struct value *holder = lock_holder(arena, runner->ledger.locks);

	value_set_integer(arena, hello, "version", WIRE_VERSION);
	value_set(arena, hello, "ledger", told_of_ledger(runner, arena));
	if (holder)
		value_set(arena, hello, "lock", holder);
	runner->over = steps_over(runner->arena, runner->steps);
	value_set(arena, hello, "ran", told_of(arena, steps_report(arena, runner->steps), ran));
	link_send(&runner->link, FRAME_HELLO, hello, NULL);
	link_flush(&runner->link);
	arena_free(arena);
}

static void say_magic(int out)
{
	static const char magic[] = WIRE_MAGIC;
	size_t done = 0;

	while (done < WIRE_MAGIC_SIZE) {
		ssize_t size = write(out, &magic[done], WIRE_MAGIC_SIZE - done);

		if (size <= 0)
			return;
		done += (size_t)size;
	}
}

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
	runner->handlers = value_list(runner->arena);
	runner->due = value_list(runner->arena);
	runner->maybe = value_map(runner->arena);
	runner->pending = value_list(runner->arena);
	runner->undone = value_list(runner->arena);
	runner->restored = value_map(runner->arena);
	runner->refused = value_map(runner->arena);
	runner->seen = value_map(runner->arena);
	runner->adopted = value_map(runner->arena);
	runner->begun_due = value_list(runner->arena);
	runner->offers = value_map(runner->arena);
	know_user(runner);
	lock = directory;
	if (!directory) {
		directory = ledger_directory(runner);
		lock = lock_place(runner->arena, directory);
	}
	runner->steps = arena_printf(runner->arena, "%s/steps", directory);
	ledger_open(&runner->ledger, directory, lock,
		machine_id(runner->arena));
	link_init(&runner->link, in, out, SENT_BY_CONTROLLER);
	supervisor_watch(&runner->link.cancelled);
	runner->link.silence_ends = true;
	runner->link.serve = keeper_serve;
	runner->link.context = runner;
	say_magic(out);
	greet(runner);
	while (goes_on) {
		arena = arena_new();
		goes_on = link_next(&runner->link, arena, &frame) && frame.type != FRAME_BYE;
		if (goes_on && frame.type == FRAME_STAGE)
			do_stage(runner, frame.body);
		arena_free(arena);
	}
	arena = arena_new();
	link_send(&runner->link, FRAME_BYE, value_map(arena), NULL);
	link_flush(&runner->link);
	arena_free(arena);
	link_end(&runner->link);
	ledger_close(&runner->ledger);
	arena_free(runner->arena);
}
