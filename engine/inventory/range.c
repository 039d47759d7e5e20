/* range: "node[1:3]" and "node[1-64,70]" → the names that are meant. */
#include "inventory/inventory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MOST = 9, NAME_MOST = 512 };

struct range {
	struct arena *arena;
	const char *name;      /* as written, for messages */
	struct place place;
	struct value *names;
	struct error *err;
};

static int expand(struct range *range, const char *prefix, const char *rest);

static int refuse(const struct range *range, const char *what)
{
	error_at(range->err, INVENTORY_INVALID_NAME, range->place, "in '%s' %s", range->name, what);
	return error_remedy(range->err, "write node[1:3], node[01:64:2], node[a:f] or node[1-64,70]");
}

static int add_name(struct range *range, const char *name)
{
	if (range->names->count >= INVENTORY_HOSTS_MOST)
		return error_at(range->err, INVENTORY_TOO_LARGE, range->place, "'%s' makes more than %d "
			"names", range->name, (int)INVENTORY_HOSTS_MOST);
	value_append(range->arena, range->names, value_string(range->arena, name));
	return 0;
}

static bool digits_only(const char *text)
{
	return *text && strlen(text) <= DIGITS_MOST && !text[strspn(text, "0123456789")];
}

static int expand_numbers(struct range *range, const char *prefix, const char *from,
	const char *to, unsigned long step, const char *rest)
{
	unsigned long first = strtoul(from, NULL, 10), last = strtoul(to, NULL, 10);
	int width = from[0] == '0' && from[1] ? (int)strlen(from) : 0;

	if (first > last)
		return refuse(range, "a range goes backwards");
	for (unsigned long number = first; number <= last; number += step) {
		if (expand(range, arena_printf(range->arena, "%s%0*lu", prefix, width, number), rest) < 0)
			return -1;
	}
	return 0;
}

static int expand_letters(struct range *range, const char *prefix, char from, char to,
	unsigned long step, const char *rest)
{
	if (from > to || islower((unsigned char)from) != islower((unsigned char)to))
		return refuse(range, "a range goes backwards");
	for (unsigned long letter = (unsigned char)from; letter <= (unsigned char)to; letter += step) {
		if (expand(range, arena_printf(range->arena, "%s%c", prefix, (char)letter), rest) < 0)
			return -1;
	}
	return 0;
}

/* "1", "1:3", "01:64:2", "1-3", "1-9/2", "a:f" */
static int expand_piece(struct range *range, const char *prefix, const char *piece,
	const char *rest)
{
	char *from = arena_string(range->arena, piece);
	char *to = strpbrk(from, ":-");
	char *step_text = to ? strpbrk(to + 1, ":/") : NULL;
	unsigned long step = 1;

	if (to)
		*to++ = '\0';
	else
		to = from;
	if (step_text) {
		*step_text++ = '\0';
		if (!digits_only(step_text) || (step = strtoul(step_text, NULL, 10)) == 0)
			return refuse(range, "the step of a range is no number above 0");
	}
	if (digits_only(from) && digits_only(to))
		return expand_numbers(range, prefix, from, to, step, rest);
	if (isalpha((unsigned char)from[0]) && !from[1] && isalpha((unsigned char)to[0]) && !to[1])
		return expand_letters(range, prefix, from[0], to[0], step, rest);
	return refuse(range, "a range is neither of numbers nor of letters");
}

static int expand(struct range *range, const char *prefix, const char *rest)
{
	const char *open = strchr(rest, '[');
	const char *close = open ? strchr(open, ']') : strchr(rest, ']');
	const char *piece;

	if (!open)
		return close ? refuse(range, "a ] has no [") :
			add_name(range, arena_printf(range->arena, "%s%s", prefix, rest));
	if (!close)
		return refuse(range, "a [ has no ]");
	prefix = arena_printf(range->arena, "%s%.*s", prefix, (int)(open - rest), rest);
	for (piece = open + 1; piece <= close;) {
		size_t size = strcspn(piece, ",]");

		if (expand_piece(range, prefix, arena_bytes(range->arena, piece, size), close + 1) < 0)
			return -1;
		piece += size + 1;
	}
	return 0;
}

int inventory_expand(struct arena *arena, const char *name, struct place place,
	struct value *names, struct error *err)
{
	struct range range = { arena, name, place, names, err };

	if (strlen(name) > NAME_MOST)
		return error_at(err, INVENTORY_INVALID_NAME, place, "a name is longer than %d bytes",
			(int)NAME_MOST);
	return expand(&range, "", name);
}
