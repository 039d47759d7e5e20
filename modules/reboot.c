/* reboot: the machine starts anew, and the run goes on once it is back.
 *
 * Before it, the machine's boot id is kept in a record of the ledger. The agent that comes afterwards does the
 * same task again: it finds that record of its own run, and another boot id. */
#include "modules/errors.h"

#include "module/module.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECORD "reboot:boot"
enum { TIMEOUT_MOST = 3600, STILL_UP = 9 };

struct reboot_params {
	char *msg, *reboot_command, *boot_time_command, *test_command;
	int64_t pre_reboot_delay, post_reboot_delay, reboot_timeout, connect_timeout;
};

struct reboot_state {
	const char *boot;        /* what boot_time_command says */
	const char *left;        /* the same, before this run has restarted it; NULL: it hasn't */
	int64_t since;           /* seconds since the epoch */
};

static const struct param reboot_table[] = {
	{ .name = "reboot_timeout", .kind = PARAM_DURATION, .otherwise = "600", .flags = PARAM_ASIDE,
		.doc = "how long it may take until the machine is back; at most an hour",
		.into = INTO_NUMBER(struct reboot_params, reboot_timeout) },
	{ .name = "pre_reboot_delay", .kind = PARAM_DURATION, .otherwise = "0", .flags = PARAM_ASIDE,
		.doc = "before it goes down", .into = INTO_NUMBER(struct reboot_params, pre_reboot_delay) },
	{ .name = "post_reboot_delay", .kind = PARAM_DURATION, .otherwise = "0", .flags = PARAM_ASIDE,
		.doc = "once it is back", .into = INTO_NUMBER(struct reboot_params, post_reboot_delay) },
	{ .name = "test_command", .kind = PARAM_STRING, .otherwise = "whoami", .flags = PARAM_ASIDE,
		.doc = "it is back when this succeeds", .into = INTO_TEXT(struct reboot_params, test_command) },
	{ .name = "reboot_command", .kind = PARAM_STRING, .flags = PARAM_ASIDE,
		.doc = "instead of systemctl reboot, or shutdown -r where there is no systemd",
		.into = INTO_TEXT(struct reboot_params, reboot_command) },
	{ .name = "boot_time_command", .kind = PARAM_STRING, .flags = PARAM_ASIDE,
		.otherwise = "cat /proc/sys/kernel/random/boot_id", .doc = "says something else after each start",
		.into = INTO_TEXT(struct reboot_params, boot_time_command) },
	{ .name = "msg", .kind = PARAM_STRING, .doc = "taken, and told to nobody", .flags = PARAM_ASIDE,
		.into = INTO_TEXT(struct reboot_params, msg) },
	{ .name = "connect_timeout", .kind = PARAM_DURATION, .doc = "not needed", .flags = PARAM_ASIDE,
		.otherwise = "0", .into = INTO_NUMBER(struct reboot_params, connect_timeout) },
	{ .name = "search_paths", .kind = PARAM_LIST, .doc = "of shutdown", .flags = PARAM_NOT_YET },
	{ 0 },
};

static int reboot_check(const struct value *params, struct error *err)
{
	const struct value *timeout = value_get(params, "reboot_timeout");

	if (value_text(timeout) && strtoll(timeout->text, NULL, 10) > TIMEOUT_MOST)
		return error_at(err, TASK_INVALID_VALUE, timeout->place, "'reboot_timeout' is at most an hour");
	return 0;
}

/* --- Looking --- */

static int look_at_boot(struct host *host, const struct reboot_params *want, const char **ret_boot,
	struct error *err)
{
	const char *const argv[] = { want->boot_time_command, NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_SHELL };
	struct command_result told;

	if (host_look(host_quiet(host), &command, &told, err) < 0)
		return -1;
	*ret_boot = arena_bytes(host_arena(host), told.output, strcspn(told.output, "\n"));
	return 0;
}

static int reboot_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	struct reboot_state *have = ret_state;
	struct value *record = NULL;
	const char *run;

	if (host_uid(host) != 0) {
		error_set(err, REBOOT_NOT_ROOT, "only root restarts a machine");
		return error_remedy(err, "set become: yes");
	}
	if (look_at_boot(host, params, &have->boot, err) < 0 || host_record_get(host, RECORD, &record, err) < 0)
		return -1;
	run = value_get_string(record, "run");
	if (run && strcmp(run, host_run_name(host)) == 0)
		have->left = value_get_string(record, "boot");
	have->since = value_get_integer(record, "since", 0);
	return 0;
}

