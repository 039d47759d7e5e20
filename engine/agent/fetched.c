/* fetched: small bodies that come in one answer, right before they are written. */
#include "agent/machine.h"

#include <stdlib.h>
#include <string.h>

struct fetched {
	struct arena *arena;
	const char **digests;
	struct bytes *bodies;
	size_t count;
	size_t next;               /* they are mostly written in their order */
};

void fetched_drop(struct machine *machine)
{
	if (machine->fetched)
		arena_free(machine->fetched->arena);
	machine->fetched = NULL;
}

const struct bytes *fetched_find(const struct machine *machine, const char *digest)
{
	struct fetched *fetched = machine->fetched;

	for (size_t i = 0; fetched && i < fetched->count; i++) {
		size_t at = (fetched->next + i) % fetched->count;

		if (strcmp(fetched->digests[at], digest) != 0)
			continue;
		fetched->next = at + 1;
		return &fetched->bodies[at];
	}
	return NULL;
}

/* How many of the first fit into one answer; one alone isn't worth it. */
static size_t fitting(const int64_t *sizes, size_t count)
{
	size_t fits = 0;
	int64_t all = 0;

	while (fits < count && fits < BODIES_MOST && sizes[fits] >= 0 && sizes[fits] <= CHUNK_SIZE - all)
		all += sizes[fits++];
	return fits > 1 ? fits : 0;
}

/* The answer in pieces, each of the size that was promised; whether they have its digest is looked at when
 * they are written. */
static bool cut(struct fetched *fetched, const struct bytes *all, const char *const *digests,
	const int64_t *sizes)
{
	size_t at = 0;

	for (size_t i = 0; i < fetched->count; i++) {
		if ((size_t)sizes[i] > all->size - at)
			return false;
		fetched->digests[i] = digests[i];
		fetched->bodies[i] = (struct bytes){ all->bytes + at, (size_t)sizes[i] };
		at += (size_t)sizes[i];
	}
	return at == all->size;
}

size_t fetched_ask(void *context, const char *const *digests, const int64_t *sizes, size_t count)
{
	struct machine *machine = context;
	struct request request = { .kind = REQUEST_BODY };
	struct reply reply = {0};
	struct error ignored = {0};
	struct fetched *fetched;
	struct arena *arena;

	fetched_drop(machine);
	count = fitting(sizes, count);
	if (count == 0)
		return 0;
	arena = arena_new();
	fetched = arena_alloc(arena, sizeof(*fetched));
	*fetched = (struct fetched){ .arena = arena, .count = count,
		.digests = arena_array(arena, count, sizeof(*fetched->digests)),
		.bodies = arena_array(arena, count, sizeof(*fetched->bodies)) };
	machine->fetched = fetched;
	request.digest = digests[0];
	request.more = value_list(arena);
	for (size_t i = 1; i < count; i++)
		value_append(arena, request.more, value_string(arena, digests[i]));
	if (machine->ask(machine->context, arena, &request, &reply, &ignored) == 0 && reply.bytes.bytes
			&& cut(fetched, &reply.bytes, digests, sizes))
		return count;
	/* Each of them is asked for alone then, and what is wrong is told. */
	fetched_drop(machine);
	return 0;
}
