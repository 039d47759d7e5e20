/* ledger: what beoplay manages on this machine, and what was there before.
 *
 * A SQLite database (ledger_schema.h), <state>/<machine-id>/ledger.db, which belongs to this
 * machine alone: that of a cloned disk lies in a folder of another name and is never acted upon. A
 * newer form is refused by name; the form of before, one file of MessagePack, is taken over
 * (ledger_v1.c).
 *
 * Each run that writes something here has a sequence number, in the order in which they came to
 * this machine. The undo with the number N brings back what was before run N; the first since an
 * owner took it up leads to what was before beoplay.
 *
 * What is changed here is one transaction until ledger_save makes it durable: all that a task is
 * going to change before the first change; what came of it with the next task's, or at the end. Who
 * only looks opens it read-only, and nothing is written. Where a statement fails, ledger_save says
 * so. */
#ifndef AGENT_LEDGER_H
#define AGENT_LEDGER_H

#include "agent/ledger_database.h"
#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/value.h"
#include "module/module.h"
#include "wire/messages.h"

#include <stdbool.h>
#include <stdint.h>

enum { LEDGER_UNDOS_MOST = 16, LEDGER_RUNS_MOST = 64, LEDGER_PATHS_MOST = 64, LEDGER_INCARNATION_SIZE = 32 };

struct ledger {
	const char *directory;       /* that of this machine, below the state's */
	const char *state;
	const char *locks;           /* where the locks of the database are, on this machine */
	const char *machine_id;
	const char *moved;           /* it is still where it was under the machine's former id; or NULL */
	char incarnation[LEDGER_INCARNATION_SIZE + 1];   /* of a new one */
	struct arena *arena;         /* until the ledger is opened again */
	struct database *database;
	bool there;                  /* a file is there, of this form or the one before */
	bool old;                    /* only one of the form before; it is read into memory */
	bool leftover;               /* a writer that was killed has left something half written */
	const char *foreign;         /* there is none, but one of another machine: where it is */
	struct error problem;        /* it can't be used */
	const char *formerly;        /* to look only: what the playbook is called here; or NULL */
	struct value *changed;       /* by the task at hand: what was known of it before, a resource each */
	struct value *changed_params;  /* of wishes of before it, by their digests: each once, as they are long */
	struct value *kept;          /* digests of bodies of the transaction that is open */
	struct value *dropped;       /* those in files that nothing refers to: gone once that is durable */
};

/* Whose wishes are being fulfilled. */
struct ledger_owner {
	const char *project;
	const char *playbook;
	const char *revision;
	const char *run;
	const char *who;
	const char *text;            /* digest of the packed text that is run; or NULL */
	const void *seal;            /* what the controller gives to it, as bytes; or NULL */
	size_t seal_size;
	int64_t time;                /* seconds since the epoch, as the controller has it */
};

/* What a task wishes. */
struct ledger_wish {
	const char *module;
	const char *params;          /* normalised text; NULL: secret, only its digest is kept */
	char digest[DIGEST_HEX_SIZE];
	const char *wanted;          /* digest of what they say of this resource alone; NULL: not known */
	const struct value *notify;  /* keys of handlers, or NULL */
	const char *user;            /* as whom its task works; NULL or "": as the agent */
};

/* One step of an undo. */
struct ledger_undo {
	const char *resource;
	const struct value *owner;   /* what the owner has in it: {wishes, user, differs, notify} */
	const struct value *way;     /* {sequence, module, params, user, before}; NULL: nothing has changed */
	const char *reason;          /* why it can't be undone, or why there is nothing to do */
	const char *module;          /* by which it came here */
	const char *parent;          /* of whose task it is a part that no text names (a file that a sync
	                                took away); or NULL */
	size_t others;               /* so many other owners: then it stays; with release only those whose wish
	                                this one hasn't overwritten */
	bool steady;                 /* no run since then wished otherwise in between */
	bool release;                /* the owner didn't have it at that time */
	bool gap;                    /* what it was then isn't kept any more: there is no way */
	bool unsure;                 /* the agent died that was to make the change which is undone: it isn't
	                                known whether it came to it */
};

/* Strings are borrowed. One that isn't there is empty; one that can't be used has problem. state:
 * where the ledgers of this user are, one a machine; locks: a folder that is there, of this
 * machine, for its locks. To look only: nothing is written. */
