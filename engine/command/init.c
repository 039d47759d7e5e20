/* init: a new project, from machines as their installer left them. */
#include "command/init.h"

#include "base/quote.h"
#include "command/command.h"
#include "command/passphrase.h"
#include "command/passwords.h"
#include "command/playing.h"
#include "fleet/ssh.h"
#include "inventory/inventory.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOSTS_MOST = 4096 };

static void help(void)
{
	puts("usage: beoplay init DIRECTORY --hosts A,B,C [--user USER] [options]\n"
		"\n"
		"Makes a project for machines as their installer left them: asks for what it needs (do\n"
		"you know these host keys? the password?), puts your key there, finds out how the user\n"
		"becomes root, and writes inventory, playbooks and beoplay.yml into the directory.\n");
	options_print(OPTIONS_INIT);
}

static int usage(const char *what, const char *remedy)
{
	fprintf(stderr, "beoplay: %s\n  → %s\n", what, remedy);
	return -1;
}

/* --- Who is meant --- */

/* "10.0.0.1", "node1", "node1:2222" */
static void add_host(struct init *init, const char *word)
{
	const char *colon = strchr(word, ':');
	struct init_host *host = ARENA_PUSH(init->arena, &init->hosts, &init->count);
	unsigned long port = colon && !strchr(colon + 1, ':') ? strtoul(colon + 1, NULL, 10) : 0;

	host->given = port > 0 && port < 65536 ? arena_bytes(init->arena, word, (size_t)(colon - word))
		: word;
	host->port = port < 65536 ? (unsigned)port : 0;
	host->name = word;
}

static int read_hosts(struct init *init, struct error *err)
{
	struct value *words = value_list(init->arena);

	for (size_t i = 0; i < init->options->new_hosts->count; i++) {
		char *text = arena_string(init->arena, value_text(init->options->new_hosts->items[i]));
		char *left;
		int depth = 0;

		/* Commas inside of brackets belong to a range. */
		for (char *at = text; *at; at++) {
			depth += (*at == '[') - (*at == ']');
			if (*at == ',' && depth == 0)
				*at = '\n';
		}
		for (char *word = strtok_r(text, "\n", &left); word; word = strtok_r(NULL, "\n", &left)) {
			if (inventory_expand(init->arena, word, (struct place){0}, words, err) < 0)
				return -1;
		}
	}
	for (size_t i = 0; i < words->count; i++) {
		bool twice = false;

		for (size_t k = 0; k < i; k++)
			twice = twice || strcmp(value_text(words->items[i]), value_text(words->items[k])) == 0;
		if (value_text(words->items[i])[0] == '-' || words->count > HOSTS_MOST)
			return error_set(err, INVENTORY_INVALID_NAME, "'%s' is no host",
				value_text(words->items[i]));
		if (!twice)
			add_host(init, value_text(words->items[i]));
	}
	return 0;
}

static int prepare(struct init *init, struct error *err)
{
	struct passwords passwords;

	init->user = init->options->user ? init->options->user : ssh_local_user(init->arena);
	init->terminal = passphrase_terminal();
	if (init_check_folder(init, err) < 0 || read_hosts(init, err) < 0)
		return -1;
	if (passwords_get(init->options, &passwords, err) < 0)
		return -1;
	init->password = passwords.login;
	init->become_password = passwords.become;
	return 0;
}

static int find_key(struct init *init, struct error *err)
{
	if (identity_find(init->arena, init->options->private_key, &init->identity, err) < 0)
		return -1;
	if (init->identity.made)
		printf("You had no key: made %s (without a passphrase) and %s.pub.\n", init->identity.path,
			init->identity.path);
	return 0;
}

/* --- Telling --- */

static bool by_key(const struct init_host *host)
{
	return host->in && !host->by_password;
}

static bool by_password(const struct init_host *host)
{
	return host->by_password;
}

static bool by_itself(const struct init_host *host)
{
	return host->root && !host->way;
}

