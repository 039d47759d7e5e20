/* build: how the readers of inventory files fill an inventory. Private to inventory/ and playbook/. */
#ifndef TEXT_INVENTORY_BUILD_H
#define TEXT_INVENTORY_BUILD_H

#include "inventory/inventory.h"
#include "base/lookup.h"

/* Where variables of a group come from, weakest first. */
enum group_vars { GROUP_VARS_INVENTORY, GROUP_VARS_BESIDE, GROUP_VARS_PLAYBOOK, GROUP_VARS_END };

struct inventory_group {
	const char *name;
	struct place place;
	size_t index;
	struct value *vars[GROUP_VARS_END];      /* maps */
	struct inventory_group **children;
	size_t child_count;
	struct lookup child_names;
	bool has_parent;
	bool declared;                           /* written somewhere, not only named as a child */
	struct inventory_host **hosts;           /* direct ones; once finished: all, in inventory order */
	size_t host_count;
	struct inventory_list outermost;         /* once finished: those in none of its children */
	unsigned depth;                          /* all: 0; a child is deeper than its parents */
	enum { GROUP_NEW, GROUP_OPEN, GROUP_DONE } walk;
};

struct inventory {
	struct arena *arena;
	struct inventory_host **hosts;
	size_t host_count;
	struct inventory_group **groups;
	size_t group_count;
	struct lookup host_names;
	struct lookup group_names;
	struct inventory_group *all;
	struct inventory_group *ungrouped;
	struct value *group_map;                 /* inventory_groups */
	struct error_list errors;                /* of variables, behind which reading went on */
};

/* Both find what is there, or make it. Names are checked. */
int build_group(struct inventory *inventory, const char *name, struct place place,
	struct inventory_group **ret_group, struct error *err);
int build_host(struct inventory *inventory, const char *name, struct place place,
	struct inventory_host **ret_host, struct error *err);
/* A name with ranges and perhaps a port, into a group; vars (a map or NULL) are added to each. */
int build_hosts(struct inventory *inventory, struct inventory_group *group, const char *name,
	struct place place, const struct value *vars, struct error *err);
void build_child(struct inventory *inventory, struct inventory_group *parent,
	struct inventory_group *child);
/* Notes what is wrong with variables that are read; vars may be NULL. */
void build_check_vars(struct inventory *inventory, const struct value *vars);
/* The pairs of from replace those in to; places are kept. */
void build_merge(struct arena *arena, struct value *to, const struct value *from);

/* A longer array of pointers, doubling at powers of two. */
void *build_append(struct arena *arena, void *array, size_t count, void *pointer);
void build_member(struct inventory *inventory, struct inventory_group *group,
	struct inventory_host *host);

/* finish.c: once all is read, in this order. */
int build_finish_groups(struct inventory *inventory, struct error *err);
int build_check_expressions(const struct inventory *inventory, struct error *err);
void build_finish_host(struct inventory *inventory, struct inventory_host *host);

int inventory_read_yaml(struct inventory *inventory, const char *path, const char *bytes,
	size_t size, struct error *err);
int inventory_read_ini(struct inventory *inventory, const char *path, const char *bytes,
	size_t size, struct error *err);
/* group_vars/ and host_vars/ in a directory; layer says how strong those of groups are. Hosts'
 * are merged into own. */
int inventory_read_vars(struct inventory *inventory, struct source *source, const char *directory,
	enum group_vars layer, struct error *err);

struct inventory_group *inventory_group(const struct inventory *inventory, const char *name);

#endif
