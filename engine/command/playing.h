/* playing: one playbook's run, from the command line to the exit code. */
#ifndef COMMAND_PLAYING_H
#define COMMAND_PLAYING_H

#include "command/options.h"
#include "history/history.h"
#include "plan/run.h"
#include "plan/saved.h"

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

/* A plan being made, or followed. */
struct playing_plan {
	bool quiet;                      /* nothing is printed */
	const struct value *texts;       /* sealed (plan/saved.h): those that must still be so; or NULL */
	const struct saved_key *key;
	const struct value *follow;      /* as in run_options: a real run; NULL: a dry run, that sets */
	struct value *found_texts;       /* path → SHA-256 of what was read */
	struct value *found_hosts;       /* as run_planned */
	struct value *found_outcome;     /* as run_outcome */
};

/* From here on ^C ends runs, and doesn't kill. */
void playing_watch_signals(void);

/* past and undo may be NULL. */
int playing_run(const struct apply_options *options, const char *playbook,
	const struct playing_past *past, const struct playing_undo *undo);

/* The same for a plan; what is found lives in arena. */
int playing_plan(struct arena *arena, const struct apply_options *options, const char *playbook,
	const struct playing_past *past, struct playing_plan *plan);

/* What the ledger of a host knows of the playbook. */
struct playing_looked {
	const char *host;
	const struct looked *looked;   /* NULL: it was reached, and has said why it can't tell */
};

/* text: digest of a packed text that is wanted, or NULL. ret_lost: hosts that couldn't be asked. An
 * exit code; EXIT_TEXT with the error said. */
int playing_look(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char *text, struct playing_looked **ret_looked, size_t *ret_count,
	struct value **ret_lost);

/* What the hosts of a playbook are, as run_facts; nothing is printed, and nothing left there. Errors
 * of hosts are in ret_outcome (run_outcome). An exit code; EXIT_TEXT with the error said. */
int playing_facts(struct arena *arena, const struct apply_options *options, const char *playbook,
	const struct value **ret_facts, const struct value **ret_outcome);

/* Back from what is in a pack that nodes keep (seal/pack.h). */
int playing_unpack(struct arena *arena, const char *bytes, size_t size,
	struct playing_past *ret_past, struct error *err);

/* The same, with what came of it: whether anything was changed, or would be. */
int playing_check(const struct apply_options *options, const char *playbook, bool *ret_changes);

/* Where a machine was moved to isn't kept any more. inventories: what -i says. */
int playing_forget_moved(struct arena *arena, struct value *inventories, const char *host,
	struct error *err);

/* The playbook as the project calls it, and the project's folder. 0, or -1 with err. */
int playing_owner(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char **ret_project, const char **ret_owner, const char **ret_folder, struct error *err);
/* "user@host". */
const char *playing_who(struct arena *arena);
void playing_complain(const struct error *err);

#endif
