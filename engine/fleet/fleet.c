/* fleet: many hosts reached at once, from one epoll loop. */
#include "fleet/fleet.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/quote.h"
#include "fleet/agents.h"
#include "fleet/deliver.h"
#include "fleet/ssh.h"
#include "fleet/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
	TICK = 100,                    /* milliseconds */
	PING_EVERY = 10 * 1000,
	SILENCE_MOST = 60 * 1000,
	FRAME_TIME_MOST = 120 * 1000,  /* from a message's first byte to its last */
	CLOSING_MOST = 10 * 1000,
	NOISE_MOST = 64 << 10,         /* bytes before the magic */
	ERRORS_MOST = 4 << 10,         /* bytes of stderr that are kept, the last */
	ERRORS_READ = 64,              /* pieces of it that are read at a time */
	TRIES_MOST = 4,
	EVENTS = 64,
	ROOM = 64 << 10,
	OUT_MOST = 1 << 20,            /* bytes that wait for a host from which nothing is read then */
	DELIVERY_LEAST = 60,           /* seconds that the agent's way there may take … */
	DELIVERY_TIMES = 10,           /* … or so many times the timeout, if that is longer */
	ENDING_MOST = 1500,            /* for local agents that are to end */
};

enum host_state {
	HOST_WAITING,                  /* for its turn (forks), or for another try */
	HOST_CONNECTING,               /* up to the command's start */
	HOST_BOOTING,                  /* up to the magic */
	HOST_GREETING,                 /* up to HELLO */
	HOST_LIVE,
	HOST_CLOSING,                  /* BYE is on its way */
	HOST_LOST,
};

struct fleet_host {
	struct fleet_host *next;
	struct fleet_host *next_ready, *next_lost;
	struct ssh_fleet *fleet;
	struct fleet_target target;
	struct arena *arena;
	enum host_state state;
	const struct transport *transport;
	struct connection *connection; /* NULL: none */
	int fd;                        /* watched; -1: none */
	uint32_t watched;              /* epoll events */
	const char *user;
	unsigned tries;
	int64_t not_before;            /* milliseconds: the next try */
	int64_t started;               /* milliseconds */
	int64_t deadline;              /* up to the magic; later of closing */
	int64_t heard, pinged;
	struct frame_pieces pieces;    /* of a message in several frames */
	int64_t begun;                 /* when a message began to come that isn't whole yet; 0: none */
	struct buffer in, out, errors;
	const struct agent *agent;     /* that was asked for; NULL: none yet */
	size_t agent_left;             /* bytes of the agent still to be put into out */
	bool bye;                      /* the agent has said its last word */
	bool counted;                  /* among those connecting */
	bool ready;                    /* among those that may have something to say, or to be told */
	bool said;                     /* its stderr was read since it became ready */
	struct error *lost;            /* why; NULL: as asked */
};

struct warning {
	struct warning *next;
	char text[];
};

struct ssh_fleet {
	struct fleet base;
	struct fleet_options options;
	struct fleet_host *first, *last;
	struct fleet_host *ready, *last_ready;     /* first in, first out */
	struct fleet_host *lost, *last_lost;       /* not told yet */
	struct warning *warnings, **last_warning;
	struct arena *arena;           /* of the last event */
	struct frame frame;
	int64_t ticked;                /* milliseconds */
	int64_t start_at;              /* milliseconds: before then none of those waiting can start */
	unsigned taken;                /* events since connections were looked at */
	struct ssh_keys *keys;
	int epoll;
	unsigned connecting;
	unsigned open;                 /* not yet lost */
};

static int64_t now_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct fleet_host *add(struct fleet *base, const struct fleet_target *target)
{
	struct ssh_fleet *fleet = (struct ssh_fleet *)base;
	struct fleet_host *host = calloc(1, sizeof(*host));

	if (!host)
		abort();
	host->fleet = fleet;
	host->target = *target;
	host->arena = arena_new();
	host->fd = -1;
	host->transport = target->transport;
	if (fleet->last)
		fleet->last->next = host;
	else
		fleet->first = host;
	fleet->last = host;
	fleet->open++;
	fleet->start_at = 0;
	return host;
}

