/* delegate: tasks that are done on another machine than their host's own: on which. */
#ifndef PLAN_DELEGATE_H
#define PLAN_DELEGATE_H

#include "base/error.h"
#include "variables/variables.h"

struct run;
struct run_host;
struct unit;

struct delegate {
	const char *name;          /* NULL: the subject itself, which a name may be of, too */
	const struct cause *cause;         /* why that isn't known; NULL: it is */
};
/* As the scope of a task, or of one item of it, says. */
int delegate_name(struct run *run, struct scope *scope, struct arena *arena,
	const struct task *task, struct delegate *ret_delegate, struct error *err);
/* For the item of a unit that the host comes to next. */
int delegate_of(struct run *run, struct run_host *host, const struct unit *unit,
	struct delegate *ret_delegate, struct error *err);
/* A name, if it is another host's; else NULL. */
const char *delegate_other(const struct run_host *host, const char *name);
/* For all items: names, its own, too, in the arena of the run. known: these are all. */
struct value *delegate_each(struct run *run, struct run_host *host, const struct play *play,
	const struct task *task, bool *ret_known);

#endif
