/* addresses: where machines answer that were given another address, beside the history of the project:
 * .beoplay/addresses, a line of YAML a host:
 *     NAME: {inventory: ADDRESS, key: 'TYPE BASE64', at: [ADDRESS, …]}
 * inventory: what the inventory called its address then; at: where it is, or may be, besides. */
#ifndef HISTORY_ADDRESSES_H
#define HISTORY_ADDRESSES_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"

/* project: its folder. All of it, as a map in arena; empty where nothing is kept. -1 with err (TEXT): it can't
 * be read, or others can write to it. */
int addresses_load(const char *project, struct arena *arena, struct value **ret_all,
	struct error *err);
/* Durably, in the place of what is kept of the host; entry NULL: nothing is. Others that write at the same
 * time are waited for. */
int addresses_keep(const char *project, const char *host, const struct value *entry,
	struct error *err);

#endif
