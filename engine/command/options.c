/* options: the command line of apply, under the names that Ansible's users type. */
#include "command/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_PRIVATE_KEY = 256, OPTION_SKIP_TAGS, OPTION_LIST_HOSTS, OPTION_LIST_TASKS,
	OPTION_LIST_TAGS, OPTION_SYNTAX_CHECK, OPTION_JSON, OPTION_KNOWN_HOSTS, OPTION_ACCEPT,
	OPTION_OUTSIDE, OPTION_BECOME_USER, OPTION_VERSION, OPTION_NOT_YET, OPTION_PRUNE,
	OPTION_DISCARD, OPTION_AT, OPTION_TO, OPTION_COMMANDS, OPTION_LIVE, OPTION_RESUME, OPTION_LOCK_WAIT,
	OPTION_WITH_AFFECTED, OPTION_NO_OTHERS, OPTION_FORCE_HANDLERS,
};

static const struct option long_options[] = {
	{ "inventory", required_argument, NULL, 'i' },
	{ "inventory-file", required_argument, NULL, 'i' },
	{ "limit", required_argument, NULL, 'l' },
	{ "check", no_argument, NULL, 'C' },
	{ "diff", no_argument, NULL, 'D' },
	{ "force-handlers", no_argument, NULL, OPTION_FORCE_HANDLERS },
	{ "forks", required_argument, NULL, 'f' },
	{ "extra-vars", required_argument, NULL, 'e' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "user", required_argument, NULL, 'u' },
	{ "private-key", required_argument, NULL, OPTION_PRIVATE_KEY },
	{ "key-file", required_argument, NULL, OPTION_PRIVATE_KEY },
	{ "become", no_argument, NULL, 'b' },
	{ "become-user", required_argument, NULL, OPTION_BECOME_USER },
	{ "timeout", required_argument, NULL, 'T' },
	{ "tags", required_argument, NULL, 't' },
	{ "skip-tags", required_argument, NULL, OPTION_SKIP_TAGS },
	{ "list-hosts", no_argument, NULL, OPTION_LIST_HOSTS },
	{ "list-tasks", no_argument, NULL, OPTION_LIST_TASKS },
	{ "list-tags", no_argument, NULL, OPTION_LIST_TAGS },
	{ "syntax-check", no_argument, NULL, OPTION_SYNTAX_CHECK },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "known-hosts", required_argument, NULL, OPTION_KNOWN_HOSTS },
	{ "accept-new-host-keys", no_argument, NULL, OPTION_ACCEPT },
	{ "allow-outside", no_argument, NULL, OPTION_OUTSIDE },
	{ "prune", no_argument, NULL, OPTION_PRUNE },
	{ "discard-drift", no_argument, NULL, OPTION_DISCARD },
	{ "at", required_argument, NULL, OPTION_AT },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "output", required_argument, NULL, 'o' },
	{ "resume", no_argument, NULL, OPTION_RESUME },
	{ "lock-wait", required_argument, NULL, OPTION_LOCK_WAIT },
	{ "live", no_argument, NULL, OPTION_LIVE },
	{ "with-affected", no_argument, NULL, OPTION_WITH_AFFECTED },
	{ "no-others", no_argument, NULL, OPTION_NO_OTHERS },
	{ "with-commands", no_argument, NULL, OPTION_COMMANDS },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	/* What Ansible has and beoplay hasn't yet is refused by name. */
	{ "ask-pass", no_argument, NULL, OPTION_NOT_YET },
	{ "ask-become-pass", no_argument, NULL, OPTION_NOT_YET },
	{ "become-method", required_argument, NULL, OPTION_NOT_YET },
	{ "connection", required_argument, NULL, OPTION_NOT_YET },
	{ "ask-vault-pass", no_argument, NULL, OPTION_NOT_YET },
	{ "vault-password-file", required_argument, NULL, OPTION_NOT_YET },
	{ "vault-id", required_argument, NULL, OPTION_NOT_YET },
	{ "start-at-task", required_argument, NULL, OPTION_NOT_YET },
	{ "step", no_argument, NULL, OPTION_NOT_YET },
	{ "flush-cache", no_argument, NULL, OPTION_NOT_YET },
	{ "module-path", required_argument, NULL, OPTION_NOT_YET },
	{ "ssh-common-args", required_argument, NULL, OPTION_NOT_YET },
	{ "ssh-extra-args", required_argument, NULL, OPTION_NOT_YET },
	{ 0 },
};

