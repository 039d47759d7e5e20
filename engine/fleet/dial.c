/* dial: a TCP connection to a name or an address, never blocking, one address after the other. */
#include "fleet/dial.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int unresolved(const struct dial *dial, int problem, struct error *err)
{
	error_set(err, ERROR_UNREACHABLE, "the name '%s' can't be resolved: %s", dial->name,
		gai_strerror(problem));
	return error_remedy(err, "give its address as ansible_host in the inventory");
}

int dial_start(struct dial *dial, const char *name, unsigned port, struct error *err)
{
	struct gaicb *list[1] = { &dial->request };
	struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM };
	int problem;

	*dial = (struct dial){ .fd = -1, .name = strdup(name) };
	if (!dial->name)
		abort();
	snprintf(dial->port, sizeof(dial->port), "%u", port);
	if (getaddrinfo(dial->name, dial->port, &numeric, &dial->request.ar_result) == 0) {
		dial->next = dial->request.ar_result;
		return 0;
	}
	dial->hints = (struct addrinfo){ .ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	dial->request.ar_name = dial->name;
	dial->request.ar_service = dial->port;
	dial->request.ar_request = &dial->hints;
	problem = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (problem != 0)
		return unresolved(dial, problem, err);
	dial->resolving = true;
	return 0;
}

static int resolve(struct dial *dial, struct error *err)
{
	int problem = gai_error(&dial->request);

	if (problem == EAI_INPROGRESS)
		return 0;
	dial->resolving = false;
	if (problem != 0)
		return unresolved(dial, problem, err);
	dial->next = dial->request.ar_result;
	return 1;
}

/* Starts with the next address; -1: none is left. */
static int try_next(struct dial *dial, struct error *err)
{
	for (; dial->next; dial->next = dial->next->ai_next) {
		const struct addrinfo *address = dial->next;

		dial->fd = socket(address->ai_family,
			address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
		if (dial->fd >= 0 && (connect(dial->fd, address->ai_addr, address->ai_addrlen) == 0
				|| errno == EINPROGRESS)) {
			dial->next = address->ai_next;
			return 0;
		}
		dial->problem = errno;
		if (dial->fd >= 0)
			close(dial->fd);
		dial->fd = -1;
	}
	error_set(err, ERROR_UNREACHABLE, "no connection to %s port %s: %s", dial->name, dial->port,
		strerror(dial->problem));
	return dial->problem == ECONNREFUSED ? error_remedy(err, "is sshd running there?")
		: error_remedy(err, "is the machine on, and the address right?");
}

int dial_step(struct dial *dial, struct error *err)
{
	struct pollfd ready;
	socklen_t size = sizeof(dial->problem);

	if (dial->resolving && resolve(dial, err) <= 0)
		return err->kind == ERROR_NONE ? 0 : -1;
	for (;;) {
		if (dial->fd < 0 && try_next(dial, err) < 0)
			return -1;
		ready = (struct pollfd){ .fd = dial->fd, .events = POLLOUT };
		if (poll(&ready, 1, 0) <= 0)
			return 0;
		if (getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &dial->problem, &size) == 0
				&& dial->problem == 0)
			return 1;
		close(dial->fd);
		dial->fd = -1;
	}
}

void dial_end(struct dial *dial)
{
	if (dial->resolving && gai_cancel(&dial->request) == EAI_NOTCANCELED) {
		const struct gaicb *list[1] = { &dial->request };
		const struct timespec most = { .tv_sec = 30 };

		while (gai_error(&dial->request) == EAI_INPROGRESS && gai_suspend(list, 1, &most)
				!= EAI_AGAIN)
			;
	}
	if (dial->request.ar_result)
		freeaddrinfo(dial->request.ar_result);
	free(dial->name);
	*dial = (struct dial){ .fd = -1 };
}
