/* arena: memory that is given back all at once.
 *
 * Everything is zeroed and aligned for any type. Running out of memory ends the program: there is
 * nothing sensible that a configuration run could do then. Sizes are in bytes. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* Overwrites all of it when it is given back. */
struct arena *arena_new_wiped(void);
void arena_free(struct arena *arena);   /* NULL is allowed */

void *arena_alloc(struct arena *arena, size_t size);
/* count * size, refusing overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A larger copy; the old one stays valid. */
void *arena_grow(struct arena *arena, const void *old, size_t old_size, size_t new_size);
/* One item more behind those of an array that only this makes longer: ARENA_PUSH(arena, &items,
 * &count) is where it is, zeroed. */
void *arena_push(struct arena *arena, void *items, size_t *count, size_t size);
#define ARENA_PUSH(arena, items, count) \
	(*(items) = arena_push(arena, *(items), count, sizeof(**(items))), &(*(items))[*(count) - 1])
char *arena_string(struct arena *arena, const char *text);               /* NULL gives NULL */
char *arena_bytes(struct arena *arena, const void *bytes, size_t size);  /* adds a NUL behind */
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
