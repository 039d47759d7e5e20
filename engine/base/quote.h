/* quote: the one place where text is made safe for a shell, a terminal or a YAML parser. */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include "base/arena.h"
#include "base/buffer.h"

#include <stddef.h>

/* One word for a POSIX shell, in single quotes where needed. */
void quote_shell(struct buffer *out, const char *word);

/* The bytes as they may be printed: control characters, escapes and invalid UTF-8 become \xHH (a
 * tab and, where lines is true, a newline stay). What a node says is printed only through this. */
char *quote_printable(struct arena *arena, const char *bytes, size_t size, int lines);

/* A YAML 1.1 double-quoted scalar. The bytes must be valid UTF-8 without NUL. */
void quote_yaml(struct buffer *out, const char *bytes, size_t size);

/* Whether the bytes are valid UTF-8 (RFC 3629: no surrogates, no overlong forms). */
int utf8_valid(const char *bytes, size_t size);

#endif
