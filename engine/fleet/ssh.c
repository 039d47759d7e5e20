/* ssh: one SSH session to one host that runs one command, never blocking. */
/* An old name of libssh's, in the way of base/buffer.h. */
#define buffer_free libssh_old_buffer_free
#include <libssh/libssh.h>
#undef buffer_free

#include "fleet/ssh.h"

#include "base/quote.h"
#include "fleet/hostkeys.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 16 << 10, IDENTITIES_MOST = 8 };

struct loaded {
	struct loaded *next;
	char *path;
	ssh_key key;             /* NULL: can't be used */
	bool encrypted;
};

struct ssh_keys {
	struct loaded *first;
};

enum ssh_phase { SSH_CONNECTING, SSH_AUTHENTICATING, SSH_OPENING, SSH_EXECUTING, SSH_RUNNING };

struct ssh {
	struct arena *arena;
	struct ssh_keys *keys;
	struct ssh_settings settings;
	ssh_session session;
	ssh_channel channel;
	enum ssh_phase phase;
	int fd;
	const char *address;
	const char *user;
	unsigned port;
	const char *known_hosts;
	const char *host_key;
	const char *identities[IDENTITIES_MOST];   /* paths to be tried, in order */
	size_t identity_count, identity;
	bool named;              /* the user named the key */
	bool agent;              /* ssh-agent is still to be asked */
	bool encrypted;          /* a key was skipped, as it needs a passphrase */
	bool tried;              /* any key was offered */
};

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
	if (ssh_pki_import_privkey_file(path, NULL, no_passphrase, &loaded->encrypted, &loaded->key)
			!= SSH_OK)
		loaded->key = NULL;
	return loaded;
}

/* --- Settings --- */

static char *expand_home(struct arena *arena, const char *path)
{
	const char *home = getenv("HOME");

	if (path[0] == '~' && path[1] == '/' && home)
		return arena_printf(arena, "%s%s", home, path + 1);
	return arena_string(arena, path);
}

static char *option_text(struct ssh *ssh, enum ssh_options_e option)
{
	char *text = NULL;
	char *kept = NULL;

	if (ssh_options_get(ssh->session, option, &text) == SSH_OK && text)
		kept = arena_string(ssh->arena, text);
	ssh_string_free_char(text);
	return kept;
}

static void add_identity(struct ssh *ssh, const char *path)
{
	const char *full = expand_home(ssh->arena, path);

	if (ssh->identity_count < IDENTITIES_MOST && access(full, F_OK) == 0)
		ssh->identities[ssh->identity_count++] = full;
}

static void choose_identities(struct ssh *ssh)
{
	static const char *const defaults[] = {
		"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa",
	};
	const char *configured = option_text(ssh, SSH_OPTIONS_IDENTITY);
	bool is_default = !configured || strstr(configured, "%d") || strstr(configured, "/.ssh/id_");

	ssh->agent = getenv("SSH_AUTH_SOCK") != NULL;
	if (ssh->settings.private_key) {
		add_identity(ssh, ssh->settings.private_key);
		ssh->named = true;
		ssh->agent = false;
	} else if (!is_default) {
		add_identity(ssh, configured);
		ssh->named = ssh->identity_count > 0;
	}
	for (size_t i = 0; !ssh->named && i < sizeof(defaults) / sizeof(*defaults); i++)
		add_identity(ssh, defaults[i]);
}

static const char *local_user(struct arena *arena)
{
	const struct passwd *user = getpwuid(getuid());

	return user ? arena_string(arena, user->pw_name) : "root";
}

