/* files: the program of a job on one host: what beoplay put there, and taking it away.
 *
 * The record "mpi-run:program:PATH" says what at PATH is ours: {program, source, flags}
 * (digests, "" for none; the compiler's words); "mpi-run:directory:PATH" that we made that directory.
 * What is not ours is never overwritten. */
#ifndef MODULES_MPI_RUN_FILES_H
#define MODULES_MPI_RUN_FILES_H

#include "modules/mpi_run/mpi_run.h"

enum { MPI_DIRECTORIES = 3 };   /* ~/.local, ~/.local/share, ~/.local/share/beoplay */

struct mpi_file {
	const char *path;
	struct file_info info;
	const char *digest;        /* of a regular file; else NULL */
};

struct mpi_files {
	struct user_info user;
	bool by_name;              /* the program is found through PATH: there is no file */
	struct mpi_file program;
	struct mpi_file source;    /* beside it, with .c */
	struct value *record;      /* NULL: not ours */
	const char *directories[MPI_DIRECTORIES];
	bool directory_there[MPI_DIRECTORIES];
	bool own_directory;        /* it goes there by default */
};

int mpi_files_look(struct host *host, const struct mpi_params *want, struct mpi_files *ret_files,
	struct error *err);
int mpi_file_look(struct host *host, const char *path, struct mpi_file *ret_file,
	struct error *err);
bool mpi_files_ours(const struct mpi_files *files);

/* Steps that build and place share; each module's own begin at MPI_STEP_OWN. */
enum mpi_file_step { MPI_STEP_DIRECTORY, MPI_STEP_REMOVE, MPI_STEP_FORGET, MPI_STEP_OWN };

void mpi_plan_directories(struct plan *plan, const struct mpi_files *files);
void mpi_plan_undo(struct plan *plan, const struct mpi_files *files);
int mpi_apply_shared(struct host *host, const struct mpi_files *files,
	const struct change *change, struct error *err);
int mpi_files_remember(struct host *host, const struct mpi_files *files, const char *program,
	const char *source, const char *flags, struct error *err);
/* The inverse of having built or placed it, by the module that did: its wish to have nothing there
 * must be forgotten with its next one. */
void mpi_files_invert(struct inverses *ret_inverses, const char *module,
	const struct mpi_params *want, const struct mpi_files *files);

#endif
