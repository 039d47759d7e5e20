/* shared: long texts that go to many hosts alike, compressed once. */
#ifndef WIRE_SHARED_H
#define WIRE_SHARED_H

#include "wire/wire.h"

enum {
	SHARED_LEAST = 2048,           /* bytes; what is shorter isn't worth a frame of its own */
	FRAME_LEVEL = 3,               /* of zstd */
};

/* Where in an encoded message its long texts are. */
struct text_span {
	size_t start, size;
};

struct text_spans {
	struct text_span *items;       /* freed by whoever has made it */
	size_t count, capacity;
};

/* wire_encode, which adds to spans, unless NULL, the texts of at least SHARED_LEAST bytes that everybody may
 * see. out begins empty. */
void wire_encode_spans(struct buffer *out, const struct value *value, struct text_spans *spans);

/* What a frame holds of a text, valid until the next call. */
struct shared_text {
	const char *bytes;
	size_t size;
	unsigned flags;                /* FRAME_COMPRESSED, or none */
};

/* A text that came before, as it was then compressed; false: it is new here, or too long for a frame. */
bool frame_shared_find(struct frame_shared *shared, const char *bytes, size_t size,
	struct shared_text *ret_text);

#endif
