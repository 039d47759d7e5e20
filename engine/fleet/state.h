/* state: what the real fleet knows of each host. Private to fleet/.
 *
 * start.c gets to a host and its agent running; talk.c takes and gives what both say; clock.c sees to
 * what takes too long, credit.c to what all hold together; fleet.c puts all of it into one row of events.
 * A host's lists, what is watched of it and its end are in lists.c. */
#ifndef FLEET_STATE_H
#define FLEET_STATE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "fleet/fleet.h"

#include <stdint.h>

struct agent;
struct connection;
struct transport;

enum { FLEET_TICK = 100 };         /* milliseconds: how often clocks are looked at */

enum host_state {
	HOST_WAITING,                  /* for its turn (forks), or for another try */
	HOST_CONNECTING,               /* up to the command's start */
	HOST_BOOTING,                  /* up to the magic */
	HOST_GREETING,                 /* up to HELLO */
	HOST_LIVE,
	HOST_CLOSING,                  /* BYE is on its way */
	HOST_LOST,
};

struct fleet_host {
	struct fleet_host *next;
	struct fleet_host *next_ready, *next_lost;
	struct ssh_fleet *fleet;
	struct fleet_target target;
	struct arena *arena;
	enum host_state state;
	const struct transport *transport;
	struct connection *connection; /* NULL: none */
	int fd;                        /* watched; -1: none */
	uint32_t watched;              /* epoll events */
	const char *user;
	unsigned tries;
	int64_t not_before;            /* milliseconds: the next try */
	int64_t started;               /* milliseconds */
	int64_t deadline;              /* up to the magic; later of closing */
	int64_t heard, pinged;
	struct frame_pieces pieces;    /* of a message in several frames */
	int64_t begun;                 /* when a message began to come that isn't whole yet; 0: none */
	struct buffer in, out, errors;
	size_t held;                   /* bytes of it that count in the fleet's */
	bool finishing;                /* read from, though the fleet holds too much */
	bool paused;                   /* not read from, as it does */
	const struct agent *agent;     /* that was asked for; NULL: none yet */
	size_t agent_left;             /* bytes of the agent still to be put into out */
	bool bye;                      /* the agent has said its last word */
	bool counted;                  /* among those connecting */
	bool ready;                    /* among those that may have something to say, or to be told */
	bool said;                     /* its stderr was read since it became ready */
	struct error *lost;            /* why; NULL: as asked */
};

struct warning {
	struct warning *next;
	char text[];
};

struct ssh_fleet {
	struct fleet base;
	struct fleet_options options;
	struct fleet_host *first, *last;
	struct fleet_host *ready, *last_ready;     /* first in, first out */
	struct fleet_host *lost, *last_lost;       /* not told yet */
	struct warning *warnings, **last_warning;
	struct arena *arena;           /* of the last event */
	struct frame frame;
	int64_t ticked;                /* milliseconds */
	int64_t start_at;              /* milliseconds: before then none of those waiting can start */
	size_t held;                   /* bytes of messages that aren't whole yet, of all hosts */
	unsigned finishing;            /* hosts */
	bool resumes;                  /* those that were paused may be read from again */
	unsigned taken;                /* events since connections were looked at */
	struct ssh_keys *keys;
	struct frame_shared *shared;   /* what goes to many hosts */
	int epoll;
	unsigned connecting;
	unsigned open;                 /* not yet lost */
};

/* Seconds from TCP to the agent's magic. */
static inline unsigned fleet_timeout(const struct fleet_host *host)
{
	return host->target.timeout ? host->target.timeout : host->fleet->options.timeout;
}

/* lists.c: it may have something to say, or to be told. */
void fleet_ready_add(struct fleet_host *host);
struct fleet_host *fleet_ready_take(struct ssh_fleet *fleet);
/* fd -1: nothing of it is watched any more. */
void fleet_watch(struct fleet_host *host, int fd, uint32_t events);
/* It isn't among those connecting any more. */
void fleet_uncount(struct fleet_host *host);
/* Its connection ends. */
void fleet_release(struct fleet_host *host);
/* Nothing more is told of it. */
void fleet_drop(struct fleet_host *host);
/* That it is lost is told; err NULL: as asked. */
void fleet_lose(struct fleet_host *host, const struct error *err);

/* talk.c: see fleet_calls. */
void fleet_send(struct fleet_host *host, enum frame_type type, const void *message);
void fleet_close(struct fleet_host *host);
/* All that is possible now with a host whose command runs, up to the next event, which gives 1. */
int fleet_converse(struct fleet_host *host, struct fleet_event *event, struct error *err);

/* Whether it is the connection that has ended, or in which nothing moves, and not the agent. */
bool fleet_is_cut(const struct fleet_host *host, bool silent);

/* What it said, in one line for people. */
char *fleet_said(struct arena *arena, const struct buffer *said);

/* credit.c: counts what is held of a host now. */
void fleet_hold(struct fleet_host *host);
/* Whether more may be read from it; if not, it is ready again when that may have changed. */
bool fleet_may_read(struct fleet_host *host);
void fleet_resume(struct ssh_fleet *fleet);

/* start.c: begins with those that wait and may begin now. */
void fleet_start_waiting(struct ssh_fleet *fleet, int64_t now);
/* Moves a host on as far as it goes without waiting. */
void fleet_step(struct fleet_host *host);

/* clock.c: every FLEET_TICK. */
void fleet_look_at_clocks(struct ssh_fleet *fleet, int64_t now);

#endif
