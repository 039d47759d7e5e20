/* rollback: the machines are again as an earlier run left them: its text is applied, and what later
 * runs added goes away. */
#include "command/command.h"
#include "command/past.h"
#include "command/playing.h"

#include "base/digest.h"
#include "base/quote.h"
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

/* The last run that a host went through; NULL: none. */
static const struct history_run *run_of(const struct rollback *rollback, const char *host)
{
	for (size_t i = 0; i < rollback->count; i++) {
		const char *state = value_get_string(value_get(rollback->runs[i].hosts, host), "state");

		if (state && strcmp(state, "done") == 0)
			return &rollback->runs[i];
	}
	return NULL;
}

/* By default there must be one run that all hosts have; before: the one that would be gone back to. */
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
	error_set(err, ERROR_TEXT, "not all hosts have run %lld: it failed on %s, or didn't reach %s",
		(long long)newest->number, report_fold(rollback->arena, others),
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
	error_set(err, ERROR_TEXT, "there is no earlier text of '%s' in the history",
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
	error_set(err, ERROR_TEXT, "run %lld was one of '%s', not of '%s'", (long long)found.number,
		found.playbook, rollback->playbook);
	return error_remedy(err, "beoplay log %s lists its runs", rollback->playbook);
}

/* Hosts that came with later runs, as a pattern; NULL: none. */
static const char *later_hosts(const struct rollback *rollback, const struct history_run *target)
{
	const struct history_run *newest = &rollback->runs[0];
	const char *pattern = NULL;

	for (size_t i = 0; i < newest->hosts->count; i++) {
		const char *host = newest->hosts->pairs[i].key;

		if (!value_get(target->hosts, host))
			pattern = pattern ? arena_printf(rollback->arena, "%s:%s", pattern, host) : host;
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
	if (value_get_string(target->how, "undo")
			&& strcmp(value_get_string(target->how, "undo"), "nothing") == 0)
		return to_nothing(rollback, NULL, err);
	return to_run(rollback, target, err);
}

/* --- From the ledgers, where there is no history --- */

/* The last run of this playbook in a ledger, leaving out one by its name; NULL: none. */
static const struct value *last_run(const struct value *looked, const char *owner,
	const char *except)
{
	const struct value *runs = value_get(looked, "runs");

	for (size_t i = runs && runs->kind == VALUE_LIST ? runs->count : 0; i-- > 0;) {
		const char *playbook = value_get_string(runs->items[i], "playbook");
		const char *name = value_get_string(runs->items[i], "run");

		if (playbook && name && strcmp(playbook, owner) == 0
				&& (!except || strcmp(name, except) != 0))
			return runs->items[i];
	}
	return NULL;
}

/* Whether some host had another run after this one. */
static bool is_older(const struct value *looked, const char *owner, const char *name)
{
	for (size_t i = 0; i < looked->count; i++) {
		const struct value *runs = value_get(looked->pairs[i].value, "runs");
		const char *last = value_get_string(last_run(looked->pairs[i].value, owner, NULL), "run");

		for (size_t k = 0; last && strcmp(last, name) != 0 && k < runs->count; k++) {
			const char *had = value_get_string(runs->items[k], "run");

			if (had && strcmp(had, name) == 0)
				return true;
		}
	}
	return false;
}

static void disagree(const char *host, struct error *err)
{
	error_set(err, ERROR_TEXT, "the ledgers of the hosts don't agree on the runs (%s)", host);
	error_remedy(err, "roll back where the history is, or host by host with -l");
}

/* The newest run. A host on which it changed nothing has an older one as its last. */
static const char *newest_run(const struct value *looked, const char *owner, struct error *err)
{
	const char *newest = NULL;

	for (size_t i = 0; i < looked->count; i++) {
		const char *name = value_get_string(last_run(looked->pairs[i].value, owner, NULL), "run");

		if (!name || is_older(looked, owner, name))
			continue;
		if (newest && strcmp(newest, name) != 0) {
			disagree(looked->pairs[i].key, err);
			return NULL;
		}
		newest = name;
	}
	if (!newest)
		error_set(err, ERROR_TEXT, "no host has anything of this playbook");
	return newest;
}

/* A run before it, on the text of which all hosts that have one agree: a node alone could make others
 * run what it likes. */
static const struct value *run_before(const struct value *looked, const char *owner,
	const char *newest, struct error *err)
{
	const struct value *before = NULL;

	for (size_t i = 0; i < looked->count; i++) {
		const struct value *run = last_run(looked->pairs[i].value, owner, newest);
		const char *text = value_get_string(run, "text");

		if (!run)
			continue;
		if (!text || (before && strcmp(text, value_get_string(before, "text")) != 0)) {
			disagree(looked->pairs[i].key, err);
			return NULL;
		}
		before = run;
	}
	if (!before) {
		error_set(err, ERROR_TEXT, "no host has had a run of this playbook before the last one");
		error_remedy(err, "--to nothing undoes all that it did");
	}
	return before;
}

/* The text, from whichever host has it; its digest says that it is the one. */
static int fetch_text(const struct rollback *rollback, const char *digest,
	struct playing_past *ret_past, struct error *err)
{
	struct value *looked, *lost;
	char hex[DIGEST_HEX_SIZE];

	if (playing_look(rollback->arena, rollback->options, rollback->playbook, digest, &looked,
			&lost) != EXIT_GOOD)
		return error_set(err, ERROR_TEXT, "the hosts can't be asked");
	for (size_t i = 0; i < looked->count; i++) {
		const struct value *text = value_get(looked->pairs[i].value, "text");

		if (!text || !value_text(text))
			continue;
		digest_bytes(text->text, text->size, hex);
		if (strcmp(hex, digest) == 0)
			return playing_unpack(rollback->arena, text, ret_past, err);
	}
	return error_set(err, ERROR_TEXT, "no host has kept the text of that run");
}

static int by_ledgers(const struct rollback *rollback, struct error *err)
{
	bool nothing = rollback->options->to && strcmp(rollback->options->to, "nothing") == 0;
	struct playing_undo undo = { .undo = UNDO_AFTER, .after = value_list(rollback->arena) };
	const char *project, *owner, *folder;
	const struct value *target;
	const char *newest;
	struct value *looked, *lost;
	struct playing_past past;
	int code;

	if (rollback->options->to && !nothing) {
		error_set(err, ERROR_TEXT, "there is no history here, so '%s' isn't known",
			rollback->options->to);
		return error_remedy(err, "without --to, the run before the last one is found on the hosts");
	}
	if (playing_owner(rollback->arena, rollback->options, rollback->playbook, &project, &owner,
			&folder, err) < 0)
		return -1;
	code = playing_look(rollback->arena, rollback->options, rollback->playbook, NULL, &looked,
		&lost);
	if (code != EXIT_GOOD)
		return code;
	if (looked->count == 0)
		return error_set(err, ERROR_TEXT, "no host could be asked what was before");
	if (nothing) {
		undo = (struct playing_undo){ .undo = UNDO_ALL, .note = "nothing" };
		return playing_run(rollback->options, rollback->playbook, NULL, &undo);
	}
	newest = newest_run(looked, owner, err);
	target = newest ? run_before(looked, owner, newest, err) : NULL;
	if (!target || fetch_text(rollback, value_get_string(target, "text"), &past, err) < 0)
		return -1;
	if (strcmp(past.run->playbook, owner) != 0)
		return error_set(err, ERROR_TEXT, "the text that the hosts kept is that of another playbook");
	value_append(rollback->arena, (struct value *)(uintptr_t)undo.after,
		value_string(rollback->arena, newest));
	past.name = arena_printf(rollback->arena, "run %s", value_get_string(target, "run"));
	undo.note = value_get_string(target, "run");
	return playing_run(rollback->options, rollback->playbook, &past, &undo);
}

static void help(void)
{
	puts("usage: beoplay rollback PLAYBOOK [--to REV | --to nothing] [options of apply]\n"
		"\n"
		"Makes the machines be again what an earlier run left: applies its text, and undoes what\n"
		"later runs added, the latest first. Without --to: the last text before the present one.\n"
		"What somebody else has changed meanwhile is not undone (--discard-drift does), and old\n"
		"commands and jobs are not run again (--with-commands does).\n"
		"\n"
		"  --to REV          a run's number or hash, as beoplay log shows them\n"
		"  --to nothing      undoes all that this playbook ever did\n"
		"  -C, -D            what would be done, with diffs\n");
}

int command_rollback(int argc, char **argv)
{
	struct rollback rollback = { .arena = arena_new() };
	struct apply_options options;
	struct error err = {0};
	int code = EXIT_TEXT;

	if (options_parse(rollback.arena, argc, argv, &options) < 0) {
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
		code = past_runs(rollback.arena, &options, rollback.playbook, &rollback.history,
			&rollback.runs, &rollback.count, &err);
		if (code == 0 && rollback.count > 0) {
			code = roll_back(&rollback, &err);
		} else if (code == 0 || !rollback.history) {
			error_clear(&err);
			code = by_ledgers(&rollback, &err);
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
