/* undo: what is to be undone, before any of it is. What the files of undo share, and private to
 * them.
 *
 * undo.c undoes; undo_task.c makes a way back a task; undo_file.c puts those of a file together;
 * undo_join.c makes one task of several; undo_drift.c says what others have changed; undo_orphans.c
 * what the text has no more. */
#ifndef AGENT_UNDO_H
#define AGENT_UNDO_H

#include "agent/runner.h"

#include <stdbool.h>
#include <stdint.h>

struct undoing {
	struct runner *runner;
	const struct undo_order *wish;
	struct value *declared;      /* what the text has, as keys */
	const struct wire_task *task;
	bool prune;
	bool all;
	int64_t since;               /* as for ledger_undos */
	struct value *files;         /* paths of what has been changed since then, as keys */
	struct value *left;          /* paths whose files are as the undo has left them, as keys */
	struct value *writes;        /* in a dry run: what undos before would write; see pending.h */
};

/* What is to be done is found out for all before anything is done: an undo must not look as if
 * somebody had changed what the next one is about. */
struct undo_plan {
	const struct ledger_undo *undo;  /* the first of file's parts */
	struct wire_task *task;      /* NULL: there is no way back */
	struct result planned;       /* of looking */
	bool drifted;                /* somebody else has changed it */
	bool tried;                  /* it was its turn; of a part: it is noted how to come back from it */
	struct undo_file *file;      /* a whole file comes back; or NULL */
};

/* With a way the task is to make the file what it was; the parts were undone one by one if that couldn't be.
 * Their tasks only say how to come back from it. Without a way the task is what all parts lead to. */
struct undo_file {
	const char *path;
	const struct value *way;     /* of ledger_file_way; or NULL */
	struct undo_plan *parts;     /* the latest change first */
	size_t count;
};

/* --- Tasks (undo_task.c) */

bool undo_has_word(const struct value *list, const char *word);
/* The way back of an undo. */
int undo_task_of(struct arena *arena, const struct undoing *undoing,
	const struct ledger_undo *undo, struct wire_task **ret_task, struct error *err);
/* A task of this module with parameters as a user would write them; name: "undo NAME". */
int undo_make_task(struct arena *arena, const struct undoing *undoing, const char *module,
	const struct value *params, const char *name, struct wire_task **ret_task, struct error *err);
/* What the task would do: nothing is changed, and nothing of this run is to be met. */
void undo_look(struct runner *runner, struct arena *arena, const struct wire_task *task,
	struct result *result);
/* The same, but pending (see pending.h) is to be met. */
void undo_look_among(struct runner *runner, struct arena *arena, const struct wire_task *task,
	const struct value *pending, struct result *result);
/* Does it, as work says. */
void undo_do_task(struct runner *runner, struct arena *arena, const struct wire_task *task,
	bool note, struct result *result);
/* Handlers of what the plan changes back, as far as the text still has them; of the others notes
 * (may be NULL) says so. */
struct value *undo_handlers(const struct undoing *undoing, struct arena *arena,
	const struct undo_plan *plan, struct value *notes);
/* Where only what was announced may be done: whether that is. */
void undo_expect(const struct undoing *undoing, const char *resource, struct wire_task *task);

/* --- Whether it is as beoplay left it (undo_drift.c) */

/* A task with many resources is looked at for each of them: as long as nothing is changed, once is
 * enough. Lives in the arena. */
struct undo_looks *undo_looks_new(struct arena *arena);
/* A file in which wishes meet; as undo_looks it is looked at once, as long as nothing is changed. */
struct undo_meeting {
	bool shared;                 /* by several */
	const char *left;            /* what the last of them left there, as an image; NULL: not known */
	const char *now;             /* what is there */
};

/* That of a resource; NULL: it is about no file's content. */
const struct undo_meeting *undo_meeting_of(const struct runner *runner, struct arena *arena,
	const char *resource);
/* What would have to be changed for it to be as it was wished last, by its digest; "" if that says
 * nothing; NULL: nothing has to be. */
const char *undo_difference(struct runner *runner, struct arena *arena,
	const struct ledger_undo *undo, const struct wire_task *task);
/* Whether it isn't as beoplay left it. */
bool undo_drifted(struct runner *runner, struct arena *arena, const struct ledger_undo *undo,
	const struct wire_task *task);

/* --- Several as one task (undo_join.c) */

/* How many of these, from the first on, one task can do; the task, where that is more than one. */
size_t undo_joined(const struct undoing *undoing, struct arena *arena, const struct ledger_undo *undos,
	size_t count, struct wire_task **ret_task);
/* Finds out what is to be done of plans that only have their undo, several of a file as one where that can be;
 * how many plans there are then. */
size_t undo_look_at_all(struct undoing *undoing, struct arena *arena, struct undo_plan *plans,
	size_t count);
/* Its parts, each on its own again. */
void undo_split(struct undoing *undoing, struct arena *arena, struct undo_file *joined);

/* --- What a text has (undo.c) */

/* Whether somebody else may have made it, as the agent died that was about to. */
bool undo_unsure(const struct ledger_undo *undo);

/* By itself or as a part of something (parent; or NULL). */
bool undo_declared(const struct undoing *undoing, const char *resource, const char *parent);
/* The words of a list, as keys. */
struct value *undo_words(struct arena *arena, const struct value *list);
/* A part of what a task has taken away or replaced as a whole can't be undone, and needn't be
 * before that one is. */
bool undo_moot(const struct undoing *undoing, struct arena *arena, const char *resource,
	const struct result *result);

/* --- Whole files */

/* undo_file.c: puts those of a file that can come back as a whole together, in the place of the
 * first; how many plans there are then. There is room for one more a file of the ledger. */
size_t undo_files(struct undoing *undoing, struct arena *arena, struct undo_plan *plans,
	size_t count);
/* Makes the file what it was. */
void undo_file_back(struct undoing *undoing, struct arena *arena, const struct undo_plan *plan,
	struct result *result);
/* In a dry run: later tasks that wish what was wished then will find it. */
void undo_file_note(struct undoing *undoing, const struct undo_plan *plan,
	const struct result *planned);

#endif
