/* script: run a file of the controller on the host.
 *
 * It lies in a new folder of its user alone, in /tmp, while it runs. */
#include "modules/command/command_run.h"

#include "base/buffer.h"
#include "base/quote.h"
#include "modules/errors.h"

#include <string.h>

struct script_params {
	struct command_params command;
	char *body;              /* its digest */
	char *name;              /* without directories */
	char *rest;              /* what is behind it in cmd, as a shell reads it */
};

static const struct param script_table[] = {
	{ .name = "cmd", .kind = PARAM_STRING, .doc = "the script beside the playbook or in files/, and its "
		"arguments; a shell reads them", .flags = PARAM_FREE_FORM | PARAM_REQUIRED,
		.into = INTO_TEXT(struct script_params, command.cmd) },
	{ .name = "chdir", .kind = PARAM_PATH,
		.doc = "the directory to run it in; default: where a login starts",
		.flags = PARAM_VERBATIM, .into = INTO_TEXT(struct script_params, command.chdir) },
	{ .name = "creates", .kind = PARAM_STRING,
		.doc = "skip the script if this path, or a match of this pattern (e.g. *.o), exists",
		.into = INTO_TEXT(struct script_params, command.creates) },
	{ .name = "removes", .kind = PARAM_STRING,
		.doc = "skip the script if this path, or any match of this pattern, is missing",
		.into = INTO_TEXT(struct script_params, command.removes) },
	{ .name = "executable", .kind = PARAM_STRING, .doc = "a program that runs it, with its options; "
		"default: the one in its first line",
		.into = INTO_TEXT(struct script_params, command.executable) },
	{ .name = "strip_empty_ends", .kind = PARAM_BOOL,
		.doc = "strip empty lines from the end of stdout and stderr", .otherwise = "yes",
		.into = INTO_BOOL(struct script_params, command.strip_empty_ends) },
	{ .name = "timeout", .kind = PARAM_DURATION, .doc = "stop it after this time; 0: never",
		.otherwise = "0", .into = INTO_NUMBER(struct script_params, command.timeout) },
	{ .name = "body", .kind = PARAM_STRING, .doc = "its content, by digest",
		.flags = PARAM_INTERNAL | PARAM_BODY, .into = INTO_TEXT(struct script_params, body) },
	{ .name = "name", .kind = PARAM_STRING, .doc = "its name there", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct script_params, name) },
	{ .name = "rest", .kind = PARAM_STRING, .doc = "its arguments", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct script_params, rest) },
	{ 0 },
};

/* Where the first word ends, whatever quotes are in it. */
static const char *behind_word(const char *text)
{
	char quote = '\0';

	text += strspn(text, " \t\r\n");
	for (; *text && (quote || !strchr(" \t\r\n", *text)); text++) {
		if (*text == '\\' && quote != '\'' && text[1])
			text++;
		else if (quote ? *text == quote : *text == '\'' || *text == '"')
			quote = quote ? '\0' : *text;
	}
	return text;
}

/* ret_source: the first word. */
static int read_line(struct arena *arena, const struct value *cmd, const char **ret_source,
	struct error *err)
{
	const char *const *words;
	const char *end = behind_word(cmd->text);
	size_t count;

	if (command_split(arena, arena_bytes(arena, cmd->text, (size_t)(end - cmd->text)), &words, &count,
			err) < 0)
		return error_place(err, cmd->place);
	*ret_source = words[0];
	return 0;
}

static int script_check(const struct value *params, struct error *err)
{
	const struct value *cmd = value_get(params, "cmd");
	const char *source;
	struct arena *arena;
	int result;

	if (command_check(params, err) < 0)
		return -1;
	if (!value_text(cmd))
		return 0;
	arena = arena_new();
	result = read_line(arena, cmd, &source, err);
	arena_free(arena);
	return result;
}

