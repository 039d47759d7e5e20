/* fleet: many hosts reached at once, and what they say, one event after the other.
 *
 * Of the real one (fleet_new): a host is connected to (or started locally), its host key checked,
 * authenticated, the agent put there and started; then frames go both ways. A host that can't be
 * reached or stops answering is told once as lost and holds nobody back. Nothing calls back: what
 * happens is taken with next. A unit test has machines in memory instead. */
#ifndef FLEET_FLEET_H
#define FLEET_FLEET_H

#include "base/error.h"
#include "base/value.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct fleet;
struct fleet_host;                   /* each kind of fleet has its own */
struct become_way;
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
	const char *name;                /* inventory name, for messages; NULL: it has none */
	const char *address;
	const char *dial;                /* where it is dialled instead, still by that name and key; NULL: there */
	/* Where it may be, the likeliest place first; NULL among them: at its own address. Elsewhere it is
	 * only if it has the host key that is known by its name, and key, if one is given. It is dialled at
	 * one after the other, and asked for nothing before its host key is right. */
	const char *const *dials;
	size_t dial_count;               /* 0: only at its own */
	const char *key;                 /* "TYPE BASE64": where no other is known, the only one; or NULL */
	int64_t delay;                   /* milliseconds until it is dialled */
	unsigned timeout;                /* seconds, instead of the options'; 0: as they say */
	unsigned port;                   /* 0: default */
	const char *user;
	const char *private_key;
	const struct transport *transport;
	const char *accept_key;          /* the one key that is accepted as new, and written down in any
	                                    case; NULL: as the options say */
	bool replace_key;                /* accept_key takes the place of the key that is known */
	const char *password;            /* of the login; NULL: only keys */
	bool become;                     /* to root, if it isn't root's login */
	const struct become_way *way;    /* how */
	const char *become_password;     /* NULL: nothing may be asked */
	bool only_look;                  /* no byte stays there, and no new host key is accepted */
	void *context;                   /* the caller's */
};

enum fleet_event_kind {
	FLEET_TIME,                      /* until was reached */
	FLEET_READY,                     /* the agent is there */
	FLEET_FRAME,                     /* it said something (not HELLO or PING) */
	FLEET_LOST,                      /* no more will come from this host; told once */
	FLEET_WARNING,
	FLEET_END,                       /* no more will come from any */
};

/* Strings and bodies are valid until the next call of next. */
struct fleet_event {
	enum fleet_event_kind kind;
	int64_t now;                     /* milliseconds of a clock that only goes forward, never 0, and
	                                    stands still while this program is stopped */
	void *context;                   /* of the target it is about; NULL: of none */
	const struct hello *hello;       /* READY */
	const char *user;                /* READY: as whom it logged in, before any become */
	const char *key;                 /* READY: "TYPE BASE64" of the key that the host was
	                                    authenticated with; NULL: local. LOST: that of a host that
	                                    isn't known; NULL: it is, or offered none */
	const char *dial;                /* READY: where else than at its own address it was found; or NULL */
	const struct frame *frame;       /* FRAME */
	size_t queued;                   /* FRAME: bytes that still wait until the host takes them */
	const struct error *error;       /* LOST: why; NULL: it ended as asked */
	const char *message;             /* WARNING */
};

struct fleet_calls {
	struct fleet_host *(*add)(struct fleet *fleet, const struct fleet_target *target);
	/* Queued, sent as the connection takes it. message: the struct of this type (messages.h),
	 * encoded during the call; NULL: one with nothing in it. */
	void (*send)(struct fleet_host *host, enum frame_type type, const void *message);
	/* BYE after all that is queued; then LOST without an error. */
	void (*close)(struct fleet_host *host);
	/* Gives a host up at once: nothing more is told of it. */
	void (*drop)(struct fleet_host *host);
	/* The next event, waiting for it until then. -1: nothing can be watched any more. */
	int (*next)(struct fleet *fleet, int64_t until, struct fleet_event *ret_event,
		struct error *err);
};

struct fleet {
	const struct fleet_calls *calls;
};

/* Adds the host's key to the known hosts for the target's address, where none is known for it. It may be
 * known by another: that is no error. */
int fleet_know(struct arena *arena, const struct fleet_options *options,
	const struct fleet_target *target, const char *key, struct error *err);

/* Milliseconds of a clock that only goes forward. It stands still while this program does: where
 * nobody has asked it for more than a second, only one second has passed. */
int64_t fleet_now(void);

struct fleet *fleet_new(const struct fleet_options *options, struct error *err);
void fleet_free(struct fleet *fleet);   /* ends what is still connected */

#endif
