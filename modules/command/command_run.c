/* command_run: what command and shell share: when to run, running, and what came of it. */
#include "modules/command/command_run.h"

#include "base/buffer.h"
#include "base/glob.h"
#include "modules/errors.h"

#include <string.h>

enum { COMMAND_STEP, MATCHES_MOST = 4096, NOT_STARTED = 2 };

/* Of stdout and of stderr: so much can be registered. */
enum { OUTPUT_MOST = 16 << 20 };

/* --- Words */

struct splitter {
	const char *at;
	struct buffer word;
};

/* A quoted part; at is behind the opening quote. */
static int split_quoted(struct splitter *splitter, char quote, struct error *err)
{
	while (*splitter->at && *splitter->at != quote) {
		if (*splitter->at == '\\' && quote == '"' &&
		    (splitter->at[1] == '"' || splitter->at[1] == '\\'))
			splitter->at++;
		buffer_add_char(&splitter->word, *splitter->at++);
	}
	if (!*splitter->at) {
		error_set(err, COMMAND_INVALID, "a %c is opened in the command and never closed", quote);
		return error_remedy(err, "close it, or write the words as a list with argv");
	}
	splitter->at++;
	return 0;
}

static int split_word(struct splitter *splitter, struct error *err)
{
	buffer_clear(&splitter->word);
	buffer_reserve(&splitter->word, 1);
	while (*splitter->at && !strchr(" \t\r\n", *splitter->at)) {
		char c = *splitter->at++;

		if (c == '\'' || c == '"') {
			if (split_quoted(splitter, c, err) < 0)
				return -1;
			continue;
		}
		if (c == '\\') {
			if (!*splitter->at)
				return error_set(err, COMMAND_INVALID,
					"the command ends with a backslash that quotes nothing");
			c = *splitter->at++;
		}
		buffer_add_char(&splitter->word, c);
	}
	return 0;
}

int command_split(struct arena *arena, const char *text, const char *const **ret_words,
	size_t *ret_count, struct error *err)
{
	struct splitter splitter = { .at = text };
	/* No text has more words than half its bytes, rounded up. */
	const char **words = arena_array(arena, strlen(text) / 2 + 2, sizeof(*words));
	size_t count = 0;
	int result = 0;

	for (;;) {
		splitter.at += strspn(splitter.at, " \t\r\n");
		if (!*splitter.at)
			break;
		result = split_word(&splitter, err);
		if (result < 0)
			break;
		words[count++] = arena_bytes(arena, splitter.word.data, splitter.word.size);
	}
	buffer_free(&splitter.word);
	if (result < 0)
		return -1;
	*ret_words = words;
	*ret_count = count;
	return 0;
}

/* --- Checking */

static int check_relative(const struct value *params, const char *name, struct error *err)
{
	const struct value *path = value_get(params, name);

	if (!path || path->kind != VALUE_STRING || path->text[0] == '/' || value_get(params, "chdir"))
		return 0;
	error_at(err, TASK_INVALID_PATH, path->place, "'%s' is not an absolute path, and there is no "
		"chdir", path->text);
	return error_remedy(err, "begin it with /, or set chdir to its directory");
}

int command_check(const struct value *params, struct error *err)
{
	const struct value *cmd = value_get(params, "cmd");
	const struct value *argv = value_get(params, "argv");

	if (cmd && argv) {
		error_at(err, TASK_CONFLICTING_PARAMETERS, argv->place, "'cmd' and 'argv' exclude each "
			"other");
		return error_remedy(err, "keep one of them");
	}
	if (!cmd && !argv)
		return error_at(err, TASK_MISSING_PARAMETER, params->place, "there is no command");
	if ((argv && argv->kind == VALUE_LIST && argv->count == 0) ||
	    (cmd && cmd->kind == VALUE_STRING && cmd->text[strspn(cmd->text, " \t\r\n")] == '\0'))
		return error_at(err, TASK_INVALID_VALUE, (argv ? argv : cmd)->place, "the command is "
			"empty");
	if (check_relative(params, "creates", err) < 0)
		return -1;
	return check_relative(params, "removes", err);
}

/* --- Whether to run */

struct matcher {
	struct host *host;
	size_t looked;          /* names looked at: bounded */
	bool found;
};

/* Looks for rest, a pattern of path components, below directory ("" for /). */
static int match_below(struct matcher *matcher, const char *directory, const char *rest,
	struct error *err)
{
	struct arena *arena = host_arena(matcher->host);
	size_t size = strcspn(rest, "/");
	const char *component = arena_bytes(arena, rest, size);
	const char *more = rest[size] ? rest + size + 1 : NULL;
	const char *parent = directory[0] ? directory : "/";
	struct file_info info;
	struct file_name *names;
	size_t count;

