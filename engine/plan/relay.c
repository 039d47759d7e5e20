/* relay: a node's request for content, answered from here or from the node that offered it. */
#include "plan/state.h"

#include "base/digest.h"
#include "wire/blocks.h"
#include "wire/wire.h"

enum { SILENCE_MOST = 30 * 1000 };   /* milliseconds that a host may take to hand out a piece */

struct relay {
	struct relay *next;
	int64_t id;                /* of the FETCH */
	struct target *from;       /* where it is */
	struct target *to;         /* who asked */
	int64_t request;           /* and under which id */
	int64_t offset, size;      /* of the piece, and of the whole as it was promised */
	int64_t since;             /* milliseconds */
	bool done;
};

/* arena: in which its bytes are, given back once it is sent; or NULL. */
static void reply(struct target *target, struct arena *arena, int64_t request, struct reply chunk)
{
	struct reply *sent = arena_alloc(arena ? arena : effects_arena(target->run), sizeof(*sent));

	*sent = chunk;
	sent->id = request;
	effect_send(target, FRAME_REPLY, sent, arena);
}

static void reply_error(struct target *target, int64_t request, const char *text)
{
	reply(target, NULL, request, (struct reply){ .error = text });
}

static struct relay *relay_new(struct run *run)
{
	struct relay *relay = run->relays;

	while (relay && !relay->done)
		relay = relay->next;
	if (!relay) {
		relay = arena_alloc(run->arena, sizeof(*relay));
		relay->next = run->relays;
		run->relays = relay;
	}
	relay->id = ++run->relay_ids;
	relay->done = false;
	return relay;
}

/* Agents ask for one piece at a time. */
static bool is_waiting(const struct run *run, const struct target *target)
{
	for (const struct relay *relay = run->relays; relay; relay = relay->next) {
		if (!relay->done && relay->to == target)
			return true;
	}
	return false;
}

static void fetch(struct run *run, struct target *to, const struct body *offered,
	int64_t offset, int64_t request)
{
	struct relay *relay = relay_new(run);
	struct fetch *wanted = arena_alloc(effects_arena(run), sizeof(*wanted));

	relay->from = body_offerer(offered)->offers;
	relay->to = to;
	relay->request = request;
	relay->offset = offset;
	relay->size = body_size(offered);
	relay->since = run->now;
	*wanted = (struct fetch){ .id = relay->id, .digest = body_digest(offered), .offset = offset };
	effect_send(relay->from, FRAME_FETCH, wanted, NULL);
}

static void answer(struct run *run, struct target *target, const struct body *body,
	const struct request *request)
{
	struct run_host *offerer = body_offerer(body);
	struct arena *arena;

	if (!offerer) {
		arena = arena_new();
		reply(target, arena, request->id, request->have.size > 0 ? bodies_blocks(run->bodies, arena, body,
			request->offset, &request->have) : bodies_chunk(run->bodies, arena, body, request->offset));
	} else if (offerer->offers && offerer->offers->state == TARGET_READY) {
		fetch(run, target, body, request->offset, request->id);
	} else {
		reply_error(target, request->id, arena_printf(effects_arena(run),
			"%s, which has this content, is gone", offerer->name));
	}
}

/* Of several bodies, all of them: each must be for this host, and known here. */
static const char *take_bodies(struct run *run, struct target *target, struct arena *arena,
	const struct request *request, struct buffer *out)
{
	for (size_t i = 0; i <= request->more->count; i++) {
		const char *digest = i == 0 ? request->digest : value_text(request->more->items[i - 1]);
		const struct body *body = digest ? bodies_find(run->bodies, digest, target->worker->index)
			: NULL;
		struct reply piece;

		if (!body || body_offerer(body))
			return "the node asked for content that none of its tasks has";
		if (body_size(body) > CHUNK_SIZE - (int64_t)out->size)
			return "the node asked for more contents than fit into one answer";
		piece = bodies_chunk(run->bodies, arena, body, 0);
		/* What can't be read any more is asked for alone, and told then. */
		if (piece.error)
			return "";
		buffer_add(out, piece.bytes.bytes, piece.bytes.size);
	}
	return NULL;
}

