/* options: the command line of the commands that run a playbook, under the names that Ansible's
 * users type.
 *
 * One table says of each option which of these commands have it; parsing, help, the man page's and
 * the completion's test all go by it. */
#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include "base/arena.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>

struct apply_options {
	struct value *inventories;       /* -i; lists of strings */
	struct value *extra;             /* -e, in order */
	struct value *tags;              /* NULL: none given */
	struct value *skip_tags;
	const char *start_at_task;       /* a pattern; NULL: none given */
	const char *limit;
	const char *without;             /* a host that counts as if it weren't in the inventory; or NULL */
	const char *user;
	const char *private_key;
	const char *become_user;
	const char *become_method;
	const char *password_file, *become_password_file;
	bool ask_pass, ask_become_pass;
	bool passwordless_sudo;
	bool gone;
	struct value *vault_password_files, *vault_ids;   /* lists of strings */
	bool ask_vault_pass;
	struct value *new_hosts;         /* of init: lists with commas */
	const char *known_hosts;
	bool become;
	bool check;
	bool diff;
	bool json;
	bool accept_new_host_keys;
	bool allow_outside;
	bool prune;
	bool discard_drift;
	bool with_commands;
	bool live;
	bool resume;
	bool force_handlers;
	bool with_affected;
	bool no_others;
	unsigned lock_wait;              /* seconds */
	const char *at, *to;             /* revisions; NULL: none given */
	const char *output;              /* of plan; NULL: none */
	bool list_hosts;
	bool list_tasks;
	bool list_tags;
	bool syntax_check;
	bool help;
	bool version;
	unsigned forks;                  /* 0: all */
	unsigned timeout;                /* seconds */
	unsigned task_timeout;           /* the same */
	unsigned verbosity;
	char **playbooks;                /* the rest of argv, ends with NULL */
};

/* Whose command line it is. */
enum options_of {
	OPTIONS_APPLY = 1 << 0,
	OPTIONS_PLAN = 1 << 1,
	OPTIONS_ROLLBACK = 1 << 2,
	OPTIONS_STATUS = 1 << 3,
	OPTIONS_INIT = 1 << 4,
	OPTIONS_REPLACE = 1 << 5,
	OPTIONS_RETIRE = 1 << 6,
};

enum option_kind {
	OPTION_FLAG, OPTION_TEXT, OPTION_LIST, OPTION_TAGS, OPTION_NUMBER, OPTION_COUNT, OPTION_REFUSED,
};

struct option_row {
	const char *name;                /* without dashes */
	char letter;                     /* 0: none */
	enum option_kind kind;
	size_t offset;                   /* of its value in struct apply_options */
	const char *value;               /* what its value is called; NULL: it has none */
	unsigned commands;               /* options_of; all that have it */
	const char *help;                /* NULL: another spelling of the one before; REFUSED: what to do */
	unsigned most;                   /* of a NUMBER */
};

extern const struct option_row option_rows[];   /* ends with one without a name */

/* Of a whole command line: where its first word is that is no option, nor the value of one. */
int options_first_word(int argc, char **argv);
/* 0, or -1 with a message already on stderr. Only of status playbooks may be empty. */
int options_parse(struct arena *arena, enum options_of command, int argc, char **argv,
	struct apply_options *ret_options);
void options_help(void);
/* Prints the options that a command has. */
void options_print(enum options_of command);

#endif
