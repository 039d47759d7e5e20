/* variables: which value a name has, for a host, a play, a task, a loop item.
 *
 * Precedence as in Ansible, low to high: inventory groups and hosts (inventory.h merges these),
 * facts, play vars, vars_files, task vars, registered and set ones, extra vars, loop variable, magic
 * names. A
 * variable is filled in when it is used, in the scope that uses it; one that needs itself is an
 * error naming the chain. Facts and registered values are marked as data here. */
#ifndef TEXT_VARIABLES_H
#define TEXT_VARIABLES_H

#include "base/arena.h"
#include "base/error.h"
#include "base/secrets.h"
#include "base/value.h"
#include "inventory/inventory.h"
#include "playbook/play.h"
#include "source/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- One run ---------------------------------------------------------------------------------- */

struct variables_options {
	const struct inventory *inventory;
	const char *playbook_directory;   /* playbook_dir */
	const char *const *inventory_sources;   /* inventory_file, inventory_dir: of the first; ends
	                                           with NULL; may be NULL */
	struct value *extra;              /* map from -e, or NULL */
	const struct value *secret_names; /* list: variables, and keys inside of them, that are secret;
	                                     or NULL */
	struct source *source;            /* of files that lookups read; NULL: there are none */
	const char *folder;               /* from which paths are relative; NULL: the current directory */
	bool without_commands;            /* those of lookups don't run */
	struct secrets *secrets;          /* notes what has a level and is used; or NULL */
	/* Host → its connection variables, instead of all others under these names; NULL: no such. */
	const struct value *today;
	bool check;                       /* ansible_check_mode */
	bool diff;                        /* ansible_diff_mode */
	unsigned verbosity, forks;        /* ansible_verbosity, ansible_forks */
	const char *limit;                /* ansible_limit; or NULL */
	struct value *tags, *skip_tags;   /* ansible_run_tags, ansible_skip_tags; or NULL */
};

struct variables;

struct variables *variables_new(struct arena *arena, const struct variables_options *options);

/* One -e: "k=v k2='v 2'" (strings), JSON or YAML in { }, or @FILE. Merged into extra (a map). */
int variables_extra(struct arena *arena, struct source *source, const char *text,
	struct value *extra, struct error *err);

/* Sets all facts of a host: a map with the short names (hostname, architecture, default_ipv4).
 * Seen as ansible_facts.hostname and ansible_hostname. As long as a host's facts were not set,
 * these names are unknown ("the facts of HOST"). The map is copied and marked as data; what the
 * module's table hasn't, or not so, is left out (module_of_facts). */
void variables_set_facts(struct variables *variables, const struct inventory_host *host,
	const struct value *facts);
/* They are unknown again. */
void variables_clear_facts(struct variables *variables, const struct inventory_host *host);
bool variables_has_facts(const struct variables *variables, const struct inventory_host *host);

/* Whether a name, as expression_names gives it, is a fact (ansible_hostname, ansible_facts, …). */
bool variables_is_fact(const char *name);
/* Whether it is one that Ansible has, and beoplay doesn't. */
bool variables_is_ungathered(const char *name);

/* --- Names that tasks set: register and set_fact ---
 *
 * A host is told of many tasks at once, so its own tasks see such a name as soon as the task that
 * sets it is on its way (expected), while all others see it once it has come to that (registered).
 * What another host has, or hasn't, counts only when it is the turn of the task that asks, as all
 * hosts have come to it, and then as it was set by tasks of earlier turns. Before, a name of another
 * host that some task of the text sets (promised) is unknown. */
enum { TURN_NONE = -1 };

/* A task's result, or a variable that it set; it may be UNKNOWN. It stays for the rest of the run,
 * and is what the host itself sees as well, as soon as nothing more is expected under this name.
 * The value is copied. data: it came from a node. turn: of the task. */
void variables_register(struct variables *variables, const struct inventory_host *host,
	const char *name, const struct value *value, bool data, int64_t turn);
/* The same in two steps, so that several hosts have one copy. */
struct value *variables_keep(struct variables *variables, const struct value *value, bool data);
void variables_register_kept(struct variables *variables, const struct inventory_host *host,
	const char *name, struct value *kept, int64_t turn);
