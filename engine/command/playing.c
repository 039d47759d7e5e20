/* playing: one playbook's run, from the command line to the exit code. */
#include "command/playing_state.h"

#include "base/quote.h"
#include "command/command.h"
#include "command/foreign.h"
#include "command/listing.h"
#include "command/upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PASSES_MOST = 4 };   /* with --with-affected: what one changes may affect another */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted++;
}

void playing_watch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);   /* the write fails instead */
}

const volatile sig_atomic_t *playing_interrupted(void)
{
	return &interrupted;
}

static bool lists(const struct apply_options *options)
{
	return options->list_hosts || options->list_tasks || options->list_tags
		|| options->syntax_check;
}

/* One on which can be drawn. */
static bool is_terminal(int stream)
{
	const char *term = getenv("TERM");

	return isatty(stream) && term && strcmp(term, "dumb") != 0;
}

static bool has_color(int stream)
{
	const char *no_color = getenv("NO_COLOR");

	return is_terminal(stream) && !(no_color && *no_color);
}

/* out NULL: the terminal. */
static struct report *make_report(const struct apply_options *options,
	const struct secrets *secrets, FILE *out)
{
	bool terminal = is_terminal(STDOUT_FILENO);
	struct report_options made = {
		.out = out ? out : stdout,
		.errors = out ? out : stderr,
		.json = options->json,
		.check = options->check,
		.with_affected = options->with_affected,
		.verbosity = options->verbosity,
		.color = has_color(STDOUT_FILENO),
		.live = terminal && !out && !options->json,
		.secrets = secrets,
	};

	return report_new(&made);
}

static void say_error(const struct playing *playing, struct report *report, const struct error *err)
{
	unsigned count = 0, later = 0;

	for (const struct error *one = err; one; one = one->next) {
		const char *text = NULL;
		size_t size = 0;

		if (one->place.file && playing->source)
			text = source_text(playing->source, one->place.file, &size);
		report_error(report, one, text, size);
		count++;
		later += strstr(one->message, "not supported yet") != NULL;
	}
	if (count > 1 && !playing->options->json)
		fprintf(stderr, "%u errors, of which %u %s not supported yet; nothing was done\n", count,
			later, later == 1 ? "is" : "are");
}

/* Whether what is read is still what the plan was made from; whole: all is read by now. */
static int texts_agree(const struct playing *playing, bool whole, struct error *err)
{
	const struct playing_plan *plan = playing->plan;

	if (!plan || !plan->texts)
		return 0;
	return saved_compare_texts(playing->arena, plan->key, plan->texts, playing_texts(playing), whole,
		err);
}

/* Out of the arena of this run. */
static void keep_found(struct playing *playing)
{
	struct playing_plan *plan = playing->plan;
	struct arena *arena = playing->outer;

	plan->found_hosts = value_copy(arena, run_planned(playing->run));
	plan->found_outcome = value_copy(arena, run_outcome(playing->run));
	plan->found_texts = value_copy(arena, playing_texts(playing));
}

/* A rollback of some hosts says nothing of others: they are as they should be; a saved plan is
 * about its own. */
static void tell_others(struct playing *playing, struct report *report, struct value *affected)
{
	const struct value *others = run_others(playing->run);
	const struct value *would = value_get(others, "affected");

	if (playing->undo || (playing->plan && playing->plan->follow))
		return;
	report_others(report, would, value_get(others, "missed"));
	for (size_t i = 0; i < would->count; i++)
		value_append(playing->outer, affected, value_string(playing->outer, would->pairs[i].key));
}

static void warn_of_secrets(const struct playing *playing, struct report *report)
{
	for (size_t i = 0; i < playing->undefined->count; i++) {
		const struct value *name = playing->undefined->items[i];

		report_warning(report, NULL, arena_printf(playing->arena,
			"%s:%u:%u: no variable is called '%s', nor a key inside of one", name->place.file,
			name->place.line, name->place.column, value_text(name)));
	}
}

/* Hosts of which it can't be told any more what they had before. */
static void tell_broken(const struct playing *playing, struct report *report)
{
	const struct value *broken = playing->sealing.broken;
	struct value *reasons = value_map(playing->arena);

	for (size_t i = 0; i < broken->count; i++) {
		const char *why = value_text(broken->pairs[i].value);

		if (!value_get(reasons, why))
			value_set(playing->arena, reasons, why, value_list(playing->arena));
		value_append(playing->arena, value_get(reasons, why), value_string(playing->arena,
			broken->pairs[i].key));
	}
	for (size_t i = 0; i < reasons->count; i++)
		report_warning(report, report_hosts(report, reasons->pairs[i].value),
			arena_printf(playing->arena, "the seal of the last run there isn't used: %s",
			reasons->pairs[i].key));
}

