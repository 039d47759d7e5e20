/* inventory: which hosts there are, in which groups, with which variables.
 *
 * Read from YAML or INI files, directories of them, and host lists ("h1,h2,"), together with
 * group_vars/ and host_vars/ beside each inventory and beside the playbook. Hosts keep the order in
 * which they are first written; that is the inventory order. The groups "all" and "ungrouped" are
 * always there. Values are as written: expressions are filled in when used (variables/variables.h).
 * Everything lives in the arena given to inventory_load and isn't changed afterwards. */
#ifndef TEXT_INVENTORY_H
#define TEXT_INVENTORY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "source/source.h"

#include <stdbool.h>
#include <stddef.h>

enum { INVENTORY_HOSTS_MOST = 100000 };

struct inventory;
struct inventory_group;

struct inventory_host {
	const char *name;
	struct place place;            /* where it is first written */
	size_t index;                  /* in inventory order, from 0 */
	struct value *vars;            /* map, all of its variables merged: inventory group vars (all <
	                                  parent < child), group_vars of the inventory and of the
	                                  playbook, host vars, host_vars; places kept */
	struct inventory_group **groups;   /* direct ones; once finished: all, weakest first; private */
	size_t group_count;
	struct value *own;             /* private while loading */
};

/* paths: what -i names, in order: files, directories, "h1,h2,". playbook_directory may be NULL. */
int inventory_load(struct arena *arena, struct source *source, const char *const *paths,
	size_t path_count, const char *playbook_directory, struct inventory **ret_inventory,
	struct error *err);

/* From here on a host counts as if it weren't written anywhere; nothing, if there is none. */
void inventory_leave_out(struct inventory *inventory, const char *name);

size_t inventory_host_count(const struct inventory *inventory);
struct inventory_host *inventory_host(const struct inventory *inventory, size_t index);
struct inventory_host *inventory_find(const struct inventory *inventory, const char *name);

/* Whether a host may have this name, or address. */
int inventory_check_host_name(const char *name, struct place place, struct error *err);

/* Names of all groups that the host is in, parents included, "all" not, sorted (group_names). */
struct value *inventory_groups_of(const struct inventory *inventory, struct arena *arena,
	const struct inventory_host *host);
/* Group name → list of host names in inventory order, with "all" and "ungrouped" (groups). */
struct value *inventory_groups(const struct inventory *inventory);
bool inventory_has_group(const struct inventory *inventory, const char *name);
/* Direct children, for `inventory --graph`; NULL: no such group. */
struct value *inventory_group_children(const struct inventory *inventory, const char *name);
/* The hosts of a group that are in none of its children, in inventory order. */
struct inventory_list inventory_group_hosts(const struct inventory *inventory, const char *name);

/* "node[1:3]" → node1 node2 node3; also [01:64:2], [a:f], [1-64,70], [001-003], several brackets. A
 * name without brackets gives itself. Appends strings to the list names. */
int inventory_expand(struct arena *arena, const char *name, struct place place,
	struct value *names, struct error *err);

/* --- Patterns ------------------------------------------------------------------------------------ */

struct inventory_list {
	struct inventory_host **hosts;   /* in inventory order, each once */
	size_t count;
};

/* The hosts of a pattern: names, groups, a:b and a,b (either), :&b (and), :!b (not), * ? globs,
 * ~regex (POSIX extended), group[0], group[-1], group[1:3] (both ends included), node[1-3] ranges.
 * A name that is no host and no group is an error with a suggestion; a pattern that is right but
 * matches nothing gives an empty list. place is of the pattern in a text, or zero. */
int inventory_match(const struct inventory *inventory, struct arena *arena, const char *pattern,
	struct place place, struct inventory_list *ret_list, struct error *err);

/* The same for -l, where "@FILE" is a file with a pattern on each line. */
int inventory_limit(const struct inventory *inventory, struct arena *arena, struct source *source,
	const char *pattern, struct inventory_list *ret_list, struct error *err);

/* Whether a pattern is well formed, without an inventory. */
int pattern_check(const char *pattern, struct place place, struct error *err);

#endif
