/* warden: makes a change that can cut the connection, and takes it back unless it is confirmed. */
#include "agent/warden.h"

#include "agent/probe.h"
#include "base/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	ROUND = 50,              /* milliseconds */
	GO_MOST = 30 * 1000,     /* until the agent has asked whether it may go */
	HELD_MOST = 900 * 1000,  /* for an agent to make the change itself */
	BACK_MOST = 60 * 1000,   /* for all tries to take it back */
	BACK_AGAIN = 15 * 1000,  /* the script is run again where it hasn't helped so long */
	STILL = 2 * 1000,        /* as before, and so for this long */
	STARTS_MOST = 20,        /* of a warden that is killed again and again */
};

struct warden {
	struct arena *arena;
	const char *directory;
	int agent;               /* the agent's end is told here */
	bool again;              /* another one was killed, or has never begun */
};

static void pause_round(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = ROUND * 1000000L }, NULL);
}

static bool has(const struct warden *warden, const char *name)
{
	return access(warden_file(warden->arena, warden->directory, name), F_OK) == 0;
}

static int64_t number(const struct warden *warden, const char *name)
{
	const char *text = warden_text(warden->arena, warden->directory, name);

	return text ? strtoll(text, NULL, 10) : 0;
}

static enum warden_token at(const struct warden *warden)
{
	return warden_at(warden->arena, warden->directory);
}

static bool turn(const struct warden *warden, enum warden_token from, enum warden_token to)
{
	return warden_turn(warden->arena, warden->directory, from, to);
}

static void note(const struct warden *warden, const char *name, const char *text)
{
	warden_note(warden->arena, warden->directory, name, text);
}

/* Of a slow machine, or a busy one: what look takes there, ten times. */
static int64_t patience(const struct warden *warden, int64_t least)
{
	int64_t most = warden_pace(warden->arena, warden->directory) * 10;

	return most > least ? most : least;
}

/* --- Scripts --- */

/* In a process group of its own, its words in the log. */
static pid_t start(const struct warden *warden, const char *script)
{
	pid_t pid = fork();
	int log;

	if (pid != 0)
		return pid;
	setpgid(0, 0);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	log = open(warden_file(warden->arena, warden->directory, "log"),
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	/* What it leaves running must not hold the lock, nor the agent's end. */
	close_range(STDERR_FILENO + 1, ~0U, 0);
	execl("/bin/sh", "sh", warden_file(warden->arena, warden->directory, script), (char *)NULL);
	_exit(127);
}

static void end_group(pid_t group)
{
	if (group <= 1)
		return;
	kill(-group, SIGKILL);
	while (waitpid(-group, NULL, 0) > 0)
		;
}

/* 1: it has ended well; 0: not by then, or goes_on said no, and it was ended; -1: it failed. */
static int run_script(const struct warden *warden, const char *script, int64_t until,
	bool (*goes_on)(const struct warden *warden))
{
	pid_t pid = start(warden, script);
	int status = -1;

	if (pid < 0)
		return -1;
	setpgid(pid, pid);
	note(warden, "group", arena_printf(warden->arena, "%d", (int)pid));
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (warden_now() >= until || (goes_on && !goes_on(warden))) {
			end_group(pid);
			return 0;
		}
		pause_round();
	}
	unlink(warden_file(warden->arena, warden->directory, "group"));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : -1;
}

/* --- Before anything is touched --- */

static bool hear(const struct warden *warden, int64_t most, char *ret_byte)
{
	struct pollfd ready = { .fd = warden->agent, .events = POLLIN };
	int64_t until = warden_now() + most, left;

	*ret_byte = '\0';
	while ((left = until - warden_now()) > 0) {
		if (poll(&ready, 1, (int)left) > 0)
			return read(warden->agent, ret_byte, 1) >= 0;
	}
	return false;
}

static void set_deadline(const struct warden *warden)
{
	note(warden, "deadline", arena_printf(warden->arena, "%lld",
		(long long)(warden_now() + number(warden, "seconds") * 1000)));
}

