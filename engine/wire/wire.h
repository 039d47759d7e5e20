/* wire: the frames between the controller and the agent, and what they hold.
 *
 * A frame is a header of 8 bytes and a payload:
 *     byte 0     type (enum frame_type)
 *     byte 1     flags (FRAME_COMPRESSED: the payload is one zstd frame, RFC 8878; FRAME_CONTINUED: of a
 *                STAGE, the next frame holds more of it)
 *     bytes 2,3  zero
 *     bytes 4–7  length of the payload, little endian, at most FRAME_MOST
 * The payload is one value in MessagePack (github.com/msgpack/msgpack/blob/master/spec.md), a map
 * with the keys named below, except for CHUNK. The agent first writes WIRE_MAGIC, 16 bytes; all
 * that comes before it is a login shell's noise. What an agent says is data from a hostile place:
 * every length, depth and count is bounded here, and whoever reads a frame gets only what the table
 * of its sender (messages.c) has: keys, kinds and sizes. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/shape.h"
#include "base/value.h"

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
	CHUNK_SIZE = 256 << 10,        /* bytes of a body in one REPLY or CHUNK */
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

enum frame_type {
	/* agent → controller, once: {version, ledger: {due, failed, foreign, problem}, lock: {who,
	 * from, since} if another one holds it, ran: [detached steps of earlier runs: {command,
	 * running, status}]} */
	FRAME_HELLO = 1,
	/* controller → agent: {mode: "check" | "apply", diff: bool, project, playbook, run, revision,
	 * who, free: bool, tasks: [TASK…], notified: [KEYs that the controller found due itself, after
	 * a changed_when], last: bool}. TASK: {id: integer, module, params: the normalised YAML text,
	 * name: string for messages, user: as whom (nil: as the agent), handler: its KEY (a name that
	 * is the same in the next run) if it is one, else nil, controller: bool (a handler without a
	 * module: only whether it is due is asked), notify: [KEYs of handlers, which may come in a
	 * later stage], flush: bool (run due handlers here, those that came since the last flush; no
	 * module, no result), ignore_errors: bool, no_log: bool, changed: bool if changed_when is
	 * already known, level: of its parameters (base/value.h), results: bool (they are looked at),
	 * check and diff: bool (if otherwise than the stage's), plan: bool (a dry run tells the digest
	 * of what it plans), expect: that digest, "" for nothing (else the task is stale, and does
	 * nothing)}. A handler that wasn't due gives a result "skipped" at the flush; so results come
	 * in the order of tasks. A STAGE also has time (of the controller), text (digest of the packed
	 * text that is run; the node asks for it when it writes something down), seal (at most 256
	 * bytes, kept beside the run and told again in HELLO), and, if it is the last one, whole:
	 * {unseen: [identities that no task of this run has, but the text], unsure: [modules of which
	 * those aren't known]}. It may have lock_wait (seconds), formerly (what the playbook was called
	 * until now) and dropped: [KEYs of due handlers that the text has no more]. A TASK may be an
	 * undo or a look instead of a module's: agent/runner.h. */
	FRAME_STAGE,
	/* agent → controller, one a task that was dealt with: {task: id, status: "ok" | "changed" |
	 * "failed" | "may_change" | "skipped" (a handler that nobody notified), changes: [{subject,
	 * field, before, after, flags}], results: {…}, published: {module, key, facts},
	 * message, remedy (failed), notes: [text], cause (may_change), planned (a digest),
	 * milliseconds} */
	FRAME_RESULT,
	/* agent → controller: all tasks of the stage are through: {orphans: [{resource}], problem: why
	 * the ledger couldn't be written} */
	FRAME_STAGE_END,
	/* agent → controller, answered by a REPLY with the same id: {id, kind: "body", digest, offset}
	 * or {id, kind: "gate", task: id}. A gate is asked before the first change of a task. */
	FRAME_REQUEST,
	/* controller → agent: {id, bytes, size (of the whole body)} for a body, {id, go: bool} for a
	 * gate (false: the run is over for this host), {id, error} */
	FRAME_REPLY,
	/* controller → agent between stages or while a gate is waiting: {id, digest, offset} asks for a
	 * body that this agent has offered; answered by CHUNK {id, bytes, size} or {id, error} */
	FRAME_FETCH,
	FRAME_CHUNK,
	/* agent → controller: {text}: something to show while a long step runs */
	FRAME_PROGRESS,
	/* either way, empty map; the controller sends one every 10 s, the agent answers each */
	FRAME_PING,
	/* controller → agent: stop at the next safe point */
	FRAME_CANCEL,
	/* controller → agent: the run is done; agent → controller: {} its last word */
	FRAME_BYE,
	FRAME_TYPE_END,
};

struct frame {
	enum frame_type type;
	struct value *body;      /* a map */
	size_t size;             /* bytes of its payload */
};

/* MessagePack of a value. Lost are quoted, place and data. A level above open is kept (ext type 1
 * around the value: one byte, then the value), unknown is ext type 2 with its cause. */
void wire_encode(struct buffer *out, const struct value *value);
int wire_decode(struct arena *arena, const void *bytes, size_t size, struct value **ret_value,
	struct error *err);

/* The same of what isn't a message: at most so many values. */
int wire_decode_most(struct arena *arena, const void *bytes, size_t size, size_t most,
	struct value **ret_value, struct error *err);

/* Appends a message in as many frames as it needs; compresses where it is worth it. A payload above
 * FRAME_MOST, of a STAGE above STAGE_MOST, is an error. */
int frame_write(struct buffer *out, enum frame_type type, const struct value *body,
	struct error *err);

/* How many bytes the frame at the front of bytes takes as a whole: > 0 if its header is there,
 * 0 if more bytes of the header are needed, -1 for a malformed header. */
int64_t frame_size(const void *bytes, size_t size, struct error *err);

/* What a message is called, and the table of its keys; NULL: the sender sends none of that type. */
const char *frame_name(enum frame_type type);
const struct shape *frame_keys(enum frame_sender sender, enum frame_type type);
/* The results of a TASK that looks. */
extern const struct shape wire_looked[];
int frame_check(const struct frame *frame, enum frame_sender sender, struct error *err);

/* Reads and checks the frame at the front of bytes, which holds it whole. */
int frame_read(struct arena *arena, const void *bytes, size_t size, enum frame_sender sender,
	struct frame *ret_frame, struct error *err);

/* Blocking, for the agent: reads exactly one message and not one byte more (children share the
 * descriptor). 1, or 0 at the end of the stream, or -1. */
int frame_receive(int fd, struct arena *arena, enum frame_sender sender, struct frame *ret_frame,
	struct error *err);
/* Blocking: writes a whole frame. */
int frame_send(int fd, enum frame_type type, const struct value *body, struct error *err);

#endif
