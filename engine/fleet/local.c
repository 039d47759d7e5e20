/* local: the agent on this very machine, without ssh. */
#include "fleet/local.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ENDING = 5000, ROUND = 5 };   /* milliseconds */

static int memory_file(const void *bytes, size_t size)
{
	int fd = memfd_create("beoplay-agent", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < size) {
		ssize_t sent = write(fd, (const char *)bytes + done, size - done);

		if (sent <= 0) {
			close(fd);
			return -1;
		}
		done += (size_t)sent;
	}
	return fd;
}

static void child(const char *command, int agent, int stream, int errors)
	__attribute__((noreturn));
static void child(const char *command, int agent, int stream, int errors)
{
	char *const argv[] = { (char[]){ "beoplay-agent" }, NULL };

	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	dup2(stream, STDIN_FILENO);
	dup2(stream, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	if (command)
		execl("/bin/sh", "sh", "-c", command, NULL);
	else
		fexecve(agent, argv, environ);
	_exit(127);
}

int local_start(struct local *local, const char *command, const void *agent, size_t size,
	struct error *err)
{
	int memory = command ? -1 : memory_file(agent, size);
	int ends[2] = { -1, -1 }, errors[2] = { -1, -1 };

	*local = (struct local){ .fd = -1, .errors = -1 };
	if ((!command && memory < 0) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0
			|| pipe2(errors, O_CLOEXEC) < 0)
		error_errno(err, ERROR_UNREACHABLE, "cannot start the agent here");
	else if ((local->pid = fork()) < 0)
		error_errno(err, ERROR_UNREACHABLE, "cannot start the agent here");
	if (local->pid == 0 && err->kind == ERROR_NONE)
		child(command, memory, ends[1], errors[1]);
	if (memory >= 0)
		close(memory);
	if (ends[1] >= 0)
		close(ends[1]);
	if (errors[1] >= 0)
		close(errors[1]);
	if (err->kind != ERROR_NONE) {
		if (ends[0] >= 0)
			close(ends[0]);
		local->pid = 0;
		return -1;
	}
	local->fd = ends[0];
	local->errors = errors[0];
	fcntl(local->fd, F_SETFL, O_NONBLOCK);
	fcntl(local->errors, F_SETFL, O_NONBLOCK);
	return 0;
}

int local_end(struct local *local)
{
	const struct timespec round = { .tv_nsec = ROUND * 1000000L };
	int status = 0;
	pid_t ended = 0;

	if (local->fd >= 0)
		close(local->fd);
	if (local->errors >= 0)
		close(local->errors);
	for (int waited = 0; local->pid > 0 && ended == 0 && waited < ENDING; waited += ROUND) {
		ended = waitpid(local->pid, &status, WNOHANG);
		if (ended == 0)
			nanosleep(&round, NULL);
	}
	if (local->pid > 0 && ended == 0) {
		kill(local->pid, SIGKILL);
		waitpid(local->pid, &status, 0);
	}
	*local = (struct local){ .fd = -1, .errors = -1 };
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