void ledger_open(struct ledger *ledger, const char *state, const char *locks,
	const char *machine_id);
void ledger_close(struct ledger *ledger);
/* With the lock held: from here on it may be changed. It is made, or taken over from the form
 * before, and what a writer that was killed has left goes. */
void ledger_write(struct ledger *ledger);
/* 0, or -1 and the problem. */
int ledger_usable(const struct ledger *ledger, struct error *err);
/* What is asked between these is of one moment, and takes one lock. No other process can write
 * meanwhile: nothing that waits, and no module, may stand between them. */
void ledger_hold(const struct ledger *ledger);
void ledger_let_go(const struct ledger *ledger);
/* Whether something was changed since the last time it was saved. */
bool ledger_changed(const struct ledger *ledger);
/* Makes it durable; or nothing of it is left. */
int ledger_save(struct ledger *ledger, struct error *err);
/* Makes the directory (and name below it, or NULL), readable by the user of this process only. */
int ledger_make_directory(const char *directory, const char *name, struct error *err);

/* The form before, which was taken over, isn't kept for ever: this is the number of a new run. */
void ledger_forget_old(struct ledger *ledger, int64_t sequence);

/* --- Owners and runs (ledger_runs.c) */

/* The owner's number here; 0: it has none. */
int64_t ledger_owner_id(const struct ledger *ledger, const struct ledger_owner *owner);
/* The same, made if it isn't there. */
int64_t ledger_make_owner(const struct ledger *ledger, const struct ledger_owner *owner);
/* A playbook is called otherwise now: whether a run of it under that name is known; what was its is
 * its. Where one only looks, nothing is changed, but it is seen as if it were so. */
bool ledger_knows(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *formerly);
void ledger_rename(struct ledger *ledger, const struct ledger_owner *owner, const char *formerly);
/* The number of the owner's run, which is written down if it isn't yet. */
int64_t ledger_run(struct ledger *ledger, const struct ledger_owner *owner);
/* The runs of this project, the oldest first. */
struct ledger_run *ledger_runs(const struct ledger *ledger, struct arena *arena,
	const char *project, size_t *ret_count);

/* --- Sealed texts (ledger_seals.c) */

/* An incarnation is hexadecimal digits that tell this ledger from any other, also from one that is
 * made here after this one was lost. It is told to the controller before the ledger is made. */
void ledger_new_incarnation(struct ledger *ledger);
void ledger_set_incarnation(struct ledger *ledger);
/* Of each owner's last run. */
const struct seals *ledger_seals(const struct ledger *ledger, struct arena *arena);
/* Whether there are texts that came without a seal, so that they can be read. */
bool ledger_has_open_texts(const struct ledger *ledger);
void ledger_drop_open_texts(struct ledger *ledger);

/* --- Who wishes what (ledger_entries.c) */

/* Its number here; 0: it isn't known. */
int64_t ledger_resource(const struct ledger *ledger, const char *resource);
/* Whether the owner wishes just this of it, as far as is known. */
bool ledger_wishes(const struct ledger *ledger, int64_t owner, const char *resource,
	const struct ledger_wish *wish);
/* Whether anybody has it. */
bool ledger_has_owner(const struct ledger *ledger, const char *resource);
/* Whether others than this owner have it. */
bool ledger_others_have(const struct ledger *ledger, const struct ledger_owner *owner, const char *resource);
/* Whether others have something else in its file, and have changed that since it was changed last. */
bool ledger_others_since(const struct ledger *ledger, const struct ledger_owner *owner, const char *resource);
/* Those whose identities begin so (which isn't empty) and that other owners have, as keys; and those of this one
 * whose wish names another part, or isn't kept. part may be NULL: only other owners'. */
struct value *ledger_wished(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, const char *beginning, const char *part);
/* The parameters with this digest; NULL: not kept (they are secret). */
const char *ledger_params(const struct ledger *ledger, struct arena *arena, const char *digest);
/* It is about to be changed for this wish. An error that names both if another owner has
 * overwritten it since, and it is wished unchanged; where it is new or changed, and another wishes
 * otherwise, ret_other names that one; else NULL. */
