/* plan: a dry run that is kept, so that just what it found is done later. */
#include "command/plan.h"

#include "base/quote.h"
#include "command/command.h"
#include "command/past.h"
#include "command/playing.h"
#include "fleet/agents.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- Which program --- */

/* What modules plan depends on their build. */
static const char *program(struct arena *arena)
{
	const struct agent *agent = agent_find(agents_here);

	return arena_printf(arena, BEOPLAY_VERSION " (agent %.12s)", (agent ? agent : agents)->digest);
}

/* --- Options, as far as what is planned depends on them, or how hosts are reached --- */

struct option_field { const char *name; size_t offset; };

static const struct option_field texts[] = {
	{ "user", offsetof(struct apply_options, user) },
	{ "private_key", offsetof(struct apply_options, private_key) },
	{ "known_hosts", offsetof(struct apply_options, known_hosts) },
	{ "become_user", offsetof(struct apply_options, become_user) },
	{ "become_method", offsetof(struct apply_options, become_method) },
	{ "at", offsetof(struct apply_options, at) },
	{ "start_at_task", offsetof(struct apply_options, start_at_task) },
};
static const struct option_field flags[] = {
	{ "become", offsetof(struct apply_options, become) },
	{ "accept_new_host_keys", offsetof(struct apply_options, accept_new_host_keys) },
	{ "allow_outside", offsetof(struct apply_options, allow_outside) },
	{ "prune", offsetof(struct apply_options, prune) },
	{ "discard_drift", offsetof(struct apply_options, discard_drift) },
	{ "force_handlers", offsetof(struct apply_options, force_handlers) },
};

enum { TEXT_COUNT = sizeof(texts) / sizeof(*texts), FLAG_COUNT = sizeof(flags) / sizeof(*flags) };

static const char **text_option(struct apply_options *options, size_t i)
{
	return (const char **)(void *)((char *)options + texts[i].offset);
}

static bool *flag_option(struct apply_options *options, size_t i)
{
	return (bool *)(void *)((char *)options + flags[i].offset);
}

/* Values on the command line may be secrets: they aren't kept, but asked for again. */
static bool is_file(const struct value *extra)
{
	return value_text(extra)[0] == '@';
}

static struct value *extra_files(struct arena *arena, const struct value *extra)
{
	struct value *files = value_list(arena);

	for (size_t i = 0; i < extra->count; i++) {
		if (is_file(extra->items[i]))
			value_append(arena, files, extra->items[i]);
	}
	return files;
}

static bool has_values(const struct value *extra)
{
	bool any = false;

	for (size_t i = 0; i < extra->count; i++)
		any = any || !is_file(extra->items[i]);
	return any;
}

static struct value *save_options(struct arena *arena, struct apply_options *options)
{
	struct value *saved = value_map(arena);

	for (size_t i = 0; i < TEXT_COUNT; i++)
		value_set_string(arena, saved, texts[i].name, *text_option(options, i));
	for (size_t i = 0; i < FLAG_COUNT; i++)
		value_set_bool(arena, saved, flags[i].name, *flag_option(options, i));
	value_set(arena, saved, "inventories", options->inventories);
	value_set(arena, saved, "extra", extra_files(arena, options->extra));
	value_set_bool(arena, saved, "extra_values", has_values(options->extra));
	if (options->tags)
		value_set(arena, saved, "tags", options->tags);
	if (options->skip_tags)
		value_set(arena, saved, "skip_tags", options->skip_tags);
	return saved;
}

/* What the command line says of reaching hosts counts; the rest is the plan's. */
static int load_options(const struct value *saved, struct apply_options *options,
	struct error *err)
{
	if (value_get_bool(saved, "extra_values") && options->extra->count == 0) {
		error_set(err, CLI_INVALID_USAGE, "the plan was made with values on the command line, "
			"which it doesn't hold");
		return error_remedy(err, "give the same -e again, or put them into a file: -e @FILE");
	}
	for (size_t i = 0; i < TEXT_COUNT; i++) {
		if (!*text_option(options, i))
			*text_option(options, i) = value_get_string(saved, texts[i].name);
	}
	for (size_t i = 0; i < FLAG_COUNT; i++)
		*flag_option(options, i) |= value_get_bool(saved, flags[i].name);
	options->inventories = value_get(saved, "inventories");
	if (options->extra->count == 0)
		options->extra = value_get(saved, "extra");
	options->tags = value_get(saved, "tags");
	options->skip_tags = value_get(saved, "skip_tags");
	return 0;
}

static int only_reaching(const struct apply_options *given, struct error *err)
{
	if (given->inventories->count == 0 && !given->tags && !given->skip_tags && !given->limit
			&& !given->start_at_task
			&& !given->at && !given->to && !given->prune
			&& !given->become && !given->become_user && !given->discard_drift && !given->resume
			&& !given->with_affected)
		return 0;
	error_set(err, CLI_INVALID_USAGE, "a saved plan has its own inventory, hosts, tags and "
		"variables");
	return error_remedy(err, "give only how hosts are reached (-u, --private-key, -T, …) and what "
		"is shown (-v, -D, --json)");
}

