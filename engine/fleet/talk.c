/* talk: what goes to a host and comes from it, up to the agent's magic, its HELLO, and frames from then
 * on. */
#include "fleet/state.h"

#include "base/quote.h"
#include "fleet/agents.h"
#include "fleet/deliver.h"
#include "fleet/transport.h"

#include <string.h>
#include <sys/epoll.h>

enum {
	CLOSING_MOST = 10 * 1000,
	NOISE_MOST = 64 << 10,         /* bytes before the magic */
	ERRORS_MOST = 4 << 10,         /* bytes of stderr that are kept, the last */
	ERRORS_READ = 64,              /* pieces of it that are read at a time */
	ROOM = 64 << 10,
	OUT_MOST = 1 << 20,            /* bytes that wait for a host from which nothing is read then */
	DELIVERY_LEAST = 60,           /* seconds that the agent's way there may take … */
	DELIVERY_TIMES = 10,           /* … or so many times the timeout, if that is longer */
};

/* --- What goes out --- */

void fleet_send(struct fleet_host *host, enum frame_type type, const void *message)
{
	struct error err = {0};

	if (host->state != HOST_LIVE && host->state != HOST_CLOSING)
		return;
	if (frame_write_shared(&host->out, host->fleet->shared, SENT_BY_CONTROLLER, type, message,
			&err) < 0) {
		error_remedy(&err, "put long contents into files, and name them with 'src'");
		fleet_lose(host, &err);
		return;
	}
	fleet_ready_add(host);
}

void fleet_close(struct fleet_host *host)
{
	if (host->state == HOST_LOST || host->state == HOST_CLOSING)
		return;
	if (host->state != HOST_LIVE) {
		fleet_lose(host, NULL);
		return;
	}
	fleet_send(host, FRAME_BYE, NULL);
	if (host->state == HOST_LIVE) {
		host->state = HOST_CLOSING;
		host->deadline = fleet_now() + CLOSING_MOST;
	}
}

/* Each piece of the agent that is taken gives it more time, up to what a slow line may need. */
static void extend(struct fleet_host *host)
{
	int64_t timeout = fleet_timeout(host);
	int64_t most = timeout * DELIVERY_TIMES > DELIVERY_LEAST ? timeout * DELIVERY_TIMES
		: DELIVERY_LEAST;
	int64_t last = host->started + most * 1000;

	host->deadline = fleet_now() + timeout * 1000;
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
			buffer_shrink(&host->out);
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

bool fleet_is_cut(const struct fleet_host *host, bool silent)
{
	return host->transport->cut && host->transport->cut(host->connection, silent);
}

/* Printable, without the newlines at its end, and at most so much of it. */
char *fleet_said(struct arena *arena, const struct buffer *said)
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
	said = fleet_said(host->arena, &host->errors);
	if (!*said)
		said = fleet_said(host->arena, &host->in);
	if (strstr(said, "Password change required")) {
		error_set(err, SSH_AUTHENTICATION_FAILED, "the password of '%s' has expired", host->user);
		return error_remedy(err, "log in with ssh, and choose a new one");
	}
	if (host->connection->become && become_refused(host->connection->become, said, err))
		return -1;
	if (fleet_is_cut(host, false))
		return error_set(err, AGENT_LOST, "the connection ended while the agent was being started");
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
	host->heard = host->pinged = fleet_now();
	fleet_uncount(host);
	event->kind = FLEET_READY;
	event->hello = hello;
	event->user = host->user;
	event->key = host->connection->host_key;
	event->dial = host->connection->dial;
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
		host->begun = fleet_now();
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
		fleet_lose(host, NULL);
		return 0;
	}
	if (host->state == HOST_BOOTING)
		return not_the_agent(host, err);
	if (fleet_is_cut(host, false))
		error_set(err, AGENT_LOST, "the connection ended");
	else
		error_set(err, AGENT_ENDED, "the agent ended before its tasks did");
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

		fleet_hold(host);
		if (result == 0 && !host->bye && !fleet_may_read(host))
			return 0;
		if (result != 0 || host->out.size > OUT_MOST)
			return result;
		if (host->bye)
			return ended(host, err);
		got = host->transport->take(host->connection, false, buffer_reserve(&host->in, ROOM), ROOM);
		if (got <= 0)
			return got == 0 ? 0 : ended(host, err);
		host->in.size += (size_t)got;
		host->in.data[host->in.size] = '\0';
		host->heard = fleet_now();
	}
}

/* All that is possible now with a host whose command runs, up to the next event, which gives 1. */
int fleet_converse(struct fleet_host *host, struct fleet_event *event, struct error *err)
{
	struct error unsent = {0};     /* why is what ended() says */
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
		if (send_out(host, &unsent) < 0)
			return ended(host, err);
	} while (full && host->out.size <= OUT_MOST);
	/* The agent has nothing more to say that matters: its answer would cost a round trip. Should
	 * BYE be stuck, the end of the stream says the same. */
	if (host->state == HOST_CLOSING && !host->transport->waits_for_end && host->out.size == 0) {
		fleet_lose(host, NULL);
		return 0;
	}
	fleet_watch(host, host->fd, (host->out.size <= OUT_MOST && !host->paused ? (uint32_t)EPOLLIN : 0)
		| (host->out.size > 0 && host->transport->blocked(host->connection) ? EPOLLOUT : 0));
	return 0;
}
