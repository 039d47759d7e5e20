/* glob: whether a name matches a pattern with * and ?, in bounded time. */
#include "base/glob.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static bool in_class(const char *name, size_t size, int c)
{
	static const struct {
		const char *name;
		int (*holds)(int c);
	} classes[] = {
		{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank }, { "cntrl", iscntrl },
		{ "digit", isdigit }, { "graph", isgraph }, { "lower", islower }, { "print", isprint },
		{ "punct", ispunct }, { "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
		if (strlen(classes[i].name) == size && strncmp(classes[i].name, name, size) == 0)
			return classes[i].holds(c) != 0;
	}
	return false;
}

/* [:NAME:] at the beginning; how long it is, 0: it is none. */
static size_t class_size(const char *at, size_t left)
{
	const char *end = left > 4 && at[0] == '[' && at[1] == ':' ? memmem(at + 2, left - 2, ":]", 2)
		: NULL;

	return end ? (size_t)(end - at) + 2 : 0;
}

/* A set at the beginning of the pattern; how long it is, 0: it has no end, and is no set. */
static size_t match_set(const char *pattern, size_t size, unsigned char c, bool *ret_matches)
{
	size_t at = 1;
	bool negated = at < size && (pattern[at] == '!' || pattern[at] == '^'), found = false;

	at += negated;
	for (size_t start = at; at < size && (pattern[at] != ']' || at == start);) {
		size_t named = class_size(pattern + at, size - at);
		unsigned char from, to;

		if (named) {
			found = found || in_class(pattern + at + 2, named - 4, c);
			at += named;
			continue;
		}
		at += pattern[at] == '\\' && at + 1 < size;
		from = to = (unsigned char)pattern[at++];
		if (at + 1 < size && pattern[at] == '-' && pattern[at + 1] != ']') {
			at += pattern[at + 1] == '\\' && at + 2 < size ? 2 : 1;
			to = (unsigned char)pattern[at++];
		}
		found = found || (from <= c && c <= to);
	}
	*ret_matches = found != negated;
	return at < size ? at + 1 : 0;
}

/* Whether the pattern begins with something that is c; how much of it that takes, 0: it doesn't. */
static size_t match_one(const char *pattern, size_t size, char c, unsigned flags)
{
	bool wild = c != '/' || !(flags & GLOB_PATHS), matches;
	size_t taken = (flags & GLOB_SETS) && size > 0 && *pattern == '['
		? match_set(pattern, size, (unsigned char)c, &matches) : 0;

	if (size == 0)
		return 0;
	if (taken)
		return wild && matches ? taken : 0;
	if (*pattern == '?')
		return wild ? 1 : 0;
	if ((flags & GLOB_SETS) && *pattern == '\\' && size > 1)
		return pattern[1] == c ? 2 : 0;
	return *pattern == c ? 1 : 0;
}

/* Only the last star has to be tried again: what is before it can't do better. */
bool glob_match(const char *pattern, size_t size, const char *text, unsigned flags)
{
	size_t star = SIZE_MAX, at = 0;
	const char *back = text;

	if ((flags & GLOB_PERIOD) && *text == '.' && !(size > 0 && *pattern == '.'))
		return false;
	while (*text) {
		size_t taken;

		if (at < size && pattern[at] == '*') {
			star = ++at;
			back = text;
		} else if ((taken = match_one(pattern + at, size - at, *text, flags))) {
			at += taken;
			text++;
		} else if (star != SIZE_MAX && !(*back == '/' && (flags & GLOB_PATHS))) {
			at = star;
			text = ++back;
		} else {
			return false;
		}
	}
	while (at < size && pattern[at] == '*')
		at++;
	return at == size;
}
