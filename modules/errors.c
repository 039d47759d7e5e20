/* errors: those that only a module has. */
#include "modules/errors.h"

#include "module/module.h"

ERRORS_OF_MODULES(ERROR_CODE_DEFINE)

const struct error_code *const modules_errors[] = { ERRORS_OF_MODULES(ERROR_CODE_ROW) NULL };

const struct error_code *error_named(const char *name)
{
	const struct error_code *code = error_code_find(engine_errors, name);

	return code ? code : error_code_find(modules_errors, name);
}
