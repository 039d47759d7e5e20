/* fleet: many hosts reached at once, from one epoll loop.
 *
 * A host is connected to (or started locally), its host key checked, authenticated, the agent put
 * there and started; then frames go both ways. A host that can't be reached or stops answering is
 * reported once as lost and holds nobody back. Events are called from inside fleet_run; they may
 * call fleet_send, fleet_fetch…, fleet_close, never fleet_free. */
#ifndef FLEET_FLEET_H
#define FLEET_FLEET_H

#include "base/error.h"
#include "base/value.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct fleet;
struct fleet_host;
struct transport;

struct fleet_options {
	unsigned forks;                  /* hosts connecting or working at once; 0: all */
	unsigned timeout;                /* seconds from TCP to the agent's magic */
	const char *known_hosts;         /* a file; NULL: ~/.ssh/known_hosts (and /etc/ssh/…) */
	bool accept_new_host_keys;
	bool leave_nothing;              /* the agent lives in memory only: no byte stays on the node */
	unsigned verbosity;              /* -v … */
};

/* Where and as whom. Strings are borrowed for the life of the fleet; NULL: as ~/.ssh/config or the
 * defaults say. */
struct fleet_target {
	const char *name;                /* inventory name, for messages */
	const char *address;
	unsigned port;                   /* 0: default */
	const char *user;
	const char *private_key;
	const struct transport *transport;
	bool become;                     /* sudo -n to root */
	bool only_look;                  /* no byte stays there, and no new host key is accepted */
	void *context;                   /* the caller's */
};

struct fleet_events {
	/* The agent is there; hello as in FRAME_HELLO. host keys: fleet_host_keys. */
	void (*ready)(void *context, struct fleet_host *host, const struct value *hello);
	/* A frame came (not HELLO or PING). body is valid during the call. */
	void (*frame)(void *context, struct fleet_host *host, const struct frame *frame);
	/* No more frames will come. err NULL: it ended as asked (fleet_close). Called once a host. */
	void (*lost)(void *context, struct fleet_host *host, const struct error *err);
	void (*warn)(void *context, struct fleet_host *host, const char *message);
	/* Every 100 ms while the loop runs: redraw, look at ^C. false: stop fleet_run. */
	bool (*tick)(void *context);
};

struct fleet *fleet_new(const struct fleet_options *options, const struct fleet_events *events,
	void *context, struct error *err);
void fleet_free(struct fleet *fleet);   /* ends what is still connected */

struct fleet_host *fleet_add(struct fleet *fleet, const struct fleet_target *target);
void *fleet_context(const struct fleet_host *host);    /* the target's */
const char *fleet_name(const struct fleet_host *host);
/* As whom it logged in, before any become; known once it is ready. */
const char *fleet_user(const struct fleet_host *host);
/* "TYPE BASE64" of the key that this connection authenticated the host with; NULL: local. */
const char *fleet_host_key(const struct fleet_host *host);

/* Queued, sent as the connection takes it. body is encoded during the call. */
void fleet_send(struct fleet_host *host, enum frame_type type, const struct value *body);
/* Bytes that wait until the host takes them. */
size_t fleet_queued(const struct fleet_host *host);
/* BYE after all that is queued; then lost(NULL). */
void fleet_close(struct fleet_host *host);
/* Drops a host at once, with err as the cause. */
void fleet_drop(struct fleet_host *host, const struct error *err);

/* Until every host was reported lost, or tick said stop. */
int fleet_run(struct fleet *fleet, struct error *err);

/* Totals for -vv and the benchmark. */
struct fleet_counts { uint64_t bytes_sent, bytes_received; };
struct fleet_counts fleet_counts(const struct fleet *fleet);

#endif
