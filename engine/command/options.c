/* options: the command line of the commands that run a playbook, under the names that Ansible's
 * users type. */
#include "command/options.h"
#include "command/playing.h"

#include "base/suggest.h"
#include "inventory/connection.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	APPLY = OPTIONS_APPLY, PLAN = OPTIONS_PLAN, BACK = OPTIONS_ROLLBACK, STATUS = OPTIONS_STATUS,
	INIT = OPTIONS_INIT, REPLACE = OPTIONS_REPLACE, RETIRE = OPTIONS_RETIRE,
	RUNS = APPLY | PLAN | BACK, ALL = RUNS | STATUS, EACH = ALL | RETIRE, REACH = EACH | INIT,
	FIRST_KEY = 256,   /* of options without a letter, by row */
	ROWS_MOST = 96,
};

#define AT(field) offsetof(struct apply_options, field)
#define BY_SSH_CONFIG "write the options into ~/.ssh/config"

const struct option_row option_rows[] = {
	{ "hosts", 0, OPTION_LIST, AT(new_hosts), "HOSTS", INIT,
		"set up these machines: addresses or names, comma-separated;\n"
		"ranges: 10.0.0.[1:9]", 0 },
	{ "passwordless-sudo", 0, OPTION_FLAG, AT(passwordless_sudo), NULL, INIT,
		"let the login user become root without a password, without asking", 0 },
	{ "inventory", 'i', OPTION_LIST, AT(inventories), "PATH", EACH | REPLACE,
		"inventory: a file, a directory, or \"host1,host2,\"\n"
		"(default: inventory/ or inventory.yml in the playbook's directory or above)", 0 },
	{ "inventory-file", 0, OPTION_LIST, AT(inventories), "PATH", EACH | REPLACE, NULL, 0 },
	{ "limit", 'l', OPTION_TEXT, AT(limit), "PATTERN", ALL,
		"limit the run to these hosts; @FILE reads patterns from a file", 0 },
	{ "with-affected", 0, OPTION_FLAG, AT(with_affected), NULL, APPLY | PLAN,
		"then also apply to the other hosts that would change", 0 },
	{ "no-others", 0, OPTION_FLAG, AT(no_others), NULL, RUNS,
		"contact no host outside -l; use what they last reported", 0 },
	{ "tags", 't', OPTION_TAGS, AT(tags), "TAGS", ALL, "run only tasks with these tags", 0 },
	{ "skip-tags", 0, OPTION_TAGS, AT(skip_tags), "TAGS", ALL, "skip tasks with these tags", 0 },
	{ "start-at-task", 0, OPTION_TEXT, AT(start_at_task), "NAME", APPLY | PLAN,
		"start at the first task with this name", 0 },
	{ "extra-vars", 'e', OPTION_LIST, AT(extra), "VARS", EACH,
		"set variables: k=v, JSON, YAML, or @FILE", 0 },
	{ "output", 'o', OPTION_TEXT, AT(output), "FILE", PLAN, "save the plan to FILE", 0 },
	{ "to", 0, OPTION_TEXT, AT(to), "REV", BACK,
		"go back to this run, by its number or hash in beoplay log; 'nothing'\n"
		"undoes everything that this playbook ever did", 0 },
	{ "gone", 0, OPTION_FLAG, AT(gone), NULL, RETIRE,
		"the machine is dead or lost: only take it from the others", 0 },
	{ "live", 0, OPTION_FLAG, AT(live), NULL, STATUS,
		"also show drift from the playbook, as a diff", 0 },
	{ "check", 'C', OPTION_FLAG, AT(check), NULL, RUNS | RETIRE,
		"dry run: show what would change, without changing anything", 0 },
	{ "diff", 'D', OPTION_FLAG, AT(diff), NULL, RUNS | RETIRE, "show what changes in files", 0 },
	{ "at", 0, OPTION_TEXT, AT(at), "REV", APPLY | PLAN,
		"apply an earlier text: a run of beoplay log, or a revision of your git", 0 },
	{ "prune", 0, OPTION_FLAG, AT(prune), NULL, APPLY | PLAN,
		"undo what is no longer in the playbook (every run lists it)", 0 },
	{ "discard-drift", 0, OPTION_FLAG, AT(discard_drift), NULL, RUNS | RETIRE,
		"also undo what somebody has changed since", 0 },
	{ "with-commands", 0, OPTION_FLAG, AT(with_commands), NULL, BACK,
		"also run the commands and jobs of the old text again", 0 },
	{ "resume", 0, OPTION_FLAG, AT(resume), NULL, APPLY,
		"resume at the failed task, host by host", 0 },
	{ "force-handlers", 0, OPTION_FLAG, AT(force_handlers), NULL, RUNS,
		"run notified handlers even on hosts where a task failed", 0 },
	{ "lock-wait", 0, OPTION_NUMBER, AT(lock_wait), "SECONDS", RUNS | RETIRE,
		"wait this long for another run to finish on a host", 86400 },
	{ "become", 'b', OPTION_FLAG, AT(become), NULL, EACH,
		"run tasks as root (or --become-user)", 0 },
	{ "become-user", 0, OPTION_TEXT, AT(become_user), "USER", EACH,
		"become this user instead of root", 0 },
	{ "become-method", 0, OPTION_TEXT, AT(become_method), "METHOD", EACH,
		"use sudo (the default), su with root's password, or doas", 0 },
	{ "ask-become-pass", 'K', OPTION_FLAG, AT(ask_become_pass), NULL, REACH,
		"ask for the password that sudo or su requires", 0 },
	{ "become-password-file", 0, OPTION_TEXT, AT(become_password_file), "FILE", REACH,
		"read it from the first line of FILE, or of what FILE, a program, prints", 0 },
	{ "become-pass-file", 0, OPTION_TEXT, AT(become_password_file), "FILE", REACH, NULL, 0 },
	{ "user", 'u', OPTION_TEXT, AT(user), "USER", REACH | REPLACE, "log in as this user", 0 },
	{ "ask-pass", 'k', OPTION_FLAG, AT(ask_pass), NULL, REACH,
		"ask for the login password, for hosts that accept none of your keys", 0 },
	{ "connection-password-file", 0, OPTION_TEXT, AT(password_file), "FILE", REACH,
		"read it from the first line of FILE, or of what FILE, a program, prints", 0 },
	{ "password-file", 0, OPTION_TEXT, AT(password_file), "FILE", REACH, NULL, 0 },
	{ "conn-pass-file", 0, OPTION_TEXT, AT(password_file), "FILE", REACH, NULL, 0 },
	{ "ask-vault-pass", 'J', OPTION_FLAG, AT(ask_vault_pass), NULL, EACH,
		"ask for the password of what ansible-vault has encrypted", 0 },
	{ "ask-vault-password", 0, OPTION_FLAG, AT(ask_vault_pass), NULL, EACH, NULL, 0 },
	{ "vault-password-file", 0, OPTION_LIST, AT(vault_password_files), "FILE", EACH,
		"read it from the first line of FILE, or of what FILE, a program, prints;\n"
		"several are tried in turn", 0 },
	{ "vault-pass-file", 0, OPTION_LIST, AT(vault_password_files), "FILE", EACH, NULL, 0 },
	{ "vault-id", 0, OPTION_LIST, AT(vault_ids), "ID", EACH,
		"the same as ansible-vault names it: LABEL@FILE, or LABEL@prompt to be asked", 0 },
	{ "private-key", 0, OPTION_TEXT, AT(private_key), "FILE", REACH | REPLACE,
		"log in with this private key", 0 },
	{ "key-file", 0, OPTION_TEXT, AT(private_key), "FILE", REACH | REPLACE, NULL, 0 },
	{ "timeout", 'T', OPTION_NUMBER, AT(timeout), "SECONDS", REACH | REPLACE,
		"wait this long for a host and its agent to answer (default: 10)", 3600 },
	{ "task-timeout", 0, OPTION_NUMBER, AT(task_timeout), "SECONDS", APPLY | BACK,
		"let a task that says no 'timeout' take at most this long (default: any)", 10000000 },
	{ "forks", 'f', OPTION_NUMBER, AT(forks), "N", REACH | REPLACE,
		"connect to at most N hosts at a time (default: all)", 100000 },
	{ "known-hosts", 0, OPTION_TEXT, AT(known_hosts), "FILE", REACH | REPLACE,
		"use FILE instead of ~/.ssh/known_hosts", 0 },
	{ "accept-new-host-keys", 0, OPTION_FLAG, AT(accept_new_host_keys), NULL, REACH | REPLACE,
		"accept and save the key of a host never seen before", 0 },
	{ "allow-outside", 0, OPTION_FLAG, AT(allow_outside), NULL, EACH,
		"let playbooks read files outside the project", 0 },
	{ "verbose", 'v', OPTION_COUNT, AT(verbosity), NULL, EACH,
		"show returned values and the codes of errors", 0 },
	{ "json", 0, OPTION_FLAG, AT(json), NULL, RUNS, "print one JSON event per line", 0 },
	{ "list-hosts", 0, OPTION_FLAG, AT(list_hosts), NULL, APPLY,
		"list the hosts, without contacting any", 0 },
	{ "list-tasks", 0, OPTION_FLAG, AT(list_tasks), NULL, APPLY,
		"list the tasks, without contacting any host", 0 },
	{ "list-tags", 0, OPTION_FLAG, AT(list_tags), NULL, APPLY,
		"list the tags, without contacting any host", 0 },
	{ "syntax-check", 0, OPTION_FLAG, AT(syntax_check), NULL, APPLY,
		"only check the playbooks for mistakes", 0 },
	{ "help", 'h', OPTION_FLAG, AT(help), NULL, REACH | REPLACE, "show this help", 0 },
	{ "version", 'V', OPTION_FLAG, AT(version), NULL, APPLY, "show the version", 0 },
	/* What Ansible has and beoplay hasn't yet is refused by name. */
	{ "connection", 'c', OPTION_REFUSED, 0, "KIND", ALL,
		"set 'connection: local' in the play, or ansible_connection in the inventory", 0 },
	{ "step", 0, OPTION_REFUSED, 0, NULL, ALL,
		"preview the run with --check --diff, or with beoplay plan", 0 },
	{ "flush-cache", 0, OPTION_REFUSED, 0, NULL, ALL,
		"drop it: facts are gathered in each run", 0 },
	{ "module-path", 'M', OPTION_REFUSED, 0, "PATH", ALL,
		"drop it; beoplay doc lists the modules", 0 },
	{ "ssh-common-args", 0, OPTION_REFUSED, 0, "ARGS", ALL, BY_SSH_CONFIG, 0 },
	{ "ssh-extra-args", 0, OPTION_REFUSED, 0, "ARGS", ALL, BY_SSH_CONFIG, 0 },
	{ "scp-extra-args", 0, OPTION_REFUSED, 0, "ARGS", ALL, BY_SSH_CONFIG, 0 },
	{ "sftp-extra-args", 0, OPTION_REFUSED, 0, "ARGS", ALL, BY_SSH_CONFIG, 0 },
	{ 0 },
};

