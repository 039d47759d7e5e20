/* task_params: the parameters of a task, as module/params.h has them, with all that only the text's
 * side knows: expressions and patterns of hosts. */
#ifndef TEXT_TASK_PARAMS_H
#define TEXT_TASK_PARAMS_H

#include "module/params.h"

/* What can be said before anything is filled in: unknown names (with a suggestion), missing ones,
 * kinds of what holds no {{ }}. raw is a map, place is the task's (for what is missing). */
int params_check(struct arena *arena, const struct module *module, const struct value *raw,
	struct place place, struct error *err);

/* raw is filled in already. Calls the module's check when all is known. */
int params_normalise(struct arena *arena, const struct module *module, const struct value *raw,
	struct place place, bool allow_internal, struct value **ret_params, struct error *err);

#endif
