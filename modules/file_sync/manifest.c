/* manifest: the text in which the wished entries of a tree travel; patterns; modes. */
#include "modules/errors.h"
#include "modules/file_sync/file_sync.h"

#include "base/digest.h"
#include "base/glob.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- Lines */

static void write_word(struct buffer *out, const char *word)
{
	for (; *word; word++) {
		unsigned char c = (unsigned char)*word;

		if (c <= ' ' || c == '%' || c == 0x7f)
			buffer_printf(out, "%%%02X", c);
		else
			buffer_add_char(out, *word);
	}
}

void sync_line_write(struct buffer *out, const struct sync_line *line)
{
	switch (line->kind) {
	case SYNC_DIRECTORY:
		buffer_printf(out, "d %04o ", line->mode);
		break;
	case SYNC_FILE:
		buffer_printf(out, "f %04o %lld %s ", line->mode, (long long)line->size, line->digest);
		break;
	case SYNC_LINK:
		buffer_add_string(out, "l ");
		write_word(out, line->target);
		buffer_add_char(out, ' ');
		break;
	case SYNC_ABSENT:
		buffer_add_string(out, "a ");
		break;
	}
	write_word(out, line->path);
	buffer_add_char(out, '\n');
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Up to a space or the end of the line; NULL if there is none, or it is malformed. */
static const char *read_word(struct arena *arena, const char **at, const char *end)
{
	const char *from = *at;
	char *word = arena_alloc(arena, (size_t)(end - from) + 1);
	size_t size = 0;

	for (; from < end && *from != ' '; from++) {
		int high = *from == '%' && end - from > 2 ? hex_of(from[1]) : 0;
		int low = *from == '%' && end - from > 2 ? hex_of(from[2]) : 0;

		if (*from != '%') {
			word[size++] = *from;
			continue;
		}
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return NULL;
		word[size++] = (char)(high * 16 + low);
		from += 2;
	}
	*at = from < end ? from + 1 : end;
	return size > 0 ? word : NULL;
}

/* Never upwards, never absolute. */
static bool safe_path(const char *path)
{
	if (path[0] == '/')
		return false;
	while (*path) {
		size_t size = strcspn(path, "/");

		if (size == 0 || (size == 2 && strncmp(path, "..", 2) == 0))
			return false;
		path += size;
		if (*path == '/' && !*++path)
			return false;
	}
	return true;
}

static int read_line(struct arena *arena, const char *at, const char *end,
	struct sync_line *ret_line)
{
	struct sync_line line = { 0 };
	const char *kind = read_word(arena, &at, end);
	const char *word;

	if (!kind || kind[1] || !strchr("dfla", kind[0]))
		return -1;
	line.kind = kind[0] == 'd' ? SYNC_DIRECTORY : kind[0] == 'f' ? SYNC_FILE :
		kind[0] == 'l' ? SYNC_LINK : SYNC_ABSENT;
	if (line.kind == SYNC_DIRECTORY || line.kind == SYNC_FILE) {
		word = read_word(arena, &at, end);
		if (!word || strlen(word) > 5 || word[strspn(word, "01234567")])
			return -1;
		line.mode = (unsigned)strtoul(word, NULL, 8) & 07777;
	}
	if (line.kind == SYNC_FILE) {
		word = read_word(arena, &at, end);
		if (!word || strlen(word) > 18 || word[strspn(word, "0123456789")])
			return -1;
		line.size = strtoll(word, NULL, 10);
		line.digest = read_word(arena, &at, end);
		if (!line.digest || !digest_valid(line.digest))
			return -1;
	}
	if (line.kind == SYNC_LINK)
		line.target = read_word(arena, &at, end);
	line.path = read_word(arena, &at, end);
	if (!line.path || at != end || !safe_path(line.path) ||
	    (line.kind == SYNC_LINK && !line.target))
		return -1;
	*ret_line = line;
	return 0;
}

int sync_manifest_read(struct arena *arena, const char *text, struct sync_line **ret_lines,
	size_t *ret_count, struct error *err)
{
	struct sync_line *lines = arena_array(arena, SYNC_ENTRIES_MOST, sizeof(*lines));
	size_t count = 0;

	while (*text) {
		const char *end = text + strcspn(text, "\n");

		if (count == SYNC_ENTRIES_MOST)
			return error_set(err, FILE_SYNC_TOO_LARGE, "the manifest has too many entries");
		if (read_line(arena, text, end, &lines[count]) < 0)
			return error_set(err, AGENT_BAD_TASK, "line %zu of the manifest is malformed",
				count + 1);
		count++;
		text = end + (*end == '\n');
	}
	*ret_lines = lines;
	*ret_count = count;
	return 0;
}

/* --- Patterns */

static bool matches(const char *pattern, const char *path, bool directory)
{
	const char *name = strrchr(path, '/');
	char copy[1024];
	size_t size = strlen(pattern);

	if (size == 0 || size >= sizeof(copy))
		return false;
	memcpy(copy, pattern, size + 1);
	if (size > 1 && copy[size - 1] == '/') {
		if (!directory)
			return false;
		copy[size - 1] = '\0';
	}
	if (strchr(copy, '/'))
		return glob_match(copy + (copy[0] == '/'), strlen(copy + (copy[0] == '/')), path,
			GLOB_SETS | GLOB_PATHS);
	return glob_match(copy, strlen(copy), name ? name + 1 : path, GLOB_SETS);
}

static bool any_matches(const char *path, bool directory, const char *const *patterns,
	size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (matches(patterns[i], path, directory))
			return true;
	}
	return false;
}

