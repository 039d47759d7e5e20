/* frame: whole messages in bytes, and over descriptors that block. */
#include "wire/shared.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum { WORTH_COMPRESSING = 512 };

/* Of a type, in all frames of a message; what has more than one frame is longer than FRAME_MOST. */
static size_t most_of(enum frame_type type)
{
	switch (type) {
	case FRAME_STAGE:
		return STAGE_MOST;
	case FRAME_RESULT:
	case FRAME_REQUEST:
	case FRAME_REPLY:
		return RESULT_MOST;
	default:
		return FRAME_MOST;
	}
}

static void put_header(char *header, enum frame_type type, unsigned flags, size_t length)
{
	memset(header, 0, FRAME_HEADER_SIZE);
	header[0] = (char)type;
	header[1] = (char)flags;
	for (int i = 0; i < 4; i++)
		header[4 + i] = (char)(length >> 8 * i & 0xff);
}

/* Compresses what stands behind start, if that makes it smaller. */
static unsigned compress(struct buffer *out, size_t start)
{
	size_t size = out->size - start;
	size_t room = ZSTD_compressBound(size);
	char *packed;
	size_t got;

	if (size < WORTH_COMPRESSING)
		return 0;
	packed = malloc(room);
	if (!packed)
		return 0;
	got = ZSTD_compress(packed, room, out->data + start, size, FRAME_LEVEL);
	if (!ZSTD_isError(got) && got < size) {
		memcpy(out->data + start, packed, got);
		out->size = start + got;
		out->data[out->size] = 0;
	}
	free(packed);
	return !ZSTD_isError(got) && got < size ? FRAME_COMPRESSED : 0;
}

static void add_piece(struct buffer *out, enum frame_type type, const char *bytes, size_t size,
	bool continued)
{
	size_t start = out->size;
	unsigned flags;

	buffer_add(out, "\0\0\0\0\0\0\0\0", FRAME_HEADER_SIZE);
	buffer_add(out, bytes, size);
	flags = compress(out, start + FRAME_HEADER_SIZE) | (continued ? FRAME_CONTINUED : 0);
	put_header(out->data + start, type, flags, out->size - start - FRAME_HEADER_SIZE);
}

/* In as many frames as it needs; continued: the message has more behind it. */
static void add_pieces(struct buffer *out, enum frame_type type, const char *bytes, size_t size,
	bool continued)
{
	for (size_t done = 0; done < size; ) {
		size_t left = size - done, piece = left < FRAME_MOST ? left : FRAME_MOST;

		add_piece(out, type, bytes + done, piece, piece < left || continued);
		done += piece;
	}
}

static void add_shared(struct buffer *out, enum frame_type type, const struct shared_text *text)
{
	size_t start = out->size;

	buffer_add(out, "\0\0\0\0\0\0\0\0", FRAME_HEADER_SIZE);
	buffer_add(out, text->bytes, text->size);
	/* A message ends with what is its own. */
	put_header(out->data + start, type, text->flags | FRAME_CONTINUED, text->size);
}

/* What others get as well has frames of its own. */
static void add_payload(struct buffer *out, enum frame_type type, const struct buffer *payload,
	const struct text_spans *spans, struct frame_shared *shared)
{
	size_t done = 0;

	for (size_t i = 0; i < spans->count; i++) {
		const struct text_span *span = &spans->items[i];
		struct shared_text text;

		if (span->start + span->size == payload->size
				|| !frame_shared_find(shared, payload->data + span->start, span->size, &text))
			continue;
		add_pieces(out, type, payload->data + done, span->start - done, true);
		add_shared(out, type, &text);
		done = span->start + span->size;
	}
	add_pieces(out, type, payload->data + done, payload->size - done, false);
}

int frame_write_shared(struct buffer *out, struct frame_shared *shared, enum frame_sender sender,
	enum frame_type type, const void *message, struct error *err)
{
	size_t most = most_of(type);
	struct arena *arena = arena_new();
	struct buffer payload = {0};
	struct text_spans spans = {0};
	int result = 0;

