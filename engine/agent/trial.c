/* trial: a change that can cut the connection, as the agent sees it: it starts one, or finds the one
 * that brought it here. */
#include "agent/machine.h"

#include "agent/login_guard.h"
#include "agent/warden.h"
#include "base/whole.h"
#include "module/module.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	ROUND = 50,              /* milliseconds */
	BACK_MOST = 60,          /* seconds for a warden to take it back */
	END_MOST = 120 * 1000,   /* for a warden to come to its end … */
	PACES_MOST = 60,         /* … and on a slow machine what its look takes, so many times */
};

static const char *directory_of(struct arena *arena, const char *name)
{
	return arena_printf(arena, WARDEN_PLACE "/%s", name);
}

static const char *why_of(struct arena *arena, const char *directory)
{
	const char *why = warden_text(arena, directory, "why");

	return why ? why : "it was taken back";
}

static unsigned seconds_left(struct arena *arena, const char *directory)
{
	const char *deadline = warden_text(arena, directory, "deadline");
	int64_t left = deadline ? strtoll(deadline, NULL, 10) - warden_now() : 0;

	return warden_at(arena, directory) == WARDEN_PENDING && left > 0 ? (unsigned)(left / 1000) + 1 : 0;
}

int trial_look(void *machine, struct arena *arena, const char *name,
	struct trial_state *ret_state, struct error *err)
{
	const struct machine *of = machine;
	const char *directory = directory_of(arena, name);
	const char *run = warden_text(arena, directory, "run");
	enum warden_token token = warden_at(arena, directory);

	(void)err;
	*ret_state = (struct trial_state){ .stage = TRIAL_NONE };
	if (token == WARDEN_NOWHERE || token == WARDEN_COMMITTED)
		return 0;
	*ret_state = (struct trial_state){
		.stage = token == WARDEN_RETURNED ? TRIAL_RETURNED : token == WARDEN_STUCK ? TRIAL_STUCK
			: TRIAL_UNDER_WAY,
		.ours = run && of->run && strcmp(run, of->run) == 0,
		.wish = warden_text(arena, directory, "wish"),
		.before = warden_text(arena, directory, "before"),
		.why = why_of(arena, directory),
		.seconds = seconds_left(arena, directory),
	};
	return 0;
}

/* --- Arriving --- */

static bool is_leaving(struct arena *arena, const char *directory)
{
	return warden_at(arena, directory) == WARDEN_PENDING && warden_lives(arena, directory)
		&& access(warden_file(arena, directory, "left"), F_OK) != 0;
}

/* Killed with the one that watches it, it would leave its trial until the next start of the machine. */
static void succeed(struct arena *arena, const char *directory)
{
	struct error ignored = {0};
	enum warden_token at;
	int warden;

	/* In this order: what one that has just ended leaves is its end. */
	if (warden_lives(arena, directory))
		return;
	warden_catch_up(arena, directory);
	at = warden_at(arena, directory);
	if (at < WARDEN_PENDING || at >= WARDEN_COMMITTED)
		return;
	warden = warden_start(arena, directory, &ignored);
	if (warden >= 0)
		close(warden);
}

static void await_leaver(struct arena *arena, const char *directory, int64_t until)
{
	succeed(arena, directory);
	while (is_leaving(arena, directory) && warden_now() < until)
		nanosleep(&(struct timespec){ .tv_nsec = ROUND * 1000000L }, NULL);
}

void trial_await_leavers(struct arena *arena, const char *state)
{
	int64_t until = warden_now() + WARDEN_LEAVE_MOST;
	DIR *all = opendir(WARDEN_PLACE);
	const struct dirent *entry;

	while (all && (entry = readdir(all))) {
		if (entry->d_name[0] != '.')
			await_leaver(arena, directory_of(arena, entry->d_name), until);
	}
	if (all)
		closedir(all);
	await_leaver(arena, arena_printf(arena, "%s/" LOGIN_GUARD_PLACE, state), until);
}

/* --- Starting --- */

static int make_directory(struct arena *arena, const char *directory, struct error *err)
{
	static const char *const above[] = { "/run/beoplay", WARDEN_PLACE };

	/* That of login_guard is elsewhere. */
	for (size_t i = 0; i < 2 && strncmp(directory, "/run/", 5) == 0; i++) {
		if (mkdir(above[i], 0700) < 0 && errno != EEXIST)
			return error_errno(err, HOST_TRIAL_FAILED, "cannot make '%s'", above[i]);
	}
	if (warden_lives(arena, directory)) {
		error_set(err, HOST_TRIAL_FAILED, "an earlier change of the same kind is still under way");
		return error_remedy(err, "it ends by itself within %u s; apply again then",
			seconds_left(arena, directory) + BACK_MOST);
	}
	warden_forget(arena, directory);
	if (mkdir(directory, 0700) < 0)
		return error_errno(err, HOST_TRIAL_FAILED, "cannot make '%s'", directory);
	return 0;
}

