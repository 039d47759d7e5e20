/* shell: a command line is given to a shell, each time. */
#include "modules/command/command_run.h"

static const struct param shell_params[] = {
	{ .name = "cmd", .kind = PARAM_STRING, .doc = "the command line",
		.flags = PARAM_FREE_FORM | PARAM_REQUIRED },
	{ .name = "chdir", .kind = PARAM_PATH, .doc = "the directory where it runs",
		.flags = PARAM_VERBATIM },
	{ .name = "creates", .kind = PARAM_STRING,
		.doc = "a path, or a pattern as *.o: if it is there, the command is not run" },
	{ .name = "removes", .kind = PARAM_STRING,
		.doc = "a path, or a pattern: if it is not there, the command is not run" },
	{ .name = "executable", .kind = PARAM_PATH, .doc = "another shell than /bin/sh",
		.flags = PARAM_VERBATIM },
	{ .name = "stdin", .kind = PARAM_STRING, .doc = "what it reads; by default nothing" },
	{ .name = "stdin_add_newline", .kind = PARAM_BOOL, .doc = "end stdin with a newline",
		.otherwise = "yes" },
	{ .name = "strip_empty_ends", .kind = PARAM_BOOL,
		.doc = "take empty lines from the end of stdout and stderr", .otherwise = "yes" },
	{ .name = "timeout", .kind = PARAM_DURATION, .doc = "after this it is ended; 0: never",
		.otherwise = "0" },
	{ 0 },
};

static const cyaml_schema_field_t shell_fields[] = {
	CYAML_FIELD_STRING_PTR("cmd", CYAML_FLAG_POINTER, struct command_params, cmd, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("chdir", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct command_params, chdir, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("creates", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct command_params, creates, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("removes", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct command_params, removes, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("executable", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct command_params, executable, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("stdin", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct command_params, stdin, 0, CYAML_UNLIMITED),
	CYAML_FIELD_BOOL("stdin_add_newline", CYAML_FLAG_DEFAULT, struct command_params,
		stdin_add_newline),
	CYAML_FIELD_BOOL("strip_empty_ends", CYAML_FLAG_DEFAULT, struct command_params,
		strip_empty_ends),
	CYAML_FIELD_INT("timeout", CYAML_FLAG_DEFAULT, struct command_params, timeout),
	CYAML_FIELD_END
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

const struct module module_shell = {
	.name = "shell",
	.summary = "a command line is given to a shell, each time",
	.params = shell_params,
	.fields = shell_fields,
	.params_size = sizeof(struct command_params),
	.state_size = sizeof(struct command_state),
	.flags = MODULE_ACTION,
	.check = command_check,
	.inspect = command_run_inspect,
	.plan = command_run_plan,
	.apply = shell_apply,
	.results = command_results,
};
