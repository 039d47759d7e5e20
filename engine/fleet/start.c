/* start: hosts are connected to, as many at once as may be, and tried again where that can help. */
#include "fleet/state.h"

#include "fleet/ssh.h"
#include "fleet/transport.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
	TRIES_MOST = 4,
};

/* What concerns all hosts is said once. */
static void warn_all(void *context, const char *message)
{
	struct ssh_fleet *fleet = context;
	struct warning *warning = calloc(1, sizeof(*warning) + strlen(message) + 1);

	if (!warning)
		abort();
	memcpy(warning->text, message, strlen(message));
	*fleet->last_warning = warning;
	fleet->last_warning = &warning->next;
}

static int open_connection(struct fleet_host *host, struct error *err)
{
	struct epoll_event errors = { .events = EPOLLIN, .data.ptr = host };
	const struct ssh_fleet *fleet = host->fleet;
	const struct transport_request request = {
		.arena = host->arena, .target = &host->target, .options = &fleet->options,
		.keys = fleet->keys, .warn = warn_all, .context = host->fleet,
	};

	host->connection = host->transport->open(&request, err);
	if (!host->connection)
		return -1;
	host->user = host->connection->user;
	host->state = HOST_CONNECTING;
	if (host->connection->errors >= 0)
		epoll_ctl(fleet->epoll, EPOLL_CTL_ADD, host->connection->errors, &errors);
	return 0;
}

static int connect_on(struct fleet_host *host, struct error *err)
{
	int result = host->transport->step(host->connection, err);

	if (result < 0)
		return -1;
	if (result > 0)
		host->state = HOST_BOOTING;
	fleet_watch(host, host->connection->fd, host->connection->events);
	return 0;
}

/* Another try, a little later. */
static bool try_again(struct fleet_host *host)
{
	int64_t now = fleet_now();

	if (host->state != HOST_CONNECTING || !host->transport->may_retry
			|| !host->transport->may_retry(host->connection) || host->tries >= TRIES_MOST)
		return false;
	fleet_release(host);
	host->state = HOST_WAITING;
	host->not_before = now + 100 + (int64_t)(random() % 400);
	return host->not_before < host->deadline;
}

/* Moves a host on as far as it goes without waiting. */
void fleet_step(struct fleet_host *host)
{
	struct error err = {0};
	int result = 0;

	if (host->state == HOST_CONNECTING)
		result = connect_on(host, &err);
	if (result == 0 && host->state >= HOST_BOOTING && host->state <= HOST_CLOSING) {
		host->said = false;
		fleet_ready_add(host);
	}
	if (result < 0 && !try_again(host))
		fleet_lose(host, &err);
}

static void fleet_start(struct fleet_host *host)
{
	struct ssh_fleet *fleet = host->fleet;
	struct error err = {0};
	int64_t now = fleet_now();
	unsigned timeout = fleet_timeout(host);

	if (host->tries++ == 0)
		host->started = now;
	if (host->tries == 1)
		host->deadline = now + (int64_t)timeout * 1000;
	host->counted = true;
	fleet->connecting++;
	if (open_connection(host, &err) < 0)
		fleet_lose(host, &err);
	else
		fleet_step(host);
}

void fleet_start_waiting(struct ssh_fleet *fleet, int64_t now)
{
	if (now < fleet->start_at)
		return;
	fleet->start_at = INT64_MAX;
	for (struct fleet_host *host = fleet->first; host; host = host->next) {
		if (host->state != HOST_WAITING)
			continue;
		if (fleet->options.forks && fleet->connecting >= fleet->options.forks)
			return;
		if (now >= host->not_before)
			fleet_start(host);
		if (host->state == HOST_WAITING && host->not_before < fleet->start_at)
			fleet->start_at = host->not_before;
	}
}