void options_help(void)
{
	puts("usage: beoplay [apply] PLAYBOOK… [options]\n"
		"\n"
		"Makes the machines of an inventory be what the playbooks say. A plan that was saved with\n"
		"beoplay plan -o is applied in the same way.\n"
		"\n"
		"what\n"
		"  -i, --inventory PATH      inventory: a file, a directory, or \"host1,host2,\"\n"
		"                            (else inventory/ or inventory.yml beside the playbook or above)\n"
		"  -l, --limit PATTERN       only these of the playbook's hosts; @FILE: from a file\n"
		"      --with-affected       and then the others that would change, too (-l names them)\n"
		"      --no-others           contacts no host outside -l: what they last told is used\n"
		"  -t, --tags TAGS           only tasks with these tags\n"
		"      --skip-tags TAGS      no tasks with these tags\n"
		"  -e, --extra-vars VARS     variables: k=v, JSON, YAML, or @FILE\n"
		"how\n"
		"  -C, --check               a dry run: says what would change, changes nothing\n"
		"  -D, --diff                shows what changes in files\n"
		"      --at REV              an earlier text: a run of beoplay log, or a revision of your git\n"
		"      --prune               undoes what the text no longer has (every run names it)\n"
		"      --discard-drift       undoes also what somebody has changed since\n"
		"      --resume              goes on where the last run failed, host by host\n"
		"      --force-handlers      runs notified handlers also on hosts where a task failed\n"
		"      --lock-wait SECONDS   waits for another run to end on a host\n"
		"  -b, --become              works as root (or --become-user) through sudo\n"
		"      --become-user USER    becomes this user instead of root\n"
		"reaching the hosts\n"
		"  -u, --user USER           logs in as this user\n"
		"      --private-key FILE    with this key\n"
		"  -T, --timeout SECONDS     for reaching a host (10)\n"
		"  -f, --forks N             so many hosts connecting at once (all)\n"
		"      --known-hosts FILE    instead of ~/.ssh/known_hosts\n"
		"      --accept-new-host-keys  writes down the key of a host never seen before\n"
		"      --allow-outside       src may name files outside the playbook's directory\n"
		"output\n"
		"  -v, --verbose             more, -vv even more\n"
		"      --json                one event a line\n"
		"      --list-hosts, --list-tasks, --list-tags, --syntax-check\n"
		"                            contact no host\n"
		"  -h, --help    --version\n"
		"\n"
		"Exit codes: 0 done; 1 the text or the command line is wrong; 2 a host failed; 4 a host\n"
		"couldn't be reached; 6 both; 130 interrupted.");
}

static int usage(const char *format, const char *what)
{
	fputs("beoplay: ", stderr);
	fprintf(stderr, "%s%s", format, what);
	fputs("\nbeoplay --help shows the options\n", stderr);
	return -1;
}

static int parse_number(const char *name, const char *text, unsigned most, unsigned *ret_number)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (!*text || *end || text[0] == '-' || number < 1 || number > most) {
		fprintf(stderr, "beoplay: %s needs a number from 1 to %u, not '%s'\n", name, most, text);
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

static int take_option(struct arena *arena, int option, const char *given,
	struct apply_options *options)
{
	switch (option) {
	case 'i':
		value_append(arena, options->inventories, value_string(arena, optarg));
		return 0;
	case 'e':
		value_append(arena, options->extra, value_string(arena, optarg));
		return 0;
	case 'l':
		options->limit = optarg;
		return 0;
	case 'C':
		options->check = true;
		return 0;
	case 'D':
		options->diff = true;
		return 0;
	case 'f':
		return parse_number("--forks", optarg, 100000, &options->forks);
	case 'T':
		return parse_number("--timeout", optarg, 3600, &options->timeout);
	case 'v':
		options->verbosity++;
		return 0;
	case 'u':
		options->user = optarg;
		return 0;
	case 'b':
		options->become = true;
		return 0;
	case 't':
		split_commas(arena, optarg, &options->tags);
		return 0;
	case 'h':
		options->help = true;
		return 0;
	case OPTION_PRIVATE_KEY:
		options->private_key = optarg;
		return 0;
	case OPTION_BECOME_USER:
		options->become_user = optarg;
		return 0;
	case OPTION_SKIP_TAGS:
		split_commas(arena, optarg, &options->skip_tags);
		return 0;
	case OPTION_LIST_HOSTS:
		options->list_hosts = true;
		return 0;
	case OPTION_LIST_TASKS:
		options->list_tasks = true;
		return 0;
	case OPTION_LIST_TAGS:
		options->list_tags = true;
		return 0;
	case OPTION_SYNTAX_CHECK:
		options->syntax_check = true;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_KNOWN_HOSTS:
		options->known_hosts = optarg;
		return 0;
	case OPTION_ACCEPT:
		options->accept_new_host_keys = true;
		return 0;
	case OPTION_OUTSIDE:
		options->allow_outside = true;
		return 0;
	case OPTION_PRUNE:
		options->prune = true;
		return 0;
	case OPTION_DISCARD:
		options->discard_drift = true;
		return 0;
	case OPTION_AT:
		options->at = optarg;
		return 0;
	case OPTION_TO:
		options->to = optarg;
		return 0;
	case 'o':
		options->output = optarg;
		return 0;
	case OPTION_RESUME:
		options->resume = true;
		return 0;
	case OPTION_LOCK_WAIT:
		return parse_number("--lock-wait", optarg, 86400, &options->lock_wait);
	case OPTION_WITH_AFFECTED:
		options->with_affected = true;
		return 0;
	case OPTION_NO_OTHERS:
		options->no_others = true;
		return 0;
	case OPTION_FORCE_HANDLERS:
		options->force_handlers = true;
		return 0;
	case OPTION_LIVE:
		options->live = true;
		return 0;
	case OPTION_COMMANDS:
		options->with_commands = true;
		return 0;
	case OPTION_VERSION:
		options->version = true;
		return 0;
	case OPTION_NOT_YET:
		return usage("not supported yet: ", given);
	case ':':
		return usage("a value is missing after ", given);
	default:
		return usage("unknown option ", given);
	}
}

int options_parse(struct arena *arena, int argc, char **argv, struct apply_options *ret_options)
{
	int option;

	*ret_options = (struct apply_options){
		.inventories = value_list(arena), .extra = value_list(arena), .timeout = 10,
	};
	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":i:l:CDf:e:vu:bT:t:o:h", long_options, NULL)) != -1) {
		if (take_option(arena, option, argv[optind - 1], ret_options) < 0)
			return -1;
	}
	ret_options->playbooks = argv + optind;
	if (!*ret_options->playbooks && !ret_options->help && !ret_options->version)
		return usage("which playbook? ", "");
	return 0;
}
