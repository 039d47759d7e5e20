/* transport_ssh: over SSH, by libssh, at whichever of its addresses the machine is. */
#include "fleet/transport.h"

#include "fleet/deliver.h"
#include "fleet/dial.h"
#include "fleet/ssh.h"
#include "fleet/state.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { NEXT_AFTER = 700 };   /* milliseconds of silence until the next address is tried, too */

/* One of the addresses at which the machine may be. */
struct lane {
	const char *dial;        /* NULL: its own */
	struct dial dialing;
	struct ssh *ssh;         /* NULL: not begun */
	int fd;                  /* -1: not connected */
	bool out, greeted;
	const struct error *why; /* out: for this */
};

struct ssh_connection {
	struct connection base;
	struct transport_request request;
	struct lane *lanes;
	size_t count;
	struct lane *lane;       /* where the machine is; NULL: not known yet */
	int64_t opened;
	const char *command;
};

static const char *command(const struct transport_request *request, const char *user,
	struct become **ret_become)
{
	const struct fleet_target *target = request->target;
	const struct deliver deliver = {
		.root = strcmp(user, "root") == 0,
		.become = !target->become || strcmp(user, "root") == 0 ? NULL
			: become_new(request->arena, target->way, user, target->become_password),
		.leave_nothing = request->options->leave_nothing || target->only_look,
	};

	*ret_become = deliver.become;
	return deliver_command(request->arena, &deliver);
}

static struct ssh_settings settings_of(const struct fleet_target *target,
	const struct fleet_options *options)
{
	return (struct ssh_settings){
		.name = target->name, .address = target->address, .port = target->port, .user = target->user,
		.private_key = target->private_key, .password = target->password,
		.known_hosts = options->known_hosts,
		.expect = target->key, .accept = target->accept_key, .replace = target->replace_key,
		.accept_new = options->accept_new_host_keys && !target->only_look,
		.only_look = options->leave_nothing, .verbosity = options->verbosity,
	};
}

int fleet_know(struct arena *arena, const struct fleet_options *options,
	const struct fleet_target *target, const char *key, struct error *err)
{
	const struct ssh_settings settings = settings_of(target, options);
	struct ssh *ssh = ssh_new_session(arena, NULL, &settings, err);
	int result = ssh ? ssh_know(ssh, key, err) : -1;

	ssh_end(ssh);
	return result;
}

/* --- Where the machine is --- */

static void end_lane(struct lane *lane)
{
	if (!lane->ssh)
		return;
	if (lane->fd < 0 && lane->dialing.fd >= 0)
		close(lane->dialing.fd);
	dial_end(&lane->dialing);
	ssh_end(lane->ssh);
	lane->ssh = NULL;
}

static void lane_out(struct ssh_connection *way, struct lane *lane, const struct error *err)
{
	struct error *why = arena_alloc(way->request.arena, sizeof(*why));

	*why = *err;
	lane->greeted = lane->ssh && lane->fd >= 0 && ssh_greeted(lane->ssh);
	lane->out = true;
	lane->why = why;
	end_lane(lane);
}

static int begin_lane(struct ssh_connection *way, struct lane *lane, struct error *err)
{
	const struct transport_request *request = &way->request;
	const struct fleet_target *target = request->target;
	struct ssh_settings settings = settings_of(target, request->options);

	settings.warn = request->warn;
	settings.context = request->context;
	settings.elsewhere = lane->dial && !target->dial;
	lane->ssh = ssh_new_session(request->arena, request->keys, &settings, err);
	return lane->ssh ? dial_start(&lane->dialing, lane->dial ? lane->dial : ssh_address(lane->ssh),
		ssh_port(lane->ssh), ssh_family(lane->ssh), err) : -1;
}

/* 1: it is the machine. */
static int step_lane(struct lane *lane, struct error *err)
{
	int result = lane->fd >= 0 ? 1 : dial_step(&lane->dialing, err);

	if (result <= 0)
		return result;
	if (lane->fd < 0) {
		lane->fd = lane->dialing.fd;
		lane->dialing.fd = -1;
		dial_end(&lane->dialing);
		if (ssh_take_socket(lane->ssh, lane->fd, err) < 0)
			return -1;
	}
	return ssh_step(lane->ssh, NULL, err);
}

