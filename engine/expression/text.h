/* text: what filters and methods of strings have in common. Private to this room. */
#ifndef TEXT_EXPRESSION_TEXT_H
#define TEXT_EXPRESSION_TEXT_H

#include "expression/evaluate.h"

void text_lower(struct buffer *out, const struct value *text);
void text_upper(struct buffer *out, const struct value *text);
void text_capitalize(struct buffer *out, const struct value *text);
/* The first letter of each word, as Jinja's filter; behind each other character, as Python's. */
void text_title(struct buffer *out, const struct value *text);
void text_title_letters(struct buffer *out, const struct value *text);

enum strip { STRIP_LEFT = 1, STRIP_RIGHT = 2, STRIP_BOTH = 3 };

/* Without the bytes of set at its ends; set NULL: blanks. */
struct value *text_strip(struct arena *arena, const struct value *text, const char *set,
	enum strip strip);
/* At most so many times; most below 0: all. */
int text_replace(struct evaluation *evaluation, size_t offset, const struct value *text,
	const struct value *old, const struct value *new, int64_t most, struct value **ret_value);
/* At a separator, or (NULL, null) at blanks; at most so many cuts. */
int text_split(struct evaluation *evaluation, size_t offset, const struct value *text,
	const struct value *separator, int64_t most, struct value **ret_list);

#endif
