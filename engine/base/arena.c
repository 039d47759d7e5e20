/* arena: memory that is given back all at once. */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
	struct block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char data[];
};

struct arena {
	struct block *blocks;   /* the first is the one being filled */
	bool wiped;
};

/* Each block is twice as large as the one before, up to a bound: many arenas hold one small thing. */
enum { BLOCK_FIRST = 1024, BLOCK_MOST = 8192 };

static void out_of_memory(void)
{
	fputs("beoplay: out of memory\n", stderr);
	abort();
}

struct arena *arena_new(void)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		out_of_memory();
	return arena;
}

struct arena *arena_new_wiped(void)
{
	struct arena *arena = arena_new();

	arena->wiped = true;
	return arena;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	while (arena->blocks) {
		struct block *next = arena->blocks->next;

		if (arena->wiped)
			explicit_bzero(arena->blocks->data, arena->blocks->size);
		free(arena->blocks);
		arena->blocks = next;
	}
	free(arena);
}

static struct block *block_new(size_t size)
{
	struct block *block;

	if (size > SIZE_MAX - sizeof(*block))
		out_of_memory();
	block = calloc(1, sizeof(*block) + size);
	if (!block)
		out_of_memory();
	block->size = size;
	return block;
}

static size_t next_size(const struct arena *arena)
{
	if (!arena->blocks)
		return BLOCK_FIRST;
	return arena->blocks->size < BLOCK_MOST / 2 ? 2 * arena->blocks->size : BLOCK_MOST;
}

/* A large piece gets a block of its own behind the first, which goes on being filled. */
static void *alloc_large(struct arena *arena, size_t size)
{
	struct block *block = block_new(size);

	block->used = size;
	if (arena->blocks) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		arena->blocks = block;
	}
	return block->data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct block *block = arena->blocks;
	void *piece;

	if (size > SIZE_MAX - align)
		out_of_memory();
	size = (size + align - 1) / align * align;
	if (!block || block->size - block->used < size) {
		if (size > next_size(arena) / 4)
			return alloc_large(arena, size);
		block = block_new(next_size(arena));
		block->next = arena->blocks;
		arena->blocks = block;
	}
	piece = block->data + block->used;
	block->used += size;
	return piece;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		out_of_memory();
	return arena_alloc(arena, count * size);
}

void *arena_grow(struct arena *arena, const void *old, size_t old_size, size_t new_size)
{
	void *piece = arena_alloc(arena, new_size);

	if (old_size)
		memcpy(piece, old, old_size < new_size ? old_size : new_size);
	return piece;
}

char *arena_bytes(struct arena *arena, const void *bytes, size_t size)
{
	char *copy;

	if (size == SIZE_MAX)
		out_of_memory();
	copy = arena_alloc(arena, size + 1);
	if (size)
		memcpy(copy, bytes, size);
	return copy;
}

/* There is room for the next power of two. */
void *arena_push(struct arena *arena, void *items, size_t *count, size_t size)
{
	size_t old = (*count)++;

	if (old & (old - 1))
		return items;
	return arena_grow(arena, items, old * size, (old ? 2 * old : 1) * size);
}

char *arena_string(struct arena *arena, const char *text)
{
	return text ? arena_bytes(arena, text, strlen(text)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text;
	int size;

	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0)
		out_of_memory();
	text = arena_alloc(arena, (size_t)size + 1);
	vsnprintf(text, (size_t)size + 1, format, args);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}
