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

enum { ROUND = 5 };   /* milliseconds */

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

void local_close(struct local *local)
{
	if (local->fd >= 0)
		close(local->fd);
	if (local->errors >= 0)
		close(local->errors);
	local->fd = local->errors = -1;
}

bool local_ended(struct local *local)
{
	if (local->pid > 0 && waitpid(local->pid, NULL, WNOHANG) != 0)
		local->pid = 0;
	return local->pid <= 0;
}

static int64_t now_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void local_wait(struct local *local, int64_t until)
{
	const struct timespec round = { .tv_nsec = ROUND * 1000000L };

	while (!local_ended(local) && now_milliseconds() < until)
		nanosleep(&round, NULL);
	local->pid = 0;
}
