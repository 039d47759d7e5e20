/* rollback: the machines are again as an earlier run left them: its text is applied, and what later
 * runs added goes away. */
#include "command/command.h"
#include "command/past.h"
#include "command/playing.h"
#include "command/rollback.h"

#include "report/report.h"

#include <stdio.h>
#include <string.h>

struct rollback {
	struct arena *arena;
	const struct apply_options *options;
	const char *playbook;
	struct history *history;
	struct history_run *runs;      /* of this playbook, the newest first */
	size_t count;
};

static bool is_done(const struct history_run *run, const char *host)
{
	const char *state = value_get_string(value_get(run->hosts, host), "state");

	return state && strcmp(state, "done") == 0;
}

/* The last run that a host went through; NULL: none. */
static const struct history_run *run_of(const struct rollback *rollback, const char *host)
{
	for (size_t i = 0; i < rollback->count; i++) {
		if (is_done(&rollback->runs[i], host))
			return &rollback->runs[i];
	}
	return NULL;
}

/* By default there must be one run that all hosts have; before: the one that would be gone back
 * to. */
static int check_shared(const struct rollback *rollback, const struct history_run *before,
	struct error *err)
{
	const struct history_run *newest = &rollback->runs[0];
	struct value *others = value_list(rollback->arena);

	for (size_t i = 0; i < newest->hosts->count; i++) {
		const char *host = newest->hosts->pairs[i].key;
		const struct history_run *has = run_of(rollback, host);
		bool same = has == newest;

		if (has && !same && past_same(rollback->history, rollback->arena, newest, has, &same,
				err) < 0)
			return -1;
		if (!same)
			value_append(rollback->arena, others, value_string(rollback->arena, host));
	}
	if (others->count == 0)
		return 0;
	error_set(err, HISTORY_DISAGREEMENT, "not all hosts have run %lld: it failed on %s, or didn't "
		"reach %s", (long long)newest->number, report_fold(rollback->arena, others),
		others->count > 1 ? "them" : "it");
	if (!before)
		return error_remedy(err, "apply it again first; --to nothing undoes all that was done");
	return error_remedy(err, "--to %lld goes back to the text before it on all hosts, --to %lld "
		"goes on with it", (long long)before->number, (long long)newest->number);
}

/* The newest run with another text than the last one. */
static int find_before(const struct rollback *rollback, const struct history_run **ret_run,
	struct error *err)
{
	const struct history_run *before = NULL;
	bool same = true;

	for (size_t i = 1; i < rollback->count && same; i++) {
		before = &rollback->runs[i];
		if (past_same(rollback->history, rollback->arena, &rollback->runs[0], before, &same,
				err) < 0)
			return -1;
	}
	if (check_shared(rollback, same ? NULL : before, err) < 0)
		return -1;
	*ret_run = before;
	if (!same)
		return 0;
	error_set(err, HISTORY_UNKNOWN_RUN, "there is no earlier text of '%s' in the history",
		rollback->playbook);
	return error_remedy(err, "--to nothing undoes all that it did");
}

