/* trial: one Allreduce over all hosts of a job, a process each, before the first job of a set of hosts. */
#ifndef MODULES_MPI_TRIAL_H
#define MODULES_MPI_TRIAL_H

#include "modules/mpi_run/mpi_run.h"

/* mpirun: its words up to the program, for a process on each host; ends with NULL. ret_tried: false where
 * it can't be compiled. An error if the hosts don't communicate. */
int trial_run(struct host *host, const struct mpi_params *want, const char *const *mpirun,
	bool *ret_tried, struct error *err);

#endif
