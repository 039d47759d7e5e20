/* wait_for: waits until a port answers, or a file is there, or no more. */
#include "modules/wait/wait.h"
#include "modules/errors.h"

#include <stdlib.h>
#include <string.h>

struct wait_for_params {
	char *host, *path, *search_regex, *msg;
	int *port;
	int64_t delay, timeout, connect_timeout, sleep;
	char *state;
};

static const char *const state_words[] = { "started", "present", "stopped", "absent", NULL };

static const struct param wait_for_table[] = {
	{ .name = "host", .kind = PARAM_STRING, .otherwise = "127.0.0.1",
		.doc = "where the port is, as the host of the task reaches it",
		.into = INTO_TEXT(struct wait_for_params, host) },
	{ .name = "port", .kind = PARAM_INTEGER, .doc = "a TCP port that must answer",
		.into = INTO_NUMBER_POINTER(struct wait_for_params, port) },
	{ .name = "path", .kind = PARAM_PATH, .flags = PARAM_VERBATIM, .doc = "a file that must be there",
		.into = INTO_TEXT(struct wait_for_params, path) },
	{ .name = "search_regex", .kind = PARAM_STRING, .doc = "with path: what must stand in the file; ^ and $ "
		"match at each line", .into = INTO_TEXT(struct wait_for_params, search_regex) },
	{ .name = "state", .kind = PARAM_CHOICE, .choices = state_words, .otherwise = "started",
		.doc = "started or present: until it is there; stopped or absent: until it is no more",
		.into = INTO_TEXT(struct wait_for_params, state) },
	{ .name = "delay", .kind = PARAM_DURATION, .otherwise = "0", .doc = "how long to wait before the first look",
		.into = INTO_NUMBER(struct wait_for_params, delay) },
	{ .name = "timeout", .kind = PARAM_DURATION, .otherwise = "300",
		.doc = "how long to wait at most; without port and path: how long to wait",
		.into = INTO_NUMBER(struct wait_for_params, timeout) },
	{ .name = "connect_timeout", .kind = PARAM_DURATION, .otherwise = "5",
		.doc = "how long one connection may take", .into = INTO_NUMBER(struct wait_for_params, connect_timeout) },
	{ .name = "sleep", .kind = PARAM_DURATION, .otherwise = "1", .doc = "between two looks",
		.into = INTO_NUMBER(struct wait_for_params, sleep) },
	{ .name = "msg", .kind = PARAM_STRING, .doc = "what is said when the time is over",
		.into = INTO_TEXT(struct wait_for_params, msg) },
	{ .name = "exclude_hosts", .kind = PARAM_LIST, .doc = "of drained", .flags = PARAM_NOT_YET },
	{ .name = "active_connection_states", .kind = PARAM_LIST, .doc = "of drained", .flags = PARAM_NOT_YET },
	{ 0 },
};

static int wait_for_check(const struct value *params, struct error *err)
{
	const struct value *port = value_get(params, "port"), *path = value_get(params, "path");
	const struct value *regex = value_get(params, "search_regex");
	const char *number = value_text(port);

	if (port && path)
		return error_at(err, TASK_CONFLICTING_PARAMETERS, port->place, "'port' and 'path' exclude each other");
	if (number && (atoi(number) < 1 || atoi(number) > 65535))
		return error_at(err, TASK_INVALID_VALUE, port->place, "a port is a number from 1 to 65535");
	if (regex && !path) {
		error_at(err, TASK_UNSUPPORTED_PARAMETER, regex->place, "'search_regex' of wait_for is supported with "
			"'path' only");
		return error_remedy(err, "look at what the port says with a command and 'until'");
	}
	return 0;
}

/* In one process, so that whoever ends the task ends it. bash opens ports, grep knows Perl's expressions: both
 * are in every Debian. A file that is never read to its end (a pipe, what the kernel says) is searched until the
 * time is over, and one that can't be searched is neither there nor gone. */
