/*
 * delay-proxy: TCP connections that take longer, for a kernel without netem.
 *
 *	delay-proxy LISTEN TARGET MILLISECONDS
 *	delay-proxy MILLISECONDS LISTEN=TARGET…
 *
 * Addresses are IPv4 "A.B.C.D:PORT". Each round trip takes MILLISECONDS longer, half of it each
 * way. The handshake's does too, though the kernel answers it at once: nothing reaches the target
 * before one and a half round trips, as the last of three packets would.
 * Prints "ready" when it listens.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK_SIZE = 64 * 1024, QUEUE_LIMIT = 8 * 1024 * 1024, EVENTS = 64 };

enum kind { LISTENER, SOCKET, TIMER };

/* What epoll points to; the first member of everything that is watched. */
struct watched {
	enum kind kind;
	int fd;
};

struct listener {
	struct watched watched;
	struct sockaddr_in target;
};

/* Data under way; a length of 0 is the end of the stream. */
struct chunk {
	struct chunk *next;
	int64_t due;
	size_t length, sent;
	char data[];
};

/* One end of a connection, with the queue of what is to be written to it. */
struct end {
	struct watched watched;
	struct connection *connection;
	struct end *other;
	struct chunk *first, **last;
	size_t queued;
	bool ended;	/* nothing more comes from here */
	bool shut;	/* nothing more goes to here */
	bool connected;
	bool finished;	/* both: no longer watched, as epoll would report that without end */
	uint32_t events;
};

struct connection {
	struct connection *next, **link;
	struct end client, target;
	struct sockaddr_in target_address;
	int64_t dial_due;
	bool closing;
};

static struct connection *connections;
static int64_t delay; /* one way, in ns */
static int epoll_fd;
static struct watched timer = { .kind = TIMER };

