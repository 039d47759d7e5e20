/* shell: run a command line in a shell. */
#include "modules/command/command_run.h"

static const struct param shell_params[] = {
	{ .name = "cmd", .kind = PARAM_STRING, .doc = "the command line",
		.flags = PARAM_FREE_FORM | PARAM_REQUIRED,
		.into = INTO_TEXT(struct command_params, cmd) },
	{ .name = "chdir", .kind = PARAM_PATH,
		.doc = "the directory to run it in; default: where a login starts",
		.flags = PARAM_VERBATIM, .into = INTO_TEXT(struct command_params, chdir) },
	{ .name = "creates", .kind = PARAM_STRING,
		.doc = "skip the command if this path, or a match of this pattern (e.g. *.o), exists",
		.into = INTO_TEXT(struct command_params, creates) },
	{ .name = "removes", .kind = PARAM_STRING,
		.doc = "skip the command if this path, or any match of this pattern, is missing",
		.into = INTO_TEXT(struct command_params, removes) },
	{ .name = "executable", .kind = PARAM_PATH, .doc = "the shell to use instead of /bin/sh",
		.flags = PARAM_VERBATIM, .into = INTO_TEXT(struct command_params, executable) },
	{ .name = "stdin", .kind = PARAM_STRING, .doc = "standard input; default: empty",
		.into = INTO_TEXT(struct command_params, stdin) },
	{ .name = "stdin_add_newline", .kind = PARAM_BOOL, .doc = "end stdin with a newline",
		.otherwise = "yes", .into = INTO_BOOL(struct command_params, stdin_add_newline) },
	{ .name = "strip_empty_ends", .kind = PARAM_BOOL,
		.doc = "strip empty lines from the end of stdout and stderr", .otherwise = "yes",
		.into = INTO_BOOL(struct command_params, strip_empty_ends) },
	{ .name = "timeout", .kind = PARAM_DURATION, .doc = "stop it after this time; 0: never",
		.otherwise = "0", .into = INTO_NUMBER(struct command_params, timeout) },
	{ 0 },
};

static int shell_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct command_params *want = params;
	const char *const line[] = { want->cmd, NULL };
	const char *const words[] = { want->executable, "-c", want->cmd, NULL };
	struct command command = {
		.argv = want->executable ? words : line,
		.flags = want->executable ? 0 : COMMAND_SHELL,
	};

	(void)state;
	(void)change;
	return command_execute(host, want, &command, value_string(host_arena(host), want->cmd),
		results, err);
}

/* Ansible's raw is for machines without Python; here all are. */
static const char *const shell_aliases[] = { "raw", NULL };

const struct module module_shell = {
	.name = "shell",
	.aliases = shell_aliases,
	.summary = "run a command line in a shell",
	.params = shell_params,
	.params_size = sizeof(struct command_params),
	.state_size = sizeof(struct command_state),
	.flags = MODULE_ACTION | MODULE_OUTPUT,
	.check = command_check,
	.inspect = command_run_inspect,
	.plan = command_run_plan,
	.apply = shell_apply,
	.results = command_results,
};
