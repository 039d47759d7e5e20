/* error: what went wrong, where in the user's text, and what to do about it. */
#include "base/error.h"

#include "base/arena.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int error_fill(struct error *err, const struct error_code *code, const char *format,
	va_list args) __attribute__((format(printf, 3, 0)));
static int error_fill(struct error *err, const struct error_code *code, const char *format,
	va_list args)
{
	if (!err || err->kind != ERROR_NONE)
		return -1;
	err->code = code;
	err->kind = code->kind;
	vsnprintf(err->message, sizeof(err->message), format, args);
	return -1;
}

int error_set(struct error *err, const struct error_code *code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_fill(err, code, format, args);
	va_end(args);
	return -1;
}

int error_at(struct error *err, const struct error_code *code, struct place place,
	const char *format, ...)
{
	va_list args;

	if (err && err->kind == ERROR_NONE)
		err->place = place;
	va_start(args, format);
	error_fill(err, code, format, args);
	va_end(args);
	return -1;
}

int error_errno(struct error *err, const struct error_code *code, const char *format, ...)
{
	int number = errno;
	size_t used;
	va_list args;

	if (!err || err->kind != ERROR_NONE)
		return -1;
	va_start(args, format);
	error_fill(err, code, format, args);
	va_end(args);
	used = strlen(err->message);
	snprintf(err->message + used, sizeof(err->message) - used, ": %s", strerror(number));
	return -1;
}

int error_remedy(struct error *err, const char *format, ...)
{
	va_list args;

	if (!err || err->remedy[0])
		return -1;
	va_start(args, format);
	vsnprintf(err->remedy, sizeof(err->remedy), format, args);
	va_end(args);
	return -1;
}

int error_place(struct error *err, struct place place)
{
	if (err && err->place.line == 0)
		err->place = place;
	return -1;
}

void error_clear(struct error *err)
{
	memset(err, 0, sizeof(*err));
}

/* A file may be read in two ways, for two reasons. */
static bool is_kept(const struct error_list *list, const struct error *err)
{
	for (const struct error *one = list->first; one; one = one->next) {
		if (one->place.line > 0 && one->place.line == err->place.line
				&& one->place.column == err->place.column
				&& strcmp(one->message, err->message) == 0)
			return true;
	}
	return false;
}

void error_keep(struct arena *arena, struct error_list *list, struct error *err)
{
	struct error *kept;

	if (err->kind == ERROR_NONE || is_kept(list, err)) {
		error_clear(err);
		return;
	}
	if (list->count++ < ERRORS_TOLD_MOST) {
		kept = arena_alloc(arena, sizeof(*kept));
		*kept = *err;
		if (list->first)
			list->last->next = kept;
		else
			list->first = kept;
		list->last = kept;
	}
	error_clear(err);
}

int error_tell(const struct error_list *list, struct error *err)
{
	if (!list->first)
		return 0;
	if (err && err->kind == ERROR_NONE)
		*err = *list->first;
	return -1;
}