/* --- Making one --- */

/* Several parts and items of a task, if the same came of them, are one change to people. */
static bool is_part(const struct value *before, const struct value *note)
{
	return strcmp(value_get_string(before, "title"), value_get_string(note, "title")) == 0
		&& strcmp(value_get_string(before, "status"), value_get_string(note, "status")) == 0;
}

/* What was planned on hosts where all went well; the names of the others are left out. */
static struct value *planned_hosts(struct arena *arena, const struct playing_plan *plan,
	size_t *ret_changes, size_t *ret_maybe)
{
	struct value *hosts = value_map(arena);

	*ret_changes = *ret_maybe = 0;
	for (size_t i = 0; i < plan->found_outcome->count; i++) {
		const char *name = plan->found_outcome->pairs[i].key;
		struct value *tasks = value_get(plan->found_hosts, name);

		if (!value_get_bool(plan->found_outcome->pairs[i].value, "ended"))
			continue;
		value_set(arena, hosts, name, tasks ? tasks : value_map(arena));
		for (size_t k = 0; tasks && k < tasks->count; k++) {
			const char *status = value_get_string(tasks->pairs[k].value, "status");

			if (k > 0 && is_part(tasks->pairs[k - 1].value, tasks->pairs[k].value))
				continue;
			*ret_changes += strcmp(status, "changed") == 0;
			*ret_maybe += strcmp(status, "may_change") == 0;
		}
	}
	return hosts;
}

/* Hosts that aren't in the plan mustn't come into the run; NULL: all are in it. */
static const char *limit_to(struct arena *arena, const struct value *hosts,
	const struct apply_options *options, size_t all)
{
	const char *limit = NULL;

	if (!options->limit && hosts->count == all)
		return NULL;
	for (size_t i = 0; i < hosts->count; i++)
		limit = limit ? arena_printf(arena, "%s,%s", limit, hosts->pairs[i].key)
			: hosts->pairs[i].key;
	return limit;
}

static int save(struct arena *arena, struct apply_options *options, const char *playbook,
	const struct playing_plan *found, struct error *err)
{
	struct value *body = value_map(arena);
	char directory[PATH_MAX];
	struct saved_key key;
	size_t changes, maybe;
	struct value *hosts = planned_hosts(arena, found, &changes, &maybe);

	if (hosts->count == 0)
		return error_set(err, PLAN_NOT_MADE, "no plan was saved: no host finished without an "
			"error");
	if (!getcwd(directory, sizeof(directory)))
		return error_errno(err, FILE_UNREADABLE, "the current directory can't be named");
	if (saved_key_load(arena, saved_key_path(arena), true, &key, err) < 0)
		return -1;
	value_set_string(arena, body, "program", program(arena));
	value_set_string(arena, body, "directory", directory);
	value_set_string(arena, body, "playbook", playbook);
	value_set(arena, body, "options", save_options(arena, options));
	value_set_string(arena, body, "limit", limit_to(arena, hosts, options,
		found->found_outcome->count));
	value_set(arena, body, "texts", saved_seal_texts(arena, &key, found->found_texts));
	value_set(arena, body, "hosts", saved_seal_hosts(arena, &key, hosts));
	if (saved_write(options->output, &key, body, err) < 0)
		return -1;
	if (!options->json)
		printf("\nThe plan is in %s: %zu changes, %zu that depend on them, on %zu of %zu hosts.\n"
			"  → beoplay apply %s applies exactly these\n", options->output, changes, maybe,
			hosts->count, found->found_outcome->count, options->output);
	return 0;
}

static int make_plan(struct arena *arena, struct apply_options *options, struct error *err)
{
	const char *playbook = options->playbooks[0];
	struct playing_past past;
	struct playing_plan plan = {0};
	int code;

	if (options->at && past_find(arena, options, playbook, options->at, &past, err) < 0)
		return -1;
	code = playing_plan(arena, options, playbook, options->at ? &past : NULL, &plan);
	if (code == EXIT_TEXT || code == EXIT_INTERRUPTED || !options->output || !plan.found_hosts)
		return code;
	return save(arena, options, playbook, &plan, err) < 0 ? -1 : code;
}

static void help(void)
{
	puts("usage: beoplay plan PLAYBOOK [-o FILE] [options]\n"
		"\n"
		"Preview a run, with diffs. With -o the plan is saved, and\n"
		"\n"
		"    beoplay apply FILE\n"
		"\n"
		"applies exactly these changes later. A host that has changed in the meantime is\n"
		"skipped, and the difference is named (exit code 2). Tasks that depend on changes not\n"
		"made yet (\"may change\") do what is needed then. The file is readable by you alone\n"
		"and holds no contents and no secrets; it is rejected if it was altered, if somebody\n"
		"else made it, or if the texts have changed.\n");
	options_print(OPTIONS_PLAN);
}

