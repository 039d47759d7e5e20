/* way: where and as whom a machine is reached, as the variables of its host and the words of plays and
 * tasks say. Private to target.c and delegate.c. */
#ifndef PLAN_WAY_H
#define PLAN_WAY_H

#include "inventory/inventory.h"
#include "plan/target.h"

struct way_of {
	const struct inventory_host *machine;   /* whose variables count; NULL: it isn't in the inventory */
	const struct inventory_host *subject;
	const char *name;          /* of the machine */
	bool delegated;            /* it isn't the subject's own */
	const struct play *play;
	const struct task *task;   /* NULL: what the play says */
};

/* ret_cause: what must be known first; NULL: all is known. */
int way_find(struct run *run, const struct way_of *of, struct fleet_target *ret_way,
	const struct cause **ret_cause, struct error *err);
/* Whether a name that tasks are delegated to is that of the machine itself, as Ansible has it. */
bool way_is_controller(const char *name);
/* Whether a task says itself how its machine is reached. */
bool way_is_own(const struct task *task);
/* Whether a host is the only one of the inventory that is the controller by its variables. */
bool way_is_only_local(struct run *run, const struct inventory_host *host);
/* Whether a host's variables say that all its tasks become another user. */
bool way_says_become(struct run *run, const struct inventory_host *host);
/* become.c: whether the task is done as another user than the login user, as far as that is known; whether any task of the
 * text is for this host, whatever of it is run. left: it has left the inventory, and any play counts. */
bool become_of_task(struct run *run, const struct inventory_host *host, const struct play *play,
	const struct task *task);
bool become_of_text(struct run *run, const struct inventory_host *host, bool left);

#endif
