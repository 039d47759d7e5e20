/* bodies: the contents that tasks name by digest, found again when a node asks for them. */
#include "plan/bodies.h"

#include "base/buffer.h"
#include "base/known_digests.h"
#include "base/lookup.h"
#include "base/spill.h"
#include "wire/blocks.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { IN_MEMORY_MOST = 64 << 20 };   /* bytes of all that are kept there */

/* What a template makes is another one for each host, and all of them are known before the first is sent. */
struct body {
	const char *digest;
	const char *bytes;          /* or NULL */
	bool spilled;               /* they are not in memory, but there: */
	int64_t at;
	const char *path;           /* or NULL */
	struct run_host *offerer;   /* or NULL */
	int64_t size;
	unsigned char *allowed;     /* a bit a host; NULL: nobody */
	struct body *next;          /* of the same digest, from somebody else */
};

struct bodies {
	struct arena *arena;
	struct source *source;
	struct lookup by_digest;
	struct lookup by_path;
	struct known_digests *known;
	size_t in_memory;
	struct spill *spill;
};

struct bodies *bodies_new(struct arena *arena, struct source *source)
{
	struct bodies *bodies = arena_alloc(arena, sizeof(*bodies));

	bodies->arena = arena;
	bodies->source = source;
	bodies->spill = spill_new(arena);
	return bodies;
}

void bodies_remember(struct bodies *bodies, const char *path)
{
	bodies->known = known_digests_open(bodies->arena, path);
}

void bodies_save(const struct bodies *bodies)
{
	known_digests_save(bodies->known);
}

static struct body *body_get(struct bodies *bodies, const char *digest, struct run_host *offerer)
{
	struct body *first = lookup_get(&bodies->by_digest, digest), *body = first;

	while (body && body->offerer != offerer)
		body = body->next;
	if (body)
		return body;
	body = arena_alloc(bodies->arena, sizeof(*body));
	body->offerer = offerer;
	if (first) {
		body->digest = first->digest;
		body->next = first->next;
		first->next = body;
	} else {
		body->digest = arena_string(bodies->arena, digest);
		lookup_put(bodies->arena, &bodies->by_digest, body->digest, body);
	}
	return body;
}

/* What hasn't changed since it was last read isn't opened. */
static bool is_known(struct bodies *bodies, const char *path, char ret_hex[DIGEST_HEX_SIZE],
	int64_t *ret_size)
{
	struct source_entry entry;
	struct error ignored = {0};

	if (!bodies->known || source_stat(bodies->source, path, true, &entry, &ignored) < 0
			|| entry.kind != SOURCE_FILE || !known_digest_find(bodies->known, &entry.known, ret_hex))
		return false;
	*ret_size = entry.size;
	return true;
}

static int read_digest(struct bodies *bodies, const char *path, char ret_hex[DIGEST_HEX_SIZE],
	int64_t *ret_size, struct error *err)
{
	int fd = source_open(bodies->source, path, ret_size, err), result;

	if (fd < 0)
		return -1;
	result = known_digest(bodies->known, fd, ret_hex);
	if (result < 0)
		error_errno(err, FILE_UNREADABLE, "cannot read '%s'", path);
	close(fd);
	return result;
}

int bodies_add_file(struct bodies *bodies, const char *path, struct body **ret_body,
	struct error *err)
{
	struct body *body = lookup_get(&bodies->by_path, path);
	char hex[DIGEST_HEX_SIZE];
	int64_t size;

	if (!body) {
		if (!is_known(bodies, path, hex, &size) && read_digest(bodies, path, hex, &size, err) < 0)
			return -1;
		source_ask_body(bodies->source, path, hex);
		body = body_get(bodies, hex, NULL);
		body->path = arena_string(bodies->arena, path);
		body->size = size;
		lookup_put(bodies->arena, &bodies->by_path, body->path, body);
	}
	*ret_body = body;
	return 0;
}

static void keep(struct bodies *bodies, struct body *body, const void *bytes, size_t size)
{
	body->size = (int64_t)size;
	if (bodies->in_memory + size > IN_MEMORY_MOST) {
		body->at = spill_add(bodies->spill, bytes, size);
		body->spilled = body->at >= 0;
	}
	if (!body->spilled) {
		bodies->in_memory += size;
		body->bytes = arena_bytes(bodies->arena, bytes, size);
	}
}

