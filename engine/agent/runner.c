/* runner: the stages of a run on this machine, one after the other. */
#include "agent/undo.h"

#include "agent/image.h"
#include "agent/lock.h"
#include "agent/pending.h"
#include "agent/supervisor.h"
#include "base/secrets.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT_SHOWN_MOST = 8 << 10 };

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
			result->cause = arena_printf(work->arena, "can't be told yet: '%s' comes before it",
				cause);
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

void runner_note_wanted(struct runner *runner, const char *key)
{
	bool wanted = has_key(runner->due, key) || value_get(runner->maybe, key)
		|| ledger_is_due(&runner->ledger, &runner->owner, key);

	if (!runner->undoes && !runner->restarts)
		value_remove(runner->for_undone, key);
	else if (!wanted)
		value_set_bool(runner->arena, runner->for_undone, key, true);
}

void runner_notify(struct runner *runner, const struct value *keys)
{
	for (size_t i = 0; keys && keys->kind == VALUE_LIST && i < keys->count; i++) {
		const char *key = value_text(keys->items[i]);

		if (!key)
			continue;
		runner_note_wanted(runner, key);
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
		const char *key = value_text(keys->items[i]);

		if (!key)
			continue;
		runner_note_wanted(runner, key);
		value_set_string(runner->arena, runner->maybe, key, cause);
	}
}

/* --- Results --- */

/* changed_when that was known before: what counts as changed. */
static void override_changed(const struct wire_task *task, struct result *result)
{
	bool changed = result->status == STATUS_CHANGED;

	if (changed || result->status == STATUS_OK)
		result->status = choice_made(task->changed, changed) ? STATUS_CHANGED : STATUS_OK;
}

/* The end of a long output: causes stand there. */
static struct value *last_of(struct arena *arena, const struct value *text)
{
	size_t size = text->size > OUTPUT_SHOWN_MOST ? OUTPUT_SHOWN_MOST : text->size;

	return value_bytes(arena, text->text + text->size - size, size);
}

/* Where nobody looks at the results, only what is to be shown is told. */
static void only_shown(struct arena *arena, const struct wire_task *task, struct result *result)
{
	static const char *const outputs[] = { "stdout", "stderr", NULL };
	const struct value *results = result->results;
	struct value *kept = value_map(arena), *show = value_get(results, "show");

	if (task->results)
		return;
	if (show)
		value_set(arena, kept, "show", show);
	for (size_t i = 0; result->status == STATUS_FAILED && outputs[i]; i++) {
		const struct value *output = value_get(results, outputs[i]);

		if (value_text(output) && output->size > 0)
			value_set(arena, kept, outputs[i], last_of(arena, output));
	}
	result->results = kept->count > 0 ? kept : NULL;
}

/* What is too long isn't sent. */
void runner_send(struct runner *runner, struct arena *arena, const struct wire_task *task,
	struct result *result)
{
	struct error err = {0};

	only_shown(arena, task, result);
	link_send(&runner->link, FRAME_RESULT, result, &err);
	if (err.kind == ERROR_NONE)
		return;
	result->changes = NULL;
	result->change_count = 0;
	result->results = NULL;
	result->status = STATUS_FAILED;
	result->message = "the results are too long to be told";
	result->code = HOST_FILE_TOO_LARGE->name;
	link_send(&runner->link, FRAME_RESULT, result, NULL);
}

