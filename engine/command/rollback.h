/* rollback: to what was before, on all hosts or on one; where there is no history here, by the sealed texts
 * that hosts keep. */
#ifndef COMMAND_ROLLBACK_H
#define COMMAND_ROLLBACK_H

#include "command/options.h"

#include "base/error.h"

/* An exit code, or -1 with err. */
int rollback_sealed(struct arena *arena, const struct apply_options *options, const char *playbook,
	struct error *err);

/* All of a playbook is undone on one host that has something of it; the others aren't asked. An exit code,
 * or -1 with err. */
int rollback_host(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char *host, struct error *err);

/* The last text of a playbook that was applied, as if a host weren't in the inventory. The same. */
int rollback_without(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char *host, struct error *err);

#endif
