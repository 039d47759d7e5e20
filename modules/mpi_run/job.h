/* job: what a job on the host that launches is, and running it. */
#ifndef MODULES_MPI_JOB_H
#define MODULES_MPI_JOB_H

#include "modules/mpi_run/launch.h"

struct job_state {
	struct user_info user;
	const char *program;
	const char *hostfile;
	const char *record_key;
	const char *inputs;        /* "DIGEST PATH" a line */
	const char *settings;      /* what else it depends on */
	struct value *record;      /* of the last time; NULL: none */
	bool created;              /* what creates names is there */
	const char *trial_key;
	bool tried;                /* these hosts have communicated before */
	const char *reason;        /* why it runs; NULL: it doesn't */
};

/* "2026-11-29 10:15:00", local time. */
const char *job_date(struct arena *arena);
struct launch job_launch(const struct job_state *have);

/* job_run.c: one run of it, into results; what ended well is remembered. */
int job_run(struct host *host, const struct mpi_params *want, const struct job_state *have,
	struct value *results, struct error *err);
/* One run that isn't remembered, of want->np processes (NULL: all slots); flags: more of enum
 * command_flags. results are those of a failed one, too. */
int job_run_once(struct host *host, const struct mpi_params *want, const struct job_state *have,
	unsigned flags, double *ret_elapsed, struct value *results, struct error *err);
/* The part of its output that is shown. */
struct value *job_shown(struct arena *arena, const struct value *output);
int job_remember(struct host *host, const struct mpi_params *want, const struct job_state *have,
	double elapsed, const struct value *results, struct error *err);

/* scaling_run.c: the same program with each of want->scaling processes, several times each. */
int scaling_run(struct host *host, const struct mpi_params *want, const struct job_state *have,
	struct value *results, struct error *err);

#endif
