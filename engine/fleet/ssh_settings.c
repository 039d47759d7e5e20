/* ssh_settings: what ssh_config and the inventory say of a connection, as libssh takes it. */
#include "fleet/ssh_session.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { WITH_PASSWORD_MOST = 3 };

const char *ssh_expand_home(struct arena *arena, const char *path)
{
	const char *home = getenv("HOME");

	if (path[0] == '~' && path[1] == '/' && home)
		return arena_printf(arena, "%s%s", home, path + 1);
	return arena_string(arena, path);
}

static void add_identity(struct ssh *ssh, const char *path)
{
	const char *full = ssh_expand_home(ssh->arena, path);

	if (ssh->identity_count < SSH_FILES_MOST && access(full, F_OK) == 0)
		ssh->identities[ssh->identity_count++] = full;
}

const char *ssh_local_user(struct arena *arena)
{
	const struct passwd *user = getpwuid(getuid());

	return user ? arena_string(arena, user->pw_name)
		: arena_printf(arena, "%u", (unsigned)getuid());
}

const char *const ssh_identities[] = {
	"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa", NULL,
};

/* What the user named on the command line is all that is offered. ssh-agent comes before the usual
 * files, and behind those that the configuration names, unless it says IdentitiesOnly. */
static void choose_identities(struct ssh *ssh, const struct ssh_config *config)
{
	const char *const *files = config->identities[0] ? config->identities
		: ssh_identities;

	ssh->has_agent = getenv("SSH_AUTH_SOCK") != NULL;
	if (config->identity_agent) {
		ssh->has_agent = strcasecmp(config->identity_agent, "none") != 0;
		ssh_options_set(ssh->session, SSH_OPTIONS_IDENTITY_AGENT, config->identity_agent);
	}
	ssh->named = config->identities[0] != NULL;
	ssh->only = config->identities_only;
	if (ssh->settings.private_key) {
		add_identity(ssh, ssh->settings.private_key);
		ssh->named = ssh->only = true;
	}
	for (; !ssh->settings.private_key && *files; files++) {
		if (strcasecmp(*files, "none") != 0)
			add_identity(ssh, *files);
	}
	ssh->agent = ssh->has_agent && !ssh->named;
	ssh->has_agent = ssh->has_agent && ssh->named;
	/* sshd counts all that is offered, and the password must not be one too many. */
	if (ssh->settings.password) {
		ssh->agent = ssh->has_agent = false;
		if (ssh->identity_count > WITH_PASSWORD_MOST)
			ssh->identity_count = WITH_PASSWORD_MOST;
	}
}

/* Which files say whose key a host has. What is named on the command line stands for the user's
 * own. */
static void choose_known_hosts(struct ssh *ssh, const struct ssh_config *config)
{
	size_t count = 0;

	if (ssh->settings.known_hosts)
		ssh->known_hosts[count++] = ssh_expand_home(ssh->arena, ssh->settings.known_hosts);
	for (size_t i = 0; !ssh->settings.known_hosts && config->known_hosts[i]; i++)
		ssh->known_hosts[count++] = config->known_hosts[i];
	if (count == 0)
		ssh->add_nowhere = true;
	for (size_t i = 0; config->global_known_hosts[i]; i++)
		ssh->known_hosts[count++] = config->global_known_hosts[i];
	ssh->hostkeys = (struct hostkeys){ .paths = ssh->known_hosts,
		.revoked = config->revoked_host_keys, .name = ssh->address, .port = ssh->port };
	if (config->host_key_alias) {
		ssh->hostkeys.name = config->host_key_alias;
		ssh->hostkeys.port = 22;
	}
	ssh->hash = config->hash_known_hosts;
}

static int set_option(struct ssh *ssh, enum ssh_options_e option, const char *name,
	const char *value, struct error *err)
{
	if (!value || ssh_options_set(ssh->session, option, value) == SSH_OK)
		return 0;
	error_set(err, SSH_CONFIG_INVALID, "%s '%s' of your ssh configuration cannot be used", name,
		value);
	return error_remedy(err, "name algorithms that libssh has, or remove the line");
}

/* The user's own choice; else the fastest cipher here, and the types of keys by which the host is
 * known. */
static int set_algorithms(struct ssh *ssh, const struct ssh_config *config, struct error *err)
{
	const char *types = config->host_keys ? NULL : hostkeys_types(ssh->arena, &ssh->hostkeys);
	const char *ciphers = config->ciphers;

#if defined(__x86_64__)
	if (!ciphers && __builtin_cpu_supports("aes"))
		ciphers = "aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
			"chacha20-poly1305@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr";
#endif
	if (set_option(ssh, SSH_OPTIONS_CIPHERS_C_S, "Ciphers", ciphers, err) < 0
			|| set_option(ssh, SSH_OPTIONS_CIPHERS_S_C, "Ciphers", ciphers, err) < 0
			|| set_option(ssh, SSH_OPTIONS_HMAC_C_S, "MACs", config->macs, err) < 0
			|| set_option(ssh, SSH_OPTIONS_HMAC_S_C, "MACs", config->macs, err) < 0
			|| set_option(ssh, SSH_OPTIONS_KEY_EXCHANGE, "KexAlgorithms",
			config->key_exchanges, err) < 0
			|| set_option(ssh, SSH_OPTIONS_HOSTKEYS, "HostKeyAlgorithms", config->host_keys,
			err) < 0
			|| set_option(ssh, SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES,
			"PubkeyAcceptedAlgorithms", config->public_keys, err) < 0)
		return -1;
	/* Types that libssh hasn't are left out by it; that none is left is no error here. */
	if (types)
		ssh_options_set(ssh->session, SSH_OPTIONS_HOSTKEYS, arena_printf(ssh->arena, "^%s%s",
			strstr(types, "ssh-rsa") ? "rsa-sha2-512,rsa-sha2-256," : "", types));
	return 0;
}

int ssh_configure(struct ssh *ssh, struct error *err)
{
	const struct ssh_settings *settings = &ssh->settings;
	const struct ssh_config_asked asked = { .address = settings->address, .user = settings->user,
		.port = settings->port, .warn = settings->warn, .context = settings->context };
	struct ssh_config config;
	int no = 0, yes = 1;

	ssh_options_set(ssh->session, SSH_OPTIONS_PROCESS_CONFIG, &no);
	ssh_options_set(ssh->session, SSH_OPTIONS_NODELAY, &yes);
	ssh_options_set(ssh->session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
	ssh_options_set(ssh->session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
	if (ssh_config_read(ssh->arena, &asked, &config, err) < 0)
		return -1;
	if (config.proxy) {
		error_set(err, SSH_CONFIG_UNSUPPORTED, "%s in your ssh configuration is not supported yet",
			config.proxy);
		return error_remedy(err, "reach the host directly, or run beoplay on the bastion");
	}
	ssh->address = config.host;
	ssh->user = settings->user ? settings->user : config.user;
	ssh->user = ssh->user ? ssh->user : ssh_local_user(ssh->arena);
	ssh->port = settings->port ? settings->port : config.port ? config.port : 22;
	ssh->family = config.family;
	if (ssh_options_set(ssh->session, SSH_OPTIONS_HOST, ssh->address) != SSH_OK)
		return error_set(err, SSH_INVALID_ADDRESS, "invalid address '%s'", ssh->address);
	ssh_options_set(ssh->session, SSH_OPTIONS_USER, ssh->user);
	ssh_options_set(ssh->session, SSH_OPTIONS_PORT, &ssh->port);
	choose_known_hosts(ssh, &config);
	choose_identities(ssh, &config);
	return set_algorithms(ssh, &config, err);
}
