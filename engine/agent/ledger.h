/* ledger: what beoplay manages on this machine, and what was there before.
 *
 * One file, replaced atomically, bound to the machine-id: the ledger of another machine (a cloned
 * disk) is put aside and never acted upon. A newer format is refused. It is
 *     {version, machine_id, order, resources: {IDENTITY: entry}, due: [due], records: {KEY: map}}
 *     entry: {owners: [{project, playbook, revision, run, wishes: {MODULE: {digest, params}}}],
 *             module, order (of first change), undo: {module, params, body} or nil, reason}
 *     due: {project, playbook, handler, run}
 * Nothing is written before ledger_save, and nothing if nothing is different. */
#ifndef AGENT_LEDGER_H
#define AGENT_LEDGER_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/value.h"
#include "modules/module.h"

#include <stdbool.h>
#include <stdint.h>

enum { LEDGER_VERSION = 1 };

struct ledger {
	const char *directory;
	const char *machine_id;
	struct arena *arena;         /* of root */
	struct value *root;
	bool there;                  /* a file is there */
	bool foreign;                /* it belongs to another machine */
	bool dirty;                  /* root is not what the file holds */
	struct error problem;        /* it can't be used */
};

/* Whose wishes are being fulfilled. */
struct ledger_owner {
	const char *project;
	const char *playbook;
	const char *revision;
	const char *run;
};

/* What a task wishes. */
struct ledger_wish {
	const char *module;
	const char *params;          /* normalised text; NULL: secret, only its digest is kept */
	char digest[DIGEST_HEX_SIZE];
};

/* Strings are borrowed. A ledger that isn't there is empty; one that can't be used has problem. */
void ledger_open(struct ledger *ledger, const char *directory, const char *machine_id);
void ledger_close(struct ledger *ledger);
void ledger_reload(struct ledger *ledger);   /* after the lock was got */
/* 0, or -1 and the problem. */
int ledger_usable(const struct ledger *ledger, struct error *err);
int ledger_save(struct ledger *ledger, struct error *err);

/* An entry, or NULL. */
const struct value *ledger_entry(const struct ledger *ledger, const char *resource);
/* What this owner has in it, or NULL; and how many others own it. */
const struct value *ledger_owned(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, size_t *ret_others);
/* Another owner that wishes something else of this module: an error naming both. */
int ledger_conflict(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, const struct ledger_wish *wish, struct error *err);

/* The state was as wished before beoplay touched it. Nothing if the owner has it already. */
void ledger_adopt(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const struct ledger_wish *wish);
/* It is going to be changed. inverse (may be NULL: can't be undone) counts only the first time:
 * what was there before beoplay's first change is what an undo brings back. body: digest of bytes
 * that were kept for it, or NULL. */
void ledger_change(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const struct ledger_wish *wish, const struct inverses_entry *inverse, const char *body);
/* Whether ledger_change would write the inverse down. */
bool ledger_needs_inverse(const struct ledger *ledger, const char *resource);
/* The owner lets go; the last one takes the entry and its body along. */
void ledger_release(struct ledger *ledger, const struct ledger_owner *owner, const char *resource);

void ledger_due_add(struct ledger *ledger, const struct ledger_owner *owner, const char *handler);
void ledger_due_remove(struct ledger *ledger, const struct ledger_owner *owner,
	const char *handler);
bool ledger_is_due(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *handler);

const struct value *ledger_record(const struct ledger *ledger, const char *key);
int ledger_set_record(struct ledger *ledger, const char *key, const struct value *record,
	struct error *err);

/* All of it without what stays on the node (params of wishes), for the controller. */
struct value *ledger_summary(struct arena *arena, const struct ledger *ledger);
/* The short form of HELLO: {version, resources: count, due, problem}. */
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
void ledger_forget_body(struct ledger *ledger, const char *digest);
/* Makes the directory (and name below it, or NULL), readable by the user of this process only. */
int ledger_make_directory(const struct ledger *ledger, const char *name, struct error *err);

#endif