static const struct { unsigned command; const char *name; } commands[] = {
	{ APPLY, "apply" }, { PLAN, "plan" }, { BACK, "rollback" }, { STATUS, "status" },
	{ INIT, "init" }, { REPLACE, "replace" }, { RETIRE, "retire" },
};

/* --- Saying --- */

static void print_row(const struct option_row *row)
{
	char begin[64], letter[8] = "    ";
	const char *help = row->help;

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(begin, sizeof(begin), "  %s--%s%s%s", letter, row->name, row->value ? " " : "",
		row->value ? row->value : "");
	printf("%-28s", begin);
	while (*help) {
		int size = (int)strcspn(help, "\n");

		printf("%s%.*s\n", strlen(begin) > 27 && help == row->help ? "  " : "", size, help);
		help += size + (help[size] == '\n');
		if (*help)
			printf("%28s", "");
	}
}

void options_print(enum options_of command)
{
	puts("options");
	for (const struct option_row *row = option_rows; row->name; row++) {
		if (row->kind != OPTION_REFUSED && row->help && (row->commands & command))
			print_row(row);
	}
}

void options_help(void)
{
	puts("usage: beoplay [apply] PLAYBOOK… [options]\n"
		"\n"
		"Bring the inventory's machines into the state that the playbooks describe. A plan\n"
		"saved with beoplay plan -o is applied in the same way.\n");
	options_print(OPTIONS_APPLY);
	puts("\nExit codes: 0 done; 1 error in the playbook, the inventory or the command line; 2 a\n"
		"host failed; 4 a host couldn't be reached; 6 both; 130 interrupted.");
}

