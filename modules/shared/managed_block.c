/* managed_block: lines between two marker lines in a file that others write, too. */
#include "modules/shared/managed_block.h"

#include <string.h>

/* The line that is this, whatever it ends with, at or after from; NULL: none. */
static const char *find_line(const char *from, const char *line)
{
	size_t size = strlen(line);

	while (*from) {
		size_t length = strcspn(from, "\n");

		if (length == size + 1 && from[size] == '\r')
			length--;
		if (length == size && strncmp(from, line, size) == 0)
			return from;
		from += strcspn(from, "\n");
		from += *from == '\n';
	}
	return NULL;
}

static const char *after_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

struct managed_block managed_block_find(struct arena *arena, const char *text,
	const char *begin, const char *end)
{
	const char *first = find_line(text, begin);
	const char *inside = first ? after_line(first) : NULL;
	const char *last = inside ? find_line(inside, end) : NULL;
	const char *another = inside ? find_line(inside, begin) : NULL;
	struct managed_block block = { .inside = "" };

	if (!first)
		return block;
	if (!last || (another && another < last)) {
		block.broken = "has a block without an end";
		block.remedy = arena_printf(arena, "put the line '%s' back where the block ends, or remove the "
			"line '%s'", end, begin);
		return block;
	}
	if (another) {
		block.broken = "has the same block twice";
		block.remedy = arena_printf(arena, "remove one of them, from '%s' to '%s'", begin, end);
		return block;
	}
	block.there = true;
	block.start = (size_t)(first - text);
	block.end = (size_t)(after_line(last) - text);
	block.inside = arena_bytes(arena, inside, (size_t)(last - inside));
	return block;
}

char *managed_block_set(struct arena *arena, const char *text, const char *begin, const char *end,
	const char *inside)
{
	struct managed_block block = managed_block_find(arena, text, begin, end);
	size_t start = block.there ? block.start : strlen(text);
	const char *behind = block.there ? text + block.end : "";
	const char *newline = start > 0 && text[start - 1] != '\n' ? "\n" : "";

	if (!inside)
		return arena_printf(arena, "%.*s%s", (int)start, text, behind);
	return arena_printf(arena, "%.*s%s%s\n%s%s\n%s", (int)start, text, newline, begin, inside, end,
		behind);
}

struct lookup managed_block_lines(struct arena *arena, const char *text)
{
	struct lookup lines = {0};

	while (*text) {
		size_t size = strcspn(text, "\n");
		char *line = arena_bytes(arena, text, size);

		lookup_put(arena, &lines, line, line);
		text += size + (text[size] == '\n');
	}
	return lines;
}

bool managed_block_has_line(const char *text, const char *line, size_t size)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length == size && strncmp(text, line, size) == 0)
			return true;
		text += length + (text[length] == '\n');
	}
	return false;
}
