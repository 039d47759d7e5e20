/* transport_ssh: over SSH, by libssh. */
#include "fleet/transport.h"

#include "fleet/deliver.h"
#include "fleet/dial.h"
#include "fleet/ssh.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct ssh_connection {
	struct connection base;
	const char *address;     /* as the inventory says */
	struct dial dial;
	bool dialing;
	struct ssh *ssh;
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

static struct connection *open_ssh(const struct transport_request *request, struct error *err)
{
	struct ssh_connection *way = arena_alloc(request->arena, sizeof(*way));
	const struct fleet_target *target = request->target;
	const struct ssh_settings settings = {
		.name = target->name, .address = target->address, .port = target->port, .user = target->user,
		.private_key = target->private_key, .password = target->password,
		.known_hosts = request->options->known_hosts,
		.accept = target->accept_key, .replace = target->replace_key,
		.accept_new = request->options->accept_new_host_keys && !target->only_look,
		.only_look = request->options->leave_nothing,
		.warn = request->warn, .context = request->context,
		.verbosity = request->options->verbosity,
	};

	way->ssh = ssh_new_session(request->arena, request->keys, &settings, err);
	if (!way->ssh)
		return NULL;
	way->base = (struct connection){ .fd = -1, .errors = -1, .events = EPOLLOUT,
		.user = arena_string(request->arena, ssh_user(way->ssh)) };
	way->address = target->dial ? target->dial : target->address;
	way->command = command(request, way->base.user, &way->base.become);
	way->dialing = true;
	if (dial_start(&way->dial, target->dial ? target->dial : ssh_address(way->ssh),
			ssh_port(way->ssh), ssh_family(way->ssh), err) == 0)
		return &way->base;
	dial_end(&way->dial);
	ssh_end(way->ssh);
	return NULL;
}

static int step_dial(struct ssh_connection *way, struct error *err)
{
	int result = dial_step(&way->dial, err);

	way->base.fd = way->dial.fd;
	if (result <= 0)
		return result;
	way->dial.fd = -1;
	dial_end(&way->dial);
	way->dialing = false;
	return ssh_take_socket(way->ssh, way->base.fd, err) < 0 ? -1 : 1;
}

static int step_ssh(struct connection *connection, struct error *err)
{
	struct ssh_connection *way = (struct ssh_connection *)connection;
	int result = way->dialing ? step_dial(way, err) : 1;

	if (result <= 0)
		return result;
	result = ssh_step(way->ssh, way->command, err);
	connection->events = EPOLLIN | (ssh_wants_write(way->ssh) ? EPOLLOUT : 0);
	connection->offered_key = ssh_offered_key(way->ssh);
	if (result > 0)
		connection->host_key = ssh_host_key(way->ssh);
	return result;
}

/* sshd drops connections beyond its MaxStartups. */
static bool may_retry_ssh(const struct connection *connection)
{
	const struct ssh_connection *way = (const struct ssh_connection *)connection;

	return !way->dialing && !ssh_greeted(way->ssh);
}

static void late_ssh(const struct connection *connection, unsigned seconds, struct error *err)
{
	const struct ssh_connection *way = (const struct ssh_connection *)connection;

	error_set(err, SSH_TIMEOUT, "not reached within %u s: %s", seconds,
		way->dialing ? "no TCP connection" : "sshd doesn't answer");
	error_remedy(err, way->dialing ? "is the machine on, and the address %s right?"
		: "look at %s, or give it more time with -T", way->address);
}

static ssize_t take_ssh(struct connection *connection, bool errors, char *bytes, size_t room)
{
	return ssh_take(((struct ssh_connection *)connection)->ssh, errors, bytes, room);
}

static ssize_t give_ssh(struct connection *connection, const char *bytes, size_t size,
	struct error *err)
{
	return ssh_give(((struct ssh_connection *)connection)->ssh, bytes, size, err);
}

static bool cut_ssh(const struct connection *connection, bool silent)
{
	const struct ssh *ssh = ((const struct ssh_connection *)connection)->ssh;

	return silent ? ssh_unacknowledged(ssh) : !ssh_ended(ssh);
}

static bool blocked_ssh(const struct connection *connection)
{
	return ssh_wants_write(((const struct ssh_connection *)connection)->ssh);
}

static void close_ssh(struct connection *connection)
{
	struct ssh_connection *way = (struct ssh_connection *)connection;

	if (way->dial.fd >= 0 && way->dialing)
		close(way->dial.fd);
	dial_end(&way->dial);
	ssh_end(way->ssh);
}

const struct transport transport_ssh = {
	.name = "ssh",
	.open = open_ssh, .step = step_ssh, .may_retry = may_retry_ssh, .late = late_ssh,
	.take = take_ssh, .give = give_ssh, .cut = cut_ssh,
	.blocked = blocked_ssh, .close = close_ssh,
};
