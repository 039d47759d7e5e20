/* playing_facts: what hosts are, asked by a text that is kept nowhere. */
#include "command/playing_state.h"

#include "command/command.h"

#include <stdio.h>

int playing_facts(struct arena *arena, const struct apply_options *options, const char *playbook,
	const struct value **ret_facts, const struct value **ret_outcome)
{
	struct apply_options quiet = *options;
	struct playing playing = { .arena = arena, .options = &quiet, .typed = playbook };
	FILE *nowhere = fopen("/dev/null", "w");
	struct report *report = report_new(&(struct report_options){ .out = nowhere,
		.errors = nowhere });
	struct error err = {0};
	int code = EXIT_GOOD;

	quiet.check = true;
	if (playing_load(&playing, &err) < 0) {
		code = err.kind == ERROR_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_TEXT;
		playing_complain(&err);
	} else {
		report_run(report, playing.playbook->path, run_hosts(playing.run), 1);
		if (playing_reach(&playing, report, &err) < 0)
			code = EXIT_INTERRUPTED;
		*ret_facts = value_copy(arena, run_facts(playing.run));
		*ret_outcome = value_copy(arena, run_outcome(playing.run));
		run_free(playing.run);
	}
	history_close(playing.earlier.history);
	report_free(report);
	if (nowhere)
		fclose(nowhere);
	return code;
}
