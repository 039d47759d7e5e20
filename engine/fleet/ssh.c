/* ssh: one SSH session to one host that runs one command, never blocking. */
#include "fleet/ssh_session.h"

#include "base/quote.h"
#include "base/whole.h"
#include "fleet/ssh_password.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 16 << 10 };

struct ssh_keys *ssh_keys_new(void)
{
	return calloc(1, sizeof(struct ssh_keys));
}

void ssh_keys_free(struct ssh_keys *keys)
{
	while (keys && keys->first) {
		struct loaded *next = keys->first->next;

		ssh_key_free(keys->first->key);
		free(keys->first->path);
		free(keys->first);
		keys->first = next;
	}
	free(keys);
}

/* Asked for a passphrase, libssh is told that there is none. */
static int no_passphrase(const char *prompt, char *buffer, size_t size, int echo, int verify,
	void *encrypted)
{
	(void)prompt;
	(void)buffer;
	(void)size;
	(void)echo;
	(void)verify;
	*(bool *)encrypted = true;
	return -1;
}

static struct loaded *load_key(struct ssh_keys *keys, const char *path)
{
	struct loaded *loaded;

	for (loaded = keys->first; loaded; loaded = loaded->next) {
		if (strcmp(loaded->path, path) == 0)
			return loaded;
	}
	loaded = calloc(1, sizeof(*loaded));
	if (!loaded)
		abort();
	loaded->path = strdup(path);
	loaded->next = keys->first;
	keys->first = loaded;
	if (!whole_is_file(path) || ssh_pki_import_privkey_file(path, NULL, no_passphrase, &loaded->encrypted,
			&loaded->key) != SSH_OK)
		loaded->key = NULL;
	return loaded;
}

struct ssh *ssh_new_session(struct arena *arena, struct ssh_keys *keys,
	const struct ssh_settings *settings, struct error *err)
{
	struct ssh *ssh = arena_alloc(arena, sizeof(*ssh));

	ssh->arena = arena;
	ssh->keys = keys;
	ssh->settings = *settings;
	ssh->fd = -1;
	ssh->session = ssh_new();
	if (!ssh->session) {
		error_set(err, SSH_FAILED, "cannot make an SSH session");
		return NULL;
	}
	if (ssh_configure(ssh, err) < 0) {
		ssh_end(ssh);
		return NULL;
	}
	return ssh;
}

void ssh_end(struct ssh *ssh)
{
	int fd;

	if (!ssh || !ssh->session)
		return;
	/* Without its socket libssh neither waits nor writes. It leaves one open that was given to it, but for some
	 * errors of its own: then it knows none any more. */
	fd = ssh->begun ? ssh_get_fd(ssh->session) : ssh->fd;
	if (ssh->channel)
		ssh_channel_free(ssh->channel);
	ssh_disconnect(ssh->session);
	ssh_free(ssh->session);
	if (fd >= 0)
		close(fd);
	ssh->session = NULL;
	ssh->channel = NULL;
}

const char *ssh_address(const struct ssh *ssh)
{
	return ssh->address;
}

unsigned ssh_port(const struct ssh *ssh)
{
	return ssh->port;
}

int ssh_family(const struct ssh *ssh)
{
	return ssh->family;
}

const char *ssh_user(const struct ssh *ssh)
{
	return ssh->user;
}

const char *ssh_host_key(const struct ssh *ssh)
{
	return ssh->host_key;
}

const char *ssh_offered_key(const struct ssh *ssh)
{
	return ssh->offered_key;
}

bool ssh_greeted(const struct ssh *ssh)
{
	return ssh->phase != SSH_CONNECTING;
}

/* --- Connecting --- */

