/* spot: where something is wrong in a value that came from outside. */
#include "base/spot.h"

#include "base/buffer.h"
#include "base/shape.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add_spot(struct buffer *path, const struct spot *spot)
{
	if (!spot)
		return;
	add_spot(path, spot->outer);
	if (spot->name)
		buffer_printf(path, "%s%.64s", path->size > 0 ? "." : "", spot->name);
	else
		buffer_printf(path, "[%zu]", spot->index);
}

int spot_wrong(const struct spot_check *check, const struct spot *spot, const char *format, ...)
{
	struct buffer path = {0};
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	add_spot(&path, spot);
	error_set(check->err, check->code, "%s: %s%s%s%s", check->name, path.size > 0 ? "'" : "",
		path.size > 0 ? path.data : "it", path.size > 0 ? "' " : " ", what);
	buffer_free(&path);
	return -1;
}

int spot_must_be(const struct spot_check *check, const struct spot *spot, const char *what,
	const struct value *value)
{
	return spot_wrong(check, spot, "must be %s, not %s", what, value_kind_name(value));
}

int spot_integer(const struct spot_check *check, const struct spot *spot, const struct value *value,
	uint64_t most, bool is_signed)
{
	int64_t highest = most ? (int64_t)most : SHAPE_INTEGER_MOST;
	int64_t lowest = is_signed ? -highest : 0;

	if (value->kind != VALUE_INTEGER)
		return spot_must_be(check, spot, "an integer", value);
	if (value->integer < lowest || value->integer > highest)
		return spot_wrong(check, spot, "must be from %" PRId64 " to %" PRId64 ", not %" PRId64,
			lowest, highest, value->integer);
	return 0;
}

int spot_text(const struct spot_check *check, const struct spot *spot, const struct value *value,
	uint64_t most, bool any_bytes)
{
	if (value->kind != VALUE_STRING)
		return spot_must_be(check, spot, "a string", value);
	if (value->size > most)
		return spot_wrong(check, spot, "must have at most %zu bytes, not %zu", (size_t)most,
			value->size);
	if (!any_bytes && memchr(value->text, 0, value->size + 1) != value->text + value->size)
		return spot_wrong(check, spot, "must not hold a NUL byte");
	return 0;
}

int spot_list(const struct spot_check *check, const struct spot *spot, const struct value *value,
	uint64_t most)
{
	if (value->kind != VALUE_LIST)
		return spot_must_be(check, spot, "a list", value);
	if (value->count > most)
		return spot_wrong(check, spot, "must have at most %zu items, not %zu", (size_t)most,
			value->count);
	return 0;
}
