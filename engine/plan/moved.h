/* moved: machines that answer elsewhere than the inventory says, as they were given another address.
 *
 * Their host key decides: where earlier runs have left them, at what the inventory says today, and at their
 * cluster_address they are dialled one after the other. What is kept counts only as long as the inventory
 * says what it said when they moved. */
#ifndef PLAN_MOVED_H
#define PLAN_MOVED_H

#include "inventory/inventory.h"
#include "plan/event.h"

struct target;

/* Where it may be. machine: as the inventory has it. */
void moved_expect(struct target *target, const struct inventory_host *machine);
/* It is about to move there (NULL: stays), and may be anywhere from now on. */
void moved_begin(struct target *target, const char *there);
/* It has answered at way.dial, and stays there. */
void moved_settle(struct target *target);
/* What is out of date in the inventory is said, once. */
void moved_say(struct run *run);

#endif
