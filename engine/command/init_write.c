/* init_write: the project that init leaves: inventory, playbooks, beoplay.yml. */
#include "command/init.h"

#include "base/quote.h"
#include "base/whole.h"
#include "command/command.h"
#include "command/example.h"
#include "command/passwords.h"
#include "command/playing.h"
#include "command/project.h"
#include "source/trust.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MOST = 63 };

static const char *const files[] = { "inventory/hosts.yml", "access.yml", "site.yml", "hello_cluster.c",
	"ring_cluster.c", "beoplay.yml", "inventory" };
enum { FILES = sizeof(files) / sizeof(files[0]) };

static const char *path_of(const struct init *init, const char *name)
{
	return arena_printf(init->arena, "%s/%s", init->folder, name);
}

/* The folder above, in which a new one is made. */
static int check_above(struct init *init, struct error *err)
{
	const char *slash = strrchr(init->folder, '/');
	const char *above = !slash ? "." : slash == init->folder ? "/" : arena_bytes(init->arena,
		init->folder, (size_t)(slash - init->folder));
	struct stat info;

	if (stat(above, &info) < 0)
		return error_errno(err, FILE_NOT_FOUND, "cannot look at '%s'", above);
	if (!S_ISDIR(info.st_mode))
		return error_set(err, FILE_WRONG_TYPE, "'%s' is no directory", above);
	if (access(above, W_OK) < 0)
		return error_errno(err, FILE_UNWRITABLE, "cannot write into '%s'", above);
	return trust_check(&info, above, geteuid(), true, err);
}

int init_check_folder(struct init *init, struct error *err)
{
	struct stat info;

	if (lstat(init->folder, &info) < 0)
		return errno == ENOENT ? check_above(init, err)
			: error_errno(err, FILE_UNREADABLE, "cannot look at '%s'", init->folder);
	if (stat(init->folder, &info) < 0 || !S_ISDIR(info.st_mode))
		return error_set(err, FILE_WRONG_TYPE, "'%s' is there, and no directory", init->folder);
	for (size_t i = 0; i < FILES; i++) {
		if (lstat(path_of(init, files[i]), &info) < 0)
			continue;
		error_set(err, CLI_INVALID_USAGE, "'%s' is there already: nothing is overwritten",
			path_of(init, files[i]));
		return error_remedy(err, "name a new directory; to add a machine, write a line into the "
			"inventory");
	}
	if (access(init->folder, W_OK) < 0)
		return error_errno(err, FILE_UNWRITABLE, "cannot write into '%s'", init->folder);
	if (stat(init->folder, &info) == 0 && trust_check(&info, init->folder, geteuid(), false, err) < 0)
		return -1;
	return check_above(init, err);
}

/* --- Facts --- */

static void add_quoted(struct buffer *out, const char *text)
{
	if (!text || !utf8_valid(text, strlen(text)))
		text = "";
	quote_yaml(out, text, strlen(text));
}

/* What is said in a comment: one line, whatever it is. */
static const char *shown(const struct init *init, const char *text)
{
	return text && *text ? quote_printable(init->arena, text, strlen(text), 0) : "?";
}

static const struct value *fact(const struct init_host *host, const char *name)
{
	return host->facts ? value_get(host->facts, name) : NULL;
}

static const char *fact_text(const struct init_host *host, const char *name)
{
	return value_text(fact(host, name));
}

static long long fact_number(const struct init_host *host, const char *name)
{
	const struct value *value = fact(host, name);

	return value && value->kind == VALUE_INTEGER ? (long long)value->integer : 0;
}

static const char *route_text(const struct init_host *host, const char *name)
{
	const struct value *route = fact(host, "default_ipv4");

	return route ? value_get_string(route, name) : NULL;
}

/* What a host needs to be reached, and nothing else. */
static void add_reaching(struct buffer *out, const struct init_host *host,
	const char *indent)
{
	buffer_printf(out, "%sansible_host: ", indent);
	add_quoted(out, host->given);
	if (host->port)
		buffer_printf(out, "\n%sansible_port: %u", indent, host->port);
	if (host->way && strcmp(host->way->name, "sudo") != 0)
		buffer_printf(out, "\n%sansible_become_method: %s", indent, host->way->name);
	buffer_add_char(out, '\n');
}