/* What the host's own tasks see from here on; each is ended by variables_register, or by
 * variables_passed where nothing came of it. */
void variables_expect(struct variables *variables, const struct inventory_host *host,
	const char *name, const struct value *value);
void variables_passed(struct variables *variables, const struct inventory_host *host,
	const char *name);
/* Drops what is expected of a host. */
void variables_expect_nothing(struct variables *variables, const struct inventory_host *host);
/* Drops all of this of all hosts, but what is promised. */
void variables_forget(struct variables *variables);
/* Some task of the text sets the name. NULL: one that isn't known before. surely: it does so
 * whatever its condition says, as register does. */
void variables_promise(struct variables *variables, const char *name, bool surely);
/* The same of a fact that some task of the text gives: it is weaker than what register and set_fact set,
 * and in ansible_facts, too. */
void variables_promise_fact(struct variables *variables, const char *name);
/* The name by which variables_expect, variables_register and variables_passed know such a fact. */
const char *variables_fact_key(struct arena *arena, const char *name);
/* The turn of the task that asks next; TURN_NONE: not all have come to it. */
void variables_set_turn(struct variables *variables, int64_t turn);
/* Whether what asks next may stand before the tasks that set what it reads: then a promised name of
 * the host itself is unknown, not undefined. */
void variables_set_early(struct variables *variables, bool early);

/* ansible_play_hosts, ansible_play_hosts_all, ansible_play_batch: lists of names. NULL: the same as
 * hosts. */
void variables_set_play_hosts(struct variables *variables, struct value *hosts, struct value *all,
	struct value *batch);

/* Notes the values of secret names wherever the text has them, also where none of them is used.
 * Names that nobody defines are added to ret_unknown (a list of strings). */
void variables_note_secrets(struct variables *variables, const struct playbook *playbook,
	struct value *ret_unknown);

/* --- One place where names are used ----------------------------------------------------------- */

struct scope;

/* host, play and task may be NULL: then their variables are not there. */
struct scope *scope_new(struct arena *arena, struct variables *variables,
	const struct inventory_host *host, const struct play *play, const struct task *task);
/* A scope without any of these, for tests and tools. */
struct scope *scope_empty(struct arena *arena);

/* The strongest layer: the loop's variable, and "item" alike. Not copied. */
void scope_set(struct scope *scope, const char *name, struct value *value);

/* The value, filled in deeply. A name that isn't defined: NULL, no error. */
int scope_get(struct arena *arena, struct scope *scope, const char *name,
	struct value **ret_value, struct error *err);
/* A variable that a task sets (see variables_expect), for what is filled in here alone. */
void scope_expect(struct scope *scope, const char *name, struct value *value);

/* A value with the levels that beoplay.yml gives to what has this name. May be a copy. */
struct value *scope_leveled(struct scope *scope, const char *name, struct value *value);

/* What names were looked up since this was asked the last time. */
enum scope_notes {
	SCOPE_DIFFERS = 1 << 0,    /* such as may mean something else for another host of the same play and
	                              task, or at another time */
	SCOPE_HEARS = 1 << 1,      /* facts of hosts by their names: for all the same, once they are there */
	SCOPE_COURSE = 1 << 2,     /* who is still in the play: for all the same at one time */
	SCOPE_SET = 1 << 3,        /* such as scope_set defines */
};
unsigned scope_notes(struct scope *scope);
/* Whether the task, its play or scope_set defines it: then hostvars sees another value. */
bool scope_sets(const struct scope *scope, const char *name);
/* As it is written, not filled in; NULL: not defined. */
const struct value *scope_raw(struct scope *scope, const char *name);
/* All names that are defined, for suggestions and hostvars. Appends strings. */
void scope_names(struct arena *arena, struct scope *scope, struct value *names);
/* The scope of another host, as hostvars sees it; NULL: no such host. */
struct scope *scope_of_host(struct arena *arena, struct scope *scope, const char *host);

/* Adds to names everything that filling in the value would read, also through variables: what
 * `register` names of earlier tasks, and facts, are needed. condition: it is a when. */
int scope_reads(struct arena *arena, struct scope *scope, const struct value *value,
	bool condition, struct value *names, struct error *err);

#endif