static int usage(const char *what, const char *given, const char *remedy)
{
	struct error err = {0};

	error_set(&err, CLI_INVALID_USAGE, "%s%s", what, given);
	error_remedy(&err, "%s", remedy);
	playing_complain(&err);
	return -1;
}

/* --- Reading --- */

struct reading {
	struct arena *arena;
	enum options_of command;
	struct apply_options *options;
};

static void *field(const struct reading *reading, const struct option_row *row)
{
	return (char *)reading->options + row->offset;
}

static int parse_number(const struct option_row *row, const char *text, unsigned *ret_number)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (!*text || *end || text[0] == '-' || number < 1 || number > row->most) {
		fprintf(stderr, "beoplay: --%s needs a number from 1 to %u, not '%s'\n", row->name,
			row->most, text);
		return -1;
	}
	*ret_number = (unsigned)number;
	return 0;
}

static void split_commas(struct arena *arena, const char *text, struct value **list)
{
	if (!*list)
		*list = value_list(arena);
	while (*text) {
		size_t size = strcspn(text, ",");

		if (size > 0)
			value_append(arena, *list, value_bytes(arena, text, size));
		text += size + (text[size] == ',');
	}
}

static const char *shown(const struct reading *reading, const struct option_row *row)
{
	return row->letter ? arena_printf(reading->arena, "--%s (-%c)", row->name, row->letter)
		: arena_printf(reading->arena, "--%s", row->name);
}

