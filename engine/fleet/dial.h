/* dial: a TCP connection to a name or an address, never blocking, one address after the other. */
#ifndef FLEET_DIAL_H
#define FLEET_DIAL_H

#include "base/error.h"

#include <netdb.h>
#include <stdbool.h>

struct dial {
	struct gaicb request;    /* getaddrinfo_a(3) */
	struct addrinfo hints;
	char port[8];
	char *name;
	bool resolving;
	struct addrinfo *next;   /* the address to be tried after this one */
	int fd;                  /* the socket that is connecting; -1: none */
	int problem;             /* errno of the last try */
};

/* 0, or -1 with err (UNREACHABLE). name is copied. */
int dial_start(struct dial *dial, const char *name, unsigned port, struct error *err);
/* 1: dial->fd is connected and the caller's from here on; 0: not yet (call again when it is writable
 * or after some time); -1 with err. */
int dial_step(struct dial *dial, struct error *err);
void dial_end(struct dial *dial);    /* gives back all but a socket that was handed over */

#endif