	wire_encode_spans(&payload, message_value(arena, frame_message(type), message, frame_form(sender)),
		shared && most > FRAME_MOST ? &spans : NULL);
	arena_free(arena);
	if (payload.size > most)
		result = error_set(err, BEOPLAY_BUG, "a message of %zu bytes is too long: %zu are possible",
			payload.size, most);
	else
		add_payload(out, type, &payload, &spans, shared);
	free(spans.items);
	buffer_free(&payload);
	return result;
}

int frame_write(struct buffer *out, enum frame_sender sender, enum frame_type type,
	const void *message, struct error *err)
{
	return frame_write_shared(out, NULL, sender, type, message, err);
}

int64_t frame_size(const void *bytes, size_t size, struct error *err)
{
	const unsigned char *header = bytes;
	size_t length;

	if (size < FRAME_HEADER_SIZE)
		return 0;
	length = (size_t)header[4] | (size_t)header[5] << 8 | (size_t)header[6] << 16
		| (size_t)header[7] << 24;
	if (header[0] == 0 || header[0] >= FRAME_TYPE_END
			|| (header[1] & ~(FRAME_COMPRESSED | FRAME_CONTINUED))
			|| ((header[1] & FRAME_CONTINUED) && most_of((enum frame_type)header[0]) == FRAME_MOST)
			|| header[2] || header[3] || length > FRAME_MOST)
		return error_set(err, AGENT_PROTOCOL, "protocol error: malformed frame");
	return (int64_t)(FRAME_HEADER_SIZE + length);
}

static int decompress(const char *payload, size_t size, char **ret_bytes, size_t *ret_size,
	struct error *err)
{
	unsigned long long claimed = ZSTD_getFrameContentSize(payload, size);
	size_t got;

	if (claimed == ZSTD_CONTENTSIZE_UNKNOWN || claimed == ZSTD_CONTENTSIZE_ERROR
			|| claimed > FRAME_MOST)
		return error_set(err, AGENT_PROTOCOL, "protocol error: a frame that doesn't state its "
			"size");
	*ret_bytes = malloc((size_t)claimed + 1);
	if (!*ret_bytes)
		return error_errno(err, AGENT_LOST, "cannot take a message");
	got = ZSTD_decompress(*ret_bytes, (size_t)claimed, payload, size);
	if (ZSTD_isError(got)) {
		free(*ret_bytes);
		return error_set(err, AGENT_PROTOCOL, "protocol error: a frame that can't be decompressed");
	}
	*ret_size = got;
	return 0;
}

int frame_add(const void *bytes, size_t whole, struct frame_pieces *pieces, struct error *err)
{
	const char *header = bytes, *from = header + FRAME_HEADER_SIZE;
	enum frame_type type = (enum frame_type)(unsigned char)header[0];
	size_t length = whole - FRAME_HEADER_SIZE;
	char *unpacked = NULL;

	if (pieces->more && pieces->type != type)
		return error_set(err, AGENT_PROTOCOL, "protocol error: a message inside another one");
	if (header[1] & FRAME_COMPRESSED) {
		if (decompress(from, length, &unpacked, &length, err) < 0)
			return -1;
		from = unpacked;
	}
	buffer_add(&pieces->payload, from, length);
	free(unpacked);
	pieces->type = type;
	pieces->more = (header[1] & FRAME_CONTINUED) != 0;
	if (pieces->payload.size > most_of(type))
		return error_set(err, AGENT_PROTOCOL, "protocol error in %s: it has no end",
			frame_name(type));
	return 0;
}

static int take_message(struct arena *arena, enum frame_sender sender, const struct value *body,
	struct frame *frame, struct error *err)
{
	static const char *const senders[] = {
		[SENT_BY_AGENT] = "the agent", [SENT_BY_CONTROLLER] = "the controller",
		[SENT_BY_CHILD] = "the agent's child", [SENT_BY_PARENT] = "the agent",
	};
	const struct message *message = frame_message(frame->type);
	char name[80];
	void *made;

