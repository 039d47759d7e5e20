/* connection: the variables by which Ansible reaches a host and becomes a user there. */
#include "inventory/connection.h"

#include "base/suggest.h"
#include "module/params.h"
#include "expression/expression.h"

#include <string.h>

static struct place place_of(const struct value_pair *pair)
{
	return pair->value->place.line > 0 ? pair->value->place : pair->place;
}

static int check_word(const struct value_pair *pair, struct error *err)
{
	if ((pair->value->kind == VALUE_STRING && pair->value->size > 0)
			|| pair->value->kind == VALUE_INTEGER)
		return 0;
	return error_at(err, INVENTORY_INVALID_VALUE, place_of(pair), "'%s' must be a string that "
		"isn't empty, not %s", pair->key, pair->value->kind == VALUE_STRING ? "an empty one"
		: value_kind_name(pair->value));
}

int connection_check_kind(const struct value_pair *pair, struct error *err)
{
	static const char *const kinds[] = { "ssh", "local", "smart" };

	if (check_word(pair, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (value_text(pair->value) && strcmp(value_text(pair->value), kinds[i]) == 0)
			return 0;
	}
	error_at(err, INVENTORY_UNSUPPORTED, place_of(pair), "the connection '%s' is not supported yet",
		value_text(pair->value) ? value_text(pair->value) : "");
	return error_remedy(err, "there are ssh and local");
}

int connection_check_port(const struct value_pair *pair, struct error *err)
{
	int64_t port;

	if (param_integer(pair->value, &port, err) < 0)
		return error_place(err, place_of(pair));
	if (port < 1 || port > 65535)
		return error_at(err, INVENTORY_INVALID_VALUE, place_of(pair), "'%s' is a port, from 1 to "
			"65535", pair->key);
	return 0;
}

static int check_truth(const struct value_pair *pair, struct error *err)
{
	bool truth;

	return param_bool(pair->value, &truth, err) < 0 ? error_place(err, place_of(pair)) : 0;
}

int connection_check_method(const struct value_pair *pair, struct error *err)
{
	static const char *const methods[] = { "sudo", "ansible.builtin.sudo", "su",
		"ansible.builtin.su", "doas", "community.general.doas" };
	const char *method = value_text(pair->value);

	for (size_t i = 0; method && i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(method, methods[i]) == 0)
			return 0;
	}
	error_at(err, INVENTORY_UNSUPPORTED, place_of(pair), "the become_method '%s' is not supported "
		"yet", method ? method : value_kind_name(pair->value));
	return error_remedy(err, "there are sudo, su and doas");
}

void connection_secrets(struct arena *arena, const struct value *vars, struct value *names)
{
	for (const struct connection_variable *one = connection_variables; one->name; one++) {
		bool known = !one->secret || !value_get(vars, one->name);

		for (size_t i = 0; !known && i < names->count; i++)
			known = strcmp(value_text(names->items[i]), one->name) == 0;
		if (!known)
			value_append(arena, names, value_string(arena, one->name));
	}
}

#define BY_PASSWORD "write ansible_become_password"
#define BY_SSH_CONFIG "write the options into ~/.ssh/config, for this host"
#define BY_BECOME "write ansible_become and ansible_become_user"
#define BY_TIMEOUT "use -T SECONDS on the command line"
#define BY_KNOWN_HOSTS "use --accept-new-host-keys for the first contact"
#define NO_NEED "leave it out: beoplay has no need of it"
#define NO_FILES "leave it out: no such files are made on the host"
#define ONLY_SSH "there are only the connections ssh and local"

