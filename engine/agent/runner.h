/* runner: the stages of a run on this machine, one after the other.
 *
 * runner.c takes stages and their tasks in order; runner_task.c does one of them, runner_result.c
 * tells what came of it; runner_handlers.c runs handlers; keeper.c answers what a task asks for:
 * ledger, lock, gate, bodies; child.c works as another user; undo.c takes back. */
#ifndef AGENT_RUNNER_H
#define AGENT_RUNNER_H

#include "agent/ledger.h"
#include "agent/link.h"
#include "agent/work.h"

#include <stdbool.h>
#include <sys/types.h>

/* Of a task with more resources it isn't remembered what it wished. */
enum { RUNNER_FILES_MOST = 64 };

struct runner {
	struct arena *arena;         /* for as long as the agent lives */
	struct link link;            /* to the controller */
	struct ledger ledger;
	struct user_info user;       /* as whom the agent runs */
	const char *steps;
	struct known_digests *digests;
	struct value *over;          /* steps of earlier runs that were told of, and can be forgotten */
	int lock;                    /* descriptor; -1: not held */
	struct value *offers;        /* digest → path */
	/* of the stage at hand */
	bool check, diff, free;
	struct ledger_owner owner;
	const char *who;
	const char *login;             /* the user who has logged in; NULL: not said */
	int64_t lock_wait;           /* seconds */
	bool undoes;                 /* contents are those kept here, the controller has none for it */
	/* of the run */
	bool task_failed;            /* the last one */
	const struct wire_task **handlers;   /* since the last flush */
	size_t handler_count;
	struct value *due;           /* keys that were notified */
	struct value *maybe;         /* in a dry run: keys that may be notified, each unknown */
	struct value *for_undone;    /* those of due and maybe that only undos want, as keys */
	bool restarts;               /* the handler at hand is one of them: see work.h */
	bool only_notes;             /* how to undo is written down; it is durable with what comes next */
	struct value *others;        /* of the playbooks before this one: these three */
	struct value *pending;       /* in a dry run: see pending.h */
	struct value *undone, *restored;   /* in a dry run: see work.h */
	struct value *refused;       /* resources that weren't undone */
	struct undo_looks *looks;    /* what was seen of wishes, see undo.h; NULL: nothing is kept */
	struct value *seen;          /* resources that tasks had, each with the number of one, or -1;
	                                see seen.c */
	const struct wire_task **seen_tasks;
	size_t seen_count;
	struct value *let_go;        /* identities of orphans of which nothing is left to be undone */
	struct value *adopted;       /* wishes that were fulfilled before, not yet in the ledger, as
	                                MODULE RESOURCE → {task, resource, wanted} */
	struct value *begun_due;     /* handlers that the task at hand has made due */
	struct work *at_hand;        /* the task; NULL: none */
	struct login_guard *guard;   /* of what it changes; NULL: nothing that carries the login */
	bool forgets;                /* all of the owner is undone: at the end nothing is due */
};

/* in and out: the controller. Ends when it is gone or has said BYE; the lock is held on. directory:
 * where ledger and lock are; NULL: those of the machine. */
void runner_run(struct runner *runner, int in, int out, const char *directory);

/* greet.c: the magic and HELLO. What tells this machine from a copy of its disk. */
void runner_greet(struct runner *runner, int out);
const char *runner_machine_id(struct arena *arena);
/* HELLO's machine, as it is now. */
const char *runner_running_machine(struct arena *arena);

/* A task of a stage that is no handler, or a handler that is due. False: the stage is over. */
bool runner_do_task(struct runner *runner, const struct wire_task *task);
/* Runs what is due of the handlers since the last flush. False: the stage is over. */
bool runner_flush(struct runner *runner);

/* Whether the ledger may be changed now: then the lock is held. */
bool runner_may_note(struct runner *runner);
/* Where the run stopped, for --resume and status; task NULL: it came to its end. */
void runner_note_failed(struct runner *runner, const char *task, const char *message);

/* A task at hand, and doing it as the user whom it or its module says. */
struct work runner_work(struct runner *runner, struct arena *arena, const struct wire_task *task);
void runner_do(struct runner *runner, struct work *work, struct result *result);
void runner_send(struct runner *runner, struct arena *arena, const struct wire_task *task,
	struct result *result);
/* Handlers with these keys are due. */
void runner_notify(struct runner *runner, const struct value *keys);
/* Before this handler is made due, by a task or an undo at hand. */
void runner_note_wanted(struct runner *runner, const char *key);
/* In a dry run: they may be. */
void runner_may_notify(struct runner *runner, const struct value *keys,
	const struct cause *cause);
/* After a change: what is now in the files of these resources. */
void runner_note_written(struct runner *runner, const struct value *resources);
void runner_note_left(struct runner *runner, const char *path);
/* In a dry run: what it would write. */
void runner_note_writes(struct runner *runner, struct value *pending, const struct wire_task *task,
	const struct result *result);

/* undo.c: takes back what the text doesn't have (any more). False: the stage is over. */
bool undo_do(struct runner *runner, const struct wire_task *task);
/* What whole declares to be all there is, compared with the ledger: identities. */
struct value *undo_orphans(struct runner *runner, struct arena *arena, const struct whole *whole);

/* look.c: a task that looks. */
bool look_do(struct runner *runner, const struct wire_task *task);

/* keeper.c: an answer to what a task asked for; the child's link, or NULL for the agent's own. */
int keeper_answer(struct runner *runner, struct link *child, struct arena *arena,
	const struct request *request, struct reply *ret_reply, struct error *err);
/* A task's wish is fulfilled as it is. */
void keeper_adopt(struct runner *runner, const struct work *work, const struct value *resources,
	const struct value *wanted);
/* Writes the ledger if something in it is new; the end of every stage. last: of
 * a run that came to its end. */
int keeper_save(struct runner *runner, bool last, struct error *err);
/* Holds the lock from here on. */
int keeper_lock(struct runner *runner, struct error *err);
/* Answers FETCH of the controller; the context is the runner. */
void keeper_serve(void *context, struct arena *arena, const struct fetch *fetch,
	struct chunk *chunk);

/* ledger_texts.c: keeps the text that is run, if it isn't there yet; what is kept, or NULL. Texts
 * that were kept before they were sealed go. */
void texts_keep(struct runner *runner);
void texts_forget_open(struct runner *runner);
struct bytes texts_read(const struct runner *runner, struct arena *arena, const char *digest);

/* seen.c: notes what a task had; where it has undone what an earlier one of the run wishes, that is
 * said among its notes. */
void seen_task(struct runner *runner, struct work *work, struct result *result);

/* child.c: the same task in a process with another user's ids. */
void child_do(struct runner *runner, struct work *work, const struct user_info *user,
	struct result *result);

#endif
