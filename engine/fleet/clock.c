/* clock: what takes too long. */
#include "fleet/state.h"

#include "fleet/transport.h"

#include <time.h>

enum {
	LOOK_MOST = 1000,              /* between two looks at the clock, as far as it counts */
	PING_EVERY = 10 * 1000,
	SILENCE_MOST = 60 * 1000,
	FRAME_TIME_MOST = 120 * 1000,  /* from a message's first byte to its last */
};

/* While this program was stopped (^Z) or too busy to look, nobody was late but itself. */
int64_t fleet_now(void)
{
	static int64_t passed, looked;
	struct timespec time;
	int64_t now;

	clock_gettime(CLOCK_MONOTONIC, &time);
	now = (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
	passed += looked == 0 || now - looked < LOOK_MOST ? now - looked : LOOK_MOST;
	looked = now;
	return passed;
}

/* Logged in, over a connection that still stands. */
static bool is_started(const struct fleet_host *host)
{
	return host->state != HOST_WAITING && !fleet_is_cut(host, true);
}

static void timed_out(struct fleet_host *host)
{
	static const char *const doing[] = {
		[HOST_WAITING] = "it kept closing the connection",
		[HOST_BOOTING] = "the login or the agent's start takes too long",
		[HOST_GREETING] = "the agent doesn't answer",
	};
	struct error err = {0};

	if (host->state == HOST_CONNECTING) {
		host->transport->late(host->connection, fleet_timeout(host), &err);
	} else {
		error_set(&err, is_started(host) ? AGENT_NOT_STARTED : SSH_TIMEOUT,
			"%s within %u s: %s", is_started(host) ? "not ready" : "not reached",
			fleet_timeout(host), doing[host->state]);
		if (host->errors.size > 0)
			error_remedy(&err, "its last words: %.300s", fleet_said(host->arena,
				&host->errors));
		error_remedy(&err, "look at %s, or give it more time with -T", host->target.address);
	}
	fleet_lose(host, &err);
}

static void slow(struct fleet_host *host)
{
	struct error err = {0};

	error_set(&err, AGENT_LOST, "a message took more than %d s to arrive",
		FRAME_TIME_MOST / 1000);
	error_remedy(&err, "is the line to it as slow as that?");
	fleet_lose(host, &err);
}

/* Who gives a machine more time to be reached knows that it is slow. */
static int silence_most(const struct fleet_host *host)
{
	int most = (int)fleet_timeout(host) * 1000;

	return most > SILENCE_MOST ? most : SILENCE_MOST;
}

static void silent(struct fleet_host *host)
{
	struct error err = {0};

	error_set(&err, fleet_is_cut(host, true) ? AGENT_SILENT : AGENT_HUNG, "no response for %d s",
		silence_most(host) / 1000);
	error_remedy(&err, fleet_is_cut(host, true) ? "is the machine still on, and its cable plugged in?"
		: "its kernel answers, so look there at what holds sshd or the agent up");
	fleet_lose(host, &err);
}

static void look_at_clock(struct fleet_host *host, int64_t now)
{
	if (host->state == HOST_LOST)
		return;
	/* Nothing is read from it. */
	if (host->paused)
		return;
	if (host->state < HOST_LIVE) {
		if (host->tries > 0 && now > host->deadline)
			timed_out(host);
		else if (host->state != HOST_WAITING)
			fleet_step(host);
		return;
	}
	if (host->state == HOST_CLOSING && now > host->deadline) {
		fleet_lose(host, NULL);
		return;
	}
	if (now - host->heard > silence_most(host)) {
		silent(host);
		return;
	}
	if (host->begun > 0 && now - host->begun > FRAME_TIME_MOST) {
		slow(host);
		return;
	}
	if (now - host->pinged > PING_EVERY) {
		host->pinged = now;
		fleet_send(host, FRAME_PING, NULL);
		fleet_step(host);
	}
}

void fleet_look_at_clocks(struct ssh_fleet *fleet, int64_t now)
{
	if (now - fleet->ticked < FLEET_TICK)
		return;
	fleet->ticked = now;
	for (struct fleet_host *host = fleet->first; host; host = host->next)
		look_at_clock(host, now);
}
