/* told: on the hosts that only work for a job, once it is over: they have its results, too, and go on behind
 * it as the host that launches does. */
#include "modules/mpi_run/mpi_run.h"

static int told_decide(struct prepare *prepare, const struct value *params,
	struct decision *ret_decision, struct error *err)
{
	(void)prepare;
	(void)params;
	(void)err;
	*ret_decision = (struct decision){ .status = DECISION_OK };
	return 0;
}

const struct module module_mpi_run_told = {
	.name = "mpi-run-told",
	.summary = "the end of a job, on the hosts that only work for it",
	.params = mpi_table,
	.flags = MODULE_INTERNAL | MODULE_CONTROLLER | MODULE_LOOKS,
	.decide = told_decide,
};
