/* supervisor: ends what a run has started before the machine's lock is let go. */
#include "agent/supervisor.h"

#include "agent/session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seconds for which a worker without a controller may hang in one system call (on a mount whose
 * server is gone, say). */
enum { STUCK_MOST = 30 };

static int control = -1;             /* of the worker: to the supervisor */
static pid_t parent;
static volatile sig_atomic_t never;
static volatile sig_atomic_t *volatile ended = &never;

/* --- In the supervisor */

struct supervisor {
	pid_t worker;
	int control, signals, pidfd;
	bool alone;                  /* the controller is gone */
	unsigned stuck;              /* seconds */
};

/* Descriptors that come stay open until the supervisor exits. */
static void take_lock(struct supervisor *supervisor)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} with;
	char byte;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &with, .msg_controllen = sizeof(with),
	};

	if (recvmsg(supervisor->control, &message, MSG_CMSG_CLOEXEC) > 0)
		return;
	close(supervisor->control);
	supervisor->control = -1;
}

/* Whoever asks this process to end means the run. */
static void take_signal(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	if (read(supervisor->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD)
		kill(supervisor->worker, SIGTERM);
}

/* Others than the worker: what its commands have left. */
static void reap(const struct supervisor *supervisor)
{
	struct arena *arena = arena_new();
	struct session_process *children;
	size_t count = session_children(arena, getpid(), &children);

	for (size_t i = 0; i < count; i++) {
		if (children[i].state == 'Z' && children[i].pid != supervisor->worker)
			waitpid(children[i].pid, NULL, WNOHANG);
	}
	arena_free(arena);
}

static void look_at_worker(struct supervisor *supervisor)
{
	struct session_process worker;

	if (!session_look(supervisor->worker, &worker) || worker.state != 'D')
		supervisor->stuck = 0;
	else if (++supervisor->stuck > STUCK_MOST)
		kill(supervisor->worker, SIGKILL);
}

static void wait_worker(struct supervisor *supervisor)
{
	for (;;) {
		struct pollfd ready[4] = {
			{ .fd = supervisor->pidfd, .events = POLLIN },
			{ .fd = supervisor->control, .events = POLLIN },
			{ .fd = supervisor->signals, .events = POLLIN },
			{ .fd = supervisor->alone ? -1 : STDIN_FILENO, .events = POLLRDHUP },
		};

		if (poll(ready, 4, supervisor->alone ? 1000 : -1) < 0 && errno != EINTR)
			return;
		if (ready[1].revents)
			take_lock(supervisor);
		if (ready[2].revents)
			take_signal(supervisor);
		if (ready[3].revents)
			supervisor->alone = true;
		if (ready[0].revents)
			return;
		if (supervisor->alone)
			look_at_worker(supervisor);
		reap(supervisor);
	}
}

static void say_ended(void *context, const struct session_process *process)
{
	dprintf(STDERR_FILENO, "; ends '%s' (pid %d)", session_name(context, process->pid),
		(int)process->pid);
}

static void say_left(const struct supervisor *supervisor)
{
	struct arena *arena = arena_new();
	struct session_process *children;
	size_t count;

	count = session_children(arena, getpid(), &children);
	for (size_t i = 0; i < count; i++) {
		if (children[i].session != supervisor->worker && children[i].state != 'Z')
			dprintf(STDERR_FILENO, "; leaves '%s' (pid %d), which has a session of its own",
				session_name(arena, children[i].pid), (int)children[i].pid);
	}
	arena_free(arena);
}

/* Whether anything is left of what the worker has started: as the nearest subreaper, this process is
 * the parent of all that has lost its own. */
static bool is_childless(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return errno == ECHILD;
}

static void supervise(struct supervisor *supervisor) __attribute__((noreturn));
static void supervise(struct supervisor *supervisor)
{
	struct arena *arena = arena_new();
	int status = 0;

	wait_worker(supervisor);
	while (waitpid(supervisor->worker, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFSIGNALED(status) && is_childless())
		_exit(WEXITSTATUS(status));
	/* The controller takes what stands on stderr for the agent's last words. */
	if (WIFSIGNALED(status)) {
		dprintf(STDERR_FILENO, "the agent was ended by signal %d", WTERMSIG(status));
		session_each(supervisor->worker, say_ended, arena);
	}
	session_end(supervisor->worker, SESSION_GRACE);
	if (WIFSIGNALED(status))
		say_left(supervisor);
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* --- In the worker */

static void on_end(int signal)
{
	(void)signal;
	*ended = 1;
}

static void begin_work(int to_supervisor)
{
	struct sigaction action = { .sa_handler = on_end };

	control = to_supervisor;
	setsid();
	sigaction(SIGTERM, &action, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		*ended = 1;
}

int supervisor_start(void)
{
	struct supervisor supervisor = { .pidfd = -1 };
	sigset_t awaited, usual;
	int ends[2];

	parent = getpid();
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGTERM);
	sigaddset(&awaited, SIGINT);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigprocmask(SIG_BLOCK, &awaited, &usual);
	supervisor.worker = fork();
	if (supervisor.worker < 0)
		return -1;
	if (supervisor.worker == 0) {
		close(ends[0]);
		begin_work(ends[1]);
		sigprocmask(SIG_SETMASK, &usual, NULL);
		return 0;
	}
	close(ends[1]);
	supervisor.control = ends[0];
	supervisor.signals = signalfd(-1, &awaited, SFD_CLOEXEC);
	supervisor.pidfd = pidfd_open(supervisor.worker, 0);
	supervise(&supervisor);
}

void supervisor_hold(int lock)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} with = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
	} };
	struct iovec part = { .iov_base = (char[]){ 'l' }, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &with, .msg_controllen = sizeof(with),
	};

	memcpy(CMSG_DATA(&with.header), &lock, sizeof(lock));
	if (control >= 0)
		sendmsg(control, &message, MSG_NOSIGNAL);
}

void supervisor_watch(volatile sig_atomic_t *flag)
{
	if (flag)
		*flag = *flag || *ended;
	ended = flag ? flag : &never;
}

void supervisor_end(void)
{
	if (parent != 0 && getppid() != parent)
		session_end(getpid(), SESSION_GRACE);
}
