/* wait: what modules share that only wait. */
#include "modules/wait/wait.h"

#include <time.h>

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec;
}

int wait_run(struct host *host, const char *const *argv, struct wait_state *ret_state, int *ret_status,
	struct error *err)
{
	/* What others do meanwhile is no business of this task. */
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS };
	struct command_result told;
	int64_t start = now();

	if (host_look(host_quiet(host), &command, &told, err) < 0)
		return -1;
	ret_state->elapsed = now() - start;
	*ret_status = told.status;
	return 0;
}

int wait_sleep(struct host *host, int64_t seconds, struct wait_state *ret_state, struct error *err)
{
	const char *const argv[] = { "sleep", arena_printf(host_arena(host), "%lld", (long long)seconds), NULL };
	int status;

	if (host_dry(host) || seconds <= 0)
		return 0;
	return wait_run(host, argv, ret_state, &status, err);
}

void wait_plan(struct plan *plan, const void *params, const void *state)
{
	const struct wait_state *have = state;

	(void)params;
	if (have->waits)
		plan_missing(plan, "a dry run doesn't wait for %s", have->waits);
}

void wait_results(struct arena *arena, const void *params, const void *state, struct value *results)
{
	(void)params;
	value_set_integer(arena, results, "elapsed", ((const struct wait_state *)state)->elapsed);
}
