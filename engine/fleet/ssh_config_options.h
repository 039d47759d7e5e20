/* ssh_config_options: the options of ssh_config(5), and what becomes of each here. */
#ifndef FLEET_SSH_CONFIG_OPTIONS_H
#define FLEET_SSH_CONFIG_OPTIONS_H

enum ssh_config_does {
	CONFIG_IGNORED, CONFIG_REFUSED, CONFIG_HOST, CONFIG_MATCH, CONFIG_INCLUDE, CONFIG_HOST_NAME,
	CONFIG_USER, CONFIG_PORT, CONFIG_IDENTITY, CONFIG_IDENTITIES_ONLY, CONFIG_AGENT,
	CONFIG_KNOWN_HOSTS, CONFIG_GLOBAL_KNOWN_HOSTS, CONFIG_REVOKED, CONFIG_ALIAS, CONFIG_HASH,
	CONFIG_CIPHERS, CONFIG_MACS, CONFIG_KEY_EXCHANGES, CONFIG_HOST_KEYS, CONFIG_PUBLIC_KEYS,
	CONFIG_FAMILY, CONFIG_PROXY, CONFIG_UNKNOWN_IGNORED, CONFIG_STRICT,
};

struct ssh_config_option {
	const char *name;
	enum ssh_config_does does;
	const char *harmless;      /* CONFIG_REFUSED: the value with which it makes no difference */
};

/* By name, whose case doesn't count; NULL: ssh has none of that name. */
const struct ssh_config_option *ssh_config_option(const char *name);

#endif
