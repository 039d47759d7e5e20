/* meta: the step of a task that is about the run itself: what it does, the run knows. */
#include "module/module.h"

static const struct param meta_table[] = {
	{ 0 },
};

static int meta_decide(struct prepare *prepare, const struct value *params,
	struct decision *decision, struct error *err)
{
	(void)prepare;
	(void)params;
	(void)decision;
	(void)err;
	return 0;
}

const struct module module_meta = {
	.name = "meta",
	.summary = "what is about the run itself",
	.params = meta_table,
	.flags = MODULE_CONTROLLER | MODULE_INTERNAL,
	.decide = meta_decide,
};
