/* listing: --list-hosts, --list-tasks, --list-tags: what a playbook is about, nobody contacted. */
#ifndef COMMAND_LISTING_H
#define COMMAND_LISTING_H

#include "command/options.h"
#include "inventory/inventory.h"
#include "playbook/play.h"
#include "variables/variables.h"

/* limit NULL: none. */
int listing_print(struct arena *arena, const struct apply_options *options, size_t start,
	const struct playbook *playbook, const struct inventory *inventory,
	struct variables *variables, const struct inventory_list *limit, struct error *err);

#endif