static void reboot_plan(struct plan *plan, const void *params, const void *state)
{
	(void)params;
	(void)state;
	plan_add(plan, 0, "the machine", "state", "runs", "starts anew");
}

/* --- Changing --- */

static int leave(struct host *host, const struct reboot_params *want, const struct reboot_state *have,
	struct error *err)
{
	static const char restart[] = "if [ -d /run/systemd/system ]; then exec systemctl reboot; fi; exec shutdown -r now";
	struct arena *arena = host_arena(host);
	struct value *record = value_map(arena);
	struct error ignored = {0};
	/* So that this agent ends, and its connection, before the machine's own does. */
	const char *command = arena_printf(arena, "sleep %lld; %s", (long long)want->pre_reboot_delay + 1,
		want->reboot_command ? want->reboot_command : restart);

	value_set_string(arena, record, "run", host_run_name(host));
	value_set_string(arena, record, "boot", have->boot);
	value_set_integer(arena, record, "since", time(NULL));
	if (host_record_set(host, RECORD, record, err) < 0)
		return -1;
	host_leave(host, command, (unsigned)(want->reboot_timeout + want->pre_reboot_delay), err);
	if (err->code != RUN_MOVED)
		host_record_set(host, RECORD, NULL, &ignored);
	return -1;
}

/* Whoever comes before it has gone down waits there until it does, or is cut off by that. */
static int wait_down(struct host *host, const struct reboot_params *want, const struct reboot_state *have,
	struct error *err)
{
	static const char script[] = "end=$(($(date +%s) + $3))\n"
		"while [ \"$(sh -c \"$1\" | head -n 1)\" = \"$2\" ]; do\n"
		"	[ \"$(date +%s)\" -lt \"$end\" ] || exit 9\n"
		"	sleep 1\n"
		"done\n";
	const char *const argv[] = { "sh", "-c", script, "sh", want->boot_time_command, have->left,
		arena_printf(host_arena(host), "%lld", (long long)(want->reboot_timeout + want->pre_reboot_delay)), NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS };
	struct command_result told;

	if (strcmp(have->boot, have->left) != 0)
		return 0;
	/* Whoever goes down ends what runs in any order: this command, the agent, its connection. */
	if (host_run(host, &command, &told, err) < 0) {
		if (err->code != RUN_INTERRUPTED)
			return -1;
		error_clear(err);
		told.status = -1;
	}
	if (told.status == 0)
		return 0;
	if (told.status != STILL_UP)
		return error_set(err, RUN_MOVED, "the run goes on once the machine is back");
	return error_set(err, REBOOT_TIMEOUT, "the machine hasn't gone down within %lld seconds",
		(long long)want->reboot_timeout);
}

static int wait_up(struct host *host, const struct reboot_params *want, struct error *err)
{
	static const char script[] = "sleep \"$2\"\n"
		"end=$(($(date +%s) + $3))\n"
		"until sh -c \"$1\" >&2; do\n"
		"	[ \"$(date +%s)\" -lt \"$end\" ] || exit 1\n"
		"	sleep 1\n"
		"done\n";
	struct arena *arena = host_arena(host);
	const char *const argv[] = { "sh", "-c", script, "sh", want->test_command,
		arena_printf(arena, "%lld", (long long)want->post_reboot_delay),
		arena_printf(arena, "%lld", (long long)want->reboot_timeout), NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS };
	struct command_result told;

	if (host_run(host, &command, &told, err) < 0)
		return -1;
	return told.status == 0 ? 0 : error_set(err, REBOOT_TIMEOUT, "the machine is back, but '%s' fails: %s",
		want->test_command, command_last_words(arena, &told));
}

static int reboot_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct reboot_state *have = state;
	int64_t since = have->since;

	(void)change;
	if (!have->left)
		return leave(host, params, have, err);
	/* Where it fails the record stays: nobody else's run looks at it. */
	if (wait_down(host, params, have, err) < 0 || wait_up(host, params, err) < 0)
		return -1;
	value_set_bool(host_arena(host), results, "rebooted", true);
	value_set_integer(host_arena(host), results, "elapsed", time(NULL) - since);
	return host_record_set(host, RECORD, NULL, err);
}

const struct module module_reboot = {
	.name = "reboot",
	.summary = "restart the machine, and go on once it is back",
	.params = reboot_table,
	.params_size = sizeof(struct reboot_params),
	.state_size = sizeof(struct reboot_state),
	.flags = MODULE_ACTION,
	.check = reboot_check,
	.inspect = reboot_inspect,
	.plan = reboot_plan,
	.apply = reboot_apply,
};