static int configure(struct ssh *ssh, struct error *err)
{
	const struct ssh_settings *settings = &ssh->settings;
	const char *configuration = expand_home(ssh->arena, "~/.ssh/config");
	int no = 0, yes = 1;
	unsigned port = 0;

	ssh_options_set(ssh->session, SSH_OPTIONS_PROCESS_CONFIG, &no);
	ssh_options_set(ssh->session, SSH_OPTIONS_NODELAY, &yes);
	if (ssh_options_set(ssh->session, SSH_OPTIONS_HOST, settings->address) != SSH_OK)
		return error_set(err, ERROR_UNREACHABLE, "'%s' is no address", settings->address);
	if (access(configuration, R_OK) == 0
			&& ssh_options_parse_config(ssh->session, configuration) != SSH_OK)
		return error_set(err, ERROR_UNREACHABLE, "cannot read '%s'", configuration);
	if (option_text(ssh, SSH_OPTIONS_PROXYCOMMAND)) {
		error_set(err, ERROR_UNREACHABLE, "ProxyCommand and ProxyJump are not supported yet");
		return error_remedy(err, "reach the host directly, or run beoplay on the bastion");
	}
	ssh->address = option_text(ssh, SSH_OPTIONS_HOST);
	ssh->user = settings->user ? settings->user : option_text(ssh, SSH_OPTIONS_USER);
	if (!ssh->user)
		ssh->user = local_user(ssh->arena);
	ssh_options_get_port(ssh->session, &port);
	ssh->port = settings->port ? settings->port : port ? port : 22;
	ssh_options_set(ssh->session, SSH_OPTIONS_USER, ssh->user);
	ssh_options_set(ssh->session, SSH_OPTIONS_PORT, &ssh->port);
	ssh->known_hosts = expand_home(ssh->arena, settings->known_hosts ? settings->known_hosts
		: "~/.ssh/known_hosts");
	ssh_options_set(ssh->session, SSH_OPTIONS_KNOWNHOSTS, ssh->known_hosts);
	if (settings->known_hosts)
		ssh_options_set(ssh->session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
#if defined(__x86_64__)
	if (__builtin_cpu_supports("aes")) {
		static const char ciphers[] = "aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
			"chacha20-poly1305@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr";

		ssh_options_set(ssh->session, SSH_OPTIONS_CIPHERS_C_S, ciphers);
		ssh_options_set(ssh->session, SSH_OPTIONS_CIPHERS_S_C, ciphers);
	}
#endif
	choose_identities(ssh);
	return 0;
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
		error_set(err, ERROR_UNREACHABLE, "cannot make an SSH session");
		return NULL;
	}
	if (configure(ssh, err) < 0) {
		ssh_end(ssh);
		return NULL;
	}
	return ssh;
}

