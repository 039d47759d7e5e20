/* former: what a playbook was called before it was renamed, so that what it made stays its own. */
#ifndef COMMAND_FORMER_H
#define COMMAND_FORMER_H

#include "command/project.h"

/* folder: where the history is. text: the playbook's. The name under which it ran last, if that file is
 * gone and was much like this one; NULL: its name is the same, or it is new. */
const char *former_name(struct arena *arena, const char *folder, const struct project *project,
	const char *text);

#endif
