/* wait_for_connection: goes on once the machine can be reached. Where it can't be yet, the controller dials it
 * until the time is over, as the module's flag says; whoever gets here has been reached. */
#include "modules/wait/wait.h"

struct wait_for_connection_params {
	int64_t delay, timeout, connect_timeout, sleep;
};

static const struct param wait_for_connection_table[] = {
	{ .name = "delay", .kind = PARAM_DURATION, .otherwise = "0", .doc = "wait this long first",
		.into = INTO_NUMBER(struct wait_for_connection_params, delay) },
	{ .name = "timeout", .kind = PARAM_DURATION, .otherwise = "600",
		.doc = "give the machine up as unreachable after this time",
		.into = INTO_NUMBER(struct wait_for_connection_params, timeout) },
	{ .name = "connect_timeout", .kind = PARAM_DURATION, .otherwise = "5",
		.doc = "means nothing: a try takes at most 5 seconds, the first one as long as -T says",
		.into = INTO_NUMBER(struct wait_for_connection_params, connect_timeout) },
	{ .name = "sleep", .kind = PARAM_DURATION, .otherwise = "1",
		.doc = "means nothing: there is a second between two tries",
		.into = INTO_NUMBER(struct wait_for_connection_params, sleep) },
	{ 0 },
};

static int wait_for_connection_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct wait_for_connection_params *want = params;

	return wait_sleep(host, want->delay, ret_state, err);
}

const struct module module_wait_for_connection = {
	.name = "wait_for_connection",
	.summary = "wait until the machine can be reached",
	.params = wait_for_connection_table,
	.params_size = sizeof(struct wait_for_connection_params),
	.state_size = sizeof(struct wait_state),
	.flags = MODULE_LOOKS | MODULE_AWAITS_HOST,
	.inspect = wait_for_connection_inspect,
	.plan = wait_plan,
	.results = wait_results,
};
