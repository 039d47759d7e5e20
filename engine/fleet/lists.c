/* lists: which hosts may have something to say, which are lost; what is watched of each, and its end. */
#include "fleet/state.h"

#include "fleet/transport.h"

#include <errno.h>
#include <sys/epoll.h>

/* --- Lists of hosts, first in, first out --- */

/* It may have something to say, or to be told. */
void fleet_ready_add(struct fleet_host *host)
{
	struct ssh_fleet *fleet = host->fleet;

	if (host->ready)
		return;
	host->ready = true;
	host->next_ready = NULL;
	if (fleet->ready)
		fleet->last_ready->next_ready = host;
	else
		fleet->ready = host;
	fleet->last_ready = host;
}

struct fleet_host *fleet_ready_take(struct ssh_fleet *fleet)
{
	struct fleet_host *host = fleet->ready;

	if (host) {
		fleet->ready = host->next_ready;
		host->ready = false;
	}
	return host;
}

static void lost_add(struct fleet_host *host, const struct error *err)
{
	struct ssh_fleet *fleet = host->fleet;

	if (err) {
		host->lost = arena_alloc(host->arena, sizeof(*host->lost));
		*host->lost = *err;
	}
	if (fleet->lost)
		fleet->last_lost->next_lost = host;
	else
		fleet->lost = host;
	fleet->last_lost = host;
}

/* --- Watching --- */

void fleet_watch(struct fleet_host *host, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = host };

	if (host->fd == fd && host->watched == events)
		return;
	if (host->fd >= 0 && host->fd != fd)
		epoll_ctl(host->fleet->epoll, EPOLL_CTL_DEL, host->fd, &event);
	if (fd >= 0 && epoll_ctl(host->fleet->epoll, host->fd == fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
			fd, &event) < 0 && errno == ENOENT)
		epoll_ctl(host->fleet->epoll, EPOLL_CTL_ADD, fd, &event);
	host->fd = fd;
	host->watched = events;
}

/* --- Ending --- */

void fleet_uncount(struct fleet_host *host)
{
	if (host->counted) {
		host->fleet->connecting--;
		host->fleet->start_at = 0;
	}
	host->counted = false;
}

void fleet_release(struct fleet_host *host)
{
	fleet_watch(host, -1, 0);
	if (host->connection)
		host->transport->close(host->connection);
	fleet_uncount(host);
}

/* Nothing more is told of it. */
void fleet_drop(struct fleet_host *host)
{
	if (host->state == HOST_LOST)
		return;
	host->state = HOST_LOST;
	host->fleet->open--;
	fleet_release(host);
	buffer_free(&host->in);
	buffer_free(&host->pieces.payload);
	buffer_free(&host->out);
	fleet_hold(host);
}

void fleet_lose(struct fleet_host *host, const struct error *err)
{
	if (host->state == HOST_LOST)
		return;
	fleet_drop(host);
	lost_add(host, err);
}
