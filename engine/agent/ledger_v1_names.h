/* ledger_v1_names: what resources of the form before are called now. */
#ifndef AGENT_LEDGER_V1_NAMES_H
#define AGENT_LEDGER_V1_NAMES_H

#include "base/value.h"

/* One spelling of a path, as parameters have it now. */
const char *ledger_v1_path(struct arena *arena, const char *path);
/* The same with what comes before and behind it, as in KIND:PATH:REST; other keys as they are. */
const char *ledger_v1_key(struct arena *arena, const char *key);
/* root: the whole ledger; entry: that of the resource. */
const char *ledger_v1_name(struct arena *arena, const struct value *root, const char *identity,
	const struct value *entry);
const char *ledger_v1_parent(struct arena *arena, const struct value *root, const char *identity,
	const char *parent);
/* An undo's parameters; identity: the resource's before, name: now. */
struct value *ledger_v1_params(struct arena *arena, const char *identity, const char *name,
	const struct value *params);

#endif
