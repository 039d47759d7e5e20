/* pause: goes on after a while. */
#include "modules/wait/wait.h"

#include <string.h>

struct pause_params {
	int64_t seconds;
	int minutes;
	char *prompt;
};

static const struct param pause_table[] = {
	{ .name = "seconds", .kind = PARAM_DURATION, .otherwise = "0", .doc = "how long",
		.into = INTO_NUMBER(struct pause_params, seconds) },
	{ .name = "minutes", .kind = PARAM_INTEGER, .otherwise = "0", .doc = "how long, in minutes",
		.into = INTO_NUMBER(struct pause_params, minutes) },
	{ .name = "prompt", .kind = PARAM_STRING, .doc = "what is said meanwhile; nothing is asked",
		.flags = PARAM_ASIDE, .into = INTO_TEXT(struct pause_params, prompt) },
	{ .name = "echo", .kind = PARAM_BOOL, .doc = "of what is typed", .flags = PARAM_NOT_YET },
	{ 0 },
};

static bool is_given(const struct value *value)
{
	return value && (value->kind == VALUE_UNKNOWN || (value_text(value) && strcmp(value->text, "0") != 0));
}

static int pause_check(const struct value *params, struct error *err)
{
	const struct value *minutes = value_get(params, "minutes");

	if (is_given(value_get(params, "seconds")) && is_given(minutes))
		return error_at(err, TASK_CONFLICTING_PARAMETERS, minutes->place, "'seconds' and 'minutes' exclude "
			"each other");
	if (is_given(value_get(params, "seconds")) || is_given(minutes))
		return 0;
	error_at(err, TASK_MISSING_PARAMETER, params->place, "a run doesn't stop for somebody who presses Enter: pause "
		"needs 'seconds' or 'minutes'");
	return error_remedy(err, "ask with 'vars_prompt', or look first: beoplay plan");
}

static int pause_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct pause_params *want = params;

	return wait_sleep(host, want->seconds + 60 * (int64_t)want->minutes, ret_state, err);
}

const struct module module_pause = {
	.name = "pause",
	.summary = "wait a while, each host for itself (a dry run doesn't)",
	.params = pause_table,
	.params_size = sizeof(struct pause_params),
	.state_size = sizeof(struct wait_state),
	.flags = MODULE_LOOKS,
	.check = pause_check,
	.inspect = pause_inspect,
	.plan = wait_plan,
	.results = wait_results,
};
