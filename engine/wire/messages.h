/* messages: what each message holds, as structs. Their tables are in messages.c.
 *
 * A pointer that is NULL, a number that is 0, a list without items: not said. Lists of texts are
 * values, as modules make and take them. */
#ifndef WIRE_MESSAGES_H
#define WIRE_MESSAGES_H

#include "base/cause.h"
#include "wire/message.h"
#include "wire/status.h"

/* --- HELLO: agent → controller, once --- */

struct due_handler {
	const char *project, *playbook;
	const char *handler;         /* its key */
	const char *run;             /* LOOKED only */
};

struct failed_task {
	const char *project, *playbook;
	const char *task;
	const char *run, *message;   /* LOOKED only */
};

/* What the last run of each owner left beside its text. */
struct kept_seal {
	const char *run;
	struct bytes seal;
};

struct seals {
	const char *incarnation;     /* tells this ledger from any other */
	const struct kept_seal *kept;
	size_t count;
};

struct lock_holder {
	const char *who, *from, *since, *run;
};

enum step_end { STEP_BROKEN_OFF, STEP_RUNNING, STEP_ENDED, STEP_OTHER_VERSION };

/* A detached step of an earlier run. */
struct ran_step {
	const char *command;
	enum step_end end;
	int64_t status;              /* of one that has ended; of another version: its form */
};

struct hello {
	int64_t version;
	const struct due_handler *due;
	size_t due_count;
	const struct failed_task *failed;
	size_t failed_count;
	const char *machine;         /* tells this running machine from any other, also from a clone */
	const char *foreign;         /* where the ledger of another machine lies */
	const char *problem, *remedy, *code;   /* why the ledger can't be used */
	const struct seals *seals;
	const struct lock_holder *lock; /* NULL: nobody holds it */
	const struct ran_step *ran;
	size_t ran_count;
};

/* --- STAGE_END: agent → controller: all tasks of the stage are through --- */

struct stage_end {
	struct value *orphans;       /* identities that the ledger has and the text hasn't */
	const char *problem, *code;  /* why the ledger couldn't be written */
};

/* --- REQUEST: agent → controller, and child → agent, answered by a REPLY with the same id --- */

/* The first four are an agent's, all are its child's. */
enum request_kind {
	REQUEST_BODY,                /* digest, offset: a piece of a content; with more: all of that content,
	                                and behind it all of each of those, CHUNK_SIZE at most; with have:
	                                only those blocks of it that aren't there yet */
	REQUEST_GATE,                /* task: may the first change be made? Takes the lock */
	REQUEST_MOVE,                /* task, address, seconds: may the machine try what can cut the
	                                connection? If so this agent ends, and a new connection, to this
	                                address, finds one that does the task again */
	REQUEST_LOGIN,               /* task, seconds: can the machine still be logged in to? Answered once that
	                                was tried, by an error if not */
	REQUEST_CLAIM,               /* module, digest, resources, wanted: an error if another owner has
	                                overwritten this wish; a note if this one overwrites another's */
	REQUEST_BEGIN,               /* module, digest, params, resources, wanted, inverses, notify, user:
	                                written down before the first change; file: a path that is no
	                                resource of the task */
	REQUEST_TAKE_BACK,           /* resources: the task failed, and these are as they were; all: so is
	                                everything */
	REQUEST_KEEP,                /* path: keeps a file's bytes; the answer is their digest */
	REQUEST_OFFER,               /* path, digest: other nodes may have it */
	REQUEST_RECORD_GET,          /* key */
	REQUEST_RECORD_SET,          /* key, record */
	REQUEST_WISHED,              /* key, part: the resources whose identities begin so and that other
	                                owners have, or other tasks, as keys of the answer's record */
};

enum { REQUEST_OF_AGENTS = REQUEST_LOGIN + 1 };

/* How to undo one resource. */
struct told_inverse {
	const char *resource, *module;
	struct value *params;
	const char *reason;          /* why it can't be undone */
	const char *body;            /* digest of bytes that were kept for it */
};

struct request {
	int64_t id;
	enum request_kind kind;
	const char *digest;
	int64_t offset, task;
	const char *address;         /* without a prefix; NULL: where it answers now */
	int64_t seconds;             /* until it is as before, unless confirmed; 0: is anybody there? */
	bool back;                   /* it is about to be as before */
	struct value *more;          /* digests */
	struct bytes have;           /* sums of the blocks from offset on that the node has: blocks.h */
	bool away;                   /* the machine is about to start anew */
	const char *machine;         /* of a move and a login: as HELLO's, now; the run may have changed it */
	/* of a child only */
	const char *path, *file, *key, *part;
	struct value *record;
	const char *module, *params, *user;
	struct value *resources, *wanted, *notify;
	const struct told_inverse *inverses;
	size_t inverse_count;
	bool all;
};

struct reply {
	int64_t id;
	struct bytes bytes;          /* of a body; with same: of those of its blocks that aren't */
	int64_t size;                /* of the whole body */
	struct bytes same;           /* a byte each block: 1, it is as the node has it; 0, it is in bytes */
	bool go;                     /* of a gate or a move; false: the run is over for this host */
	const char *error, *code;
	/* to a child only */
	const char *digest, *note;
	struct value *record;
	bool late;                   /* of a gate: what was looked at before it may have changed since */
};

/* --- FETCH: controller → agent between stages or while a gate is waiting, and agent → child:
 * asks for a piece of a body that was offered; answered by a CHUNK with the same id --- */

struct fetch {
	int64_t id;
	const char *digest;
	int64_t offset;
	/* of a child only */
	const char *path;
};

struct chunk {
	int64_t id;
	struct bytes bytes;
	int64_t size;                /* of the whole body */
	const char *error;
};

