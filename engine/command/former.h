/* former: what a playbook was called before it was renamed, so that what it made stays its own. */
#ifndef COMMAND_FORMER_H
#define COMMAND_FORMER_H

#include "command/earlier.h"

/* folder: the project's. text: the playbook's. The name under which it ran last, if that file is
 * gone and was much like this one; NULL: its name is the same, or it is new. */
const char *former_name(struct earlier *earlier, const char *folder, const char *text);

#endif