int ledger_conflict(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, const char *resource, const struct ledger_wish *wish,
	const char **ret_other, struct error *err);

/* The state is as wished without a change. Nothing if the owner wishes this already. */
void ledger_adopt(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const struct ledger_wish *wish);
/* It is going to be changed. inverse (may be NULL: can't be undone) counts only the first time in a
 * run. parent: as in ledger_undo. body: digest of bytes that were kept for it, or NULL. */
void ledger_change(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const char *parent, const struct ledger_wish *wish, const struct inverses_entry *inverse,
	const char *body);
/* The owner lets go, after an undo. The entry stays as long as a rollback may ask for it. */
void ledger_release(struct ledger *ledger, const struct ledger_owner *owner, const char *resource);
/* It was left so, though its wish alone would have it otherwise: another one's way back has added
 * to it. differs names the difference; NULL: there is none. */
void ledger_set_differs(struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, const char *differs);

/* --- The task at hand (ledger_task.c) */

/* It is known what came of it, and of those before. */
void ledger_task_end(struct ledger *ledger);
/* Whatever is still begun was begun by an agent that has died at it. */
void ledger_task_died(struct ledger *ledger);
/* It is going to change this: what is known of it now. */
void ledger_task_note(struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource);
/* It failed before it came to this: what is known of it is what was known before the task. */
void ledger_task_take_back(struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource);

/* --- The ways back (ledger_undo.c) */

/* Which ones are asked for; NULL: all. */
typedef bool ledger_filter(void *context, const char *resource, const char *module,
	const char *parent);
/* What leads this owner's resources back behind the run with the number since (0: to before
 * beoplay; INT64_MAX: no such run, nothing), the latest change first. */
size_t ledger_undos(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, int64_t since, ledger_filter *filter, void *context,
	struct ledger_undo **ret_undos);
/* What the owner has in it now: {wishes: {MODULE: digest}, user, differs}. */
struct value *ledger_owned(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, const char *resource);
/* How many resources the owner has. */
int64_t ledger_count(const struct ledger *ledger, const struct ledger_owner *owner);
/* The lowest number of the owner's runs with these names; INT64_MAX: none is known. */
int64_t ledger_first_of(const struct ledger *ledger, const struct ledger_owner *owner,
	const struct value *runs);
/* Whether the owner (NULL: anybody) has it, and has changed it for that before the run with this number. */
bool ledger_changed_before(const struct ledger *ledger, const struct ledger_owner *owner,
	int64_t resource, int64_t run);
/* A way back more than are kept of a resource: an older one goes. */
void ledger_trim_undos(struct ledger *ledger, int64_t resource);

/* --- What nothing refers to any more (ledger_sweep.c) */

/* Of an owner whose new run this is: runs that are too old, and what nobody has had since. */
void ledger_sweep_runs(struct ledger *ledger, int64_t owner);
void ledger_drop_params(struct ledger *ledger, const char *digest);
void ledger_drop_body(struct ledger *ledger, const char *digest);

/* --- Files (ledger_files.c)
 *
 * Undoing one after the other what tasks wished of parts of a file leads to what was there only if
 * none of them stood on another. So the whole file is noted, too, before each run that changes it;
 * it comes back as a whole where nobody else has changed it since. */

/* "/etc/x" of "line:/etc/x:a"; NULL: it isn't about the content of a file. */
const char *ledger_path_of(struct arena *arena, const char *resource);
/* Those of a task's resources, as keys, each once; none where they are more than LEDGER_PATHS_MOST: what was in
 * each of very many files isn't noted. */
struct value *ledger_paths_of(struct arena *arena, const struct value *resources);
/* The path that a resource or a note is about, whatever of it; or NULL. */
const char *ledger_about(struct arena *arena, const char *key);
/* Whether it is noted what was there before this run. */
bool ledger_file_noted(struct ledger *ledger, const struct ledger_owner *owner, const char *path);
/* It is going to be changed, and is this now. The content of a file must be kept before. undoes: by an
 * undo, which is never the first that its owner did there. */
void ledger_file_changes(struct ledger *ledger, const struct ledger_owner *owner,
	const char *path, const char *image, bool undoes);
/* What a task left there; nothing if it isn't noted. */
void ledger_file_left(struct ledger *ledger, const struct ledger_owner *owner, const char *path,
	const char *image);
