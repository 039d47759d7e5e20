/* dial: a TCP connection to a name or an address, never blocking, one address after the other. */
#ifndef FLEET_DIAL_H
#define FLEET_DIAL_H

#include "base/error.h"

#include <netdb.h>
#include <stdbool.h>

/* What getaddrinfo_a(3) works with, also when nobody waits for it any more. */
struct dial_name {
	struct gaicb request;
	struct addrinfo hints;
	char port[8];
	char *name;
	struct dial_name *next;  /* of those that were given up */
};

struct dial {
	struct dial_name *name;
	bool resolving;
	struct addrinfo *next;   /* the address to be tried after this one */
	int fd;                  /* the socket that is connecting; -1: none */
	int problem;             /* errno of the last try */
};

/* family: AF_UNSPEC, AF_INET or AF_INET6. 0, or -1 with err (UNREACHABLE). name is copied. */
int dial_start(struct dial *dial, const char *name, unsigned port, int family,
	struct error *err);
/* 1: dial->fd is connected and the caller's from here on; 0: not yet (call again when it is
 * writable or after some time); -1 with err. */
int dial_step(struct dial *dial, struct error *err);
/* Gives back all but a socket that was handed over. Never waits. */
void dial_end(struct dial *dial);

#endif
