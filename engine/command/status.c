/* status: what each host has of a playbook, as its own ledger says: which run and when, what is no
 * longer in the text, what is still to be done; with --live also what is otherwise than it was
 * left. */
#include "command/command.h"
#include "command/past.h"
#include "command/playing.h"

#include "base/quote.h"
#include "report/report.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { EXIT_NOT_CLEAN = 3 };

struct overview {
	struct arena *arena;
	const struct apply_options *options;
	const char *playbook;
	const char *owner;             /* the playbook as the project calls it */
	struct history_run *runs;      /* of the history here; may be none */
	size_t run_count;
	struct value *looked;
	bool clean;
};

static const char *printable(const struct overview *overview, const char *text)
{
	return text ? quote_printable(overview->arena, text, strlen(text), 0) : "?";
}

/* "run 12", where the history here knows it; else the name that the ledger has. */
static const char *run_title(const struct overview *overview, const char *name)
{
	for (size_t i = 0; name && i < overview->run_count; i++) {
		if (strcmp(overview->runs[i].run, name) == 0)
			return arena_printf(overview->arena, "run %lld", (long long)overview->runs[i].number);
	}
	return arena_printf(overview->arena, "run %s", printable(overview, name));
}

/* The last run of this playbook that changed something there; NULL: none did. */
static const struct value *last_run(const struct overview *overview, const struct value *looked)
{
	const struct value *runs = value_get(looked, "runs");

	for (size_t i = runs && runs->kind == VALUE_LIST ? runs->count : 0; i-- > 0;) {
		const char *playbook = value_get_string(value_item(runs, i), "playbook");

		if (playbook && strcmp(playbook, overview->owner) == 0)
			return value_item(runs, i);
	}
	return NULL;
}

static const char *run_line(struct overview *overview, const struct value *looked)
{
	const struct value *run = last_run(overview, looked);
	const char *revision = value_get_string(run, "revision");
	time_t when = (time_t)value_get_integer(run, "time", 0);
	struct tm parts;
	char date[64] = "?";

	if (value_get_bool(looked, "failed"))
		return "its ledger couldn't be read";
	if (!run)
		return "nothing of this playbook yet";
	if (localtime_r(&when, &parts))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &parts);
	return arena_printf(overview->arena, "%s of %s, by %s%s%s, %lld resource%s",
		run_title(overview, value_get_string(run, "run")), date,
		printable(overview, value_get_string(run, "who")), revision && *revision ? ", text of " : "",
		revision && *revision ? printable(overview, revision) : "",
		(long long)value_get_integer(looked, "resources", 0),
		value_get_integer(looked, "resources", 0) == 1 ? "" : "s");
}

/* Lines with the hosts of which each holds, in the order in which they came. */
static void add_line(struct overview *overview, struct value *lines, const char *line,
	const char *host)
{
	struct value *hosts = value_get(lines, line);

	if (!hosts) {
		hosts = value_list(overview->arena);
		value_set(overview->arena, lines, line, hosts);
	}
	value_append(overview->arena, hosts, value_string(overview->arena, host));
}

static void print_lines(const struct overview *overview, const char *title,
	const struct value *lines)
{
	if (lines->count > 0 && title)
		printf("%s\n", title);
	for (size_t i = 0; i < lines->count; i++)
		printf("  %s: %s\n", report_fold(overview->arena, value_at(lines, i)),
			value_key(lines, i));
}

static void add_each(struct overview *overview, struct value *lines, const struct value *list,
	const char *key, const char *host)
{
	for (size_t i = 0; list && list->kind == VALUE_LIST && i < list->count; i++) {
		add_line(overview, lines, printable(overview, value_get_string(value_item(list, i), key)), host);
		overview->clean = false;
	}
}

static void print_looked(struct overview *overview)
{
	struct value *runs = value_map(overview->arena), *orphans = value_map(overview->arena);
	struct value *due = value_map(overview->arena), *failed = value_map(overview->arena);

	for (size_t i = 0; i < overview->looked->count; i++) {
		const char *host = value_key(overview->looked, i);
		const struct value *looked = value_at(overview->looked, i);

		add_line(overview, runs, run_line(overview, looked), host);
		if (value_get_bool(looked, "failed") || value_get(looked, "foreign"))
			overview->clean = false;
		add_each(overview, orphans, value_get(looked, "orphans"), "resource", host);
		add_each(overview, due, value_get(looked, "due"), "handler", host);
		add_each(overview, failed, value_get(looked, "failed"), "task", host);
	}
	printf("%s\n", overview->playbook);
	print_lines(overview, NULL, runs);
	print_lines(overview, "no longer in the text (--prune undoes it)", orphans);
	print_lines(overview, "stopped at a task that failed (--resume goes on there)", failed);
	print_lines(overview, "handlers still to be run", due);
}

/* The history is only asked for numbers; without one the ledgers suffice. */
static void load_numbers(struct overview *overview)
{
	struct history *history = NULL;
	struct error ignored = {0};

	if (past_runs(overview->arena, overview->options, overview->playbook, &history, &overview->runs,
			&overview->run_count, &ignored) == 0)
		history_close(history);
}

static int show(struct overview *overview)
{
	const char *project, *folder;
	struct value *lost;
	struct error err = {0};
	int code, live;

	if (playing_owner(overview->arena, overview->options, overview->playbook, &project, &overview->owner,
			&folder, &err) < 0) {
		playing_complain(&err);
		return EXIT_TEXT;
	}
	load_numbers(overview);
	code = playing_look(overview->arena, overview->options, overview->playbook, NULL, &overview->looked,
		&lost);
	if (code != EXIT_GOOD)
		return code;
	print_looked(overview);
	if (lost->count > 0)
		printf("  %s: not reached\n", report_fold(overview->arena, lost));
	if (overview->options->live) {
		struct apply_options dry = *overview->options;
		bool changes = false;

		dry.check = dry.diff = true;
		live = playing_check(&dry, overview->playbook, &changes);
		if (live == EXIT_TEXT || live == EXIT_INTERRUPTED)
			return live;
		overview->clean = overview->clean && !changes && live == EXIT_GOOD;
	}
	return lost->count > 0 ? EXIT_UNREACHABLE : overview->clean ? EXIT_GOOD : EXIT_NOT_CLEAN;
}

static void help(void)
{
	puts("usage: beoplay status PLAYBOOK [--live] [options]\n"
		"\n"
		"What each host has of a playbook, as its own ledger says: the last run that changed\n"
		"something there, when and by whom; what the text no longer has; handlers that a run which\n"
		"died has left; also of hosts that are in no play any more. Nothing is changed.\n");
	options_print(OPTIONS_STATUS);
	puts("\nExit codes: 0 all is as it should be; 3 not so; 4 a host couldn't be reached.");
}

int command_status(int argc, char **argv)
{
	struct overview overview = { .arena = arena_new(), .clean = true };
	struct apply_options options;
	int code = EXIT_GOOD;

	if (options_parse(overview.arena, OPTIONS_STATUS, argc, argv, &options) < 0) {
		code = EXIT_TEXT;
	} else if (options.help) {
		help();
	} else {
		playing_watch_signals();
		overview.options = &options;
		for (char **path = options.playbooks; *path; path++) {
			int one;

			overview.playbook = *path;
			overview.clean = true;
			one = show(&overview);
			code = one > code ? one : code;
		}
	}
	arena_free(overview.arena);
	return code;
}
