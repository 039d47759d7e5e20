/* fleet_memory_agent: a node of the fleet in memory that is the agent itself. */
#include "fleet_memory_node.h"

#include "agent/runner.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* Of `make coverage` alone: what this process has run is lost with it, unless it is written before. */
extern void __gcov_dump(void) __attribute__((weak));

static void become_agent(int fd, const char *directory) __attribute__((noreturn));
static void become_agent(int fd, const char *directory)
{
	struct runner runner;

	runner_run(&runner, fd, fd, directory);
	if (__gcov_dump)
		__gcov_dump();
	_exit(0);
}

void node_start_agent(struct fleet_host *host, const char *directory)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	host->pid = fork();
	if (host->pid < 0)
		abort();
	/* It ends when the controller's end is closed: no agent may hold its own, nor another one's. */
	if (host->pid == 0) {
		close_range(3, (unsigned)ends[1] - 1, 0);
		close_range((unsigned)ends[1] + 1, ~0U, 0);
		become_agent(ends[1], directory);
	}
	close(ends[1]);
	host->fd = ends[0];
	host->fleet->real++;
}

void node_give_agent(struct fleet_host *host, enum frame_type type, const void *message)
{
	struct buffer out = {0};
	struct error err = {0};
	size_t done = 0;

	if (frame_write(&out, SENT_BY_CONTROLLER, type, message, &err) < 0)
		abort();
	while (done < out.size) {
		ssize_t sent = send(host->fd, out.data + done, out.size - done, MSG_NOSIGNAL);

		if (sent <= 0)
			break;
		done += (size_t)sent;
	}
	buffer_free(&out);
}

static void take_agent_frames(struct fleet_host *host)
{
	for (;;) {
		struct error err = {0};
		struct frame frame;
		int64_t size = frame_size(host->in.data, host->in.size, &err);

		if (size <= 0 || (size_t)size > host->in.size)
			return;
		if (frame_read(host->arena, host->in.data, (size_t)size, SENT_BY_AGENT, &frame, &err) < 0)
			abort();
		buffer_drop_front(&host->in, (size_t)size);
		/* All are on the test's machine; each stands for one of its own. */
		if (frame.type == FRAME_HELLO)
			((struct hello *)frame.message)->machine = NULL;
		if (frame.type != FRAME_PING && frame.type != FRAME_BYE)
			node_tell(host, frame.type, frame.message);
	}
}

static void hear_agent(struct fleet_host *host)
{
	ssize_t got = recv(host->fd, buffer_reserve(&host->in, ROOM), ROOM, 0);

	if (got <= 0) {
		node_tell_end(host, host->state == NODE_GONE ? NULL : "the agent is gone");
		close(host->fd);
		host->fd = -1;
		host->fleet->real--;
		waitpid(host->pid, NULL, 0);
		return;
	}
	host->in.size += (size_t)got;
	if (!host->greeted && host->in.size >= WIRE_MAGIC_SIZE) {
		buffer_drop_front(&host->in, WIRE_MAGIC_SIZE);
		host->greeted = true;
	}
	if (host->greeted)
		take_agent_frames(host);
}

void memory_hear_agents(struct memory *memory, int64_t wait)
{
	struct pollfd *fds = calloc(memory->count, sizeof(*fds));

	if (!fds)
		abort();
	for (size_t i = 0; i < memory->count; i++)
		fds[i] = (struct pollfd){ .fd = memory->hosts[i]->fd, .events = POLLIN };
	if (poll(fds, memory->count, (int)wait) > 0) {
		for (size_t i = 0; i < memory->count; i++) {
			if (fds[i].revents)
				hear_agent(memory->hosts[i]);
		}
	}
	free(fds);
}
