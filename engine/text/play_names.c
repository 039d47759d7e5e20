/* play_names: what a key in a playbook is, and what to say about one that means nothing. */
#include "text/play_build.h"

#include "base/suggest.h"

#include <string.h>

/* Ansible's, known and not supported yet. */

static const char *const later_play_keywords[] = {
	"become_exe", "become_flags", "collections", "debugger", "environment", "fact_path",
	"gather_subset", "gather_timeout", "ignore_unreachable", "import_playbook", "include",
	"max_fail_percentage", "module_defaults", "order", "roles", "run_once", "serial", "throttle",
	"timeout", "vars_prompt", NULL,
};

static const char *const later_task_keywords[] = {
	"action", "always", "any_errors_fatal", "async", "become_exe", "become_flags", "collections",
	"connection", "debugger", "delay", "delegate_facts", "delegate_to", "environment",
	"ignore_unreachable", "local_action", "module_defaults", "poll", "port", "remote_user",
	"rescue", "retries", "run_once", "throttle", "timeout", "until", NULL,
};

static const char *const later_modules[] = {
	"acl", "add_host", "alternatives", "apk", "apt", "apt_key", "apt_repository", "archive",
	"assemble", "assert", "async_status", "at", "authorized_key", "blockinfile", "capabilities",
	"command", "copy", "cron", "deb822_repository", "debconf", "debug", "dnf", "dnf5",
	"docker_compose", "docker_container", "docker_image", "docker_network", "dpkg_selections",
	"expect", "fail", "fetch", "file", "filesystem", "find", "firewalld", "flatpak", "gather_facts",
	"gem", "get_url", "getent", "git", "git_config", "group", "group_by", "homebrew", "hostname",
	"htpasswd", "import_role", "include", "include_role", "include_tasks", "include_vars",
	"ini_file", "interfaces_file", "iptables", "java_cert", "kernel_blacklist", "known_hosts",
	"lineinfile", "locale_gen", "logrotate", "lvg", "lvol", "make", "modprobe", "monit", "mount",
	"mount_facts", "mysql_db", "mysql_user", "nmcli", "npm", "openssh_keypair",
	"openssl_certificate", "openssl_csr", "openssl_privatekey", "opkg", "package",
	"package_facts", "pacman", "pam_limits", "parted", "patch", "pause", "ping", "pip",
	"postgresql_db", "postgresql_user", "raw", "reboot", "replace", "rpm_key", "script",
	"seboolean", "selinux", "service", "service_facts", "set_fact", "set_stats", "setup", "shell", "slurp",
	"snap", "ssh_config", "stat", "subversion", "sudoers", "supervisorctl", "synchronize", "sysctl",
	"systemd", "systemd_service", "sysvinit", "tempfile", "template", "terraform", "timezone",
	"ufw", "unarchive", "uri", "user", "validate_argspec", "wait_for", "wait_for_connection",
	"xattr", "xml", "yum", "yum_repository", "zypper", NULL,
};

/* Keys of a task that are no keyword with a value of its own and no module. */
static const char *const forms[] = { "block", "import_tasks", "meta", NULL };

static bool among(const char *const *words, const char *word)
{
	for (; *words; words++) {
		if (strcmp(*words, word) == 0)
			return true;
	}
	return false;
}

const struct keyword *keyword_find(const struct keyword *table, const char *name)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

const struct module *play_module(const struct play_reader *reader, const char *name)
{
	const struct module *module = reader->modules.find(name);

	return module && !(module->flags & MODULE_INTERNAL) ? module : NULL;
}

static void offer_words(struct suggestion *suggestion, const char *const *words)
{
	for (; words && *words; words++)
		suggest_offer(suggestion, *words);
}

static void offer_keywords(struct suggestion *suggestion, const struct keyword *table)
{
	for (; table->name; table++)
		suggest_offer(suggestion, table->name);
}

static void offer_modules(struct suggestion *suggestion, const struct play_reader *reader)
{
	for (const struct module *const *module = reader->modules.all; *module; module++) {
		if ((*module)->flags & MODULE_INTERNAL)
			continue;
		suggest_offer(suggestion, (*module)->name);
		offer_words(suggestion, (*module)->aliases);
	}
}

static const char *without_prefix(const char *name)
{
	static const char prefix[] = "ansible.builtin.";

	return strncmp(name, prefix, sizeof(prefix) - 1) == 0 ? name + sizeof(prefix) - 1 : name;
}

static int refuse_later(struct play_reader *reader, const struct value_pair *pair,
	const char *what)
{
	const char *dot = strrchr(pair->key, '.');

	error_at(reader->err, pair->place, "%s '%s' is not supported yet", what, pair->key);
	if (strcmp(without_prefix(pair->key), "include_tasks") == 0)
		return error_remedy(reader->err, "write import_tasks, which is");
	if (strncmp(pair->key, "with_", 5) == 0)
		return error_remedy(reader->err, "write it with loop");
	if (dot && play_module(reader, dot + 1))
		return error_remedy(reader->err, "there is a module '%s'", dot + 1);
	return -1;
}

/* "community.general.ufw" */
static bool in_a_collection(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && dot > name && strchr(dot + 1, '.') > dot + 1 && !strchr(name, ' ');
}

int task_refuse_key(struct play_reader *reader, const struct value_pair *pair)
{
	const char *name = without_prefix(pair->key);
	struct suggestion suggestion = { .word = name };

	if (among(later_task_keywords, pair->key) || strncmp(pair->key, "with_", 5) == 0)
		return refuse_later(reader, pair, "the keyword");
	if (among(later_modules, name) || (name == pair->key && in_a_collection(name)))
		return refuse_later(reader, pair, "the module");
	if (keyword_find(play_keywords, pair->key) || among(later_play_keywords, pair->key)) {
		error_at(reader->err, pair->place, "'%s' belongs to a play, not to a task", pair->key);
		return error_remedy(reader->err, "move it out of the task, to the play");
	}
	offer_modules(&suggestion, reader);
	offer_keywords(&suggestion, task_keywords);
	offer_words(&suggestion, forms);
	if (!suggestion.nearest) {
		offer_words(&suggestion, later_task_keywords);
		offer_words(&suggestion, later_modules);
	}
	error_at(reader->err, pair->place, "'%s' is neither a module nor a keyword of a task",
		pair->key);
	if (suggestion.nearest)
		return error_remedy(reader->err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(reader->err, "see what there is: beoplay doc");
}

int play_refuse_key(struct play_reader *reader, const struct value_pair *pair)
{
	struct suggestion suggestion = { .word = pair->key };

	if (among(later_play_keywords, without_prefix(pair->key)))
		return refuse_later(reader, pair, "the keyword");
	if (play_module(reader, pair->key) || keyword_find(task_keywords, pair->key) ||
		among(forms, without_prefix(pair->key)) || among(later_task_keywords, pair->key) ||
		among(later_modules, without_prefix(pair->key))) {
		error_at(reader->err, pair->place, "'%s' belongs to a task, not to a play", pair->key);
		return error_remedy(reader->err, "put it into the list under 'tasks'");
	}
	offer_keywords(&suggestion, play_keywords);
	if (!suggestion.nearest)
		offer_words(&suggestion, later_play_keywords);
	error_at(reader->err, pair->place, "a play has no keyword '%s'", pair->key);
	if (suggestion.nearest)
		return error_remedy(reader->err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(reader->err, "a play has hosts, vars, tasks, handlers and the like");
}