static void keep_unblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && !(flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int ssh_take_socket(struct ssh *ssh, int fd, struct error *err)
{
	int yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
	ssh->fd = fd;
	ssh_set_blocking(ssh->session, 0);
	if (ssh_options_set(ssh->session, SSH_OPTIONS_FD, &fd) != SSH_OK)
		return error_set(err, SSH_FAILED, "cannot use the connection");
	return 0;
}

static int failed(struct ssh *ssh, const char *what, struct error *err)
{
	const char *said = ssh_get_error(ssh->session);
	char *shown = quote_printable(ssh->arena, said, strnlen(said, 512), 0);

	return error_set(err, SSH_FAILED, "%s%s%s", what, *shown ? ": " : "", shown);
}

/* sshd(8) has said nothing yet, so it won't have this client now: PerSourcePenalties, on since OpenSSH 9.8,
 * after logins that failed; or MaxStartups. */
static int not_connected(struct ssh *ssh, struct error *err)
{
	if (ssh_get_serverbanner(ssh->session))
		return failed(ssh, "no SSH connection", err);
	failed(ssh, "the server closed the connection before SSH began", err);
	return error_remedy(err, "sshd may be turning this address away for a minute after failed logins "
		"(PerSourcePenalties) or because of too many at once (MaxStartups): wait, and run it again");
}

static const char *key_text(struct ssh *ssh)
{
	ssh_key key = NULL;
	char *base64 = NULL;
	const char *text = NULL;

	if (ssh_get_server_publickey(ssh->session, &key) != SSH_OK)
		return NULL;
	if (ssh_pki_export_pubkey_base64(key, &base64) == SSH_OK) {
		const char *curve = ssh_pki_key_ecdsa_name(key);
		bool is_ecdsa = curve && strncmp(curve, "ecdsa", 5) == 0;

		text = arena_printf(ssh->arena, "%s %s", is_ecdsa ? curve
			: ssh_key_type_to_char(ssh_key_type(key)), base64);
	}
	ssh_string_free_char(base64);
	ssh_key_free(key);
	return text;
}

static const char *known_as(const struct ssh *ssh)
{
	return hostkeys_name(ssh->arena, &ssh->hostkeys);
}

static int key_of_another(struct ssh *ssh, struct error *err)
{
	error_set(err, SSH_HOST_KEY_CHANGED, "another machine answers there than '%s', which has another "
		"host key", ssh->settings.name ? ssh->settings.name : known_as(ssh));
	return error_remedy(err, "if it was reinstalled, or this one is in its place: beoplay replace %s",
		ssh->settings.name ? ssh->settings.name : "HOST");
}

static int key_elsewhere(struct ssh *ssh, enum hostkeys_verdict verdict, const char *key,
	struct error *err)
{
	const char *expect = ssh->settings.expect;
	bool same = !expect || strcmp(expect, key) == 0;

	if (same && (verdict == HOSTKEYS_KNOWN || (verdict == HOSTKEYS_UNKNOWN && expect)))
		return 0;
	return key_of_another(ssh, err);
}

static int key_unknown(struct ssh *ssh, const char *key, struct error *err)
{
	const char *file = ssh->add_nowhere ? NULL : ssh->known_hosts[0];
	const char *expected = ssh->settings.accept ? ssh->settings.accept : ssh->settings.expect;
	bool accepted = expected ? strcmp(expected, key) == 0 : ssh->settings.accept_new;

	ssh->offered_key = key;
	if (accepted && !file) {
		error_set(err, SSH_KNOWN_HOSTS_UNUSABLE, "there is no known_hosts file to which the key of "
			"%s could be added", known_as(ssh));
		return error_remedy(err, "name one with --known-hosts");
	}
	if (accepted)
		return ssh->settings.only_look && !ssh->settings.accept ? 0
			: hostkeys_add(ssh->arena, &ssh->hostkeys, key, ssh->hash, err);
	if (!ssh->settings.accept && ssh->settings.expect)
		return key_of_another(ssh, err);
	error_set(err, SSH_HOST_KEY_UNKNOWN, "the host key of %s isn't known (%.*s)", known_as(ssh),
		(int)strcspn(key, " "), key);
	return error_remedy(err, "if this is the first contact, run with --accept-new-host-keys; or "
		"put its key into %s", file ? file : "a known_hosts file");
}

static int key_changed(struct ssh *ssh, const struct hostkeys_found *found, const char *key,
	struct error *err)
{
	ssh->offered_key = key;
	if (ssh->settings.replace && ssh->settings.accept && strcmp(ssh->settings.accept, key) == 0)
		return hostkeys_replace(ssh->arena, &ssh->hostkeys, key, ssh->hash, err);
	error_set(err, SSH_HOST_KEY_CHANGED, "the host key of %s has CHANGED (%s:%u has another): this "
		"is another machine, a reinstalled one, or someone in between", known_as(ssh), found->path,
		found->line);
	if (ssh->settings.name)
		return error_remedy(err, "if you know why: beoplay replace %s", ssh->settings.name);
	return error_remedy(err, "if you know why: ssh-keygen -R '%s' -f %s, then run with "
		"--accept-new-host-keys", known_as(ssh), found->path);
}

static int check_host_key(struct ssh *ssh, struct error *err)
{
	const char *key = key_text(ssh);
	struct hostkeys_found found;

	if (!key)
		return failed(ssh, "cannot read the host key", err);
	if (hostkeys_check(ssh->arena, &ssh->hostkeys, key, &found, err) < 0)
		return -1;
	if (ssh->settings.elsewhere && found.verdict != HOSTKEYS_REVOKED) {
		ssh->host_key = key;
		return key_elsewhere(ssh, found.verdict, key, err);
	}
	switch (found.verdict) {
	case HOSTKEYS_REVOKED:
		error_set(err, SSH_HOST_KEY_REVOKED, "the host key of %s is %s %s:%u", known_as(ssh),
			found.path == ssh->hostkeys.revoked ? "among the revoked ones in"
			: "marked @revoked in", found.path, found.line);
		return error_remedy(err, "give the machine a new host key, and put that one into "
			"known_hosts");
	case HOSTKEYS_CHANGED:
		if (key_changed(ssh, &found, key, err) < 0)
			return -1;
		break;
	case HOSTKEYS_UNKNOWN:
		if (key_unknown(ssh, key, err) < 0)
			return -1;
		break;
	case HOSTKEYS_KNOWN:
		break;
	}
	ssh->host_key = key;
	return 0;
}

int ssh_know(struct ssh *ssh, const char *key, struct error *err)
{
	struct hostkeys_found found;

	if (ssh->add_nowhere)
		return 0;
	if (hostkeys_check(ssh->arena, &ssh->hostkeys, key, &found, err) < 0)
		return -1;
	return found.verdict != HOSTKEYS_UNKNOWN ? 0
		: hostkeys_add(ssh->arena, &ssh->hostkeys, key, ssh->hash, err);
}

static int denied(struct ssh *ssh, struct error *err)
{
	error_set(err, SSH_AUTHENTICATION_FAILED, "%s@%s accepts none of the keys%s", ssh->user,
		known_as(ssh), ssh->tried ? "" : ": there is none to offer");
	if (ssh->settings.private_key && ssh->identity_count == 0)
		return error_remedy(err, "there is no private key '%s'", ssh->settings.private_key);
	if (ssh->named && ssh->identity_count == 0)
		return error_remedy(err, "none of the files exists that IdentityFile names in your ssh "
			"configuration: fix it, or name a key with --private-key");
	if (ssh->encrypted)
		return error_remedy(err, "a key needs a passphrase: ssh-add it, so that ssh-agent has it");
	return error_remedy(err, "ssh-copy-id %s@%s, name a key with --private-key, or give a password "
		"with -k", ssh->user, ssh->address);
}

/* No key is left. */
static int by_password(struct ssh *ssh, struct error *err)
{
	if (!ssh->settings.password)
		return denied(ssh, err);
	if (!ssh->password) {
		ssh->password = arena_alloc(ssh->arena, sizeof(*ssh->password));
		*ssh->password = (struct ssh_password){ .arena = ssh->arena, .session = ssh->session,
			.text = ssh->settings.password, .user = ssh->user, .host = known_as(ssh),
			.asked = ssh->tried };
	}
	return ssh_password_step(ssh->password, err);
}

/* One that needs a passphrase may be in ssh-agent, which libssh can only ask for all that it
 * has. */
static void skip_identity(struct ssh *ssh, const struct loaded *loaded)
{
	ssh->identity++;
	ssh->encrypted = ssh->encrypted || loaded->encrypted;
	if (loaded->encrypted && ssh->has_agent) {
		ssh->agent = true;
		ssh->has_agent = false;
	}
}

/* 1 authenticated, 0 again, -1 nothing is left to try. */
static int authenticate(struct ssh *ssh, struct error *err)
{
	for (;;) {
		const struct loaded *loaded;
		int result;

		if (ssh->agent) {
			result = ssh_userauth_agent(ssh->session, NULL);
		} else if (ssh->identity < ssh->identity_count) {
			loaded = load_key(ssh->keys, ssh->identities[ssh->identity]);
			if (!loaded->key) {
				skip_identity(ssh, loaded);
				continue;
			}
			result = ssh_userauth_publickey(ssh->session, NULL, loaded->key);
		} else if (ssh->has_agent && !ssh->only) {
			ssh->has_agent = false;
			ssh->agent = true;
			continue;
		} else {
			return by_password(ssh, err);
		}
		if (result == SSH_AUTH_AGAIN)
			return 0;
		ssh->tried = true;
		if (result == SSH_AUTH_SUCCESS)
			return 1;
		if (result == SSH_AUTH_ERROR && !ssh_is_connected(ssh->session))
			return failed(ssh, "the connection was closed while authenticating", err);
		if (!ssh->agent)
			ssh->identity++;
		ssh->agent = false;
	}
}

static int step_once(struct ssh *ssh, const char *command, struct error *err)
{
	int result;

	switch (ssh->phase) {
	case SSH_CONNECTING:
		ssh->begun = true;
		result = ssh_connect(ssh->session);
		keep_unblocking(ssh->fd);
		if (result == SSH_AGAIN)
			return 0;
		if (result != SSH_OK)
			return not_connected(ssh, err);
		ssh->phase = SSH_AUTHENTICATING;
		return check_host_key(ssh, err) < 0 ? -1 : 1;
	case SSH_AUTHENTICATING:
		result = authenticate(ssh, err);
		if (result > 0)
			ssh->phase = SSH_OPENING;
		return result;
	case SSH_OPENING:
		if (!ssh->channel)
			ssh->channel = ssh_channel_new(ssh->session);
		result = ssh_channel_open_session(ssh->channel);
		if (result == SSH_OK)
			ssh->phase = SSH_EXECUTING;
		return result == SSH_OK ? 1 : result == SSH_AGAIN ? 0
			: failed(ssh, "cannot open a channel", err);
	case SSH_EXECUTING:
		result = ssh_channel_request_exec(ssh->channel, command);
		if (result == SSH_OK)
			ssh->phase = SSH_RUNNING;
		return result == SSH_OK ? 1 : result == SSH_AGAIN ? 0
			: failed(ssh, "cannot start a command", err);
	default:
		return 1;
	}
}

static void acknowledge(const struct ssh *ssh)
{
	int yes = 1;

	setsockopt(ssh->fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof(yes));
}

int ssh_step(struct ssh *ssh, const char *command, struct error *err)
{
	int result = 1;

	while (result > 0 && ssh->phase < (command ? SSH_RUNNING : SSH_AUTHENTICATING))
		result = step_once(ssh, command, err);
	acknowledge(ssh);
	return result;
}

bool ssh_wants_write(const struct ssh *ssh)
{
	return ssh->session && (ssh_get_poll_flags(ssh->session) & SSH_WRITE_PENDING);
}

/* --- The running command --- */

ssize_t ssh_take(struct ssh *ssh, bool errors, char *bytes, size_t room)
{
	int got = ssh_channel_read_nonblocking(ssh->channel, bytes, (uint32_t)room, errors);

	acknowledge(ssh);
	if (got == SSH_AGAIN || got == 0)
		return ssh_channel_is_eof(ssh->channel) || ssh_channel_is_closed(ssh->channel)
			|| !ssh_is_connected(ssh->session) ? -1 : 0;
	return got < 0 ? -1 : got;
}

bool ssh_ended(const struct ssh *ssh)
{
	return ssh->channel && ssh_is_connected(ssh->session)
		&& (ssh_channel_is_eof(ssh->channel) || ssh_channel_is_closed(ssh->channel));
}

/* A proxy in between acknowledges for itself: then it isn't known. */
bool ssh_unacknowledged(const struct ssh *ssh)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	return getsockopt(ssh->fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 || info.tcpi_unacked > 0
		|| info.tcpi_backoff > 0 || info.tcpi_probes > 0;
}

ssize_t ssh_give(struct ssh *ssh, const char *bytes, size_t size, struct error *err)
{
	int sent;

	if (ssh_wants_write(ssh) || ssh_channel_window_size(ssh->channel) == 0)
		return 0;
	sent = ssh_channel_write(ssh->channel, bytes, (uint32_t)(size > PIECE ? PIECE : size));
	if (sent == SSH_AGAIN)
		return 0;
	return sent < 0 ? failed(ssh, "the connection was cut", err) : sent;
}
