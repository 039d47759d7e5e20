/* transport: a way to a machine, to run one command there. Each is one row, in a file of its own.
 *
 * Nothing here ever waits, but for wait(). What a row gets back as a connection is what its open()
 * made; it lives in the request's arena. */
#ifndef FLEET_TRANSPORT_H
#define FLEET_TRANSPORT_H

#include "base/arena.h"
#include "fleet/become.h"
#include "fleet/fleet.h"

#include <sys/types.h>

struct ssh_keys;

struct connection {
	const char *user;        /* as whom it logs in */
	const char *host_key;    /* "TYPE BASE64", once the command runs; NULL: there is none */
	const char *dial;        /* where it was found, once the command runs; NULL: at its own address */
	const char *offered_key; /* the same of a host that isn't known; NULL: none */
	struct become *become;   /* NULL: root logs in, or nobody becomes root */
	int fd;                  /* to be watched; -1: none yet */
	int errors;              /* the same for stderr, where it comes by a file of its own; else -1 */
	uint32_t events;         /* of epoll(7) for fd, until the command runs */
};

struct transport_request {
	struct arena *arena;
	const struct fleet_target *target;
	const struct fleet_options *options;
	struct ssh_keys *keys;   /* shared by all hosts */
	void (*warn)(void *context, const char *message);
	void *context;
};

struct transport {
	const char *name;        /* as ansible_connection has it */
	bool here;               /* the machine is the controller itself */
	bool waits_for_end;      /* the agent's end is waited for, not only until BYE is sent */
	/* Begins with what it takes to get there. NULL with err (UNREACHABLE). */
	struct connection *(*open)(const struct transport_request *request, struct error *err);
	/* 1: the command runs; 0: fd has to become ready first; -1 with err (UNREACHABLE). */
	int (*step)(struct connection *connection, struct error *err);
	/* Whether it may work a little later, after step() failed; NULL: never. */
	bool (*may_retry)(const struct connection *connection);
	/* Says what step() was waiting for all these seconds; then it is only closed. */
	void (*late)(struct connection *connection, unsigned seconds, struct error *err);
	/* Bytes of stdout or stderr: how many; 0: none now; -1: the end. */
	ssize_t (*take)(struct connection *connection, bool errors, char *bytes, size_t room);
	/* How many were taken; 0: none now; -1 with err. */
	ssize_t (*give)(struct connection *connection, const char *bytes, size_t size,
		struct error *err);
	/* Why nothing comes any more, or nothing is taken: whether it is the connection, and not the agent at
	 * its far end. silent: nothing has come for a long time, though it didn't end. NULL: never. */
	bool (*cut)(const struct connection *connection, bool silent);
	/* Whether bytes are held up until fd is writable. */
	bool (*blocked)(const struct connection *connection);
	/* Also when it isn't open to its end. */
	void (*close)(struct connection *connection);
	/* Once closed: waits for the agent's end, to a time of fleet_now; NULL: no need. */
	void (*wait)(struct connection *connection, int64_t until);
};

extern const struct transport transport_ssh, transport_local;

/* By the value of ansible_connection; NULL: as where none is given. NULL: there is none. */
const struct transport *transport_find(const char *name);

#endif
