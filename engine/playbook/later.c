/* later: what Ansible has and beoplay hasn't yet, each with the way to do without it. */
#include "playbook/build.h"

#include <string.h>

const struct later later_play_keywords[] = {
	{ "debugger", "leave it out; --check and -v show what a task does" },
	{ "fact_path", "leave it out; put the values into host_vars/" },
	{ "ignore_unreachable", "leave it out: the other hosts go on without one that can't be reached" },
	{ "include", "write import_playbook" },
	{ NULL, NULL },
};

const struct later later_task_keywords[] = {
	{ "debugger", "leave it out; --check and -v show what a task does" },
	{ "ignore_unreachable", "leave it out: the other hosts go on without one that can't be reached" },
	{ NULL, NULL },
};

#define BY_COMMAND "do it with a command task, and 'creates', 'removes' or 'changed_when'"
/* Of tasks for other systems: refused only where nothing keeps them from running. */
static const char other_system[] = "nodes are Debian machines: use apt-packages, or give the task a "
	"'when' that says for which system it is";

const struct later later_modules[] = {
	{ "acl", BY_COMMAND },
	{ "add_host", "write the host into the inventory" },
	{ "apk", other_system },
	{ "apt_key", "bring the key to /etc/apt/keyrings with get_url or copy, as NAME.asc, and name it with signed-by" },
	{ "archive", BY_COMMAND },
	{ "assemble", "use a template, or blockinfile for each part" },
	{ "async_status", "give the task 'async' alone: it is waited for" },
	{ "at", BY_COMMAND },
	{ "capabilities", BY_COMMAND },
	{ "debconf", BY_COMMAND },
	{ "dnf", other_system },
	{ "dnf5", other_system },
	{ "dnf_config_manager", other_system },
	{ "dnf_module", other_system },
	{ "dnf_versionlock", other_system },
	{ "docker_compose", BY_COMMAND },
	{ "docker_container", BY_COMMAND },
	{ "docker_image", BY_COMMAND },
	{ "docker_network", BY_COMMAND },
	{ "dpkg_selections", "use apt-packages with 'hold: yes'" },
	{ "expect", BY_COMMAND },
	{ "filesystem", BY_COMMAND },
	{ "firewalld", BY_COMMAND },
	{ "flatpak", BY_COMMAND },
	{ "gem", BY_COMMAND },
	{ "git_config", BY_COMMAND },
	{ "group_by", "write the groups into the inventory" },
	{ "homebrew", other_system },
	{ "homebrew_cask", other_system },
	{ "homebrew_tap", other_system },
	{ "htpasswd", BY_COMMAND },
	{ "include", "use import_tasks or include_tasks" },
	{ "interfaces_file", "use network" },
	{ "iptables", BY_COMMAND },
	{ "java_cert", BY_COMMAND },
	{ "kernel_blacklist", "copy a file to /etc/modprobe.d" },
	{ "known_hosts", "use ssh-keys: it also writes known_hosts" },
	{ "logrotate", "copy a file to /etc/logrotate.d" },
	{ "lvg", BY_COMMAND },
	{ "lvol", BY_COMMAND },
	{ "macports", other_system },
	{ "make", "use 'command: make -C DIRECTORY'" },
	{ "monit", BY_COMMAND },
	{ "mount_facts", "use 'command: findmnt --json' with register" },
	{ "mysql_db", BY_COMMAND },
	{ "mysql_user", BY_COMMAND },
	{ "nmcli", "use network" },
	{ "npm", BY_COMMAND },
	{ "openbsd_pkg", other_system },
	{ "openssh_keypair", "use ssh-keys with 'trust'" },
	{ "openssl_certificate", BY_COMMAND },
	{ "openssl_csr", BY_COMMAND },
	{ "openssl_privatekey", BY_COMMAND },
	{ "opkg", other_system },
	{ "pacman", other_system },
	{ "pam_limits", "copy a file to /etc/security/limits.d" },
	{ "parted", BY_COMMAND },
	{ "patch", BY_COMMAND },
	{ "pkg5", other_system },
	{ "pkgng", other_system },
	{ "pkgutil", other_system },
	{ "portage", other_system },
	{ "postgresql_db", BY_COMMAND },
	{ "postgresql_user", BY_COMMAND },
	{ "redhat_subscription", other_system },
	{ "rhsm_release", other_system },
	{ "rhsm_repository", other_system },
	{ "rpm_key", other_system },
	{ "seboolean", other_system },
	{ "sefcontext", other_system },
	{ "selinux", other_system },
	{ "selinux_permissive", other_system },
	{ "seport", other_system },
	{ "set_stats", "use debug to show the values" },
	{ "slackpkg", other_system },
	{ "snap", BY_COMMAND },
	{ "ssh_config", "use blockinfile or a template" },
	{ "subversion", BY_COMMAND },
	{ "sudoers", "copy a file to /etc/sudoers.d with 'validate: visudo -cf %s'" },
	{ "supervisorctl", BY_COMMAND },
	{ "swupd", other_system },
	{ "synchronize", "use file-sync" },
	{ "sysrc", other_system },
	{ "terraform", BY_COMMAND },
	{ "ufw", BY_COMMAND },
	{ "uri", "use 'command: curl …' with register" },
	{ "urpmi", other_system },
	{ "validate_argspec", "leave it out" },
	{ "xattr", BY_COMMAND },
	{ "xbps", other_system },
	{ "xml", "use lineinfile, or a template" },
	{ "yum", other_system },
	{ "yum_repository", other_system },
	{ "yum_versionlock", other_system },
	{ "zypper", other_system },
	{ "zypper_repository", other_system },
	{ NULL, NULL },
};

const struct later *later_find(const struct later *table, const char *name)
{
	static const struct later windows = { "win_*", other_system };

	if (table == later_modules && strncmp(name, "win_", strlen("win_")) == 0)
		return &windows;
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

bool later_never(const struct later *later)
{
	return later->instead == other_system;
}
