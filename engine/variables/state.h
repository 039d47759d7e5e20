/* state: what one run knows of its hosts. Private to variables.c and scope.c. */
#ifndef TEXT_VARIABLES_STATE_H
#define TEXT_VARIABLES_STATE_H

#include "base/lookup.h"
#include "variables/variables.h"

#include <stdint.h>

struct host_values {
	struct value *facts;        /* map of short names; NULL: not set yet */
	struct value *registered;   /* map; NULL: none */
};

struct variables {
	struct arena *arena;
	struct variables_options options;
	struct host_values *hosts;  /* by inventory index */
	size_t host_count;
	struct value *play_hosts, *play_hosts_all;
	struct value *groups;
	struct value *sources;
	struct lookup secret_names;
	const char *inventory_file;      /* or NULL */
	const char *inventory_directory; /* or NULL */
	uint64_t generation;        /* goes up whenever something changes */
};

/* Never NULL; nothing in it for a host that nothing is known of. */
const struct host_values *variables_of(const struct variables *variables,
	const struct inventory_host *host);

/* Whether beoplay.yml says that what has this name is secret. */
bool variables_is_secret(const struct variables *variables, const char *name);
/* A variable's value with its levels: what has a secret name is secret, and noted. May be a
 * copy. */
struct value *variables_leveled(const struct variables *variables, struct arena *arena,
	const char *name, struct value *value);

/* "hostname" of "ansible_hostname", "" of "ansible_facts"; NULL: it is no fact's name. */
const char *fact_name(const char *name);

#endif
