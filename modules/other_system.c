/* other-system: a task whose module is for another system than Debian (yum, selinux, …). Playbooks for
 * several systems have such tasks under a condition that no host of a cluster of Debian meets; where
 * one is met all the same, the task fails. */
#include "module/module.h"

static const struct param other_system_table[] = {
	{ .name = "module", .kind = PARAM_STRING, .doc = "as it was written",
		.flags = PARAM_REQUIRED },
	{ 0 },
};

static int other_system_decide(struct prepare *prepare, const struct value *params,
	struct decision *decision, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);

	(void)err;
	decision->status = DECISION_FAILED;
	decision->message = arena_printf(arena, "the module '%s' is for other systems than Debian: the "
		"condition of the task lets it run here", value_get_string(params, "module"));
	decision->results = value_map(arena);
	value_set_string(arena, decision->results, "msg", decision->message);
	return 0;
}

const struct module module_other_system = {
	.name = "other-system",
	.summary = "a module for other systems than Debian",
	.params = other_system_table,
	.flags = MODULE_CONTROLLER | MODULE_INTERNAL,
	.decide = other_system_decide,
};
