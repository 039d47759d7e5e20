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
	fputs("usage: beoplay history gc --keep N      drops all runs but the newest N (and those that\n"
		"                                        a host still has)\n"
		"       beoplay history expunge PATH     drops a file of the project from all runs\n"
		"       beoplay forget HOST              drops what is kept of a host: what became of it in\n"
		"                                        each run, its keys and facts, which run it has\n"
		"\n"
		"The texts of runs, which may name a host, stay as they were applied. What nodes keep of the\n"
		"last two runs is theirs: their ledgers are not touched. Numbers of runs stay, hashes change.\n",
		out);
	return out == stdout ? EXIT_GOOD : EXIT_TEXT;
}

static bool asks_for_help(int argc, char **argv)
{
	return argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

static int open_here(struct arena *arena, struct history **ret_history, struct error *err)
{
	struct history *history;

	if (history_open(past_folder(arena, NULL), false, &history, err) < 0)
		return -1;
	if (!history) {
		error_set(err, ERROR_TEXT, "there is no history here");
		return error_remedy(err, "go where the playbook is");
	}
	history_close(history);
	/* Again, with the lock. */
	return history_open(past_folder(arena, NULL), true, ret_history, err);
}

static int rewrite(size_t keep, const char *path)
{
	struct arena *arena = arena_new();
	struct history *history = NULL;
	struct error err = {0};
	size_t count;
	int result = open_here(arena, &history, &err);

	if (result == 0)
		result = history_rewrite(history, keep, path, &count, &err);
	if (result == 0)
		printf("%zu runs are kept\n", count);
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
	if (argc == 3 && strcmp(argv[1], "expunge") == 0)
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
	int result;

	if (asks_for_help(argc, argv))
		return usage(stdout);
	if (argc != 2)
		return usage(stderr);
	arena = arena_new();
	upgrade_forget(arena, past_folder(arena, NULL), argv[1]);
	result = open_here(arena, &history, &err);
	if (result == 0)
		result = history_forget(history, argv[1], &err);
	if (result < 0)
		playing_complain(&err);
	history_close(history);
	arena_free(arena);
	return result < 0 ? EXIT_TEXT : EXIT_GOOD;
}