/* A text that only looks, in a folder that is gone behind. */
static int write_look(struct init *init, const char *folder, struct error *err)
{
	static const char play[] = "- hosts: all\n  tasks:\n"
		"    - debug: {msg: \"{{ ansible_machine }}\"}\n";
	struct buffer text = {0};
	int result = 0;

	buffer_add_string(&text, "all:\n  vars:\n    ansible_user: ");
	add_quoted(&text, init->user);
	buffer_add_string(&text, "\n  hosts:\n");
	for (size_t i = 0; i < init->count; i++) {
		if (!init->hosts[i].in)
			continue;
		buffer_printf(&text, "    h%zu:\n", i);
		add_reaching(&text, &init->hosts[i], "      ");
	}
	if (whole_replace(arena_printf(init->arena, "%s/inventory.yml", folder), text.data, text.size,
			0600, false) < 0 || whole_replace(arena_printf(init->arena, "%s/look.yml", folder), play,
			sizeof(play) - 1, 0600, false) < 0)
		result = error_errno(err, FILE_UNWRITABLE, "cannot write into '%s'", folder);
	buffer_free(&text);
	return result;
}

static void remove_look(struct init *init, const char *folder)
{
	unlink(arena_printf(init->arena, "%s/inventory.yml", folder));
	unlink(arena_printf(init->arena, "%s/look.yml", folder));
	rmdir(folder);
}

int init_look(struct init *init, struct error *err)
{
	struct apply_options options = *init->options;
	const char *above = getenv("TMPDIR");
	char *folder = arena_printf(init->arena, "%s/beoplay-init.XXXXXX", above ? above : "/tmp");
	const struct value *facts = NULL, *outcome = NULL;
	int code = 0;

	if (!mkdtemp(folder))
		return error_errno(err, FILE_UNWRITABLE, "cannot make '%s'", folder);
	options.inventories = value_list(init->arena);
	value_append(init->arena, options.inventories, value_printf(init->arena, "%s/inventory.yml",
		folder));
	options.user = NULL;
	passwords_set(&(struct passwords){ .login = init->password });
	if (write_look(init, folder, err) == 0)
		code = playing_facts(init->arena, &options, arena_printf(init->arena, "%s/look.yml", folder),
			&facts, &outcome);
	remove_look(init, folder);
	if (err->kind)
		return -1;
	if (code == EXIT_INTERRUPTED)
		return error_set(err, RUN_INTERRUPTED, "interrupted");
	for (size_t i = 0; facts && i < init->count; i++) {
		const struct value *told = value_get(facts, arena_printf(init->arena, "h%zu", i));

		init->hosts[i].facts = told ? value_get(told, "facts") : NULL;
	}
	return 0;
}

/* --- Names --- */

/* The first label of a name that may be one. */
static const char *label_of(const struct init *init, const char *name)
{
	size_t size = name ? strcspn(name, ".") : 0;

	if (size == 0 || size > NAME_MOST || !isalpha((unsigned char)name[0]))
		return NULL;
	for (size_t i = 0; i < size; i++) {
		if (!isalnum((unsigned char)name[i]) && name[i] != '-')
			return NULL;
	}
	return arena_bytes(init->arena, name, size);
}

/* What installers call each machine says nothing. */
static bool is_usual(const char *name)
{
	static const char *const usual[] = { "debian", "localhost", "raspberrypi", "all", "ungrouped",
		"cluster" };

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (strcasecmp(name, usual[i]) == 0)
			return true;
	}
	return false;
}

/* Names that were given stay; else each machine's own, if they tell them apart; else head, node1,
 * … */
static void choose_names(struct init *init)
{
	const char **names = arena_array(init->arena, init->count + 1, sizeof(*names));
	bool good = true;

	for (size_t i = 0; i < init->count; i++) {
		const struct init_host *host = &init->hosts[i];

		names[i] = label_of(init, host->given);
		if (!names[i])
			names[i] = label_of(init, fact_text(host, "hostname"));
		good = good && names[i] && !is_usual(names[i]);
		for (size_t k = 0; good && k < i; k++)
			good = strcasecmp(names[i], names[k]) != 0;
	}
	for (size_t i = 0; i < init->count; i++)
		init->hosts[i].name = good ? names[i] : i == 0 ? "head"
			: arena_printf(init->arena, "node%zu", i);
}

/* --- The files --- */

static void add_host(struct buffer *out, const struct init *init, const struct init_host *host)
{
	const char *interface = route_text(host, "interface"), *mac = route_text(host, "macaddress");
	const char *manager = fact_text(host, "network_configured_by");

	buffer_printf(out, "    %s:\n", host->name);
	if (!host->in) {
		buffer_printf(out, "      # not reached: %s\n", shown(init, host->problem
			? host->problem->message : NULL));
	} else if (host->facts) {
		buffer_printf(out, "      # %s, %lld cores, %lld MB, %s %s\n", shown(init, fact_text(host,
			"architecture")), fact_number(host, "processor_vcpus"), fact_number(host,
			"memtotal_mb"), shown(init, fact_text(host, "distribution")), shown(init,
			fact_text(host, "distribution_version")));
		buffer_printf(out, "      # %s %s%s; machine-id %s\n", shown(init, interface),
			manager && *manager ? "is configured by " : "has no configuration that beoplay knows",
			manager && *manager ? shown(init, manager) : "", shown(init, fact_text(host,
			"machine_id")));
	}
	if (host->in && !host->root)
		buffer_printf(out, "      # nobody becomes root yet: %s\n", shown(init, host->problem
			? host->problem->message : NULL));
	add_reaching(out, host, "      ");
	if (interface && mac) {
		buffer_add_string(out, "      interface: ");
		add_quoted(out, interface);
		buffer_add_string(out, "\n      mac: ");
		add_quoted(out, mac);
		buffer_add_char(out, '\n');
	}
}

