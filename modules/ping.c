/* ping: the host answers, as the user that the task works as. */
#include "module/module.h"

struct ping_params {
	char *data;
};

static const struct param ping_table[] = {
	{ .name = "data", .kind = PARAM_STRING, .doc = "what it answers", .otherwise = "pong",
		.into = INTO_TEXT(struct ping_params, data) },
	{ 0 },
};

static int ping_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	(void)host;
	(void)params;
	(void)ret_state;
	(void)err;
	return 0;
}

static void ping_plan(struct plan *plan, const void *params, const void *state)
{
	(void)plan;
	(void)params;
	(void)state;
}

static void ping_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	(void)state;
	value_set_string(arena, results, "ping", ((const struct ping_params *)params)->data);
}

const struct module module_ping = {
	.name = "ping",
	.summary = "answer, as any host does that can be reached",
	.params = ping_table,
	.params_size = sizeof(struct ping_params),
	.flags = MODULE_LOOKS,
	.inspect = ping_inspect,
	.plan = ping_plan,
	.results = ping_results,
};