static bool by_way(const struct init_host *host, const char *name, bool asks)
{
	return host->root && host->way && strcmp(host->way->name, name) == 0 && host->asks == asks;
}

static bool by_sudo(const struct init_host *host)
{
	return by_way(host, "sudo", false);
}

static bool by_sudo_asking(const struct init_host *host)
{
	return by_way(host, "sudo", true);
}

static bool by_su(const struct init_host *host)
{
	return by_way(host, "su", true);
}

static void tell(const struct init *init, const char *what, init_holds *holds)
{
	const char *names = init_names(init, holds);

	if (names)
		printf("  %-34s %s\n", what, names);
}

/* Hosts with the same problem are named together. */
static void tell_problems(const struct init *init)
{
	for (size_t i = 0; i < init->count; i++) {
		const struct error *problem = init->hosts[i].problem;
		struct value *names = value_list(init->arena);
		bool told = false;

		for (size_t k = 0; problem && k < init->count; k++) {
			const struct error *other = init->hosts[k].problem;

			if (!other || strcmp(other->message, problem->message) != 0)
				continue;
			told = told || k < i;
			value_append(init->arena, names, value_string(init->arena, init->hosts[k].name));
		}
		if (!problem || told)
			continue;
		fprintf(stderr, "%s: %s: %s\n", init->hosts[i].in ? "no root" : "unreachable",
			report_fold(init->arena, names), quote_printable(init->arena, problem->message,
			strlen(problem->message), 0));
		if (*problem->remedy)
			fprintf(stderr, "    → %s\n", quote_printable(init->arena, problem->remedy,
				strlen(problem->remedy), 0));
	}
}

/* Copies of one system have the same machine-id. */
static void tell_twins(const struct init *init)
{
	for (size_t i = 0; i < init->count; i++) {
		const char *id = init->hosts[i].facts ? value_get_string(init->hosts[i].facts, "machine_id")
			: NULL;

		for (size_t k = 0; id && *id && k < i; k++) {
			const char *other = init->hosts[k].facts ? value_get_string(init->hosts[k].facts,
				"machine_id") : NULL;

			if (other && strcmp(id, other) == 0) {
				fprintf(stderr, "warning: %s and %s have the same machine-id: copies of one system, "
					"or one machine twice\n    → on a copy, as root: rm /etc/machine-id "
					"/etc/ssh/ssh_host_*; systemd-machine-id-setup; dpkg-reconfigure "
					"openssh-server\n", init->hosts[k].name, init->hosts[i].name);
				break;
			}
		}
	}
}

static void tell_found(const struct init *init)
{
	puts("The login:");
	tell(init, "with your key", by_key);
	tell(init, "with the password, until now", by_password);
	puts("Root:");
	tell(init, "is who logs in", by_itself);
	tell(init, "sudo, without a password", by_sudo);
	tell(init, "sudo, with the user's password", by_sudo_asking);
	tell(init, "su, with root's password", by_su);
	fflush(stdout);
	tell_problems(init);
}

/* --- What is done there --- */

static bool is_in(const struct init_host *host)
{
	return host->in;
}

static bool is_out(const struct init_host *host)
{
	return !host->in;
}

bool init_wants_rule(const struct init_host *host)
{
	return by_sudo_asking(host);
}

static int offer_sudoers(struct init *init, bool *ret_agreed, struct error *err)
{
	const char *names = init_names(init, init_wants_rule);

	*ret_agreed = false;
	if (!names || !init_plain_user(init->user))
		return 0;
	*ret_agreed = init->options->passwordless_sudo;
	if (*ret_agreed || !init->terminal)
		return 0;
	printf("sudo asks '%s' for a password on %s, so each run needs -K.\n"
		"A file %s would let it ask for none: whoever has your key is\n"
		"root there then.\n", init->user, names, init_rule_path(init));
	return init_agree("Shall it be written?", ret_agreed, err);
}

