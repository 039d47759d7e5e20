/* show: values as text. Private to this room; nothing is paid for here. */
#ifndef TEXT_EXPRESSION_SHOW_H
#define TEXT_EXPRESSION_SHOW_H

#include "base/buffer.h"
#include "base/value.h"

/* As Python's str(). */
void show_value(struct buffer *out, const struct value *value);
/* As Python's repr() of a float. */
void show_float(struct buffer *out, double number);

#endif