/* --- Lists of hosts, first in, first out --- */

/* It may have something to say, or to be told. */
static void ready_add(struct fleet_host *host)
{
	struct ssh_fleet *fleet = host->fleet;

	if (host->ready)
		return;
	host->ready = true;
	host->next_ready = NULL;
	if (fleet->ready)
		fleet->last_ready->next_ready = host;
	else
		fleet->ready = host;
	fleet->last_ready = host;
}

static struct fleet_host *ready_take(struct ssh_fleet *fleet)
{
	struct fleet_host *host = fleet->ready;

	if (host) {
		fleet->ready = host->next_ready;
		host->ready = false;
	}
	return host;
}

static void lost_add(struct fleet_host *host, const struct error *err)
{
	struct ssh_fleet *fleet = host->fleet;

	if (err) {
		host->lost = arena_alloc(host->arena, sizeof(*host->lost));
		*host->lost = *err;
	}
	if (fleet->lost)
		fleet->last_lost->next_lost = host;
	else
		fleet->lost = host;
	fleet->last_lost = host;
}

/* --- Watching --- */

static void watch(struct fleet_host *host, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = host };

	if (host->fd == fd && host->watched == events)
		return;
	if (host->fd >= 0 && host->fd != fd)
		epoll_ctl(host->fleet->epoll, EPOLL_CTL_DEL, host->fd, &event);
	if (fd >= 0 && epoll_ctl(host->fleet->epoll, host->fd == fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
			fd, &event) < 0 && errno == ENOENT)
		epoll_ctl(host->fleet->epoll, EPOLL_CTL_ADD, fd, &event);
	host->fd = fd;
	host->watched = events;
}

/* --- Ending --- */

static void uncount(struct fleet_host *host)
{
	if (host->counted) {
		host->fleet->connecting--;
		host->fleet->start_at = 0;
	}
	host->counted = false;
}

static void release(struct fleet_host *host)
{
	watch(host, -1, 0);
	if (host->connection)
		host->transport->close(host->connection);
	uncount(host);
}

/* Nothing more is told of it. */
static void drop(struct fleet_host *host)
{
	if (host->state == HOST_LOST)
		return;
	host->state = HOST_LOST;
	host->fleet->open--;
	release(host);
	buffer_free(&host->in);
	buffer_free(&host->pieces.payload);
	buffer_free(&host->out);
}

static void lose(struct fleet_host *host, const struct error *err)
{
	if (host->state == HOST_LOST)
		return;
	drop(host);
	lost_add(host, err);
}

void fleet_free(struct fleet *base)
{
	struct ssh_fleet *fleet = (struct ssh_fleet *)base;
	int64_t until = now_milliseconds() + ENDING_MOST;

	for (struct fleet_host *host = fleet->first; host; host = host->next)
		release(host);
	for (struct fleet_host *host = fleet->first; host; host = host->next) {
		if (host->connection && host->transport->wait)
			host->transport->wait(host->connection, until);
	}
	while (fleet->first) {
		struct fleet_host *host = fleet->first;

		fleet->first = host->next;
		buffer_free(&host->in);
		buffer_free(&host->pieces.payload);
		buffer_free(&host->out);
		buffer_free(&host->errors);
		arena_free(host->arena);
		free(host);
	}
	while (fleet->warnings) {
		struct warning *warning = fleet->warnings;

		fleet->warnings = warning->next;
		free(warning);
	}
	arena_free(fleet->arena);
	ssh_keys_free(fleet->keys);
	if (fleet->epoll >= 0)
		close(fleet->epoll);
	free(fleet);
}

/* --- What goes out --- */

static void send_frame(struct fleet_host *host, enum frame_type type, const void *message)
{
	struct error err = {0};

	if (host->state != HOST_LIVE && host->state != HOST_CLOSING)
		return;
	if (frame_write(&host->out, SENT_BY_CONTROLLER, type, message, &err) < 0) {
		error_remedy(&err, "put long contents into files, and name them with 'src'");
		lose(host, &err);
		return;
	}
	ready_add(host);
}

