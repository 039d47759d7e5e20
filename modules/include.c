/* include: the step of an include: whether what it brings in is done is remembered for the host. */
#include "module/module.h"

static const struct param include_table[] = {
	{ 0 },
};

static int include_decide(struct prepare *prepare, const struct value *params,
	struct decision *decision, struct error *err)
{
	(void)err;
	decision->results = value_map(prepare_arena(prepare));
	decision->facts = (struct value *)(uintptr_t)params;
	return 0;
}

const struct module module_include = {
	.name = "include",
	.summary = "whether what an include brings in is done",
	.params = include_table,
	.flags = MODULE_CONTROLLER | MODULE_SETS | MODULE_INTERNAL,
	.decide = include_decide,
};
