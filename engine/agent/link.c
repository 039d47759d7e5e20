/* link: one end of a conversation in frames: with the controller, or between parent and child. */
#include "agent/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PENDING_MOST = 256 << 10 };

int64_t milliseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void link_init(struct link *link, int in, int out, enum frame_sender peer)
{
	*link = (struct link){ .in = in, .out = out, .peer = peer, .heard = milliseconds_now() };
}

void link_end(struct link *link)
{
	buffer_free(&link->pending);
	while (link->kept) {
		struct link_frame *next = link->kept->next;
		arena_free(link->kept->arena);
		free(link->kept);
		link->kept = next;
	}
}

void link_send(struct link *link, enum frame_type type, const struct value *body,
	struct error *err)
{
	if (link->lost)
		return;
	if (link->pending.size == 0)
		link->pending_since = milliseconds_now();
	if (frame_write(&link->pending, type, body, err) == 0 && link->pending.size > PENDING_MOST)
		link_flush(link);
}

void link_flush(struct link *link)
{
	size_t done = 0;

	while (done < link->pending.size && !link->lost) {
		ssize_t size = write(link->out, link->pending.data + done,
			link->pending.size - done);
		if (size >= 0)
			done += (size_t)size;
		else if (errno != EINTR)
			link->lost = true;
	}
	if (link->pending.size > 0)
		buffer_clear(&link->pending);
}

void link_flush_old(struct link *link)
{
	if (link->pending.size > 0 &&
	    milliseconds_now() - link->pending_since >= LINK_DELAY_MOST)
		link_flush(link);
}

/* Keeps a frame until link_next asks for it. */
static void keep(struct link *link, const struct frame *frame)
{
	struct link_frame **last = &link->kept;
	struct link_frame *kept = calloc(1, sizeof(*kept));

	if (!kept)
		abort();
	kept->arena = arena_new();
	kept->frame.type = frame->type;
	kept->frame.body = value_copy(kept->arena, frame->body);
	while (*last)
		last = &(*last)->next;
	*last = kept;
}

static void answer_ping(struct link *link, struct arena *arena)
{
	link_send(link, FRAME_PING, value_map(arena), NULL);
	link_flush(link);
}

static void answer_fetch(struct link *link, struct arena *arena, const struct value *fetch)
{
	struct value *chunk = value_map(arena);

	if (value_get(fetch, "id"))
		value_set(arena, chunk, "id", value_get(fetch, "id"));
	if (link->serve)
		link->serve(link->context, arena, fetch, chunk);
	else
		value_set_string(arena, chunk, "error", "nothing is served here");
	link_send(link, FRAME_CHUNK, chunk, NULL);
	link_flush(link);
}

int link_service(struct link *link, struct arena *arena, uint64_t id, struct value **ret_reply)
{
	struct frame frame;
	struct error err = { 0 };

	if (frame_receive(link->in, arena, link->peer, &frame, &err) <= 0) {
		link->lost = true;
		return 0;
	}
	link->heard = milliseconds_now();
	switch (frame.type) {
	case FRAME_PING:
		answer_ping(link, arena);
		return 0;
	case FRAME_FETCH:
		answer_fetch(link, arena, frame.body);
		return 0;
	case FRAME_CANCEL:
		link->cancelled = true;
		return 0;
	case FRAME_REPLY:
		if (!ret_reply || value_get_integer(frame.body, "id", -1) != (int64_t)id)
			return 0;
		*ret_reply = frame.body;
		return 1;
	case FRAME_STAGE:
	case FRAME_BYE:
	case FRAME_REQUEST:
	case FRAME_RESULT:
	case FRAME_PROGRESS:
		keep(link, &frame);
		return 0;
	default:
		return 0;
	}
}

/* Waits until something can be read: 1; 0 after this many milliseconds (-1: never). */
static int wait_readable(struct link *link, int milliseconds)
{
	struct pollfd ready = { .fd = link->in, .events = POLLIN };
	int count;

	do
		count = poll(&ready, 1, milliseconds);
	while (count < 0 && errno == EINTR && !link->cancelled);
	return count > 0;
}

bool link_alive(struct link *link)
{
	while (!link->lost && wait_readable(link, 0)) {
		struct arena *arena = arena_new();
		link_service(link, arena, 0, NULL);
		arena_free(arena);
	}
	if (link->silence_ends && milliseconds_now() - link->heard > LINK_SILENCE_MOST * 1000)
		link->lost = true;
	return !link->lost && !link->cancelled;
}

/* Waits for a frame as long as the other end may be silent. */
static bool wait_frame(struct link *link)
{
	int64_t left = LINK_SILENCE_MOST * 1000 - (milliseconds_now() - link->heard);

	if (link->silence_ends && left < 0)
		left = 0;
	if (!wait_readable(link, link->silence_ends ? (int)left : -1) && !link->cancelled)
		link->lost = true;
	return !link->lost && !link->cancelled;
}

static int request_lost(const struct link *link, struct error *err)
{
	if (link->cancelled)
		return error_set(err, ERROR_INTERRUPTED, "stopped as asked");
	return error_set(err, ERROR_INTERRUPTED, "the connection to the controller is gone");
}

int link_request(struct link *link, struct arena *arena, struct value *body,
	struct value **ret_reply, struct error *err)
{
	uint64_t id = ++link->requests;
	const char *problem;

	value_set_integer(arena, body, "id", (int64_t)id);
	link_send(link, FRAME_REQUEST, body, err);
	link_flush(link);
	for (;;) {
		if (link->lost || !wait_frame(link))
			return request_lost(link, err);
		if (link_service(link, arena, id, ret_reply) > 0)
			break;
	}
	problem = value_get_string(*ret_reply, "error");
	if (problem)
		return error_set(err, ERROR_TASK, "%.1500s", problem);
	return 0;
}

int link_next(struct link *link, struct arena *arena, struct frame *ret_frame)
{
	struct link_frame *kept;

	while (!link->kept) {
		link_flush(link);
		if (link->lost || !wait_frame(link))
			return 0;
		link_service(link, arena, 0, NULL);
	}
	kept = link->kept;
	link->kept = kept->next;
	ret_frame->type = kept->frame.type;
	ret_frame->body = value_copy(arena, kept->frame.body);
	arena_free(kept->arena);
	free(kept);
	return 1;
}
