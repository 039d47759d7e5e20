/* error_code: the stable name that each error has, for scripts, with what it means. */
#include "base/error_code.h"

#include <stddef.h>
#include <string.h>

ERRORS_OF_ENGINE(ERROR_CODE_DEFINE)

const struct error_code *const engine_errors[] = { ERRORS_OF_ENGINE(ERROR_CODE_ROW) NULL };

const struct error_code *error_code_find(const struct error_code *const *table, const char *name)
{
	for (; *table; table++) {
		if (strcmp((*table)->name, name) == 0)
			return *table;
	}
	return NULL;
}

const char *error_kind_name(enum error_kind kind)
{
	static const char *const names[] = { "none", "text", "unreachable", "host", "task", "protocol", "bug",
		"interrupted", "kept back" };

	return names[kind];
}
