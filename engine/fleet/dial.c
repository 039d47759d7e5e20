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
	error_set(err, SSH_UNRESOLVED_NAME, "the name '%s' can't be resolved: %s", dial->name->name,
		gai_strerror(problem));
	return error_remedy(err, "give its address as ansible_host in the inventory");
}

static struct dial_name *name_new(const char *text, unsigned port, int family)
{
	struct dial_name *name = calloc(1, sizeof(*name));

	if (!name || !(name->name = strdup(text)))
		abort();
	snprintf(name->port, sizeof(name->port), "%u", port);
	name->hints = (struct addrinfo){ .ai_flags = AI_NUMERICSERV, .ai_family = family,
		.ai_socktype = SOCK_STREAM };
	name->request = (struct gaicb){ .ar_name = name->name, .ar_service = name->port,
		.ar_request = &name->hints };
	return name;
}

int dial_start(struct dial *dial, const char *text, unsigned port, int family,
	struct error *err)
{
	struct dial_name *name = name_new(text, port, family);
	struct gaicb *list[1] = { &name->request };
	struct addrinfo numeric = name->hints;
	int problem;

	*dial = (struct dial){ .fd = -1, .name = name };
	numeric.ai_flags |= AI_NUMERICHOST;
	if (getaddrinfo(name->name, name->port, &numeric, &name->request.ar_result) == 0) {
		dial->next = name->request.ar_result;
		return 0;
	}
	problem = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (problem != 0)
		return unresolved(dial, problem, err);
	dial->resolving = true;
	return 0;
}

static int resolve(struct dial *dial, struct error *err)
{
	int problem = gai_error(&dial->name->request);

	if (problem == EAI_INPROGRESS)
		return 0;
	dial->resolving = false;
	if (problem != 0)
		return unresolved(dial, problem, err);
	dial->next = dial->name->request.ar_result;
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
	error_set(err, SSH_NO_CONNECTION, "no connection to %s port %s: %s", dial->name->name,
		dial->name->port, strerror(dial->problem));
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

static void name_free(struct dial_name *name)
{
	if (name->request.ar_result)
		freeaddrinfo(name->request.ar_result);
	free(name->name);
	free(name);
}

/* Of names that were given up, those that the resolver has let go of meanwhile. */
static void free_given_up(struct dial_name **list)
{
	while (*list) {
		struct dial_name *name = *list;

		if (gai_error(&name->request) == EAI_INPROGRESS) {
			list = &name->next;
			continue;
		}
		*list = name->next;
		name_free(name);
	}
}

void dial_end(struct dial *dial)
{
	static struct dial_name *given_up;

	free_given_up(&given_up);
	if (dial->name && dial->resolving && gai_cancel(&dial->name->request) == EAI_NOTCANCELED) {
		dial->name->next = given_up;
		given_up = dial->name;
	} else if (dial->name) {
		name_free(dial->name);
	}
	*dial = (struct dial){ .fd = -1 };
}