static void make_inventory(struct buffer *out, const struct init *init)
{
	buffer_add_string(out, "# The machines. ansible_host is where beoplay reaches one; the order is that "
		"of the\n# cluster, its head first. To add one, write it below, and apply site.yml again.\n"
		"cluster:\n  vars:\n    ansible_user: ");
	add_quoted(out, init->user);
	if (init->options->private_key) {
		buffer_add_string(out, "\n    ansible_ssh_private_key_file: ");
		add_quoted(out, init->options->private_key);
	}
	buffer_add_string(out, "\n  hosts:\n");
	for (size_t i = 0; i < init->count; i++)
		add_host(out, init, &init->hosts[i]);
}

static void make_access(struct buffer *out, const struct init *init, bool sudoers)
{
	buffer_add_string(out, "# How you get in: with your key instead of a password");
	buffer_add_string(out, sudoers ? ", and to root without one.\n" : ".\n");
	buffer_add_string(out, "- name: The way in\n  hosts: cluster\n  tasks:\n"
		"    - name: Your key opens the login\n      ssh-keys:\n        user: ");
	add_quoted(out, init->user);
	buffer_add_string(out, "\n        authorized: [");
	add_quoted(out, init->identity.public_key);
	buffer_add_string(out, "]\n");
	if (!sudoers)
		return;
	buffer_add_string(out, "\n- name: Root\n  hosts: [");
	for (size_t i = 0, count = 0; i < init->count; i++) {
		if (init_wants_rule(&init->hosts[i]))
			buffer_printf(out, "%s%s", count++ ? ", " : "", init->hosts[i].name);
	}
	buffer_printf(out, "]\n  tasks:\n"
		"    - name: %s becomes root without a password\n      become: yes\n"
		"      copy:\n        dest: %s\n"
		"        content: \"%s ALL=(ALL:ALL) NOPASSWD: ALL\\n\"\n        mode: '0440'\n"
		"        validate: /usr/sbin/visudo -cf %%s\n", init->user, init_rule_path(init),
		init->user);
}

static void make_project(struct buffer *out, const struct init *init)
{
	buffer_add_string(out, "# This is a beoplay project. Its name in the ledgers of the machines:\n"
		"project: ");
	add_quoted(out, project_folder_name(init->arena, init->folder));
	buffer_add_string(out, "\n"
		"# secrets: [db_password]   # variables that are printed and recorded nowhere\n");
}

static int write_file(struct init *init, const char *name, struct buffer *text, struct error *err)
{
	const char *path = path_of(init, name);
	int result = whole_replace(path, text->data, text->size, 0644, false);

	if (result < 0)
		error_errno(err, FILE_UNWRITABLE, "cannot write '%s'", path);
	buffer_free(text);
	*text = (struct buffer){0};
	return result;
}

static int make_folder(const char *path, struct error *err)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return error_errno(err, FILE_UNWRITABLE, "cannot make '%s'", path);
	return 0;
}

int init_write(struct init *init, bool sudoers, struct error *err)
{
	struct buffer text = {0};

	choose_names(init);
	if (make_folder(init->folder, err) < 0 || make_folder(path_of(init, "inventory"), err) < 0)
		return -1;
	make_inventory(&text, init);
	if (write_file(init, "inventory/hosts.yml", &text, err) < 0)
		return -1;
	make_access(&text, init, sudoers);
	if (write_file(init, "access.yml", &text, err) < 0)
		return -1;
	for (const struct example_file *file = example_files; file->name; file++) {
		buffer_add(&text, file->bytes, (size_t)(file->end - file->bytes));
		if (write_file(init, file->name, &text, err) < 0)
			return -1;
	}
	make_project(&text, init);
	return write_file(init, "beoplay.yml", &text, err);
}

const char *init_rule_path(const struct init *init)
{
	char *path = arena_printf(init->arena, "/etc/sudoers.d/beoplay-%s", init->user);

	for (char *at = path + strlen("/etc/sudoers.d/"); *at; at++) {
		if (*at == '.')
			*at = '_';
	}
	return path;
}

bool init_plain_user(const char *user)
{
	size_t size = strspn(user, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

	return size > 0 && user[size] == '\0' && isalpha((unsigned char)user[0])
		&& strcasecmp(user, "ALL") != 0;
}
