/* tempfile: a new file or directory under a name that nobody has. */
#include "module/module.h"

#include <string.h>

enum tempfile_state { TEMPFILE_FILE, TEMPFILE_DIRECTORY };

struct tempfile_params {
	enum tempfile_state state;
	char *path, *prefix, *suffix;
};

static const char *const state_words[] = { "file", "directory", NULL };
static const cyaml_strval_t states[] = { { "file", TEMPFILE_FILE }, { "directory", TEMPFILE_DIRECTORY } };

static const struct param tempfile_table[] = {
	{ .name = "state", .kind = PARAM_CHOICE, .choices = state_words, .otherwise = "file",
		.doc = "what to make; only its owner may read it",
		.into = INTO_CHOICE(struct tempfile_params, state, states) },
	{ .name = "path", .kind = PARAM_PATH, .otherwise = "/tmp", .doc = "the directory in which it is made",
		.into = INTO_TEXT(struct tempfile_params, path) },
	{ .name = "prefix", .kind = PARAM_STRING, .otherwise = "ansible.", .doc = "how its name begins",
		.into = INTO_TEXT(struct tempfile_params, prefix) },
	{ .name = "suffix", .kind = PARAM_STRING, .otherwise = "", .doc = "how its name ends",
		.into = INTO_TEXT(struct tempfile_params, suffix) },
	{ 0 },
};

static int tempfile_check(const struct value *params, struct error *err)
{
	static const char *const names[] = { "prefix", "suffix" };

	for (size_t i = 0; i < 2; i++) {
		const struct value *part = value_get(params, names[i]);

		if (value_text(part) && strchr(part->text, '/'))
			return error_at(err, TASK_INVALID_VALUE, part->place, "'%s' of tempfile is part of a "
				"name and holds no /", names[i]);
	}
	return 0;
}

static int tempfile_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct tempfile_params *want = params;
	struct file_info info;

	(void)ret_state;
	if (host_stat(host, want->path, &info, err) < 0)
		return -1;
	return info.kind == FILE_DIRECTORY || info.kind == FILE_LINK ? 0
		: error_set(err, HOST_FILE_NOT_FOUND, "there is no directory '%s'", want->path);
}

static void tempfile_plan(struct plan *plan, const void *params, const void *state)
{
	const struct tempfile_params *want = params;

	(void)state;
	plan_add(plan, 0, plan_printf(plan, "%s/%s*%s", want->path, want->prefix, want->suffix), "state",
		"absent", state_words[want->state]);
}

static int tempfile_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct tempfile_params *want = params;
	struct arena *arena = host_arena(host);
	const char *const argv[] = { "mktemp", arena_printf(arena, "--tmpdir=%s", want->path),
		arena_printf(arena, "--suffix=%s", want->suffix),
		want->state == TEMPFILE_DIRECTORY ? "--directory" : "--",
		arena_printf(arena, "%sXXXXXXXX", want->prefix), NULL };
	const struct command command = { .argv = argv };
	struct command_result made;

	(void)state;
	(void)change;
	if (host_run(host, &command, &made, err) < 0)
		return -1;
	value_set(arena, results, "path", value_bytes(arena, made.output, strcspn(made.output, "\n")));
	return 0;
}

const struct module module_tempfile = {
	.name = "tempfile",
	.summary = "make a new file or directory, whose path is returned (nothing removes it later)",
	.params = tempfile_table,
	.params_size = sizeof(struct tempfile_params),
	.flags = MODULE_ACTION,
	.check = tempfile_check,
	.inspect = tempfile_inspect,
	.plan = tempfile_plan,
	.apply = tempfile_apply,
};
