/* past: a text that was applied before, or that the user's own repository has. */
#ifndef COMMAND_PAST_H
#define COMMAND_PAST_H

#include "command/playing.h"

/* Where the history of a playbook is: beside it; of none (NULL): here, in playbooks/, or above. */
const char *past_folder(struct arena *arena, const char *playbook);

/* The paths of all playbooks that were applied from here, or from the folder of playbooks, and are still
 * there; the last one applied first, ends with NULL. An error if there are none. */
int past_playbooks(struct arena *arena, char ***ret_playbooks, struct error *err);

/* revision: a run's number, name or hash, else a branch, tag, HEAD~2 or hash of the user's. */
int past_find(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char *revision, struct playing_past *ret_past, struct error *err);

/* The runs of the playbook, the newest first; those of other playbooks are left out. An error if
 * there is no history. The history is to be closed. */
int past_runs(struct arena *arena, const struct apply_options *options, const char *playbook,
	struct history **ret_history, struct history_run **ret_runs, size_t *ret_count,
	struct error *err);

/* Whether two runs had the same text, inventories and -e included. */
int past_same(struct history *history, struct arena *arena, const struct history_run *one,
	const struct history_run *other, bool *ret_same, struct error *err);

#endif
