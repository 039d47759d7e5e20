/* ssh_session: a session with its settings. Private to ssh*.c. */
#ifndef FLEET_SSH_SESSION_H
#define FLEET_SSH_SESSION_H

/* An old name of libssh's, in the way of base/buffer.h. */
#define buffer_free libssh_old_buffer_free
#include <libssh/libssh.h>
#undef buffer_free

#include "fleet/hostkeys.h"
#include "fleet/ssh.h"
#include "fleet/ssh_config.h"

struct loaded {
	struct loaded *next;
	char *path;
	ssh_key key;             /* NULL: can't be used */
	bool encrypted;
};

struct ssh_keys {
	struct loaded *first;
};

enum ssh_phase { SSH_CONNECTING, SSH_AUTHENTICATING, SSH_OPENING, SSH_EXECUTING, SSH_RUNNING };

struct ssh {
	struct arena *arena;
	struct ssh_keys *keys;
	struct ssh_settings settings;
	ssh_session session;
	ssh_channel channel;
	enum ssh_phase phase;
	bool begun;              /* libssh knows its socket */
	int fd;
	const char *address;
	const char *user;
	unsigned port;
	int family;
	const char *known_hosts[2 * SSH_FILES_MOST + 2];   /* the user's, the machine's, NULL */
	struct hostkeys hostkeys;
	bool add_nowhere, hash;
	const char *host_key, *offered_key;
	const char *identities[SSH_FILES_MOST];   /* paths to be tried, in order */
	size_t identity_count, identity;
	bool named;              /* the user named the keys */
	bool only;               /* no others than these are offered */
	bool has_agent;          /* there is an ssh-agent that wasn't asked yet */
	bool agent;              /* its keys are offered now */
	bool encrypted;          /* a key was skipped, as it needs a passphrase */
	bool tried;              /* any key was offered */
	struct ssh_password *password;   /* once its turn has come */
};

/* ssh_settings.c */
/* libssh itself reads neither ~/.ssh/config nor known_hosts: all that it learns is set here. */
int ssh_configure(struct ssh *ssh, struct error *err);

#endif
