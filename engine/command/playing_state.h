/* playing_state: what the files of playing share. Private to them.
 *
 * playing_load.c makes a run of the command line; playing_text.c is what is kept of its text;
 * playing.c lets it happen. */
#ifndef COMMAND_PLAYING_STATE_H
#define COMMAND_PLAYING_STATE_H

#include "command/earlier.h"
#include "command/playing.h"
#include "command/project.h"
#include "command/sealing.h"

#include <signal.h>

/* All that one playbook's run is made of. */
struct playing {
	struct arena *arena;
	struct arena *outer;             /* of several passes */
	const struct apply_options *options;
	const char *typed;               /* the playbook, as the command line has it */
	size_t start;                    /* index of the first task; see task_before */
	const struct playing_past *past;
	const struct playing_undo *undo;
	struct playing_plan *plan;
	struct source *source;
	struct source *today;            /* the working tree, also where source is a text of the past */
	struct inventory *today_inventory;   /* the rest for a text of the past: */
	const struct value *today_hosts; /* name → connection variables */
	bool today_plays;                /* today's plays have been read for these */
	struct project project;
	struct playbook *playbook;
	struct inventory *inventory;
	struct variables *variables;
	struct sealing sealing;
	struct value *notes;             /* to be said once the report is there */
	struct inventory_list limit;
	const char *limit_text;          /* NULL: none */
	const struct value *only;        /* names: instead of the command line's limit; or NULL */
	struct earlier earlier;
	struct value *moved;             /* as addresses_load; NULL: not read yet */
	const char *look_text;
	bool look;
	bool unasked;                    /* what plays ask for is left open */
	const char *name;
	int64_t time;
	struct run *run;
	struct recorder *recorder;       /* of what source is asked for; or NULL */
	struct fleet_options fleet;      /* how its hosts are reached */
	struct secrets *secrets;         /* of the whole run, noted as they are met */
	struct value *undefined;         /* names that beoplay.yml calls secret, and nobody defines */
};

/* playing_secret.c: for whom what of this run is written. */
struct disclosure playing_disclosure(const struct playing *playing, enum audience audience);
/* What -e said, by name, for records. */
struct value *playing_extra_named(const struct playing *playing, const struct disclosure *to);
/* Adds what one -e sets, each name with what may be written instead of its value. */
void playing_name_extra(const struct playing *playing, const struct disclosure *to, const char *text,
	struct value *named);
/* The past was applied with values that aren't in extra (a map): they are asked for, or it is an
 * error. */
int playing_extra_wanted(struct playing *playing, struct value *extra, struct error *err);
/* prompts.c: what plays ask for becomes their variables. extra: what -e gives, which is not asked for. */
int playing_ask(struct playing *playing, const struct value *extra, struct error *err);
/* The text of the past, with what is still the same today in its place. */
const struct record *playing_revealed(struct playing *playing, struct source *today);

/* Lets it happen on its hosts. 0, or -1 with err. */
int playing_reach(struct playing *playing, struct report *report, struct error *err);

/* How often ^C was pressed. */
const volatile sig_atomic_t *playing_interrupted(void);

/* Reads texts and inventories; playing->run is ready then, except for lists, and with --syntax-check
 * without an inventory. */
int playing_load(struct playing *playing, struct error *err);
/* Which -e count: those of the command line, else those that the past was applied with. */
const struct value *playing_extra(const struct playing *playing);
/* playing->today_*, from today's inventories. */
int playing_load_today(struct playing *playing, const struct value *paths, struct error *err);
/* Hosts of the old text's inventory that aren't in today's. */
void playing_note_gone(struct playing *playing);

/* playing_moved.c: see run_options; context: the playing. */
const struct value *playing_moved(void *context, const char *host);
void playing_keep_moved(void *context, const struct fleet_target *way, const char *key,
	const struct value *entry, bool settled);

/* Into the history. A run that can't be written down has still happened: that is a warning. */
void playing_write_down(struct playing *playing, struct revision *revision,
	struct report *report);
/* Warns of tags of the command line that no task has. */
void playing_check_tags(const struct playing *playing, struct report *report);
/* To the run, sealed, for nodes to keep; not if it is too large for that. */
void playing_give_text(struct playing *playing, struct revision *revision);
/* Of each text and content that was read: path → SHA-256. What is too large to be recorded is left
 * out. */
struct value *playing_texts(const struct playing *playing);

#endif
