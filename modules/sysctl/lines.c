/* lines: the lines of a file of sysctl.d(5) that set one key. */
#include "modules/sysctl/sysctl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char turned(char c)
{
	return c == '.' ? '/' : c == '/' ? '.' : c;
}

static bool has_dots(const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (name[i] == '.' || name[i] == '/')
			return name[i] == '.';
	}
	return false;
}

void sysctl_key(const char *name, char ret_key[SYSCTL_NAME_MOST + 1])
{
	size_t size = strnlen(name, SYSCTL_NAME_MOST);
	bool dots = has_dots(name, size);

	for (size_t i = 0; i < size; i++)
		ret_key[i] = dots ? turned(name[i]) : name[i];
	ret_key[size] = '\0';
}

static bool is_key(const char *name, size_t size, const char *key)
{
	bool dots = has_dots(name, size);

	if (strlen(key) != size)
		return false;
	for (size_t i = 0; i < size; i++) {
		if ((dots ? turned(name[i]) : name[i]) != key[i])
			return false;
	}
	return true;
}

/* --- Values --- */

const char *sysctl_value(const char *value)
{
	static const char *const truths[] = { "yes", "true", "on", "y", "t" };
	static const char *const lies[] = { "no", "false", "off", "n", "f" };

	for (size_t i = 0; i < sizeof(truths) / sizeof(*truths); i++) {
		if (strcasecmp(value, truths[i]) == 0)
			return "1";
		if (strcasecmp(value, lies[i]) == 0)
			return "0";
	}
	return value;
}

static const char space[] = " \t\r\n";

struct word {
	const char *at;
	size_t size;
};

static struct word next_word(const char **at, const char *end)
{
	struct word word;

	while (*at < end && strchr(space, **at))
		(*at)++;
	word.at = *at;
	while (*at < end && !strchr(space, **at))
		(*at)++;
	word.size = (size_t)(*at - word.at);
	return word;
}

static bool take_number(struct word word, unsigned long long *ret_number)
{
	char text[32], *end;

	if (word.size == 0 || word.size >= sizeof(text) || word.at[0] < '0' || word.at[0] > '9')
		return false;
	memcpy(text, word.at, word.size);
	text[word.size] = '\0';
	/* Hexadecimal and octal, as the kernel reads them. */
	*ret_number = strtoull(text, &end, 0);
	return *end == '\0';
}

static bool same_word(struct word one, struct word other)
{
	unsigned long long first, second;

	if (one.size == other.size && memcmp(one.at, other.at, one.size) == 0)
		return true;
	return take_number(one, &first) && take_number(other, &second) && first == second;
}

bool sysctl_same(const char *one, size_t one_size, const char *other, size_t other_size)
{
	const char *one_end = one + one_size, *other_end = other + other_size;

	for (;;) {
		struct word left = next_word(&one, one_end), right = next_word(&other, other_end);

		if (left.size == 0 || right.size == 0)
			return left.size == right.size;
		if (!same_word(left, right))
			return false;
	}
}

/* --- Lines --- */

static void trim(const char **start, const char **end)
{
	while (*start < *end && strchr(space, **start))
		(*start)++;
	while (*end > *start && strchr(space, (*end)[-1]))
		(*end)--;
}

/* at is NULL where the line is no setting of the key. */
static struct sysctl_line line_at(const char *at, const char *key)
{
	size_t size = strcspn(at, "\n");
	const char *equals = memchr(at, '=', size), *start = at, *end = equals;
	const char *value = equals + 1, *value_end = at + size;

	if (!equals)
		return (struct sysctl_line){0};
	trim(&start, &end);
	/* Its error would be ignored at boot. */
	if (start < end && *start == '-')
		start++;
	if (!is_key(start, (size_t)(end - start), key))
		return (struct sysctl_line){0};
	trim(&value, &value_end);
	return (struct sysctl_line){ at, size, value, (size_t)(value_end - value) };
}

static const char *next_line(const char *at)
{
	at += strcspn(at, "\n");
	return at + (*at == '\n');
}

struct sysctl_line sysctl_last(const char *text, const char *key)
{
	struct sysctl_line last = {0};

	for (; *text; text = next_line(text)) {
		struct sysctl_line line = line_at(text, key);

		if (line.at)
			last = line;
	}
	return last;
}

char *sysctl_with(struct arena *arena, const char *text, struct sysctl_line old, const char *line)
{
	size_t size = strlen(text);

	if (old.at)
		return arena_printf(arena, "%.*s%s%s", (int)(old.at - text), text, line,
			old.at + old.size);
	return arena_printf(arena, "%s%s%s\n", text, size > 0 && text[size - 1] != '\n' ? "\n" : "",
		line);
}

char *sysctl_without(struct arena *arena, const char *text, const char *key, struct value *taken)
{
	char *rest = arena_alloc(arena, strlen(text) + 1), *to = rest;

	for (const char *at = text, *next; *at; at = next) {
		next = next_line(at);
		if (line_at(at, key).at) {
			if (taken)
				taken_line_add(arena, taken, text, at, NULL);
			continue;
		}
		memcpy(to, at, (size_t)(next - at));
		to += next - at;
	}
	*to = '\0';
	return rest;
}

static bool are_there(const char *text, const char *key, const struct taken_line *lines,
	unsigned count)
{
	unsigned found = 0;

	for (; *text; text = next_line(text)) {
		struct sysctl_line line = line_at(text, key);

		if (!line.at)
			continue;
		if (found == count || strlen(lines[found].line) != line.size
				|| strncmp(lines[found].line, line.at, line.size) != 0)
			return false;
		found++;
	}
	return found == count;
}

char *sysctl_restored(struct arena *arena, const char *text, const char *key,
	const struct taken_line *lines, unsigned count)
{
	struct sysctl_line last = sysctl_last(text, key);

	if (are_there(text, key, lines, count))
		return arena_string(arena, text);
	/* One that was replaced; whatever it has become since, it is the last one for this key. */
	if (count == 1 && lines[0].instead && last.at)
		return sysctl_with(arena, text, last, lines[0].line);
	if (count == 1 && lines[0].instead)
		return taken_lines_restore(arena, text, lines, count);
	return taken_lines_restore(arena, sysctl_without(arena, text, key, NULL), lines, count);
}
