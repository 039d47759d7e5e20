/* ssh_config_options: the options of ssh_config(5), and what becomes of each here. */
#include "fleet/ssh_config_options.h"

#include <stddef.h>
#include <strings.h>

static const struct ssh_config_option options[] = {
	{ "Host", CONFIG_HOST, NULL },
	{ "Match", CONFIG_MATCH, NULL },
	{ "Include", CONFIG_INCLUDE, NULL },
	{ "HostName", CONFIG_HOST_NAME, NULL },
	{ "User", CONFIG_USER, NULL },
	{ "Port", CONFIG_PORT, NULL },
	{ "IdentityFile", CONFIG_IDENTITY, NULL },
	{ "IdentitiesOnly", CONFIG_IDENTITIES_ONLY, NULL },
	{ "IdentityAgent", CONFIG_AGENT, NULL },
	{ "UserKnownHostsFile", CONFIG_KNOWN_HOSTS, NULL },
	{ "GlobalKnownHostsFile", CONFIG_GLOBAL_KNOWN_HOSTS, NULL },
	{ "RevokedHostKeys", CONFIG_REVOKED, NULL },
	{ "HostKeyAlias", CONFIG_ALIAS, NULL },
	{ "HashKnownHosts", CONFIG_HASH, NULL },
	{ "Ciphers", CONFIG_CIPHERS, NULL },
	{ "MACs", CONFIG_MACS, NULL },
	{ "KexAlgorithms", CONFIG_KEY_EXCHANGES, NULL },
	{ "HostKeyAlgorithms", CONFIG_HOST_KEYS, NULL },
	{ "PubkeyAcceptedAlgorithms", CONFIG_PUBLIC_KEYS, NULL },
	{ "PubkeyAcceptedKeyTypes", CONFIG_PUBLIC_KEYS, NULL },
	{ "AddressFamily", CONFIG_FAMILY, NULL },
	{ "ProxyJump", CONFIG_PROXY, NULL },
	{ "ProxyCommand", CONFIG_PROXY, NULL },
	{ "IgnoreUnknown", CONFIG_UNKNOWN_IGNORED, NULL },
	{ "StrictHostKeyChecking", CONFIG_STRICT, NULL },
	{ "BindAddress", CONFIG_REFUSED, NULL },
	{ "BindInterface", CONFIG_REFUSED, NULL },
	{ "CanonicalizeHostname", CONFIG_REFUSED, "no" },
	{ "CertificateFile", CONFIG_REFUSED, "none" },
	{ "CheckHostIP", CONFIG_REFUSED, "no" },
	{ "KnownHostsCommand", CONFIG_REFUSED, "none" },
	{ "PKCS11Provider", CONFIG_REFUSED, "none" },
	{ "ProxyUseFdpass", CONFIG_REFUSED, "no" },
	{ "PubkeyAuthentication", CONFIG_REFUSED, "yes" },
	{ "RequiredRSASize", CONFIG_REFUSED, NULL },
	{ "Tag", CONFIG_REFUSED, NULL },
};

/* These concern a terminal, forwarding, other ways to authenticate, or what a session costs. */
static const char *const ignored[] = {
	"CASignatureAlgorithms", "AddKeysToAgent", "BatchMode", "CanonicalDomains",
	"CanonicalizeFallbackLocal", "CanonicalizeMaxDots", "CanonicalizePermittedCNAMEs",
	"ChallengeResponseAuthentication", "ChannelTimeout", "ClearAllForwardings",
	"Compression", "ConnectionAttempts", "ConnectTimeout", "ControlMaster", "ControlPath",
	"ControlPersist", "DynamicForward", "EnableEscapeCommandline", "EnableSSHKeysign",
	"EscapeChar", "ExitOnForwardFailure", "FingerprintHash", "ForkAfterAuthentication",
	"ForwardAgent", "ForwardX11", "ForwardX11Timeout", "ForwardX11Trusted", "GatewayPorts",
	"GSSAPIAuthentication", "GSSAPIDelegateCredentials", "GSSAPIKeyExchange",
	"HostbasedAcceptedAlgorithms", "HostbasedAuthentication", "IPQoS",
	"KbdInteractiveAuthentication", "KbdInteractiveDevices", "LocalCommand", "LocalForward",
	"LogLevel", "LogVerbose", "NoHostAuthenticationForLocalhost", "NumberOfPasswordPrompts",
	"ObscureKeystrokeTiming", "PasswordAuthentication", "PermitLocalCommand",
	"PermitRemoteOpen", "PreferredAuthentications", "RekeyLimit", "RemoteCommand",
	"RemoteForward", "RequestTTY", "SecurityKeyProvider", "SendEnv", "ServerAliveCountMax",
	"ServerAliveInterval", "SessionType", "SetEnv", "StdinNull", "StreamLocalBindMask",
	"StreamLocalBindUnlink", "SyslogFacility", "TCPKeepAlive", "Tunnel", "TunnelDevice",
	"UpdateHostKeys", "UseKeychain", "VerifyHostKeyDNS", "VisualHostKey", "XAuthLocation",
};

const struct ssh_config_option *ssh_config_option(const char *name)
{
	static const struct ssh_config_option nothing = { "", CONFIG_IGNORED, NULL };

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		if (strcasecmp(options[i].name, name) == 0)
			return &options[i];
	}
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++) {
		if (strcasecmp(ignored[i], name) == 0)
			return &nothing;
	}
	return NULL;
}
