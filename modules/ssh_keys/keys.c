/* keys: which keys the lines of authorized_keys hold, behind whatever options. */
#include "modules/ssh_keys/trust.h"

#include <string.h>

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

/* The next word of a line of authorized_keys; blanks within quotes don't end one. */
static const char *word_end(const char *at)
{
	bool quoted = false;

	for (; *at && *at != '\n' && (quoted || !strchr(" \t\r", *at)); at++) {
		if (*at == '\\' && at[1] == '"')
			at++;
		else if (*at == '"')
			quoted = !quoted;
	}
	return at;
}

/* The key in a line, behind its options: "TYPE BASE64"; NULL: none. */
static const char *key_in(const char *line, size_t *ret_size)
{
	const char *at = line + strspn(line, " \t");

	for (int i = 0; i < 2; i++) {
		const char *type = word_end(at), *base64 = type + strspn(type, " \t");
		size_t size = strcspn(base64, " \t\r\n");
		char key[9000];

		*ret_size = (size_t)(base64 + size - at);
		if (size > 0 && *ret_size < sizeof(key)) {
			memcpy(key, at, (size_t)(type - at));
			key[type - at] = ' ';
			memcpy(key + (type - at) + 1, base64, size);
			key[(size_t)(type - at) + 1 + size] = '\0';
			if (ssh_key_valid(key))
				return at;
		}
		at = base64;
	}
	return NULL;
}

const char *trust_find_key(const char *lines, const char *key)
{
	size_t size, length;
	const char *wanted = key_in(key, &size);

	for (; wanted && lines && *lines; lines = next_line(lines)) {
		const char *found = key_in(lines, &length);

		if (found && length == size && strncmp(found, wanted, size) == 0)
			return lines;
	}
	return NULL;
}

bool trust_has_key(const char *text)
{
	size_t size;

	for (; *text; text = next_line(text)) {
		if (text[strspn(text, " \t")] != '#' && key_in(text, &size))
			return true;
	}
	return false;
}

const char *trust_key_of(struct arena *arena, const char *line)
{
	size_t size;
	const char *found = key_in(line, &size);

	return found ? arena_bytes(arena, found, size) : arena_bytes(arena, line, strcspn(line, "\n"));
}