static void close_host(struct fleet_host *host)
{
	if (host->state == HOST_LOST || host->state == HOST_CLOSING)
		return;
	if (host->state != HOST_LIVE) {
		lose(host, NULL);
		return;
	}
	send_frame(host, FRAME_BYE, NULL);
	if (host->state == HOST_LIVE) {
		host->state = HOST_CLOSING;
		host->deadline = now_milliseconds() + CLOSING_MOST;
	}
}

/* Each piece of the agent that is taken gives it more time, up to what a slow line may need. */
static void extend(struct fleet_host *host)
{
	int64_t timeout = host->fleet->options.timeout;
	int64_t most = timeout * DELIVERY_TIMES > DELIVERY_LEAST ? timeout * DELIVERY_TIMES
		: DELIVERY_LEAST;
	int64_t last = host->started + most * 1000;

	host->deadline = now_milliseconds() + timeout * 1000;
	if (host->deadline > last)
		host->deadline = last;
}

/* The agent's bytes are put behind as there is room. */
static void feed_agent(struct fleet_host *host)
{
	size_t piece = host->agent_left < ROOM ? host->agent_left : ROOM;

	if (piece == 0 || host->out.size >= ROOM)
		return;
	buffer_add(&host->out, host->agent->end - host->agent_left, piece);
	host->agent_left -= piece;
	extend(host);
}

static int send_out(struct fleet_host *host, struct error *err)
{
	size_t done = 0;

	for (;;) {
		ssize_t sent;

		if (done == host->out.size) {
			buffer_clear(&host->out);
			done = 0;
			feed_agent(host);
			if (host->out.size == 0)
				return 0;
		}
		sent = host->transport->give(host->connection, host->out.data + done, host->out.size - done,
			err);
		if (sent <= 0) {
			buffer_drop_front(&host->out, done);
			return (int)sent;
		}
		done += (size_t)sent;
	}
}

/* --- What comes in --- */

/* Printable, without the newlines at its end, and at most so much of it. */
static char *said_in_a_line(struct arena *arena, const struct buffer *said)
{
	size_t size = said->size < 512 ? said->size : 512;

	while (size > 0 && strchr(" \t\r\n", said->data[size - 1]))
		size--;
	return quote_printable(arena, size > 0 ? said->data : "", size, 0);
}

/* What a command that should have become the agent said instead. */
static int not_the_agent(struct fleet_host *host, struct error *err)
{
	const char *failure = NULL;
	char *said;

	if (host->in.size > 0)
		failure = strstr(host->in.data, DELIVER_FAIL);
	if (failure) {
		failure += strlen(DELIVER_FAIL);
		said = quote_printable(host->arena, failure, strcspn(failure, "\n"), 0);
		return error_set(err, AGENT_NOT_STARTED, "the agent can't be started: %s", said);
	}
	said = said_in_a_line(host->arena, &host->errors);
	if (!*said)
		said = said_in_a_line(host->arena, &host->in);
	if (strstr(said, "Password change required")) {
		error_set(err, SSH_AUTHENTICATION_FAILED, "the password of '%s' has expired", host->user);
		return error_remedy(err, "log in with ssh, and choose a new one");
	}
	if (host->connection->become && become_refused(host->connection->become, said, err))
		return -1;
	error_set(err, AGENT_NOT_STARTED, "the agent can't be started: %.500s", *said ? said
		: "the login shell ended without a word");
	if (!*said || strstr(said, "not found"))
		return error_remedy(err, "check what the login shell's startup files do there (.bashrc, "
			".profile): they must not end it, nor start another");
	return -1;
}

/* The machine asks for the agent of its architecture. */
static int take_need(struct fleet_host *host, const char *need, struct error *err)
{
	const char *word = need + strlen(DELIVER_NEED);
	const char *end = memchr(word, '\n', host->in.size - (size_t)(word - host->in.data));
	char *name;

	if (!end)
		return 0;
	if (host->agent)
		return error_set(err, AGENT_NOT_STARTED,
			"the agent was sent there, and is asked for again");
	name = quote_printable(host->arena, word, (size_t)(end - word), 0);
	host->agent = agent_find(name);
	if (!host->agent)
		return agent_lacking(name, err);
	buffer_drop_front(&host->in, (size_t)(end + 1 - host->in.data));
	buffer_add_string(&host->out, deliver_more());
	host->agent_left = agent_size(host->agent);
	return 0;
}