static void answer_several(struct run *run, struct target *target, const struct request *request)
{
	struct arena *arena = arena_new();
	struct buffer all = {0};
	const char *wrong = request->offset > 0 ? "the node asked for parts of several contents"
		: take_bodies(run, target, arena, request, &all);

	if (!wrong)
		reply(target, arena, request->id, (struct reply){ .bytes = { arena_bytes(arena,
			all.data ? all.data : "", all.size), all.size }, .size = (int64_t)all.size });
	else if (*wrong)
		leave_strange(target, wrong);
	else
		reply_error(target, request->id, "not all of these can be read");
	if (wrong)
		arena_free(arena);
	buffer_free(&all);
}

void relay_request(struct run *run, struct target *target, const struct request *request)
{
	const struct body *body = request->digest ? bodies_find(run->bodies, request->digest,
		target->worker->index) : NULL;

	if (request->more)
		answer_several(run, target, request);
	else if (!body)
		leave_strange(target, "the node asked for content that none of its tasks has");
	else if (request->offset > body_size(body))
		leave_strange(target, "the node asked for what is behind the end of a content");
	else if (request->have.size % BLOCK_SUM_SIZE)
		leave_strange(target, "the node told a part of a block's sum");
	else if (is_waiting(run, target))
		leave_strange(target, "the node asked for a content before it had the last one");
	else
		answer(run, target, body, request);
}

/* Whether a chunk is the piece that was promised; the receiver's digest tells the rest. */
static bool is_promised(const struct relay *relay, const struct chunk *chunk)
{
	int64_t left = relay->size - relay->offset;

	return chunk->bytes.bytes && chunk->size == relay->size
		&& (int64_t)chunk->bytes.size == (left < CHUNK_SIZE ? left : CHUNK_SIZE);
}

/* What it holds is there until it is sent, as the event's message. */
static void pass_on(struct relay *relay, const struct chunk *chunk)
{
	const char *problem = chunk->error;
	bool promised = is_promised(relay, chunk);

	relay->done = true;
	if (promised)
		reply(relay->to, NULL, relay->request, (struct reply){ .bytes = chunk->bytes,
			.size = relay->size });
	else
		reply_error(relay->to, relay->request, arena_printf(effects_arena(relay->to->run),
			"%s hands out something else than the content that it promised%s%.500s",
			relay->from->name, problem ? ": " : "", problem ? problem : ""));
	if (!promised && !problem)
		leave_strange(relay->from, "the node handed out something else than it promised");
}

void on_chunk(struct run *run, const struct event *event)
{
	const struct chunk *chunk = event->message;

	for (struct relay *relay = run->relays; relay; relay = relay->next) {
		if (relay->done || relay->id != chunk->id || relay->from != event->target)
			continue;
		pass_on(relay, chunk);
		return;
	}
}

void relay_out(struct run *run, struct target *target)
{
	for (struct relay *relay = run->relays; relay; relay = relay->next) {
		if (relay->done || (relay->from != target && relay->to != target))
			continue;
		relay->done = true;
		if (relay->to != target)
			reply_error(relay->to, relay->request, arena_printf(run->arena,
				"%s, which has this content, is gone", target->name));
	}
}

void relay_tick(struct run *run)
{
	for (struct relay *relay = run->relays; relay; relay = relay->next) {
		if (relay->done || run->now - relay->since < SILENCE_MOST)
			continue;
		relay->done = true;
		reply_error(relay->to, relay->request, arena_printf(run->arena,
			"%s has this content, but hasn't handed it out for %d seconds", relay->from->name,
			SILENCE_MOST / 1000));
	}
}
