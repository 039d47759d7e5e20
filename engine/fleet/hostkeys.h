/* hostkeys: what the user's known_hosts files say beyond what libssh reads of them.
 * Format: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
#ifndef FLEET_HOSTKEYS_H
#define FLEET_HOSTKEYS_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

/* Whether a line of the file marks this key ("TYPE BASE64") as @revoked; ret_line is its number. A
 * file that isn't there revokes nothing. */
bool hostkeys_revoked(const char *path, const char *key, unsigned *ret_line);

/* Adds a line for a host that was never seen; the file is replaced as a whole, under a lock. port 22
 * is left out. */
int hostkeys_add(const char *path, const char *address, unsigned port, const char *key,
	struct error *err);

#endif