/* The names of some hosts as a limit. */
static const char *limit_of(const struct init *init, init_holds *holds)
{
	const char *limit = NULL;

	for (size_t i = 0; i < init->count; i++) {
		if (holds(&init->hosts[i]))
			limit = arena_printf(init->arena, "%s%s%s", limit ? limit : "", limit ? "," : "",
				init->hosts[i].name);
	}
	return limit;
}

/* The playbook access.yml, as anybody would apply it: shown, recorded, and undone by rollback. */
static int apply_access(struct init *init, bool sudoers)
{
	struct apply_options options = *init->options;
	const struct passwords passwords = { .login = init->password, .become = init->password };

	options.user = options.private_key = NULL;
	options.diff = true;
	if (init_names(init, is_out)) {
		options.no_others = true;
		options.limit = limit_of(init, is_in);
	}
	passwords_set(&passwords);
	printf("\nbeoplay %s/access.yml%s%s\n", init->folder, init_names(init, by_password) ? " -k" : "",
		sudoers ? " -K" : "");
	fflush(stdout);
	return playing_run(&options, arena_printf(init->arena, "%s/access.yml", init->folder), NULL,
		NULL);
}

static void tell_next(const struct init *init, bool sudoers)
{
	bool asks = false;

	for (size_t i = 0; i < init->count; i++)
		asks = asks || (init->hosts[i].asks && !(sudoers && init_wants_rule(&init->hosts[i])));
	printf("\nWritten: %s/inventory/hosts.yml, access.yml, site.yml and its programs, beoplay.yml\n",
		init->folder);
	if (init->identity.encrypted)
		printf("Your key %s has a passphrase: ssh-add it before each session.\n",
			init->identity.path);
	printf("Next: look at them, then\n  cd %s && beoplay site.yml --check --diff%s\n", init->folder,
		asks ? " -K" : "");
}

/* Without the slashes at its end. */
static size_t folder_size(const char *path)
{
	size_t size = strlen(path);

	while (size > 1 && path[size - 1] == '/')
		size--;
	return size;
}

static int begin(struct init *init, int *ret_code, struct error *err)
{
	bool sudoers;

	if (prepare(init, err) < 0 || init_reach(init, err) < 0 || init_root(init, err) < 0)
		return -1;
	tell_found(init);
	if (!init_names(init, is_in)) {
		*ret_code = EXIT_UNREACHABLE;
		return 0;
	}
	if (find_key(init, err) < 0 || init_look(init, err) < 0)
		return -1;
	tell_twins(init);
	if (offer_sudoers(init, &sudoers, err) < 0 || init_write(init, sudoers, err) < 0)
		return -1;
	*ret_code = apply_access(init, sudoers);
	if (init_names(init, is_out) && *ret_code != EXIT_INTERRUPTED && *ret_code != EXIT_TEXT)
		*ret_code |= EXIT_UNREACHABLE;
	tell_next(init, sudoers);
	return 0;
}

int command_init(int argc, char **argv)
{
	struct arena *arena = arena_new_wiped();
	struct apply_options options;
	struct init init = { .arena = arena, .options = &options };
	struct error err = {0};
	int code = EXIT_TEXT;

	if (options_parse(arena, OPTIONS_INIT, argc, argv, &options) < 0) {
		;
	} else if (options.help) {
		help();
		code = EXIT_GOOD;
	} else if (!options.playbooks[0] || options.playbooks[1]) {
		usage("init makes one directory", "beoplay init DIRECTORY --hosts A,B,C");
	} else if (options.new_hosts->count == 0) {
		usage("which machines?", "name them with --hosts A,B,C");
	} else {
		init.folder = arena_bytes(arena, options.playbooks[0], folder_size(options.playbooks[0]));
		playing_watch_signals();
		if (begin(&init, &code, &err) < 0) {
			code = err.kind == ERROR_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_TEXT;
			if (code != EXIT_INTERRUPTED)
				playing_complain(&err);
		}
	}
	arena_free(arena);
	return code;
}
