/* hostkeys: whether the key of a host is the one that the user's known_hosts files have for it.
 *
 * Format: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. Where OpenSSH would refuse, this refuses: a key
 * that is marked @revoked anywhere is refused whatever hosts its line is for, and @cert-authority
 * lets nobody in. Files that aren't there are empty. */
#ifndef FLEET_HOSTKEYS_H
#define FLEET_HOSTKEYS_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum hostkeys_verdict { HOSTKEYS_UNKNOWN, HOSTKEYS_KNOWN, HOSTKEYS_CHANGED, HOSTKEYS_REVOKED };

struct hostkeys {
	const char *const *paths;  /* known_hosts files, ends with NULL */
	const char *revoked;       /* keys that are refused, a line each (RevokedHostKeys); or NULL */
	const char *name;          /* host name, address or HostKeyAlias */
	unsigned port;             /* 22 with an alias, which has none */
};

struct hostkeys_found {
	enum hostkeys_verdict verdict;
	const char *path;          /* of the line that decided; NULL: none did */
	unsigned line;
};

/* key: "TYPE BASE64". Names are compared as OpenSSH does, IPv6 addresses by value. -1 with err: the
 * revoked keys can't be read, so that none can be accepted. */
int hostkeys_check(struct arena *arena, const struct hostkeys *hostkeys, const char *key,
	struct hostkeys_found *ret_found, struct error *err);

/* The types of keys that the host is known by, with commas, to be asked for first; NULL: none. */
const char *hostkeys_types(struct arena *arena, const struct hostkeys *hostkeys);

/* How the host is written in a known_hosts file: "name", "[name]:port". */
const char *hostkeys_name(struct arena *arena, const struct hostkeys *hostkeys);

/* Adds a line for a host that was never seen, at the end of the first file. hashed: the name can't
 * be read there. Never waits. */
int hostkeys_add(struct arena *arena, const struct hostkeys *hostkeys, const char *key, bool hashed,
	struct error *err);

/* The same in the place of what the first file says of the host: lines that name it go, but for
 * those with patterns or marks. -1 with err, also where another file still says otherwise. */
int hostkeys_replace(struct arena *arena, const struct hostkeys *hostkeys, const char *key,
	bool hashed, struct error *err);

#endif
