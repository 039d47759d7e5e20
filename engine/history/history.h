/* history: the runs of a project, in a bare git repository of beoplay's own.
 *
 * FOLDER/.beoplay/history.git, readable by its owner only, ignored by the user's git. A run is a
 * commit on refs/heads/runs, whose tree is
 *     run.yml     number, run, project, playbook, who, time, how (inventories, extra, undo, limit),
 *                 the user's own revision (head, dirty), hosts with what became of them, facts that
 *                 hosts told (public ones; history_facts.c), files
 *     text/…      the files that the run read, each under its path in the project, or, where that
 *                 lies outside, text/_outside/N-NAME; run.yml says which, with modes, directories,
 *                 links, and what was left out
 * refs/hosts/NAME is the last run that a host went through without failing, refs/sealed one up to
 * which no run lies open. Plain git reads all of it. libgit2 is called only in this folder: history_folder.c opens .beoplay, history.c has the
 * runs, history_run.c one of them, history_facts.c what hosts told, history_rewrite.c what takes
 * away, and revision.c the user's own repository. */
#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "source/record.h"

#include <stdbool.h>
#include <stdint.h>

struct history;

struct history_run {
	int64_t number;            /* from 1 */
	const char *id;            /* of the commit, 40 hex digits */
	const char *run;           /* its name, as ledgers have it */
	const char *project;
	const char *playbook;      /* its path in the project */
	const char *who;
	int64_t time;              /* seconds since the epoch */
	struct value *how;         /* {inventories: [PATH], extra: [TEXT], roles: [PATH] (where they were
	                              looked for; only where there are any), key: ID, undo: TEXT, limit,
	                              head, dirty} */
	struct value *hosts;       /* name → {state: "done" | "failed" | "unreachable", changed: N,
	                              cause: the name of the error for which it is lost; or none} */
	struct value *left;        /* hosts in no play any more: name → "left" | "gone"; or NULL */
	struct value *facts;       /* name → {host_key, published, facts, targets}, see plan/run.h; or NULL */
};

/* ret_history NULL: there is none, and create is false. One that another user owns, can write to or
 * can put another in place of, or that a newer version wrote, is an error of kind TEXT. Give it back with history_close. */
int history_open(const char *folder, bool create, struct history **ret_history,
	struct error *err);
void history_close(struct history *history);   /* NULL is allowed */

/* Adds a run with what it read; sets run->number and id. Another run that is being added at the
 * same time is waited for. */
int history_add(struct history *history, struct arena *arena, struct history_run *run,
	const struct record *record, struct error *err);

/* All runs, the newest first, in arena; at most most of them (0: all). */
int history_runs(struct history *history, struct arena *arena, size_t most,
	struct history_run **ret_runs, size_t *ret_count, struct error *err);

/* The runs without a key, which lie open, the newest first. Where there are none, that is remembered,
 * and only later runs are looked at the next time. */
int history_unsealed(struct history *history, struct arena *arena, struct history_run **ret_runs,
	size_t *ret_count, struct error *err);

/* A run by its number, its name, or the beginning of its id (4 digits or more); an error of kind
 * TEXT if there is none. ret_record may be NULL. */
int history_load(struct history *history, struct arena *arena, const char *revision,
	struct history_run *ret_run, struct record **ret_record, struct error *err);

/* Drops all runs but the newest keep ones (0: none), and a path of the project from all of them
 * (NULL: none); what is then in no run is gone from the disk. Numbers stay, ids change. */
int history_rewrite(struct history *history, size_t keep, const char *path, size_t *ret_runs,
	struct error *err);
/* Writes all runs anew, each as mend has changed it; what is then in no run is gone from the
 * disk. */
typedef void history_mend_run(void *context, struct arena *arena, struct history_run *run,
	struct record *record);
int history_mend(struct history *history, history_mend_run *mend, void *context,
	struct error *err);
/* What hosts told in the newest most runs, the newest of each: like facts of a run. Data that came
 * from nodes, bounded, marked so. */
int history_facts(struct history *history, struct arena *arena, size_t most,
	struct value **ret_facts, struct error *err);

/* Drops what is kept of a host: its facts, what became of it in each run, its ref. Numbers stay,
 * ids change. The texts, which may name it, stay as they were applied. */
int history_forget(struct history *history, const char *host, struct error *err);

/* --- The user's own repository, which is only read (revision.c) */

struct revision;

/* The repository around folder; NULL: there is none. */
struct revision *revision_open(const char *folder);
void revision_close(struct revision *revision);
/* Its HEAD (40 digits, or NULL), and whether the working tree differs from it. */
const char *revision_head(struct revision *revision, struct arena *arena, bool *ret_dirty);
/* A record_leaves_out: what git ignores. */
bool revision_ignores(void *revision, const char *path, const char **ret_why);
/* folder as it was at a branch, tag, HEAD~2 or hash. */
int revision_record(struct revision *revision, struct arena *arena, const char *name,
	const char **ret_id, struct record **ret_record, struct error *err);

#endif
