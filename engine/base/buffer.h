/* buffer: bytes that grow at the end.
 *
 * data is never NULL after the first call and always has a NUL behind its size bytes; a zeroed
 * struct is an empty buffer. Not in an arena: give it back with buffer_free. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

struct buffer {
	char *data;
	size_t size;
	size_t capacity;
};

void buffer_free(struct buffer *buffer);
void buffer_clear(struct buffer *buffer);                   /* size 0, keeps the memory */
void buffer_shrink(struct buffer *buffer);                  /* size 0, keeps a little of it */
char *buffer_reserve(struct buffer *buffer, size_t room);   /* where room more bytes may go */
void buffer_add(struct buffer *buffer, const void *bytes, size_t size);
void buffer_add_string(struct buffer *buffer, const char *text);
void buffer_add_char(struct buffer *buffer, char c);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void buffer_drop_front(struct buffer *buffer, size_t size); /* forgets the first size bytes */

#endif