/* Looks for the magic, or for what is said instead. 1: the magic is passed. */
static int take_boot(struct fleet_host *host, struct error *err)
{
	const char *need;
	char *magic = NULL;

	if (host->in.size > 0)
		magic = memmem(host->in.data, host->in.size, WIRE_MAGIC, WIRE_MAGIC_SIZE);
	if (magic) {
		buffer_drop_front(&host->in, (size_t)(magic - host->in.data) + WIRE_MAGIC_SIZE);
		return 1;
	}
	need = host->in.size > 0 ? memmem(host->in.data, host->in.size, DELIVER_NEED,
		strlen(DELIVER_NEED)) : NULL;
	if (need && take_need(host, need, err) < 0)
		return -1;
	if (host->in.size > NOISE_MOST)
		return error_set(err, AGENT_FOREIGN, "the login shell keeps printing");
	return 0;
}

static int take_hello(struct fleet_host *host, const struct frame *frame,
	struct fleet_event *event, struct error *err)
{
	const struct hello *hello = frame->message;

	if (frame->type != FRAME_HELLO || hello->version != WIRE_VERSION)
		return error_set(err, AGENT_FOREIGN, "the agent on the host belongs to a different "
			"beoplay");
	host->state = HOST_LIVE;
	host->heard = host->pinged = now_milliseconds();
	uncount(host);
	event->kind = FLEET_READY;
	event->hello = hello;
	event->user = host->user;
	event->key = host->connection->host_key;
	return 1;
}

/* 1 with an event, or 0 if the frame is none. */
static int take_frame(struct fleet_host *host, struct fleet_event *event, struct error *err)
{
	const struct frame *frame = &host->fleet->frame;

	if (host->state == HOST_GREETING)
		return take_hello(host, frame, event, err);
	if (frame->type == FRAME_BYE)
		host->bye = true;
	if (frame->type == FRAME_BYE || frame->type == FRAME_PING || host->state != HOST_LIVE)
		return 0;
	event->kind = FLEET_FRAME;
	event->frame = frame;
	event->queued = host->out.size;
	return 1;
}

/* The size of the next frame if all of it is there, 0 if it isn't yet; -1: nor will it be. */
static int whole_frame(struct fleet_host *host, struct error *err)
{
	int64_t size = frame_size(host->in.data, host->in.size, err);

	if (size < 0)
		return -1;
	if (size > 0 && (size_t)size <= host->in.size) {
		host->begun = 0;
		return (int)size;
	}
	if (host->in.size == 0)
		host->begun = 0;
	else if (host->begun == 0)
		host->begun = now_milliseconds();
	return 0;
}

/* 1 with an event, 0 if more bytes must come first. */
static int take_frames(struct fleet_host *host, struct fleet_event *event, struct error *err)
{
	struct ssh_fleet *fleet = host->fleet;
	int result = 0;

	while (result == 0 && !host->bye && host->out.size <= OUT_MOST) {
		int size = whole_frame(host, err);

		if (size <= 0)
			return size;
		result = frame_add(host->in.data, (size_t)size, &host->pieces, err);
		buffer_drop_front(&host->in, (size_t)size);
		if (result == 0 && host->pieces.more)
			continue;
		fleet->arena = arena_new();
		if (result == 0)
			result = frame_take(fleet->arena, &host->pieces, SENT_BY_AGENT, &fleet->frame, err);
		buffer_free(&host->pieces.payload);
		host->pieces = (struct frame_pieces){0};
		if (result == 0)
			result = take_frame(host, event, err);
		if (result <= 0) {
			arena_free(fleet->arena);
			fleet->arena = NULL;
		}
	}
	return result;
}

static int take_in(struct fleet_host *host, struct fleet_event *event, struct error *err)
{
	if (host->state == HOST_BOOTING) {
		int result = take_boot(host, err);

		if (result <= 0)
			return result;
		host->state = HOST_GREETING;
	}
	return host->in.size > 0 ? take_frames(host, event, err) : 0;
}