static bool is_next(const struct ssh_connection *way, size_t number)
{
	bool out = true;

	for (size_t i = 0; i < number; i++)
		out = out && way->lanes[i].out;
	return out || fleet_now() - way->opened >= (int64_t)number * NEXT_AFTER;
}

static void choose(struct ssh_connection *way, struct lane *lane)
{
	for (size_t i = 0; i < way->count; i++) {
		if (&way->lanes[i] != lane)
			end_lane(&way->lanes[i]);
	}
	way->lane = lane;
	way->base.dial = lane->dial;
}

static struct lane *own_lane(const struct ssh_connection *way)
{
	for (size_t i = 0; i < way->count; i++) {
		if (!way->lanes[i].dial)
			return &way->lanes[i];
	}
	return &way->lanes[0];
}

/* What is wrong at the address that the inventory names comes first. */
static int nowhere(const struct ssh_connection *way, struct error *err)
{
	const struct lane *own = own_lane(way);

	*err = *own->why;
	for (size_t i = 0; i < way->count; i++) {
		size_t size = strlen(err->message);

		if (&way->lanes[i] != own)
			snprintf(err->message + size, sizeof(err->message) - size, "; nor is it at %s: %.300s",
				way->lanes[i].dial, way->lanes[i].why->message);
	}
	return -1;
}

/* Of a descriptor that was closed the number may be another one's by now: then nothing is watched, up to
 * the next time. */
static void watch_first(struct ssh_connection *way, bool closed)
{
	way->base.fd = -1;
	for (size_t i = 0; i < way->count && way->base.fd < 0 && !closed; i++) {
		const struct lane *lane = &way->lanes[i];

		if (!lane->ssh)
			continue;
		way->base.fd = lane->fd >= 0 ? lane->fd : lane->dialing.fd;
		way->base.events = lane->fd < 0 ? EPOLLOUT
			: EPOLLIN | (ssh_wants_write(lane->ssh) ? EPOLLOUT : 0);
	}
}

/* Each address in its turn; who shows the right host key first is the machine. */
static int find(struct ssh_connection *way, struct error *err)
{
	bool live = false, closed = false;

	for (size_t i = 0; i < way->count; i++) {
		struct lane *lane = &way->lanes[i];
		struct error why = {0};
		int result = 0;

		if (lane->out || (!lane->ssh && !is_next(way, i))) {
			live = live || !lane->out;
			continue;
		}
		if (!lane->ssh)
			result = begin_lane(way, lane, &why);
		if (result == 0)
			result = step_lane(lane, &why);
		if (!lane->dial && lane->ssh)
			way->base.offered_key = ssh_offered_key(lane->ssh);
		if (result > 0) {
			choose(way, lane);
			return 1;
		}
		if (result < 0)
			lane_out(way, lane, &why);
		closed = closed || lane->out;
		live = live || !lane->out;
	}
	watch_first(way, closed && way->count > 1);
	return live ? 0 : nowhere(way, err);
}

/* What the configuration says goes for all of them. */
static int begin(struct ssh_connection *way, struct error *err)
{
	struct lane *first = &way->lanes[0];
	struct error why = {0};
	int result = begin_lane(way, first, &why);

	if (first->ssh) {
		way->base.user = arena_string(way->request.arena, ssh_user(first->ssh));
		way->command = command(&way->request, way->base.user, &way->base.become);
	}
	if (result < 0)
		lane_out(way, first, &why);
	if (result == 0 || (way->command && way->count > 1))
		return 0;
	*err = why;
	return -1;
}

static struct connection *open_ssh(const struct transport_request *request, struct error *err)
{
	struct ssh_connection *way = arena_alloc(request->arena, sizeof(*way));
	const struct fleet_target *target = request->target;
	bool several = target->dial_count > 0 && !target->dial;

