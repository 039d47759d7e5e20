/* bodies: the contents that tasks name by digest, found again when a node asks for them. */
#include "plan/bodies.h"

#include "base/digest.h"
#include "text/lookup.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct body {
	const char *digest;
	const char *bytes;          /* or NULL */
	const char *path;           /* or NULL */
	int64_t size;
	struct run_host *offerer;   /* or NULL */
};

struct bodies {
	struct arena *arena;
	struct source *source;
	struct lookup by_digest;
	struct lookup by_path;
};

struct bodies *bodies_new(struct arena *arena, struct source *source)
{
	struct bodies *bodies = arena_alloc(arena, sizeof(*bodies));

	bodies->arena = arena;
	bodies->source = source;
	return bodies;
}

static struct body *body_get(struct bodies *bodies, const char *digest)
{
	struct body *body = lookup_get(&bodies->by_digest, digest);

	if (body)
		return body;
	body = arena_alloc(bodies->arena, sizeof(*body));
	body->digest = arena_string(bodies->arena, digest);
	lookup_put(bodies->arena, &bodies->by_digest, body->digest, body);
	return body;
}

int bodies_add_file(struct bodies *bodies, const char *path, const char **ret_digest,
	int64_t *ret_size, struct error *err)
{
	struct body *body = lookup_get(&bodies->by_path, path);
	char hex[DIGEST_HEX_SIZE];
	int64_t size;
	int fd;

	if (!body) {
		fd = source_open(bodies->source, path, &size, err);
		if (fd < 0)
			return -1;
		if (digest_descriptor(fd, hex) < 0) {
			error_errno(err, ERROR_TEXT, "cannot read '%s'", path);
			close(fd);
			return -1;
		}
		close(fd);
		body = body_get(bodies, hex);
		body->path = arena_string(bodies->arena, path);
		body->size = size;
		lookup_put(bodies->arena, &bodies->by_path, body->path, body);
	}
	*ret_digest = body->digest;
	*ret_size = body->size;
	return 0;
}

int bodies_add_bytes(struct bodies *bodies, const void *bytes, size_t size,
	const char **ret_digest)
{
	char hex[DIGEST_HEX_SIZE];
	struct body *body;

	digest_bytes(bytes, size, hex);
	body = body_get(bodies, hex);
	if (!body->bytes) {
		body->bytes = arena_bytes(bodies->arena, bytes, size);
		body->size = (int64_t)size;
	}
	*ret_digest = body->digest;
	return 0;
}

void bodies_offered(struct bodies *bodies, const struct value *facts, struct run_host *host)
{
	if (!facts)
		return;
	if (facts->kind == VALUE_STRING && digest_valid(facts->text))
		body_get(bodies, facts->text)->offerer = host;
	for (size_t i = 0; i < facts->count; i++)
		bodies_offered(bodies, facts->kind == VALUE_MAP ? facts->pairs[i].value
			: facts->items[i], host);
}

struct run_host *bodies_offerer(const struct bodies *bodies, const char *digest)
{
	const struct body *body = lookup_get(&bodies->by_digest, digest);

	return body && !body->bytes && !body->path ? body->offerer : NULL;
}

static struct value *chunk_error(struct arena *arena, const char *text)
{
	struct value *chunk = value_map(arena);

	value_set_string(arena, chunk, "error", text);
	return chunk;
}

/* The piece of a file; what has changed since it was hashed is found by the node, which hashes. */
static ssize_t read_piece(const struct bodies *bodies, const struct body *body, int64_t offset,
	char *bytes, size_t room)
{
	struct error err = {0};
	size_t done = 0;
	int64_t size;
	ssize_t got = 0;
	int fd = source_open(bodies->source, body->path, &size, &err);

	if (fd < 0)
		return -1;
	while (done < room) {
		got = pread(fd, bytes + done, room - done, (off_t)(offset + (int64_t)done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	close(fd);
	return got < 0 ? -1 : (ssize_t)done;
}

struct value *bodies_chunk(const struct bodies *bodies, struct arena *arena, const char *digest,
	int64_t offset)
{
	const struct body *body = lookup_get(&bodies->by_digest, digest);
	struct value *chunk;
	size_t room;

	if (!body || (!body->bytes && !body->path))
		return chunk_error(arena, "the controller doesn't know this content");
	if (offset < 0 || offset > body->size)
		return chunk_error(arena, "asked for what is behind the end of a content");
	room = (size_t)(body->size - offset);
	if (room > CHUNK_SIZE)
		room = CHUNK_SIZE;
	chunk = value_map(arena);
	if (body->bytes) {
		value_set(arena, chunk, "bytes", value_bytes(arena, body->bytes + offset, room));
	} else {
		char *bytes = arena_alloc(arena, room + 1);

		if (read_piece(bodies, body, offset, bytes, room) != (ssize_t)room)
			return chunk_error(arena, arena_printf(arena,
				"'%s' changed on the controller while it was being sent", body->path));
		value_set(arena, chunk, "bytes", value_bytes(arena, bytes, room));
	}
	value_set_integer(arena, chunk, "size", body->size);
	return chunk;
}