static void read_errors(struct fleet_host *host)
{
	char bytes[4096];
	ssize_t got;

	/* Not to its end: it may have none. */
	for (int i = 0; i < ERRORS_READ; i++) {
		got = host->transport->take(host->connection, true, bytes, sizeof(bytes));
		if (got <= 0)
			return;
		buffer_add(&host->errors, bytes, (size_t)got);
		if (host->errors.size > ERRORS_MOST)
			buffer_drop_front(&host->errors, host->errors.size - ERRORS_MOST);
	}
}

/* Whoever makes root of the login user may ask for a password first. */
static int answer_become(struct fleet_host *host, struct error *err)
{
	struct become *become = host->connection->become;
	int result = become ? become_look(become, &host->errors, err) : 0;

	if (result > 0)
		buffer_printf(&host->out, "%s\n", become->password);
	return result < 0 ? -1 : 0;
}

static int ended(struct fleet_host *host, struct error *err)
{
	if (host->state == HOST_LOST)
		return 0;
	if (host->bye && host->state == HOST_CLOSING) {
		lose(host, NULL);
		return 0;
	}
	if (host->state == HOST_BOOTING)
		return not_the_agent(host, err);
	error_set(err, AGENT_LOST, "the connection ended");
	if (host->errors.size > 0)
		error_remedy(err, "the agent's last words: %.300s", quote_printable(host->arena,
			host->errors.data, host->errors.size, 0));
	return -1;
}

/* Reads up to the next event, which gives 1, or all there is. */
static int read_in(struct fleet_host *host, struct fleet_event *event, struct error *err)
{
	for (;;) {
		int result = take_in(host, event, err);
		ssize_t got;

		if (result != 0 || host->out.size > OUT_MOST)
			return result;
		if (host->bye)
			return ended(host, err);
		got = host->transport->take(host->connection, false, buffer_reserve(&host->in, ROOM), ROOM);
		if (got <= 0)
			return got == 0 ? 0 : ended(host, err);
		host->in.size += (size_t)got;
		host->in.data[host->in.size] = '\0';
		host->heard = now_milliseconds();
	}
}

/* All that is possible now with a host whose command runs, up to the next event, which gives 1. */
static int converse(struct fleet_host *host, struct fleet_event *event, struct error *err)
{
	bool full;

	if (!host->said)
		read_errors(host);
	host->said = true;
	if (host->state == HOST_BOOTING && answer_become(host, err) < 0)
		return -1;
	do {
		int result = read_in(host, event, err);

		if (result != 0 || host->state == HOST_LOST)
			return result;
		full = host->out.size > OUT_MOST;
		if (send_out(host, err) < 0)
			return -1;
	} while (full && host->out.size <= OUT_MOST);
	/* The agent has nothing more to say that matters: its answer would cost a round trip. Should
	 * BYE be stuck, the end of the stream says the same. */
	if (host->state == HOST_CLOSING && !host->transport->waits_for_end && host->out.size == 0) {
		lose(host, NULL);
		return 0;
	}
	watch(host, host->fd, (host->out.size <= OUT_MOST ? (uint32_t)EPOLLIN : 0)
		| (host->out.size > 0 && host->transport->blocked(host->connection) ? EPOLLOUT : 0));
	return 0;
}

/* --- Starting --- */

/* What concerns all hosts is said once. */
static void warn_all(void *context, const char *message)
{
	struct ssh_fleet *fleet = context;
	struct warning *warning = calloc(1, sizeof(*warning) + strlen(message) + 1);

	if (!warning)
		abort();
	memcpy(warning->text, message, strlen(message));
	*fleet->last_warning = warning;
	fleet->last_warning = &warning->next;
}

static int open_connection(struct fleet_host *host, struct error *err)
{
	struct epoll_event errors = { .events = EPOLLIN, .data.ptr = host };
	const struct ssh_fleet *fleet = host->fleet;
	const struct transport_request request = {
		.arena = host->arena, .target = &host->target, .options = &fleet->options,
		.keys = fleet->keys, .warn = warn_all, .context = host->fleet,
	};

	host->connection = host->transport->open(&request, err);
	if (!host->connection)
		return -1;
	host->user = host->connection->user;
	host->state = HOST_CONNECTING;
	if (host->connection->errors >= 0)
		epoll_ctl(fleet->epoll, EPOLL_CTL_ADD, host->connection->errors, &errors);
	return 0;
}

