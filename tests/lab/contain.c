/*
 * contain: runs a command in namespaces of its own, so that whatever it starts or mounts ends with
 * it, even when this program is killed with SIGKILL.
 *
 *	contain [--network] DIRECTORY COMMAND [ARGUMENT…]
 *
 * DIRECTORY is held with a shared lock meanwhile: `image` removes an old image only when nobody
 * holds it. With --network two more namespaces are made, neither with a way out: process 1 (this
 * program) stays in the first, where the lab's bridge goes, and COMMAND is in the second.
 * The exit status is COMMAND's, 128 + N if signal N ended it, 125 if it was never started.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NEVER_STARTED = 125, SECONDS_TO_END = 5 };

static void die(const char *what)
{
	fprintf(stderr, "contain: %s: %s\n", what, strerror(errno));
	exit(NEVER_STARTED);
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static sigset_t handled_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return set;
}

static pid_t command_start(char **command, bool network, const sigset_t *mask)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	if (network && unshare(CLONE_NEWNET) < 0)
		die("cannot make a network namespace");
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(command[0], command);
	die(command[0]);
	return -1;
}

/* Process 1 of the namespace: when it returns, the kernel kills and unmounts all that is left. */
static int reap(char **command, bool network, const sigset_t *mask)
{
	sigset_t set = handled_signals();
	siginfo_t info;
	pid_t main_pid;

	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("cannot make the mounts private");
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		die("cannot mount /proc");
	main_pid = command_start(command, network, mask);

	for (;;) {
		int status;
		pid_t pid;

		if (sigwaitinfo(&set, &info) < 0)
			continue;
		/* What the terminal sends, it has sent to the command too. */
		if (info.si_signo != SIGCHLD && info.si_code != SI_KERNEL)
			kill(main_pid, info.si_signo);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == main_pid)
				return exit_status(status);
	}
}

static int reap_while_parent_lives(int parent_alive, char **command, bool network,
				   const sigset_t *mask)
{
	struct pollfd parent = { .fd = parent_alive, .events = POLLIN };

	/* The parent may have died before the request was made: then its end of the pipe is shut. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		die("PR_SET_PDEATHSIG");
	if (poll(&parent, 1, 0) != 0)
		return NEVER_STARTED;
	return reap(command, network, mask);
}

/* Hands signals on to process 1, and kills it if a request to end is not followed in time. */
static int supervise(pid_t pid)
{
	const struct timespec limit = { .tv_sec = SECONDS_TO_END };
	sigset_t set = handled_signals();
	bool ending = false;
	siginfo_t info;
	int status;

	for (;;) {
		int signal_number = sigtimedwait(&set, &info, ending ? &limit : NULL);

		if (waitpid(pid, &status, WNOHANG) == pid)
			return exit_status(status);
		if (signal_number < 0 && errno == EAGAIN)
			kill(pid, SIGKILL);
		if (signal_number < 0 || signal_number == SIGCHLD)
			continue;
		if (signal_number == SIGTERM || signal_number == SIGHUP)
			ending = true;
		if (info.si_code != SI_KERNEL)
			kill(pid, signal_number);
	}
}

static void lock_shared(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_SH) < 0)
		die(directory);
}

int main(int argc, char **argv)
{
	bool network = argc > 1 && strcmp(argv[1], "--network") == 0;
	char **arguments = argv + 1 + network;
	unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | (network ? CLONE_NEWNET : 0);
	sigset_t set = handled_signals(), mask;
	int alive[2];
	pid_t pid;

	if (argc < 3 + network) {
		fprintf(stderr, "usage: contain [--network] DIRECTORY COMMAND [ARGUMENT...]\n");
		return NEVER_STARTED;
	}
	lock_shared(arguments[0]);
	sigprocmask(SIG_BLOCK, &set, &mask);
	if (pipe2(alive, O_CLOEXEC) < 0)
		die("pipe");

	pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		die("cannot make namespaces (this needs root)");
	if (pid == 0) {
		close(alive[1]);
		return reap_while_parent_lives(alive[0], arguments + 1, network, &mask);
	}
	close(alive[0]);
	return supervise(pid);
}
