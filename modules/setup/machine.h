/* machine: facts of processors, memory, mounts, users, the system; each adds to the map. */
#ifndef MODULES_SETUP_MACHINE_H
#define MODULES_SETUP_MACHINE_H

#include "base/value.h"
#include "module/host.h"

/* At most FILE_MOST bytes of a file; "" if it can't be read. */
/* What configures an interface: "netplan", "NetworkManager", "networkd", "ifupdown"; "" if it can't be
 * told. NULL: no interface. */
const char *setup_network_manager(struct host *host, const char *interface);
const char *setup_read(struct host *host, const char *path);

void setup_add_processors(struct host *host, struct value *facts);
void setup_add_memory(struct host *host, struct value *facts);
void setup_add_mounts(struct host *host, struct value *facts);
void setup_add_user(struct host *host, struct value *facts);
void setup_add_system(struct host *host, struct value *facts);
void setup_add_time(struct host *host, struct value *facts);

#endif
