/* link: one end of a conversation in frames: with the controller, or between parent and child. */
#include "agent/link.h"

#include "module/module.h"

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

void link_init(struct link *link, int in, int out, enum frame_sender self,
	enum frame_sender peer)
{
	*link = (struct link){ .in = in, .out = out, .self = self, .peer = peer,
		.heard = milliseconds_now() };
}

void link_end(struct link *link)
{
	buffer_free(&link->pending);
	while (link->kept) {
		struct link_frame *next = link->kept->next;
		buffer_free(&link->kept->pieces.payload);
		free(link->kept);
		link->kept = next;
	}
}

void link_send(struct link *link, enum frame_type type, const void *message, struct error *err)
{
	if (link->lost)
		return;
	if (link->pending.size == 0)
		link->pending_since = milliseconds_now();
	if (frame_write(&link->pending, link->self, type, message, err) == 0
			&& link->pending.size > PENDING_MOST)
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
static void keep(struct link *link, struct frame_pieces *pieces)
{
	struct link_frame **last = &link->kept;
	struct link_frame *kept = calloc(1, sizeof(*kept));

	if (!kept)
		abort();
	kept->pieces = *pieces;
	*pieces = (struct frame_pieces){0};
	while (*last)
		last = &(*last)->next;
	*last = kept;
}

static void answer_fetch(struct link *link, struct arena *arena, const struct fetch *fetch)
{
	struct chunk chunk = { .id = fetch->id };

	if (link->serve)
		link->serve(link->context, arena, fetch, &chunk);
	else
		chunk.error = "nothing is served here";
	link_send(link, FRAME_CHUNK, &chunk, NULL);
	link_flush(link);
}

/* 1: it is the reply with this id. */
static int deal_with(struct link *link, struct arena *arena, const struct frame *frame, int64_t id,
	struct reply *ret_reply)
{
	const struct reply *reply = frame->message;

	if (frame->type == FRAME_PING) {
		link_send(link, FRAME_PING, NULL, NULL);
		link_flush(link);
	} else if (frame->type == FRAME_FETCH) {
		answer_fetch(link, arena, frame->message);
	} else if (frame->type == FRAME_CANCEL) {
		link->cancelled = true;
	} else if (frame->type == FRAME_REPLY && ret_reply && reply->id == id) {
		*ret_reply = *reply;
		return 1;
	}
	return 0;
}

int link_service(struct link *link, struct arena *arena, int64_t id, struct reply *ret_reply)
{
	struct frame_pieces pieces = {0};
	struct error err = {0};
	struct frame frame;
	int result = 0;

	if (frame_receive(link->in, &pieces, &err) <= 0) {
		link->lost = true;
	} else {
		link->heard = milliseconds_now();
		if (pieces.type == FRAME_STAGE || pieces.type == FRAME_BYE)
			keep(link, &pieces);
		else if (frame_take(arena, &pieces, link->peer, &frame, &err) < 0)
			link->lost = true;
		else
			result = deal_with(link, arena, &frame, id, ret_reply);
	}
	buffer_free(&pieces.payload);
	return result;
}

/* Waits until something can be read: 1; 0 after this many milliseconds (-1: never). */
static int wait_readable(struct link *link, int milliseconds)
{
	struct pollfd ready = { .fd = link->in, .events = POLLIN };
	int count;

	do
		count = poll(&ready, 1, milliseconds);
	while (count < 0 && errno == EINTR && !link->cancelled);
	link->lost |= count < 0 && !link->cancelled;
	return count > 0;
}

static void bear_silence(struct link *link)
{
	int64_t now = milliseconds_now();

	if (!link->silence_ends || now - link->heard < LINK_SILENCE_ASK * 1000)
		return;
	if (now - link->heard > LINK_SILENCE_MOST * INT64_C(1000)) {
		link->lost = true;
	} else if (now - link->asked >= LINK_SILENCE_ASK * 1000) {
		link->asked = now;
		link_send(link, FRAME_PING, NULL, NULL);
		link_flush(link);
	}
}

bool link_alive(struct link *link)
{
	while (!link->lost && wait_readable(link, 0)) {
		struct arena *arena = arena_new();
		link_service(link, arena, 0, NULL);
		arena_free(arena);
	}
	bear_silence(link);
	return !link->lost && !link->cancelled;
}

/* Waits for a frame as long as the other end may be silent. */
static bool wait_frame(struct link *link)
{
	int most = link->silence_ends ? LINK_SILENCE_ASK * 1000 : -1;

	while (!link->lost && !link->cancelled && !wait_readable(link, most))
		bear_silence(link);
	return !link->lost && !link->cancelled;
}

static int request_lost(const struct link *link, struct error *err)
{
	if (link->cancelled)
		return error_set(err, RUN_INTERRUPTED, "stopped on request");
	return error_set(err, RUN_INTERRUPTED, "the connection to the controller is gone");
}

int link_request(struct link *link, struct arena *arena, const struct request *request,
	struct reply *ret_reply, struct error *err)
{
	const struct error_code *code;
	struct request asked = *request;
	struct error unsent = {0};

	asked.id = ++link->requests;
	link_send(link, FRAME_REQUEST, &asked, &unsent);
	if (unsent.kind != ERROR_NONE)
		return error_set(err, HOST_SYSTEM, "%s", unsent.message);
	link_flush(link);
	for (;;) {
		if (link->lost || !wait_frame(link))
			return request_lost(link, err);
		if (link_service(link, arena, asked.id, ret_reply) > 0)
			break;
	}
	if (!ret_reply->error)
		return 0;
	code = ret_reply->code ? error_named(ret_reply->code) : NULL;
	return error_set(err, code ? code : HOST_CONTENT_LOST, "%.1500s", ret_reply->error);
}

int link_next(struct link *link, struct arena *arena, struct frame *ret_frame)
{
	struct link_frame *kept;
	struct error err = {0};

	while (!link->kept) {
		link_flush(link);
		if (link->lost || !wait_frame(link))
			return 0;
		link_service(link, arena, 0, NULL);
	}
	kept = link->kept;
	link->kept = kept->next;
	if (frame_take(arena, &kept->pieces, link->peer, ret_frame, &err) < 0)
		link->lost = true;
	buffer_free(&kept->pieces.payload);
	free(kept);
	return !link->lost;
}
