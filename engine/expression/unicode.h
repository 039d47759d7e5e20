/* unicode: strings as characters. Bytes that aren't UTF-8 count as one each. */
#ifndef TEXT_EXPRESSION_UNICODE_H
#define TEXT_EXPRESSION_UNICODE_H

#include "base/buffer.h"
#include "base/value.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at text, 1 to 4; size isn't 0. ret_code may be NULL; a bad byte: 0xfffd. */
size_t utf8_next(const char *text, size_t size, uint32_t *ret_code);
size_t utf8_count(const char *text, size_t size);
/* The bytes of the first count characters. */
size_t utf8_skip(const char *text, size_t size, size_t count);
/* count characters from one on. */
struct value *utf8_part(struct arena *arena, const struct value *string, size_t from, size_t count);
void utf8_add(struct buffer *out, uint32_t code);

enum letter_case { CASE_LOWER, CASE_UPPER };
uint32_t utf8_case(uint32_t code, enum letter_case to);
bool utf8_is_letter(uint32_t code);

#endif
