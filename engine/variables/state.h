/* state: what one run knows of its hosts. Private to variables.c and scope.c. */
#ifndef TEXT_VARIABLES_STATE_H
#define TEXT_VARIABLES_STATE_H

#include "base/lookup.h"
#include "variables/variables.h"

#include <stdint.h>

struct host_values {
	struct value *facts;        /* map of short names; NULL: not set yet */
	struct value *registered;   /* map; NULL: none */
	struct lookup told;         /* name → struct told, of promised ones */
	struct lookup expected;     /* name → struct expected */
	struct expected *all_expected;
};

/* What others see of it, the last one first. */
struct told {
	const struct told *before;
	struct value *value;
	int64_t turn;
};

/* What a host's own tasks see, while tasks that set it are under way. */
struct expected {
	struct expected *next;
	const char *name;
	struct value *value;
	unsigned tasks;             /* so many are under way; 0: it isn't expected any more */
};

struct variables {
	struct arena *arena;
	struct variables_options options;
	struct host_values *hosts;  /* by inventory index */
	size_t host_count;
	struct value *play_hosts, *play_hosts_all, *play_batch;
	struct value *groups;
	struct value *sources;
	struct lookup secret_names;
	struct lookup differing;         /* names of inventory variables that hosts don't share */
	bool compared;                   /* differing is known */
	struct lookup promised, perhaps;   /* by register, by set_fact */
	bool promised_any;
	struct value *given;             /* facts that tasks give, as keys; NULL: none */
	int64_t turn;
	bool early;
	const char *inventory_file;      /* or NULL */
	const char *inventory_directory; /* or NULL */
	struct lookup outputs;           /* command of a lookup → what it printed, a struct value */
	uint64_t generation;        /* goes up whenever something changes */
};

/* Never NULL; nothing in it for a host that nothing is known of. */
const struct host_values *variables_of(const struct variables *variables,
	const struct inventory_host *host);

/* What the host's own tasks see before it has come to that; NULL: nothing is under way. */
struct expected *variables_expected(const struct host_values *values, const char *name);
/* What others see of a promised name where it is their turn; NULL: it isn't set. */
struct value *variables_told(const struct variables *variables, const struct host_values *values,
	const char *name);
/* Whether some task of the text sets the name. */
bool variables_promised(const struct variables *variables, const char *name);

/* Before the names of facts that tasks give: no variable has such a name. */
#define GIVEN_PREFIX "ansible_facts."
/* Whether some task of the text gives a fact of that name. */
bool variables_given(const struct variables *variables, const char *name);

/* Whether beoplay.yml says that what has this name is secret. */
bool variables_is_secret(const struct variables *variables, const char *name);
/* A variable's value with its levels: what has a secret name is secret, and noted. May be a
 * copy. */
struct value *variables_leveled(const struct variables *variables, struct arena *arena,
	const char *name, struct value *value);

/* Whether hosts may each have another value of that name, or some have none: one that a task sets, a
 * fact, or a variable of the inventory that they don't all share. */
bool variables_differ(struct variables *variables, const char *name);

/* "hostname" of "ansible_hostname", "" of "ansible_facts"; NULL: it is no fact's name. */
const char *fact_name(const char *name);

#endif
