/* apply: makes the machines be what playbooks say. */
#include "command/command.h"
#include "command/past.h"
#include "command/plan.h"
#include "command/playing.h"

#include <stdio.h>

static int apply_one(struct arena *arena, const struct apply_options *options,
	const char *playbook)
{
	struct playing_past past;
	struct error err = {0};

	if (saved_is_plan(playbook))
		return plan_apply(arena, options, playbook);
	if (!options->at)
		return playing_run(options, playbook, NULL, NULL);
	if (past_find(arena, options, playbook, options->at, &past, &err) < 0) {
		playing_complain(&err);
		return EXIT_TEXT;
	}
	return playing_run(options, playbook, &past, NULL);
}

int command_apply(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct apply_options options;
	int code = EXIT_GOOD;

	if (options_parse(arena, OPTIONS_APPLY, argc, argv, &options) < 0) {
		code = EXIT_TEXT;
	} else if (options.help) {
		options_help();
	} else if (options.version) {
		puts("beoplay " BEOPLAY_VERSION);
	} else if (options.start_at_task && options.playbooks[0] && options.playbooks[1]) {
		fputs("beoplay: --start-at-task is for one playbook at a time\n", stderr);
		code = EXIT_TEXT;
	} else {
		playing_watch_signals();
		for (char **path = options.playbooks; *path && (code == EXIT_GOOD); path++)
			code = apply_one(arena, &options, *path);
	}
	arena_free(arena);
	return code;
}