void ssh_end(struct ssh *ssh)
{
	if (!ssh || !ssh->session)
		return;
	/* Without its socket libssh neither waits nor writes; 0.10 closes it on some errors itself. */
	if (ssh->channel)
		ssh_channel_free(ssh->channel);
	ssh_disconnect(ssh->session);
	ssh_free(ssh->session);
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

const char *ssh_user(const struct ssh *ssh)
{
	return ssh->user;
}

const char *ssh_host_key(const struct ssh *ssh)
{
	return ssh->host_key;
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
		return error_set(err, ERROR_UNREACHABLE, "cannot use the connection");
	return 0;
}

static int failed(struct ssh *ssh, const char *what, struct error *err)
{
	const char *said = ssh_get_error(ssh->session);
	char *shown = quote_printable(ssh->arena, said, strnlen(said, 512), 0);

	return error_set(err, ERROR_UNREACHABLE, "%s%s%s", what, *shown ? ": " : "", shown);
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
	return ssh->port == 22 ? ssh->address
		: arena_printf(ssh->arena, "[%s]:%u", ssh->address, ssh->port);
}

static int key_unknown(struct ssh *ssh, const char *key, struct error *err)
{
	if (ssh->settings.accept_new)
		return hostkeys_add(ssh->known_hosts, ssh->address, ssh->port, key, err);
	error_set(err, ERROR_UNREACHABLE, "the host key of %s isn't known (%.*s)", known_as(ssh),
		(int)strcspn(key, " "), key);
	return error_remedy(err, "if this is the first contact, run with --accept-new-host-keys; or "
		"put its key into %s", ssh->known_hosts);
}

static int check_host_key(struct ssh *ssh, struct error *err)
{
	const char *key = key_text(ssh);
	unsigned line;

	if (!key)
		return failed(ssh, "cannot read the host key", err);
	if (hostkeys_revoked(ssh->known_hosts, key, &line)) {
		error_set(err, ERROR_UNREACHABLE, "the host key of %s is marked @revoked in %s:%u",
			known_as(ssh), ssh->known_hosts, line);
		return error_remedy(err, "give the machine a new host key, and that one into %s",
			ssh->known_hosts);
	}
	switch (ssh_session_is_known_server(ssh->session)) {
	case SSH_KNOWN_HOSTS_OK:
		break;
	case SSH_KNOWN_HOSTS_CHANGED:
	case SSH_KNOWN_HOSTS_OTHER:
		error_set(err, ERROR_UNREACHABLE, "the host key of %s has CHANGED: this is another "
			"machine, a reinstalled one, or someone in between", known_as(ssh));
		return error_remedy(err, "if you know why: ssh-keygen -R '%s' -f %s, then run with "
			"--accept-new-host-keys", known_as(ssh), ssh->known_hosts);
	case SSH_KNOWN_HOSTS_NOT_FOUND:
	case SSH_KNOWN_HOSTS_UNKNOWN:
		if (key_unknown(ssh, key, err) < 0)
			return -1;
		break;
	default:
		return failed(ssh, "cannot check the host key", err);
	}
	ssh->host_key = key;
	return 0;
}

static int denied(struct ssh *ssh, struct error *err)
{
	error_set(err, ERROR_UNREACHABLE, "%s@%s accepts none of the keys%s", ssh->user,
		known_as(ssh), ssh->tried ? "" : ": there is none to offer");
	if (ssh->named && ssh->identity_count == 0)
		return error_remedy(err, "there is no private key '%s'", ssh->settings.private_key
			? ssh->settings.private_key : "of ~/.ssh/config");
	if (ssh->encrypted)
		return error_remedy(err, "a key needs a passphrase: ssh-add it, so that ssh-agent has it");
	return error_remedy(err, "ssh-copy-id %s@%s, or name a key with --private-key", ssh->user,
		ssh->address);
}

/* 1 authenticated, 0 again, -1 no key is left. */
static int authenticate(struct ssh *ssh, struct error *err)
{
	for (;;) {
		int result;

		if (ssh->agent && !ssh->named) {
			result = ssh_userauth_agent(ssh->session, NULL);
		} else if (ssh->identity < ssh->identity_count) {
			const struct loaded *loaded = load_key(ssh->keys, ssh->identities[ssh->identity]);

			if (!loaded->key) {
				ssh->encrypted = ssh->encrypted || loaded->encrypted;
				if (loaded->encrypted && getenv("SSH_AUTH_SOCK") && ssh->named) {
					ssh->named = false;
					ssh->agent = true;
				}
				ssh->identity++;
				continue;
			}
			result = ssh_userauth_publickey(ssh->session, NULL, loaded->key);
		} else {
			return denied(ssh, err);
		}
		if (result == SSH_AUTH_AGAIN)
			return 0;
		ssh->tried = true;
		if (result == SSH_AUTH_SUCCESS)
			return 1;
		if (result == SSH_AUTH_ERROR && !ssh_is_connected(ssh->session))
			return failed(ssh, "the connection was closed while authenticating", err);
		if (ssh->agent && !ssh->named)
			ssh->agent = false;
		else
			ssh->identity++;
	}
}

static int step_once(struct ssh *ssh, const char *command, struct error *err)
{
	int result;

	switch (ssh->phase) {
	case SSH_CONNECTING:
		result = ssh_connect(ssh->session);
		keep_unblocking(ssh->fd);
		if (result == SSH_AGAIN)
			return 0;
		if (result != SSH_OK)
			return failed(ssh, "no SSH connection", err);
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

	while (result > 0 && ssh->phase != SSH_RUNNING)
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

int ssh_exit_status(const struct ssh *ssh)
{
	return ssh->channel ? ssh_channel_get_exit_status(ssh->channel) : -1;
}
