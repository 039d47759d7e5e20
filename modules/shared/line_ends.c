/* line_ends: a text whose lines all end as on DOS (\r\n) is worked on as if they ended with \n, and
 * is written as it was. */
#include "modules/shared/line_ends.h"

#include <string.h>

bool line_ends_dos(const char *text)
{
	const char *end = strchr(text, '\n');

	if (!end)
		return false;
	for (; end; end = strchr(end + 1, '\n')) {
		if (end == text || end[-1] != '\r')
			return false;
	}
	return true;
}

char *line_ends_plain(struct arena *arena, const char *text)
{
	char *plain = arena_string(arena, text), *to = plain;

	for (const char *from = text; *from; from++) {
		if (from[0] != '\r' || from[1] != '\n')
			*to++ = *from;
	}
	*to = '\0';
	return plain;
}

const char *line_ends_as(struct arena *arena, const char *text, bool dos)
{
	size_t count = 0;
	char *made, *to;

	if (!dos || !text)
		return text;
	for (const char *at = text; *at; at++)
		count += *at == '\n';
	made = to = arena_alloc(arena, strlen(text) + count + 1);
	for (; *text; text++) {
		if (*text == '\n')
			*to++ = '\r';
		*to++ = *text;
	}
	*to = '\0';
	return made;
}