const struct connection_variable connection_variables[] = {
	{ .name = "ansible_connection", .check = connection_check_kind },
	{ .name = "ansible_host", .check = check_word },
	{ .name = "ansible_ssh_host", .same = "ansible_host", .check = check_word },
	{ .name = "ansible_port", .check = connection_check_port },
	{ .name = "ansible_ssh_port", .same = "ansible_port", .check = connection_check_port },
	{ .name = "ansible_user", .check = check_word },
	{ .name = "ansible_ssh_user", .same = "ansible_user", .check = check_word },
	{ .name = "ansible_private_key_file", .check = check_word },
	{ .name = "ansible_ssh_private_key_file", .same = "ansible_private_key_file",
		.check = check_word },
	{ .name = "ansible_become", .check = check_truth, .of_tasks = true },
	{ .name = "ansible_become_user", .check = check_word, .of_tasks = true },
	{ .name = "ansible_become_method", .check = connection_check_method },
	{ .name = "ansible_password", .check = check_word, .secret = true },
	{ .name = "ansible_ssh_pass", .same = "ansible_password", .check = check_word, .secret = true },
	{ .name = "ansible_ssh_password", .same = "ansible_password", .check = check_word,
		.secret = true },
	{ .name = "ansible_become_password", .check = check_word, .secret = true },
	{ .name = "ansible_become_pass", .same = "ansible_become_password", .check = check_word,
		.secret = true },
	{ .name = "ansible_group_priority", .check = check_word },
	/* Ways of Ansible to the same end: nothing changes with them. */
	{ .name = "ansible_python_interpreter", .of_tasks = true },
	{ .name = "ansible_pipelining", .of_tasks = true },
	{ .name = "ansible_ssh_pipelining", .of_tasks = true },
	/* What would make a difference is refused. */
	{ .name = "ansible_sshpass_prompt", .instead = "leave it out: there is no sshpass" },
	{ .name = "ansible_sudo_pass", .instead = BY_PASSWORD },
	{ .name = "ansible_become_exe", .instead = "leave it out: it is the sudo in the PATH" },
	{ .name = "ansible_become_flags", .instead = "leave it out: sudo has the flags that it needs" },
	{ .name = "ansible_sudo", .instead = BY_BECOME },
	{ .name = "ansible_sudo_user", .instead = BY_BECOME },
	{ .name = "ansible_sudo_exe", .instead = BY_BECOME },
	{ .name = "ansible_sudo_flags", .instead = BY_BECOME },
	{ .name = "ansible_su", .instead = BY_BECOME },
	{ .name = "ansible_su_user", .instead = BY_BECOME },
	{ .name = "ansible_su_pass", .instead = BY_PASSWORD },
	{ .name = "ansible_su_exe", .instead = BY_BECOME },
	{ .name = "ansible_su_flags", .instead = BY_BECOME },
	{ .name = "ansible_ssh_args", .instead = BY_SSH_CONFIG },
	{ .name = "ansible_ssh_common_args", .instead = BY_SSH_CONFIG },
	{ .name = "ansible_ssh_extra_args", .instead = BY_SSH_CONFIG },
	{ .name = "ansible_scp_extra_args", .instead = BY_SSH_CONFIG },
	{ .name = "ansible_sftp_extra_args", .instead = BY_SSH_CONFIG },
	{ .name = "ansible_ssh_executable", .instead = NO_NEED },
	{ .name = "ansible_scp_executable", .instead = NO_NEED },
	{ .name = "ansible_sftp_executable", .instead = NO_NEED },
	{ .name = "ansible_ssh_transfer_method", .instead = NO_NEED },
	{ .name = "ansible_scp_if_ssh", .instead = NO_NEED },
	{ .name = "ansible_sftp_batch_mode", .instead = NO_NEED },
	{ .name = "ansible_control_path", .instead = NO_NEED },
	{ .name = "ansible_control_path_dir", .instead = NO_NEED },
	{ .name = "ansible_ssh_use_tty", .instead = NO_NEED },
	{ .name = "ansible_pkcs11_provider", .instead = BY_SSH_CONFIG },
	{ .name = "ansible_ssh_retries", .instead = "leave it out, and apply again with --resume" },
	{ .name = "ansible_ssh_reconnection_retries", .instead =
		"leave it out, and apply again with --resume" },
	{ .name = "ansible_timeout", .instead = BY_TIMEOUT },
	{ .name = "ansible_ssh_timeout", .instead = BY_TIMEOUT },
	{ .name = "ansible_connect_timeout", .instead = BY_TIMEOUT },
	{ .name = "ansible_command_timeout", .instead = BY_TIMEOUT },
	{ .name = "ansible_host_key_checking", .instead = BY_KNOWN_HOSTS },
	{ .name = "ansible_ssh_host_key_checking", .instead = BY_KNOWN_HOSTS },
	{ .name = "ansible_host_key_auto_add", .instead = BY_KNOWN_HOSTS },
	{ .name = "ansible_shell_type", .instead = "leave it out: nodes have a POSIX shell" },
	{ .name = "ansible_shell_executable", .instead = "name the shell in the task: executable of shell" },
	{ .name = "ansible_executable", .instead = "name the shell in the task: executable of shell" },
	{ .name = "ansible_remote_tmp", .instead = NO_FILES },
	{ .name = "ansible_remote_temp", .instead = NO_FILES },
	{ .name = "ansible_system_tmpdirs", .instead = NO_FILES },
	{ .name = "ansible_async_dir", .instead = NO_FILES },
	{ .name = "ansible_keep_remote_files", .instead = NO_FILES },
	{ .name = "ansible_admin_users", .instead = NO_NEED },
	{ .name = "ansible_common_remote_group", .instead = NO_NEED },
	{ .name = "ansible_shell_allow_world_readable_temp", .instead = NO_NEED },
	{ .name = "ansible_no_target_syslog", .instead = NO_NEED },
	{ .name = "ansible_remote_addr", .instead = "write ansible_host" },
	{ .name = "ansible_network_os", .instead = ONLY_SSH },
	{ 0 },
};

