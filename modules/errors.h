/* Errors that only a module has; what modules share with each other is in base/errors. */
#ifndef MODULES_ERRORS_H
#define MODULES_ERRORS_H

#include "base/error_code.h"

#define ERRORS_OF_MODULES(X) \
	X(ALTERNATIVES_FAILED, "alternatives.failed", TASK, \
		"update-alternatives failed", "look at what it says") \
	X(ALTERNATIVES_UNKNOWN, "alternatives.unknown", TASK, \
		"a name of /etc/alternatives isn't known, or another link", "correct link") \
	X(APT_PACKAGES_FAILED, "apt-packages.failed", TASK, \
		"apt or dpkg failed", "the message has what it said") \
	X(APT_PACKAGES_LOCKED, "apt-packages.locked", TASK, \
		"another package manager is running on the host", \
		"wait until it has ended, or wait longer with lock_timeout") \
	X(APT_PACKAGES_DOWNLOAD_FAILED, "apt-packages.download-failed", TASK, \
		"packages or their lists couldn't be fetched", \
		"check the network of the host and the sources in /etc/apt") \
	X(APT_PACKAGES_UNAVAILABLE, "apt-packages.unavailable", TASK, \
		"a package or version isn't available, or apt can't resolve its dependencies", \
		"check the name and the sources; update_cache: yes fetches new lists") \
	X(APT_PACKAGES_NEEDED, "apt-packages.needed", TASK, \
		"a package isn't removed because the machine needs it to run or to be reached", \
		"remove it by hand if that is really intended") \
	X(APT_PACKAGES_NOT_DEBIAN, "apt-packages.not-debian", TASK, \
		"the host has no packages of dpkg", "use apt-packages on Debian machines only") \
	X(COMMAND_NONZERO_EXIT, "command.nonzero-exit", TASK, \
		"a command or script of command or shell ended with another exit status than 0", \
		"look at its output; failed_when decides otherwise") \
	X(COMMAND_TIMEOUT, "command.timeout", TASK, \
		"a command or script of command or shell didn't end in time", "raise timeout") \
	X(COMMAND_INVALID, "command.invalid", TASK, \
		"a command line can't be split into words, or matches too many names", \
		"correct the quotes, or use argv") \
	X(CRON_MISSING, "cron.missing", TASK, \
		"the host has no cron", "install cron with an apt-packages task") \
	X(CRON_NOT_ROOT, "cron.not-root", TASK, \
		"a crontab is to be written by somebody else than root", "set become: yes") \
	X(FILE_SYNC_TOO_LARGE, "file-sync.too-large", TASK, \
		"a directory has too many files, or is nested too deeply", "split it into several tasks") \
	X(FILE_SYNC_TOO_MANY_DELETED, "file-sync.too-many-deleted", TASK, \
		"the task would delete more files than max_delete allows", \
		"check dest; if it is right, raise max_delete") \
	X(FIND_PATTERN_FAILED, "find.pattern-failed", TASK, \
		"a regular expression of find has too many ways to match", "simplify it") \
	X(GET_URL_FAILED, "get-url.failed", TASK, \
		"a download failed", "look at what the message says of the server") \
	X(GET_URL_CHECKSUM, "get-url.checksum", TASK, \
		"a download isn't what it should be by its checksum", "correct checksum, if you know why") \
	X(GIT_FAILED, "git.failed", TASK, \
		"git failed", "look at what it says, and try it on the host as the same user") \
	X(GIT_NO_VERSION, "git.no-version", TASK, \
		"a repository has no such branch or tag", "correct version") \
	X(HOSTS_NO_ADDRESS, "hosts.no-address", TEXT, \
		"the inventory has no address of a host", "set cluster_address or ansible_host") \
	X(HOSTS_CLASH, "hosts.clash", TASK, \
		"/etc/hosts has a line of its own for a host of the cluster", \
		"use conflict: take or conflict: keep, or remove the line") \
	X(LINEINFILE_PATTERN_FAILED, "lineinfile.pattern-failed", TASK, \
		"a regular expression is invalid, or too expensive for this file", "simplify it") \
	X(LOCALE_GEN_FAILED, "locale-gen.failed", TASK, \
		"a locale can't be generated", "look at what locale-gen says") \
	X(LOCALE_GEN_UNKNOWN, "locale-gen.unknown", TASK, \
		"the host knows no such locale", "look at its spelling in /usr/share/i18n/SUPPORTED") \
	X(MODPROBE_FAILED, "modprobe.failed", TASK, \
		"a module of the kernel can't be loaded or unloaded", "look at what modprobe says") \
	X(MOUNT_FAILED, "mount.failed", TASK, \
		"a file system can't be mounted or unmounted", "look at what mount says") \
	X(MOUNT_DUPLICATE, "mount.duplicate", TASK, \
		"fstab has several lines for one path", "keep one of them") \
	X(MPI_RUN_JOB_FAILED, "mpi-run.job-failed", TASK, \
		"the MPI job ended with another exit status than 0", "look at its output") \
	X(MPI_RUN_NOT_STARTED, "mpi-run.not-started", TASK, \
		"mpirun started no process of the MPI job, though it was tried twice", \
		"see whether mpirun starts 'hostname' on these hosts by hand") \
	X(MPI_RUN_JOB_TIMEOUT, "mpi-run.job-timeout", TASK, \
		"the MPI job didn't end in time", "raise timeout, or find out what it waits for") \
	X(MPI_RUN_HOST_LOST, "mpi-run.host-lost", TASK, \
		"a host fell silent while the MPI job was running", \
		"look at its power and its cable, then run the job again") \
	X(MPI_RUN_NOT_READY, "mpi-run.not-ready", TASK, \
		"something that the MPI job needs is not as it must be on all hosts", \
		"fix what the message names, or skip the check with preflight: false") \
	X(MPI_RUN_HOSTS, "mpi-run.hosts", TEXT, \
		"the group of the MPI job has no hosts, or hosts that are not in the play", \
		"add the hosts to the play") \
	X(MPI_RUN_PROGRAM, "mpi-run.program", TASK, \
		"the program of the MPI job is missing, too large, or would replace something else", \
		"check its path") \
	X(NETWORK_NO_INTERFACE, "network.no-interface", TASK, \
		"the host has no such network interface", "look at the names with 'ip link'") \
	X(NETWORK_CONFIGURED_ELSEWHERE, "network.configured-elsewhere", TASK, \
		"another file already configures the network interface", "remove it there") \
	X(NETWORK_OWN_CONNECTION, "network.own-connection", TASK, \
		"the change would cut the connection that beoplay itself uses", \
		"leave the address of this interface as it is, or change it there by hand") \
	X(NETWORK_ADDRESS_TAKEN, "network.address-taken", TASK, \
		"another machine on the network has an address that the host was to get", \
		"give the host another address") \
	X(NETWORK_NO_GATEWAY, "network.no-gateway", TASK, \
		"no machine on the network answers as the gateway", "correct the gateway, or leave it out") \
	X(NETWORK_NOT_LIVE, "network.not-live", TASK, \
		"the interface did not get what was wished of it, and is as before", \
		"look at what brings it up") \
	X(NETWORK_CHECK_FAILED, "network.check-failed", TASK, \
		"the command given with check failed with the new address; all is as before", \
		"correct the address, or the command") \
	X(NETWORK_BEING_CHANGED, "network.being-changed", TASK, \
		"an earlier change of the interface is still waiting to be confirmed", \
		"wait until its time is over, then apply again") \
	X(NETWORK_NO_BACKEND, "network.no-backend", TASK, \
		"a program that brings the interface up is missing", "install it with an apt-packages task") \
	X(NETWORK_FILE_NOT_READ, "network.file-not-read", TASK, \
		"nothing would read the file with the interface's addresses", \
		"add the line that the message names") \
	X(NETWORK_NAMES_UNREAD, "network.names-unread", TASK, \
		"the name servers given would have no effect", "leave them out, or install resolvconf") \
	X(NFS_EXPORT_FAILED, "nfs-export.failed", TASK, \
		"exportfs rejects the export", "correct the options") \
	X(NFS_EXPORT_NO_SERVER, "nfs-export.no-server", TASK, \
		"the host has no NFS server", "install nfs-kernel-server with an apt-packages task") \
	X(NFS_MOUNT_FAILED, "nfs-mount.failed", TASK, \
		"the export can't be mounted or unmounted", "check the server and the network") \
	X(NFS_MOUNT_DUPLICATE, "nfs-mount.duplicate", TASK, \
		"fstab has several lines for one path", "keep one of them") \
	X(NFS_MOUNT_NO_CLIENT, "nfs-mount.no-client", TASK, \
		"the host can't mount NFS", "install nfs-common with an apt-packages task") \
	X(PIP_FAILED, "pip.failed", TASK, \
		"pip failed", "look at what it says, and try it on the host") \
	X(PIP_EXTERNALLY_MANAGED, "pip.externally-managed", TASK, \
		"Debian's own Python leaves no room for packages of pip", "use virtualenv, or a package of Debian") \
	X(REBOOT_NOT_ROOT, "reboot.not-root", TASK, \
		"a machine is to be restarted by somebody else than root", "set become: yes") \
	X(REBOOT_TIMEOUT, "reboot.timeout", TASK, \
		"a machine that was to restart didn't go down, or isn't ready", "look at its console, or raise reboot_timeout") \
	X(REPLACE_PATTERN_FAILED, "replace.pattern-failed", TASK, \
		"a regular expression or its replacement is invalid, or too expensive for this file", \
		"correct or simplify it") \
	X(REPLACE_ENDLESS, "replace.endless", TASK, \
		"what comes of a replacement matches again, so that each run would change the file", \
		"write a pattern that it doesn't match") \
	X(SERVICE_ENDED, "service.ended", TASK, \
		"the service doesn't run after its start: it ended at once, or systemd skipped it", \
		"look at its journal") \
	X(SERVICE_NOT_FOUND, "service.not-found", TASK, \
		"the host has no such service, or it is masked", \
		"check the name, and that its package is installed") \
	X(SSH_KEYS_INVALID_KEY, "ssh-keys.invalid-key", TEXT, \
		"a line is not an SSH public key", "paste the whole line of the .pub file") \
	X(SSH_KEYS_LOCKOUT, "ssh-keys.lockout", TASK, \
		"the task would remove the key that beoplay logs in with", \
		"leave that key, or log in as another user") \
	X(SSH_KEYS_UNREADABLE_KEY, "ssh-keys.unreadable-key", TASK, \
		"a private key on the host has a passphrase or isn't a key", \
		"use regenerate: mismatch to replace it") \
	X(SYSCTL_NO_KEY, "sysctl.no-key", TASK, \
		"the kernel has no such setting, or it can't be read", \
		"check its spelling, or load the module that brings it") \
	X(SYSCTL_REFUSED, "sysctl.refused", TASK, \
		"the kernel doesn't take a value", "correct it; in a container, set it on the machine itself") \
	X(TIMEZONE_UNKNOWN, "timezone.unknown", TASK, \
		"the host has no such time zone", "check its name, and that tzdata is installed") \
	X(UNARCHIVE_FAILED, "unarchive.failed", TASK, \
		"an archive can't be unpacked", "look at what tar or unzip says, and install what it needs") \
	X(WAIT_FOR_TIMEOUT, "wait-for.timeout", TASK, \
		"what a task waited for didn't come in time", "look at why, or raise timeout")

ERRORS_OF_MODULES(ERROR_CODE_DECLARE)

#endif
