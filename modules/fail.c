/* fail: fails, with a message; no host is asked. */
#include "module/module.h"

static const struct param fail_table[] = {
	{ .name = "msg", .kind = PARAM_STRING, .otherwise = "Failed as requested from task",
		.doc = "what is said" },
	{ 0 },
};

static int fail_decide(struct prepare *prepare, const struct value *params,
	struct decision *decision, struct error *err)
{
	struct value *message = value_get(params, "msg");

	(void)err;
	decision->results = value_map(prepare_arena(prepare));
	value_set(prepare_arena(prepare), decision->results, "msg", message);
	if (!value_text(message))
		return 0;
	decision->status = DECISION_FAILED;
	decision->message = value_text(message);
	return 0;
}

const struct module module_fail = {
	.name = "fail",
	.summary = "fail with a message",
	.params = fail_table,
	.flags = MODULE_CONTROLLER,
	.decide = fail_decide,
};
