/* regex_expand: replacements with references to groups, as Python's re.sub has them. */
#include "base/regex.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum { NAME_MOST = 256 };

static bool find_group(const struct regex *regex, const char *text, size_t size, size_t *ret_group)
{
	char name[NAME_MOST];
	size_t number = 0, digits = 0;

	if (size == 0 || size >= sizeof(name))
		return false;
	memcpy(name, text, size);
	name[size] = '\0';
	*ret_group = regex_group(regex, name);
	if (*ret_group)
		return true;
	for (; digits < size && isdigit((unsigned char)name[digits]) && number < 100; digits++)
		number = 10 * number + (size_t)(name[digits] - '0');
	*ret_group = number;
	return digits == size && number <= regex_groups(regex);
}

bool regex_reference(const struct regex *regex, const char *text, size_t size, size_t *ret_group,
	size_t *ret_size)
{
	const char *end = size > 2 && text[0] == 'g' && text[1] == '<' ? memchr(text, '>', size) : NULL;

	*ret_size = 0;
	if (end) {
		*ret_size = (size_t)(end - text) + 1;
		return find_group(regex, text + 2, *ret_size - 3, ret_group);
	}
	while (*ret_size < size && *ret_size < 2 && isdigit((unsigned char)text[*ret_size]))
		++*ret_size;
	return *ret_size == 0 || find_group(regex, text, *ret_size, ret_group);
}

static void add_group(const struct regex *regex, const char *text, size_t group, struct buffer *out)
{
	size_t from = regex_ends(regex)[2 * group], to = regex_ends(regex)[2 * group + 1];

	if (from != SIZE_MAX && to != SIZE_MAX && from < to)
		buffer_add(out, text + from, to - from);
}

bool regex_expand(const struct regex *regex, const char *text, const char *replacement, size_t size,
	struct buffer *out)
{
	static const char from[] = "nrt\\", to[] = "\n\r\t\\";

	for (size_t at = 0; at < size; at++) {
		const char *behind = replacement + at + 1, *escape;
		size_t group, taken;

		if (behind[-1] != '\\' || at + 1 == size) {
			buffer_add_char(out, behind[-1]);
			continue;
		}
		if (!regex_reference(regex, behind, size - at - 1, &group, &taken))
			return false;
		escape = *behind ? strchr(from, *behind) : NULL;
		if (taken) {
			add_group(regex, text, group, out);
		} else if (escape) {
			buffer_add_char(out, to[escape - from]);
			taken = 1;
		} else {
			buffer_add_char(out, '\\');
		}
		at += taken;
	}
	return true;
}