/* The agent ends first, so that the controller knows that it may dial. */
static bool wait_go(const struct warden *warden)
{
	char byte, more;

	if (!hear(warden, GO_MOST, &byte) || byte != 'g')
		return false;
	set_deadline(warden);
	if (!turn(warden, WARDEN_ARMED, WARDEN_PENDING))
		return false;
	if (!has(warden, "held"))
		hear(warden, WARDEN_LEAVE_MOST, &more);
	note(warden, "left", "");
	return true;
}

/* --- Making it, and waiting --- */

/* The others still send to whoever had an address before (nothing else tells them). */
static void announce(const struct warden *warden)
{
	const char *interface = warden_text(warden->arena, warden->directory, "interface");

	if (interface)
		probe_announce(interface);
}

static bool is_pending(const struct warden *warden)
{
	return at(warden) == WARDEN_PENDING;
}

static void give_up(const struct warden *warden, const char *why)
{
	if (is_pending(warden) && !has(warden, "why"))
		note(warden, "why", why);
	turn(warden, WARDEN_PENDING, WARDEN_RETURNING);
}

/* The time begins when the agent has done its part. */
static bool wait_made(const struct warden *warden)
{
	char byte;

	if (!hear(warden, HELD_MOST, &byte) || byte != 'm')
		return false;
	set_deadline(warden);
	return true;
}

static void make(const struct warden *warden)
{
	int made;

	if (warden->again) {
		give_up(warden, "its warden was killed while it was being made");
		return;
	}
	if (has(warden, "held") && !wait_made(warden)) {
		give_up(warden, "its agent was ended while it was being made");
		return;
	}
	made = run_script(warden, "apply", number(warden, "deadline"), is_pending);
	if (made > 0) {
		announce(warden);
		note(warden, "applied", "");
	} else if (made < 0)
		give_up(warden, arena_printf(warden->arena, "it failed: %s",
			warden_text(warden->arena, warden->directory, "log")));
}

static void wait_confirmed(const struct warden *warden)
{
	int64_t deadline = number(warden, "deadline");

	while (is_pending(warden) && warden_now() < deadline)
		pause_round();
	give_up(warden, "nobody came over a new connection to confirm it");
}

/* --- The end --- */

static int sync_folder_of(const struct warden *warden, const char *path)
{
	int length = (int)(strrchr(path, '/') - path);
	int fd = open(length > 0 ? arena_printf(warden->arena, "%.*s", length, path) : "/",
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		close(fd);
	return result;
}

/* One rename, or one removal, makes it stay. */
static int put_on_disk(const struct warden *warden)
{
	const char *path = warden_text(warden->arena, warden->directory, "path"), *new_file;

	if (!path || !*path)
		return 0;
	new_file = warden_new_file(warden->arena, path);
	if (has(warden, "removes")) {
		if (unlink(path) < 0 && errno != ENOENT)
			return -1;
	} else if (rename(new_file, path) < 0 && access(new_file, F_OK) == 0) {
		/* Where it isn't there, a warden that was killed has given it its name. */
		return -1;
	}
	return sync_folder_of(warden, path);
}

static void commit(const struct warden *warden)
{
	/* A start of the machine from here on must not take it back. */
	if (sync_folder_of(warden, warden_file(warden->arena, warden->directory, "")) < 0 || put_on_disk(warden) < 0) {
		note(warden, "why", arena_printf(warden->arena, "it can't be written to disk: %s",
			strerror(errno)));
		turn(warden, WARDEN_COMMITTING, WARDEN_RETURNING);
		return;
	}
	announce(warden);
	if (has(warden, "after"))
		run_script(warden, "after", warden_now() + BACK_MOST, NULL);
	turn(warden, WARDEN_COMMITTING, WARDEN_COMMITTED);
}

static bool stays_as_before(const struct warden *warden)
{
	int64_t until = warden_now() + STILL;

	while (warden_is_as_before(warden->arena, warden->directory)) {
		if (warden_now() >= until)
			return true;
		pause_round();
	}
	return false;
}

static void take_back(const struct warden *warden)
{
	int64_t most = patience(warden, BACK_AGAIN), end = warden_now() + BACK_MOST / BACK_AGAIN * most;
	const char *path = warden_text(warden->arena, warden->directory, "path");

	end_group((pid_t)number(warden, "group"));
	while (warden_now() < end) {
		int64_t again = warden_now() + most;

		run_script(warden, "back", again, NULL);
		announce(warden);
		while (warden_now() < again) {
			if (stays_as_before(warden)) {
				if (path && *path)
					unlink(warden_new_file(warden->arena, path));
				turn(warden, WARDEN_RETURNING, WARDEN_RETURNED);
				return;
			}
			pause_round();
		}
	}
	turn(warden, WARDEN_RETURNING, WARDEN_STUCK);
}

static void work(const struct warden *warden)
{
	if (at(warden) == WARDEN_ARMED && !wait_go(warden)) {
		warden_forget(warden->arena, warden->directory);
		return;
	}
	if (is_pending(warden) && !has(warden, "applied"))
		make(warden);
	wait_confirmed(warden);
	if (at(warden) == WARDEN_COMMITTING)
		commit(warden);
	if (at(warden) == WARDEN_RETURNING)
		take_back(warden);
}

/* --- Its life --- */

/* Where a login's processes are ended with it, and whatever ends them by their control group. */
static void leave_group(const struct warden *warden)
{
	static const char group[] = "/sys/fs/cgroup/beoplay.trial";
	const char *pid = arena_printf(warden->arena, "%d", (int)getpid());
	int fd;

	if (mkdir(group, 0755) < 0 && errno != EEXIST)
		return;
	fd = open(warden_file(warden->arena, group, "cgroup.procs"), O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, pid, strlen(pid)) < 0)
		note(warden, "log", "it stays in the control group of the login\n");
	if (fd >= 0)
		close(fd);
}

