/* shared: long texts that go to many hosts alike, compressed once.
 *
 * A text is remembered by a few of its bytes when it comes first, and kept when it comes again: what only
 * one host gets costs nothing more than before. */
#include "wire/shared.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { SLOTS = 256, SAMPLES = 64, KEPT_MOST = 32 << 20 };

struct slot {
	uint64_t hash;
	size_t size;                   /* of the text; 0: empty */
	char *raw;                     /* NULL: it came once */
	char *packed;
	size_t packed_size;
	unsigned flags;
};

struct frame_shared {
	struct slot slots[SLOTS];
	size_t kept;                   /* bytes of all raw texts */
	ZSTD_CCtx *context;
};

struct frame_shared *frame_shared_new(void)
{
	return calloc(1, sizeof(struct frame_shared));
}

static void empty(struct frame_shared *shared, struct slot *slot)
{
	if (slot->raw)
		shared->kept -= slot->size;
	free(slot->raw);
	free(slot->packed);
	*slot = (struct slot){ 0 };
}

void frame_shared_free(struct frame_shared *shared)
{
	for (size_t i = 0; shared && i < SLOTS; i++)
		empty(shared, &shared->slots[i]);
	if (shared)
		ZSTD_freeCCtx(shared->context);
	free(shared);
}

/* FNV-1a of bytes from all over the text, which need only tell most texts apart. */
static uint64_t hash_of(const char *bytes, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325u ^ size;

	for (size_t i = 0; i < SAMPLES; i++) {
		for (size_t k = 0; k < 4; k++) {
			hash ^= (unsigned char)bytes[(size - 4) * i / (SAMPLES - 1) + k];
			hash *= 0x100000001b3u;
		}
	}
	return hash;
}

static void pack(struct frame_shared *shared, struct slot *slot)
{
	size_t room = ZSTD_compressBound(slot->size), got;

	if (!shared->context)
		shared->context = ZSTD_createCCtx();
	slot->packed = malloc(room);
	if (!shared->context || !slot->packed)
		return;
	got = ZSTD_compressCCtx(shared->context, slot->packed, room, slot->raw, slot->size, FRAME_LEVEL);
	if (ZSTD_isError(got) || got >= slot->size)
		return;
	slot->packed_size = got;
	slot->flags = FRAME_COMPRESSED;
}

/* Others that were kept make room for it. */
static bool keep(struct frame_shared *shared, struct slot *slot, const char *bytes, size_t size)
{
	char *raw = malloc(size);

	if (!raw)
		return false;
	for (size_t i = 0; shared->kept + size > KEPT_MOST && i < SLOTS; i++)
		empty(shared, &shared->slots[i]);
	memcpy(raw, bytes, size);
	*slot = (struct slot){ .hash = hash_of(bytes, size), .size = size, .raw = raw };
	shared->kept += size;
	pack(shared, slot);
	return true;
}

bool frame_shared_find(struct frame_shared *shared, const char *bytes, size_t size,
	struct shared_text *ret_text)
{
	uint64_t hash;
	struct slot *slot;

	if (!shared || size > FRAME_MOST || size < SHARED_LEAST)
		return false;
	hash = hash_of(bytes, size);
	slot = &shared->slots[hash % SLOTS];
	if (slot->hash != hash || slot->size != size
			|| (slot->raw && memcmp(slot->raw, bytes, size) != 0)) {
		empty(shared, slot);
		slot->hash = hash;
		slot->size = size;
		return false;
	}
	if (!slot->raw && !keep(shared, slot, bytes, size))
		return false;
	*ret_text = (struct shared_text){ slot->flags ? slot->packed : slot->raw,
		slot->flags ? slot->packed_size : slot->size, slot->flags };
	return true;
}
