/* wire_bench: a value of each kind. */
#ifndef TESTS_WIRE_BENCH_H
#define TESTS_WIRE_BENCH_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline struct value *sample(struct arena *arena)
{
	struct value *map = value_map(arena), *list = value_list(arena);

	value_append(arena, list, value_null(arena));
	value_append(arena, list, value_bool(arena, true));
	value_append(arena, list, value_integer(arena, INT64_MIN));
	value_append(arena, list, value_integer(arena, INT64_MAX));
	value_append(arena, list, value_float(arena, -0.5));
	value_append(arena, list, value_bytes(arena, "a\0b\xff", 4));
	value_set(arena, map, "list", list);
	value_set(arena, map, "empty", value_map(arena));
	value_set_string(arena, map, "text", "caf\xc3\xa9");
	return map;
}

#endif