int playing_reach(struct playing *playing, struct report *report, struct error *err)
{
	struct fleet *fleet = fleet_new(&playing->fleet, err);
	int result;

	if (!fleet)
		return -1;
	result = run_execute(playing->run, fleet, report, err);
	fleet_free(fleet);
	return result;
}

static void say_notes(const struct playing *playing, struct report *report, size_t from)
{
	for (size_t i = from; i < playing->notes->count; i++)
		report_warning(report, NULL, value_text(playing->notes->items[i]));
}

static int execute(struct playing *playing, struct report *report, struct value *affected,
	bool *ret_changes, struct error *err)
{
	struct revision *revision = playing->options->check ? NULL
		: revision_open(playing->project.folder);
	struct report_totals totals;
	size_t said;
	int result;

	say_notes(playing, report, 0);
	report_run(report, playing->playbook->path, run_hosts(playing->run),
		run_task_count(playing->run));
	warn_of_secrets(playing, report);
	if (playing->project.ignored)
		report_warning(report, NULL, playing->project.stopped);
	if (!playing->options->check) {
		upgrade_begin(playing, report);
		playing_give_text(playing, revision);
	}
	said = playing->notes->count;
	result = playing_reach(playing, report, err);
	say_notes(playing, report, said);
	if (!playing->options->check) {
		playing_write_down(playing, revision, report);
		upgrade_end(playing, report);
	}
	revision_close(revision);
	tell_broken(playing, report);
	report_orphans(report, run_orphans(playing->run));
	tell_others(playing, report, affected);
	totals = report_recap(report);
	*ret_changes = totals.changed > 0;
	if (result < 0)
		return err->kind == ERROR_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_TEXT;
	return (totals.failed ? EXIT_FAILED : 0) | (totals.unreachable ? EXIT_UNREACHABLE : 0);
}

/* start: options, the playbook, past, undo, plan, only, and the arena of affected, to which the
 * names of hosts outside the limit are added that would change, too. */
/* The exit code of a run that came to no host. */
static int not_begun(struct report *report, const struct error *err)
{
	if (err->kind != ERROR_INTERRUPTED)
		return EXIT_TEXT;
	report_warning(report, NULL, "interrupted before any host was contacted");
	return EXIT_INTERRUPTED;
}

static int play_once(const struct playing *start, struct value *affected, bool *ret_changes)
{
	const struct apply_options *options = start->options;
	struct playing playing = *start;
	FILE *nowhere = start->plan && start->plan->quiet ? fopen("/dev/null", "w") : NULL;
	struct report *report, *loud;
	struct error err = {0};
	int code = EXIT_GOOD;

	playing.arena = arena_new();
	playing.secrets = secrets_new();
	report = make_report(options, playing.secrets, nowhere);
	loud = nowhere ? make_report(options, playing.secrets, NULL) : NULL;
	foreign_warn(loud ? loud : report);
	if (playing_load(&playing, &err) < 0 || texts_agree(&playing, false, &err) < 0)
		code = not_begun(report, &err);
	else
		playing_check_tags(&playing, loud ? loud : report);
	if (code == EXIT_GOOD && !lists(options))
		code = execute(&playing, report, affected, ret_changes, &err);
	else if (code == EXIT_GOOD && options->syntax_check)
		printf("playbook: %s\n", quote_printable(playing.arena, playing.playbook->path,
			strlen(playing.playbook->path), 0));
	else if (code == EXIT_GOOD && listing_print(playing.arena, options, playing.start,
			playing.playbook, playing.inventory, playing.variables, playing.limit_text ? &playing.limit : NULL,
			&err) < 0)
		code = EXIT_TEXT;
	if (playing.plan && playing.run && code != EXIT_TEXT) {
		keep_found(&playing);
		if (options->check && texts_agree(&playing, true, &err) < 0)
			code = EXIT_TEXT;
	}
	if (err.kind != ERROR_NONE && err.kind != ERROR_INTERRUPTED)
		say_error(&playing, loud ? loud : report, &err);
	report_free(report);
	if (loud)
		report_free(loud);
	if (nowhere)
		fclose(nowhere);
	if (playing.run)
		run_free(playing.run);
	history_close(playing.earlier.history);
	arena_free(playing.arena);
	secrets_free(playing.secrets);
	return code;
}

