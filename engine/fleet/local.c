/* local: the agent on this very machine, without ssh. */
#include "fleet/transport.h"

#include "fleet/agents.h"
#include "fleet/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct local {
	struct connection base;
	pid_t pid;               /* 0: not started */
};

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
	signal(SIGXFSZ, SIG_DFL);
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

/* Starts a command line through /bin/sh, or, with NULL, the agent's bytes from memory. */
static int start(struct local *local, const char *command, const struct agent *agent,
	struct error *err)
{
	int memory = command ? -1 : memory_file(agent->bytes, agent_size(agent));
	int ends[2] = { -1, -1 }, errors[2] = { -1, -1 };

	if ((!command && memory < 0) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0
			|| pipe2(errors, O_CLOEXEC) < 0)
		error_errno(err, AGENT_NOT_STARTED, "cannot start the agent here");
	else if ((local->pid = fork()) < 0)
		error_errno(err, AGENT_NOT_STARTED, "cannot start the agent here");
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
		return -1;
	}
	local->base.fd = ends[0];
	local->base.errors = errors[0];
	fcntl(local->base.fd, F_SETFL, O_NONBLOCK);
	fcntl(local->base.errors, F_SETFL, O_NONBLOCK);
	return 0;
}

static struct connection *open_local(const struct transport_request *request, struct error *err)
{
	struct local *local = arena_alloc(request->arena, sizeof(*local));
	const struct agent *agent = agent_find(agents_here);
	const struct fleet_target *target = request->target;
	struct deliver deliver = {
		.leave_nothing = request->options->leave_nothing || target->only_look };
	const struct passwd *user = getpwuid(geteuid());

	local->base = (struct connection){ .fd = -1, .errors = -1, .events = EPOLLIN };
	local->base.user = user ? arena_string(request->arena, user->pw_name)
		: arena_printf(request->arena, "%u", (unsigned)geteuid());
	if (target->become && geteuid() != 0)
		deliver.become = local->base.become = become_new(request->arena, target->way,
			local->base.user, target->become_password);
	if (!deliver.become && !agent)
		agent_lacking(agents_here, err);
	else if (start(local, deliver.become ? deliver_command(request->arena, &deliver)
			: NULL, agent, err) == 0)
		return &local->base;
	return NULL;
}

static int step_local(struct connection *connection, struct error *err)
{
	(void)connection, (void)err;
	return 1;
}

static ssize_t take_local(struct connection *connection, bool errors, char *bytes, size_t room)
{
	int *fd = errors ? &connection->errors : &connection->fd;
	ssize_t got = read(*fd, bytes, room);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got > 0)
		return got;
	/* Its end would be told again and again. */
	if (errors && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return -1;
}

static ssize_t give_local(struct connection *connection, const char *bytes, size_t size,
	struct error *err)
{
	ssize_t sent = write(connection->fd, bytes, size);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return sent < 0 ? error_errno(err, AGENT_ENDED, "the agent is gone") : sent;
}

static bool blocked_local(const struct connection *connection)
{
	(void)connection;
	return true;
}

/* The agent finishes the step at hand and ends. */
static void close_local(struct connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	if (connection->errors >= 0)
		close(connection->errors);
	connection->fd = connection->errors = -1;
}

/* One that is still at a step is left to end by itself, as on any other machine. */
static void wait_local(struct connection *connection, int64_t until)
{
	struct local *local = (struct local *)connection;
	struct pollfd process = { .fd = local->pid > 0 ? pidfd_open(local->pid, 0) : -1,
		.events = POLLIN };

	for (int64_t left; process.fd >= 0 && (left = until - fleet_now()) > 0;) {
		if (poll(&process, 1, (int)left) >= 0 || errno != EINTR)
			break;
	}
	if (process.fd >= 0)
		close(process.fd);
	if (local->pid > 0)
		waitpid(local->pid, NULL, WNOHANG);
	local->pid = 0;
}

const struct transport transport_local = {
	.name = "local", .here = true, .waits_for_end = true,
	.open = open_local, .step = step_local, .take = take_local, .give = give_local,
	.blocked = blocked_local, .close = close_local, .wait = wait_local,
};
