/* registry: every module there is, in alphabetical order, and how to find one by name. */
#include "module/module.h"

#include <string.h>

extern const struct module module_alternatives;
extern const struct module module_apt_packages;
extern const struct module module_apt_repository;
extern const struct module module_assert;
extern const struct module module_authorized_key;
extern const struct module module_blockinfile;
extern const struct module module_command;
extern const struct module module_copy;
extern const struct module module_cron;
extern const struct module module_deb822_repository;
extern const struct module module_debug;
extern const struct module module_fail;
extern const struct module module_fetch;
extern const struct module module_file;
extern const struct module module_file_sync;
extern const struct module module_find_files;
extern const struct module module_get_url;
extern const struct module module_getent;
extern const struct module module_git;
extern const struct module module_group;
extern const struct module module_hostname;
extern const struct module module_hosts;
extern const struct module module_include;
extern const struct module module_include_vars;
extern const struct module module_ini_file;
extern const struct module module_lineinfile;
extern const struct module module_locale_gen;
extern const struct module module_machine_id;
extern const struct module module_meta;
extern const struct module module_modprobe;
extern const struct module module_mount;
extern const struct module module_mpi_run;
extern const struct module module_mpi_run_build;
extern const struct module module_mpi_run_job;
extern const struct module module_mpi_run_place;
extern const struct module module_mpi_run_probe;
extern const struct module module_mpi_run_reach;
extern const struct module module_mpi_run_told;
extern const struct module module_network;
extern const struct module module_nfs_export;
extern const struct module module_nfs_mount;
extern const struct module module_other_system;
extern const struct module module_package_facts;
extern const struct module module_pause;
extern const struct module module_ping;
extern const struct module module_pip;
extern const struct module module_reboot;
extern const struct module module_replace;
extern const struct module module_script;
extern const struct module module_service;
extern const struct module module_service_facts;
extern const struct module module_set_fact;
extern const struct module module_setup;
extern const struct module module_shell;
extern const struct module module_slurp;
extern const struct module module_ssh_keys;
extern const struct module module_ssh_keys_pair;
extern const struct module module_ssh_keys_trust;
extern const struct module module_stat;
extern const struct module module_sysctl;
extern const struct module module_tempfile;
extern const struct module module_template;
extern const struct module module_timezone;
extern const struct module module_unarchive;
extern const struct module module_user;
extern const struct module module_wait_for;
extern const struct module module_wait_for_connection;

const struct module *const modules_all[] = {
	&module_alternatives,
	&module_apt_packages,
	&module_apt_repository,
	&module_assert,
	&module_authorized_key,
	&module_blockinfile,
	&module_command,
	&module_copy,
	&module_cron,
	&module_deb822_repository,
	&module_debug,
	&module_fail, &module_fetch,
	&module_file,
	&module_file_sync,
	&module_find_files,
	&module_get_url,
	&module_getent,
	&module_git,
	&module_group,
	&module_hostname,
	&module_hosts,
	&module_include,
	&module_include_vars,
	&module_ini_file,
	&module_lineinfile,
	&module_locale_gen,
	&module_machine_id,
	&module_meta,
	&module_modprobe,
	&module_mount,
	&module_mpi_run,
	&module_mpi_run_build,
	&module_mpi_run_job,
	&module_mpi_run_place,
	&module_mpi_run_probe,
	&module_mpi_run_reach,
	&module_mpi_run_told,
	&module_network,
	&module_nfs_export,
	&module_nfs_mount,
	&module_other_system,
	&module_package_facts,
	&module_pause,
	&module_ping,
	&module_pip,
	&module_reboot,
	&module_replace,
	&module_script,
	&module_service,
	&module_service_facts,
	&module_set_fact,
	&module_setup,
	&module_shell,
	&module_slurp,
	&module_ssh_keys,
	&module_ssh_keys_pair,
	&module_ssh_keys_trust,
	&module_stat,
	&module_sysctl,
	&module_tempfile,
	&module_template,
	&module_timezone,
	&module_unarchive,
	&module_user,
	&module_wait_for,
	&module_wait_for_connection,
	NULL,
};

/* The names of a module of another collection are among its aliases. */
static const char *without_prefix(const char *name)
{
	static const char *const prefixes[] = { "ansible.builtin.", "ansible.legacy." };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		size_t size = strlen(prefixes[i]);

		if (strncmp(name, prefixes[i], size) == 0)
			return name + size;
	}
	return name;
}

static bool same_name(const char *one, const char *other)
{
	for (; *one && *other; one++, other++) {
		if ((*one == '_' ? '-' : *one) != (*other == '_' ? '-' : *other))
			return false;
	}
	return *one == *other;
}

static bool module_is(const struct module *module, const char *name)
{
	if (same_name(module->name, name))
		return true;
	for (size_t i = 0; module->aliases && module->aliases[i]; i++) {
		if (same_name(module->aliases[i], name))
			return true;
	}
	return false;
}

const struct module *module_of_facts(void)
{
	return &module_setup;
}

const struct module *module_of_files(void)
{
	return &module_file;
}

const struct module *module_find(const char *name)
{
	name = without_prefix(name);
	for (size_t i = 0; modules_all[i]; i++) {
		if (module_is(modules_all[i], name))
			return modules_all[i];
	}
	return NULL;
}
