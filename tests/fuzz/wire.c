/* wire: what comes over a connection. */
#include "tests/fuzz/fuzz.h"

#include "wire/wire.h"

#include <string.h>

/* MessagePack: what is read, written and read again is written as the same. */
static void message(struct arena *arena, const char *bytes, size_t size)
{
	struct value *value, *again;
	struct buffer out = { 0 }, back = { 0 };
	struct error err = { 0 };

	if (wire_decode(arena, bytes, size, &value, &err) < 0) {
		require(err.message[0] != '\0');
		return;
	}
	wire_encode(&out, value);
	require(wire_decode(arena, out.data, out.size, &again, &err) == 0);
	wire_encode(&back, again);
	require(out.size == back.size && memcmp(out.data, back.data, out.size) == 0);
	buffer_free(&out);
	buffer_free(&back);
}

/* What was taken as a message is one that can be sent. */
static void check_sent(const struct frame *read, enum frame_sender sender)
{
	struct buffer out = { 0 };
	struct error err = { 0 };

	require(frame_write(&out, sender, read->type, read->message, &err) == 0);
	buffer_free(&out);
}

/* The first byte says whose it is. */
static void frame(struct arena *arena, const char *bytes, size_t size)
{
	enum frame_sender sender;
	struct frame read;
	struct error err = { 0 };
	int64_t whole;

	if (size == 0)
		return;
	sender = (enum frame_sender)((unsigned char)bytes[0] % 4);
	whole = frame_size(bytes + 1, size - 1, &err);
	if (whole < 0)
		require(err.message[0] != '\0');
	if (whole <= 0 || (uint64_t)whole > size - 1)
		return;
	if (frame_read(arena, bytes + 1, size - 1, sender, &read, &err) < 0)
		require(err.message[0] != '\0');
	else
		check_sent(&read, sender);
}

const struct fuzz_target fuzz_wire[] = {
	{ "message", message },
	{ "frame", frame },
	{ 0 },
};
