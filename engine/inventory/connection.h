/* connection: the variables by which Ansible reaches a host and becomes a user there: which of them
 * beoplay reads, and what to do instead of the others.
 *
 * They mean something wherever a host has variables (inventory, group_vars, host_vars, play, -e),
 * and never come from a node: no fact and no registered value counts as one. */
#ifndef TEXT_CONNECTION_H
#define TEXT_CONNECTION_H

#include "base/error.h"
#include "base/value.h"

#include <stdbool.h>

struct connection_variable {
	const char *name;
	const char *same;       /* another spelling of this one, which it is stronger than; NULL: none */
	int (*check)(const struct value_pair *pair, struct error *err);   /* NULL: anything goes */
	const char *instead;    /* not supported: what to do; NULL: it is honoured */
	bool of_tasks;          /* also of a single task or block */
	bool secret;            /* whatever beoplay.yml says */
};

/* Ends with one without a name. */
extern const struct connection_variable connection_variables[];

/* NULL: it is none. */
const struct connection_variable *connection_find(const char *name);

/* Values of connection, port and become_method, which keywords have, too. */
int connection_check_kind(const struct value_pair *pair, struct error *err);
int connection_check_port(const struct value_pair *pair, struct error *err);
int connection_check_method(const struct value_pair *pair, struct error *err);

/* Adds the names of variables of a map that are secret to a list, each once. */
void connection_secrets(struct arena *arena, const struct value *vars, struct value *names);

/* Whether a variable may be set; of_task: for a task or block alone. Also refuses names that are a
 * slip away from one of them. */
int connection_check(const struct value_pair *pair, bool of_task, struct error *err);

#endif
