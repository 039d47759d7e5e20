/* apply: makes the machines be what playbooks say. */
#include "command/command.h"
#include "command/listing.h"
#include "command/options.h"
#include "command/project.h"
#include "history/history.h"
#include "plan/run.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* All that one playbook's run is made of. */
struct apply {
	struct arena *arena;
	const struct apply_options *options;
	struct source *source;
	struct project project;
	struct playbook *playbook;
	struct inventory *inventory;
	struct variables *variables;
	struct inventory_list limit;
	const char *name;
	int64_t time;
	struct run *run;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted++;
}

static void watch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static const char *who(struct arena *arena)
{
	char host[256] = "?";
	const struct passwd *user = getpwuid(getuid());

	gethostname(host, sizeof(host) - 1);
	return arena_printf(arena, "%s@%s", user ? user->pw_name : "?", host);
}

/* Names a run for people and for ledgers; unique on this controller. */
static const char *run_name(struct arena *arena)
{
	struct timespec now;
	struct tm utc;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc);
	return arena_printf(arena, "%s-%ld", text, (long)getpid());
}

static bool lists(const struct apply_options *options)
{
	return options->list_hosts || options->list_tasks || options->list_tags
		|| options->syntax_check;
}

static int load_extra(struct apply *apply, struct value *extra, struct error *err)
{
	const struct value *given = apply->options->extra;

	for (size_t i = 0; i < given->count; i++) {
		if (variables_extra(apply->arena, apply->source, value_text(given->items[i]), extra,
				err) < 0)
			return -1;
	}
	return 0;
}

static int load_inventory(struct apply *apply, struct error *err)
{
	const struct value *paths = apply->project.inventories;
	const char **names = arena_array(apply->arena, paths->count + 1, sizeof(*names));
	struct variables_options options = { 0 };

	if (paths->count == 0) {
		error_set(err, ERROR_TEXT, "there is no inventory beside '%s' or above it",
			apply->playbook->path);
		return error_remedy(err, "write inventory/hosts.yml, or name one with -i");
	}
	for (size_t i = 0; i < paths->count; i++)
		names[i] = value_text(paths->items[i]);
	if (inventory_load(apply->arena, apply->source, names, paths->count,
			apply->playbook->directory, &apply->inventory, err) < 0)
		return -1;
	options.inventory = apply->inventory;
	options.playbook_directory = apply->playbook->directory;
	options.inventory_sources = names;
	options.extra = value_map(apply->arena);
	options.check = apply->options->check;
	options.diff = apply->options->diff;
	if (load_extra(apply, options.extra, err) < 0)
		return -1;
	apply->variables = variables_new(apply->arena, &options);
	return 0;
}

static int load_limit(struct apply *apply, struct error *err)
{
	if (!apply->options->limit)
		return 0;
	if (inventory_limit(apply->inventory, apply->arena, apply->source, apply->options->limit,
			&apply->limit, err) < 0)
		return -1;
	if (apply->limit.count == 0)
		return error_set(err, ERROR_TEXT, "-l '%s' matches no host", apply->options->limit);
	return 0;
}

static int make_run(struct apply *apply, struct error *err)
{
	const struct apply_options *given = apply->options;
	struct run_options options = {
		.source = apply->source,
		.playbook = apply->playbook,
		.inventory = apply->inventory,
		.variables = apply->variables,
		.limit = given->limit ? &apply->limit : NULL,
		.tags = given->tags,
		.skip_tags = given->skip_tags,
		.check = given->check,
		.diff = given->diff,
		.results = given->verbosity > 0 || given->json,
		.allow_outside = given->allow_outside,
		.become = given->become,
		.become_user = given->become_user,
		.user = given->user,
		.private_key = given->private_key,
		.fleet = {
			.forks = given->forks,
			.timeout = given->timeout,
			.known_hosts = given->known_hosts,
			.accept_new_host_keys = given->accept_new_host_keys,
			.leave_nothing = given->check,
			.verbosity = given->verbosity,
		},
		.project = apply->project.name,
		.owner = apply->project.playbook,
		.who = who(apply->arena),
		.run = apply->name,
		.revision = "",
		.time = apply->time,
		.undo = given->prune ? UNDO_ORPHANS : UNDO_NOTHING,
		.discard_drift = given->discard_drift,
		.interrupted = &interrupted,
	};

	return run_new(apply->arena, &options, &apply->run, err);
}

