/* hostkeys_name: whether the names in a line of known_hosts mean a host. */
#ifndef FLEET_HOSTKEYS_NAME_H
#define FLEET_HOSTKEYS_NAME_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* names: the field of the line: a list with commas of patterns (* ? and ! in front), or one name
 * that is hashed. name: "host" or "[host]:port". */
bool hostkeys_named(const char *names, size_t size, const char *name);

/* |1|SALT|HASH */
const char *hostkeys_hash(struct arena *arena, const char *name);

#endif