int command_plan(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct apply_options options;
	struct error err = {0};
	int code = EXIT_TEXT;

	if (options_parse(arena, OPTIONS_PLAN, argc, argv, &options) < 0) {
		code = EXIT_TEXT;
	} else if (options.help) {
		help();
		code = EXIT_GOOD;
	} else if (options.playbooks[1]) {
		fputs("beoplay: one playbook at a time is planned\n", stderr);
	} else if (options.output && options.with_affected) {
		fputs("beoplay: a plan that is kept is for the hosts of -l, not for --with-affected\n", stderr);
	} else {
		options.check = options.diff = true;
		playing_watch_signals();
		code = make_plan(arena, &options, &err);
	}
	if (code < 0) {
		playing_complain(&err);
		code = EXIT_TEXT;
	}
	arena_free(arena);
	return code;
}

/* --- Applying one --- */

static int read_plan(struct arena *arena, const char *path, struct saved_key *ret_key,
	struct value **ret_body, struct error *err)
{
	const char *made_by;

	if (saved_key_load(arena, saved_key_path(arena), false, ret_key, err) < 0
			|| saved_read(arena, path, ret_key, ret_body, err) < 0)
		return -1;
	made_by = value_get_string(*ret_body, "program");
	if (!made_by || strcmp(made_by, program(arena)) != 0) {
		error_set(err, PLAN_OTHER_VERSION, "the plan '%s' was made by beoplay %s, this is %s", path,
			made_by ? made_by : "?", program(arena));
		return error_remedy(err, "make a new one with this one");
	}
	if (!value_get_string(*ret_body, "playbook") || !value_get_string(*ret_body, "directory")
			|| !value_get(*ret_body, "hosts"))
		return error_set(err, PLAN_DAMAGED, "the plan '%s' is truncated", path);
	return 0;
}

static const char *absolute(struct arena *arena, const char *path)
{
	char real[PATH_MAX];

	return path && realpath(path, real) ? arena_string(arena, real) : path;
}

/* Relative names are those of where the plan was made. */
static int go_there(struct arena *arena, const struct value *body, struct apply_options *options,
	struct error *err)
{
	const char *directory = value_get_string(body, "directory");

	options->private_key = absolute(arena, options->private_key);
	options->known_hosts = absolute(arena, options->known_hosts);
	if (chdir(directory) == 0)
		return 0;
	error_errno(err, FILE_UNREADABLE, "the plan was made in '%s', which can't be entered",
		directory);
	return error_remedy(err, "a plan is applied where its text is");
}

static int say_stale(struct arena *arena, const struct value *follow)
{
	int code = EXIT_GOOD;

	for (size_t i = 0; i < follow->count; i++) {
		const char *stale = value_get_string(follow->pairs[i].value, "stale");

		if (!stale)
			continue;
		fprintf(stderr, "beoplay: %s: %s\n", follow->pairs[i].key,
			quote_printable(arena, stale, strlen(stale), 0));
		code = EXIT_FAILED;
	}
	return code;
}

/* A dry run says what would be done today; where that is what was planned, it is done. */
static int apply_plan(struct arena *arena, const char *path, const struct apply_options *given,
	struct error *err)
{
	struct apply_options options = *given, look;
	struct playing_plan now = { .quiet = !given->check }, plan = {0};
	struct playing_past past;
	struct saved_key key;
	struct value *body;
	const char *playbook;
	int code;

	if (only_reaching(given, err) < 0 || read_plan(arena, path, &key, &body, err) < 0
			|| go_there(arena, body, &options, err) < 0)
		return -1;
	if (load_options(value_get(body, "options"), &options, err) < 0)
		return -1;
	options.limit = value_get_string(body, "limit");
	playbook = value_get_string(body, "playbook");
	if (options.at && past_find(arena, &options, playbook, options.at, &past, err) < 0)
		return -1;
	now.texts = plan.texts = value_get(body, "texts");
	now.key = plan.key = &key;
	if (isatty(STDERR_FILENO) && !given->json && !given->check)
		fprintf(stderr, "comparing %zu hosts with the plan\n", value_get(body, "hosts")->count);
	look = options;
	look.check = look.diff = true;
	code = playing_plan(arena, &look, playbook, options.at ? &past : NULL, &now);
	if (code == EXIT_TEXT || code == EXIT_INTERRUPTED || !now.found_hosts)
		return code;
	plan.follow = saved_follow(arena, &key, value_get(body, "hosts"), now.found_hosts,
		now.found_outcome);
	if (given->check)
		return code | say_stale(arena, plan.follow);
	return playing_plan(arena, &options, playbook, options.at ? &past : NULL, &plan);
}

int plan_apply(struct arena *arena, const struct apply_options *options, const char *path)
{
	struct error err = {0};
	int code = apply_plan(arena, path, options, &err);

	if (code >= 0)
		return code;
	playing_complain(&err);
	return EXIT_TEXT;
}
