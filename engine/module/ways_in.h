/* ways_in: what carries a login. Whoever changes one of these may lock everybody out, so that such a change
 * stays only after a new login (engine/agent/login_guard.h). The one table of them is in ways_in.c.
 *
 * What is in a package (openssh-server, sudo) is none: a package that was removed can't be put back on the
 * node alone. */
#ifndef MODULES_WAYS_IN_H
#define MODULES_WAYS_IN_H

#include "base/arena.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>

/* Who comes in, and how, as far as the table depends on that. */
struct ways_in {
	const char *login;       /* the user who logs in */
	const char *home;        /* of that user; NULL: it has none */
	const char *shell;       /* the same */
	bool gssapi;             /* there is a key for Kerberos, so names matter, too */
};

/* What a way in is that a resource ("file:/etc/sudoers", "user:admin") is or may break; NULL: none. ret_loads
 * becomes true where it may load what was only a file until then ("unit:nftables"). */
const char *way_in_of_resource(struct arena *arena, const struct ways_in *ways, const char *resource,
	bool *ret_loads);
/* The same of a command line, or of a script: its words are looked at. */
const char *way_in_of_command(struct arena *arena, const struct ways_in *ways, const char *text,
	bool *ret_loads);
/* All files and folders among them, a line each, behind "now " or "later ": these count once loaded. */
const char *ways_in_paths(struct arena *arena, const struct ways_in *ways);

#endif