static int script_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const struct value *cmd = value_get(params, "cmd");
	const char *source, *path, *slash;
	struct value *body;
	struct prepare_entry entry;
	int64_t size;

	if (!value_text(cmd))
		return 0;
	if (read_line(arena, cmd, &source, err) < 0)
		return -1;
	if (prepare_find(prepare, source, "files", &path, err) < 0
			|| prepare_stat(prepare, path, &entry, err) < 0)
		return error_place(err, cmd->place);
	if (entry.kind == ENTRY_DIRECTORY)
		return error_at(err, FILE_WRONG_TYPE, cmd->place, "'%s' is a directory", path);
	if (prepare_content(prepare, path, &body, &size, err) < 0)
		return -1;
	slash = strrchr(source, '/');
	value_set(arena, params, "body", body);
	value_set_string(arena, params, "name", slash ? slash + 1 : source);
	value_set_string(arena, params, "rest", behind_word(cmd->text));
	value_get(params, "rest")->level = cmd->level;
	return 0;
}

static int script_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	return command_run_inspect(host, &((const struct script_params *)params)->command, ret_state, err);
}

static void script_plan(struct plan *plan, const void *params, const void *state)
{
	command_run_plan(plan, &((const struct script_params *)params)->command, state);
}

static int make_folder(struct host *host, const char **ret_folder, struct error *err)
{
	static const char *const argv[] = { "mktemp", "-d", "/tmp/beoplay.XXXXXXXXXX", NULL };
	struct command_result result;

	if (host_run(host, &(struct command){ .argv = argv, .timeout = 60 }, &result, err) < 0)
		return -1;
	*ret_folder = arena_bytes(host_arena(host), result.output, strcspn(result.output, "\n"));
	if (strncmp(*ret_folder, "/tmp/beoplay.", 13) != 0)
		return error_set(err, HOST_COMMAND_FAILED, "mktemp made no folder for the script");
	return 0;
}

static const char *command_line(struct arena *arena, const struct script_params *want,
	const char *path)
{
	struct buffer line = {0};
	const char *text;

	if (want->command.executable)
		buffer_printf(&line, "%s ", want->command.executable);
	quote_shell(&line, path);
	buffer_add_string(&line, want->rest ? want->rest : "");
	text = arena_bytes(arena, line.data, line.size);
	buffer_free(&line);
	return text;
}

static int run(struct host *host, const struct script_params *want, const char *path,
	struct value *results, struct error *err)
{
	const char *const line[] = { command_line(host_arena(host), want, path), NULL };
	struct command command = { .argv = line, .flags = COMMAND_SHELL };
	struct file_write write = { .path = path, .body = want->body, .mode = 0700, .uid = HOST_KEEP,
		.gid = HOST_KEEP, .mtime = HOST_KEEP };

	if (host_write(host, &write, err) < 0)
		return -1;
	return command_execute(host, &want->command, &command, value_string(host_arena(host),
		want->command.cmd), results, err);
}

static int script_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct script_params *want = params;
	struct error ignored = {0};
	const char *folder, *path;
	int result;

	(void)state;
	(void)change;
	if (!want->body || !want->name)
		return error_set(err, BEOPLAY_BUG, "a script came without its content");
	if (make_folder(host, &folder, err) < 0)
		return -1;
	path = arena_printf(host_arena(host), "%s/%s", folder, want->name);
	result = run(host, want, path, results, err);
	/* It may have taken itself away. */
	host_remove(host, path, &ignored);
	ignored = (struct error){0};
	host_remove(host, folder, &ignored);
	return result;
}

static void script_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	command_results(arena, &((const struct script_params *)params)->command, state, results);
}

const struct module module_script = {
	.name = "script",
	.summary = "run a script that is beside the playbook",
	.params = script_table,
	.params_size = sizeof(struct script_params),
	.state_size = sizeof(struct command_state),
	.flags = MODULE_ACTION | MODULE_OUTPUT,
	.check = script_check,
	.prepare = script_prepare,
	.inspect = script_inspect,
	.plan = script_plan,
	.apply = script_apply,
	.results = script_results,
};
