/* history, forget: what the history keeps, made less. */
#include "command/command.h"
#include "command/past.h"
#include "command/playing.h"
#include "command/upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(FILE *out)
{
	fputs("usage: beoplay history gc --keep N      remove all runs but the newest N (and those\n"
		"                                        that a host still has)\n"
		"       beoplay history expunge PATH     remove a file of the project from all runs\n"
		"       beoplay forget HOST              remove what is kept of a host: its results,\n"
		"                                        its keys and facts, and its current run\n"
		"\n"
		"The texts of runs, which may name a host, are kept as they were applied. Ledgers on the\n"
		"nodes are not touched. The numbers of runs stay the same; their hashes change.\n",
		out);
	return out == stdout ? EXIT_GOOD : EXIT_TEXT;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

static int open_here(struct arena *arena, struct history **ret_history, struct error *err)
{
	struct history *history;

	if (history_open(past_folder(arena, NULL), false, &history, err) < 0)
		return -1;
	if (!history) {
		error_set(err, HISTORY_NONE, "no history found here");
		return error_remedy(err, "run this in the playbook's directory");
	}
	history_close(history);
	/* Again, with the lock. */
	return history_open(past_folder(arena, NULL), true, ret_history, err);
}

static bool has_file(const struct record *record, const char *path)
{
	for (size_t i = 0; i < record->count; i++) {
		if (strcmp(record->files[i].path, path) == 0)
			return true;
	}
	return false;
}

static bool has_host(const struct history_run *run, const char *host)
{
	return value_get(run->hosts, host) || value_get(run->left, host)
		|| value_get(run->facts, host);
}

/* In how many runs a file (of the project) or a host is; that it is in none is an error. */
static int count_runs(struct arena *arena, struct history *history, const char *path,
	const char *host, size_t *ret_count, struct error *err)
{
	struct history_run *runs, one;
	struct record *record;
	size_t count;

	*ret_count = 0;
	if (history_runs(history, arena, 0, &runs, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (path && history_load(history, arena, runs[i].id, &one, &record, err) < 0)
			return -1;
		*ret_count += path ? has_file(record, path) : has_host(&runs[i], host);
	}
	if (*ret_count > 0)
		return 0;
	error_set(err, HISTORY_UNKNOWN_RUN, "no run has a %s '%s'", path ? "file" : "host", path ? path
		: host);
	return error_remedy(err, "see what there is: beoplay log, beoplay show RUN");
}

static void say_kept(size_t count)
{
	printf("%zu run%s kept\n", count, count == 1 ? " is" : "s are");
}

static int rewrite(size_t keep, const char *path)
{
	struct arena *arena = arena_new();
	struct history *history = NULL;
	struct error err = {0};
	size_t count, had = 0;
	int result = open_here(arena, &history, &err);

	if (result == 0 && path)
		result = count_runs(arena, history, path, NULL, &had, &err);
	if (result == 0)
		result = history_rewrite(history, keep, path, &count, &err);
	if (result == 0 && path)
		printf("%s is gone from %zu run%s; copies of the history elsewhere still have it\n", path,
			had, had == 1 ? "" : "s");
	if (result == 0)
		say_kept(count);
	else
		playing_complain(&err);
	history_close(history);
	arena_free(arena);
	return result < 0 ? EXIT_TEXT : EXIT_GOOD;
}

int command_history(int argc, char **argv)
{
	char *end = NULL;
	unsigned long keep;

	if (asks_for_help(argc, argv))
		return usage(stdout);
	if (argc == 3 && strcmp(argv[1], "expunge") == 0 && argv[2][0] != '-')
		return rewrite(0, argv[2]);
	if (argc != 4 || strcmp(argv[1], "gc") != 0 || strcmp(argv[2], "--keep") != 0)
		return usage(stderr);
	keep = strtoul(argv[3], &end, 10);
	if (keep < 1 || *end || argv[3][0] == '-')
		return usage(stderr);
	return rewrite(keep, NULL);
}

int command_forget(int argc, char **argv)
{
	struct arena *arena;
	struct history *history = NULL;
	struct error err = {0};
	size_t had = 0;
	int result;

	if (asks_for_help(argc, argv))
		return usage(stdout);
	if (argc != 2 || argv[1][0] == '-')
		return usage(stderr);
	arena = arena_new();
	upgrade_forget(arena, past_folder(arena, NULL), argv[1]);
	result = playing_forget_moved(arena, value_list(arena), argv[1], &err);
	if (result == 0)
		result = open_here(arena, &history, &err);
	if (result == 0)
		result = count_runs(arena, history, NULL, argv[1], &had, &err);
	if (result == 0)
		result = history_forget(history, argv[1], &err);
	if (result == 0)
		printf("%s is gone from %zu run%s\n", argv[1], had, had == 1 ? "" : "s");
	else
		playing_complain(&err);
	history_close(history);
	arena_free(arena);
	return result < 0 ? EXIT_TEXT : EXIT_GOOD;
}
