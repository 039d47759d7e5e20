/* ssh_config: what ~/.ssh/config and /etc/ssh/ssh_config say for one host.
 *
 * Format: ssh_config(5). Only what stands in struct ssh_config is taken from there; of options that
 * would matter and aren't followed each gives a warning. The first value of an option counts, the
 * user's file before the machine's. */
#ifndef FLEET_SSH_CONFIG_H
#define FLEET_SSH_CONFIG_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { SSH_FILES_MOST = 32 };

struct ssh_config {
	const char *host;               /* HostName, else the address that was asked for */
	const char *user;               /* NULL: not said */
	unsigned port;                  /* 0: not said */
	const char *identities[SSH_FILES_MOST + 1];   /* IdentityFile, in order, ends with NULL */
	bool identities_only;
	const char *identity_agent;     /* a socket, "none", or NULL: SSH_AUTH_SOCK */
	const char *known_hosts[SSH_FILES_MOST + 1];  /* UserKnownHostsFile or its default */
	const char *global_known_hosts[SSH_FILES_MOST + 1];
	const char *revoked_host_keys;  /* or NULL */
	const char *host_key_alias;     /* or NULL */
	bool hash_known_hosts;
	const char *ciphers, *macs, *key_exchanges, *host_keys, *public_keys;   /* or NULL: libssh's */
	int family;                     /* AF_UNSPEC, AF_INET or AF_INET6 */
	const char *proxy;              /* ProxyJump or ProxyCommand; NULL: none */
};

struct ssh_config_asked {
	const char *address;            /* as the inventory says */
	const char *user;               /* NULL: as the configuration says */
	unsigned port;                  /* 0: as the configuration says */
	void (*warn)(void *context, const char *message);
	void *context;
};

/* 0, or -1 with err (UNREACHABLE). */
int ssh_config_read(struct arena *arena, const struct ssh_config_asked *asked,
	struct ssh_config *ret_config, struct error *err);

#endif
