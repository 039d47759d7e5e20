/* bodies: the contents that tasks name by digest, found again when a node asks for them.
 *
 * A body is bytes, a file of the project, or a file that a node has offered. */
#ifndef PLAN_BODIES_H
#define PLAN_BODIES_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "text/source.h"

#include <stdint.h>

struct bodies;
struct run_host;

struct bodies *bodies_new(struct arena *arena, struct source *source);

int bodies_add_file(struct bodies *bodies, const char *path, const char **ret_digest,
	int64_t *ret_size, struct error *err);
int bodies_add_bytes(struct bodies *bodies, const void *bytes, size_t size,
	const char **ret_digest);
/* Whatever looks like a digest inside facts is taken as an offer of this host. */
void bodies_offered(struct bodies *bodies, const struct value *facts, struct run_host *host);
/* The host that has offered it, if it isn't known here; else NULL. */
struct run_host *bodies_offerer(const struct bodies *bodies, const char *digest);

/* {bytes, size} of a chunk, or {error}. */
struct value *bodies_chunk(const struct bodies *bodies, struct arena *arena, const char *digest,
	int64_t offset);

#endif
