/* work: one task on this machine: inspect, plan, apply, and look again.
 *
 * It runs in the agent itself, or in a child that works as another user. What goes beyond the
 * machine (ledger, gate, bodies) is asked for through ask, as in machine.h. */
#ifndef AGENT_WORK_H
#define AGENT_WORK_H

#include "agent/machine.h"
#include "base/digest.h"
#include "base/value.h"
#include "module/module.h"
#include "wire/messages.h"

#include <stdbool.h>

enum {
	WORK_SHOWN_MOST = 128 << 10,    /* bytes of a content that are told for a diff */
	WORK_TEXT_MOST = 4 << 10,       /* bytes of another before or after */
};

struct work {
	struct arena *arena;             /* of this task */
	const struct wire_task *task;
	bool check;
	bool diff;
	const struct value *pending;     /* what earlier tasks of a dry run would write: see pending.h */
	const struct value *undone;      /* the same of undos; may be NULL */
	const struct value *restored;    /* resource → {MODULE: digest of the wish that holds again} */
	const struct value *refused;     /* resources that an undo left alone, as keys; may be NULL */
	bool restarts;                   /* only changes that keep the state are made, and nothing of it is
	                                    noted: for what was undone */
	bool note;                       /* only what begin writes down: it is done in another way */
	struct machine machine;
	const struct module *module;     /* set by work_load */
	void *params;
	char digest[DIGEST_HEX_SIZE];    /* of the parameters' text */
	struct value *wanted;            /* digests, of what is wished of each resource */
};

/* Finds the module and loads the parameters. */
int work_load(struct work *work, struct error *err);

/* Does it; what came of it is added to result. */
void work_do(struct work *work, struct result *result);

/* planned.c: the digest of a plan, before it is applied. */
void planned_digest(const struct work *work, const struct plan *plan, const void *state,
	char ret_hex[DIGEST_HEX_SIZE]);
/* Whether a plan with changes is the one that the task expects. */
int planned_check(const struct work *work, const struct plan *plan, const void *state,
	struct error *err);

void work_failed(struct arena *arena, struct result *result, const struct error *err);

/* work_tell.c: the changes of a plan, with what is shown of contents. */
void work_tell_plan(struct work *work, struct host *host, const struct plan *plan,
	struct result *result);
/* What the module has to say of the state that it was left in. */
void work_tell_end(struct work *work, const void *state, struct value *results,
	struct result *result);
/* What a dry run's later tasks might read. */
void work_tell_writes(struct work *work, const struct plan *plan, const struct value *resources,
	struct result *result);
/* The digest of the plan, where it is asked for. */
void work_tell_planned(struct work *work, const struct plan *plan, const void *state,
	struct result *result);
/* In a dry run the task called cause comes before. What it would do if that changed nothing of it is
 * shown, where that can be looked at. */
void work_may_change(struct work *work, struct host *host, const char *cause, bool looked,
	const struct plan *plan, const struct value *resources, struct result *result);
void work_add_note(struct work *work, struct result *result, const char *text);

/* --- Files in the way (work_files.c) */

/* Before anything is changed: an error if a file that the plan changes, or its directory, can't be changed even
 * by root; a note for one that has other names. */
int work_look_at_files(struct work *work, struct plan *plan, const struct value *resources, struct error *err);

#endif
