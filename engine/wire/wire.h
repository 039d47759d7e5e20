/* wire: the frames between the controller and the agent, and what they hold.
 *
 * A frame is a header of 8 bytes and a payload:
 *     byte 0     type (enum frame_type)
 *     byte 1     flags (FRAME_COMPRESSED: the payload is one zstd frame, RFC 8878; FRAME_CONTINUED: the
 *                next frame holds more of it; only of a message that may be longer than FRAME_MOST)
 *     bytes 2,3  zero
 *     bytes 4–7  length of the payload, little endian, at most FRAME_MOST
 * The payload is one value in MessagePack (github.com/msgpack/msgpack/blob/master/spec.md): a
 * message (messages.h) as a list of its fields. Both ends are of one build, as the agent goes by its
 * digest. The agent first writes WIRE_MAGIC, 16 bytes; all that comes before it is a login shell's
 * noise. What an agent says is data from a hostile place: every length, depth and count is bounded
 * here, and whoever reads a frame gets only what the message's table has. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/value.h"
#include "wire/messages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_MAGIC "\nbeoplay-agent1\n"   /* 16 bytes, without the NUL */

enum {
	WIRE_VERSION = 1,
	WIRE_MAGIC_SIZE = 16,
	FRAME_HEADER_SIZE = 8,
	FRAME_MOST = 1 << 20,          /* bytes of payload, compressed and not */
	STAGE_MOST = 64 << 20,         /* bytes of a STAGE in all its frames */
	RESULT_MOST = 40 << 20,        /* the same of a RESULT: two outputs, and what else there is; of what
	                                  a child asks its agent, which may be to keep that */
	CHUNK_SIZE = 256 << 10,        /* bytes of a body in one REPLY or CHUNK */
	BODIES_MOST = 1024,            /* small ones in one REPLY */
	VALUE_DEPTH_MOST = 64,
};

/* Whose message it is: each sends its own, with its own keys. */
enum frame_sender {
	SENT_BY_AGENT,
	SENT_BY_CONTROLLER,
	SENT_BY_CHILD,                 /* of the agent: it works as another user */
	SENT_BY_PARENT,                /* the agent, to its child */
};

enum frame_flags { FRAME_COMPRESSED = 1 << 0, FRAME_CONTINUED = 1 << 1 };

/* Who sends which, and what they hold: messages.h. */
enum frame_type {
	FRAME_HELLO = 1,
	FRAME_STAGE,
	FRAME_RESULT,
	FRAME_STAGE_END,
	FRAME_REQUEST,
	FRAME_REPLY,
	FRAME_FETCH,
	FRAME_CHUNK,
	FRAME_PROGRESS,
	FRAME_PING,                    /* the controller sends one every 10 s, the agent answers each, and
	                                  sends one where it hears nothing */
	FRAME_CANCEL,                  /* controller → agent: stop at the next safe point */
	FRAME_BYE,                     /* controller → agent: the run is done; agent → controller: its
	                                  last word */
	FRAME_TYPE_END,
};

struct frame {
	enum frame_type type;
	const void *message;     /* the struct of this type */
	size_t size;             /* bytes of its payload */
};

/* MessagePack of a value. Lost are quoted, place and data. A level above open is kept (ext type 1
 * around the value: one byte, then the value), unknown is ext type 2 with its cause packed. */
void wire_encode(struct buffer *out, const struct value *value);
int wire_decode(struct arena *arena, const void *bytes, size_t size, struct value **ret_value,
	struct error *err);

/* The same of what isn't a message: at most so many values. */
int wire_decode_most(struct arena *arena, const void *bytes, size_t size, size_t most,
	struct value **ret_value, struct error *err);

/* Appends a message in as many frames as it needs; compresses where it is worth it. A payload above
 * what its type may have is an error. */
int frame_write(struct buffer *out, enum frame_sender sender, enum frame_type type,
	const void *message, struct error *err);

/* Long texts that go to many hosts alike, compressed once (shared.c); bounded. NULL: no memory, which
 * frame_write_shared bears. */
struct frame_shared *frame_shared_new(void);
void frame_shared_free(struct frame_shared *shared);   /* NULL is allowed */

/* The same for one host of many, all of which have this shared. */
int frame_write_shared(struct buffer *out, struct frame_shared *shared, enum frame_sender sender,
	enum frame_type type, const void *message, struct error *err);

/* How many bytes the frame at the front of bytes takes as a whole: > 0 if its header is there,
 * 0 if more bytes of the header are needed, -1 for a malformed header. */
int64_t frame_size(const void *bytes, size_t size, struct error *err);

const char *frame_name(enum frame_type type);
const struct message *frame_message(enum frame_type type);
bool frame_sends(enum frame_sender sender, enum frame_type type);
enum message_form frame_form(enum frame_sender sender);

/* Reads and checks the frame at the front of bytes, which holds it whole. */
int frame_read(struct arena *arena, const void *bytes, size_t size, enum frame_sender sender,
	struct frame *ret_frame, struct error *err);

/* The frames of one message, as they come. */
struct frame_pieces {
	enum frame_type type;
	bool more;               /* it isn't whole yet */
	struct buffer payload;   /* freed by whoever has made it */
};

/* Adds a frame that is there as a whole. */
int frame_add(const void *bytes, size_t whole, struct frame_pieces *pieces, struct error *err);
/* The message, once it is whole. */
int frame_take(struct arena *arena, const struct frame_pieces *pieces, enum frame_sender sender,
	struct frame *ret_frame, struct error *err);

/* Blocking, for the agent: reads exactly one message and not one byte more (children share the
 * descriptor). 1; or 0 at the end of the stream, or -1. */
int frame_receive(int fd, struct frame_pieces *pieces, struct error *err);
/* Blocking: writes a whole frame. */
int frame_send(int fd, enum frame_sender sender, enum frame_type type, const void *message,
	struct error *err);

#endif