static bool is_over(const struct warden *warden)
{
	return at(warden) >= WARDEN_COMMITTED;
}

static void watch(struct warden *warden) __attribute__((noreturn));
static void watch(struct warden *warden)
{
	for (int i = 0; i < STARTS_MOST && !is_over(warden); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			work(warden);
			_exit(0);
		}
		if (pid < 0)
			pause_round();
		while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		warden->again = true;
	}
	_exit(0);
}

static void become_warden(const char *directory, int agent, int ready) __attribute__((noreturn));
static void become_warden(const char *directory, int agent, int ready)
{
	struct warden warden = { .arena = arena_new(), .directory = directory, .agent = agent };
	int nothing = open("/dev/null", O_RDWR);
	int lock = open(warden_file(warden.arena, directory, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	setsid();
	prctl(PR_SET_NAME, "beoplay-warden");
	prctl(PR_SET_PDEATHSIG, 0);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	for (int i = 0; i < 3; i++)
		dup2(nothing, i);
	/* Nothing of the agent's but these: neither its connection nor its lock. */
	for (int fd = 3; fd < 1024; fd++) {
		if (fd != agent && fd != ready && fd != lock)
			close(fd);
	}
	leave_group(&warden);
	warden.again = at(&warden) != WARDEN_ARMED;
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0 || write(ready, "r", 1) != 1)
		_exit(1);
	close(ready);
	watch(&warden);
}

/* Its parent is nobody of this run: who ends the run's processes doesn't meet it. */
static void fork_warden(const char *directory, int agent, int ready) __attribute__((noreturn));
static void fork_warden(const char *directory, int agent, int ready)
{
	if (fork() == 0)
		become_warden(directory, agent, ready);
	_exit(0);
}

int warden_start(struct arena *arena, const char *directory, struct error *err)
{
	int ends[2], ready[2];
	char byte = '\0';
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0
			|| pipe2(ready, O_CLOEXEC) < 0)
		return error_errno(err, HOST_SYSTEM, "cannot start a warden");
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		close(ready[0]);
		fork_warden(directory, ends[1], ready[1]);
	}
	close(ends[1]);
	close(ready[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (read(ready[0], &byte, 1) != 1 || !warden_lives(arena, directory)) {
		close(ready[0]);
		close(ends[0]);
		return error_set(err, HOST_TRIAL_FAILED, "the warden that would take the change back can't "
			"be started, so nothing was changed");
	}
	close(ready[0]);
	return ends[0];
}
