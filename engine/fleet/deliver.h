/* deliver: getting the agent onto a machine and started, with nothing there but a shell.
 *
 * One command does it all. It looks for the agent for what the machine is, under its digest
 * in a directory that only its user can write; if it isn't there it says DELIVER_NEED, which
 * architecture, and a newline, and reads exactly the rest of its script (deliver_more) and the
 * agent's bytes from stdin, checks them, and keeps them. It ends by becoming the agent, which says
 * WIRE_MAGIC. On the machine there are sh, coreutils and util-linux, as Debian has them at least. Where nothing may be executed from a file (noexec), or nothing
 * may be left behind, it runs from memory. What can't be done is said as DELIVER_FAIL and a line. */
#ifndef FLEET_DELIVER_H
#define FLEET_DELIVER_H

#include "base/arena.h"
#include "fleet/become.h"

#include <stdbool.h>
#include <stddef.h>

#define DELIVER_NEED "\nbeoplay-need "
#define DELIVER_FAIL "\nbeoplay-fail: "

struct deliver {
	bool root;               /* the login is root's */
	struct become *become;   /* how the login user becomes root; NULL: not */
	bool leave_nothing;
};

/* The command line for the login shell, whatever that is. */
char *deliver_command(struct arena *arena, const struct deliver *deliver);

/* What is sent before the agent's bytes, once it is asked for. */
const char *deliver_more(void);

#endif
