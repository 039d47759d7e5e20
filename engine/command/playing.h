/* playing: one playbook's run, from the command line to the exit code. */
#ifndef COMMAND_PLAYING_H
#define COMMAND_PLAYING_H

#include "command/options.h"
#include "history/history.h"
#include "plan/run.h"

/* A text of the past, instead of the working tree's. */
struct playing_past {
	const struct record *record;
	const struct history_run *run;   /* how it was applied then; NULL: a revision of the user's */
	const char *name;                /* for people and ledgers: "run 12", "v1.0 (4f2a…)" */
};

struct playing_undo {
	enum run_undo undo;
	const struct value *after;       /* names of runs */
	const char *note;                /* for the history: "3", "nothing" */
};

/* From here on ^C ends runs, and doesn't kill. */
void playing_watch_signals(void);

/* past and undo may be NULL. */
int playing_run(const struct apply_options *options, const char *playbook,
	const struct playing_past *past, const struct playing_undo *undo);

/* Where the history of a playbook is. */
const char *playing_folder(struct arena *arena, const char *playbook);
/* The playbook as the project calls it, and the project's folder. 0, or -1 with err. */
int playing_owner(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char **ret_project, const char **ret_owner, const char **ret_folder, struct error *err);
void playing_complain(const struct error *err);

#endif