static int connect_on(struct fleet_host *host, struct error *err)
{
	int result = host->transport->step(host->connection, err);

	if (result < 0)
		return -1;
	if (result > 0)
		host->state = HOST_BOOTING;
	watch(host, host->connection->fd, host->connection->events);
	return 0;
}

/* Another try, a little later. */
static bool try_again(struct fleet_host *host)
{
	int64_t now = now_milliseconds();

	if (host->state != HOST_CONNECTING || !host->transport->may_retry
			|| !host->transport->may_retry(host->connection) || host->tries >= TRIES_MOST)
		return false;
	release(host);
	host->state = HOST_WAITING;
	host->not_before = now + 100 + (int64_t)(random() % 400);
	return host->not_before < host->deadline;
}

/* Moves a host on as far as it goes without waiting. */
static void step(struct fleet_host *host)
{
	struct error err = {0};
	int result = 0;

	if (host->state == HOST_CONNECTING)
		result = connect_on(host, &err);
	if (result == 0 && host->state >= HOST_BOOTING && host->state <= HOST_CLOSING) {
		host->said = false;
		ready_add(host);
	}
	if (result < 0 && !try_again(host))
		lose(host, &err);
}

static void start(struct fleet_host *host)
{
	struct ssh_fleet *fleet = host->fleet;
	struct error err = {0};
	int64_t now = now_milliseconds();

	if (host->tries++ == 0)
		host->started = now;
	if (host->tries == 1)
		host->deadline = now + (int64_t)fleet->options.timeout * 1000;
	host->counted = true;
	fleet->connecting++;
	if (open_connection(host, &err) < 0)
		lose(host, &err);
	else
		step(host);
}

/* --- Time --- */

static void timed_out(struct fleet_host *host)
{
	static const char *const doing[] = {
		[HOST_WAITING] = "it kept closing the connection",
		[HOST_BOOTING] = "the login or the agent's start takes too long",
		[HOST_GREETING] = "the agent doesn't answer",
	};
	struct error err = {0};

	if (host->state == HOST_CONNECTING) {
		host->transport->late(host->connection, host->fleet->options.timeout, &err);
	} else {
		error_set(&err, SSH_TIMEOUT, "not reached within %u s: %s",
			host->fleet->options.timeout, doing[host->state]);
		if (host->errors.size > 0)
			error_remedy(&err, "its last words: %.300s", said_in_a_line(host->arena,
				&host->errors));
		error_remedy(&err, "look at %s, or give it more time with -T", host->target.address);
	}
	lose(host, &err);
}

static void slow(struct fleet_host *host)
{
	struct error err = {0};

	error_set(&err, AGENT_LOST, "a message took more than %d s to arrive",
		FRAME_TIME_MOST / 1000);
	error_remedy(&err, "is the line to it as slow as that?");
	lose(host, &err);
}

static void silent(struct fleet_host *host)
{
	struct error err = {0};

	error_set(&err, AGENT_LOST, "no response for %d s", SILENCE_MOST / 1000);
	error_remedy(&err, "is the machine still on, and its cable plugged in?");
	lose(host, &err);
}

static void look_at_clock(struct fleet_host *host, int64_t now)
{
	if (host->state == HOST_LOST)
		return;
	if (host->state < HOST_LIVE) {
		if (host->tries > 0 && now > host->deadline)
			timed_out(host);
		else if (host->state != HOST_WAITING)
			step(host);
		return;
	}
	if (host->state == HOST_CLOSING && now > host->deadline) {
		lose(host, NULL);
		return;
	}
	if (now - host->heard > SILENCE_MOST) {
		silent(host);
		return;
	}
	if (host->begun > 0 && now - host->begun > FRAME_TIME_MOST) {
		slow(host);
		return;
	}
	if (now - host->pinged > PING_EVERY) {
		host->pinged = now;
		send_frame(host, FRAME_PING, NULL);
		step(host);
	}
}

