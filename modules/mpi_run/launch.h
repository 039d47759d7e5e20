/* launch: the words of mpirun for a job, by the version of Open MPI. */
#ifndef MODULES_MPI_LAUNCH_H
#define MODULES_MPI_LAUNCH_H

#include "modules/mpi_run/mpi_run.h"

struct launch {
	const char *hostfile;
	const char *program;
	bool as_root;
};

/* The whole line of the job. */
const char *const *launch_job(struct arena *arena, const struct mpi_params *want,
	const struct launch *launch);
/* Up to the program, for one process on each host. */
const char *const *launch_trial(struct arena *arena, const struct mpi_params *want,
	const struct launch *launch);

/* Runs the line of a job, once more where mpirun starts no process of it; the seconds that it took. */
int launch_run(struct host *host, const struct mpi_params *want, struct command *command,
	struct command_result *ret_result, double *ret_elapsed, struct error *err);

#endif
