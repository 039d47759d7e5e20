/* history: the runs of a project, in a bare git repository of beoplay's own.
 *
 * DIRECTORY/.beoplay/history.git, readable by its owner only, ignored by the user's git. A run is a
 * commit on refs/heads/runs, whose tree is
 *     run.yml     number, run, playbook, who, time, files, hosts with what became of them
 *     text/…      the files that the run read, each under the path by which it was named, or, where
 *                 that leads out of the working directory, text/_outside/N-NAME; run.yml says which
 * refs/hosts/NAME is the last run that a host went through without failing. Plain git reads all of
 * it. libgit2 is called only in this folder. */
#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "text/source.h"

#include <stdbool.h>
#include <stdint.h>

struct history;

struct history_run {
	int64_t number;            /* from 1 */
	const char *run;           /* its name, as ledgers have it */
	const char *playbook;
	const char *who;
	int64_t time;              /* seconds since the epoch */
	struct value *hosts;       /* name → {state: "done" | "failed" | "unreachable", changed: N} */
};

/* ret_history NULL: there is none, and create is false. Give it back with history_close. */
int history_open(const char *directory, bool create, struct history **ret_history,
	struct error *err);
void history_close(struct history *history);   /* NULL is allowed */

/* Adds a run with the files that source has read; sets run->number. Another run that is being added
 * at the same time is waited for. */
int history_add(struct history *history, struct history_run *run, struct source *source,
	struct error *err);

/* All runs, the newest first, in arena; at most most of them (0: all). */
int history_runs(struct history *history, struct arena *arena, size_t most,
	struct history_run **ret_runs, size_t *ret_count, struct error *err);

#endif