static void start_waiting(struct ssh_fleet *fleet, int64_t now)
{
	if (now < fleet->start_at)
		return;
	fleet->start_at = INT64_MAX;
	for (struct fleet_host *host = fleet->first; host; host = host->next) {
		if (host->state != HOST_WAITING)
			continue;
		if (fleet->options.forks && fleet->connecting >= fleet->options.forks)
			return;
		if (now >= host->not_before)
			start(host);
		if (host->state == HOST_WAITING && host->not_before < fleet->start_at)
			fleet->start_at = host->not_before;
	}
}

static void look_at_clocks(struct ssh_fleet *fleet, int64_t now)
{
	if (now - fleet->ticked < TICK)
		return;
	fleet->ticked = now;
	for (struct fleet_host *host = fleet->first; host; host = host->next)
		look_at_clock(host, now);
}

/* --- One event after the other --- */

static bool take_warning(struct ssh_fleet *fleet, struct fleet_event *event)
{
	struct warning *warning = fleet->warnings;

	if (!warning)
		return false;
	fleet->arena = arena_new();
	event->kind = FLEET_WARNING;
	event->message = arena_string(fleet->arena, warning->text);
	fleet->warnings = warning->next;
	if (!fleet->warnings)
		fleet->last_warning = &fleet->warnings;
	free(warning);
	return true;
}

static bool take_lost(struct ssh_fleet *fleet, struct fleet_event *event)
{
	struct fleet_host *host = fleet->lost;

	if (!host)
		return false;
	fleet->lost = host->next_lost;
	event->kind = FLEET_LOST;
	event->context = host->target.context;
	event->error = host->lost;
	event->key = host->connection ? host->connection->offered_key : NULL;
	return true;
}

/* Each host says one thing, and then the next one does. */
static bool take_said(struct ssh_fleet *fleet, struct fleet_event *event)
{
	struct fleet_host *host;

	while ((host = ready_take(fleet))) {
		struct error err = {0};
		int result = 0;

		if (host->state >= HOST_BOOTING && host->state <= HOST_CLOSING)
			result = converse(host, event, &err);
		if (result < 0)
			lose(host, &err);
		if (result <= 0)
			continue;
		event->context = host->target.context;
		ready_add(host);
		return true;
	}
	return false;
}

static int look_at_connections(struct ssh_fleet *fleet, int64_t wait, struct error *err)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(fleet->epoll, events, EVENTS, (int)(wait < TICK ? wait : TICK));

	fleet->taken = 0;
	if (count < 0 && errno != EINTR)
		return error_errno(err, RUN_SYSTEM, "cannot watch connections");
	for (int i = 0; i < count; i++)
		step(events[i].data.ptr);
	return 0;
}

static int next(struct fleet *base, int64_t until, struct fleet_event *event, struct error *err)
{
	struct ssh_fleet *fleet = (struct ssh_fleet *)base;

	arena_free(fleet->arena);
	fleet->arena = NULL;
	for (;;) {
		*event = (struct fleet_event){ .kind = FLEET_TIME, .now = now_milliseconds() };
		start_waiting(fleet, event->now);
		look_at_clocks(fleet, event->now);
		/* Also where some have always more to say. */
		if (++fleet->taken > EVENTS && look_at_connections(fleet, 0, err) < 0)
			return -1;
		if (event->now >= until || take_warning(fleet, event) || take_lost(fleet, event)
				|| take_said(fleet, event) || take_lost(fleet, event))
			return 0;
		if (fleet->open == 0) {
			event->kind = FLEET_END;
			return 0;
		}
		if (look_at_connections(fleet, until - event->now, err) < 0)
			return -1;
	}
}

static const struct fleet_calls ssh_calls = {
	.add = add, .send = send_frame, .close = close_host, .drop = drop, .next = next,
};

struct fleet *fleet_new(const struct fleet_options *options, struct error *err)
{
	struct ssh_fleet *fleet = calloc(1, sizeof(*fleet));

	if (!fleet)
		abort();
	fleet->base.calls = &ssh_calls;
	fleet->options = *options;
	fleet->last_warning = &fleet->warnings;
	fleet->keys = ssh_keys_new();
	fleet->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (fleet->epoll < 0) {
		error_errno(err, RUN_SYSTEM, "cannot watch connections");
		fleet_free(&fleet->base);
		return NULL;
	}
	return &fleet->base;
}
