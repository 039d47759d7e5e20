/* unicode: strings as characters. */
#include "expression/unicode.h"

#include <locale.h>
#include <wctype.h>

static size_t sequence_size(unsigned char first)
{
	return first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 :
		first >= 0xc2 && first < 0xe0 ? 2 : 1;
}

size_t utf8_next(const char *text, size_t size, uint32_t *ret_code)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t length = sequence_size(bytes[0]);
	uint32_t code = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);

	if (length > size)
		length = 0;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			length = 0;
		else
			code = code << 6 | (bytes[i] & 63);
	}
	if (length == 0 || (length == 1 && bytes[0] >= 0x80)) {
		length = 1;
		code = 0xfffd;
	}
	if (ret_code)
		*ret_code = code;
	return length;
}

size_t utf8_skip(const char *text, size_t size, size_t count)
{
	size_t at = 0;

	while (at < size && count-- > 0)
		at += utf8_next(text + at, size - at, NULL);
	return at;
}

size_t utf8_count(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t at = 0; at < size; count++)
		at += utf8_next(text + at, size - at, NULL);
	return count;
}

struct value *utf8_part(struct arena *arena, const struct value *string, size_t from, size_t count)
{
	size_t begin = utf8_skip(string->text, string->size, from);
	size_t size = utf8_skip(string->text + begin, string->size - begin, count);

	return value_bytes(arena, string->text + begin, size);
}

void utf8_add(struct buffer *out, uint32_t code)
{
	if (code < 0x80) {
		buffer_add_char(out, (char)code);
		return;
	}
	if (code < 0x800) {
		buffer_add_char(out, (char)(0xc0 | code >> 6));
	} else if (code < 0x10000) {
		buffer_add_char(out, (char)(0xe0 | code >> 12));
		buffer_add_char(out, (char)(0x80 | (code >> 6 & 63)));
	} else {
		buffer_add_char(out, (char)(0xf0 | code >> 18));
		buffer_add_char(out, (char)(0x80 | (code >> 12 & 63)));
		buffer_add_char(out, (char)(0x80 | (code >> 6 & 63)));
	}
	buffer_add_char(out, (char)(0x80 | (code & 63)));
}

/* The letters of all languages, whatever the user's locale is. */
static locale_t letters(void)
{
	static locale_t locale;
	static bool tried;

	if (!tried) {
		locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
		tried = true;
	}
	return locale;
}

uint32_t utf8_case(uint32_t code, enum letter_case to)
{
	if (code < 0x80) {
		bool other = to == CASE_LOWER ? code >= 'A' && code <= 'Z' : code >= 'a' &&
			code <= 'z';

		return other ? code ^ 0x20 : code;
	}
	if (!letters())
		return code;
	return to == CASE_LOWER ? (uint32_t)towlower_l((wint_t)code, letters()) :
		(uint32_t)towupper_l((wint_t)code, letters());
}

bool utf8_is_letter(uint32_t code)
{
	if (code < 0x80)
		return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
	return letters() && iswalpha_l((wint_t)code, letters());
}
