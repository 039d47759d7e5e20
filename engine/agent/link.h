/* link: one end of a conversation in frames: with the controller, or between parent and child.
 *
 * What is sent waits in a buffer until link_flush. While an answer is awaited, what else comes in
 * is dealt with: pings are answered, fetches served, a cancel remembered, stages kept for later.
 * Once lost is set nothing is sent any more; nothing here ends the process.
 *
 * A controller that is stopped (^Z), or whose lid is closed, is silent and goes on some time, so silence
 * alone ends nothing for a day. Where it is gone for good, its kernel says so, or TCP gives up what is
 * sent into the silence, within 16 minutes, and sshd ends. */
#ifndef AGENT_LINK_H
#define AGENT_LINK_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/value.h"
#include "wire/wire.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	LINK_SILENCE_ASK = 30,       /* seconds without a frame: the other end is sent one, and again */
	LINK_SILENCE_MOST = 24 * 3600,   /* seconds without a frame: it is gone */
	LINK_DELAY_MOST = 200,       /* milliseconds that a frame may wait in the buffer */
};

struct link_frame {              /* kept for later */
	struct link_frame *next;
	struct frame_pieces pieces;
};

struct link {
	int in;
	int out;
	enum frame_sender self, peer;   /* who is at this end, and at the other one */
	struct buffer pending;       /* frames not yet written */
	int64_t pending_since;       /* milliseconds; of the first of them */
	int64_t heard;               /* milliseconds: when the last frame came in */
	int64_t asked;               /* milliseconds: when something was sent because none came in */
	bool silence_ends;           /* LINK_SILENCE_MOST counts */
	bool lost;                   /* the other end is gone */
	volatile sig_atomic_t cancelled;   /* it said CANCEL, or the agent is to end */
	int64_t requests;            /* the last request's id */
	struct link_frame *kept;     /* STAGE and BYE that came early, in order */
	/* Answers a FETCH; NULL: none. */
	void (*serve)(void *context, struct arena *arena, const struct fetch *fetch,
		struct chunk *chunk);
	void *context;
};

int64_t milliseconds_now(void);    /* of a clock that only goes forward */

void link_init(struct link *link, int in, int out, enum frame_sender self,
	enum frame_sender peer);
void link_end(struct link *link);  /* gives back memory, not the descriptors */

void link_send(struct link *link, enum frame_type type, const void *message, struct error *err);
void link_flush(struct link *link);
void link_flush_old(struct link *link);     /* only if something waits for LINK_DELAY_MOST */

/* Whether the run may go on: deals with what has come in meanwhile, never waits. */
bool link_alive(struct link *link);

/* Reads the one frame that has come in (link->in is readable) and deals with it. Another frame than
 * the expected reply is kept. ret_reply may be NULL. 1: the reply with this id is in ret_reply. */
int link_service(struct link *link, struct arena *arena, int64_t id, struct reply *ret_reply);

/* Sends the REQUEST under an id of its own and waits for its REPLY, whose error is one. */
int link_request(struct link *link, struct arena *arena, const struct request *request,
	struct reply *ret_reply, struct error *err);

/* The next STAGE or BYE, waiting for it: 1, or 0 when the other end is gone. It lives in
 * arena. */
int link_next(struct link *link, struct arena *arena, struct frame *ret_frame);

#endif
