/* ledger: what beoplay manages on this machine, and what was there before.
 *
 * One file, replaced atomically, bound to the machine-id: the ledger of another machine (a cloned
 * disk) is put aside and never acted upon. A newer format is refused. It is
 *     {version, machine_id, order, sequence, resources: {IDENTITY: entry}, texts: {DIGEST: params},
 *      files: {PATH: file}, runs: [run], due: [due], failed: [failed], records: {KEY: map}}
 *     entry: {owners: [{project, playbook, since, run, wishes: {MODULE: DIGEST}, notify: [KEY],
 *             user, gone, regained, differs: DIGEST}], parent,
 *             module, undos: [undo], reason (if there are none)}
 *     undo: {sequence, run, order (of all changes here), module, params, body, user, before: {MODULE:
 *           DIGEST}}, or reason instead of module, params and body; before: what its owner wished
 *           until then
 *     file: {left: IMAGE (of image.h) as a task left it, project and playbook of that, ways: [way]}
 *     way: {sequence, before: IMAGE, records: {KEY: map} about it, first: until then its owner had
 *           changed nothing in it, or all of that was undone, touched: somebody else changed it
 *           between this run's first change and the next}
 *     run: {sequence, project, playbook, run, revision, who, time, text}
 *     due: {project, playbook, handler, run}
 *     failed: {project, playbook, run, task, message}: where an owner's last run stopped here
 * Each run that writes something here has a sequence number, in the order in which they came to this
 * machine. The undo with the number N brings back what was before run N; the first of an entry
 * leads to what was before beoplay. Nothing is written before ledger_save, and nothing if nothing is
 * different. */
#ifndef AGENT_LEDGER_H
#define AGENT_LEDGER_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/value.h"
#include "modules/module.h"

#include <stdbool.h>
#include <stdint.h>

enum { LEDGER_VERSION = 1, LEDGER_UNDOS_MOST = 9, LEDGER_RUNS_MOST = 32 };

struct ledger {
	const char *directory;
	const char *machine_id;
	struct arena *arena;         /* of root */
	struct value *root;
	struct value *bodies;        /* after ledger_sweep: digests that are in use */
	bool there;                  /* a file is there */
	bool foreign;                /* it belongs to another machine */
	bool dirty;                  /* root is not what the file holds */
	bool leftover;               /* a writer that was killed has left something half written */
	struct error problem;        /* it can't be used */
};

/* Whose wishes are being fulfilled. */
struct ledger_owner {
	const char *project;
	const char *playbook;
	const char *revision;
	const char *run;
	const char *who;
	const char *text;            /* digest of the packed text that is run; or NULL */
	int64_t time;                /* seconds since the epoch, as the controller has it */
};

/* What a task wishes. */
struct ledger_wish {
	const char *module;
	const char *params;          /* normalised text; NULL: secret, only its digest is kept */
	char digest[DIGEST_HEX_SIZE];
	const struct value *notify;  /* keys of handlers, or NULL */
	const char *user;            /* as whom its task works; NULL or "": as the agent */
};

/* One step of an undo. */
struct ledger_undo {
	const char *resource;
	const struct value *owner;   /* the owner's record */
	const struct value *way;     /* {module, params, body, before}; NULL: nothing has changed */
	const char *reason;          /* why it can't be undone, or why there is nothing to do */
	size_t others;               /* so many other owners: then it stays */
	bool release;                /* the owner didn't have it at that time */
};

/* Strings are borrowed. A ledger that isn't there is empty; one that can't be used has problem. */
void ledger_open(struct ledger *ledger, const char *directory, const char *machine_id);
void ledger_close(struct ledger *ledger);
void ledger_reload(struct ledger *ledger);   /* after the lock was got */
/* 0, or -1 and the problem. */
int ledger_usable(const struct ledger *ledger, struct error *err);
int ledger_save(struct ledger *ledger, struct error *err);
/* With the lock held, before anything is kept: bodies of runs that came to no end go, so that a disk
 * that they have filled has room again. */
void ledger_tidy(struct ledger *ledger);
/* With the lock held: what a writer that was killed has left goes. */
void ledger_clean(struct ledger *ledger);

/* An entry, or NULL. */
const struct value *ledger_entry(const struct ledger *ledger, const char *resource);
/* Whether a record (of a run, an owner, something due) is of this owner. */
bool ledger_is_of(const struct value *record, const struct ledger_owner *owner);
/* A playbook is called otherwise now: whether a run of it under that name is known; what was its is
 * its. */
bool ledger_knows(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *formerly);
void ledger_rename(struct ledger *ledger, const struct ledger_owner *owner, const char *formerly);
/* The number of the owner's run, which is written down if it isn't yet. */
int64_t ledger_run(struct ledger *ledger, const struct ledger_owner *owner);

/* --- Entries (ledger_entries.c) */

/* What this owner has in it, or NULL; and how many others own it. */
const struct value *ledger_owned(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, size_t *ret_others);
/* Whether the owner wishes just this of it, as far as is known. */
bool ledger_wishes(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, const struct ledger_wish *wish);
/* Whether anybody has it. */
bool ledger_has_owner(const struct ledger *ledger, const char *resource);
/* The parameters with this digest; NULL: not kept (they are secret). */
const char *ledger_params(const struct ledger *ledger, const char *digest);
/* Another owner that wishes something else of this module: an error naming both. */
int ledger_conflict(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, const struct ledger_wish *wish, struct error *err);

