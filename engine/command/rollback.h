/* rollback: where there is no history here, by the sealed texts that hosts keep. */
#ifndef COMMAND_ROLLBACK_H
#define COMMAND_ROLLBACK_H

#include "command/options.h"

#include "base/error.h"

/* An exit code, or -1 with err. */
int rollback_sealed(struct arena *arena, const struct apply_options *options, const char *playbook,
	struct error *err);

#endif
