/* run: a playbook applied to the hosts it names.
 *
 * run_new turns the text into an ordered list of units and fills in, for every host, what can be
 * known before any is contacted: all errors in the text are found there. run_execute reaches the
 * hosts, sends them stages and takes their results; what happens goes to the report.
 *
 * Ansible's order holds although a host gets many tasks in one message: the agent runs ahead over
 * tasks with nothing to change, and asks before the first change of a task; the answer is held back
 * until every other host has passed all earlier units, or is out. */
#ifndef PLAN_RUN_H
#define PLAN_RUN_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "fleet/fleet.h"
#include "report/report.h"
#include "inventory/inventory.h"
#include "playbook/play.h"
#include "source/source.h"
#include "variables/variables.h"

#include <signal.h>
#include <stdbool.h>

/* What is undone before the first task. */
enum run_undo {
	UNDO_NOTHING,
	UNDO_ORPHANS,          /* --prune: what no task of the text declares any more */
	UNDO_AFTER,            /* a rollback: what the runs in undo_after, and all later ones, did */
	UNDO_ALL,              /* all that this playbook ever did; no task is run */
	UNDO_LEFT,             /* what was of hosts that left the inventory: see run_options.vanished */
};

/* In what today's text says of a host: it works on it in several ways (locally, too, or as several
 * users), so that what an older text says of them counts. */
#define RUN_SEVERAL_WAYS "several ways"

/* All is borrowed for the life of the run. */
struct run_options {
	struct source *source;
	const struct playbook *playbook;
	const struct inventory *inventory;
	struct variables *variables;
	struct secrets *secrets;              /* noted as they are met; or NULL */
	/* For a text that isn't today's: the hosts of today's inventory, as keys; no others are
	 * contacted, and what plays say of connections doesn't count (NULL: it does, all are).
	 * today_plays: today's plays were read for that; else the user and the port of a play count. */
	const struct value *today;
	bool today_plays;
	const struct inventory_list *limit;   /* NULL: no limit */
	bool others;                          /* hosts outside the limit are looked at */
	const struct value *left;             /* names of hosts that had been in earlier runs: in no play
	                                         any more, they are asked for orphans; or NULL */
	/* What hosts told in earlier runs, as run_facts; asked for once, when it is needed. NULL:
	 * none. */
	const struct value *(*known)(void *context);
	void *known_context;
	/* Where a machine may be besides, as earlier runs have left it: {inventory, key, at} (history/addresses.h),
	 * or NULL; and what is to be kept of it: entry NULL: nothing. settled: it has answered there (way.dial),
	 * with this host key. Either may be NULL. */
	const struct value *(*moved)(void *context, const char *host);
	void (*keep_moved)(void *context, const struct fleet_target *way, const char *key,
		const struct value *entry, bool settled);
	void *moved_context;
	const struct value *tags;             /* lists of strings, or NULL */
	const struct value *skip_tags;
	size_t start;                         /* index of the first task that is run, but for handlers */
	bool force_handlers;                  /* as every play that says so */
	const char *digests;                  /* where those of large files are kept; NULL: nowhere */
	bool past;                            /* the text is one of the past */
	bool only_checks;          /* nothing is going to be run: errors of the text are all that counts */
	bool check;
	bool diff;
	bool results;                         /* returned values of all tasks are looked at */
	unsigned verbosity;                   /* how often -v was given */
	bool become;                          /* for plays and hosts that say nothing */
	const char *become_user;              /* NULL: root */
	const char *user;                     /* login for hosts that say nothing; or NULL */
	const char *private_key;
	const char *password;                 /* of logins, where no key lets in; NULL: none */
	const char *become_method;            /* for plays and hosts that say nothing; NULL: sudo */
	const char *become_password;          /* NULL: nothing may be asked */
	unsigned timeout;                     /* seconds that a host may take to be reached */
	unsigned task_timeout;                /* and that a task may take that says nothing; 0: any */
	const char *project;
	const char *owner;                    /* the playbook, as ledgers name it */
	const char *formerly;                 /* what it was called until now; or NULL */
	const char *who;                      /* "user@host": for the lock and the ledger */
	const char *run;                      /* names this run */
	const char *revision;
	int64_t time;                         /* seconds since the epoch */
	enum run_undo undo;
	const struct value *undo_after;       /* names of runs */
	const struct value *vanished;         /* names of hosts that had been in earlier runs, and aren't in the
	                                         inventory any more; or NULL */
	bool discard_drift;                   /* undo also what isn't as beoplay left it */
	bool resume;                          /* each host goes on at the task that failed there */
	int64_t lock_wait;                    /* seconds */
	bool look;                            /* only ledgers are read; see run_looked */
	const char *look_text;                /* digest of a packed text that is wanted; or NULL */
	bool plan;                            /* a dry run: see run_planned */
	/* Only what was planned may be done: name → {tasks: KEY of run_planned → the digest that its
	 * plan must have, "" for no change, null for any; stale: why nothing is done there; lost:
	 * {cause, message}, as run_outcome}; NULL: all. */
	const struct value *follow;
	bool without_actions;                 /* a rollback: commands and jobs aren't run again */
	const volatile sig_atomic_t *interrupted;   /* how often ^C was pressed */
};