/* Those of connections that aren't there. */
static const char *const other_connections[] = { "ansible_chroot_", "ansible_docker_",
	"ansible_httpapi_", "ansible_incus_", "ansible_jail_", "ansible_kubectl_", "ansible_libssh_",
	"ansible_libvirt_", "ansible_lxc_", "ansible_lxd_", "ansible_netconf_", "ansible_network_cli_",
	"ansible_oc_", "ansible_paramiko_", "ansible_persistent_", "ansible_podman_", "ansible_psrp_",
	"ansible_winrm_", "ansible_aws_ssm_", NULL };

const struct connection_variable *connection_find(const char *name)
{
	const struct connection_variable *variable = connection_variables;

	if (strncmp(name, "ansible_", 8) != 0)
		return NULL;
	for (; variable->name; variable++) {
		if (strcmp(variable->name, name) == 0)
			return variable;
	}
	return NULL;
}

static int refuse(const struct value_pair *pair, const char *instead, struct error *err)
{
	error_at(err, INVENTORY_UNSUPPORTED, pair->place, "the variable '%s' is not supported yet",
		pair->key);
	return error_remedy(err, "%s", instead);
}

/* "ansible_usr": Ansible would pass over it without a word. */
static int check_spelling(const struct value_pair *pair, struct error *err)
{
	const struct connection_variable *near = NULL;

	for (size_t i = 0; other_connections[i]; i++) {
		if (strncmp(pair->key, other_connections[i], strlen(other_connections[i])) == 0)
			return refuse(pair, ONLY_SSH, err);
	}
	for (const struct connection_variable *one = connection_variables; one->name; one++) {
		if (suggest_slip(pair->key, one->name) && (!near || (near->instead && !one->instead)))
			near = one;
	}
	if (!near)
		return 0;
	error_at(err, INVENTORY_UNKNOWN_VARIABLE, pair->place, "no variable of Ansible's is called "
		"'%s'", pair->key);
	return error_remedy(err, "did you mean '%s'? A variable of your own needs another name",
		near->name);
}

int connection_check(const struct value_pair *pair, bool of_task, struct error *err)
{
	const struct connection_variable *variable = connection_find(pair->key);

	if (strncmp(pair->key, "ansible_", 8) != 0)
		return 0;
	if (!variable)
		return check_spelling(pair, err);
	if (variable->instead)
		return refuse(pair, variable->instead, err);
	if (of_task && !variable->of_tasks) {
		error_at(err, INVENTORY_MISPLACED_VARIABLE, pair->place, "'%s' can't be set for a task "
			"alone", pair->key);
		return error_remedy(err, "a host is reached in one way: set it for the host, or for the play");
	}
	if (!variable->check || expression_inside(pair->value))
		return 0;
	return variable->check(pair, err);
}