	if (host_stat(matcher->host, parent, &info, err) < 0)
		return -1;
	if (info.kind != FILE_DIRECTORY)
		return 0;
	if (host_list(matcher->host, parent, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count && !matcher->found; i++) {
		if (matcher->looked++ > MATCHES_MOST)
			return error_set(err, COMMAND_INVALID, "the pattern '%s' meets too many names", rest);
		if (!glob_match(component, strlen(component), names[i].name, GLOB_SETS | GLOB_PERIOD))
			continue;
		if (!more)
			matcher->found = true;
		else if (match_below(matcher, arena_printf(arena, "%s/%s", directory, names[i].name),
				more, err) < 0)
			return -1;
	}
	return 0;
}

static int is_there(struct host *host, const struct command_params *want, const char *path,
	bool *ret_there, struct error *err)
{
	struct matcher matcher = { .host = host };
	struct file_info info;

	if (path[0] != '/')
		path = arena_printf(host_arena(host), "%s/%s", want->chdir ? want->chdir : "", path);
	if (strpbrk(path, "*?[")) {
		if (match_below(&matcher, "", path + strspn(path, "/"), err) < 0)
			return -1;
		*ret_there = matcher.found;
		return 0;
	}
	if (host_stat(host, path, &info, err) < 0)
		return -1;
	*ret_there = info.kind != FILE_NONE;
	return 0;
}

int command_run_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct command_params *want = params;
	struct command_state *have = ret_state;
	bool there = false;

	if (want->creates && is_there(host, want, want->creates, &there, err) < 0)
		return -1;
	if (there) {
		have->skipped = arena_printf(host_arena(host), "'%s' exists", want->creates);
		return 0;
	}
	there = true;
	if (want->removes && is_there(host, want, want->removes, &there, err) < 0)
		return -1;
	if (!there)
		have->skipped = arena_printf(host_arena(host), "'%s' does not exist", want->removes);
	return 0;
}

void command_run_plan(struct plan *plan, const void *params, const void *state)
{
	static const char *const anything[] = {
		"path:*", "user:*", "group:*", "members:*", "command:*", "unit:*", "package:*", "hostname", NULL,
	};
	const struct command_params *want = params;
	const struct command_state *have = state;

	if (have->skipped)
		return;
	plan_add(plan, COMMAND_STEP, want->cmd ? want->cmd : want->argv[0], "command", NULL, "run");
	for (size_t i = 0; anything[i]; i++)
		plan_writes(plan, anything[i]);
}

/* --- Running, and what came of it */

static void set_output(struct host *host, const struct command_params *want,
	struct value *results, const char *name, const char *text, size_t size)
{
	struct arena *arena = host_arena(host);

	while (want->strip_empty_ends && size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	value_set(arena, results, name, value_bytes(arena, text, size));
}

static struct command complete(struct host *host, const struct command_params *want,
	const struct command *command)
{
	struct command full = *command;

	full.directory = want->chdir;
	full.timeout = (unsigned)want->timeout;
	full.most = OUTPUT_MOST;
	full.flags |= COMMAND_ANY_STATUS | COMMAND_TELLS | COMMAND_AT_LOGIN;
	if (want->stdin) {
		full.input = want->stdin_add_newline ?
			arena_printf(host_arena(host), "%s\n", want->stdin) : want->stdin;
		full.input_size = strlen(full.input);
	}
	return full;
}

int command_execute(struct host *host, const struct command_params *want,
	const struct command *command, struct value *shown, struct value *results,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	struct command full = complete(host, want, command);
	struct command_result result = { 0 };

	value_set(arena, results, "cmd", shown);
	if (host_run(host, &full, &result, err) < 0) {
		/* As Ansible has it, for "is it there?" with failed_when. */
		value_set_integer(arena, results, "rc", NOT_STARTED);
		set_output(host, want, results, "stdout", "", 0);
		set_output(host, want, results, "stderr", "", 0);
		return -1;
	}
	value_set_integer(arena, results, "rc", result.status);
	set_output(host, want, results, "stdout", result.output, result.output_size);
	set_output(host, want, results, "stderr", result.errors, result.errors_size);
	if (result.truncated)
		value_set_bool(arena, results, "truncated", true);
	if (result.timed_out)
		return error_set(err, COMMAND_TIMEOUT, "it did not end within %u seconds", full.timeout);
	if (result.status != 0)
		return error_set(err, COMMAND_NONZERO_EXIT, "non-zero return code %d%s%s", result.status,
			result.errors_size || result.output_size ? ": " : "", command_last_words(arena,
			&result));
	return 0;
}

void command_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct command_params *want = params;
	const struct command_state *have = state;

	if (!have->skipped || value_get(results, "rc"))
		return;
	value_set_string(arena, results, "cmd", want->cmd ? want->cmd : want->argv[0]);
	value_set_integer(arena, results, "rc", 0);
	value_set(arena, results, "stdout", value_printf(arena, "skipped, since %s", have->skipped));
	value_set_string(arena, results, "stderr", "");
	value_set(arena, results, "msg", value_printf(arena, "not run, since %s", have->skipped));
}