struct run;

int run_new(struct arena *arena, const struct run_options *options, struct run **ret_run,
	struct error *err);

/* Notes what stands in the text itself and isn't for everybody: options that are secret, what tasks
 * with no_log hold, content of private files. */
void run_note_secrets(struct secrets *secrets, struct arena *arena, const struct playbook *playbook);

/* The names of the hosts that the run is about, in inventory order. */
struct value *run_hosts(const struct run *run);
/* How many tasks are there to be announced. */
unsigned run_task_count(const struct run *run);

/* 0 when the run came to its end, whatever became of hosts (ask the report for that); -1 with err
 * of kind BUG or INTERRUPTED. */
int run_execute(struct run *run, struct fleet *fleet, struct report *report, struct error *err);
/* What became of each host: name → {state: "done" | "failed" | "unreachable", changed: N, ended:
 * bool (it has passed all tasks), cause (the name of an error's code: why it was given up), message}. */
struct value *run_outcome(const struct run *run);
/* What hosts told for others: name → {host_key: "TYPE BASE64", published: {"MODULE/KEY": …}, facts:
 * {…}, targets: {PLAYBOOK: [other hosts that did something for it]}}, of which any may be missing.
 * Public, and data of hostile nodes. */
struct value *run_facts(const struct run *run);
/* Hosts of earlier runs that are in no play: name → "left" (something is still there, or it isn't
 * known), "gone" (nothing is). */
struct value *run_left(const struct run *run);
/* Hosts outside the limit: {affected: {name → [what would change there]}, missed: {name → why it
 * wasn't asked}}. */
struct value *run_others(const struct run *run);
/* The packed text of the run, for nodes to keep; before run_execute. The bytes are borrowed. seal
 * gives what a host keeps beside it, from what it has kept so far (or NULL); the result lives in
 * arena. */
typedef struct value *run_seal(void *context, struct arena *arena, const char *host,
	const struct seals *seals);
void run_set_text(struct run *run, const void *bytes, size_t size, run_seal *seal, void *context);
/* What look found on a host, data of a hostile node; NULL: nothing came. */
const struct looked *run_looked(const struct run *run, const char *host);
/* What a dry run with the option plan has found: name → KEY → {title, item, status, message (of
 * wire.h), params, planned (digests, SHA-256), changes: [{subject, field, before}]}. KEY names a
 * task, an item of it or a resource of an undo in every run of the same text. */
const struct value *run_planned(const struct run *run);
/* Resources that no task declares any more: identity → list of hosts. */
const struct value *run_orphans(const struct run *run);
void run_free(struct run *run);    /* what isn't in its arena */

#endif