static const char script[] =
	"state=$1 host=$2 port=$3 path=$4 regex=$5 delay=$6 timeout=$7 connect=$8 sleep=$9 dry=${10}\n"
	"searched() {\n"
	"	[ -e \"$path\" ] || return 1\n"
	"	left=$((dry ? 5 : timeout - SECONDS))\n"
	"	timeout $((left > 0 ? left : 1)) grep -qzP -e \"(?m)$regex\" -- \"$path\" 2>/dev/null\n"
	"	case $? in 0) return 0 ;; 1) return 1 ;; 124) exit $((dry ? 8 : 7)) ;; *) exit 6 ;; esac\n"
	"}\n"
	"there() {\n"
	"	if [ -n \"$port\" ]; then\n"
	"		timeout \"$connect\" bash -c ': 3<>\"/dev/tcp/$0/$1\"' \"$host\" \"$port\" 2>/dev/null\n"
	"	elif [ -n \"$regex\" ]; then\n"
	"		searched\n"
	"	else\n"
	"		[ -e \"$path\" ]\n"
	"	fi\n"
	"}\n"
	"done_with() { if there; then [ \"$state\" = here ]; else [ \"$state\" = gone ]; fi; }\n"
	"if [ -n \"$regex\" ]; then\n"
	"	grep -qzP -e \"(?m)$regex\" </dev/null; [ $? -le 1 ] || exit 9\n"
	"fi\n"
	"[ -n \"$dry\" ] || sleep \"$delay\"\n"
	"until done_with; do\n"
	"	[ -z \"$dry\" ] || exit 8\n"
	"	[ \"$SECONDS\" -lt \"$timeout\" ] || exit 7\n"
	"	sleep \"$sleep\"\n"
	"done\n";

static const char *seconds(struct host *host, int64_t number)
{
	return arena_printf(host_arena(host), "%lld", (long long)number);
}

static const char *subject(struct arena *arena, const struct wait_for_params *want)
{
	if (want->port)
		return arena_printf(arena, "%s:%d", want->host, *want->port);
	return want->search_regex ? arena_printf(arena, "'%s' in %s", want->search_regex, want->path) : want->path;
}

static bool is_gone(const struct wait_for_params *want)
{
	return strcmp(want->state, "stopped") == 0 || strcmp(want->state, "absent") == 0;
}

static int wait_for_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct wait_for_params *want = params;
	struct wait_state *have = ret_state;
	const char *const argv[] = { "bash", "-c", script, "bash", is_gone(want) ? "gone" : "here", want->host,
		want->port ? seconds(host, *want->port) : "", want->path ? want->path : "",
		want->search_regex ? want->search_regex : "", seconds(host, want->delay), seconds(host, want->timeout),
		seconds(host, want->connect_timeout), seconds(host, want->sleep), host_dry(host) ? "1" : "", NULL };
	int status;

	if (!want->port && !want->path)
		return wait_sleep(host, want->delay + want->timeout, have, err);
	if (want->path)
		host_has_read(host, arena_printf(host_arena(host), "path:%s", want->path));
	if (wait_run(host, argv, have, &status, err) < 0)
		return -1;
	have->waits = status == 8 ? subject(host_arena(host), want) : NULL;
	if (status == 9)
		return error_set(err, TASK_INVALID_VALUE, "'%s' is no regular expression", want->search_regex);
	if (status == 6) {
		error_set(err, HOST_FILE_UNREADABLE, "'%s' can't be searched", want->path);
		return error_remedy(err, "try there: grep -zP -- '%s' %s", want->search_regex, want->path);
	}
	if (status != 7)
		return 0;
	return want->msg ? error_set(err, WAIT_FOR_TIMEOUT, "%s", want->msg)
		: error_set(err, WAIT_FOR_TIMEOUT, "%s is %s after %lld seconds", subject(host_arena(host), want),
		is_gone(want) ? "still there" : "not there", (long long)have->elapsed);
}

static void wait_for_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct wait_for_params *want = params;

	wait_results(arena, params, state, results);
	value_set_string(arena, results, "state", want->state);
	if (want->port)
		value_set_integer(arena, results, "port", *want->port);
	if (want->path)
		value_set_string(arena, results, "path", want->path);
	if (want->search_regex)
		value_set_string(arena, results, "search_regex", want->search_regex);
}

const struct module module_wait_for = {
	.name = "wait_for",
	.summary = "wait until a port answers or a file is there, or no more (a dry run only looks)",
	.params = wait_for_table,
	.params_size = sizeof(struct wait_for_params),
	.state_size = sizeof(struct wait_state),
	.flags = MODULE_LOOKS,
	.check = wait_for_check,
	.inspect = wait_for_inspect,
	.plan = wait_plan,
	.results = wait_for_results,
};