struct body *bodies_add_bytes(struct bodies *bodies, const void *bytes, size_t size)
{
	char hex[DIGEST_HEX_SIZE];
	struct body *body;

	digest_bytes(bytes, size, hex);
	body = body_get(bodies, hex, NULL);
	if (!body->bytes && !body->spilled)
		keep(bodies, body, bytes, size);
	return body;
}

struct body *bodies_add_offer(struct bodies *bodies, struct run_host *from, const char *digest,
	int64_t size)
{
	struct body *body = body_get(bodies, digest, from);

	body->size = size;
	return body;
}

const char *body_digest(const struct body *body)
{
	return body->digest;
}

int64_t body_size(const struct body *body)
{
	return body->size;
}

struct run_host *body_offerer(const struct body *body)
{
	return body->offerer;
}

void bodies_allow(struct bodies *bodies, struct body *body, size_t host, size_t count)
{
	if (!body->allowed)
		body->allowed = arena_alloc(bodies->arena, count / 8 + 1);
	body->allowed[host / 8] |= (unsigned char)(1u << host % 8);
}

const struct body *bodies_find(const struct bodies *bodies, const char *digest, size_t host)
{
	const struct body *body = lookup_get(&bodies->by_digest, digest);

	while (body && !(body->allowed && (body->allowed[host / 8] >> host % 8 & 1)))
		body = body->next;
	return body;
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

struct reply bodies_chunk(const struct bodies *bodies, struct arena *arena,
	const struct body *body, int64_t offset)
{
	struct reply chunk = { .size = body->size };
	size_t left = (size_t)(body->size - offset), room = left < CHUNK_SIZE ? left : CHUNK_SIZE;
	char *bytes;

	if (body->bytes) {
		chunk.bytes = (struct bytes){ body->bytes + offset, room };
		return chunk;
	}
	if (body->spilled) {
		bytes = spill_read(arena, bodies->spill, body->at + offset, room);
		if (bytes)
			chunk.bytes = (struct bytes){ bytes, room };
		else
			chunk.error = "what was kept of it in a temporary file can't be read";
		return chunk;
	}
	bytes = arena_alloc(arena, room + 1);
	if (read_piece(bodies, body, offset, bytes, room) == (ssize_t)room)
		chunk.bytes = (struct bytes){ bytes, room };
	else
		chunk.error = arena_printf(arena, "'%s' changed on the controller while it was being sent",
			body->path);
	return chunk;
}

struct comparing {
	const struct bytes *have;
	size_t count;              /* of blocks that were looked at */
	char same[BLOCKS_MOST];
	struct buffer out;
};

/* The blocks of one piece; false: what differs doesn't fit any more. */
static bool compare_piece(struct comparing *comparing, const struct bytes *piece)
{
	for (size_t at = 0; at < piece->size && comparing->count < comparing->have->size / BLOCK_SUM_SIZE;) {
		size_t size = block_length((int64_t)(piece->size - at), 0);
		unsigned char sum[BLOCK_SUM_SIZE];
		bool same;

		block_sum(piece->bytes + at, size, sum);
		same = memcmp(sum, comparing->have->bytes + comparing->count * BLOCK_SUM_SIZE, sizeof(sum)) == 0;
		if (!same && comparing->out.size + size > CHUNK_SIZE)
			return false;
		if (!same)
			buffer_add(&comparing->out, piece->bytes + at, size);
		comparing->same[comparing->count++] = same;
		at += size;
	}
	return comparing->count < comparing->have->size / BLOCK_SUM_SIZE;
}

struct reply bodies_blocks(const struct bodies *bodies, struct arena *arena, const struct body *body,
	int64_t offset, const struct bytes *have)
{
	struct comparing comparing = { .have = have };
	struct reply reply = { .size = body->size };
	bool goes_on = true;

	for (int64_t at = offset; goes_on && at < body->size; at += CHUNK_SIZE) {
		struct arena *reading = arena_new();
		struct reply piece = bodies_chunk(bodies, reading, body, at);

		if (piece.error)
			reply.error = arena_string(arena, piece.error);
		goes_on = !piece.error && compare_piece(&comparing, &piece.bytes);
		arena_free(reading);
	}
	reply.bytes = (struct bytes){ arena_bytes(arena, comparing.out.data ? comparing.out.data : "",
		comparing.out.size), comparing.out.size };
	reply.same = (struct bytes){ arena_bytes(arena, comparing.same, comparing.count), comparing.count };
	buffer_free(&comparing.out);
	return reply;
}