	if (!frame_sends(sender, frame->type))
		return error_set(err, AGENT_PROTOCOL, "protocol error: %s sent %s, which isn't its to send",
			senders[sender], frame_name(frame->type));
	snprintf(name, sizeof(name), "protocol error in %s", frame_name(frame->type));
	made = arena_alloc(arena, message->size);
	frame->message = made;
	return message_take(arena, message, frame_form(sender), body, name, AGENT_PROTOCOL, made, err);
}

/* What a controller sends may have many values: its agents believe it. */
int frame_take(struct arena *arena, const struct frame_pieces *pieces, enum frame_sender sender,
	struct frame *ret_frame, struct error *err)
{
	const struct buffer *payload = &pieces->payload;
	struct error malformed = {0};
	struct value *body;
	int result;

	*ret_frame = (struct frame){ .type = pieces->type, .size = payload->size };
	result = sender == SENT_BY_CONTROLLER ? wire_decode_most(arena, payload->data,
		payload->size, payload->size, &body, &malformed) : wire_decode(arena,
		payload->data, payload->size, &body, &malformed);

	if (result < 0)
		return error_set(err, AGENT_PROTOCOL, "protocol error in %s: %s",
			frame_name(pieces->type), malformed.message);
	return take_message(arena, sender, body, ret_frame, err);
}

int frame_read(struct arena *arena, const void *bytes, size_t size, enum frame_sender sender,
	struct frame *ret_frame, struct error *err)
{
	int64_t whole = frame_size(bytes, size, err);
	struct frame_pieces pieces = {0};
	int result;

	if (whole <= 0 || (size_t)whole > size)
		return error_set(err, AGENT_PROTOCOL, "protocol error: truncated frame");
	result = frame_add(bytes, (size_t)whole, &pieces, err);
	if (result == 0 && pieces.more)
		result = error_set(err, AGENT_PROTOCOL, "protocol error: truncated message");
	if (result == 0)
		result = frame_take(arena, &pieces, sender, ret_frame, err);
	buffer_free(&pieces.payload);
	return result;
}

/* 1; 0 at an end before the first byte; -1. */
static int read_all(int fd, char *bytes, size_t size, struct error *err)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(fd, bytes + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, AGENT_LOST, "cannot read a message");
		if (got == 0)
			return done == 0 ? 0 : error_set(err, AGENT_LOST,
				"the connection ended inside a message");
		done += (size_t)got;
	}
	return 1;
}

/* One frame is added. 1; 0 at an end before the first byte; -1. */
static int receive_piece(int fd, struct frame_pieces *pieces, struct error *err)
{
	char header[FRAME_HEADER_SIZE];
	int64_t whole;
	char *bytes;
	int got = read_all(fd, header, sizeof(header), err);

	if (got <= 0)
		return got;
	whole = frame_size(header, sizeof(header), err);
	if (whole < 0)
		return -1;
	bytes = malloc((size_t)whole);
	if (!bytes)
		return error_errno(err, AGENT_LOST, "cannot take a message");
	memcpy(bytes, header, sizeof(header));
	got = read_all(fd, bytes + FRAME_HEADER_SIZE, (size_t)whole - FRAME_HEADER_SIZE, err);
	if (got == 0 && whole > FRAME_HEADER_SIZE)
		got = error_set(err, AGENT_LOST, "the connection ended inside a message");
	else if (got >= 0)
		got = frame_add(bytes, (size_t)whole, pieces, err) < 0 ? -1 : 1;
	free(bytes);
	return got;
}

int frame_receive(int fd, struct frame_pieces *pieces, struct error *err)
{
	int got;

	do
		got = receive_piece(fd, pieces, err);
	while (got > 0 && pieces->more);
	return got;
}

int frame_send(int fd, enum frame_sender sender, enum frame_type type, const void *message,
	struct error *err)
{
	struct buffer out = {0};
	int result = frame_write(&out, sender, type, message, err);

	for (size_t done = 0; result == 0 && done < out.size;) {
		ssize_t sent = write(fd, out.data + done, out.size - done);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			result = error_errno(err, AGENT_LOST, "cannot send a message");
		else
			done += (size_t)sent;
	}
	buffer_free(&out);
	return result;
}
