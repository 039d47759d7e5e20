/* tables: lies made from the tables of messages. */
#ifndef HOSTILE_TABLES_H
#define HOSTILE_TABLES_H

#include "tests/hostile/cases.h"

#include <stdio.h>

size_t table_lies(struct arena *arena, struct lie **ret_lies);
/* "SENDER MESSAGE KEY", a line for each row of each table. */
void tables_print(void);

#endif