static int load(struct apply *apply, const char *path, struct error *err)
{
	apply->source = source_directory(apply->arena, NULL);
	apply->name = run_name(apply->arena);
	apply->time = time(NULL);
	if (playbook_load(apply->arena, apply->source, path, NULL, &apply->playbook, err) < 0
			|| project_find(apply->arena, apply->source, path, apply->options->inventories,
			&apply->project, err) < 0)
		return -1;
	if (apply->options->syntax_check && apply->project.inventories->count == 0)
		return 0;
	if (load_inventory(apply, err) < 0 || load_limit(apply, err) < 0)
		return -1;
	return make_run(apply, err);
}

static struct report *make_report(const struct apply_options *options)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	bool terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
	struct report_options made = {
		.out = stdout,
		.errors = stderr,
		.json = options->json,
		.check = options->check,
		.diff = options->diff,
		.verbosity = options->verbosity,
		.color = terminal && !(no_color && *no_color),
		.live = terminal && !options->json,
	};

	return report_new(&made);
}

static void say_error(const struct apply *apply, struct report *report, const struct error *err)
{
	const char *text = NULL;
	size_t size = 0;

	if (err->place.file && apply->source)
		text = source_text(apply->source, err->place.file, &size);
	report_error(report, err, text, size);
}

/* A run that can't be written down has still happened: this is a warning. */
static void write_down(const struct apply *apply, struct report *report)
{
	struct history_run run = {
		.run = apply->name, .playbook = apply->project.playbook, .who = who(apply->arena),
		.time = apply->time, .hosts = run_outcome(apply->run),
	};
	struct history *history;
	struct error err = {0};

	if (history_open(apply->playbook->directory, true, &history, &err) < 0
			|| history_add(history, &run, apply->source, &err) < 0)
		report_warning(report, NULL, err.message);
	history_close(history);
}

static int execute(struct apply *apply, struct report *report, struct error *err)
{
	struct report_totals totals;
	int result;

	report_run(report, apply->playbook->path, run_hosts(apply->run),
		run_task_count(apply->run));
	result = run_execute(apply->run, report, err);
	if (!apply->options->check)
		write_down(apply, report);
	report_orphans(report, run_orphans(apply->run));
	totals = report_recap(report);
	if (result < 0)
		return err->kind == ERROR_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_TEXT;
	return (totals.failed ? EXIT_FAILED : 0) | (totals.unreachable ? EXIT_UNREACHABLE : 0);
}

static int apply_one(const struct apply_options *options, const char *path)
{
	struct apply apply = { .arena = arena_new(), .options = options };
	struct report *report = make_report(options);
	struct error err = {0};
	int code = EXIT_GOOD;

	if (load(&apply, path, &err) < 0)
		code = EXIT_TEXT;
	else if (!lists(options))
		code = execute(&apply, report, &err);
	else if (options->syntax_check)
		printf("playbook: %s\n", path);
	else if (listing_print(apply.arena, options, apply.playbook, apply.inventory,
			apply.variables, options->limit ? &apply.limit : NULL, &err) < 0)
		code = EXIT_TEXT;
	if (err.kind != ERROR_NONE && err.kind != ERROR_INTERRUPTED)
		say_error(&apply, report, &err);
	report_free(report);
	if (apply.run)
		run_free(apply.run);
	arena_free(apply.arena);
	return code;
}

int command_apply(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct apply_options options;
	int code = EXIT_GOOD;

	if (options_parse(arena, argc, argv, &options) < 0) {
		code = EXIT_TEXT;
	} else if (options.help) {
		options_help();
	} else if (options.version) {
		puts("beoplay " BEOPLAY_VERSION);
	} else {
		watch_signals();
		for (char **path = options.playbooks; *path && (code == EXIT_GOOD); path++)
			code = apply_one(&options, *path);
	}
	arena_free(arena);
	return code;
}