/* With those that are affected, as long as there are any and all goes well. */
static int play(const struct apply_options *options, const char *playbook,
	const struct playing_past *past, const struct playing_undo *undo, bool *ret_changes)
{
	struct arena *arena = arena_new();
	struct playing start = { .outer = arena, .options = options, .typed = playbook, .past = past,
		.undo = undo };
	unsigned most = !options->with_affected ? 1 : options->check ? 2 : PASSES_MOST;
	int code = EXIT_GOOD;

	*ret_changes = false;
	for (unsigned pass = 0; pass < most && (pass == 0 || start.only->count > 0); pass++) {
		struct value *affected = value_list(arena);
		bool changes = false;
		int result = play_once(&start, affected, &changes);

		*ret_changes = *ret_changes || changes;
		code = result == EXIT_TEXT || result == EXIT_INTERRUPTED ? result : code | result;
		start.only = affected;
		if (result != EXIT_GOOD && result != EXIT_UNREACHABLE)
			break;
	}
	arena_free(arena);
	return code;
}

int playing_run(const struct apply_options *options, const char *playbook,
	const struct playing_past *past, const struct playing_undo *undo)
{
	bool ignored;

	return play(options, playbook, past, undo, &ignored);
}

int playing_check(const struct apply_options *options, const char *playbook, bool *ret_changes)
{
	return play(options, playbook, NULL, NULL, ret_changes);
}

int playing_plan(struct arena *arena, const struct apply_options *options, const char *playbook,
	const struct playing_past *past, struct playing_plan *plan)
{
	const struct playing start = { .outer = arena, .options = options, .typed = playbook,
		.past = past, .plan = plan };
	bool ignored;

	return play_once(&start, value_list(arena), &ignored);
}

static void take_looked(struct arena *arena, const struct run *run, struct playing_looked **looked,
	size_t *count, struct value *lost)
{
	const struct value *outcome = run_outcome(run);

	*looked = NULL;
	*count = 0;
	for (size_t i = 0; i < outcome->count; i++) {
		const char *host = outcome->pairs[i].key;
		const struct looked *found = run_looked(run, host);

		if (!found && strcmp(value_get_string(outcome->pairs[i].value, "state"), "failed") != 0)
			value_append(arena, lost, value_string(arena, host));
		else
			*ARENA_PUSH(arena, looked, count) = (struct playing_looked){
				.host = arena_string(arena, host),
				.looked = found ? message_copy(arena, &message_looked, found) : NULL };
	}
}

int playing_look(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char *text, struct playing_looked **ret_looked, size_t *ret_count,
	struct value **ret_lost)
{
	struct apply_options quiet = *options;
	struct playing playing = { .arena = arena, .options = &quiet, .typed = playbook,
		.look = true, .look_text = text };
	FILE *nowhere = fopen("/dev/null", "w");
	struct report *report;
	struct error err = {0};
	int code = EXIT_GOOD;

	quiet.check = true;
	report = report_new(&(struct report_options){ .out = nowhere, .errors = stderr });
	*ret_lost = value_list(arena);
	if (playing_load(&playing, &err) < 0) {
		code = not_begun(report, &err);
		if (code == EXIT_TEXT)
			say_error(&playing, report, &err);
	} else {
		report_run(report, playing.playbook->path, run_hosts(playing.run), 1);
		if (playing_reach(&playing, report, &err) < 0)
			code = EXIT_INTERRUPTED;
		take_looked(arena, playing.run, ret_looked, ret_count, *ret_lost);
		run_free(playing.run);
	}
	history_close(playing.earlier.history);
	report_free(report);
	if (nowhere)
		fclose(nowhere);
	return code;
}

int playing_owner(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char **ret_project, const char **ret_owner, const char **ret_folder, struct error *err)
{
	struct project project;

	if (project_find(arena, source_directory(arena, NULL), playbook, options->inventories,
			&project, err) < 0)
		return -1;
	*ret_project = project.name;
	*ret_owner = project.playbook;
	*ret_folder = project.folder;
	return 0;
}

void playing_complain(const struct error *err)
{
	struct arena *arena = arena_new();

	fprintf(stderr, "beoplay: %s", quote_printable(arena, err->message, strlen(err->message), 1));
	if (has_color(STDERR_FILENO))
		fprintf(stderr, " \033[2m[%s]\033[0m", err->code->name);
	fputc('\n', stderr);
	if (err->remedy[0])
		fprintf(stderr, "  → %s\n", quote_printable(arena, err->remedy, strlen(err->remedy), 1));
	arena_free(arena);
}
