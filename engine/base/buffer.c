/* buffer: bytes that grow at the end. */
#include "base/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MOST = 4096 };

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
	buffer_reserve(buffer, 0)[0] = '\0';
}

void buffer_shrink(struct buffer *buffer)
{
	if (buffer->capacity > KEPT_MOST)
		buffer_free(buffer);
	buffer_clear(buffer);
}

char *buffer_reserve(struct buffer *buffer, size_t room)
{
	size_t need = buffer->size + room + 1;
	size_t capacity = buffer->capacity ? buffer->capacity : 128;

	if (need < room) {
		fputs("beoplay: out of memory\n", stderr);
		abort();
	}
	if (need > buffer->capacity) {
		while (capacity < need)
			capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
		buffer->data = realloc(buffer->data, capacity);
		if (!buffer->data) {
			fputs("beoplay: out of memory\n", stderr);
			abort();
		}
		buffer->capacity = capacity;
	}
	return buffer->data + buffer->size;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
	char *end = buffer_reserve(buffer, size);

	if (size)
		memcpy(end, bytes, size);
	buffer->size += size;
	buffer->data[buffer->size] = '\0';
}

void buffer_add_string(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_add_char(struct buffer *buffer, char c)
{
	buffer_add(buffer, &c, 1);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size < 0)
		return;
	buffer_reserve(buffer, (size_t)size);
	va_start(args, format);
	vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, args);
	va_end(args);
	buffer->size += (size_t)size;
}

void buffer_drop_front(struct buffer *buffer, size_t size)
{
	if (size >= buffer->size) {
		buffer_clear(buffer);
		return;
	}
	memmove(buffer->data, buffer->data + size, buffer->size - size + 1);
	buffer->size -= size;
}