static int find_run(const struct rollback *rollback, const char *revision,
	const struct history_run **ret_run, struct error *err)
{
	struct history_run found;

	if (history_load(rollback->history, rollback->arena, revision, &found, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < rollback->count; i++) {
		if (strcmp(rollback->runs[i].id, found.id) == 0) {
			*ret_run = &rollback->runs[i];
			return 0;
		}
	}
	error_set(err, HISTORY_UNKNOWN_RUN, "run %lld was one of '%s', not of '%s'",
		(long long)found.number, found.playbook, rollback->playbook);
	return error_remedy(err, "beoplay log %s lists its runs", rollback->playbook);
}

static bool is_undo_of_all(const struct history_run *run)
{
	const char *undo = value_get_string(run->how, "undo");

	return undo && strcmp(undo, "nothing") == 0;
}

/* Whether a host has something of the playbook, by the newest of the runs from one on that says so: not
 * if all of it was undone there. An undo that didn't come to its end there says nothing. */
static bool had_host(const struct rollback *rollback, const struct history_run *from,
	const char *host)
{
	for (const struct history_run *run = from; run < rollback->runs + rollback->count; run++) {
		if (value_get(run->hosts, host) && !is_undo_of_all(run))
			return true;
		if (is_done(run, host))
			return false;
	}
	return false;
}

/* The same of now: nor if it has left the inventory since. */
static bool has_host(const struct rollback *rollback, const char *host)
{
	for (size_t i = 0; i < rollback->count && !value_get(rollback->runs[i].hosts, host); i++) {
		if (value_get(rollback->runs[i].left, host))
			return false;
	}
	return had_host(rollback, rollback->runs, host);
}

/* Hosts that came with later runs (each may have been limited to some), as a pattern; NULL: none. */
static const char *later_hosts(const struct rollback *rollback, const struct history_run *target)
{
	struct value *seen = value_map(rollback->arena);
	const char *pattern = NULL;

	for (const struct history_run *run = rollback->runs; run < target; run++) {
		for (size_t i = 0; i < run->hosts->count; i++) {
			const char *host = run->hosts->pairs[i].key;

			if (value_get(seen, host))
				continue;
			value_set_bool(rollback->arena, seen, host, true);
			if (has_host(rollback, host) && !had_host(rollback, target, host))
				pattern = pattern ? arena_printf(rollback->arena, "%s:%s", pattern, host) : host;
		}
	}
	return pattern;
}

static int load_past(const struct rollback *rollback, const struct history_run *run,
	struct playing_past *ret_past, struct error *err)
{
	struct history_run *loaded = arena_alloc(rollback->arena, sizeof(*loaded));
	struct record *record;

	if (history_load(rollback->history, rollback->arena, run->id, loaded, &record, err) < 0)
		return -1;
	*ret_past = (struct playing_past){ .record = record, .run = loaded,
		.name = arena_printf(rollback->arena, "run %lld", (long long)run->number) };
	return 0;
}

/* All that the newest text did, on the hosts of a pattern (NULL: all). */
static int to_nothing(const struct rollback *rollback, const char *limit, struct error *err)
{
	struct playing_undo undo = { .undo = UNDO_ALL, .note = "nothing" };
	struct apply_options options = *rollback->options;
	struct playing_past past;

	if (load_past(rollback, &rollback->runs[0], &past, err) < 0)
		return -1;
	if (limit)
		options.limit = limit;
	return playing_run(&options, rollback->playbook, &past, &undo);
}

static int to_run(const struct rollback *rollback, const struct history_run *target,
	struct error *err)
{
	struct playing_undo undo = { .undo = UNDO_AFTER };
	struct value *after = value_list(rollback->arena);
	const char *later = later_hosts(rollback, target);
	struct playing_past past;
	int code = EXIT_GOOD, result;

	for (size_t i = 0; i < rollback->count && &rollback->runs[i] != target; i++)
		value_append(rollback->arena, after, value_string(rollback->arena,
			rollback->runs[i].run));
	undo.after = after;
	undo.note = arena_printf(rollback->arena, "%lld", (long long)target->number);
	if (load_past(rollback, target, &past, err) < 0)
		return -1;
	if (later && !rollback->options->limit)
		code = to_nothing(rollback, later, err);
	if (code < 0 || code == EXIT_TEXT || code == EXIT_INTERRUPTED)
		return code;
	result = playing_run(rollback->options, rollback->playbook, &past, &undo);
	return result == EXIT_TEXT || result == EXIT_INTERRUPTED ? result : code | result;
}

static int roll_back(struct rollback *rollback, struct error *err)
{
	const char *to = rollback->options->to;
	const struct history_run *target = NULL;

	if (to && strcmp(to, "nothing") == 0)
		return to_nothing(rollback, NULL, err);
	if ((to ? find_run(rollback, to, &target, err) : find_before(rollback, &target, err)) < 0)
		return -1;
	if (is_undo_of_all(target))
		return to_nothing(rollback, NULL, err);
	return to_run(rollback, target, err);
}

static int open_runs(struct rollback *rollback, struct error *err)
{
	return past_runs(rollback->arena, rollback->options, rollback->playbook, &rollback->history,
		&rollback->runs, &rollback->count, err);
}

int rollback_host(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char *host, struct error *err)
{
	struct apply_options only = *options;
	struct rollback rollback = { .arena = arena, .options = &only, .playbook = playbook };
	int code = open_runs(&rollback, err);

	only.no_others = true;
	if (code == 0 && rollback.count > 0 && has_host(&rollback, host))
		code = to_nothing(&rollback, host, err);
	history_close(rollback.history);
	return code;
}

int rollback_without(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char *host, struct error *err)
{
	struct apply_options others = *options;
	struct rollback rollback = { .arena = arena, .options = &others, .playbook = playbook };
	const struct history_run *last = NULL;
	struct playing_past past;
	int code = open_runs(&rollback, err);

	others.without = host;
	/* What was undone on one host alone isn't what the others have. */
	for (size_t i = 0; code == 0 && !last && i < rollback.count; i++) {
		const struct history_run *run = &rollback.runs[i];

		if (!is_undo_of_all(run) || run->hosts->count != 1 || !value_get(run->hosts, host))
			last = run;
	}
	if (code == 0 && last && !is_undo_of_all(last)) {
		code = load_past(&rollback, last, &past, err);
		if (code == 0)
			code = playing_run(&others, playbook, &past, NULL);
	}
	history_close(rollback.history);
	return code;
}

static void help(void)
{
	puts("usage: beoplay rollback PLAYBOOK [--to REV | --to nothing] [options]\n"
		"\n"
		"Return the machines to the state of an earlier run: apply its text, and undo what\n"
		"later runs added, latest first. The default is the last text before the present one.\n"
		"What somebody else has changed in the meantime is kept (unless --discard-drift), and\n"
		"old commands and jobs are not run again (unless --with-commands). The hosts, and how\n"
		"they are reached, always come from today's inventory.\n"
		"\n"
		"Without a history, the sealed texts kept by the hosts are used, if your key opens them\n"
		"and the hosts agree; you are asked first, unless --to names the run.\n");
	options_print(OPTIONS_ROLLBACK);
}

int command_rollback(int argc, char **argv)
{
	struct rollback rollback = { .arena = arena_new() };
	struct apply_options options;
	struct error err = {0};
	int code = EXIT_TEXT;

	if (options_parse(rollback.arena, OPTIONS_ROLLBACK, argc, argv, &options) < 0) {
		code = EXIT_TEXT;
	} else if (options.help) {
		help();
		code = EXIT_GOOD;
	} else if (options.playbooks[0] && options.playbooks[1]) {
		fputs("beoplay: one playbook at a time is rolled back\n", stderr);
	} else {
		playing_watch_signals();
		rollback.options = &options;
		rollback.playbook = options.playbooks[0];
		code = open_runs(&rollback, &err);
		if (code == 0 && rollback.count > 0) {
			code = roll_back(&rollback, &err);
		} else if (code == 0 || !rollback.history) {
			error_clear(&err);
			code = rollback_sealed(rollback.arena, &options, rollback.playbook, &err);
		}
		history_close(rollback.history);
		if (code < 0) {
			playing_complain(&err);
			code = EXIT_TEXT;
		}
	}
	arena_free(rollback.arena);
	return code;
}
