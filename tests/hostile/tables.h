/* tables: lies made from the tables of messages. */
#ifndef HOSTILE_TABLES_H
#define HOSTILE_TABLES_H

#include "tests/hostile/cases.h"

#include <stdio.h>

size_t table_lies(struct arena *arena, struct lie **ret_lies);
/* "SENDER MESSAGE.FIELD", a line for each row of each table; the sender is agent, controller, or
 * inside: between agent and child. */
void tables_print(void);

#endif