/* "--live is an option of beoplay status" */
static int refuse_elsewhere(const struct reading *reading, const struct option_row *row)
{
	const char *names = "", *own = "";
	unsigned left = row->commands;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].command == reading->command)
			own = commands[i].name;
		if (!(row->commands & commands[i].command))
			continue;
		left &= ~commands[i].command;
		names = arena_printf(reading->arena, "%s%s%s", names, !*names ? "" : left ? ", " : " and ",
			commands[i].name);
	}
	return usage(arena_printf(reading->arena, "beoplay %s has no option ", own),
		shown(reading, row), arena_printf(reading->arena, "%s %s it", names,
		strchr(names, ' ') ? "have" : "has"));
}

static int take_row(const struct reading *reading, const struct option_row *row)
{
	const char **text = field(reading, row);

	if (row->kind == OPTION_REFUSED)
		return usage("not supported yet: ", shown(reading, row), row->help);
	if (!(row->commands & reading->command))
		return refuse_elsewhere(reading, row);
	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)field(reading, row) = true;
		return 0;
	case OPTION_TEXT:
		if (*text && row->offset == AT(limit))
			return usage("-l is given twice: ", optarg, "combine them: -l A,B");
		*text = optarg;
		return 0;
	case OPTION_LIST:
		value_append(reading->arena, *(struct value **)field(reading, row),
			value_string(reading->arena, optarg));
		return 0;
	case OPTION_TAGS:
		split_commas(reading->arena, optarg, field(reading, row));
		return 0;
	case OPTION_NUMBER:
		return parse_number(row, optarg, field(reading, row));
	case OPTION_COUNT:
		(*(unsigned *)field(reading, row))++;
		return 0;
	case OPTION_REFUSED:
		break;
	}
	return -1;
}

