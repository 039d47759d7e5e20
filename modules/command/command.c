/* command: a program is run with these words; no shell, and nothing is expanded but ~ and $HOME. */
#include "modules/command/command_run.h"

#include "base/buffer.h"

#include <ctype.h>
#include <string.h>

static const struct param command_params[] = {
	{ .name = "cmd", .kind = PARAM_STRING, .doc = "the command, split into words like a shell does",
		.flags = PARAM_FREE_FORM, .into = INTO_TEXT(struct command_params, cmd) },
	{ .name = "argv", .kind = PARAM_LIST, .doc = "the command as a list of words",
		.into = INTO_LIST(struct command_params, argv) },
	{ .name = "chdir", .kind = PARAM_PATH,
		.doc = "the directory to run it in; default: where a login starts",
		.flags = PARAM_VERBATIM, .into = INTO_TEXT(struct command_params, chdir) },
	{ .name = "creates", .kind = PARAM_STRING,
		.doc = "skip the command if this path, or a match of this pattern (e.g. *.o), exists",
		.into = INTO_TEXT(struct command_params, creates) },
	{ .name = "removes", .kind = PARAM_STRING,
		.doc = "skip the command if this path, or any match of this pattern, is missing",
		.into = INTO_TEXT(struct command_params, removes) },
	{ .name = "stdin", .kind = PARAM_STRING, .doc = "standard input; default: empty",
		.into = INTO_TEXT(struct command_params, stdin) },
	{ .name = "stdin_add_newline", .kind = PARAM_BOOL, .doc = "end stdin with a newline",
		.otherwise = "yes", .into = INTO_BOOL(struct command_params, stdin_add_newline) },
	{ .name = "strip_empty_ends", .kind = PARAM_BOOL,
		.doc = "strip empty lines from the end of stdout and stderr", .otherwise = "yes",
		.into = INTO_BOOL(struct command_params, strip_empty_ends) },
	{ .name = "timeout", .kind = PARAM_DURATION, .doc = "stop it after this time; 0: never",
		.otherwise = "0", .into = INTO_NUMBER(struct command_params, timeout) },
	{ .name = "expand_argument_vars", .kind = PARAM_BOOL, .doc = "expand $VARIABLES",
		.flags = PARAM_NOT_YET },
	{ 0 },
};

static int words_check(const struct value *params, struct error *err)
{
	const struct value *cmd = value_get(params, "cmd");
	const char *const *words;
	struct arena *arena;
	size_t count;
	int result;

	if (command_check(params, err) < 0)
		return -1;
	if (!cmd || cmd->kind != VALUE_STRING)
		return 0;
	arena = arena_new();
	result = command_split(arena, cmd->text, &words, &count, err);
	arena_free(arena);
	return result < 0 ? error_place(err, cmd->place) : 0;
}

/* $HOME, ${USER}: what it stands for, and its size; NULL: another one, which stays as it is. */
static const char *variable_at(const char *at, const struct user_info *user, size_t *ret_size)
{
	const struct { const char *name, *value; } variables[] = {
		{ "HOME", user->home }, { "LOGNAME", user->name }, { "SHELL", user->shell },
		{ "USER", user->name },
	};
	bool braces = at[1] == '{';
	const char *name = at + 1 + braces;
	size_t size = 0;

	while (isalnum((unsigned char)name[size]) || name[size] == '_')
		size++;
	if (braces && name[size] != '}')
		return NULL;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (strlen(variables[i].name) == size && strncmp(variables[i].name, name, size) == 0) {
			*ret_size = 1 + size + (braces ? 2 : 0);
			return variables[i].value;
		}
	}
	return NULL;
}

static const char *expanded(struct arena *arena, const char *from, const struct user_info *user)
{
	struct buffer text = {0};
	const char *made;

	if (from[0] == '~' && (from[1] == '/' || !from[1])) {
		buffer_add_string(&text, user->home);
		from++;
	}
	while (*from) {
		size_t size = 1;
		const char *value = *from == '$' ? variable_at(from, user, &size) : NULL;

		buffer_add(&text, value ? value : from, value ? strlen(value) : 1);
		from += size;
	}
	made = arena_bytes(arena, text.data ? text.data : "", text.size);
	buffer_free(&text);
	return made;
}

/* As with Ansible: a ~ that begins a word, and the user's own variables, also without a shell. */
static int expand(struct host *host, struct command *command, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct user_info user;
	const char **argv;
	size_t count = 0;

	while (command->argv[count])
		count++;
	argv = arena_array(arena, count + 1, sizeof(*argv));
	memcpy(argv, command->argv, count * sizeof(*argv));
	if (host_user_by_id(host, host_uid(host), &user, err) < 0)
		return -1;
	for (size_t i = 0; user.exists && i < count; i++) {
		if (strchr(argv[i], '$') || argv[i][0] == '~')
			argv[i] = expanded(arena, argv[i], &user);
	}
	command->argv = argv;
	return 0;
}

static int command_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct command_params *want = params;
	struct arena *arena = host_arena(host);
	struct value *shown = value_list(arena);
	const char **argv = arena_array(arena, want->argv_count + 1, sizeof(*argv));
	struct command command = { .argv = argv };
	size_t count;

	(void)state;
	(void)change;
	for (unsigned i = 0; i < want->argv_count; i++)
		argv[i] = want->argv[i];
	if (want->cmd && command_split(arena, want->cmd, &command.argv, &count, err) < 0)
		return -1;
	for (size_t i = 0; command.argv[i]; i++)
		value_append(arena, shown, value_string(arena, command.argv[i]));
	if (expand(host, &command, err) < 0)
		return -1;
	return command_execute(host, want, &command, shown, results, err);
}

const struct module module_command = {
	.name = "command",
	.summary = "run a program, without a shell",
	.params = command_params,
	.params_size = sizeof(struct command_params),
	.state_size = sizeof(struct command_state),
	.flags = MODULE_ACTION | MODULE_OUTPUT,
	.check = words_check,
	.inspect = command_run_inspect,
	.plan = command_run_plan,
	.apply = command_apply,
	.results = command_results,
};
