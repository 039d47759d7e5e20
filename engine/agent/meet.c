/* meet: whether machines reach one another over TCP: each listens and dials all others at the same
 * time.
 *
 * Who dials says "WORD NAME\n", who is dialled answers with its own. Port after port of a few is tried, as
 * one may be in use on one of the machines. */
#include "agent/machine.h"

#include "agent/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORTS = 3, AT_ONCE = 128, ROUND = 100, DIAL_MOST = 3000, AGAIN = 200, LINE_MOST = 600 };

struct call {
	int fd;                  /* -1: none */
	bool connected;
	int64_t until;           /* milliseconds: given up, or tried again */
	size_t size;
	char line[LINE_MOST];
};

struct meet {
	struct machine *machine;
	struct arena *arena;
	const struct meeting *meeting;
	int listener;
	struct call *dialled;    /* one a peer */
	bool *reached;
	bool *heard;
	unsigned *tries;
	struct call *taken;      /* calls of others; AT_ONCE */
	size_t open;             /* of those dialled */
	struct pollfd ready[1 + 2 * AT_ONCE];
	size_t which[1 + 2 * AT_ONCE];   /* call each of them is */
};

static void hang_up(struct call *call)
{
	if (call->fd >= 0)
		close(call->fd);
	call->fd = -1;
	call->connected = false;
	call->size = 0;
}

static int open_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int listen_on(unsigned port, struct error *err)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY) };
	int fd = open_socket();

	for (unsigned i = 0; fd >= 0 && i < PORTS; i++) {
		address.sin_port = htons((uint16_t)(port + i));
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
		if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, AT_ONCE) == 0)
			return fd;
	}
	error_errno(err, HOST_SYSTEM, "cannot listen on port %u", port);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* --- Dialling --- */

static void failed(struct meet *meet, size_t i, const char *problem)
{
	struct call *call = &meet->dialled[i];

	meet->meeting->peers[i].problem = problem;
	meet->open -= call->fd >= 0;
	hang_up(call);
	call->until = milliseconds_now() + AGAIN;
	meet->tries[i]++;
}

static const char *said_of(const struct meet *meet, int number)
{
	return arena_string(meet->arena, strerror(number));
}

static void dial(struct meet *meet, size_t i)
{
	const struct meeting *meeting = meet->meeting;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)(meeting->port + meet->tries[i] % PORTS)) };
	struct call *call = &meet->dialled[i];

	if (inet_pton(AF_INET, meeting->peers[i].address, &address.sin_addr) != 1)
		return failed(meet, i, "its address is not one");
	call->fd = open_socket();
	meet->open += call->fd >= 0;
	call->until = milliseconds_now() + DIAL_MOST;
	if (call->fd < 0 || (connect(call->fd, (struct sockaddr *)&address, sizeof(address)) < 0
			&& errno != EINPROGRESS))
		failed(meet, i, said_of(meet, errno));
}

