/* login_guard: a change of what carries the login stays only after a new login. */
#include "agent/login_guard.h"

#include "agent/warden.h"
#include "module/module.h"
#include "module/ways_in.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIRM_MOST = 45 };    /* seconds, from the change to its confirmation */

struct login_guard {
	struct arena *arena;
	const char *directory;
	const char *what;          /* that was changed */
	int warden;                /* descriptor by which it is told; its end says that no more will be done */
};

static struct ways_in ways_of(struct runner *runner, struct arena *arena)
{
	struct ways_in ways = { .login = runner->login, .gssapi = access("/etc/krb5.keytab", F_OK) == 0 };
	struct error ignored = {0};
	struct user_info user;

	if (accounts_user(&runner->at_hand->machine, arena, runner->login, &user, &ignored) == 0
			&& user.exists) {
		ways.home = user.home && user.home[0] == '/' && user.home[1] ? user.home : NULL;
		ways.shell = user.shell && user.shell[0] == '/' ? user.shell : NULL;
	}
	return ways;
}

/* What of it the task at hand is about to change; NULL: nothing. */
static const char *way_in_met(struct runner *runner, struct arena *arena, const struct value *resources,
	const char *file, bool *ret_loads)
{
	const struct work *work = runner->at_hand;
	const char *what = NULL;
	struct ways_in ways;

	if (!runner->login || !work || !work->module)
		return NULL;
	ways = ways_of(runner, arena);
	for (size_t i = 0; i < value_item_count(resources) && !what; i++)
		what = way_in_of_resource(arena, &ways, value_text(resources->items[i]), ret_loads);
	if (!what && file)
		what = way_in_of_resource(arena, &ways, arena_printf(arena, "file:%s", file), ret_loads);
	if (!what && (work->module->flags & MODULE_ACTION))
		what = way_in_of_command(arena, &ways, work->task->params, ret_loads);
	return what;
}

/* The change is on disk at once, and so is what takes it back. */
static const char *directory_of(const struct runner *runner, struct arena *arena)
{
	return arena_printf(arena, "%s/" LOGIN_GUARD_PLACE, runner->ledger.state);
}

int login_guard_arm(struct runner *runner, const struct request *request, struct error *err)
{
	struct arena *arena = runner->at_hand ? runner->at_hand->arena : NULL;
	bool loads = false;
	const char *what = runner->guard || runner->only_notes || !arena ? NULL
		: way_in_met(runner, arena, request->resources, request->file, &loads);
	struct trial trial = { .name = "login", .wish = "", .seconds = CONFIRM_MOST, .held = true };
	struct login_guard *guard;
	struct ways_in ways;
	int warden;

	if (!what)
		return 0;
	ways = ways_of(runner, arena);
	login_guard_scripts(&trial);
	/* Nobody else can have anything done at the start of the machine. */
	if (runner->user.uid != 0)
		trial.restart = NULL;
	trial.paths = arena_printf(arena, "%s%s", ways_in_paths(arena, &ways), loads ? "loads\n" : "");
	warden = trial_arm(&runner->at_hand->machine, arena, directory_of(runner, arena), &trial, err);
	if (warden < 0)
		return -1;
	if (write(warden, "g", 1) != 1) {
		close(warden);
		return error_set(err, HOST_TRIAL_FAILED, "the warden of the change was killed");
	}
	guard = arena_alloc(arena, sizeof(*guard));
	*guard = (struct login_guard){ .arena = arena, .directory = directory_of(runner, arena), .what = what,
		.warden = warden };
	runner->guard = guard;
	return 0;
}

/* --- Behind the task --- */

/* Live by now, as far as a file says anything of it. */
static bool is_live(struct runner *runner, struct login_guard *guard)
{
	struct machine *machine = &runner->at_hand->machine;

	return write(guard->warden, "m", 1) == 1
		&& trial_await(machine, guard->arena, guard->directory, WARDEN_COMMITTING, true) == WARDEN_PENDING;
}

static int log_in_anew(struct runner *runner, struct login_guard *guard, struct error *err)
{
	const struct request request = { .kind = REQUEST_LOGIN, .task = runner->at_hand->task->id,
		.seconds = CONFIRM_MOST - 5, .machine = runner_running_machine(guard->arena) };
	struct reply reply = {0};

	return link_request(&runner->link, guard->arena, &request, &reply, err);
}