void runner_note_writes(struct runner *runner, struct value *pending, const struct wire_task *task,
	const struct result *result)
{
	for (size_t i = 0; runner->check && i < value_item_count(result->writes); i++)
		pending_add(runner->arena, pending, value_text(result->writes->items[i]),
			task->name ? task->name : "an earlier task");
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
static const char *kept_message(const struct wire_task *task, const struct result *result)
{
	return task->level > LEVEL_OPEN ? level_word(task->level) : result->message;
}

static void note_failed(struct runner *runner, const char *task, const char *message)
{
	if ((task || ledger_has_failed(&runner->ledger, &runner->owner)) && may_note(runner))
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
		note_failed(runner, task->name, kept_message(task, result));
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
static bool do_task(struct runner *runner, const struct wire_task *task)
{
	bool checks = runner->check, goes_on;

	runner->check = choice_made(task->check, checks);
	goes_on = do_now(runner, task);
	if (checks && !runner->check)
		keeper_save(runner, true, NULL);
	runner->check = checks;
	return goes_on;
}

/* Of a handler that isn't done here. */
static void tell(struct runner *runner, const struct wire_task *task, enum status status,
	const char *cause)
{
	const struct result result = { .task = task->id, .status = status, .cause = cause };

	link_send(&runner->link, FRAME_RESULT, &result, NULL);
}

static void forget_due(struct runner *runner, const char *key)
{
	struct value *rest = value_list(runner->arena);

	for (size_t i = 0; i < runner->due->count; i++) {
		if (strcmp(value_text(runner->due->items[i]), key) != 0)
			value_append(runner->arena, rest, runner->due->items[i]);
	}
	runner->due = rest;
	value_remove(runner->for_undone, key);
	if (ledger_is_due(&runner->ledger, &runner->owner, key) && may_note(runner))
		ledger_due_remove(&runner->ledger, &runner->owner, key);
}

/* What was undone makes nothing: its handlers restart what runs, and run commands. */
static bool can_restart(const struct wire_task *task)
{
	const struct module *module = task->controller ? NULL : module_find(task->module);

	return task->controller || (module && ((module->flags & MODULE_RESTARTS)
		|| (module->flags & (MODULE_ACTION | MODULE_INTERNAL)) == MODULE_ACTION));
}

static bool is_due(const struct runner *runner, const char *key)
{
	return has_key(runner->due, key) || ledger_is_due(&runner->ledger, &runner->owner, key);
}

/* False: the stage is over. */
static bool do_handler(struct runner *runner, const struct wire_task *task, bool due)
{
	const char *cause = value_get_string(runner->maybe, task->handler);
	bool goes_on = true;

	if (runner->restarts && !can_restart(task)) {
		tell(runner, task, STATUS_SKIPPED, NULL);
	} else if (!due) {
		tell(runner, task, cause ? STATUS_MAY_CHANGE : STATUS_SKIPPED, cause);
	} else if (task->controller) {
		/* What it does is the controller's. */
		tell(runner, task, STATUS_OK, NULL);
	} else {
		goes_on = link_alive(&runner->link) && do_task(runner, task);
	}
	return goes_on;
}

/* The items of a loop are one handler: it is due until the last of them has been done. */
static bool do_items(struct runner *runner, const struct wire_task *const *tasks, size_t count)
{
	const char *key = tasks[0]->handler;
	bool due = is_due(runner, key), goes_on = true, failed = false;

	runner->restarts = value_get(runner->for_undone, key) != NULL;
	for (size_t i = 0; goes_on && i < count; i++) {
		runner->task_failed = false;
		goes_on = do_handler(runner, tasks[i], due);
		failed = failed || runner->task_failed;
	}
	runner->restarts = false;
	if (due && goes_on && !failed)
		forget_due(runner, key);
	return goes_on;
}

static bool flush(struct runner *runner)
{
	const struct wire_task **handlers = runner->handlers;
	size_t count = runner->handler_count;
	bool goes_on = true;

	runner->handlers = NULL;
	runner->handler_count = 0;
	for (size_t i = 0, items; goes_on && i < count; i += items) {
		for (items = 1; i + items < count
				&& strcmp(handlers[i + items]->handler, handlers[i]->handler) == 0; items++)
			;
		goes_on = do_items(runner, &handlers[i], items);
	}
	return goes_on;
}

/* --- A stage --- */

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
			&& (runner->check || may_note(runner)))
		ledger_rename(&runner->ledger, &runner->owner, formerly);
	/* What was told of earlier steps isn't told again, also if nothing is to change. */
	if (runner->over->count > 0)
		may_note(runner);
	runner_notify(runner, stage->notified);
	for (size_t i = 0; i < value_item_count(stage->dropped); i++) {
		if (may_note(runner))
			ledger_due_remove(&runner->ledger, &runner->owner,
				value_text(stage->dropped->items[i]));
	}
}

static bool do_one(struct runner *runner, const struct wire_task *task)
{
	switch (task->kind) {
	case TASK_FLUSH:
		return flush(runner);
	case TASK_UNDO:
		return undo_do(runner, task);
	case TASK_LOOK:
		return look_do(runner, task);
	case TASK_MODULE:
		break;
	}
	if (!task->handler)
		return do_task(runner, task);
	*ARENA_PUSH(runner->arena, &runner->handlers, &runner->handler_count) =
		message_copy(runner->arena, &message_wire_task, task);
	return true;
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
		goes_on = link_alive(&runner->link) && do_one(runner, &stage->tasks[i]);
	if (goes_on && stage->whole)
		end.orphans = undo_orphans(runner, arena, stage->whole);
	if (goes_on && stage->last)
		note_failed(runner, NULL, NULL);
	/* Without a text nobody would run what is still due. */
	if (goes_on && runner->forgets && stage->last && may_note(runner))
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

/* The running machine: also clones of one disk differ in this. */
static const char *running_machine(const struct runner *runner)
{
	struct error ignored = {0};
	struct stat network = {0};
	char *boot = "";
	size_t size = 0;

	files_read(NULL, runner->arena, "/proc/sys/kernel/random/boot_id", 128, &boot, &size, &ignored);
	stat("/proc/self/ns/net", &network);
	return arena_printf(runner->arena, "%s %.*s %ju", runner->ledger.machine_id,
		(int)strcspn(boot, "\n"), boot, (uintmax_t)network.st_ino);
}

static void greet(struct runner *runner)
{
	const struct ledger *ledger = &runner->ledger;
	struct arena *arena = arena_new();
	struct hello hello = { .version = WIRE_VERSION, .foreign = ledger->foreign };
	struct failed_task *failed;

	ledger_hold(ledger);
	failed = ledger_failed(ledger, arena, NULL, &hello.failed_count);
	/* What it said is long, and asked for only by who looks. */
	for (size_t i = 0; i < hello.failed_count; i++)
		failed[i].message = NULL;
	hello.failed = failed;
	hello.due = ledger_due(ledger, arena, NULL, &hello.due_count);
	hello.seals = ledger_seals(ledger, arena);
	ledger_let_go(ledger);
	hello.machine = running_machine(runner);
	hello.lock = lock_holder(arena, ledger->locks);
	hello.ran = steps_report(arena, runner->steps, &hello.ran_count);
	if (ledger->problem.kind != ERROR_NONE) {
		hello.problem = ledger->problem.message;
		hello.remedy = ledger->problem.remedy[0] ? ledger->problem.remedy : NULL;
		hello.code = ledger->problem.code->name;
	}
	runner->over = steps_over(runner->arena, runner->steps);
	link_send(&runner->link, FRAME_HELLO, &hello, NULL);
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
	link_init(&runner->link, in, out, SENT_BY_AGENT, SENT_BY_CONTROLLER);
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
			do_stage(runner, frame.message);
		arena_free(arena);
	}
	link_send(&runner->link, FRAME_BYE, NULL, NULL);
	link_flush(&runner->link);
	link_end(&runner->link);
	ledger_close(&runner->ledger);
	arena_free(runner->arena);
}
