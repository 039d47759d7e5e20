/* retire: a machine leaves the cluster: what was done there is undone, the others forget it, and so does the
 * history. Its line in the inventory is its owner's to remove. */
#include "base/quote.h"
#include "command/command.h"
#include "command/past.h"
#include "command/playing.h"
#include "command/replace_hosts.h"
#include "command/rollback.h"
#include "command/upgrade.h"

#include <stdio.h>
#include <string.h>

struct retire {
	struct arena *arena;
	const struct apply_options *options;
	const char *host;
	struct place place;        /* where the inventory has it */
	char **playbooks;          /* the last one applied first */
};

static void help(void)
{
	puts("usage: beoplay retire HOST [PLAYBOOK...] [options]\n"
		"\n"
		"Take a machine out of the cluster: undo on it all that the playbooks did there, apply\n"
		"their last texts to the others as if it weren't in the inventory, and remove what the\n"
		"history keeps of it. Then remove its line from the inventory. Without a playbook, it is\n"
		"all that were applied from here.\n");
	options_print(OPTIONS_RETIRE);
}

static bool stops(int code)
{
	return code == EXIT_TEXT || code == EXIT_INTERRUPTED;
}

/* On the machine itself. */
static int undo_there(const struct retire *retire, struct error *err)
{
	int code = EXIT_GOOD;

	for (char **path = retire->playbooks; *path && !stops(code); path++) {
		int one = rollback_host(retire->arena, retire->options, *path, retire->host, err);

		if (one < 0)
			return -1;
		code = stops(one) ? one : code | one;
	}
	return code;
}

/* The first one applied first, as what later ones need is there. */
static int leave_out(const struct retire *retire, struct error *err)
{
	size_t count = 0;
	int code = EXIT_GOOD;

	while (retire->playbooks[count])
		count++;
	while (count-- > 0 && !stops(code)) {
		int one = rollback_without(retire->arena, retire->options, retire->playbooks[count],
			retire->host, err);

		if (one < 0)
			return -1;
		code = stops(one) ? one : code | one;
	}
	return code;
}

/* Playbooks in several folders have a history each. */
static int forget(const struct retire *retire, struct error *err)
{
	struct value *done = value_map(retire->arena);
	int result = playing_forget_moved(retire->arena, retire->options->inventories, retire->host, err);

	for (char **path = retire->playbooks; *path && result == 0; path++) {
		const char *folder = past_folder(retire->arena, *path);
		struct history *history = NULL;

		if (value_get(done, folder))
			continue;
		value_set_bool(retire->arena, done, folder, true);
		upgrade_forget(retire->arena, folder, retire->host);
		result = history_open(folder, true, &history, err);
		if (result == 0)
			result = history_forget(history, retire->host, err);
		history_close(history);
	}
	return result;
}

static int tell(const struct retire *retire, int code)
{
	if (code & EXIT_UNREACHABLE)
		fprintf(stderr, "%s keeps what it has\n  → beoplay retire %s --gone: only the others\n",
			retire->host, retire->host);
	else
		fprintf(stderr, "%s is not retired: not all of it could be undone\n"
			"  → run this again once that is repaired\n", retire->host);
	return code;
}

static int find(struct retire *retire, struct error *err)
{
	struct replace_host *hosts;
	size_t count;

	if (replace_hosts(retire->arena, retire->options->inventories, retire->host, &hosts, &count,
			err) < 0)
		return -1;
	if (count != 1 || strcmp(hosts[0].name, retire->host) != 0) {
		error_set(err, INVENTORY_NO_MATCH, "'%s' is not the name of a host", retire->host);
		return error_remedy(err, "retire them one after the other");
	}
	retire->place = hosts[0].place;
	if (retire->options->playbooks[1]) {
		retire->playbooks = retire->options->playbooks + 1;
		return 0;
	}
	return past_playbooks(retire->arena, &retire->playbooks, err);
}

static int begin(struct retire *retire, int *ret_code, struct error *err)
{
	int code;

	if (find(retire, err) < 0)
		return -1;
	if (!retire->options->gone) {
		code = *ret_code = undo_there(retire, err);
		if (code < 0)
			return -1;
		if (code != EXIT_GOOD) {
			if (!stops(code))
				tell(retire, code);
			return 0;
		}
	}
	code = *ret_code = leave_out(retire, err);
	if (code < 0 || stops(code) || retire->options->check)
		return code < 0 ? -1 : 0;
	if (code != EXIT_GOOD) {
		fprintf(stderr, "not all others have forgotten %s\n  → run this again once that is "
			"repaired\n", retire->host);
		return 0;
	}
	if (forget(retire, err) < 0)
		return -1;
	printf("\n%s is retired. Now remove its line: %s:%u\n", retire->host, quote_printable(retire->arena,
		retire->place.file, strlen(retire->place.file), 0), retire->place.line);
	return 0;
}

int command_retire(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct apply_options options;
	struct retire retire = { .arena = arena, .options = &options };
	struct error err = {0};
	int code = EXIT_TEXT;

	if (options_parse(arena, OPTIONS_RETIRE, argc, argv, &options) < 0) {
		;
	} else if (options.help) {
		help();
		code = EXIT_GOOD;
	} else if (!options.playbooks[0]) {
		fputs("beoplay: which machine?\n  → beoplay retire HOST\n", stderr);
	} else {
		playing_watch_signals();
		retire.host = options.playbooks[0];
		if (begin(&retire, &code, &err) < 0) {
			code = EXIT_TEXT;
			playing_complain(&err);
		}
	}
	arena_free(arena);
	return code;
}