static void greet(const struct meet *meet, struct call *call)
{
	const char *line = arena_printf(meet->arena, "%s %s\n", meet->meeting->word,
		meet->meeting->name);

	if (send(call->fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		call->size = 0;
}

/* Reads what is there: the name that was said behind the word, NULL: not yet, "": not one of us. */
static const char *hear(const struct meet *meet, struct call *call)
{
	size_t word = strlen(meet->meeting->word);
	ssize_t size = recv(call->fd, call->line + call->size, sizeof(call->line) - 1 - call->size, 0);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return NULL;
	if (size <= 0)
		return "";
	call->size += (size_t)size;
	call->line[call->size] = '\0';
	if (!strchr(call->line, '\n'))
		return call->size + 1 < sizeof(call->line) ? NULL : "";
	call->line[strcspn(call->line, "\n")] = '\0';
	return strncmp(call->line, meet->meeting->word, word) == 0 && call->line[word] == ' ' ?
		call->line + word + 1 : "";
}

static void attend_dialled(struct meet *meet, size_t i)
{
	struct call *call = &meet->dialled[i];
	const struct meeting_peer *peer = &meet->meeting->peers[i];
	socklen_t size = sizeof(int);
	const char *name;
	int problem = 0;

	if (!call->connected) {
		getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &problem, &size);
		if (problem != 0)
			return failed(meet, i, said_of(meet, problem));
		call->connected = true;
		greet(meet, call);
		return;
	}
	name = hear(meet, call);
	if (name && strcmp(name, peer->name) == 0) {
		failed(meet, i, NULL);
		meet->reached[i] = true;
	} else if (name) {
		failed(meet, i, name[0] ? arena_printf(meet->arena, "%s answers there", name) :
			"another program answers there");
	}
}

/* Those that are due; a call that isn't answered is given up. */
static void dial_due(struct meet *meet)
{
	int64_t now = milliseconds_now();

	for (size_t i = 0; i < meet->meeting->count; i++) {
		struct call *call = &meet->dialled[i];

		if (call->fd >= 0 && now >= call->until)
			failed(meet, i, call->connected ? "it doesn't answer" : "no answer");
		if (call->fd < 0 && !meet->reached[i] && now >= call->until && meet->open < AT_ONCE)
			dial(meet, i);
	}
}

/* --- Being dialled --- */

static void take_call(struct meet *meet)
{
	int fd = accept4(meet->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	size_t free = 0;

	while (free < AT_ONCE && meet->taken[free].fd >= 0)
		free++;
	if (fd < 0)
		return;
	if (free == AT_ONCE) {
		close(fd);
		return;
	}
	meet->taken[free].fd = fd;
	meet->taken[free].connected = true;
	meet->taken[free].until = milliseconds_now() + DIAL_MOST;
}

static void attend_taken(struct meet *meet, struct call *call)
{
	const char *name = hear(meet, call);

	if (!name)
		return;
	for (size_t i = 0; i < meet->meeting->count; i++)
		meet->heard[i] |= strcmp(name, meet->meeting->peers[i].name) == 0;
	if (name[0])
		greet(meet, call);
	hang_up(call);
}

/* --- All of it --- */

static bool all_met(const struct meet *meet)
{
	for (size_t i = 0; i < meet->meeting->count; i++) {
		if (!meet->reached[i] || !meet->heard[i])
			return false;
	}
	return true;
}

static void watch(struct meet *meet, const struct call *call, size_t which, size_t *count)
{
	if (call->fd < 0)
		return;
	meet->which[*count] = which;
	meet->ready[(*count)++] = (struct pollfd){ .fd = call->fd,
		.events = call->connected ? POLLIN : POLLOUT };
}

static void wait_round(struct meet *meet)
{
	size_t count = 0, dialled;

	meet->ready[count++] = (struct pollfd){ .fd = meet->listener, .events = POLLIN };
	for (size_t i = 0; i < meet->meeting->count; i++)
		watch(meet, &meet->dialled[i], i, &count);
	dialled = count;
	for (size_t i = 0; i < AT_ONCE; i++)
		watch(meet, &meet->taken[i], i, &count);
	if (poll(meet->ready, count, ROUND) <= 0)
		return;
	for (size_t k = 1; k < count; k++) {
		if (meet->ready[k].revents && k < dialled)
			attend_dialled(meet, meet->which[k]);
		else if (meet->ready[k].revents)
			attend_taken(meet, &meet->taken[meet->which[k]]);
	}
	if (meet->ready[0].revents)
		take_call(meet);
}

static int meet_all(struct meet *meet, struct error *err)
{
	int64_t end = milliseconds_now() + (int64_t)meet->meeting->seconds * 1000;
	struct link *link = meet->machine->link;

	while (!all_met(meet) && milliseconds_now() < end) {
		dial_due(meet);
		wait_round(meet);
		if (link)
			link_flush_old(link);
		if (link && !link_alive(link))
			return error_set(err, RUN_INTERRUPTED, "the meeting of the hosts was ended as asked");
	}
	return 0;
}

int machine_meet(void *machine, struct arena *arena, struct meeting *meeting, struct error *err)
{
	struct meet meet = {
		.machine = machine, .arena = arena, .meeting = meeting,
		.dialled = arena_array(arena, meeting->count + 1, sizeof(struct call)),
		.reached = arena_array(arena, meeting->count + 1, sizeof(bool)),
		.heard = arena_array(arena, meeting->count + 1, sizeof(bool)),
		.tries = arena_array(arena, meeting->count + 1, sizeof(unsigned)),
		.taken = arena_array(arena, AT_ONCE, sizeof(struct call)),
		.listener = listen_on(meeting->port, err),
	};
	int result = -1;

	for (size_t i = 0; i < meeting->count; i++)
		meet.dialled[i].fd = -1;
	for (size_t i = 0; i < AT_ONCE; i++)
		meet.taken[i].fd = -1;
	if (meet.listener >= 0) {
		result = meet_all(&meet, err);
		close(meet.listener);
	}
	for (size_t i = 0; i < meeting->count; i++) {
		if (!meet.reached[i] && !meeting->peers[i].problem)
			meeting->peers[i].problem = "no answer";
		hang_up(&meet.dialled[i]);
	}
	for (size_t i = 0; i < AT_ONCE; i++)
		hang_up(&meet.taken[i]);
	return result;
}
