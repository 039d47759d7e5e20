/* become: the ways in which the login user becomes root on a machine, what they ask, and how they
 * refuse. Each way is one row.
 *
 * A way may ask for a password on stderr; it reads it from stdin, a line, and not a byte more. Its
 * messages are those of the C locale. */
#ifndef FLEET_BECOME_H
#define FLEET_BECOME_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

struct become_way {
	const char *name;        /* as become_method has it */
	/* Of sh: runs "$1", a script for sh, as root, with the words behind it from "$0" on; $p is the
	 * prompt. */
	const char *script;
	const char *script_asking;   /* where there is a password to give; NULL: it takes none */
	const char *prompt;      /* what it ends stderr with when it asks; NULL: $p */
	const char *whose;       /* the password that it wants */
};

/* By its name; NULL: sudo. NULL: there is none. */
const struct become_way *become_find(const char *name);

/* How one host's login user becomes root. */
struct become {
	const struct become_way *way;
	const char *user;        /* who becomes root */
	const char *password;    /* NULL: none was given */
	const char *prompt;      /* no other text has it */
	bool told;               /* the password was sent */
};

/* The strings are borrowed. */
struct become *become_new(struct arena *arena, const struct become_way *way, const char *user,
	const char *password);
/* Looks at what came on stderr: 1: the password is wanted now, and noted as sent; 0: nothing is;
 * -1 with err: it is wanted, and there is none, or it was wrong. What was looked at is gone. */
int become_look(struct become *become, struct buffer *errors, struct error *err);
/* What the way said, in a line, when it ended without becoming root: err gets the reason and the
 * remedy, if it is one of the known ones. false: it isn't. */
bool become_refused(const struct become *become, const char *said, struct error *err);

#endif
