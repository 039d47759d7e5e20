/* preparing: what the files prepare*.c share while a module prepares its task. */
#ifndef PLAN_PREPARING_H
#define PLAN_PREPARING_H

#include "plan/order.h"

struct prepare {
	struct run *run;
	struct run_host *host;
	struct unit *unit;
	struct scope *scope;
	struct arena *arena;
	struct asked *asked;
	struct named named;
	struct keep keep;
	enum level level;          /* of the contents that it names */
	bool has_mode;             /* the task says who may read them */
	bool walks;                /* asks for one host after the other */
};

#endif
