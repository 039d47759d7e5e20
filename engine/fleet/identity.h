/* identity: the key with which the user logs in. */
#ifndef FLEET_IDENTITY_H
#define FLEET_IDENTITY_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

struct identity {
	const char *path;        /* of the private key */
	const char *public_key;  /* "TYPE BASE64" */
	bool encrypted;          /* it needs a passphrase */
	bool made;               /* just now */
};

/* named: its path; NULL: the first of the usual ones, or where there is none a new ed25519 key.
 * 0, or -1 with err. */
int identity_find(struct arena *arena, const char *named, struct identity *ret_identity,
	struct error *err);

/* "ED25519 SHA256:…" of "TYPE BASE64", as ssh-keygen -l shows it; printable whatever it is. */
const char *identity_fingerprint(struct arena *arena, const char *public_key);

#endif
