/* relay: a node's request for content, answered from here or from the node that offered it. */
#include "plan/state.h"

#include "base/digest.h"

struct relay {
	struct relay *next;
	int64_t id;                /* of the FETCH */
	struct run_host *from;     /* who has it */
	struct run_host *to;       /* who asked */
	int64_t request;           /* and under which id */
	bool done;
};

static void reply(struct run_host *host, struct arena *arena, int64_t request,
	struct value *chunk)
{
	value_set_integer(arena, chunk, "id", request);
	if (run_connected(host))
		fleet_send(host->fleet, FRAME_REPLY, chunk);
}

static void reply_error(struct run_host *host, int64_t request, const char *text)
{
	struct arena *arena = arena_new();
	struct value *chunk = value_map(arena);

	value_set_string(arena, chunk, "error", text);
	reply(host, arena, request, chunk);
	arena_free(arena);
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

static void fetch(struct run *run, struct run_host *from, struct run_host *to,
	const struct value *request, struct arena *arena)
{
	struct relay *relay = relay_new(run);
	struct value *body = value_map(arena);

	relay->from = from;
	relay->to = to;
	relay->request = value_get_integer(request, "id", 0);
	value_set_integer(arena, body, "id", relay->id);
	value_set_string(arena, body, "digest", value_get_string(request, "digest"));
	value_set_integer(arena, body, "offset", value_get_integer(request, "offset", 0));
	fleet_send(from->fleet, FRAME_FETCH, body);
}

void relay_request(struct run *run, struct run_host *host, const struct value *request)
{
	const char *digest = value_get_string(request, "digest");
	int64_t id = value_get_integer(request, "id", 0);
	struct run_host *offerer;
	struct arena *arena;

	if (!digest || !digest_valid(digest)) {
		reply_error(host, id, "asked for content without a name");
		return;
	}
	arena = arena_new();
	offerer = bodies_offerer(run->bodies, digest);
	if (!offerer)
		reply(host, arena, id, bodies_chunk(run->bodies, arena, digest,
			value_get_integer(request, "offset", 0)));
	else if (run_connected(offerer))
		fetch(run, offerer, host, request, arena);
	else
		reply_error(host, id, arena_printf(arena, "%s, which has this content, is gone",
			offerer->name));
	arena_free(arena);
}

void relay_chunk(struct run *run, struct run_host *host, const struct value *chunk)
{
	int64_t id = value_get_integer(chunk, "id", 0);

	for (struct relay *relay = run->relays; relay; relay = relay->next) {
		struct arena *arena;

		if (relay->done || relay->id != id || relay->from != host)
			continue;
		arena = arena_new();
		relay->done = true;
		reply(relay->to, arena, relay->request, value_copy(arena, chunk));
		arena_free(arena);
		return;
	}
}

void relay_out(struct run *run, struct run_host *host)
{
	for (struct relay *relay = run->relays; relay; relay = relay->next) {
		if (relay->done || (relay->from != host && relay->to != host))
			continue;
		relay->done = true;
		if (relay->to != host)
			reply_error(relay->to, relay->request, "the host that has this content is gone");
	}
}