static bool is_confirmed(struct runner *runner, struct login_guard *guard)
{
	struct machine *machine = &runner->at_hand->machine;
	struct error why = {0};

	if (!is_live(runner, guard))
		return false;
	if (log_in_anew(runner, guard, &why) < 0) {
		warden_note(guard->arena, guard->directory, "why", arena_printf(guard->arena,
			"a new login failed: %s", why.message));
		return false;
	}
	warden_turn(guard->arena, guard->directory, WARDEN_PENDING, WARDEN_COMMITTING);
	return trial_await(machine, guard->arena, guard->directory, WARDEN_COMMITTED, false)
		== WARDEN_COMMITTED;
}

/* What the task changed behind a warden that was too early goes now. */
static bool is_back(struct runner *runner, struct login_guard *guard)
{
	struct arena *arena = guard->arena;
	enum warden_token token;

	warden_turn(arena, guard->directory, WARDEN_PENDING, WARDEN_RETURNING);
	close(guard->warden);
	token = trial_await(&runner->at_hand->machine, arena, guard->directory, WARDEN_COMMITTED, false);
	return token == WARDEN_RETURNED && warden_is_as_before(arena, guard->directory);
}

/* Nothing of it has been done. */
static void forget_task(struct runner *runner, struct arena *arena)
{
	struct value *names = value_list(arena);

	for (size_t i = 0; i < runner->ledger.changed->count; i++)
		value_append(arena, names, value_string(arena, value_key(runner->ledger.changed, i)));
	for (size_t i = 0; i < names->count; i++)
		ledger_task_take_back(&runner->ledger, &runner->owner, value_text(names->items[i]));
	for (size_t i = 0; i < runner->begun_due->count; i++)
		ledger_due_remove(&runner->ledger, &runner->owner, value_text(runner->begun_due->items[i]));
}

static void fail(struct runner *runner, struct login_guard *guard, bool back, struct result *result)
{
	struct arena *arena = guard->arena;
	const char *why = warden_text(arena, guard->directory, "why");
	const char *later = warden_text(arena, guard->directory, "unproven");
	struct error err = {0};

	if (!why)
		why = "it wasn't confirmed";
	if (back) {
		error_set(&err, HOST_LOGIN_LOST, "the change of %s was taken back: %.1000s%s%.200s", guard->what, why,
			later ? "; so was what had not been loaded before: " : "", later ? later : "");
		error_remedy(&err, "all that carries the login is as before; correct what the task wishes, so that "
			"%s can log in and become root with it", runner->login);
		forget_task(runner, arena);
	} else {
		error_set(&err, HOST_TRIAL_STUCK, "the change of %s was taken back, but not everything is "
			"as before: %.1200s", guard->what, why);
		error_remedy(&err, "look at the machine before this connection ends; what was tried is in "
			"'%s/log', what was there before in '%s/keep'", guard->directory, guard->directory);
	}
	work_failed(arena, result, &err);
}

void login_guard_settle(struct runner *runner, struct work *work, struct result *result)
{
	struct login_guard *guard = runner->guard;
	bool failed = result->status == STATUS_FAILED;

	if (!guard)
		return;
	runner->guard = NULL;
	if (failed)
		warden_note(guard->arena, guard->directory, "why", "its task failed");
	if (!failed && is_confirmed(runner, guard)) {
		warden_forget(guard->arena, guard->directory);
		close(guard->warden);
	} else if (is_back(runner, guard)) {
		if (failed) {
			work_add_note(work, result, "what it had changed of what carries the login was taken back");
			forget_task(runner, guard->arena);
		} else {
			fail(runner, guard, true, result);
		}
		warden_forget(guard->arena, guard->directory);
	} else {
		fail(runner, guard, false, result);
	}
}

void login_guard_foresee(struct runner *runner, struct work *work, struct result *result)
{
	const char *what;
	bool loads = false;

	if (result->status != STATUS_CHANGED && result->status != STATUS_MAY_CHANGE)
		return;
	what = way_in_met(runner, work->arena, result->resources, work->task->file, &loads);
	if (what)
		work_add_note(work, result, arena_printf(work->arena, "it changes %s, so it stays only if a new "
			"login works then", what));
}
