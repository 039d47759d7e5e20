/* quote: the one place where text is made safe for a shell, a terminal or a YAML parser. */
#include "base/quote.h"

#include <string.h>

void quote_shell(struct buffer *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_@%+=:,./-";

	if (*word && strspn(word, plain) == strlen(word)) {
		buffer_add_string(out, word);
		return;
	}
	buffer_add_char(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			buffer_add_string(out, "'\\''");
		else
			buffer_add_char(out, *word);
	}
	buffer_add_char(out, '\'');
}

/* The length of the valid UTF-8 sequence at bytes, 0 if there is none. */
static size_t utf8_sequence(const unsigned char *bytes, size_t size)
{
	unsigned char c = bytes[0];
	size_t length = c < 0x80 ? 1 : c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3
			: c >= 0xf0 && c <= 0xf4 ? 4 : 0;
	size_t i;

	if (length == 0 || length > size)
		return 0;
	for (i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((c == 0xe0 && bytes[1] < 0xa0) || (c == 0xed && bytes[1] > 0x9f) ||
	    (c == 0xf0 && bytes[1] < 0x90) || (c == 0xf4 && bytes[1] > 0x8f))
		return 0;
	return length;
}

int utf8_valid(const char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		size_t length = utf8_sequence((const unsigned char *)bytes + at, size - at);
		if (length == 0)
			return 0;
		at += length;
	}
	return 1;
}

/* C0, DEL, C1 and the bidirectional controls, which can make a line read as another. */
static int is_control(const unsigned char *c, size_t length)
{
	if (length == 1)
		return c[0] < 0x20 || c[0] == 0x7f;
	if (length == 2)
		return c[0] == 0xc2 && c[1] < 0xa0;
	return length == 3 && c[0] == 0xe2 &&
	       ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
		(c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

char *quote_printable(struct arena *arena, const char *bytes, size_t size, int lines)
{
	const unsigned char *from = (const unsigned char *)bytes;
	char *text = arena_array(arena, size + 1, 4);
	char *to = text;
	size_t at = 0;

	while (at < size) {
		size_t length = utf8_sequence(from + at, size - at);
		int stays = from[at] == '\t' || (lines && from[at] == '\n');

		if (length && (stays || !is_control(from + at, length))) {
			memcpy(to, from + at, length);
			to += length;
			at += length;
			continue;
		}
		*to++ = '\\';
		*to++ = 'x';
		*to++ = "0123456789abcdef"[from[at] >> 4];
		*to++ = "0123456789abcdef"[from[at] & 15];
		at++;
	}
	*to = '\0';
	return text;
}

void quote_yaml(struct buffer *out, const char *bytes, size_t size)
{
	size_t i;

	buffer_add_char(out, '"');
	for (i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '"' || c == '\\')
			buffer_printf(out, "\\%c", c);
		else if (c == '\n')
			buffer_add_string(out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			buffer_printf(out, "\\x%02x", c);
		else if (c == 0xc2 && i + 1 < size && (unsigned char)bytes[i + 1] < 0xa0)
			buffer_printf(out, "\\x%02x", (unsigned char)bytes[++i]);
		else if (c == 0xe2 && i + 2 < size && (unsigned char)bytes[i + 1] == 0x80 &&
			 ((unsigned char)bytes[i + 2] & 0xfe) == 0xa8)
			buffer_printf(out, "\\u20%02x", (unsigned char)bytes[i += 2] - 0x80);
		else if (c == 0xef && i + 2 < size)   /* BOM and the specials stay out of the stream */
			buffer_printf(out, "\\u%04x",
				      (unsigned)((c & 15) << 12 | ((unsigned char)bytes[i + 1] & 63) << 6 |
						 ((unsigned char)bytes[i + 2] & 63))), i += 2;
		else
			buffer_add_char(out, (char)c);
	}
	buffer_add_char(out, '"');
}