	way->request = *request;
	way->opened = fleet_now();
	way->count = several ? target->dial_count : 1;
	way->lanes = arena_array(request->arena, way->count, sizeof(*way->lanes));
	for (size_t i = 0; i < way->count; i++)
		way->lanes[i] = (struct lane){ .dial = several ? target->dials[i] : target->dial, .fd = -1,
			.dialing.fd = -1 };
	way->base = (struct connection){ .fd = -1, .errors = -1, .events = EPOLLOUT };
	return begin(way, err) < 0 ? NULL : &way->base;
}

static int step_ssh(struct connection *connection, struct error *err)
{
	struct ssh_connection *way = (struct ssh_connection *)connection;
	int result = way->lane ? 1 : find(way, err);

	if (result <= 0)
		return result;
	result = ssh_step(way->lane->ssh, way->command, err);
	connection->fd = way->lane->fd;
	connection->events = EPOLLIN | (ssh_wants_write(way->lane->ssh) ? EPOLLOUT : 0);
	if (result > 0)
		connection->host_key = ssh_host_key(way->lane->ssh);
	return result;
}

/* sshd drops connections beyond its MaxStartups. */
static bool may_retry_ssh(const struct connection *connection)
{
	const struct ssh_connection *way = (const struct ssh_connection *)connection;
	bool may = false;

	for (size_t i = 0; i < way->count && !way->lane; i++)
		may = may || (way->lanes[i].fd >= 0 && !way->lanes[i].greeted);
	return may;
}

static void late_lane(struct ssh_connection *way, struct lane *lane, unsigned seconds)
{
	const char *address = lane->dial ? lane->dial : way->request.target->address;
	struct error why = {0};

	error_set(&why, SSH_TIMEOUT, "not reached within %u s: %s", seconds, lane->fd < 0
		? "no TCP connection" : "sshd doesn't answer");
	error_remedy(&why, lane->fd < 0 ? "is the machine on, and the address %s right?"
		: "look at %s, or give it more time with -T", address);
	lane_out(way, lane, &why);
}

static void late_ssh(struct connection *connection, unsigned seconds, struct error *err)
{
	struct ssh_connection *way = (struct ssh_connection *)connection;

	for (size_t i = 0; i < way->count; i++) {
		if (!way->lanes[i].out && (!way->lane || way->lane == &way->lanes[i]))
			late_lane(way, &way->lanes[i], seconds);
	}
	if (way->lane)
		*err = *way->lane->why;
	else
		nowhere(way, err);
}

static struct ssh *session(const struct connection *connection)
{
	return ((const struct ssh_connection *)connection)->lane->ssh;
}

static ssize_t take_ssh(struct connection *connection, bool errors, char *bytes, size_t room)
{
	return ssh_take(session(connection), errors, bytes, room);
}

static ssize_t give_ssh(struct connection *connection, const char *bytes, size_t size,
	struct error *err)
{
	return ssh_give(session(connection), bytes, size, err);
}

static bool cut_ssh(const struct connection *connection, bool silent)
{
	const struct ssh_connection *way = (const struct ssh_connection *)connection;
	const struct ssh *ssh = way->lane ? way->lane->ssh : NULL;

	if (!ssh)
		return true;
	return silent ? ssh_unacknowledged(ssh) : !ssh_ended(ssh);
}

static bool blocked_ssh(const struct connection *connection)
{
	return ssh_wants_write(session(connection));
}

static void close_ssh(struct connection *connection)
{
	struct ssh_connection *way = (struct ssh_connection *)connection;

	for (size_t i = 0; i < way->count; i++)
		end_lane(&way->lanes[i]);
}

const struct transport transport_ssh = {
	.name = "ssh",
	.open = open_ssh, .step = step_ssh, .may_retry = may_retry_ssh, .late = late_ssh,
	.take = take_ssh, .give = give_ssh, .cut = cut_ssh,
	.blocked = blocked_ssh, .close = close_ssh,
};
