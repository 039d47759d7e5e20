/* replace_hosts: where the machines of an inventory are reached. */
#ifndef COMMAND_REPLACE_HOSTS_H
#define COMMAND_REPLACE_HOSTS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"

#include <stddef.h>

struct replace_host {
	const char *name;
	const char *address;
	const char *user;        /* NULL: not said */
	unsigned port;           /* 0: not said */
	struct place place;      /* where the inventory has it */
};

/* Those that a pattern matches; inventories as given with -i, else the project's here. */
int replace_hosts(struct arena *arena, struct value *inventories, const char *pattern,
	struct replace_host **ret_hosts, size_t *ret_count, struct error *err);

#endif