static int unknown_option(const struct reading *reading, const char *given)
{
	struct suggestion suggestion = { .word = given + strspn(given, "-") };
	const char *remedy = "beoplay --help lists the options";

	if (optopt >= FIRST_KEY)
		return usage(given, " takes no value", remedy);
	if (optopt)
		return usage("unknown option ", arena_printf(reading->arena, "-%c", optopt), remedy);
	for (const struct option_row *row = option_rows; row->name; row++) {
		if (row->kind != OPTION_REFUSED && (row->commands & reading->command))
			suggest_offer(&suggestion, row->name);
	}
	if (suggestion.nearest)
		remedy = arena_printf(reading->arena, "did you mean --%s?", suggestion.nearest);
	return usage("unknown option ", given, remedy);
}

/* For getopt: each row is its letter, or a number of its own. */
static void make_tables(struct option *longs, char *letters)
{
	*letters++ = ':';
	for (int i = 0; option_rows[i].name; i++) {
		const struct option_row *row = &option_rows[i];

		longs[i] = (struct option){ row->name, row->value ? required_argument : no_argument,
			NULL, FIRST_KEY + i };
		if (row->letter)
			*letters++ = row->letter;
		if (row->letter && row->value)
			*letters++ = ':';
	}
	*letters = '\0';
}

static const struct option_row *row_of(int key)
{
	const struct option_row *row = option_rows;

	if (key >= FIRST_KEY)
		return &option_rows[key - FIRST_KEY];
	while (row->name && row->letter != key)
		row++;
	return row;
}

/* What makes sense only together with another option. */
static int check_together(const struct reading *reading)
{
	const struct apply_options *options = reading->options;
	const struct value_pair method = { .key = "become-method", .value = options->become_method
		? value_string(reading->arena, options->become_method) : NULL };
	struct error err = {0};

	if (options->become_method && connection_check_method(&method, &err) < 0)
		return usage(err.message, "", err.remedy);
	if (options->ask_pass && options->password_file)
		return usage("-k and --connection-password-file exclude each other", "", "leave one out");
	if (options->ask_become_pass && options->become_password_file)
		return usage("-K and --become-password-file exclude each other", "", "leave one out");
	if (options->discard_drift && reading->command != OPTIONS_ROLLBACK && !options->prune)
		return usage("--discard-drift is about what is undone", "", "give --prune with it");
	if (options->with_affected && options->no_others)
		return usage("--with-affected and --no-others exclude each other", "", "leave one out");
	if (options->json && (options->list_hosts || options->list_tasks || options->list_tags))
		return usage("lists are not supported yet with --json", "", "leave --json out");
	if ((options->with_affected || options->no_others) && !options->limit)
		return usage("", options->with_affected ? "--with-affected is about hosts outside -l"
			: "--no-others is about hosts outside -l", "name the hosts with -l");
	return 0;
}

int options_first_word(int argc, char **argv)
{
	struct option longs[ROWS_MOST] = {{0}};
	char letters[2 * ROWS_MOST + 1] = "+";

	make_tables(longs, letters + 1);
	optind = 0;
	opterr = 0;
	while (getopt_long(argc, argv, letters, longs, NULL) != -1)
		;
	return optind;
}

int options_parse(struct arena *arena, enum options_of command, int argc, char **argv,
	struct apply_options *ret_options)
{
	const struct reading reading = { arena, command, ret_options };
	struct option longs[ROWS_MOST] = {{0}};
	char letters[2 * ROWS_MOST];
	int key;

	*ret_options = (struct apply_options){
		.inventories = value_list(arena), .extra = value_list(arena),
		.new_hosts = value_list(arena), .vault_password_files = value_list(arena),
		.vault_ids = value_list(arena), .timeout = 10,
	};
	make_tables(longs, letters);
	optind = 0;
	opterr = 0;
	while ((key = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (key == '?')
			return unknown_option(&reading, argv[optind - 1]);
		if (key == ':')
			return usage("a value is missing after ", argv[optind - 1],
				"beoplay --help lists the options");
		if (take_row(&reading, row_of(key)) < 0)
			return -1;
	}
	ret_options->playbooks = argv + optind;
	if (ret_options->help || ret_options->version)
		return 0;
	if (command == OPTIONS_INIT || command == OPTIONS_REPLACE)
		return 0;
	if (!*ret_options->playbooks && command != OPTIONS_STATUS)
		return usage("no playbook given", "", "beoplay --help shows how");
	return check_together(&reading);
}