bool sync_excluded(const char *path, bool directory, const char *const *exclude,
	size_t exclude_count, const char *const *include, size_t include_count)
{
	if (any_matches(path, directory, include, include_count))
		return false;
	if (any_matches(path, directory, exclude, exclude_count))
		return true;
	/* What lies in a directory that is left out is left out, too. */
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct arena *arena = arena_new();
		bool left_out = any_matches(arena_bytes(arena, path, (size_t)(slash - path)), true,
			exclude, exclude_count);

		arena_free(arena);
		if (left_out)
			return true;
	}
	return false;
}

/* --- Modes */

static unsigned bits_of(const char *letters, size_t count, unsigned old, bool directory)
{
	unsigned bits = 0;

	for (size_t i = 0; i < count; i++) {
		bits |= letters[i] == 'r' ? 0444 : letters[i] == 'w' ? 0222 :
			letters[i] == 'x' ? 0111 : letters[i] == 's' ? 06000 :
			letters[i] == 't' ? 01000 : 0;
		if (letters[i] == 'X' && (directory || (old & 0111)))
			bits |= 0111;
		if (letters[i] == 'u')
			bits |= 0111 * ((old >> 6) & 7);
		if (letters[i] == 'g')
			bits |= 0111 * ((old >> 3) & 7);
		if (letters[i] == 'o')
			bits |= 0111 * (old & 7);
	}
	return bits;
}

unsigned sync_mode(const char *text, unsigned old, bool directory)
{
	unsigned mode = old;

	if (isdigit((unsigned char)text[0]))
		return (unsigned)strtoul(text, NULL, 8) & 07777;
	while (*text) {
		size_t who = strspn(text, "ugoa");
		unsigned mask = who == 0 ? 07777 : 0;

		for (size_t i = 0; i < who; i++)
			mask |= text[i] == 'u' ? 04700 : text[i] == 'g' ? 02070 :
				text[i] == 'o' ? 01007 : 07777;
		text += who;
		while (*text && strchr("+-=", *text)) {
			char operation = *text++;
			size_t count = strspn(text, "rwxXstugo");
			unsigned bits = bits_of(text, count, mode, directory) & mask;

			mode = operation == '+' ? mode | bits : operation == '-' ? mode & ~bits :
				(mode & ~mask) | bits;
			text += count;
		}
		text += *text == ',';
		if (*text && !strchr("ugoa+-=", *text))
			break;
	}
	return mode;
}
