/* Errors of reaching a host and its agent. */
#define ERRORS_OF_SSH(X) \
	X(SSH_UNRESOLVED_NAME, "ssh.unresolved-name", UNREACHABLE, \
		"the host's name can't be resolved", "set ansible_host to its address") \
	X(SSH_NO_CONNECTION, "ssh.no-connection", UNREACHABLE, \
		"no TCP connection to the host could be made", \
		"check the address and port, that the host is on, and its firewall") \
	X(SSH_TIMEOUT, "ssh.timeout", UNREACHABLE, \
		"the host was not reached in time", "check the network, or allow more time with -T") \
	X(SSH_FAILED, "ssh.failed", UNREACHABLE, \
		"the SSH connection failed", "try ssh to the same host; its log may say more") \
	X(SSH_HOST_KEY_UNKNOWN, "ssh.host-key-unknown", UNREACHABLE, \
		"the host's key is not in known_hosts", \
		"compare the key, then use --accept-new-host-keys once") \
	X(SSH_HOST_KEY_CHANGED, "ssh.host-key-changed", UNREACHABLE, \
		"the host's key differs from the one in known_hosts", \
		"make sure that the machine was reinstalled, then use beoplay replace HOST") \
	X(SSH_HOST_KEY_REVOKED, "ssh.host-key-revoked", UNREACHABLE, \
		"the host's key is marked as revoked", "give the host a new key") \
	X(SSH_HOST_KEY_INVALID, "ssh.host-key-invalid", UNREACHABLE, \
		"the key that the host offered is damaged", "check the host's keys in /etc/ssh") \
	X(SSH_KNOWN_HOSTS_UNUSABLE, "ssh.known-hosts-unusable", UNREACHABLE, \
		"a known_hosts or revoked keys file can't be read or written, or isn't configured", \
		"check UserKnownHostsFile and the file's permissions") \
	X(SSH_AUTHENTICATION_FAILED, "ssh.authentication-failed", UNREACHABLE, \
		"the host lets this user in with none of the keys, nor with the password, if one was given", \
		"install your public key there, for example with ssh-copy-id, or give the right password") \
	X(SSH_CONFIG_INVALID, "ssh.config-invalid", UNREACHABLE, \
		"your ssh configuration can't be read, or has a line that can't be used", \
		"correct the line; ssh -G HOST shows what ssh makes of it") \
	X(SSH_CONFIG_UNSUPPORTED, "ssh.config-unsupported", UNREACHABLE, \
		"your ssh configuration uses something that beoplay doesn't support yet", \
		"leave it out for this host") \
	X(SSH_INVALID_ADDRESS, "ssh.invalid-address", UNREACHABLE, \
		"the host's address is malformed", "correct ansible_host") \
	X(AGENT_UNSUPPORTED_MACHINE, "agent.unsupported-machine", HOST, \
		"this build has no agent for the host's architecture", \
		"build beoplay with this architecture in ARCHITECTURES=") \
	X(AGENT_NOT_STARTED, "agent.not-started", HOST, \
		"the agent could not be started on the host", "the message says what the host answered") \
	X(AGENT_BECOME_FAILED, "agent.become-failed", HOST, \
		"sudo, su or doas didn't make root of the login user", \
		"give the password that it wants with -K, allow it for the login user, or log in as root") \
	X(AGENT_FOREIGN, "agent.foreign", HOST, \
		"the agent on the host belongs to a different beoplay, or the login shell prints too much", \
		"look at what the login shell of the user does") \
	X(AGENT_LOST, "agent.lost", UNREACHABLE, \
		"the connection to the agent was cut", "check the network and the host, then apply again") \
	X(AGENT_SILENT, "agent.silent", UNREACHABLE, \
		"nothing comes from the host any more", "check the network and the host, then apply again") \
	X(AGENT_ENDED, "agent.ended", HOST, \
		"the agent ended before its tasks did, on a host to which the connection stands", \
		"look at what kills it there (memory?), then apply again") \
	X(AGENT_HUNG, "agent.hung", HOST, \
		"the agent or sshd says nothing any more, on a host whose kernel still answers", \
		"look at what the host is doing, then apply again") \
	X(AGENT_PROTOCOL, "agent.protocol", PROTOCOL, \
		"the agent sent something that beoplay's agent never sends", \
		"this is a bug in beoplay, or the host doesn't run beoplay's own agent") \
	X(AGENT_BAD_TASK, "agent.bad-task", TASK, \
		"the agent received a task that it can't take", "report the message as a bug")