/* --- PROGRESS: agent → controller: while a long step runs, what it is doing, or, ending with a newline,
 * lines that it has said --- */

struct progress_text {
	struct bytes text;
};

/* --- LOOKED: what a ledger has of an owner, in the RESULT of a task that looks --- */

struct ledger_run {
	const char *project, *playbook, *run, *revision, *who;
	int64_t time;
	const char *text;            /* digest of the packed text */
	struct bytes seal;
};

struct looked {
	const struct ledger_run *runs;
	size_t run_count;
	const struct due_handler *due;
	size_t due_count;
	const struct failed_task *failed;
	size_t failed_count;
	int64_t resources;           /* so many are the owner's */
	struct value *orphans;
	struct bytes text;           /* the packed text, if it is kept and was asked for */
	const char *foreign;
	const struct seals *seals;
};

/* --- RESULT: agent → controller, one a task that was dealt with, in the order of tasks; of an undo
 * one with more for each resource, and then one without --- */

struct told_change {
	const char *subject, *field;
	struct value *before, *after;   /* texts; NULL: not there, or not told */
	int64_t flags;               /* enum change_flags */
};

struct published {
	const char *module, *key;
	struct value *facts;
};

struct result {
	int64_t task;                /* its id */
	enum status status;
	bool more;
	const char *resource;
	const struct told_change *changes;
	size_t change_count;
	struct value *notes;         /* texts */
	struct value *results;       /* a map */
	const struct published *published;
	const char *message, *remedy;   /* failed; skipped: why */
	const char *code;            /* failed: the name of the error's code */
	const struct cause *cause;   /* may_change: what must be known first */
	const char *planned;         /* digest of what a dry run plans */
	int64_t milliseconds;
	const struct looked *looked;
	/* of a child only */
	struct value *writes;        /* what it would write, in a dry run */
	struct value *resources, *wanted;
};

/* --- STAGE: controller → agent --- */

enum choice { CHOICE_NONE, CHOICE_NO, CHOICE_YES };

static inline enum choice choice_of(bool yes)
{
	return yes ? CHOICE_YES : CHOICE_NO;
}

static inline bool choice_made(enum choice choice, bool otherwise)
{
	return choice == CHOICE_NONE ? otherwise : choice == CHOICE_YES;
}

/* Beyond what the node has seen in this run. */
struct whole {
	struct value *unseen;        /* identities that no task of this run has, but the text */
	struct value *unsure;        /* modules of which those aren't known */
};

enum undo_mode {
	UNDO_MODE_NONE,
	UNDO_MODE_PRUNE,             /* what no task declares */
	UNDO_MODE_ROLLBACK,          /* all since the first of the runs in after */
	UNDO_MODE_ALL,
};

struct undo_order {
	enum undo_mode mode;
	bool discard;                /* also what isn't as beoplay left it */
	struct value *handlers;      /* keys that the text has */
	struct value *after;         /* names of runs */
	struct value *of_hosts;      /* only what depends on these */
	struct value *declared, *unsure;
	struct value *expect;        /* resources, no others; NULL: any */
};

struct look_order {
	const struct whole *whole;
	const char *text;            /* digest of a packed text that is wanted */
};

enum task_kind {
	TASK_MODULE,
	TASK_FLUSH,                  /* run due handlers here, those that came since the last flush; no
	                                result */
	TASK_UNDO,
	TASK_LOOK,
};

/* Of a handler that wasn't due the result is "skipped", at the flush. */
struct wire_task {
	int64_t id;
	enum task_kind kind;
	const char *module;
	const char *params;          /* the normalised YAML text, without the parameter with PARAM_HOST … */
	const char *host;            /* … which has this name; NULL: the module has none */
	const char *name;            /* for people */
	const char *user;            /* as whom; NULL: as the agent */
	const char *handler;         /* the key of one, which is the same in the next run; NULL: it is none */
	int64_t timeout;             /* seconds that it may take, its waiting for others aside; 0: any */
	bool controller;             /* a handler without a module: only whether it is due is asked */
	struct value *environment;   /* "NAME=value": of all that it runs; NULL: nothing more */
	struct value *notify;        /* keys of handlers, which may come in a later stage */
	bool ignore_errors, no_log;
	enum choice check, diff;     /* NONE: as the stage's */
	enum choice changed;         /* what changed_when says, if it is known already */
	enum level level;            /* of its parameters */
	bool results;                /* they are looked at */
	bool plan;                   /* a dry run tells the digest of what it plans */
	const char *expect;          /* that digest, "" for nothing: else it is stale, and does nothing */
	const struct undo_order *undo;
	const struct look_order *look;
	/* never sent: of tasks that an undo makes */
	const char *resource;        /* it is about this one alone */
	const char *file;            /* it brings this file back, which is no resource of its own */
};

struct wire_stage {
	bool apply;                  /* false: nothing is changed */
	bool diff, free;
	const char *project, *playbook;
	const char *formerly;        /* what the playbook was called until now */
	const char *run, *revision, *who;
	const char *login;           /* who has logged in */
	const char *text;            /* digest of the packed text, which the node may ask for */
	struct bytes seal;           /* kept beside it, and told again in HELLO */
	int64_t time;                /* of the controller */
	int64_t lock_wait;           /* seconds */
	struct value *notified;      /* keys that the controller found due itself, after a changed_when */
	struct value *dropped;       /* keys of due handlers that the text has no more */
	const struct wire_task *tasks;
	size_t task_count;
	bool last;
	const struct whole *whole;   /* of the last one */
};

extern const struct message message_cause, message_told_change, message_result, message_wire_task, message_wire_stage;
extern const struct message message_nothing, message_hello, message_stage_end, message_request,
	message_reply, message_fetch, message_chunk, message_progress, message_looked;

#endif
