/* mpi_run: what the parts of mpi-run share.
 *
 * A job goes through six parts, each a module of its own with the same parameters:
 *     mpi-run-probe  all hosts    what is there; published for the controller
 *     mpi-run-reach  all hosts    whether they get to one another, if the job is about to run
 *     mpi-run-build  the first    the hostfile, the program; its digest is published
 *     mpi-run-place  the others   the program at the same path
 *     mpi-run-job    the first    mpirun, unless this very job ended well already
 *     mpi-run-told   the others   nothing: they wait for its end */
#ifndef MODULES_MPI_RUN_H
#define MODULES_MPI_RUN_H

#include "base/buffer.h"
#include "module/module.h"

enum mpi_rerun { MPI_RERUN_CHANGED, MPI_RERUN_PROGRAM, MPI_RERUN_ALWAYS };

struct mpi_params {
	char *source;
	char *program;
	char *compiler;
	char **cflags;
	unsigned cflags_count;
	char **ldflags;
	unsigned ldflags_count;
	char **args;
	unsigned args_count;
	char *group;
	int64_t *np;
	char *hostfile;
	char *chdir;
	char *user;
	bool allow_root;
	char *map_by;
	char *bind_to;
	struct param_pair *mca;
	unsigned mca_count;
	struct param_pair *env;
	unsigned env_count;
	char *network;
	char **inputs;
	unsigned inputs_count;
	int64_t timeout;
	char *creates;
	enum mpi_rerun rerun;
	bool preflight;
	bool tag_output;
	char *output;              /* the controller writes it */
	char **scaling;            /* numbers of processes, ascending; none: one run */
	unsigned scaling_count;
	int64_t scaling_runs;
	/* internal */
	char *source_body;         /* digest; NULL: no source */
	char *program_path;        /* where the first host has it */
	char *program_body;        /* its digest; "" where it is found through PATH */
	int64_t program_size;
	char *hostfile_path;
	char *hostfile_text;
	char **nodes;              /* names, the first one launches */
	unsigned nodes_count;
	char **without;            /* those of them that this run doesn't do: the job isn't started */
	unsigned without_count;
	char **findings;           /* "what is wrong\tremedy" */
	unsigned findings_count;
	char **advice;             /* the same, of what doesn't stop it */
	unsigned advice_count;
	char *own_slots;           /* of this host; "": cores */
	char *self;                /* the host's own name, among nodes; NULL: of no host */
	char **peers;              /* "NAME ADDRESS": who are to reach one another; none: that isn't needed */
	unsigned peers_count;
	char *meeting;
	int64_t meeting_port;
	char *chosen_network;      /* CIDR; "": no restriction */
	int64_t all_slots;
	bool crowded;              /* somewhere more slots than cores: nothing is bound */
	bool can_compile;          /* the host that launches has mpicc and a C compiler */
	char *version;             /* of Open MPI, as on the first host */
	bool undo;
};

extern const struct param mpi_table[];

/* What a job is called: its program's or source's name without a suffix. */
const char *mpi_name(struct arena *arena, const char *source, const char *program);
/* Where it lies by default, below the home of its user: "/home/mpi/.local/share/beoplay". */
const char *mpi_directory(struct arena *arena, const char *home);
/* Distinguishes what different jobs of a host publish. */
const char *mpi_key(struct arena *arena, const char *source, const char *program,
	const char *user);
/* Whether a value says how many processes a host has: a number, "cores", or a map of them. */
int mpi_check_slots(const struct value *slots, struct error *err);
const char *mpi_params_key(struct arena *arena, const struct mpi_params *want);
const char *mpi_value_key(struct arena *arena, const struct value *params);
/* The user as whom a part works: himself, as every part acts as him. */
int mpi_user(struct host *host, const struct mpi_params *want, struct user_info *ret_user,
	struct error *err);
const char *mpi_acts_as(const void *params);
/* Where its program and its hostfile are on this host; the program may be a name for PATH. */
const char *mpi_program_path(struct arena *arena, const struct mpi_params *want,
	const struct user_info *user);
const char *mpi_hostfile_path(struct arena *arena, const struct mpi_params *want,
	const struct user_info *user);
/* Refuses root, unless that is allowed, and all findings of the preflight. */
bool mpi_refuse(struct plan *plan, const struct mpi_params *want, uid_t uid);
/* Notes what the preflight found that doesn't stop a job. */
void mpi_advise(struct plan *plan, const struct mpi_params *want);
/* Of a part that only looks. */
int mpi_apply_nothing(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err);
void mpi_resources(struct names *ret_names, const void *params);

/* job.c, on the host that launches: the hostfile with which this very job ended well, if all else
 * is as it was then, or needs no other; "": it has not. */
int mpi_settled(struct host *host, const struct mpi_params *want, const char **ret_hostfile,
	struct error *err);
/* build.c: whether the program is the one that would be built; its digest ("": found by name). */
int mpi_built(struct host *host, const struct mpi_params *want, bool *ret_right,
	const char **ret_digest, struct error *err);

/* hosts.c: on the controller, from what the probes have published: nodes, hostfile,
 * findings, network; any may become unknown. */
int mpi_prepare_hosts(struct prepare *prepare, struct value *params, struct error *err);
/* Who are to reach one another. */
int mpi_prepare_reach(struct prepare *prepare, struct value *params, struct error *err);
/* Where the first host has the program; unknown before it is built. */
int mpi_prepare_program(struct prepare *prepare, struct value *params, struct error *err);

#endif
