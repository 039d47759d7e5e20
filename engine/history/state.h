/* state: what the files of history/ share. */
#ifndef HISTORY_STATE_H
#define HISTORY_STATE_H

#include "base/buffer.h"
#include "history/history.h"

#include <git2.h>

#define HISTORY_RUNS "refs/heads/runs"
#define HISTORY_HOSTS "refs/hosts/"
#define HISTORY_SEALED "refs/sealed"   /* up to here all runs are sealed */

struct history {
	git_repository *repository;
	const char *folder;        /* .beoplay; allocated */
	int lock;                  /* a descriptor; held while a run is added */
	mode_t mask;               /* the user's umask, meanwhile */
};

/* libgit2, once and for the whole program. */
void history_start(void);
/* revision_safe.c: whether the repository of a folder can be opened without waiting for ever; false also where there is
 * none. */
bool revision_safe(const char *folder);
/* The same of what git reads for all repositories of the user and of the machine. */
bool revision_users_safe(void);
/* An error of libgit2 as one of ours. -1. */
int history_failed(struct error *err, const char *what);

/* history_folder.c: .beoplay in a project, open; room gets its name without links. ret_fd -1: there
 * is none, and create is false. -1 with err (TEXT): somebody else could have prepared it. */
int history_folder(const char *project, bool create, char *room, size_t size, int *ret_fd,
	struct error *err);
int history_lock_file(int folder, struct error *err);
/* history.c: while it is changed, one at a time. What git makes then is for nobody else to write, whatever the
 * user's umask: else it would not be believed the next time. */
void history_lock(struct history *history);
void history_unlock(struct history *history);
/* So that the user's own repository doesn't take it in. */
void history_write_ignore(int folder);

/* The form of run.yml; it stands in its first line. Without that line it is the first form. A new one gets
 * a fixture in tests/formats. */
enum { RUN_VERSION = 2 };

/* history_run.c: whether this version of beoplay can read the newest run, and thereby all of them. */
int run_check_version(git_repository *repository, struct error *err);

/* The tree of a run, and back. libgit2's errors. last: the run before in this repository, whose contents
 * aren't written again; NULL: none. */
int run_write(git_repository *repository, struct arena *arena, const struct history_run *run,
	const struct record *record, const git_commit *last, git_oid *ret_tree);
int run_read(git_repository *repository, struct arena *arena, git_commit *commit,
	struct history_run *ret_run, struct record **ret_record);

/* A name of a host as the name of its reference. */
const char *history_host_ref(struct arena *arena, const char *host);

/* history_facts.c: what of them stands in run.yml: without what is secret, too long or no text. NULL: there
 * are none. */
struct value *facts_kept(struct arena *arena, const struct value *facts);

/* run_file.c: all that run.yml says, by one table for both ways. */
struct run_file {
	int64_t version;
	struct history_run run;    /* without its id */
	struct value *files;
};

enum { RUN_MOST = 64 << 20 };   /* bytes */

/* NULL: it couldn't be read back. */
const char *run_file_text(struct arena *arena, const struct run_file *file);
/* -1: it isn't as the table says. What is in it is borrowed from arena. */
int run_file_take(struct arena *arena, const char *bytes, size_t size, struct run_file *ret_file);
/* How much of a text stands before its list of files, if nothing comes behind that: what is asked of most runs,
 * which may have had 100,000 files. Else all of it. */
size_t run_file_head(const char *bytes, size_t size);
/* A value as YAML, on one line. */
void history_add_value(struct buffer *out, const struct value *value);
/* The form of a text, whatever else is in it. */
long run_file_version(const char *bytes);

/* The commits of all runs, the newest first. */
int history_walk(struct history *history, struct arena *arena, git_oid **ret_ids,
	size_t *ret_count);

#endif