static int note_all(struct arena *arena, const char *directory, const struct trial *trial,
	const char *run)
{
	const struct { const char *name, *text; } files[] = {
		{ "wish", trial->wish }, { "run", run ? run : "" }, { "apply", trial->apply },
		{ "back", trial->back }, { "look", trial->look }, { "after", trial->after },
		{ "path", trial->path ? trial->path : "" }, { "log", "" },
		{ "interface", trial->interface }, { "keep-script", trial->keep }, { "paths", trial->paths },
		{ "held", trial->held ? "" : NULL }, { "restart", trial->restart },
		{ "start", warden_start_id(arena) },
		{ "removes", trial->path && !trial->text ? "" : NULL },
		{ "seconds", arena_printf(arena, "%u", trial->seconds) },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (files[i].text && warden_note(arena, directory, files[i].name, files[i].text) < 0)
			return -1;
	}
	return 0;
}

/* A full disk shows now. */
static int write_new(struct arena *arena, const struct trial *trial, struct error *err)
{
	const char *path;

	if (!trial->path || !trial->text)
		return 0;
	path = warden_new_file(arena, trial->path);
	unlink(path);
	if (whole_replace(path, trial->text, strlen(trial->text), trial->mode, true) < 0
			|| chmod(path, trial->mode) < 0)
		return error_errno(err, HOST_FILE_UNWRITABLE, "cannot write '%s'", path);
	return 0;
}

static void tell_alive(void *context)
{
	struct machine *machine = context;

	if (machine->link)
		link_alive(machine->link);
}

static int arm(struct machine *machine, struct arena *arena, const char *directory,
	const struct trial *trial, struct error *err)
{
	const struct warden_beat beat = { .tell = tell_alive, .context = machine };
	const char *before;
	int64_t begun, pace;

	if (note_all(arena, directory, trial, machine->run) < 0)
		return error_errno(err, HOST_TRIAL_FAILED, "cannot write below '%s'", directory);
	if (write_new(arena, trial, err) < 0)
		return -1;
	if (trial->keep && warden_script(arena, directory, "keep-script", &beat) < 0)
		return error_set(err, HOST_TRIAL_FAILED, "what would be needed to take the change back can't be "
			"kept, so it isn't made");
	begun = warden_now();
	before = warden_look(arena, directory, &beat);
	pace = warden_now() - begun;
	if (!before)
		return error_set(err, HOST_TRIAL_FAILED, "what is to be changed can't be looked at, so it "
			"isn't changed");
	if (warden_note(arena, directory, "before", before) < 0
			|| warden_note(arena, directory, "pace", arena_printf(arena, "%lld", (long long)pace)) < 0
			|| warden_note(arena, directory, "armed", "") < 0)
		return error_errno(err, HOST_TRIAL_FAILED, "cannot write below '%s'", directory);
	if (trial->restart && warden_outlive(arena, directory, err) < 0)
		return -1;
	return warden_start(arena, directory, err);
}

int trial_arm(struct machine *machine, struct arena *arena, const char *directory,
	const struct trial *trial, struct error *err)
{
	int warden;

	if (make_directory(arena, directory, err) < 0)
		return -1;
	warden = arm(machine, arena, directory, trial, err);
	if (warden < 0)
		warden_forget(arena, directory);
	return warden;
}

int trial_start(void *context, struct arena *arena, const struct trial *trial, struct error *err)
{
	struct machine *machine = context;
	const char *directory = directory_of(arena, trial->name);
	const struct request request = { .kind = REQUEST_MOVE, .task = machine->task,
		.address = trial->address, .seconds = trial->seconds };
	struct reply reply;
	int warden;

	warden = trial_arm(machine, arena, directory, trial, err);
	if (warden < 0)
		return -1;
	/* Without the controller's word it ends with this descriptor, having touched nothing. */
	if (machine->ask(machine->context, arena, &request, &reply, err) < 0) {
		close(warden);
		return -1;
	}
	if (write(warden, "g", 1) != 1) {
		close(warden);
		return error_set(err, HOST_TRIAL_FAILED, "the warden of the change was killed");
	}
	/* Its other end is told of the end of this process. */
	return error_set(err, RUN_MOVED, "the run goes on over a new connection");
}

