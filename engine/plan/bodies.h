/* bodies: the contents that tasks name by digest, found again when a node asks for them.
 *
 * A body is bytes, a file of the project, or a file that a node has offered. It is only for the
 * hosts whose own tasks name it: each of them is let in by bodies_allow when such a task is sent
 * there. */
#ifndef PLAN_BODIES_H
#define PLAN_BODIES_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "source/source.h"
#include "wire/messages.h"

#include <stdint.h>

struct bodies;
struct body;
struct run_host;

struct bodies *bodies_new(struct arena *arena, struct source *source);

/* So that files that haven't changed needn't be read to be named; what is new is written down there. */
void bodies_remember(struct bodies *bodies, const char *path);
void bodies_save(const struct bodies *bodies);

int bodies_add_file(struct bodies *bodies, const char *path, struct body **ret_body,
	struct error *err);
struct body *bodies_add_bytes(struct bodies *bodies, const void *bytes, size_t size);
/* What a host has, which says that it has this digest and this size. Content of the same digest
 * that is known here stays apart from it. */
struct body *bodies_add_offer(struct bodies *bodies, struct run_host *from, const char *digest,
	int64_t size);

const char *body_digest(const struct body *body);
int64_t body_size(const struct body *body);
struct run_host *body_offerer(const struct body *body);   /* NULL: it is known here */

/* Lets the host with this index (below count) have it. */
void bodies_allow(struct bodies *bodies, struct body *body, size_t host, size_t count);
/* What this host may have under this digest; NULL: nothing. */
const struct body *bodies_find(const struct bodies *bodies, const char *digest, size_t host);
/* A chunk of what is known here; 0 <= offset <= its size. */
/* The same for a node that has a file in its place, with these sums: what of it differs. */
struct reply bodies_blocks(const struct bodies *bodies, struct arena *arena, const struct body *body,
	int64_t offset, const struct bytes *have);
struct reply bodies_chunk(const struct bodies *bodies, struct arena *arena,
	const struct body *body, int64_t offset);

/* The contents that a task names. */
struct named {
	struct body **bodies;
	size_t count, capacity;
};

#endif
