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
	struct playing_looked *looked;
	size_t looked_count;
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

/* Where several hosts share a machine, the ledger has a name for each: "site.yml for node1". */
static bool is_of_playbook(const struct overview *overview, const char *name)
{
	size_t size = strlen(overview->owner);

	return strncmp(name, overview->owner, size) == 0
		&& (name[size] == '\0' || strncmp(name + size, " for ", 5) == 0);
}

/* The last run of this playbook that changed something there; NULL: none did. */
static const struct ledger_run *last_run(const struct overview *overview,
	const struct looked *looked)
{
	for (size_t i = looked->run_count; i-- > 0;) {
		const char *playbook = looked->runs[i].playbook;

		if (playbook && is_of_playbook(overview, playbook))
			return &looked->runs[i];
	}
	return NULL;
}

static const char *run_line(struct overview *overview, const struct looked *looked)
{
	const struct ledger_run *run = looked ? last_run(overview, looked) : NULL;
	time_t when = run ? (time_t)run->time : 0;
	struct tm parts;
	char date[64] = "?";

	if (!looked)
		return "it couldn't be looked at";
	if (!run)
		return "nothing of this playbook yet";
	if (localtime_r(&when, &parts))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &parts);
	return arena_printf(overview->arena, "%s of %s, by %s%s%s, %lld resource%s",
		run_title(overview, run->run), date, printable(overview, run->who),
		run->revision && *run->revision ? ", text of " : "",
		run->revision && *run->revision ? printable(overview, run->revision) : "",
		(long long)looked->resources, looked->resources == 1 ? "" : "s");
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

static void add_open(struct overview *overview, struct value *lines, const char *text,
	const char *host)
{
	add_line(overview, lines, printable(overview, text), host);
	overview->clean = false;
}

static void print_looked(struct overview *overview)
{
	struct value *runs = value_map(overview->arena), *orphans = value_map(overview->arena);
	struct value *due = value_map(overview->arena), *failed = value_map(overview->arena);

	for (size_t i = 0; i < overview->looked_count; i++) {
		const char *host = overview->looked[i].host;
		const struct looked *looked = overview->looked[i].looked;

		add_line(overview, runs, run_line(overview, looked), host);
		if (!looked || looked->foreign)
			overview->clean = false;
		for (size_t k = 0; looked && k < value_item_count(looked->orphans); k++)
			add_open(overview, orphans, value_text(looked->orphans->items[k]), host);
		for (size_t k = 0; looked && k < looked->due_count; k++)
			add_open(overview, due, looked->due[k].handler, host);
		for (size_t k = 0; looked && k < looked->failed_count; k++)
			add_open(overview, failed, looked->failed[k].task, host);
	}
	printf("%s\n", printable(overview, overview->playbook));
	print_lines(overview, NULL, runs);
	print_lines(overview, "no longer in the playbook (--prune undoes it)", orphans);
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
	code = playing_look(overview->arena, overview->options, overview->playbook, NULL,
		&overview->looked, &overview->looked_count, &lost);
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
	puts("usage: beoplay status [PLAYBOOK...] [--live] [options]\n"
		"\n"
		"Show what each host has of a playbook, as reported by its own ledger: the last run\n"
		"that changed something, when and by whom; what is no longer in the playbook; handlers\n"
		"left by a run that died; also on hosts that are no longer in any play. Nothing is\n"
		"changed. Without a playbook, show all that were applied from here.\n");
	options_print(OPTIONS_STATUS);
	puts("\nExit codes: 0 everything is as it should be; 3 something differs; 4 a host couldn't\n"
		"be reached.");
}

int command_status(int argc, char **argv)
{
	struct overview overview = { .arena = arena_new(), .clean = true };
	struct apply_options options;
	struct error err = {0};
	int code = EXIT_GOOD;

	if (options_parse(overview.arena, OPTIONS_STATUS, argc, argv, &options) < 0) {
		code = EXIT_TEXT;
	} else if (options.help) {
		help();
	} else if (!*options.playbooks
			&& past_playbooks(overview.arena, &options.playbooks, &err) < 0) {
		playing_complain(&err);
		code = EXIT_TEXT;
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
