/* ssh: one SSH session to one host that runs one command, never blocking. Here (and in
 * ssh_password.c) libssh is called, and its traps are handled.
 *
 * Steps give 1 when done, 0 when the socket has to become ready first, -1 with err
 * (UNREACHABLE). */
#ifndef FLEET_SSH_H
#define FLEET_SSH_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ssh;
struct ssh_keys;             /* private keys that were loaded, shared by all sessions */

struct ssh_settings {
	const char *name;        /* as people call the host, for messages; NULL: by its address */
	const char *address;     /* as the inventory says; ~/.ssh/config may know more */
	unsigned port;           /* 0: as config, else 22 */
	const char *user;        /* NULL: as config, else the local user */
	const char *private_key; /* NULL: as config, ssh-agent, ~/.ssh/id_* */
	const char *password;    /* tried once, where no key lets in; NULL: none */
	const char *known_hosts; /* instead of the user's own files; NULL: as config */
	bool accept_new;
	const char *expect;      /* "TYPE BASE64": it is known by this one from elsewhere; or NULL */
	bool elsewhere;          /* it isn't dialled at its address: only with the key that it has there */
	const char *accept;      /* "TYPE BASE64": the one new key that is accepted; NULL: see accept_new */
	bool replace;            /* accept also takes the place of the key that is known */
	bool only_look;          /* what is accepted isn't written down */
	void (*warn)(void *context, const char *message);
	void *context;
	unsigned verbosity;
};

/* Where the user's keys usually are, below ~/, ends with NULL; a path with ~/ filled in; who the user
 * is here. */
extern const char *const ssh_identities[];
const char *ssh_expand_home(struct arena *arena, const char *path);
const char *ssh_local_user(struct arena *arena);

struct ssh_keys *ssh_keys_new(void);
void ssh_keys_free(struct ssh_keys *keys);

/* Reads the configuration; nothing is connected. */
struct ssh *ssh_new_session(struct arena *arena, struct ssh_keys *keys,
	const struct ssh_settings *settings, struct error *err);
void ssh_end(struct ssh *ssh);      /* closes the socket, too; NULL is allowed */

/* Where to connect to, once the configuration is read. */
const char *ssh_address(const struct ssh *ssh);
unsigned ssh_port(const struct ssh *ssh);
int ssh_family(const struct ssh *ssh);   /* AF_UNSPEC, AF_INET or AF_INET6 */
const char *ssh_user(const struct ssh *ssh);

/* A connected socket that doesn't block; it belongs to the session from here on. */
int ssh_take_socket(struct ssh *ssh, int fd, struct error *err);
/* Key exchange, host key, authentication, and the command started; command NULL: not further than the
 * host key, behind which nothing was said of the user yet. */
int ssh_step(struct ssh *ssh, const char *command, struct error *err);
/* Adds a key to the known hosts, where none is known for this one. Nothing is connected. */
int ssh_know(struct ssh *ssh, const char *key, struct error *err);
/* Whether the server was heard of at all, so that another try makes no sense. */
bool ssh_greeted(const struct ssh *ssh);
/* "TYPE BASE64", once it is checked; else NULL. */
const char *ssh_host_key(const struct ssh *ssh);
/* The same of a host that isn't known; NULL: it is, or has offered none. */
const char *ssh_offered_key(const struct ssh *ssh);
/* Whether the socket should be watched for being writable, too. */
bool ssh_wants_write(const struct ssh *ssh);

/* Bytes of stdout (or stderr): how many; 0: none now; -1: the end. */
ssize_t ssh_take(struct ssh *ssh, bool errors, char *bytes, size_t room);
/* Whether the command has ended, over a connection that still stands. */
bool ssh_ended(const struct ssh *ssh);
/* Whether what was sent doesn't arrive. */
bool ssh_unacknowledged(const struct ssh *ssh);
/* How many were taken; 0: none now; -1 with err. */
ssize_t ssh_give(struct ssh *ssh, const char *bytes, size_t size, struct error *err);

#endif
