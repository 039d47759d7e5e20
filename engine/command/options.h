/* options: the command line of apply, under the names that Ansible's users type. */
#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include "base/arena.h"
#include "base/value.h"

#include <stdbool.h>

struct apply_options {
	struct value *inventories;       /* -i; lists of strings */
	struct value *extra;             /* -e, in order */
	struct value *tags;              /* NULL: none given */
	struct value *skip_tags;
	const char *limit;
	const char *user;
	const char *private_key;
	const char *become_user;
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
	unsigned verbosity;
	char **playbooks;                /* the rest of argv, ends with NULL */
};

/* 0, or -1 with a message already on stderr. */
int options_parse(struct arena *arena, int argc, char **argv, struct apply_options *ret_options);
void options_help(void);

#endif