/* Whether anything is noted of it. */
bool ledger_file_known(const struct ledger *ledger, const char *path);
/* The paths of what runs from since on have changed (0: all); as keys. */
struct value *ledger_files(const struct ledger *ledger, struct arena *arena, int64_t since);
/* What was there before the first run from since on that changed it (0: before any of the owner's
 * wishes in it), {sequence, before: an image, records}, if nobody but the owner has changed it
 * since then, and of what is in it only undone (identities, as keys); else NULL. */
const struct value *ledger_file_way(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, const char *path, int64_t since,
	const struct value *undone);
/* It is again as the way says, to before the run since (0: to nothing): so are the records about it,
 * and what was the owner's then. */
void ledger_file_restored(struct ledger *ledger, const struct ledger_owner *owner, const char *path,
	const struct value *way, int64_t since);
/* Whether several wishes meet in the file of a resource ("line:/etc/x:a" and "block:/etc/x:b");
 * then ret_path is it, and ret_left what the last of them left; NULL: not known. */
bool ledger_shares_file(const struct ledger *ledger, struct arena *arena, const char *resource,
	const char **ret_path, const char **ret_left);
/* Whether a part of a file is under a whole content that a task has put there since: its undo has
 * nothing to do before that one's. */
bool ledger_covered(const struct ledger *ledger, struct arena *arena, const char *resource);

/* --- Handlers and records */

void ledger_due_add(struct ledger *ledger, const struct ledger_owner *owner, const char *handler);
void ledger_due_remove(struct ledger *ledger, const struct ledger_owner *owner,
	const char *handler);
/* All of the owner. */
void ledger_due_forget(struct ledger *ledger, const struct ledger_owner *owner);
bool ledger_is_due(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *handler);
/* Keys of those that runs from since on have made due. */
struct value *ledger_due_since(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, int64_t since);
/* Of all owners (NULL) or of one. */
struct due_handler *ledger_due(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, size_t *ret_count);

/* Where the owner's run stopped; NULL for both: it didn't. */
void ledger_set_failed(struct ledger *ledger, const struct ledger_owner *owner, const char *task,
	const char *message);
bool ledger_has_failed(const struct ledger *ledger, const struct ledger_owner *owner);
/* Of all owners (NULL) or of one. */
struct failed_task *ledger_failed(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, size_t *ret_count);

/* NULL: there is none; also to be forgotten. */
struct value *ledger_record(const struct ledger *ledger, struct arena *arena, const char *key);
int ledger_set_record(struct ledger *ledger, const char *key, const struct value *record,
	struct error *err);

/* --- Kept bodies (ledger_bodies.c) */

/* Larger ones are in files. */
enum { LEDGER_INLINE_MOST = 64 << 10 };

bool ledger_has_body(const struct ledger *ledger, const char *digest);
/* Up to CHUNK_SIZE bytes of it from offset on; ret_size is that of the whole. */
int ledger_body_chunk(const struct ledger *ledger, struct arena *arena, const char *digest,
	int64_t offset, const char **ret_bytes, size_t *ret_count, int64_t *ret_size,
	struct error *err);
/* A piece of what is to be kept, from offset on; none at the end. */
typedef int ledger_piece(void *context, struct arena *arena, int64_t offset, const char **ret_bytes,
	size_t *ret_count, struct error *err);
/* Keeps bytes, from the next ledger_save on if something refers to them; ret_digest names them. */
int ledger_keep(struct ledger *ledger, ledger_piece *piece, void *context,
	char ret_digest[DIGEST_HEX_SIZE], struct error *err);
/* What ledger_save does before and after the transaction. */
int ledger_sync_bodies(struct ledger *ledger, struct error *err);
void ledger_remove_dropped(struct ledger *ledger);
/* Files of bodies/ that a writer that was killed has left. */
bool ledger_bodies_left(const struct ledger *ledger);
void ledger_tidy_bodies(struct ledger *ledger);

/* --- The form before (ledger_v1.c) */

/* Reads the file into the database; ret_foreign: it is another machine's, and nothing was read. */
int ledger_v1_read(struct ledger *ledger, const char *path, bool *ret_foreign, struct error *err);

#endif