/* --- Coming to its end --- */

static void pause_round(struct machine *machine)
{
	nanosleep(&(struct timespec){ .tv_nsec = ROUND * 1000000L }, NULL);
	tell_alive(machine);
}

/* A warden that was killed, with the one that watches it, has a successor. */
static bool keep_alive(struct arena *arena, const char *directory, int *warden)
{
	struct error ignored = {0};

	if (warden_lives(arena, directory) || warden_at(arena, directory) >= WARDEN_COMMITTED)
		return true;
	if (*warden >= 0)
		close(*warden);
	*warden = warden_start(arena, directory, &ignored);
	return *warden >= 0;
}

static bool is_applied(struct arena *arena, const char *directory)
{
	return access(warden_file(arena, directory, "applied"), F_OK) == 0;
}

enum warden_token trial_await(struct machine *machine, struct arena *arena,
	const char *directory, enum warden_token from, bool applied)
{
	int64_t until = warden_now() + END_MOST + warden_pace(arena, directory) * PACES_MOST;
	enum warden_token token;
	int warden = -1;

	while ((token = warden_at(arena, directory)) < from && warden_now() < until) {
		if (applied && token == WARDEN_PENDING && is_applied(arena, directory))
			break;
		keep_alive(arena, directory, &warden);
		pause_round(machine);
	}
	if (warden >= 0)
		close(warden);
	return token;
}

static int taken_back(struct arena *arena, const char *directory, enum warden_token token,
	struct error *err)
{
	const char *why = why_of(arena, directory), *name = warden_text(arena, directory, "code");
	const struct error_code *code = name ? error_named(name) : NULL;

	if (token != WARDEN_RETURNED) {
		error_set(err, HOST_TRIAL_STUCK, "the change was taken back, but not everything is as before: "
			"%.1200s", why);
		return error_remedy(err, "on disk nothing has changed, so that a restart helps; what was tried "
			"is in '%s/log'", directory);
	}
	error_set(err, code ? code : HOST_TRIAL_RETURNED, "the change was taken back: %.1500s", why);
	return error_remedy(err, "all is as before, on disk and live");
}

/* Now that it is live: a connection from before may be there still, and hang. */
static bool is_heard(struct machine *machine, struct arena *arena)
{
	const struct request request = { .kind = REQUEST_MOVE, .task = machine->task };
	struct reply reply;
	struct error ignored = {0};

	return machine->ask(machine->context, arena, &request, &reply, &ignored) == 0;
}

int trial_wait(void *machine, struct arena *arena, const char *name, struct error *err)
{
	const char *directory = directory_of(arena, name);
	enum warden_token token = trial_await(machine, arena, directory, WARDEN_COMMITTING, true);

	if (token == WARDEN_PENDING)
		return 0;
	token = trial_await(machine, arena, directory, WARDEN_COMMITTED, false);
	return taken_back(arena, directory, token, err);
}

/* The controller dials where it did before: this connection is about to be cut. */
static int go_back(struct machine *machine, struct arena *arena, const char *directory,
	const struct error *why, struct error *err)
{
	const struct request request = { .kind = REQUEST_MOVE, .task = machine->task, .back = true };
	struct reply reply;
	struct error ignored = {0};

	warden_note(arena, directory, "why", why->message);
	warden_note(arena, directory, "code", why->code->name);
	machine->ask(machine->context, arena, &request, &reply, &ignored);
	warden_turn(arena, directory, WARDEN_PENDING, WARDEN_RETURNING);
	return error_set(err, RUN_MOVED, "the run goes on over the connection from before");
}

int trial_end(void *machine, struct arena *arena, const char *name, const struct error *why,
	struct error *err)
{
	const char *directory = directory_of(arena, name);
	enum warden_token token;

	if (why)
		return go_back(machine, arena, directory, why, err);
	if (!is_heard(machine, arena))
		return error_set(err, RUN_INTERRUPTED, "the controller doesn't hear this connection");
	warden_turn(arena, directory, WARDEN_PENDING, WARDEN_COMMITTING);
	token = trial_await(machine, arena, directory, WARDEN_COMMITTED, false);
	if (token != WARDEN_COMMITTED)
		return taken_back(arena, directory, token, err);
	warden_forget(arena, directory);
	return 0;
}