/* The state is as wished without a change. Nothing if the owner wishes this already. */
void ledger_adopt(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const struct ledger_wish *wish);
/* It is going to be changed. inverse (may be NULL: can't be undone) counts only the first time in a
 * run. parent: see ledger_parent. body: digest of bytes that were kept for it, or NULL. */
void ledger_change(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const char *parent, const struct ledger_wish *wish, const struct inverses_entry *inverse,
	const char *body);
/* Of which resource's task it is a part that no text names (a file that a sync took away); or NULL. */
const char *ledger_parent(const struct ledger *ledger, const char *resource);
/* The owner lets go, after an undo. The entry stays as long as a rollback may ask for it. */
void ledger_release(struct ledger *ledger, const struct ledger_owner *owner, const char *resource);

/* Whether the owner has it, and has changed it for that before the run with this number. */
bool ledger_changed_before(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, int64_t run);

/* It was left so, though its wish alone would have it otherwise: another one's way back has added
 * to it. differs names the difference; NULL: there is none. */
void ledger_set_differs(struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, const char *differs);

/* What leads this owner's resources back behind the run with the number since (0: to before
 * beoplay; INT64_MAX: no such run, nothing), the latest change first. */
size_t ledger_undos(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, int64_t since, struct ledger_undo **ret_undos);
/* The lowest number of the owner's runs with these names; INT64_MAX: none is known. */
int64_t ledger_first_of(const struct ledger *ledger, const struct ledger_owner *owner,
	const struct value *runs);
/* Drops texts that nothing refers to, and finds which bodies are in use. */
void ledger_sweep(struct ledger *ledger);

/* --- Files (ledger_files.c)
 *
 * Undoing one after the other what tasks wished of parts of a file leads to what was there only if
 * none of them stood on another. So the whole file is noted, too, before each run that changes it;
 * it comes back as a whole where nobody else has changed it since. */

/* "/etc/x" of "line:/etc/x:a"; NULL: it isn't about the content of a file. */
const char *ledger_path_of(struct arena *arena, const char *resource);
/* Whether it is noted what was there before this run. */
bool ledger_file_noted(struct ledger *ledger, const struct ledger_owner *owner, const char *path);
/* It is going to be changed, and is this now. The content of a file must be kept before. */
void ledger_file_changes(struct ledger *ledger, const struct ledger_owner *owner,
	const char *path, const char *image);
/* What a task left there; nothing if it isn't noted. */
void ledger_file_left(struct ledger *ledger, const struct ledger_owner *owner, const char *path,
	const char *image);
/* PATH → file. */
const struct value *ledger_files(const struct ledger *ledger);
/* What was there before the first run from since on that changed it (0: before any of the owner's
 * wishes in it), if nobody but the owner has changed it since then, and of what is in it only undone
 * (identities, as keys); else NULL. */
const struct value *ledger_file_way(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, const char *path, int64_t since,
	const struct value *undone);
/* It is again as the way says: so are the records about it. */
void ledger_file_restored(struct ledger *ledger, const char *path, const struct value *way);
/* Whether several wishes meet in the file of a resource ("line:/etc/x:a" and "block:/etc/x:b"); then
 * ret_path is it, and ret_left what the last of them left; NULL: not known. */
bool ledger_shares_file(const struct ledger *ledger, struct arena *arena, const char *resource,
	const char **ret_path, const char **ret_left);
/* Whether a part of a file is under a whole content that a task has put there since: its undo has
 * nothing to do before that one's. */
bool ledger_covered(const struct ledger *ledger, struct arena *arena, const char *resource);
/* Of ledger_sweep: forgets files that no entry is about; adds the kept bodies of the others. */
void ledger_sweep_files(struct ledger *ledger, struct value *bodies);

/* --- Handlers and records */

void ledger_due_add(struct ledger *ledger, const struct ledger_owner *owner, const char *handler);
void ledger_due_remove(struct ledger *ledger, const struct ledger_owner *owner,
	const char *handler);
/* All of the owner. */
void ledger_due_forget(struct ledger *ledger, const struct ledger_owner *owner);
bool ledger_is_due(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *handler);

bool ledger_failed(const struct ledger *ledger, const struct ledger_owner *owner);
/* Where the owner's run stopped; NULL for both: it didn't. */
void ledger_set_failed(struct ledger *ledger, const struct ledger_owner *owner, const char *task,
	const char *message);

const struct value *ledger_record(const struct ledger *ledger, const char *key);
int ledger_set_record(struct ledger *ledger, const char *key, const struct value *record,
	struct error *err);

/* For HELLO: {version, resources: count, due, failed, problem}. */
struct value *ledger_greeting(struct arena *arena, const struct ledger *ledger);

/* --- Kept bodies (ledger_bodies.c) */

const char *ledger_body_path(const struct ledger *ledger, struct arena *arena, const char *digest);
bool ledger_has_body(const struct ledger *ledger, const char *digest);
/* A piece of what is to be kept, from offset on; none at the end. */
typedef int ledger_piece(void *context, struct arena *arena, int64_t offset, const char **ret_bytes,
	size_t *ret_count, struct error *err);
/* Keeps bytes; ret_digest names them. */
int ledger_keep(struct ledger *ledger, ledger_piece *piece, void *context,
	char ret_digest[DIGEST_HEX_SIZE], struct error *err);
/* Removes those that were not in use at the last ledger_sweep. */
void ledger_forget_bodies(struct ledger *ledger);
/* Makes the directory (and name below it, or NULL), readable by the user of this process only. */
int ledger_make_directory(const struct ledger *ledger, const char *name, struct error *err);

#endif
