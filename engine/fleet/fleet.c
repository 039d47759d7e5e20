/* fleet: many hosts reached at once, from one epoll loop. */
#include "fleet/state.h"

#include "fleet/ssh.h"
#include "fleet/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	EVENTS = 64,
	ENDING_MOST = 1500,            /* for local agents that are to end */
};

static struct fleet_host *add(struct fleet *base, const struct fleet_target *target)
{
	struct ssh_fleet *fleet = (struct ssh_fleet *)base;
	struct fleet_host *host = calloc(1, sizeof(*host));

	if (!host)
		abort();
	host->fleet = fleet;
	host->target = *target;
	host->arena = arena_new();
	host->fd = -1;
	host->transport = target->transport;
	host->not_before = target->delay > 0 ? fleet_now() + target->delay : 0;
	if (fleet->last)
		fleet->last->next = host;
	else
		fleet->first = host;
	fleet->last = host;
	fleet->open++;
	fleet->start_at = 0;
	return host;
}

void fleet_free(struct fleet *base)
{
	struct ssh_fleet *fleet = (struct ssh_fleet *)base;
	int64_t until = fleet_now() + ENDING_MOST;

	for (struct fleet_host *host = fleet->first; host; host = host->next)
		fleet_release(host);
	for (struct fleet_host *host = fleet->first; host; host = host->next) {
		if (host->connection && host->transport->wait)
			host->transport->wait(host->connection, until);
	}
	while (fleet->first) {
		struct fleet_host *host = fleet->first;

		fleet->first = host->next;
		buffer_free(&host->in);
		buffer_free(&host->pieces.payload);
		buffer_free(&host->out);
		buffer_free(&host->errors);
		arena_free(host->arena);
		free(host);
	}
	while (fleet->warnings) {
		struct warning *warning = fleet->warnings;

		fleet->warnings = warning->next;
		free(warning);
	}
	arena_free(fleet->arena);
	ssh_keys_free(fleet->keys);
	frame_shared_free(fleet->shared);
	if (fleet->epoll >= 0)
		close(fleet->epoll);
	free(fleet);
}

/* --- One event after the other --- */

static bool take_warning(struct ssh_fleet *fleet, struct fleet_event *event)
{
	struct warning *warning = fleet->warnings;

	if (!warning)
		return false;
	fleet->arena = arena_new();
	event->kind = FLEET_WARNING;
	event->message = arena_string(fleet->arena, warning->text);
	fleet->warnings = warning->next;
	if (!fleet->warnings)
		fleet->last_warning = &fleet->warnings;
	free(warning);
	return true;
}

static bool take_lost(struct ssh_fleet *fleet, struct fleet_event *event)
{
	struct fleet_host *host = fleet->lost;

	if (!host)
		return false;
	fleet->lost = host->next_lost;
	event->kind = FLEET_LOST;
	event->context = host->target.context;
	event->error = host->lost;
	event->key = host->connection ? host->connection->offered_key : NULL;
	return true;
}

/* Each host says one thing, and then the next one does. */
static bool take_said(struct ssh_fleet *fleet, struct fleet_event *event)
{
	struct fleet_host *host;

	while ((host = fleet_ready_take(fleet))) {
		struct error err = {0};
		int result = 0;

		if (host->state >= HOST_BOOTING && host->state <= HOST_CLOSING)
			result = fleet_converse(host, event, &err);
		if (result < 0)
			fleet_lose(host, &err);
		if (result <= 0)
			continue;
		event->context = host->target.context;
		fleet_ready_add(host);
		return true;
	}
	return false;
}

static int look_at_connections(struct ssh_fleet *fleet, int64_t wait, struct error *err)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(fleet->epoll, events, EVENTS, (int)(wait < FLEET_TICK ? wait : FLEET_TICK));

	fleet->taken = 0;
	if (count < 0 && errno != EINTR)
		return error_errno(err, RUN_SYSTEM, "cannot watch connections");
	for (int i = 0; i < count; i++)
		fleet_step(events[i].data.ptr);
	return 0;
}

static int next(struct fleet *base, int64_t until, struct fleet_event *event, struct error *err)
{
	struct ssh_fleet *fleet = (struct ssh_fleet *)base;

	arena_free(fleet->arena);
	fleet->arena = NULL;
	for (;;) {
		*event = (struct fleet_event){ .kind = FLEET_TIME, .now = fleet_now() };
		fleet_start_waiting(fleet, event->now);
		fleet_look_at_clocks(fleet, event->now);
		fleet_resume(fleet);
		/* Also where some have always more to say. */
		if (++fleet->taken > EVENTS && look_at_connections(fleet, 0, err) < 0)
			return -1;
		if (event->now >= until || take_warning(fleet, event) || take_lost(fleet, event)
				|| take_said(fleet, event) || take_lost(fleet, event))
			return 0;
		if (fleet->open == 0) {
			event->kind = FLEET_END;
			return 0;
		}
		if (look_at_connections(fleet, until - event->now, err) < 0)
			return -1;
	}
}

static const struct fleet_calls ssh_calls = {
	.add = add, .send = fleet_send, .close = fleet_close, .drop = fleet_drop, .next = next,
};

struct fleet *fleet_new(const struct fleet_options *options, struct error *err)
{
	struct ssh_fleet *fleet = calloc(1, sizeof(*fleet));

	if (!fleet)
		abort();
	fleet->base.calls = &ssh_calls;
	fleet->options = *options;
	fleet->last_warning = &fleet->warnings;
	fleet->keys = ssh_keys_new();
	fleet->shared = frame_shared_new();
	fleet->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (fleet->epoll < 0) {
		error_errno(err, RUN_SYSTEM, "cannot watch connections");
		fleet_free(&fleet->base);
		return NULL;
	}
	return &fleet->base;
}