static void die(const char *what)
{
	fprintf(stderr, "delay-proxy: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		die("calloc");
	return memory;
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void watch(struct watched *watched, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watched };

	if (epoll_ctl(epoll_fd, operation, watched->fd, &event) < 0)
		die("epoll_ctl");
}

static void set_no_delay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* An error of one side is passed on as a reset. */
static void connection_reset(struct connection *connection)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(connection->client.watched.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (connection->target.watched.fd >= 0)
		setsockopt(connection->target.watched.fd, SOL_SOCKET, SO_LINGER, &linger,
			   sizeof(linger));
	connection->closing = true;
}

static void end_free(struct end *end)
{
	if (end->watched.fd >= 0)
		close(end->watched.fd);
	while (end->first) {
		struct chunk *chunk = end->first;

		end->first = chunk->next;
		free(chunk);
	}
}

/* Only between two rounds of events: a later event may still point to it. */
static void connections_sweep(void)
{
	for (struct connection *connection = connections, *next; connection; connection = next) {
		next = connection->next;
		if (!connection->closing)
			continue;
		end_free(&connection->client);
		end_free(&connection->target);
		*connection->link = next;
		if (next)
			next->link = connection->link;
		free(connection);
	}
}

static void end_init(struct end *end, struct connection *connection, struct end *other, int fd)
{
	*end = (struct end){ .watched = { SOCKET, fd }, .connection = connection, .other = other };
	end->last = &end->first;
}

static void connection_new(const struct listener *listener)
{
	int fd = accept4(listener->watched.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *connection;

	if (fd < 0)
		return;
	set_no_delay(fd);
	connection = allocate(sizeof(*connection));
	end_init(&connection->client, connection, &connection->target, fd);
	end_init(&connection->target, connection, &connection->client, -1);
	connection->client.connected = true;
	connection->target_address = listener->target;
	connection->dial_due = now() + 3 * delay;
	connection->next = connections;
	connection->link = &connections;
	if (connections)
		connections->link = &connection->next;
	connections = connection;
	connection->client.events = EPOLLIN;
	watch(&connection->client.watched, EPOLL_CTL_ADD, EPOLLIN);
}

static void connection_dial(struct connection *connection)
{
	struct end *target = &connection->target;

	connection->dial_due = 0;
	target->watched.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (target->watched.fd < 0)
		die("socket");
	set_no_delay(target->watched.fd);
	if (connect(target->watched.fd, (struct sockaddr *)&connection->target_address,
		    sizeof(connection->target_address)) < 0 && errno != EINPROGRESS) {
		connection_reset(connection);
		return;
	}
	target->events = EPOLLOUT;
	watch(&target->watched, EPOLL_CTL_ADD, EPOLLOUT);
}

static void queue_add(struct end *to, const char *data, size_t length)
{
	struct chunk *chunk = allocate(sizeof(*chunk) + length);

	chunk->due = now() + delay;
	chunk->length = length;
	if (length)
		memcpy(chunk->data, data, length);
	*to->last = chunk;
	to->last = &chunk->next;
	to->queued += length;
}

static void end_read(struct end *end)
{
	static char data[CHUNK_SIZE];
	ssize_t length = read(end->watched.fd, data, sizeof(data));
	int one = 1;

	/* Else the other end's second small packet waits 40 ms for this kernel's acknowledgement. */
	setsockopt(end->watched.fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
	if (length < 0) {
		if (errno != EAGAIN && errno != EINTR)
			connection_reset(end->connection);
		return;
	}
	end->ended = length == 0;
	queue_add(end->other, data, (size_t)length);
}

static void queue_drop_first(struct end *end)
{
	struct chunk *chunk = end->first;

	end->queued -= chunk->length;
	end->first = chunk->next;
	if (!end->first)
		end->last = &end->first;
	free(chunk);
}

/* Writes what is due. Returns true if the socket took less than that. */
static bool end_write(struct end *end)
{
	int64_t time = now();

	while (end->first && end->first->due <= time) {
		struct chunk *chunk = end->first;
		ssize_t length;

		if (chunk->length == 0) {
			shutdown(end->watched.fd, SHUT_WR);
			end->shut = true;
			queue_drop_first(end);
			break;
		}
		length = send(end->watched.fd, chunk->data + chunk->sent,
			      chunk->length - chunk->sent, MSG_NOSIGNAL);
		if (length < 0) {
			if (errno != EAGAIN)
				connection_reset(end->connection);
			return errno == EAGAIN;
		}
		chunk->sent += (size_t)length;
		if (chunk->sent == chunk->length)
			queue_drop_first(end);
	}
	return false;
}

static void end_step(struct end *end)
{
	uint32_t events = 0;

	if (end->watched.fd < 0 || end->connection->closing)
		return;
	if (!end->connected)
		events = EPOLLOUT;
	else if (end_write(end))
		events = EPOLLOUT;
	if (end->connected && !end->ended && end->other->queued < QUEUE_LIMIT)
		events |= EPOLLIN;
	if (end->ended && end->shut && !end->finished) {
		epoll_ctl(epoll_fd, EPOLL_CTL_DEL, end->watched.fd, NULL);
		end->finished = true;
	}
	if (events != end->events && !end->finished)
		watch(&end->watched, EPOLL_CTL_MOD, events);
	end->events = events;
}

static void connection_step(struct connection *connection)
{
	if (connection->closing)
		return;
	if (connection->dial_due && connection->dial_due <= now())
		connection_dial(connection);
	end_step(&connection->client);
	end_step(&connection->target);
	if (connection->client.shut && connection->target.shut)
		connection->closing = true;
}

static int64_t connection_due(const struct connection *connection)
{
	const struct chunk *to_client = connection->client.first, *to_target = connection->target.first;
	int64_t due = connection->dial_due ? connection->dial_due : INT64_MAX;

	/* What waits for the socket, not for its time, is EPOLLOUT's. */
	if (to_client && !(connection->client.events & EPOLLOUT) && to_client->due < due)
		due = to_client->due;
	if (to_target && connection->target.connected && !(connection->target.events & EPOLLOUT) &&
	    to_target->due < due)
		due = to_target->due;
	return due;
}

static void set_timer(void)
{
	struct itimerspec time = { 0 };
	int64_t due = INT64_MAX;

	for (const struct connection *connection = connections; connection; connection = connection->next) {
		int64_t next = connection_due(connection);

		if (next < due)
			due = next;
	}
	if (due < INT64_MAX) {
		time.it_value.tv_sec = due / 1000000000;
		time.it_value.tv_nsec = due % 1000000000;
	}
	timerfd_settime(timer.fd, TFD_TIMER_ABSTIME, &time, NULL);
}

static void end_event(struct end *end, uint32_t events)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (end->connection->closing)
		return;
	if (!end->connected) {
		getsockopt(end->watched.fd, SOL_SOCKET, SO_ERROR, &error, &size);
		end->connected = error == 0;
		if (error)
			connection_reset(end->connection);
		return;
	}
	if (events & EPOLLERR)
		connection_reset(end->connection);
	else if (events & EPOLLIN)
		end_read(end);
}

static void handle(const struct epoll_event *event)
{
	struct watched *watched = event->data.ptr;
	uint64_t expirations;

	switch (watched->kind) {
	case LISTENER:
		connection_new((struct listener *)watched);
		break;
	case SOCKET:
		end_event((struct end *)watched, event->events);
		break;
	case TIMER:
		if (read(timer.fd, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
			die("timer");
		break;
	}
}

static struct sockaddr_in parse_address(const char *text)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	char *host = strdup(text), *colon = host ? strrchr(host, ':') : NULL;
	long port = colon ? strtol(colon + 1, NULL, 10) : 0;

	if (colon)
		*colon = '\0';
	if (port < 1 || port > 65535 || inet_pton(AF_INET, host, &address.sin_addr) != 1) {
		fprintf(stderr, "delay-proxy: '%s' is not ADDRESS:PORT\n", text);
		exit(2);
	}
	address.sin_port = htons((uint16_t)port);
	free(host);
	return address;
}

static void listen_at(const char *from, const char *to)
{
	struct sockaddr_in address = parse_address(from);
	struct listener *listener = allocate(sizeof(*listener));
	int one = 1;

	listener->watched.kind = LISTENER;
	listener->target = parse_address(to);
	listener->watched.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(listener->watched.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener->watched.fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener->watched.fd, SOMAXCONN) < 0)
		die(from);
	watch(&listener->watched, EPOLL_CTL_ADD, EPOLLIN);
}

static void set_delay(const char *milliseconds)
{
	char *end;
	double value = strtod(milliseconds, &end);

	if (*end || end == milliseconds || value < 0) {
		fprintf(stderr, "delay-proxy: '%s' is not a number of milliseconds\n", milliseconds);
		exit(2);
	}
	delay = (int64_t)(value * 1e6 / 2);
}

static void usage(void)
{
	fprintf(stderr, "usage: delay-proxy LISTEN TARGET MILLISECONDS\n"
			"       delay-proxy MILLISECONDS LISTEN=TARGET...\n");
	exit(2);
}

static void parse_arguments(int argc, char **argv)
{
	if (argc == 4 && !strchr(argv[2], '=')) {
		set_delay(argv[3]);
		listen_at(argv[1], argv[2]);
		return;
	}
	if (argc < 3)
		usage();
	set_delay(argv[1]);
	for (int i = 2; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (!equals)
			usage();
		*equals = '\0';
		listen_at(argv[i], equals + 1);
	}
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];

	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (epoll_fd < 0 || timer.fd < 0)
		die("epoll");
	watch(&timer, EPOLL_CTL_ADD, EPOLLIN);
	parse_arguments(argc, argv);
	puts("ready");
	fflush(stdout);

	for (;;) {
		int count = epoll_wait(epoll_fd, events, EVENTS, -1);

		for (int i = 0; i < count; i++)
			handle(&events[i]);
		for (struct connection *connection = connections; connection;
		     connection = connection->next)
			connection_step(connection);
		connections_sweep();
		set_timer();
	}
}
